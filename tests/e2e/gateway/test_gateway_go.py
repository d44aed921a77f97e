"""The AWS SDK for Go through the gateway in front of moto, where Go and the SDK are: Debian has packages of both."""

import os
import pathlib
import shutil
import subprocess

import pytest
from server import Server
from upstreams import Caller, Moto

TESTS = pathlib.Path(__file__).resolve().parents[2] / "sdk-go"
# Where Debian's packages have the sources of Go's libraries.
LIBRARIES = pathlib.Path("/usr/share/gocode")
HAS_SDK = shutil.which("go") and (LIBRARIES / "src/github.com/aws/aws-sdk-go-v2/service").exists()
ACTIONS = "s3:GetObject", "s3:PutObject", "dynamodb:GetItem", "dynamodb:PutItem", "sqs:SendMessage", "sqs:ReceiveMessage"


@pytest.mark.skipif(not HAS_SDK, reason="Go and its AWS SDK are not there (Debian: golang-go golang-github-aws-aws-sdk-go-v2-dev)")
def test_go():
    with Moto() as moto, Server("--upstream", moto.url) as server:
        app = Caller(server.endpoint, "test", "test").user("app", *ACTIONS)
        variables = {
            "ENDPOINT": server.endpoint,
            "ROOT": "test:test",
            "APP": ":".join(app.keys),
            "GO111MODULE": "off",
            "GOPATH": str(LIBRARIES),
            "GOFLAGS": "",
        }
        command = ["go", "test", "-count=1", "-v", "."]
        done = subprocess.run(command, cwd=TESTS, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("--- PASS")]
    assert passed == ["TestObjects", "TestPresignedURLs", "TestUploadsInParts", "TestTables", "TestQueues"]
