"""What an organization refuses: policies of no grammar, principals elsewhere, and what is about accounts that are gone."""

import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server

DAY = 24 * 3600
MANAGEMENT, STRANGER = "410000000021", "410000000029"
SERVICE = {"ServicePrincipal": "guardduty.amazonaws.com"}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
TAGS = json.dumps({"tags": {"stage": {"tag_key": {"@@assign": "Stage"}}}})


def organizations(server, account=MANAGEMENT):
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
    return done.get("AccountId") or done["FailureReason"]


def policy(org, name, content, kind):
    return org.create_policy(Name=name, Description="", Type=kind, Content=content)["Policy"]["PolicySummary"]["Id"]


@pytest.fixture
def alone():
    with Server() as server:
        organizations(server).create_organization()
        yield server


@pytest.mark.parametrize(
    "kind, document, is_accepted",
    [
        ("SERVICE_CONTROL_POLICY", {"Version": "2012-10-17", "Statement": DENY}, True),
        ("SERVICE_CONTROL_POLICY", {"Version": "2008-10-17", "Statement": DENY}, False),
        ("SERVICE_CONTROL_POLICY", {"Statement": DENY}, False),
        ("RESOURCE_CONTROL_POLICY", {"Version": "2012-10-17", "Statement": {**DENY, "Principal": "*"}}, True),
        ("RESOURCE_CONTROL_POLICY", {"Statement": {**DENY, "Principal": "*"}}, False),
        ("TAG_POLICY", {"tags": {"stage": {"tag_value": {"@@append": ["dev"]}}}}, True),
        ("TAG_POLICY", {"foo": {}}, False),
        ("TAG_POLICY", {"tags": {"stage": {"tag_key": "Stage"}}}, False),
        ("TAG_POLICY", {"tags": {"stage": {"tag_key": {"@@foo": "Stage"}}}}, False),
        ("BACKUP_POLICY", {"plans": {"daily": {"regions": {"@@assign": ["eu-west-1"]}}}}, True),
        ("BACKUP_POLICY", {"tags": {}}, False),
        ("AISERVICES_OPT_OUT_POLICY", {"services": {"default": {"opt_out_policy": {"@@assign": "optOut"}}}}, True),
    ],
)
def test_policies_are_of_the_grammar_of_their_type(alone, kind, document, is_accepted):
    refusal = code(organizations(alone).create_policy, Name="p", Description="", Type=kind, Content=json.dumps(document))
    assert refusal == (None if is_accepted else ("MalformedPolicyDocumentException", None))


def test_the_delegation_policy_names_principals_of_the_organization(alone):
    org = organizations(alone)
    member = made(org, "member")
    Boto3(alone.endpoint, STRANGER).iam.list_users()

    def put(*principals):
        statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "organizations:List*", "Resource": "*"}
        return code(org.put_resource_policy, Content=json.dumps({"Version": "2012-10-17", "Statement": statement}))

    invalid = ("InvalidInputException", "INVALID_PRINCIPAL")
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    for principal in (STRANGER, f"arn:aws:iam::{STRANGER}:root", f"arn:aws:iam::{member}:role/no", "*", "x", f"arn:aws:s3::{member}:root"):
        assert put(principal) == invalid, principal
        assert put(role, principal) == invalid, principal
    for principal in (member, f"arn:aws:iam::{member}:root", role):
        assert put(principal) is None, principal


def test_the_delegation_policy_means_the_user_of_its_day(alone):
    """Who is made anew under the name of a user that is gone is somebody else."""
    org = organizations(alone)
    member = made(org, "member")
    iam = Boto3(alone.endpoint, member).iam

    def user():
        iam.create_user(UserName="u")
        key = iam.create_access_key(UserName="u")["AccessKey"]
        everything = {"Effect": "Allow", "Action": "organizations:*", "Resource": "*"}
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": everything}))
        session = Boto3(alone.endpoint, member).using(key).session
        return key["AccessKeyId"], session.client("organizations", endpoint_url=alone.endpoint)

    key, first = user()
    arn = f"arn:aws:iam::{member}:user/u"
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "organizations:List*", "Resource": "*"}
    org.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert code(first.list_accounts) is None
    iam.delete_access_key(UserName="u", AccessKeyId=key)
    iam.delete_user_policy(UserName="u", PolicyName="p")
    iam.delete_user(UserName="u")
    _, second = user()
    assert code(second.list_accounts) == ("AccessDeniedException", None)


def test_invitations_are_for_addresses_of_the_partition(alone):
    org = organizations(alone)
    refused = code(org.invite_account_to_organization, Target={"Id": "notanemail", "Type": "EMAIL"})
    assert refused == ("InvalidInputException", "INVALID_EMAIL_ADDRESS_TARGET")
    elsewhere = Boto3(alone.endpoint, MANAGEMENT, region="cn-north-1").session.client("organizations", endpoint_url=alone.endpoint)
    elsewhere.create_organization()
    target = {"Id": f"{STRANGER}@example.com", "Type": "EMAIL"}
    handshake = elsewhere.invite_account_to_organization(Target=target)["Handshake"]["Id"]
    stranger = organizations(alone, STRANGER)
    assert stranger.list_handshakes_for_account()["Handshakes"] == []
    assert code(stranger.accept_handshake, HandshakeId=handshake) == ("HandshakeNotFoundException", None)


def test_the_way_to_all_features_can_be_left():
    with Server() as server:
        org = organizations(server)
        org.create_organization(FeatureSet="CONSOLIDATED_BILLING")
        members = ["410000000022", "410000000023"]
        for member in members:
            handshake = org.invite_account_to_organization(Target={"Id": member, "Type": "ACCOUNT"})["Handshake"]["Id"]
            organizations(server, member).accept_handshake(HandshakeId=handshake)

        def asked(account):
            waiting = organizations(server, account).list_handshakes_for_account()["Handshakes"]
            return [one["Id"] for one in waiting if one["State"] in ("OPEN", "REQUESTED") and one["Action"] != "INVITE"]

        whole = org.enable_all_features()["Handshake"]["Id"]
        org.cancel_handshake(HandshakeId=whole)
        assert [asked(member) for member in members] == [[], []]
        whole = org.enable_all_features()["Handshake"]["Id"]
        organizations(server, members[0]).accept_handshake(HandshakeId=asked(members[0])[0])
        late = asked(members[1])[0]
        organizations(server, members[1]).leave_organization()
        # The one who has left holds nobody up, and has no say any more.
        refused = code(organizations(server, members[1]).accept_handshake, HandshakeId=late)
        assert refused == ("InvalidHandshakeTransitionException", None)
        (approval,) = [one for one in org.list_handshakes_for_organization()["Handshakes"] if one["Action"] == "APPROVE_ALL_FEATURES"]
        org.accept_handshake(HandshakeId=approval["Id"])
        assert org.describe_organization()["Organization"]["FeatureSet"] == "ALL"


def test_a_delegate_sees_the_handshakes_that_it_lists(alone):
    org = organizations(alone)
    member = made(org, "member")
    org.enable_aws_service_access(**SERVICE)
    org.register_delegated_administrator(AccountId=member, **SERVICE)
    invited = org.invite_account_to_organization(Target={"Id": STRANGER, "Type": "ACCOUNT"})["Handshake"]["Id"]
    inside = organizations(alone, member)
    assert [one["Id"] for one in inside.list_handshakes_for_organization()["Handshakes"]] == [invited]
    assert inside.describe_handshake(HandshakeId=invited)["Handshake"]["Id"] == invited


def test_what_the_delegation_policy_shows_is_shown(alone):
    org = organizations(alone)
    reader, other = made(org, "reader"), made(org, "other")
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
    org.attach_policy(PolicyId=policy(org, "t", TAGS, "TAG_POLICY"), TargetId=root)
    inside = organizations(alone, reader)
    of_other = {"PolicyType": "TAG_POLICY", "TargetId": other}
    assert code(inside.describe_effective_policy, PolicyType="TAG_POLICY") is None
    assert code(inside.describe_effective_policy, **of_other) == ("AccessDeniedException", None)
    statement = {"Effect": "Allow", "Principal": {"AWS": reader}, "Action": "organizations:Describe*", "Resource": "*"}
    org.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert inside.describe_effective_policy(**of_other)["EffectivePolicy"]["TargetId"] == other
    assert code(organizations(alone, other).describe_effective_policy, PolicyType="TAG_POLICY", TargetId=reader)[0] == "AccessDeniedException"


def test_an_account_that_is_gone_holds_nothing_back(alone):
    org = organizations(alone)
    member = made(org, "closing")
    root = org.list_roots()["Roots"][0]["Id"]
    unit = org.create_organizational_unit(ParentId=root, Name="unit")["OrganizationalUnit"]["Id"]
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    for kind in ("SERVICE_CONTROL_POLICY", "TAG_POLICY"):
        org.enable_policy_type(RootId=root, PolicyType=kind)
    control = policy(org, "p", json.dumps({"Version": "2012-10-17", "Statement": DENY}), "SERVICE_CONTROL_POLICY")
    tags = policy(org, "t", TAGS, "TAG_POLICY")
    org.attach_policy(PolicyId=control, TargetId=member)
    org.enable_aws_service_access(**SERVICE)
    org.register_delegated_administrator(AccountId=member, **SERVICE)
    org.close_account(AccountId=member)
    assert code(org.delete_policy, PolicyId=control)[0] == "PolicyInUseException"
    assert code(org.disable_aws_service_access, **SERVICE)[0] == "ConstraintViolationException"
    assert alone.own("clock", "POST", data=json.dumps({"advance": 91 * DAY}).encode())[0] == 200
    missing = ("TargetNotFoundException", None)
    assert code(org.attach_policy, PolicyId=tags, TargetId=member) == missing
    assert code(org.tag_resource, ResourceId=member, Tags=[{"Key": "a", "Value": "b"}]) == missing
    assert code(org.list_tags_for_resource, ResourceId=member) == missing
    assert code(org.describe_effective_policy, PolicyType="TAG_POLICY", TargetId=member) == missing
    assert org.list_delegated_administrators()["DelegatedAdministrators"] == []
    org.disable_aws_service_access(**SERVICE)
    org.delete_policy(PolicyId=control)
    org.delete_organizational_unit(OrganizationalUnitId=unit)
    org.delete_organization()


def test_invitations_count_and_are_sent_once():
    with Server("--quota", "AccountsPerOrganization=2") as server:
        org = organizations(server)
        org.create_organization()
        invitation = org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": STRANGER})["Handshake"]["Id"]
        again = {"Target": {"Type": "EMAIL", "Id": f"{STRANGER}@Example.com"}}
        assert code(org.invite_account_to_organization, **again)[0] == "DuplicateHandshakeException"
        assert made(org, "member") == "ACCOUNT_LIMIT_EXCEEDED"
        org.cancel_handshake(HandshakeId=invitation)
        assert made(org, "member").isdigit()


def test_an_unsigned_request_lacks_a_token(alone):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSOrganizationsV20161128.ListAccounts"}
    request = urllib.request.Request(alone.endpoint, b"{}", headers)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request)
    assert json.load(refusal.value)["__type"] == "MissingAuthenticationTokenException"


def test_a_snapshot_with_an_account_of_another_organization_is_not_restored(alone):
    org, other = organizations(alone), organizations(alone, STRANGER)
    other.create_organization()
    member = made(org, "member")
    assert alone.own(f"snapshots/with?account={MANAGEMENT}", "POST")[0] == 200
    org.remove_account_from_organization(AccountId=member)
    invitation = other.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": member})["Handshake"]["Id"]
    organizations(alone, member).accept_handshake(HandshakeId=invitation)
    status, answer = alone.own(f"snapshots/with/restore?account={MANAGEMENT}", "POST")
    assert status == 409 and member in str(answer) and STRANGER in str(answer), answer
    assert [found["Id"] for found in org.list_accounts()["Accounts"]] == [MANAGEMENT]
    organizations(alone, member).leave_organization()
    assert alone.own(f"snapshots/with/restore?account={MANAGEMENT}", "POST")[0] == 200
    assert len(org.list_accounts()["Accounts"]) == 2
