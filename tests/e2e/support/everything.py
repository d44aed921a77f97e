"""A life of an account that calls every operation once at least. `as_root` and all that follow are clients with a
method `call(service, operation, **parameters)`; aws-cli and boto3 live the same life."""

import base64
import hashlib
import hmac
import json
import pathlib
import struct
import time

from delegation import delegation
from federation import federation
from tagging import TAGS, tagged

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"

READ = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}})
ALL = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trust(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def live(root, idp):
    """Calls every operation and returns the set of those called; `idp` is an identity provider."""
    called = set()
    iam, sts = caller(root, "iam", called), caller(root, "sts", called)
    account = sts("GetCallerIdentity")["Account"]
    users_and_groups(iam, account)
    policies(iam, account)
    roles(iam, account)
    credentials(root, iam, called)
    sessions(root, iam, sts, called, account)
    devices(iam)
    keys_and_certificates(iam)
    federation(root, iam, sts, idp, account)
    delegation(lambda client, service: caller(client, service, called), root, iam, account)
    the_account(iam)
    organization(iam, called)
    root_session(sts, account)
    reports(iam, account)
    simulations(iam, account)
    decoded(sts)
    return called


def caller(client, service, called):
    def call(operation, **parameters):
        called.add(operation)
        return client.call(service, operation, **parameters)

    return call


def users_and_groups(iam, account):
    made = iam("CreateUser", UserName="Bob", Path="/staff/", Tags=TAGS)["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/staff/Bob"
    iam("CreateGroup", GroupName="admins", Path="/g/")
    iam("AddUserToGroup", GroupName="admins", UserName="bob")
    assert [user["UserName"] for user in iam("GetGroup", GroupName="admins")["Users"]] == ["Bob"]
    assert [group["GroupName"] for group in iam("ListGroupsForUser", UserName="Bob")["Groups"]] == ["admins"]
    iam("RemoveUserFromGroup", GroupName="admins", UserName="Bob")
    iam("UpdateGroup", GroupName="admins", NewGroupName="owners")
    assert [group["GroupName"] for group in iam("ListGroups")["Groups"]] == ["owners"]
    iam("UpdateUser", UserName="Bob", NewUserName="Robert")
    assert iam("GetUser", UserName="robert")["User"]["UserId"] == made["UserId"]
    assert [user["UserName"] for user in iam("ListUsers", PathPrefix="/staff/")["Users"]] == ["Robert"]
    tagged(iam, "User", UserName="Robert")
    for kind, name in (("User", "Robert"), ("Group", "owners")):
        inline(iam, kind, name)
        attached(iam, kind, name)
    bounded(iam, "User", "Robert")
    iam("DeleteGroup", GroupName="owners")
    iam("DeleteUser", UserName="Robert")


def inline(iam, kind, name):
    of = {f"{kind}Name": name}
    iam(f"Put{kind}Policy", PolicyName="read", PolicyDocument=READ, **of)
    assert iam(f"List{kind}Policies", **of)["PolicyNames"] == ["read"]
    document = iam(f"Get{kind}Policy", PolicyName="read", **of)["PolicyDocument"]
    assert document == json.loads(READ)
    iam(f"Delete{kind}Policy", PolicyName="read", **of)


def attached(iam, kind, name):
    of = {f"{kind}Name": name}
    iam(f"Attach{kind}Policy", PolicyArn=MANAGED, **of)
    policies = iam(f"ListAttached{kind}Policies", **of)["AttachedPolicies"]
    assert policies == [{"PolicyName": "ReadOnlyAccess", "PolicyArn": MANAGED}]
    iam(f"Detach{kind}Policy", PolicyArn=MANAGED, **of)


def bounded(iam, kind, name):
    of = {f"{kind}Name": name}
    iam(f"Put{kind}PermissionsBoundary", PermissionsBoundary=MANAGED, **of)
    boundary = iam(f"Get{kind}", **of)[kind]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == MANAGED
    iam(f"Delete{kind}PermissionsBoundary", **of)


def policies(iam, account):
    made = iam("CreatePolicy", PolicyName="reader", PolicyDocument=READ, Description="reads", Tags=TAGS)["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{account}:policy/reader"
    version = iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=ALL)["PolicyVersion"]
    assert (version["VersionId"], version["IsDefaultVersion"]) == ("v2", False)
    iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v2")
    assert iam("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    assert iam("GetPolicyVersion", PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(ALL)
    versions = iam("ListPolicyVersions", PolicyArn=arn)["Versions"]
    assert {each["VersionId"] for each in versions} == {"v1", "v2"}
    iam("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")
    tagged(iam, "Policy", PolicyArn=arn)
    iam("CreateUser", UserName="eve")
    iam("AttachUserPolicy", UserName="eve", PolicyArn=arn)
    entities = iam("ListEntitiesForPolicy", PolicyArn=arn)
    assert [user["UserName"] for user in entities["PolicyUsers"]] == ["eve"]
    assert [policy["PolicyName"] for policy in iam("ListPolicies", Scope="Local")["Policies"]] == ["reader"]
    granting = iam("ListPoliciesGrantingServiceAccess", Arn=f"arn:aws:iam::{account}:user/eve", ServiceNamespaces=["s3"])
    assert granting["PoliciesGrantingServiceAccess"][0]["Policies"][0]["PolicyName"] == "reader"
    iam("DetachUserPolicy", UserName="eve", PolicyArn=arn)
    iam("DeleteUser", UserName="eve")
    iam("DeletePolicy", PolicyArn=arn)


def roles(iam, account):
    made = iam("CreateRole", RoleName="deploy", AssumeRolePolicyDocument=trust({"AWS": account}), Tags=TAGS)["Role"]
    assert made["Arn"] == f"arn:aws:iam::{account}:role/deploy"
    iam("UpdateAssumeRolePolicy", RoleName="deploy", PolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam("UpdateRole", RoleName="deploy", Description="deploys", MaxSessionDuration=7200)
    assert iam("UpdateRoleDescription", RoleName="deploy", Description="d")["Role"]["Description"] == "d"
    assert iam("GetRole", RoleName="deploy")["Role"]["MaxSessionDuration"] == 7200
    assert "deploy" in [role["RoleName"] for role in iam("ListRoles")["Roles"]]
    tagged(iam, "Role", RoleName="deploy")
    inline(iam, "Role", "deploy")
    attached(iam, "Role", "deploy")
    bounded(iam, "Role", "deploy")
    iam("CreateInstanceProfile", InstanceProfileName="web", Tags=TAGS)
    tagged(iam, "InstanceProfile", InstanceProfileName="web")
    iam("AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="deploy")
    profile = iam("GetInstanceProfile", InstanceProfileName="web")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["deploy"]
    assert len(iam("ListInstanceProfiles")["InstanceProfiles"]) == 1
    assert len(iam("ListInstanceProfilesForRole", RoleName="deploy")["InstanceProfiles"]) == 1
    iam("RemoveRoleFromInstanceProfile", InstanceProfileName="web", RoleName="deploy")
    iam("DeleteInstanceProfile", InstanceProfileName="web")
    iam("DeleteRole", RoleName="deploy")
    linked = iam("CreateServiceLinkedRole", AWSServiceName="autoscaling.amazonaws.com")["Role"]["RoleName"]
    task = iam("DeleteServiceLinkedRole", RoleName=linked)["DeletionTaskId"]
    assert iam("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"] == "SUCCEEDED"


def credentials(root, iam, called):
    iam("CreateUser", UserName="ann")
    key = iam("CreateAccessKey", UserName="ann")["AccessKey"]
    assert [each["AccessKeyId"] for each in iam("ListAccessKeys", UserName="ann")["AccessKeyMetadata"]] == [key["AccessKeyId"]]
    iam("PutUserPolicy", UserName="ann", PolicyName="all", PolicyDocument=ALL)
    ann = caller(root.using(key), "iam", called)
    iam("UpdateAccountPasswordPolicy", MinimumPasswordLength=12, AllowUsersToChangePassword=True)
    assert iam("GetAccountPasswordPolicy")["PasswordPolicy"]["MinimumPasswordLength"] == 12
    iam("CreateLoginProfile", UserName="ann", Password="correct horse battery", PasswordResetRequired=True)
    ann("ChangePassword", OldPassword="correct horse battery", NewPassword="staple battery horse")
    iam("UpdateLoginProfile", UserName="ann", Password="another long password")
    assert iam("GetLoginProfile", UserName="ann")["LoginProfile"]["UserName"] == "ann"
    iam("DeleteLoginProfile", UserName="ann")
    iam("DeleteAccountPasswordPolicy")
    used = iam("GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == ("ann", "iam")
    iam("UpdateAccessKey", UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    iam("DeleteAccessKey", UserName="ann", AccessKeyId=key["AccessKeyId"])
    iam("DeleteUserPolicy", UserName="ann", PolicyName="all")
    iam("DeleteUser", UserName="ann")


def sessions(root, iam, sts, called, account):
    role = iam("CreateRole", RoleName="reader", AssumeRolePolicyDocument=trust({"AWS": account}))["Role"]["Arn"]
    iam("PutRolePolicy", RoleName="reader", PolicyName="all", PolicyDocument=ALL)
    iam("CreateUser", UserName="joe")
    iam("PutUserPolicy", UserName="joe", PolicyName="all", PolicyDocument=ALL)
    key = iam("CreateAccessKey", UserName="joe")["AccessKey"]
    assert sts("GetAccessKeyInfo", AccessKeyId=key["AccessKeyId"])["Account"] == account
    joe = caller(root.using(key), "sts", called)
    for answer, arn in (
        (joe("AssumeRole", RoleArn=role, RoleSessionName="session"), f"arn:aws:sts::{account}:assumed-role/reader/session"),
        (joe("GetSessionToken", DurationSeconds=900), f"arn:aws:iam::{account}:user/joe"),
        (joe("GetFederationToken", Name="fed", Policy=READ), f"arn:aws:sts::{account}:federated-user/fed"),
    ):
        session = caller(root.using(answer["Credentials"]), "sts", called)
        assert session("GetCallerIdentity")["Arn"] == arn
    narrowed = joe("AssumeRole", RoleArn=role, RoleSessionName="session")["Credentials"]
    scoped = caller(root.using(narrowed), "sts", called)("GetScopedCredentials", Policy=READ, DurationSeconds=60)
    assert (scoped["ScopedPoliciesCount"], scoped["SessionInfo"]["Arn"].split("/")[-1]) == (1, "session")


def the_account(iam):
    iam("CreateAccountAlias", AccountAlias="a-test-alias")
    assert iam("ListAccountAliases")["AccountAliases"] == ["a-test-alias"]
    iam("DeleteAccountAlias", AccountAlias="a-test-alias")
    iam("SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v2Token")
    summary = iam("GetAccountSummary")["SummaryMap"]
    assert (summary["Roles"], summary["Groups"], summary["Policies"]) == (1, 0, 0)
    assert summary["GlobalEndpointTokenVersion"] == 2
    details = iam("GetAccountAuthorizationDetails", Filter=["User", "Role"])
    assert "joe" in [user["UserName"] for user in details["UserDetailList"]]
    iam("PutAccountProperties", Properties={"RoleManager/Enabled": "false"})
    assert iam("GetAccountProperties")["Properties"] == {"RoleManager/Enabled": "false"}


def reports(iam, account):
    while iam("GenerateCredentialReport")["State"] != "COMPLETE":
        time.sleep(0.1)
    assert iam("GetCredentialReport")["ReportFormat"] == "text/csv"
    job = iam("GenerateServiceLastAccessedDetails", Arn=f"arn:aws:iam::{account}:user/joe")["JobId"]
    assert iam("GetServiceLastAccessedDetails", JobId=job)["JobStatus"] == "COMPLETED"
    entities = iam("GetServiceLastAccessedDetailsWithEntities", JobId=job, ServiceNamespace="sts")
    assert entities["JobStatus"] == "COMPLETED"


def devices(iam):
    made = iam("CreateVirtualMFADevice", VirtualMFADeviceName="phone", Tags=TAGS)["VirtualMFADevice"]
    device = {"UserName": "joe", "SerialNumber": made["SerialNumber"]}
    assert made["SerialNumber"] in [each["SerialNumber"] for each in iam("ListVirtualMFADevices")["VirtualMFADevices"]]
    tagged(iam, "MFADevice", SerialNumber=made["SerialNumber"])
    seed, step = base64.b32decode(made["Base32StringSeed"]), int(time.time()) // 30
    iam("EnableMFADevice", AuthenticationCode1=code(seed, step - 1), AuthenticationCode2=code(seed, step), **device)
    assert iam("GetMFADevice", **device)["UserName"] == "joe"
    assert len(iam("ListMFADevices", UserName="joe")["MFADevices"]) == 1
    iam("ResyncMFADevice", AuthenticationCode1=code(seed, step + 1), AuthenticationCode2=code(seed, step + 2), **device)
    iam("DeactivateMFADevice", **device)
    iam("DeleteVirtualMFADevice", SerialNumber=made["SerialNumber"])


def code(seed, step):
    """The six digits that a device shows (RFC 6238)."""
    digest = hmac.digest(seed, struct.pack(">Q", step), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def keys_and_certificates(iam):
    certificate, key = (DATA / "server.crt").read_text(), (DATA / "server.key").read_text()
    iam("UploadServerCertificate", ServerCertificateName="web", CertificateBody=certificate, PrivateKey=key, Tags=TAGS)
    tagged(iam, "ServerCertificate", ServerCertificateName="web")
    iam("UpdateServerCertificate", ServerCertificateName="web", NewServerCertificateName="www")
    assert iam("GetServerCertificate", ServerCertificateName="www")["ServerCertificate"]["CertificateBody"].strip()
    assert len(iam("ListServerCertificates")["ServerCertificateMetadataList"]) == 1
    iam("DeleteServerCertificate", ServerCertificateName="www")

    signing = iam("UploadSigningCertificate", UserName="joe", CertificateBody=certificate)["Certificate"]["CertificateId"]
    iam("UpdateSigningCertificate", UserName="joe", CertificateId=signing, Status="Inactive")
    assert iam("ListSigningCertificates", UserName="joe")["Certificates"][0]["Status"] == "Inactive"
    iam("DeleteSigningCertificate", UserName="joe", CertificateId=signing)

    public = (DATA / "ssh.pub").read_text()
    ssh = iam("UploadSSHPublicKey", UserName="joe", SSHPublicKeyBody=public)["SSHPublicKey"]["SSHPublicKeyId"]
    iam("UpdateSSHPublicKey", UserName="joe", SSHPublicKeyId=ssh, Status="Inactive")
    assert iam("ListSSHPublicKeys", UserName="joe")["SSHPublicKeys"][0]["Status"] == "Inactive"
    shown = iam("GetSSHPublicKey", UserName="joe", SSHPublicKeyId=ssh, Encoding="SSH")["SSHPublicKey"]
    assert shown["SSHPublicKeyBody"].split()[:2] == public.split()[:2]
    iam("DeleteSSHPublicKey", UserName="joe", SSHPublicKeyId=ssh)

    service = {"UserName": "joe", "ServiceName": "codecommit.amazonaws.com"}
    made = iam("CreateServiceSpecificCredential", **service)["ServiceSpecificCredential"]
    one = {"UserName": "joe", "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    reset = iam("ResetServiceSpecificCredential", **one)["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != made["ServicePassword"]
    iam("UpdateServiceSpecificCredential", Status="Inactive", **one)
    listed = iam("ListServiceSpecificCredentials", UserName="joe")["ServiceSpecificCredentials"]
    assert [each["Status"] for each in listed] == ["Inactive"]
    iam("DeleteServiceSpecificCredential", **one)


def organization(iam, called):
    """The account is in no organization, and the answer says so."""
    for operation in (
        "ListOrganizationsFeatures",
        "EnableOrganizationsRootCredentialsManagement",
        "EnableOrganizationsRootSessions",
        "DisableOrganizationsRootCredentialsManagement",
        "DisableOrganizationsRootSessions",
    ):
        try:
            iam(operation)
        except Exception as error:
            assert "OrganizationNotFound" in str(error), error
        else:
            raise AssertionError(f"{operation} finds an organization")


def root_session(sts, account):
    """The root user may not, and the answer says so."""
    task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
    try:
        sts("AssumeRoot", TargetPrincipal=account, TaskPolicyArn={"arn": task})
    except Exception as error:
        assert "is not authorized to perform: sts:AssumeRoot" in str(error), error
    else:
        raise AssertionError("the root user assumes itself")


def simulations(iam, account):
    joe = f"arn:aws:iam::{account}:user/joe"
    asks = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [asks]})
    secure = {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
    assert iam("GetContextKeysForCustomPolicy", PolicyInputList=[policy])["ContextKeyNames"] == ["aws:SecureTransport"]
    keys = iam("GetContextKeysForPrincipalPolicy", PolicySourceArn=joe, PolicyInputList=[policy])["ContextKeyNames"]
    assert keys == ["aws:SecureTransport"]
    asked = {"ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::bucket/key"], "PolicyInputList": [policy]}
    (missing,) = iam("SimulateCustomPolicy", **asked)["EvaluationResults"]
    assert (missing["EvalDecision"], missing["MissingContextValues"]) == ("implicitDeny", ["aws:SecureTransport"])
    (result,) = iam("SimulateCustomPolicy", ContextEntries=[secure], **asked)["EvaluationResults"]
    assert result["ResourceSpecificResults"][0]["EvalResourceDecision"] == "allowed"
    assert result["MatchedStatements"][0]["StartPosition"]["Line"] == 1
    results = iam("SimulatePrincipalPolicy", PolicySourceArn=joe, ActionNames=["iam:GetUser", "iam:ListUsers"])
    assert [each["EvalDecision"] for each in results["EvaluationResults"]] == ["allowed", "allowed"]
    excluded = {"InlinePolicyIdentifier": {"PolicyName": "all", "AttachmentType": "user", "AttachmentName": "joe"}}
    (denied,) = iam(
        "SimulatePrincipalPolicy", PolicySourceArn=joe, ActionNames=["iam:GetUser"], PolicyExclusionList=[excluded]
    )["EvaluationResults"]
    assert denied["EvalDecision"] == "implicitDeny"


def decoded(sts):
    """IAM and STS encode no messages, but other services do, and this is not one of theirs."""
    try:
        sts("DecodeAuthorizationMessage", EncodedMessage="nonsense")
    except Exception as error:
        assert "InvalidAuthorizationMessage" in str(error), error
    else:
        raise AssertionError("nonsense is decoded")
