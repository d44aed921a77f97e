"""Organizations through its own API: what it answers, refuses, and puts into force."""

import json
import pathlib
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError
from clients import AwsCli, Boto3
from server import BINARY, Server

FULL = "p-FullAWSAccess"
DENY_IAM = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]})
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
NO_STS = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}]}
)


def organizations(who):
    """A client; the answers are JSON."""
    return who.session.client("organizations", endpoint_url=who.endpoint)


def refused(call, code, reason=None, message=None, **parameters):
    """The call must fail with this code, reason and message."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    answer = raised.value.response
    assert answer["Error"]["Code"] == code, answer
    if reason:
        assert answer["Reason"] == reason, answer
    if message:
        assert answer["Error"]["Message"] == message, answer


@pytest.fixture
def org(root):
    """An organization that the fresh account has made."""
    client = organizations(root)
    client.create_organization()
    return client


@pytest.fixture
def root_id(org):
    return org.list_roots()["Roots"][0]["Id"]


def created(org, name, **more):
    """The number of a new account."""
    status = org.create_account(Email=f"{name}-{id(org)}@example.org", AccountName=name, **more)["CreateAccountStatus"]
    assert status["State"] == "IN_PROGRESS" and "AccountId" not in status
    done = org.describe_create_account_status(CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    assert done["State"] == "SUCCEEDED", done
    return done["AccountId"]


def scp(org, name, content=DENY_IAM, kind="SERVICE_CONTROL_POLICY"):
    return org.create_policy(Name=name, Description="", Type=kind, Content=content)["Policy"]["PolicySummary"]["Id"]


def test_an_organization_begins_and_ends(root, account):
    org = organizations(root)
    refused(org.describe_organization, "AWSOrganizationsNotInUseException", message="Your account is not a member of an organization.")
    refused(org.list_accounts, "AWSOrganizationsNotInUseException")
    made = org.create_organization(FeatureSet="ALL")["Organization"]
    assert org.describe_organization()["Organization"] == made
    assert (made["FeatureSet"], made["MasterAccountId"], len(made["Id"])) == ("ALL", account, 12)
    assert made["Arn"] == f"arn:aws:organizations::{account}:organization/{made['Id']}"
    refused(org.create_organization, "AlreadyInOrganizationException")
    linked = root.iam.get_role(RoleName="AWSServiceRoleForOrganizations")["Role"]
    assert linked["Path"] == "/aws-service-role/organizations.amazonaws.com/"
    only = org.list_accounts()["Accounts"]
    assert [(found["Id"], found["JoinedMethod"], found["State"]) for found in only] == [(account, "INVITED", "ACTIVE")]
    roots = org.list_roots()["Roots"]
    assert [(found["Name"], found["PolicyTypes"]) for found in roots] == [("Root", [])]
    member = created(org, "one")
    refused(org.delete_organization, "OrganizationNotEmptyException")
    org.remove_account_from_organization(AccountId=member)
    org.delete_organization()
    refused(org.describe_organization, "AWSOrganizationsNotInUseException")


def test_units(org, root_id):
    unit = org.create_organizational_unit(ParentId=root_id, Name="Workloads", Tags=[{"Key": "k", "Value": "v"}])["OrganizationalUnit"]
    assert org.describe_organizational_unit(OrganizationalUnitId=unit["Id"])["OrganizationalUnit"] == unit
    assert unit["Path"].endswith(f"/{root_id}/{unit['Id']}/")
    refused(org.create_organizational_unit, "DuplicateOrganizationalUnitException", ParentId=root_id, Name="Workloads")
    refused(org.create_organizational_unit, "ParentNotFoundException", ParentId="r-zzzz", Name="x")
    refused(org.create_organizational_unit, "InvalidInputException", "DUPLICATE_TAG_KEY", ParentId=root_id, Name="x", Tags=[{"Key": "k", "Value": ""}] * 2)
    below = org.create_organizational_unit(ParentId=unit["Id"], Name="Workloads")["OrganizationalUnit"]
    assert org.list_parents(ChildId=below["Id"])["Parents"] == [{"Id": unit["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    assert org.list_parents(ChildId=unit["Id"])["Parents"] == [{"Id": root_id, "Type": "ROOT"}]
    refused(org.list_parents, "ChildNotFoundException", ChildId="ou-zzzz-zzzzzzzz")
    renamed = org.update_organizational_unit(OrganizationalUnitId=below["Id"], Name="Prod")["OrganizationalUnit"]
    assert org.list_organizational_units_for_parent(ParentId=unit["Id"])["OrganizationalUnits"] == [renamed]
    assert org.list_children(ParentId=unit["Id"], ChildType="ORGANIZATIONAL_UNIT")["Children"] == [{"Id": below["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    refused(org.delete_organizational_unit, "OrganizationalUnitNotEmptyException", OrganizationalUnitId=unit["Id"])
    org.delete_organizational_unit(OrganizationalUnitId=below["Id"])
    refused(org.describe_organizational_unit, "OrganizationalUnitNotFoundException", OrganizationalUnitId=below["Id"])
    parent = unit["Id"]
    for depth in range(4):
        parent = org.create_organizational_unit(ParentId=parent, Name=f"d{depth}")["OrganizationalUnit"]["Id"]
    refused(org.create_organizational_unit, "ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED", ParentId=parent, Name="deep")


def test_a_new_account_is_reached_through_its_role(root, org, account):
    member = created(org, "dev", Tags=[{"Key": "stage", "Value": "dev"}])
    shown = org.describe_account(AccountId=member)["Account"]
    assert (shown["Name"], shown["JoinedMethod"], shown["Status"]) == ("dev", "CREATED", "ACTIVE")
    root.iam.create_user(UserName="admin")
    root.iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    admin = root.using(root.iam.create_access_key(UserName="admin")["AccessKey"])
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    inside = admin.using(admin.sts.assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"])
    assert inside.sts.get_caller_identity()["Account"] == member
    inside.iam.create_user(UserName="made")
    trust = inside.iam.get_role(RoleName="OrganizationAccountAccessRole")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}
    assert inside.iam.get_role(RoleName="AWSServiceRoleForOrganizations")
    other = created(org, "other", RoleName="Admin")
    assert admin.sts.assume_role(RoleArn=f"arn:aws:iam::{other}:role/Admin", RoleSessionName="admin")
    refused(org.create_account, "InvalidInputException", "INVALID_ROLE_NAME", Email="role@example.org", AccountName="x", RoleName="AWSServiceRoleForX")
    same = org.create_account(Email=shown["Email"], AccountName="again")["CreateAccountStatus"]["Id"]
    failed = org.describe_create_account_status(CreateAccountRequestId=same)["CreateAccountStatus"]
    assert (failed["State"], failed["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert [status["Id"] for status in org.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]] == [same]
    refused(org.describe_create_account_status, "CreateAccountStatusNotFoundException", CreateAccountRequestId="car-00000000")
    refused(org.describe_account, "AccountNotFoundException", message="You specified an account that doesn't exist.", AccountId="000000000001")


def test_an_scp_binds_the_next_call(server, root, org, root_id, account):
    member = created(org, "bound")
    unit = org.create_organizational_unit(ParentId=root_id, Name="u")["OrganizationalUnit"]["Id"]
    inside = Boto3(server.endpoint, member)
    policy = scp(org, "NoIam")
    refused(org.attach_policy, "PolicyTypeNotEnabledException", message="This operation can be performed only for enabled policy types.", PolicyId=policy, TargetId=member)
    org.enable_policy_type(RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    refused(org.enable_policy_type, "PolicyTypeAlreadyEnabledException", RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    inside.iam.list_users()
    org.attach_policy(PolicyId=policy, TargetId=root_id)
    with pytest.raises(ClientError) as raised:
        inside.iam.list_users()
    assert "explicit deny in a service control policy" in str(raised.value)
    root.iam.list_users()
    org.detach_policy(PolicyId=policy, TargetId=root_id)
    inside.iam.list_users()
    # A moved account has its new line of policies.
    org.attach_policy(PolicyId=policy, TargetId=unit)
    inside.iam.list_users()
    org.move_account(AccountId=member, SourceParentId=root_id, DestinationParentId=unit)
    refused(inside.iam.list_users, "AccessDenied")
    refused(org.move_account, "DuplicateAccountException", AccountId=member, SourceParentId=root_id, DestinationParentId=unit)
    org.update_policy(PolicyId=policy, Content=ALLOW_ALL, Name="All")
    inside.iam.list_users()
    org.update_policy(PolicyId=policy, Content=DENY_IAM)
    refused(inside.iam.list_users, "AccessDenied")
    # Disabling the type detaches everything.
    org.disable_policy_type(RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    inside.iam.list_users()
    org.enable_policy_type(RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    assert org.list_targets_for_policy(PolicyId=policy)["Targets"] == []
    inside.iam.list_users()
    org.delete_policy(PolicyId=policy)
    refused(org.describe_policy, "PolicyNotFoundException", PolicyId=policy)


def test_policies_and_what_they_are_attached_to(org, root_id, account):
    org.enable_policy_type(RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    policy = scp(org, "One", ALLOW_ALL)
    refused(org.create_policy, "DuplicatePolicyException", message="A policy with the specified name and type already exists.", Name="One", Description="", Type="SERVICE_CONTROL_POLICY", Content=ALLOW_ALL)
    refused(org.create_policy, "MalformedPolicyDocumentException", Name="Two", Description="", Type="SERVICE_CONTROL_POLICY", Content=NO_STS)
    refused(org.create_policy, "MalformedPolicyDocumentException", Name="Two", Description="", Type="RESOURCE_CONTROL_POLICY", Content=DENY_IAM)
    refused(org.create_policy, "ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED", Name="Two", Description="", Type="SERVICE_CONTROL_POLICY", Content=ALLOW_ALL + " " * 10240)
    assert [found["Id"] for found in org.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]] == [FULL, policy]
    names = lambda target: [found["Name"] for found in org.list_policies_for_target(TargetId=target, Filter="SERVICE_CONTROL_POLICY")["Policies"]]
    assert names(root_id) == names(account) == ["FullAWSAccess"]
    refused(org.detach_policy, "ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", PolicyId=FULL, TargetId=root_id)
    org.attach_policy(PolicyId=policy, TargetId=root_id)
    refused(org.attach_policy, "DuplicatePolicyAttachmentException", PolicyId=policy, TargetId=root_id)
    org.detach_policy(PolicyId=FULL, TargetId=root_id)
    assert names(root_id) == ["One"]
    org.attach_policy(PolicyId=FULL, TargetId=root_id)
    assert names(root_id) == ["FullAWSAccess", "One"]
    for number in range(8):
        org.attach_policy(PolicyId=scp(org, f"n{number}", ALLOW_ALL), TargetId=root_id)
    refused(org.attach_policy, "ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", PolicyId=scp(org, "more", ALLOW_ALL), TargetId=root_id)
    refused(org.delete_policy, "PolicyInUseException", PolicyId=policy)
    targets = org.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert [(target["TargetId"], target["Type"]) for target in targets] == [(root_id, "ROOT")]
    refused(org.update_policy, "InvalidInputException", "IMMUTABLE_POLICY", PolicyId=FULL, Name="x")
    refused(org.detach_policy, "PolicyNotAttachedException", PolicyId=policy, TargetId=account)
    refused(org.attach_policy, "TargetNotFoundException", PolicyId=policy, TargetId="000000000001")
    refused(org.attach_policy, "PolicyNotFoundException", PolicyId="p-00000000", TargetId=root_id)
    org.enable_policy_type(RootId=root_id, PolicyType="RESOURCE_CONTROL_POLICY")
    refused(org.detach_policy, "InvalidInputException", "NON_DETACHABLE_POLICY", PolicyId="p-RCPFullAWSAccess", TargetId=root_id)


def test_an_rcp_binds_the_resources_of_members(server, root, org, root_id):
    member = created(org, "rcp")
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    root.iam.create_user(UserName="admin")
    root.iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    admin = root.using(root.iam.create_access_key(UserName="admin")["AccessKey"])
    admin.sts.assume_role(RoleArn=role, RoleSessionName="admin")
    org.enable_policy_type(RootId=root_id, PolicyType="RESOURCE_CONTROL_POLICY")
    org.attach_policy(PolicyId=scp(org, "r", NO_STS, "RESOURCE_CONTROL_POLICY"), TargetId=member)
    refused(admin.sts.assume_role, "AccessDenied", RoleArn=role, RoleSessionName="admin")


def test_a_closed_account_is_refused(server, org, account):
    member = created(org, "closing")
    inside = Boto3(server.endpoint, member)
    inside.iam.list_users()
    org.close_account(AccountId=member)
    refused(inside.iam.list_users, "InvalidClientTokenId")
    assert org.describe_account(AccountId=member)["Account"]["State"] in ("PENDING_CLOSURE", "SUSPENDED")
    refused(org.close_account, "ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT", AccountId=account)


def test_accounts_leave(server, org, account):
    member = created(org, "leaving")
    inside = organizations(Boto3(server.endpoint, member))
    assert inside.describe_organization()["Organization"]["MasterAccountId"] == account
    refused(inside.list_accounts, "AccessDeniedException", message="You don't have permissions to access this resource.")
    refused(inside.create_account, "AccessDeniedException", Email="someone@example.org", AccountName="x")
    refused(org.leave_organization, "MasterCannotLeaveOrganizationException")
    inside.leave_organization()
    refused(inside.describe_organization, "AWSOrganizationsNotInUseException")
    refused(org.remove_account_from_organization, "AccountNotFoundException", AccountId=member)


def test_of_two_moves_of_one_account_one_succeeds(server, root, org, root_id):
    member = created(org, "moved")
    units = [org.create_organizational_unit(ParentId=root_id, Name=name)["OrganizationalUnit"]["Id"] for name in "ab"]
    outcomes = []

    def move(unit):
        try:
            organizations(root).move_account(AccountId=member, SourceParentId=root_id, DestinationParentId=unit)
            outcomes.append("moved")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=move, args=(unit,)) for unit in units]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["SourceParentNotFoundException", "moved"]
    assert sum(len(org.list_accounts_for_parent(ParentId=unit)["Accounts"]) for unit in units) == 1


def test_permissions_are_checked_on_all_resources(root, org, root_id, account):
    member = created(org, "iam")
    unit = org.create_organizational_unit(ParentId=root_id, Name="u")["OrganizationalUnit"]
    organization = org.describe_organization()["Organization"]["Id"]
    arn = lambda kind, name: f"arn:aws:organizations::{account}:{kind}/{organization}/{name}"
    root.iam.create_user(UserName="mover")
    mover = organizations(root.using(root.iam.create_access_key(UserName="mover")["AccessKey"]))
    move = {"AccountId": member, "SourceParentId": root_id, "DestinationParentId": unit["Id"]}
    needed = [arn("account", member), arn("root", root_id), arn("ou", unit["Id"])]
    for granted in (needed[:2], needed[1:], needed[::2]):
        allow = {"Effect": "Allow", "Action": "organizations:MoveAccount", "Resource": granted}
        root.iam.put_user_policy(UserName="mover", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow}))
        refused(mover.move_account, "AccessDeniedException", **move)
    allow["Resource"] = needed
    root.iam.put_user_policy(UserName="mover", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    mover.move_account(**move)


def test_aws_cli_builds_a_landing_zone(server, account):
    cli = AwsCli(server.endpoint, account)
    cli.call("organizations", "CreateOrganization")
    root_id = cli.call("organizations", "ListRoots")["Roots"][0]["Id"]
    cli.call("organizations", "EnablePolicyType", RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    unit = cli.call("organizations", "CreateOrganizationalUnit", ParentId=root_id, Name="Sandbox")["OrganizationalUnit"]["Id"]
    status = cli.call("organizations", "CreateAccount", Email=f"{account}@example.org", AccountName="sandbox")["CreateAccountStatus"]
    status = cli.call("organizations", "DescribeCreateAccountStatus", CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    cli.call("organizations", "MoveAccount", AccountId=status["AccountId"], SourceParentId=root_id, DestinationParentId=unit)
    policy = cli.call("organizations", "CreatePolicy", Name="guard", Description="", Type="SERVICE_CONTROL_POLICY", Content=DENY_IAM)
    cli.call("organizations", "AttachPolicy", PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=unit)
    refused(Boto3(server.endpoint, status["AccountId"]).iam.list_users, "AccessDenied")


def test_an_organization_survives_a_kill(tmp_path, account):
    database = f"sqlite:{tmp_path}/iamd.db"
    server = Server(database=database)
    org = organizations(Boto3(server.endpoint, account))
    org.create_organization()
    root_id = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    member = created(org, "kept")
    org.attach_policy(PolicyId=scp(org, "NoIam"), TargetId=member)
    server.kill()
    with Server(database=database) as again:
        refused(Boto3(again.endpoint, member).iam.list_users, "AccessDenied")
        org = organizations(Boto3(again.endpoint, account))
        assert [found["Id"] for found in org.list_accounts()["Accounts"]] == sorted([account, member])


def test_an_account_in_the_making_when_the_server_is_killed_is_finished(tmp_path, account):
    database = f"sqlite:{tmp_path}/iamd.db"
    requested = []
    for attempt in range(3):
        server = Server("--quota", "AccountsPerOrganization=100", database=database)
        who = Boto3(server.endpoint, account)
        org = organizations(who)
        if attempt == 0:
            org.create_organization()

        def ask(org=org):
            for number in range(1000):
                try:
                    status = org.create_account(Email=f"a{attempt}-{number}@example.org", AccountName="a")
                except Exception:
                    return
                requested.append(status["CreateAccountStatus"]["Id"])

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(0.3)
        server.kill()
        asking.join()
    with Server(database=database) as again:
        org = organizations(Boto3(again.endpoint, account))
        pages = org.get_paginator("list_create_account_status").paginate()
        statuses = {status["Id"]: status for page in pages for status in page["CreateAccountStatuses"]}
        assert set(requested) <= set(statuses)
        assert {status["State"] for status in statuses.values()} <= {"SUCCEEDED", "FAILED"}
        members = {found["Id"] for page in org.get_paginator("list_accounts").paginate() for found in page["Accounts"]}
        made = {status["AccountId"] for status in statuses.values() if status["State"] == "SUCCEEDED"}
        assert members == made | {account}
        for member in list(made)[:5]:
            assert Boto3(again.endpoint, member).iam.get_role(RoleName="OrganizationAccountAccessRole")


def test_the_guardrails_of_the_examples_bite(server, org, root_id):
    assert subprocess.run([BINARY, "policy", "test", "examples/guardrails"], capture_output=True).returncode == 0
    member = created(org, "guarded")
    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        org.enable_policy_type(RootId=root_id, PolicyType=kind)
    files = {path.stem: path.read_text() for path in pathlib.Path("examples/guardrails").glob("*.json")}
    for name, content in files.items():
        kind = "RESOURCE_CONTROL_POLICY" if name == "data-perimeter" else "SERVICE_CONTROL_POLICY"
        org.attach_policy(PolicyId=scp(org, name, content, kind), TargetId=root_id)
    refused(Boto3(server.endpoint, member).iam.list_users, "AccessDenied")


def admin_of(server, member):
    return Boto3(server.endpoint, member)


def test_trusted_access_and_delegated_administrators(server, root, org, account):
    member = created(org, "security")
    service = {"ServicePrincipal": "guardduty.amazonaws.com"}
    refused(org.enable_aws_service_access, "InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL", ServicePrincipal="nonsense")
    refused(org.register_delegated_administrator, "ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED", AccountId=member, **service)
    org.enable_aws_service_access(**service)
    assert [found["ServicePrincipal"] for found in org.list_aws_service_access_for_organization()["EnabledServicePrincipals"]] == ["guardduty.amazonaws.com"]
    refused(org.register_delegated_administrator, "ConstraintViolationException", "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", AccountId=account, **service)
    inside = organizations(admin_of(server, member))
    refused(inside.list_accounts, "AccessDeniedException")
    org.register_delegated_administrator(AccountId=member, **service)
    refused(org.register_delegated_administrator, "AccountAlreadyRegisteredException", AccountId=member, **service)
    # A delegated administrator reads, and writes nothing.
    assert len(inside.list_accounts()["Accounts"]) == 2
    assert inside.describe_account(AccountId=account)["Account"]["Id"] == account
    refused(inside.create_policy, "AccessDeniedException", Name="x", Description="", Type="SERVICE_CONTROL_POLICY", Content=ALLOW_ALL)
    assert [found["Id"] for found in org.list_delegated_administrators(**service)["DelegatedAdministrators"]] == [member]
    assert [found["ServicePrincipal"] for found in org.list_delegated_services_for_account(AccountId=member)["DelegatedServices"]] == ["guardduty.amazonaws.com"]
    refused(org.remove_account_from_organization, "ConstraintViolationException", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", AccountId=member)
    refused(org.disable_aws_service_access, "ConstraintViolationException", **service)
    org.deregister_delegated_administrator(AccountId=member, **service)
    refused(org.deregister_delegated_administrator, "AccountNotRegisteredException", AccountId=member, **service)
    refused(org.list_delegated_services_for_account, "AccountNotRegisteredException", AccountId=member)
    org.disable_aws_service_access(**service)
    refused(inside.list_accounts, "AccessDeniedException")
    # Root access management needs trusted access.
    refused(root.iam.enable_organizations_root_sessions, "ServiceAccessNotEnabledException")
    org.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert root.iam.enable_organizations_root_sessions()["EnabledFeatures"] == ["RootSessions"]


def test_the_resource_policy_delegates(server, org, root_id):
    member, other = created(org, "delegate"), created(org, "other")
    inside = organizations(admin_of(server, member))
    policy = {"Name": "by delegate", "Description": "", "Content": ALLOW_ALL}
    refused(inside.create_policy, "AccessDeniedException", Type="SERVICE_CONTROL_POLICY", **policy)
    refused(org.describe_resource_policy, "ResourcePolicyNotFoundException")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{member}:root"},
        "Action": ["organizations:CreatePolicy", "organizations:AttachPolicy"],
        "Resource": "*",
        "Condition": {"StringLikeIfExists": {"organizations:PolicyType": "SERVICE_CONTROL_POLICY"}},
    }
    refused(org.put_resource_policy, "InvalidInputException", "INVALID_RESOURCE_POLICY_JSON", Content="{")
    put = org.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": statement}))["ResourcePolicy"]
    assert org.describe_resource_policy()["ResourcePolicy"] == put
    made = inside.create_policy(Type="SERVICE_CONTROL_POLICY", **policy)["Policy"]["PolicySummary"]["Id"]
    refused(inside.create_policy, "AccessDeniedException", Type="TAG_POLICY", Name="t", Description="", Content="{}")
    refused(inside.delete_policy, "AccessDeniedException", PolicyId=made)
    refused(organizations(admin_of(server, other)).create_policy, "AccessDeniedException", Type="SERVICE_CONTROL_POLICY", **policy)
    org.enable_policy_type(RootId=root_id, PolicyType="SERVICE_CONTROL_POLICY")
    inside.attach_policy(PolicyId=made, TargetId=other)
    org.delete_resource_policy()
    refused(inside.attach_policy, "AccessDeniedException", PolicyId=made, TargetId=root_id)


def test_tags(server, root, org, root_id, account):
    policy = scp(org, "tagged")
    for resource in (root_id, account, policy):
        org.tag_resource(ResourceId=resource, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        org.untag_resource(ResourceId=resource, TagKeys=["a"])
        assert org.list_tags_for_resource(ResourceId=resource)["Tags"] == [{"Key": "b", "Value": "2"}]
    refused(org.tag_resource, "TargetNotFoundException", ResourceId="000000000001", Tags=[{"Key": "a", "Value": "1"}])
    refused(org.tag_resource, "InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER", ResourceId=root_id, Tags=[{"Key": "aws:x", "Value": "1"}])
    many = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    refused(org.tag_resource, "ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED", ResourceId=root_id, Tags=many)
    # Conditions see the tags.
    root.iam.create_user(UserName="tagger")
    statement = {"Effect": "Allow", "Action": "organizations:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/b": "2"}}}
    root.iam.put_user_policy(UserName="tagger", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    tagger = organizations(root.using(root.iam.create_access_key(UserName="tagger")["AccessKey"]))
    tagger.describe_policy(PolicyId=policy)
    org.untag_resource(ResourceId=policy, TagKeys=["b"])
    refused(tagger.describe_policy, "AccessDeniedException", PolicyId=policy)


def test_management_policies_are_merged(server, org, root_id):
    member = created(org, "merged")
    tags = lambda key: json.dumps({"tags": {"stage": {"tag_value": key}}})
    org.enable_policy_type(RootId=root_id, PolicyType="TAG_POLICY")
    inside = organizations(admin_of(server, member))
    refused(inside.describe_effective_policy, "EffectivePolicyNotFoundException", PolicyType="TAG_POLICY")
    org.attach_policy(PolicyId=scp(org, "top", tags({"@@assign": ["dev"]}), "TAG_POLICY"), TargetId=root_id)
    org.attach_policy(PolicyId=scp(org, "more", tags({"@@append": ["prod"]}), "TAG_POLICY"), TargetId=member)
    effective = inside.describe_effective_policy(PolicyType="TAG_POLICY")["EffectivePolicy"]
    assert (effective["TargetId"], effective["PolicyType"]) == (member, "TAG_POLICY")
    assert json.loads(effective["PolicyContent"]) == {"tags": {"stage": {"tag_value": ["dev", "prod"]}}}
    refused(org.create_policy, "MalformedPolicyDocumentException", Name="bad", Description="", Type="TAG_POLICY", Content="[]")


def test_management_policies_that_are_too_long_together_are_invalid(server, org, root_id):
    unit = org.create_organizational_unit(ParentId=root_id, Name="long")["OrganizationalUnit"]["Id"]
    members = sorted(created(org, f"long{number}") for number in range(2))
    for member in members:
        org.move_account(AccountId=member, SourceParentId=root_id, DestinationParentId=unit)
    values = lambda start: {"@@append": [f"{start}{number:04}" * 4 for number in range(300)]}
    plans = lambda start: json.dumps({"plans": {"stage": {"regions": values(start)}}}, separators=(",", ":"))
    first, second = (scp(org, f"long-{start}", plans(start), "BACKUP_POLICY") for start in "ab")
    org.enable_policy_type(RootId=root_id, PolicyType="BACKUP_POLICY")
    org.attach_policy(PolicyId=first, TargetId=unit)
    listed = lambda **page: org.list_accounts_with_invalid_effective_policy(PolicyType="BACKUP_POLICY", **page)
    errors = lambda: org.list_effective_policy_validation_errors(AccountId=members[0], PolicyType="BACKUP_POLICY")
    assert (listed()["Accounts"], listed()["PolicyType"]) == ([], "BACKUP_POLICY")
    assert errors()["EffectivePolicyValidationErrors"] == []
    org.attach_policy(PolicyId=second, TargetId=members[0])
    assert [account["Id"] for account in listed()["Accounts"]] == members[:1]
    org.detach_policy(PolicyId=second, TargetId=members[0])
    org.attach_policy(PolicyId=second, TargetId=unit)
    page = listed(MaxResults=1)
    assert page["Accounts"] == [org.describe_account(AccountId=members[0])["Account"]]
    page = listed(MaxResults=1, NextToken=page["NextToken"])
    assert [account["Id"] for account in page["Accounts"]] == members[1:]
    found = errors()
    (error,) = found["EffectivePolicyValidationErrors"]
    assert (error["ErrorCode"], sorted(error["ContributingPolicies"])) == ("ELEMENTS_TOO_MANY", sorted([first, second]))
    assert (found["AccountId"], found["PolicyType"], found["Path"]) == (members[0], "BACKUP_POLICY", path_of(org, members[0]))


def path_of(org, account):
    return org.describe_account(AccountId=account)["Account"]["Paths"][0]


def test_an_account_is_invited_and_leaves(server, org, account):
    guest = str(int(account) + 500_000_000_000)
    theirs = organizations(admin_of(server, guest))
    invitation = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": guest}, Notes="join us")["Handshake"]
    assert (invitation["State"], invitation["Action"]) == ("OPEN", "INVITE")
    refused(org.invite_account_to_organization, "DuplicateHandshakeException", Target={"Type": "ACCOUNT", "Id": guest})
    refused(org.invite_account_to_organization, "HandshakeConstraintViolationException", Target={"Type": "ACCOUNT", "Id": account})
    assert [found["Id"] for found in theirs.list_handshakes_for_account()["Handshakes"]] == [invitation["Id"]]
    assert theirs.describe_handshake(HandshakeId=invitation["Id"])["Handshake"] == invitation
    stranger = organizations(admin_of(server, str(int(account) + 600_000_000_000)))
    refused(stranger.describe_handshake, "HandshakeNotFoundException", HandshakeId=invitation["Id"])
    refused(stranger.accept_handshake, "HandshakeNotFoundException", HandshakeId=invitation["Id"])
    assert theirs.accept_handshake(HandshakeId=invitation["Id"])["Handshake"]["State"] == "ACCEPTED"
    refused(theirs.accept_handshake, "HandshakeAlreadyInStateException", HandshakeId=invitation["Id"])
    refused(theirs.decline_handshake, "InvalidHandshakeTransitionException", HandshakeId=invitation["Id"])
    assert org.describe_account(AccountId=guest)["Account"]["JoinedMethod"] == "INVITED"
    assert admin_of(server, guest).iam.get_role(RoleName="AWSServiceRoleForOrganizations")
    theirs.leave_organization()
    again = org.invite_account_to_organization(Target={"Type": "EMAIL", "Id": f"{guest}@example.com"})["Handshake"]["Id"]
    assert theirs.decline_handshake(HandshakeId=again)["Handshake"]["State"] == "DECLINED"
    third = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": guest})["Handshake"]["Id"]
    assert org.cancel_handshake(HandshakeId=third)["Handshake"]["State"] == "CANCELED"
    assert len(org.list_handshakes_for_organization(Filter={"ActionType": "INVITE"})["Handshakes"]) == 3
    refused(org.cancel_handshake, "HandshakeNotFoundException", HandshakeId="h-00000000")


def test_all_features_come_with_the_consent_of_members(server, root, account):
    org = organizations(root)
    assert org.create_organization(FeatureSet="CONSOLIDATED_BILLING")["Organization"]["AvailablePolicyTypes"] == []
    root_id = org.list_roots()["Roots"][0]["Id"]
    refused(org.enable_policy_type, "PolicyTypeNotAvailableForOrganizationException", RootId=root_id, PolicyType="TAG_POLICY")
    guest = str(int(account) + 500_000_000_000)
    theirs = organizations(admin_of(server, guest))
    invitation = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": guest})["Handshake"]["Id"]
    theirs.accept_handshake(HandshakeId=invitation)
    whole = org.enable_all_features()["Handshake"]
    assert (whole["Action"], whole["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    (asked,) = theirs.list_handshakes_for_account(Filter={"ActionType": "ENABLE_ALL_FEATURES"})["Handshakes"]
    theirs.accept_handshake(HandshakeId=asked["Id"])
    (approval,) = org.list_handshakes_for_organization(Filter={"ActionType": "APPROVE_ALL_FEATURES"})["Handshakes"]
    org.accept_handshake(HandshakeId=approval["Id"])
    assert org.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    refused(org.enable_all_features, "HandshakeConstraintViolationException")
    org.enable_policy_type(RootId=root_id, PolicyType="TAG_POLICY")
