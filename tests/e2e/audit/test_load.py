"""The trail under load: many events, and look-ups while they are written."""

import http.client
import os
import re
import threading
import urllib.request

from clients import Boto3
from server import Server
from test_events import records
from wire import Wire

# `IAMD_TEST_EVENTS=200000` is the long form, some minutes.
EVENTS = int(os.environ.get("IAMD_TEST_EVENTS", "4000"))
CLIENTS, ACCOUNT = 4, "111111111111"


def metric(server, name):
    with urllib.request.urlopen(f"{server.endpoint}/_iamd/metrics") as answer:
        found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1])


def send(server, count, failures):
    """Sends one signed request again and again, on one connection; a signature is good for a quarter of an hour."""
    body = b"Action=ListGroups&Version=2010-05-08"
    kind = ("content-type", "application/x-www-form-urlencoded")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for number in range(count):
        if number % 1000 == 0:
            headers = dict(Wire(server.port, ACCOUNT, "test").headers("POST", "/", "iam", (kind,), body))
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            failures.append(answer.status)
            return


def test_rare_events_are_found_while_many_are_written(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server("--audit-size", str(1 << 30), "--quota", "UsersPerAccount=1000000", database=database) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        failures, sought = [], 0
        threads = [threading.Thread(target=send, args=(server, EVENTS // CLIENTS, failures)) for _ in range(CLIENTS)]
        [thread.start() for thread in threads]
        while any(thread.is_alive() for thread in threads):
            name = f"rare-{sought}"
            root.iam.create_user(UserName=name)
            # What has been answered is found at once, in the middle of the rest.
            [found] = records(root, ResourceName=name)
            assert (found["eventName"], found["requestParameters"]) == ("CreateUser", {"userName": name})
            sought += 1
        assert not failures and sought
        dropped = metric(server, "iamd_audit_events_dropped_total")
    with Server(database=database) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        assert len(records(root, EventName="CreateUser")) == sought
        assert [found["requestParameters"] for found in records(root, ResourceName="rare-0")] == [{"userName": "rare-0"}]
        if EVENTS <= 10_000:
            assert len(records(root, EventName="ListGroups")) == EVENTS // CLIENTS * CLIENTS - dropped
