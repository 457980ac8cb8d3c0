"""Which entries of the trail seal which rows, and where the digests of those rows are worked out anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relief.audit.trail import digest_of
from relief.audit.verification import SealedEntry
from relief.distributions.sealing import hand_over_digests
from relief.entitlements.sealing import approval_digests, proposal_digests, tokens_digest
from relief.families.sealing import change_digests, import_digests
from relief.kernel.messages import N_
from relief.ledger.sealing import commitment_digests, entry_digests
from relief.programmes.queries import list_campaigns, plan_digest
from relief.stock.sealing import goods_note_digests
from relief.store.statement import Statement
from relief.store.work import Work
from relief.sync.sealing import batch_digests


@dataclass(frozen=True, slots=True)
class Seal:
    """A kind of sealed record: the deeds that seal it, and a stream of (subject id, digest) over all its rows.

    Where a record may change, as a token's state does, its latest deed alone counts (`is_latest_only`).
    """

    label: str
    tables: tuple[str, ...]
    digests: Callable[[Work], Iterator[tuple[str, bytes]]]
    is_latest_only: bool = False


_ISSUES = Statement("SELECT subject_id, detail FROM audit_entry WHERE action = 'tokens.issued' ORDER BY id")
_TOKENS = Statement("SELECT id, state, state_reason FROM token WHERE state <> 'issued' ORDER BY id")
_CLOSED = Statement("SELECT id, closing_reason FROM campaign WHERE state = 'closed' ORDER BY id")


def _issue_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    for campaign_id, text in _ISSUES.rows(work, {}):
        detail = json.loads(text)
        yield campaign_id, tokens_digest(work, detail["first_id"], detail["last_id"])


def _token_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    return ((str(row[0]), digest_of(tuple(row))) for row in _TOKENS.stream(work, {}))


def _closing_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    return ((str(row[0]), digest_of(tuple(row))) for row in _CLOSED.rows(work, {}))


def _plan_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    return ((str(campaign.id), plan_digest(work, campaign)) for campaign in list_campaigns(work))


SEALS = {
    "hand_over": Seal(
        N_("Hand-over"), ("hand_over", "hand_over_line", "movement", "journal_entry", "posting"), hand_over_digests
    ),
    "journal_entry": Seal(N_("Entry"), ("journal_entry", "posting"), entry_digests),
    "goods_note": Seal(N_("Goods note"), ("goods_note", "movement", "journal_entry", "posting"), goods_note_digests),
    "commitment": Seal(N_("Commitment"), ("commitment",), commitment_digests),
    "allocation.proposed": Seal(N_("Proposed allocation"), ("verdict", "verdict_ground"), proposal_digests),
    "allocation.approved": Seal(N_("Approved allocation"), ("entitlement",), approval_digests),
    "families.imported": Seal(N_("Imported file"), ("import_row",), import_digests),
    "family": Seal(N_("Amendment of family"), ("family_change",), change_digests),
    "device_batch": Seal(N_("Batch of phone"), ("device_event", "device_picture", "rejected_event"), batch_digests),
    "tokens.issued": Seal(N_("Issue of tokens in campaign"), ("token",), _issue_digests),
    "token": Seal(N_("Revoked or replaced token"), ("token",), _token_digests, is_latest_only=True),
    "campaign.closed": Seal(N_("Closed campaign"), ("campaign",), _closing_digests),
    "campaign": Seal(N_("Campaign"), ("campaign", "package_band", "package_line"), _plan_digests, is_latest_only=True),
}


def seal_of(entry: SealedEntry) -> str | None:
    """Return the key of the seal that an entry is, None for one whose rows are not kept."""
    if entry.action in SEALS:
        return entry.action
    return entry.subject_kind if entry.subject_kind in SEALS else None
