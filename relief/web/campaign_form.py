"""The form of a campaign: packages by family size and criteria in groups, whose rows are added and taken away without script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flask import request
from werkzeug.datastructures import MultiDict

from relief.geography.queries import AreaRecord, find_area_by_code, get_area, search_areas
from relief.kernel.dates import DateRange
from relief.kernel.errors import InvalidInput, Problem
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.quantity import Quantity
from relief.kernel.text import fold_digits
from relief.programmes.criteria import DAMAGES, PSC_BANDS, Criterion, Group, Join, Leaf
from relief.programmes.planning import (
    LONGEST_CONTACT,
    LONGEST_NAME,
    MOST_INSTALMENTS,
    BandPlan,
    ItemPlan,
    PlanCampaign,
)
from relief.programmes.queries import BandRow, CampaignRow
from relief.programmes.rules import LARGEST_FAMILY, LineKind, Proof
from relief.store.work import Work
from relief.web.areas import AreaField
from relief.web.forms import Form

AREA = AreaField("area", Permission.CAMPAIGN_PROPOSE)
YES_OR_NO = (Criterion.DISPLACED, Criterion.WOMAN_HEADED, Criterion.DISABILITY, Criterion.PREGNANT_LACTATING)
MOST_GROUPS = 8

_BAND_FIELDS = ("size_from", "size_to", "cash")
_GROUP_FIELDS = ("areas", "damage", "facts", "psc_low", "psc_high", "size_low", "size_high")
_ROW = re.compile(r"(band|group)-(\d{1,3})-([a-z_]+?)(?:-(\d{1,3}))?")
_RANGES = (
    (Criterion.PSC_SCORE, "psc", PSC_BANDS[0][0], PSC_BANDS[-1][1]),
    (Criterion.FAMILY_SIZE, "size", 1, LARGEST_FAMILY),
)


class CampaignForm:
    """A form with as many packages, goods and groups as are filled in, and an empty row where another was asked for."""

    def __init__(self, initial: Mapping[str, object]) -> None:
        self.form = Form.of_request(initial)
        self.wants_row = ""
        self._typed: MultiDict[str, str] = MultiDict()
        self._begun_band = 0
        if self.form.is_sent:
            self.wants_row = request.form.get("add", "")
            self._typed = _tidied(request.form)
            self.form = Form(self._typed, None, initial)
            if self.wants_row == "band":
                self._begin_band()

    @property
    def bands(self) -> range:
        """The numbers of the packages shown."""
        return range(1, max(1, self._filled("band", _BAND_FIELDS), self._begun_band) + 1)

    @property
    def groups(self) -> range:
        """The numbers of the groups of criteria shown."""
        extra = int(self.wants_row == "group")
        return range(1, min(max(1, self._filled("group", _GROUP_FIELDS) + extra), MOST_GROUPS) + 1)

    def items_of(self, band: int) -> range:
        """The numbers of the goods rows of a package: those filled in, and an empty one."""
        return range(1, self._filled_items(band) + 2)

    def read(self, work: Work, kept: Group | None) -> PlanCampaign:
        """Return the plan that was sent. Raises: InvalidInput with all problems.

        Args: kept: criteria too intricate for the form.
        """
        form = self.form
        area = AREA.read(work, form)
        code, name = form.text("code", longest=31), form.text("name", longest=LONGEST_NAME)
        programme_id, fund_id = form.number("programme"), form.number("fund")
        first_on, last_on = form.day("starts_on"), form.day("ends_on")
        instalments = form.number("instalments", low=1, high=MOST_INSTALMENTS)
        proof, contact = form.choice("proof_required", Proof), form.text("complaints_to", longest=LONGEST_CONTACT)
        bands = tuple(self._band(number) for number in range(1, self._filled("band", _BAND_FIELDS) + 1))
        keeps = kept is not None and form.is_ticked("keep_criteria")
        criteria = kept.as_json() if kept is not None and keeps else self._criteria(work, area)
        if first_on and last_on and last_on < first_on:
            form.add_problem("ends_on", "dates.reversed", N_("The last day lies before the first."))
        form.refuse_problems()
        return PlanCampaign(
            code, name, programme_id, fund_id, area.id, DateRange(first_on, last_on), bands, criteria, contact, instalments,
            proof,
        )  # fmt: skip

    def _begin_band(self) -> None:
        """Begin a further package: the goods of the last one, for families larger than its own."""
        last = self._filled("band", _BAND_FIELDS)
        self._begun_band = last + 1
        size_to = fold_digits(self.form.value(f"band-{last}-size_to")).strip()
        follows = str(int(size_to) + 1) if re.fullmatch("[0-9]{1,3}", size_to) else ""
        if follows:
            self._typed[f"band-{last + 1}-size_from"] = follows
        for row in range(1, self._filled_items(last) + 1):
            for field in ("item", "quantity"):
                self._typed[f"band-{last + 1}-{field}-{row}"] = self.form.value(f"band-{last}-{field}-{row}")

    def _filled(self, kind: str, fields: Iterable[str]) -> int:
        number = 0
        while any(self.form.values(f"{kind}-{number + 1}-{field}") not in ([], [""]) for field in fields) or (
            kind == "band" and self._filled_items(number + 1)
        ):
            number += 1
        return number

    def _filled_items(self, band: int) -> int:
        number = 0
        while any(self.form.value(f"band-{band}-{field}-{number + 1}") for field in ("item", "quantity")):
            number += 1
        return number

    def _band(self, number: int) -> BandPlan:
        form, start = self.form, f"band-{number}"
        size_from = form.number(f"{start}-size_from", low=1, high=LARGEST_FAMILY)
        size_to = form.number(f"{start}-size_to", low=1, high=LARGEST_FAMILY, required=False)
        cash = form.money(f"{start}-cash", required=False)
        items = []
        for row in range(1, self._filled_items(number) + 1):
            item_id, quantity = (
                form.number(f"{start}-item-{row}"),
                form.parse(f"{start}-quantity-{row}", Quantity.parse),
            )
            items.append(ItemPlan(item_id, quantity))
        return BandPlan(size_from, size_to or LARGEST_FAMILY, cash or Money.ZERO, tuple(items))

    def _criteria(self, work: Work, area: AreaRecord | None) -> dict[str, object]:
        groups = [group for number in self.groups if (group := self._group(work, number, area)) is not None]
        if len(groups) < 2:
            return (groups[0] if groups else Group(Join.ALL, ())).as_json()
        return Group(self.form.choice("join", Join, required=False) or Join.ALL, tuple(groups)).as_json()

    def _group(self, work: Work, number: int, area: AreaRecord | None) -> Group | None:
        form, start = self.form, f"group-{number}"
        leaves: list[Leaf] = []
        if named := self._areas(work, f"{start}-areas", area):
            leaves.append(Leaf(Criterion.AREA, tuple(sorted({one.id for one in named}))))
        if damages := tuple(damage for damage in DAMAGES if damage in form.values(f"{start}-damage")):
            leaves.append(Leaf(Criterion.HOUSE_DAMAGE, damages))
        leaves += [Leaf(kind) for kind in YES_OR_NO if kind.value in form.values(f"{start}-facts")]
        for kind, name, lowest, highest in _RANGES:
            low = form.number(f"{start}-{name}_low", low=lowest, high=highest, required=False)
            high = form.number(f"{start}-{name}_high", low=lowest, high=highest, required=False)
            if low is not None or high is not None:
                limits = (lowest if low is None else low, highest if high is None else high)
                if limits[0] > limits[1]:
                    form.add_problem(f"{start}-{name}_high", "range.reversed", N_("The highest is below the lowest."))
                leaves.append(Leaf(kind, limits))
        join = form.choice(f"{start}-join", Join, required=False) or Join.ALL
        return Group(join, tuple(leaves)) if leaves else None

    def _areas(self, work: Work, name: str, within: AreaRecord | None) -> list[AreaRecord]:
        def parser(text: str) -> list[AreaRecord]:
            return [_area_named(work, line, within) for line in re.split(r"[,\n،]", text) if line.strip()]

        # The lines are told apart before the form folds white space.
        joined = ",".join(self.form.value(name).splitlines())
        try:
            return parser(joined)
        except InvalidInput as error:
            self.form.problems.append(Problem(name, error.code, error.message, error.params))
            return []


def values_of(work: Work, campaign: CampaignRow, bands: Iterable[BandRow]) -> dict[str, object]:
    """Return what the form of a campaign shows before anything is typed."""
    values: dict[str, object] = {
        "code": campaign.code, "name": campaign.name, "programme": campaign.programme_id, "fund": campaign.fund_id,
        "area": get_area(work, campaign.area_id).code, "starts_on": campaign.days.first_on,
        "ends_on": campaign.days.last_on, "instalments": campaign.instalments, "proof_required": campaign.proof_required,
        "complaints_to": campaign.complaints_to, "keep_criteria": groups_of(campaign.criteria) is None,
    }  # fmt: skip
    for number, band in enumerate(bands, 1):
        values |= _band_values(number, band)
    groups = groups_of(campaign.criteria) or []
    values["join"] = campaign.criteria.join if len(groups) > 1 else Join.ALL
    for number, group in enumerate(groups, 1):
        values |= dict(_group_values(work, f"group-{number}", group))
    return values


def groups_of(criteria: Group) -> list[Group] | None:
    """Return the criteria as the groups of the form, none for everybody; None where they are too intricate for it."""
    if all(isinstance(part, Leaf) for part in criteria.parts):
        groups = [criteria] if criteria.parts else []
    else:
        groups = [part if isinstance(part, Group) else Group(Join.ALL, (part,)) for part in criteria.parts]
    for group in groups:
        kinds = [part.kind for part in group.parts if isinstance(part, Leaf)]
        if len(kinds) < len(group.parts) or len(set(kinds)) < len(kinds):
            return None
    return groups if len(groups) <= MOST_GROUPS else None


def _band_values(number: int, band: BandRow) -> dict[str, object]:
    start = f"band-{number}"
    values: dict[str, object] = {
        f"{start}-size_from": band.size_from,
        f"{start}-size_to": band.size_to if band.size_to < LARGEST_FAMILY else None,
    }
    row = 0
    for line in band.lines:
        if line.kind is LineKind.CASH:
            values[f"{start}-cash"] = line.amount
        else:
            row += 1
            values |= {f"{start}-item-{row}": line.item_id, f"{start}-quantity-{row}": line.quantity}
    return values


def _group_values(work: Work, start: str, group: Group) -> Iterator[tuple[str, object]]:
    yield f"{start}-join", group.join
    leaves = [part for part in group.parts if isinstance(part, Leaf)]
    yield f"{start}-facts", [leaf.kind.value for leaf in leaves if leaf.kind in YES_OR_NO]
    names = {kind: name for kind, name, _low, _high in _RANGES}
    for leaf in leaves:
        if leaf.kind is Criterion.AREA:
            yield f"{start}-areas", "\n".join(get_area(work, int(area_id)).code for area_id in leaf.values)
        elif leaf.kind is Criterion.HOUSE_DAMAGE:
            yield f"{start}-damage", list(leaf.values)
        elif leaf.kind in names:
            yield f"{start}-{names[leaf.kind]}_low", leaf.values[0]
            yield f"{start}-{names[leaf.kind]}_high", leaf.values[1]


def _area_named(work: Work, text: str, within: AreaRecord | None) -> AreaRecord:
    name = text.strip()
    by_code = find_area_by_code(work, name)
    found = [by_code] if by_code else search_areas(work, name, under_path=within.path if within else None)
    if len(found) == 1:
        return found[0]
    if found:
        codes = ", ".join(area.code for area in found[:6])
        raise InvalidInput(
            "area.ambiguous_name",
            N_("%(name)s may be several areas. Write the code of one: %(codes)s"),
            name=name,
            codes=codes,
        )
    raise InvalidInput("area.unknown_name", N_("There is no area with the name or code %(name)s."), name=name)


def _tidied(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """Return what was sent with the empty rows taken out and the others numbered from 1."""
    tidy: MultiDict[str, str] = MultiDict()
    rows: dict[str, dict[int, list[tuple[str, int, str]]]] = {"band": {}, "group": {}}
    for name, value in typed.items(multi=True):
        match = _ROW.fullmatch(name)
        if match is None:
            tidy.add(name, value)
        elif value.strip():
            kind, number, field, part = match.groups()
            rows[kind].setdefault(int(number), []).append((field, int(part or 0), value))
    for kind, by_number in rows.items():
        # How its parts are joined alone makes no group.
        filled = [fields for _, fields in sorted(by_number.items()) if any(field != "join" for field, *_ in fields)]
        for number, fields in enumerate(filled, 1):
            for name, value in _numbered(f"{kind}-{number}", fields):
                tidy.add(name, value)
    return tidy


def _numbered(start: str, fields: list[tuple[str, int, str]]) -> Iterator[tuple[str, str]]:
    parts = {part: row for row, part in enumerate(sorted({part for _, part, _ in fields if part}), 1)}
    for field, part, value in fields:
        yield f"{start}-{field}-{parts[part]}" if part else f"{start}-{field}", value
