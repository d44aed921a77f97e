"""Enforcement is on from the first start: what no policy allows is denied, and a change of policy counts at once."""

import json
import re

import pytest
from botocore.exceptions import ClientError
from clients import Boto3, model
from server import Server

DENIED = "AccessDenied"


def code(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "OK"


def document(action, resource="*", effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, "Resource": resource}})


def test_a_user_without_policies_may_only_ask_who_it_is(user, account):
    assert user.sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/bob"
    with pytest.raises(ClientError) as denied:
        user.iam.get_user()
    sentence, link = denied.value.response["Error"]["Message"].split(". ", 1)
    assert sentence == (
        f"User: arn:aws:iam::{account}:user/bob is not authorized to perform: iam:GetUser on resource: "
        "user bob because no identity-based policy allows the iam:GetUser action"
    )
    assert link.startswith("Go to http://")


# What the models' constraints do not tell.
KNOWN = {
    "NotificationChannel": "arn:aws:sns:us-east-1:123456789012:topic",
    "PolicyTemplateArn": "arn:aws:iam::aws:policy-template/some",
    "RoleArn": "arn:aws:iam::123456789012:role/reader",
    "SigningAlgorithm": "ES384",
    "TargetPrincipal": "123456789012",
    "arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
}
USEFUL = {"UserName", "Password", "PolicyTemplateArn", "arn"}


def example(shape, name=""):
    """A value that meets the constraints of a shape."""
    if name in KNOWN:
        return KNOWN[name]
    if shape.type_name == "structure":
        needed = [*shape.required_members, *sorted(USEFUL & set(shape.members))]
        return {member: example(shape.members[member], member) for member in needed}
    if shape.type_name == "list":
        return [example(shape.member, name)] * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "integer":
        return shape.metadata.get("min", 1)
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "map":
        return {example(shape.key): example(shape.value)}
    if shape.enum:
        return shape.enum[0]
    pattern, least, most = (shape.metadata.get(key, default) for key, default in (("pattern", ""), ("min", 1), ("max", 2048)))
    candidates = ["bob", "arn:aws:iam::aws:policy/ReadOnlyAccess", "123456", "123456789012", "v1", "/", "A" * least]
    candidates += ["https://a.example", "o-abcdefghij", "p-abcdefgh", "o-abcdefghij/r-abcd", "abc-def"]
    python = re.sub(r"\\p\{[LNZ]\}", "A-Za-z0-9 ", re.sub(r"\\u10FFFF|\\u10000-|\\uD7FF\\uE000-", "", pattern))
    fits = (value for value in candidates if least <= len(value) <= most and re.fullmatch(python or ".*", value))
    return next(fits, None) or pytest.fail(f"no example of {shape.name}: {pattern}")


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_every_operation_is_denied_without_a_policy(user, service):
    free = {"GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo"}
    unsigned = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
    for name in model(service).operation_names:
        if name in free | unsigned:
            continue
        operation = model(service).operation_model(name)
        parameters = example(operation.input_shape) if operation.input_shape else {}
        outcome = code(lambda **given: user.call(service, name, **given), **parameters)
        assert outcome == DENIED, f"{name}({parameters}): {outcome}"


def test_a_policy_counts_a_moment_after_it_changes(root, user):
    assert code(user.iam.list_users) == DENIED
    root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document("iam:ListUsers"))
    assert code(user.iam.list_users) == "OK"
    assert code(user.iam.list_groups) == DENIED
    root.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document("iam:ListGroups"))
    assert code(user.iam.list_users) == DENIED
    assert code(user.iam.list_groups) == "OK"
    root.iam.delete_user_policy(UserName="bob", PolicyName="p")
    assert code(user.iam.list_groups) == DENIED


def test_policies_reach_a_user_through_groups_and_attachments(root, user):
    root.iam.create_group(GroupName="staff")
    root.iam.attach_group_policy(GroupName="staff", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    assert code(user.iam.list_users) == DENIED
    root.iam.add_user_to_group(GroupName="staff", UserName="bob")
    assert code(user.iam.list_users) == "OK"
    assert code(user.iam.create_user, UserName="eve") == DENIED
    own = root.iam.create_policy(PolicyName="own", PolicyDocument=document("iam:ListUsers", effect="Deny"))
    root.iam.attach_user_policy(UserName="bob", PolicyArn=own["Policy"]["Arn"])
    assert code(user.iam.list_users) == DENIED, "an explicit denial wins"


def test_a_boundary_bounds(root, user):
    policy = root.iam.create_policy(PolicyName="bound", PolicyDocument=document("iam:Get*"))["Policy"]["Arn"]
    root.iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=document("*"))
    assert code(user.iam.list_users) == "OK"
    root.iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=policy)
    assert code(user.iam.list_users) == DENIED
    assert code(user.iam.get_user) == "OK"


def test_a_session_is_bounded_by_its_policy_and_lives_through_a_restart(tmp_path, account):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        root = Boto3(server.endpoint, account)
        trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}}  # fmt: skip
        role = root.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        root.iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=document("iam:*"))
        root.iam.create_user(UserName="bob")
        bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
        assert code(bob.sts.assume_role, RoleArn=role, RoleSessionName="session") == DENIED
        root.iam.put_user_policy(UserName="bob", PolicyName="assume", PolicyDocument=document("sts:AssumeRole", role))
        assumed = bob.sts.assume_role(RoleArn=role, RoleSessionName="session", Policy=document("iam:List*"))
    with Server(database=database) as server:
        session = Boto3(server.endpoint, account).using(assumed["Credentials"])
        arn = f"arn:aws:sts::{account}:assumed-role/reader/session"
        assert session.sts.get_caller_identity()["Arn"] == arn == assumed["AssumedRoleUser"]["Arn"]
        assert code(session.iam.list_users) == "OK"
        assert code(session.iam.get_user, UserName="bob") == DENIED


def test_the_secret_is_verified_always(server, account):
    assert code(Boto3(server.endpoint, "test", "wrong").sts.get_caller_identity) == "SignatureDoesNotMatch"
    assert code(Boto3(server.endpoint, account, "wrong").sts.get_caller_identity) == "SignatureDoesNotMatch"
    assert code(Boto3(server.endpoint, "AKIAIOSFODNN7EXAMPLE").sts.get_caller_identity) == "InvalidClientTokenId"


def test_an_inactive_key_is_refused_and_a_third_is_too_many(root, user):
    keys = root.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
    root.iam.update_access_key(UserName="bob", AccessKeyId=keys[0]["AccessKeyId"], Status="Inactive")
    assert code(user.sts.get_caller_identity) == "InvalidClientTokenId"
    root.iam.update_access_key(UserName="bob", AccessKeyId=keys[0]["AccessKeyId"], Status="Active")
    assert code(user.sts.get_caller_identity) == "OK"
    root.iam.create_access_key(UserName="bob")
    assert code(root.iam.create_access_key, UserName="bob") == "LimitExceeded"


def test_accounts_are_apart(server, root, account):
    root.iam.create_user(UserName="bob")
    other = Boto3(server.endpoint, "299999999999")
    assert code(other.iam.get_user, UserName="bob") == "NoSuchEntity"


def test_without_development_credentials_only_the_root_key_is_known():
    with Server("--no-dev-credentials", "--root-access-key", "AKIAROOT", "--root-secret-key", "s3cret") as server:
        assert code(Boto3(server.endpoint, "AKIAROOT", "s3cret").sts.get_caller_identity) == "OK"
        for key in ("test", "111111111111"):
            assert code(Boto3(server.endpoint, key).sts.get_caller_identity) == "InvalidClientTokenId"


def test_enforcement_that_only_logs_says_so():
    with Server("--enforcement", "log") as server:
        banner = server.process.stdout.readline()
        root = Boto3(server.endpoint, "111111111111")
        root.iam.create_user(UserName="bob")
        bob = root.using(root.iam.create_access_key(UserName="bob")["AccessKey"])
        answer = bob.iam.list_users()
    assert "ONLY LOGS" in banner
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-iamd-would-deny"]
    assert "is not authorized to perform: iam:ListUsers" in header
    assert "WOULD-DENY 111111111111 user/bob iam:ListUsers user/ (identity: no statement allows it)" in server.errors
