"""`iamd idp`: its keys, and what it says to requests that it cannot answer."""

import contextlib
import re
import stat
import subprocess
import urllib.error
import urllib.request

import pytest
from server import BINARY, environment, run


@contextlib.contextmanager
def provider(*arguments):
    command = [BINARY, "idp", "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        yield re.search(r"http://[\d.:]+\d", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.communicate()


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_keys_stay_the_same_and_private(tmp_path):
    file = tmp_path / "keys.json"
    with provider("--keys", str(file)) as url:
        first = fetch(f"{url}/jwks")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with provider("--keys", str(file)) as url:
        assert fetch(f"{url}/jwks") == first


@pytest.mark.parametrize("content", ["", "{}", '{"web": "AAAA", "saml": "AAAA"}', '{"web": "?", "saml": "?"}'])
def test_a_keys_file_that_cannot_be_used_is_named(tmp_path, content):
    (tmp_path / "keys.json").write_text(content)
    status, _, errors = run("idp", "--listen", "127.0.0.1:0", "--keys", "keys.json", cwd=tmp_path)
    assert status == 1
    assert errors.startswith("iamd: the keys file keys.json: ")
    assert (tmp_path / "keys.json").read_text() == content


def test_a_folder_that_is_not_there_is_named(tmp_path):
    status, _, errors = run("idp", "--listen", "127.0.0.1:0", "--keys", "none/keys.json", cwd=tmp_path)
    assert (status, errors) == (
        1, "iamd: the keys file none/keys.json cannot be written: No such file or directory (os error 2)\n"
    )  # fmt: skip


def test_requests_that_cannot_be_answered_are_told_why():
    with provider() as url:
        assert fetch(f"{url}/saml/response?session=ann") == (400, "role=ROLE_ARN,PROVIDER_ARN is missing\n")
        assert fetch(f"{url}/saml/response?rolle=a,b") == (400, "rolle is not a parameter, or its value is not valid\n")
        status, index = fetch(f"{url}/")
        assert status == 200
        for path in ("/jwks", "/token", "/saml/metadata", "/saml/response"):
            assert path in index


def test_the_server_does_not_share_its_variables(tmp_path):
    status, _, errors = run("idp", "--listen", "bad", IAMD_LISTEN="127.0.0.1:0")
    assert status == 2
    assert "--listen" in errors
