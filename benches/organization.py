"""What a large organization costs: 2,000 units, 10,000 accounts, 1,000 policies.

    python3 benches/organization.py target/release/iamd [--instructions]

prints microseconds of wall time per call, or instructions of the server per call, counted by valgrind. The same calls
are made on a server without an organization.
"""

import contextlib
import http.client
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e" / "support"))
from postgres import free_port  # noqa: E402
from wire import Wire  # noqa: E402

UNITS, ACCOUNTS, POLICIES, CALLS = 2_000, 10_000, 1_000, 200
MANAGEMENT, FIRST = 500_000_000_000, 500_000_000_001
IAM = ("content-type", "application/x-www-form-urlencoded")


def configuration():
    """The table of the configuration file: units five deep, five accounts in each, policies on all levels."""
    accounts = [str(FIRST + number) for number in range(ACCOUNTS)]
    lines = ["[organization]", 'id = "o-a1b2c3d4e5"', f'management-account = "{MANAGEMENT}"', f"member-accounts = {accounts}"]
    for unit in range(UNITS):
        lines += [f"[organization.units.u{unit}]", f"accounts = {accounts[unit * 5 : unit * 5 + 5]}"]
        if unit % 5:
            lines.append(f'parent = "u{unit - 1}"')
    for number in range(POLICIES):
        kind = "resource-control" if number % 5 == 0 else "service-control"
        principal = {"Principal": "*"} if number % 5 == 0 else {}
        action = "s3:DeleteBucket" if number % 5 == 0 else f"ec2:Delete{number}"
        statement = {"Effect": "Deny", **principal, "Action": action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        targets = [f"u{number * 2}", f"u{number * 2 + 1}", accounts[number]]
        lines += ["[[organization.policies]]", f'name = "p{number}"', f'type = "{kind}"', f"targets = {targets}"]
        lines.append(f"document = '{document}'")
    return "\n".join(lines)


class Server:
    """A server on a database, which valgrind may watch."""

    def __init__(self, binary, folder, settings=(), instructions=False):
        self.port, self.counts = free_port(), folder / f"callgrind.{time.monotonic_ns()}"
        watch = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.counts}", "--instr-atstart=no"]
        command = [binary, "--listen", f"127.0.0.1:{self.port}", "--database", f"sqlite:{folder}/iamd.db", *settings]
        begun = time.monotonic()
        self.process = subprocess.Popen((watch if instructions else []) + command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()
        self.started = time.monotonic() - begun
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def call(self, headers, body):
        self.connection.request("POST", "/", body, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        assert answer.status == 200, read
        return read

    def signed(self, account, service, headers, body):
        return dict(Wire(self.port, str(account), "test").headers("POST", "/", service, headers, body))

    def cost(self, instructions, headers, body):
        """Microseconds or instructions of one call."""
        for _ in range(20):
            self.call(headers, body)
        count = CALLS // 10 if instructions else CALLS
        if not instructions:
            spent = 0
            for _ in range(count):
                begun = time.perf_counter()
                self.call(headers, body)
                spent += time.perf_counter() - begun
            return spent / count * 1e6
        control = lambda *flags: subprocess.run(["callgrind_control", *flags, str(self.process.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)  # fmt: skip
        control("--zero")
        control("--instr=on")
        for _ in range(count):
            self.call(headers, body)
        control("--instr=off")
        control("--dump")
        dumps = sorted(self.counts.parent.glob(self.counts.name + ".*"), key=lambda path: int(path.suffix[1:]))
        summary = next(line for line in reversed(dumps[-1].read_text().splitlines()) if line.startswith(("totals:", "summary:")))
        return int(summary.split()[1]) / count

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)


def organizations(server, operation, **parameters):
    body = json.dumps(parameters).encode()
    target = ("x-amz-target", f"AWSOrganizationsV20161128.{operation}")
    return server.signed(MANAGEMENT, "organizations", [("content-type", "application/x-amz-json-1.1"), target], body), body


def measure(binary, instructions):
    unit = "instructions" if instructions else "µs"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "iamd.toml").write_text(configuration())
        identity = b"Action=GetUser&UserName=u&Version=2010-05-08"
        create = b"Action=CreateUser&UserName=u&Version=2010-05-08"
        for where, settings in ("without", ()), ("with", ("--config", str(folder / "iamd.toml"))):
            inner = folder / where
            inner.mkdir()
            for attempt in range(1 if instructions else 2):
                server = Server(binary, inner, settings, instructions)
                print(f"{where} an organization, start {attempt + 1}: {server.started:.2f} s")
                if attempt == 0 and not instructions:
                    server.stop()
            server.call(server.signed(FIRST, "iam", [IAM], create), create)
            cost = server.cost(instructions, server.signed(FIRST, "iam", [IAM], identity), identity)
            print(f"{where} an organization, a member's GetUser: {cost:,.0f} {unit}")
            if where == "with":
                token, last = {}, {}
                while token is not None:
                    last = token
                    answer = json.loads(server.call(*organizations(server, "ListAccounts", **token)))
                    token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
                for page, parameters in ("first", {}), ("last", last):
                    print(f"the {page} page of ListAccounts: {server.cost(instructions, *organizations(server, 'ListAccounts', **parameters)):,.0f} {unit}")
                tag = organizations(server, "TagResource", ResourceId=str(FIRST), Tags=[{"Key": "k", "Value": "v"}])
                print(f"a write, TagResource: {server.cost(instructions, *tag):,.0f} {unit}")
            server.stop()


if __name__ == "__main__":
    if len(sys.argv) < 2 or not shutil.which(sys.argv[1]):
        sys.exit(__doc__)
    measure(sys.argv[1], "--instructions" in sys.argv)
