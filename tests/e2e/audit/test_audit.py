"""`iamd audit`: every rule on an account that breaks it and on one that keeps it, and what each format says."""

import base64
import json
import shlex
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest
from awscli.clidriver import create_clidriver
from clients import AwsCli, Boto3
from everything import ALL, DATA, code, trust
from federation import fetch
from server import Server, run

BAD, GOOD = "111111111111", "222222222222"
SUPPORT = "arn:aws:iam::aws:policy/AWSSupportAccess"
CLOUDSHELL = "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
READ = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}})
DECRYPT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["kms:*"], "Resource": "arn:aws:kms:*:*:key/*"}}
)
TAGS = [{"Key": "team", "Value": "red"}]

# Only a physical device keeps the rule, and none can be had here.
ALWAYS_BROKEN = {"root-account-hardware-mfa-enabled"}


def certificate(folder, days):
    key, body = folder / "key.pem", folder / "body.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", str(days)]
    subprocess.run([*command, "-keyout", key, "-out", body], check=True, capture_output=True)
    return {"CertificateBody": body.read_text(), "PrivateKey": key.read_text()}


def device(iam, user, now):
    """Enables a virtual MFA device."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]
    seed, step = base64.b32decode(made["Base32StringSeed"]), int(now) // 30
    codes = {"AuthenticationCode1": code(seed, step - 1), "AuthenticationCode2": code(seed, step)}
    iam.enable_mfa_device(UserName=user, SerialNumber=made["SerialNumber"], **codes)


def break_all(iam, saml, short_lived):
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Passw0rd!x")
    for _ in range(2):
        iam.create_access_key(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="inline", PolicyDocument=DECRYPT)
    iam.attach_user_policy(UserName="bob", PolicyArn=ADMIN)
    iam.create_group(GroupName="empty")
    admin = iam.create_policy(PolicyName="admin", PolicyDocument=ALL)["Policy"]["Arn"]
    iam.create_policy(PolicyName="keys", PolicyDocument=DECRYPT)
    iam.attach_group_policy(GroupName="empty", PolicyArn=admin)
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.attach_role_policy(RoleName="app", PolicyArn=CLOUDSHELL)
    iam.create_instance_profile(InstanceProfileName="app")
    iam.upload_server_certificate(ServerCertificateName="web", **short_lived)
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=saml)
    iam.create_open_id_connect_provider(Url="https://idp.example.com", ThumbprintList=["a" * 40])
    # The root user has a key of its own, which answers name by the alias.
    iam.create_account_alias(AccountAlias="breaks-all")
    iam.create_access_key()


def keep_all(iam, saml, now):
    iam.update_account_password_policy(
        MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True, MaxPasswordAge=90, PasswordReusePrevention=24,
    )  # fmt: skip
    iam.create_group(GroupName="staff")
    policy = iam.create_policy(PolicyName="read", PolicyDocument=READ, Tags=TAGS)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="staff", PolicyArn=policy)
    iam.create_user(UserName="ann", Tags=TAGS)
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    iam.create_login_profile(UserName="ann", Password="Correct-Horse-9-Battery")
    device(iam, "ann", now)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}), Tags=TAGS)
    iam.attach_role_policy(RoleName="app", PolicyArn=SUPPORT)
    iam.create_instance_profile(InstanceProfileName="app", Tags=TAGS)
    server = {"CertificateBody": (DATA / "server.crt").read_text(), "PrivateKey": (DATA / "server.key").read_text()}
    iam.upload_server_certificate(ServerCertificateName="web", Tags=TAGS, **server)
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=saml, Tags=TAGS)
    iam.create_open_id_connect_provider(Url="https://idp.example.com", ThumbprintList=["a" * 40], Tags=TAGS)
    device(iam, "root", now)
    return key


class Audit:
    """A server with both accounts, and the command on it."""

    def __init__(self, server):
        self.server = server

    def run(self, account, *arguments):
        parameters = {
            "iam-policy-in-use.policyARN": f"arn:aws:iam::{account}:policy/{'read' if account == GOOD else 'keys'}",
            "iam-role-managed-policy-check.managedPolicyArns": SUPPORT,
            "iam-customer-policy-blocked-kms-actions.blockedActionsPatterns": "kms:Decrypt,kms:ReEncrypt*",
            "iam-inline-policy-blocked-kms-actions.blockedActionsPatterns": "kms:Decrypt",
        }
        given = [word for name, value in parameters.items() for word in ("--parameter", f"{name}={value}")]
        return run("audit", "--account", account, *given, *arguments, "--listen", f"127.0.0.1:{self.server.port}")

    def rules(self, account, *arguments):
        status, output, errors = self.run(account, "--format", "json", *arguments)
        assert errors == ""
        rules = {rule["id"]: rule for rule in json.loads(output)["rules"]}
        assert status == int(any(rule["status"] == "NON_COMPLIANT" for rule in rules.values()))
        return rules


@pytest.fixture(scope="module")
def audit(tmp_path_factory, idp):
    folder = tmp_path_factory.mktemp("audit")
    config = folder / "iamd.toml"
    config.write_text(f'[organization]\nid = "o-a1b2c3d4e5"\nmanagement-account = "{GOOD}"\n')
    saml = fetch(f"{idp.url}/saml/metadata")
    with Server("--config", str(config)) as server:
        break_all(Boto3(server.endpoint, BAD).iam, saml, certificate(folder, 30))
        server.own("clock", "POST", b'{"advance": 8640000}')
        key = keep_all(Boto3(server.endpoint, GOOD).iam, saml, time.time() + 8640000)
        server.own("clock", "POST", b'{"advance": 172800}')
        Boto3(server.endpoint, GOOD).using(key).sts.get_caller_identity()
        Boto3(server.endpoint, BAD).sts.get_caller_identity()
        yield Audit(server)


def test_every_rule_is_broken_by_one_account_and_kept_by_the_other(audit):
    broken = audit.rules(BAD)
    assert {name for name, rule in broken.items() if rule["status"] != "NON_COMPLIANT"} == set()
    for rule in broken.values():
        assert rule["offenders"] and all(offender["mend"].startswith("aws ") for offender in rule["offenders"])
    kept = audit.rules(GOOD)
    assert {name: rule["offenders"] for name, rule in kept.items() if rule["status"] != "COMPLIANT"}.keys() == ALWAYS_BROKEN
    assert len(kept) >= 37


def test_the_commands_mend_what_they_are_for(audit, monkeypatch):
    """Those without capitals, which are for the reader to fill in. aws-cli runs in this process: it starts slowly."""
    for name, value in AwsCli(audit.server.endpoint, BAD).variables.items():
        monkeypatch.setenv(name, value)
    aws = create_clidriver()
    blanks = ("USER", "GROUP", "ROLE", "SERIAL", "KEY", "VALUE", "ADMINISTRATOR", "POLICY.json", "organizations")
    mended = set()
    for name, rule in audit.rules(BAD).items():
        commands = [offender["mend"] for offender in rule["offenders"]]
        if not any(blank in command for command in commands for blank in blanks):
            mended.add(name)
    assert len(mended) >= 15
    for name in sorted(mended):
        # An earlier command may have mended it, too.
        for offender in audit.rules(BAD, "--rule", name)[name]["offenders"]:
            assert aws.main(shlex.split(offender["mend"])[1:]) == 0, offender
        assert audit.rules(BAD, "--rule", name)[name]["status"] == "COMPLIANT", name


def test_the_formats_say_the_same(audit):
    rules = audit.rules(BAD)
    broken = {name for name, rule in rules.items() if rule["status"] == "NON_COMPLIANT"}
    assert broken
    status, output, _ = audit.run(BAD, "--format", "junit")
    suite = ElementTree.fromstring(output).find("testsuite")
    assert (status, suite.get("tests"), suite.get("failures")) == (1, str(len(rules)), str(len(broken)))
    failed = {case.get("name").split(":")[0] for case in suite if case.find("failure") is not None}
    assert failed == broken
    _, output, _ = audit.run(BAD, "--format", "sarif")
    [sarif] = json.loads(output)["runs"]
    assert {result["ruleId"] for result in sarif["results"]} == broken
    for result in sarif["results"]:
        assert sarif["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    _, output, _ = audit.run(BAD)
    assert {line.split()[1].rstrip(":") for line in output.splitlines() if line.startswith("BROKEN")} == broken
    assert output.splitlines()[-1] == f"account {BAD}: {len(rules) - len(broken)} kept, {len(broken)} broken, 0 not applicable"


def test_a_rule_without_what_it_needs_does_not_apply(audit):
    status, output, _ = run("audit", "--account", GOOD, "--rule", "iam-policy-in-use", "--listen", f"127.0.0.1:{audit.server.port}")
    assert (status, output) == (0, f"account {GOOD}: 0 kept, 0 broken, 1 not applicable\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--account", "1"], "account must be twelve digits"),
        (["--rule", "access-key-rotated"], "there is no rule access-key-rotated; did you mean access-keys-rotated?"),
        (["--parameter", "access-keys-rotated.age=1"], "has no parameter age; it has maxAccessKeyAge"),
        (["--parameter", "access-keys-rotated.maxAccessKeyAge=old"], "must be a whole number"),
        (["--parameter", "age=1"], "write RULE.NAME=VALUE"),
        (["--listen", "127.0.0.1:1"], "no answer from 127.0.0.1:1"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_question(audit, arguments, why):
    if "--listen" not in arguments:
        arguments = [*arguments, "--listen", f"127.0.0.1:{audit.server.port}"]
    status, output, errors = run("audit", *arguments)
    assert (status, output) == (2, "")
    assert why in errors


def test_parameters_change_what_is_found(audit):
    rules = audit.rules(GOOD, "--rule", "cis-1.14", "--parameter", "access-keys-rotated.maxAccessKeyAge=1")
    assert [rule["status"] for rule in rules.values()] == ["NON_COMPLIANT"]
