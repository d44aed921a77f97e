"""Infrastructure code becomes accounts, and what it would allow is judged before it is applied."""

import json

import pytest
from clients import Boto3
from server import Server, run

ACCOUNT = "111122223333"
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Stage: {Type: String, Default: dev}
Mappings:
  Durations: {dev: {seconds: 7200}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "reports-${Stage}-${AWS::AccountId}"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Join ["-", [reader, !Ref Stage]]
      MaxSessionDuration: !FindInMap [Durations, !Ref Stage, seconds]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: !GetAtt User.Arn}}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${Bucket.Arn}/*"}]
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sqs:*", Resource: !Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:*:jobs"}]
  Group: {Type: AWS::IAM::Group}
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: ann
      Groups: [!Ref Group]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/IAMReadOnlyAccess"]
      PermissionsBoundary: !Ref AWS::NoValue
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref User}}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
"""
PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_iam_role.r",
                    "mode": "managed",
                    "type": "aws_iam_role",
                    "values": {
                        "name": "r",
                        "path": "/",
                        "max_session_duration": 3600,
                        "assume_role_policy": json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": [
                                    {
                                        "Effect": "Allow",
                                        "Principal": {"Service": "ec2.amazonaws.com"},
                                        "Action": "sts:AssumeRole",
                                    }
                                ],
                            }
                        ),
                        "inline_policy": [],
                        "tags": {"team": "blue"},
                    },
                },
                {
                    "address": "aws_iam_policy.p",
                    "mode": "managed",
                    "type": "aws_iam_policy",
                    "values": {
                        "name": "p",
                        "path": "/own/",
                        "policy": json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
                            }
                        ),
                    },
                },
                {
                    "address": "aws_iam_role_policy_attachment.a",
                    "mode": "managed",
                    "type": "aws_iam_role_policy_attachment",
                    "values": {"role": "r"},
                },
            ]
        }
    },
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_iam_role_policy_attachment.a",
                    "expressions": {"policy_arn": {"references": ["aws_iam_policy.p.arn", "aws_iam_policy.p"]}},
                }
            ]
        }
    },
}


@pytest.fixture
def own(tmp_path):
    with Server() as server:

        def command(*arguments):
            listen = ["--listen", f"127.0.0.1:{server.port}"] if arguments[0] != "policy" else []
            return run(*arguments, *listen, cwd=tmp_path)

        def write(name, content):
            (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
            return name

        server.command, server.write, server.folder = command, write, tmp_path
        server.iam = Boto3(server.endpoint, ACCOUNT).iam
        yield server


def test_a_template_of_cloudformation(own):
    code, out, error = own.command("apply", own.write("stack.yaml", TEMPLATE), "--account", ACCOUNT)
    assert code == 0, error
    role = own.iam.get_role(RoleName="reader-dev")["Role"]
    assert role["MaxSessionDuration"] == 7200
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}
    statement = own.iam.get_role_policy(RoleName="reader-dev", PolicyName="read")["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == f"arn:aws:s3:::reports-dev-{ACCOUNT}/*"
    (attached,) = own.iam.list_attached_role_policies(RoleName="reader-dev")["AttachedPolicies"]
    assert attached["PolicyName"] == "stack-Managed"
    assert [group["GroupName"] for group in own.iam.list_groups_for_user(UserName="ann")["Groups"]] == ["stack-Group"]
    assert len(own.iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]) == 1
    profile = own.iam.get_instance_profile(InstanceProfileName="stack-Profile")["InstanceProfile"]
    assert profile["Roles"][0]["RoleName"] == "reader-dev"
    assert own.command("apply", "stack.yaml", "--account", ACCOUNT)[1].startswith("0 made, 0 changed")


def test_what_cannot_be_resolved_is_named(own):
    template = {
        "Parameters": {"Team": {"Type": "String"}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "User": {
                "Type": "AWS::IAM::User",
                "Properties": {
                    "UserName": {"Ref": "Team"},
                    "Policies": [
                        {
                            "PolicyName": "p",
                            "PolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": [
                                    {
                                        "Effect": "Allow",
                                        "Action": "sqs:*",
                                        "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
                                    }
                                ],
                            },
                        }
                    ],
                },
            },
        },
    }
    name = own.write("stack.json", json.dumps(template, indent=1))
    code, out, error = own.command("apply", name, "--account", ACCOUNT)
    assert (code, out) == (1, "")
    assert "cannot be resolved: Ref Team (" in error and "Fn::GetAtt Queue.Arn (" in error and "stack.json:" in error
    values = ["--value", "Team=blue", "--value", "Queue.Arn=arn:aws:sqs:us-east-1:1:q"]
    code, out, error = own.command("apply", name, "--account", ACCOUNT, *values)
    assert code == 0, error
    assert own.iam.get_user(UserName="blue")["User"]["UserName"] == "blue"


@pytest.mark.parametrize(
    "properties", [{"UserName": {"Ref": "A"}}, {"UserName": {"Fn::Sub": "${A}"}}, {"UserName": {"Fn::If": ["x", 1, 2]}}]
)
def test_a_circle_is_an_error(own, properties):
    template = {"Resources": {"A": {"Type": "AWS::IAM::User", "Properties": properties}}}
    code, _, error = own.command("apply", own.write("stack.json", template), "--account", ACCOUNT)
    assert code == 1 and "cannot be resolved" in error


def test_a_plan_of_terraform(own):
    code, out, error = own.command("apply", own.write("plan.json", PLAN), "--account", ACCOUNT)
    assert code == 0, error
    (attached,) = own.iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert attached["PolicyArn"] == f"arn:aws:iam::{ACCOUNT}:policy/own/p"
    assert own.iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "team", "Value": "blue"}]
    unknown = {**PLAN, "configuration": {}}
    code, _, error = own.command("apply", own.write("unknown.json", unknown), "--account", ACCOUNT)
    assert code == 1 and "policy_arn of aws_iam_role_policy_attachment.a" in error


def test_policies_are_tested_against_a_whole_account(own):
    suite = {
        "defaults": {"principal": "arn:aws:iam::000000000000:role/reader-dev"},
        "cases": [
            {
                "name": "reads reports",
                "request": {"action": "s3:GetObject", "resource": "arn:aws:s3:::reports-dev-000000000000/a"},
                "expect": "allowed",
            },
            {"name": "writes nothing", "request": {"action": "s3:PutObject"}, "expect": "implicitDeny"},
            {
                "name": "is ann's to assume",
                "request": {
                    "principal": "arn:aws:iam::000000000000:user/ann",
                    "action": "sts:AssumeRole",
                    "resource": "arn:aws:iam::000000000000:role/reader-dev",
                },
                "expect": "allowed",
            },
        ],
    }
    own.write("stack.yaml", TEMPLATE)
    own.write("role.test.json", suite)
    code, out, error = own.command("policy", "test", ".", "--account", "stack.yaml")
    assert code == 0, out + error
    assert out.endswith("3 passed, 0 failed\n")
    assert own.command("policy", "test", ".")[0] == 1, "without the account nobody has policies"
    assert own.command("policy", "test", ".", "--account", "no.yaml")[0] == 2


def test_a_difference_in_entities_and_permissions(own):
    own.command("apply", own.write("stack.yaml", TEMPLATE), "--account", ACCOUNT)
    own.own(f"snapshots/before?account={ACCOUNT}", "POST")
    assert own.command("diff", "server@before", "server", "--account", ACCOUNT) == (0, "", "")
    own.iam.put_user_policy(
        UserName="ann",
        PolicyName="p",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        ),
    )
    own.iam.delete_role_policy(RoleName="reader-dev", PolicyName="read")
    own.iam.create_user(UserName="new")
    requests = {
        "requests": [
            {"actions": ["s3:GetObject", "sqs:SendMessage"], "resources": [f"arn:aws:s3:::reports-dev-{ACCOUNT}/a"]}
        ]
    }
    name = own.write("requests.json", requests)
    code, out, error = own.command(
        "diff", "server@before", "server", "--account", ACCOUNT, "--requests", name
    )
    assert code == 1, error
    assert out.splitlines()[:3] == ["~ user ann: UserPolicyList", "+ user new", "~ role reader-dev: RolePolicyList"]
    resource = f"s3:GetObject on arn:aws:s3:::reports-dev-{ACCOUNT}/a by arn:aws:iam::{ACCOUNT}"
    assert f"- {resource}:role/reader-dev was allowed and would be denied" in out
    assert f"+ {resource}:user/ann was denied and would be allowed" in out
    assert "    before: Denied: no identity-based policy allows s3:GetObject" in out
    assert "sqs:SendMessage on" not in out
    code, out, _ = own.command("diff", "stack.yaml", "server@before", "--account", ACCOUNT)
    assert code == 0, out
    assert own.command("diff", "server@no", "server", "--account", ACCOUNT)[0] == 2
    assert own.command("diff", "no.yaml", "server")[0] == 2
