"""What must not work against the console and `aws login`: one test for each attack."""

import json
import time
import urllib.parse

import pytest
from browser import Browser, Forms, events
from clients import Boto3
from cluster import Cluster
from postgres import is_available
from server import Server
from test_login import ACCOUNT, CROSS, LOGIN, Client

PASSWORD = "Correct-Horse-1"
SIGN_IN = "IAM user name"
WRONG = "Your authentication information is incorrect."
FORMS = {
    "/console/signin": "password",
    "/console/signin/mfa": "code",
    "/console/signin/new-password": "old",
    "/console/signout": "csrf",
    "/console/signout-everywhere": "csrf",
    "/console/switch-role": "roleName",
    "/console/exit-role": "csrf",
    "/console/call": "operation",
    "/console/check-policy": "policy",
    "/console/policy-editor": "p.PolicyDocument",
    "/console/simulator": "actions",
    "/v1/authorize": "decision",
}


@pytest.fixture
def iam(server):
    iam = Boto3(server.endpoint, "test").client("iam")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password=PASSWORD)
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return iam


@pytest.fixture
def alice(server, iam):
    return signed_in(server)


def signed_in(server, user="alice"):
    browser = Browser(server)
    assert "Dashboard" in browser.sign_in(ACCOUNT, PASSWORD, user=user).text
    return browser


def is_out(browser):
    return SIGN_IN in browser.open("/console/users").text


def turn_clock(server, seconds):
    server.own("clock", "POST", json.dumps({"advance": seconds}).encode(), **{"Content-Type": "application/json"})


# Sessions


def test_a_cookie_is_dead_after_sign_out(alice):
    thief = alice.copy()
    assert not is_out(thief)
    alice.send(alice.open("/console/"), "/console/signout")
    assert is_out(thief)


def test_a_sign_out_leaves_other_sessions_alone_and_one_everywhere_does_not(server, alice):
    second = signed_in(server)
    alice.send(alice.open("/console/"), "/console/signout")
    third = signed_in(server)
    assert not is_out(second)
    third.send(third.open("/console/"), "/console/signout-everywhere")
    assert is_out(second) and is_out(third)
    assert not is_out(signed_in(server))


@pytest.mark.parametrize("how", ["another", "same", "deleted", "user"])
def test_a_session_ends_with_its_password(alice, iam, how):
    if how in ("another", "same"):
        iam.update_login_profile(UserName="alice", Password=PASSWORD + ("x" if how == "another" else ""))
    else:
        iam.delete_login_profile(UserName="alice")
    if how == "user":
        iam.detach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        iam.delete_user(UserName="alice")
        iam.create_user(UserName="alice")
        iam.create_login_profile(UserName="alice", Password=PASSWORD)
    assert is_out(alice)


def test_a_session_ends_when_its_time_is_over(server, alice):
    turn_clock(server, 12 * 3600 - 5)
    assert not is_out(alice)
    turn_clock(server, 10)
    assert is_out(alice)


def test_the_session_of_a_role_ends_with_the_persons(server, iam, alice):
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))
    alice.send(alice.open("/console/switch-role"), "/console/switch-role", roleName="reader")
    thief = alice.copy()
    assert "assumed-role/reader" in thief.open("/console/").text
    iam.update_login_profile(UserName="alice", Password=PASSWORD + "x")
    assert is_out(thief) and is_out(alice)


def test_an_altered_cookie_and_that_of_another_server_are_no_sessions(server, alice):
    (name,) = [name for name in alice.cookies if "console" in name]
    value = alice.cookies[name]
    for altered in (value[:-2] + "AA", "A" + value[1:], "", "x", value + "A"):
        thief = alice.copy()
        thief.cookies[name] = altered
        assert is_out(thief), altered
    with Server() as other:
        browser = Browser(other)
        browser.cookies = {f"iamd-console-{other.port}": value}
        assert is_out(browser)


def test_a_cookie_is_of_its_own_account_only(server, alice):
    other = Boto3(server.endpoint, "222222222222").client("iam")
    other.create_user(UserName="alice")
    other.create_login_profile(UserName="alice", Password=PASSWORD)
    assert f"arn:aws:iam::{ACCOUNT}:user/alice" in alice.open("/console/?account=222222222222").text
    assert f"arn:aws:iam::{ACCOUNT}:user/alice" in alice.open("/console/", Host=f"222222222222.signin.localhost:{server.port}").text
    mallory = Browser(server)
    assert "222222222222" in mallory.sign_in("222222222222", PASSWORD, user="alice").text
    assert "arn:aws:iam::222222222222:user/alice" in mallory.open("/console/users/alice").text


def test_snapshots_bring_no_session_back(server, alice):
    thief = alice.copy()
    assert server.own("snapshots/before", "POST", b"")[0] == 200
    alice.send(alice.open("/console/"), "/console/signout-everywhere")
    assert server.own("snapshots/before/restore", "POST", b"")[0] == 200
    assert is_out(thief)


def test_sessions_outlive_a_restart_and_the_database_has_no_secret_of_them(tmp_path):
    file = tmp_path / "iamd.db"
    port = None
    with Server(database=f"sqlite:{file}") as server:
        port = server.port
        alice = Boto3(server.endpoint, "test").client("iam")
        alice.create_user(UserName="alice")
        alice.create_login_profile(UserName="alice", Password=PASSWORD)
        browser = signed_in(server)
        cookie = next(value for name, value in browser.cookies.items() if "console" in name)
    with Server(database=f"sqlite:{file}", listen=f"127.0.0.1:{port}") as server:
        assert f"{ACCOUNT}:user/alice" in browser.open("/console/").text
        browser.send(browser.open("/console/"), "/console/signout")
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert cookie.encode() not in content
    with Server(database=f"sqlite:{file}", listen=f"127.0.0.1:{port}"):
        assert is_out(browser)


@pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")
def test_servers_of_one_database_share_sign_ins_and_sign_outs():
    with Cluster(2, "--reads", "latest") as cluster:
        one, other = cluster.servers
        browser = Browser(one)
        assert "Dashboard" in browser.sign_in(ACCOUNT, "test").text
        client = Client(one)
        code = client.code(browser)
        elsewhere = Browser(other)
        elsewhere.cookies = {name.replace(str(one.port), str(other.port)): value for name, value in browser.cookies.items()}
        assert not is_out(elsewhere)
        client.server = other
        status, tokens = client.exchange(code)
        assert status == 200
        client.server = one
        assert client.refresh(tokens["refreshToken"])[0] == 200
        elsewhere.send(elsewhere.open("/console/"), "/console/signout-everywhere")
        assert is_out(browser) and client.refresh(tokens["refreshToken"])[1]["error"] == "TOKEN_EXPIRED"


# Other pages and origins


def forms(alice, user):
    """A complete form for each place that takes one, as the person would send it."""
    csrf = alice.open("/console/").form("/console/signout")[1]["csrf"]
    entry = Browser(alice)
    sign_in = entry.sign_in_form(ACCOUNT, PASSWORD, user="alice")
    consent = alice.open(user.place()).form("/v1/authorize")[1] | {"decision": "allow"}
    shared = {"csrf": csrf, "operation": "iam:CreateUser", "p.UserName": "eve", "next": "/console/", "roleName": "x", "policy": "{}"}
    for place in FORMS:
        if place.startswith("/console/signin"):
            yield place, entry, sign_in | {"step": "x", "code": "123456", "old": PASSWORD, "new": "x", "again": "x"}
        else:
            yield place, alice, consent if place == "/v1/authorize" else shared


def test_no_form_is_taken_without_its_token(server, alice, iam):
    stranger = Browser(server)
    foreign = stranger.sign_in_form(ACCOUNT, PASSWORD, "alice")["csrf"]
    for place, browser, form in forms(alice, Client(server)):
        for token in (None, "", "x", foreign):
            sent = {name: value for name, value in form.items() if name != "csrf"} | ({} if token is None else {"csrf": token})
            answer = browser.open(place, sent, follow=False)
            assert answer.status == 403 and "code=" not in answer.headers.get("Location", ""), (place, token)
            assert not (place == "/console/signin" and browser.is_signed_in()), token
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"] and not is_out(alice)


def test_no_form_is_taken_from_another_origin(server, alice, iam):
    for place, browser, form in forms(alice, Client(server)):
        for headers in (
            {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
            {"Referer": "https://evil.example/", "Origin": None}, {"Host": "evil.example"}, {"Host": "evil.example", "Origin": "http://evil.example"},
        ):  # fmt: skip
            answer = browser.open(place, form, follow=False, **headers)
            assert answer.status == 403 and "Location" not in answer.headers, (place, headers)
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"] and not is_out(alice)


def test_pages_are_not_read_by_other_origins_or_names(alice):
    for place in ("/console/", "/console/users", "/console/signin", "/console/assets/console.js", Client(alice).place()):
        for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Host": "evil.example"}):
            assert alice.open(place, **headers).status == 403, (place, headers)


def test_a_link_from_elsewhere_leads_to_a_page_without_a_session(server, alice):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Referer": "https://ci.example/"}
    for place in ("/console/", "/console/users", "/console/authorization-details/x"):
        # Browsers keep the cookie of a stricter site to themselves.
        answer = Browser(server).open(place, follow=False, **link)
        assert answer.status == 303 and answer.headers["Location"].startswith("/console/signin"), (place, answer.status)
        for changed in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "cors"}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            assert alice.open(place, follow=False, **{**link, **changed}).status == 403, (place, changed)
    assert alice.open("/v1/authorize?x=1", follow=False, **link).status == 403
    for place, browser, form in forms(alice, Client(server)):
        assert browser.open(place, form, follow=False, **link).status == 403, place


def test_who_signs_in_too_often_ends_an_own_session(server, alice):
    root = Browser(server)
    assert "Dashboard" in root.sign_in(ACCOUNT, "test").text
    hers = [alice, *(signed_in(server) for _ in range(100))]
    assert [is_out(browser) for browser in hers].count(True) == 1, "a hundred may last"
    assert not is_out(root)


def test_nothing_can_be_framed_cached_or_given_scripts(alice, server):
    places = ["/console/signin", "/console/", "/console/users", "/console/none", "/console/assets/none", Client(server).place(), "/v1/sessions/confirmation"]
    for place in places:
        headers = alice.open(place, follow=False).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy, place
        assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff", place
        assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "same-origin", place


def test_no_cookie_can_be_read_by_scripts_or_sent_by_other_sites(server, iam):
    browser = Browser(server)
    page = browser.open("/console/signin")
    answer = browser.open("/console/signin", browser.sign_in_form(ACCOUNT, PASSWORD, "alice"), follow=False)
    for given in (page.headers["Set-Cookie"], answer.headers["Set-Cookie"]):
        assert "HttpOnly" in given and "SameSite=Strict" in given and "Path=/" in given, given


def test_cookies_stay_on_tls(tmp_path):
    with Server("--tls", "auto", "--data-dir", str(tmp_path)) as server:
        browser = Browser(server, certificates=str(tmp_path / "iamd-ca.pem"))
        page = browser.open("/console/signin")
        answer = browser.open("/console/signin", browser.sign_in_form(ACCOUNT, "test"), follow=False)
        assert "; Secure" in page.headers["Set-Cookie"] and "; Secure" in answer.headers["Set-Cookie"]


def test_nobody_is_led_elsewhere_after_a_sign_in(server):
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/console//evil.example", "/v1/token", "/_iamd/"):
        browser = Browser(server)
        answer = browser.open("/console/signin", browser.sign_in_form(ACCOUNT, "test", next_page=place), follow=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/console/"), place


def test_a_host_that_is_an_account_prefills_it_and_nothing_else(server, iam):
    iam.create_account_alias(AccountAlias="acme")
    browser = Browser(server, host=f"acme.signin.localhost:{server.port}")
    assert 'value="acme"' in browser.open("/").text and 'value="acme"' in browser.open("/console/users").text
    for host in (f"evil.example.signin.localhost:{server.port}", f"a%22.signin.localhost:{server.port}"):
        assert "evil" not in Browser(server, host=host).open("/console/signin").text


# Guessing


def test_who_guesses_has_to_wait_and_others_need_not(server, iam):
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    for _ in range(5):
        assert WRONG in Browser(server).sign_in(ACCOUNT, "guess", user="alice").text
    iam.create_account_alias(AccountAlias="acme-guessed")
    for account, name in ((ACCOUNT, "alice"), (ACCOUNT, "ALICE"), ("acme-guessed", "alice")):
        page = Browser(server).sign_in(account, PASSWORD, user=name)
        assert "Too many attempts" in page.text and page.status == 401
    assert not is_out(signed_in(server, "bob"))


def test_names_cannot_be_found_out(server, iam):
    iam.create_user(UserName="nopassword")
    seen = {}
    for account, name in ((ACCOUNT, "alice"), (ACCOUNT, "nobody"), (ACCOUNT, "nopassword"), ("999999999999", "alice"), ("noalias", "alice")):
        page = Browser(server).sign_in(account, "wrong", user=name)
        _, form = page.form("/console/signin")
        text = page.text.replace(form["csrf"], "").replace(f'value="{account}"', "").replace(f'value="{name}"', "")
        seen[(account, name)] = (page.status, text, sorted(page.headers.keys()))
    assert len({repr(value) for value in seen.values()}) == 1


def test_strangers_cannot_fill_the_audit_trail(server, iam):
    browser = Browser(server)
    form = browser.sign_in_form(ACCOUNT, "wrong")
    for _ in range(20):
        browser.open("/console/signin", form)
    found = events(server).get_paginator("lookup_events").paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}])
    records = [json.loads(event["CloudTrailEvent"]) for page in found for event in page["Events"]]
    assert len(records) == 5, "attempts that are not looked at leave nothing"
    assert {record["userIdentity"]["type"] for record in records} == {"Root"}
    assert {record["errorMessage"] for record in records} == {"Failed authentication"}


def test_wrong_codes_are_failures_and_few_may_be_tried(server, iam):
    from test_sign_in import totp

    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]
    seed, now = device["Base32StringSeed"].decode(), time.time()
    codes = [totp(seed, now - 30), totp(seed, now)]
    iam.enable_mfa_device(UserName="alice", SerialNumber=device["SerialNumber"], AuthenticationCode1=codes[0], AuthenticationCode2=codes[1])
    browser = Browser(server)
    page = browser.sign_in(ACCOUNT, PASSWORD, user="alice")
    for _ in range(5):
        page = browser.send(page, "/console/signin/mfa", code="000000")
        assert page.status == 401 and not browser.is_signed_in()
    page = browser.send(page, "/console/signin/mfa", code=totp(seed, now + 30))
    assert "Too many attempts" in page.text and not browser.is_signed_in()


# Secrets


def test_no_secret_is_in_the_log_or_in_a_url(iam, server):
    with Server(level="debug") as noisy:
        root = Boto3(noisy.endpoint, "test").client("iam")
        root.create_user(UserName="alice")
        root.create_login_profile(UserName="alice", Password=PASSWORD)
        root.attach_user_policy(UserName="alice", PolicyArn=LOGIN)
        Browser(noisy).sign_in(ACCOUNT, "Sup3r-s3cret-guess", user="alice")
        browser = signed_in(noisy)
        secrets, places = [PASSWORD, "Sup3r-s3cret-guess", *browser.cookies.values()], []
        for client in (Client(noisy), Client(noisy, CROSS)):
            code = client.carried(browser) if client.client_id == CROSS else client.code(browser)
            _, tokens = client.exchange(code)
            secrets += [code, tokens["refreshToken"], tokens["accessToken"]["secretAccessKey"], tokens["accessToken"]["sessionToken"]]
            client.refresh(tokens["refreshToken"])
        secrets.append(browser.open("/console/").form("/console/signout")[1]["csrf"])
        log = "\n".join(noisy.log_lines())
        trail = json.dumps(events(noisy).lookup_events()["Events"], default=str)
    for secret in secrets:
        assert secret not in log and secret not in trail and urllib.parse.quote(secret, safe="") not in log, secret


def test_forms_keep_no_password(server, iam):
    page = Browser(server).sign_in(ACCOUNT, "Sup3r-s3cret-guess", user="alice")
    assert "Sup3r-s3cret-guess" not in page.text
    assert all(form[1] == "post" for form in Forms(page.text).forms)


# aws login


def test_a_code_that_is_used_twice_ends_what_it_began(server, iam, alice):
    client = Client(server)
    code = client.code(alice)
    status, tokens = client.exchange(code)
    assert status == 200 and client.refresh(tokens["refreshToken"])[0] == 200
    assert client.exchange(code)[1]["error"] == "AUTHCODE_EXPIRED"
    assert client.refresh(tokens["refreshToken"])[1]["error"] == "TOKEN_EXPIRED"


def test_a_stolen_code_is_of_no_use_without_its_verifier(server, iam, alice):
    client, thief = Client(server), Client(server)
    code = client.code(alice)
    assert thief.exchange(code)[1]["error"] == "INVALID_REQUEST"
    assert client.exchange(code)[1]["error"] == "AUTHCODE_EXPIRED", "it was used up"


def test_a_stolen_refresh_token_is_of_no_use_without_its_key(server, iam, alice):
    client, thief = Client(server), Client(server)
    _, tokens = client.exchange(client.code(alice))
    assert thief.refresh(tokens["refreshToken"])[1]["error"] == "INVALID_REQUEST"
    proof = client.proof()
    assert client.refresh(tokens["refreshToken"], proof=proof)[0] == 200
    assert thief.refresh(tokens["refreshToken"], proof=proof)[1]["error"] == "INVALID_REQUEST", "a proof is good once"
    assert client.refresh(tokens["refreshToken"])[0] == 200


def test_codes_and_refresh_tokens_are_not_each_other(server, iam, alice):
    client = Client(server)
    code = client.code(alice)
    assert client.refresh("ASOR" + code)[1]["error"] == "TOKEN_EXPIRED"
    _, tokens = client.exchange(code)
    assert client.exchange(tokens["refreshToken"][4:])[1]["error"] == "AUTHCODE_EXPIRED"
    assert client.refresh(tokens["refreshToken"][:-2] + "AA")[1]["error"] == "TOKEN_EXPIRED"


def test_a_sign_out_everywhere_ends_command_lines(server, iam, alice):
    client = Client(server)
    _, tokens = client.exchange(client.code(alice))
    alice.send(alice.open("/console/"), "/console/signout")
    assert client.refresh(tokens["refreshToken"])[0] == 200, "a sign-out alone does not"
    other = signed_in(server)
    other.send(other.open("/console/"), "/console/signout-everywhere")
    assert client.refresh(tokens["refreshToken"])[1]["error"] == "TOKEN_EXPIRED"


def test_what_is_no_form_does_no_harm(server, alice):
    bodies = (b"", b"\xff\xfe", b"csrf=%ff%fe&step=%00", b"a" * 200_000, b"csrf=" + b"A" * 5000)
    for place in (*FORMS, "/v1/token"):
        for body in bodies:
            head = f"POST {place} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            answer = server.raw(head.encode() + body)
            assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 303")), (place, answer[:200])
    assert not is_out(alice)


def test_the_last_use_of_a_password_is_known(server, iam, alice):
    assert iam.get_user(UserName="alice")["User"]["PasswordLastUsed"]
    assert iam.list_users()["Users"][0]["PasswordLastUsed"]
    Browser(server).sign_in(ACCOUNT, "test")
    iam.generate_credential_report()
    rows = iam.get_credential_report()["Content"].decode().splitlines()
    assert all(row.split(",")[4].startswith("20") for row in rows[1:]), rows


# Ways on


@pytest.mark.parametrize("way", ["..", "%2e%2e", ".%2E", ".\t."])
def test_a_way_on_cannot_leave_the_console(server, iam, way):
    browser = Browser(server)
    page = browser.sign_in(ACCOUNT, PASSWORD, user="alice", next_page=f"/console/{way}/federation?Action=login&SigninToken=x")
    assert "Dashboard" in page.text and page.place == "/console/", page.place


def test_proofs_without_a_token_fill_no_memory(server, alice):
    client = Client(server)
    proof = client.proof()
    for _ in range(3):
        status, refused = client.refresh("x", proof=proof)
        assert (status, refused["error"]) == (400, "TOKEN_EXPIRED"), "it is not used up"
    _, tokens = client.exchange(client.code(alice), proof=proof)
    status, refused = client.refresh(tokens["refreshToken"], proof=proof)
    assert (status, refused["message"]) == (400, "The DPoP proof was used before.")


def test_the_log_has_the_sentence_of_a_refusal_and_not_its_page(iam):
    with Server(level="info") as server:
        Browser(server).sign_in(ACCOUNT, "wrong")
        root = Browser(server)
        root.sign_in(ACCOUNT, "test")
        assert root.send(root.open("/console/settings"), "/console/settings/clock", **{"p.value": "x"}).status == 400
        log = "\n".join(server.log_lines())
        assert WRONG in log and "/console/settings/clock 400" in log and "doctype" not in log


def test_guesses_at_a_password_and_at_codes_are_counted_apart(server, iam):
    iam.create_user(UserName="adm")
    iam.create_login_profile(UserName="adm", Password=PASSWORD)
    for name in ("adm code", "code adm"):
        for _ in range(5):
            Browser(server).sign_in(ACCOUNT, "guess", user=name)
    for account in (f"password {ACCOUNT}", f"code {ACCOUNT}", f"unknown {ACCOUNT}"):
        for _ in range(5):
            Browser(server).sign_in(account, "guess", user="adm")
    assert not is_out(signed_in(server, "adm"))
