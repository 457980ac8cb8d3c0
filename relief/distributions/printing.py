"""Printing tokens: what stands on the sheets of a Union Council or point, and who printed which tokens."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from relief.audit.queries import is_demonstration
from relief.audit.trail import Deed, record
from relief.distributions.paper_texts import PaperTexts
from relief.distributions.place_queries import Place, places_of
from relief.entitlements.rules import TokenState
from relief.entitlements.signing import sign_tokens, token_bytes
from relief.entitlements.token_queries import (
    PrintableToken,
    PrintSelection,
    TokenRow,
    count_printable,
    count_printable_by_point,
    get_token,
    stream_printable,
)
from relief.geography.queries import AreaRecord, get_area, list_areas
from relief.kernel.codes import TokenCode
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.papers.qr import Level
from relief.papers.rt1 import to_compact_text, to_url_text
from relief.papers.sheet import COMPACT_FORM, URL_FORM, Printing, SheetToken, SheetWords, TokenSheet
from relief.programmes.queries import get_campaign
from relief.store.work import Work

ANY_POINT_CODE = "ANY-POINT"


class PrintBy(enum.StrEnum):
    """What makes one sheet."""

    UC = "uc"
    POINT = "point"


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """How the tokens of a campaign are printed: the language beside English, and how a msgid is said in it.

    `host` is the public address that codes lead to; without one they are compact.
    """

    campaign_id: int
    language: str
    translate: Callable[[str], str]
    host: str | None

    def printing(self, work: Work) -> Printing:
        """Return the same as the sheets' printer takes it."""
        return Printing(SheetWords.of(self.language, self.translate), self.host, work.at)


@dataclass(frozen=True, slots=True)
class PrintPlace:
    """Tokens that make one sheet. `code` names its file; `area` is the Union Council they are of, or the point stands in."""

    code: str
    title: str
    area: AreaRecord | None
    point: Place | None
    count: int
    selection: PrintSelection


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token as its holder's paper has it: whoever sees it could print the paper."""

    text: str = field(repr=False)
    level: Level
    code: TokenCode = field(repr=False)


def list_print_places(work: Work, campaign_id: int, by: PrintBy, under_path: str | None = None) -> list[PrintPlace]:
    """Return the places with tokens to print in the actor's areas, by code."""
    selection = PrintSelection(campaign_id, under_path)
    areas = {area.id: area for area in list_areas(work)}
    if by is PrintBy.UC:
        counts = count_printable(work, selection)
        places = [_of_uc(campaign_id, areas, areas[uc_id], count) for uc_id, count in counts.items()]
    else:
        points = places_of(work, campaign_id)
        counts = count_printable_by_point(work, selection)
        places = [_of_point(selection, areas, points.get(number), count) for number, count in counts.items()]
    return sorted(places, key=lambda place: place.code)


def find_print_place(work: Work, campaign_id: int, by: PrintBy, code: str) -> PrintPlace:
    """Return the place of that code. Raises: NotFound "sheet.no_such_place"."""
    found = [place for place in list_print_places(work, campaign_id, by) if place.code == code.strip().upper()]
    if not found:
        raise NotFound("sheet.no_such_place", N_("There are no tokens to print there. Issue them first."))
    return found[0]


def place_of_token(work: Work, token_id: int) -> PrintPlace:
    """Return one token as a place of its own. Raises: Forbidden, NotFound "token.not_found", RuleViolation "token.not_valid"."""
    token = _printable(work, token_id)
    areas = {area.id: area for area in list_areas(work)}
    selection = PrintSelection(token.campaign_id, token_id=token.id)
    uc = areas[token.uc_id]
    return PrintPlace(f"{uc.code}-{number_of(token)}", _title(areas, uc), uc, None, 1, selection)


def take_sheet(work: Work, order: PrintOrder, place: PrintPlace) -> TokenSheet:
    """Return the sheet of a place with its tokens signed, and put on record who took which of them for printing.

    Raises: Forbidden, NotFound "campaign.not_found", "keys.no_signing_key".
    """
    work.actor.require(Permission.TOKEN_PRINT)
    campaign = get_campaign(work, order.campaign_id)
    tokens = list(stream_printable(work, place.selection))
    texts = PaperTexts.of(work, campaign, language=order.language, translate=order.translate)
    heading = texts.heading(place.title, is_demonstration=is_demonstration(work))
    if tokens:
        _record(work, order, place, [printable.token for printable in tokens])
    signed = sign_tokens(work, [printable.token for printable in tokens])
    pairs = zip(signed, tokens, strict=True)
    return TokenSheet(place.code, heading, [_on_paper(packed, token, texts) for packed, token in pairs])


def show_token(work: Work, token_id: int, host: str | None) -> ShownToken:
    """Return what the paper of a valid token carries; the look is recorded.

    Raises: Forbidden, NotFound "token.not_found", "keys.no_signing_key", RuleViolation "token.not_valid".
    """
    token = _printable(work, token_id)
    packed = token_bytes(work, token)
    (printable,) = stream_printable(work, PrintSelection(token.campaign_id, token_id=token.id))
    detail = {"campaign": token.campaign_id, "serial": token.serial, "reissue": token.reissue}
    record(work, Deed("token.shown", "token", token.id, token.uc_id, detail))
    text = to_compact_text(packed) if host is None else to_url_text(packed, host)
    return ShownToken(text, (COMPACT_FORM if host is None else URL_FORM).level, printable.code)


def number_of(token: TokenRow) -> str:
    """Return a token's number as its paper has it: the serial, and which replacement it is."""
    return f"{token.serial}-{token.reissue}" if token.reissue else str(token.serial)


def numbers_of(tokens: Iterable[TokenRow]) -> str:
    """Return the numbers of many tokens in short: "1..40, 42, 45-1"; serials in a row are joined where none is a replacement."""
    first_papers = sorted(token.serial for token in tokens if not token.reissue)
    replacements = sorted((token.serial, token.reissue) for token in tokens if token.reissue)
    runs: list[list[int]] = []
    for serial in first_papers:
        if runs and serial == runs[-1][1] + 1:
            runs[-1][1] = serial
        else:
            runs.append([serial, serial])
    spans = [str(first) if first == last else f"{first}..{last}" for first, last in runs]
    return ", ".join([*spans, *(f"{serial}-{reissue}" for serial, reissue in replacements)])


def _printable(work: Work, token_id: int) -> TokenRow:
    token = get_token(work, token_id)
    work.actor.require(Permission.TOKEN_PRINT, get_area(work, token.uc_id).path)
    if token.state is not TokenState.ISSUED:
        raise RuleViolation("token.not_valid", N_("This token was revoked or replaced before."))
    return token


def _of_uc(campaign_id: int, areas: dict[int, AreaRecord], uc: AreaRecord, count: int) -> PrintPlace:
    return PrintPlace(uc.code, _title(areas, uc), uc, None, count, PrintSelection(campaign_id, uc.path))


def _of_point(selection: PrintSelection, areas: dict[int, AreaRecord], point: Place | None, count: int) -> PrintPlace:
    here = PrintSelection(selection.campaign_id, selection.area_path, point.number if point else 0)
    if point is None:
        return PrintPlace(ANY_POINT_CODE, "", None, None, count, here)
    uc = areas[point.uc_id]
    return PrintPlace(point.code, f"{point.name}, {_title(areas, uc)}", uc, point, count, here)


def _title(areas: dict[int, AreaRecord], uc: AreaRecord) -> str:
    """Return "Butt Serai, Mehar, Dadu"."""
    lineage = [areas[int(part)] for part in uc.path.strip("/").split("/")]
    return ", ".join(area.name_en for area in reversed(lineage[1:]))


def _on_paper(packed: bytes, printable: PrintableToken, texts: PaperTexts) -> SheetToken:
    token = printable.token
    return SheetToken(
        packed, printable.code, printable.family_code, printable.head_name, printable.head_name_local,
        texts.package(token.band_no), texts.point(token.point_no), texts.days(token.point_no, token.expires_on),
    )  # fmt: skip


def _record(work: Work, order: PrintOrder, place: PrintPlace, tokens: Sequence[TokenRow]) -> None:
    detail = {
        "campaign": order.campaign_id, "place": place.code, "count": len(tokens), "numbers": numbers_of(tokens),
        "language": order.language, "form": "compact" if order.host is None else "url",
    }  # fmt: skip
    area_id = place.area.id if place.area else None
    record(work, Deed("tokens.printed", "campaign", order.campaign_id, area_id, detail))
