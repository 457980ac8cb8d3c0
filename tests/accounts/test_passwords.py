import pytest

from relief.accounts import passwords
from relief.kernel.errors import InvalidInput


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password.too_short"),
        ("a8$Kq!pz0", "password.too_short"),
        ("x" * 129, "password.too_long"),
        ("password123", "password.easy"),
        ("Pakistan2022", "password.easy"),
        ("aaaaaaaaaaaaaa", "password.easy"),
        ("qwertyuiop12", "password.easy"),
        ("AyeshaSoomro", "password.easy"),
        ("relief2022!", "password.easy"),
    ],
)
def test_a_weak_password_is_refused(password, code):
    with pytest.raises(InvalidInput) as caught:
        passwords.check_password(password, "ayesha.soomro@relief.example", "Ayesha Soomro")
    assert caught.value.code == code


@pytest.mark.parametrize("password", ["river goat lamp tin", "x7#mQ!vv2pLk", "دریا بکری چراغ ٹین"])
def test_a_password_hard_to_guess_is_taken(password):
    passwords.check_password(password, "ayesha@relief.example", "Ayesha Soomro")


def test_a_made_password_is_good_enough_and_new_each_time():
    made = {passwords.make_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check_password(password)


def test_a_hash_is_argon2id_and_fits_its_password_alone():
    password_hash = passwords.hash_password("river goat lamp tin")
    assert password_hash.startswith("$argon2id$")
    assert passwords.is_password("river goat lamp tin", password_hash)
    assert not passwords.is_password("river goat lamp tin ", password_hash)
    assert not passwords.is_password("river goat lamp tin", None)
    assert not passwords.is_password("river goat lamp tin", "not a hash")
