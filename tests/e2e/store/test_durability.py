"""What was acknowledged is there, however the server ends."""

import concurrent.futures
import itertools
import os
import signal
import sqlite3
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError
from clients import Boto3
from server import Server

CONCURRENCY = 64


def burst(server, account, enough, during):
    """Creates users at concurrency 64, calls `during` once `enough` are acknowledged, and returns those that were."""
    iam = Boto3(server.endpoint, account).iam
    acknowledged, numbers, go_on = [], itertools.count(), threading.Event()
    go_on.set()

    def create():
        while go_on.is_set():
            name = f"user-{next(numbers)}"
            try:
                iam.create_user(UserName=name)
            except BotoCoreError:
                return
            acknowledged.append(name)

    with concurrent.futures.ThreadPoolExecutor(CONCURRENCY) as pool:
        workers = [pool.submit(create) for _ in range(CONCURRENCY)]
        while len(acknowledged) < enough:
            assert not all(worker.done() for worker in workers), [worker.exception() for worker in workers]
            time.sleep(0.01)
        during()
        go_on.clear()
        for worker in workers:
            worker.result()
    return acknowledged


def users(server, account):
    pages = Boto3(server.endpoint, account).iam.get_paginator("list_users").paginate()
    return {user["UserName"] for page in pages for user in page["Users"]}


@pytest.mark.parametrize("attempt", range(3))
def test_kill_during_a_burst_loses_nothing_acknowledged(tmp_path, account, attempt):
    database = f"sqlite:{tmp_path}/iamd.db"
    server = Server(database=database)
    acknowledged = burst(server, account, 100 + 50 * attempt, server.kill)
    with Server(database=database) as server:
        kept = users(server, account)
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + CONCURRENCY, "what was not acknowledged is at most what was under way"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_graceful_stop_answers_what_is_under_way(tmp_path, account, how):
    database = f"sqlite:{tmp_path}/iamd.db"
    server = Server(database=database)
    statuses = []
    acknowledged = burst(server, account, 100, lambda: statuses.append(server.stop(how)))
    assert statuses == [0]
    with Server(database=database) as server:
        assert users(server, account) == set(acknowledged)


def test_a_silent_connection_does_not_hold_up_the_stop():
    server = Server()
    with server.connect():
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 5


def test_two_servers_do_not_share_a_database(tmp_path, account):
    """Whatever the second does, what the first acknowledged stays."""
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as first:
        Boto3(first.endpoint, account).iam.create_user(UserName="bob")
        try:
            with Server(database=database):
                pytest.fail("the second server started")
        except RuntimeError as error:
            assert "iamd.db" in str(error)
        assert users(first, account) == {"bob"}


def test_the_database_can_be_read_by_a_person(tmp_path, account):
    with Server(database=f"sqlite:{tmp_path}/iamd.db") as server:
        Boto3(server.endpoint, account).iam.create_user(UserName="Bob", Path="/a/")
    rows = sqlite3.connect(tmp_path / "iamd.db").execute("select account, name, path from users").fetchall()
    assert rows == [(account, "Bob", "/a/")]
    assert os.stat(tmp_path / "iamd.db").st_mode & 0o077 == 0, "secrets are in it: only the owner reads it"
