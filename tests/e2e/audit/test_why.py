"""Denials with an authorization id: Access Troubleshooter through boto3, `iamd why`, and what floods and strangers get."""

import json
import re
import time

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server, run
from upstreams import Moto

ACCOUNT, OTHER, STRANGER = "111111111111", "222222222222", "333333333333"
SUFFIX = re.compile(
    r"\. Go to http://127\.0\.0\.1:\d+/console/#/authorization-details/([0-9a-z]+) for complete details, or call the "
    r"GetRequestAuthorizationDetails API with the following authorization id: \1$"
)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def refused(call, **arguments):
    """Code and message of a call that fails."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return error["Code"], error.get("Message")


def denied(call, **arguments):
    """The id of a denial, and the sentence before it."""
    code, message = refused(call, **arguments)
    assert code == "AccessDenied"
    found = SUFFIX.search(message)
    assert found, message
    return found[1], message[: found.start()]


def toolbox(who):
    return who.session.client("iam-toolbox", endpoint_url=who.endpoint, region_name="us-east-1")


def details(who, identifier):
    answer = toolbox(who).get_request_authorization_details(authorizationId=identifier)
    answer.pop("ResponseMetadata")
    return answer


def user(root, name="bob", *documents):
    root.iam.create_user(UserName=name)
    for number, document in enumerate(documents):
        root.iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=document)
    return root.using(root.iam.create_access_key(UserName=name)["AccessKey"])


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


def why(server, *arguments):
    status, output, errors = run("why", *arguments, "--listen", f"127.0.0.1:{server.port}")
    assert (status, errors) == (0, "")
    return output


def test_an_explicit_deny_is_answered_as_aws_does(server, root, account):
    bob = user(root, "bob", policy(allow("iam:*"), deny("iam:GetUser", Sid="NoSelf")))
    identifier, sentence = denied(bob.iam.get_user)
    assert sentence == (
        f"User: arn:aws:iam::{account}:user/bob is not authorized to perform: iam:GetUser on resource: user bob "
        "with an explicit deny in an identity-based policy"
    )
    answer = details(root, identifier)
    me = f"arn:aws:iam::{account}:user/bob"
    [kept] = answer["policies"]
    uri = kept["uri"]
    assert kept == {"type": "IDENTITY_BASED_POLICY", "inline": True, "uri": uri, "attachedTo": [{"arn": me}]}
    matched = [
        {
            "uri": uri,
            "matchedStatements": [
                {"sid": "Statement1", "evaluatedEffect": "ALLOW"},
                {"sid": "NoSelf", "evaluatedEffect": "DENY"},
            ],
        }
    ]
    [evaluation] = answer["evaluations"]
    assert evaluation == {
        "action": "iam:GetUser",
        "resource": me,
        "context": {"aws:ResourceAccount": account},
        "evaluatedEffect": "EXPLICIT_DENY",
        "matchedPolicies": matched,
        "checks": [
            {
                "checkType": "PRINCIPAL",
                "evaluatedEffect": "EXPLICIT_DENY",
                "relevantPolicyTypes": ["IDENTITY_BASED_POLICY"],
                "matchedPolicies": matched,
            }
        ],
    }
    context = answer["requestContext"]
    assert (context["aws:PrincipalArn"], context["aws:ViaAWSService"], context["aws:SourceIp"]) == (me, "false", "127.0.0.1")
    assert "aws:ResourceAccount" not in context
    document = toolbox(root).get_request_authorization_policy(authorizationId=identifier, policyUri=uri)["policyDocument"]
    assert document == json.loads(policy(allow("iam:*"), deny("iam:GetUser", Sid="NoSelf")))
    # All of it is as it was, whatever became of the user and the policy.
    root.iam.put_user_policy(UserName="bob", PolicyName="p0", PolicyDocument=policy(allow("s3:*")))
    again = toolbox(root).get_request_authorization_policy(authorizationId=identifier, policyUri=uri)["policyDocument"]
    assert again == document and details(root, identifier) == answer


def test_every_kind_of_policies_is_a_check(server, root, account):
    """Identity by group and managed policy, boundary, and a session's policy: the role may, the session may not."""
    me = f"arn:aws:iam::{account}:role/worker"
    trust = policy({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"})
    boundary = root.iam.create_policy(PolicyName="boundary", PolicyDocument=policy(allow("iam:*")))["Policy"]["Arn"]
    root.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    reader = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    root.iam.attach_role_policy(RoleName="worker", PolicyArn=reader)
    ann = user(root, "ann", policy(allow("sts:AssumeRole")))
    narrow = policy(allow("iam:ListRoles"))
    session = ann.sts.assume_role(RoleArn=me, RoleSessionName="work", Policy=narrow)["Credentials"]
    identifier, sentence = denied(root.using(session).iam.list_users)
    assert sentence.endswith("because no session policy allows the iam:ListUsers action")
    answer = details(root, identifier)
    checks = [(check["checkType"], check["evaluatedEffect"]) for check in answer["evaluations"][0]["checks"]]
    assert checks == [("PRINCIPAL", "ALLOW"), ("PERMISSIONS_BOUNDARY", "ALLOW"), ("SESSION", "IMPLICIT_DENY")]
    kinds = {kept["type"]: (kept["inline"], kept["attachedTo"]) for kept in answer["policies"]}
    assert kinds == {
        "IDENTITY_BASED_POLICY": (False, [{"arn": me}]),
        "PERMISSIONS_BOUNDARY": (False, [{"arn": me}]),
        "SESSION_POLICY": (True, [{"arn": me}]),
    }
    # A session without policies of its own has the check all the same.
    whole = root.using(ann.sts.assume_role(RoleArn=me, RoleSessionName="work")["Credentials"])
    identifier, _ = denied(whole.iam.create_user, UserName="x")
    checks = [(check["checkType"], check["evaluatedEffect"]) for check in details(root, identifier)["evaluations"][0]["checks"]]
    assert checks == [("PRINCIPAL", "IMPLICIT_DENY"), ("PERMISSIONS_BOUNDARY", "ALLOW"), ("SESSION", "ALLOW")]
    # Policies of a group are the group's.
    root.iam.create_group(GroupName="staff")
    root.iam.attach_group_policy(GroupName="staff", PolicyArn=reader)
    bob = user(root)
    root.iam.add_user_to_group(GroupName="staff", UserName="bob")
    identifier, _ = denied(bob.iam.create_group, GroupName="x")
    assert details(root, identifier)["policies"] == [
        {"type": "IDENTITY_BASED_POLICY", "inline": False, "uri": reader, "attachedTo": [{"arn": f"arn:aws:iam::{account}:group/staff"}]}
    ]


def test_every_pair_is_there_those_that_are_allowed_too(server, root, account):
    bob = user(root, "bob", policy(allow("iam:CreateUser")))
    identifier, _ = denied(bob.iam.create_user, UserName="new", Tags=[{"Key": "team", "Value": "red"}])
    answer = details(root, identifier)
    new = f"arn:aws:iam::{account}:user/new"
    pairs = [(found["action"], found["resource"], found["evaluatedEffect"]) for found in answer["evaluations"]]
    assert pairs == [("iam:CreateUser", new, "ALLOW"), ("iam:TagUser", new, "IMPLICIT_DENY")]
    assert answer["evaluations"][1]["context"]["aws:RequestTag/team"] == "red"
    assert answer["evaluations"][1]["context"]["aws:TagKeys"] == ["team"]
    text = why(server, identifier)
    assert f"ALLOWED: iam:CreateUser on {new} by arn:aws:iam::{account}:user/bob" in text
    assert text.endswith(
        "\nThis statement in an identity-based policy would allow it:\n"
        f'  {{"Effect": "Allow", "Action": "iam:TagUser", "Resource": "{new}"}}\n'
    )
    # And it does.
    statement = json.loads(text.splitlines()[-1])
    root.iam.put_user_policy(UserName="bob", PolicyName="mended", PolicyDocument=policy(statement))
    bob.iam.create_user(UserName="new", Tags=[{"Key": "team", "Value": "red"}])


def test_the_last_denial_is_explained_with_what_nearly_matched(server, root, account):
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    bob = user(root, "bob", policy(allow("iam:ListUsers", Sid="FromOffice", Condition=condition)))
    identifier, _ = denied(bob.iam.list_users)
    text = why(server)
    assert text == why(server, identifier)
    lines = text.splitlines()
    assert lines[0].endswith(f"({identifier})")
    assert lines[1] == f"DENIED: iam:ListUsers on arn:aws:iam::{account}:user/ by arn:aws:iam::{account}:user/bob"
    assert "    └── statement FromOffice (line 1) of user_bob_p0 allows, but not here:" in lines
    assert "            ├── policy:  203.0.113.0/24" in lines and "            └── request: 127.0.0.1" in lines
    assert json.loads(why(server, "--json"))["id"] == identifier
    deny_all = policy(deny("iam:*", Sid="Nothing"))
    root.iam.put_user_policy(UserName="bob", PolicyName="p0", PolicyDocument=deny_all)
    denied(bob.iam.list_users)
    assert f"No Allow outweighs the statement Nothing of an inline policy of arn:aws:iam::{account}:user/bob" in why(server)


def test_the_id_is_in_the_trail_and_in_the_stream(server, root, account):
    bob = user(root)
    identifier, _ = denied(bob.iam.list_users)
    trail = root.session.client("cloudtrail", endpoint_url=root.endpoint, region_name="us-east-1")

    def newest(name):
        found = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])["Events"]
        return json.loads(found[0]["CloudTrailEvent"])

    assert newest("ListUsers")["errorMessage"].endswith(f"authorization id: {identifier}")
    options = ["--since", "1h", "--no-follow", "--denied", "--account", account, "--listen", f"127.0.0.1:{server.port}"]
    assert run("events", *options)[1].endswith(f" iamd why {identifier}\n")
    details(root, identifier)
    record = newest("GetRequestAuthorizationDetails")
    assert (record["eventSource"], record["readOnly"]) == ("iam-toolbox.amazonaws.com", True)
    assert (record["requestParameters"], record["responseElements"]) == ({"authorizationId": identifier}, None)


def test_who_may_read(server, root, account):
    bob = user(root)
    identifier, _ = denied(bob.iam.list_users)
    # Not without permission, be it of one's own denial.
    code, message = refused(toolbox(bob).get_request_authorization_details, authorizationId=identifier)
    assert code == "AccessDeniedException" and f"is not authorized to perform: iam:GetRequestAuthorizationDetails on resource: *" in message
    reader = user(root, "reader", policy(allow("iam:GetRequestAuthorization*")))
    answer = details(reader, identifier)
    assert answer["evaluations"][0]["evaluatedEffect"] == "IMPLICIT_DENY"
    # Other accounts do not learn that there is one.
    stranger = Boto3(server.endpoint, STRANGER)
    known = refused(toolbox(stranger).get_request_authorization_details, authorizationId=identifier)
    unknown = refused(toolbox(stranger).get_request_authorization_details, authorizationId="b5m5v5taprqh3yoluoo4dyw0w")
    assert known == unknown and known[0] == "ResourceNotFoundException"
    for uri in ["arn:aws:iam::aws:policy/IAMReadOnlyAccess", "x"]:
        read = toolbox(root).get_request_authorization_policy
        assert refused(read, authorizationId=identifier, policyUri=uri)[0] == "ResourceNotFoundException"
    for forged in ["0", "A" * 25, "z" * 25, "f5lxx1zz5pnorynqglhzmsp34", "..", "a/policy", "%00", "'; drop table denials; --"]:
        code, _ = refused(toolbox(root).get_request_authorization_details, authorizationId=forged)
        assert code in ("ValidationException", "ResourceNotFoundException"), forged
        status, answer = server.own(f"authorization-details/{forged.replace('/', '%2F').replace(' ', '%20').replace(chr(39), '%27').replace('%00', '%2500')}")
        assert status in (400, 404) and "error" in answer


def test_an_organization_reads_together(tmp_path):
    config = tmp_path / "iamd.toml"
    config.write_text(
        f'[organization]\nid = "o-a1b2c3d4e5"\nmanagement-account = "{OTHER}"\nmember-accounts = ["{ACCOUNT}"]\n'
        f'[organization.units.Dev]\naccounts = ["{ACCOUNT}"]\n'
        '[[organization.policies]]\nname = "guard"\ntype = "service-control"\ntargets = ["Dev"]\n'
        f"document = '{policy(deny('iam:CreateUser', Sid='NoUsers'))}'\n"
    )
    with Server("--config", str(config)) as server:
        root, management = Boto3(server.endpoint, ACCOUNT), Boto3(server.endpoint, OTHER)
        identifier, _ = denied(root.iam.create_user, UserName="x")
        answer = details(management, identifier)
        checks = answer["evaluations"][0]["checks"]
        assert [(check["checkType"], check["evaluatedEffect"]) for check in checks] == [
            ("SERVICE_CONTROL_POLICY", "ALLOW"), ("SERVICE_CONTROL_POLICY", "EXPLICIT_DENY"), ("SERVICE_CONTROL_POLICY", "ALLOW"), ("PRINCIPAL", "ALLOW"),
        ]  # fmt: skip
        targets = [check["targetArn"].split("/")[0].rsplit(":", 1)[1] for check in checks[:3]]
        assert targets == ["root", "ou", "account"]
        assert answer["requestContext"]["aws:PrincipalOrgID"] == "o-a1b2c3d4e5"
        [guard] = [kept for kept in answer["policies"] if kept["uri"].startswith(f"arn:aws:organizations::{OTHER}:policy/")]
        assert [found["arn"] for found in guard["attachedTo"]] == [checks[1]["targetArn"]]
        stranger = Boto3(server.endpoint, STRANGER)
        assert refused(toolbox(stranger).get_request_authorization_details, authorizationId=identifier)[0] == "ResourceNotFoundException"


def test_the_setting_says_which_denials_have_an_id():
    with Server("--authorization-ids", "off") as server:
        root = Boto3(server.endpoint, ACCOUNT)
        assert not SUFFIX.search(refused(user(root).iam.list_users)[1])
        status, output, errors = run("why", "--listen", f"127.0.0.1:{server.port}")
        assert (status, output) == (1, "") and "nothing was denied in the last 24 hours" in errors
    with Server("--audit", "off") as server:
        root = Boto3(server.endpoint, ACCOUNT)
        assert not SUFFIX.search(refused(user(root).iam.list_users)[1])
        assert "the audit trail is off" in run("why", "--listen", f"127.0.0.1:{server.port}")[2]


def test_all_denials_have_one_if_wanted():
    with Moto() as moto, Server("--authorization-ids", "all", "--upstream", moto.url) as server:
        root, other = Boto3(server.endpoint, ACCOUNT), Boto3(server.endpoint, OTHER)
        bob = user(root, "bob", policy(allow("sts:AssumeRole")))
        trust = policy({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"})
        role = other.iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        identifier, _ = denied(bob.sts.assume_role, RoleArn=role, RoleSessionName="work")
        # Each side sees its own policies.
        ours, theirs = details(root, identifier), details(other, identifier)
        assert [kept["type"] for kept in ours["policies"]] == ["IDENTITY_BASED_POLICY"]
        assert [kept["type"] for kept in theirs["policies"]] == ["RESOURCE_BASED_POLICY"]
        checks = ours["evaluations"][0]["checks"]
        assert [(check["checkType"], check["evaluatedEffect"]) for check in checks] == [("RESOURCE", "IMPLICIT_DENY"), ("PRINCIPAL", "ALLOW")]
        assert "checks" not in theirs["evaluations"][0]
        read = toolbox(root).get_request_authorization_policy
        assert refused(read, authorizationId=identifier, policyUri=theirs["policies"][0]["uri"])[0] == "ResourceNotFoundException"
        text = why(server, identifier)
        assert '{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/bob"}, "Action": "sts:AssumeRole"}' in text
        s3 = bob.session.client("s3", endpoint_url=server.endpoint, region_name="us-east-1")
        identifier, _ = denied(s3.list_buckets)
        assert details(root, identifier)["evaluations"][0]["action"] == "s3:ListAllMyBuckets"
        # What is asked with policies of its own has one, too.
        asked = {"principal": f"arn:aws:iam::{ACCOUNT}:user/ann", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
        identifier = server.own("evaluate", "POST", json.dumps(asked).encode())[1]["authorizationId"]
        answer = details(root, identifier)
        assert answer["requestContext"]["aws:PrincipalArn"] == asked["principal"]
        assert answer["evaluations"][0]["evaluatedEffect"] == "IMPLICIT_DENY"
        assert "s3:GetObject on arn:aws:s3:::b/k by" in why(server)


def test_details_outlive_the_server_and_end_after_a_day(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        identifier, _ = denied(user(root).iam.list_users)
    with Server(database=database) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        answer = details(root, identifier)
        assert answer["evaluations"][0]["action"] == "iam:ListUsers" and identifier in why(server)
        server.own("clock", "POST", b'{"advance": 86000}')
        assert details(root, identifier) == answer
        server.own("clock", "POST", b'{"advance": 500}')
        assert refused(toolbox(root).get_request_authorization_details, authorizationId=identifier)[0] == "ResourceNotFoundException"


def test_what_is_sealed_is_not_readable(tmp_path):
    key = "ab" * 32
    with Server(database=f"sqlite:{tmp_path}/iamd.db", variables={"IAMD_DATABASE_KEY": key}) as server:
        root = Boto3(server.endpoint, ACCOUNT)
        bob = user(root, "bob", policy(allow("iam:ListRoles", Sid="CanaryStatement")))
        identifier, _ = denied(bob.iam.list_users)
        time.sleep(1)
        details(root, identifier)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"CanaryStatement" not in stored


def test_a_reset_forgets_them(server, account):
    root = Boto3(server.endpoint, account)
    bob = user(root)
    identifier, _ = denied(bob.iam.list_users)
    time.sleep(1)
    details(root, identifier)
    assert server.own(f"reset?account={account}", "POST")[0] == 200
    assert refused(toolbox(root).get_request_authorization_details, authorizationId=identifier)[0] == "ResourceNotFoundException"


def test_a_flood_of_one_caller_takes_no_id_from_another():
    with Server() as server:
        root, stranger = Boto3(server.endpoint, ACCOUNT), Boto3(server.endpoint, STRANGER)
        identifier, _ = denied(user(root).iam.list_users)
        eve = user(stranger, "eve")
        messages = [refused(eve.iam.list_users)[1] for _ in range(700)]
        # In a flood, some have an id and all have the sentence.
        ids = [found[1] for message in messages if (found := SUFFIX.search(message))]
        assert all("because no identity-based policy allows" in message for message in messages) and ids
        time.sleep(1)
        assert details(root, identifier)["evaluations"]
        assert details(stranger, ids[-1])["evaluations"]


def test_no_secret_is_in_the_details(server, account):
    """Every call of a user without permissions that carries a secret: nothing of it is kept."""
    root = Boto3(server.endpoint, account)
    canary = "Canary-9-Secret-Passw0rd"
    bob = user(root)
    calls = [
        (bob.iam.create_login_profile, {"UserName": "x", "Password": canary}),
        (bob.iam.update_login_profile, {"UserName": "x", "Password": canary}),
        (bob.iam.change_password, {"OldPassword": canary, "NewPassword": canary}),
        (bob.iam.upload_server_certificate, {"ServerCertificateName": "x", "CertificateBody": canary, "PrivateKey": canary}),
        (bob.iam.put_user_policy, {"UserName": "x", "PolicyName": "x", "PolicyDocument": policy(allow(f"s3:{canary}"))}),
        (bob.iam.create_saml_provider, {"Name": "x", "SAMLMetadataDocument": canary * 50}),
        (bob.iam.update_access_key, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active", "UserName": "x"}),
    ]
    key = bob.session.get_credentials()
    for call, arguments in calls:
        code, message = refused(call, **arguments)
        found = SUFFIX.search(message or "")
        if code != "AccessDenied" or not found:
            # Refused before anyone asks for permission.
            assert code != "AccessDenied", message
            continue
        kept = json.dumps(details(root, found[1])) + why(server, found[1], "--json") + why(server, found[1])
        assert canary not in kept and key.secret_key not in kept
