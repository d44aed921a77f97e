"""A replica takes over: servers find it by themselves, and nothing that was acknowledged is lost."""

import itertools
import random
import threading

import pytest
from cluster import Refused, Unknown, call, listed
from postgres import Private, is_available, wait_until
from server import Server

pytestmark = pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")

CLIENTS = 8


@pytest.fixture
def pair():
    """PostgreSQL and a replica without which nothing is committed."""
    first = Private()
    second = Private(of=first)
    first.sql("alter system set synchronous_standby_names = '*'")
    first.sql("select pg_reload_conf()")
    assert wait_until(lambda: first.sql("select sync_state from pg_stat_replication") == ["sync"])
    yield first, second
    first.remove()
    second.remove()


def url(*servers):
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"postgres://iamd@{hosts}/postgres"


class Clients:
    """Clients that make users on any of several servers until they are stopped."""

    def __init__(self, servers, account):
        self.servers, self.account = servers, account
        self.numbers = itertools.count()
        self.acknowledged, self.unknown = [], []
        self.is_over = False
        self.threads = [threading.Thread(target=self.work) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def work(self):
        while not self.is_over:
            name = f"user-{next(self.numbers)}"
            try:
                call(random.choice(self.servers), self.account, "CreateUser", UserName=name)
                self.acknowledged.append(name)
            except Unknown:
                self.unknown.append(name)
            except Refused as refused:
                assert refused.code == "ConcurrentModification", refused

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def are_ready(servers):
    return all(server.own("health/ready")[0] == 200 for server in servers)


def users(server, account):
    names = listed(server, account, "ListUsers", "UserName")
    assert len(names) == len(set(names))
    return set(names)


def test_a_promoted_replica_has_all_that_was_acknowledged(pair, account):
    first, second = pair
    servers = [Server(database=url(first, second), level="error") for _ in range(3)]
    clients = Clients(servers, account)
    assert wait_until(lambda: len(clients.acknowledged) >= 100)
    first.stop("immediate")
    assert wait_until(lambda: not any(server.own("health/ready")[0] == 200 for server in servers)), "a replica takes no writes"
    before = len(clients.acknowledged)
    second.promote()
    assert wait_until(lambda: are_ready(servers)), "the servers find the replica by themselves"
    assert wait_until(lambda: len(clients.acknowledged) >= before + 50), "and write there"
    clients.stop()
    for server in servers:
        assert wait_until(lambda: set(clients.acknowledged) <= users(server, account)), "what was acknowledged is there"
        assert users(server, account) <= {*clients.acknowledged, *clients.unknown}
        server.kill()
    with Server(database=url(first, second), level="error") as server:
        assert set(clients.acknowledged) <= users(server, account)


def test_a_primary_that_comes_back_is_left_alone(pair, account):
    first, second = pair
    servers = [Server(database=url(first, second), level="error") for _ in range(2)]
    call(servers[0], account, "CreateUser", UserName="bob")
    first.stop("immediate")
    assert wait_until(lambda: not any(server.own("health/ready")[0] == 200 for server in servers))
    second.promote()
    assert wait_until(lambda: are_ready(servers))
    call(servers[0], account, "CreateUser", UserName="ann")
    first.start()
    # It takes writes, and is the first in the URL: but another one was promoted since.
    first.sql("alter system reset synchronous_standby_names")
    first.sql("select pg_reload_conf()")
    second.stop("immediate")
    assert wait_until(lambda: not any(server.own("health/ready")[0] == 200 for server in servers))
    with pytest.raises(Unknown):
        call(servers[1], account, "CreateUser", UserName="eve")
    second.start()
    assert wait_until(lambda: are_ready(servers))
    call(servers[1], account, "CreateUser", UserName="tom")
    with Server(database=url(first, second), level="error") as fresh:
        assert users(fresh, account) == {"ann", "bob", "tom"}, "a server that starts now finds the right one, too"
    assert first.sql("select body ->> 'name' from users") == ["bob"]
    for server in servers:
        server.kill()


def test_a_replica_is_no_database_to_start_on(pair):
    _, second = pair
    with pytest.raises(RuntimeError, match="127.0.0.1:.* cannot be opened: 127.0.0.1 takes no writes"):
        Server("--database-wait", "0", database=url(second))
