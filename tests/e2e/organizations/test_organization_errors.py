"""Every operation of Organizations with each of its errors."""

import json
import pathlib
import re
import tomllib

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server

DATA = tomllib.loads((pathlib.Path(__file__).parent.parent / "data" / "organizations.toml").read_text())
CASES = [(operation, number) for operation, errors in DATA["errors"].items() for number in range(len(errors))]
# What accounts of no organization may call, and what every caller may.
WITHOUT_ORGANIZATION = {
    "AcceptHandshake", "CancelHandshake", "CreateOrganization", "DeclineHandshake", "DescribeHandshake",
    "ListHandshakesForAccount",
}  # fmt: skip
MANAGEMENT, MEMBER, GUEST, BILLING = "310000000001", "310000000002", "310000000003", "310000000004"
OTHER, BILLED, DELEGATE = "310000000005", "310000000006", "310000000007"


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]})


def connect(who):
    """A client that sends what the model forbids."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return who.session.client("organizations", endpoint_url=who.endpoint, config=config)


class World:
    """Organizations in all the states that errors come from."""

    def __init__(self, server):
        self.server = server
        self.clients = {}
        org = self.client(MANAGEMENT)
        org.create_organization()
        root = org.list_roots()["Roots"][0]["Id"]
        unit = lambda name, parent=root: org.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"]
        allow = document(Action="*")
        policy = lambda name, kind="SERVICE_CONTROL_POLICY", content=allow: org.create_policy(
            Name=name, Description="", Type=kind, Content=content
        )["Policy"]["PolicySummary"]["Id"]
        org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        self.ids = ids = {
            "management": MANAGEMENT, "guest": GUEST, "root": root, "unit": unit("unit"), "empty": unit("empty"),
            "full": unit("full"), "spare": policy("spare"), "attached": policy("attached"), "allow": allow,
            "disabled": policy("disabled", "TAG_POLICY", '{"tags":{}}'), "long": allow + " " * 10240,
            "delegation": document(Action="organizations:ListAccounts", Principal={"AWS": MEMBER}),
            "anyone": document(Action="organizations:ListAccounts", Principal="*"),
            "foreign": document(Action="iam:ListUsers", Principal={"AWS": MEMBER}),
            "many": [{"Key": f"k{number}", "Value": ""} for number in range(51)],
        }  # fmt: skip
        deep = ids["unit"]
        for name in "abcd":
            deep = unit(name, deep)
        ids["deep"] = deep
        for number in range(9):
            org.attach_policy(PolicyId=policy(f"full {number}"), TargetId=ids["full"])
        joined = {account: self.join(org, account) for account in (MEMBER, DELEGATE)}
        ids |= {"member": MEMBER, "delegate": DELEGATE, "accepted": joined[DELEGATE]}
        org.attach_policy(PolicyId=ids["attached"], TargetId=MEMBER)
        org.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
        org.register_delegated_administrator(AccountId=DELEGATE, ServicePrincipal="sso.amazonaws.com")
        for state in ("closed", "closing"):
            creation = org.create_account(Email=f"{state}@example.org", AccountName=state)["CreateAccountStatus"]["Id"]
            ids["creation"] = creation
            status = org.describe_create_account_status(CreateAccountRequestId=creation)
            ids[state] = status["CreateAccountStatus"]["AccountId"]
            org.close_account(AccountId=ids[state])
            if state == "closed":
                self.server.own("clock", "POST", data=b'{"advance": 60}')
        self.server.own("clock", "POST", data=b'{"freeze": true}')
        invite = lambda account: org.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account})["Handshake"]["Id"]
        ids["declined"] = invite(GUEST)
        self.client(GUEST).decline_handshake(HandshakeId=ids["declined"])
        ids["canceled"] = invite(GUEST)
        org.cancel_handshake(HandshakeId=ids["canceled"])
        ids["invitation"] = invite(GUEST)
        other = self.client(OTHER)
        other.create_organization()
        elsewhere = other.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": MEMBER})
        ids["elsewhere"] = elsewhere["Handshake"]["Id"]
        billing = self.client(BILLING)
        billing.create_organization(FeatureSet="CONSOLIDATED_BILLING")
        ids["billing_root"] = billing.list_roots()["Roots"][0]["Id"]
        self.join(billing, BILLED)
        billing.enable_all_features()
        self.accounts = {"member": MEMBER, "guest": GUEST, "billing": BILLING, "delegate": DELEGATE}

    def join(self, organization, account):
        """Takes an account into an organization; the id of the handshake."""
        handshake = organization.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account})["Handshake"]
        self.client(account).accept_handshake(HandshakeId=handshake["Id"])
        return handshake["Id"]

    def client(self, account):
        if account not in self.clients:
            self.clients[account] = connect(Boto3(self.server.endpoint, account))
        return self.clients[account]

    def nobody(self, account):
        """A user without permissions."""
        if (account, "nobody") not in self.clients:
            root = Boto3(self.server.endpoint, account)
            root.iam.create_user(UserName="nobody")
            key = root.iam.create_access_key(UserName="nobody")["AccessKey"]
            self.clients[account, "nobody"] = connect(root.using(key))
        return self.clients[account, "nobody"]

    def filled(self, value):
        """The same with ids in place of words in braces."""
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str) and (word := re.fullmatch(r"\{(\w+)\}", value)):
            return self.ids[word[1]]
        return value

    def refusal(self, client, operation, changed=()):
        """What the operation is refused with."""
        parameters = self.filled(DATA["valid"][operation] | dict(changed))
        with pytest.raises(ClientError) as raised:
            client._make_api_call(operation, parameters)
        return raised.value.response


@pytest.fixture(scope="module")
def world():
    with Server("--quota", "AccountsPerOrganization=20") as server:
        yield World(server)


@pytest.mark.parametrize("operation, number", CASES)
def test_an_operation_is_refused(world, operation, number):
    expected = DATA["errors"][operation][number]
    client = world.client(world.accounts.get(expected.get("by"), MANAGEMENT))
    answer = world.refusal(client, operation, expected.get("with", {}))
    found = {"code": answer["Error"]["Code"], "reason": answer.get("Reason"), "message": answer["Error"]["Message"]}
    wanted = {key: expected[key] for key in ("code", "reason", "message") if key in expected}
    assert {key: found[key] for key in wanted} == wanted, found
    declared = {shape.name for shape in client.meta.service_model.operation_model(operation).error_shapes}
    assert expected["code"] in declared, f"AWS does not declare it for {operation}"


@pytest.mark.parametrize("operation", DATA["valid"])
def test_permission_is_needed(world, operation):
    owner = GUEST if operation in ("AcceptHandshake", "DeclineHandshake") else MANAGEMENT
    answer = world.refusal(world.nobody(owner), operation)
    assert answer["Error"]["Code"] == "AccessDeniedException", answer
    assert f"not authorized to perform: organizations:{operation}" in answer["Error"]["Message"]


@pytest.mark.parametrize("operation", sorted(set(DATA["valid"]) - WITHOUT_ORGANIZATION))
def test_an_account_of_no_organization_is_refused(world, operation):
    answer = world.refusal(world.client(GUEST), operation)
    assert answer["Error"]["Code"] == "AWSOrganizationsNotInUseException"
    assert answer["Error"]["Message"] == "Your account is not a member of an organization."


def test_no_error_is_left_out(world):
    model = world.client(MANAGEMENT).meta.service_model
    general = {"AccessDeniedException", "AWSOrganizationsNotInUseException", *DATA["never"]["*"]}
    for operation in DATA["valid"]:
        declared = {shape.name for shape in model.operation_model(operation).error_shapes} - general
        never = set(DATA["never"].get(operation, ()))
        tried = {error["code"] for error in DATA["errors"].get(operation, ())} - {"AccessDeniedException"}
        assert tried | never == declared, operation
        assert not tried & never, operation
