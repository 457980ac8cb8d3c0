import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from relief.cli import COMMANDS, commands
from relief.cli.console import actor_named, in_instance, load, report
from relief.kernel.actor import SYSTEM_ID
from relief.kernel.errors import NotFound
from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from tests.factories.people import SYSTEM, add_person, put_five_areas


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_and_all_below_it(name: str):
    def explained(words: list[str], command: click.Command):
        done = CliRunner().invoke(commands, [*words, "--help"])
        assert done.exit_code == 0, done.output
        assert command.help, words
        for below, inner in getattr(command, "commands", {}).items():
            explained([*words, below], inner)

    explained([name], load(COMMANDS[name][0]))


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "relief", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_a_refusal_is_one_sentence_on_standard_error(tmp_path: Path):
    done = run("db", "check", RELIEF_INSTANCE=str(tmp_path / "instance"))
    assert done.returncode == 1
    assert done.stderr == "relief: The database is not up to date. Run `relief db upgrade`.\n"
    done = run("db", "check", RELIEF_INSTANCE=str(tmp_path / "instance"), RELIEF_DATABASE_URL="mysql://somewhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("relief: RELIEF_DATABASE_URL must begin with")


def test_a_command_on_a_database_without_tables_says_what_to_do(tmp_path: Path):
    done = run("user", "list", RELIEF_INSTANCE=str(tmp_path / "instance"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "relief: The database is not up to date. Run `relief db upgrade`.\n"


def test_two_instances_lie_side_by_side(tmp_path: Path):
    for name in ("one", "two"):
        assert run("db", "upgrade", RELIEF_INSTANCE=str(tmp_path / name)).returncode == 0
        assert (tmp_path / name / "keys").is_dir()
    assert (tmp_path / "one/keys/master.key").read_bytes() != (tmp_path / "two/keys/master.key").read_bytes()


def test_a_fresh_keyring_is_refused_over_a_filled_database(tmp_path: Path):
    instance = {"RELIEF_INSTANCE": str(tmp_path / "instance")}
    run("db", "upgrade", **instance)
    run("geography", "build", **instance)
    added = run("user", "add", "a@relief.example", "--name", "A", "--role", "finance", "--area", "PK7", **instance)
    assert added.returncode == 0, added.stderr
    (tmp_path / "instance/keys").rename(tmp_path / "elsewhere")
    done = run("user", "list", **instance)
    assert done.returncode == 1
    assert "Without it no CNIC can be read" in done.stderr
    assert not (tmp_path / "instance/keys").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "instance/keys")
    assert run("user", "list", **instance).returncode == 0


def test_deeds_are_done_in_the_name_of_a_person_or_of_the_command_line(app: Flask):
    with app.app_context():
        with unit_of_work(SYSTEM) as work:
            user = add_person(work, Role.FINANCE, put_five_areas(work).dadu)
        assert actor_named(None).id == SYSTEM_ID
        assert actor_named(user.email.upper()).id == user.id
        with pytest.raises(NotFound):
            actor_named("nobody@relief.example")


def test_a_report_is_text_or_json(app: Flask):
    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    @in_instance
    def command(*, as_json: bool) -> None:
        report({"name": "سومرو"}, as_json, "Soomro")

    assert CliRunner().invoke(command, [], obj=lambda: app).stdout == "Soomro\n"
    assert CliRunner().invoke(command, ["--json"], obj=lambda: app).stdout == '{\n  "name": "سومرو"\n}\n'
