"""Several servers on one PostgreSQL database behave as one."""

import concurrent.futures
import json
import os
import random
import threading
import time

import pytest
from clients import Boto3
from cluster import Cluster, History, Refused, call, listed
from postgres import Private, is_available, wait_until
from server import Server, run

pytestmark = pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")

# How often several servers are disturbed at their work.
ROUNDS = int(os.environ.get("IAMD_TEST_ROUNDS", "5"))
CLIENTS = 64


@pytest.fixture(scope="module")
def three():
    with Cluster(3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def latest():
    with Cluster(3, "--reads", "latest") as cluster:
        yield cluster


def users(server, account):
    return sorted(listed(server, account, "ListUsers", "UserName"))


def test_a_write_is_seen_at_once_where_it_was_made_and_soon_elsewhere(three, account):
    for number, server in enumerate(three.servers * 2):
        call(server, account, "CreateUser", UserName=f"user-{number}")
        assert f"user-{number}" in users(server, account)
    for server in three.servers:
        assert wait_until(lambda: len(users(server, account)) == 6)
    call(three.servers[1], account, "DeleteUser", UserName="user-0")
    assert wait_until(lambda: users(three.servers[2], account)[0] == "user-1")


def test_latest_reads_see_every_write(latest, account):
    for number in range(30):
        writer, reader = random.sample(latest.servers, 2)
        call(writer, account, "CreateUser", UserName=f"user-{number:02}")
        assert users(reader, account)[-1] == f"user-{number:02}"


def test_an_account_that_others_changed_is_written_on_top_of_that(three, account):
    for number in range(20):
        call(three.servers[number % 3], account, "CreateUser", UserName=f"user-{number:02}")
    assert wait_until(lambda: len(users(three.servers[0], account)) == 20)
    with pytest.raises(Refused) as refused:
        call(three.servers[1], account, "CreateUser", UserName="USER-07")
    assert refused.value.code == "EntityAlreadyExists"


def test_an_alias_is_one_accounts_on_all_servers(three):
    results = []
    for server, account in zip(three.servers, ("111111111111", "222222222222", "333333333333")):
        try:
            call(server, account, "CreateAccountAlias", AccountAlias="acme")
            results.append("ok")
        except Refused as refused:
            results.append(refused.code)
    assert results == ["ok", "EntityAlreadyExists", "EntityAlreadyExists"]


def test_files_are_applied_on_several_servers_at_once(three, tmp_path):
    accounts = ("444444444441", "444444444442")
    key = [{"secret": "generated"}]

    def apply(number):
        name = tmp_path / f"{number}.json"
        users = {f"user-{number}": {"access-keys": key}, "shared": {}}
        name.write_text(json.dumps({"accounts": {account: {"users": users} for account in accounts}}))
        listen = f"127.0.0.1:{three.servers[number % 3].port}"
        secrets = tmp_path / f"secrets-{number}.json"
        return run("apply", str(name), "--listen", listen, "--secrets", str(secrets)), secrets

    with concurrent.futures.ThreadPoolExecutor(9) as clients:
        results = list(clients.map(apply, range(9)))
    for number, ((code, _, error), secrets) in enumerate(results):
        assert code == 0, error
        for account in accounts:
            made = json.loads(secrets.read_text())["accounts"][account][f"user-{number}"]["access-keys"]
            assert wait_until(lambda: f"user-{number}" in users(three.servers[0], account))
            keys = listed(three.servers[0], account, "ListAccessKeys", "AccessKeyId", UserName=f"user-{number}")
            assert sorted(made) == sorted(keys), "the secrets are those of the run that was stored"
    assert users(three.servers[0], accounts[0]) == users(three.servers[0], accounts[1])


def test_a_session_of_one_server_works_on_all(three, account):
    root = Boto3(three.servers[0].endpoint, account)
    trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}'
    root.iam.create_role(RoleName="shared", AssumeRolePolicyDocument=trust)
    root.iam.create_user(UserName="bob")
    allow = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}'
    root.iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=allow)
    bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
    arn = f"arn:aws:iam::{account}:role/shared"
    session = bob.sts.assume_role(RoleArn=arn, RoleSessionName="visit")["Credentials"]
    for server in three.servers:
        caller = Boto3(server.endpoint, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        assert caller.sts.get_caller_identity()["Arn"].endswith(":assumed-role/shared/visit")


def test_the_clock_of_one_server_is_the_clock_of_all(three):
    first, second, third = three.servers
    status, _ = first.own("clock", "POST", b'{"advance": 3600}')
    assert status == 200
    for server in (second, third):
        assert wait_until(lambda: abs(server.own("clock")[1]["ahead"] - 3600) <= 1)
    with Server(database=three.postgres.at(three.database)) as fourth:
        assert abs(fourth.own("clock")[1]["ahead"] - 3600) <= 1, "a server that comes later has the same clock"
    second.own("clock", "POST", b'{"reset": true}')
    assert wait_until(lambda: first.own("clock")[1]["ahead"] == 0)


def test_a_reset_reaches_all(three, account):
    call(three.servers[0], account, "CreateUser", UserName="bob")
    for server in three.servers:
        assert wait_until(lambda: users(server, account) == ["bob"])
    three.servers[1].own(f"reset?account={account}", "POST")
    for server in three.servers:
        assert wait_until(lambda: users(server, account) == [])
    call(three.servers[2], account, "CreateUser", UserName="bob")
    assert wait_until(lambda: users(three.servers[0], account) == ["bob"])


def test_missed_notifications_are_made_up_for(three, account):
    call(three.servers[0], account, "CreateUser", UserName="one")
    assert wait_until(lambda: users(three.servers[1], account) == ["one"])
    listening = "select pid from pg_stat_activity where query like 'LISTEN%' and datname = current_database()"
    for _ in range(3):
        three.postgres.sql(f"select pg_terminate_backend(pid) from ({listening}) as listening", three.database)
        call(three.servers[0], account, "CreateUser", UserName=f"user-{time.monotonic_ns()}")
    assert wait_until(lambda: users(three.servers[1], account) == users(three.servers[0], account))
    assert len(users(three.servers[2], account)) == 4


def test_servers_may_start_at_once():
    with Cluster(0) as cluster:
        url = cluster.postgres.at(cluster.database)
        starting = [threading.Thread(target=lambda: servers.append(Server(database=url))) for _ in range(4)]
        servers = []
        for thread in starting:
            thread.start()
        for thread in starting:
            thread.join()
        assert len(servers) == 4
        for server in servers:
            assert server.stop() == 0


def test_what_cannot_be_used_is_refused_in_one_sentence():
    with Cluster(0) as cluster:
        cluster.postgres.sql("create table theirs (x int)", cluster.database)
        url = cluster.postgres.at(cluster.database)
        status, _, errors = run("--listen", "127.0.0.1:0", "--database", url)
        assert status == 1 and "has tables of another program" in errors
        cluster.postgres.sql("drop table theirs", cluster.database)
        Server(database=url).stop()
        sql = "insert into _sqlx_migrations values (9999, 'future', now(), true, '', 0)"
        cluster.postgres.sql(sql, cluster.database)
        status, _, errors = run("--listen", "127.0.0.1:0", "--database", url)
        assert status == 1 and "was written by a newer version of iamd" in errors
    url = "postgres://bob:s3cret@127.0.0.1:1/iamd"
    status, output, errors = run("--listen", "127.0.0.1:0", "--database", url, "--database-wait", "0")
    assert status == 1 and "postgres://bob@127.0.0.1:1/iamd cannot be opened" in errors
    assert "s3cret" not in output + errors
    assert "s3cret" not in run("config", "show", "--database", url)[1]


def fault(cluster):
    """Something that goes wrong."""
    number = random.randrange(len(cluster.servers))
    match random.choice(["kill", "cut", "silence", "delay", "restart"]):
        case "kill":
            cluster.restart(number)
        case "cut":
            cluster.links[number].cut()
        case "silence":
            cluster.links[number].silent = True
            time.sleep(0.3)
            cluster.links[number].silent = False
            cluster.links[number].cut()
        case "delay":
            cluster.links[number].delay = 0.02
            time.sleep(0.5)
            cluster.links[number].delay = 0
        case "restart":
            cluster.postgres.stop("immediate")
            cluster.postgres.start()


def test_nothing_acknowledged_is_lost_whatever_goes_wrong():
    accounts = iter(range(700_000_000_001, 700_000_900_000))
    postgres = Private()
    with Cluster(3, "--reads", "latest", server=postgres) as cluster:
        for round in range(ROUNDS):
            history = History(lambda: cluster.servers)
            worked_on = [str(next(accounts)) for _ in range(3)]
            for account in worked_on:
                for name in ("register", "holder-0", "holder-1", "holder-2"):
                    call(cluster.servers[0], account, "CreateUser", UserName=name)
                tag = {"Tags.member.1.Key": "value", "Tags.member.1.Value": "0"}
                call(cluster.servers[0], account, "TagUser", UserName="register", **tag)
            clients = [
                threading.Thread(target=history.work, args=(worked_on[number % 3], 3)) for number in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            for _ in range(3):
                time.sleep(0.5)
                fault(cluster)
            for client in clients:
                client.join()
            assert wait_until(cluster.is_ready), "a server does not recover"
            done = sum(step.outcome == "ok" for step in history.steps)
            print(f"round {round}: {len(history.steps)} calls, {done} acknowledged")
            assert done
            for server in cluster.servers:
                history.check_acknowledged(worked_on, server)
                history.check_aliases(worked_on, server)
                for account in worked_on:
                    (last,) = listed(server, account, "ListUserTags", "Value", UserName="register")
                    history.check_register(account, last)
    postgres.remove()
