"""The headless Chromium that page tests drive: where it is, how it is started, how a packaged one is unpacked."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import brotli

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome-headless-shell")
UNPACKED = ROOT / ".cache" / "chromium"
PACKAGE = UNPACKED / "node_modules" / "@sparticuz" / "chromium" / "bin"
# No connection but to the pages under test; no GPU in a tent or a container.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)
LAUNCHER = """#!/bin/sh
export LD_LIBRARY_PATH="{folder}/al2023/lib" FONTCONFIG_FILE="{folder}/fonts.conf"
exec "{folder}/chromium" "$@"
"""
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/fonts-cache</cachedir></fontconfig>
"""


def find_chromium() -> Path | None:
    """Return a Chromium that starts: the one CHROMIUM names, one in PATH, or the unpacked one."""
    named = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else []
    found = [shutil.which(name) for name in [*named, *NAMES]]
    candidates = [Path(path) for path in [*found, UNPACKED / "launch"] if path]
    return next((path for path in candidates if starts(path)), None)


def starts(path: Path) -> bool:
    """Return whether a browser is there and not, say, the stub that asks for a snap."""
    try:
        answer = subprocess.run([path, "--version", "--no-sandbox"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def unpack() -> None:
    """Unpack the browser of the npm package beside it, with its libraries and one font."""
    (UNPACKED / "chromium").write_bytes(brotli.decompress((PACKAGE / "chromium.br").read_bytes()))
    (UNPACKED / "chromium").chmod(0o755)
    for name, folder in (("al2023", "al2023"), ("fonts", "."), ("swiftshader", ".")):
        archive = brotli.decompress((PACKAGE / f"{name}.tar.br").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            # The form that the library recommends for all versions; Debian's Python 3.11 knows no filter yet.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
            tar.extractall(UNPACKED / folder)
    (UNPACKED / "fonts.conf").write_text(FONTS_CONF.format(folder=UNPACKED))
    (UNPACKED / "launch").write_text(LAUNCHER.format(folder=UNPACKED))
    (UNPACKED / "launch").chmod(0o755)
    shutil.rmtree(UNPACKED / "node_modules")


if __name__ == "__main__":
    if "--unpack" in sys.argv:
        unpack()
    print(find_chromium() or "")
