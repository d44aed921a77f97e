"""Makes an account as large as a real one, in the form of AWS's authorization details."""

import random

CREATED = "2024-02-29T10:00:00+00:00"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SERVICES = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "dynamodb:GetItem", "iam:GetUser", "ec2:RunInstances"]
AWS_POLICIES = ["ReadOnlyAccess", "IAMReadOnlyAccess", "AmazonS3ReadOnlyAccess"]


class Generator:
    """An account with so many of each kind; the same seed gives the same account."""

    def __init__(self, account, users=300, roles=200, policies=400, groups=30, seed=1):
        self.account = account
        self.random = random.Random(seed)
        self.policy_names = [f"policy-{n}" for n in range(policies)]
        self.group_names = [f"group-{n}" for n in range(groups)]
        self.user_names = [f"user-{n}" for n in range(users)]
        self.role_names = [f"role-{n}" for n in range(roles)]

    def unique_id(self, prefix):
        return prefix + "".join(self.random.choices(ALPHABET, k=17))

    def arn(self, kind, name, path="/"):
        return f"arn:aws:iam::{self.account}:{kind}{path}{name}"

    def document(self):
        statements = []
        for _ in range(self.random.randint(1, 4)):
            statement = {
                "Effect": self.random.choice(["Allow", "Allow", "Allow", "Deny"]),
                "Action": self.random.sample(SERVICES, self.random.randint(1, 3)),
                "Resource": self.random.choice(["*", "arn:aws:s3:::data/*", "arn:aws:sqs:*:*:jobs"]),
            }
            if self.random.random() < 0.3:
                condition = {"StringEquals": {"aws:PrincipalTag/team": self.random.choice(["red", "blue"])}}
                statement["Condition"] = condition
            statements.append(statement)
        return {"Version": "2012-10-17", "Statement": statements}

    def attached(self):
        own = [(name, self.arn("policy", name, "/own/")) for name in self.random.sample(self.policy_names, 3)]
        name = self.random.choice(AWS_POLICIES)
        every = [*own, (name, f"arn:aws:iam::aws:policy/{name}")]
        return [{"PolicyName": name, "PolicyArn": arn} for name, arn in every]

    def inline(self):
        count = self.random.choice([0, 0, 1, 2])
        return [{"PolicyName": f"inline-{n}", "PolicyDocument": self.document()} for n in range(count)]

    def tags(self):
        return [{"Key": "team", "Value": self.random.choice(["red", "blue"])}]

    def policy(self, name):
        version = {"Document": self.document(), "VersionId": "v3", "IsDefaultVersion": True, "CreateDate": CREATED}
        older = {**version, "Document": self.document(), "VersionId": "v1", "IsDefaultVersion": False}
        return {
            "PolicyName": name,
            "PolicyId": self.unique_id("ANPA"),
            "Arn": self.arn("policy", name, "/own/"),
            "Path": "/own/",
            "DefaultVersionId": "v3",
            "AttachmentCount": 0,
            "IsAttachable": True,
            "CreateDate": CREATED,
            "UpdateDate": "2024-03-01T10:00:00+00:00",
            "PolicyVersionList": [version, older],
        }

    def user(self, name):
        user = {
            "Path": "/people/",
            "UserName": name,
            "UserId": self.unique_id("AIDA"),
            "Arn": self.arn("user", name, "/people/"),
            "CreateDate": CREATED,
            "GroupList": self.random.sample(self.group_names, 2),
            "AttachedManagedPolicies": self.attached(),
            "Tags": self.tags(),
        }
        if inline := self.inline():
            user["UserPolicyList"] = inline
        if self.random.random() < 0.2:
            arn = self.arn("policy", self.random.choice(self.policy_names), "/own/")
            user["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
        return user

    def role(self, name):
        other = self.random.choice(self.role_names)
        principal = self.random.choice(
            [
                {"Service": "ec2.amazonaws.com"},
                {"AWS": self.arn("role", other, "/roles/")},
                {"AWS": self.arn("user", self.random.choice(self.user_names), "/people/")},
                {"AWS": "AIDA" + "A" * 17},
                {"AWS": "arn:aws:iam::999988887777:role/vendor"},
            ]
        )
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        profile = {
            "Path": "/",
            "InstanceProfileName": name,
            "InstanceProfileId": self.unique_id("AIPA"),
            "Arn": self.arn("instance-profile", name),
            "CreateDate": CREATED,
            "Roles": [{"RoleName": name}],
        }
        return {
            "Path": "/roles/",
            "RoleName": name,
            "RoleId": self.unique_id("AROA"),
            "Arn": self.arn("role", name, "/roles/"),
            "CreateDate": CREATED,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "InstanceProfileList": [profile] if principal.get("Service") else [],
            "RolePolicyList": self.inline(),
            "AttachedManagedPolicies": self.attached(),
            "Tags": self.tags(),
            "RoleLastUsed": {},
        }

    def service_linked_role(self):
        name, service = "AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com"
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        policy = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"
        return {
            **self.role(name),
            "Path": f"/aws-service-role/{service}/",
            "Arn": self.arn("role", name, f"/aws-service-role/{service}/"),
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "InstanceProfileList": [],
            "RolePolicyList": [],
            "AttachedManagedPolicies": [{"PolicyName": "AutoScalingServiceRolePolicy", "PolicyArn": policy}],
            "Tags": [],
        }

    def group(self, name):
        return {
            "Path": "/",
            "GroupName": name,
            "GroupId": self.unique_id("AGPA"),
            "Arn": self.arn("group", name),
            "CreateDate": CREATED,
            "GroupPolicyList": self.inline(),
            "AttachedManagedPolicies": self.attached(),
        }

    def details(self):
        return {
            "UserDetailList": [self.user(name) for name in self.user_names],
            "GroupDetailList": [self.group(name) for name in self.group_names],
            "RoleDetailList": [self.role(name) for name in self.role_names] + [self.service_linked_role()],
            "Policies": [self.policy(name) for name in self.policy_names],
        }
