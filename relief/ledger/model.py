"""Tables of the ledger."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from relief.ledger.rules import Account, EntryKind
from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, Key, Paisa, internal, public
from relief.store.db import Model


class Fund(Model):
    """A sum of money given for a purpose, with what bounds its use."""

    __tablename__ = "fund"

    id: Mapped[int] = internal(Integer, primary_key=True)
    code: Mapped[str] = public(Text, unique=True)
    name: Mapped[str] = public(Text)
    donor_name: Mapped[str] = public(Text)
    is_restricted: Mapped[bool] = internal(Boolean)
    opened_at: Mapped[dt.datetime] = internal(Instant)
    opened_by: Mapped[int] = internal(Key)


class FundBalance(Model):
    """What a fund has received and promised; the checks hold the fund above zero whatever runs at the same time.

    A hand-over spends what an approval has committed before, so that the hot path never touches this row. A campaign's
    commitment holds its goods at cost; buying them turns money of the fund into goods of the fund and is no second charge.
    What is bought beyond the goods committed ties up free money: the second check keeps the cash that was promised.
    """

    __tablename__ = "fund_balance"
    __table_args__ = (
        CheckConstraint(
            "0 <= committed_goods_paisa AND committed_goods_paisa <= committed_paisa"
            " AND purchased_paisa >= 0 AND spent_directly_paisa >= 0",
            name="not_negative",
        ),
        CheckConstraint("committed_paisa + spent_directly_paisa <= received_paisa", name="within_received"),
        CheckConstraint(
            "committed_paisa - committed_goods_paisa + purchased_paisa + spent_directly_paisa <= received_paisa",
            name="promised_cash_is_kept",
        ),
    )

    fund_id: Mapped[int] = internal(ForeignKey("fund.id"), primary_key=True)
    received_paisa: Mapped[int] = internal(Paisa)
    committed_paisa: Mapped[int] = internal(Paisa)
    # The part of what is committed that is promised in goods.
    committed_goods_paisa: Mapped[int] = internal(Paisa)
    purchased_paisa: Mapped[int] = internal(Paisa)
    spent_directly_paisa: Mapped[int] = internal(Paisa)


class Commitment(AppendOnly, Model):
    """A promise of a fund's money, or the release (negative) of what was not needed."""

    __tablename__ = "commitment"
    __table_args__ = (
        UniqueConstraint("source_kind", "source_id"),
        CheckConstraint("amount_paisa <> 0", name="not_zero"),
        CheckConstraint("abs(goods_paisa) <= abs(amount_paisa)", name="goods_within_amount"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    fund_id: Mapped[int] = internal(ForeignKey("fund.id"), index=True)
    amount_paisa: Mapped[int] = internal(Paisa)
    goods_paisa: Mapped[int] = internal(Paisa)
    source_kind: Mapped[str] = internal(Text)
    source_id: Mapped[str] = internal(Text)
    at: Mapped[dt.datetime] = internal(Instant)
    actor_id: Mapped[int] = internal(Key)


class JournalEntry(AppendOnly, Model):
    """One event in money. `source` names what caused it; an event is posted once and reversed at most once."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("source_kind", "source_id"),
        Index("uq_journal_entry_reverses_id", "reverses_id", unique=True, sqlite_where=text("reverses_id IS NOT NULL"),
              postgresql_where=text("reverses_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[int] = internal(Key, primary_key=True)
    kind: Mapped[EntryKind] = internal(EnumText(EntryKind), index=True)
    posted_on: Mapped[dt.date] = internal(Date)
    posted_at: Mapped[dt.datetime] = internal(Instant)
    actor_id: Mapped[int] = internal(Key)
    memo: Mapped[str] = internal(Text)
    source_kind: Mapped[str] = internal(Text)
    source_id: Mapped[str] = internal(Text)
    reverses_id: Mapped[int | None] = internal(ForeignKey("journal_entry.id"))


class Posting(AppendOnly, Model):
    """One line of an entry: the same sum debited to one account and credited to another, so that every entry balances.

    `campaign_id`, `area_id` and `point_id` are the dimensions that totals are asked by. They point to tables on the same or a
    higher floor and therefore carry no foreign key; the reconciliation compares them with the hand-overs.
    """

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("entry_id", "line_no"),
        CheckConstraint("amount_paisa > 0", name="positive"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        # Covers the totals of the finance and coverage pages: they are read from the index alone.
        Index("ix_posting_totals", "campaign_id", "area_id", "point_id", "posted_on", "fund_id", "debit", "credit", "amount_paisa"),
        Index("ix_posting_fund", "fund_id", "debit", "credit", "amount_paisa"),
    )  # fmt: skip

    id: Mapped[int] = internal(Key, primary_key=True)
    entry_id: Mapped[int] = internal(ForeignKey("journal_entry.id"))
    line_no: Mapped[int] = internal(Integer)
    fund_id: Mapped[int] = internal(ForeignKey("fund.id"))
    debit: Mapped[Account] = internal(EnumText(Account))
    credit: Mapped[Account] = internal(EnumText(Account))
    amount_paisa: Mapped[int] = internal(Paisa)
    posted_on: Mapped[dt.date] = internal(Date)
    campaign_id: Mapped[int | None] = internal(Integer)
    area_id: Mapped[int | None] = internal(Integer)
    point_id: Mapped[int | None] = internal(Integer)
