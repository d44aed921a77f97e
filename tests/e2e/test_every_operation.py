"""Every operation passes through boto3 and aws-cli, and what they made is there after a restart."""

from botocore.exceptions import ClientError
from clients import Boto3, model
from everything import ALL, READ, live, trust
from server import TEMPLATES, Server
from tagging import TAGS


def existing(stranger):
    """The operations that the server knows: to all others it answers that there is no such action. The caller may do
    nothing, so that nothing is done."""
    found = set()
    for service in ("iam", "sts"):
        for name in model(service).operation_names:
            try:
                stranger.call(service, name)
            except ClientError as error:
                if error.response["Error"]["Code"] == "InvalidAction":
                    continue
            found.add(name)
    return found


def test_through_boto3(root, idp):
    called = live(root, idp)
    root.iam.create_user(UserName="stranger")
    stranger = root.using(root.iam.create_access_key(UserName="stranger")["AccessKey"])
    stranger.validate = False
    assert existing(stranger) == called, "everything.py calls every operation that exists"


def test_through_aws_cli(cli, idp):
    live(cli, idp)


def test_everything_is_there_after_a_restart(tmp_path, account, idp):
    """The account's authorization details tell everything that bears on permissions."""
    database = f"sqlite:{tmp_path}/iamd.db"
    answer = []
    for _ in range(2):
        with Server("--local-issuers", "--config", TEMPLATES, database=database) as server:
            root = Boto3(server.endpoint, account)
            if not answer:
                live(root, idp)
                populate(root.iam, account)
            details = root.iam.get_account_authorization_details()
            rest = [
                root.iam.list_account_aliases()["AccountAliases"],
                root.iam.get_account_password_policy()["PasswordPolicy"],
                root.iam.get_login_profile(UserName="kept")["LoginProfile"],
                root.iam.list_access_keys(UserName="kept")["AccessKeyMetadata"],
                root.iam.list_instance_profiles()["InstanceProfiles"],
                root.iam.get_account_summary()["SummaryMap"],
                root.iam.list_user_tags(UserName="kept")["Tags"],
            ]
            details.pop("ResponseMetadata")
            for role in details["RoleDetailList"]:
                role.pop("RoleLastUsed", None)
            answer.append([details, *rest])
    assert answer[0] == answer[1]
    assert {user["UserName"] for user in answer[0][0]["UserDetailList"]} == {"joe", "kept"}


def populate(iam, account):
    """One of everything that lasts."""
    policy = iam.create_policy(PolicyName="kept", PolicyDocument=READ, Path="/p/")["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALL, SetAsDefault=True)
    iam.create_group(GroupName="kept")
    iam.put_group_policy(GroupName="kept", PolicyName="read", PolicyDocument=READ)
    iam.create_user(UserName="kept", Tags=TAGS, PermissionsBoundary=policy)
    iam.add_user_to_group(GroupName="kept", UserName="kept")
    iam.attach_user_policy(UserName="kept", PolicyArn=policy)
    iam.create_access_key(UserName="kept")
    iam.create_login_profile(UserName="kept", Password="Correct-Horse-1")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{account}:user/kept"}))
    iam.create_instance_profile(InstanceProfileName="kept")
    iam.add_role_to_instance_profile(InstanceProfileName="kept", RoleName="kept")
    iam.create_account_alias(AccountAlias=f"kept-{account}")
    iam.update_account_password_policy(MinimumPasswordLength=12)
