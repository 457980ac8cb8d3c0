"""One table of reasons for server and phones: both walk it alike over every combination of facts."""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

from playwright.sync_api import Page

from relief.distributions.rules import (
    RedemptionFacts,
    Refusal,
    VerdictState,
    proof_suffices,
    reasons_json,
    refusal_of,
)
from relief.entitlements.rules import KeyState, TokenState
from relief.programmes.rules import CampaignState, Proof

VALUES: Final[dict[str, list[Any]]] = {
    "is_readable": [True, False],
    "is_genuine": [True, False, None],
    "key_state": [*KeyState, None],
    "token_state": [*TokenState, None],
    "is_of_this_campaign": [True, False],
    "campaign_state": list(CampaignState),
    "is_expired": [True, False],
    "is_distribution_day": [True, False],
    "is_at_its_point": [True, False],
    "is_operator_assigned": [True, False],
    "is_device_trusted": [True, False],
    "is_anything_owed": [True, False],
    "is_within_owed": [True, False],
    "proof_suffices": [True, False],
    "holder_matches": [True, False],
}  # fmt: skip

WALK = """([values, table]) => {
    const names = Object.keys(values);
    const codes = [null, ...new Set(table.map(({ refusal }) => refusal))];
    const found = [];
    const facts = {};
    const walk = (at) => {
        if (at === names.length) return found.push(codes.indexOf(scan.rules.refusalOf(facts, table)?.refusal ?? null));
        for (const value of values[names[at]]) {
            facts[names[at]] = value;
            walk(at + 1);
        }
    };
    walk(0);
    return [codes, found.length, found.map((at) => String.fromCharCode(65 + at)).join("")];
}"""


def combinations() -> Iterator[RedemptionFacts]:
    for values in itertools.product(*VALUES.values()):
        yield RedemptionFacts(*values)


def test_the_facts_are_those_of_the_server():
    assert list(VALUES) == list(RedemptionFacts.__dataclass_fields__)


def test_phone_and_server_agree_on_every_combination_of_facts(phone: Page):
    table = json.loads(json.dumps(reasons_json()))
    codes, count, found = phone.evaluate(WALK, [json.loads(json.dumps(VALUES)), table])
    assert count == len(found) == 3 * 4 * 4 * 4 * 2**11
    at = {code: chr(65 + index) for index, code in enumerate(codes)}
    expected = "".join(at[refusal_of(facts)] for facts in combinations())
    assert found == expected
    assert set(codes) == {None, *Refusal}, "every reason is reached"


def test_each_reason_says_what_the_screen_shows(phone: Page):
    for row in reasons_json():
        assert row["state"] in set(VerdictState) - {VerdictState.GIVE, VerdictState.WAIT}
        facts = {name: values[0] for name, values in VALUES.items()} | {"campaign_state": "active", "is_expired": False}
        facts[str(row["fact"])] = row["value"] if row["op"] == "is" else "another value"
        found = phone.evaluate("([facts, table]) => scan.rules.refusalOf(facts, table)", [facts, reasons_json()])
        assert (found["refusal"], found["state"]) == (row["refusal"], row["state"])


def test_a_fact_that_nobody_told_is_a_mistake(phone: Page):
    script = """([table]) => { try { scan.rules.refusalOf({ is_readable: true }, table); } catch (error) { return error.name; } }"""
    assert phone.evaluate(script, [reasons_json()]) == "TypeError"


def test_proofs_are_weighed_as_by_the_server(phone: Page):
    cases = list(itertools.product(Proof, Proof, [True, False]))
    found = phone.evaluate(
        "cases => cases.map((one) => scan.rules.proofSuffices(...one))", [list(case) for case in cases]
    )
    assert found == [proof_suffices(required=required, given=made, has_cnic=has) for required, made, has in cases]
