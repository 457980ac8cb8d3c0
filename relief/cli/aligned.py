"""Tables for a person at a terminal: columns aligned, figures to the right."""

from __future__ import annotations

from collections.abc import Sequence

from relief.kernel.money import Money


def align(header: Sequence[str], rows: Sequence[Sequence[object]], total: Sequence[object] | None = None) -> str:
    """Return the rows under their header, with the total below a line; sums and numbers stand to the right."""
    body = [*rows, total] if total is not None else list(rows)
    texts = [list(header), *([_text(cell) for cell in row] for row in body)]
    widths = [max(len(row[n]) for row in texts) for n in range(len(header))]
    to_right = [any(isinstance(row[n], (Money, int)) for row in body) for n in range(len(header))]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, to_right, strict=True)
        ).rstrip()
        for row in texts
    ]
    if total is not None:
        lines.insert(len(lines) - 1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def _text(cell: object) -> str:
    if isinstance(cell, Money):
        return str(cell).removeprefix("PKR ")
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    return "" if cell is None else str(cell)
