"""Fixtures that give every test an AWS account of its own on one iamd.

Copy this file beside your tests. The server is found on PATH, or where the variable IAMD says.
"""

import itertools
import os
import subprocess

import boto3
import pytest

REGION = "us-east-1"
accounts = itertools.count(100_000_000_001)


@pytest.fixture(scope="session")
def iamd():
    """The URL of a server that keeps everything in memory and ends with the tests."""
    command = [os.environ.get("IAMD", "iamd"), "--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        # The first line ends with the URL, once the server listens.
        first = server.stdout.readline().split()
        if not first:
            # The reason went to stderr, which pytest keeps for itself: a second try says it again.
            reason = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=10).stderr.strip()
            pytest.exit(f"iamd does not start: {reason}", returncode=1)
        yield first[-1]
        server.terminate()


@pytest.fixture
def account():
    """A fresh account: its twelve digits are the key id of its root user."""
    return str(next(accounts))


@pytest.fixture
def aws(iamd, account):
    """A boto3 session as the root user of the fresh account."""
    return session(iamd, account, "test")


def session(endpoint, key_id, secret, token=None):
    """A boto3 session on iamd. Its clients find the endpoint by themselves."""
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    return boto3.Session(key_id, secret, token, region_name=REGION)
