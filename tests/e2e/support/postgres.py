"""PostgreSQL for tests: the server that IAMD_TEST_POSTGRES names, or a private one that ends with the tests."""

import atexit
import functools
import itertools
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

numbers = itertools.count(1)


def programs():
    """The folder of PostgreSQL's programs; Debian does not put it on the path."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return pathlib.Path(initdb).resolve().parent if initdb else None


def is_available():
    return "IAMD_TEST_POSTGRES" in os.environ or programs() is not None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Postgres:
    """A server; `url` is that of its administrator."""

    def __init__(self, url):
        self.url = url

    def sql(self, statement, database=None):
        """Runs a statement; the lines of what it returns."""
        psql = shutil.which("psql") or programs() / "psql"
        url = self.at(database) if database else self.url
        done = subprocess.run(
            [psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.splitlines()

    def at(self, database, port=None):
        """The URL of a database, perhaps through a proxy on another port."""
        before, _ = self.url.rsplit("/", 1)
        if port:
            before = f"{before.rsplit(':', 1)[0]}:{port}"
        return f"{before}/{database}"

    def create(self):
        """The name of a new database."""
        name = f"iamd_{os.getpid()}_{next(numbers)}"
        self.sql(f"create database {name}")
        return name

    def drop(self, database):
        self.sql(f"drop database if exists {database} with (force)")


class Private(Postgres):
    """A server in a folder of its own; with `of`, a streaming replica of another one."""

    def __init__(self, *settings, of=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="iamd-postgres-"))
        self.port = free_port()
        self.programs = programs()
        # It does not run as root.
        self.user = None
        if os.geteuid() == 0:
            names = [user.pw_name for user in pwd.getpwall()]
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self.user)
        self.folder.chmod(0o755)
        super().__init__(f"postgres://iamd@127.0.0.1:{self.port}/postgres")
        self.data = self.folder / "data"
        if of:
            # With --write-recovery-conf it goes on receiving what the other one writes.
            self.run("pg_basebackup", "--dbname", of.url, "--pgdata", self.data, "--checkpoint=fast", "--no-sync", "--write-recovery-conf")
        else:
            self.run("initdb", "--auth=trust", "--username=iamd", "--no-sync", "--no-locale", "--encoding=UTF8", self.data)
        self.options = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
            "max_connections=200",
            *settings,
        ]
        self.start()
        atexit.register(self.remove)

    def run(self, program, *arguments):
        command = [self.programs / program, *arguments]
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)

    def control(self, *arguments):
        self.run("pg_ctl", "--pgdata", self.data, "--wait", "--silent", *arguments)

    def start(self):
        options = " ".join(f"-c {option}" for option in self.options)
        self.control("start", "--log", self.data / "log", "--options", options)

    def stop(self, mode="fast"):
        self.control("stop", "--mode", mode)

    def promote(self):
        """Lets a replica take writes."""
        self.control("promote")

    def add_file(self, name, content):
        """A file in the server's folder, which only the server can read; its path."""
        path = self.data / name
        path.touch(0o600)
        path.write_text(content)
        if self.user:
            shutil.chown(path, self.user, self.user)
        return path

    def remove(self):
        try:
            self.stop("immediate")
        except subprocess.CalledProcessError:
            pass  # It has stopped already.
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def postgres():
    """The server of all tests. What they write need not outlive the machine."""
    given = os.environ.get("IAMD_TEST_POSTGRES")
    return Postgres(given) if given else Private("fsync=off", "full_page_writes=off")


def wait_until(condition, seconds=30):
    """Waits for something that comes about in the background; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.02)
