"""A registration on its way into the database: sealed, indexed and laid out as columns, one or thousands at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from relief.families.rules import Flag, Registration
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.names import PersonName
from relief.kernel.text import search_key
from relief.keys import Keyring

CNIC, PHONE, CONTENT = "family.cnic", "family.phone", "family.content"

# The columns of `RegistrationColumns`, in the order in which `rows_of` fills them.
COLUMNS = (
    "uc_id", "village", "head_name", "head_name_local", "father_name", "gender", "birth_on", "cnic_verified_by",
    "size", "men", "women", "boys", "girls", "disabled", "pregnant_lactating", "house_damage", "livestock_lost",
    "is_displaced", "psc_score", "lon", "lat", "gps_accuracy_m", "search_key", "cnic_sealed", "cnic_index",
    "phone_sealed", "phone_index", "flags", "submission_id", "content_index", "enumerator", "surveyed_on",
)  # fmt: skip


class Entry(NamedTuple):
    """One answer sheet that may be taken."""

    facts: Registration
    flags: tuple[Flag, ...]
    # The form's own id of the sheet; without one, a sheet is known by its content.
    submission_id: str | None
    enumerator: str | None = None
    surveyed_on: dt.date | None = None


class Sheet(NamedTuple):
    """An entry laid out as columns, with the mark by which it is known again: its id, and a keyed hash of what it told."""

    entry: Entry
    submission_id: str
    content_index: bytes
    plain_values: tuple[object, ...]


def sheets_of(keys: Keyring, entries: Sequence[Entry]) -> list[Sheet]:
    """Return the sheet of each entry, nothing of it sealed yet."""
    plain = [_plain_values(entry.facts) for entry in entries]
    contents = keys.index_many(map(_content, entries, plain), CONTENT)
    return [
        Sheet(entry, entry.submission_id or f"content:{content.hex()}", content, values)
        for entry, values, content in zip(entries, plain, contents, strict=True)
        if content is not None
    ]


def rows_of(keys: Keyring, sheets: Sequence[Sheet]) -> Iterator[tuple[object, ...]]:
    """Yield the values of `COLUMNS` for each sheet, CNIC and phone sealed."""
    facts = [sheet.entry.facts for sheet in sheets]
    cnics = [fact.cnic.digits if fact.cnic else None for fact in facts]
    phones = [fact.phone.digits if fact.phone else None for fact in facts]
    sealed = zip(
        keys.seal_many(cnics, CNIC), keys.index_many(cnics, CNIC),
        keys.seal_many(phones, PHONE), keys.index_many(phones, PHONE),
        strict=True,
    )  # fmt: skip
    for (entry, submission_id, content_index, plain), secrets in zip(sheets, sealed, strict=True):
        flags = [[flag.code, dict(flag.params)] for flag in entry.flags] if entry.flags else None
        yield (*plain, *secrets, flags, submission_id, content_index, entry.enumerator, entry.surveyed_on)


def columns_of(keys: Keyring, entry: Entry) -> dict[str, object]:
    """Return the columns of one entry by name."""
    return dict(zip(COLUMNS, next(rows_of(keys, sheets_of(keys, [entry]))), strict=True))


def facts_from(source: object, *, cnic: Cnic | None, phone: PhoneNumber | None) -> Registration:
    """Return the facts of a row of `RegistrationColumns`, or of a record that has them by the same names."""
    facts: dict[str, Any] = {
        name: getattr(source, name) for name in Registration._fields if name not in ("cnic", "phone")
    }
    for name in ("head_name", "head_name_local", "father_name"):
        facts[name] = PersonName(facts[name]) if facts[name] else None
    return Registration(**facts, cnic=cnic, phone=phone)


def index_of_cnic(keys: Keyring, cnic: Cnic) -> bytes:
    """Return the keyed hash under which a family with this CNIC is found."""
    return keys.index(cnic.digits, CNIC)


def unseal_cnic(keys: Keyring, sealed: bytes | None) -> Cnic | None:
    """Return the CNIC of a column, or None."""
    return None if sealed is None else Cnic(keys.unseal(sealed, CNIC))


def unseal_phone(keys: Keyring, sealed: bytes | None) -> PhoneNumber | None:
    """Return the phone number of a column, or None."""
    return None if sealed is None else PhoneNumber(keys.unseal(sealed, PHONE))


def _plain_values(facts: Registration) -> tuple[object, ...]:
    local, father = facts.head_name_local, facts.father_name
    return (
        facts.uc_id, facts.village, facts.head_name.text, local and local.text, father and father.text, facts.gender.value,
        facts.birth_on, facts.cnic_verified_by, facts.size, facts.men, facts.women, facts.boys, facts.girls,
        facts.disabled, facts.pregnant_lactating, facts.house_damage.value, facts.livestock_lost, facts.is_displaced,
        facts.psc_score, facts.lon, facts.lat, facts.gps_accuracy_m, _search_key(facts.head_name, local),
    )  # fmt: skip


def _search_key(name: PersonName, local: PersonName | None) -> str:
    key = " " + _key(name.text)
    return f"{key} {_key(local.text)}" if local is not None and local != name else key


@lru_cache(maxsize=50_000)
def _key(text: str) -> str:
    return search_key(text)  # Given names repeat from family to family.


def _content(entry: Entry, plain_values: tuple[object, ...]) -> str:
    """Return all that was told as one text, numbers in full: it only ever feeds a keyed hash."""
    cnic, phone = entry.facts.cnic, entry.facts.phone
    return f"{plain_values}{cnic and cnic.digits}{phone and phone.digits}"
