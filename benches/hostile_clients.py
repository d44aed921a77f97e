"""Four clients with policies that are made to be slow, and the time that another account's GetCallerIdentity takes.

    cargo build --release
    IAMD=target/release/iamd PYTHONPATH=tests/e2e/support target/venv/bin/python benches/hostile_clients.py
"""

import json
import multiprocessing
import statistics
import time

import boto3
import server

POLICIES, TAGS, SECONDS = 110, 50, 20


def client(service, endpoint, key, secret="test"):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )


def document(pattern):
    values = [pattern] * (5_800 // (len(pattern) + 3))
    condition = {"ForAnyValue:StringLike": {"aws:TagKeys": values}}
    statement = {"Effect": "Deny", "Action": "sts:*", "Resource": "*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": statement}, separators=(",", ":"))


def prepare(endpoint, account):
    """A user in ten groups with ten slow policies each, and a role that it may assume."""
    iam = client("iam", endpoint, account)
    iam.create_user(UserName="mallory")
    groups = [None, *(f"group-{number}" for number in range(POLICIES // 10 - 1))]
    for number, group in enumerate(groups):
        if group:
            iam.create_group(GroupName=group)
            iam.add_user_to_group(GroupName=group, UserName="mallory")
        for index in range(10):
            name = f"policy-{number}-{index}"
            arn = iam.create_policy(PolicyName=name, PolicyDocument=document("*a?b*"))["Policy"]["Arn"]
            if group:
                iam.attach_group_policy(GroupName=group, PolicyArn=arn)
            else:
                iam.attach_user_policy(UserName="mallory", PolicyArn=arn)
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    trust = json.dumps({"Version": "2012-10-17", "Statement": trust})
    iam.create_role(RoleName="target", AssumeRolePolicyDocument=trust)
    key = iam.create_access_key(UserName="mallory")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"], f"arn:aws:iam::{account}:role/target"


def attack(endpoint, key, secret, role, calls):
    sts = client("sts", endpoint, key, secret)
    tags = [{"Key": f"{'a' * 126}{number:02}", "Value": "v"} for number in range(TAGS)]
    while True:
        sts.assume_role(RoleArn=role, RoleSessionName="attack", Tags=tags)
        with calls.get_lock():
            calls.value += 1


def measure(endpoint, seconds):
    sts, times = client("sts", endpoint, "111122223333"), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        sts.get_caller_identity()
        times.append((time.monotonic() - start) * 1000)
        time.sleep(0.01)
    return sorted(times)


def report(name, times):
    last = times[len(times) * 99 // 100]
    print(f"{name:<12} median {statistics.median(times):7.1f}  99% {last:7.1f}  most {times[-1]:7.1f}  milliseconds")


if __name__ == "__main__":
    running = server.Server()
    report("idle", measure(running.endpoint, 3))
    calls = multiprocessing.Value("i", 0)
    attackers = []
    for number in range(4):
        credentials = prepare(running.endpoint, f"22223333444{number}")
        process = multiprocessing.Process(target=attack, args=(running.endpoint, *credentials, calls), daemon=True)
        attackers.append(process)
    for process in attackers:
        process.start()
    time.sleep(2)
    report("under attack", measure(running.endpoint, SECONDS))
    print(f"the attackers' calls: {calls.value}")
    for process in attackers:
        process.terminate()
    running.process.kill()
