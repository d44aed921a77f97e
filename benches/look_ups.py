"""How long look-ups in the audit trail take, while events are written and afterwards.

    IAMD=target/release/iamd python3 benches/look_ups.py [EVENTS] [URL]

URL is that of an empty PostgreSQL database; without one, the events are in a file of SQLite.

Needs boto3 (for its signatures). Calls of a thousand users are signed once and sent again and again, so that the client is
not what is measured."""

import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

BINARY = os.environ.get("IAMD", "target/release/iamd")
ACCOUNT = "111111111111"
USERS = 1000
FORM = "application/x-www-form-urlencoded"
JSON = "application/x-amz-json-1.1"
TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"


def signed(port, service, body, **headers):
    """The bytes of a request of the root user."""
    url = f"http://127.0.0.1:{port}/"
    request = botocore.awsrequest.AWSRequest("POST", url, headers, body)
    credentials = botocore.credentials.Credentials(ACCOUNT, "test")
    botocore.auth.SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    headers = {**dict(request.headers), "Host": f"127.0.0.1:{port}", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{head}\r\n{body}".encode()


def call(port, operation, **parameters):
    pairs = "".join(f"&{name}={value}" for name, value in parameters.items())
    return signed(port, "iam", f"Action={operation}&Version=2010-05-08{pairs}", **{"Content-Type": FORM})


def look_up(port, **parameters):
    body = json.dumps(parameters)
    return signed(port, "cloudtrail", body, **{"Content-Type": JSON, "X-Amz-Target": TARGET})


class Connection:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.connect()

    def send(self, request):
        """Sends a request and returns the body of its answer."""
        self.connection.sock.sendall(request)
        answer = http.client.HTTPResponse(self.connection.sock)
        answer.begin()
        body = answer.read()
        assert answer.status in (200, 404, 409), body
        return body


def write(port, requests, count):
    """Sends requests, with a few on their way at a time."""
    connection = Connection(port)
    window, sock = 16, connection.connection.sock
    for start in range(0, count, window):
        batch = [requests[(start + place) % len(requests)] for place in range(min(window, count - start))]
        sock.sendall(b"".join(batch))
        reader = sock.makefile("rb")
        for _ in batch:
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            reader.read(length)
        reader.detach()


LOOK_UPS = {
    "all events": None,
    "EventName, most events": ("EventName", "GetUser"),
    "EventName, one event in 1000": ("EventName", "ListGroups"),
    "EventName, 20 events at the beginning": ("EventName", "CreateGroup"),
    "EventName, none": ("EventName", "DeleteRole"),
    "ResourceName, one event in 1000": ("ResourceName", "user-500"),
    "ResourceType": ("ResourceType", "AWS::IAM::User"),
    "ReadOnly": ("ReadOnly", "true"),
    "ReadOnly, 20 events at the beginning": ("ReadOnly", "false"),
    "Username": ("Username", "root"),
    "AccessKeyId": ("AccessKeyId", ACCOUNT),
    "EventSource": ("EventSource", "iam.amazonaws.com"),
}


def of(key, value):
    return {"AttributeKey": key, "AttributeValue": value}


def measure(port, when):
    connection = Connection(port)
    print(f"\n{when}")
    for name, attribute in LOOK_UPS.items():
        given = {} if attribute is None else {"LookupAttributes": [of(*attribute)]}
        taken = []
        for _ in range(15):
            request = look_up(port, **given)
            begin = time.perf_counter()
            answer = connection.send(request)
            taken.append((time.perf_counter() - begin) * 1000)
        events = json.loads(answer)["Events"]
        print(f"  {name:42} {statistics.median(taken):8.1f} ms, at most {max(taken):8.1f} ms, {len(events):3} events")
    latest = json.loads(connection.send(look_up(port)))["Events"]
    first = json.loads(connection.send(look_up(port, LookupAttributes=[of("EventName", "CreateGroup")])))["Events"]
    now = time.time()
    for name, given in {
        "EventId, of the newest": {"LookupAttributes": [of("EventId", latest[-1]["EventId"])]},
        "EventId, of the oldest": {"LookupAttributes": [of("EventId", first[-1]["EventId"])]},
        "EventName, none in the last second": {"LookupAttributes": [of("EventName", "CreateGroup")], "StartTime": int(now) - 1},
        "all events, none before the first": {"EndTime": int(first[-1]["EventTime"]) - 60},
    }.items():
        begin = time.perf_counter()
        connection.send(look_up(port, **given))
        print(f"  {name:42} {(time.perf_counter() - begin) * 1000:8.1f} ms")


def main():
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        database = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:{folder}/iamd.db"
        flags = ["--listen", "127.0.0.1:0", "--database", database, "--log-level", "error"]
        flags += ["--audit-size", str(4 << 30)]
        process = subprocess.Popen([BINARY, *flags], stdout=subprocess.PIPE, text=True)
        try:
            port = int(process.stdout.readline().split()[-1].rsplit(":", 1)[1])
            setup = Connection(port)
            for number in range(20):
                setup.send(call(port, "CreateGroup", GroupName=f"group-{number}"))
            requests = [call(port, "GetUser", UserName=f"user-{number}") for number in range(USERS - 1)]
            requests.append(call(port, "ListGroups"))
            begin = time.perf_counter()
            writers = [threading.Thread(target=write, args=(port, requests, events // 2)) for _ in range(2)]
            for writer in writers:
                writer.start()
            time.sleep(3)
            measure(port, "while events are written")
            for writer in writers:
                writer.join()
            print(f"\n{events} events in {time.perf_counter() - begin:.1f} s")
            time.sleep(2)
            measure(port, "afterwards")
            if size := sum(path.stat().st_size for path in pathlib.Path(folder).glob("*audit*")):
                print(f"\n{size >> 20} MiB on disk")
        finally:
            process.terminate()
            process.wait()


main()
