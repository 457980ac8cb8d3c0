"""What Relief declares to need is what it imports: nothing more to install, nothing found by luck."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.architecture.source import ROOT, modules

# Found by name at run time: SQLAlchemy's driver, and the time zones of systems that ship none.
IMPORTED_BY_OTHERS = {"psycopg", "tzdata"}


def declared() -> set[str]:
    """Return the names of the packages that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {normal(re.split(r"[\[<>=!~; ]", line)[0]) for line in project["dependencies"]}


def imported() -> set[str]:
    """Return the names of the packages whose modules Relief imports."""
    providers = packages_distributions()
    tops = {one.target.split(".")[0] for module in modules().values() for one in module.imports}
    foreign = tops - set(sys.stdlib_module_names) - {"relief"}
    return {normal(package) for top in foreign for package in providers.get(top, [top])}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_declared_package_is_imported():
    assert declared() - imported() - IMPORTED_BY_OTHERS == set()


def test_every_imported_package_is_declared():
    assert imported() - declared() == set()
