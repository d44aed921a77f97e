"""Fixtures: one server for all tests that need no settings of their own, and an account for every test."""

import itertools
import os

import pytest
from clients import AwsCli, Boto3
from server import TEMPLATES, IdentityProvider, Server

accounts = itertools.count(200_000_000_001)


@pytest.fixture(scope="session")
def server():
    with Server("--local-issuers", "--config", TEMPLATES) as running:
        yield running


@pytest.fixture(scope="session")
def idp():
    """An identity provider, which signs what it is asked to."""
    with IdentityProvider() as running:
        yield running


@pytest.fixture
def in_memory(monkeypatch):
    """The servers of this test keep everything in memory, whatever the others do."""
    monkeypatch.delenv("IAMD_TEST_ENGINE", raising=False)


@pytest.fixture
def one_server(monkeypatch):
    """The servers of this test have no fellows, and no load balancer before them: the test is about one process, its
    connections, its memory or its files."""
    if os.environ.get("IAMD_TEST_ENGINE") == "cluster":
        monkeypatch.setenv("IAMD_TEST_ENGINE", "postgres")


@pytest.fixture
def account():
    """Twelve digits, which are the key id of the account's root user."""
    return str(next(accounts))


@pytest.fixture
def root(server, account):
    """boto3 as the root user of a fresh account."""
    return Boto3(server.endpoint, account)


@pytest.fixture
def cli(server, account):
    """aws-cli as the root user of a fresh account."""
    return AwsCli(server.endpoint, account)


@pytest.fixture
def user(root):
    """boto3 as a user without any policy, and the user's name."""
    root.iam.create_user(UserName="bob")
    return root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
