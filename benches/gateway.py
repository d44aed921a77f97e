"""What the gateway costs: processor time of a small call, what it adds to its time, the speed of uploads, and memory.

    cargo build --release --bin iamd --example bare_proxy
    IAMD=target/release/iamd PYTHONPATH=tests/e2e/support python3 benches/gateway.py [GIBIBYTES]

The upstream answers every request with nothing, as fast as Python can; requests are signed once and sent again and again.
A proxy that only passes requests on shows what the machine itself takes for that.
GIBIBYTES (5) is the size of the upload whose memory is measured."""

import asyncio
import contextlib
import hashlib
import multiprocessing
import os
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import sys
import time

import server
from postgres import free_port
from wire import Wire

CALLS, CONNECTIONS = 20_000, 16
MIB = 1 << 20
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TICK = os.sysconf("SC_CLK_TCK")


class Upstream(asyncio.Protocol):
    """Reads requests to their end, keeps nothing, and answers each with nothing. It has no policies."""

    def connection_made(self, transport):
        self.transport, self.head, self.left, self.answer = transport, b"", 0, b""

    def data_received(self, data):
        while data or self.head:
            if self.left == 0:
                self.head += data
                end = self.head.find(HEAD_END)
                if end < 0:
                    return
                length = LENGTH.search(self.head, 0, end)
                self.left = int(length[1]) if length else 0
                absent = any(word in self.head[:end] for word in (b"?policy", b"?publicAccessBlock", b"?ownershipControls"))
                self.answer = b"HTTP/1.1 %s\r\ncontent-length: 0\r\n\r\n" % (b"501 Not Implemented" if absent else b"200 OK")
                data, self.head = self.head[end + 4 :], b""
            taken = min(self.left, len(data))
            self.left, data = self.left - taken, data[taken:]
            if self.left == 0:
                self.transport.write(self.answer)
            elif not data:
                return


def serve(ready):
    async def run():
        listener = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
        ready.send(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()

    asyncio.run(run())


def receive(connection, buffer=b""):
    """One whole answer; the status line."""
    while HEAD_END not in buffer:
        data = connection.recv(65536)
        assert data, "the connection ended"
        buffer += data
    head, _, body = buffer.partition(HEAD_END)
    length = LENGTH.search(head)
    missing = (int(length[1]) if length else 0) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))
    assert b" 200 " in head.split(b"\r\n")[0], head
    return head


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), 120)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def processor_time(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(process, name):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


def request(wire, method, target, service, body=b"", **options):
    headers = wire.headers(method, target, service, options.pop("headers", ()), body, **options)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def load(port, data, count):
    """Sends a request so often, over all connections."""
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = connect(port)
        selector.register(connection, selectors.EVENT_READ)
        connection.sendall(data)
    sent, received = CONNECTIONS, 0
    while received < count:
        for key, _ in selector.select():
            receive(key.fileobj)
            received += 1
            if sent < count:
                key.fileobj.sendall(data)
                sent += 1


def times(port, data, count=3000):
    """How long each of many calls over one connection takes, in microseconds."""
    connection, taken = connect(port), []
    for _ in range(count):
        begin = time.perf_counter()
        connection.sendall(data)
        receive(connection)
        taken.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(taken)


def small_calls(name, process, port, upstream, data):
    load(port, data, 2000)
    before, begin = processor_time(process), time.perf_counter()
    load(port, data, CALLS)
    cost = (processor_time(process) - before) / CALLS * 1e6
    rate = CALLS / (time.perf_counter() - begin)
    direct, through = times(upstream, data), times(port, data)
    print(f"{name:24} {cost:6.1f} µs of CPU, {rate:7.0f} /s; one connection: {through:6.0f} µs, direct {direct:6.0f} µs")


@contextlib.contextmanager
def bare_proxy(upstream):
    """A proxy that only passes requests on, and its port."""
    port = free_port()
    program = pathlib.Path(os.environ["IAMD"]).parent / "examples" / "bare_proxy"
    process = subprocess.Popen([program, str(port), str(upstream)])
    try:
        while True:
            try:
                connect(port).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)
        yield process, port
    finally:
        process.kill()
        process.wait()


def uploads(name, iamd, wire, payload):
    body = os.urandom(8 * MIB)
    data = request(wire, "PUT", "/app/object", "s3", body, payload=payload or hashlib.sha256(body).hexdigest())
    connection = connect(iamd.port)
    before, begin = processor_time(iamd.process), time.perf_counter()
    for _ in range(50):
        connection.sendall(data)
        receive(connection)
    speed = 50 * len(body) / (time.perf_counter() - begin) / 1e6
    cost = 50 * len(body) / (processor_time(iamd.process) - before) / 1e6
    print(f"{name:24} {speed:6.0f} MB/s, {cost:6.0f} MB a second of CPU")


def large_upload(iamd, wire, size):
    before = memory(iamd.process, "VmRSS")
    pathlib.Path(f"/proc/{iamd.process.pid}/clear_refs").write_text("5")
    headers = wire.headers("PUT", "/app/large", "s3", payload="UNSIGNED-PAYLOAD")
    lines = ["PUT /app/large HTTP/1.1", *(f"{name}: {value}" for name, value in headers), f"content-length: {size}", "", ""]
    connection, block = connect(iamd.port), bytes(MIB)
    connection.sendall("\r\n".join(lines).encode())
    for _ in range(size // MIB):
        connection.sendall(block)
    receive(connection)
    print(f"upload of {size >> 30} GiB: at most {(memory(iamd.process, 'VmHWM') - before) / 1024:.1f} MiB more than before")


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    ready, child = multiprocessing.Pipe()
    upstream = multiprocessing.Process(target=serve, args=[child], daemon=True)
    upstream.start()
    port = ready.recv()
    settings = pathlib.Path("target/gateway-bench.toml")
    settings.parent.mkdir(exist_ok=True)
    settings.write_text('[gateway.upstreams.default]\nkind = "plain"\n')
    print("idle, without an upstream: ", end="")
    with server.Server() as plain:
        print(f"{memory(plain.process, 'VmRSS') / 1024:.1f} MiB")
    with server.Server("--config", str(settings), "--upstream", f"http://127.0.0.1:{port}") as iamd:
        wire = Wire(iamd.port, "test", "test")
        json_10 = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "DynamoDB_20120810.GetItem")]
        item = b'{"TableName":"orders","Key":{"id":{"S":"1"}}}'
        get_item = request(wire, "POST", "/", "dynamodb", item, headers=json_10)
        with bare_proxy(port) as (process, front):
            small_calls("GetItem, bare proxy", process, front, port, get_item)
        small_calls("GetItem (DynamoDB)", iamd.process, iamd.port, port, get_item)
        small_calls("GetObject (S3)", iamd.process, iamd.port, port, request(wire, "GET", "/app/object", "s3"))
        uploads("8 MiB, hash signed", iamd, wire, None)
        uploads("8 MiB, unsigned", iamd, wire, "UNSIGNED-PAYLOAD")
        large_upload(iamd, wire, size << 30)


main()
