"""What becomes of organizations over time: invitations that expire, accounts that close, clients' sequences of calls."""

import concurrent.futures
import itertools
import json
import re
import time

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from cluster import Cluster
from postgres import is_available, wait_until
from server import Server

DAY = 24 * 3600
# Resource names as moto's tests know them.
NAMES = {
    "organization": r"o-[a-z0-9]{10}", "root": r"r-[a-z0-9]{4}", "unit": r"ou-[a-z0-9]{4}-[a-z0-9]{8}",
    "account": r"\d{12}", "creation": r"car-[a-z0-9]{8,32}", "policy": r"p-[a-z0-9]{8}", "handshake": r"h-[a-z0-9]{8,32}",
}  # fmt: skip
NO_IAM = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}})


class Clock:
    """The server's clock, ahead of the real one; credentials are as of the real one."""

    def __init__(self, server):
        self.server = server

    def advance(self, seconds):
        assert self.server.own("clock", "POST", data=json.dumps({"advance": seconds}).encode())[0] == 200


@pytest.fixture
def alone():
    with Server("--quota", "AccountsPerOrganization=200") as server:
        yield server


def client(server, account):
    return Boto3(server.endpoint, account).session.client("organizations", endpoint_url=server.endpoint)


def code(call, **parameters):
    """The error's code, and its reason; `None` if there is none."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response.get("Reason")
    return None


def made(org, name):
    status = org.create_account(Email=f"{name}@example.org", AccountName=name)["CreateAccountStatus"]
    done = org.describe_create_account_status(CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    assert done["State"] == "SUCCEEDED", done
    return done["AccountId"]


def test_a_deleted_organization_of_the_configuration_stays_deleted(tmp_path):
    management, member = "420000000001", "420000000002"
    (tmp_path / "iamd.toml").write_text(
        f'[organization]\nid = "o-a1b2c3d4e5"\nmanagement-account = "{management}"\nmember-accounts = ["{member}"]\n'
    )
    settings = {"database": "sqlite:iamd.db", "cwd": tmp_path}
    with Server("--config", "iamd.toml", **settings) as server:
        org = client(server, management)
        org.remove_account_from_organization(AccountId=member)
        org.delete_organization()
    with Server("--config", "iamd.toml", **settings) as server:
        assert code(client(server, management).describe_organization)[0] == "AWSOrganizationsNotInUseException"
        assert server.own("reset", "POST")[0] == 200
        assert client(server, management).describe_organization()["Organization"]["Id"] == "o-a1b2c3d4e5"


def test_invitations_expire_and_are_forgotten(alone):
    org, guest = client(alone, "410000000001"), client(alone, "410000000002")
    org.create_organization()
    target = {"Type": "ACCOUNT", "Id": "410000000002"}
    invitation = org.invite_account_to_organization(Target=target)["Handshake"]
    lifetime = invitation["ExpirationTimestamp"] - invitation["RequestedTimestamp"]
    assert lifetime.total_seconds() == 15 * DAY
    Clock(alone).advance(15 * DAY)
    assert guest.describe_handshake(HandshakeId=invitation["Id"])["Handshake"]["State"] == "EXPIRED"
    assert code(guest.accept_handshake, HandshakeId=invitation["Id"]) == ("InvalidHandshakeTransitionException", None)
    again = org.invite_account_to_organization(Target=target)["Handshake"]["Id"]
    Clock(alone).advance(30 * DAY)
    assert code(org.describe_handshake, HandshakeId=invitation["Id"]) == ("HandshakeNotFoundException", None)
    shown = [found["Id"] for found in guest.list_handshakes_for_account()["Handshakes"]]
    assert shown == [again]


def test_few_accounts_are_closed_at_a_time_and_in_a_month(alone):
    org = client(alone, "410000000001")
    org.create_organization()
    members = [made(org, f"member{number}") for number in range(12)]
    alone.own("clock", "POST", data=b'{"freeze": true}')
    for member in members[:3]:
        org.close_account(AccountId=member)
    assert code(org.close_account, AccountId=members[3]) == ("ConstraintViolationException", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")
    for member in members[3:10]:
        Clock(alone).advance(60)
        org.close_account(AccountId=member)
    Clock(alone).advance(60)
    assert code(org.close_account, AccountId=members[10]) == ("ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED")
    listed = lambda: {found["Id"]: found["State"] for page in org.get_paginator("list_accounts").paginate() for found in page["Accounts"]}
    assert listed()[members[0]] == "SUSPENDED" and len(listed()) == 13
    Clock(alone).advance(30 * DAY)
    org.close_account(AccountId=members[10])
    Clock(alone).advance(60 * DAY)
    assert set(listed()) == {"410000000001", members[10], members[11]}
    assert code(org.describe_account, AccountId=members[0]) == ("AccountNotFoundException", None)
    # The principals of what is gone are refused still.
    assert code(Boto3(alone.endpoint, members[0]).iam.list_users)[0] == "InvalidClientTokenId"


def join_one_of_two(servers):
    """Accounts accept two invitations and found an organization at once, each on another server, and get into one."""
    inviters = [client(servers[0], f"41000000000{number}") for number in (1, 2)]
    for org in inviters:
        org.create_organization()
    for number in range(10):
        guest = str(420000000000 + number)
        target = {"Type": "ACCOUNT", "Id": guest}
        ids = [org.invite_account_to_organization(Target=target)["Handshake"]["Id"] for org in inviters]
        for server in servers:
            known = client(server, guest).list_handshakes_for_account
            assert wait_until(lambda known=known: len(known()["Handshakes"]) == 2)
        guests = [client(servers[place % len(servers)], guest) for place in range(3)]
        calls = [(org.accept_handshake, {"HandshakeId": id}) for org, id in zip(guests, ids)] + [(guests[2].create_organization, {})]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            results = [pool.submit(code, call, **given) for call, given in calls]
            results = [result.result() for result in results]
        assert results.count(None) == 1, results
        refused = {result[0] for result in results if result}
        assert refused <= {"AlreadyInOrganizationException", "HandshakeConstraintViolationException", "AccessDeniedException"}, results
        members = [guest in [found["Id"] for page in org.get_paginator("list_accounts").paginate() for found in page["Accounts"]] for org in inviters]
        assert members == [result is None for result in results[:2]]


def test_an_account_joins_one_of_two_organizations(alone):
    join_one_of_two([alone])


@pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")
def test_an_account_joins_one_of_two_organizations_on_several_servers():
    with Cluster(3, "--quota", "AccountsPerOrganization=100") as cluster:
        join_one_of_two(cluster.servers)


def test_names_are_as_clients_know_them(alone):
    org = client(alone, "410000000001")
    organization = org.create_organization()["Organization"]
    root = org.list_roots()["Roots"][0]
    unit = org.create_organizational_unit(ParentId=root["Id"], Name="u")["OrganizationalUnit"]
    creation = org.create_account(Email="a@example.org", AccountName="a")["CreateAccountStatus"]
    policy = org.create_policy(Name="p", Description="", Type="SERVICE_CONTROL_POLICY", Content=NO_IAM)["Policy"]["PolicySummary"]
    handshake = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "410000000009"})["Handshake"]
    account = org.list_accounts()["Accounts"][0]
    found = dict(organization=organization, root=root, unit=unit, creation=creation, policy=policy, handshake=handshake, account=account)
    for kind, pattern in NAMES.items():
        assert re.fullmatch(pattern, found[kind]["Id"]), kind
    start = "arn:aws:organizations::410000000001"
    arns = {
        "organization": f"{start}:organization/{organization['Id']}", "root": f"{start}:root/{organization['Id']}/{root['Id']}",
        "unit": f"{start}:ou/{organization['Id']}/{unit['Id']}", "account": f"{start}:account/{organization['Id']}/{account['Id']}",
        "policy": f"{start}:policy/{organization['Id']}/service_control_policy/{policy['Id']}",
        "handshake": f"{start}:handshake/{organization['Id']}/invite/{handshake['Id']}",
    }  # fmt: skip
    assert {kind: found[kind]["Arn"] for kind in arns} == arns
    assert unit["Id"].split("-")[1] == root["Id"].removeprefix("r-")


def test_terraforms_sequence_of_calls(alone):
    org = client(alone, "410000000001")
    # aws_organizations_organization
    org.create_organization(FeatureSet="ALL")
    org.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    assert org.list_roots()["Roots"][0]["PolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    described = org.describe_organization()["Organization"]
    assert (described["FeatureSet"], described["MasterAccountId"]) == ("ALL", "410000000001")
    assert [found["ServicePrincipal"] for found in org.list_aws_service_access_for_organization()["EnabledServicePrincipals"]] == ["sso.amazonaws.com"]
    # aws_organizations_organizational_unit
    unit = org.create_organizational_unit(ParentId=root, Name="workloads", Tags=[{"Key": "by", "Value": "terraform"}])["OrganizationalUnit"]["Id"]
    assert org.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"]["Name"] == "workloads"
    assert org.list_parents(ChildId=unit)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    assert org.list_accounts_for_parent(ParentId=unit)["Accounts"] == []
    assert org.list_tags_for_resource(ResourceId=unit)["Tags"] == [{"Key": "by", "Value": "terraform"}]
    # aws_organizations_account
    creation = org.create_account(Email="dev@example.org", AccountName="dev")["CreateAccountStatus"]["Id"]
    states = (org.describe_create_account_status(CreateAccountRequestId=creation)["CreateAccountStatus"] for _ in range(50))
    status = next(itertools.dropwhile(lambda status: status["State"] == "IN_PROGRESS" and not time.sleep(0.1), states))
    account = status["AccountId"]
    assert org.list_parents(ChildId=account)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    org.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    org.tag_resource(ResourceId=account, Tags=[{"Key": "by", "Value": "terraform"}])
    assert org.describe_account(AccountId=account)["Account"]["State"] == "ACTIVE"
    # aws_organizations_policy, aws_organizations_policy_attachment
    policy = org.create_policy(Name="p", Description="", Type="SERVICE_CONTROL_POLICY", Content=NO_IAM)["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=policy, TargetId=unit)
    assert [found["Id"] for found in org.list_policies_for_target(TargetId=unit, Filter="SERVICE_CONTROL_POLICY")["Policies"]] == ["p-FullAWSAccess", policy]
    assert [found["TargetId"] for found in org.list_targets_for_policy(PolicyId=policy)["Targets"]] == [unit]
    # aws_organizations_delegated_administrator
    org.register_delegated_administrator(AccountId=account, ServicePrincipal="sso.amazonaws.com")
    assert org.list_delegated_administrators(ServicePrincipal="sso.amazonaws.com")["DelegatedAdministrators"][0]["Id"] == account
    # Everything goes, in the reverse order.
    org.deregister_delegated_administrator(AccountId=account, ServicePrincipal="sso.amazonaws.com")
    org.detach_policy(PolicyId=policy, TargetId=unit)
    org.delete_policy(PolicyId=policy)
    org.close_account(AccountId=account)
    Clock(alone).advance(60)
    assert org.describe_account(AccountId=account)["Account"]["Status"] == "SUSPENDED"
    # A closed account keeps its place until it is gone.
    assert code(org.remove_account_from_organization, AccountId=account)[0] == "ConstraintViolationException"
    assert code(org.delete_organizational_unit, OrganizationalUnitId=unit)[0] == "OrganizationalUnitNotEmptyException"
    Clock(alone).advance(91 * DAY)
    org.delete_organizational_unit(OrganizationalUnitId=unit)
    org.delete_organization()


def test_conditions_know_the_type_of_a_policy(alone):
    root = Boto3(alone.endpoint, "410000000001")
    org = client(alone, "410000000001")
    org.create_organization()
    top = org.list_roots()["Roots"][0]["Id"]
    for kind in ("SERVICE_CONTROL_POLICY", "TAG_POLICY"):
        org.enable_policy_type(RootId=top, PolicyType=kind)
    create = lambda kind, content: org.create_policy(Name=kind, Description="", Type=kind, Content=content)["Policy"]["PolicySummary"]["Id"]
    control, tags = create("SERVICE_CONTROL_POLICY", NO_IAM), create("TAG_POLICY", '{"tags":{}}')
    root.iam.create_user(UserName="tagger")
    statement = {"Effect": "Allow", "Action": "organizations:*", "Resource": "*", "Condition": {"StringEquals": {"organizations:PolicyType": "TAG_POLICY"}}}
    root.iam.put_user_policy(UserName="tagger", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    tagger = root.using(root.iam.create_access_key(UserName="tagger")["AccessKey"]).session.client("organizations", endpoint_url=alone.endpoint)
    for call in (tagger.describe_policy, tagger.update_policy, tagger.list_targets_for_policy):
        call(PolicyId=tags)
        assert code(call, PolicyId=control)[0] == "AccessDeniedException"
    for call in (tagger.attach_policy, tagger.detach_policy):
        call(PolicyId=tags, TargetId=top)
        assert code(call, PolicyId=control, TargetId=top)[0] == "AccessDeniedException"
    tagger.delete_policy(PolicyId=tags)
    assert code(tagger.delete_policy, PolicyId=control)[0] == "AccessDeniedException"


@pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")
def test_servers_on_one_database_learn_of_organizations():
    with Cluster(2) as cluster:
        here, there = cluster.servers
        org = client(here, "410000000001")
        org.create_organization()
        member = made(org, "member")
        root = org.list_roots()["Roots"][0]["Id"]
        org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        assert wait_until(lambda: code(client(there, member).describe_organization) is None)
        inside = Boto3(there.endpoint, member)
        inside.iam.list_users()
        policy = org.create_policy(Name="p", Description="", Type="SERVICE_CONTROL_POLICY", Content=NO_IAM)["Policy"]["PolicySummary"]["Id"]
        org.attach_policy(PolicyId=policy, TargetId=member)
        assert wait_until(lambda: (code(inside.iam.list_users) or [None])[0] == "AccessDenied")
        # The other server writes to the organization, too, and learns that it is gone.
        client(there, "410000000001").detach_policy(PolicyId=policy, TargetId=member)
        assert wait_until(lambda: code(Boto3(here.endpoint, member).iam.list_users) is None)
        org.remove_account_from_organization(AccountId=member)
        org.delete_organization()
        gone = ("AWSOrganizationsNotInUseException", None)
        assert wait_until(lambda: code(client(there, "410000000001").describe_organization) == gone)
