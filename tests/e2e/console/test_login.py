"""`aws login` by a client of the same wire form, and by botocore's own provider."""

import base64
import hashlib
import html
import http.client
import json
import re
import secrets
import subprocess
import sys
import time
import urllib.parse
import uuid

import boto3
import jwt
from browser import Browser, events
from clients import Boto3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from server import Server, environment

ACCOUNT = "000000000000"
PASSWORD = "Correct-Horse-1"
SAME, CROSS = "arn:aws:signin:::devtools/same-device", "arn:aws:signin:::devtools/cross-device"
LOGIN = "arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"
CALLBACK = "http://127.0.0.1:49152/oauth/callback"


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Client:
    """The command line: a key, a verifier, a code, and tokens."""

    def __init__(self, server, client_id=SAME):
        self.server, self.client_id = server, client_id
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.verifier = secrets.token_urlsafe(48)
        self.state = str(uuid.uuid4())
        self.redirect = CALLBACK if client_id == SAME else f"http://127.0.0.1:{server.port}/v1/sessions/confirmation"

    def place(self, **changed):
        challenge = unpadded(hashlib.sha256(self.verifier.encode()).digest())
        query = {
            "response_type": "code", "client_id": self.client_id, "state": self.state, "code_challenge_method": "SHA-256",
            "scope": "openid", "redirect_uri": self.redirect, "code_challenge": challenge,
        }  # fmt: skip
        return "/v1/authorize?" + urllib.parse.urlencode(query | changed)

    def allow(self, browser, decision="allow"):
        page = browser.open(self.place())
        action, form = page.form("/v1/authorize")
        return browser.open(action, {**form, "decision": decision}, follow=False)

    def code(self, browser):
        answer = self.allow(browser)
        assert answer.status == 302, answer.text
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)
        assert query["state"] == [self.state]
        return query["code"][0]

    def carried(self, browser):
        """The code on the page, which the person carries to a remote client."""
        page = self.allow(browser)
        assert page.status == 200 and "Location" not in page.headers
        carried = re.search(r"<dt>Code</dt><dd>([^<]+)</dd>", page.text)[1]
        query = urllib.parse.parse_qs(base64.b64decode(html.unescape(carried)).decode())
        assert query["state"] == [self.state]
        return query["code"][0]

    def proof(self, htu=None, htm="POST", iat=None, jti=None, typ="dpop+jwt", key=None):
        public = (key or self.key).public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": unpadded(public.x.to_bytes(32, "big")), "y": unpadded(public.y.to_bytes(32, "big"))}
        claims = {"htm": htm, "htu": htu or f"http://127.0.0.1:{self.server.port}/v1/token", "iat": iat or int(time.time()), "jti": jti or str(uuid.uuid4())}
        return jwt.encode(claims, self.key, "ES256", headers={"typ": typ, "jwk": jwk})

    def token(self, proof=None, **parameters):
        browser = Browser(self.server)
        body = json.dumps({"clientId": self.client_id, **parameters})
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request("POST", "/v1/token", body, {"Content-Type": "application/json", "DPoP": proof or self.proof(), "Host": browser.host})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def exchange(self, code, **changed):
        given = {"grantType": "authorization_code", "code": code, "codeVerifier": self.verifier, "redirectUri": self.redirect}
        return self.token(**(given | changed))

    def refresh(self, token, **more):
        return self.token(grantType="refresh_token", refreshToken=token, **more)


def who(server, tokens):
    keys = tokens["accessToken"]
    return Boto3(server.endpoint, keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])


def user(server, policies=(LOGIN, "arn:aws:iam::aws:policy/IAMFullAccess")):
    iam = Boto3(server.endpoint, "test").client("iam")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password=PASSWORD)
    for policy in policies:
        iam.attach_user_policy(UserName="alice", PolicyArn=policy)
    browser = Browser(server)
    browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    return iam, browser


def test_a_user_gets_credentials_and_new_ones(server):
    iam, browser = user(server)
    client = Client(server)
    status, tokens = client.exchange(client.code(browser))
    assert status == 200 and tokens["tokenType"] == "aws_sigv4" and tokens["expiresIn"] == 900, tokens
    assert jwt.decode(tokens["idToken"], options={"verify_signature": False})["sub"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    boto = who(server, tokens)
    assert boto.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    boto.client("iam").list_users()
    status, first = client.refresh(tokens["refreshToken"])
    assert status == 200 and "idToken" not in first and first["refreshToken"] != tokens["refreshToken"]
    assert client.refresh(tokens["refreshToken"])[0] == 200, "a refresh can be tried again"
    who(server, first).client("iam").list_users()
    found = events(server).lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateOAuth2Token"}]
    )["Events"]
    assert len(found) == 3 and "sessionToken" not in json.dumps(found, default=str)
    server.own("clock", "POST", json.dumps({"advance": 12 * 3600}).encode(), **{"Content-Type": "application/json"})
    assert client.refresh(first["refreshToken"])[1]["error"] == "TOKEN_EXPIRED"


def test_a_closed_account_ends_the_chain(server):
    client_of = lambda key: boto3.Session(key, "test", region_name="us-east-1").client("organizations", endpoint_url=server.endpoint)
    org, management = client_of("test"), client_of("000000000099")
    management.create_organization(FeatureSet="ALL")
    invitation = management.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": ACCOUNT})["Handshake"]["Id"]
    org.accept_handshake(HandshakeId=invitation)
    _, browser = user(server)
    client = Client(server)
    _, tokens = client.exchange(client.code(browser))
    management.close_account(AccountId=ACCOUNT)
    status, refused = client.refresh(tokens["refreshToken"])
    assert status == 400 and refused["error"] == "USER_CREDENTIALS_CHANGED"


def test_another_password_ends_the_chain(server):
    iam, browser = user(server)
    client = Client(server)
    _, tokens = client.exchange(client.code(browser))
    iam.update_login_profile(UserName="alice", Password=PASSWORD + "x")
    status, refused = client.refresh(tokens["refreshToken"])
    assert status == 400 and refused["error"] == "USER_CREDENTIALS_CHANGED"


def test_permissions_are_asked_for_at_each_step(server):
    iam, browser = user(server, policies=())
    client = Client(server)
    denied = client.allow(browser)
    assert denied.status == 403 and "signin:AuthorizeOAuth2Access" in denied.text
    iam.attach_user_policy(UserName="alice", PolicyArn=LOGIN)
    code = client.code(browser)
    iam.detach_user_policy(UserName="alice", PolicyArn=LOGIN)
    assert client.exchange(code)[1]["error"] == "INSUFFICIENT_PERMISSIONS"
    iam.attach_user_policy(UserName="alice", PolicyArn=LOGIN)
    _, tokens = client.exchange(client.code(browser))
    statement = {"Effect": "Deny", "Action": "signin:*", "Resource": "arn:aws:signin:*:*:oauth2/public-client/remote"}
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert Client(server, CROSS).allow(browser).status == 403 and client.refresh(tokens["refreshToken"])[0] == 200


def test_a_remote_client_gets_its_code_from_the_person(server):
    _, browser = user(server)
    client = Client(server, CROSS)
    assert client.exchange(client.carried(browser))[0] == 200


def test_codes_are_good_once_and_only_with_what_goes_with_them(server):
    _, browser = user(server)
    client = Client(server)
    for changed in ({"codeVerifier": "x" * 43}, {"redirectUri": CALLBACK + "x"}, {"clientId": CROSS}):
        code = client.code(browser)
        assert client.exchange(code, **changed)[1]["error"] == "INVALID_REQUEST", changed
        assert client.exchange(code)[1]["error"] == "AUTHCODE_EXPIRED", "used up"
    code = client.code(browser)
    server.own("clock", "POST", json.dumps({"advance": 301}).encode(), **{"Content-Type": "application/json"})
    assert client.exchange(code)[1]["error"] == "AUTHCODE_EXPIRED"
    assert client.exchange("x", codeVerifier="short")[1]["error"] == "INVALID_REQUEST"


def test_proofs_are_checked_and_bound_to_their_key(server):
    _, browser = user(server)
    client, thief = Client(server), Client(server)
    _, tokens = client.exchange(client.code(browser))
    assert thief.refresh(tokens["refreshToken"])[1]["error"] == "INVALID_REQUEST"
    used = client.proof()
    assert client.refresh(tokens["refreshToken"], proof=used)[0] == 200
    other = ec.generate_private_key(ec.SECP256R1())
    wrong = [
        used, "x.y.z", client.proof(htu="http://127.0.0.1/v1/other"), client.proof(htm="GET"), client.proof(iat=int(time.time()) - 600),
        client.proof(typ="JWT"), client.proof(key=other),
    ]  # fmt: skip
    for proof in wrong:
        assert client.refresh(tokens["refreshToken"], proof=proof)[1]["error"] == "INVALID_REQUEST", proof


def test_nothing_is_given_elsewhere_or_without_consent(server):
    _, browser = user(server)
    client = Client(server)
    for changed in (
        {"redirect_uri": "https://evil.example/oauth/callback"}, {"redirect_uri": "http://127.0.0.1:1@evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:1/other"}, {"redirect_uri": "javascript://127.0.0.1:1/oauth/callback"}, {"code_challenge_method": "plain"}, {"client_id": "x"}, {"code_challenge": "x"},
    ):  # fmt: skip
        page = browser.open(client.place(**changed), follow=False)
        assert page.status == 400 and "Location" not in page.headers, changed
    remote = Client(server, CROSS)
    for start in ("ftp", "javascript", "https://evil.example@127.0.0.1"):
        page = browser.open(remote.place(redirect_uri=remote.redirect.replace("http", start, 1)))
        assert page.status == 400, start
    page = browser.open(client.place())
    action, form = page.form("/v1/authorize")
    assert browser.open(action, {**form, "decision": "allow", "csrf": "x"}).status == 403
    assert browser.open(action, {**form, "decision": "allow"}, Origin="https://evil.example").status == 403
    refused = client.allow(browser, decision="deny")
    assert "error=access_denied" in refused.headers["Location"] and "code=" not in refused.headers["Location"]
    assert "http://127.0.0.1:49152" in page.headers["Content-Security-Policy"]
    stranger = Browser(server)
    page = stranger.open(client.place())
    assert "IAM user name" in page.text
    assert "Sign in to the command line" in stranger.sign_in(ACCOUNT, "test", next_page=page.form("/console/signin")[1]["next"]).text


def test_botocore_reads_and_refreshes_what_a_login_left(server, tmp_path):
    iam, browser = user(server)
    client = Client(server)
    _, tokens = client.exchange(client.code(browser))
    session = f"arn:aws:iam::{ACCOUNT}:user/alice"
    (tmp_path / "config").write_text(f"[default]\nlogin_session = {session}\nregion = us-east-1\n")
    key = client.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    cache = tmp_path / "cache"
    cache.mkdir()
    keys = tokens["accessToken"] | {"accountId": ACCOUNT, "expiresAt": "2020-01-01T00:00:00Z"}
    kept = {"accessToken": keys, "tokenType": "aws_sigv4", "clientId": SAME, "refreshToken": tokens["refreshToken"], "idToken": tokens["idToken"], "dpopKey": key.decode()}
    file = cache / f"{hashlib.sha256(session.encode()).hexdigest()}.json"
    file.write_text(json.dumps(kept))
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    variables = environment(
        AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"),
        AWS_LOGIN_CACHE_DIRECTORY=str(cache), AWS_ENDPOINT_URL=server.endpoint,
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == session, done.stderr
    assert json.loads(file.read_text())["refreshToken"] != tokens["refreshToken"]
