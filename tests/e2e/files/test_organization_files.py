"""Organizations come from files, and from the answers of AWS about them."""

import json
import pathlib
import shutil
import subprocess

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server, environment, run

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples/accounts"
MANAGEMENT, MEMBER, OTHER = "111122223333", "444455556666", "777788889999"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}]}


def described(**organization):
    return {"accounts": {MANAGEMENT: {"organization": organization}}}


WHOLE = described(
    id="o-a1b2c3d4e5",
    root="r-a1b2",
    units={
        "workloads": {"id": "ou-a1b2-11111111", "tags": {"stage": "prod"}},
        "test": {"parent": "workloads"},
    },
    accounts={MEMBER: {"name": "Test", "email": "test@example.com", "unit": "test"}, OTHER: None},
    policies={"NoUsers": {"type": "SERVICE_CONTROL_POLICY", "description": "None", "document": DENY, "targets": ["workloads"]}},
)


class Own:
    """A server, commands on it in a folder of the test's, and clients."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def command(self, *arguments, cwd=None):
        return run(*arguments, "--listen", f"127.0.0.1:{self.server.port}", cwd=cwd or self.folder)

    def apply(self, content, *flags):
        (self.folder / "organization.json").write_text(json.dumps(content))
        return self.command("apply", "organization.json", *flags)

    def organizations(self, account=MANAGEMENT):
        session = Boto3(self.server.endpoint, account).session
        return session.client("organizations", endpoint_url=self.server.endpoint)

    def exported(self):
        code, out, error = self.command("export", MANAGEMENT)
        assert code == 0, error
        return json.loads(out)


def advance(server, seconds):
    assert server.own("clock", "POST", data=json.dumps({"advance": seconds}).encode())[0] == 200


@pytest.fixture
def own(tmp_path):
    with Server() as server:
        yield Own(server, tmp_path)


def test_an_organization_comes_from_a_file(own):
    code, out, error = own.apply(WHOLE)
    assert code == 0, error
    assert f"+ {MANAGEMENT} organization o-a1b2c3d4e5\n" in out
    assert "0 made, 0 changed, 0 removed" in own.apply(WHOLE)[1]
    client = own.organizations()
    assert client.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
    (root,) = client.list_roots()["Roots"]
    assert root["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    (unit,) = client.list_organizational_units_for_parent(ParentId="ou-a1b2-11111111")["OrganizationalUnits"]
    assert unit["Name"] == "test" and unit["Id"].startswith("ou-a1b2-")
    (account,) = client.list_accounts_for_parent(ParentId=unit["Id"])["Accounts"]
    assert (account["Id"], account["Name"], account["Email"]) == (MEMBER, "Test", "test@example.com")
    assert client.list_tags_for_resource(ResourceId="ou-a1b2-11111111")["Tags"] == [{"Key": "stage", "Value": "prod"}]
    changed = json.loads(json.dumps(WHOLE))
    organization = changed["accounts"][MANAGEMENT]["organization"]
    del organization["units"]["test"], organization["accounts"][OTHER]
    organization["accounts"][MEMBER] = {"unit": "workloads"}
    organization["policies"]["NoUsers"]["targets"] = [MEMBER]
    code, out, error = own.apply(changed)
    assert code == 0, error
    assert f"- {MANAGEMENT} organizational-unit test\n" in out and f"- {MANAGEMENT} organization-account {OTHER}\n" in out
    policies = client.list_policies_for_target(TargetId=MEMBER, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert sorted(policy["Name"] for policy in policies) == ["FullAWSAccess", "NoUsers"]
    organization["policies"] = {}
    assert own.apply(changed)[0] == 0
    assert [policy["AwsManaged"] for policy in client.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]] == [True]


def test_what_an_organization_denies_is_denied(own):
    assert own.apply(WHOLE)[0] == 0
    with pytest.raises(ClientError, match="service control policy"):
        Boto3(own.server.endpoint, MEMBER).iam.create_user(UserName="bob")
    Boto3(own.server.endpoint, OTHER).iam.create_user(UserName="bob")


@pytest.mark.parametrize(
    "change, error",
    [
        (lambda it: it.update(id="o-1"), "this is no id of an organization"),
        (lambda it: it["units"]["test"].update(parent="test"), "is in a unit that is not there, or in itself"),
        (lambda it: it["units"]["test"].update(parent="no"), "is in a unit that is not there, or in itself"),
        (lambda it: it["units"]["test"].update(id="ou-b1b2-11111111"), "no id of a unit of the organization, such as ou-a1b2-"),
        (lambda it: it["accounts"].update({"1": {}}), "an account is twelve digits"),
        (lambda it: it["accounts"][MEMBER].update(unit="no"), 'the organization has no unit or account "no"'),
        (lambda it: it["accounts"][MEMBER].update(unit=MANAGEMENT), "accounts are in units"),
        (lambda it: it["policies"]["NoUsers"].update(targets=["no"]), 'the organization has no unit or account "no"'),
        (lambda it: it["policies"]["NoUsers"].update(document={"Statement": 1}), "MalformedPolicyDocument"),
        (lambda it: it["policies"]["NoUsers"].update(type="X"), "expected"),
        (lambda it: it.update({"without-full-access": [OTHER]}), f"{OTHER} needs a service control policy"),
        (lambda it: it.update(color="red"), "unknown field `color`"),
    ],
)
def test_an_error_changes_nothing(own, change, error):
    content = json.loads(json.dumps(WHOLE))
    change(content["accounts"][MANAGEMENT]["organization"])
    code, out, errors = own.apply(content)
    assert (code, out) == (1, "") and error in errors and errors.count("\n") == 1, errors
    with pytest.raises(ClientError, match="AWSOrganizationsNotInUse"):
        own.organizations().describe_organization()


def test_an_account_is_in_one_organization(own):
    assert own.apply(WHOLE)[0] == 0
    other = {"accounts": {OTHER: {"organization": {}}, "222222222222": {"organization": {"accounts": {MEMBER: {}}}}}}
    for account, message in ((OTHER, "the account is in the organization of"), ("222222222222", f"the account {MEMBER} is in")):
        code, _, error = own.apply({"accounts": {account: other["accounts"][account]}})
        assert code == 1 and message in error, error
    both = {number: {"organization": {"accounts": {"333333333333": {}}}} for number in ("222222222222", "888888888888")}
    code, _, error = own.apply({"accounts": both})
    assert code == 1 and "the account 333333333333 is in the organization of 222222222222" in error, error


DELEGATION = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{MEMBER}:user/operator"},
            "Action": "organizations:ListAccounts",
            "Resource": "*",
        }
    ],
}


def delegating():
    """The organization with a delegation policy for a user of the same file, and services."""
    content = json.loads(json.dumps(WHOLE))
    organization = content["accounts"][MANAGEMENT]["organization"]
    organization["trusted-services"] = ["guardduty.amazonaws.com", "sso.amazonaws.com"]
    organization["accounts"][OTHER] = {"administers": ["guardduty.amazonaws.com"]}
    organization["delegation-policy"] = {"document": DELEGATION, "tags": {"a": "b"}}
    listing = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "organizations:*", "Resource": "*"}]}
    content["accounts"][MEMBER] = {"users": {"operator": {"inline-policies": {"p": listing}}}}
    return content


def test_services_and_delegation_come_from_a_file(own, tmp_path):
    content = delegating()
    code, out, error = own.apply(content)
    assert code == 0, error
    assert "0 made, 0 changed, 0 removed" in own.apply(content)[1]
    client = own.organizations()
    services = client.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [one["ServicePrincipal"] for one in services] == ["guardduty.amazonaws.com", "sso.amazonaws.com"]
    (administrator,) = client.list_delegated_administrators()["DelegatedAdministrators"]
    assert administrator["Id"] == OTHER
    member = Boto3(own.server.endpoint, MEMBER)
    user = member.using(member.iam.create_access_key(UserName="operator")["AccessKey"])
    inside = user.session.client("organizations", endpoint_url=own.server.endpoint)
    assert len(inside.list_accounts()["Accounts"]) == 3
    # Who is made anew is somebody else until the file is applied again.
    key = member.iam.list_access_keys(UserName="operator")["AccessKeyMetadata"][0]["AccessKeyId"]
    member.iam.delete_access_key(UserName="operator", AccessKeyId=key)
    member.iam.delete_user_policy(UserName="operator", PolicyName="p")
    member.iam.delete_user(UserName="operator")
    code, out, error = own.apply(content)
    assert code == 0 and f"~ {MANAGEMENT} organization o-a1b2c3d4e5: delegation policy\n" in out, out + error
    user = member.using(member.iam.create_access_key(UserName="operator")["AccessKey"])
    inside = user.session.client("organizations", endpoint_url=own.server.endpoint)
    assert len(inside.list_accounts()["Accounts"]) == 3
    # The whole is exported, and the same when it is imported.
    exported = own.command("export", MANAGEMENT)[1]
    (tmp_path / "exported.json").write_text(exported)
    assert own.command("import", "exported.json")[1].startswith("0 made, 0 changed, 0 removed")
    with Server() as other:
        again = Own(other, tmp_path)
        code, _, error = again.command("import", "exported.json")
        assert code == 0, error
        assert again.command("export", MANAGEMENT)[1] == exported
    # What is not in the file any more ends; without the sections nothing does.
    organization = content["accounts"][MANAGEMENT]["organization"]
    del organization["delegation-policy"], organization["trusted-services"]
    assert "0 made, 0 changed, 0 removed" in own.apply(content)[1]
    organization["delegation-policy"], organization["trusted-services"] = None, ["sso.amazonaws.com"]
    organization["accounts"][OTHER] = {"administers": []}
    code, out, error = own.apply(content)
    assert code == 0, error
    assert f"~ {MANAGEMENT} organization o-a1b2c3d4e5: access of guardduty.amazonaws.com, delegation policy\n" in out, out
    assert f"~ {MANAGEMENT} organization-account {OTHER}: administration of guardduty.amazonaws.com\n" in out, out
    with pytest.raises(ClientError, match="AccessDenied"):
        inside.list_accounts()
    assert client.list_delegated_administrators()["DelegatedAdministrators"] == []


def test_wrong_services_and_delegation_change_nothing(own):
    for change, error in (
        (lambda it: it.update({"trusted-services": []}), "SERVICE_ACCESS_NOT_ENABLED"),
        (lambda it: it.update({"trusted-services": ["guardduty"]}), "InvalidInput"),
        (lambda it: it["accounts"].update({MANAGEMENT: {"administers": ["sso.amazonaws.com"]}}), "ConstraintViolation"),
        (lambda it: it["delegation-policy"]["document"]["Statement"][0].update(Action="iam:*"), "InvalidInput"),
        (lambda it: it["delegation-policy"]["document"]["Statement"][0].update(Principal={"AWS": f"arn:aws:iam::{MEMBER}:user/no"}), "InvalidInput"),
        (lambda it: it["delegation-policy"].update(id="rp-1"), "unknown field `id`"),
    ):
        content = json.loads(json.dumps(delegating()))
        change(content["accounts"][MANAGEMENT]["organization"])
        code, out, errors = own.apply(content)
        assert (code, out) == (1, "") and (error in errors or "trusted access" in errors), errors
        with pytest.raises(ClientError, match="AWSOrganizationsNotInUse"):
            own.organizations().describe_organization()


@pytest.mark.skipif(shutil.which("aws") is None, reason="there is no aws-cli")
def test_a_downloaded_organization_is_imported_and_exported(own, tmp_path):
    assert own.apply(WHOLE)[0] == 0
    client = own.organizations()
    client.detach_policy(PolicyId="p-FullAWSAccess", TargetId="ou-a1b2-11111111")
    client.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    client.register_delegated_administrator(AccountId=MEMBER, ServicePrincipal="sso.amazonaws.com")
    statement = {**DELEGATION["Statement"][0], "Principal": {"AWS": f"arn:aws:iam::{MEMBER}:root"}}
    client.put_resource_policy(Content=json.dumps({**DELEGATION, "Statement": [statement]}))
    client.close_account(AccountId=OTHER)
    advance(own.server, 60)
    variables = {
        "AWS_ENDPOINT_URL": own.server.endpoint,
        "AWS_ACCESS_KEY_ID": MANAGEMENT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
    }
    script = ["sh", EXAMPLES / "download-organization.sh", "downloaded"]
    done = subprocess.run(script, cwd=tmp_path, env=environment(**variables), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first = own.exported()
    with Server() as other:
        again = Own(other, tmp_path)
        code, out, error = again.command("import", "downloaded")
        assert code == 0, error
        assert again.command("import", "downloaded")[1].startswith("0 made, 0 changed, 0 removed")
        for shown in (first, again.exported()):
            for unit in shown["OrganizationalUnits"]:
                unit.pop("Tags", None)  # AWS shows them one by one.
        second = again.exported()
        for name in ("Organization", "Roots", "Accounts", "OrganizationPolicies", "EnabledServicePrincipals", "ResourcePolicy"):
            assert second[name] == first[name]
        attached = again.organizations().list_policies_for_target(TargetId="ou-a1b2-11111111", Filter="SERVICE_CONTROL_POLICY")
        assert [policy["Name"] for policy in attached["Policies"]] == ["NoUsers"]
    (tmp_path / "exported.json").write_text(json.dumps(own.exported()))
    with Server() as third:
        again = Own(third, tmp_path)
        code, _, error = again.command("import", "exported.json")
        assert code == 0, error
        assert again.exported() == own.exported(), "what is exported is whole"
        code, _, error = again.command("import", "exported.json", "--account", "222222222222")
        assert code == 1 and f"is in the organization of {MANAGEMENT}" in error


def test_no_file_opens_a_closed_account(own):
    assert own.apply(WHOLE)[0] == 0
    before = own.exported()
    inside = Boto3(own.server.endpoint, OTHER).iam
    own.organizations().close_account(AccountId=OTHER)
    (own.folder / "before.json").write_text(json.dumps(before))
    code, out, error = own.command("import", "before.json")
    assert code == 0 and f"the account {OTHER} is closed here, and stays closed" in out + error
    without = json.loads(json.dumps(WHOLE))
    del without["accounts"][MANAGEMENT]["organization"]["accounts"][OTHER]
    code, _, error = own.apply(without)
    assert code == 1 and "ConstraintViolation" in error, error
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        inside.list_users()
    advance(own.server, 91 * 24 * 3600)
    code, _, error = own.apply(without)
    assert code == 0, error
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        inside.list_users()


def test_states_are_imported_as_they_are(own, tmp_path):
    assert own.apply(WHOLE)[0] == 0
    exported = own.exported()
    (account,) = [account for account in exported["Accounts"] if account["Id"] == OTHER]
    for state, shown in (("CLOSED", None), ("SUSPENDED", "SUSPENDED"), ("PENDING_CLOSURE", "PENDING_CLOSURE"), ("ACTIVE", "ACTIVE")):
        for members in ({"State": state}, {"Status": state}):
            for name in ("State", "Status", "JoinedTimestamp"):
                account.pop(name, None)
            account.update(members)
            (tmp_path / "exported.json").write_text(json.dumps(exported))
            with Server() as other:
                again = Own(other, tmp_path)
                code, _, error = again.command("import", "exported.json")
                assert code == 0, error
                found = {one["Id"]: one["State"] for one in again.organizations().list_accounts()["Accounts"]}
                assert found.get(OTHER) == shown
                iam = Boto3(other.endpoint, OTHER).iam
                if state == "ACTIVE":
                    iam.list_users()
                else:
                    with pytest.raises(ClientError, match="InvalidClientTokenId"):
                        iam.list_users()
    for state in ("PENDING_ACTIVATION", "closed"):
        account.update({"State": state})
        (tmp_path / "exported.json").write_text(json.dumps(exported))
        code, _, error = own.command("import", "exported.json")
        assert code == 1 and f"the account {OTHER} is {state}" in error, error


def test_a_round_trip_keeps_the_order_of_attachment_and_every_number(own, tmp_path):
    names = [f"t{number}" for number in (3, 0, 5, 1, 4, 2)]
    assert own.apply(described(accounts={MEMBER: None}))[0] == 0
    client = own.organizations()
    root = client.list_roots()["Roots"][0]["Id"]
    client.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
    for name in names:
        content = json.dumps({"tags": {"x": {"tag_key": {"@@assign": name}}}})
        made = client.create_policy(Name=name, Description="", Type="TAG_POLICY", Content=content)["Policy"]["PolicySummary"]["Id"]
        client.attach_policy(PolicyId=made, TargetId=root)
    number = "12345678901234567890123"
    document = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", '
        f'"Condition": {{"NumericLessThan": {{"s3:max-keys": [{number}, 1.50]}}}}}}}}'
    )
    Boto3(own.server.endpoint, MANAGEMENT).iam.create_policy(PolicyName="P", PolicyDocument=document)
    effective = {"PolicyType": "TAG_POLICY", "TargetId": MEMBER}
    before = json.loads(client.describe_effective_policy(**effective)["EffectivePolicy"]["PolicyContent"])
    assert before == {"tags": {"x": {"tag_key": "t3"}}}
    exported = own.command("export", MANAGEMENT)[1]
    assert number in exported
    (tmp_path / "exported.json").write_text(exported)
    code, out, error = own.command("import", "exported.json")
    assert code == 0 and out.startswith("0 made, 0 changed, 0 removed"), out + error
    with Server() as other:
        again = Own(other, tmp_path)
        code, _, error = again.command("import", "exported.json")
        assert code == 0, error
        content = again.organizations().describe_effective_policy(**effective)["EffectivePolicy"]["PolicyContent"]
        assert json.loads(content) == before
        assert again.command("export", MANAGEMENT)[1] == exported


def test_what_is_dropped_from_a_file_is_pruned(own):
    assert own.apply(WHOLE)[0] == 0
    client = own.organizations()
    code, out, error = own.apply({"accounts": {MANAGEMENT: {}}}, "--prune", "--dry-run")
    assert code == 0 and f"- {MANAGEMENT} organization o-a1b2c3d4e5\n" in out, out + error
    assert client.describe_organization()
    # Without the sections, what the file made in them goes; what others made stays, whatever its name.
    client.create_organizational_unit(ParentId="r-a1b2", Name="theirs")
    client.enable_policy_type(RootId="r-a1b2", PolicyType="TAG_POLICY")
    client.create_policy(Name="NoUsers", Description="", Type="TAG_POLICY", Content='{"tags": {}}')
    code, out, error = own.apply(described(id="o-a1b2c3d4e5", accounts={MEMBER: None}), "--prune")
    assert code == 0, error
    assert f"- {MANAGEMENT} organization-policy NoUsers\n" in out and f"- {MANAGEMENT} organizational-unit test\n" in out, out
    units = client.list_organizational_units_for_parent(ParentId="r-a1b2")["OrganizationalUnits"]
    assert [unit["Name"] for unit in units] == ["theirs"]
    assert [policy["Name"] for policy in client.list_policies(Filter="TAG_POLICY")["Policies"]] == ["NoUsers"]
    code, out, error = own.apply({"accounts": {MANAGEMENT: {"users": {"ann": {}}}}}, "--prune")
    assert code == 0, error
    with pytest.raises(ClientError, match="AWSOrganizationsNotInUse"):
        client.describe_organization()
    # An account that is no longer there loses what the file made in it.
    iam = Boto3(own.server.endpoint, MANAGEMENT).iam
    iam.create_user(UserName="bob")
    code, out, error = own.apply({"accounts": {}}, "--prune")
    assert code == 0 and f"- {MANAGEMENT} user ann\n" in out, out + error
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["bob"]


def test_files_may_do_what_clients_may(own):
    assert own.apply(WHOLE)[0] == 0
    client = own.organizations()
    client.enable_aws_service_access(ServicePrincipal="guardduty.amazonaws.com")
    client.register_delegated_administrator(AccountId=OTHER, ServicePrincipal="guardduty.amazonaws.com")
    many = {str(200000000000 + number): None for number in range(9)}
    others = {MEMBER: {"email": "one@example.com"}, OTHER: {"email": "ONE@example.com"}}
    elsewhere = {"accounts": {"222222222222": {"organization": {"accounts": {"333333333333": {"email": "test@example.com"}}}}}}
    for content, message in (
        (described(accounts={MEMBER: None}), "delegated administrator"),
        (described(accounts={MEMBER: None, OTHER: None, **many}), "LimitExceeded"),
        (described(accounts=others), "another account has the address"),
        (elsewhere, "another account has the address test@example.com"),
        (described(accounts={MEMBER: {"email": "nobody"}, OTHER: None}), "InvalidInput"),
        (described(accounts={MEMBER: {"name": "a\nb"}, OTHER: None}), "InvalidInput"),
    ):
        code, _, error = own.apply(content)
        assert code == 1 and message in error, error
    assert "0 made, 0 changed, 0 removed" in own.apply(WHOLE)[1]
    # Accounts may exchange addresses.
    exchanged = {MEMBER: {"email": f"{OTHER}@example.com"}, OTHER: {"email": "test@example.com"}}
    code, _, error = own.apply(described(accounts=exchanged))
    assert code == 0, error


def test_differences_of_organizations_are_seen(own):
    assert own.apply(WHOLE)[0] == 0
    (own.folder / "same.json").write_text(json.dumps(WHOLE))
    ours = ("--account", MANAGEMENT)
    assert own.command("diff", "same.json", "server", *ours) == (0, "", "")
    client = own.organizations()
    policy = next(one["Id"] for one in client.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"] if one["Name"] == "NoUsers")
    client.detach_policy(PolicyId=policy, TargetId="ou-a1b2-11111111")
    client.move_account(AccountId=OTHER, SourceParentId="r-a1b2", DestinationParentId="ou-a1b2-11111111")
    client.create_organizational_unit(ParentId="ou-a1b2-11111111", Name="new")
    client.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    code, out, error = own.command("diff", "same.json", "server", *ours)
    assert code == 1, error
    assert sorted(out.splitlines()) == [
        "+ organizational-unit root/workloads/new",
        "~ organization itself: EnabledServicePrincipals",
        f"~ organization-account {OTHER}: Place",
        "~ organization-policy FullAWSAccess (SERVICE_CONTROL_POLICY): Targets",
        "~ organization-policy NoUsers (SERVICE_CONTROL_POLICY): Targets",
    ]


@pytest.mark.parametrize(
    "files, error",
    [
        ({"organization.json": None, "targets.json": {"Targets": [], "NextToken": "more"}}, "targets.json: the answer is truncated"),
        ({"targets.json": {"Targets": []}}, "it does not say which organization it is about"),
        ({"organization.json": None, "targets.json": {"Targets": []}}, "it does not say which policy it is about"),
        ({"organization.json": None, "units.json": None}, "it is not known what workloads is in"),
        ({"policies.json": None}, "the policy NoUsers has no document"),
        ({"policy.json": None}, "it is not known what the policy NoUsers is attached to"),
    ],
)
def test_what_is_missing_is_not_guessed(own, files, error):
    arn = f"arn:aws:organizations::{MANAGEMENT}"
    summary = {
        "Id": "p-a1b2c3d4",
        "Arn": f"{arn}:policy/o-a1b2c3d4e5/service_control_policy/p-a1b2c3d4",
        "Name": "NoUsers",
        "Description": "",
        "Type": "SERVICE_CONTROL_POLICY",
        "AwsManaged": False,
    }
    answers = {
        "organization.json": {"Organization": {"Id": "o-a1b2c3d4e5", "Arn": f"{arn}:organization/o-a1b2c3d4e5", "FeatureSet": "ALL"}},
        "units.json": {"OrganizationalUnits": [{"Id": "ou-a1b2-11111111", "Arn": f"{arn}:ou/o-a1b2c3d4e5/ou-a1b2-11111111", "Name": "workloads"}]},
        "policies.json": {"Policies": [summary]},
        "policy.json": {"Policy": {"PolicySummary": summary, "Content": json.dumps(DENY)}},
    }
    for name, content in files.items():
        (own.folder / name).write_text(json.dumps(content or answers[name]))
    code, out, errors = own.command("import", *files)
    assert (code, out) == (1, "") and error in errors, errors
