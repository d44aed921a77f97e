"""Access Analyzer's policy generation, through boto3."""

import concurrent.futures
import contextlib
import datetime
import json
import os
import sqlite3
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from clients import Boto3
from everything import ALL, trust
from server import Server
from test_trails import cloudtrail

OTHER = "arn:aws:iam::999999999999:role/x"


def analyzer(who):
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return who.session.client("accessanalyzer", endpoint_url=who.endpoint, region_name="us-east-1", config=config)


def refused(call, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return raised.value.response["Error"]["Code"], raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


def wait_for(condition, what):
    for _ in range(600):
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} does not happen")


def ended(calls, job, **wanted):
    """The answer about a job that has ended."""

    def answer():
        found = calls.get_generated_policy(jobId=job, **wanted)
        return found if found["jobDetails"]["status"] != "IN_PROGRESS" else None

    return wait_for(answer, "the end of the job")


def now(days=0):
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)


@pytest.fixture
def bob(root, user):
    """A user who may do everything, and has done a little."""
    root.iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=ALL)
    user.iam.get_user(UserName="bob")
    user.iam.list_users()
    root.iam.delete_user_policy(UserName="bob", PolicyName="all")
    with pytest.raises(ClientError):
        user.iam.create_user(UserName="denied")
    return root.iam.get_user(UserName="bob")["User"]["Arn"]


@pytest.fixture
def reader(root):
    """The role that reads events."""
    service = {"Service": "access-analyzer.amazonaws.com"}
    return root.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]


def statements(policy):
    return [(one["Action"], one["Resource"]) for one in json.loads(policy["policy"])["Statement"]]


def test_a_policy_for_what_a_user_did(root, bob):
    calls = analyzer(root)
    job = calls.start_policy_generation(policyGenerationDetails={"principalArn": bob})["jobId"]
    answer = ended(calls, job)
    details = answer["jobDetails"]
    assert (details["jobId"], details["status"]) == (job, "SUCCEEDED") and details["completedOn"] >= details["startedOn"]
    assert answer["generatedPolicyResult"]["properties"] == {"isComplete": True, "principalArn": bob}
    [policy] = answer["generatedPolicyResult"]["generatedPolicies"]
    # It allows what was done, and neither what was denied nor the same on others.
    root.iam.put_user_policy(UserName="bob", PolicyName="generated", PolicyDocument=policy["policy"])
    simulate = root.iam.simulate_principal_policy

    def decided(action, resource):
        found = simulate(PolicySourceArn=bob, ActionNames=[action], ResourceArns=[resource])["EvaluationResults"]
        return found[0]["EvalDecision"]

    assert decided("iam:GetUser", bob) == decided("iam:ListUsers", "*") == "allowed"
    assert decided("iam:GetUser", bob + "2") == decided("iam:CreateUser", bob) == "implicitDeny"


def test_placeholders_and_services(root, bob):
    calls = analyzer(root)
    job = calls.start_policy_generation(policyGenerationDetails={"principalArn": bob})["jobId"]
    answer = ended(calls, job, includeResourcePlaceholders=True)
    [policy] = answer["generatedPolicyResult"]["generatedPolicies"]
    assert (["iam:GetUser"], ["arn:aws:iam::${Account}:user/${UserNameWithPath}"]) in statements(policy)
    answer = calls.get_generated_policy(jobId=job, includeServiceLevelTemplate=True)
    _, services = answer["generatedPolicyResult"]["generatedPolicies"]
    assert statements(services) == [(["iam:*"], "*")]


def test_the_events_of_trails(root, bob, user, reader, account):
    trails, calls = cloudtrail(root), analyzer(root)
    all_, europe = (
        trails.create_trail(Name=name, S3BucketName="logs", IsMultiRegionTrail=True)["TrailARN"] for name in ("all", "new")
    )
    trails.start_logging(Name="all")
    root.iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=ALL)
    user.iam.list_groups()

    def generated(trail, **more):
        details = {"trails": [{"cloudTrailArn": trail, **more}], "accessRole": reader, "startTime": now(-1)}
        job = calls.start_policy_generation(policyGenerationDetails={"principalArn": bob}, cloudTrailDetails=details)["jobId"]
        return ended(calls, job)

    answer = generated(all_, allRegions=True)
    [policy] = answer["generatedPolicyResult"]["generatedPolicies"]
    assert "iam:ListGroups" in policy["policy"]
    properties = answer["generatedPolicyResult"]["properties"]["cloudTrailProperties"]
    assert properties["trailProperties"] == [{"cloudTrailArn": all_, "allRegions": True}]
    assert properties["endTime"] > properties["startTime"]
    # Nothing is known of other regions, nor from a trail that never logged.
    for answer in (generated(all_, regions=["eu-west-1"]), generated(europe, allRegions=True)):
        assert (answer["jobDetails"]["status"], answer["generatedPolicyResult"]["generatedPolicies"]) == ("SUCCEEDED", [])
    missing = generated(all_.replace("trail/all", "trail/other"))["jobDetails"]
    assert (missing["status"], missing["jobError"]["code"]) == ("FAILED", "RESOURCE_NOT_FOUND_ERROR")
    root.iam.delete_role(RoleName="reader")
    unreadable = generated(all_)["jobDetails"]
    assert (unreadable["status"], unreadable["jobError"]["code"]) == ("FAILED", "AUTHORIZATION_ERROR")


def test_generations_are_listed_for_seven_days():
    with Server() as server:
        root = Boto3(server.endpoint, "111111111111")
        calls = analyzer(root)
        arns = [root.iam.create_user(UserName=name)["User"]["Arn"] for name in ("ann", "bob")]
        jobs = []
        for arn in (arns[0], arns[1], arns[0]):
            jobs.append(calls.start_policy_generation(policyGenerationDetails={"principalArn": arn})["jobId"])
            ended(calls, jobs[-1])
            server.own("clock", "POST", b'{"advance": 60}')
        pages = calls.get_paginator("list_policy_generations").paginate(PaginationConfig={"PageSize": 2})
        listed = [found for page in pages for found in page["policyGenerations"]]
        assert [found["jobId"] for found in listed] == jobs[::-1]
        assert {found["status"] for found in listed} == {"SUCCEEDED"} and listed[0]["principalArn"] == arns[0]
        of_ann = calls.list_policy_generations(principalArn=arns[0])["policyGenerations"]
        assert [found["jobId"] for found in of_ann] == [jobs[2], jobs[0]]
        server.own("clock", "POST", json.dumps({"advance": 7 * 86400 - 120}).encode())
        assert len(calls.list_policy_generations()["policyGenerations"]) == 1
        assert refused(calls.get_generated_policy, jobId=jobs[0]) == ("ValidationException", 400)
        assert calls.get_generated_policy(jobId=jobs[2])["jobDetails"]["status"] == "SUCCEEDED"


def test_a_token_stands_for_one_request(root, bob, user):
    calls = analyzer(root)
    other = root.iam.create_user(UserName="ann")["User"]["Arn"]
    start = calls.start_policy_generation
    first = start(policyGenerationDetails={"principalArn": bob}, clientToken="t")["jobId"]
    ended(calls, first)
    assert start(policyGenerationDetails={"principalArn": bob}, clientToken="t")["jobId"] == first
    assert start(policyGenerationDetails={"principalArn": bob}, clientToken="u")["jobId"] != first
    assert refused(start, policyGenerationDetails={"principalArn": other}, clientToken="t") == ("ConflictException", 409)
    assert refused(calls.cancel_policy_generation, jobId=first) == ("ValidationException", 400)


def test_requests_that_mean_nothing(root, bob, reader, account):
    calls = analyzer(root)
    trail = cloudtrail(root).create_trail(Name="all", S3BucketName="logs")["TrailARN"]
    good = {"trails": [{"cloudTrailArn": trail}], "accessRole": reader, "startTime": now(-1)}
    for principal, details in [
        ("bob", None),
        (OTHER, None),
        (bob + "2", None),
        (f"arn:aws:iam::{account}:group/x", None),
        (bob, {**good, "trails": []}),
        (bob, {**good, "trails": [{"cloudTrailArn": "all"}]}),
        (bob, {**good, "accessRole": "reader"}),
        (bob, {**good, "startTime": now(1)}),
        (bob, {**good, "endTime": now(-2)}),
        (bob, {**good, "startTime": now(-100)}),
    ]:
        given = {"policyGenerationDetails": {"principalArn": principal}}
        if details:
            given["cloudTrailDetails"] = details
        assert refused(calls.start_policy_generation, **given) == ("ValidationException", 400), (principal, details)
    assert refused(calls.start_policy_generation) == ("ValidationException", 400)
    for call in (calls.get_generated_policy, calls.cancel_policy_generation):
        for job in ("x", "a%2Fb", "0b1e6a1e-0000-4000-8000-000000000000"):
            assert refused(call, jobId=job) == ("ValidationException", 400)
    assert refused(calls.list_policy_generations, nextToken="x") == ("ValidationException", 400)
    assert refused(calls.list_policy_generations, maxResults=0) == ("ValidationException", 400)
    assert refused(calls.list_policy_generations, principalArn="bob") == ("ValidationException", 400)
    assert calls.list_policy_generations()["policyGenerations"] == []


def test_permissions(root, user, reader, account):
    bobs = analyzer(user)
    arn = root.iam.get_user(UserName="bob")["User"]["Arn"]
    job = analyzer(root).start_policy_generation(policyGenerationDetails={"principalArn": arn})["jobId"]
    trail = cloudtrail(root).create_trail(Name="all", S3BucketName="logs")["TrailARN"]
    start = {"policyGenerationDetails": {"principalArn": arn}}

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)

    def run(**more):
        ended(analyzer(root), bobs.start_policy_generation(**start, **more)["jobId"])

    ended(analyzer(root), job)
    for name, call in {
        "StartPolicyGeneration": run,
        "GetGeneratedPolicy": lambda: bobs.get_generated_policy(jobId=job),
        "ListPolicyGenerations": lambda: bobs.list_policy_generations(),
    }.items():
        allow("access-analyzer:ValidatePolicy")
        assert refused(call) == ("AccessDeniedException", 403), name
        allow(f"access-analyzer:{name}")
        call()
    assert refused(bobs.cancel_policy_generation, jobId=job) == ("AccessDeniedException", 403)
    allow("access-analyzer:CancelPolicyGeneration")
    assert refused(bobs.cancel_policy_generation, jobId=job) == ("ValidationException", 400)
    # The role that reads the events is passed.
    details = {"trails": [{"cloudTrailArn": trail}], "accessRole": reader, "startTime": now(-1)}
    allow("access-analyzer:StartPolicyGeneration")
    assert refused(bobs.start_policy_generation, **start, cloudTrailDetails=details) == ("AccessDeniedException", 403)
    allow("access-analyzer:StartPolicyGeneration", "iam:PassRole")
    run(cloudTrailDetails=details)


def test_without_events_a_job_fails():
    with Server("--audit", "off") as server:
        root = Boto3(server.endpoint, "111111111111")
        arn = root.iam.create_user(UserName="bob")["User"]["Arn"]
        job = analyzer(root).start_policy_generation(policyGenerationDetails={"principalArn": arn})["jobId"]
        details = ended(analyzer(root), job)["jobDetails"]
        assert (details["status"], details["jobError"]["code"]) == ("FAILED", "SERVICE_ERROR")


@contextlib.contextmanager
def busy(root):
    """Simulations ahead of whatever else the account computes: one at a time takes long, and many wait."""
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::bucket{i}-*a*b*c*d" for i in range(1000)]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    actions = [f"s3:Get{i}" for i in range(200)]

    def simulate(_):
        return root.iam.simulate_custom_policy(PolicyInputList=[policy], ActionNames=actions, ResourceArns=["arn:aws:s3:::x"])

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        began = time.monotonic()
        simulate(0)
        alone = time.monotonic() - began
        for number in range(6):
            threads.submit(simulate, number)
        time.sleep(alone / 2)
        yield


@pytest.mark.skipif(os.environ.get("IAMD_TEST_ENGINE") == "cluster", reason="a server that is not busy may do the job")
def test_a_job_under_way_is_canceled(root, bob):
    calls = analyzer(root)
    start = {"policyGenerationDetails": {"principalArn": bob}}
    with busy(root):
        job = calls.start_policy_generation(**start)["jobId"]
        found = calls.get_generated_policy(jobId=job)
        assert found["jobDetails"]["status"] == "IN_PROGRESS" and "completedOn" not in found["jobDetails"]
        assert found["generatedPolicyResult"]["generatedPolicies"] == []
        [listed] = calls.list_policy_generations()["policyGenerations"]
        assert listed["status"] == "IN_PROGRESS" and "completedOn" not in listed
        # Of an account, one is under way at a time.
        assert refused(calls.start_policy_generation, **start) == ("ServiceQuotaExceededException", 402)
        calls.cancel_policy_generation(jobId=job)
        assert calls.get_generated_policy(jobId=job)["jobDetails"]["status"] == "CANCELED"
        assert refused(calls.cancel_policy_generation, jobId=job) == ("ValidationException", 400)
        second = calls.start_policy_generation(**start)["jobId"]
    assert ended(calls, second)["generatedPolicyResult"]["generatedPolicies"] != []
    found = calls.get_generated_policy(jobId=job)
    assert found["jobDetails"]["status"] == "CANCELED" and found["jobDetails"]["completedOn"]
    assert found["generatedPolicyResult"]["generatedPolicies"] == []


@pytest.mark.skipif(bool(os.environ.get("IAMD_TEST_ENGINE")), reason="another server may still be at it")
def test_a_job_whose_server_is_killed_has_failed(tmp_path):
    database = f"sqlite:{tmp_path / 'iamd.db'}"
    server = Server(database=database)
    root = Boto3(server.endpoint, "111111111111")
    arn = root.iam.create_user(UserName="bob")["User"]["Arn"]
    calls = analyzer(root)
    with busy(root):
        job = calls.start_policy_generation(policyGenerationDetails={"principalArn": arn})["jobId"]
        assert calls.get_generated_policy(jobId=job)["jobDetails"]["status"] == "IN_PROGRESS"
        server.kill()
    with Server(database=database) as server:
        calls = analyzer(Boto3(server.endpoint, "111111111111"))
        details = calls.get_generated_policy(jobId=job)["jobDetails"]
        assert (details["status"], details["jobError"]["code"]) == ("FAILED", "SERVICE_ERROR")
        assert "completedOn" not in details
        assert calls.list_policy_generations()["policyGenerations"][0]["status"] == "FAILED"
        assert refused(calls.cancel_policy_generation, jobId=job) == ("ValidationException", 400)
        again = calls.start_policy_generation(policyGenerationDetails={"principalArn": arn})["jobId"]
        assert ended(calls, again)["jobDetails"]["status"] == "SUCCEEDED"


@pytest.mark.skipif(bool(os.environ.get("IAMD_TEST_ENGINE")), reason="the files are those of SQLite")
def test_a_job_whose_result_cannot_be_stored_is_stored_later(tmp_path):
    with Server(database=f"sqlite:{tmp_path / 'iamd.db'}") as server:
        root = Boto3(server.endpoint, "111111111111")
        arn = root.iam.create_user(UserName="bob")["User"]["Arn"]
        calls = analyzer(root)
        start = {"policyGenerationDetails": {"principalArn": arn}}
        with busy(root), contextlib.closing(sqlite3.connect(tmp_path / "iamd.db", isolation_level=None)) as other:
            job = calls.start_policy_generation(**start)["jobId"]
            other.execute("begin immediate")
            said = lambda: any("a generated policy cannot be stored" in line for line in server.log_lines())  # noqa: E731
            wait_for(said, "the failure")
            assert calls.get_generated_policy(jobId=job)["jobDetails"]["status"] == "IN_PROGRESS"
            other.execute("rollback")
        assert ended(calls, job)["jobDetails"]["status"] == "SUCCEEDED"
        assert ended(calls, calls.start_policy_generation(**start)["jobId"])["jobDetails"]["status"] == "SUCCEEDED"
