"""One server on PostgreSQL: the database comes and goes, is sealed, is copied."""

import json
import threading
import time

import pytest
from clients import Boto3
from cluster import Cluster, Link, Refused, Unknown, call, listed
from postgres import Private, is_available, postgres, wait_until
from server import Server, run

pytestmark = pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")


@pytest.fixture
def database():
    name = postgres().create()
    yield name
    postgres().drop(name)


@pytest.fixture
def own():
    """A PostgreSQL server that a test may stop."""
    server = Private()
    yield server
    server.remove()


def users(server, account):
    return listed(server, account, "ListUsers", "UserName")


def fails(server, account, action, **parameters):
    """Whether a call is refused because the database is gone, and how long that takes in seconds."""
    start = time.monotonic()
    with pytest.raises(Unknown) as unknown:
        call(server, account, action, **parameters)
    assert unknown.value.args[0] == 503 and "<Code>ServiceUnavailable</Code>" in unknown.value.args[1]
    return time.monotonic() - start


def created(server, account):
    """The names of users whose creation the audit trail has, the newest first."""
    root = Boto3(server.endpoint, account)
    trail = root.session.client("cloudtrail", endpoint_url=server.endpoint)
    events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])
    return [json.loads(event["CloudTrailEvent"])["requestParameters"]["userName"] for event in events["Events"]]


def test_everything_is_there_after_kill_and_stop(database, account):
    url = postgres().at(database)
    with Server(database=url) as server:
        call(server, account, "CreateUser", UserName="bob")
        assert server.own("health")[1]["database"] == "postgres"
        server.kill()
    with Server(database=url) as server:
        assert users(server, account) == ["bob"]
        call(server, account, "DeleteUser", UserName="bob")
        call(server, account, "CreateUser", UserName="ann")
        assert server.stop() == 0
    with Server(database=url) as server:
        assert users(server, account) == ["ann"]
    assert postgres().sql("select body ->> 'name' from users", database) == ["ann"]


def test_the_server_outlives_its_database(own, account):
    with Server(database=own.url, level="error") as server:
        call(server, account, "CreateUser", UserName="bob")
        own.stop("immediate")
        assert wait_until(lambda: server.own("health/ready")[0] == 503)
        assert fails(server, account, "CreateUser", UserName="ann") < 3
        assert fails(server, "999999999999", "ListUsers") < 3, "an account that is not in memory"
        assert users(server, account) == ["bob"], "accounts in memory are read"
        assert server.own("health/live") == (200, {"status": "ok"})
        own.start()
        assert wait_until(lambda: server.own("health/ready")[0] == 200)
        assert users(server, account) == ["bob"]
        call(server, account, "CreateUser", UserName="ann")
        assert users(server, account) == ["ann", "bob"]


def test_old_states_are_not_read_for_ever(own, account):
    with Server("--stale-reads", "1", database=own.url, level="error") as server:
        call(server, account, "CreateUser", UserName="bob")
        own.stop("immediate")
        assert wait_until(lambda: server.own("health/ready")[0] == 503)

        def is_refused():
            try:
                users(server, account)
            except Unknown as unknown:
                return unknown.args[0] == 503

        assert wait_until(is_refused)
        own.start()
        assert wait_until(lambda: not is_refused())
        assert users(server, account) == ["bob"]


def test_a_silent_network_is_noticed(own, account):
    link = Link(own.port)
    with Server(database=own.at("postgres", link.port), level="error") as server:
        call(server, account, "CreateUser", UserName="bob")
        link.silent = True
        assert fails(server, account, "CreateUser", UserName="ann") < 20
        assert fails(server, account, "CreateUser", UserName="eve") < 3, "then it is known"
        link.silent = False
        link.cut()
        assert wait_until(lambda: server.own("health/ready")[0] == 200)
        call(server, account, "CreateUser", UserName="tom")
        # Nobody was answered that ann was made, or was not.
        assert {"bob", "tom"} <= set(users(server, account)) <= {"ann", "bob", "tom"}
    link.close()


def test_a_host_that_is_gone_is_passed_over(own, account):
    url = f"postgres://iamd@127.0.0.1:1,127.0.0.1:{own.port}/postgres"
    with Server(database=url, level="error") as server:
        call(server, account, "CreateUser", UserName="bob")
        assert users(server, account) == ["bob"]


def test_a_start_waits_for_the_database(own):
    own.stop()
    starting = threading.Timer(1, own.start)
    starting.start()
    with Server("--database-wait", "30", database=own.url, level="error") as server:
        assert server.own("health/ready")[0] == 200
    starting.join()


def test_a_sealed_database_is_closed_without_its_key(database, account, tmp_path):
    url = postgres().at(database)
    key, other = tmp_path / "key", tmp_path / "other"
    for path, digits in ((key, "0f" * 32), (other, "f0" * 32)):
        path.write_text(digits)
        path.chmod(0o600)
    with Server(database=url) as server:
        root = Boto3(server.endpoint, account)
        root.iam.create_user(UserName="bob")
        secret = root.iam.create_access_key(UserName="bob")["AccessKey"]["SecretAccessKey"]
    with Server("--database-key-file", str(key), database=url) as server:
        assert users(server, account) == ["bob"]
        call(server, account, "CreateUser", UserName="ann")
    rows = postgres().sql("select body from users", database)
    assert len(rows) == 2 and not any(secret in row for row in rows)
    for arguments, why in (((), "is sealed; give its key"), (("--database-key-file", str(other)), "with another key")):
        status, _, errors = run("--listen", "127.0.0.1:0", "--database", url, *arguments)
        assert status == 1 and why in errors, errors


def test_the_key_is_changed_and_taken_away_while_no_server_is_there(database, account, tmp_path):
    url = postgres().at(database)
    first, second = (tmp_path / name for name in ("first", "second"))
    for path, digits in ((first, "0f" * 32), (second, "f0" * 32)):
        path.write_text(digits)
        path.chmod(0o600)
    old, new = ["--database-key-file", str(first)], ["--database-key-file", str(second)]

    def change(command, *arguments):
        status, output, errors = run("database", command, "--database", url, *arguments)
        return output if status == 0 else errors

    with Server(database=url) as server:
        root = Boto3(server.endpoint, account)
        root.iam.create_user(UserName="bob")
        key = root.iam.create_access_key(UserName="bob")["AccessKey"]
        assert wait_until(lambda: "is in use by another iamd" in change("seal", *old))
    assert change("seal", *old).endswith(" is sealed.\n")
    with Server(*old, database=url) as server:
        call(server, account, "CreateUser", UserName="ann")
        assert wait_until(lambda: "is in use by another iamd" in change("rotate", *old, "--new-key-file", str(second)))
    assert change("rotate", *old, "--new-key-file", str(second)).endswith(" is sealed with the new key.\n")
    assert "with another key" in change("rotate", *old, "--new-key-file", str(second))
    rows = postgres().sql("select body from users", database)
    assert len(rows) == 2 and not any(key["SecretAccessKey"] in row for row in rows)
    with Server(*new, database=url) as server:
        assert users(server, account) == ["ann", "bob"]
        assert created(server, account) == ["ann", "bob"]
    assert change("unseal", *new).endswith(" is no longer sealed.\n")
    assert any(key["SecretAccessKey"] in row for row in postgres().sql("select body from users", database))
    with Server(database=url) as server:
        assert Boto3(server.endpoint, account).using(key).sts.get_caller_identity()["Arn"].endswith("user/bob")
        assert created(server, account) == ["ann", "bob"]


def test_a_server_that_was_cut_off_while_the_key_changed_is_shut_out(own, account, tmp_path):
    first, second = (tmp_path / name for name in ("first", "second"))
    for path, digits in ((first, "0f" * 32), (second, "f0" * 32)):
        path.write_text(digits)
        path.chmod(0o600)
    old, new = ["--database-key-file", str(first)], ["--database-key-file", str(second)]
    link = Link(own.port)
    with Server(*old, database=own.at("postgres", link.port), level="error") as server:
        call(server, account, "CreateUser", UserName="bob")

        def rotate():
            return run("database", "rotate", "--database", own.url, *old, "--new-key-file", str(second))

        assert "is in use by another iamd" in rotate()[2]
        link.target = 1
        link.cut()
        assert wait_until(lambda: rotate()[0] == 0)
        link.target = own.port
        assert wait_until(lambda: any("its key was changed since this server started" in line for line in server.log_lines()))
        assert wait_until(lambda: server.own("health/ready")[0] == 503)
        fails(server, account, "CreateUser", UserName="ann")
        with Server(*new, database=own.url) as other:
            call(other, account, "CreateUser", UserName="eve")
            fails(server, account, "CreateUser", UserName="ann")
            assert users(other, account) == ["bob", "eve"]
    link.close()


def test_a_database_is_copied_there_and_back(database, account, tmp_path):
    there, url, back = f"sqlite:{tmp_path}/a.db", postgres().at(database), f"sqlite:{tmp_path}/b.db"
    with Server(database=there) as server:
        root = Boto3(server.endpoint, account)
        root.iam.create_user(UserName="bob", Tags=[{"Key": "a", "Value": "äß"}])
        root.iam.create_account_alias(AccountAlias="copied")
        bob = root.iam.create_access_key(UserName="bob")["AccessKey"]
        session = root.sts.get_session_token()["Credentials"]
    for source, target in ((there, url), (url, back)):
        status, output, errors = run("database", "copy", "--from", source, "--to", target)
        assert status == 0 and output.startswith("Copied 1 accounts and "), output + errors
        with Server(database=target) as server:
            root = Boto3(server.endpoint, account)
            assert root.iam.get_user(UserName="bob")["User"]["Tags"] == [{"Key": "a", "Value": "äß"}]
            assert root.iam.list_account_aliases()["AccountAliases"] == ["copied"]
            assert root.using(bob).sts.get_caller_identity()["Arn"].endswith("user/bob")
            assert root.using(session).sts.get_caller_identity()["Account"] == account
            assert created(server, account) == ["bob"]
        status, _, errors = run("database", "copy", "--from", source, "--to", target)
        assert status == 1 and "is not empty" in errors
    assert "there is no database" in run("database", "copy", "--from", f"sqlite:{tmp_path}/c.db", "--to", url)[2]


def test_events_of_all_servers_are_found_in_their_order(account):
    with Cluster(3) as cluster:
        for number in range(9):
            call(cluster.servers[number % 3], account, "CreateUser", UserName=f"user-{number}")
        for server in cluster.servers:
            assert wait_until(lambda: len(created(server, account)) == 9)
            assert created(server, account) == [f"user-{number}" for number in reversed(range(9))]
        cluster.servers[0].own(f"reset?account={account}", "POST")
        assert wait_until(lambda: created(cluster.servers[1], account) == [])


def test_two_writers_of_one_account_make_two_keys_at_most(account):
    with Cluster(2) as cluster:
        call(cluster.servers[0], account, "CreateUser", UserName="bob")
        assert wait_until(lambda: users(cluster.servers[1], account) == ["bob"])
        outcomes = []

        def make(server):
            try:
                call(server, account, "CreateAccessKey", UserName="bob")
                outcomes.append("ok")
            except Refused as refused:
                outcomes.append(refused.code)

        threads = [threading.Thread(target=make, args=(cluster.servers[number % 2],)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["LimitExceeded"] * 14 + ["ok"] * 2
