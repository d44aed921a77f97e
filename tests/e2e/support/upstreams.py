"""Servers that the gateway stands in front of, and identities that call through it."""

import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time

import boto3
from botocore.config import Config
from server import environment


class Upstream:
    """A running server of another make, at `url`, which is waited for."""

    def __init__(self, command, port, **variables):
        self.command, self.port, self.variables = command, port, variables
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, env=environment(**self.variables), **quiet)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.command[0]} does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def beside_python(name):
    """A program of the virtual environment."""
    return str(pathlib.Path(sys.executable).parent / name)


class Moto(Upstream):
    """moto's server."""

    def __init__(self, **variables):
        port = free_port()
        super().__init__([beside_python("moto_server"), "-H", "127.0.0.1", "-p", str(port)], port, **variables)


class Caller:
    """boto3 as one identity, whose clients are made when they are wanted."""

    def __init__(self, endpoint, key_id, secret):
        self.endpoint, self.keys = endpoint, (key_id, secret)

    def __getattr__(self, service):
        return self.client(service)

    def client(self, service, region="us-east-1", **config):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=self.keys[0],
            aws_secret_access_key=self.keys[1],
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def user(self, name, *actions, statements=()):
        """A new user who may do this on everything, and what the statements say."""
        all_of = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}] if actions else []
        document = json.dumps({"Version": "2012-10-17", "Statement": [*all_of, *statements]})
        self.iam.create_user(UserName=name)
        self.iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Caller(self.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


class Exchange:
    """A request to a scripted upstream, of which the line and the headers were read."""

    def __init__(self, connection):
        self.connection, self.file = connection, connection.makefile("rb")
        self.line = self.file.readline()
        self.headers = {}
        while (header := self.file.readline().strip()):
            name, _, value = header.decode().partition(":")
            self.headers[name.lower()] = value.strip()

    def body(self):
        """The body in pieces, as far as it comes."""
        left = int(self.headers.get("content-length", 0))
        while left and (data := self.file.read(min(left, 1 << 16))):
            left -= len(data)
            yield data

    def send(self, data):
        self.connection.sendall(data)

    def close(self):
        self.connection.shutdown(socket.SHUT_RDWR)


class Scripted:
    """An upstream that does what a test says: `serve` gets each exchange. Its connections end after one."""

    def __init__(self, serve):
        self.serve = serve

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=[connection], daemon=True).start()

    def answer(self, connection):
        with connection, contextlib.suppress(OSError):
            exchange = Exchange(connection)
            if exchange.line:
                self.serve(exchange)
                # What was not read would reset the connection before the answer arrives.
                connection.shutdown(socket.SHUT_WR)

    def __exit__(self, *_):
        self.listener.close()


class Ministack(Upstream):
    """ministack."""

    def __init__(self):
        port = free_port()
        super().__init__([beside_python("ministack")], port, GATEWAY_PORT=str(port))
