"""Ways around the gateway: each request is harmless as it is decided, and another one as moto would read it."""

import json

import pytest
from botocore.exceptions import ClientError
from server import IN_CLUSTER, Server
from upstreams import Caller, Moto
from wire import Wire

FORM = ("content-type", "application/x-www-form-urlencoded")
MULTIPART = ("content-type", "multipart/form-data; boundary=x")
JSON = ("content-type", "application/x-amz-json-1.0")


@pytest.fixture(scope="module")
def moto():
    with Moto() as moto:
        yield moto


@pytest.fixture(scope="module")
def gateway(moto):
    with Server("--upstream", moto.url, level="info") as server:
        caller = Caller(server.endpoint, "test", "test")
        caller.port = server.port
        yield caller


@pytest.fixture(scope="module")
def behind(moto):
    """moto without the gateway."""
    return Caller(moto.url, "test", "test")


def wire(gateway, name, *actions, statements=()):
    """A new user who sends requests by hand."""
    key_id, secret = gateway.user(name, *actions, statements=statements).keys
    return Wire(gateway.port, key_id, secret)


def part(name, value):
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--x--\r\n'


@pytest.mark.parametrize("kind, body", [(FORM, "Action=ListLayers"), (MULTIPART, part("Action", "ListLayers"))])
def test_an_action_in_the_form_of_another_protocol(gateway, kind, body):
    user = wire(gateway, f"form-{len(body)}", "lambda:ListFunctions")
    status, text = user.call("GET", "/2015-03-31/functions/", "lambda", body=body, unsigned=[kind])
    assert (status, json.loads(text)) == (200, {"Functions": []})


@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_a_version_in_a_form(gateway, kind):
    bucket = f"versions-{len(kind[1])}"
    gateway.s3.create_bucket(Bucket=bucket)
    gateway.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = gateway.s3.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    gateway.s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    user = wire(gateway, bucket, "s3:GetObject")
    body = f"versionId={old}" if kind == FORM else part("versionId", old)
    assert user.call("GET", f"/{bucket}/k?versionId={old}", "s3")[0] == 403
    assert user.call("GET", f"/{bucket}/k", "s3", body=body, unsigned=[kind]) == (200, "new")


@pytest.mark.parametrize(
    "target, host, unsigned, expected",
    [
        ("/", None, [], 200),
        ("/", None, [("user-agent", "x region/eu-west-1")], 200),
        ("/?x-id=.eu-west-1.amazonaws.com", None, [], 501),
        ("/?X-Amz-Other=%2Eeu-west-1.amazonaws.com", None, [], 501),
        ("/", "dynamodb.eu-west-1.amazonaws.com", [], 400),
        ("/", "dynamodb.us-east-1.amazonaws.com", [], 200),
    ],
)
def test_a_region_beside_the_signature(gateway, target, host, unsigned, expected):
    other = gateway.client("dynamodb", region="eu-west-1")
    if other.list_tables()["TableNames"] == []:
        other.create_table(
            TableName="elsewhere",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    user = Wire(gateway.port, "test", "test")
    headers = [("x-amz-target", "DynamoDB_20120810.ListTables")]
    status, text = user.call("POST", target, "dynamodb", headers, "{}", [*unsigned, JSON], host=host)
    assert status == expected and "elsewhere" not in text, text


@pytest.mark.skipif(IN_CLUSTER, reason="nginx sends no Connection header on")
def test_a_condition_that_connection_takes_away(gateway):
    gateway.s3.create_bucket(Bucket="once")
    gateway.s3.put_object(Bucket="once", Key="k", Body=b"first")
    condition = {"StringEquals": {"s3:if-none-match": "*"}}
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": condition}
    user = wire(gateway, "once", statements=[statement])
    for connection, expected in [("close", 412), ("if-none-match", 400), ("close, If-None-Match", 400)]:
        headers = [("if-none-match", "*"), ("connection", connection)]
        assert user.call("PUT", "/once/k", "s3", body="second", unsigned=headers)[0] == expected, connection
    assert gateway.s3.get_object(Bucket="once", Key="k")["Body"].read() == b"first"


@pytest.mark.parametrize("source", ["copies/se\tcret", "copies/%73ecret", "/copies/secret", "copies%2Fsecret", "//copies/secret"])
def test_the_source_of_a_copy_in_other_spellings(gateway, behind, source):
    gateway.s3.create_bucket(Bucket="copies")
    gateway.s3.put_object(Bucket="copies", Key="secret", Body=b"secret")
    denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::copies/secret*"}
    user = wire(gateway, f"copier-{abs(hash(source))}", "s3:GetObject", "s3:PutObject", statements=[denied])
    status, _ = user.call("PUT", "/copies/copy", "s3", [("x-amz-copy-source", source)])
    assert status in (400, 403)
    assert [one["Key"] for one in behind.s3.list_objects_v2(Bucket="copies")["Contents"]] == ["secret"]


def test_keys_are_what_was_decided(gateway, behind):
    gateway.s3.create_bucket(Bucket="keys")
    root = Wire(gateway.port, "test", "test")
    for path, key in [
        ("a%252Fb", "a%2Fb"),
        ("a+b", "a+b"),
        ("a//b", "a//b"),
        ("%2Fa", "/a"),
        ("a/../b", "a/../b"),
        ("a%09b", "a\tb"),
        ("%C3%A4", "ä"),
        ("ä", None),
        ("%E4", None),
        ("a%00b", None),
        ("%2e%2e/other", None),
    ]:
        status, _ = root.call("PUT", f"/keys/{path}", "s3", body="1")
        stored = [one["Key"] for one in behind.s3.list_objects_v2(Bucket="keys").get("Contents", [])]
        assert (status, stored) == ((200, [key]) if key else (400, [])), path
        for one in stored:
            behind.s3.delete_object(Bucket="keys", Key=one)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/seed?a=1", "/moto-api/data.json", "/moto-api", "//moto-api/seed"])
def test_pages_of_the_server_are_not_to_be_had(gateway, method, path):
    host = ("host", f"127.0.0.1:{gateway.port}")
    status, _ = Wire(gateway.port, None, None).send(method, path, [host])
    assert status in (400, 405, 412, 501)
    root = Wire(gateway.port, "test", "test")
    assert root.call(method, path, "s3")[0] in (400, 405, 412, 501)


def test_hosts_name_the_bucket_of_the_decision(gateway):
    for bucket in ("hosts-mine", "hosts-theirs"):
        gateway.s3.create_bucket(Bucket=bucket)
        gateway.s3.put_object(Bucket=bucket, Key="k", Body=bucket.encode())
    gateway.s3.put_object(Bucket="hosts-mine", Key="hosts-theirs/k", Body=b"mine as well")
    point = "arn:aws:s3:us-east-1:000000000000:accesspoint/ap/object/*"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [point, "arn:aws:s3:::hosts-mine", "arn:aws:s3:::hosts-mine/*"]}
    user = wire(gateway, "hosts", statements=[statement])
    for host, target, expected in [
        (None, "/hosts-theirs/k", (403, None)),
        ("hosts-mine.localhost", "/k", (200, "hosts-mine")),
        ("HOSTS-MINE.s3.localhost.:4599", "/k", (200, "hosts-mine")),
        ("hosts-mine.localhost", "/hosts-theirs/k", (200, "mine as well")),
        ("hosts-mine.localhost", "//hosts-theirs/k", (404, None)),
        ("hosts-mine.localhost", "/../hosts-theirs/k", (400, None)),
        ("hosts-mine.localhost", "/%2e%2e/hosts-theirs/k", (400, None)),
        ("hosts-theirs.localhost", "/hosts-mine/k", (403, None)),
        ("hosts-mine.example.com", "/k", (403, None)),
        ("ap-000000000000.s3-accesspoint.us-east-1.amazonaws.com", "/hosts-theirs/k", (501, None)),
        ("s3-control.us-east-1.amazonaws.com", "/hosts-theirs/k", (403, None)),
    ]:
        status, text = user.call("GET", target, "s3", host=host)
        assert (status, text if expected[1] else None) == expected, (host, target, text)


CRC32 = "x-amz-checksum-crc32"


def chunks(data, trailer):
    return f"{len(data):x}\r\n{data}\r\n0\r\n{trailer}\r\n"


@pytest.mark.parametrize(
    "body, options, expected",
    [
        ("hello", {"payload": "0" * 64}, 400),
        ("x" * 300_000, {"payload": "0" * 64}, 400),
        (chunks("hello", f"{CRC32}:NhCmhg==\r\n"), {}, 200),
        (chunks("hello", f"{CRC32}:AAAAAA==\r\n"), {}, 400),
        (chunks("hellO", f"{CRC32}:NhCmhg==\r\n"), {}, 400),
        (chunks("hello", ""), {}, 400),
        (chunks("hello", f"{CRC32}:NhCmhg==\r\nx-amz-meta-a:1\r\n"), {}, 400),
        (chunks("hello!", f"{CRC32}:NhCmhg==\r\n"), {}, 400),
        ("5\r\nhello\r\n", {}, 400),
    ],
)
def test_bodies_that_are_not_what_was_signed_are_not_stored(gateway, behind, body, options, expected):
    gateway.s3.create_bucket(Bucket="chunks")
    root = Wire(gateway.port, "test", "test")
    headers = []
    if not options:
        options = {"payload": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
        headers = [("x-amz-decoded-content-length", "5"), ("x-amz-trailer", CRC32)]
    assert root.call("PUT", "/chunks/k", "s3", headers, body, **options)[0] == expected
    stored = behind.s3.list_objects_v2(Bucket="chunks").get("Contents", [])
    assert [one["Size"] for one in stored] == ([5] if expected == 200 else [])
    behind.s3.delete_object(Bucket="chunks", Key="k")


def test_the_url_of_another_queue(gateway):
    urls = {name: gateway.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("mine", "theirs")}
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:us-east-1:000000000000:mine"}
    user = wire(gateway, "queue", statements=[statement])
    target = [("x-amz-target", "AmazonSQS.GetQueueAttributes")]
    for url, expected in [
        (urls["mine"], 200),
        (urls["theirs"], 403),
        ("mine", 200),
        ("theirs", 403),
        (urls["mine"].replace("000000000000", "111122223333"), 403),
        (f"{urls['theirs']}/../mine", 400),
        (f"{urls['theirs']}#/mine", 400),
        (f"{urls['mine']}?/theirs", 400),
        ("https://sqs.us-east-1.amazonaws.com/000000000000/mine", 200),
        ("https://sqs.eu-west-1.amazonaws.com/000000000000/mine", 400),
        ("http://localhost:4566/queue/eu-west-1/000000000000/mine", 400),
    ]:
        body = json.dumps({"QueueUrl": url})
        assert user.call("POST", "/", "sqs", target, body, [JSON])[0] == expected, url
    form = f"Action=GetQueueAttributes&Version=2012-11-05&QueueUrl={urls['mine']}"
    for path, body, expected in [
        ("/", form, 200),
        ("/000000000000/mine", form, 200),
        ("/000000000000/theirs", form, 400),
        ("/", f"{form}&queueUrl={urls['theirs']}", 400),
        (f"/?QueueUrl={urls['theirs']}", form, 400),
        ("/?Action=PurgeQueue", form, 400),
    ]:
        assert user.call("POST", path, "sqs", body=body, unsigned=[FORM])[0] == expected, (path, body)


def test_a_key_that_is_not_the_ciphertexts(gateway):
    mine, theirs = (gateway.kms.create_key()["KeyMetadata"] for _ in range(2))
    sealed = gateway.kms.encrypt(KeyId=theirs["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    own = gateway.kms.encrypt(KeyId=mine["KeyId"], Plaintext=b"own")["CiphertextBlob"]
    user = gateway.user("keys", statements=[{"Effect": "Allow", "Action": "kms:*", "Resource": mine["Arn"]}]).kms
    keys = {"SourceKeyId": mine["KeyId"], "DestinationKeyId": mine["KeyId"]}
    assert user.decrypt(CiphertextBlob=own, KeyId=mine["KeyId"])["Plaintext"] == b"own"
    assert user.re_encrypt(CiphertextBlob=own, **keys)["KeyId"] == mine["Arn"]
    for call in (
        lambda: user.decrypt(CiphertextBlob=sealed),
        lambda: user.decrypt(CiphertextBlob=sealed, KeyId=mine["KeyId"]),
        lambda: user.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=mine["KeyId"]),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    with pytest.raises(ClientError, match="IncorrectKeyException"):
        user.re_encrypt(CiphertextBlob=sealed, **keys)


def test_streams_without_a_policy(gateway):
    for name in ("mine", "theirs"):
        gateway.kinesis.create_stream(StreamName=name, ShardCount=1)
    statement = {"Effect": "Allow", "Action": "kinesis:*", "Resource": "arn:aws:kinesis:us-east-1:000000000000:stream/mine"}
    user = gateway.user("streams", statements=[statement]).kinesis
    assert user.put_record(StreamName="mine", Data=b"x", PartitionKey="a")["ShardId"]
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/theirs"
    with pytest.raises(ClientError, match="two different values"):
        user.put_record(StreamName="mine", StreamARN=arn, Data=b"x", PartitionKey="a")
    with pytest.raises(ClientError, match="AccessDenied"):
        user.put_record(StreamName="theirs", Data=b"x", PartitionKey="a")
    shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = gateway.kinesis.get_shard_iterator(StreamName="theirs", **shard)["ShardIterator"]
    for extra in ({}, {"StreamARN": arn.replace("theirs", "mine")}):
        with pytest.raises(ClientError, match="AccessDenied"):
            user.get_records(ShardIterator=iterator, **extra)


def test_a_log_group_by_its_identifier(gateway):
    """moto takes the newest log group for any."""
    for name in ("mine", "theirs"):
        gateway.logs.create_log_group(logGroupName=name)
        gateway.logs.create_log_stream(logGroupName=name, logStreamName=f"of-{name}")
    mine = "arn:aws:logs:us-east-1:000000000000:log-group:mine"
    user = gateway.user("logs", statements=[{"Effect": "Allow", "Action": "logs:*", "Resource": [mine, f"{mine}:*"]}]).logs
    assert user.describe_log_streams(logGroupName="mine")["logStreams"][0]["logStreamName"] == "of-mine"
    for call in (
        lambda: user.describe_log_streams(logGroupIdentifier=mine),
        lambda: user.get_log_events(logGroupIdentifier=mine, logStreamName="of-theirs"),
    ):
        with pytest.raises(ClientError, match="NotImplemented"):
            call()
