"""Imports point down the floors, and each library stays where it belongs."""

import re
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.source import FACES, Import, Module, floor_of, imports_of, is_in, module_meant, modules

PURE_NAMES = {"rules", "eligibility", "indicators", "matching"}
CLOCKS_AND_FILES = {"time", "os", "io", "pathlib", "random", "secrets", "tempfile", "shutil", "sqlite3", "socket"}
CLOCK_OR_FILE = re.compile(r"\.(now|today|utcnow)$|^(open|input|print)$")
FLASK = ("flask", "werkzeug", "apiflask", "flask_babel", "flask_security", "flask_sqlalchemy", "flask_wtf", "wtforms")
# Flask-SQLAlchemy owns engine, metadata and session; Flask-Security wants its mixins.
MAY_KNOW_FLASK = {"relief.store.db", "relief.accounts.model"}


def test_imports_point_down():
    climbing = [
        str(one)
        for module in modules().values()
        for one in module.imports
        if (meant := module_meant(one.target)) and module.part and not may_import(module, meant)
    ]
    assert climbing == []


def may_import(importer: Module, meant: Module) -> bool:
    return meant.part in ("", importer.part) or floor_of(meant.part) < floor_of(importer.part)


def test_no_module_imports_itself_in_a_circle():
    graph = {
        module.name: {
            meant.name for one in module.imports if (meant := module_meant(one.target)) and meant is not module
        }
        for module in modules().values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " <- ".join(error.args[1]))


def test_no_import_stands_inside_a_function():
    assert [str(one) for module in modules().values() for one in module.imports if one.is_inside_function] == []


def test_kernel_imports_the_standard_library_and_number_libraries_alone():
    allowed = {*sys.stdlib_module_names, "stdnum", "phonenumbers"}
    foreign = [
        str(one)
        for module in modules().values()
        if module.part == "kernel"
        for one in module.imports
        if one.target.split(".")[0] not in allowed and not is_in(one.target, "relief.kernel")
    ]
    assert foreign == []


def test_domains_do_not_know_flask():
    assert outside(lambda module: module.part in FACES or module.name in MAY_KNOW_FLASK, *FLASK) == []


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("geopandas", ("relief.geography", "relief.coverage.layers")),
        ("pyogrio", ("relief.geography",)),
        ("folium", ("relief.coverage.maps",)),
        ("branca", ("relief.coverage.maps",)),
        ("qrcode", ("relief.papers",)),
        ("typst", ("relief.papers",)),
        ("xlsxwriter", ("relief.files",)),
        ("python_calamine", ("relief.files",)),
        ("flask_security", ("relief.accounts", "relief.web")),
    ],
)
def test_a_library_is_imported_only_at_home(library: str, homes: tuple[str, ...]):
    assert outside(lambda module: any(is_in(module.name, home) for home in homes), library) == []


def outside(is_home, *libraries: str) -> list[str]:
    return [str(one) for library in libraries for one in imports_of(library) if not is_home(one.module)]


def pure_modules() -> list[Module]:
    return [module for module in modules().values() if module.name.rpartition(".")[2] in PURE_NAMES]


@pytest.mark.parametrize("module", pure_modules(), ids=lambda module: module.name)
def test_rules_reach_neither_flask_nor_the_database(module: Module):
    reached = list(reached_from(module))
    assert [
        str(one) for one in reached if is_in(one.target, "sqlalchemy") or any(is_in(one.target, f) for f in FLASK)
    ] == []


def reached_from(start: Module) -> list[Import]:
    """Return the imports of a module, of our modules that these bring in, and so on."""
    waiting, seen, found = [start], {start.name}, []
    while waiting:
        for one in waiting.pop().imports:
            found.append(one)
            meant = module_meant(one.target)
            if meant and meant.name not in seen:
                seen.add(meant.name)
                waiting.append(meant)
    return found


@pytest.mark.parametrize("module", pure_modules(), ids=lambda module: module.name)
def test_rules_read_no_clock_and_no_file(module: Module):
    assert [str(one) for one in module.imports if one.target.split(".")[0] in CLOCKS_AND_FILES] == []
    assert [call for call, _line in module.calls if CLOCK_OR_FILE.search(call)] == []
