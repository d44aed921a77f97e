"""Bodies on their way through the gateway: in flat memory, at the pace of the slower side, and whole or not at all."""

import http.client
import socket
import threading
import time

import pytest
from server import Server
from upstreams import Scripted, free_port
from wire import Wire

# How bodies flow is between one process and its clients: nginx has buffers and endings of its own.
pytestmark = pytest.mark.usefixtures("one_server")

# The bytes of a large body, and the most memory that the server may take for one.
LARGE = 300_000_000
MAX_GROWTH_KIB = 16 * 1024

OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Nothing is asked of the upstream to find out what it is."""
    path = tmp_path_factory.mktemp("gateway") / "iamd.toml"
    path.write_text('[gateway.upstreams.default]\nkind = "plain"\n')
    return str(path)


def gateway(upstream, settings):
    return Server("--config", settings, "--upstream", upstream.url)


def no_policy(request):
    """What an S3 server without policies says to questions of the gateway's own; none to other requests."""
    if b"?policy" in request.line or b"?publicAccessBlock" in request.line or b"?ownershipControls" in request.line:
        return b"HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    return None


def blocks(length, size=1 << 20):
    block = b"x" * size
    while length > 0:
        yield block[:length]
        length -= size


def upload(server, length, payload="UNSIGNED-PAYLOAD", headers=()):
    """A connection on which the head of an upload was sent."""
    wire = Wire(server.port, "test", "test")
    signed = wire.headers("PUT", "/app/k", "s3", payload=payload)
    lines = [f"{name}: {value}" for name, value in [*signed, ("content-length", str(length)), *headers]]
    connection = socket.create_connection(("127.0.0.1", server.port), 60)
    connection.sendall("\r\n".join(["PUT /app/k HTTP/1.1", *lines, "", ""]).encode())
    return connection


def answer(connection):
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response


class Memory:
    """The most memory that a server held while this was watching, beyond what it held before."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.before = self.most = self.server.resident_kib()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.done.wait(0.02):
            self.most = max(self.most, self.server.resident_kib())

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    @property
    def growth(self):
        return self.most - self.before


def test_large_bodies_pass_in_flat_memory(settings):
    def serve(request):
        if (answer := no_policy(request)) is None:
            answer = OK
            if request.line.startswith(b"GET"):
                request.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % LARGE)
                for block in blocks(LARGE):
                    request.send(block)
                return
            received.append(sum(len(data) for data in request.body()))
        request.send(answer)

    received = []
    with Scripted(serve) as upstream, gateway(upstream, settings) as server:
        assert Wire(server.port, "test", "test").call("PUT", "/app/k", "s3", body="warm")[0] == 200
        with Memory(server) as memory, upload(server, LARGE) as connection:
            for block in blocks(LARGE):
                connection.sendall(block)
            assert answer(connection).status == 200
        assert received == [4, LARGE] and memory.growth < MAX_GROWTH_KIB
        wire = Wire(server.port, "test", "test")
        with Memory(server) as memory:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", "/app/k", headers=dict(wire.headers("GET", "/app/k", "s3")))
            response, length = connection.getresponse(), 0
            while data := response.read(1 << 20):
                length += len(data)
        assert length == LARGE and memory.growth < MAX_GROWTH_KIB


def test_an_upload_waits_for_a_slow_upstream(settings):
    go = threading.Event()

    def serve(request):
        answer = no_policy(request)
        if answer is None:
            go.wait(30)
            received.append(sum(len(data) for data in request.body()))
        request.send(answer or OK)

    received, sent = [], []
    with Scripted(serve) as upstream, gateway(upstream, settings) as server:

        def send(connection):
            for block in blocks(LARGE):
                connection.sendall(block)
                sent.append(len(block))

        with Memory(server) as memory, upload(server, LARGE) as connection:
            thread = threading.Thread(target=send, args=[connection])
            thread.start()
            # Until nothing more fits into the buffers of the connections.
            before = -1
            while before != len(sent):
                before = len(sent)
                time.sleep(0.5)
            assert sum(sent) < LARGE
            go.set()
            thread.join()
            response = answer(connection)
            assert response.status == 200, response.read()
        assert received == [LARGE] and memory.growth < MAX_GROWTH_KIB


def test_a_refused_upload_sends_no_body(settings):
    def serve(request):
        answer = no_policy(request)
        for _ in request.body():
            pass
        request.send(answer or OK)

    with Scripted(serve) as upstream, gateway(upstream, settings) as server:
        expect = [("expect", "100-continue")]
        with upload(server, LARGE, headers=expect) as connection:
            assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n", "it is allowed"
        wire = Wire(server.port, "test", "wrong")
        signed = wire.headers("PUT", "/app/k", "s3", payload="UNSIGNED-PAYLOAD")
        status, text = wire.send("PUT", "/app/k", [*signed, ("content-length", str(LARGE)), *expect])
        assert status == 403 and "SignatureDoesNotMatch" in text


@pytest.mark.parametrize("how", ["no answer", "half an answer", "no HTTP"])
def test_an_upstream_that_breaks_off(settings, how):
    def serve(request):
        if answer := no_policy(request):
            request.send(answer)
        elif how == "half an answer":
            request.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
            request.close()
        elif how == "no HTTP":
            request.send(b"SSH-2.0-OpenSSH_9.2\r\n")
            request.close()
        else:
            request.close()

    with Scripted(serve) as upstream, gateway(upstream, settings) as server:
        wire = Wire(server.port, "test", "test")
        if how == "half an answer":
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                wire.call("GET", "/app/k", "s3")
        else:
            status, text = wire.call("GET", "/app/k", "s3")
            assert status == 503 and "<Code>ServiceUnavailable</Code>" in text
            assert f"127.0.0.1:{upstream.port}" in text and "--upstream" in text
        with upload(server, 100_000_000) as connection:
            try:
                for block in blocks(100_000_000):
                    connection.sendall(block)
            except OSError:
                pass
            if how != "half an answer":
                assert answer(connection).status == 503


@pytest.mark.parametrize(
    "method, target, service, headers, body, form",
    [
        ("GET", "/app/k", "s3", [], "", "<Code>ServiceUnavailable</Code>"),
        ("POST", "/", "sns", [], "Action=ListTopics&Version=2010-03-31", "<Code>ServiceUnavailable</Code>"),
        ("GET", "/2015-03-31/functions/", "lambda", [], "", '{"message":"the upstream '),
        ("POST", "/", "kms", [("x-amz-target", "TrentService.ListKeys")], "{}", "#ServiceUnavailableException"),
    ],
)
def test_an_upstream_that_is_down(method, target, service, headers, body, form):
    port = free_port()
    kind = "application/x-amz-json-1.1" if headers else "application/x-www-form-urlencoded"
    with Server("--upstream", f"{service}=http://127.0.0.1:{port}") as server:
        wire = Wire(server.port, "test", "test")
        status, text = wire.call(method, target, service, headers, body, [("content-type", kind)] if body else [])
        assert status == 503 and form in text, text
        assert f"127.0.0.1:{port}" in text and f"--upstream {service}=URL" in text
