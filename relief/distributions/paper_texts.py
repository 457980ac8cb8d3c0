"""The texts of a campaign's token papers: package, point and days, in English and one language of the place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from relief.distributions.place_queries import Place, places_of
from relief.kernel.dates import local_day
from relief.kernel.messages import N_
from relief.papers.sheet import SheetHeading
from relief.programmes.queries import BandRow, CampaignRow, LineRow, package_of
from relief.programmes.rules import LineKind
from relief.store.work import Work

# With more letters than this the goods are named in one language alone: what stands below them must not be crowded out.
_ROOM_FOR_BOTH: Final = 110
_MOST_DAYS: Final = 3
_ANY_POINT: Final = N_("Any point of this campaign")

Said = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class PaperTexts:
    """What the papers of one campaign say on a day. `said` gives a msgid in English and the other language beside it."""

    campaign: CampaignRow
    on: dt.date
    said: Said
    places: Mapping[int, Place]
    packages: Mapping[int, tuple[str, ...]]

    @classmethod
    def of(cls, work: Work, campaign: CampaignRow, *, language: str, translate: Said) -> Self:
        """Return the texts of a campaign, today, in English and in the language."""

        def said(msgid: str) -> str:
            other = translate(msgid)
            return msgid if other == msgid else f"{msgid} · {other}"

        bands = package_of(work, campaign.id)
        packages = {band.band_no: _package(band, language, campaign.instalments, said) for band in bands}
        return cls(campaign, local_day(work.at), said, places_of(work, campaign.id), packages)

    def heading(self, place: str, *, is_demonstration: bool) -> SheetHeading:
        """Return what stands over a sheet and, in small, on each token."""
        note = self.said(N_("Demonstration: not valid")) if is_demonstration else ""
        where = place or self.said(_ANY_POINT)
        return SheetHeading(self.campaign.programme_name, self.campaign.name, where, _day(self.on), note)

    def package(self, band_no: int) -> tuple[str, ...]:
        """Return the lines of a family's package."""
        return self.packages[band_no]

    def point(self, number: int) -> str:
        """Return where a token is good."""
        place = self.places.get(number)
        return f"{place.name}, {place.name_en}" if place else self.said(_ANY_POINT)

    def days(self, number: int, expires_on: dt.date) -> str:
        """Return the days to come at a point, or where none is planned, until when the token is good.

        Days are written in figures, as on receipts: 14/09/2022 reads the same in every language of the place.
        """
        place = self.places.get(number)
        planned = [day for day in place.days if self.on <= day <= expires_on] if place else []
        if not planned:
            return f"{self.said(N_('until'))} {_day(expires_on)}"
        shown = ", ".join(_day(day) for day in planned[:_MOST_DAYS])
        return f"{shown} …" if len(planned) > _MOST_DAYS else shown


def _package(band: BandRow, language: str, instalments: int, said: Said) -> tuple[str, ...]:
    local = [_line(line, _name(line, language)) for line in band.lines]
    both = [
        _line(line, line.name_en if name == line.name_en else f"{line.name_en} / {name}")
        for line in band.lines
        for name in [_name(line, language)]
    ]
    lines = both if sum(map(len, both)) <= _ROOM_FOR_BOTH else local
    return (*lines, f"{said(N_('instalments'))}: {instalments}") if instalments > 1 else tuple(lines)


def _name(line: LineRow, language: str) -> str:
    return {"ur": line.name_ur, "sd": line.name_sd}.get(language) or line.name_en


def _line(line: LineRow, name: str) -> str:
    return str(line.amount) if line.kind is LineKind.CASH else f"{line.quantity.count:,} × {name}"


def _day(day: dt.date) -> str:
    return f"{day:%d/%m/%Y}"
