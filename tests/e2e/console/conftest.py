"""Fixtures of the console's tests: a server for each, since sign-ins and failures count per server."""

import pytest
from clients import Boto3
from server import Server


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def iam(server):
    return Boto3(server.endpoint, "test").client("iam")
