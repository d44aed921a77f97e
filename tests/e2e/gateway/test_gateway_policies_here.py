"""Policies of resources that the gateway keeps itself, in front of moto, which would keep them as well and does not get
them."""

import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from server import Server
from upstreams import Caller, Moto

OTHER = "111122223333"
# DynamoDB takes names that are ARNs for tables of other accounts.
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/events"


@pytest.fixture(scope="module")
def moto():
    with Moto(MOTO_ACCOUNT_ID="000000000000") as moto:
        yield moto


@pytest.fixture(scope="module")
def settings(tmp_path_factory, moto):
    path = tmp_path_factory.mktemp("here") / "iamd.toml"
    path.write_text(f'[gateway.upstreams.default]\nurl = "{moto.url}"\npolicies = "here"\n')
    return "--config", str(path)


@pytest.fixture(scope="module")
def gateway(settings):
    with Server(*settings) as server:
        yield Caller(server.endpoint, "test", "test")


@pytest.fixture(scope="module")
def other(gateway):
    """The root user of another account, who has nothing but what resources give."""
    return Caller(gateway.endpoint, OTHER, "test")


@pytest.fixture(scope="module")
def behind(moto):
    return Caller(moto.url, "test", "test")


def policy(*actions, resource, principal=OTHER, effect="Allow"):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def fails(code, call):
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == code, caught.value


def test_buckets(gateway, other, behind):
    root, bucket = gateway.s3, {"Bucket": "reports"}
    for call in (root.get_bucket_policy, root.delete_bucket_policy, root.get_public_access_block):
        fails("NoSuchBucket", lambda: call(**bucket))
    root.create_bucket(**bucket)
    root.put_object(**bucket, Key="k", Body=b"1")
    fails("NoSuchBucketPolicy", lambda: root.get_bucket_policy(**bucket))
    fails("AccessDenied", lambda: other.s3.get_object(**bucket, Key="k"))
    for wrong in ("{}", "[]", "{", policy("s3:GetObject", resource="arn:aws:s3:::other/*"), policy("s3:GetObject", resource=1)):
        fails("MalformedPolicy", lambda: root.put_bucket_policy(**bucket, Policy=wrong))
    text = policy("s3:GetObject", resource="arn:aws:s3:::reports/*")
    root.put_bucket_policy(**bucket, Policy=text)
    assert root.get_bucket_policy(**bucket)["Policy"] == text
    assert root.get_bucket_policy_status(**bucket)["PolicyStatus"] == {"IsPublic": False}
    assert other.s3.get_object(**bucket, Key="k")["Body"].read() == b"1"
    fails("NoSuchBucketPolicy", lambda: behind.s3.get_bucket_policy(**bucket))
    root.put_bucket_policy(**bucket, Policy=policy("s3:GetObject", resource="arn:aws:s3:::reports/*", principal="*", effect="Deny"))
    fails("AccessDenied", lambda: root.get_object(**bucket, Key="k"))
    root.delete_bucket_policy(**bucket)
    assert root.get_object(**bucket, Key="k")["Body"].read() == b"1"
    # What a bucket had is gone with it.
    root.put_bucket_policy(**bucket, Policy=text)
    root.delete_object(**bucket, Key="k")
    root.delete_bucket(**bucket)
    root.create_bucket(**bucket)
    fails("NoSuchBucketPolicy", lambda: root.get_bucket_policy(**bucket))


def test_buckets_are_closed_until_somebody_opens_them(gateway):
    root, bucket = gateway.s3, {"Bucket": "pages"}
    root.create_bucket(**bucket)
    root.put_object(**bucket, Key="index.html", Body=b"hello")
    assert all(root.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
    public = policy("s3:GetObject", resource="arn:aws:s3:::pages/*", principal="*")
    fails("AccessDenied", lambda: root.put_bucket_policy(**bucket, Policy=public))
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    root.put_public_access_block(**bucket, PublicAccessBlockConfiguration=block)
    assert root.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"] == block
    root.put_bucket_policy(**bucket, Policy=public)
    assert root.get_bucket_policy_status(**bucket)["PolicyStatus"] == {"IsPublic": True}
    url = f"{gateway.endpoint}/pages/index.html"
    assert urllib.request.urlopen(url).read() == b"hello"
    root.put_public_access_block(**bucket, PublicAccessBlockConfiguration={**block, "RestrictPublicBuckets": True})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)
    root.delete_public_access_block(**bucket)
    fails("NoSuchPublicAccessBlockConfiguration", lambda: root.get_public_access_block(**bucket))
    assert urllib.request.urlopen(url).read() == b"hello"
    rule = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    assert root.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    root.put_bucket_ownership_controls(**bucket, OwnershipControls=rule)
    assert root.get_bucket_ownership_controls(**bucket)["OwnershipControls"] == rule
    root.delete_bucket_ownership_controls(**bucket)
    fails("OwnershipControlsNotFoundError", lambda: root.get_bucket_ownership_controls(**bucket))


def test_permissions_are_checked_first(gateway):
    gateway.s3.create_bucket(Bucket="closed")
    user = gateway.user("reader", "s3:GetBucketPolicy")
    fails("AccessDenied", lambda: user.s3.put_bucket_policy(Bucket="closed", Policy="{}"))
    fails("NoSuchBucketPolicy", lambda: user.s3.get_bucket_policy(Bucket="closed"))


def create_table(caller, name, **options):
    key = {"AttributeName": "id"}
    caller.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        **options,
    )


def test_tables(gateway, other, behind):
    root, table = gateway.dynamodb, {"ResourceArn": TABLE}
    text = policy("dynamodb:GetItem", resource=TABLE)
    fails("ResourceNotFoundException", lambda: root.put_resource_policy(**table, Policy=text))
    create_table(gateway, "orders")
    get = lambda: other.dynamodb.get_item(TableName=TABLE, Key={"id": {"S": "1"}})  # noqa: E731
    fails("PolicyNotFoundException", lambda: root.get_resource_policy(**table))
    fails("AccessDeniedException", get)
    fails("ValidationException", lambda: root.put_resource_policy(**table, Policy="{}"))
    fails("PolicyNotFoundException", lambda: root.put_resource_policy(**table, Policy=text, ExpectedRevisionId="1"))
    revision = root.put_resource_policy(**table, Policy=text, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    found = root.get_resource_policy(**table)
    assert (found["Policy"], found["RevisionId"]) == (text, revision)
    assert "Item" not in get()
    fails("PolicyNotFoundException", lambda: behind.dynamodb.get_resource_policy(**table))
    fails("PolicyNotFoundException", lambda: root.delete_resource_policy(**table, ExpectedRevisionId="1"))
    assert root.delete_resource_policy(**table)["RevisionId"] == revision
    assert "RevisionId" not in root.delete_resource_policy(**table)
    fails("AccessDeniedException", get)
    # A table can be made with a policy, which goes with it.
    shared = TABLE.replace("orders", "shared")
    create_table(gateway, "shared", ResourcePolicy=policy("dynamodb:GetItem", resource=shared))
    assert "Item" not in other.dynamodb.get_item(TableName=shared, Key={"id": {"S": "1"}})
    root.delete_table(TableName="shared")
    create_table(gateway, "shared")
    fails("PolicyNotFoundException", lambda: root.get_resource_policy(ResourceArn=shared))


def test_streams(gateway, other):
    root, stream = gateway.kinesis, {"ResourceARN": STREAM}
    fails("ResourceNotFoundException", lambda: root.get_resource_policy(**stream))
    root.create_stream(StreamName="events", ShardCount=1)
    assert root.get_resource_policy(**stream)["Policy"] == "{}"
    put = lambda: other.kinesis.put_record(StreamARN=STREAM, Data=b"1", PartitionKey="k")  # noqa: E731
    fails("AccessDeniedException", put)
    fails("InvalidArgumentException", lambda: root.put_resource_policy(**stream, Policy="{}"))
    text = policy("kinesis:PutRecord", resource=STREAM)
    root.put_resource_policy(**stream, Policy=text)
    assert root.get_resource_policy(**stream)["Policy"] == text
    assert put()["ShardId"]
    root.delete_resource_policy(**stream)
    fails("AccessDeniedException", put)


def test_policies_last(settings, tmp_path):
    database = f"sqlite:{tmp_path / 'iamd.db'}"
    text = policy("s3:GetObject", resource="arn:aws:s3:::lasting/*")
    with Server(*settings, database=database, alone=True) as server:
        root = Caller(server.endpoint, "test", "test").s3
        root.create_bucket(Bucket="lasting")
        root.put_bucket_policy(Bucket="lasting", Policy=text)
    with Server(*settings, database=database, alone=True) as server:
        root = Caller(server.endpoint, "test", "test").s3
        assert root.get_bucket_policy(Bucket="lasting")["Policy"] == text
        assert server.own("reset", "POST")[0] == 200
        fails("NoSuchBucketPolicy", lambda: root.get_bucket_policy(Bucket="lasting"))
