"""The real binary, started and stopped as a person would."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import urllib.request

from postgres import free_port, postgres
from round_robin import RoundRobin

BINARY = os.environ.get("IAMD", "target/debug/iamd")
TEMPLATES = str(pathlib.Path(__file__).resolve().parent.parent / "data" / "templates.toml")


IN_CLUSTER = os.environ.get("IAMD_TEST_ENGINE") == "cluster"


def environment(**variables):
    """The tests' environment without what would steer the server or a client."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IAMD_", "AWS_"))}
    return {**kept, **variables}


class Server:
    """A running server; `arguments` are its flags, `options` those of the process.

    With IAMD_TEST_ENGINE=postgres, one that would keep everything in memory has a PostgreSQL database of its own;
    with IAMD_TEST_ENGINE=cluster, two fellows share that database, and the requests go round, unless it is to be
    alone: what a test finds out about one process, its connections or its files, nginx and fellows would hide.
    """

    def __init__(
        self, *arguments, listen="127.0.0.1:0", database="memory", cwd=None, variables=None, level="warn", alone=False, **options
    ):
        self.dropped, self.fellows, self.front = None, [], None
        engine = os.environ.get("IAMD_TEST_ENGINE")
        given = dict(cwd=cwd, variables=variables, level=level, **options)
        if database == "memory" and engine in ("postgres", "cluster"):
            self.dropped = postgres().create()
            database = postgres().at(self.dropped)
        self.on_postgres = self.dropped is not None
        in_cluster = self.on_postgres and engine == "cluster" and listen == "127.0.0.1:0" and not alone
        if in_cluster and "--reads" not in arguments:
            arguments = (*arguments, "--reads", "latest")
        front = free_port() if in_cluster else None
        if in_cluster and "--token-issuer" not in arguments:
            # Clients know the servers by the URL of the load balancer.
            arguments = (*arguments, "--token-issuer", f"http://127.0.0.1:{front}")
        flags = ["--listen", listen, "--database", database, "--log-level", level]
        # A file: nobody reads a pipe while the server runs, and a full one would stop it.
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [BINARY, *flags, *arguments],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=cwd,
            env=environment(**(variables or {})),
            **options,
        )
        first = self.process.stdout.readline()
        if not first:
            raise RuntimeError("\n".join(self.log_lines()))
        self.endpoint = json.loads(first)["endpoint"] if first.startswith("{") else first.split()[-1]
        self.first = first
        self.port = int(self.endpoint.rsplit(":", 1)[1])
        if in_cluster and self.endpoint.startswith("http://127.0.0.1:"):
            self.fellows = [Server(*arguments, database=database, **given) for _ in range(2)]
            self.front = RoundRobin(front, [self.port, *(fellow.port for fellow in self.fellows)])
            self.port = self.front.port
            self.endpoint = f"http://127.0.0.1:{self.port}"

    def connect(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(self, data, timeout=3):
        """Sends bytes as they are and returns all that comes back until the server closes or falls silent."""
        with self.connect(timeout) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
            return received(connection)

    def own(self, path, method="GET", data=None, **headers):
        """Calls an endpoint of the server's own; the status and the JSON."""
        request = urllib.request.Request(f"{self.endpoint}/_iamd/{path}", data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def log_lines(self):
        """The lines of the log so far."""
        with open(f"/proc/self/fd/{self.log.fileno()}") as log:
            lines = log.read().splitlines()
        return lines + [line for fellow in self.fellows for line in fellow.log_lines()]

    def resident_kib(self):
        """The memory that the process holds."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def kill(self):
        for fellow in self.fellows:
            fellow.kill()
        self.process.kill()
        self.process.wait()
        self.close()

    def stop(self, how=signal.SIGTERM, timeout=30):
        """Asks the server to stop; its exit status."""
        self.process.send_signal(how)
        for fellow in self.fellows:
            fellow.process.send_signal(how)
        try:
            return self.process.wait(timeout)
        finally:
            self.close()

    def close(self):
        self.process.stdout.close()
        self.errors = "\n".join(self.log_lines())
        self.log.close()
        for fellow in self.fellows:
            fellow.process.wait(30)
            fellow.close()
        if self.front:
            self.front.stop()
        if self.on_postgres:
            postgres().drop(self.dropped)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class IdentityProvider:
    """A running `iamd idp`, at `url`."""

    def __init__(self, stderr=None):
        command = [BINARY, "idp", "--address", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment())
        self.url = re.search(r"http://[\d.:]+\d", self.process.stdout.readline())[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


def received(connection):
    parts = []
    with contextlib.suppress(ConnectionResetError, TimeoutError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def run(*arguments, cwd=None, **variables):
    """Runs the binary to its end: exit status, output, errors."""
    done = subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, env=environment(**variables)
    )
    return done.returncode, done.stdout, done.stderr
