"""What the log says: one line an event, with the reasons that AWS hides from clients, and without any secret."""

import datetime
import json
import re
import tempfile
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import IdentityProvider, Server
from signing import now, send, signed

ACCOUNT = "111111111111"
TRUSTED = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "Partner",
        "Effect": "Allow",
        "Principal": {"AWS": "222222222222"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "x1"}},
    },
}
LINE = re.compile(r"^(?P<time>\S+) (?P<said>.*) \d+\.\dms(?: (?P<id>[0-9a-f]{8}))?$")


@pytest.fixture(scope="module")
def logged():
    with Server(level="info") as running:
        yield running


def policy(action, **statement):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def user(root, name, document=None):
    root.iam.create_user(UserName=name)
    if document:
        root.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    return root.using(root.iam.create_access_key(UserName=name)["AccessKey"])


def last(server, find=""):
    """What the last line with this text says, without time and id. The line may follow the answer."""
    for _ in range(100):
        lines = [line for line in server.log_lines() if find in line]
        if lines:
            said = LINE.match(lines[-1])
            assert said, lines[-1]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["time"]), "a file has dates"
            return said["said"]
        time.sleep(0.05)
    raise AssertionError(f"no line with {find}: {server.log_lines()}")


def denied(call, **parameters):
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]


def test_a_denial_says_who_what_and_why(logged):
    root = Boto3(logged.endpoint, ACCOUNT)
    dana = user(root, "dana", policy("iam:CreateUser", Sid="Ours", Condition={"Bool": {"aws:ViaAWSService": "true"}}))
    denied(dana.iam.delete_user, UserName="z")
    assert last(logged, "iam:DeleteUser") == (
        "DENIED 111111111111 user/dana iam:DeleteUser user/z (identity: no statement allows it)"
    )
    denied(dana.iam.create_user, UserName="z")
    assert last(logged, "dana iam:CreateUser") == (
        "DENIED 111111111111 user/dana iam:CreateUser user/z (identity: no statement allows it. Statement Ours (line 1) "
        'of user_dana_p does not match: Bool wants aws:ViaAWSService to be "true", and the request has "false")'
    )
    root.iam.put_user_policy(UserName="dana", PolicyName="guard", PolicyDocument=policy("*", Sid="No", Effect="Deny"))
    denied(dana.iam.get_user, UserName="z")
    assert last(logged, "iam:GetUser") == (
        "DENIED 111111111111 user/dana iam:GetUser user/z (identity: statement No (line 1) of user_dana_guard denies it)"
    )


def test_the_default_account_is_an_account(logged):
    Boto3(logged.endpoint, "test").sts.get_caller_identity()
    assert last(logged, "sts:GetCallerIdentity") == "OK 000000000000 root sts:GetCallerIdentity"


def test_the_log_says_what_sts_hides(logged):
    root = Boto3(logged.endpoint, ACCOUNT)
    root.iam.create_role(RoleName="audit", AssumeRolePolicyDocument=json.dumps(TRUSTED))
    other = Boto3(logged.endpoint, "222222222222")
    ci = user(other, "ci")
    role = f"arn:aws:iam::{ACCOUNT}:role/audit"
    said = [denied(ci.sts.assume_role, RoleArn=role, RoleSessionName="ci", ExternalId="x1")["Message"]]
    who = f"DENIED 222222222222 user/ci sts:AssumeRole {role}"
    assert last(logged, "ci sts:AssumeRole") == f"{who} (identity: no statement allows it)"
    other.iam.put_user_policy(UserName="ci", PolicyName="p", PolicyDocument=policy("sts:AssumeRole"))
    said.append(denied(ci.sts.assume_role, RoleArn=role, RoleSessionName="ci")["Message"])
    assert last(logged, "(trust:") == (
        f"{who} (trust: no statement allows it. Statement Partner (line 1) of trust policy of audit does not match: "
        'StringEquals wants sts:ExternalId to be "x1", which the request does not have. The request has no value for '
        "sts:ExternalId)"
    )
    assert said == [
        f"User: arn:aws:iam::222222222222:user/ci is not authorized to perform: sts:AssumeRole on resource: {role}"
    ] * 2
    ci.sts.assume_role(RoleArn=role, RoleSessionName="ci", ExternalId="x1")
    assert last(logged, "OK 222222222222 user/ci") == f"OK 222222222222 user/ci sts:AssumeRole {role}"
    denied(root.sts.assume_role, RoleArn=role, RoleSessionName="ci")
    assert last(logged, "111111111111 root sts:AssumeRole") == (
        "DENIED 111111111111 root sts:AssumeRole (AccessDenied: Roles may not be assumed by root accounts.)"
    )


def test_machines_get_typed_json(in_memory):
    with Server("--log-format", "json", level="info") as server:
        root = Boto3(server.endpoint, ACCOUNT, region="eu-west-1")
        dana = user(Boto3(server.endpoint, ACCOUNT), "dana")
        denied(dana.iam.create_user, UserName="z\u202e"[:1])
        root.sts.get_caller_identity()
        send(urllib.request.Request(f"{server.endpoint}/a%0Ab", b"Action=X%0Ay", {"user-agent": "curl/8\x9b"}))
    banner = json.loads(server.first)
    assert re.fullmatch(r"iamd \S+ serves IAM and STS at http://\S+", banner.pop("message"))
    assert datetime.datetime.fromisoformat(banner.pop("timestamp").replace("Z", "+00:00"))
    assert banner == {"level": "INFO", "endpoint": server.endpoint, "enforcement": "on", "database": "memory"}
    lines = [json.loads(line) for line in server.errors.splitlines()]
    said = next(line for line in lines if line.get("outcome") == "DENIED")
    varying = {name: said.pop(name) for name in ("timestamp", "micros", "id", "user_agent")}
    assert isinstance(varying["micros"], int)
    assert said == {
        "level": "WARN", "outcome": "DENIED", "account": ACCOUNT, "caller": "user/dana", "action": "iam:CreateUser",
        "resource": f"arn:aws:iam::{ACCOUNT}:user/z", "code": "AccessDenied", "layer": "identity",
        "reason": "no statement allows it", "method": "POST", "path": "/", "source": "127.0.0.1", "region": "us-east-1",
    }  # fmt: skip
    said = next(line for line in lines if line.get("action") == "sts:GetCallerIdentity")
    assert (said["region"], said["outcome"], said["level"]) == ("eu-west-1", "OK", "INFO")
    said = next(line for line in lines if line.get("path") == "/a%0Ab")
    assert (said["outcome"], said["code"], said["action"]) == ("REFUSED", "InvalidAction", "X\ny")
    assert server.errors.isprintable() or all(line.isprintable() for line in server.errors.splitlines())


SECRET = "canary/SECRET+key+of+forty+characters+xx"
# Which part failed, by what is wrong with a request of the user bob.
FAILURES = {
    "the secret is another": (dict(secret=SECRET), "BADSIG", "signature: the secret is another one than the key's"),
    "the key is unknown": (dict(key="AKIAQQQQQQQQQQQQQQQQ"), "BADTOKEN", "key id: "),
    "the key id is the secret": (dict(key=SECRET.replace("/", "")), "BADTOKEN", "key id: it is not one that this server"),
    "the key id is the secret, with its slash": (dict(key=SECRET), "BADSIG", "authorization: the credential is not of"),
    "a session token of LocalStack's": (dict(token="canary-token"), "BADTOKEN", "session token: it came with a long-term"),
    "the session token is of another server": (
        dict(key="ASIAQQQQQQQQQQQQQQQQ", token="canary-token"), "BADTOKEN", "session token: this server did not make it"),
    "the session token is missing": (dict(key="ASIAQQQQQQQQQQQQQQQQ"), "BADTOKEN", "session token: a temporary access key"),
    "the service is another": (dict(service="s3"), "BADSIG", "scope: Credential should be scoped to correct service"),
    "the client's clock is behind": (dict(late=-3600), "BADSIG", "clock: the client's clock is 3"),
    "the client's clock is ahead": (dict(late=3600), "BADSIG", "clock: the client's clock is 3"),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_a_signature_that_fails_says_by_which_part(logged, failure):
    changed, outcome, reason = FAILURES[failure]
    bob = user(Boto3(logged.endpoint, "333333333333"), f"bob{abs(hash(failure))}").session.get_credentials()
    arguments = {"key": bob.access_key, "secret": bob.secret_key, **changed}
    if late := arguments.pop("late", None):
        arguments["when"] = now() + datetime.timedelta(seconds=late)
    before = len(logged.log_lines())
    status, body = send(signed(logged.endpoint, **arguments))
    assert status in (400, 403), body
    said = last(logged, f" {outcome} ")
    assert f"({reason}" in said
    assert " POST / 127.0.0.1 " in said, "whose request it was is not known"
    shown = arguments["key"] if len(arguments["key"]) == 20 else None
    assert said.split()[1] == (shown or "iam:ListUsers")
    assert not re.search("canary", "\n".join(logged.log_lines()[before:]), re.IGNORECASE)


def test_requests_of_nobody_say_where_they_come_from(logged):
    send(urllib.request.Request(logged.endpoint, b"Action=ListUsers&Version=2010-05-08", {"user-agent": "curl/8 \"x\""}))
    assert last(logged, "UNSIGNED") == (
        "UNSIGNED iam:ListUsers (authorization: there is no Authorization header, and no X-Amz-Algorithm in the query) "
        "POST / 127.0.0.1 \"curl/8 'x'\""
    )
    forged = b"Action=X%0A2026-11-28T00:00:00Z%20OK%20000000000000%20root%20iam:DeleteUser%1b[2J%e2%80%ae"
    send(urllib.request.Request(f"{logged.endpoint}/else", forged, {"user-agent": "curl/8"}))
    assert last(logged, "InvalidAction") == (
        r"REFUSED X\n2026-11-28T00:00:00Z OK 000000000000 root iam:DeleteUser\u{1b}[2J\u{202e} (InvalidAction: Could not "
        r"find operation X\n2026-11-28T00:00:00Z OK 000000000000 root iam:DeleteUser\u{1b}[2J\u{202e} for version "
        r'NO_VERSION_SPECIFIED) POST /else 127.0.0.1 "curl/8"'
    )


def test_debug_shows_what_had_to_be_signed_without_its_secrets():
    with Server(level="debug") as server:
        root = Boto3(server.endpoint, ACCOUNT)
        session = root.sts.get_session_token()["Credentials"]
        request = signed(
            server.endpoint, session["AccessKeyId"], SECRET, session["SessionToken"],
            headers={"cookie": "canary"}, query={"NewPassword": "canary", "Version": "2010-05-08"},
        )  # fmt: skip
        assert send(request)[0] == 403
    log = server.errors
    at = log.index("DEBUG the signature does not fit id=")
    host, date = server.endpoint.removeprefix("http://"), request.get_header("X-amz-date")
    token = len(session["SessionToken"])
    assert log[at:].split("\n", 1)[1].startswith(
        f"  canonical_request:\n    | POST\n    | /\n    | NewPassword=<6 bytes>&Version=2010-05-08\n"
        f"    | cookie:<6 bytes>\n    | host:{host}\n    | x-amz-date:{date}\n"
        f"    | x-amz-security-token:<{token} bytes>\n    | \n"
    )
    assert f"  string_to_sign:\n    | AWS4-HMAC-SHA256\n    | {date}\n    | {date[:8]}/us-east-1/iam/aws4_request\n" in log
    assert "sqlx" not in log and "select " not in log and "insert " not in log
    for secret in ("canary", session["SessionToken"], session["SecretAccessKey"]):
        assert secret not in log


def test_no_secret_is_in_the_log_whatever_fails():
    """Passwords, keys and tokens in the parameters of calls that succeed, are denied, and are refused."""
    with Server("--admin-token", "canary-admin", level="trace") as server:
        root = Boto3(server.endpoint, ACCOUNT, validate=False)
        dana = user(root, "dana")
        secrets = {dana.session.get_credentials().secret_key}
        password = "canary-Passw0rd!"
        for caller in (root, dana):
            for name in ("dana", "no such name!"):
                for call in (caller.iam.create_login_profile, caller.iam.update_login_profile):
                    attempt(call, UserName=name, Password=password)
                    attempt(call, UserName=name, Password=f"{password}\u4e00")
            attempt(caller.iam.change_password, OldPassword=password, NewPassword=f"{password}2")
            attempt(caller.iam.change_password, OldPassword=f"{password}\n\u4e00", NewPassword="canary" * 40)
            key = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----"
            attempt(caller.iam.upload_server_certificate, ServerCertificateName="c", CertificateBody="x", PrivateKey=key)
        for token in ("canary.canary.canary", "canary"):
            role = f"arn:aws:iam::{ACCOUNT}:role/r"
            web = dict(RoleArn=role, RoleSessionName="ci", WebIdentityToken=token)
            attempt(root.sts.assume_role_with_web_identity, **web)
            saml = dict(RoleArn=role, PrincipalArn=f"arn:aws:iam::{ACCOUNT}:saml-provider/p", SAMLAssertion=token)
            attempt(root.sts.assume_role_with_saml, **saml)
        session = root.sts.get_session_token()["Credentials"]
        secrets |= {session["SecretAccessKey"], session["SessionToken"]}
        attempt(root.using(session).iam.list_users)
        server.own("health", Authorization="Bearer canary-wrong")
        server.own("reset", "POST", Authorization="Bearer canary-admin")
    assert len(server.errors.splitlines()) > 30
    for secret in secrets | {"canary"}:
        at = server.errors.find(secret)
        assert at == -1, server.errors[max(0, at - 300) : at + 100]


def attempt(call, **parameters):
    try:
        call(**parameters)
    except ClientError:
        pass


def test_own_endpoints_leave_a_line():
    with Server("--instance-profile", "web", level="info") as server:
        server.own("health")
        server.own("clock", "POST", data=b'{"advance": 3600}')
        assert last(server, "POST /_iamd/clock") == "POST /_iamd/clock 200 127.0.0.1"
        server.own("clock", "POST", data=b'{"advance": "x"}')
        assert last(server, "400").startswith('POST /_iamd/clock 400 127.0.0.1 ("x" is not a value of "advance": send')
        server.own("reset?account=111111111111", "POST")
        assert last(server, "POST /_iamd/reset") == "POST /_iamd/reset 200 127.0.0.1"
        attempt_url(f"{server.endpoint}/latest/api/token", "PUT", {"x-aws-ec2-metadata-token-ttl-seconds": "60"})
        attempt_url(f"{server.endpoint}/latest/meta-data/iam/security-credentials/", "GET", {})
        assert last(server, "security-credentials") == (
            "GET /latest/meta-data/iam/security-credentials/ 401 127.0.0.1 (there is no X-aws-ec2-metadata-token, and "
            "version 1 is off)"
        )
    log = server.errors
    assert re.search(r"INFO the clock was moved now=\S+Z ahead=3600 frozen=false", log)
    assert "INFO reset forgotten=111111111111" in log
    assert "/_iamd/health" not in log, "monitoring asks for it all the time"


def attempt_url(url, method, headers):
    return send(urllib.request.Request(url, None, headers, method=method))


def test_the_identity_provider_leaves_a_line():
    with tempfile.TemporaryFile("w+") as log:
        with IdentityProvider(stderr=log) as idp:
            send(urllib.request.Request(f"{idp.url}/token?sub=canary"))
            send(urllib.request.Request(f"{idp.url}/saml/response?nonsense=1"))
            send(urllib.request.Request(f"{idp.url}/nothing"))
        log.seek(0)
        lines = [LINE.match(line)["said"] for line in log if "ms" in line]
    assert lines == [
        "GET /token 200 127.0.0.1",
        "GET /saml/response 400 127.0.0.1 (nonsense is not a parameter, or its value is not valid)",
        "GET /nothing 404 127.0.0.1 (there is no such endpoint)",
    ]


def test_a_flood_of_denials_is_answered_and_explained_in_part():
    statements = [
        {"Effect": "Allow", "Action": "iam:*", "Resource": f"arn:aws:iam::*:user/{n}"} for n in range(20)
    ]
    with Server() as server:
        root = Boto3(server.endpoint, ACCOUNT)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        dana = user(root, "dana", document)
        for _ in range(120):
            assert denied(dana.iam.get_user, UserName="z")["Code"] == "AccessDenied"
    lines = [line for line in server.errors.splitlines() if " DENIED " in line]
    assert len(lines) == 120, "each denial has a line"
    assert max(map(len, lines)) < 1500
