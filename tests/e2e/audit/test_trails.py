"""CloudTrail's trails, through boto3: what is refused, who may, and the files that they deliver."""

import gzip
import json
import os
import re
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from clients import Boto3
from everything import trust
from server import Server, run

ACCOUNT = "111111111111"
MINIMAL = {"Name": "all", "S3BucketName": "my-logs"}


def cloudtrail(who, region="us-east-1"):
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return who.session.client("cloudtrail", endpoint_url=who.endpoint, region_name=region, config=config)


def refused(call, **parameters):
    """Code and message of the refusal."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def trails(root):
    return cloudtrail(root)


def records(folder):
    """The records of all files, with the files' paths below the folder."""
    found = []
    for path in sorted(folder.rglob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            found.append((str(path.relative_to(folder)), record))
    return found


def names(folder, bucket):
    return [record["eventName"] for path, record in records(folder) if path.startswith(f"{bucket}/")]


def test_the_life_of_a_trail(trails, account):
    made = trails.create_trail(**MINIMAL, S3KeyPrefix="a/b", SnsTopicName="files", TagsList=[{"Key": "k", "Value": "v"}, {"Key": "none"}])
    made.pop("ResponseMetadata")
    arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/all"
    topic = f"arn:aws:sns:us-east-1:{account}:files"
    assert made == {
        "Name": "all", "S3BucketName": "my-logs", "S3KeyPrefix": "a/b", "SnsTopicName": topic, "SnsTopicARN": topic,
        "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False, "TrailARN": arn,
        "LogFileValidationEnabled": False, "IsOrganizationTrail": False,
    }  # fmt: skip
    described = {**made, "HomeRegion": "us-east-1", "HasCustomEventSelectors": False, "HasInsightSelectors": False}
    assert trails.get_trail(Name="all")["Trail"] == trails.get_trail(Name=arn)["Trail"] == described
    assert trails.describe_trails()["trailList"] == [described]
    assert trails.describe_trails(trailNameList=["all", "other", arn])["trailList"] == [described, described]
    assert trails.list_trails()["Trails"] == [{"TrailARN": arn, "Name": "all", "HomeRegion": "us-east-1"}]
    changed = trails.update_trail(Name=arn, S3KeyPrefix="", S3BucketName="other", IsMultiRegionTrail=True, EnableLogFileValidation=True)
    assert (changed.get("S3KeyPrefix"), changed["S3BucketName"], changed["IsMultiRegionTrail"]) == (None, "other", True)
    assert changed["LogFileValidationEnabled"] and changed["SnsTopicARN"] == topic
    trails.delete_trail(Name="all")
    assert trails.describe_trails()["trailList"] == [] and trails.list_trails()["Trails"] == []
    assert refused(trails.get_trail, Name="all") == ("TrailNotFoundException", f"Unknown trail: all for the user: {account}")


def test_logging_starts_and_stops(trails):
    trails.create_trail(**MINIMAL)
    status = trails.get_trail_status(Name="all")
    assert (status["IsLogging"], status["TimeLoggingStarted"], status["TimeLoggingStopped"]) == (False, "", "")
    assert "StartLoggingTime" not in status and "LatestDeliveryError" not in status
    trails.start_logging(Name="all")
    status = trails.get_trail_status(Name="all")
    started = status["StartLoggingTime"]
    assert status["IsLogging"] and status["TimeLoggingStarted"] == started.astimezone().strftime("%Y-%m-%dT%H:%M:%SZ")
    # There is no folder for files, and the status is honest about it.
    assert "--trail-folder" in status["LatestDeliveryError"] and "LatestDeliveryTime" not in status
    trails.stop_logging(Name="all")
    status = trails.get_trail_status(Name="all")
    assert not status["IsLogging"] and status["StopLoggingTime"] >= started and "LatestDeliveryError" not in status


def test_event_selectors(trails, account):
    arn = trails.create_trail(**MINIMAL)["TrailARN"]
    default = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
    assert trails.get_event_selectors(TrailName="all")["EventSelectors"] == default
    basic = [{"ReadWriteType": "WriteOnly", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}]}]
    put = trails.put_event_selectors(TrailName=arn, EventSelectors=basic)
    expected = [{**default[0], **basic[0]}]
    assert (put["TrailARN"], put["EventSelectors"]) == (arn, expected)
    assert trails.get_trail(Name="all")["Trail"]["HasCustomEventSelectors"]
    advanced = [{"Name": "n", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventName", "StartsWith": ["Get"]}]}]
    trails.put_event_selectors(TrailName="all", AdvancedEventSelectors=advanced)
    found = trails.get_event_selectors(TrailName="all")
    assert found["AdvancedEventSelectors"] == advanced and "EventSelectors" not in found


def management(*fields):
    return {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, *fields]}]}


@pytest.mark.parametrize(
    "selectors",
    [
        {},
        {"EventSelectors": []},
        {"EventSelectors": [{}] * 6},
        {"EventSelectors": [{}], **management()},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::EC2::Instance", "Values": []}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["b"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b"] * 251}]}]},
        {"AdvancedEventSelectors": []},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventName", "Equals": ["x"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]},
        management({"Field": "color", "Equals": ["x"]}),
        management({"Field": "eventName"}),
        management({"Field": "readOnly", "Equals": ["maybe"]}),
        management({"Field": "eventName", "Equals": ["a"]}, {"Field": "eventName", "Equals": ["b"]}),
        management({"Field": "eventName", "Equals": [str(number) for number in range(500)]}),
    ],
    ids=lambda selectors: json.dumps(selectors)[:60],
)
def test_wrong_event_selectors(trails, selectors):
    trails.create_trail(**MINIMAL)
    before = trails.get_event_selectors(TrailName="all")["EventSelectors"]
    assert refused(trails.put_event_selectors, TrailName="all", **selectors)[0] == "InvalidEventSelectorsException"
    assert trails.get_event_selectors(TrailName="all")["EventSelectors"] == before


def test_tags(trails, account):
    arn = trails.create_trail(**MINIMAL, TagsList=[{"Key": "a", "Value": "1"}])["TrailARN"]
    trails.add_tags(ResourceId=arn, TagsList=[{"Key": "a", "Value": "2"}, {"Key": "b"}])
    assert trails.list_tags(ResourceIdList=[arn])["ResourceTagList"] == [
        {"ResourceId": arn, "TagsList": [{"Key": "a", "Value": "2"}, {"Key": "b"}]}
    ]
    trails.remove_tags(ResourceId=arn, TagsList=[{"Key": "a"}, {"Key": "unknown"}])
    assert trails.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"] == [{"Key": "b"}]
    many = [{"Key": str(number)} for number in range(50)]
    for tags, code in [
        (many, "TagsLimitExceededException"),
        ([{"Key": "c"}, {"Key": "c"}], "InvalidTagParameterException"),
        ([{"Key": "aws:x"}], "InvalidTagParameterException"),
    ]:
        assert refused(trails.add_tags, ResourceId=arn, TagsList=tags)[0] == code
        assert refused(trails.create_trail, Name="other", S3BucketName="abc", TagsList=[*tags, {"Key": "z"}])[0] == code
    base = f"arn:aws:cloudtrail:us-east-1:{account}"
    for other, code in [
        (f"{base}:trail/other", "ResourceNotFoundException"),
        (f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/all", "ResourceNotFoundException"),
        (f"{base}:eventdatastore/x", "EventDataStoreNotFoundException"),
        (f"{base}:channel/x", "ChannelNotFoundException"),
        (f"{base}:import/x", "ResourceTypeNotSupportedException"),
        ("all", "CloudTrailARNInvalidException"),
        ("arn:aws:iam::1:user/x", "CloudTrailARNInvalidException"),
    ]:
        for call, more in [(trails.add_tags, many[:1]), (trails.remove_tags, many[:1])]:
            assert refused(call, ResourceId=other, TagsList=more)[0] == code, other
        assert refused(trails.list_tags, ResourceIdList=[other])[0] == code, other
    assert refused(trails.list_tags, ResourceIdList=[arn] * 21)[0] == "ValidationException"
    assert trails.list_tags(ResourceIdList=[])["ResourceTagList"] == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Name": "ab"}, "InvalidTrailNameException"),
        ({"Name": "a/../b"}, "InvalidTrailNameException"),
        ({"Name": "192.168.0.1"}, "InvalidTrailNameException"),
        ({"S3BucketName": ".."}, "InvalidS3BucketNameException"),
        ({"S3BucketName": "../x"}, "InvalidS3BucketNameException"),
        ({"S3BucketName": "/etc"}, "InvalidS3BucketNameException"),
        ({"S3BucketName": "My-Logs"}, "InvalidS3BucketNameException"),
        ({"S3KeyPrefix": "../../x"}, "InvalidS3PrefixException"),
        ({"S3KeyPrefix": "/x"}, "InvalidS3PrefixException"),
        ({"S3KeyPrefix": "a/../../../x"}, "InvalidS3PrefixException"),
        ({"S3KeyPrefix": "x" * 201}, "InvalidS3PrefixException"),
        ({"SnsTopicName": "a b"}, "InvalidSnsTopicNameException"),
        ({"KmsKeyId": "alias/"}, "InvalidKmsKeyIdException"),
        ({"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False}, "InvalidParameterCombinationException"),
        ({"CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/x"}, "InvalidCloudWatchLogsLogGroupArnException"),
        ({"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:x:*"}, "InvalidCloudWatchLogsRoleArnException"),
        ({"IsOrganizationTrail": True}, "OrganizationsNotInUseException"),
        ({"Name": "all"}, "TrailAlreadyExistsException"),
    ],
    ids=str,
)
def test_wrong_trails(trails, account, parameters, code):
    trails.create_trail(**MINIMAL)
    before = trails.describe_trails()["trailList"]
    assert refused(trails.create_trail, **{"Name": "new", "S3BucketName": "abc", **parameters})[0] == code
    if "Name" not in parameters:
        assert refused(trails.update_trail, Name="all", **parameters)[0] == code
    assert trails.describe_trails()["trailList"] == before


def test_unknown_trails(trails, account):
    trails.create_trail(**MINIMAL)
    selectors = {"EventSelectors": [{}]}
    calls = [
        (trails.get_trail, "Name", {}),
        (trails.get_trail_status, "Name", {}),
        (trails.start_logging, "Name", {}),
        (trails.stop_logging, "Name", {}),
        (trails.update_trail, "Name", {}),
        (trails.delete_trail, "Name", {}),
        (trails.get_event_selectors, "TrailName", {}),
        (trails.put_event_selectors, "TrailName", selectors),
    ]
    for call, member, more in calls:
        for name, code in [
            ("other", "TrailNotFoundException"),
            ("x", "InvalidTrailNameException"),
            (f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/all", "TrailNotFoundException"),
            (f"arn:aws:cloudtrail:us-east-1:{account}:channel/all", "CloudTrailARNInvalidException"),
            ("arn:aws:s3:::all", "CloudTrailARNInvalidException"),
        ]:
            found, message = refused(call, **{member: name}, **more)
            assert found == code, (call, name)
            if code == "TrailNotFoundException":
                assert message == f"Unknown trail: {name} for the user: {account}"
    assert refused(trails.describe_trails, trailNameList=["x"])[0] == "InvalidTrailNameException"
    assert refused(trails.list_trails, NextToken="x")[0] == "InvalidNextTokenException"


def test_regions(root, trails, account):
    europe = cloudtrail(root, "eu-west-1")
    arn = trails.create_trail(Name="all", S3BucketName="abc", IsMultiRegionTrail=True)["TrailARN"]
    europe.create_trail(Name="europe", S3BucketName="abc")
    assert [trail["Name"] for trail in europe.describe_trails()["trailList"]] == ["europe", "all"]
    assert [trail["Name"] for trail in europe.describe_trails(includeShadowTrails=False)["trailList"]] == ["europe"]
    assert [trail["Name"] for trail in trails.describe_trails()["trailList"]] == ["all"]
    assert {trail["Name"] for trail in europe.list_trails()["Trails"]} == {"all", "europe"}
    assert europe.get_trail(Name=arn)["Trail"]["HomeRegion"] == "us-east-1"
    assert refused(europe.get_trail, Name="all")[0] == "TrailNotFoundException"
    for name in ("all", arn):
        for call in (europe.delete_trail, europe.start_logging, europe.stop_logging, europe.update_trail):
            assert refused(call, Name=name)[0] == "InvalidHomeRegionException"
    assert refused(europe.create_trail, Name="all", S3BucketName="abc")[0] == "TrailAlreadyExistsException"
    assert refused(trails.create_trail, Name="europe", S3BucketName="abc", IsMultiRegionTrail=True)[0] == "TrailAlreadyExistsException"
    for number in range(4):
        trails.create_trail(Name=f"trail-{number}", S3BucketName="abc")
    assert refused(trails.create_trail, Name="one-more", S3BucketName="abc") == (
        "MaximumNumberOfTrailsExceededException",
        f"User: {account} already has 5 trails in us-east-1.",
    )


def test_permissions(root, user, trails, account):
    """Each operation asks for its own action on its trail, and the role of a log group is passed."""
    role = root.iam.create_role(RoleName="logs", AssumeRolePolicyDocument=trust({"Service": "cloudtrail.amazonaws.com"}))["Role"]["Arn"]
    arn = trails.create_trail(**MINIMAL, TagsList=[{"Key": "team", "Value": "red"}])["TrailARN"]
    bobs = cloudtrail(user)
    group = f"arn:aws:logs:us-east-1:{account}:log-group:trails:*"
    calls = {
        "CreateTrail": lambda: bobs.create_trail(Name="bobs", S3BucketName="abc"),
        "UpdateTrail": lambda: bobs.update_trail(Name="all"),
        "GetTrail": lambda: bobs.get_trail(Name="all"),
        "GetTrailStatus": lambda: bobs.get_trail_status(Name=arn),
        "StartLogging": lambda: bobs.start_logging(Name="all"),
        "StopLogging": lambda: bobs.stop_logging(Name="all"),
        "PutEventSelectors": lambda: bobs.put_event_selectors(TrailName="all", EventSelectors=[{}]),
        "GetEventSelectors": lambda: bobs.get_event_selectors(TrailName="all"),
        "AddTags": lambda: bobs.add_tags(ResourceId=arn, TagsList=[{"Key": "x"}]),
        "RemoveTags": lambda: bobs.remove_tags(ResourceId=arn, TagsList=[{"Key": "x"}]),
        "ListTags": lambda: bobs.list_tags(ResourceIdList=[arn]),
        "DescribeTrails": lambda: bobs.describe_trails(),
        "ListTrails": lambda: bobs.list_trails(),
        "DeleteTrail": lambda: bobs.delete_trail(Name="bobs"),
    }

    def allow(action, resource, **condition):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource, **condition}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)

    for name, call in calls.items():
        resource = "*" if name in ("DescribeTrails", "ListTrails") else arn.replace("/all", "/bobs" if name in ("CreateTrail", "DeleteTrail") else "/all")
        allow(f"cloudtrail:{name}", resource.replace("us-east-1", "eu-west-1") if resource != "*" else arn)
        code, message = refused(call)
        assert (code, f"is not authorized to perform: cloudtrail:{name} on resource: {resource}" in message) == ("AccessDeniedException", True), message
        allow(f"cloudtrail:{name}", resource)
        call()
    allow("cloudtrail:CreateTrail", "*")
    assert "cloudtrail:AddTags" in refused(bobs.create_trail, Name="tagged", S3BucketName="abc", TagsList=[{"Key": "x"}])[1]
    logs = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}
    assert f"iam:PassRole on resource: {role}" in refused(bobs.create_trail, Name="logs", S3BucketName="abc", **logs)[1]
    condition = {"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": condition},
    ]}  # fmt: skip
    root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=json.dumps(document))
    assert bobs.create_trail(Name="logs", S3BucketName="abc", **logs)["CloudWatchLogsRoleArn"] == role
    allow("cloudtrail:GetTrail", "*", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})
    bobs.get_trail(Name="all")
    assert refused(bobs.get_trail, Name="logs")[0] == "AccessDeniedException"


def test_files_are_delivered_at_the_end(tmp_path):
    folder = tmp_path / "logs"
    with Server("--trail-folder", str(folder), database=f"sqlite:{tmp_path}/iamd.db") as server:
        root = Boto3(server.endpoint, ACCOUNT)
        trails, europe = cloudtrail(root), cloudtrail(root, "eu-west-1")
        trails.create_trail(Name="all", S3BucketName="all-logs", S3KeyPrefix="a/b", IsMultiRegionTrail=True)
        trails.create_trail(Name="writes", S3BucketName="writes")
        trails.put_event_selectors(TrailName="writes", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
        trails.create_trail(Name="local", S3BucketName="local", IncludeGlobalServiceEvents=False)
        europe.create_trail(Name="europe", S3BucketName="europe")
        root.iam.create_user(UserName="too-early")
        for name in ("all", "writes", "local"):
            trails.start_logging(Name=name)
        europe.start_logging(Name="europe")
        made = root.iam.create_user(UserName="bob")
        root.iam.get_user(UserName="bob")
        Boto3(server.endpoint, ACCOUNT, region="eu-west-1").sts.get_caller_identity()
        assert "LatestDeliveryError" not in trails.get_trail_status(Name="all")
        trails.stop_logging(Name="writes")
        root.iam.create_user(UserName="too-late-for-writes")
        assert server.stop() == 0
    # The start of the others came before, and after: a trail delivers from the call after its start to its stop.
    assert names(folder, "writes") == ["StartLogging", "CreateUser", "StopLogging"]
    assert names(folder, "europe") == ["GetCallerIdentity"]
    assert "CreateUser" not in names(folder, "local") and "StopLogging" in names(folder, "local")
    everything = names(folder, "all-logs")
    assert everything.count("CreateUser") == 2 and {"GetUser", "GetCallerIdentity", "GetTrailStatus"} <= set(everything)
    begin = f"all-logs/a/b/AWSLogs/{ACCOUNT}/CloudTrail/"
    for path, record in records(folder):
        if path.startswith("all-logs/"):
            region = record["awsRegion"]
            assert re.fullmatch(rf"{begin}{region}/\d{{4}}/\d\d/\d\d/{ACCOUNT}_CloudTrail_{region}_\d{{8}}T\d{{4}}Z_[A-Za-z0-9]{{16}}\.json\.gz", path)
            assert record["recipientAccountId"] == ACCOUNT
    [created] = [record for _, record in records(folder) if record["requestID"] == made["ResponseMetadata"]["RequestId"] and _.startswith("all-logs")]
    assert created["requestParameters"] == {"userName": "bob"}
    # Trails are as durable as anything else.
    with Server("--trail-folder", str(folder), database=f"sqlite:{tmp_path}/iamd.db") as server:
        trails = cloudtrail(Boto3(server.endpoint, ACCOUNT))
        assert [trails.get_trail_status(Name=name)["IsLogging"] for name in ("all", "writes")] == [True, False]
        Boto3(server.endpoint, ACCOUNT).iam.create_user(UserName="after")
        server.stop()
    assert names(folder, "all-logs").count("CreateUser") == 3


def test_files_are_delivered_while_the_server_runs_and_a_failure_is_an_alarm(one_server, tmp_path):
    folder = tmp_path / "logs"
    with Server("--trail-folder", str(folder)) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        trails = cloudtrail(root)
        outside = tmp_path / "outside"
        outside.mkdir()
        (folder / "my-logs").symlink_to(outside)
        trails.create_trail(**MINIMAL)
        trails.start_logging(Name="all")
        root.iam.create_user(UserName="bob")
        wait(lambda: "LatestDeliveryError" in trails.get_trail_status(Name="all"))
        assert list(outside.iterdir()) == []
        alarm = [line for line in server.log_lines() if "cannot be delivered to a trail" in line]
        assert len(alarm) == 1 and "trail=us-east-1/all" in alarm[0]
        assert 'iamd_trail_files_total{outcome="failed"} 1' in metrics(server)
        root.iam.get_user(UserName="bob")
        (folder / "my-logs").unlink()
        wait(lambda: "LatestDeliveryTime" in trails.get_trail_status(Name="all"))
        status = trails.get_trail_status(Name="all")
        assert "LatestDeliveryError" not in status and status["LatestDeliveryAttemptSucceeded"] != ""
        assert {"CreateUser", "GetUser"} <= set(names(folder, "my-logs"))
        assert not [path for path in folder.rglob("*.part")]
        server.own("reset", "POST", b"")
        server.stop()
    assert names(folder, "my-logs").count("CreateUser") == 1


def wait(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it never came true")


def metrics(server):
    import urllib.request

    with urllib.request.urlopen(f"{server.endpoint}/_iamd/metrics", timeout=10) as answer:
        return answer.read().decode()


def test_a_folder_that_cannot_be_written_to_is_an_error_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    status, output, errors = run("--listen", "127.0.0.1:0", "--database", "memory", "--trail-folder", str(tmp_path / "file" / "logs"))
    assert (status, output) == (1, "") and f"--trail-folder {tmp_path}/file/logs cannot be written to" in errors
    status, _, errors = run("--listen", "127.0.0.1:0", "--database", "memory", "--trail-folder", str(tmp_path), "--audit", "off")
    assert status != 0 and "--trail-folder needs the events of --audit on" in errors
    if os.geteuid() != 0:
        (tmp_path / "closed").mkdir(mode=0o500)
        status, _, errors = run("--listen", "127.0.0.1:0", "--database", "memory", "--trail-folder", str(tmp_path / "closed"))
        assert status == 1 and "cannot be written to" in errors


def test_both_accounts_deliver_a_role_assumed_across_them(tmp_path):
    folder, other = tmp_path / "logs", "222222222222"
    with Server("--trail-folder", str(folder)) as server:
        root, target = Boto3(server.endpoint, ACCOUNT), Boto3(server.endpoint, other)
        role = target.iam.create_role(RoleName="guest", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))["Role"]["Arn"]
        for who, bucket in ((root, "callers"), (target, "targets")):
            cloudtrail(who).create_trail(Name="all", S3BucketName=bucket)
            cloudtrail(who).start_logging(Name="all")
        root.iam.create_user(UserName="bob")
        may = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}})
        root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=may)
        bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
        bob.sts.assume_role(RoleArn=role, RoleSessionName="session")
        server.stop()
    shared = {
        path.split("/")[0]: record["sharedEventID"] for path, record in records(folder) if record["eventName"] == "AssumeRole"
    }
    assert set(shared) == {"callers", "targets"} and len(set(shared.values())) == 1
