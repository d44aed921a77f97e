"""`GET /_iamd/metrics`, read as Prometheus reads it."""

import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server

# Metrics are of one process.
pytestmark = pytest.mark.usefixtures("one_server")

DASHBOARD = pathlib.Path(__file__).parents[3] / "examples" / "grafana" / "dashboard.json"
ACCOUNT = "111111111111"
SAMPLE = re.compile(r'(?P<name>[a-z_]+)(?:\{(?P<labels>(?:[a-z_]+="[^"\\]*",?)*)\})? (?P<value>[0-9.e+-]+|\+Inf)')


def text(server, **headers):
    request = urllib.request.Request(f"{server.endpoint}/_iamd/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return answer.read().decode()


def samples(server):
    """The value of each series. Every line must be a sample or describe the metric that follows."""
    found = {}
    for line in text(server).splitlines():
        if line.startswith(("# HELP iamd_", "# TYPE iamd_")):
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        labels = dict(re.findall(r'([a-z_]+)="([^"]*)"', match["labels"] or ""))
        series = (match["name"], *sorted(labels.items()))
        assert series not in found, line
        found[series] = float(match["value"])
    return found


def value(found, name, **labels):
    return found.get((name, *sorted(labels.items())), 0)


@pytest.fixture(scope="module")
def server():
    with Server(alone=True) as running:
        yield running


def test_calls_are_counted_by_what_came_of_them(server):
    root = Boto3(server.endpoint, ACCOUNT)
    root.iam.create_user(UserName="bob")
    user = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
    before = samples(server)
    with pytest.raises(ClientError, match="AccessDenied"):
        user.iam.list_users()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        root.iam.get_user(UserName="alice")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        Boto3(server.endpoint, ACCOUNT, "wrong").iam.list_users()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        Boto3(server.endpoint, "AKIAAAAAAAAAAAAAAAAA", "wrong").iam.list_users()
    root.sts.get_session_token()
    root.iam.create_group(GroupName="staff")
    after = samples(server)
    grown = lambda name, **labels: value(after, name, **labels) - value(before, name, **labels)
    requests = lambda operation, outcome, service="iam": grown(
        "iamd_requests_total", service=service, operation=operation, outcome=outcome
    )
    assert requests("ListUsers", "denied") == 1
    assert requests("ListUsers", "unauthenticated") == 2
    assert requests("GetUser", "refused") == 1
    assert requests("GetSessionToken", "ok", "sts") == 1
    assert requests("CreateGroup", "ok") == 1
    assert grown("iamd_request_duration_seconds_count", service="iam") == 5
    assert grown("iamd_authentication_failures_total", reason="signature") == 1
    assert grown("iamd_authentication_failures_total", reason="key_id") == 1
    assert grown("iamd_decisions_total", decision="denied", layer="identity") == 1
    assert grown("iamd_decisions_total", decision="allowed", layer="none") >= 2
    assert grown("iamd_sessions_issued_total") == 1
    assert grown("iamd_commits_total", outcome="ok") == 1
    assert grown("iamd_commit_writes_count") == grown("iamd_commit_writes_sum") == 1
    assert value(after, "iamd_accounts_in_memory") >= 1


def test_unknown_operations_are_one_series(server):
    before = samples(server)
    for name in ("NoSuchOperation", "AnotherOne", "x" * 100):
        body = f"Action={name}&Version=2010-05-08".encode()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(urllib.request.Request(server.endpoint, body), timeout=30)
    after = samples(server)
    new = {series for series in after if after[series] != before.get(series, 0) and series[0] == "iamd_requests_total"}
    assert {dict(series[1:])["operation"] for series in new} == {"unknown"}
    assert sum(after[series] - before.get(series, 0) for series in new) == 3


def test_nothing_in_it_names_anybody(server):
    secret = Boto3(server.endpoint, ACCOUNT).iam.list_users()["Users"][0]["UserId"]
    shown = text(server)
    for word in (ACCOUNT, "bob", secret, "arn:", "127.0.0.1"):
        assert word not in shown


def test_the_admin_token_is_asked_for():
    with Server("--admin-token", "t") as server:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            text(server)
        assert "iamd_build_info" in text(server, Authorization="Bearer t")


def test_the_dashboard_asks_for_metrics_that_there_are(server):
    known = {re.sub(r"_(bucket|sum|count)$", "", series[0]) for series in samples(server)}
    described = set(re.findall(r"^# TYPE (\w+)", text(server), re.MULTILINE))
    page = (DASHBOARD.parents[2] / "docs" / "metrics.md").read_text()
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {name for panel in panels for target in panel["targets"] for name in re.findall(r"iamd_\w+", target["expr"])}
    asked = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    documented = set(re.findall(r"^\| `(iamd_\w+)`", page, re.MULTILINE))
    assert known <= described <= documented
    assert asked <= documented


def test_calls_behind_the_gateway_and_its_upstreams():
    with Server("--upstream", "http://127.0.0.1:1") as server:
        with pytest.raises(ClientError, match="503|ServiceUnavailable"):
            Boto3(server.endpoint, ACCOUNT, may_fail=True).client("sqs").list_queues()
        found = samples(server)
    assert value(found, "iamd_gateway_requests_total", service="sqs", outcome="failed") == 1
    assert value(found, "iamd_gateway_upstream_errors_total", kind="unreachable") == 1
    assert value(found, "iamd_gateway_request_duration_seconds_count") == 1
