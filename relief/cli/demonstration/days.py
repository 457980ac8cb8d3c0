"""The points of the demonstration: one a taluka, with its areas, days, people at the table and goods."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass

from relief.cli.demonstration import script
from relief.cli.demonstration.people import Cast
from relief.cli.demonstration.script import Play, morning
from relief.distributions.points import AddPoint, OpenDay, add_point, open_day, serve_areas
from relief.distributions.queries import get_point
from relief.entitlements.queries import entitled_by_uc_and_band
from relief.geography.model import Level
from relief.geography.queries import AreaRecord, list_areas
from relief.kernel.quantity import Quantity
from relief.programmes.queries import get_campaign
from relief.stock.notes import ReceivedLine, ReceiveGoods, receive_goods
from relief.store.work import Work, unit_of_work


@dataclass(frozen=True, slots=True)
class Site:
    """A point with its Union Councils and its days, in order; the last may be the visitor's, still to come."""

    point_id: int
    point_number: int
    district_id: int
    uc_ids: tuple[int, ...]
    days: tuple[tuple[int, dt.date], ...]


def open_sites(play: Play, cast: Cast, campaign_id: int, items: dict[str, int], home_id: int) -> list[Site]:
    """Open a point in every taluka that has entitled families, and return them; the home district's first is the visitor's."""
    with unit_of_work(cast.lead, at=morning(play.registered_on + dt.timedelta(days=4))) as work:
        entitled = entitled_by_uc_and_band(work, campaign_id)
        talukas = {area.id: area for area in list_areas(work, Level.TALUKA)}
        served: dict[int, list[AreaRecord]] = defaultdict(list)
        for uc in list_areas(work, Level.UC):
            if uc.id in entitled and uc.parent_id is not None:
                served[uc.parent_id].append(uc)
        ordered = sorted(
            served, key=lambda taluka_id: (talukas[taluka_id].parent_id != home_id, talukas[taluka_id].code)
        )
        opening = _Opening(work, play, cast, campaign_id, items)
        return [
            opening.open(talukas[taluka_id], served[taluka_id], entitled, is_visitors=number == 0)
            for number, taluka_id in enumerate(ordered)
        ]


class _Opening:
    def __init__(self, work: Work, play: Play, cast: Cast, campaign_id: int, items: dict[str, int]) -> None:
        self._work, self._play, self._cast, self._items = work, play, cast, items
        self._campaign = get_campaign(work, campaign_id)

    def open(
        self, taluka: AreaRecord, ucs: list[AreaRecord], entitled: dict[int, Counter[int]], *, is_visitors: bool
    ) -> Site:
        work, campaign_id = self._work, self._campaign.id
        place = ucs[0]
        name = f"Government school {taluka.name_en}"
        point_id = add_point(work, AddPoint(f"P-{taluka.code}", name, place.id, place.lon, place.lat))
        uc_ids = tuple(uc.id for uc in ucs)
        serve_areas(work, campaign_id=campaign_id, point_id=point_id, uc_ids=uc_ids)
        bands = sum((entitled[uc_id] for uc_id in uc_ids), Counter[int]())
        self._stock_up(point_id, bands)
        point, _area = get_point(work, point_id)
        assert taluka.parent_id is not None
        days = self._open_days(point_id, taluka.parent_id, bands.total(), is_visitors=is_visitors)
        return Site(point_id, point.number, taluka.parent_id, uc_ids, days)

    def _stock_up(self, point_id: int, bands: Counter[int]) -> None:
        """Buy for every entitled family what its band receives, into the store of the point."""
        point, _area = get_point(self._work, point_id)
        rations = sum(count * script.BANDS[band_no - 1][2] for band_no, count in bands.items())
        kits = sum(count * script.BANDS[band_no - 1][3] for band_no, count in bands.items())
        lines = (
            ReceivedLine(self._items["RATION"], Quantity(rations), script.RATION_COST),
            ReceivedLine(self._items["HYGIENE"], Quantity(kits), script.KIT_COST),
        )
        on = self._play.registered_on + dt.timedelta(days=4)
        receive_goods(
            self._work,
            ReceiveGoods(
                point.location_id, self._campaign.fund_id, lines, on, f"GRN {point.code}", f"demo-{point.code}"
            ),
        )

    def _open_days(
        self, point_id: int, district_id: int, families: int, *, is_visitors: bool
    ) -> tuple[tuple[int, dt.date], ...]:
        wanted = max(script.FEWEST_DAYS, -(-families // script.FAMILIES_A_DAY))
        period = script.WEEKS * 7
        wanted = min(wanted, period)
        # Spread over the weeks, another rhythm at each point.
        offsets = sorted({(n * period // wanted + point_id) % period for n in range(wanted)})
        dates = [self._play.first_on + dt.timedelta(days=offset) for offset in offsets]
        staff = [self._cast.staff[district_id]] + ([self._cast.visitor_staff] if is_visitors else [])
        if is_visitors:
            dates.append(self._play.ending_on)
        people = tuple(int(person.id) for person in staff)
        return tuple(
            (open_day(self._work, OpenDay(self._campaign.id, point_id, date, 1, people)), date) for date in dates
        )
