"""AWS's clients find the role of what they run in as they do on AWS: they get an endpoint and nothing else."""

import json
import pathlib
import subprocess
import sys

import pytest
from clients import Boto3
from server import BINARY, Server, environment

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
SERVICES = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com", "lambda.amazonaws.com"]
BOTO3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
AWS_CLI = ["aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
CLIENTS = {"boto3": [sys.executable, "-c", BOTO3], "aws-cli": AWS_CLI}

CONFIGURATION = f"""
instance-profile = "web"
container-token = "open sesame"

[credentials.tasks.web]
role = "{ROLE}"
token = "task token"

[[credentials.pods]]
token = "pod token"
role = "{ROLE}"
cluster = "dev"
namespace = "shop"
service-account = "cart"
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A server with a role that an instance, a task and a pod have."""
    configuration = tmp_path_factory.mktemp("host") / "iamd.toml"
    configuration.write_text(CONFIGURATION)
    with Server("--config", str(configuration)) as running:
        iam = Boto3(running.endpoint, "test").iam
        trust = {"Effect": "Allow", "Principal": {"Service": SERVICES}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        iam.create_role(RoleName="web", AssumeRolePolicyDocument=document)
        iam.create_instance_profile(InstanceProfileName="web")
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
        yield running


def outcome(command, host, **variables):
    """Runs a client that has no credentials of its own."""
    variables = {
        "AWS_ENDPOINT_URL": host.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1",
        **variables,
    }
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(**variables))


def identity(command, host, **variables):
    done = outcome(command, host, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(params=CLIENTS)
def client(request):
    return CLIENTS[request.param]


@pytest.mark.parametrize("path", ["", f"/instances/{ACCOUNT}/web"])
def test_an_instance(host, client, path):
    arn = identity(client, host, AWS_EC2_METADATA_SERVICE_ENDPOINT=host.endpoint + path)
    assert arn.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/web/i-0")


def test_an_instance_without_a_way_to_its_metadata(host, client):
    done = outcome(client, host, AWS_EC2_METADATA_DISABLED="true")
    assert done.returncode != 0
    assert "credentials" in done.stderr


@pytest.mark.parametrize(
    ("path", "token"),
    [
        (f"/credentials/{ACCOUNT}/web", "open sesame"),
        ("/v2/credentials/web", "task token"),
        ("/v1/credentials", "pod token"),
    ],
)
def test_a_container(host, client, path, token, tmp_path):
    (tmp_path / "token").write_text(token)
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{host.endpoint}{path}"}
    arns = {
        identity(client, host, **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN=token),
        identity(client, host, **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token")),
    }
    assert len(arns) == 1, "the session lasts"
    assert arns.pop().startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/web/")


def test_a_container_with_another_token(host, client):
    uri = f"{host.endpoint}/credentials/{ACCOUNT}/web"
    done = outcome(
        client, host, AWS_CONTAINER_CREDENTIALS_FULL_URI=uri, AWS_CONTAINER_AUTHORIZATION_TOKEN="other"
    )
    assert done.returncode != 0
    assert "Unauthorized" in done.stderr


def test_a_process_that_gives_credentials(host, client, tmp_path):
    binary = pathlib.Path(BINARY).resolve()
    command = f"{binary} credentials {ROLE} --service lambda.amazonaws.com --listen 127.0.0.1:{host.port}"
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {command}\n")
    variables = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "IAMD_CONTAINER_TOKEN": "open sesame"}
    assert identity(client, host, **variables).startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/web/")


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("web", "web is not the ARN of a role"),
        (f"arn:aws:iam::{ACCOUNT}:role/none", "Credentials not found"),
        (f"arn:aws:iam::{ACCOUNT}:role/path/web", f"there is no role arn:aws:iam::{ACCOUNT}:role/path/web; "),
    ],
)
def test_a_process_that_has_none_says_why(host, role, why):
    command = [BINARY, "credentials", role, "--listen", f"127.0.0.1:{host.port}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment(IAMD_CONTAINER_TOKEN="open sesame")
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("iamd: ")
    assert why in done.stderr


def test_metadata_has_the_headers_of_ec2(host):
    ttl = "X-aws-ec2-metadata-token-ttl-seconds"
    head, _, token = host.raw(
        f"PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\n{ttl}: 60\r\nConnection: close\r\n\r\n".encode()
    ).partition(b"\r\n\r\n")
    head = head.lower()
    assert b"server: ec2ws" in head
    assert b"content-type: text/plain" in head
    assert f"{ttl}: 60".lower().encode() in head
    request = b"GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    assert host.raw(request + b"X-aws-ec2-metadata-token: " + token + b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert host.raw(request + b"\r\n").startswith(b"HTTP/1.1 401")
