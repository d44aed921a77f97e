"""Several servers on one PostgreSQL database, and faults between them."""

import contextlib
import dataclasses
import http.client
import itertools
import random
import re
import socket
import threading
import time
import urllib.parse

from postgres import postgres
from server import Server
from wire import Wire


class Link:
    """A TCP proxy that can delay what passes, cut its connections, or fall silent."""

    def __init__(self, port):
        self.target = port
        self.delay = 0
        self.silent = False
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.target), 5)
                except OSError:
                    near.close()
                    continue
                self.sockets |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.pass_on, args=pair, daemon=True).start()

    def pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                time.sleep(self.delay)
                while self.silent:
                    time.sleep(0.01)
                sink.sendall(data)
        for end in (source, sink):
            self.sockets.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def cut(self):
        for end in list(self.sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        self.cut()


class Cluster:
    """Servers that share a database. Each reaches it by a link of its own."""

    def __init__(self, size, *arguments, database=None, server=None):
        self.postgres = server or postgres()
        self.database = database or self.postgres.create()
        self.arguments = arguments
        target = urllib.parse.urlsplit(self.postgres.url).port
        self.links = [Link(target) for _ in range(size)]
        self.servers = [None] * size
        for number in range(size):
            self.start(number)

    def start(self, number):
        url = self.postgres.at(self.database, self.links[number].port)
        self.servers[number] = Server(*self.arguments, "--database-wait", "60", database=url, level="error")

    def restart(self, number):
        """Kills a server and starts another one in its place, at another port."""
        self.servers[number].kill()
        self.start(number)

    def is_ready(self):
        """Whether all servers are well, and their connections are of use."""
        try:
            for server in self.servers:
                call(server, "000000000000", "ListUsers")
        except Unknown:
            return False
        return all(server.own("health/ready")[0] == 200 for server in self.servers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        for link in self.links:
            link.close()
        self.postgres.drop(self.database)


class Unknown(Exception):
    """Nobody knows whether a call did anything."""


class Refused(Exception):
    """A call did nothing; the error's code."""

    @property
    def code(self):
        return self.args[0]


def call(server, account, action, **parameters):
    """Calls IAM as the root user of an account; the text of the answer."""
    parameters = {"Action": action, "Version": "2010-05-08", **parameters}
    wire = Wire(server.port, account, "test")
    body = urllib.parse.urlencode(parameters).encode()
    headers = [("content-type", "application/x-www-form-urlencoded")]
    try:
        status, text = wire.call("POST", "/", "iam", headers, body)[:2]
    except (OSError, http.client.HTTPException) as error:
        raise Unknown from error
    if isinstance(text, bytes):
        text = text.decode()
    if status >= 500:
        raise Unknown(status, text)
    if status != 200:
        raise Refused(re.search("<Code>(.*?)</Code>", text)[1])
    return text


@dataclasses.dataclass
class Step:
    """A call of a history: when it began and ended, what it did, and what came of it."""

    start: float
    end: float
    action: str
    subject: str
    value: str
    outcome: str  # "ok", "unknown", or the code of an error


class History:
    """What clients did at the same time, and what they were answered."""

    def __init__(self, servers):
        self.servers = servers
        self.steps = []
        self.values = itertools.count(1)

    def step(self, account, action, subject, value="", **parameters):
        """Calls one of the servers and notes what came of it; the text of the answer, if there is one."""
        server = random.choice(self.servers())
        start = time.monotonic()
        text, outcome = None, "ok"
        try:
            text = call(server, account, action, **parameters)
        except Unknown:
            outcome = "unknown"
        except Refused as refused:
            outcome = refused.code
        if action == "ListUserTags":
            value = (re.search("<Value>(.*?)</Value>", text or "") or ["", ""])[1]
        self.steps.append(Step(start, time.monotonic(), action, f"{account} {subject}", value, outcome))
        return text

    def of(self, *actions):
        return [step for step in self.steps if step.action in actions]

    def work(self, account, seconds):
        """A client: users that many make at once, keys of one user, a tag that is written and read, aliases."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = str(next(self.values))
            match random.randrange(6):
                case 0:
                    name = f"same-{random.randrange(40)}"
                    self.step(account, "CreateUser", name, value, UserName=name)
                case 1:
                    self.step(account, "CreateUser", f"own-{value}", value, UserName=f"own-{value}")
                case 2:
                    name = f"holder-{random.randrange(3)}"
                    self.step(account, "CreateAccessKey", name, value, UserName=name)
                case 3:
                    tag = {"Tags.member.1.Key": "value", "Tags.member.1.Value": value}
                    self.step(account, "TagUser", "register", value, UserName="register", **tag)
                case 4:
                    self.step(account, "ListUserTags", "register", UserName="register")
                case 5:
                    alias = f"alias-{random.randrange(20)}"
                    self.step(account, "CreateAccountAlias", alias, value, AccountAlias=alias)

    def check_acknowledged(self, accounts, server):
        """What was acknowledged is there, once; what was refused is not, but for what nobody knows of."""
        for account in accounts:
            users = listed(server, account, "ListUsers", "UserName")
            assert len(users) == len({name.lower() for name in users}), "a name is there twice"
            for name in {step.subject.split()[1] for step in self.of("CreateUser") if step.subject.startswith(account)}:
                made = [step for step in self.of("CreateUser") if step.subject == f"{account} {name}"]
                acknowledged = [step for step in made if step.outcome == "ok"]
                assert len(acknowledged) <= 1, f"{name} was made twice: {acknowledged}"
                if acknowledged:
                    assert name in users, f"{name} was lost: {acknowledged}"
                elif not any(step.outcome == "unknown" for step in made):
                    assert name not in users, f"{name} was refused and is there: {made}"
            for number in range(3):
                keys = listed(server, account, "ListAccessKeys", "AccessKeyId", UserName=f"holder-{number}")
                made = [step for step in self.of("CreateAccessKey") if step.subject == f"{account} holder-{number}"]
                acknowledged = sum(step.outcome == "ok" for step in made)
                unknown = sum(step.outcome == "unknown" for step in made)
                assert acknowledged <= len(keys) <= min(2, acknowledged + unknown), f"{keys}: {made}"

    def check_register(self, account, last):
        """What was read, and what is there at last, was the newest at some moment of the reading (linearizability)."""
        writes = [step for step in self.of("TagUser") if step.subject == f"{account} register"]
        writes = {step.value: step for step in writes if step.outcome in ("ok", "unknown")}
        reads = [step for step in self.of("ListUserTags") if step.subject == f"{account} register"]
        now = time.monotonic()
        reads = [step for step in reads if step.outcome == "ok"] + [Step(now, now, "", "", last, "ok")]
        done = [step for step in writes.values() if step.outcome == "ok"]
        for read in reads:
            write = writes.get(read.value)
            if write is None:
                assert read.value == "0", f"{read} returned what nobody wrote"
                later = [step for step in done if step.end < read.start]
            else:
                assert write.start < read.end, f"{read} returned what was not written yet"
                # A write that nobody knows of may have been done at any time since.
                since = write.end if write.outcome == "ok" else float("inf")
                later = [step for step in done if step.start > since and step.end < read.start]
            assert not later, f"{read} returned {write}, though there was {later}"
        # Who has read a value reads no older one afterwards.
        for earlier, later in itertools.combinations(sorted(reads, key=lambda step: step.end), 2):
            first, second = writes.get(earlier.value), writes.get(later.value)
            if first and second and earlier.end < later.start and second.outcome == first.outcome == "ok":
                assert not second.end < first.start, f"{earlier} returned {first}, and {later} {second}"

    def check_aliases(self, accounts, server):
        """An alias belongs to one account, and what was acknowledged last is there."""
        owners = {}
        for account in accounts:
            for alias in listed(server, account, "ListAccountAliases", "member"):
                assert alias not in owners, f"{alias} is {account}'s and {owners[alias]}'s"
                owners[alias] = account


def listed(server, account, action, element, **parameters):
    text = call(server, account, action, MaxItems="1000", **parameters)
    return re.findall(f"<{element}>([^<\\s]+)</{element}>", text)
