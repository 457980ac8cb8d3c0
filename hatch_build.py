"""Puts what lies beside the package (static files, templates, geodata, migrations) into the wheel."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("static", "templates", "geodata")


class AssetsHook(BuildHookInterface[Any]):
    """Maps the shipped folders to `relief/_assets/` and refuses a wheel without built assets."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders, unless the build is an editable one, which reads them in place."""
        if version == "editable":
            return
        root = Path(self.root)
        if not (root / "static" / "dist" / "manifest.json").is_file():
            message = "static/dist/ is not built: run `make setup` before building the wheel."
            raise FileNotFoundError(message)
        for folder in FOLDERS:
            build_data["force_include"][str(root / folder)] = f"relief/_assets/{folder}"
