"""Sign-in with passwords, MFA codes and passwords that must be changed; and what attackers would try."""

import base64
import hashlib
import hmac
import json
import struct
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import pytest
from browser import Browser, events
from server import Server

ACCOUNT = "000000000000"
PASSWORD = "Correct-Horse-1"
WRONG = "Your authentication information is incorrect. Please try again."
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def make_user(iam, name="alice", reset=False, actions=("iam:*", "cloudtrail:LookupEvents")):
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password=PASSWORD, PasswordResetRequired=reset)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))


def totp(seed, at):
    """RFC 6238."""
    digest = hmac.new(base64.b32decode(seed + "=" * (-len(seed) % 8)), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def sign_ins(server, name):
    """The records of sign-ins, the newest first."""
    found = events(server).lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])["Events"]
    records = [json.loads(event["CloudTrailEvent"]) for event in found]
    assert all(record["eventType"] == "AwsConsoleSignIn" and record["requestParameters"] is None for record in records)
    return records


def test_a_role_that_signs_in_by_the_federation_endpoint_is_seen(iam, server):
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}
    make_user(iam, "vera", actions=("sts:AssumeRole",))
    role = iam.create_role(RoleName="guest", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    keys = iam.create_access_key(UserName="vera")["AccessKey"]
    vera = boto3.client("sts", "us-east-1", endpoint_url=server.endpoint, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"])
    given = vera.assume_role(RoleArn=role["Arn"], RoleSessionName="visit")["Credentials"]
    session = json.dumps({"sessionId": given["AccessKeyId"], "sessionKey": given["SecretAccessKey"], "sessionToken": given["SessionToken"]})

    def federation(**parameters):
        return f"{server.endpoint}/federation?{urllib.parse.urlencode(parameters)}"

    with urllib.request.urlopen(federation(Action="getSigninToken", Session=session)) as answer:
        token = json.load(answer)["SigninToken"]
    page = Browser(server).open("/federation?" + urllib.parse.urlencode({"Action": "login", "Destination": "/console/users", "SigninToken": token}))
    assert page.place == "/console/users"
    [login] = [found for found in sign_ins(server, "ConsoleLogin") if found["userIdentity"]["type"] == "AssumedRole"]
    [changed] = sign_ins(server, "GetSigninToken")
    for record in (login, changed):
        identity = record["userIdentity"]
        assert identity["arn"].endswith("assumed-role/guest/visit") and identity["principalId"] == f"{role['RoleId']}:visit"
        assert identity["sessionContext"]["sessionIssuer"]["arn"] == role["Arn"]
    assert login["responseElements"] == {"ConsoleLogin": "Success"}
    assert login["additionalEventData"] == {"LoginTo": f"{server.endpoint}/console/users", "MobileVersion": "No", "MFAUsed": "No"}
    assert changed["responseElements"] == {"GetSigninToken": "Success", "credentials": {"accessKeyId": given["AccessKeyId"]}}
    assert not any(secret in json.dumps([login, changed]) for secret in (token, given["SecretAccessKey"], given["SessionToken"]))
    refused = json.dumps({"sessionId": given["AccessKeyId"], "sessionKey": "wrong", "sessionToken": given["SessionToken"]})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(federation(Action="getSigninToken", Session=refused))
    assert len(sign_ins(server, "GetSigninToken")) == 1


def test_root_and_users_sign_in_and_out(server, iam):
    root = Browser(server)
    assert "IAM user name" in root.open("/console/").text
    page = root.sign_in(ACCOUNT, "test")
    assert page.status == 200 and f"arn:aws:iam::{ACCOUNT}:root" in page.text
    make_user(iam)
    iam.create_account_alias(AccountAlias="acme")
    user = Browser(server)
    page = user.sign_in("acme", PASSWORD, user="ALICE", next_page="/console/users")
    assert "user/alice" in page.text and page.place == "/console/users"
    stolen = dict(user.cookies)
    assert "IAM user name" in user.send(page, "/console/signout").text
    thief = Browser(server)
    thief.cookies = stolen
    assert "IAM user name" in thief.open("/console/users").text, "a cookie is dead after sign-out"


def test_the_host_names_the_account(server):
    browser = Browser(server, host=f"acme.signin.localhost:{server.port}")
    assert 'value="acme"' in browser.open("/").text


def test_sign_out_everywhere_and_other_passwords_end_sessions(server, iam):
    make_user(iam)
    first, second, third = Browser(server), Browser(server), Browser(server)
    page = first.sign_in(ACCOUNT, PASSWORD, user="alice")
    second.sign_in(ACCOUNT, PASSWORD, user="alice")
    first.send(page, "/console/signout-everywhere")
    assert "IAM user name" in second.open("/console/").text
    third.sign_in(ACCOUNT, PASSWORD, user="alice")
    iam.update_login_profile(UserName="alice", Password=PASSWORD + "x")
    assert "IAM user name" in third.open("/console/").text


def test_one_sentence_for_all_that_is_wrong_and_a_pause_for_guessers(server, iam):
    make_user(iam)
    iam.create_user(UserName="nopassword")
    for account, user in ((ACCOUNT, "alice"), (ACCOUNT, "nobody"), (ACCOUNT, "nopassword"), ("999999999999", "alice"), ("noalias", "alice")):
        page = Browser(server).sign_in(account, "wrong", user=user)
        assert page.status == 401 and WRONG in page.text, user
    for _ in range(4):
        Browser(server).sign_in(ACCOUNT, "wrong", user="alice")
    page = Browser(server).sign_in(ACCOUNT, PASSWORD, user="alice")
    assert "Too many attempts" in page.text and not Browser(server).is_signed_in()
    found = events(server).lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}])
    records = [json.loads(event["CloudTrailEvent"]) for event in found["Events"]]
    assert {record["errorMessage"] for record in records} == {"Failed authentication", "No username found in supplied account"}
    assert all("errorCode" not in record and "requestID" not in record for record in records)
    assert {record["additionalEventData"]["MFAUsed"] for record in records} == {"No"}
    assert {record["additionalEventData"]["LoginTo"] for record in records} == {f"{server.endpoint}/console/"}
    known = next(record for record in records if record["errorMessage"] == "Failed authentication")
    assert known["userIdentity"]["userName"] == "alice" and known["userIdentity"]["accessKeyId"] == "" and "arn" not in known["userIdentity"]
    assert all(record["eventType"] == "AwsConsoleSignIn" and record["requestParameters"] is None for record in records)
    assert "nobody" not in json.dumps(records)


def test_mfa_is_asked_for_and_counts(server, iam):
    make_user(iam)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]
    seed, serial = device["Base32StringSeed"].decode(), device["SerialNumber"]
    now = time.time()
    codes = [totp(seed, now - 30), totp(seed, now)]
    iam.enable_mfa_device(UserName="alice", SerialNumber=serial, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1])
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
    iam.put_user_policy(UserName="alice", PolicyName="mfa", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    browser = Browser(server)
    page = browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    assert "MFA code" in page.text and not browser.is_signed_in()
    wrong = browser.send(page, "/console/signin/mfa", code="000000")
    assert wrong.status == 401 and WRONG in wrong.text and not browser.is_signed_in()
    # The password alone does not do: neither on another path nor with a form that was altered.
    form = page.form("mfa")[1]
    step = form["step"]
    skipped = browser.open("/console/signin/new-password", {**form, "old": PASSWORD, "new": "Other-Horse-1", "again": "Other-Horse-1"})
    assert skipped.status == 401 and not browser.is_signed_in()
    assert browser.open("/console/signin/mfa", {**form, "step": step[:-2] + "AA", "code": "123456"}).status == 401
    page = browser.send(page, "/console/signin/mfa", code=totp(seed, now + 30))
    assert page.status == 200 and "Dashboard" in page.text
    [checked] = sign_ins(server, "CheckMfa")
    assert checked["responseElements"] == {"CheckMfa": "Success"} and checked["additionalEventData"] == {"MfaType": "Virtual MFA"}
    assert checked["userIdentity"]["userName"] == "alice" and checked["userIdentity"]["accessKeyId"] == ""
    success = sign_ins(server, "ConsoleLogin")[0]
    assert success["responseElements"] == {"ConsoleLogin": "Success"}
    assert (success["additionalEventData"]["MFAUsed"], success["additionalEventData"]["MFAIdentifier"]) == ("Yes", serial)
    assert "AccessDenied" not in browser.open("/console/users").text, "aws:MultiFactorAuthPresent is true"
    again = Browser(server)
    page = again.sign_in(ACCOUNT, PASSWORD, user="alice")
    assert WRONG in again.send(page, "/console/signin/mfa", code=totp(seed, now + 30)).text, "a code is good once"


def test_a_password_that_must_be_reset(server, iam):
    make_user(iam, reset=True)
    browser = Browser(server)
    page = browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    assert "Set a new password" in page.text and not browser.is_signed_in()
    differ = browser.send(page, "new-password", old=PASSWORD, new="Other-Horse-1", again="x")
    assert "differ" in differ.text
    page = browser.send(differ, "new-password", old=PASSWORD, new="Other-Horse-1", again="Other-Horse-1")
    assert "Dashboard" in page.text
    found = events(server).lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PasswordUpdated"}])
    record = json.loads(found["Events"][0]["CloudTrailEvent"])
    assert record["responseElements"] == {"PasswordUpdated": "Success"} and record["userIdentity"]["userName"] == "alice"
    make_user(iam, "bob", reset=True, actions=["sts:*"])
    page = browser.sign_in(ACCOUNT, PASSWORD, user="bob")
    page = browser.send(page, "new-password", old=PASSWORD, new="Other-Horse-1", again="Other-Horse-1")
    assert "AccessDenied" in page.text and "iam:ChangePassword" in page.text


def test_passwords_expire_by_the_server_clock(server, iam):
    make_user(iam)
    iam.update_account_password_policy(MaxPasswordAge=10)
    server.own("clock", "POST", json.dumps({"advance": 11 * 86400}).encode(), **{"Content-Type": "application/json"})
    assert "Set a new password" in Browser(server).sign_in(ACCOUNT, PASSWORD, user="alice").text
    iam.update_account_password_policy(MaxPasswordAge=10, HardExpiry=True)
    assert "has expired" in Browser(server).sign_in(ACCOUNT, PASSWORD, user="alice").text


def test_forms_of_other_pages_and_origins_are_refused(server, iam):
    make_user(iam)
    browser = Browser(server)
    page = browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    form = {"operation": "iam:CreateUser", "p.UserName": "eve", "next": "/console/users"}
    assert browser.open("/console/call", form).status == 403, "no token"
    assert browser.open("/console/call", form | {"csrf": "x"}).status == 403
    form["csrf"] = page.form("/console/signout")[1]["csrf"]
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Host": "evil.example"}):
        assert browser.open("/console/call", form, **headers).status == 403, headers
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"]
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = browser.open("/console/signin", browser.sign_in_form(ACCOUNT, PASSWORD, "alice", place), follow=False)
        assert answer.headers["Location"] == "/console/", place


def test_every_page_has_strict_headers(server):
    browser = Browser(server)
    signed_out = [browser.open("/console/signin"), browser.open("/console/assets/console.css"), browser.open("/v1/sessions/confirmation")]
    signed_in = [browser.sign_in(ACCOUNT, "test"), browser.open("/console/users")]
    for page in signed_out + signed_in:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff" and page.headers["Referrer-Policy"] == "same-origin"
        assert " onclick=" not in page.text and " style=" not in page.text and "<script>" not in page.text
    assert signed_in[1].headers["Cache-Control"] == "no-store"
    other = Browser(server)
    answer = other.open("/console/signin", other.sign_in_form(ACCOUNT, "test"), follow=False)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and len(cookie) < 400


def test_what_users_write_is_text(server, iam):
    make_user(iam)
    iam.tag_user(UserName="alice", Tags=[{"Key": "note", "Value": "<b>bold</b> & more".replace("<", "").replace(">", "").replace("&", "+")}])
    iam.create_role(RoleName="r", Description=HOSTILE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Sid": "x"}}))
    browser = Browser(server)
    page = browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    csrf = page.form("/console/signout")[1]["csrf"]
    pages = [browser.open("/console/roles"), browser.open("/console/roles/r")]
    for operation, field in (("iam:CreateUser", "UserName"), ("iam:CreatePolicy", "PolicyDocument"), ("iam:TagUser", "Tags.member.1.Key"), ("iam:CreateRole", "Description")):
        pages.append(browser.open("/console/call", {"csrf": csrf, "operation": operation, "next": "/console/users", f"p.{field}": HOSTILE}))
    pages.append(browser.open("/console/users?q=" + "%3Cscript%3Ealert(1)%3C/script%3E"))
    pages.append(browser.sign_in(HOSTILE, HOSTILE, user=HOSTILE, next_page=HOSTILE))
    pages.append(browser.open("/console/events", User_Agent=HOSTILE))
    pages.append(browser.open("/console/events"))
    for page in pages:
        assert page.status < 500 and "<script>alert" not in page.text and "<img src=x" not in page.text, page.place


def test_pages_act_as_the_person(server, iam):
    make_user(iam, actions=["iam:ListUsers"])
    browser = Browser(server)
    browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    assert "alice" in browser.open("/console/users").text
    denied = browser.open("/console/roles")
    assert denied.status == 403 and "is not authorized to perform: iam:ListRoles" in denied.text
    assert "iam:GetUser" in browser.open("/console/users/alice").text


def test_roles_are_switched_to(server, iam):
    make_user(iam, actions=["sts:AssumeRole"])
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))
    iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    browser = Browser(server)
    browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    page = browser.send(browser.open("/console/switch-role"), "/console/switch-role", roleName="nothing")
    assert "AccessDenied" in page.text
    page = browser.send(page, "/console/switch-role", roleName="reader", displayName="Reader")
    assert "assumed-role/reader/alice" in page.text and "Reader" in page.text
    assert browser.open("/console/users").status == 200
    page = browser.send(browser.open("/console/users"), "/console/exit-role")
    assert "user/alice" in page.text and browser.open("/console/users").status == 403
    for name in ("SwitchRole", "ExitRole"):
        found = events(server).lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])
        record = json.loads(found["Events"][0]["CloudTrailEvent"])
        assert record["responseElements"] == {name: "Success"} and "SwitchFrom" in record["additionalEventData"]


def test_a_person_makes_a_user_with_a_key_and_a_policy(server):
    browser = Browser(server)
    browser.sign_in(ACCOUNT, "test")
    page = browser.send(browser.open("/console/users"), "iam:CreateUser", **{"p.UserName": "carol"})
    assert "CreateUser succeeded" in page.text and "/console/users/carol" in page.text
    page = browser.send(browser.open("/console/users/carol?tab=credentials"), "iam:CreateAccessKey")
    assert "shown only once" in page.text and "AKIA" in page.text
    page = browser.send(browser.open("/console/users/carol"), "iam:AttachUserPolicy", **{"p.PolicyArn": "arn:aws:iam::aws:policy/nothing"})
    assert "NoSuchEntity" in page.text
    page = browser.send(page, "iam:AttachUserPolicy", **{"p.PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
    assert "ReadOnlyAccess" in page.text
    csrf = page.form("/console/signout")[1]["csrf"]
    found = browser.open("/console/check-policy", {"csrf": csrf, "policy": '{"Statement": {"Effect": "Alow"}}'})
    assert found.status == 200 and json.loads(found.text)


def test_the_console_can_be_off_and_needs_tls_elsewhere():
    with Server("--console", "off") as server:
        assert Browser(server).open("/console/").status == 404
    with Server("--no-dev-credentials", "--root-access-key", "AKIAROOT", "--root-secret-key", "s3cret") as server:
        assert WRONG in Browser(server).sign_in(ACCOUNT, "test").text, "without development credentials root has no password"
    with Server("--root-password", "Root-Horse-1") as server:
        assert WRONG in Browser(server).sign_in(ACCOUNT, "test").text
        assert "Dashboard" in Browser(server).sign_in(ACCOUNT, "Root-Horse-1").text
    with Server(listen="0.0.0.0:0") as server:
        assert "needs TLS" in Browser(server).open("/console/signin").text
    with Server("--console", "plain", listen="0.0.0.0:0") as server:
        assert WRONG in Browser(server).sign_in(ACCOUNT, "test").text, "development root has a password on loopback only"
