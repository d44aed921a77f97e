//! The account as a whole: its alias, its summary, its authorization details.

mod account_properties;
mod cloudtrail_api;
mod credential_report;
mod describe_regions;
mod service_access;
mod service_quotas_api;
mod tagging_api;

use std::collections::BTreeMap;

use iamd::config::Settings;

use crate::client::{Client, Server};
use crate::fixtures::TRUST;

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const OWN: &str = "arn:aws:iam::000000000000:policy/Own";

#[tokio::test]
async fn an_alias_belongs_to_one_account() {
    let server = Server::start().await;
    let (root, other) = (server.root(), server.root_of("111122223333"));
    let taken = "The account alias my-alias already exists.";
    root.iam("CreateAccountAlias", &[("AccountAlias", "my-alias")]).await.ok();
    let alias = [("AccountAlias", "my-alias")];
    other.iam("CreateAccountAlias", &alias).await.refused(409, "EntityAlreadyExists", taken);
    root.iam("CreateAccountAlias", &alias).await.ok();
    root.iam("CreateAccountAlias", &[("AccountAlias", "another")]).await.ok();
    assert_eq!(root.iam("ListAccountAliases", &[]).await.ok().texts("member"), ["another"]);
    other.iam("CreateAccountAlias", &alias).await.ok();
    root.iam("CreateAccountAlias", &alias).await.refused(409, "EntityAlreadyExists", taken);
    let unknown = "The account alias another cannot be found.";
    other.iam("DeleteAccountAlias", &[("AccountAlias", "another")]).await.refused(404, "NoSuchEntity", unknown);
    other.iam("DeleteAccountAlias", &alias).await.ok();
    root.iam("CreateAccountAlias", &alias).await.ok();
    server.admin("POST", "/_iamd/reset", "", &[]).await.ok();
    other.iam("CreateAccountAlias", &alias).await.ok();
}

/// The summary's map, which has all of AWS's keys.
async fn summary(client: &Client) -> BTreeMap<String, u32> {
    let answer = client.iam("GetAccountSummary", &[]).await.ok();
    let values = answer.texts("value").into_iter().map(|value| value.parse().unwrap());
    answer.texts("key").into_iter().zip(values).collect()
}

#[tokio::test]
async fn the_summary_counts_what_there_is() {
    let root = Server::start().await.root();
    let before = summary(&root).await;
    assert_eq!(before.len(), 34, "{before:?}");
    assert_eq!((before["Users"], before["AccountAccessKeysPresent"]), (0, 0));
    assert_eq!((before["Providers"], before["GlobalEndpointTokenVersion"]), (0, 1));
    let quotas = [
        ("UsersQuota", 5000),
        ("GroupsQuota", 300),
        ("RolesQuota", 1000),
        ("InstanceProfilesQuota", 1000),
        ("ServerCertificatesQuota", 20),
        ("PoliciesQuota", 1500),
        ("PolicyVersionsInUseQuota", 10000),
        ("UserPolicySizeQuota", 2048),
        ("GroupPolicySizeQuota", 5120),
        ("RolePolicySizeQuota", 10240),
        ("PolicySizeQuota", 6144),
        ("AssumeRolePolicySizeQuota", 2048),
        ("VersionsPerPolicyQuota", 5),
        ("GroupsPerUserQuota", 10),
        ("SigningCertificatesPerUserQuota", 2),
        ("AccessKeysPerUserQuota", 2),
        ("AttachedPoliciesPerUserQuota", 10),
        ("AttachedPoliciesPerGroupQuota", 10),
        ("AttachedPoliciesPerRoleQuota", 20),
    ];
    for (key, limit) in quotas {
        assert_eq!(before[key], limit, "{key}");
    }
    populate(&root).await;
    root.iam("CreateAccessKey", &[]).await.ok();
    root.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await.ok();
    let after = summary(&root).await;
    let counts = [
        ("Users", 2),
        ("Groups", 1),
        ("Roles", 1),
        ("InstanceProfiles", 1),
        ("Policies", 1),
        ("PolicyVersionsInUse", 2),
        ("AccountAccessKeysPresent", 1),
    ];
    for (key, count) in counts {
        assert_eq!(after[key], count, "{key}");
    }
    let zero = [
        "ServerCertificates",
        "MFADevicesInUse",
        "AccountMFAEnabled",
        "AccountPasswordPresent",
        "AccountSigningCertificatesPresent",
    ];
    for key in zero {
        assert_eq!(after[key], 0, "{key}");
    }
    assert_eq!((after["MFADevices"], after["GlobalEndpointTokenVersion"]), (1, 1));
    root.iam("SetSecurityTokenServicePreferences", &[("GlobalEndpointTokenVersion", "v2Token")]).await.ok();
    assert_eq!(summary(&root).await["GlobalEndpointTokenVersion"], 2);
    let quota = Settings { quota: vec![("UsersPerAccount".to_owned(), 7)], ..Settings::default() };
    assert_eq!(summary(&Server::with(quota).await.root()).await["UsersQuota"], 7);
}

/// Two users, a group, a role in an instance profile, and a policy with two versions.
async fn populate(root: &Client) {
    root.iam("CreatePolicy", &[("PolicyName", "Own"), ("PolicyDocument", POLICY), ("Description", "d")]).await.ok();
    let version = [("PolicyArn", OWN), ("PolicyDocument", POLICY), ("SetAsDefault", "true")];
    root.iam("CreatePolicyVersion", &version).await.ok();
    root.iam("CreateUser", &[("UserName", "Bob"), ("PermissionsBoundary", OWN), ("Path", "/x/")]).await.ok();
    root.iam("TagUser", &[("UserName", "Bob"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]).await.ok();
    let inline = [("UserName", "Bob"), ("PolicyName", "inline"), ("PolicyDocument", POLICY)];
    root.iam("PutUserPolicy", &inline).await.ok();
    root.iam("CreateUser", &[("UserName", "Alice")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "Admins")]).await.ok();
    root.iam("AddUserToGroup", &[("GroupName", "Admins"), ("UserName", "Bob")]).await.ok();
    root.iam("AttachGroupPolicy", &[("GroupName", "Admins"), ("PolicyArn", READ_ONLY)]).await.ok();
    root.iam("CreateRole", &[("RoleName", "Worker"), ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    root.iam("AttachRolePolicy", &[("RoleName", "Worker"), ("PolicyArn", OWN)]).await.ok();
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "Profile")]).await.ok();
    let into = [("InstanceProfileName", "Profile"), ("RoleName", "Worker")];
    root.iam("AddRoleToInstanceProfile", &into).await.ok();
}

#[tokio::test]
async fn details_show_all_but_credentials() {
    let root = Server::start().await.root();
    populate(&root).await;
    root.iam("CreateAccessKey", &[("UserName", "Bob")]).await.ok();
    let details = root.iam("GetAccountAuthorizationDetails", &[]).await.ok();
    assert_eq!(details.text("IsTruncated"), "false");
    assert!(!details.body.contains("AKIA"));
    let encoded = "%7B%22Version%22%3A%222012-10-17%22";

    let users = details.text("UserDetailList");
    let (alice, bob) = users.split_once("<UserName>Bob").unwrap();
    assert!(!alice.contains("<UserPolicyList"), "{alice}");
    assert!(alice.contains("<AttachedManagedPolicies/>") && alice.contains("<GroupList/>"), "{alice}");
    for part in [
        "<Arn>arn:aws:iam::000000000000:user/x/Bob</Arn>",
        "<PolicyName>inline</PolicyName>",
        &format!("<PolicyDocument>{encoded}"),
        "<member>Admins</member>",
        "<PermissionsBoundaryType>Policy</PermissionsBoundaryType>",
        &format!("<PermissionsBoundaryArn>{OWN}</PermissionsBoundaryArn>"),
        "<Key>k</Key>",
    ] {
        assert!(bob.contains(part), "{part} in {bob}");
    }
    let groups = details.text("GroupDetailList");
    for part in ["<GroupName>Admins</GroupName>", "<GroupPolicyList/>", "<PolicyName>ReadOnlyAccess</PolicyName>"] {
        assert!(groups.contains(part), "{part} in {groups}");
    }
    let roles = details.text("RoleDetailList");
    for part in [
        &format!("<AssumeRolePolicyDocument>{encoded}"),
        "<InstanceProfileName>Profile</InstanceProfileName>",
        "<Roles>",
        "<RolePolicyList/>",
        "<RoleLastUsed/>",
        &format!("<PolicyArn>{OWN}</PolicyArn>"),
    ] {
        assert!(roles.contains(part), "{part} in {roles}");
    }
    let policies = details.text("Policies");
    assert_eq!(policies.matches("<PolicyName>").count(), 2, "the account's own, and AWS's that is in use: {policies}");
    let (own, aws) = policies.split_once("<PolicyName>ReadOnlyAccess").unwrap();
    for part in [
        "<DefaultVersionId>v2</DefaultVersionId>",
        "<AttachmentCount>1</AttachmentCount>",
        "<PermissionsBoundaryUsageCount>1</PermissionsBoundaryUsageCount>",
        "<VersionId>v1</VersionId>",
        &format!("<Document>{encoded}"),
    ] {
        assert!(own.contains(part), "{part} in {own}");
    }
    assert!(aws.contains("<IsDefaultVersion>true</IsDefaultVersion>"), "{aws}");
}

#[tokio::test]
async fn details_are_filtered() {
    let root = Server::start().await.root();
    populate(&root).await;
    let names = async |filter: &[&str]| {
        let keys: Vec<String> = (1..=filter.len()).map(|n| format!("Filter.member.{n}")).collect();
        let filter: Vec<_> = keys.iter().map(String::as_str).zip(filter.iter().copied()).collect();
        let details = root.iam("GetAccountAuthorizationDetails", &filter).await.ok();
        ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"].map(|name| {
            assert!(details.has(name), "{name} is there even when empty");
            !details.text(name).is_empty()
        })
    };
    assert_eq!(names(&["User"]).await, [true, false, false, false]);
    assert_eq!(names(&["Group", "Role"]).await, [false, true, true, false]);
    assert_eq!(names(&["LocalManagedPolicy"]).await, [false, false, false, true]);
    assert_eq!(names(&["AWSManagedPolicy"]).await, [false, false, false, true]);
    root.iam("GetAccountAuthorizationDetails", &[("Filter.member.1", "user")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'filter' failed to satisfy constraint: Member must satisfy \
         constraint: [Member must satisfy enum value set]",
    );
}

#[tokio::test]
async fn one_marker_goes_through_all_lists() {
    let root = Server::start().await.root();
    populate(&root).await;
    let (mut marker, mut ids, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let mut page = vec![("MaxItems", "2")];
        page.extend((!marker.is_empty()).then_some(("Marker", marker.as_str())));
        let details = root.iam("GetAccountAuthorizationDetails", &page).await.ok();
        for id in ["UserId", "GroupId", "PolicyId"] {
            ids.extend(details.texts(id));
        }
        ids.extend(details.texts("RoleId").into_iter().take(1));
        pages += 1;
        marker = details.text("Marker");
        assert_eq!(details.text("IsTruncated"), (!marker.is_empty()).to_string());
        if marker.is_empty() {
            break;
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((pages, count, ids.len()), (3, 6, 6));
}

#[tokio::test]
async fn the_accounts_operations_need_permission_on_everything() {
    let server = Server::start().await;
    server.root().iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    let eve = server.user("Eve").await;
    let actions = [
        "GetAccountSummary",
        "GetAccountAuthorizationDetails",
        "SetSecurityTokenServicePreferences",
        "CreateAccountAlias",
        "DeleteAccountAlias",
        "ListAccountAliases",
        "UpdateAccountPasswordPolicy",
        "DeleteAccountPasswordPolicy",
    ];
    for action in actions {
        eve.iam(action, &[("AccountAlias", "alias"), ("GlobalEndpointTokenVersion", "v1Token")]).await.refused(
            403,
            "AccessDenied",
            &format!(
                "User: arn:aws:iam::000000000000:user/Eve is not authorized to perform: iam:{action} on resource: * \
                 because no identity-based policy allows the iam:{action} action"
            ),
        );
    }
}
