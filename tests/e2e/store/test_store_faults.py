"""Whatever happens to the database while the server runs: what was acknowledged is there afterwards."""

import contextlib
import functools
import itertools
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server

numbers = itertools.count()


class SmallDisk:
    """A file system of three megabytes."""

    def __init__(self, folder):
        self.folder = folder / "disk"
        self.folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", self.folder], capture_output=True)
        if mounted.returncode:
            pytest.skip("no file system can be mounted here")
        self.filler = self.folder / "filler"

    def fill(self, _):
        with contextlib.suppress(OSError), open(self.filler, "ab", buffering=0) as file:
            while file.write(bytes(512)):
                pass

    def fill_up_to(self, left):
        """Fills it but for so many bytes."""
        found = os.statvfs(self.folder)
        self.filler.write_bytes(bytes(found.f_bavail * found.f_frsize - left))

    def free(self, _):
        self.filler.unlink()

    def close(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)


class LimitedFiles:
    """No file of the server may be written beyond its first pages, which fails with an I/O error."""

    # SQLite's index of its log, which readers need, fits in.
    SIZE = 32768

    def __init__(self, folder):
        self.folder = folder

    def fill(self, server):
        self.limit(server, self.SIZE)

    def free(self, server):
        self.limit(server, resource.RLIM_INFINITY)

    def limit(self, server, size):
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    def close(self):
        pass


@pytest.fixture(params=[SmallDisk, LimitedFiles])
def disk(request, tmp_path):
    disk = request.param(tmp_path)
    yield disk
    disk.close()


def start(folder):
    # Python ignores SIGXFSZ, and the server inherits that: a file that is too large is an error, not the end.
    return Server(database=f"sqlite:{folder}/iamd.db", restore_signals=False)


@functools.cache
def client(endpoint, account):
    return Boto3(endpoint, account, may_fail=True).iam


def root(server, account):
    return client(server.endpoint, account)


def users(server, account):
    pages = root(server, account).get_paginator("list_users").paginate()
    return {user["UserName"] for page in pages for user in page["Users"]}


def create(server, account, acknowledged):
    """Creates a user with a large tag; whether that was acknowledged."""
    name = f"user-{next(numbers)}"
    try:
        root(server, account).create_user(UserName=name, Tags=[{"Key": "k", "Value": "v" * 256}])
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
        return False
    acknowledged.add(name)
    return True


def becomes_ready(server):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        status, health = server.own("health")
        if status == 200:
            assert health["status"] == "ok"
            return
        time.sleep(0.1)
    pytest.fail(f"the server does not recover: {health}")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_disk_that_is_full_twice_loses_nothing_acknowledged(disk, account, end):
    acknowledged = set()
    server = start(disk.folder)
    create(server, account, acknowledged)
    for _ in range(2):
        disk.fill(server)
        refused = 0
        for _ in range(400):
            refused += not create(server, account, acknowledged)
            if refused == 3:
                break
        assert refused == 3
        status, health = server.own("health")
        assert status == 503 and health["status"].startswith("the database cannot be written: "), health
        assert users(server, account) == acknowledged, "readers see what is durable"
        disk.free(server)
        becomes_ready(server)
        assert all(create(server, account, acknowledged) for _ in range(20))
    path = f"file:{disk.folder}/iamd.db?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True)) as reader:
        stored = {name for (name,) in reader.execute("select name from users")}
    assert stored == acknowledged, "another connection sees it before the server ends"
    getattr(server, end)()
    with start(disk.folder) as server:
        assert users(server, account) == acknowledged


def metric(server, name):
    with urllib.request.urlopen(f"{server.endpoint}/_iamd/metrics", timeout=30) as answer:
        return float(re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)[1])


def wait_for(condition, what):
    for _ in range(200):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"{what}: it does not come true")


def test_a_disk_that_fills_up_loses_events_before_writes(tmp_path, account):
    disk, acknowledged = SmallDisk(tmp_path), set()
    try:
        with Server("--trail-folder", str(disk.folder / "logs"), database=f"sqlite:{disk.folder}/iamd.db", level="info") as server:
            root = Boto3(server.endpoint, account)
            trails = root.session.client("cloudtrail", endpoint_url=server.endpoint)
            trails.create_trail(Name="all", S3BucketName="logs")
            assert create(server, account, acknowledged)
            wait_for(lambda: (disk.folder / "iamd.db-audit").exists(), "the audit trail")
            trails.start_logging(Name="all")
            disk.fill_up_to(250_000)
            # Some of what is left goes to the accounts, and none of it to events and files of trails.
            assert all(create(server, account, acknowledged) for _ in range(5))
            wait_for(lambda: metric(server, "iamd_audit_events_dropped_total") >= 5, "lost events")
            wait_for(lambda: "LatestDeliveryError" in trails.get_trail_status(Name="all"), "the trail's alarm")
            status = trails.get_trail_status(Name="all")
            assert "are left to the accounts" in status["LatestDeliveryError"]
            [line] = [line for line in server.log_lines() if "events of the audit trail cannot be written" in line]
            assert "are left to the accounts" in line
            assert all(create(server, account, acknowledged) for _ in range(5))
            assert server.own("health")[0] == 200
            disk.free(server)
            assert create(server, account, acknowledged)
            last = f"user-{next(numbers) - 1}"
            attributes = [{"AttributeKey": "ResourceName", "AttributeValue": last}]
            wait_for(lambda: any("can be written again" in line for line in server.log_lines()), "the end of the alarm")
            assert len(trails.lookup_events(LookupAttributes=attributes)["Events"]) == 1
            wait_for(lambda: "LatestDeliveryError" not in trails.get_trail_status(Name="all"), "the end of the trail's alarm")
        with start(disk.folder) as server:
            assert users(server, account) == acknowledged
    finally:
        disk.close()


def test_a_reset_that_fails_forgets_nothing(tmp_path, account):
    disk, acknowledged = LimitedFiles(tmp_path), set()
    with start(tmp_path) as server:
        assert create(server, account, acknowledged)
        disk.fill(server)
        assert server.own("reset", "POST")[0] == 500
        assert server.own("health")[0] == 503
        assert users(server, account) == acknowledged
        disk.free(server)
        becomes_ready(server)
        assert create(server, account, acknowledged)
        assert server.own("reset", "POST")[0] == 200
        acknowledged.clear()
        assert create(server, account, acknowledged)
    with start(tmp_path) as server:
        assert users(server, account) == acknowledged


def test_an_alias_is_free_again_when_its_commit_failed(tmp_path, account):
    disk, acknowledged = LimitedFiles(tmp_path), set()
    other = str(int(account) + 50_000_000_000)
    with start(tmp_path) as server:
        assert create(server, account, acknowledged)
        disk.fill(server)
        with pytest.raises(ClientError) as refused:
            root(server, account).create_account_alias(AccountAlias="acme")
        assert refused.value.response["Error"]["Code"] == "ServiceFailure"
        disk.free(server)
        becomes_ready(server)
        assert root(server, account).list_account_aliases()["AccountAliases"] == []
        root(server, other).create_account_alias(AccountAlias="acme")
        with pytest.raises(ClientError, match="The account alias acme already exists."):
            root(server, account).create_account_alias(AccountAlias="acme")


def test_nothing_is_acknowledged_for_a_folder_that_was_removed(tmp_path, account):
    folder = tmp_path / "data"
    folder.mkdir()
    with start(folder) as server:
        assert create(server, account, set())
        shutil.rmtree(folder)
        status, health = server.own("health")
        assert status == 503 and "the database's file is gone" in health["status"], health
        assert not create(server, account, set())
        # A new file in its place is not what the server knows.
        folder.mkdir()
        (folder / "iamd.db").touch()
        assert not create(server, account, set())
        # What is wrong is found out by the next attempt to reach the database.
        for _ in range(50):
            status, health = server.own("health")
            assert status == 503, health
            if "replaced" in health["status"]:
                return
            time.sleep(0.1)
        raise AssertionError(health)


def test_a_log_that_was_removed_is_written_to_the_file(tmp_path, account):
    acknowledged = set()
    server = start(tmp_path)
    assert create(server, account, acknowledged)
    (tmp_path / "iamd.db-wal").unlink()
    for _ in range(3):
        create(server, account, acknowledged)
    assert server.own("health")[0] == 200
    server.kill()
    with start(tmp_path) as server:
        assert users(server, account) == acknowledged


def test_an_unreadable_row_is_named_in_the_log(tmp_path, account):
    with start(tmp_path) as server:
        assert create(server, account, set())
        root(server, account).create_user(UserName="Bob")
    with contextlib.closing(sqlite3.connect(tmp_path / "iamd.db")) as database, database:
        database.execute("update users set body = '{}' where key = 'bob'")
    with start(tmp_path) as server:
        with pytest.raises(ClientError, match="InternalFailure"):
            users(server, account)
        assert users(server, "123456789012") == set()
    assert f"account {account}, table users, key bob cannot be read: missing field `name`" in server.errors
