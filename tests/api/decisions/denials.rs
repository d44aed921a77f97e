//! How denials name the resource: by kind and name where AWS does, else by ARN.

use crate::client::Server;
use crate::fixtures::{not_allowed, own_arn, policy_arn, role};

/// An operation, its parameters, and how its denial names the resource.
type Denied = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Calls, and what AWS writes behind `on resource:`.
const NAMED: &[Denied] = &[
    ("GetRole", &[("RoleName", "web")], "role web"),
    ("DeleteRole", &[("RoleName", "none")], "role none"),
    ("PutRolePolicy", &[("RoleName", "web"), ("PolicyName", "p"), ("PolicyDocument", "{}")], "role web"),
    ("ListInstanceProfilesForRole", &[("RoleName", "WEB")], "role WEB"),
    ("GetUser", &[("UserName", "bob")], "user bob"),
    ("GetUser", &[], "user Ann"),
    ("ListAccessKeys", &[("UserName", "bob")], "user bob"),
    ("ListAccessKeys", &[], "user nullAnn"),
    ("CreateAccessKey", &[], "user nullAnn"),
    ("ListMFADevices", &[("UserName", "bob")], "user bob"),
    ("GetGroup", &[("GroupName", "devs")], "group devs"),
    ("AddUserToGroup", &[("GroupName", "devs"), ("UserName", "bob")], "group devs"),
    ("GetInstanceProfile", &[("InstanceProfileName", "web")], "instance profile web"),
    ("ListPolicies", &[], "policy path /"),
    ("ListPolicies", &[("PathPrefix", "/a/")], "policy path /a/"),
    ("GetAccountSummary", &[], "*"),
];

/// Calls, and the resource in the ARN behind `on resource:`.
const BY_ARN: &[Denied] = &[
    ("CreateUser", &[("UserName", "new"), ("Path", "/a/")], "user/a/new"),
    ("CreateRole", &[("RoleName", "new"), ("AssumeRolePolicyDocument", "{}")], "role/new"),
    ("CreateInstanceProfile", &[("InstanceProfileName", "new")], "instance-profile/new"),
    ("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "new")], "mfa/new"),
    ("CreateServiceLinkedRole", &[("AWSServiceName", "rds.amazonaws.com")], SERVICE_LINKED),
    ("ListRoles", &[], "role/"),
    ("ListUsers", &[], "user/"),
    ("GetServerCertificate", &[("ServerCertificateName", "tls")], "server-certificate/tls"),
];
const SERVICE_LINKED: &str = "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS";

#[tokio::test]
async fn the_resource_is_named_as_aws_names_it() {
    let server = Server::start().await;
    server.put("000000000000", role("/deep/", "web")).await;
    server.root().iam("CreateUser", &[("UserName", "Ann")]).await.ok();
    let ann = server.user("Ann").await;
    for (operation, parameters, words) in NAMED {
        let message = not_allowed("Ann", &format!("iam:{operation}"), words);
        ann.iam(operation, parameters).await.refused(403, "AccessDenied", &message);
    }
    for (operation, parameters, resource) in BY_ARN {
        let message = not_allowed("Ann", &format!("iam:{operation}"), &own_arn(resource));
        ann.iam(operation, parameters).await.refused(403, "AccessDenied", &message);
    }
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let policy = [("PolicyName", "P"), ("Path", "/a/"), ("PolicyDocument", document)];
    let message = not_allowed("Ann", "iam:CreatePolicy", "policy P");
    ann.iam("CreatePolicy", &policy).await.refused(403, "AccessDenied", &message);
    let arn = policy_arn("a/P");
    for operation in ["GetPolicy", "ListPolicyVersions", "ListEntitiesForPolicy", "ListPolicyTags", "DeletePolicy"] {
        let message = not_allowed("Ann", &format!("iam:{operation}"), &format!("policy {arn}"));
        ann.iam(operation, &[("PolicyArn", &arn)]).await.refused(403, "AccessDenied", &message);
    }
    let simulation = [("PolicySourceArn", own_arn("user/Ann")), ("ActionNames.member.1", "s3:GetObject".to_owned())];
    let simulation = simulation.each_ref().map(|(name, value)| (*name, value.as_str()));
    let message = not_allowed("Ann", "iam:SimulatePrincipalPolicy", &own_arn("user/Ann"));
    ann.iam("SimulatePrincipalPolicy", &simulation).await.refused(403, "AccessDenied", &message);
}
