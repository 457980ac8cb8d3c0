"""Points, days, hand-overs, late lists and conflicts by command."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from relief.cli import commands
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound, ReliefError
from tests.factories.world import World, build_world
from tests.web.test_desk import user_of

TODAY = local_day(dt.datetime.now(dt.UTC))


@pytest.fixture
def world(app: Flask) -> World:
    with app.app_context():
        return build_world(families=3, on=TODAY)


def run(app: Flask, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(commands, ["distribution", *words], input=typed, obj=lambda: app)


def answer(app: Flask, *words: str, typed: str = ""):
    result = run(app, *words, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_point_its_areas_and_a_day_are_made_and_listed(app: Flask, world: World):
    assert answer(app, "add-point", "mehar-2", "--name", "Govt School", "--uc", world.uc.code)["code"] == "MEHAR-2"
    staff = user_of(app, world.staff).email
    served = answer(app, "serve", "--campaign", "C1", "--point", "mehar-2", world.uc.code)
    assert served == {"point": "MEHAR-2", "areas": [world.uc.code]}
    place = ("--campaign", "C1", "--point", "MEHAR-2")
    day = answer(app, "add-day", *place, "--on", TODAY.isoformat(), "--staff", staff)["day"]
    assert {row["code"] for row in answer(app, "points")} == {"P1", "MEHAR-2"}
    assert day in {row["day"] for row in answer(app, "days")}


def test_a_token_on_standard_input_is_given_once_and_undone(app: Flask, world: World):
    staff = ("--as", user_of(app, world.staff).email)
    text = world.families[0].text + "\n"
    given = answer(app, "give", "--day", str(world.day_id), *staff, typed=text)
    assert given["outcome"] == "given"
    refused = run(app, "give", "--day", str(world.day_id), *staff, "--json", typed=text)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["reason"] == "redemption.already_given"
    void = answer(app, "void", str(given["hand_over"]), "--reason", "The goods came back", *staff)["void"]
    assert void > given["hand_over"]
    assert answer(app, "give", "--day", str(world.day_id), *staff, typed=text)["outcome"] == "given"


def test_a_late_list_is_recorded_and_its_conflict_decided(app: Flask, world: World, tmp_path: Path):
    code = world.families[1].code.grouped()
    paper = tmp_path / "paper.txt"
    paper.write_text(f"{code}\n\n{code}\n{world.families[2].family_code} TENT=1\n", encoding="utf-8")
    words = ("late", "--campaign", "C1", "--point", "P1", "--on", TODAY.isoformat(), str(paper))
    recorded = answer(app, *words)
    assert [row["outcome"] for row in recorded["rows"]] == ["given", "conflict", "given"]
    again = answer(app, *words, "--list-id", recorded["list_id"])
    assert all(row["repeated"] for row in again["rows"])
    (waiting,) = answer(app, "conflicts")
    finding = "Two sisters share a tent; both were told the rules."
    assert answer(app, "decide", str(waiting["hand_over"]), "--finding", finding)["decided"] == waiting["hand_over"]
    assert answer(app, "conflicts") == []
    assert [row["state"] for row in answer(app, "conflicts", "--all")] == ["decided"]


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--campaign", "NONE", "--point", "P1", "PK70304U14"),
        ("serve", "--campaign", "C1", "--point", "NONE", "PK70304U14"),
        ("void", "999", "--reason", "No such hand-over"),
        ("decide", "999", "--finding", "There is no such conflict."),
        ("give", "--day", "999"),
        ("days", "--as", "nobody@relief.example"),
    ],
)
def test_what_is_not_there_is_refused(app: Flask, world: World, words: tuple[str, ...]):
    assert isinstance(run(app, *words, typed="x\n").exception, NotFound)


def test_a_taluka_receives_nowhere(app: Flask, world: World):
    refused = run(app, "serve", "--campaign", "C1", "--point", "P1", "PK70304").exception
    assert isinstance(refused, ReliefError)
    assert refused.code == "point.not_a_uc"
