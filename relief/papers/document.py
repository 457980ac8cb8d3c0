"""PDF by typst: a template of ours, data that it reads as data, and no font but those that are shipped."""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import typst

from relief import config
from relief.kernel.errors import RuleViolation
from relief.kernel.messages import N_

FAMILIES: Final = ("Noto Sans", "Noto Naskh Arabic")
_KEPT_COMPILATIONS: Final = 10
_FOLDER: Final = config.TEMPLATES / "papers"


def compile_pdf(
    template: str,
    data: Mapping[str, Any],
    *,
    made_at: dt.datetime,
    files: Mapping[str, bytes] | None = None,
    is_tagged: bool = True,
) -> bytes:
    """Return the PDF of a template in `templates/papers/`; the same input gives the same bytes.

    Args:
        data: what the template reads by `json("data.json")`: texts in it stay texts, whatever they look like.
        made_at: the instant that the PDF names as its making.
        files: what the template reads by name, as pixels.
        is_tagged: whether a screen reader finds its way in it.
    Raises: RuleViolation "document.fonts_missing".
    """
    fonts = _fonts()
    # The folder is all that typst can reach; it is the owner's alone, for a token's text is a secret.
    with tempfile.TemporaryDirectory(prefix="relief-paper-") as folder:
        for name, content in {"data.json": json.dumps(data).encode(), **(files or {})}.items():
            (Path(folder) / name).write_bytes(content)
        compiler = typst.Compiler(
            (_FOLDER / template).read_bytes(), root=folder, font_paths=fonts, ignore_system_fonts=True
        )
        # A PDF counts whole seconds, and typst refuses any other instant.
        pdf = compiler.compile(format="pdf", timestamp=made_at.replace(microsecond=0), pdf_tags=is_tagged)
    assert isinstance(pdf, bytes)
    return pdf


def release_memory(*, at_once: bool = True) -> None:
    """Let typst forget what it has set so far: it keeps the work of its last ten compilations, some 100 MB for 50 full pages.

    Args: at_once: or else as the next ten compilations push it out, which costs nothing.

    It offers no call for this; compilations of nothing, a millisecond each, push the large ones out. What is free then lies
    scattered between what is not: without the last step 560 sheets grew to 750 MB.
    """
    for _ in range(_KEPT_COMPILATIONS + 1 if at_once else 0):
        typst.compile(b" ", font_paths=_fonts(), ignore_system_fonts=True)
    if (trim := _trim_of_the_system()) is not None:
        trim(0)


@lru_cache(maxsize=1)
def _trim_of_the_system() -> Callable[[int], int] | None:
    """Return the call that gives free memory back to the system; only glibc has it, and only glibc needs it."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Return our fonts. Without them typst would leave names out of the paper and say nothing."""
    folder = config.STATIC / "dist" / "fonts"
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    if not set(FAMILIES) <= set(fonts.families()):
        raise RuleViolation(
            "document.fonts_missing",
            N_("The fonts for printed papers are not in %(folder)s. Run `make setup`, then print again."),
            folder=str(folder),
        )
    return fonts
