"""Detections: what brings each about, and who learns of it: the log, the server's own endpoint, and a webhook."""

import hashlib
import hmac
import http.client
import http.server
import json
import socket
import threading
import time

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from everything import ALL, trust
from server import Server, run
from test_trails import cloudtrail, metrics, wait

# Servers hear of each other's detections a moment later; tests/e2e/store/test_sharing.py waits for that.
pytestmark = pytest.mark.usefixtures("one_server")

ACCOUNT = "111111111111"
SECRET = "canary-secret-of-the-webhook"


class Receiver:
    """A webhook that answers with the statuses it is given, then with 204."""

    def __init__(self, *statuses):
        self.statuses, self.requests = list(statuses), []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/canary-path?x=y"

    def received(self):
        """The detections; each must be signed."""
        found = []
        for headers, body in self.requests:
            headers = {name.lower(): value for name, value in headers.items()}
            signed = headers["x-iamd-timestamp"].encode() + b"." + body
            expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            assert headers["x-iamd-signature"] == f"sha256={expected}"
            assert abs(int(headers["x-iamd-timestamp"]) - time.time()) < 60 and headers["content-type"] == "application/json"
            detection = json.loads(body)
            assert detection["id"] == headers["x-iamd-detection"]
            found.append(detection)
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def detected(server, kind=None, account=ACCOUNT):
    status, answer = server.own(f"detections?account={account}" if account else "detections")
    assert status == 200
    return [found for found in answer["detections"] if kind in (None, found["type"])]


def document(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture(scope="module")
def server():
    with Server("--instance-profile", f"arn:aws:iam::{ACCOUNT}:instance-profile/web", alone=True) as running:
        yield running


@pytest.fixture
def root(server):
    server.own("reset", "POST", b"")
    return Boto3(server.endpoint, ACCOUNT)


@pytest.fixture
def user(root):
    root.iam.create_user(UserName="bob")
    return root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])


def test_use_of_the_root_user(server, root):
    root.iam.list_users()
    root.iam.list_users()
    [found] = detected(server)
    assert found["id"] and found["eventId"] and found["time"].endswith("Z")
    assert {name: found[name] for name in ("type", "guardDutyType", "severity", "account", "principal", "action", "source", "count")} == {
        "type": "root-use", "guardDutyType": "Policy:IAMUser/RootCredentialUsage", "severity": "low", "account": ACCOUNT,
        "principal": f"arn:aws:iam::{ACCOUNT}:root", "action": "iam:ListUsers", "source": "127.0.0.1", "count": 1,
    }  # fmt: skip
    trail = cloudtrail(root)
    [event] = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": found["eventId"]}])["Events"]
    assert event["EventName"] == "ListUsers"
    server.own("clock", "POST", b'{"advance": 3600}')
    root.iam.list_users()
    assert [found["count"] for found in detected(server, "root-use")] == [1, 3]


def test_weaker_rules_for_passwords(server, root):
    root.iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True)
    assert detected(server, "password-policy-weakened") == []
    root.iam.update_account_password_policy(MinimumPasswordLength=12, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True)
    root.iam.delete_account_password_policy()
    with pytest.raises(ClientError):
        root.iam.delete_account_password_policy()
    messages = [found["message"] for found in detected(server, "password-policy-weakened")]
    assert messages == ["The account's rules for passwords became weaker: they may be shorter.", "The account's password policy was deleted."]


def test_a_trail_that_is_stopped(server, root):
    trails = cloudtrail(root)
    arn = trails.create_trail(Name="all", S3BucketName="logs")["TrailARN"]
    trails.stop_logging(Name="all")
    assert detected(server, "trail-stopped") == []
    trails.start_logging(Name="all")
    trails.put_event_selectors(TrailName="all", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    trails.stop_logging(Name="all")
    trails.start_logging(Name="all")
    trails.delete_trail(Name="all")
    assert [found["message"] for found in detected(server, "trail-stopped")] == [
        f"The trail {arn} delivers fewer management events.", f"The trail {arn} was stopped.", f"The trail {arn} was deleted.",
    ]  # fmt: skip


def test_credentials_of_an_instance_used_elsewhere(server, root):
    root.iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    root.iam.create_instance_profile(InstanceProfileName="web")
    root.iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")

    def fetch(address):
        """The role's credentials as an instance with this address gets them."""
        instance = http.client.HTTPConnection("127.0.0.1", server.port, source_address=(address, 0))
        instance.request("PUT", "/latest/api/token", headers={"x-aws-ec2-metadata-token-ttl-seconds": "60"})
        token = instance.getresponse().read().decode()
        instance.request("GET", "/latest/meta-data/iam/security-credentials/web", headers={"x-aws-ec2-metadata-token": token})
        given = json.loads(instance.getresponse().read())
        return root.using({"AccessKeyId": given["AccessKeyId"], "SecretAccessKey": given["SecretAccessKey"], "SessionToken": given["Token"]})

    fetch("127.0.0.2").sts.get_caller_identity()
    [found] = detected(server, "instance-credentials-elsewhere")
    assert (found["severity"], found["source"]) == ("high", "127.0.0.1")
    assert found["message"] == "Credentials of an instance, fetched from 127.0.0.2, were used from 127.0.0.1."
    assert "assumed-role/web/" in found["principal"]
    server.own("reset", "POST", b"")
    test_roles_are_new = Boto3(server.endpoint, ACCOUNT)
    test_roles_are_new.iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    test_roles_are_new.iam.create_instance_profile(InstanceProfileName="web")
    test_roles_are_new.iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    fetch("127.0.0.1").sts.get_caller_identity()
    assert detected(server, "instance-credentials-elsewhere") == []


def test_repeated_authentication_failures(server, root, user):
    wrong = Boto3(server.endpoint, user.session.get_credentials().access_key, "not the secret")
    for number in range(12):
        with pytest.raises(ClientError):
            wrong.sts.get_caller_identity()
        assert len(detected(server, "repeated-authentication-failures", account=None)) == int(number >= 9), number
    [found] = detected(server, "repeated-authentication-failures", account=None)
    assert (found["account"], found["source"], found["count"]) == (None, "127.0.0.1", 10)
    assert found["accessKeyId"] == user.session.get_credentials().access_key


def test_attempts_to_gain_permissions(server, root, user):
    attempts = [
        lambda: user.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=ALL),
        lambda: user.iam.create_access_key(UserName="root"),
        lambda: user.iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
    ]
    for attempt in attempts:
        assert detected(server, "escalation-attempt") == []
        with pytest.raises(ClientError):
            attempt()
    [found] = detected(server, "escalation-attempt")
    assert found["principal"] == f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert found["message"].endswith("was denied actions that gain permissions: iam:AttachUserPolicy, iam:CreateAccessKey, iam:PutUserPolicy.")
    # What succeeds is worse.
    root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document("iam:PutUserPolicy", "iam:CreatePolicyVersion"))
    user.iam.put_user_policy(UserName="bob", PolicyName="q", PolicyDocument=ALL)
    assert detected(server, "escalation-attempt")[1]["message"].endswith("gained permissions: it gave itself an inline policy.")
    policy = root.iam.create_policy(PolicyName="own", PolicyDocument=document("s3:GetObject"))["Policy"]["Arn"]
    other = root.iam.create_policy(PolicyName="other", PolicyDocument=document("s3:GetObject"))["Policy"]["Arn"]
    root.iam.attach_user_policy(UserName="bob", PolicyArn=policy)
    user.iam.create_policy_version(PolicyArn=other, PolicyDocument=ALL, SetAsDefault=True)
    user.iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALL)
    assert len(detected(server, "escalation-attempt")) == 2
    user.iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALL, SetAsDefault=True)
    assert detected(server, "escalation-attempt")[2]["message"].endswith("it changed a policy of its own.")


def test_use_of_a_key_unused_for_long(server, root, user):
    user.sts.get_caller_identity()
    server.own("clock", "POST", json.dumps({"advance": 89 * 86400}).encode())
    user.sts.get_caller_identity()
    assert detected(server, "unused-key-used") == []
    server.own("clock", "POST", json.dumps({"advance": 91 * 86400}).encode())
    user.sts.get_caller_identity()
    user.sts.get_caller_identity()
    [found] = detected(server, "unused-key-used")
    key = user.session.get_credentials().access_key
    assert found["accessKeyId"] == key and found["message"] == f"The access key {key} had not been used for 91 days."


def test_the_endpoint_refuses_what_it_does_not_know(server):
    assert server.own("detections?account=1") == (400, {"error": "account must be twelve digits"})
    assert server.own("detections?colour=red")[0] == 400


def test_the_webhook_gets_signed_detections_and_the_log_no_secret():
    with Receiver(500, 302) as receiver:
        webhook = ["--detection-webhook", receiver.url, "--detection-webhook-secret", SECRET]
        with Server(*webhook, level="debug") as server:
            root = Boto3(server.endpoint, ACCOUNT)
            root.iam.list_users()
            wait(lambda: len(receiver.requests) >= 3)
            first, second, third = receiver.received()
            assert first == second == third and third["type"] == "root-use"
            # What is still on its way arrives before the server ends.
            root.iam.update_account_password_policy(MinimumPasswordLength=6)
            assert 'iamd_detections_total{type="root-use"} 1' in metrics(server)
            server.stop()
        assert receiver.received()[-1]["type"] == "password-policy-weakened"
    assert "detection=root-use" in server.errors and "detection=password-policy-weakened" in server.errors
    for canary in (SECRET, "canary-path"):
        assert canary not in server.errors and canary not in server.first


def test_a_webhook_that_does_not_answer_holds_nobody_up(tmp_path):
    webhook = ["--detection-webhook", "http://127.0.0.1:1/canary", "--detection-webhook-secret", SECRET]
    with Server(*webhook) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        for _ in range(300):
            root.iam.update_account_password_policy(MinimumPasswordLength=14)
            root.iam.update_account_password_policy(MinimumPasswordLength=13)
        text = metrics(server)
        assert 'iamd_detection_webhook_total{outcome="dropped"}' in text
        # The first policy asks for fewer classes of characters than AWS does without one.
        assert len(detected(server, "password-policy-weakened")) == 301
        assert server.stop() == 0
    assert "too many wait" in server.errors and "did not reach the webhook" in server.errors and "canary" not in server.errors


def test_a_webhook_that_never_answers_holds_nobody_up(in_memory):
    # It takes connections, and then is silent.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/canary"
        with Server("--detection-webhook", url, "--detection-webhook-secret", SECRET) as server:
            root = Boto3(server.endpoint, ACCOUNT)
            root.iam.list_users()
            silent.settimeout(30)
            held, _ = silent.accept()
            assert held.recv(1) == b"P"
            # The request waits for its answer while calls and detections go on.
            for length in (14, 13, 14, 12):
                root.iam.update_account_password_policy(MinimumPasswordLength=length)
            assert len(detected(server, "password-policy-weakened")) == 3
            assert 'iamd_detection_webhook_total{outcome="failed"} 0' in metrics(server)
            held.close()
            assert server.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--detection-webhook", "https://example.com/canary"], "give both --detection-webhook and --detection-webhook-secret"),
        (["--detection-webhook-secret", "canary"], "give both --detection-webhook and --detection-webhook-secret"),
        (["--detection-webhook", "ftp://canary", "--detection-webhook-secret", "canary"], "it is not an http or https URL"),
        (["--detection-webhook", "https://canary", "--detection-webhook-secret", "canary", "--audit", "off"], "needs the events of --audit on"),
    ],
    ids=str,
)
def test_settings_of_the_webhook_that_mean_nothing(arguments, why):
    status, output, errors = run("--listen", "127.0.0.1:0", "--database", "memory", *arguments)
    assert status != 0 and output == "" and why in errors and "canary" not in errors
    status, output, errors = run("config", "show", "--detection-webhook", "https://example.com/canary", "--detection-webhook-secret", "canary")
    assert "canary" not in output + errors


def test_the_command_prints_what_was_detected(server, root):
    root.iam.list_users()
    status, output, errors = run("events", "--detections", "--since", "1h", "--no-follow", "--account", ACCOUNT, "--listen", f"127.0.0.1:{server.port}")
    assert status == 0, errors
    [line] = output.splitlines()
    assert f" LOW {ACCOUNT} root-use root: The root user" in line
    status, output, _ = run("events", "--detections", "--json", "--since", "1h", "--no-follow", "--account", ACCOUNT, "--listen", f"127.0.0.1:{server.port}")
    assert json.loads(output)["type"] == "root-use"
    assert server.own(f"detections?account={ACCOUNT}&since=2999-01-01T00:00:00Z")[1] == {"detections": []}
    assert server.own("detections?since=x")[0] == 400
    assert run("events", "--detections", "--denied")[0] == 2
