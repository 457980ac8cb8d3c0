"""Eight clients at once: how many answers a second, and how long the slow ones take."""

import http.client
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg

CLIENTS = 8


@dataclass(frozen=True)
class Run:
    """What eight clients got in one run: seconds for each answer, and the seconds of the whole run."""

    times: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """The time within which that share of the answers came, in seconds."""
        return sorted(self.times)[min(int(len(self.times) * share), len(self.times) - 1)]


def together(seconds: float, steps: list[Iterator[Callable[[], None]]]) -> Run:
    """Let each client take its steps, one after another, until the time is over."""
    times: list[float] = []
    gate = threading.Barrier(len(steps) + 1)
    failures: list[BaseException] = []
    ends_at = [0.0]

    def work(mine: Iterator[Callable[[], None]]) -> None:
        own: list[float] = []
        try:
            gate.wait()
            while time.perf_counter() < ends_at[0]:
                step = next(mine)
                start = time.perf_counter()
                step()
                own.append(time.perf_counter() - start)
        except StopIteration:
            failures.append(RuntimeError("a client has no family left: take fewer rounds or more families"))
        except BaseException as failure:  # noqa: BLE001 - raised below, in the thread that asked
            failures.append(failure)
        times.extend(own)

    clients = [threading.Thread(target=work, args=(mine,)) for mine in steps]
    for client in clients:
        client.start()
    ends_at[0] = time.perf_counter() + seconds
    start = time.perf_counter()
    gate.wait()
    for client in clients:
        client.join()
    if failures:
        raise failures[0]
    return Run(times, time.perf_counter() - start)


def posts(
    port: int, forms: Iterator[tuple[str, dict[str, str]]], cookie: str, expected: int
) -> Iterator[Callable[[], None]]:
    """Yield a step for each form: a POST on one kept connection, whose answer must have the expected status."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    for path, form in forms:
        body = urlencode(form)

        def send(path: str = path, body: str = body) -> None:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == expected, (answer.status, text[-2000:])

        yield send


def bare_sqlite(folder: Path) -> list[Iterator[Callable[[], None]]]:
    """Return for each client the bare loop: one INSERT and its durable COMMIT."""
    path = folder / "bare.sqlite3"
    with sqlite3.connect(path) as first:
        first.execute("PRAGMA journal_mode=WAL")
        first.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, event TEXT UNIQUE)")

    def steps(client: int) -> Iterator[Callable[[], None]]:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=60)
        connection.execute("PRAGMA synchronous=FULL")
        for number in range(10**9):

            def insert(number: int = number) -> None:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO bare (event) VALUES (?)", (f"{time.time_ns()} {client} {number}",))
                connection.execute("COMMIT")

            yield insert

    return [steps(client) for client in range(CLIENTS)]


def bare_postgresql(url: str) -> list[Iterator[Callable[[], None]]]:
    """Return for each client the bare loop: one INSERT and its durable COMMIT."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain) as first:
        first.execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, event text UNIQUE)")

    def steps(client: int) -> Iterator[Callable[[], None]]:
        with psycopg.connect(plain) as connection:
            for number in range(10**9):

                def insert(number: int = number) -> None:
                    connection.execute("INSERT INTO bare (event) VALUES (%s)", (f"{time.time_ns()} {client} {number}",))
                    connection.commit()

                yield insert

    return [steps(client) for client in range(CLIENTS)]
