"""What the gateway learns from answers, and what it says of them: tokens, grants, the transport, URLs that lead past it."""

import json

import pytest
from botocore.exceptions import ClientError
from server import Server
from test_gateway import denied
from upstreams import Caller, Moto, Scripted


@pytest.fixture(scope="module")
def stack():
    with Moto() as moto, Server("--upstream", moto.url, level="info") as server:
        yield server, Caller(server.endpoint, "test", "test")


def user(root, name, *statements):
    """A new user with these statements."""
    root.iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    root.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = root.iam.create_access_key(UserName=name)["AccessKey"]
    return Caller(root.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def allow(action, resource):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_an_iterator_stands_for_its_stream(stack):
    _, root = stack
    for name in ("mine", "theirs"):
        root.kinesis.create_stream(StreamName=name, ShardCount=1)
        root.kinesis.put_record(StreamName=name, PartitionKey="k", Data=name.encode())
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/{}"
    both = allow("kinesis:GetShardIterator", arn.format("*"))
    reader = user(root, "stream-reader", both, allow("kinesis:GetRecords", arn.format("mine")))

    def iterator(caller, name):
        shard = {"StreamName": name, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        return caller.kinesis.get_shard_iterator(**shard)["ShardIterator"]

    answer = reader.kinesis.get_records(ShardIterator=iterator(reader, "mine"))
    assert [record["Data"] for record in answer["Records"]] == [b"mine"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-iamd-mapping"] == "exact"
    following = answer["NextShardIterator"]
    assert reader.kinesis.get_records(ShardIterator=following)["Records"] == []
    theirs = iterator(reader, "theirs")
    get = lambda: reader.kinesis.get_records(ShardIterator=theirs)  # noqa: E731
    denied(get, 400, "AccessDeniedException", "kinesis:GetRecords", arn.format("theirs"), "stream-reader")
    # An iterator that did not pass here may be of any stream.
    forged = lambda: reader.kinesis.get_records(ShardIterator="made-up")  # noqa: E731
    denied(forged, 400, "AccessDeniedException", "kinesis:GetRecords", "*", "stream-reader")


def test_the_log_says_once_that_the_transport_decides(one_server):
    with Moto() as moto, Server("--upstream", moto.url, level="info") as server:
        root = Caller(server.endpoint, "test", "test")
        said = lambda: [line for line in server.log_lines() if "aws:SecureTransport" in line]  # noqa: E731
        caller = user(root, "plain", allow("sns:*", "*"))
        caller.sns.list_topics()
        assert said() == []
        deny = {"Effect": "Deny", "Action": "sns:*", "Resource": "*"}
        deny["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
        caller = user(root, "careful", allow("sns:*", "*"), deny)
        for _ in range(2):
            caller.sns.list_topics()
        (line,) = said()
        assert "sns:ListTopics" in line and "allowed" in line and "gateway.secure-transport" in line


def test_a_grant_allows_its_grantee(stack):
    _, root = stack
    key = root.kms.create_key()["KeyMetadata"]
    grantee = user(root, "grantee", allow("sts:GetCallerIdentity", "*"))
    arn = "arn:aws:iam::000000000000:user/grantee"
    blue = {"Team": "Blue"}
    encrypt = lambda **context: grantee.kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)  # noqa: E731
    denied(lambda: encrypt(**blue), 400, "AccessDeniedException", "kms:Encrypt", key["Arn"], "grantee")
    constraints = {"EncryptionContextSubset": blue}
    operations = ["Encrypt", "Decrypt"]
    grant = root.kms.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=arn, RetiringPrincipal=arn, Operations=operations, Constraints=constraints
    )
    other = root.kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=arn, Operations=["DescribeKey"])
    sealed = encrypt(**blue, Other="y")["CiphertextBlob"]
    context = {**blue, "Other": "y"}
    # The key of the ciphertext is known by the answer only.
    assert grantee.kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"x"
    for call in [
        lambda: encrypt(),
        lambda: encrypt(Team="Red"),
        lambda: grantee.kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext=blue),
    ]:
        with pytest.raises(ClientError, match="no identity-based policy allows"):
            call()
    assert grantee.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    # A Deny is stronger than a grant.
    deny = {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": deny})
    root.iam.put_user_policy(UserName="grantee", PolicyName="deny", PolicyDocument=document)
    with pytest.raises(ClientError, match="explicit deny in an identity-based policy"):
        encrypt(**blue)
    root.iam.delete_user_policy(UserName="grantee", PolicyName="deny")
    # Its retiring principal may retire it, and no other grant.
    with pytest.raises(ClientError, match="kms:RetireGrant"):
        grantee.kms.retire_grant(KeyId=key["Arn"], GrantId=other["GrantId"])
    grantee.kms.retire_grant(KeyId=key["Arn"], GrantId=grant["GrantId"])
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        encrypt(**blue)
    root.kms.revoke_grant(KeyId=key["KeyId"], GrantId=other["GrantId"])
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        grantee.kms.describe_key(KeyId=key["KeyId"])


def test_a_location_that_leads_past_the_gateway_is_warned_of(one_server):
    def serve(exchange):
        list(exchange.body())
        head = b"HTTP/1.1 200 OK\r\nLocation: http://127.0.0.1:%d/jobs\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        exchange.send(head % upstream.port)

    with Scripted(serve) as upstream, Server("--upstream", upstream.url, level="info") as server:
        root = Caller(server.endpoint, "test", "test")
        for _ in range(2):
            root.s3.create_bucket(Bucket="jobs")
        (line,) = [line for line in server.log_lines() if "get around iamd" in line]
        assert f"127.0.0.1:{upstream.port}" in line


def test_urls_that_lead_to_the_gateway_are_not_warned_of(stack):
    server, root = stack
    root.sqs.create_queue(QueueName="here")
    assert root.sqs.list_queues()["QueueUrls"] == [f"{server.endpoint}/000000000000/here"]
    assert not [line for line in server.log_lines() if "get around iamd" in line]
