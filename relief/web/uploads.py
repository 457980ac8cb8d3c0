"""Files that wait between the page that shows what they would do and the button that does it."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from flask import current_app
from werkzeug.datastructures import FileStorage

from relief.config import Settings
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.web.access import current_actor

_WAIT_S = 24 * 3600
_NAME = re.compile(r"[0-9a-f]{32}")


def hold_upload(upload: FileStorage) -> str:
    """Keep the file for a day and for the person who sent it; return the name to ask for it by."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - _WAIT_S:
            old.unlink(missing_ok=True)
    name = secrets.token_hex(16)
    upload.save(folder / name)
    return name


def held_upload(name: str) -> Path:
    """Return the file. Raises: NotFound "upload.gone" for what expired, was used, or is another person's."""
    path = _folder() / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("upload.gone", N_("The file is no longer here. Choose it again."))
    return path


def _folder() -> Path:
    settings: Settings = current_app.extensions["relief.settings"]
    return settings.instance_path / "uploads" / str(int(current_actor().id))
