"""Make the TTF fonts that printed papers are set in from the woff2 files of the npm packages, in static/dist/fonts/.

A web font is split by script into files with the same name; a printed page wants one file a style. The scripts
that a family is used for are merged, and every letter of Urdu and Sindhi must be found, or the build fails.
"""

import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger, Options
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules" / "@fontsource"
WEIGHTS = {400: "Regular", 700: "Bold"}
SCRIPTS = {
    "noto-sans": ("latin", "latin-ext"),
    "noto-naskh-arabic": ("arabic",),
    "noto-nastaliq-urdu": ("arabic",),
}
# Tables of variable and hinted fonts, of no use in print; the merger does not know them.
DROPPED_TABLES = ("STAT", "gasp", "prep", "fpgm", "cvt ")

DIGITS_AND_MARKS = "0123456789۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩،؛؟۔ًٌٍَُِّْٰ"
URDU = "ءآأؤئابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھۂۃیےۓ"
SINDHI = "ءآئابٻڀتٿٽٺثپجڄجھڃچڇحخدڌڏڊڍذرڙزسشصضطظعغفڦقڪکگڳڱلمنڻوھهي۾۽"
ENGLISH = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789āīūĀĪŪṭḍṛ.,:;()-–—·×"
NEEDED = {
    "noto-sans": ENGLISH,
    "noto-naskh-arabic": DIGITS_AND_MARKS.lstrip("0123456789") + URDU + SINDHI,
    "noto-nastaliq-urdu": URDU,
}


def main(folder: Path) -> None:
    """Make every family in both weights."""
    folder.mkdir(parents=True, exist_ok=True)
    for package, scripts in SCRIPTS.items():
        for weight, style in WEIGHTS.items():
            sources = [PACKAGES / package / "files" / f"{package}-{script}-{weight}-normal.woff2" for script in scripts]
            font = merged(sources)
            check_letters(font, package)
            font.save(folder / f"{package}-{style.lower()}.ttf")


def merged(sources: list[Path]) -> TTFont:
    """Return one font with the glyphs and shaping rules of all the files."""
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for source in sources:
            font = TTFont(source)
            for table in DROPPED_TABLES:
                if table in font:
                    del font[table]
            font.flavor = None
            plain.append(str(Path(folder) / f"{source.stem}.ttf"))
            font.save(plain[-1])
        if len(plain) == 1:
            return TTFont(plain[0], lazy=False)
        return Merger(options=Options(drop_tables=list(DROPPED_TABLES))).merge(plain)


def check_letters(font: TTFont, package: str) -> None:
    """End the build where a letter that people's names are written with is missing."""
    missing = sorted(set(NEEDED[package]) - {chr(code) for code in font.getBestCmap()})
    if missing:
        sys.exit(f"{package} lacks the letters: {' '.join(missing)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "static" / "dist" / "fonts")
