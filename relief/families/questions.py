"""The questions of the registration form: under which name each comes in a file, how its answer is read, what it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relief.families import answers
from relief.kernel.errors import InvalidInput, Problem
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.messages import N_
from relief.kernel.names import PersonName
from relief.kernel.text import clean

MISSING = N_("This is missing.")


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `name` is the fact that it asks for, and the form field."""

    name: str
    # The column of our form as KoboToolbox exports it; and, with spaces between, other names that plain sheets use.
    column: str
    other_columns: str
    label: str
    read: Callable[[str], object]
    # Whether every sheet must answer it.
    is_required: bool = False
    # What it means that the question was not asked, or was left open where it may be.
    default: object = None

    def answer(self, text: str) -> object:
        """Return the value of an answer, or the Problem with it."""
        answer = clean(text) if text else ""
        if not answer:
            return Problem(self.name, "field.missing", MISSING) if self.is_required else self.default
        try:
            return self.read(answer)
        except InvalidInput as error:
            return Problem(self.name, error.code, error.message, error.params)


def _text_or_none(text: str) -> str | None:
    return answers.read_text(text) or None


# In the order of `Registration` after its `uc_id`: an import fills one from the other by position.
QUESTIONS: tuple[Question, ...] = (
    Question("village", "location/village", "goth deh settlement", N_("Village"), answers.read_text, default=""),
    Question(
        "head_name", "head/name", "head_of_family name_of_head family_head full_name", N_("Name of the head"),
        PersonName.parse, is_required=True,
    ),
    Question(
        "head_name_local", "head/name_ur", "name_local name_sd name_urdu name_sindhi head_name_local",
        N_("Name in Urdu or Sindhi"), PersonName.parse,
    ),
    Question(
        "father_name", "head/father_husband_name", "father_name husband_name father_or_husband_name father_or_husband",
        N_("Father's or husband's name"), PersonName.parse,
    ),
    Question("gender", "head/gender", "sex", N_("Gender of the head"), answers.read_gender, is_required=True),
    Question("birth_on", "head/birth_date", "date_of_birth dob birth_on", N_("Date of birth"), answers.read_day),
    Question("cnic", "head/cnic", "nic cnic_no cnic_number", N_("CNIC"), Cnic.parse),
    Question(
        "cnic_verified_by", "head/cnic_lost_verified_by", "verified_by cnic_verified_by",
        N_("CNIC lost: who verified the family"), _text_or_none,
    ),
    Question("phone", "head/phone", "mobile mobile_number phone_number contact", N_("Phone"), PhoneNumber.parse),
    Question("size", "household/size", "family_size household_size members", N_("Members"), answers.read_size, is_required=True),
    Question("men", "household/men", "", N_("Men"), answers.read_members, is_required=True),
    Question("women", "household/women", "", N_("Women"), answers.read_members, is_required=True),
    Question("boys", "household/boys", "", N_("Boys"), answers.read_members, is_required=True),
    Question("girls", "household/girls", "", N_("Girls"), answers.read_members, is_required=True),
    Question("disabled", "household/disabled", "disability", N_("Disabled members"), answers.read_members, default=0),
    Question(
        "pregnant_lactating", "household/pregnant_lactating", "pregnant_or_lactating pregnant",
        N_("Pregnant or lactating"), answers.read_members, default=0,
    ),
    Question(
        "house_damage", "damage/house", "house_damage", N_("Damage to the house"), answers.read_house_damage,
        is_required=True,
    ),
    Question("livestock_lost", "damage/livestock_lost", "livestock", N_("Livestock lost"), answers.read_livestock, default=0),
    Question("is_displaced", "displaced", "is_displaced", N_("Displaced"), answers.read_yes_no, default=False),
    Question("psc_score", "psc_score", "psc poverty_score", N_("Poverty score (PSC)"), answers.read_psc_score),
    Question("lon", "_location/gps_longitude", "lon longitude long gps_longitude", N_("Longitude"), answers.read_degrees),
    Question("lat", "_location/gps_latitude", "lat latitude gps_latitude", N_("Latitude"), answers.read_degrees),
)  # fmt: skip

# What a file tells besides the facts of the family.
CONSENT = Question("consent", "consent", "", N_("Consent"), answers.read_consent, is_required=True, default=True)
GPS = Question("gps", "location/gps", "gps_position coordinates", N_("GPS position"), answers.read_gps)
DISTRICT = Question("district", "location/district", "", N_("District"), answers.read_text, default="")
TALUKA = Question("taluka", "location/taluka", "tehsil", N_("Taluka"), answers.read_text, default="")
UC = Question("uc", "location/uc", "union_council uc_name uc_code", N_("Union Council"), answers.read_text, default="")
SUBMISSION = Question("submission_id", "_uuid", "uuid instanceid key", N_("Submission"), _text_or_none)
ENUMERATOR = Question("enumerator", "enumerator", "username surveyor", N_("Enumerator"), _text_or_none)
SURVEYED = Question("surveyed_on", "today", "survey_date surveyed_on", N_("Day of the survey"), answers.read_day)

AROUND = (CONSENT, GPS, DISTRICT, TALUKA, UC, SUBMISSION, ENUMERATOR, SURVEYED)
LABELS = {question.name: question.label for question in (*QUESTIONS, *AROUND)}
