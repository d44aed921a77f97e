"""What servers on PostgreSQL cost, beside one on SQLite and beside PostgreSQL itself.

    python3 benches/servers.py target/release/iamd [reads] [writes] [cold]

It starts a private PostgreSQL with `synchronous_commit=on`, and needs wrk (Debian: apt install postgresql wrk). Each figure is the
median of some rounds, taken in turn. The load generator, the servers and PostgreSQL share the machine: `busy` says how much of
its processors was in use meanwhile.
"""

import concurrent.futures
import http.client
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e" / "support"))
from postgres import Private, free_port  # noqa: E402
from wire import Wire  # noqa: E402

ROUNDS, SECONDS, CLIENTS = 3, 4, 64
COLD_ACCOUNTS, USERS, SAMPLES = 10_000, 100, 200
FORM = ("content-type", "application/x-www-form-urlencoded")

# Sends the requests of a file one after the other, and from the first again if it may.
SCRIPT = """
local requests, next = {}, 0
for line in io.lines(os.getenv("REQUESTS")) do
    requests[#requests + 1] = line:gsub("\\\\n", "\\r\\n")
end
function request()
    next = next % #requests + 1
    return requests[next]
end
"""

# A row as large as that of a user.
INSERT = """
insert into bench (account, key, body)
select '123456789012', gen_random_uuid()::text, '{"name":"user-00000","path":"/","id":"AIDAAAAAAAAAAAAAAAAAA","created":1790000000}'
from generate_series(1, 64);
"""


def processor_time(process):
    """Seconds."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def time_of_postgres(postgres):
    """Seconds that its processes have taken, as far as they are there."""
    main = (postgres.data / "postmaster.pid").read_text().split()[0]
    children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return sum(processor_time(process) for process in children)


class Server:
    """A server on a database."""

    def __init__(self, binary, database):
        self.port = free_port()
        flags = ["--listen", f"127.0.0.1:{self.port}", "--log-level", "warn", "--quota", "UsersPerAccount=1000000"]
        self.process = subprocess.Popen([binary, *flags, "--database", database], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def processor_time(self):
        return processor_time(self.process.pid)

    def signed(self, account, action, **parameters):
        """A request as it goes over the wire."""
        body = f"Action={action}&Version=2010-05-08" + "".join(f"&{name}={value}" for name, value in parameters.items())
        headers = [*Wire(self.port, account, "test").headers("POST", "/", "iam", [FORM], body.encode()), ("content-length", len(body))]
        return "\r\n".join(["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", body])

    def call(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        connection.sock.sendall(request.encode())
        answer = http.client.HTTPResponse(connection.sock, method="POST")
        answer.begin()
        read = answer.read()
        assert answer.status == 200, read
        connection.close()
        return read

    def load(self, folder, requests, clients):
        """Sends requests over so many connections for some seconds; how many were answered a second."""
        file = folder / f"requests-{self.port}"
        file.write_text("".join(request.replace("\r\n", "\\n") + "\n" for request in requests))
        script = folder / f"script-{self.port}.lua"
        script.write_text(SCRIPT)
        command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--timeout", "30s", "-s", script, f"http://127.0.0.1:{self.port}"]
        out = subprocess.run(command, env={**os.environ, "REQUESTS": str(file)}, capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in out and "Socket errors" not in out, out
        done = int(re.search(r"(\d+) requests in", out)[1])
        assert len(requests) == 1 or done <= len(requests), "there were too few requests"
        return done / float(re.search(r"requests in ([\d.]+)s", out)[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Busy:
    """How much of the processors is in use while it lasts."""

    def __enter__(self):
        self.before = self.times()
        return self

    def __exit__(self, *_):
        all_before, idle_before = self.before
        all_after, idle_after = self.times()
        self.share = 1 - (idle_after - idle_before) / max(1, all_after - all_before)

    def times(self):
        fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]


def show(what, rates, rest=""):
    median = statistics.median(rates)
    print(f"{what:<58}{median:>10,.0f} /s   {rest}", flush=True)
    return median


def reads(binary, postgres, folder):
    """One read, again and again, on either engine."""
    servers = {"SQLite": Server(binary, f"sqlite:{folder}/reads.db"), "PostgreSQL": Server(binary, postgres.at(postgres.create()))}
    costs, rates = {}, {}
    for name, server in servers.items():
        server.call(server.signed("123456789012", "CreateUser", UserName="bob"))
    for _ in range(ROUNDS):
        for name, server in servers.items():
            request = server.signed("123456789012", "GetUser", UserName="bob")
            before = server.processor_time()
            rate = server.load(folder, [request], 16)
            rates.setdefault(name, []).append(rate)
            costs.setdefault(name, []).append((server.processor_time() - before) / (rate * SECONDS) * 1e6)
    for name, server in servers.items():
        show(f"GetUser on {name}", rates[name], f"{statistics.median(costs[name]):.1f} µs of the server's processor time each")
        server.stop()


def creations(server, accounts, count, prefix):
    return [server.signed(accounts[number % len(accounts)], "CreateUser", UserName=f"{prefix}-{number}") for number in range(count)]


def own_rate(postgres, folder):
    """Rows a second that PostgreSQL itself commits, 64 a transaction, from one client."""
    database = postgres.create()
    postgres.sql("create table bench (account text, key text, body json, primary key (account, key))", database)
    script = folder / "insert.sql"
    script.write_text(INSERT.replace("\n", " ").strip() + "\n")
    command = [postgres.programs / "pgbench", "-n", "-M", "prepared", "-c1", f"-T{SECONDS}", "-f", script, postgres.at(database)]
    rates = []
    for _ in range(ROUNDS):
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rates.append(float(re.search(r"tps = ([\d.]+)", out)[1]) * 64)
    return rates


def commits(postgres, database):
    return int(postgres.sql(f"select xact_commit from pg_stat_database where datname = '{database}'")[0])


def writes(binary, postgres, folder):
    """CreateUser from 64 clients, on one server and on two that write to accounts of their own."""
    alone = show("PostgreSQL alone, 64 rows a transaction", own_rate(postgres, folder))
    count = 200_000
    for number, accounts in ("one account", ["200000000001"]), ("64 accounts", [str(300_000_000_001 + n) for n in range(64)]):
        database = postgres.create()
        server = Server(binary, postgres.at(database))
        rates, shares, costs = [], [], []
        for turn in range(ROUNDS):
            requests = creations(server, accounts, count // 2, f"u{turn}")
            before = server.processor_time(), time_of_postgres(postgres)
            with Busy() as busy:
                rates.append(server.load(folder, requests, CLIENTS))
            shares.append(busy.share)
            after = server.processor_time(), time_of_postgres(postgres)
            costs.append([(end - start) / (rates[-1] * SECONDS) * 1e6 for start, end in zip(before, after)])
        server.stop()
        one = statistics.median(rates)
        own, of_postgres = (statistics.median(column) for column in zip(*costs))
        spent = f"{own:.0f} µs of the server's and {of_postgres:.0f} µs of PostgreSQL's processor time each"
        show(f"CreateUser, 64 clients, {number}", rates, f"{one / alone:.2f} of that; {spent}; busy {statistics.median(shares):.0%}")
    database = postgres.create()
    servers = [Server(binary, postgres.at(database)) for _ in range(2)]
    rates, shares = [], []
    for turn in range(ROUNDS):
        groups = [[str(400_000_000_001 + index * 100 + n) for n in range(32)] for index in range(2)]
        requests = [creations(server, group, count // 2, f"u{turn}") for server, group in zip(servers, groups)]
        with Busy() as busy, concurrent.futures.ThreadPoolExecutor(2) as clients:
            work = [clients.submit(server.load, folder, mine, CLIENTS // 2) for server, mine in zip(servers, requests)]
            rates.append(sum(done.result() for done in work))
        shares.append(busy.share)
    both = statistics.median(rates)
    show("CreateUser, two servers, 32 clients and accounts each", rates, f"{both / one:.2f} times one; busy {statistics.median(shares):.0%}")
    for server in servers:
        server.stop()


def cold(binary, postgres, folder):
    """The first request to an account that no server has in memory."""
    database = postgres.create()
    server = Server(binary, postgres.at(database))
    for number in range(USERS):
        server.call(server.signed("500000000000", "CreateUser", UserName=f"user-{number}"))
    server.stop()
    postgres.sql(f"insert into accounts (id, created, revision, previous) select (500000000000 + n)::text, created, revision, previous from accounts, generate_series(1, {COLD_ACCOUNTS}) n where id = '500000000000'", database)
    postgres.sql(f"insert into users (account, key, body) select (500000000000 + n)::text, key, body from users, generate_series(1, {COLD_ACCOUNTS}) n where account = '500000000000'", database)
    postgres.sql("analyze", database)
    server = Server(binary, postgres.at(database))
    for what, parameters in ("GetUser", {"UserName": "user-7"}), ("ListUsers", {"MaxItems": "100"}):
        times = []
        for sample in range(SAMPLES):
            account = str(500_000_000_001 + (sample * 37 + (0 if what == "GetUser" else 11)) % COLD_ACCOUNTS)
            request = server.signed(account, what, **parameters)
            begun = time.perf_counter()
            server.call(request)
            times.append((time.perf_counter() - begun) * 1000)
        times.sort()
        print(f"{what + ' in a cold account of 100 users among 10,000':<58}{times[SAMPLES // 2]:>10.2f} ms   99%: {times[SAMPLES * 99 // 100]:.2f} ms", flush=True)
    server.stop()


def main():
    wanted = sys.argv[2:] or ["reads", "writes", "cold"]
    postgres = Private("synchronous_commit=on")
    with tempfile.TemporaryDirectory() as name:
        for part in wanted:
            {"reads": reads, "writes": writes, "cold": cold}[part](sys.argv[1], postgres, pathlib.Path(name))
    postgres.remove()


if __name__ == "__main__":
    if len(sys.argv) < 2 or not shutil.which(sys.argv[1]) or not shutil.which("wrk"):
        sys.exit(__doc__)
    main()
