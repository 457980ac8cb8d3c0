"""The source of Relief as these tests read it: modules, their imports, their functions."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "relief"

# A module imports only from floors below its own. Raising a package here is a decision about the design.
FLOORS = (
    {"kernel"},
    {"config"},
    {"keys"},
    {"store", "files", "papers"},
    {"audit", "jobs", "messages"},
    {"geography", "ledger"},
    {"accounts"},
    {"stock"},
    {"programmes"},
    {"families", "donations"},
    {"institutions"},
    {"entitlements", "livelihoods", "schooling"},
    {"distributions"},
    {"payments"},
    {"cases"},
    {"coverage", "sync"},
    {"reports"},
    {"web", "api", "cli", "worker", "tables"},
    {"app", "migrations"},
    {"__main__"},
)
FACES = {"web", "api", "cli", "worker", "tables", "app", "migrations", "__main__"}


@dataclass(frozen=True)
class Import:
    """One import of one module by another; `target` is as deep as the name goes."""

    module: "Module"
    target: str
    line: int
    is_inside_function: bool

    def __str__(self) -> str:
        return f"{self.module.name}:{self.line} imports {self.target}"


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    path: Path

    @property
    def part(self) -> str:
        """The package or module right below `relief` that it belongs to; "" for `relief` itself."""
        return part_of(self.name)

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.path.read_text(), str(self.path))

    @functools.cached_property
    def imports(self) -> list[Import]:
        """Every import in it, wherever it stands."""
        return list(self._imports_below(self.tree, is_inside_function=False))

    def _imports_below(self, node: ast.AST, *, is_inside_function: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(self, alias.name, child.lineno, is_inside_function)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{self.name}:{child.lineno}: imports are absolute"
                for alias in child.names:
                    yield Import(self, f"{child.module}.{alias.name}", child.lineno, is_inside_function)
            else:
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self._imports_below(child, is_inside_function=is_inside_function or is_function)

    @functools.cached_property
    def calls(self) -> list[tuple[str, int]]:
        """The dotted name and line of each call whose name is plain, such as ("dt.datetime.now", 7)."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return [(ast.unparse(node.func), node.lineno) for node in nodes]


@functools.cache
def modules() -> dict[str, Module]:
    """Return every module of the package by name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("relief", *path.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path)
    return found


def part_of(name: str) -> str:
    """Return "families" for "relief.families.queries", "" for "relief"."""
    return name.split(".")[1] if "." in name else ""


def floor_of(part: str) -> int:
    """Return the floor of a part, counted from 1; raise for a part that has none."""
    for number, parts in enumerate(FLOORS, start=1):
        if part in parts:
            return number
    message = f"relief.{part} stands on no floor: give it one in {__name__}.FLOORS"
    raise LookupError(message)


def module_meant(target: str) -> Module | None:
    """Return our module that an import target names or lies in, None for foreign ones."""
    known = modules()
    return known.get(target) or known.get(target.rpartition(".")[0])


def imports_of(library: str) -> list[Import]:
    """Return every import of a library, or of anything in it."""
    return [one for module in modules().values() for one in module.imports if is_in(one.target, library)]


def is_in(target: str, library: str) -> bool:
    """Return whether a dotted name is a library or lies in it."""
    return target == library or target.startswith(library + ".")
