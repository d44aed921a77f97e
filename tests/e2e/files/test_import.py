"""An account of AWS is imported and exported, and stays the same."""

import base64
import copy
import json

import pytest
from accounts import Generator
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server, run

ACCOUNT = "123456789012"
REPORT = """\
user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,\
mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,\
cert_2_last_rotated
<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,true,N/A,N/A,N/A,true,false,N/A,N/A,N/A,N/A,\
false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
user-0,arn:aws:iam::123456789012:user/people/user-0,2024-02-29T10:00:00+00:00,true,N/A,N/A,N/A,true,true,\
2024-03-01T00:00:00+00:00,N/A,N/A,N/A,false,2024-03-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,false,N/A
"""


@pytest.fixture
def own(tmp_path):
    """A server, and commands on it in a folder of the test's."""
    with Server() as server:

        def command(name, *arguments):
            return run(name, *arguments, "--listen", f"127.0.0.1:{server.port}", cwd=tmp_path)

        def write(name, content):
            (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
            return name

        server.command, server.write, server.folder = command, write, tmp_path
        server.iam = Boto3(server.endpoint, ACCOUNT).iam
        yield server


def exported(server, account=ACCOUNT):
    code, out, error = server.command("export", account)
    assert code == 0, error
    return json.loads(out)


def decisions(iam, details):
    """What a sample of the principals may do."""
    arns = [entity["Arn"] for entity in details["UserDetailList"][::40] + details["RoleDetailList"][:-1:40]]
    actions = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "dynamodb:GetItem", "iam:GetUser"]
    resources = ["arn:aws:s3:::data/a", "*"]
    answers = {}
    for arn in arns:
        found = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, ResourceArns=resources)
        answers[arn] = [(result["EvalActionName"], result["EvalDecision"]) for result in found["EvaluationResults"]]
    return answers


def normal(details):
    """What the generator makes, without what an export adds."""
    details = copy.deepcopy(details)
    kept = {"UserDetailList": "UserName", "GroupDetailList": "GroupName", "RoleDetailList": "RoleName"}
    added = {"MaxSessionDuration", "RoleLastUsed"}
    lists = {}
    for name, key in kept.items():
        entities = [{k: v for k, v in entity.items() if k not in added} for entity in details[name]]
        for entity in entities:
            for profile in entity.get("InstanceProfileList", []):
                profile["Roles"] = [{"RoleName": role["RoleName"]} for role in profile["Roles"]]
        lists[name] = sorted(entities, key=lambda entity: entity[key])
    own = [policy for policy in details["Policies"] if ":aws:policy" not in policy["Arn"]]
    ignored = {"AttachmentCount", "PermissionsBoundaryUsageCount", "Tags"}
    own = [{k: v for k, v in policy.items() if k not in ignored} for policy in own]
    return {**lists, "Policies": sorted(own, key=lambda policy: policy["PolicyName"])}


def test_a_large_account_is_copied_exactly(own):
    details = Generator(ACCOUNT).details()
    code, out, error = own.command("import", own.write("account.json", details))
    assert code == 0, error
    profiles = sum(len(role["InstanceProfileList"]) for role in details["RoleDetailList"])
    made = sum(len(entities) for entities in details.values()) + profiles
    assert out.splitlines()[-1].startswith(f"{made} made, 0 changed"), out.splitlines()[-1]
    first = exported(own)
    assert normal(first) == normal(details), "ids, times, ARNs and documents are AWS's"
    before = decisions(own.iam, details)
    assert {decision for answers in before.values() for _, decision in answers} >= {"allowed", "implicitDeny", "explicitDeny"}
    assert own.command("import", "account.json")[1].startswith("0 made, 0 changed, 0 removed"), "nothing is left to do"
    with Server() as other:
        name = own.write("exported.json", first)
        code, _, error = run("import", name, "--listen", f"127.0.0.1:{other.port}", cwd=own.folder)
        assert code == 0, error
        iam = Boto3(other.endpoint, ACCOUNT).iam
        code, again, _ = run("export", ACCOUNT, "--listen", f"127.0.0.1:{other.port}")
        assert json.loads(again) == first
        assert decisions(iam, details) == before


def test_an_account_can_get_another_number(own):
    details = Generator(ACCOUNT, users=2, roles=6, policies=4, groups=2).details()
    code, _, error = own.command("import", own.write("account.json", details), "--account", "222233334444")
    assert code == 0, error
    text = json.dumps(exported(own, "222233334444"))
    assert ACCOUNT not in text and "arn:aws:iam::222233334444:user/people/user-0" in text
    assert exported(own)["UserDetailList"] == []


def test_an_account_without_entities_is_copied(own):
    own.iam.create_account_alias(AccountAlias="nothing-in-it")
    name = own.write("exported.json", exported(own))
    assert own.command("import", name)[1].startswith("0 made, 0 changed, 0 removed")
    with Server() as other:
        code, _, error = run("import", name, "--listen", f"127.0.0.1:{other.port}", cwd=own.folder)
        assert code == 0, error
        assert json.loads(run("export", ACCOUNT, "--listen", f"127.0.0.1:{other.port}")[1]) == exported(own)
        code, _, error = run("import", name, "--account", "222233334444", "--listen", f"127.0.0.1:{other.port}", cwd=own.folder)
        assert code == 1 and "nothing-in-it already exists" in error
    # AWS's answer does not say which account it is about.
    name = own.write("aws.json", {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []})
    assert "it does not say which account it is about" in own.command("import", name)[2]
    assert own.command("import", name, "--account", "222233334444")[0] == 0


def test_a_copy_loses_what_aws_has_deleted(own):
    details = Generator(ACCOUNT, users=2, roles=2, policies=4, groups=2).details()
    name = own.write("account.json", details)
    assert own.command("import", name)[0] == 0
    linked = [role for role in details["RoleDetailList"] if role["Path"].startswith("/aws-service-role/")]
    gone = [*linked, details["RoleDetailList"][0]]
    details["RoleDetailList"] = [role for role in details["RoleDetailList"] if role not in gone]
    own.write("account.json", details)
    code, out, error = own.command("apply", name, "--prune")
    assert linked and code == 0, error
    removed = {line.split()[-1] for line in out.splitlines() if line.startswith("- ") and " role " in line}
    assert removed == {role["RoleName"] for role in gone}


def test_other_answers_complete_an_account(own):
    details = Generator(ACCOUNT, users=2, roles=2, policies=4, groups=2).details()
    role = {**details["RoleDetailList"][0], "Description": "Described", "MaxSessionDuration": 7200}
    oidc = {
        "Url": "token.actions.githubusercontent.com",
        "ClientIDList": ["sts.amazonaws.com"],
        "ThumbprintList": ["a" * 40],
        "CreateDate": "2023-01-01T00:00:00+00:00",
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    files = [
        own.write("account.json", details),
        own.write("aliases.json", {"AccountAliases": ["example-prod"]}),
        own.write("passwords.json", {"PasswordPolicy": {"MinimumPasswordLength": 14, "ExpirePasswords": False}}),
        own.write("roles.json", {"Roles": [role]}),
        own.write("github.json", oidc),
        own.write("report.csv", REPORT),
    ]
    code, out, error = own.command("import", *files)
    assert code == 0, error
    assert own.iam.list_account_aliases()["AccountAliases"] == ["example-prod"]
    assert own.iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 14
    shown = own.iam.get_role(RoleName="role-0")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("Described", 7200)
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    provider = own.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert provider["CreateDate"].year == 2023 and provider["Tags"] == oidc["Tags"]
    keys = own.iam.list_access_keys(UserName="user-0")["AccessKeyMetadata"]
    assert sorted(key["Status"] for key in keys) == ["Active", "Inactive"]
    secrets = json.loads((own.folder / "iamd-secrets.json").read_text())["accounts"][ACCOUNT]
    assert list(secrets) == ["user-0"] and set(secrets["user-0"]) == {"access-keys", "password", "mfa-seeds"}
    assert own.command("import", *files)[1].startswith("0 made, 0 changed")
    answer = {"Content": base64.b64encode(REPORT.encode()).decode(), "ReportFormat": "text/csv"}
    assert own.command("import", files[0], own.write("report.json", answer))[0] == 0


@pytest.mark.parametrize(
    "change, error",
    [
        (lambda details: details.update(IsTruncated=True), "account.json: the answer is truncated"),
        (lambda details: details["UserDetailList"][1].update(UserName="user-0"), 'the user "user-0" appears twice'),
        (lambda details: details["UserDetailList"][0].update(UserId="AROA1"), "the unique id of user-0 is none of AIDA…"),
        (lambda details: details["UserDetailList"][0].update(GroupList=["no"]), "The group with name no"),
        (lambda details: details["GroupDetailList"][0].update(Arn="arn:aws:iam::1:group/x"), "this is no ARN of an account"),
        (
            lambda details: details["GroupDetailList"][0].update(Arn="arn:aws:iam::999999999999:group/group-0"),
            "this is of another account than 123456789012",
        ),
        (lambda details: details.update(Account="999999999999"), "this is of another account than 999999999999"),
        (lambda details: details.update(Account="nine"), "an account is twelve digits"),
        (lambda details: details["Policies"][0].update(DefaultVersionId="v2"), 'there is no version "v2"'),
        (lambda details: details["RoleDetailList"][0].update(CreateDate="x"), "expected a time such as"),
    ],
)
def test_a_damaged_file_changes_nothing(own, change, error):
    details = Generator(ACCOUNT, users=2, roles=2, policies=4, groups=2).details()
    change(details)
    code, out, errors = own.command("import", own.write("account.json", details))
    assert (code, out) == (1, "") and error in errors and errors.count("\n") == 1
    assert own.iam.list_users()["Users"] == []


def test_policies_of_aws_that_are_not_known_deny(own):
    details = Generator(ACCOUNT, users=1, roles=0, policies=4, groups=2)
    details.role_names = ["none"]
    details = details.details()
    unknown = {"PolicyName": "Tomorrow", "PolicyArn": "arn:aws:iam::aws:policy/Tomorrow"}
    details["UserDetailList"][0]["AttachedManagedPolicies"] = [unknown]
    code, out, error = own.command("import", own.write("account.json", details))
    assert code == 0, error
    assert "arn:aws:iam::aws:policy/Tomorrow is not known to this version: user-0 is denied everything" in out
    user = Boto3(own.endpoint, ACCOUNT).using(own.iam.create_access_key(UserName="user-0")["AccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        user.iam.list_users()
