import pytest
from sqlalchemy import select

from relief.accounts import administration, grants, own_account, passwords, queries, sign_in
from relief.accounts.administration import AddUser
from relief.accounts.grants import GrantRole
from relief.accounts.model import RoleGrant, User
from relief.audit.model import AuditEntry
from relief.kernel.actor import Actor
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, ReliefError, RuleViolation
from relief.kernel.names import PersonName
from relief.kernel.permissions import Permission, Role
from relief.store.db import Store
from relief.store.work import unit_of_work
from tests.factories.people import AT, PASSWORD, SYSTEM, Areas, actor_for, add_person, put_five_areas

NAME = PersonName("Nadia Shah")


class People:
    """An administrator of the province and one of Dadu, with a registrar in each of two districts."""

    def __init__(self, areas: Areas, work):
        self.areas = areas
        self.provincial = add_person(work, Role.ADMINISTRATOR, areas.sindh, name="Provincial")
        self.local = add_person(work, Role.ADMINISTRATOR, areas.dadu, name="Local")
        self.registrar = add_person(work, Role.REGISTRAR, areas.mehar, name="Registrar")
        self.elsewhere = add_person(work, Role.REGISTRAR, areas.khairpur, name="Elsewhere")


@pytest.fixture
def people(store: Store) -> People:
    with unit_of_work(SYSTEM, at=AT) as work:
        return People(put_five_areas(work), work)


def do(actor: Actor | User, use_case, *args, **kwargs):
    actor = actor_for(actor) if isinstance(actor, User) else actor
    with unit_of_work(actor, at=AT) as work:
        return use_case(work, *args, **kwargs)


def refused(kind: type[ReliefError], code: str, *args, **kwargs):
    with pytest.raises(kind) as caught:
        do(*args, **kwargs)
    assert caught.value.code == code


def actions() -> list[tuple[str, str]]:
    with unit_of_work(SYSTEM) as work:
        return [tuple(row) for row in work.session.execute(select(AuditEntry.action, AuditEntry.subject_id))]


def user_of(user_id: int) -> User:
    with unit_of_work(SYSTEM) as work:
        return work.session.get_one(User, user_id)


def grant_of(user: User) -> int:
    with unit_of_work(SYSTEM) as work:
        return queries.list_grants(work, [user.id])[0].id


# --- Adding ---


def test_an_administrator_adds_a_person_with_a_role(people):
    command = AddUser("Nadia.Shah@Relief.example", NAME, Role.FINANCE, people.areas.dadu.id)
    added = do(people.local, administration.add_user, command)
    user = user_of(added.user_id)
    assert (user.email, user.name, user.must_change_password) == ("nadia.shah@relief.example", "Nadia Shah", True)
    assert passwords.is_password(added.made_password, user.password_hash)
    assert actor_for(user).may(Permission.FUND_READ, people.areas.mehar.path)
    assert not actor_for(user).may(Permission.FUND_READ, people.areas.khairpur.path)
    assert actions() == [("user.added", str(user.id))]


def test_a_given_password_is_checked_and_not_shown_again(people):
    command = AddUser("nadia@relief.example", NAME, Role.FINANCE, people.areas.dadu.id, PASSWORD)
    added = do(people.local, administration.add_user, command)
    assert added.made_password is None
    assert not user_of(added.user_id).must_change_password
    weak = AddUser("other@relief.example", NAME, Role.FINANCE, people.areas.dadu.id, "nadiashah1")
    refused(InvalidInput, "password.easy", people.local, administration.add_user, weak)


def test_one_address_has_one_account_however_it_is_typed(people):
    command = AddUser(people.registrar.email.upper(), NAME, Role.FINANCE, people.areas.dadu.id)
    refused(Conflict, "user.email_taken", people.local, administration.add_user, command)


@pytest.mark.parametrize("email", ["", "nadia", "nadia@", "nadia shah@relief.example", "a@b@c.example"])
def test_what_is_no_address_is_refused(people, email):
    refused(
        InvalidInput, "email.bad", people.local, administration.add_user,
        AddUser(email, NAME, Role.FINANCE, people.areas.dadu.id),
    )  # fmt: skip


def test_a_district_administrator_adds_nobody_elsewhere(people):
    command = AddUser("nadia@relief.example", NAME, Role.FINANCE, people.areas.khairpur.id)
    refused(NotFound, "area.not_found", people.local, administration.add_user, command)
    wider = AddUser("nadia@relief.example", NAME, Role.FINANCE, people.areas.sindh.id)
    refused(NotFound, "area.not_found", people.local, administration.add_user, wider)


def test_a_registrar_adds_nobody(people):
    command = AddUser("nadia@relief.example", NAME, Role.FINANCE, people.areas.mehar.id)
    refused(Forbidden, "access.forbidden", people.registrar, administration.add_user, command)


# --- Seeing ---


def names_seen_by(user: User, matching: str = "") -> list[str]:
    with unit_of_work(actor_for(user)) as work:
        rows, total = queries.list_users(work, matching=matching)
    assert total == len(rows)
    return [row.user.name for row in rows]


def test_an_administrator_sees_the_people_of_their_areas(people):
    assert names_seen_by(people.provincial) == ["Elsewhere", "Local", "Provincial", "Registrar"]
    assert names_seen_by(people.local) == ["Local", "Registrar"]
    assert names_seen_by(people.registrar) == []


def test_a_person_of_another_district_is_not_found(people):
    refused(NotFound, "user.not_found", people.local, queries.get_user, people.elsewhere.id)
    refused(NotFound, "user.not_found", people.local, queries.get_user, 10**6)
    assert do(people.local, queries.get_user, people.registrar.id).name == "Registrar"


def test_search_takes_its_text_as_text(people):
    assert names_seen_by(people.provincial, "REGI") == ["Registrar"]
    assert names_seen_by(people.provincial, people.local.email) == ["Local"]
    assert names_seen_by(people.provincial, "%") == []
    assert names_seen_by(people.provincial, "_") == []


def test_whoever_lost_the_last_role_stays_visible_where_it_was(people):
    do(people.local, grants.end_grant, grant_of(people.registrar))
    assert names_seen_by(people.local) == ["Local", "Registrar"]
    do(people.provincial, grants.grant_role, GrantRole(people.registrar.id, Role.AUDITOR, people.areas.khairpur.id))
    assert names_seen_by(people.local) == ["Local"]


# --- Roles ---


def test_a_role_is_granted_and_ended(people):
    do(people.local, grants.grant_role, GrantRole(people.registrar.id, Role.AUDITOR, people.areas.dadu.id))
    assert actor_for(people.registrar).may(Permission.AUDIT_READ, people.areas.dadu.path)
    do(people.local, grants.end_grant, grant_of(people.registrar))
    assert [action for action, _subject in actions()] == ["role.granted", "role.ended"]


def test_a_role_already_held_there_is_not_granted_twice(people):
    refused(
        Conflict, "grant.exists", people.local, grants.grant_role,
        GrantRole(people.registrar.id, Role.REGISTRAR, people.areas.uc.id),
    )  # fmt: skip


def test_nobody_grants_beyond_their_areas(people):
    wider = GrantRole(people.registrar.id, Role.REGISTRAR, people.areas.sindh.id)
    refused(NotFound, "area.not_found", people.local, grants.grant_role, wider)
    foreign = GrantRole(people.elsewhere.id, Role.REGISTRAR, people.areas.dadu.id)
    refused(NotFound, "user.not_found", people.local, grants.grant_role, foreign)
    refused(NotFound, "grant.not_found", people.local, grants.end_grant, grant_of(people.elsewhere))


def test_nobody_changes_their_own_roles(people):
    own = GrantRole(people.provincial.id, Role.FINANCE, people.areas.dadu.id)
    refused(RuleViolation, "user.own_account", people.provincial, grants.grant_role, own)
    refused(RuleViolation, "user.own_account", people.provincial, grants.end_grant, grant_of(people.provincial))


def test_a_role_is_narrowed_and_never_widened(people):
    grant_id = grant_of(people.registrar)
    refused(RuleViolation, "grant.wider", people.provincial, grants.narrow_grant, grant_id, people.areas.dadu.id)
    refused(RuleViolation, "grant.wider", people.provincial, grants.narrow_grant, grant_id, people.areas.khairpur.id)
    refused(RuleViolation, "grant.wider", people.provincial, grants.narrow_grant, grant_id, people.areas.mehar.id)
    do(people.local, grants.narrow_grant, grant_id, people.areas.uc.id)
    actor = actor_for(people.registrar)
    assert actor.paths(Permission.FAMILY_REGISTER) == (people.areas.uc.path,)
    refused(NotFound, "grant.not_found", people.local, grants.end_grant, grant_id)


def test_the_database_holds_one_open_grant_of_a_role_and_area(people):
    with pytest.raises(Exception, match=r"(?i)unique"), unit_of_work(SYSTEM) as work:
        for _ in range(2):
            work.session.add(
                RoleGrant(
                    user_id=people.registrar.id, role=Role.AUDITOR, area_id=people.areas.dadu.id, granted_by=0,
                    granted_at=AT,
                )
            )  # fmt: skip
            work.session.flush()


def test_a_change_of_roles_ends_the_sign_ins(people):
    with unit_of_work(SYSTEM, at=AT) as work:
        tried = sign_in.begin_attempt(work, people.registrar.email, "192.0.2.7")
        token = sign_in.start_sign_in(work, tried, "Chrome")
    do(people.local, grants.grant_role, GrantRole(people.registrar.id, Role.AUDITOR, people.areas.dadu.id))
    assert do(SYSTEM, queries.find_sign_in, token) is None


# --- Shutting and opening ---


def test_an_account_is_disabled_with_a_reason_and_opened_again(people):
    with unit_of_work(SYSTEM, at=AT) as work:
        tried = sign_in.begin_attempt(work, people.registrar.email, "192.0.2.7")
        token = sign_in.start_sign_in(work, tried, "Chrome")
    do(people.local, administration.disable_user, people.registrar.id, "Left the programme")
    user = user_of(people.registrar.id)
    assert (user.disabled_at, user.disabled_reason) == (AT, "Left the programme")
    assert do(SYSTEM, queries.find_sign_in, token) is None
    refused(NotFound, "user.not_found", SYSTEM, queries.actor_of, user.id)
    do(people.local, administration.enable_user, people.registrar.id)
    assert actor_for(user).has_role(Role.REGISTRAR)
    assert [action for action, _subject in actions()] == ["user.signed_in", "user.disabled", "user.enabled"]


def test_nobody_disables_themselves(people):
    refused(
        RuleViolation, "user.own_account", people.provincial, administration.disable_user, people.provincial.id, "Tired"
    )


def test_a_district_administrator_has_no_power_over_who_works_elsewhere_too(people):
    do(people.provincial, grants.grant_role, GrantRole(people.registrar.id, Role.AUDITOR, people.areas.khairpur.id))
    args = (people.local, administration.disable_user, people.registrar.id, "Not ours")
    refused(Forbidden, "user.wider_grants", *args)
    refused(Forbidden, "user.wider_grants", people.local, administration.reset_password, people.registrar.id)
    refused(
        Forbidden, "user.wider_grants", people.local, administration.amend_user, people.registrar.id,
        email="taken.over@relief.example", name=NAME,
    )  # fmt: skip


def test_the_last_administrator_of_an_area_stays(people):
    refused(
        RuleViolation, "user.last_administrator", SYSTEM, administration.disable_user, people.provincial.id, "Mistake"
    )
    refused(RuleViolation, "user.last_administrator", SYSTEM, grants.end_grant, grant_of(people.provincial))
    do(SYSTEM, administration.disable_user, people.local.id, "The provincial one is left")


def test_an_account_that_is_disabled_does_not_count_as_the_other_administrator(people):
    second = do(
        SYSTEM, administration.add_user,
        AddUser("second@relief.example", NAME, Role.ADMINISTRATOR, people.areas.sindh.id, PASSWORD),
    )  # fmt: skip
    do(SYSTEM, administration.disable_user, people.provincial.id, "Left")
    refused(RuleViolation, "user.last_administrator", SYSTEM, administration.disable_user, second.user_id, "Left too")


# --- Amending, passwords ---


def test_a_name_and_address_are_corrected(people):
    do(people.local, administration.amend_user, people.registrar.id, email="NEW@relief.example", name=NAME)
    user = user_of(people.registrar.id)
    assert (user.email, user.name) == ("new@relief.example", "Nadia Shah")
    assert actor_for(user).name == "Nadia Shah"
    refused(
        Conflict, "user.email_taken", people.local, administration.amend_user, people.registrar.id,
        email=people.local.email, name=NAME,
    )  # fmt: skip


def test_a_lost_password_is_replaced_and_must_be_changed(people):
    made = do(people.local, administration.reset_password, people.registrar.id)
    user = user_of(people.registrar.id)
    assert user.must_change_password
    assert passwords.is_password(made, user.password_hash)
    assert not passwords.is_password(PASSWORD, user.password_hash)


def test_ones_own_password_is_changed_and_other_sign_ins_end(people):
    tokens = []
    for _ in range(2):
        with unit_of_work(SYSTEM, at=AT) as work:
            tried = sign_in.begin_attempt(work, people.registrar.email, "192.0.2.7")
            tokens.append(sign_in.start_sign_in(work, tried, "Chrome"))
    here = do(SYSTEM, queries.find_sign_in, tokens[0])
    do(people.registrar, own_account.change_password, "four other plain words", session_id=here.session_id)
    assert passwords.is_password("four other plain words", user_of(people.registrar.id).password_hash)
    assert do(SYSTEM, queries.find_sign_in, tokens[0]) is not None
    assert do(SYSTEM, queries.find_sign_in, tokens[1]) is None


def test_the_new_password_is_not_the_old_one(people):
    refused(RuleViolation, "password.same", people.registrar, own_account.change_password, PASSWORD, session_id=1)


def test_figures_are_written_as_the_person_chose(people):
    do(people.registrar, own_account.choose_figures, counts_in_lakhs=True)
    assert user_of(people.registrar.id).counts_in_lakhs
