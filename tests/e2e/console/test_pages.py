"""Pages beyond the lists: instance profiles, last access, the organization, the access map, the server's settings."""

import html
import json
import urllib.parse

import boto3
import pytest
from browser import Browser
from clients import Boto3
from server import Server

ACCOUNT = "000000000000"
PASSWORD = "Correct-Horse-1"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def root(server):
    browser = Browser(server)
    assert "Dashboard" in browser.sign_in(ACCOUNT, "test").text
    return browser


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return policy(statement | ({"Condition": condition} if condition else {}))


def make_user(iam, name="alice", *actions):
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password=PASSWORD)
    if actions:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": list(actions), "Resource": "*"}))


def sign_in(server, name="alice"):
    browser = Browser(server)
    browser.sign_in(ACCOUNT, PASSWORD, user=name)
    return browser


def test_instance_profiles_get_a_role_and_lose_it(root, iam):
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    page = root.send(root.open("/console/instance-profiles"), "iam:CreateInstanceProfile", **{"p.InstanceProfileName": "web"})
    assert "CreateInstanceProfile succeeded" in page.text and "/console/instance-profiles/web" in page.text
    page = root.send(root.open("/console/instance-profiles/web"), "iam:AddRoleToInstanceProfile", **{"p.RoleName": "worker"})
    assert "/console/roles/worker" in page.text and iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]["Roles"]
    page = root.send(page, "iam:RemoveRoleFromInstanceProfile")
    root.send(page, "iam:DeleteInstanceProfile")
    assert not iam.list_instance_profiles()["InstanceProfiles"]


def test_the_last_access_of_services(server, root, iam):
    make_user(iam, "alice", "iam:*", "s3:*")
    alice = sign_in(server)
    alice.open("/console/users")
    link = f"/console/last-accessed?arn=arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Auser%2Falice"
    assert link in html.unescape(root.open("/console/users/alice").text)
    page = root.send(root.open(link), "iam:GenerateServiceLastAccessedDetails")
    assert "AWS Identity and Access Management" in page.text and "Amazon S3" in page.text and "not in the tracking period" in page.text
    job = page.place.split("job=")[1]
    entities = root.open(f"/console/last-accessed?job={job}&service=iam")
    assert f"arn:aws:iam::{ACCOUNT}:user/alice" in entities.text and " UTC" in entities.text
    denied = sign_in(server).open(f"/console/last-accessed?job={job}")
    assert "NoSuchEntity" in denied.text, "a report is its requester's"
    assert "NoSuchEntity" in root.open("/console/last-accessed?job=0b5c2b3e-0000-4000-8000-000000000000").text


def test_the_organization_is_a_tree_with_its_policies(server, root, iam):
    assert "in no organization" in root.open("/console/organization").text
    page = root.send(root.open("/console/organization"), "organizations:CreateOrganization")
    assert "CreateOrganization succeeded" in page.text and "No type of policies is enabled" in page.text
    page = root.send(page, "organizations:EnablePolicyType", **{"p.PolicyType": "SERVICE_CONTROL_POLICY"})
    assert "FullAWSAccess" in page.text
    org = boto3.Session("test", "test", region_name="us-east-1").client("organizations", endpoint_url=server.endpoint)
    top = org.list_roots()["Roots"][0]["Id"]
    unit = org.create_organizational_unit(ParentId=top, Name="Work & play")["OrganizationalUnit"]["Id"]
    asked = org.create_account(AccountName="dev", Email="dev@example.com")["CreateAccountStatus"]["Id"]
    made = org.describe_create_account_status(CreateAccountRequestId=asked)["CreateAccountStatus"]["AccountId"]
    org.move_account(AccountId=made, SourceParentId=top, DestinationParentId=unit)
    document = policy({"Sid": "NoUsers", "Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"})
    scp = org.create_policy(Name="no-users", Description="d", Type="SERVICE_CONTROL_POLICY", Content=document)["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=scp, TargetId=unit)
    page = root.open("/console/organization")
    for text in ("Work &#38; play", made, "no-users", "depth-2", f"/console/organization/{made}"):
        assert text in page.text, text
    detail = root.open(f"/console/organization/{scp}")
    assert "NoUsers" in detail.text and unit in detail.text
    account = root.open(f"/console/organization/{made}")
    assert "dev@example.com" in account.text and account.text.index(top) < account.text.index("no-users")
    denied = root.open(f"/console/organization/{made}?action=iam:CreateUser")
    assert "refused to every principal" in denied.text and "denied by no-users" in denied.text
    allowed = root.open(f"/console/organization/{made}?action=iam:GetUser&resource=*")
    assert "Every level lets it through" in allowed.text and "denied by" not in allowed.text
    assert "is not an action" in root.open(f"/console/organization/{made}?action={urllib.parse.quote(HOSTILE)}").text
    assert "do not bind it" in root.open(f"/console/organization/{ACCOUNT}").text
    org.enable_policy_type(RootId=top, PolicyType="TAG_POLICY")
    content = json.dumps({"tags": {"team": {"tag_key": {"@@assign": "Team"}}}})
    tags = org.create_policy(Name="tags", Description="d", Type="TAG_POLICY", Content=content)["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=tags, TargetId=top)
    assert "Effective tag policy" in root.open(f"/console/organization/{made}").text
    assert root.open("/console/organization/ou-none-nothing1").status == 400
    make_user(iam, "alice", "iam:*")
    refused = sign_in(server).open("/console/organization")
    assert refused.status == 403 and "organizations:DescribeOrganization" in refused.text


def test_the_access_map_says_who_can_assume_what(server, root, iam):
    make_user(iam, "alice", "sts:AssumeRole")
    make_user(iam, "bob")
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="alice")
    own = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust(own))
    iam.put_role_policy(RoleName="deployer", PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}))
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:role/deployer"}, Bool={"aws:MultiFactorAuthPresent": "true"}))
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.create_role(RoleName="partner", AssumeRolePolicyDocument=trust({"AWS": "222222222222"}, StringEquals={"sts:ExternalId": "42"}))
    iam.create_role(RoleName="lost", AssumeRolePolicyDocument=policy({"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}))
    provider = iam.create_open_id_connect_provider(Url="https://ci.example.com", ClientIDList=["app"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    iam.create_role(RoleName="ci", AssumeRolePolicyDocument=trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringEquals={"ci.example.com:aud": "app"}))
    page = root.open("/console/access-map")
    for sentence in (
        "Group team has the member alice.",
        "User alice can assume deployer, by ",
        "Service ec2.amazonaws.com can assume worker, by ",
        "can assume partner if sts:ExternalId StringEquals 42.",
        f"Provider {provider} can assume ci if ci.example.com:aud StringEquals app.",
        "Roles that nobody here can assume: ",
    ):
        assert sentence in page.text, sentence
    assert "User bob" not in page.text and "can assume lost" not in page.text, "what is denied is not drawn"
    assert "<svg" in page.text and page.text.count("<li data-from") == page.text.count('<path class="edge')
    found = root.open("/console/access-map?q=ec2")
    assert "can assume worker" in found.text and "can assume ci" not in found.text
    assert "No path" in root.open(f"/console/access-map?q={urllib.parse.quote(HOSTILE)}").text
    iam.put_user_policy(UserName="alice", PolicyName="q", PolicyDocument=policy({"Effect": "Deny", "Action": "sts:*", "Resource": "*"}))
    assert "User alice can assume" not in root.open("/console/access-map").text
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}))
    refused = sign_in(server, "bob").open("/console/access-map")
    assert refused.status == 403 and "iam:GetAccountAuthorizationDetails" in refused.text and "deployer" not in refused.text


def test_the_map_agrees_with_the_calls_themselves(server, root, iam):
    for number in range(4):
        user, role = f"user{number}", f"role{number}"
        iam.create_user(UserName=user)
        allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/role{(number + 1) % 4}"}
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy(allowed))
        named = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/user{number % 2}"} if number < 3 else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(named))
    text = root.open("/console/access-map").text
    for number in range(4):
        key = iam.create_access_key(UserName=f"user{number}")["AccessKey"]
        sts = Boto3(server.endpoint, key["AccessKeyId"], key["SecretAccessKey"]).client("sts")
        for other in range(4):
            try:
                sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/role{other}", RoleSessionName="session")
                can = True
            except sts.exceptions.ClientError:
                can = False
            assert (f"User user{number} can assume role{other}," in text) == can, (number, other)


def test_settings_show_the_server_and_turn_its_clock(server, root):
    page = root.open("/console/settings")
    assert f"export AWS_ENDPOINT_URL={server.endpoint}" in page.text and "AWS_ACCESS_KEY_ID=000000000000" in page.text
    page = root.send(page, "/console/settings/clock", **{"p.value": "3600"})
    assert page.status == 200 and server.own("clock")[1]["ahead"] == 3600
    wrong = root.send(page, "/console/settings/clock", **{"p.value": HOSTILE})
    assert wrong.status == 400 and HOSTILE not in wrong.text and server.own("clock")[1]["ahead"] == 3600


def reset(browser, page, what, confirmation, **more):
    form = {"csrf": page.form("/console/signout")[1]["csrf"], "p.what": what, "p.confirmation": confirmation, **more}
    return browser.open("/console/settings/reset", form)


def test_a_reset_wants_its_confirmation(server, root, iam):
    make_user(iam)
    page = root.open("/console/settings")
    for confirmation in ("", "everything", ACCOUNT[:-1], HOSTILE):
        answer = reset(root, page, "account", confirmation)
        assert answer.status == 400 and "Nothing was reset" in answer.text
    assert iam.list_users()["Users"]
    assert "IAM user name" in reset(root, page, "account", ACCOUNT).text
    assert not iam.list_users()["Users"] and "IAM user name" in root.open("/console/").text, "sessions end with it"


def test_only_the_root_user_operates_the_server(server, root, iam):
    make_user(iam, "alice", "*")
    alice = sign_in(server)
    page = alice.open("/console/settings")
    assert "Only the root user" in page.text and "/console/settings/reset" not in page.text and "AWS_ACCESS_KEY_ID" not in page.text
    assert reset(alice, page, "account", ACCOUNT).status == 403
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert iam.list_users()["Users"]


def test_an_admin_token_is_asked_for(iam):
    with Server("--admin-token", "t0ken-of-the-operator") as server:
        root = Browser(server)
        root.sign_in(ACCOUNT, "test")
        page = root.open("/console/settings")
        assert "Admin token" in page.text
        for token in ({}, {"p.token": ""}, {"p.token": "wrong"}):
            assert "admin token is needed" in reset(root, page, "account", ACCOUNT, **token).text
        iam = Boto3(server.endpoint, "test").client("iam")
        iam.create_user(UserName="alice")
        assert "IAM user name" in reset(root, page, "account", ACCOUNT, **{"p.token": "t0ken-of-the-operator"}).text
        assert not iam.list_users()["Users"]


def test_beyond_this_machine_nobody_operates_the_server_without_a_token():
    with Server("--console", "plain", "--root-password", "Root-Horse-1", listen="0.0.0.0:0") as server:
        root = Browser(server)
        root.sign_in(ACCOUNT, "Root-Horse-1")
        page = root.open("/console/settings")
        assert "set an admin token" in page.text and reset(root, page, "account", ACCOUNT).status == 403


def test_everything_of_an_entity_can_be_changed(root, iam):
    iam.create_user(UserName="bob@example.com")
    place = "/console/users/bob%40example.com"
    page = root.send(root.open(f"{place}?tab=tags"), "iam:TagUser", **{"p.Tags.member.1.Key": "empty"})
    assert "TagUser succeeded" in page.text and iam.list_user_tags(UserName="bob@example.com")["Tags"] == [{"Key": "empty", "Value": ""}]
    page = root.send(root.open(f"{place}?tab=settings"), "iam:UpdateUser", **{"p.NewUserName": "robert", "p.NewPath": "/staff/"})
    assert "UpdateUser succeeded" in page.text
    assert iam.get_user(UserName="robert")["User"]["Path"] == "/staff/"
    iam.create_group(GroupName="team")
    root.send(root.open("/console/groups/team?tab=settings"), "iam:UpdateGroup", **{"p.NewGroupName": "crew"})
    assert iam.get_group(GroupName="crew")["Group"]["Path"] == "/"
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}), Description="first")
    page = root.open("/console/roles/r?tab=settings")
    root.send(page, "iam:UpdateRole", **{"e.Description": "", "p.MaxSessionDuration": "7200"})
    role = iam.get_role(RoleName="r")["Role"]
    assert (role.get("Description", ""), role["MaxSessionDuration"]) == ("", 7200)
    refused = root.send(page, "iam:UpdateRole", **{"e.Description": "kept", "p.MaxSessionDuration": "1"})
    assert "ValidationError" in refused.text and 'name="e.Description"' in refused.text


def test_a_device_of_a_user_with_any_name_can_be_enabled(root, iam):
    name = "o'+=,.@bob@example.com".replace("'", "")
    iam.create_user(UserName=name)
    page = root.open(f"/console/users/{urllib.parse.quote(name)}?tab=credentials")
    made = root.send(page, "iam:CreateVirtualMFADevice", **{"p.VirtualMFADeviceName": "phone"})
    _, form = made.form("iam:EnableMFADevice")
    assert html.unescape(form["p.UserName"]) == name and form["next"].endswith("tab=credentials")
    refused = root.send(made, "iam:EnableMFADevice", **{"p.AuthenticationCode1": "000000", "p.AuthenticationCode2": "000001"})
    assert "InvalidAuthenticationCode" in refused.text, refused.text


def test_keys_show_when_they_were_used(server, root, iam):
    make_user(iam, "alice", "iam:*")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    place = "/console/users/alice?tab=credentials"
    assert "never" in root.open(place).text
    Boto3(server.endpoint, key["AccessKeyId"], key["SecretAccessKey"]).client("iam").list_users()
    assert "iam in us-east-1" in root.open(place).text


def test_providers_are_found_opened_and_changed(root, iam):
    arn = iam.create_open_id_connect_provider(Url="https://ci.example.com", ClientIDList=["app"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    place = f"/console/providers/{urllib.parse.quote(arn)}"
    listed = root.open("/console/providers?q=CI.example")
    assert "ci.example.com" in listed.text and "ci.example.com" not in root.open("/console/providers?q=other").text
    page = root.open(place)
    assert "app" in page.text and "a" * 40 in page.text
    page = root.send(page, "iam:AddClientIDToOpenIDConnectProvider", **{"p.ClientID": "web"})
    assert "web" in page.text and iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["app", "web"]
    root.send(root.open(f"{place}?tab=tags"), "iam:TagOpenIDConnectProvider", **{"p.Tags.member.1.Key": "k", "e.Tags.member.1.Value": "v"})
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    root.send(root.open(f"{place}?tab=settings"), "iam:DeleteOpenIDConnectProvider")
    assert not iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]


def test_policies_of_aws_are_listed_and_cannot_be_changed(root, iam):
    assert "ReadOnlyAccess" not in root.open("/console/policies").text
    found = root.open("/console/policies?scope=AWS&q=readonlyaccess")
    assert "/console/policies/arn:aws:iam::aws:policy/ReadOnlyAccess" in found.text and 'name="scope" value="AWS"' in found.text
    place = "/console/policies/arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert "iam:DeletePolicy" not in root.open(f"{place}?tab=settings").text
    iam.create_user(UserName="alice")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert "/console/users/alice" in root.open(f"{place}?tab=entities").text
    assert "ReadOnlyAccess" in root.open("/console/policies?scope=attached").text


def test_every_denial_in_a_page_leads_to_its_reasons(server, root, iam):
    make_user(iam, "alice", "iam:GetUser")
    page = sign_in(server).open("/console/users/alice?tab=credentials")
    assert page.status == 200 and page.text.count("Why?</a>") >= 3 and "https://" not in page.text.split("<main")[1]


def test_events_are_found_by_attribute_time_and_region(server, root, iam):
    make_user(iam, "alice", "iam:*", "sts:*")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="eu-west-1")
    sts = session.client("sts", endpoint_url=server.endpoint)
    with pytest.raises(sts.exceptions.ClientError):
        sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nothing", RoleSessionName="session")
    found = lambda **query: root.open("/console/events?" + urllib.parse.urlencode(query)).text.split("Find</button>")[1]
    assert "CreateUser" in found(by="EventSource", value="iam.amazonaws.com")
    assert "CreateUser" not in found(by="EventSource", value="sts.amazonaws.com")
    assert "AssumeRole" in found(by="EventSource", value="sts.amazonaws.com", region="eu-west-1")
    assert "CreateUser" in found(by="Event name", value="CreateUser") and "CreateUser<" not in found(by="ReadOnly", value="true")
    assert "InvalidTimeRange" in root.open("/console/events?to=2020-01-01").text and "no such events" in found(**{"from": "2200-01-01", "to": "2200-01-02"})
    assert "is no time" in root.open("/console/events?from=yesterday").text
    place = "/console/authorization-details"
    assert "AssumeRole" in root.open(f"{place}?region=eu-west-1").text and "AssumeRole<" not in root.open(place).text


def test_the_sign_in_page_is_shown_with_its_host(server, root, iam):
    iam.create_account_alias(AccountAlias="acme-pages")
    address = f"{server.endpoint}/console/signin?account=acme-pages"
    assert address in root.open("/console/").text and address in root.open("/console/account").text


def test_a_virtual_device_of_nobody_can_be_deleted(root, iam):
    iam.create_user(UserName="alice")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="lost")
    page = root.send(root.open("/console/users/alice?tab=credentials"), "iam:DeleteVirtualMFADevice")
    assert "DeleteVirtualMFADevice succeeded" in page.text and not iam.list_virtual_mfa_devices()["VirtualMFADevices"]


def test_all_members_of_a_large_group_are_shown(root, iam):
    iam.create_group(GroupName="crowd")
    for number in range(103):
        iam.create_user(UserName=f"u{number:03}")
        iam.add_user_to_group(GroupName="crowd", UserName=f"u{number:03}")
    page = root.open("/console/groups/crowd")
    assert "/console/users/u099" in page.text and "/console/users/u100" not in page.text
    link = html.unescape(page.text.split('href="/console/groups/crowd?tab=members&#38;marker=')[1].split('"')[0])
    assert "/console/users/u102" in root.open("/console/groups/crowd?tab=members&marker=" + link).text


def test_a_provider_is_what_its_arn_begins_with(root, iam):
    arn = iam.create_open_id_connect_provider(Url="https://idp.example.com/:saml-provider/x", ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    page = root.open(f"/console/providers/{urllib.parse.quote(arn)}")
    assert page.status == 200
    page = root.send(page, "iam:UpdateOpenIDConnectProviderThumbprint", **{"p.ThumbprintList.member.1": "b" * 40, "p.ThumbprintList.member.2": "c" * 40})
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ThumbprintList"] == ["b" * 40, "c" * 40]


def test_people_change_their_own_password(server, root, iam):
    make_user(iam, "alice", "iam:GetUser", "iam:GetLoginProfile", "iam:ChangePassword")
    alice = sign_in(server)
    place = "/console/users/alice?tab=credentials"
    assert "Change your password" not in root.open(place).text
    alice.send(alice.open(place), "iam:ChangePassword", **{"p.OldPassword": PASSWORD, "p.NewPassword": "Other-Horse-2"})
    assert "IAM user name" in alice.open("/console/").text, "the session ends with the password"
    again = Browser(server)
    again.sign_in(ACCOUNT, "Other-Horse-2", user="alice")
    assert again.is_signed_in()
