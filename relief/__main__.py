"""The `relief` command."""

from __future__ import annotations

import sys
from typing import Any

from relief.cli import commands
from relief.cli.console import fail, load
from relief.kernel.errors import ReliefError


def make_app() -> Any:
    """Return the application; imported only by commands that work on an instance."""
    return load("relief.app:create_app")()


def main() -> None:
    """Run the command line."""
    try:
        commands(obj=make_app, prog_name="relief")
    except ReliefError as error:
        sys.exit(fail(error))


if __name__ == "__main__":
    main()
