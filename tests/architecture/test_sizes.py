"""Files and functions stay small enough to be read, and everything in the repository is our own."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, modules

LONGEST_FILE, LONGEST_FUNCTION = 400, 70
OWN_CODE = (".py", ".js", ".mjs", ".css", ".html", ".typ")
SOMEBODY_ELSES = re.compile(r"/\*!|@license|@preserve|sourceMappingURL|copyright \(c\)", re.IGNORECASE)
BUILT_OR_FOREIGN = (".min.js", ".min.css", ".map", ".woff", ".woff2", ".ttf", ".otf", ".whl", ".gpkg", ".shp", ".mo")


def tracked() -> list[Path]:
    """Return the files under version control, or all but the ignored where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert paths, "this test reads the list of files from git"
    return [path for path in paths if path.is_file()]


def test_files_are_short():
    lengths = {
        str(path.relative_to(ROOT)): path.read_text().count("\n") for path in tracked() if path.suffix in OWN_CODE
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def code() -> list[Module]:
    """Return every module but the migrations: these list columns, which is long and hides nothing."""
    return [module for module in modules().values() if module.part != "migrations"]


@pytest.mark.parametrize("module", code(), ids=lambda module: module.name)
def test_functions_are_short(module: Module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{module.name}.{node.name} is too long"


def test_every_module_says_what_it_owns():
    assert [module.name for module in modules().values() if not ast.get_docstring(module.tree)] == []


def test_no_code_of_others_lies_in_the_repository():
    foreign = [path for path in tracked() if path.name.endswith(BUILT_OR_FOREIGN) or "node_modules" in path.parts]
    claimed = [
        path
        for path in tracked()
        if path.suffix in OWN_CODE and path != Path(__file__) and SOMEBODY_ELSES.search(path.read_text())
    ]
    assert [str(path.relative_to(ROOT)) for path in foreign + claimed] == []
