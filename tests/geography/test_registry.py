"""Other names, searches and lists."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.geography import queries
from relief.geography.gazetteer import Gazetteer
from relief.geography.model import Level
from relief.geography.registry import AddAlias, add_alias, remove_alias
from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from relief.kernel.permissions import Role
from relief.store.db import Store
from relief.store.work import Work, unit_of_work
from tests.geography.conftest import AT


def code_of(work: Work, text: str, **options: object) -> list[str]:
    return [area.code for area in queries.search_areas(work, text, **options)]  # type: ignore[arg-type]


def id_of(work: Work, code: str) -> int:
    area = queries.find_area_by_code(work, code)
    assert area is not None
    return area.id


def administrator(work: Work, code: str, role: Role = Role.ADMINISTRATOR) -> Actor:
    area = queries.get_area(work, id_of(work, code))
    return Actor(ActorId(7), "Somebody", (Grant(role, area.id, area.path),))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Dadu", "PK703"), ("دادو", "PK703"), ("ميهڙ", "PK70304"), ("PK70304U14", "PK70304U14"),
        ("Butt Serai", "PK70304U14"), ("qambar", "PK709"), ("Kamber-Shahdadkot", "PK709"), ("Nawabshah", "PK719"),
        ("Shaheed Benazirabad", "PK719"), ("KN Shah", "PK70303"), ("TM Khan", "PK725"), ("T. Allahyar", "PK724"),
    ],
)  # fmt: skip
def test_search_finds_names_codes_and_aliases_first(work: Work, text: str, code: str):
    assert code_of(work, text)[0] == code


def test_search_goes_on_to_beginnings_parts_and_near_spellings(work: Work):
    assert "PK70303U06" in code_of(work, "kak", level=Level.UC)
    assert code_of(work, "Meharr") == ["PK70304"] or "PK70304" in code_of(work, "Meharr")
    assert code_of(work, "  ") == []
    assert code_of(work, "xqzw") == []


def test_search_stays_within_an_area(work: Work):
    path = queries.get_area(work, id_of(work, "PK709")).path
    assert all(code.startswith("PK709") for code in code_of(work, "Jamali", under_path=path))


def test_lists_stay_within_an_area(work: Work):
    mehar = queries.get_area(work, id_of(work, "PK70304"))
    inside = queries.list_areas(work, under_path=mehar.path)
    assert {area.level for area in inside} == {Level.TALUKA, Level.UC}
    children = queries.children_of(work, mehar.id)
    assert [area.id for area in children] == [area.id for area in inside if area.level is Level.UC]
    assert [area.code for area in queries.lineage_of(work, mehar)] == ["PK7", "PK703", "PK70304"]


def test_an_unknown_area_is_not_found(work: Work):
    with pytest.raises(NotFound):
        queries.get_area(work, 10**6)
    assert queries.find_area_by_code(work, "PK999") is None


def test_names_fall_back_to_english(work: Work):
    mehar = queries.get_area(work, id_of(work, "PK70304"))
    assert (mehar.name("en"), mehar.name("ur"), mehar.name("sd")) == ("Mehar", "میہڑ", "ميهڙ")
    assert queries.get_area(work, id_of(work, "PK70304U14")).name("ur") == "Thariri Muhabat"


def test_an_added_alias_is_found_and_recorded(work: Work):
    uc = id_of(work, "PK70304U02")
    alias_id = add_alias(work, AddAlias(uc, "  Goth Beto \u200f", "the office in Mehar"))
    (alias,) = [row for row in queries.list_aliases(work, uc) if row.id == alias_id]
    assert (alias.alias, alias.source) == ("Goth Beto", "the office in Mehar")
    assert Gazetteer.load(work).find_uc("Dadu", "Mehar", "goth-beto").area_id == uc
    remove_alias(work, alias_id)
    assert Gazetteer.load(work).find_uc("Dadu", "Mehar", "goth-beto").area_id is None
    remove_alias(work, alias_id)
    actions = work.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-2:] == ["area.alias_added", "area.alias_removed"]


@pytest.mark.parametrize(
    ("code", "alias", "error", "reason"),
    [
        ("PK70304", " -- ", InvalidInput, "alias.empty"),
        ("PK70304", "x" * 121, InvalidInput, "alias.too_long"),
        ("PK70304", "MEHAR", Conflict, "alias.known"),
        ("PK719", "nawabshah", Conflict, "alias.known"),
    ],
)
def test_a_useless_alias_is_refused(work: Work, code: str, alias: str, error: type[Exception], reason: str):
    with pytest.raises(error) as refused:
        add_alias(work, AddAlias(id_of(work, code), alias))
    assert refused.value.code == reason  # type: ignore[attr-defined]


def test_aliases_are_for_administrators_of_the_area(store: Store, work: Work):
    actors = [
        administrator(work, "PK703"), administrator(work, "PK709"), administrator(work, "PK7", Role.COORDINATOR)
    ]  # fmt: skip
    inside, elsewhere, coordinator = (replace(work, actor=actor) for actor in actors)
    mehar = id_of(work, "PK70304")
    for other in (elsewhere, coordinator):
        with pytest.raises(Forbidden):
            add_alias(other, AddAlias(mehar, "Mehar Town"))
    alias_id = add_alias(inside, AddAlias(mehar, "Mehar Town"))
    with pytest.raises(Forbidden):
        remove_alias(elsewhere, alias_id)


def test_a_refused_alias_leaves_nothing(store: Store):
    with pytest.raises(Conflict), unit_of_work(Actor.system("tests"), at=AT) as work:
        add_alias(work, AddAlias(id_of(work, "PK70304"), "Mehar Town"))
        add_alias(work, AddAlias(id_of(work, "PK70304"), "mehar town"))
    with unit_of_work(Actor.system("tests"), at=AT) as work:
        assert code_of(work, "Mehar Town", level=Level.TALUKA) != ["PK70304"]
