"""`iamd events` and the stream behind it."""

import http.client
import json
import os
import signal
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import BINARY, Server, environment, run

ACCOUNT, OTHER = "111111111111", "222222222222"


class Stream:
    """The stream at `GET /_iamd/events`."""

    def __init__(self, server, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.connection.request("GET", f"/_iamd/events{query}", headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def line(self):
        return self.answer.readline().decode()

    def next(self):
        """The next event: its fields."""
        fields = {}
        while True:
            line = self.line()
            if line in ("\n", "") and fields:
                return {**fields, "data": json.loads(fields["data"])}
            assert line, "the stream ended"
            name, _, value = line.rstrip("\n").partition(": ")
            if name and not line.startswith(":"):
                fields[name] = value

    def calls(self, count):
        return [self.next()["data"]["action"] for _ in range(count)]


class Follower:
    """A running `iamd events`, whose lines go to a pipe."""

    def __init__(self, server, *arguments):
        command = [BINARY, "events", *arguments, "--listen", f"127.0.0.1:{server.port}"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def server():
    with Server() as running:
        yield running


def bob(root):
    root.iam.create_user(UserName="bob")
    return root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])


def denied(who):
    with pytest.raises(ClientError):
        who.iam.list_users()


def test_events_are_seen_as_they_happen(server):
    root = Boto3(server.endpoint, ACCOUNT)
    everything, denials = Stream(server), Stream(server, f"?denied=true&account={ACCOUNT}&principal=b*&action=iam:list*")
    assert (everything.line(), denials.line()) == (": following\n", ": following\n")
    denied(bob(root))
    denied(bob(Boto3(server.endpoint, OTHER)))
    actions = ["iam:CreateUser", "iam:CreateAccessKey", "iam:ListUsers"]
    assert everything.calls(6) == actions * 2
    event = denials.next()
    assert event["event"] == "call"
    shown = event["data"]
    assert (shown["outcome"], shown["account"], shown["caller"]) == ("DENIED", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/bob")
    assert (shown["denial"]["layer"], shown["record"]["errorCode"]) == ("identity", "AccessDenied")
    # A reader that comes back goes on where it was.
    again = Stream(server, "?since=1h&follow=false", **{"Last-Event-ID": event["id"]})
    assert again.calls(3) == actions
    assert again.next() == {"event": "end", "data": {}}
    assert again.line() == ""


def test_stored_events_come_before_new_ones_and_none_comes_twice(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        for number in range(30):
            root.iam.create_user(UserName=f"a{number}")
    with Server(database=database) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        root.iam.create_user(UserName="b0")
        stream, live = Stream(server, "?since=1h&action=iam:CreateUser"), Stream(server)
        live.line()
        names = []
        for number in range(1, 40):
            root.iam.create_user(UserName=f"b{number}")
            time.sleep(0.02)
        while "b39" not in names:
            names.append(stream.next()["data"]["record"]["requestParameters"]["userName"])
        assert names == [f"a{number}" for number in range(30)] + [f"b{number}" for number in range(40)]
        # Who does not ask for the past does not get it.
        assert live.next()["data"]["record"]["requestParameters"]["userName"] == "b1"


def test_a_reader_that_does_not_read_holds_nothing_up(server):
    root = Boto3(server.endpoint, ACCOUNT)
    sleepy, awake = Stream(server), Stream(server)
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "x" * 1500, "Effect": "Deny", "Action": "*", "Resource": "*"}]})
    root.iam.create_user(UserName="bob")
    before = server.resident_kib()
    for _ in range(1500):
        root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)
    assert awake.calls(1501)[-1] == "iam:PutUserPolicy"
    assert server.resident_kib() - before < 60_000
    # It still gets all of them, once it reads.
    assert len(sleepy.calls(1501)) == 1501


def test_a_stream_ends_with_the_server(server):
    stream = Stream(server)
    stream.line()
    server.stop()
    assert (stream.line(), stream.line()) == ("\n", "")
    # It was not waited for.
    assert "did not end" not in server.errors


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?account=12", "account must be twelve digits"),
        ("?since=yesterday", "since must be a time"),
        ("?colour=red", "unknown field"),
        ("?denied=perhaps", "denied"),
    ],
)
def test_bad_queries_are_refused(server, query, why):
    status, answer = server.own(f"events{query}")
    assert status == 400 and why in answer["error"]


def test_only_so_many_follow_and_only_who_may(one_server, server):
    streams = [Stream(server) for _ in range(64)]
    assert {stream.status for stream in streams} == {200}
    assert server.own("events")[0] == 503
    streams.pop().connection.close()
    with Server("--admin-token", "open sesame") as guarded:
        assert guarded.own("events")[0] == 401
    with Server("--audit", "off") as off:
        status, answer = off.own("events")
        assert status == 400 and "the audit trail is off" in answer["error"]
    assert server.own("events", Origin="https://evil.example")[0] == 403
    assert server.own("events", **{"Last-Event-ID": "x\u00e9"})[0] in (400, 503)


def test_the_command_prints_a_line_each(server):
    root = Boto3(server.endpoint, ACCOUNT)
    denied(bob(root))
    listen = f"127.0.0.1:{server.port}"
    status, output, errors = run("events", "--since", "1h", "--no-follow", "--listen", listen)
    assert (status, errors) == (0, "")
    lines = [line.split(" ", 2)[2] for line in output.splitlines()]
    assert lines[0] == f"OK {ACCOUNT} arn:aws:iam::{ACCOUNT}:root iam:CreateUser user/bob".replace(f"arn:aws:iam::{ACCOUNT}:", "")
    assert lines[2].startswith(f"DENIED {ACCOUNT} user/bob iam:ListUsers user/ (identity: no statement allows it)")
    filters = ["--denied", "--principal", "bob", "--action", "iam:List*", "--account", ACCOUNT]
    status, output, _ = run("events", "--since", "1h", "--no-follow", "--json", *filters, "--listen", listen)
    [shown] = map(json.loads, output.splitlines())
    assert status == 0 and shown["record"]["eventName"] == "ListUsers"
    status, output, errors = run("events", "--since", "yesterday", "--listen", listen)
    assert (status, output) == (1, "") and "since must be a time" in errors


def test_the_command_waits_for_a_server_that_comes_back(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        listen = f"127.0.0.1:{server.port}"
        with Follower(server, "--since", "1h") as follower:
            Boto3(server.endpoint, ACCOUNT).iam.create_user(UserName="ann")
            assert follower.process.stdout.readline().endswith("iam:CreateUser user/ann\n")
            server.stop()
            assert "is gone" in follower.process.stderr.readline()
            with Server(database=database, listen=listen) as server:
                Boto3(server.endpoint, ACCOUNT).iam.create_user(UserName="bea")
                # The events before are not shown again.
                assert follower.process.stdout.readline().endswith("iam:CreateUser user/bea\n")
                follower.process.terminate()
                assert follower.process.wait(10) == -signal.SIGTERM


def test_without_a_server_the_command_says_so(server):
    listen = f"127.0.0.1:{server.port}"
    server.stop()
    status, output, errors = run("events", "--listen", listen)
    assert (status, output) == (1, "") and errors.startswith(f"iamd: no answer from {listen}")


def test_a_closed_pipe_ends_the_command(server):
    root = Boto3(server.endpoint, ACCOUNT)
    reading, writing = os.pipe()
    command = [BINARY, "events", "--since", "1h", "--listen", f"127.0.0.1:{server.port}"]
    process = subprocess.Popen(command, stdout=writing, env=environment())
    os.close(writing)
    os.close(reading)
    root.iam.create_user(UserName="ann")
    assert process.wait(20) == 0
