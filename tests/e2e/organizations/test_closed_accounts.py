"""A closed account stays closed, whatever becomes of the organization that closed it."""

import json

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from cluster import Cluster
from postgres import is_available, wait_until
from server import Server

DAY = 24 * 3600
MANAGEMENT = "410000000011"
TASK = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"


def organizations(server, account=MANAGEMENT):
    return client(Boto3(server.endpoint, account))


def client(who):
    return who.session.client("organizations", endpoint_url=who.endpoint)


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


def is_closed(server, account):
    return code(Boto3(server.endpoint, account).iam.list_users) == ("InvalidClientTokenId", None)


def advance(server, days):
    assert server.own("clock", "POST", data=json.dumps({"advance": days * DAY}).encode())[0] == 200


@pytest.fixture
def alone():
    with Server() as server:
        yield server


def test_a_closed_account_leaves_no_organization_and_outlives_it(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    server = Server(database=database)
    org = organizations(server)
    org.create_organization()
    member = made(org, "closing")
    org.close_account(AccountId=member)
    assert code(org.remove_account_from_organization, AccountId=member) == (
        "ConstraintViolationException", "ACCOUNT_CANNOT_LEAVE_ORGANIZATION"
    )  # fmt: skip
    server.kill()
    with Server(database=database) as again:
        assert is_closed(again, member)
        advance(again, 91)
        org = organizations(again)
        assert code(org.remove_account_from_organization, AccountId=member) == ("AccountNotFoundException", None)
        org.delete_organization()
        assert is_closed(again, member)
        # The next organization gets nothing from the account either.
        org.create_organization()
        assert [found["Id"] for found in org.list_accounts()["Accounts"]] == [MANAGEMENT]
        assert is_closed(again, member)
    with Server(database=database) as third:
        assert is_closed(third, member)


def test_a_reset_of_the_management_account_opens_nothing(alone):
    org = organizations(alone)
    org.create_organization()
    member = made(org, "closing")
    org.close_account(AccountId=member)
    assert alone.own(f"reset?account={MANAGEMENT}", "POST")[0] == 200
    assert is_closed(alone, member)
    assert alone.own(f"reset?account={member}", "POST")[0] == 200
    assert not is_closed(alone, member), "a reset account is a new one"


def test_a_snapshot_of_all_accounts_brings_back_an_account_that_was_open(alone):
    org = organizations(alone)
    org.create_organization()
    member = made(org, "closing")
    assert alone.own("snapshots/open", "POST")[0] == 200
    org.close_account(AccountId=member)
    assert alone.own("snapshots/closed", "POST")[0] == 200
    assert alone.own("snapshots/open/restore", "POST")[0] == 200
    assert not is_closed(alone, member)
    assert alone.own("snapshots/closed/restore", "POST")[0] == 200
    assert is_closed(alone, member)
    assert org.describe_account(AccountId=member)["Account"]["State"] in ("PENDING_CLOSURE", "SUSPENDED")


@pytest.mark.skipif(not is_available(), reason="there is no PostgreSQL (Debian: apt install postgresql)")
def test_other_servers_learn_that_an_account_is_closed():
    with Cluster(2) as cluster:
        here, there = cluster.servers
        org = organizations(here)
        org.create_organization()
        member = made(org, "closing")
        assert wait_until(lambda: not is_closed(there, member))
        org.close_account(AccountId=member)
        assert wait_until(lambda: is_closed(there, member))
        assert here.own(f"reset?account={MANAGEMENT}", "POST")[0] == 200
        assert wait_until(lambda: code(organizations(there).describe_organization) is not None)
        assert is_closed(here, member) and is_closed(there, member)


def test_nobody_gets_into_a_closed_account(alone):
    management = Boto3(alone.endpoint, MANAGEMENT)
    org = client(management)
    org.create_organization()
    member = made(org, "closing")
    management.iam.create_user(UserName="admin")
    management.iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    admin = management.using(management.iam.create_access_key(UserName="admin")["AccessKey"])
    org.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    management.iam.enable_organizations_root_sessions()
    role = {"RoleArn": f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole", "RoleSessionName": "session"}
    root = {"TargetPrincipal": member, "TaskPolicyArn": {"arn": TASK}}
    admin.sts.assume_role(**role)
    admin.sts.assume_root(**root)
    # Without trusted access, IAM opens no sessions of root users, and has no features.
    org.disable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert code(admin.sts.assume_root, **root) == ("AccessDenied", None)
    assert code(management.iam.list_organizations_features) == ("ServiceAccessNotEnabledException", None)
    org.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    admin.sts.assume_root(**root)
    org.close_account(AccountId=member)
    assert code(admin.sts.assume_role, **role) == ("AccessDenied", None)
    assert code(admin.sts.assume_root, **root) == ("AccessDenied", None)


def test_who_joins_must_be_allowed_to_create_the_role_of_the_service(alone):
    org = organizations(alone)
    org.create_organization()
    guest = Boto3(alone.endpoint, "410000000012")
    invitation = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "410000000012"})["Handshake"]["Id"]
    guest.iam.create_user(UserName="bob")
    bob = client(guest.using(guest.iam.create_access_key(UserName="bob")["AccessKey"]))
    missing = ("AccessDeniedForDependencyException", "ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE")

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        guest.iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)

    allow("organizations:*")
    assert code(bob.accept_handshake, HandshakeId=invitation) == missing
    assert code(bob.create_organization) == missing
    assert code(client(guest).describe_organization) == ("AWSOrganizationsNotInUseException", None)
    allow("organizations:*", "iam:CreateServiceLinkedRole")
    bob.accept_handshake(HandshakeId=invitation)
    # The role is there by now: nothing has to be created at the next time.
    allow("organizations:*")
    bob.leave_organization()
    again = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": "410000000012"})["Handshake"]["Id"]
    bob.accept_handshake(HandshakeId=again)


def test_an_account_keeps_its_address_when_it_leaves(alone):
    org = organizations(alone)
    org.create_organization()
    member = made(org, "leaving")
    org.remove_account_from_organization(AccountId=member)
    theirs = organizations(alone, member)
    invitation = org.invite_account_to_organization(Target={"Type": "EMAIL", "Id": "leaving@example.org"})["Handshake"]["Id"]
    assert [found["Id"] for found in theirs.list_handshakes_for_account()["Handshakes"]] == [invitation]
    theirs.accept_handshake(HandshakeId=invitation)
    account = org.describe_account(AccountId=member)["Account"]
    assert (account["Email"], account["Name"], account["JoinedMethod"]) == ("leaving@example.org", "leaving", "INVITED")
