"""The server's own endpoints, and who may use them."""

import json

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server, run


@pytest.fixture(scope="module")
def guarded():
    with Server("--admin-token", "open sesame") as running:
        yield running


@pytest.fixture
def own():
    """A server that the test may reset."""
    with Server() as running:
        yield running


def test_health_tells_what_runs(own):
    status, health = own.own("health")
    assert status == 200
    assert health["status"] == "ok"
    assert health["enforcement"] == "on"
    assert health["database"] == ("postgres" if own.on_postgres else "memory")
    assert health["version"].count(".") == 2


def test_reset_forgets_everything_or_one_account(own):
    clients = [Boto3(own.endpoint, account).iam for account in ("111111111111", "222222222222")]
    for iam in clients:
        iam.create_user(UserName="bob")
    assert own.own("reset?account=111111111111", "POST")[0] == 200
    assert [len(iam.list_users()["Users"]) for iam in clients] == [0, 1]
    assert own.own("reset", "POST")[0] == 200
    assert [len(iam.list_users()["Users"]) for iam in clients] == [0, 0]
    clients[0].create_user(UserName="bob")


def test_a_reset_makes_old_keys_unknown(own):
    root = Boto3(own.endpoint, "111111111111")
    root.iam.create_user(UserName="bob")
    bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
    assert bob.sts.get_caller_identity()["Arn"] == "arn:aws:iam::111111111111:user/bob"
    own.own("reset", "POST")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        bob.sts.get_caller_identity()


@pytest.mark.parametrize("path", ["reset?account=1", "reset?acount=111111111111"])
def test_a_reset_of_nothing_known_is_refused(own, path):
    assert own.own(path, "POST")[0] == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:4593"},
    ],
    ids=str,
)
def test_pages_of_other_sites_are_refused(own, headers):
    assert own.own("reset", "POST", **headers)[0] == 403


def test_a_page_of_the_server_itself_is_not(own):
    assert own.own("clock", **{"Origin": own.endpoint, "Sec-Fetch-Site": "same-origin"})[0] == 200


def test_the_token_is_asked_for(guarded):
    assert guarded.own("clock")[0] == 401
    assert guarded.own("clock", Authorization="Bearer open")[0] == 401
    assert guarded.own("clock", Authorization="open sesame")[0] == 401
    assert guarded.own("clock", Authorization="Bearer open sesame")[0] == 200


def test_a_listener_for_all_needs_a_token():
    with Server(listen="0.0.0.0:0") as server:
        assert server.own("reset", "POST")[0] == 403


@pytest.mark.parametrize("arguments", [(), ("--admin-token", "t")], ids=["no token", "token"])
def test_everybody_may_ask_for_health(arguments):
    """Probes of Kubernetes, load balancers and other containers."""
    with Server(*arguments, listen="0.0.0.0:0") as server:
        for host in ("iamd:4593", "10.0.0.7:4593", "iam.example.com"):
            assert server.own("health", Host=host) == (200, {"status": "ok"})
        assert server.own("health")[1]["database"] == ("postgres" if server.on_postgres else "memory"), "on this machine"
        status, output, _ = run("health", "--listen", f"0.0.0.0:{server.port}")
        assert (status, json.loads(output)["status"]) == (0, "ok")


def test_health_reads_the_servers_settings(tmp_path):
    with Server("--admin-token", "t") as server:
        config = tmp_path / "iamd.toml"
        config.write_text(f'listen = "127.0.0.1:{server.port}"\nadmin-token = "t"\n')
        for arguments, variables in [
            (("health", "--config", str(config)), {}),
            (("health",), {"IAMD_CONFIG": str(config)}),
            (("health", "--listen", f"127.0.0.1:{server.port}"), {}),
        ]:
            status, output, errors = run(*arguments, **variables)
            assert (status, json.loads(output)["status"], errors) == (0, "ok", "")
    status, output, errors = run("health", "--listen", f"127.0.0.1:{server.port}")
    assert (status, output) == (1, "")
    assert errors.startswith(f"iamd: no answer from 127.0.0.1:{server.port}: ")


def test_a_wrong_method_and_an_unknown_path(own):
    assert own.raw(b"GET /_iamd/reset HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 405")
    assert own.own("nonesuch")[0] == 404
