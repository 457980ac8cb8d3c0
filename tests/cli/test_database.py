import json

from click.testing import CliRunner
from flask import Flask

from relief.cli import commands
from relief.store import migrations
from relief.store.db import store


def test_an_old_database_is_told_and_brought_up_to_date(app: Flask):
    with app.app_context():
        if not migrations.pending(store()):
            migrations.downgrade(store(), migrations.BASE)
    behind = CliRunner().invoke(commands, ["db", "check", "--json"], obj=lambda: app)
    assert behind.exit_code == 1
    assert json.loads(behind.stdout)["pending"][0] == "0001_create_audit"
    done = CliRunner().invoke(commands, ["db", "upgrade", "--json"], obj=lambda: app)
    assert json.loads(done.stdout)["ran"] == json.loads(behind.stdout)["pending"]
    again = CliRunner().invoke(commands, ["db", "upgrade"], obj=lambda: app)
    assert again.stdout == "The database is up to date.\n"
    assert CliRunner().invoke(commands, ["db", "check"], obj=lambda: app).exit_code == 0
