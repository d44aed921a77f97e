"""The commands that are clients of a running server, and what its clock does to AWS's clients."""

import re

import pytest
from clients import AwsCli, Boto3
from server import Server, run

ACCOUNT = "111111111111"


@pytest.fixture
def server():
    with Server() as running:
        yield running


def command(server, *arguments, **variables):
    """What a command on this server prints."""
    status, output, errors = run(*arguments, "--listen", f"127.0.0.1:{server.port}", **variables)
    assert (status, errors) == (0, "")
    return output


def refused(*arguments, **variables):
    """The one sentence of a command that fails."""
    status, output, errors = run(*arguments, **variables)
    assert (status, output) == (1, "")
    return errors


@pytest.mark.parametrize("move", ["+1h", "-1h", "+1d", "-1d", "+52w"])
def test_no_move_of_the_clock_locks_a_client_out(server, move):
    cli = AwsCli(server.endpoint, ACCOUNT)
    session = Boto3(server.endpoint, ACCOUNT).sts.get_session_token(DurationSeconds=900)["Credentials"]
    token = [session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]]
    ahead = {"h": 3600, "d": 86400, "w": 604800}[move[-1]] * int(move[:-1])
    assert re.fullmatch(r"\S+Z \(.* (ahead of|behind) real time\)\n", command(server, "clock", move))
    assert server.own("health")[1]["clock"]["ahead"] == ahead
    status, output, errors = cli.run("sts", "get-caller-identity")
    assert status == 0, errors
    status, _, errors = AwsCli(server.endpoint, *token).run("sts", "get-caller-identity")
    assert (status == 0) == (ahead < 0), errors
    assert ("ExpiredToken" in errors) == (ahead > 0)
    # A session that is made now lives from now on.
    session = Boto3(server.endpoint, ACCOUNT).sts.get_session_token(DurationSeconds=900)["Credentials"]
    token = [session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]]
    assert AwsCli(server.endpoint, *token).run("sts", "get-caller-identity")[0] == 0


def test_the_clock_is_set_stopped_and_put_back(server):
    assert command(server, "clock", "freeze").endswith("(real time, stopped)\n")
    assert command(server, "clock", "2030-01-01T00:00:00Z").startswith("2030-01-01T00:00:00Z (")
    assert command(server, "clock", "+90s").startswith("2030-01-01T00:01:30Z (")
    root = Boto3(server.endpoint, ACCOUNT)
    root.iam.create_user(UserName="bob")
    assert str(root.iam.get_user(UserName="bob")["User"]["CreateDate"]) == "2030-01-01 00:01:30+00:00"
    assert "stopped" not in command(server, "clock", "resume")
    assert command(server, "clock", "reset").endswith(" (real time)\n")
    assert command(server, "clock").endswith(" (real time)\n")


def test_accounts_are_listed_and_forgotten(server):
    for account, users in (("111111111111", 1), ("222222222222", 2)):
        iam = Boto3(server.endpoint, account).iam
        for number in range(users):
            iam.create_user(UserName=f"user{number}")
        iam.create_group(GroupName="g")
    Boto3(server.endpoint, "333333333333").iam.list_users()
    lines = [re.sub(r"\S+Z$", "TIME", line) for line in command(server, "accounts").splitlines()]
    assert lines == [
        "ACCOUNT       USERS  GROUPS  ROLES  POLICIES  SINCE",
        "111111111111      1       1      0         0  TIME",
        "222222222222      2       1      0         0  TIME",
    ]
    assert command(server, "reset", "111111111111") == "forgot 111111111111\n"
    assert [account["account"] for account in server.own("accounts")[1]["accounts"]] == ["222222222222"]
    assert command(server, "reset") == "forgot everything\n"
    assert server.own("accounts") == (200, {"accounts": []})


@pytest.mark.parametrize("arguments", [["clock"], ["clock", "+1h"], ["reset"], ["accounts"]], ids=" ".join)
def test_without_a_server_the_address_is_named(arguments):
    with Server() as server:
        address = f"127.0.0.1:{server.port}"
    errors = refused(*arguments, "--listen", address)
    assert errors.startswith("iamd: ")
    assert address in errors


COMMANDS = {
    "clock": ["clock"],
    "accounts": ["accounts"],
    "why": ["why"],
    "events": ["events", "--since", "1h", "--no-follow"],
    "detections": ["events", "--detections", "--since", "1h", "--no-follow"],
    "audit": ["audit", "--account", ACCOUNT, "--rule", "root-account-mfa-enabled"],
    "record": ["policy", "record", "--principal", f"arn:aws:iam::{ACCOUNT}:user/bob"],
    "export": ["export", ACCOUNT],
    "health": ["health"],
    "reset": ["reset"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_finds_the_server_of_awss_clients(server, name):
    root = Boto3(server.endpoint, ACCOUNT)
    root.iam.create_user(UserName="bob")
    expected = run(*COMMANDS[name], "--endpoint", server.endpoint)
    assert "no answer" not in expected[2] and "127.0.0.1:4593" not in expected[2]
    found = run(*COMMANDS[name], AWS_ENDPOINT_URL=server.endpoint)
    assert found[0] == expected[0] and found[2] == expected[2]
    # What steers the server itself goes before it, and a flag before both.
    with Server() as other:
        gone = f"127.0.0.1:{other.port}"
    status, _, errors = run(*COMMANDS[name], AWS_ENDPOINT_URL=server.endpoint, IAMD_LISTEN=gone)
    assert status != 0 and f"no answer from {gone}" in errors
    given = run(*COMMANDS[name], "--endpoint", server.endpoint, IAMD_LISTEN=gone)
    assert given[0] == expected[0] and given[2] == expected[2]


def test_an_endpoint_that_cannot_be_meant_is_refused():
    assert refused("clock", "--endpoint", "localhost:4593") == (
        'iamd: --endpoint: "localhost:4593" is not the URL of a server: write http://HOST:PORT or https://HOST:PORT\n'
    )
    errors = refused("clock", AWS_ENDPOINT_URL_IAM="http://a/b")
    assert errors.startswith('iamd: AWS_ENDPOINT_URL_IAM: "http://a/b" is not the URL of a server')
    assert refused("clock", AWS_ENDPOINT_URL="https://localhost:1").startswith("iamd: localhost:1 speaks TLS: give the file")
    status, _, errors = run("clock", "--endpoint", "http://a", "--listen", "4600")
    assert status == 2 and "cannot be used with" in errors


def test_the_admin_token_is_taken_from_where_the_server_has_it(tmp_path):
    with Server("--admin-token", "open sesame") as server:
        address = f"127.0.0.1:{server.port}"
        assert refused("clock", "--listen", address) == (
            f"iamd: the server at {address} answers 401: the admin token is needed: Authorization: Bearer TOKEN\n"
        )
        assert "Z (real time)" in command(server, "clock", IAMD_ADMIN_TOKEN="open sesame")
        assert "Z (real time)" in command(server, "clock", "--admin-token", "open sesame")
        (tmp_path / "iamd.toml").write_text('admin-token = "open sesame"\n')
        assert "Z (real time)" in command(server, "clock", "--config", str(tmp_path / "iamd.toml"))


def test_what_cannot_be_meant_is_refused(server):
    address = f"127.0.0.1:{server.port}"
    assert refused("reset", "1", "--listen", address) == (
        f"iamd: the server at {address} answers 400: account must be twelve digits\n"
    )
    status, _, errors = run("clock", "tomorrow", "--listen", address)
    assert status == 2
    assert "write +1h, -2d, +1d12h30m, +90s, a time such as 2030-01-01T00:00:00Z, freeze, resume or reset" in errors
    errors = refused("clock", "+999999w", "--listen", address)
    assert errors == (
        f"iamd: the server at {address} answers 400: the clock can be set to times from 1970-01-01T00:00:00Z to "
        "9999-12-31T23:59:59Z\n"
    )
