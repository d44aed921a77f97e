"""The pages that decide: why a request was denied, the policy editor, the simulator, and decisions as they come."""

import http.client
import json
import re

import pytest
from botocore.exceptions import ClientError
from browser import Browser, events
from clients import Boto3
from server import Server

ACCOUNT, OTHER = "000000000000", "111111111111"
PASSWORD = "Correct-Horse-1"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def clean(server):
    server.own("reset", "POST")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def make_user(server, iam, name, *statements):
    """A user with a password and an access key."""
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password=PASSWORD)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Boto3(server.endpoint, key["AccessKeyId"], key["SecretAccessKey"]).client("iam")


def signed_in(server, user=None, account=ACCOUNT):
    browser = Browser(server)
    page = browser.sign_in(account, PASSWORD if user else "test", user=user)
    assert "Dashboard" in page.text, page.text
    return browser


def denied(call, **arguments):
    """The link of a denial, and its id."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    found = re.search(r"Go to http://127\.0\.0\.1:\d+(/console/#/authorization-details/([0-9a-z]+)) ", str(raised.value))
    assert found, raised.value
    return found[1], found[2]


def test_the_page_of_a_denial(server, iam):
    tagged = allow("iam:CreateUser", Sid="Tagged", Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})
    alice = make_user(server, iam, "alice", tagged, {"Effect": "Deny", "Action": "iam:ListRoles", "Resource": "*", "Sid": "No"})
    link, identifier = denied(alice.create_user, UserName="bob")
    browser = signed_in(server)
    # The fragment stays in the browser, whose script goes on to the page.
    assert link == f"/console/#/authorization-details/{identifier}"
    page = browser.open(f"/console/authorization-details/{identifier}")
    assert page.status == 200 and "Why was iam:CreateUser denied?" in page.text
    for part in ("Identity-based policies", "does not allow", "Near misses", "aws:RequestTag/team", "blue", "(absent)"):
        assert part in page.text, part
    assert "&#34;Action&#34;: &#34;iam:CreateUser&#34;" in page.text, "the smallest statement"
    assert f"policy-editor?kind=user&#38;owner=alice&#38;why={identifier}" in page.text

    _, identifier = denied(alice.list_roles)
    page = browser.open(f"/console/authorization-details/{identifier}")
    assert "The statement that decided" in page.text and "<code>No</code>" in page.text
    assert "No Allow outweighs" in page.text
    listed = browser.open("/console/authorization-details")
    assert f'href="/console/authorization-details/{identifier}"' in listed.text


def test_who_reads_a_denial(server, iam):
    alice = make_user(server, iam, "alice", allow("iam:GetUser", Sid="SecretSid", resource=f"arn:aws:iam::{ACCOUNT}:user/x"))
    _, identifier = denied(alice.get_user, UserName="y")
    place = f"/console/authorization-details/{identifier}"
    assert "IAM user name" in Browser(server).open(place).text
    own = signed_in(server, "alice").open(place)
    assert own.status == 403 and "iam:GetRequestAuthorizationDetails" in own.text and "SecretSid" not in own.text
    # The denial of the page has a page of its own.
    assert re.search(r'<a href="/console/authorization-details/[0-9a-z]+">Why\?</a>', own.text)
    make_user(server, iam, "half", allow("iam:GetRequestAuthorizationDetails"))
    half = signed_in(server, "half").open(place)
    assert half.status == 200 and "does not allow" in half.text
    assert "SecretSid" not in half.text and "iam:GetRequestAuthorizationPolicy" in half.text
    whole = signed_in(server).open(place)
    assert "SecretSid" in whole.text
    stranger = signed_in(server, account=OTHER).open(place)
    assert stranger.status == 404 and "iam:GetUser" not in stranger.text
    for wrong, status in (("UPPER", 400), ("b5m5v5taprqh3yoluoo4dyw0w", 404), ("..%2f..", 400), ("%3Cscript%3E", 400)):
        page = signed_in(server).open(f"/console/authorization-details/{wrong}")
        assert page.status == status and "<script>alert" not in page.text and "<script>" not in page.text.split("</head>")[1], wrong


def test_a_denial_is_mended_in_the_editor(server, iam):
    arn = iam.create_policy(PolicyName="work", PolicyDocument=document(allow("iam:ListUsers")))["Policy"]["Arn"]
    alice = make_user(server, iam, "alice")
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="alice")
    iam.attach_group_policy(GroupName="team", PolicyArn=arn)
    iam.create_user(UserName="bounded", PermissionsBoundary=arn)
    _, identifier = denied(alice.list_roles)
    browser = signed_in(server)
    page = browser.open(f"/console/authorization-details/{identifier}")
    place = re.search(rf'href="(/console/policy-editor\?kind=managed[^"]*why={identifier}[^"]*)"', page.text)[1]
    editor = browser.open(place.replace("&#38;", "&").replace("&amp;", "&"))
    assert "Nothing is saved yet" in editor.text and "iam:ListRoles" in editor.form("iam:CreatePolicyVersion")[1]["p.PolicyDocument"]
    assert "<ins>" in editor.text, "the draft is compared"
    for who, how in (("team", "has it attached"), ("alice", "is in the group team"), ("bounded", "has it as boundary")):
        assert who in editor.text and how in editor.text
    assert len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 1
    # Browsers leave out the line break at the beginning of a text field.
    draft = editor.form("iam:CreatePolicyVersion")[1]["p.PolicyDocument"].lstrip("\n")
    saved = browser.send(editor, "iam:CreatePolicyVersion", **{"p.PolicyDocument": draft})
    assert "CreatePolicyVersion succeeded" in saved.text
    assert alice.list_roles()["Roles"] == []


def test_the_editor_works_without_scripts(server, iam):
    iam.create_user(UserName="bob")
    browser = signed_in(server)
    editor = browser.open("/console/policy-editor?kind=user&owner=bob")
    action, fields = editor.form("iam:PutUserPolicy")
    wrong = document(allow("iam:ListUser"))
    compared = browser.open("/console/policy-editor", {**fields, "p.PolicyDocument": wrong})
    assert "iam has no action" in compared.text and "Did you mean" in compared.text and "Line 1, column" in compared.text
    assert compared.form("iam:PutUserPolicy")[1]["p.PolicyDocument"].strip() == wrong
    saved = browser.open(action, {**fields, "p.PolicyName": "p", "p.PolicyDocument": document(allow("iam:ListUsers"))})
    assert "PutUserPolicy succeeded" in saved.text
    again = browser.open("/console/policy-editor?kind=user&owner=bob&name=p")
    assert "Nothing changes." in again.text and "iam:ListUsers" in again.text
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}))
    assert "sts:AssumeRole" in browser.open("/console/policy-editor?kind=trust&owner=r").text
    for place, status in (("kind=user&owner=nobody&name=p", 404), ("kind=x&owner=y", 404), ("kind=managed&owner=x", 400), ("", 404)):
        assert browser.open(f"/console/policy-editor?{place}").status == status, place
    unreadable = browser.open("/console/policy-editor", {**fields, "p.PolicyDocument": HOSTILE * 50})
    assert unreadable.status == 200 and "<script>alert" not in unreadable.text
    huge = browser.open("/console/policy-editor", {**fields, "p.PolicyDocument": "[" * 200_000})
    assert huge.status == 200 and "too long" in huge.text


def test_the_editor_acts_as_who_is_signed_in(server, iam):
    arn = iam.create_policy(PolicyName="work", PolicyDocument=document(allow("iam:ListUsers", Sid="Unseen")))["Policy"]["Arn"]
    make_user(server, iam, "alice", allow("iam:GetPolicy"))
    browser = signed_in(server, "alice")
    page = browser.open(f"/console/policy-editor?kind=managed&owner={arn}")
    assert page.status == 403 and "iam:GetPolicyVersion" in page.text and "Unseen" not in page.text
    csrf = browser.open("/console/").form("signout")[1]["csrf"]
    forged = browser.open("/console/check-policy", {"csrf": "x", "policy": "{}"})
    assert forged.status == 403
    found = json.loads(browser.open("/console/check-policy", {"csrf": csrf, "policy": "{", "before": "{}"}).text)
    assert found["findings"][0]["code"] == "JSON_SYNTAX_ERROR" and found["changes"][0]["sign"] == "-"


def test_the_simulator(server, iam):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    make_user(server, iam, "alice", allow("iam:GetUser", Condition=condition))
    browser = signed_in(server)
    page = browser.open("/console/simulator")
    assert f"arn:aws:iam::{ACCOUNT}:user/alice" in page.text
    _, fields = page.form("/console/simulator")
    for name in ("step", "key.0.name", "key.0.values"):
        fields.pop(name, None)
    users = [f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("a", "b")]
    asked = {**fields, "principal": f"arn:aws:iam::{ACCOUNT}:user/alice", "actions": "iam:GetUser\niam:DeleteUser", "resources": "\n".join(users)}
    keys = browser.open("/console/simulator", {**asked, "step": "keys"})
    assert "aws:MultiFactorAuthPresent" in keys.text and "<option selected>boolean</option>" in keys.text and "Result" not in keys.text
    without = browser.open("/console/simulator", asked)
    assert without.text.count('<span class="pill denies">denied</span>') == 4
    assert "keys without a value: aws:MultiFactorAuthPresent" in without.text
    given = {**asked, "key.1.name": "aws:MultiFactorAuthPresent", "key.1.type": "boolean", "key.1.values": "true"}
    allowed = browser.open("/console/simulator", given)
    assert allowed.text.count('<span class="pill allows">allowed</span>') == 2
    assert allowed.text.count('<span class="pill denies">denied</span>') == 2
    assert "user_alice_p" in allowed.text
    pasted = {**fields, "policy": document(allow("s3:GetObject"), {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}), "actions": "s3:GetObject"}
    assert "explicitly denied" in browser.open("/console/simulator", pasted).text
    for wrong in ({"actions": "nonsense"}, {"actions": ""}, {"principal": HOSTILE}, {"policy": HOSTILE}, {"resources": HOSTILE}):
        page = browser.open("/console/simulator", {**asked, **wrong})
        assert page.status == 200 and 'role="alert"' in page.text and "<script>alert" not in page.text, wrong
    make_user(server, iam, "bob")
    bob = signed_in(server, "bob")
    _, fields = bob.open("/console/simulator").form("/console/simulator")
    refused = bob.open("/console/simulator", {**asked, "csrf": fields["csrf"]})
    assert "not authorized to perform: iam:GetContextKeysForPrincipalPolicy" in refused.text
    assert json.loads(browser.open("/console/actions?q=iam:CreateUs").text) == ["iam:CreateUser"]
    assert "IAM user name" in Browser(server).open("/console/actions?q=iam").text


def test_names_are_shown_as_they_are(server, iam):
    name = "a+=,.@-_"
    alice = make_user(server, iam, name, allow("iam:GetUser", Sid="S", Condition={"StringEquals": {"aws:UserAgent": HOSTILE}}))
    _, identifier = denied(alice.get_user)
    browser = signed_in(server)
    for place in (f"/console/authorization-details/{identifier}", f"/console/policy-editor?kind=user&owner=a%2B%3D%2C.%40-_&name=p", "/console/authorization-details"):
        page = browser.open(place)
        assert page.status == 200 and "<script>alert" not in page.text and "<img src=x" not in page.text, place
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]


class Live:
    """The stream behind the page of decisions as they come."""

    def __init__(self, server, browser, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        given = {"Host": browser.host, "Cookie": cookie, "Sec-Fetch-Site": "same-origin"} | headers
        self.connection.request("GET", f"/console/live/events{query}", headers=given)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def next(self):
        """The kind and the content of the next message."""
        kind = None
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream ended"
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
            if line.startswith("data: "):
                return kind, json.loads(line.removeprefix("data: "))

    def find(self, action):
        """The next call of an action."""
        while True:
            kind, event = self.next()
            assert kind == "call", event
            if event["action"] == action:
                return event

    def close(self):
        self.connection.close()


def test_decisions_as_they_come(server, iam):
    alice = make_user(server, iam, "alice", allow("iam:ListUsers"))
    root = signed_in(server)
    assert "data-live=" in root.open("/console/live").text
    live = Live(server, root, "?principal=alice")
    assert live.status == 200 and live.answer.headers["Content-Type"] == "text/event-stream"
    alice.list_users()
    event = live.find("iam:ListUsers")
    assert (event["outcome"], event["caller"], event["authorizationId"]) == ("OK", f"arn:aws:iam::{ACCOUNT}:user/alice", None)
    assert "reason" not in json.dumps(event)
    _, identifier = denied(alice.list_roles)
    event = live.find("iam:ListRoles")
    assert (event["outcome"], event["error"], event["authorizationId"]) == ("DENIED", "AccessDenied", identifier)
    opened = root.open(f"/console/events?by=EventId&value={event['id']}&region={event['region']}")
    assert identifier in opened.text
    live.close()
    # Other accounts' events are not seen.
    other = Live(server, signed_in(server, account=OTHER))
    Boto3(server.endpoint, OTHER).client("iam").list_groups()
    event = other.find("iam:ListGroups")
    assert event["caller"] == f"arn:aws:iam::{OTHER}:root"
    other.close()


def test_who_follows_decisions(server, iam):
    make_user(server, iam, "alice", allow("iam:ListUsers"))
    alice = signed_in(server, "alice")
    assert "not authorized to perform: cloudtrail:LookupEvents" in alice.open("/console/live").text
    assert Live(server, alice).status == 403
    assert Live(server, Browser(server)).status == 303
    foreign = Live(server, signed_in(server), **{"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"})
    assert foreign.status == 403
    assert Live(server, signed_in(server), **{"Last-Event-ID": "x"}).status == 400
    # A permission that is taken away, or a session that ends, ends the stream before the next event.
    iam.put_user_policy(UserName="alice", PolicyName="live", PolicyDocument=document(allow("cloudtrail:LookupEvents")))
    live = Live(server, alice, "?action=iam:DeleteUserPolicy")
    assert live.status == 200
    iam.delete_user_policy(UserName="alice", PolicyName="live")
    assert live.next() == ("dismissed", {})
    root = signed_in(server)
    live = Live(server, root, "?action=iam:CreateGroup")
    root.send(root.open("/console/"), "/console/signout")
    iam.create_group(GroupName="g")
    assert live.next() == ("dismissed", {})


def test_events_of_a_region_that_may_not_be_looked_up_are_hidden(server, iam):
    home = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    make_user(server, iam, "alice", allow("cloudtrail:LookupEvents", Condition=home))
    live = Live(server, signed_in(server, "alice"), "?action=sts:GetCallerIdentity")
    for region in ("eu-west-1", "us-east-1"):
        Boto3(server.endpoint, "test", region=region).client("sts").get_caller_identity()
    assert live.find("sts:GetCallerIdentity")["region"] == "us-east-1"
    live.close()
