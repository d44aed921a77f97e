//! Sessions of member accounts' root users, and what each task's policy lets them do.

use std::sync::Arc;

use iamd::account::{Credentials, CredentialsOwner, EnabledMfaDevice};
use iamd::config::Settings;
use iamd::identity::{Caller, RequestFacts, Session, Standing};
use iamd::shapes::Timestamp;
use serde_json::json;

use crate::client::{Answer, Client, Server};

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "222222222222";
const MEMBER_ROOT: &str = "arn:aws:iam::222222222222:root";
const DELEGATED: &str = "333333333333";

const AUDIT: &str = "IAMAuditRootUserCredentials";
const CREATE_PASSWORD: &str = "IAMCreateRootUserPassword";
const DELETE: &str = "IAMDeleteRootUserCredentials";

/// An organization whose management account has turned root sessions on.
async fn organization() -> Server {
    let organization = json!({
        "id": "o-a1b2c3d4e5",
        "management-account": MANAGEMENT,
        "member-accounts": [MEMBER, DELEGATED],
        "delegated-administrators": [DELEGATED],
    });
    let organization = Some(serde_json::from_value(organization).unwrap());
    let server = Server::with(Settings { organization, ..Settings::default() }).await;
    server.root_of(MANAGEMENT).iam("EnableOrganizationsRootSessions", &[]).await.ok();
    server
}

/// A new user of an account who may assume root users under this condition.
async fn admin(server: &Server, account: &str, condition: serde_json::Value) -> Client {
    let root = server.root_of(account);
    root.iam("CreateUser", &[("UserName", "admin")]).await.ok();
    let statement =
        json!({"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::*:root", "Condition": condition});
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    root.iam("PutUserPolicy", &[("UserName", "admin"), ("PolicyName", "p"), ("PolicyDocument", &document)]).await.ok();
    let key = root.iam("CreateAccessKey", &[("UserName", "admin")]).await.ok();
    server.client(&key.text("AccessKeyId"), &key.text("SecretAccessKey"), None)
}

async fn assume(client: &Client, target: &str, task: &str, more: &[(&str, &str)]) -> Answer {
    let task = format!("arn:aws:iam::aws:policy/root-task/{task}");
    let mut parameters = vec![("TargetPrincipal", target), ("TaskPolicyArn.arn", &task)];
    parameters.extend(more);
    client.sts("AssumeRoot", &parameters).await
}

/// The member account's root user on a task.
async fn on_task(server: &Server, admin: &Client, task: &str) -> Client {
    server.session(&assume(admin, MEMBER, task, &[]).await.ok())
}

fn not_authorized(caller: &str, target: &str) -> String {
    format!("User: {caller} is not authorized to perform: sts:AssumeRoot on resource: {target}")
}

#[tokio::test]
async fn the_session_is_the_root_users_for_fifteen_minutes() {
    let server = organization().await;
    let admin = admin(&server, MANAGEMENT, json!({})).await;
    for target in [MEMBER, MEMBER_ROOT] {
        let assumed = assume(&admin, target, AUDIT, &[]).await.ok();
        assert!(assumed.text("AccessKeyId").starts_with("ASIA"));
        assert!(!assumed.has("SourceIdentity") && !assumed.has("PackedPolicySize"), "{}", assumed.body);
        let session = server.session(&assumed);
        let identity = session.sts("GetCallerIdentity", &[]).await.ok();
        let shown = ["Account", "UserId", "Arn"].map(|element| identity.text(element));
        assert_eq!(shown, [MEMBER, MEMBER, MEMBER_ROOT]);
    }
    let long = server.session(&assume(&admin, MEMBER, AUDIT, &[]).await.ok());
    let short = server.session(&assume(&admin, MEMBER, AUDIT, &[("DurationSeconds", "60")]).await.ok());
    server.advance(61);
    let expired = "The security token included in the request is expired";
    short.iam("GetUser", &[]).await.refused(403, "ExpiredToken", expired);
    long.iam("GetUser", &[]).await.ok();
    server.advance(840);
    long.iam("GetUser", &[]).await.refused(403, "ExpiredToken", expired);
}

#[tokio::test]
async fn parameters_are_checked_first() {
    let server = organization().await;
    let admin = admin(&server, MANAGEMENT, json!({})).await;
    assume(&admin, MEMBER, AUDIT, &[("DurationSeconds", "901")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value '901' at 'durationSeconds' failed to satisfy constraint: Member must have value \
         less than or equal to 900",
    );
    for target in ["arn:aws:iam::222222222222:user/root", "2222222222222", "arn:aws:sts::222222222222:root"] {
        let message = format!("{target} is invalid");
        assume(&admin, target, AUDIT, &[]).await.refused(400, "ValidationError", &message);
    }
    for task in ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::222222222222:policy/root-task/Own"] {
        let parameters = [("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task)];
        let message = format!("The task policy {task} is invalid");
        admin.sts("AssumeRoot", &parameters).await.refused(400, "ValidationError", &message);
    }
}

#[tokio::test]
async fn only_who_administers_root_access_may_and_only_on_members() {
    let server = organization().await;
    let managing = admin(&server, MANAGEMENT, json!({})).await;
    let delegated = admin(&server, DELEGATED, json!({})).await;
    let member = admin(&server, MEMBER, json!({})).await;
    let stranger = admin(&server, "444444444444", json!({})).await;
    assume(&delegated, MEMBER, AUDIT, &[]).await.ok();
    let user = |account: &str| format!("arn:aws:iam::{account}:user/admin");
    for (client, account, target) in [
        (&member, MEMBER, DELEGATED),
        (&stranger, "444444444444", MEMBER),
        (&managing, MANAGEMENT, MANAGEMENT),
        (&managing, MANAGEMENT, "444444444444"),
    ] {
        let message = not_authorized(&user(account), &format!("arn:aws:iam::{target}:root"));
        assume(client, target, AUDIT, &[]).await.refused(403, "AccessDenied", &message);
    }
    let message = not_authorized("arn:aws:iam::111111111111:root", MEMBER_ROOT);
    assume(&server.root_of(MANAGEMENT), MEMBER, AUDIT, &[]).await.refused(403, "AccessDenied", &message);
    server.root_of(MANAGEMENT).iam("DisableOrganizationsRootSessions", &[]).await.ok();
    for (client, account) in [(&managing, MANAGEMENT), (&delegated, DELEGATED)] {
        let message = not_authorized(&user(account), MEMBER_ROOT);
        assume(client, MEMBER, AUDIT, &[]).await.refused(403, "AccessDenied", &message);
    }
}

#[tokio::test]
async fn a_delegated_administrator_sees_the_features() {
    let server = organization().await;
    let delegated = server.root_of(DELEGATED);
    assert_eq!(delegated.iam("ListOrganizationsFeatures", &[]).await.ok().texts("member"), ["RootSessions"]);
    let refused = delegated.iam("EnableOrganizationsRootCredentialsManagement", &[]).await;
    assert_eq!(refused.text("Code"), "AccountNotManagementOrDelegatedAdministratorException");
}

#[tokio::test]
async fn policies_allow_targets_and_tasks() {
    let server = organization().await;
    let arn = format!("arn:aws:iam::aws:policy/root-task/{AUDIT}");
    let condition = json!({"StringEquals": {"sts:TaskPolicyArn": arn, "aws:ResourceAccount": MEMBER}});
    let auditor = admin(&server, MANAGEMENT, condition).await;
    assume(&auditor, MEMBER, AUDIT, &[]).await.ok();
    assume(&auditor, MEMBER, DELETE, &[]).await.lacks("sts:AssumeRoot", MEMBER_ROOT);
    assume(&auditor, DELEGATED, AUDIT, &[]).await.lacks("sts:AssumeRoot", "arn:aws:iam::333333333333:root");
}

#[tokio::test]
async fn the_source_identity_goes_along() {
    let server = organization().await;
    let caller = admin(&server, MANAGEMENT, json!({})).await;
    let root = server.root_of(MANAGEMENT);
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/admin"}, "Action": "sts:*",
    }});
    let role = [("RoleName", "ops"), ("AssumeRolePolicyDocument", &trust.to_string())];
    root.iam("CreateRole", &role).await.ok();
    let policy = [("RoleName", "ops"), ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")];
    root.iam("AttachRolePolicy", &policy).await.ok();
    let role =
        [("RoleArn", "arn:aws:iam::111111111111:role/ops"), ("RoleSessionName", "ann"), ("SourceIdentity", "ann")];
    let ops = server.session(&caller.sts("AssumeRole", &role).await.ok());
    assert_eq!(assume(&ops, MEMBER, AUDIT, &[]).await.ok().text("SourceIdentity"), "ann");
}

#[tokio::test]
async fn the_audit_task_reads_the_root_user_and_nothing_else() {
    let server = organization().await;
    let member = server.root_of(MEMBER);
    let key = member.iam("CreateAccessKey", &[]).await.ok().text("AccessKeyId");
    member.iam("CreateUser", &[("UserName", "bob")]).await.ok();
    let admin = admin(&server, MANAGEMENT, json!({})).await;
    let audit = on_task(&server, &admin, AUDIT).await;
    assert_eq!(audit.iam("GetUser", &[]).await.ok().text("Arn"), MEMBER_ROOT);
    assert_eq!(audit.iam("ListAccessKeys", &[]).await.ok().text("AccessKeyId"), key);
    for reading in ["ListMFADevices", "ListSigningCertificates", "GetAccountSummary"] {
        audit.iam(reading, &[]).await.ok();
    }
    audit.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &key)]).await.ok();
    let missing = "Login Profile for User root cannot be found.";
    audit.iam("GetLoginProfile", &[]).await.refused(404, "NoSuchEntity", missing);
    for (action, parameters) in [
        ("ListAccessKeys", vec![("UserName", "bob")]),
        ("GetUser", vec![("UserName", "bob")]),
        ("DeleteAccessKey", vec![("AccessKeyId", key.as_str())]),
        ("CreateAccessKey", vec![]),
        ("ListUsers", vec![]),
    ] {
        let denied = audit.iam(action, &parameters).await;
        assert!(denied.text("Message").contains("with an explicit deny in a session policy"), "{}", denied.body);
        denied.denied();
    }
}

#[tokio::test]
async fn the_deletion_task_takes_all_credentials_of_the_root_user() {
    let server = organization().await;
    let admin = admin(&server, MANAGEMENT, json!({})).await;
    let member = server.root_of(MEMBER);
    let key = member.iam("CreateAccessKey", &[]).await.ok().text("AccessKeyId");
    on_task(&server, &admin, CREATE_PASSWORD).await.iam("CreateLoginProfile", &[]).await.ok();
    let device =
        member.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "root-account-mfa-device")]).await.ok();
    let device = device.text("SerialNumber");
    let deleting = on_task(&server, &admin, DELETE).await;
    deleting.iam("DeleteLoginProfile", &[]).await.ok();
    deleting.iam("DeleteAccessKey", &[("AccessKeyId", &key)]).await.ok();
    assert!(!deleting.iam("ListAccessKeys", &[]).await.ok().has("AccessKeyId"));
    server
        .change(MEMBER, |account| {
            let enabled = Timestamp::from_seconds(1_700_000_000);
            let device = EnabledMfaDevice { serial_number: device.clone(), enabled, drift: 0 };
            let enable = |credentials: &mut Credentials| {
                credentials.mfa_devices.push(device);
                Ok(())
            };
            account.update_credentials(&CredentialsOwner::Root, enable).unwrap();
        })
        .await;
    assert_eq!(deleting.iam("ListMFADevices", &[]).await.ok().text("SerialNumber"), device);
    deleting.iam("DeactivateMFADevice", &[("SerialNumber", &device)]).await.ok();
    assert!(!deleting.iam("ListMFADevices", &[]).await.ok().has("SerialNumber"));
    deleting.iam("DeleteVirtualMFADevice", &[("SerialNumber", &device)]).await.ok();
    deleting.iam("CreateLoginProfile", &[]).await.denied();
    deleting.iam("DeleteUser", &[("UserName", "admin")]).await.denied();
}

/// Whether requests with these credentials have the condition key `aws:AssumedRoot`.
async fn has_assumed_root_key(server: &Server, answer: &Answer) -> bool {
    let environment = &server.state.app.environment;
    let session = Session::open(&answer.text("SessionToken"), &environment.key).unwrap();
    let caller = Caller {
        account: session.account,
        principal: session.acting(),
        access_key_id: session.access_key_id.clone(),
        session: Some(Arc::new(session)),
    };
    let account = server.state.app.accounts.get(caller.account).await.unwrap().durable();
    let facts = RequestFacts {
        request_id: String::new(),
        now: Timestamp::default(),
        source_ip: [127, 0, 0, 1].into(),
        user_agent: None,
        referer: None,
        region: String::new(),
        tls: None,
    };
    let standing = Standing::of(&caller, &account).unwrap();
    standing.keys(&facts).into_iter().any(|key| key == ("aws:AssumedRoot".into(), true.into()))
}

#[tokio::test]
async fn conditions_can_distinguish_the_session_from_the_root_user() {
    let server = organization().await;
    let admin = admin(&server, MANAGEMENT, json!({})).await;
    let assumed = assume(&admin, MEMBER, AUDIT, &[]).await.ok();
    assert!(has_assumed_root_key(&server, &assumed).await);
    let own = server.root_of(MEMBER).sts("GetSessionToken", &[]).await.ok();
    assert!(!has_assumed_root_key(&server, &own).await);
}

#[tokio::test]
async fn the_tasks_of_other_services_reach_nothing_here() {
    let server = organization().await;
    let admin = admin(&server, MANAGEMENT, json!({})).await;
    for task in ["S3UnlockBucketPolicy", "SQSUnlockQueuePolicy"] {
        let session = on_task(&server, &admin, task).await;
        session.iam("GetUser", &[]).await.denied();
        let chained = session.sts("GetSessionToken", &[]).await;
        chained.refused(403, "AccessDenied", "Cannot call GetSessionToken with session credentials");
    }
}
