"""`relief campaign` and `relief tokens`: from a file to approved money and tokens in the hand, and what each refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from relief.cli import commands
from relief.entitlements.signing import token_bytes
from relief.entitlements.token_queries import PrintSelection, stream_printable
from relief.geography.queries import get_area
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import ReliefError
from relief.kernel.permissions import Role
from relief.papers import rt1
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import AT, SYSTEM, Land, add_families, build_land
from tests.factories.people import add_person

PLAN: dict[str, Any] = {
    "code": "flood-1", "name": "Cash and tents", "programme": "FLOOD-2022", "fund": "SRSO-2022", "area": "PK7",
    "starts_on": "2022-09-10", "ends_on": "2099-12-31", "complaints_to": "0800-11111",
    "criteria": {"all": [{"test": "area", "in": ["PK703"]}, {"any": [{"test": "displaced"}, {"test": "woman_headed"}]}]},
    "bands": [
        {"size_from": 1, "size_to": 4, "cash": "10,000"},
        {"size_from": 5, "cash": 12000, "items": [{"item": "tent", "quantity": 1}]},
    ],
}  # fmt: skip

TOML = """
code = "FLOOD-2"
name = "Tents"
programme = "FLOOD-2022"
fund = "SRSO-2022"
area = "PK703"
starts_on = 2022-09-10
ends_on = 2022-12-31
instalments = 2
proof_required = "last_four"
complaints_to = "0800-11111"
criteria = { all = [] }

[[bands]]
size_from = 1
items = [{ item = "TENT", quantity = 2 }]
"""


@pytest.fixture
def land(app: Flask) -> Land:
    with app.app_context():
        made = build_land()
        with unit_of_work(SYSTEM, at=AT) as work:
            add_families(work, made, {"uc": "PK70301U1"}, {"uc": "PK70301U2", "size": 3}, {"uc": "PK70601U1"})
        return made


@pytest.fixture
def people(app: Flask, land: Land) -> dict[str, str]:
    """The addresses of a coordinator, of finance and of an administrator."""
    with app.app_context(), unit_of_work(SYSTEM) as work:
        area = get_area(work, land.area_ids["PK7"])
        roles = (Role.COORDINATOR, Role.FINANCE, Role.ADMINISTRATOR)
        return {role.value: add_person(work, role, area).email for role in roles}  # type: ignore[arg-type]


def relief(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, words, obj=lambda: app)


def refusal(app: Flask, *words: str) -> str:
    """What a command that is refused says, problem by problem."""
    done = relief(app, *words)
    assert isinstance(done.exception, ReliefError), done.output
    problems = getattr(done.exception, "problems", ())
    return "\n".join([str(done.exception), *(f"{problem.field}: {problem}" for problem in problems)])


def answer(app: Flask, *words: str) -> Any:
    done = relief(app, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "campaign.json"
    path.write_text(json.dumps(PLAN))
    return path


def test_a_campaign_goes_from_a_file_to_tokens(app: Flask, land: Land, people: dict[str, str], file: Path) -> None:
    made = answer(app, "campaign", "create", str(file))
    assert (made["code"], made["number"], made["state"]) == ("FLOOD-1", 1, "draft")

    run = answer(app, "campaign", "dry-run", "flood-1")
    assert (run["in"], run["out"], run["cost_paisa"], run["fund_suffices"]) == (2, 1, 4_700_000, True)
    assert run["reasons_out"] == {"area.not_met": 1}
    assert [(area["code"], area["in"], area["out"], area["cost_paisa"]) for area in run["areas"]] == [
        ("PK70301U1", 1, 0, 3_700_000),
        ("PK70301U2", 1, 0, 1_000_000),
        ("PK70601U1", 0, 1, 0),
    ]

    proposed = answer(app, "campaign", "allocate", "FLOOD-1", "--as", people["coordinator"])
    assert (proposed["in"], proposed["cost_paisa"]) == (2, 4_700_000)
    assert "Your role does not allow this" in refusal(
        app, "campaign", "approve", "FLOOD-1", "--as", people["coordinator"]
    )
    assert answer(app, "campaign", "approve", "FLOOD-1", "--as", people["finance"])["entitled"] == 2

    assert answer(app, "tokens", "key", "--campaign", "FLOOD-1", "--as", people["administrator"]) == {"key": 1}
    issued = answer(app, "tokens", "issue", "--campaign", "FLOOD-1", "--in", "PK70301U1")
    assert issued == {"issued": 1, "entitled": 2, "expires_on": "2099-12-31"}
    assert answer(app, "tokens", "issue", "--campaign", "FLOOD-1")["issued"] == 1
    assert answer(app, "tokens", "issue", "--campaign", "FLOOD-1")["issued"] == 0
    assert [row["state"] for row in answer(app, "tokens", "keys", "--campaign", "FLOOD-1")["keys"]] == ["active"]

    closed = answer(app, "campaign", "close", "FLOOD-1", "--reason", "Over", "--as", people["finance"])
    assert closed == {"released_paisa": 4_700_000}
    assert [row["state"] for row in answer(app, "campaign", "list")["campaigns"]] == ["closed"]


def test_nobody_proposes_or_approves_without_a_name(app: Flask, land: Land, people: dict[str, str], file: Path) -> None:
    answer(app, "campaign", "create", str(file))
    assert "name yourself" in refusal(app, "campaign", "allocate", "FLOOD-1")
    answer(app, "campaign", "allocate", "FLOOD-1", "--as", people["coordinator"])
    assert "name yourself" in refusal(app, "campaign", "approve", "FLOOD-1")


def test_a_proposal_is_rejected_and_amended(app: Flask, land: Land, people: dict[str, str], file: Path) -> None:
    answer(app, "campaign", "create", str(file))
    answer(app, "campaign", "allocate", "FLOOD-1", "--as", people["coordinator"])
    rejection = ("campaign", "reject", "FLOOD-1", "--reason", "Too many", "--as", people["finance"])
    answer(app, *rejection)
    assert "No allocation of this campaign waits" in refusal(app, *rejection)
    shown = json.loads(relief(app, "campaign", "show", "FLOOD-1").stdout)
    file.write_text(json.dumps(shown | {"name": "Tents alone"}))
    assert answer(app, "campaign", "amend", str(file))["name"] == "Tents alone"


def test_a_shown_campaign_is_the_file_that_made_it(app: Flask, land: Land, tmp_path: Path) -> None:
    path = tmp_path / "second.toml"
    path.write_text(TOML)
    answer(app, "campaign", "create", str(path))
    shown = json.loads(relief(app, "campaign", "show", "FLOOD-2").stdout)
    assert shown["bands"] == [{"size_from": 1, "size_to": 60, "cash": "0", "items": [{"item": "TENT", "quantity": 2}]}]
    assert (shown["instalments"], shown["proof_required"], shown["criteria"]) == (2, "last_four", {"all": []})
    path = tmp_path / "third.json"
    path.write_text(json.dumps(shown | {"code": "FLOOD-3"}))
    answer(app, "campaign", "create", str(path))
    assert json.loads(relief(app, "campaign", "show", "FLOOD-3").stdout) == shown | {"code": "FLOOD-3"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fund": "NONE"}, "fund: There is no such fund"),
        ({"programme": "NONE"}, "programme: There is no such programme"),
        ({"area": "PK9"}, "area: There is no area PK9"),
        ({"ends_on": "2022-01-01"}, "ends_on: The last day lies before the first"),
        ({"bands": []}, "bands: Say what families receive"),
        ({"bands": [{"size_from": 1, "cash": "many"}]}, "bands.1.cash: This is not a sum of money"),
        ({"bands": [{"size_from": 1, "items": [{"item": "BOAT", "quantity": 1}]}]}, "bands.1.items.1:"),
        ({"bands": [{"size_from": 1, "items": [{"item": "TENT", "quantity": 0}]}]}, "bands.1.items.1.quantity:"),
        ({"bands": [{"size_from": 2, "cash": 5}]}, "band-1-size_from: Packages follow on each other"),
        ({"criteria": {"all": [{"test": "area", "in": ["PK9"]}]}}, "criteria.all.1.in: There is no area PK9"),
        ({"criteria": {"all": [{"test": "income"}]}}, "criteria.all.1: Write a criterion"),
        ({"colour": "red"}, "colour: "),
        ({"instalments": "two"}, "instalments: "),
        ({"proof_required": "oath"}, "proof_required: "),
        ({"starts_on": "soon"}, "starts_on: "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_with_mistakes_creates_nothing(
    app: Flask, land: Land, file: Path, changes: dict[str, Any], said: str
) -> None:
    file.write_text(json.dumps(PLAN | changes))
    assert said in refusal(app, "campaign", "create", str(file))
    assert answer(app, "campaign", "list") == {"campaigns": []}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"{", b"x" * 1_000_001])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_is_none_is_refused(app: Flask, land: Land, tmp_path: Path, content: bytes) -> None:
    for name in ("campaign.json", "campaign.toml"):
        path = tmp_path / name
        path.write_bytes(content)
        said = refusal(app, "campaign", "create", str(path))
        assert name in said or "code: Field required" in said  # An empty file is TOML, in which all is missing.
    assert relief(app, "campaign", "create", str(tmp_path / "none.json")).exit_code == 1


def test_unknown_campaigns_are_not_found(app: Flask, land: Land, people: dict[str, str]) -> None:
    for words in (
        ("campaign", "show", "NONE"), ("campaign", "dry-run", "NONE"), ("campaign", "allocate", "NONE"),
        ("campaign", "approve", "NONE"), ("campaign", "close", "NONE", "--reason", "x"),
        ("tokens", "key", "--campaign", "NONE"), ("tokens", "issue", "--campaign", "NONE"),
        ("tokens", "revoke", "--campaign", "NONE", "--family", "F-00000001-95", "--reason", "x"),
    ):  # fmt: skip
        assert "no such campaign" in refusal(app, *words)
    assert "nobody@relief.example" in refusal(app, "campaign", "allocate", "NONE", "--as", "nobody@relief.example")


def test_a_programme_is_opened(app: Flask, land: Land) -> None:
    assert answer(app, "campaign", "open-programme", "drought", "--name", "Drought")["code"] == "DROUGHT"
    assert relief(app, "campaign", "open-programme", "drought", "--name", "Drought").exit_code == 1


def test_tokens_are_verified_revoked_and_replaced(app: Flask, land: Land, people: dict[str, str], file: Path) -> None:
    answer(app, "campaign", "create", str(file))
    answer(app, "campaign", "allocate", "FLOOD-1", "--as", people["coordinator"])
    answer(app, "campaign", "approve", "FLOOD-1", "--as", people["finance"])
    answer(app, "tokens", "key", "--campaign", "FLOOD-1")
    answer(app, "tokens", "issue", "--campaign", "FLOOD-1")
    with app.app_context(), reading(SYSTEM) as work:
        printed, *_ = stream_printable(work, PrintSelection(1))
        text = rt1.to_compact_text(token_bytes(work, printed.token))
    found = answer(app, "tokens", "verify", text)
    assert (found["standing"], found["campaign"], found["serial"]) == ("valid", "FLOOD-1", 1)
    assert not any("Head" in str(value) for value in found.values())

    family = str(printed.family_code)
    assert answer(app, "tokens", "replace", "--campaign", "FLOOD-1", "--family", family, "--reason", "Lost") == {
        "serial": 1, "reissue": 1,
    }  # fmt: skip
    old = relief(app, "tokens", "verify", text, "--json")
    assert (old.exit_code, json.loads(old.stdout)["standing"]) == (1, "replaced")
    answer(app, "tokens", "revoke", "--campaign", "FLOOD-1", "--family", family, "--reason", "Sold")
    again = relief(app, "tokens", "revoke", "--campaign", "FLOOD-1", "--family", family, "--reason", "Sold")
    assert again.exit_code == 1
    assert relief(app, "tokens", "revoke-key", "1", "--campaign", "FLOOD-1").exit_code == 0
    assert json.loads(relief(app, "tokens", "verify", text, "--json").stdout)["standing"] == "key_revoked"
    assert relief(app, "tokens", "verify", "nonsense").exit_code == 1
    stranger = str(FamilyCode.of(3))
    assert "no such token" in refusal(
        app, "tokens", "revoke", "--campaign", "FLOOD-1", "--family", stranger, "--reason", "x"
    )
