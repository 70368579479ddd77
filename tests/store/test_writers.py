"""Many writers at once, and writers that are killed."""

from __future__ import annotations

import multiprocessing
import random
import time
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from loyalty_ledger.ledger.facts import Draft
from loyalty_ledger.ledger.store.bulk import fetch_rows
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.store.merkle import frontier_extend
from loyalty_ledger.ledger.store.reading import head_of

WRITERS, CALLS = 8, 25
# A forked child starts in no time, and opens connections of its own.
processes = multiprocessing.get_context("fork")
Answers = list[tuple[str, int]]


def write(url: str, name: str, calls: int, answers: Connection) -> None:
    """Append batches of 1 to 4 facts of one's own and a shared one; confirm each once it is committed."""
    chance = random.Random(name)
    database = open_database(url)
    log = Log(database)
    for call in range(calls):
        drafts = [
            Draft(f"{name}.{call}.{i}", "own", "t", f"member/{chance.randrange(5)}", 0, None, (), b"{}")
            for i in range(chance.randrange(1, 5))
        ]
        drafts.append(Draft(f"{call}", "shared", "t", "member/0", 0, None, (), b"{}"))
        with database.writing() as connection:
            outcomes = log.append(connection, drafts, now_us=call)
        answers.send([outcome[:2] for outcome in outcomes])


def start(url: str, name: str, calls: int) -> tuple[BaseProcess, Connection]:
    receiver, sender = processes.Pipe(duplex=False)
    writer = processes.Process(target=write, args=(url, name, calls, sender))
    writer.start()
    sender.close()
    return writer, receiver


def received(writer: BaseProcess, receiver: Connection) -> Answers:
    """Everything confirmed until the writer ended; a message cut off by its end was not confirmed."""
    answers: Answers = []
    try:
        while True:
            answers += receiver.recv()
    except (EOFError, OSError):
        writer.join()
        receiver.close()
        return answers


def create(url: str) -> None:
    database = open_database(url)
    with database.writing() as connection:
        Log(database).create(connection, ledger_id="test-ledger", now_us=0)
    database.close()


def check_log(url: str) -> int:
    """Check that positions and versions have no gaps, times rise and the tree is that of the hashes."""
    database = open_database(url)
    with database.reading() as connection:
        stored = fetch_rows(
            connection,
            "SELECT position, stream, version, recorded_us, leaf_hash FROM facts ORDER BY position",
        )
        head = head_of(connection)
    database.close()
    assert [row[0] for row in stored] == list(range(1, len(stored) + 1))
    assert head.position == len(stored)
    assert head.frontier == frontier_extend(b"", 0, [row[4] for row in stored])
    assert all(one[3] <= other[3] for one, other in pairwise(stored))
    versions: dict[str, list[int]] = {}
    for _, stream, version, _, _ in stored:
        versions.setdefault(stream, []).append(version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    return len(stored)


def test_eight_processes_leave_no_gap_and_lose_nothing(database_url: str) -> None:
    create(database_url)
    writers = [start(database_url, f"w{number}", CALLS) for number in range(WRITERS)]
    answers = [answer for writer in writers for answer in received(*writer)]

    assert [writer.exitcode for writer, _ in writers] == [0] * WRITERS
    created = [position for status, position in answers if status == "created"]
    assert len(set(created)) == len(created) == check_log(database_url)
    # Of the facts that all sent, each is stored once.
    assert sum(status == "duplicate" for status, _ in answers) == (WRITERS - 1) * CALLS


def test_a_killed_writer_loses_nothing_it_has_confirmed(database_url: str) -> None:
    create(database_url)
    chance = random.Random(5)
    confirmed = 0
    for kill in range(20):
        writer, receiver = start(database_url, f"k{kill}", 10**6)
        assert receiver.poll(30)
        time.sleep(chance.random() / 50)
        writer.kill()
        confirmed += sum(status == "created" for status, _ in received(writer, receiver))

        # The call it was in may be stored and not confirmed: at most five facts.
        assert confirmed <= check_log(database_url) <= confirmed + 5 * (kill + 1)

    answers = received(*start(database_url, "after", 1))
    assert answers[0][0] == "created"
