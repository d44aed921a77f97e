"""Tools that people use on IAM, unchanged. `tests/run.py` installs them for a whole run; without them these
tests are skipped."""

import json
import os
import pathlib
import re
import subprocess

import pytest
from server import environment

TOOLS = pathlib.Path(os.environ.get("TOOLS_VENV", "target/venv-tools")).resolve()
DATA = pathlib.Path(__file__).parent / "data"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

pytestmark = pytest.mark.skipif(
    not (TOOLS / "bin" / "python").exists(), reason="the tools are not installed: python3 tests/run.py --tools tests/e2e/test_tools.py"
)

# PMapper's last release is older than Python 3.10, which moved these names.
PMAPPER = """
import collections, collections.abc, sys
collections.Mapping, collections.MutableMapping = collections.abc.Mapping, collections.abc.MutableMapping
from principalmapper.__main__ import main
sys.exit(main())
"""


class Shell:
    """Runs a tool as the root user of an account, in a folder of its own."""

    def __init__(self, endpoint, account, folder):
        self.folder = folder
        self.variables = environment(
            AWS_ENDPOINT_URL=endpoint,
            AWS_ACCESS_KEY_ID=account,
            AWS_SECRET_ACCESS_KEY="test",
            AWS_REGION="us-east-1",
            AWS_DEFAULT_REGION="us-east-1",
            PATH=f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}",
            HOME=str(folder),
            PMAPPER_STORAGE=str(folder / "pmapper"),
            ANSIBLE_COLLECTIONS_PATH=str(TOOLS / "collections"),
            ANSIBLE_HOME=str(folder / "ansible"),
            BROWSER="true",
        )

    def run(self, *command, status=0):
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == status, done.stdout
        return done.stdout


@pytest.fixture
def shell(server, account, tmp_path):
    return Shell(server.endpoint, account, tmp_path)


@pytest.fixture
def filled(root):
    """An account with a user that has a tag, a role with both kinds of policies, and a policy that nobody uses."""
    iam = root.iam
    iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "blue"}])
    iam.put_user_policy(UserName="ann", PolicyName="admin", PolicyDocument=json.dumps(allow("iam:*")))
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="web", PolicyName="inline", PolicyDocument=json.dumps(DOCUMENT))
    iam.create_policy(PolicyName="unused", PolicyDocument=json.dumps(allow("*")))
    iam.update_account_password_policy(MinimumPasswordLength=8)
    return root


def allow(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def recap(output):
    """What a run of Ansible says at its end: changed, failed."""
    return tuple(int(re.search(rf"{word}=(\d+)", output).group(1)) for word in ("changed", "failed"))


@pytest.mark.skipif(not (TOOLS / "collections").exists(), reason="the collection amazon.aws is not installed")
def test_ansible_finds_what_it_made_and_takes_it_away(shell, root):
    def play(name):
        return recap(shell.run("ansible-playbook", "-i", "localhost,", DATA / "ansible" / f"{name}.yml"))

    assert play("present") == (7, 0)
    assert play("present") == (0, 0), "the second run finds all as it should be"
    assert root.iam.get_role(RoleName="web")["Role"]["MaxSessionDuration"] == 7200
    assert play("absent") == (6, 0)
    assert root.iam.list_users()["Users"] == root.iam.list_roles()["Roles"] == []


def test_custodian_filters_and_acts(shell, filled):
    shell.run("custodian", "run", "--output-dir", "out", DATA / "custodian.yml")

    def found(policy):
        resources = json.loads((shell.folder / "out" / policy / "resources.json").read_text())
        return [resource.get("UserName") or resource.get("RoleName") or resource.get("PolicyName") for resource in resources]

    assert found("users-without-mfa") == found("users-of-a-team") == ["ann"]
    assert found("unused-policies") == ["unused"]
    assert found("roles-with-inline-policies") == found("roles-that-may-read") == ["web"]
    assert len(found("short-passwords")) == 1
    iam = filled.iam
    assert [policy["PolicyName"] for policy in iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"]] == ["AWSDenyAll"]
    assert {"Key": "checked", "Value": "yes"} in iam.list_user_tags(UserName="ann")["Tags"]
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_cloudsplaining_and_parliament_read_the_details_of_the_account(shell, filled):
    shell.run("cloudsplaining", "download")
    details = json.loads((shell.folder / "default.json").read_text())
    assert [user["UserName"] for user in details["UserDetailList"]] == ["ann"]
    shell.run("cloudsplaining", "scan", "--input-file", "default.json", "--output", ".", "--skip-open-report")
    results = json.loads((shell.folder / "iam-results-default.json").read_text())
    risks = json.dumps(results["inline_policies"])
    assert "CreateAccessKey" in risks, risks
    report = shell.run("parliament", "--auth-details-file", "default.json", "--json", status=1)
    findings = [json.loads(line) for line in report.splitlines()]
    assert {finding["location"]["filepath"].rsplit(":", 1)[1] for finding in findings} == {"user/ann", "role/web"}
    assert {finding["issue"] for finding in findings} == {"RESOURCE_STAR"}


def test_pmapper_finds_who_is_an_administrator(shell, filled, account):
    def pmapper(*arguments):
        return shell.run(TOOLS / "bin" / "python", "-c", PMAPPER, "--account", account, *arguments)

    shell.run(TOOLS / "bin" / "python", "-c", PMAPPER, "graph", "create", "--include-regions", "us-east-1")
    assert "user/ann IS authorized to call action iam:CreateUser" in pmapper("query", "who can do iam:CreateUser")
    assert "role/web IS authorized to call action s3:GetObject" in pmapper("query", "who can do s3:GetObject")
