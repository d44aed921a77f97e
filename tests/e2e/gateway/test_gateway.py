"""The gateway in front of moto: least-privilege callers work, and one permission less is denied in AWS's own words."""

import json
import re
import socket
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from server import Server, run
from upstreams import Caller, Moto

QUEUE = "{endpoint}/000000000000/orders"


@pytest.fixture(scope="module")
def gateway():
    with Moto() as moto, Server("--upstream", moto.url, level="info") as server:
        yield Caller(server.endpoint, "test", "test")


def denied(call, status, code, action, resource, user):
    """The call is denied in AWS's sentence about this action and resource."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    on = f" on resource: {resource}" if resource else ""
    sentence = (
        f"User: arn:aws:iam::000000000000:user/{user} is not authorized to perform: {action}{on} because no "
        f"identity-based policy allows the {action} action"
    )
    found = error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]
    assert found == (status, code, sentence)


def test_objects(gateway):
    root = gateway.s3
    root.create_bucket(Bucket="reports")
    root.put_object(Bucket="reports", Key="a/b.txt", Body=b"hello")
    reader = gateway.user("reader", "s3:GetObject")
    assert reader.s3.get_object(Bucket="reports", Key="a/b.txt")["Body"].read() == b"hello"
    put = lambda: reader.s3.put_object(Bucket="reports", Key="x", Body=b"1")  # noqa: E731
    denied(put, 403, "AccessDenied", "s3:PutObject", '"arn:aws:s3:::reports/x"', "reader")
    # Who may not list does not learn what exists.
    missing = lambda: reader.s3.get_object(Bucket="reports", Key="nothing")  # noqa: E731
    denied(missing, 403, "AccessDenied", "s3:ListBucket", '"arn:aws:s3:::reports"', "reader")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/a/*"}
    root.put_bucket_policy(Bucket="reports", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    for caller in (reader.s3, root):
        with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
            caller.get_object(Bucket="reports", Key="a/b.txt")
    root.delete_bucket_policy(Bucket="reports")
    assert reader.s3.get_object(Bucket="reports", Key="a/b.txt")["Body"].read() == b"hello"


def fetch(request):
    try:
        return urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        return error.code, re.search(r"<Code>(\w+)</Code>", error.read().decode())[1]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(gateway, version):
    gateway.s3.create_bucket(Bucket=f"links-{version}")
    gateway.s3.put_object(Bucket=f"links-{version}", Key="k", Body=b"linked")
    user = gateway.user(f"linker-{version}", "s3:GetObject")
    client = user.client("s3", signature_version=version, s3={"addressing_style": "path"})
    url = client.generate_presigned_url("get_object", Params={"Bucket": f"links-{version}", "Key": "k"})
    assert fetch(url) == b"linked"
    assert fetch(url.replace("/k?", "/other?")) == (403, "SignatureDoesNotMatch")
    url = client.generate_presigned_url("delete_object", Params={"Bucket": f"links-{version}", "Key": "k"})
    assert fetch(urllib.request.Request(url, method="DELETE")) == (403, "AccessDenied")
    assert fetch(f"{gateway.endpoint}/links-{version}/k") == (403, "AccessDenied"), "nobody signed"


def test_keys_are_deleted_in_part(gateway):
    gateway.s3.create_bucket(Bucket="parts")
    for key in ("mine/a", "theirs/b"):
        gateway.s3.put_object(Bucket="parts", Key=key, Body=b"1")
    statement = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::parts/mine/*"}
    cleaner = gateway.user("cleaner", "s3:ListBucket")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    gateway.iam.put_user_policy(UserName="cleaner", PolicyName="mine", PolicyDocument=document)
    keys = {"Objects": [{"Key": "mine/a"}, {"Key": "theirs/b"}]}
    answer = cleaner.s3.delete_objects(Bucket="parts", Delete=keys)
    assert [one["Key"] for one in answer["Deleted"]] == ["mine/a"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("theirs/b", "AccessDenied")]
    assert [one["Key"] for one in gateway.s3.list_objects_v2(Bucket="parts")["Contents"]] == ["theirs/b"]


def test_queues(gateway):
    url = gateway.sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url == QUEUE.format(endpoint=gateway.endpoint), "clients that follow it come back to the gateway"
    sender = gateway.user("sender", "sqs:SendMessage")
    sender.sqs.send_message(QueueUrl=url, MessageBody="one")
    # moto would take such a body for a form.
    sender.sqs.send_message(QueueUrl=url, MessageBody="&Action=DeleteQueue&")
    assert gateway.sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url
    receive = lambda: sender.sqs.receive_message(QueueUrl=url)  # noqa: E731
    arn = "arn:aws:sqs:us-east-1:000000000000:orders"
    denied(receive, 403, "AccessDenied", "sqs:receivemessage", arn, "sender")


def test_tables(gateway):
    gateway.dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "1"}}
    app = gateway.user("app", "dynamodb:PutItem", "dynamodb:GetItem")
    app.dynamodb.put_item(TableName="orders", Item=item)
    assert app.dynamodb.get_item(TableName="orders", Key=item)["Item"] == item
    scan = lambda: app.dynamodb.scan(TableName="orders")  # noqa: E731
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
    denied(scan, 400, "AccessDeniedException", "dynamodb:Scan", arn, "app")


def test_topics(gateway):
    arn = gateway.sns.create_topic(Name="news")["TopicArn"]
    publisher = gateway.user("publisher", "sns:Publish")
    publisher.sns.publish(TopicArn=arn, Message="m")
    subscribe = lambda: publisher.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")  # noqa: E731
    denied(subscribe, 403, "AuthorizationError", "SNS:Subscribe", arn, "publisher")


def test_keys(gateway):
    key = gateway.kms.create_key()["KeyMetadata"]
    writer = gateway.user("writer", "kms:Encrypt")
    sealed = writer.kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    with pytest.raises(ClientError, match="kms:Decrypt on the resource associated with this ciphertext"):
        writer.kms.decrypt(CiphertextBlob=sealed)
    assert gateway.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"


def test_secrets_and_parameters(gateway):
    gateway.secretsmanager.create_secret(Name="token", SecretString="x")
    gateway.ssm.put_parameter(Name="/app/port", Value="80", Type="String")
    user = gateway.user("configured", "secretsmanager:GetSecretValue", "ssm:GetParameter")
    assert user.secretsmanager.get_secret_value(SecretId="token")["SecretString"] == "x"
    assert user.ssm.get_parameter(Name="/app/port")["Parameter"]["Value"] == "80"
    put = lambda: user.ssm.put_parameter(Name="/app/port", Value="81", Type="String", Overwrite=True)  # noqa: E731
    arn = "arn:aws:ssm:us-east-1:000000000000:parameter/app/port"
    denied(put, 400, "AccessDeniedException", "ssm:PutParameter", arn, "configured")


def test_functions(gateway):
    user = gateway.user("caller", "lambda:GetFunction")
    listed = lambda: user.client("lambda").list_functions()  # noqa: E731
    denied(listed, 403, "AccessDeniedException", "lambda:ListFunctions", "*", "caller")
    assert gateway.client("lambda").list_functions()["Functions"] == []


def test_what_was_done_becomes_a_policy(gateway):
    gateway.s3.create_bucket(Bucket="recorded")
    queue = gateway.sqs.create_queue(QueueName="recorded")["QueueUrl"]
    user = gateway.user("recorded", "s3:*", "sqs:*")
    user.s3.put_object(Bucket="recorded", Key="k", Body=b"1")
    user.s3.get_object(Bucket="recorded", Key="k")
    user.sqs.send_message(QueueUrl=queue, MessageBody="m")
    principal = "arn:aws:iam::000000000000:user/recorded"
    status, policy, errors = run("policy", "record", "--principal", principal, "--endpoint", gateway.endpoint)
    assert (status, errors) == (0, "")
    assert [(one["Action"], one["Resource"]) for one in json.loads(policy)["Statement"]] == [
        (["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::recorded/k"),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:recorded"),
    ]


def test_a_policy_that_is_none_is_refused(gateway):
    """AWS takes no such policy; kept upstream, it would deny everything."""
    wrong = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*"}]})
    gateway.s3.create_bucket(Bucket="policies")
    queue = gateway.sqs.create_queue(QueueName="policies")["QueueUrl"]
    topic = gateway.sns.create_topic(Name="policies")["TopicArn"]
    key = {"KeyId": gateway.kms.create_key()["KeyMetadata"]["KeyId"], "PolicyName": "default"}
    secret = gateway.secretsmanager.create_secret(Name="policies", SecretString="x")["ARN"]
    before = gateway.kms.get_key_policy(**key)["Policy"]
    for code, call in [
        ("MalformedPolicy", lambda: gateway.s3.put_bucket_policy(Bucket="policies", Policy=wrong)),
        ("InvalidAttributeValue", lambda: gateway.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": wrong})),
        ("InvalidAttributeValue", lambda: gateway.sqs.create_queue(QueueName="other", Attributes={"Policy": wrong})),
        (
            "InvalidParameter",
            lambda: gateway.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=wrong),
        ),
        ("MalformedPolicyDocumentException", lambda: gateway.kms.put_key_policy(**key, Policy=wrong)),
        ("MalformedPolicyDocumentException", lambda: gateway.kms.create_key(Policy="text")),
        (
            "MalformedPolicyDocumentException",
            lambda: gateway.secretsmanager.put_resource_policy(SecretId=secret, ResourcePolicy=wrong),
        ),
    ]:
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == code, caught.value
    assert gateway.kms.get_key_policy(**key)["Policy"] == before
    gateway.sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="no policy")
    gateway.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    # An empty policy takes the policy away.
    gateway.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    # Who may not give a policy does not learn what is wrong with it.
    with pytest.raises(ClientError, match="AccessDenied"):
        gateway.user("stranger", "sqs:ListQueues").kms.put_key_policy(**key, Policy=wrong)


def test_an_upstream_that_is_down():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Server("--upstream", f"http://127.0.0.1:{port}") as server:
        root = Caller(server.endpoint, "test", "test")
        with pytest.raises(ClientError) as caught:
            root.dynamodb.list_tables()
        error = caught.value.response
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert f"127.0.0.1:{port}" in error["Error"]["Message"]
        assert root.sts.get_caller_identity()["Account"] == "000000000000", "IAM and STS go on"
