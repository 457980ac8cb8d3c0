import datetime as dt
import enum

import pytest
from werkzeug.datastructures import MultiDict

from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.identity import Cnic
from relief.kernel.money import Money
from relief.web.forms import Form, parse_day


class Damage(enum.StrEnum):
    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


def sent(**values) -> Form:
    return Form(MultiDict(values))


def problem_of(form: Form, name: str) -> str | None:
    problem = form.problem(name)
    return problem.code if problem else None


def test_values_are_read_by_their_kind():
    form = sent(
        name=" Ayesha\u200b  Soomro ",
        size="۷",
        cash="12,500.50",
        born="14/09/1980",
        damage="full",
        moved="yes",
        cnic="45102-1234567-1",
    )
    assert form.text("name") == "Ayesha Soomro"
    assert form.number("size", low=1, high=60) == 7
    assert form.money("cash") == Money(1_250_050)
    assert form.day("born") == dt.date(1980, 9, 14)
    assert form.choice("damage", Damage) is Damage.FULL
    assert form.flag("moved")
    assert not form.flag("other")
    assert form.parse("cnic", Cnic.parse).digits == "4510212345671"
    form.refuse_problems()


def test_all_problems_are_gathered_before_anything_is_refused():
    form = sent(size="many", cash="-5", born="31/02/2022", damage="burnt", cnic="123", long="x" * 11)
    form.number("size")
    form.money("cash")
    form.day("born")
    form.choice("damage", Damage)
    form.parse("cnic", Cnic.parse)
    form.text("long", longest=10)
    form.text("name")
    with pytest.raises(InvalidInput) as caught:
        form.refuse_problems()
    assert [problem.field for problem in caught.value.problems] == [
        "size",
        "cash",
        "born",
        "damage",
        "cnic",
        "long",
        "name",
    ]
    assert caught.value.problems[-1].code == "field.missing"


def test_an_empty_field_is_none_where_it_may_be():
    form = sent(size="  ", name="")
    assert form.number("size", required=False) is None
    assert form.text("name", required=False) is None
    assert form.day("born", required=False) is None
    form.refuse_problems()


@pytest.mark.parametrize(
    ("typed", "is_good"),
    [
        ("0", True),
        ("60", True),
        ("61", False),
        ("-1", False),
        ("1.5", False),
        ("1e3", False),
        ("٣", True),
        ("9" * 30, False),
    ],
)
def test_a_number_has_bounds(typed, is_good):
    form = sent(size=typed)
    form.number("size", low=0, high=60)
    assert (problem_of(form, "size") is None) is is_good


def test_ticked_boxes_come_in_the_order_of_the_enum():
    form = Form(MultiDict([("damage", "full"), ("damage", "none"), ("damage", "full")]))
    assert form.choices("damage", Damage) == (Damage.NONE, Damage.FULL)
    assert form.values("damage") == ["full", "none", "full"]
    assert sent().choices("damage", Damage) == ()
    bad = sent(damage="burnt")
    bad.choices("damage", Damage)
    assert problem_of(bad, "damage") == "choice.unknown"


def test_a_fresh_form_shows_initial_values_and_a_sent_one_what_was_typed():
    initial = {
        "name": "Ayesha",
        "cash": Money(1_250_050),
        "on": dt.date(2022, 9, 14),
        "damage": Damage.FULL,
        "moved": True,
        "none": None,
    }
    fresh = Form(None, None, initial)
    assert [fresh.value(name) for name in initial] == ["Ayesha", "12500.50", "2022-09-14", "full", "yes", ""]
    assert fresh.is_ticked("moved")
    again = Form(MultiDict({"name": "<typed>"}), None, initial)
    assert (again.value("name"), again.value("cash")) == ("<typed>", "")
    assert not again.is_ticked("moved")


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidInput("a.b", "No."), 400), (Conflict("a.b", "No."), 409), (RuleViolation("a.b", "No."), 422)],
)
def test_a_refusal_stays_on_the_form(error, status):
    form = sent(name="x")
    with form.attempt() as is_sent:
        assert is_sent
        raise error
    assert form.status == status
    assert [(problem.field, problem.message) for problem in form.problems] == [("", "No.")]


@pytest.mark.parametrize("error", [NotFound("a.b", "No."), Forbidden("a.b", "No."), ValueError("a fault")])
def test_what_the_sender_cannot_mend_leaves_the_form(error):
    form = sent(name="x")
    with pytest.raises(type(error)), form.attempt():
        raise error


@pytest.mark.parametrize("text", ["2022-09-14", "14/09/2022", "14-9-2022", "14.09.2022", "١٤/٠٩/٢٠٢٢"])
def test_a_day_is_read_day_first(text):
    assert parse_day(text) == dt.date(2022, 9, 14)


@pytest.mark.parametrize("text", ["09/14/2022", "14/09/22", "0000-00-00", "soon", "2022-13-01"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_day(text)
