"""The audit trail, through boto3 and aws-cli."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server, run
from upstreams import Moto
from wire import Wire


def trail(who):
    """A client of CloudTrail in the region of IAM's events."""
    return who.session.client("cloudtrail", endpoint_url=who.endpoint, region_name="us-east-1")


def records(who, **attribute):
    """The records of the events that have an attribute, the newest first."""
    attributes = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
    pages = trail(who).get_paginator("lookup_events").paginate(LookupAttributes=attributes)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def test_the_record_of_a_user_s_call_is_whole(root, user, account):
    root.iam.put_user_policy(
        UserName="bob",
        PolicyName="p",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:CreateUser","iam:TagUser"],"Resource":"*"}}',
    )
    made = user.iam.create_user(UserName="alice", Path="/a/", Tags=[{"Key": "k", "Value": "v"}])
    [record] = [found for found in records(root, EventName="CreateUser") if found["requestParameters"]["userName"] == "alice"]
    bob = root.iam.get_user(UserName="bob")["User"]
    time, event_id, agent = record.pop("eventTime"), record.pop("eventID"), record.pop("userAgent")
    date = record["responseElements"]["user"].pop("createDate")
    assert time.endswith("Z") and len(event_id) == 36 and agent.startswith("Boto3/") and date[-2:] in ("AM", "PM")
    assert record == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": bob["UserId"],
            "arn": bob["Arn"],
            "accountId": account,
            "accessKeyId": root.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]["AccessKeyId"],
            "userName": "bob",
        },
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": {"userName": "alice", "path": "/a/", "tags": [{"key": "k", "value": "v"}]},
        "responseElements": {
            "user": {
                "path": "/a/",
                "userName": "alice",
                "userId": made["User"]["UserId"],
                "arn": made["User"]["Arn"],
                "tags": [{"key": "k", "value": "v"}],
            }
        },
        "requestID": made["ResponseMetadata"]["RequestId"],
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def test_a_denied_call_keeps_its_parameters_to_itself(root, user):
    with pytest.raises(ClientError) as raised:
        user.iam.create_user(UserName="alice")
    record = records(root, EventName="CreateUser")[0]
    assert record["errorCode"] == "AccessDenied"
    assert record["errorMessage"] == raised.value.response["Error"]["Message"]
    assert (record["requestParameters"], record["responseElements"]) == (None, None)


def test_other_failures_have_parameters_and_a_code_of_cloudtrail(root):
    with pytest.raises(root.iam.exceptions.NoSuchEntityException):
        root.iam.get_user(UserName="nobody")
    record = records(root, EventName="GetUser")[0]
    assert (record["errorCode"], record["requestParameters"]) == ("NoSuchEntityException", {"userName": "nobody"})
    assert record["readOnly"] is True


def test_a_record_hides_people_and_shortens_programs(in_memory):
    with Server() as server:
        root = Boto3(server.endpoint, "100000000011")
        calls = root.session.client("organizations", endpoint_url=server.endpoint)
        calls.create_organization()
        calls.create_account(Email="canary@example.com", AccountName="Canary")
        [made] = records(root, EventName="CreateAccount")
        assert made["requestParameters"] == {"email": "****", "accountName": "****"}
        status = made["responseElements"]["createAccountStatus"]
        assert (status["accountName"], status["state"]) == ("****", "IN_PROGRESS") and "requestedTimestamp" in status
        assert "anary" not in json.dumps(made)
        agent = "a" * 3000
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        form = ("content-type", "application/x-www-form-urlencoded")
        wire = Wire(server.port, "100000000011", "test")
        assert wire.call("POST", "/", "sts", [form, ("user-agent", agent)], body)[0] == 200
        [called] = records(root, EventName="GetCallerIdentity")
        assert called["userAgent"] == "a" * 1024


def decisions(server, action):
    """What was decided of the last call of an action, with its evidence."""
    status, output, errors = run(
        "events", "--since", "1h", "--no-follow", "--json", "--action", action, "--endpoint", server.endpoint
    )
    assert (status, errors) == (0, "")
    return json.loads(output.splitlines()[-1])["decisions"]


def test_an_event_says_what_decided(in_memory):
    with Server() as server:
        account = "123456789012"
        root = Boto3(server.endpoint, account)
        root.iam.create_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
        bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
        arn = f"arn:aws:iam::{account}:user/bob"
        root_said = {"action": "iam:CreateAccessKey", "resource": arn, "effect": "ALLOW", "because": "the root user needs no permission"}
        assert decisions(server, "iam:CreateAccessKey") == [root_said]
        statements = [
            {
                "Sid": "Own",
                "Effect": "Allow",
                "Action": "iam:GetUser",
                "Resource": "arn:aws:iam::*:user/${aws:username}",
                "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}, "Null": {"aws:SourceVpc": "true"}},
            },
            {"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}},
            {"Effect": "Allow", "Action": "iam:List*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:SourceVpc": "vpc-1"}}},
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:userid": "x"}}},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        managed = root.iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
        root.iam.attach_user_policy(UserName="bob", PolicyArn=managed)
        bob.iam.get_user(UserName="bob")
        [allowed] = decisions(server, "iam:GetUser")
        assert allowed == {
            "action": "iam:GetUser",
            "resource": arn,
            "effect": "ALLOW",
            "layer": "identity",
            "policy": managed,
            "statement": "Own",
            "keys": {"aws:username": ["bob"], "aws:SourceIp": ["127.0.0.1"], "aws:SourceVpc": []},
        }
        for call in (bob.iam.list_users, bob.iam.list_roles):
            with pytest.raises(ClientError):
                call()
        assert decisions(server, "iam:ListUsers") == [
            {
                "action": "iam:ListUsers",
                "resource": f"arn:aws:iam::{account}:user/",
                "effect": "EXPLICIT_DENY",
                "layer": "identity",
                "policy": managed,
                "statement": "Statement2",
                "keys": {"aws:PrincipalTag/team": ["red"]},
            }
        ]
        [implicit] = decisions(server, "iam:ListRoles")
        assert (implicit["effect"], implicit["layer"]) == ("IMPLICIT_DENY", "identity") and "policy" not in implicit
        assert implicit["keys"] == {"aws:PrincipalTag/team": ["red"], "aws:SourceVpc": []}, "for these alone it is denied"
        # What is asked before something is fetched is not asked twice.
        trail(root).lookup_events()
        [looked_up] = decisions(server, "cloudtrail:LookupEvents")
        assert looked_up["effect"] == "ALLOW"
        # A trust policy decides about who assumes the role.
        trust = {"Version": "2012-10-17", "Statement": {"Sid": "Visit", "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "42"}}}}
        role = root.iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        bob.sts.assume_role(RoleArn=role, RoleSessionName="visit", ExternalId="42")
        [assumed] = decisions(server, "sts:AssumeRole")
        assert (assumed["layer"], assumed["statement"], assumed["keys"]) == ("trust", "Visit", {"sts:ExternalId": ["42"]})


def test_decisions_about_other_services_are_in_their_events(in_memory):
    with Moto() as moto, Server("--upstream", moto.url) as server:
        root = Boto3(server.endpoint, "test", "test")
        root.iam.create_user(UserName="bob")
        may = {"Version": "2012-10-17", "Statement": {"Sid": "Make", "Effect": "Allow", "Action": "s3:CreateBucket", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}
        root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=json.dumps(may))
        bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
        s3 = bob.session.client("s3", endpoint_url=server.endpoint, region_name="us-east-1")
        s3.create_bucket(Bucket="reports")
        [made] = decisions(server, "s3:CreateBucket")
        assert made == {
            "action": "s3:CreateBucket",
            "resource": "arn:aws:s3:::reports",
            "effect": "ALLOW",
            "layer": "identity",
            "policy": "user_bob_p",
            "statement": "Make",
            "keys": {"aws:SecureTransport": ["true"]},
        }


def test_both_accounts_see_a_role_assumed_across_them(server, root, account):
    other = Boto3(server.endpoint, "100000000009")
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}}
    role = other.iam.create_role(RoleName="guest", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    root.iam.create_user(UserName="eve")
    may = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}
    root.iam.put_user_policy(UserName="eve", PolicyName="p", PolicyDocument=json.dumps(may))
    eve = root.using(root.iam.create_access_key(UserName="eve")["AccessKey"])
    session = eve.sts.assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    own, theirs = records(root, EventName="AssumeRole")[0], records(other, EventName="AssumeRole")[0]
    assert own["sharedEventID"] == theirs["sharedEventID"] and own["eventID"] != theirs["eventID"]
    assert own["requestID"] == theirs["requestID"]
    assert own["userIdentity"]["type"] == "IAMUser" and own["readOnly"] is True
    eve_id = root.iam.get_user(UserName="eve")["User"]["UserId"]
    assert theirs["userIdentity"] == {"type": "AWSAccount", "principalId": eve_id, "accountId": account}
    assert own["resources"] == [{"accountId": "100000000009", "type": "AWS::IAM::Role", "ARN": role}]
    assert own["responseElements"]["credentials"]["accessKeyId"] == session["AccessKeyId"]
    assert session["SecretAccessKey"] not in json.dumps([own, theirs])
    guest = root.using(session)
    guest.sts.get_caller_identity()
    [called] = records(other, Username="visit")[:1]
    assert called["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role
    assert called["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_pages_attributes_and_bad_requests(root):
    for number in range(5):
        root.iam.create_user(UserName=f"u{number}")
    client = trail(root)
    page = client.lookup_events(MaxResults=2)
    assert [event["EventName"] for event in page["Events"]] == ["CreateUser"] * 2
    more = client.lookup_events(MaxResults=2, NextToken=page["NextToken"])
    names = [resource["ResourceName"] for event in page["Events"] + more["Events"] for resource in event["Resources"]]
    assert {"u4", "u3", "u2", "u1"} <= set(names)
    event = more["Events"][-1]
    for key, value in [
        ("EventId", event["EventId"]),
        ("ResourceName", "u1"),
        ("AccessKeyId", event["AccessKeyId"]),
        ("Username", "root"),
        ("EventSource", "iam.amazonaws.com"),
        ("ReadOnly", "false"),
        ("ResourceType", "AWS::IAM::User"),
    ]:
        found = client.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])["Events"]
        assert event["EventId"] in [found["EventId"] for found in found], key
    elsewhere = root.session.client("cloudtrail", endpoint_url=root.endpoint, region_name="eu-west-1")
    assert [event["EventSource"] for event in elsewhere.lookup_events()["Events"]] == []
    two = [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "Username", "AttributeValue": "b"}]
    for code, request in [
        ("InvalidLookupAttributesException", {"LookupAttributes": two}),
        ("InvalidTimeRangeException", {"StartTime": 2_000_000_000, "EndTime": 1}),
        ("InvalidNextTokenException", {"NextToken": page["NextToken"], "StartTime": 5}),
        ("InvalidNextTokenException", {"NextToken": "made up"}),
    ]:
        with pytest.raises(ClientError) as raised:
            client.lookup_events(**request)
        assert raised.value.response["Error"]["Code"] == code
    assert client.lookup_events(EventCategory="insight")["Events"] == []


def test_events_outlive_the_server(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        Boto3(server.endpoint, "111111111111").iam.create_user(UserName="alice")
    with Server(database=database) as server:
        root = Boto3(server.endpoint, "111111111111")
        assert records(root, EventName="CreateUser")[0]["requestParameters"] == {"userName": "alice"}
        assert (tmp_path / "iamd.db-audit").stat().st_mode & 0o777 == 0o600


def test_a_killed_server_loses_events_of_the_last_second_only(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        root = Boto3(server.endpoint, "111111111111")
        for number in range(20):
            root.iam.create_user(UserName=f"u{number}")
        time.sleep(2)
        server.kill()
    with Server(database=database) as server:
        found = records(Boto3(server.endpoint, "111111111111"), EventName="CreateUser")
        assert [record["requestParameters"]["userName"] for record in found] == [f"u{number}" for number in reversed(range(20))]


def test_without_a_trail_there_are_no_events(tmp_path):
    with Server("--audit", "off", database=f"sqlite:{tmp_path}/iamd.db") as server:
        root = Boto3(server.endpoint, "111111111111")
        root.iam.create_user(UserName="alice")
        assert trail(root).lookup_events()["Events"] == []
    assert not (tmp_path / "iamd.db-audit").exists()


def test_calls_through_the_gateway_are_events():
    with Moto() as moto, Server("--upstream", moto.url) as server:
        root = Boto3(server.endpoint, "test", "test")
        s3 = root.session.client("s3", endpoint_url=server.endpoint, region_name="us-east-1")
        s3.create_bucket(Bucket="reports")
        [made] = records(root, EventName="CreateBucket")
        assert (made["eventSource"], made["userIdentity"]["type"], made["readOnly"]) == ("s3.amazonaws.com", "Root", False)
        s3.put_object(Bucket="reports", Key="k", Body=b"1")
        # Data events are not in the event history.
        assert records(root, EventName="PutObject") == []
        root.iam.create_user(UserName="bob")
        bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
        with pytest.raises(ClientError) as raised:
            bob.session.client("s3", endpoint_url=server.endpoint, region_name="us-east-1").list_buckets()
        [denied] = records(root, EventName="ListBuckets")
        assert (denied["errorCode"], denied["errorMessage"]) == ("AccessDenied", raised.value.response["Error"]["Message"])
