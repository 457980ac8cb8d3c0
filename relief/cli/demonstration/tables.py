"""What happens at the tables of the demonstration: hand-overs, some partial, some undone, some twice."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from relief.cli.demonstration import script
from relief.cli.demonstration.days import Site
from relief.cli.demonstration.people import Cast
from relief.cli.demonstration.script import Play, morning
from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import DeskHandOver, hand_over_at_desk
from relief.distributions.hand_overs import OutcomeKind
from relief.distributions.late_list import CASH, MOST_ROWS, LateList, LateRow, record_late_list
from relief.distributions.voiding import VoidHandOver, void_hand_over
from relief.entitlements.signing import sign_tokens
from relief.entitlements.token_queries import PrintableToken, PrintSelection, stream_printable
from relief.kernel.codes import TokenCode
from relief.papers import rt1
from relief.programmes.rules import Proof
from relief.store.work import reading, unit_of_work

# Told how many parts more are done.
Told = Callable[[int], None]

_NAMESPACE = uuid.UUID("6f2b3f0e-9d1c-4a77-8a5e-3b1f6f2c9d10")
_PROOFS = (Proof.CNIC_SEEN, Proof.CNIC_SEEN, Proof.CNIC_SEEN, Proof.WITNESS, Proof.NONE)
# Between two families at a table.
_PAUSE = dt.timedelta(seconds=90)


@dataclass(slots=True)
class Counts:
    """What happened so far."""

    handed_over: int = 0
    conflicts: int = 0
    voids: int = 0


@dataclass(frozen=True, slots=True)
class Paper:
    """A token in a family's hand."""

    serial: int
    uc_id: int
    text: str
    code: TokenCode


def play_hand_overs(play: Play, cast: Cast, campaign_id: int, sites: list[Site], told: Told) -> Counts:
    """Let families come to their points, day by day, and return what happened."""
    counts = Counts()
    chance = random.Random(play.seed)  # noqa: S311 - nothing here is a secret
    for number, site in enumerate(sites):
        papers = papers_of(cast, campaign_id, site)
        coming = _who_comes(papers, chance, is_visitors=number == 0)
        past = [(day_id, date) for day_id, date in site.days if date < play.ending_on]
        for day, families in zip(past, _in_parts(coming, len(past)), strict=True):
            _play_day(_Table(play, cast, campaign_id, site, *day), families, chance, counts)
        told(len(papers))
    return counts


@dataclass(frozen=True, slots=True)
class _Table:
    play: Play
    cast: Cast
    campaign_id: int
    site: Site
    day_id: int
    date: dt.date


def papers_of(cast: Cast, campaign_id: int, site: Site) -> list[Paper]:
    """Return the tokens of the families that receive at the site, with the texts of their papers."""
    with reading(cast.lead) as work:
        printed: list[PrintableToken] = list(
            stream_printable(work, PrintSelection(campaign_id, point_no=site.point_number))
        )
        signed = sign_tokens(work, [one.token for one in printed])
    return [
        Paper(one.token.serial, one.token.uc_id, rt1.to_compact_text(token), one.code)
        for one, token in zip(printed, signed, strict=True)
    ]


def _who_comes(papers: Sequence[Paper], chance: random.Random, *, is_visitors: bool) -> list[Paper]:
    """Return the families that come, in the order in which they do; where the visitor stands, some are left for the visitor."""
    shares: dict[int, float] = {}
    for uc_id in sorted({paper.uc_id for paper in papers}):
        lot = int(chance.random() * 100)
        if is_visitors:
            shares[uc_id] = 0.7
        elif lot < script.UNREACHED:
            shares[uc_id] = 0.0
        elif lot < script.UNREACHED + script.PARTLY_REACHED:
            shares[uc_id] = 0.4 + 0.5 * chance.random()
        else:
            shares[uc_id] = 0.97 + 0.03 * chance.random()
    coming = [(chance.random(), paper) for paper in papers if chance.random() < shares[paper.uc_id]]
    return [paper for _order, paper in sorted(coming, key=lambda one: (one[0], one[1].serial))]


def _in_parts(papers: Sequence[Paper], parts: int) -> Iterator[Sequence[Paper]]:
    for n in range(parts):
        yield papers[len(papers) * n // parts : len(papers) * (n + 1) // parts]


def _play_day(table: _Table, papers: Sequence[Paper], chance: random.Random, counts: Counts) -> None:
    opens_at = morning(table.date)
    undone, again = [], []
    with unit_of_work(table.cast.staff[table.site.district_id], at=opens_at) as work:
        for number, paper in enumerate(papers):
            at_table = replace(work, at=opens_at + number * _PAUSE)
            given = {1: 0, 2: 1} if table.play.happens(chance.random(), script.ONE_PARTIAL_IN) else None
            check = HolderCheck(_PROOFS[int(chance.random() * len(_PROOFS))])
            event_id = str(uuid.uuid5(_NAMESPACE, f"{table.play.seed} {paper.serial}"))
            outcome = hand_over_at_desk(at_table, DeskHandOver(event_id, table.day_id, paper.text, check, given))
            assert outcome.kind is OutcomeKind.GIVEN, outcome
            if table.play.happens(chance.random(), script.ONE_VOID_IN):
                undone.append((event_id, outcome.hand_over_id))
            elif table.play.happens(chance.random(), script.ONE_CONFLICT_IN):
                again.append(paper)
        closes_at = opens_at + (len(papers) + 5) * _PAUSE
        for event_id, hand_over_id in undone:
            assert hand_over_id is not None
            void_id = str(uuid.uuid5(_NAMESPACE, f"void {event_id}"))
            reason = "The wrong family was called; the goods came back."
            void_hand_over(replace(work, at=closes_at), VoidHandOver(void_id, hand_over_id, reason))
    counts.handed_over += len(papers)
    counts.voids += len(undone)
    if again:
        counts.conflicts += _come_again(table, again)


def _come_again(table: _Table, papers: Sequence[Paper]) -> int:
    """Families that were served are found on a paper list too, with cash: the coordinator types it in that evening."""
    list_id = str(uuid.uuid5(_NAMESPACE, f"list {table.play.seed} {table.day_id}"))
    rows = [LateRow(paper.code.grouped(), {CASH: script.CASH_TWICE.paisa}) for paper in papers][:MOST_ROWS]
    with unit_of_work(table.cast.lead, at=morning(table.date, hour=20)) as work:
        late = LateList(list_id, table.campaign_id, table.site.point_id, table.date, rows)
        outcomes = record_late_list(work, late)
    return sum(outcome.kind is OutcomeKind.CONFLICT for outcome in outcomes)
