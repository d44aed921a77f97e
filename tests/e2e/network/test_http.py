"""The network's edge: whatever arrives, the answer is a 4xx or a closed connection, and the server goes on."""

import contextlib
import json
import resource
import signal
import socket
import time
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from server import Server, received

# What the server makes of connections shows where no load balancer is before it.
pytestmark = pytest.mark.usefixtures("one_server")


@pytest.fixture(scope="module")
def server():
    with Server(alone=True) as running:
        yield running


def request(body=b"", method="POST", path="/", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def status(answer):
    return int(answer.split(b" ", 2)[1])


FORM = "Content-Type: application/x-www-form-urlencoded"
GET_IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"

MALFORMED = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
    "NUL": b"POST / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 2_000_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(5000)) + b"\r\n",
    "long path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "no UTF-8 in the form": request(b"Action=\xff\xfe&Version=%FF%FE", headers=[FORM]),
    "odd escapes": request(b"Action=%&Version=%z&%=%2", headers=[FORM]),
    "no form": request(b"\0\1\2\3" * 100, headers=["Content-Type: application/octet-stream"]),
    "deep names": request(b"Action=CreateUser&Version=2010-05-08&" + b".".join([b"a"] * 5000) + b"=1", headers=[FORM]),
    "half a signature": request(GET_IDENTITY, headers=[FORM, "Authorization: AWS4-HMAC-SHA256 Credential="]),
    "odd signature": request(GET_IDENTITY, headers=[FORM, "Authorization: AWS4-HMAC-SHA256 \xe9=\xe9,,,=/"]),
    "odd query": request(method="GET", path="/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=////&X-Amz-Date=%00"),
    "short body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nAction=",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_bytes_are_refused(server, data):
    answer = server.raw(data)
    assert not answer or 400 <= status(answer) < 500, answer[:300]
    assert server.own("health")[0] == 200


def test_other_methods_and_paths_are_refused(server):
    for method, path in [("PUT", "/"), ("DELETE", "/x"), ("OPTIONS", "*"), ("GET", "/favicon.ico"), ("GET", "/../etc")]:
        assert 400 <= status(server.raw(request(method=method, path=path))) < 500, (method, path)


def test_a_body_that_is_too_large_is_refused():
    with Server("--max-body-size", "1000") as server:
        answer = server.raw(request(b"x" * 100_000, headers=[FORM]))
        assert not answer or status(answer) == 413


@pytest.mark.parametrize("sent", [b"POST / HT", request(b"x" * 100)[:-50]], ids=["headers", "body"])
def test_a_slow_client_is_let_go(sent):
    with Server("--request-timeout", "1") as server, server.connect(timeout=10) as connection:
        connection.sendall(sent)
        start = time.monotonic()
        answer = connection.recv(65536)
        assert time.monotonic() - start < 5
        assert not answer or status(answer) == 408


def test_ten_thousand_idle_connections_do_not_hurt(root):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    number = min(10_000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number + 200), hard))
    with Server() as server:
        before = server.resident_kib()
        idle = [server.connect() for _ in range(number)]
        try:
            start = time.monotonic()
            for _ in range(20):
                assert server.own("health")[0] == 200
            assert time.monotonic() - start < 5
            assert (server.resident_kib() - before) / number < 32, "KiB for a connection"
        finally:
            for connection in idle:
                connection.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def signed(server, account, parameters, service="sts", method="POST", accept=None, presigned=False):
    """Sends a request that botocore signs; the status, the headers and the body."""
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    url = server.endpoint + "/" + (f"?{query}" if method == "GET" else "")
    headers = {"Accept": accept} if accept else {}
    if method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    unsigned = botocore.awsrequest.AWSRequest(method, url, headers, query if method == "POST" else None)
    credentials = botocore.credentials.Credentials(account, "test")
    auth = botocore.auth.SigV4QueryAuth if presigned else botocore.auth.SigV4Auth
    auth(credentials, service, "us-east-1").add_auth(unsigned)
    prepared = unsigned.prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    sent = urllib.request.Request(prepared.url, body, dict(prepared.headers), method=method)
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


IDENTITY = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
CREATE = {"Action": "CreateUser", "Version": "2010-05-08", "UserName": "bob"}
GET_NONE = {"Action": "GetUser", "Version": "2010-05-08", "UserName": "none"}


def test_get_requests_work_as_post_does(server, account):
    assert signed(server, account, CREATE, "iam", "GET")[0] == 200
    status, _, body = signed(server, account, {**CREATE, "Action": "GetUser"}, "iam", "POST")
    assert (status, f"arn:aws:iam::{account}:user/bob" in body) == (200, True)


def test_a_presigned_query_works(server, account):
    status, _, body = signed(server, account, IDENTITY, method="GET", presigned=True)
    assert (status, f"arn:aws:iam::{account}:root" in body) == (200, True)


def test_answers_are_as_aws_writes_them(server, account):
    status, headers, body = signed(server, account, GET_NONE, "iam")
    assert status == 404
    assert headers["Content-Type"] == "text/xml"
    assert body == (
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">\n  <Error>\n    <Type>Sender</Type>\n'
        "    <Code>NoSuchEntity</Code>\n    <Message>The user with name none cannot be found.</Message>\n"
        f"  </Error>\n  <RequestId>{headers['x-amzn-RequestId']}</RequestId>\n</ErrorResponse>\n"
    )


def test_json_answers(server, account):
    _, headers, body = signed(server, account, CREATE, "iam", accept="application/json")
    assert headers["Content-Type"] == "application/json"
    answer = json.loads(body)["CreateUserResponse"]
    assert answer["ResponseMetadata"]["RequestId"] == headers["x-amzn-RequestId"]
    user = answer["CreateUserResult"]["User"]
    assert user["UserName"] == "bob"
    assert abs(user["CreateDate"] - time.time()) < 60
    status, _, body = signed(server, account, GET_NONE, "iam", accept="application/json")
    error = {"Code": "NoSuchEntity", "Message": "The user with name none cannot be found.", "Type": "Sender"}
    assert (status, json.loads(body)["Error"]) == (404, error)


def test_an_unsigned_request_is_refused(server):
    answer = server.raw(request(GET_IDENTITY, headers=[FORM]))
    assert status(answer) == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in answer


def test_an_unknown_action_is_told_in_awss_words(server, account):
    code, _, body = signed(server, account, {"Action": "Nonesuch", "Version": "2010-05-08"}, "iam")
    assert code == 400
    assert "<Code>InvalidAction</Code>" in body
    assert "Could not find operation Nonesuch for version 2010-05-08" in body
    assert 'xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"' in body


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_other_origins_are_refused_whoever_signed(server, account, headers):
    """Everybody knows the development credentials, so a page could sign by itself."""
    url = presigned(server, account)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    host = f"127.0.0.1:{server.port}"
    answer = server.raw(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n{lines}Connection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403") and b"pages of other origins" in answer
    plain = presigned(server, account)
    answer = server.raw(f"GET {plain} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200")


def presigned(server, account, host=None):
    """The path of a signed request that says who is calling."""
    url = f"http://{host or f'127.0.0.1:{server.port}'}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = botocore.awsrequest.AWSRequest("GET", url)
    credentials = botocore.credentials.Credentials(account, "test")
    botocore.auth.SigV4QueryAuth(credentials, "sts", "us-east-1").add_auth(request)
    return "/" + request.url.split("/", 3)[3]


@pytest.fixture(scope="module")
def hasty():
    """A server that waits a second for its clients, and has room for few."""
    with Server("--request-timeout", "1", "--max-connections", "8", alone=True) as running:
        yield running


HALF = b"\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"adv"


@pytest.mark.parametrize("path", ["/", "/federation", "/_iamd/evaluate", "/_iamd/clock", "/latest/api/token"])
def test_half_a_body_ends_every_route(hasty, path):
    with hasty.connect(timeout=20) as connection:
        connection.sendall(b"POST " + path.encode() + b" HTTP/1.1" + HALF)
        answer = received(connection)
    assert status(answer) == 408, answer


def test_a_body_that_trickles_in_ends_too(hasty):
    with hasty.connect(timeout=20) as connection:
        connection.sendall(b"POST /_iamd/clock HTTP/1.1" + HALF)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(60):
                time.sleep(0.1)
                connection.sendall(b" ")
            pytest.fail("the server takes the body a byte at a time")


def test_clients_that_never_read_are_let_go(hasty):
    """They ask for more than the sockets' buffers take, and keep all connections."""
    silent = []
    for _ in range(8):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.5)
        connection.connect(("127.0.0.1", hasty.port))
        with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
            connection.sendall(b"GET /_iamd/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100_000)
        silent.append(connection)
    try:
        assert hasty.own("health")[0] == 200
    finally:
        for connection in silent:
            connection.close()


def test_requests_over_the_budget_are_refused_and_small_ones_are_not():
    """Unfinished bodies hold what there is; a client can try again."""
    with Server("--max-body-size", "100000", "--max-buffered-bytes", "200000") as server:
        large = request(b"x" * 100_000, headers=[FORM])
        held = []
        try:
            refused = []
            for _ in range(6):
                connection = server.connect()
                connection.sendall(large[:-1])
                connection.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    refused.append(connection.recv(65536))
                held.append(connection)
            assert refused and all(status(answer) == 503 for answer in refused)
            assert all(b"<Code>ServiceUnavailable</Code>" in answer for answer in refused)
            assert status(server.raw(request(GET_IDENTITY, headers=[FORM]))) == 403, "it is read, and not signed"
        finally:
            for connection in held:
                connection.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_wait_for_slow_clients(how):
    with Server("--request-timeout", "300") as server, server.connect() as connection:
        connection.sendall(request(b"x" * 100)[:-50])
        server.own("health")
        server.process.send_signal(signal.SIGINT)
        # The listener is closed once the first signal has arrived.
        while True:
            try:
                server.connect().close()
            except (ConnectionRefusedError, ConnectionResetError):
                break
        assert server.stop(how, timeout=8) == 0
        assert "some requests did not end before the second signal" in server.errors


def test_slow_clients_are_waited_for_ten_seconds():
    with Server("--request-timeout", "300") as server, server.connect() as connection:
        connection.sendall(request(b"x" * 100)[:-50])
        server.own("health")
        assert server.stop(timeout=20) == 0
        assert "some requests did not end in time" in server.errors


def test_two_hosts_and_another_host_in_the_line_are_refused(server):
    for head in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n",
    ]:
        assert status(server.raw(f"{head}Connection: close\r\n\r\n".encode())) == 400, head


def test_a_rebound_page_is_refused_on_all_listeners(account):
    with Server(listen="0.0.0.0:0") as server:
        host = f"evil.example:{server.port}"
        page = f"Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n"
        url = presigned(server, account, host)
        answer = server.raw(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n{page}Connection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403") and b"--allowed-hosts" in answer
    with Server("--allowed-hosts", "evil.example", listen="0.0.0.0:0") as server:
        host = f"evil.example:{server.port}"
        url = presigned(server, account, host)
        answer = server.raw(f"GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200")
