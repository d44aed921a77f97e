"""The fixtures."""

import itertools
import os
import pathlib
import re
import shutil

import pytest

from .server import Server, Started

REGION = "us-east-1"
# Workers of pytest-xdist share no accounts, and neither do several runs on one server.
numbers = itertools.count(int.from_bytes(os.urandom(4), "big") * 100 + 100_000_000_001)


def pytest_addoption(parser):
    group = parser.getgroup("iamd")
    group.addoption("--iamd", metavar="FILE", help="the binary of iamd (IAMD, or iamd on the PATH)")
    group.addoption("--iamd-url", metavar="URL", help="a server that runs already (IAMD_URL)")


def pytest_configure(config):
    marker = "iamd_seed(*files, account=None): applies files of accounts or templates to the test's account"
    config.addinivalue_line("markers", marker)


@pytest.fixture(scope="session")
def iamd(request):
    """The server."""
    url = request.config.getoption("--iamd-url") or os.environ.get("IAMD_URL")
    if url:
        yield Server(url, os.environ.get("IAMD_ADMIN_TOKEN"))
        return
    named = request.config.getoption("--iamd") or os.environ.get("IAMD")
    binary = named or shutil.which("iamd")
    if binary is None:
        pytest.fail("iamd is not on the PATH; name the binary with --iamd, or a server with --iamd-url", pytrace=False)
    # What would steer the server is not meant for it.
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("IAMD")}
    try:
        server = Started(binary)
    finally:
        os.environ.update(kept)
    yield server
    server.stop()


@pytest.fixture
def iamd_account(iamd, request):
    """Twelve digits that no other test has, with the seeds of the test applied."""
    account = f"{next(numbers) % 10**12:012}"
    for marker in reversed(list(request.node.iter_markers("iamd_seed"))):
        for file in marker.args:
            path = pathlib.Path(request.path).parent / file
            text = of_account(path, marker.kwargs.get("account"), account)
            iamd.apply(text, path.name, account)
    return account


def of_account(path, number, account):
    """The text of a file, with the test's account in the place of its own."""
    text = path.read_text()
    found = [number] if number else sorted(set(re.findall(r"(?<!\d)\d{12}(?!\d)", text)))
    if len(found) > 1:
        pytest.fail(f"{path} has several accounts, {', '.join(found)}: say which is the test's with account=", pytrace=False)
    for number in found:
        text = re.sub(rf"(?<!\d){number}(?!\d)", account, text)
    return text


@pytest.fixture
def aws(iamd, iamd_account):
    """A boto3 session as the root user of the test's account."""
    return session(iamd, iamd_account, "test")


@pytest.fixture
def aws_user(iamd, aws):
    """A boto3 session as a user of the test's account, by name."""

    def user(name):
        key = aws.client("iam").create_access_key(UserName=name)["AccessKey"]
        return session(iamd, key["AccessKeyId"], key["SecretAccessKey"])

    return user


def session(server, key_id, secret, token=None):
    """A boto3 session whose clients call the server."""
    boto3 = pytest.importorskip("boto3")

    class Session(boto3.Session):
        def client(self, *arguments, **options):
            return super().client(*arguments, **{"endpoint_url": server.endpoint, **options})

        def resource(self, *arguments, **options):
            return super().resource(*arguments, **{"endpoint_url": server.endpoint, **options})

    return Session(key_id, secret, token, region_name=REGION)
