"""`relief finance`, `relief stock` and `relief audit`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text

from relief.cli import commands
from relief.config import Settings
from relief.kernel.errors import ReliefError
from tests.factories.books import books_in
from tests.support.databases import Databases
from tests.support.tampering import without_guards


@pytest.fixture
def settings(tmp_path: Path, databases: Databases, backend: str) -> Iterator[Settings]:
    made = books_in(tmp_path, databases, backend)
    yield made
    databases.give_back(made.database_url)


def relief(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, words, obj=lambda: app)


def answer(app: Flask, *words: str) -> dict:
    done = relief(app, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_totals_add_up_to_what_the_funds_disbursed(app: Flask):
    sums = {
        by: answer(app, "finance", "totals", "--by", by)["total"] for by in ("fund", "district", "uc", "point", "day")
    }
    assert len({json.dumps(total) for total in sums.values()}) == 1
    (fund,) = answer(app, "finance", "funds")["funds"]
    assert fund["disbursed_paisa"] == sums["uc"]["disbursed_paisa"]
    assert fund["unspent_paisa"] == fund["received_paisa"] - fund["disbursed_paisa"]
    narrowed = answer(app, "finance", "totals", "--campaign", "DEMO-1", "--fund", "demo-fund", "--since", "2022-01-01",
                      "--until", "2022-12-31", "--area", "PK7")  # fmt: skip
    assert narrowed["total"]["cash_paisa"] == sums["uc"]["cash_paisa"] and narrowed["total"]["other_paisa"] == 0
    point = answer(app, "finance", "totals", "--by", "point")["rows"][0]["code"]
    assert answer(app, "finance", "totals", "--point", point)["rows"]
    assert "Total" in relief(app, "finance", "totals").output


@pytest.mark.parametrize(
    "words",
    [
        ("finance", "totals", "--area", "PK9999"), ("finance", "totals", "--fund", "NONE"),
        ("finance", "reconcile", "--campaign", "X"),
        ("finance", "receive", "DEMO-FUND", "ten", "--memo", "x"), ("finance", "spend", "DEMO-FUND", "999999999", "--memo", "x"),
        ("finance", "reverse", "99999", "--reason", "No such entry"),
        ("finance", "open", "DEMO-FUND", "--name", "x", "--donor", "y"),
        ("stock", "receive", "NOWHERE", "RATION", "1", "--cost", "1", "--fund", "DEMO-FUND", "--paper", "x"),
        ("stock", "reverse", "9999", "--reason", "No such note"), ("audit", "list", "--area", "PK9999"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_cannot_be_is_refused(app: Flask, words: tuple[str, ...]):
    done = relief(app, *words)
    assert done.exit_code != 0 and isinstance(done.exception, (ReliefError, SystemExit))


def test_money_is_received_spent_and_reversed_once(app: Flask):
    answer(app, "finance", "open", "wfp-22", "--name", "Food", "--donor", "WFP", "--free-to-use")
    words = (
        "finance",
        "receive",
        "WFP-22",
        "PKR 1,000",
        "--memo",
        "Cheque 118",
        "--on",
        "2022-09-20",
        "--key",
        "cheque-118",
    )
    first, second = answer(app, *words), answer(app, *words)
    assert first == second
    spent = answer(app, "finance", "spend", "WFP-22", "400", "--memo", "Boat hire")
    answer(app, "finance", "reverse", str(spent["entry"]), "--reason", "Typed twice")
    funds = {fund["code"]: fund for fund in answer(app, "finance", "funds")["funds"]}
    assert (funds["WFP-22"]["free_paisa"], funds["WFP-22"]["is_restricted"]) == (100_000, False)
    assert relief(app, "audit", "verify").exit_code == 0


def test_goods_are_booked_and_listed(app: Flask):
    answer(app, "stock", "add-item", "net", "--name", "Mosquito net", "--cost", "900")
    answer(app, "stock", "add-warehouse", "sukkur-1", "--name", "Sukkur godown", "--area", "PK723")
    answer(app, "stock", "add-warehouse", "rohri-1", "--name", "Rohri store", "--area", "PK723")
    paper = ("--fund", "DEMO-FUND", "--paper", "DN 41")
    answer(app, "stock", "receive", "SUKKUR-1", "NET", "10", "--cost", "0", *paper)
    moved = answer(app, "stock", "transfer", "SUKKUR-1", "ROHRI-1", "NET", "4", *paper)
    nets = answer(app, "stock", "list", "--item", "NET")["stock"]
    assert [(row["location"], row["quantity"]) for row in nets] == [("Rohri store", 4), ("Sukkur godown", 6)]
    answer(app, "stock", "reverse", str(moved["note"]), "--reason", "Wrong store")
    assert [row["quantity"] for row in answer(app, "stock", "list", "--location", "SUKKUR-1")["stock"]] == [10]
    assert {item["code"]: item["on_hand"] for item in answer(app, "stock", "items")["items"]}["NET"] == 10
    assert "Sukkur godown" in relief(app, "stock", "list").output and "NET" in relief(app, "stock", "items").output


def test_books_that_agree_and_books_that_were_changed(app: Flask):
    found = answer(app, "finance", "reconcile")
    assert found["differences"] == [] and found["total"]["agrees"]
    sound = answer(app, "audit", "verify")
    assert (sound["sound"], sound["findings"], sound["first"]) == (True, 0, None)
    with without_guards(app.extensions["relief.store"], "hand_over") as connection:
        number = connection.execute(text("SELECT MIN(id) FROM hand_over WHERE kind = 'opening'")).scalar()
        connection.execute(text(f"UPDATE hand_over SET cash_paisa = cash_paisa + 100 WHERE id = {number}"))

    done = relief(app, "finance", "reconcile", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["differences"][0]["hand_over_id"] == number
    assert f"hand-over {number}" in relief(app, "finance", "reconcile").output

    done = relief(app, "audit", "verify", "--json")
    first = json.loads(done.stdout)["first"]
    assert done.exit_code == 1 and first["segment"].startswith("point ") and first["position"] >= 1
    assert f"Hand-over {number} was changed after it was sealed here." in first["text"]
    told = relief(app, "audit", "verify")
    assert told.exit_code == 1
    assert f"First bad entry: number {first['position']} of the chain '{first['segment']}'." in told.stdout


def test_the_trail_is_listed(app: Flask):
    deeds = answer(app, "audit", "list", "--action", "fund.", "--limit", "3")
    assert len(deeds["rows"]) == 3 and deeds["total"] > 3
    assert all(row["action"].startswith("fund.") for row in deeds["rows"])
    about = deeds["rows"][-1]
    one = answer(
        app, "audit", "list", "--subject", about["subject"], "--number", about["subject_id"], "--segment", "ledger"
    )
    assert {row["subject_id"] for row in one["rows"]} == {about["subject_id"]}
    area = answer(app, "audit", "list", "--area", "PK723", "--since", "2022-09-01", "--until", "2022-09-26")
    assert all(row["area"].startswith("PK723") for row in area["rows"])
    assert "of" in relief(app, "audit", "list").output
