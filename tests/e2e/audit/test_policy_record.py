"""`iamd policy record`: what a principal did becomes a policy, under which it can do it again and nothing else."""

import json

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from everything import ALL, trust
from server import Server, run

ACCOUNT = "111111111111"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def root(server):
    return Boto3(server.endpoint, ACCOUNT)


def record(server, principal, *arguments):
    flags = ["--principal", principal, *arguments, "--listen", f"127.0.0.1:{server.port}"]
    status, output, errors = run("policy", "record", *flags)
    assert (status, errors) == (0, "")
    return output


def work(iam):
    """What the application does."""
    iam.list_users()
    iam.get_user(UserName="alice")
    iam.tag_user(UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName="gone")


def test_the_policy_allows_what_was_done_and_nothing_else(server, root):
    iam = root.iam
    for name in ("alice", "bob", "carol"):
        iam.create_user(UserName=name)
    iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=ALL)
    bob = root.using(iam.create_access_key(UserName="bob")["AccessKey"])
    work(bob.iam)
    document = record(server, BOB)
    policy = json.loads(document)
    user, role = f"arn:aws:iam::{ACCOUNT}:user/alice", f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": "iam:GetRole", "Resource": role},
        {"Effect": "Allow", "Action": ["iam:GetUser", "iam:TagUser"], "Resource": user},
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"},
    ]
    iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=document)
    work(bob.iam)
    for call in (
        lambda: bob.iam.get_user(UserName="carol"),
        lambda: bob.iam.delete_user(UserName="alice"),
        lambda: bob.iam.get_role(RoleName="other"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    # What was denied is not in the policy.
    assert json.loads(record(server, BOB)) == policy


def test_the_sessions_of_a_role_count_as_the_role(server, root):
    role = root.iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))["Role"]["Arn"]
    root.iam.put_role_policy(RoleName="app", PolicyName="all", PolicyDocument=ALL)
    root.iam.create_user(UserName="erin")
    root.iam.put_user_policy(UserName="erin", PolicyName="all", PolicyDocument=ALL)
    erin = root.using(root.iam.create_access_key(UserName="erin")["AccessKey"])
    session = root.using(erin.sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"])
    session.iam.list_groups()
    assert json.loads(record(server, role))["Statement"] == [
        {"Effect": "Allow", "Action": "iam:ListGroups", "Resource": "*"}
    ]


def test_since_leaves_out_what_was_before(server, root):
    root.iam.create_user(UserName="dan")
    root.iam.put_user_policy(UserName="dan", PolicyName="all", PolicyDocument=ALL)
    dan = root.using(root.iam.create_access_key(UserName="dan")["AccessKey"])
    dan.iam.list_users()
    server.own("clock", "POST", b'{"advance": 3600}')
    since = server.own("clock")[1]["now"]
    dan.iam.list_roles()
    policy = json.loads(record(server, f"arn:aws:iam::{ACCOUNT}:user/dan", "--since", since))
    assert [statement["Action"] for statement in policy["Statement"]] == ["iam:ListRoles"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--principal", "bob"], "bob is not the ARN of a user or role"),
        (["--principal", f"arn:aws:iam::{ACCOUNT}:root"], "is not the ARN of a user or role"),
        (["--principal", f"arn:aws:iam::{ACCOUNT}:user/nobody"], "no call that was allowed is known of"),
        (["--principal", BOB, "--since", "yesterday"], "since must be a time such as"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_question(server, arguments, why):
    status, output, errors = run("policy", "record", *arguments, "--listen", f"127.0.0.1:{server.port}")
    assert (status, output) == (2, "")
    assert why in errors
