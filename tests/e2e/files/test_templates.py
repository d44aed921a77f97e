"""Infrastructure code becomes accounts, and what it would allow is judged before it is applied."""

import json

import pytest
from clients import Boto3
from server import Server, run

ACCOUNT = "111122223333"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
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


CONDITIONAL = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Arns: {Type: CommaDelimitedList, Default: "arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::aws:policy/IAMFullAccess"}
Mappings:
  Names: {dev: {admin: dev-admin}}
Conditions:
  IsProduction: !Equals [!Ref Stage, prod]
  IsTest: !Not [{Condition: IsProduction}]
  IsEither: !Or [!Condition IsProduction, !Condition IsTest]
  IsBoth: !And [!Condition IsProduction, !Condition IsTest]
Resources:
  Guard:
    Type: AWS::IAM::ManagedPolicy
    Condition: IsProduction
    Properties:
      ManagedPolicyName: guard
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Deny, Action: "*", Resource: "*"}]}
  User:
    Type: AWS::IAM::User
    Condition: IsEither
    Properties:
      UserName: !FindInMap [Names, !Ref Stage, admin, {DefaultValue: admin}]
      PermissionsBoundary: !If [IsProduction, !Ref Guard, !Ref "AWS::NoValue"]
      ManagedPolicyArns: !If [IsTest, !Ref Arns, [!Select [0, !Ref Arns]]]
      Path: !Sub ["/${Part}/", {Part: !Select [1, !Split ["-", !Join ["-", [a, !Ref Stage]]]]}]
  Never: {Type: AWS::IAM::User, Condition: IsBoth, Properties: {UserName: never}}
"""


@pytest.mark.parametrize(
    "stage, name, boundary, attached", [("dev", "dev-admin", None, 2), ("prod", "admin", "guard", 1)]
)
def test_conditions_are_resolved(own, stage, name, boundary, attached):
    own.write("stack.yaml", CONDITIONAL)
    code, out, error = own.command("apply", "stack.yaml", "--account", ACCOUNT, "--value", f"Stage={stage}")
    assert code == 0, error
    (user,) = own.iam.list_users()["Users"]
    assert (user["UserName"], user["Path"]) == (name, f"/{stage}/")
    shown = own.iam.get_user(UserName=name)["User"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    assert shown == (boundary and f"arn:aws:iam::{ACCOUNT}:policy/{boundary}")
    assert len(own.iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]) == attached
    assert len(own.iam.list_policies(Scope="Local")["Policies"]) == (1 if boundary else 0)


@pytest.mark.parametrize(
    "change, named",
    [
        (("!Equals [!Ref Stage, prod]", "!Equals [!Ref Nothing, prod]"), "Ref Nothing"),
        (("!Equals [!Ref Stage, prod]", "!Condition IsTest"), "the condition IsTest"),
        (("Condition: IsBoth", "Condition: Unknown"), "the condition Unknown"),
        (("!If [IsTest, !Ref Arns, [!Select [0, !Ref Arns]]]", "[!Ref Never]"), "Ref Never"),
        (("Type: CommaDelimitedList", 'Type: "AWS::SSM::Parameter::Value<String>"'), "Ref Arns"),
        (("UserName: never", 'UserName: "{{resolve:ssm:name}}"}}\n  X: {Type: AWS::IAM::User, Properties: {UserName: "{{resolve:ssm:name}}"'), "{{resolve:ssm:name}}"),
        (('{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "*", Resource: "*"}]}', '{"Fn::ToJsonString": {}}'), None),
        (("  Never:", "  Fn::ForEach::Users: [Name, [a], {}]\n  Never:"), "Fn::ForEach::Users"),
    ],
)
def test_what_a_condition_needs_is_named(own, change, named):
    assert change[0] in CONDITIONAL
    own.write("stack.yaml", CONDITIONAL.replace(*change))
    code, out, error = own.command("apply", "stack.yaml", "--account", ACCOUNT)
    if named is None:
        assert code == 0, "what is not made needs nothing"
    else:
        assert (code, out) == (1, "") and "cannot be resolved: " in error and named in error, error
        assert own.iam.list_users()["Users"] == []


def test_a_value_that_nothing_asks_for_is_named(own):
    own.write("stack.yaml", CONDITIONAL)
    code, out, error = own.command("apply", "stack.yaml", "--account", ACCOUNT, "--value", "Stge=prod", "--value", "Stage=dev")
    assert code == 0 and out.count("nothing asks for this value") == 1 and "--value Stge: " in out, out + error


def chain(length, first, step):
    """Members that each use the one before twice, `x0` to `x<length>`."""
    return "".join(f"  x{n}: {step.format(before=f'x{n - 1}') if n else first}\n" for n in range(length + 1))


USERS = "Resources:\n  User: {Type: AWS::IAM::User, Condition: %s, Properties: {UserName: bob}}\n"


@pytest.mark.parametrize("operator", ["And", "Or"])
def test_conditions_that_use_each_other_often_are_evaluated_once(own, operator):
    step = f"!{operator} [!Condition {{before}}, !Condition {{before}}]"
    own.write("stack.yaml", "Conditions:\n" + chain(40, "!Equals [a, a]", step) + USERS % "x40")
    code, out, error = own.command("apply", "stack.yaml", "--account", ACCOUNT)
    assert code == 0 and "1 made" in out, error


@pytest.mark.parametrize(
    "first, named",
    [("!Equals [!Ref Missing, a]", "Ref Missing"), ("!And [!Condition x40, !Condition x39]", "the condition x40")],
)
def test_conditions_without_an_end_are_named_once(own, first, named):
    step = "!And [!Condition {before}, !Condition {before}]"
    own.write("stack.yaml", "Conditions:\n" + chain(40, first, step) + USERS % "x40")
    code, out, error = own.command("apply", "stack.yaml", "--account", ACCOUNT)
    assert (code, out) == (1, "") and "cannot be resolved: " in error and named in error
    assert len(error) < 5000


@pytest.mark.parametrize("step", ['!Sub "${{{before}}}${{{before}}}"', '!Join ["", [!Ref {before}, !Ref {before}]]'])
def test_texts_that_double_again_and_again_are_refused(own, step):
    users = chain(60, "{Type: AWS::IAM::User, Properties: {UserName: a}}", f"{{{{Type: AWS::IAM::User, Properties: {{{{UserName: {step}}}}}}}}}")
    own.write("stack.yaml", "Resources:\n" + users)
    code, out, error = own.command("apply", "stack.yaml", "--account", ACCOUNT)
    assert (code, out) == (1, "") and "expressions use each other so often" in error, error[:2000]
    assert own.iam.list_users()["Users"] == []


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


def test_pruning_takes_away_what_a_template_gives_no_longer(own):
    boundary = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"ManagedPolicyName": "b", "PolicyDocument": DOCUMENT}}
    user = {"UserName": "ann", "Groups": ["g"], "PermissionsBoundary": {"Ref": "B"}}
    role = {"RoleName": "r", "AssumeRolePolicyDocument": {**DOCUMENT, "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}]}}
    inline = {"PolicyName": "p", "PolicyDocument": DOCUMENT}
    resources = {
        "G": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "g", "Policies": [inline]}},
        "U": {"Type": "AWS::IAM::User", "Properties": {**user, "ManagedPolicyArns": [ADMINISTRATOR]}},
        "R": {"Type": "AWS::IAM::Role", "Properties": {**role, "ManagedPolicyArns": [ADMINISTRATOR]}},
        "P": {"Type": "AWS::IAM::Policy", "Properties": {**inline, "Roles": ["r"], "Users": ["ann"]}},
        "B": boundary,
    }
    apply = ("apply", "stack.json", "--account", ACCOUNT)
    own.write("stack.json", {"Resources": resources})
    assert own.command(*apply)[0] == 0
    bare = {
        "G": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "g"}},
        "U": {"Type": "AWS::IAM::User", "Properties": {"UserName": "ann"}},
        "R": {"Type": "AWS::IAM::Role", "Properties": role},
    }
    own.write("stack.json", {"Resources": bare})
    assert own.command(*apply)[1] == "0 made, 0 changed, 0 removed, 3 left\n"
    code, out, error = own.command(*apply, "--prune")
    assert code == 0, error
    user = own.iam.get_user(UserName="ann")["User"]
    assert "PermissionsBoundary" not in user and own.iam.list_groups_for_user(UserName="ann")["Groups"] == []
    for kind, name in (("user", {"UserName": "ann"}), ("role", {"RoleName": "r"}), ("group", {"GroupName": "g"})):
        assert getattr(own.iam, f"list_attached_{kind}_policies")(**name)["AttachedPolicies"] == []
        assert getattr(own.iam, f"list_{kind}_policies")(**name)["PolicyNames"] == []
    assert f"- {ACCOUNT} policy b\n" in out


@pytest.mark.parametrize(
    "resource, error",
    [
        ({"Type": "AWS::IAM::User", "Properties": {"PermissionBoundary": ADMINISTRATOR}}, "AWS::IAM::User has no property PermissionBoundary"),
        (
            {"Type": "AWS::IAM::Group", "Properties": {"ManagedPolicyArns": [{"Fn::Join": ["", ["{{res", "olve:ssm:x}}"]]}]}},
            "cannot be resolved: {{resolve:ssm:x}}",
        ),
    ],
)
def test_what_would_bound_or_mean_nothing_is_refused(own, resource, error):
    own.write("stack.json", {"Resources": {"R": resource}})
    code, out, errors = own.command("apply", "stack.json", "--account", ACCOUNT)
    assert (code, out) == (1, "") and error in errors, errors


def test_scalars_of_a_template_are_written_either_way(own):
    trust = {**DOCUMENT, "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}]}
    role = {"RoleName": "r", "AssumeRolePolicyDocument": trust, "Tags": [{"Key": "a", "Value": 5}, {"Key": "b", "Value": True}]}
    profile = {"Password": "Correct-horse-1", "PasswordResetRequired": "true"}
    for duration in ("7200", 7200, {"Ref": "Seconds"}):
        template = {
            "Parameters": {"Seconds": {"Type": "Number", "Default": 7200}},
            "Resources": {
                "R": {"Type": "AWS::IAM::Role", "Properties": {**role, "MaxSessionDuration": duration}},
                "U": {"Type": "AWS::IAM::User", "Properties": {"UserName": "u", "LoginProfile": profile}},
            },
        }
        code, _, error = own.command("apply", own.write("stack.json", template), "--account", ACCOUNT)
        assert code == 0, error
    shown = own.iam.get_role(RoleName="r")["Role"]
    assert shown["MaxSessionDuration"] == 7200
    assert shown["Tags"] == [{"Key": "a", "Value": "5"}, {"Key": "b", "Value": "true"}]
    assert own.iam.get_login_profile(UserName="u")["LoginProfile"]["PasswordResetRequired"] is True
    for wrong in ("7200.5", "long", [7200]):
        template["Resources"]["R"]["Properties"]["MaxSessionDuration"] = wrong
        assert own.command("apply", own.write("stack.json", template), "--account", ACCOUNT)[0] == 1, wrong


def test_a_plan_of_terraform(own):
    code, out, error = own.command("apply", own.write("plan.json", PLAN), "--account", ACCOUNT)
    assert code == 0, error
    (attached,) = own.iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert attached["PolicyArn"] == f"arn:aws:iam::{ACCOUNT}:policy/own/p"
    assert own.iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "team", "Value": "blue"}]
    unknown = {**PLAN, "configuration": {}}
    code, _, error = own.command("apply", own.write("unknown.json", unknown), "--account", ACCOUNT)
    assert code == 1 and "aws_iam_role_policy_attachment.a.policy_arn" in error


def test_the_tags_of_the_provider_are_tags_of_the_resource(own):
    """`default_tags` are in `tags_all` alone."""
    every = {"team": "red", "stage": "prod"}
    users = {
        "both": {"tags": {"team": "red"}, "tags_all": every},
        "default": {"tags": None, "tags_all": {"stage": "prod"}},
        "old": {"tags": {"team": "red"}},
        # The provider computes what is not configured.
        "none": {},
    }
    resources = [managed(f"aws_iam_user.{name}", name=name, **tags) for name, tags in users.items()]
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [{"address": "aws_iam_user.none", "change": {"after_unknown": {"tags_all": True}}}],
        "configuration": {"root_module": {"resources": [refers("aws_iam_user.none")]}},
    }
    code, _, error = own.command("apply", own.write("plan.json", plan), "--account", ACCOUNT)
    assert code == 0, error
    tags = lambda name: {tag["Key"]: tag["Value"] for tag in own.iam.list_user_tags(UserName=name)["Tags"]}
    assert [tags(name) for name in users] == [every, {"stage": "prod"}, {"team": "red"}, {}]
    plan["configuration"]["root_module"]["resources"] = [refers("aws_iam_user.none", tags=["local.tags"])]
    code, _, error = own.command("apply", own.write("plan.json", plan), "--account", ACCOUNT)
    assert code == 1 and "aws_iam_user.none.tags" in error, error


def managed(address, **values):
    """A resource of a plan, by its address."""
    kind = next(part for part in address.split(".") if part.startswith("aws_iam_"))
    return {"address": address, "mode": "managed", "type": kind, "values": values}


def refers(address, **arguments):
    """The configuration of a resource: what each argument refers to."""
    expressions = {name: {"references": references} for name, references in arguments.items()}
    return {"address": address, "expressions": expressions}


ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
TRUST = PLAN["planned_values"]["root_module"]["resources"][0]["values"]["assume_role_policy"]


def plan_of_modules():
    """A role in a module that is called for each team, whose policies are made with `count` in another module."""
    teams = {name: f'module.team["{name}"]' for name in ("red", "a.b")}
    children = []
    for name, team in teams.items():
        role = managed(f"{team}.aws_iam_role.r", name=name, assume_role_policy=TRUST)
        attachments = [managed(f"{team}.aws_iam_role_policy_attachment.a[{n}]", role=name) for n in (0, 1)]
        children.append({"address": team, "resources": [role, *attachments]})
    policies = [managed(f"module.policies.aws_iam_policy.p[{n}]", name=f"p{n}", path="/own/", policy=ALLOW) for n in (0, 1)]
    children.append({"address": "module.policies", "resources": policies})
    users = [managed(f'aws_iam_user.u["{name}"]', name=name) for name in ("ann", "bob")]
    users.append(managed('aws_iam_user_policy_attachment.u["ann"]', user="ann"))
    users.append(managed('aws_iam_user_policy.inline["bob"]', name="inline", policy=ALLOW))
    first = ["aws_iam_policy.p[0].arn", "aws_iam_policy.p[0]", "aws_iam_policy.p"]
    team = {"resources": [refers("aws_iam_role.r"), refers("aws_iam_role_policy_attachment.a", policy_arn=["var.arn"])]}
    of_policies = {"outputs": {"first": {"expression": {"references": first}}}, "resources": [refers("aws_iam_policy.p")]}
    output = ["module.policies.first", "module.policies"]
    configuration = {
        "resources": [
            refers("aws_iam_user_policy_attachment.u", policy_arn=output),
            refers("aws_iam_user_policy.inline", user=["aws_iam_user.u", "each.key"]),
        ],
        "module_calls": {
            "team": {"expressions": {"arn": {"references": output}}, "module": team},
            "policies": {"module": of_policies},
        },
    }
    unknown = {
        "aws_iam_role": {"managed_policy_arns": True, "arn": True},
        "aws_iam_user_policy": {"user": True},
        "aws_iam_role_policy_attachment": {"policy_arn": True, "id": True},
        "aws_iam_user_policy_attachment": {"policy_arn": True, "id": True},
    }
    every = users + [resource for child in children for resource in child["resources"]]
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": users, "child_modules": children}},
        "resource_changes": [
            {"address": one["address"], "change": {"after_unknown": unknown.get(one["type"], {})}} for one in every
        ],
        "configuration": {"root_module": configuration},
    }


def test_a_plan_with_modules_and_many_instances(own):
    plan = plan_of_modules()
    code, out, error = own.command("apply", own.write("plan.json", plan), "--account", ACCOUNT)
    assert code == 0, error
    arn = f"arn:aws:iam::{ACCOUNT}:policy/own/p0"
    assert [role["RoleName"] for role in own.iam.list_roles()["Roles"]] == ["a.b", "red"]
    for role in own.iam.list_roles()["Roles"]:
        attached = own.iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
        assert [policy["PolicyArn"] for policy in attached] == [arn]
    assert own.iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"][0]["PolicyArn"] == arn
    assert own.iam.list_user_policies(UserName="bob")["PolicyNames"] == ["inline"]


@pytest.mark.parametrize(
    "references", [["aws_iam_policy.p"], ["aws_iam_policy.p[0].arn", "aws_iam_policy.p[1].arn"], ["local.arn"], ["aws_iam_policy.p[0].name"]]
)
def test_what_may_refer_to_several_resources_is_not_guessed(own, references):
    plan = plan_of_modules()
    outputs = plan["configuration"]["root_module"]["module_calls"]["policies"]["module"]["outputs"]
    outputs["first"]["expression"]["references"] = references
    code, out, error = own.command("apply", own.write("plan.json", plan), "--account", ACCOUNT)
    assert (code, out) == (1, "")
    assert 'module.team["red"].aws_iam_role_policy_attachment.a[0].policy_arn' in error


def test_what_a_plan_does_not_know_is_named_and_can_be_given(own):
    role = managed("aws_iam_role.r", assume_role_policy=TRUST)
    user = managed("aws_iam_user.u", name="ann")
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [role, user, managed("aws_iam_role_policy.p", name="p")]}},
        "resource_changes": [
            {"address": "aws_iam_role.r", "change": {"after_unknown": {"name": True, "inline_policy": True}}},
            {"address": "aws_iam_role_policy.p", "change": {"after_unknown": {"policy": True, "role": True}}},
            {"address": "aws_iam_user.u", "change": {"after_unknown": {"permissions_boundary": True}}},
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    refers("aws_iam_role.r", name_prefix=[]),
                    refers("aws_iam_role_policy.p", policy=["aws_s3_bucket.b.arn"], role=["aws_iam_role.r.id", "aws_iam_role.r"]),
                    refers("aws_iam_user.u", permissions_boundary=["data.aws_iam_policy.p.arn"]),
                ]
            }
        },
    }
    own.write("plan.json", plan)
    code, _, error = own.command("apply", "plan.json", "--account", ACCOUNT)
    assert code == 1
    for named in ("aws_iam_role_policy.p.policy (", "aws_iam_role_policy.p.role (", "aws_iam_user.u.permissions_boundary ("):
        assert named in error, error
    values = {
        "aws_iam_role.r.name": "r-1",
        "aws_iam_role_policy.p.policy": ALLOW,
        "aws_iam_user.u.permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    }
    flags = [flag for name, value in values.items() for flag in ("--value", f"{name}={value}")]
    code, _, error = own.command("apply", "plan.json", "--account", ACCOUNT, *flags)
    assert code == 0, error
    assert own.iam.list_role_policies(RoleName="r-1")["PolicyNames"] == ["p"]
    assert own.iam.get_user(UserName="ann")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("/ReadOnlyAccess")


def test_a_state_says_its_account(own):
    policy = managed("aws_iam_policy.p", name="p", path="/", policy=ALLOW, arn="arn:aws:iam::999988887777:policy/p")
    user = managed("module.m.aws_iam_user.u", name="ann", path="/", arn="arn:aws:iam::999988887777:user/ann")
    attachment = managed("aws_iam_user_policy_attachment.a", user="ann", policy_arn="arn:aws:iam::999988887777:policy/p")
    child = {"address": "module.m", "resources": [user]}
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [policy, attachment], "child_modules": [child]}}}
    own.write("state.json", state)
    for account, flags in (("999988887777", []), (ACCOUNT, ["--account", ACCOUNT])):
        code, _, error = own.command("apply", "state.json", *flags)
        assert code == 0, error
        attached = Boto3(own.endpoint, account).iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"]
        assert [one["PolicyArn"] for one in attached] == [f"arn:aws:iam::{account}:policy/p"]


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
    later, earlier = "server@2999-01-01T00:00:00Z", "server@2000-01-01T00:00:00Z"
    assert own.command("diff", "server@before", later, "--account", ACCOUNT) == (0, "", "")
    assert own.command("diff", earlier, "server", "--account", ACCOUNT)[0] == 2
    assert own.command("diff", "no.yaml", "server")[0] == 2
    requests["requests"][0]["principals"] = [f"arn:aws:iam::{ACCOUNT}:user/an"]
    code, _, error = own.command(
        "diff", "server@before", "server", "--account", ACCOUNT, "--requests", own.write("requests.json", requests)
    )
    assert code == 2 and f"neither account has the principal arn:aws:iam::{ACCOUNT}:user/an" in error


def test_what_principals_asked_for_is_asked_again(own):
    """Requests come from the audit trail: those of users and of sessions of roles, allowed or denied."""
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:GetUser", "sts:AssumeRole"], "Resource": "*"}]}
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}]}
    own.iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    own.iam.create_user(UserName="ann")
    own.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=json.dumps(allow))
    ann = Boto3(own.endpoint, ACCOUNT).using(own.iam.create_access_key(UserName="ann")["AccessKey"])
    session = ann.sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="session")["Credentials"]
    for client in (ann, ann.using(session)):
        for call in (lambda: client.iam.get_user(UserName="ann"), client.iam.list_users):
            try:
                call()
            except client.iam.exceptions.ClientError as error:
                assert "AccessDenied" in str(error)
    own.own(f"snapshots/before?account={ACCOUNT}", "POST")
    ours = ["--account", ACCOUNT, "--recorded"]
    assert own.command("diff", "server@before", "server", *ours) == (0, "", "")
    changed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}]}
    own.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=json.dumps(changed))
    own.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(allow))
    code, out, error = own.command("diff", "server@before", "server", *ours)
    assert code == 1, error
    user, role = f"by arn:aws:iam::{ACCOUNT}:user/ann", f"by arn:aws:iam::{ACCOUNT}:role/r"
    got = f"iam:GetUser on arn:aws:iam::{ACCOUNT}:user/ann"
    changes = {line.split(" was ")[0] for line in out.splitlines() if line[:1] in "+-" and " on " in line}
    listed = f"iam:ListUsers on arn:aws:iam::{ACCOUNT}:user/"
    assumed = f"sts:AssumeRole on arn:aws:iam::{ACCOUNT}:role/r"
    assert changes == {f"- {got} {user}", f"- {assumed} {user}", f"+ {listed} {user}", f"+ {got} {role}"}, out
    assert own.command("diff", "server@before", "server", *ours, "--since", "2999-01-01T00:00:00Z")[1].count(" on ") == 0
    status, recorded = own.own(f"requests?account={ACCOUNT}")
    own.write("requests.json", recorded)
    again = own.command("diff", "server@before", "server", "--account", ACCOUNT, "--requests", "requests.json")
    assert status == 200 and again == (code, out, error)
    assert own.own("requests?since=x")[0] == own.own("requests?account=1")[0] == 400
