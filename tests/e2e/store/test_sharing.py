"""What servers on one database know of each other's calls: events, denials, attempts, the clock."""

import datetime
import gzip
import http.client
import itertools
import json
import os
import re
import signal
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError
from browser import Browser
from clients import Boto3
from cluster import Cluster, call, listed
from everything import ALL
from postgres import is_available, wait_until

pytestmark = pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")

PASSWORD = "Correct-Horse-1"


@pytest.fixture(scope="module")
def three():
    with Cluster(3) as cluster:
        yield cluster


def cloudtrail(server, account):
    return Boto3(server.endpoint, account).session.client("cloudtrail", endpoint_url=server.endpoint)


def looked_up(server, account):
    """The names of the account's events, the newest first."""
    trail = cloudtrail(server, account)
    return [event["EventName"] for event in trail.lookup_events(MaxResults=50)["Events"]]


def test_an_event_is_found_on_all_servers_at_once(three, account):
    for number in range(12):
        writer, reader = three.servers[number % 3], three.servers[(number + 1) % 3]
        call(writer, account, "CreateUser", UserName=f"user-{number}")
        assert looked_up(reader, account).count("CreateUser") == number + 1


def test_look_ups_have_the_events_of_all_servers_in_one_order(three, account):
    """Blocks of the servers overlap, and some are read for a page that ends among them."""
    names = [f"user-{number:03}" for number in range(120)]
    for number, name in enumerate(names):
        call(three.servers[number % 3], account, "CreateUser", UserName=name)
        if number % 7 == 0:
            looked_up(three.servers[number % 2], account)
    trail = Boto3(three.servers[1].endpoint, account).session.client("cloudtrail", endpoint_url=three.servers[1].endpoint)

    def found(key, value, **more):
        pages = trail.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], PaginationConfig={"PageSize": 9}, **more
        )
        return [event for page in pages for event in page["Events"]]

    events = found("EventName", "CreateUser")
    assert [json.loads(event["CloudTrailEvent"])["requestParameters"]["userName"] for event in events] == names[::-1]
    for event in events[::17]:
        [same] = found("EventId", event["EventId"])
        assert same["EventId"] == event["EventId"]
        [same] = found("ResourceName", json.loads(event["CloudTrailEvent"])["requestParameters"]["userName"])
        assert same["EventId"] == event["EventId"]
    hour = datetime.timedelta(hours=1)
    latest = events[0]["EventTime"]
    assert found("EventName", "CreateUser", StartTime=latest + hour, EndTime=latest + 2 * hour) == []
    assert found("EventName", "CreateUser", EndTime=latest - hour) == []
    three.servers[0].own("clock", "POST", json.dumps({"advance": 7200}).encode())
    try:
        call(three.servers[2], account, "CreateUser", UserName="late")
        assert len(found("EventName", "CreateUser", StartTime=latest + hour, EndTime=latest + 3 * hour)) == 1
        assert len(found("EventName", "CreateUser", EndTime=latest + hour)) == len(names)
    finally:
        three.servers[0].own("clock", "POST", b'{"reset": true}')
    assert len(found("EventName", "CreateUser", StartTime=latest - hour, EndTime=latest + hour)) == len(names)


def test_a_stream_has_the_events_of_all_servers_in_one_order(three, account):
    connection = http.client.HTTPConnection("127.0.0.1", three.servers[2].port, timeout=30)
    connection.request("GET", f"/_iamd/events?account={account}")
    stream = connection.getresponse()
    names = [f"user-{number:02}" for number in range(40)]
    for name, server in zip(names, itertools.cycle(three.servers)):
        call(server, account, "CreateUser", UserName=name)
    found, ids = [], []
    while len(found) < len(names):
        line = stream.readline().decode()
        if line.startswith("id: "):
            ids.append(int(line[4:]))
        if line.startswith("data: "):
            found.append(json.loads(line[6:])["record"]["requestParameters"]["userName"])
    assert found == names and ids == sorted(set(ids))
    connection.close()


def test_a_denial_is_explained_on_all_servers(three, account):
    root = Boto3(three.servers[0].endpoint, account)
    root.iam.create_user(UserName="bob")
    key = root.iam.create_access_key(UserName="bob")["AccessKey"]
    for number, server in enumerate(three.servers * 2):
        with pytest.raises(ClientError) as denied:
            Boto3(server.endpoint, account).using(key).iam.list_users()
        identifier = re.search("authorization id: ([0-9a-z]+)$", denied.value.response["Error"]["Message"])[1]
        other = three.servers[(number + 1) % 3]
        status, details = other.own(f"authorization-details/{identifier}", Accept="application/json")
        assert (status, details["id"]) == (200, identifier)
        status, details = other.own("authorization-details", Accept="application/json")
        assert (status, details["id"]) == (200, identifier), "it is the last one"


def test_what_one_server_made_is_there_for_the_others(three, account):
    """A call that is refused was not refused for what the server had not heard of yet."""
    for number in range(20):
        writer, reader = three.servers[number % 3], three.servers[(number + 1) % 3]
        call(writer, account, "CreateUser", UserName=f"user-{number}")
        call(reader, account, "GetUser", UserName=f"user-{number}")
        key = Boto3(reader.endpoint, account).iam.create_access_key(UserName=f"user-{number}")["AccessKey"]
        caller = Boto3(writer.endpoint, account).using(key)
        assert caller.sts.get_caller_identity()["Arn"].endswith(f"user/user-{number}")
    assert len(listed(three.servers[0], account, "ListUsers", "UserName")) >= 18


def test_failed_sign_ins_are_counted_together(three, account):
    root = Boto3(three.servers[0].endpoint, account)
    root.iam.create_user(UserName="alice")
    root.iam.create_login_profile(UserName="alice", Password=PASSWORD)
    for server in (three.servers * 2)[:5]:
        assert "incorrect" in Browser(server).sign_in(account, "wrong", user="alice").text
    for server in three.servers:
        assert "Too many attempts" in Browser(server).sign_in(account, PASSWORD, user="alice").text


def test_a_sign_in_to_the_console_is_one_on_all_servers(three, account):
    root = Boto3(three.servers[0].endpoint, account)
    root.iam.create_user(UserName="alice")
    root.iam.create_login_profile(UserName="alice", Password=PASSWORD)
    browsers = [Browser(server) for server in three.servers]
    assert "alice" in browsers[0].sign_in(account, PASSWORD, user="alice").text
    for browser in browsers[1:]:
        browser.cookies = dict(browsers[0].cookies)
        assert "alice" in browser.open("/console/").text
    browsers[1].send(browsers[1].open("/console/"), "/console/signout")
    for browser in browsers:
        browser.cookies = dict(browsers[0].cookies)
    assert "signin" in browsers[1].open("/console/").place


def detected(server, account, kind):
    return [found["id"] for found in server.own(f"detections?account={account}")[1]["detections"] if found["type"] == kind]


def test_detections_of_all_servers_are_one_list(three, account):
    root = Boto3(three.servers[0].endpoint, account)
    root.iam.create_user(UserName="bob")
    key = root.iam.create_access_key(UserName="bob")["AccessKey"]
    assert wait_until(lambda: all(len(detected(server, account, "root-use")) == 1 for server in three.servers))
    for server in three.servers:
        Boto3(server.endpoint, account).iam.list_users()
    assert len({id for server in three.servers for id in detected(server, account, "root-use")}) == 1, "it is reported once"

    # Each attempt comes to another server. What they count together is worth a look.
    attempts = (
        ("put_user_policy", {"PolicyName": "p", "PolicyDocument": ALL}),
        ("create_access_key", {}),
        ("attach_user_policy", {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    )
    for number in range(30):
        server, (action, parameters) = three.servers[number % 3], attempts[number % 3]
        with pytest.raises(ClientError):
            getattr(Boto3(server.endpoint, account).using(key).iam, action)(UserName="bob", **parameters)
        if detected(server, account, "escalation-attempt"):
            break
    assert number >= 2
    assert wait_until(lambda: all(len(detected(server, account, "escalation-attempt")) == 1 for server in three.servers))


def made(folder):
    """The names of users whose creation was delivered."""
    files = [json.loads(gzip.decompress(path.read_bytes()))["Records"] for path in folder.rglob("*.json.gz")]
    records = [record for file in files for record in file if record["eventName"] == "CreateUser"]
    return [record["requestParameters"]["userName"] for record in records]


def test_servers_deliver_each_event_to_a_trail_once(account, tmp_path):
    folder = tmp_path / "logs"
    with Cluster(3, "--trail-folder", str(folder)) as cluster:
        trails = [cloudtrail(server, account) for server in cluster.servers]
        trails[0].create_trail(Name="all", S3BucketName="logs")
        # So that only the first server has something to deliver.
        trails[0].put_event_selectors(TrailName="all", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
        trails[0].start_logging(Name="all")
        assert wait_until(lambda: all(trail.get_trail_status(Name="all")["IsLogging"] for trail in trails))
        call(cluster.servers[0], account, "CreateUser", UserName="first")
        # It delivers within some seconds, and all servers know.
        assert wait_until(lambda: all("LatestDeliveryTime" in trail.get_trail_status(Name="all") for trail in trails))
        assert made(folder) == ["first"]
        for number in range(30):
            call(cluster.servers[number % 3], account, "CreateUser", UserName=f"user-{number}")
        for server in cluster.servers:
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
    assert sorted(made(folder)) == sorted(["first", *(f"user-{number}" for number in range(30))])


def test_the_clock_is_that_of_all_when_the_answer_comes(three):
    for number in range(6):
        server, other = three.servers[number % 3], three.servers[(number + 1) % 3]
        server.own("clock", "POST", json.dumps({"advance": 3600}).encode())
        assert abs(other.own("clock")[1]["ahead"] - 3600) <= 1
        server.own("clock", "POST", b'{"reset": true}')
        assert other.own("clock")[1]["ahead"] == 0


def test_a_server_loads_no_account_that_only_others_are_asked_for(account):
    def in_memory(server):
        with urllib.request.urlopen(f"{server.endpoint}/_iamd/metrics", timeout=30) as answer:
            return int(re.search(r"^iamd_accounts_in_memory (\d+)$", answer.read().decode(), re.MULTILINE)[1])

    with Cluster(2) as cluster:
        here, there = cluster.servers
        call(there, account, "CreateUser", UserName="bob")
        before = in_memory(there)
        for number in range(5):
            call(here, f"{420_000_000_001 + number}", "CreateUser", UserName="bob")
            call(there, account, "ListUsers")
        # Every second, servers look for what they have not heard of.
        time.sleep(1.5)
        call(there, account, "ListUsers")
        assert in_memory(there) == before


def test_a_server_that_does_not_answer_is_not_waited_for(account):
    with Cluster(2) as cluster:
        silent, server = cluster.servers
        call(server, account, "CreateUser", UserName="bob")
        os.kill(silent.process.pid, signal.SIGSTOP)
        try:
            assert "CreateUser" in looked_up(server, account)
        finally:
            os.kill(silent.process.pid, signal.SIGCONT)
        call(silent, account, "CreateUser", UserName="eve")
        assert looked_up(server, account).count("CreateUser") == 2
