"""The gateway in front of ministack, which knows accounts by key ids and names itself in the URLs of queues."""

import json

import pytest
from botocore.exceptions import ClientError
from clients import AwsCli
from server import Server
from upstreams import Caller, Ministack
from wire import Wire

FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def ministack():
    with Ministack() as ministack:
        yield ministack


@pytest.fixture(scope="module")
def gateway(ministack):
    with Server("--upstream", ministack.url) as server:
        yield Caller(server.endpoint, "test", "test")


def test_queues_lead_to_the_gateway(gateway):
    url = gateway.sqs.create_queue(QueueName="jobs")["QueueUrl"]
    assert url == f"{gateway.endpoint}/000000000000/jobs"
    assert gateway.sqs.get_queue_url(QueueName="jobs")["QueueUrl"] == url
    assert gateway.sqs.list_queues()["QueueUrls"] == [url]
    sender = gateway.user("sender", "sqs:SendMessage")
    sender.sqs.send_message(QueueUrl=url, MessageBody="m")
    with pytest.raises(ClientError, match="not authorized to perform: sqs:receivemessage"):
        sender.sqs.receive_message(QueueUrl=url)
    assert gateway.sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "m"


def test_accounts_are_apart(gateway):
    other = Caller(gateway.endpoint, "111122223333", "test")
    for caller in (gateway, other):
        caller.sns.create_topic(Name="news")
    arn = gateway.sns.list_topics()["Topics"][0]["TopicArn"]
    assert arn == "arn:aws:sns:us-east-1:000000000000:news"
    assert other.sns.list_topics()["Topics"][0]["TopicArn"] == "arn:aws:sns:us-east-1:111122223333:news"
    with pytest.raises(ClientError, match="AuthorizationError"):
        other.sns.publish(TopicArn=arn, Message="m")


def test_policies_of_resources(gateway):
    gateway.s3.create_bucket(Bucket="shared")
    gateway.s3.put_object(Bucket="shared", Key="k", Body=b"1")
    other = Caller(gateway.endpoint, "444455556666", "test")
    with pytest.raises(ClientError, match="AccessDenied"):
        other.s3.get_object(Bucket="shared", Key="k")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shared/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    gateway.s3.put_bucket_policy(Bucket="shared", Policy=policy)
    assert other.s3.get_object(Bucket="shared", Key="k")["Body"].read() == b"1"


def test_forms_of_other_protocols(gateway):
    user = gateway.user("form", "lambda:ListFunctions", "s3:GetObject")
    port = int(gateway.endpoint.rsplit(":", 1)[1])
    wire = Wire(port, *user.keys)
    status, text = wire.call("GET", "/2015-03-31/functions/", "lambda", body="Action=ListLayers", unsigned=[FORM])
    assert (status, json.loads(text)) == (200, {"Functions": []})
    root = Wire(port, "test", "test")
    for path in ("/health", "/restapis/a", "/v2/_catalog", "/_ministack/reset"):
        assert root.call("GET", path, "s3")[0] in (400, 501), path


def test_aws_cli(gateway, tmp_path):
    user = gateway.user("cli", "s3:PutObject", "s3:GetObject", "dynamodb:ListTables")
    gateway.s3.create_bucket(Bucket="cli")
    cli = AwsCli(gateway.endpoint, *user.keys)
    (tmp_path / "file").write_bytes(b"x" * 20_000_000)
    for source, target in [(tmp_path / "file", "s3://cli/folder/file"), ("s3://cli/folder/file", tmp_path / "copy")]:
        status, _, errors = cli.run("s3", "cp", str(source), str(target))
        assert status == 0, errors
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "file").read_bytes()
    assert cli.call("dynamodb", "ListTables") == {"TableNames": []}
    status, _, errors = cli.run("s3", "rm", "s3://cli/folder/file")
    assert status == 1 and "not authorized to perform: s3:DeleteObject" in errors
