//! Role templates, and the roles that are made from them.

use std::sync::Arc;

use iamd::config::Settings;
use iamd::store::Store;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};

const TEMPLATE: &str = "arn:aws:iam::aws:role-template/lambda.amazonaws.com/Basic:1";
const DISABLED: &str = "arn:aws:iam::aws:role-template/lambda.amazonaws.com/Old:2";
const ROLE: &str = "arn:aws:iam::000000000000:role/service-role/fn-web";
const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

fn settings() -> Settings {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let trust = document(json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com", "AWS": "arn:aws:iam::@{Account}:root"}}));
    let first = json!({
        "minor-version": 0,
        "id": "RTVAAAAAAAAAAAAAAAAAA",
        "role-name-pattern": "fn-@{Name}",
        "role-path-pattern": "/service-role/",
        "role-description-pattern": "Runs @{Name}.",
        "assume-role-policy-document": trust,
        "inline-policies": {"read": document(json!({"Effect": "Allow", "Action": "iam:GetUser", "Resource": "@{Users}"}))},
        "managed-policy-arns": [MANAGED],
        "parameters": [
            {"name": "Name", "type": "String", "required": true, "description": "of the function"},
            {"name": "Account", "type": "Number", "default": "000000000000"},
            {"name": "Users", "type": "ArnList", "default": "arn:aws:iam::*:user/a,arn:aws:iam::*:user/b"},
        ],
        "tags": {"function": "@{Name}"},
        "max-session-duration": 7200,
    });
    let mut second = first.clone();
    second["minor-version"] = json!(1);
    second["role-description-pattern"] = json!("Runs @{Name} well.");
    let mut third = first.clone();
    third["minor-version"] = json!(2);
    third["enabled"] = json!(false);
    let templates = json!({
        TEMPLATE: {"description": "for functions", "default-minor-version": 0, "versions": [first, second, third]},
        DISABLED: {"enabled": false, "versions": [second]},
    });
    Settings { role_templates: serde_json::from_value(templates).unwrap(), ..Settings::default() }
}

async fn acquire(client: &Client, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("TemplateArn", TEMPLATE), ("ReplacementValues.entry.1.key", "Name"), (VALUE, "web")];
    parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    parameters.extend(more);
    client.iam("AcquireRole", &parameters).await
}

const VALUE: &str = "ReplacementValues.entry.1.value.Values.member.1";
const KEY_2: &str = "ReplacementValues.entry.2.key";
const VALUE_2: &str = "ReplacementValues.entry.2.value.Values.member.1";

#[tokio::test]
async fn a_template_is_shown_version_by_version() {
    let root = Server::with(settings()).await.root();
    let shown = root.iam("GetRoleTemplateVersion", &[("TemplateArn", TEMPLATE)]).await.ok();
    for (element, expected) in [
        ("TemplateArn", TEMPLATE),
        ("TemplateName", "Basic"),
        ("TemplateVersionId", "RTVAAAAAAAAAAAAAAAAAA"),
        ("Description", "for functions"),
        ("MajorVersion", "1"),
        ("DefaultMinorVersion", "0"),
        ("ManagedByType", "Service"),
        ("ManagedByValue", "lambda.amazonaws.com"),
        ("Enabled", "true"),
        ("MinorVersion", "0"),
        ("RoleNamePattern", "fn-@{Name}"),
        ("RolePathPattern", "/service-role/"),
        ("RoleDescriptionPattern", "Runs @{Name}."),
        ("PolicyName", "read"),
        ("DefaultValue", "000000000000"),
        ("MaxSessionDuration", "7200"),
        ("VersionEnabled", "true"),
    ] {
        assert_eq!(shown.text(element), expected, "{element}");
    }
    assert!(shown.document("AssumeRolePolicyDocumentTemplate").contains("arn:aws:iam::@{Account}:root"));
    assert_eq!(shown.texts("Type"), ["String", "Number", "ArnList"]);
    assert_eq!(shown.texts("IsRequired"), ["true", "false", "false"]);
    let shown = root.iam("GetRoleTemplateVersion", &[("TemplateArn", TEMPLATE), ("MinorVersion", "2")]).await.ok();
    assert_eq!((shown.text("MinorVersion"), shown.text("VersionEnabled")), ("2".into(), "false".into()));
    let shown = root.iam("GetRoleTemplateVersion", &[("TemplateArn", DISABLED)]).await.ok();
    assert_eq!((shown.text("DefaultMinorVersion"), shown.text("Enabled")), ("1".into(), "false".into()));
    let none = root.iam("GetRoleTemplateVersion", &[("TemplateArn", TEMPLATE), ("MinorVersion", "9")]).await;
    let message = |arn| format!("Role template not found in repository: {arn}");
    none.refused(404, "NoSuchEntity", &message(TEMPLATE));
    let unknown = "arn:aws:iam::aws:role-template/x.amazonaws.com/Basic:1";
    let answer = root.iam("GetRoleTemplateVersion", &[("TemplateArn", unknown)]).await;
    answer.refused(404, "NoSuchEntity", &message(unknown));
    for wrong in ["arn:aws:iam::000000000000:role/R", "arn:aws:iam::aws:role-template/x/Basic", "x".repeat(20).as_str()]
    {
        let message = format!("ARN {wrong} is not valid.");
        let answer = root.iam("GetRoleTemplateVersion", &[("TemplateArn", wrong)]).await;
        answer.refused(400, "InvalidInput", &message);
    }
}

#[tokio::test]
async fn a_template_needs_permission_to_be_seen() {
    let server = Server::with(settings()).await;
    let bob = server.allowed("Bob", &["iam:GetRoleTemplateVersion"], &[TEMPLATE], json!({})).await;
    bob.iam("GetRoleTemplateVersion", &[("TemplateArn", TEMPLATE)]).await.ok();
    let other = bob.iam("GetRoleTemplateVersion", &[("TemplateArn", DISABLED)]).await;
    other.lacks("iam:GetRoleTemplateVersion", DISABLED);
}

#[tokio::test]
async fn an_acquired_role_is_a_role_like_any_other() {
    let server = Server::with(settings()).await;
    let root = server.root();
    let made = acquire(&root, &[]).await.ok();
    assert_eq!(made.text("Arn"), ROLE);
    assert_eq!((made.text("TemplateArn"), made.text("TemplateMinorVersion")), (TEMPLATE.into(), "0".into()));
    let shown = root.iam("GetRole", &[("RoleName", "fn-web")]).await.ok();
    assert_eq!((shown.text("Description"), shown.text("MaxSessionDuration")), ("Runs web.".into(), "7200".into()));
    assert_eq!((shown.text("Key"), shown.text("Value")), ("function".into(), "web".into()));
    assert_eq!(shown.text("TemplateArn"), TEMPLATE);
    assert!(shown.document("AssumeRolePolicyDocument").contains("arn:aws:iam::000000000000:root"));
    let listed = root.iam("ListRoles", &[]).await.ok();
    assert_eq!((listed.texts("RoleName"), listed.has("SourceRoleTemplate")), (vec!["fn-web".to_owned()], false));
    let attached = root.iam("ListAttachedRolePolicies", &[("RoleName", "fn-web")]).await.ok();
    assert_eq!(attached.texts("PolicyArn"), [MANAGED]);
    let bob = server.allowed("Bob", &["sts:AssumeRole"], &["*"], json!({})).await;
    let session = [("RoleArn", ROLE), ("RoleSessionName", "session")];
    let session = server.session(&bob.sts("AssumeRole", &session).await.ok());
    session.iam("GetUser", &[("UserName", "a")]).await.refused(
        404,
        "NoSuchEntity",
        "The user with name a cannot be found.",
    );
    session.iam("GetUser", &[("UserName", "c")]).await.denied();
}

#[tokio::test]
async fn acquiring_again_finds_the_role() {
    let server = Server::with(settings()).await;
    let root = server.root();
    let made = acquire(&root, &[]).await.ok();
    let again = acquire(&root, &[]).await.ok();
    assert_eq!(made.text("RoleId"), again.text("RoleId"));
    let message = "Role fn-web has been modified since it was created and is no longer managed.";
    let other_version = acquire(&root, &[("TemplateMinorVersion", "1")]).await;
    other_version.refused(409, "RoleModified", message);
    for other in [&[(VALUE, "Web")][..], &[(KEY_2, "Account"), (VALUE_2, "000000000001")]] {
        acquire(&root, other).await.refused(
            409,
            "NameConflict",
            "A role with this name exists but was created with different parameters. Pass a unique roleName to create \
             a new role.",
        );
    }
    acquire(&root, &[(KEY_2, "Account"), (VALUE_2, "000000000000")]).await.ok();
    let detach = [("RoleName", "fn-web"), ("PolicyArn", MANAGED)];
    root.iam("DetachRolePolicy", &detach).await.ok();
    acquire(&root, &[]).await.refused(409, "RoleModified", message);
    root.iam("AttachRolePolicy", &detach).await.ok();
    acquire(&root, &[]).await.ok();
    for (operation, parameters) in [
        ("UpdateRole", &[("RoleName", "fn-web"), ("Description", "x")][..]),
        ("UpdateRole", &[("RoleName", "fn-web"), ("Description", "Runs web."), ("MaxSessionDuration", "3600")]),
    ] {
        root.iam(operation, parameters).await.ok();
        acquire(&root, &[]).await.refused(409, "RoleModified", message);
    }
}

#[tokio::test]
async fn other_roles_names_are_taken() {
    let server = Server::with(settings()).await;
    let trust =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;
    let role = [("RoleName", "FN-web"), ("AssumeRolePolicyDocument", trust)];
    server.root().iam("CreateRole", &role).await.ok();
    let message = "A role with this name already exists in the account but was not created from this template. \
                   Choose a different role name, or remove the existing role if it is no longer needed.";
    acquire(&server.root(), &[]).await.refused(409, "NameConflict", message);
}

#[tokio::test]
async fn wrong_values_are_refused() {
    let server = Server::with(settings()).await;
    let root = server.root();
    let none = root.iam("AcquireRole", &[("TemplateArn", TEMPLATE)]).await;
    none.refused(400, "InvalidInput", "Failed to render template: Parameter 'Name' not found.");
    let second = "ReplacementValues.entry.1.value.Values.member.2";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[(KEY_2, "Nam"), (VALUE_2, "x")], "Failed to render template: Unrecognized parameter: Nam"),
        (&[(KEY_2, "Account"), (VALUE_2, "x")], "The value x of parameter Account is not of type Number."),
        (&[(KEY_2, "Users"), (VALUE_2, "x")], "The value x of parameter Users is not of type ArnList."),
        (&[(VALUE, "a b")], "fn-a b is not a valid RoleName."),
        (&[(VALUE, &"a".repeat(62))], &format!("fn-{} is not a valid RoleName.", "a".repeat(62))),
    ];
    for (more, message) in cases {
        acquire(&root, more).await.refused(400, "InvalidInput", message);
    }
    let message = "Name replacement value must contain exactly one value, got 2";
    acquire(&root, &[(second, "x")]).await.refused(400, "ValidationError", message);
    let message = format!("The role template {TEMPLATE} is disabled.");
    acquire(&root, &[("TemplateMinorVersion", "2")]).await.refused(400, "RoleTemplateDisabled", &message);
    let message = format!("The role template {DISABLED} is disabled.");
    acquire(&root, &[("TemplateArn", DISABLED)]).await.refused(400, "RoleTemplateDisabled", &message);
    acquire(&root, &[("TemplateMinorVersion", "9")]).await.refused(
        404,
        "NoSuchEntity",
        &format!("Role template not found in repository: {TEMPLATE}"),
    );
    assert!(root.iam("ListRoles", &[]).await.ok().texts("RoleName").is_empty());
    let settings = Settings { quota: vec![("RolesPerAccount".into(), 0)], ..settings() };
    let refused = acquire(&Server::with(settings).await.root(), &[]).await;
    refused.refused(409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 0");
}

#[tokio::test]
async fn what_a_role_is_made_of_needs_permission() {
    let server = Server::with(settings()).await;
    let needed = ["iam:GetRole", "iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:TagRole"];
    let condition = json!({"ArnEquals": {"iam:RoleTemplateARN": TEMPLATE}});
    for (index, missing) in needed.iter().enumerate() {
        let rest: Vec<&str> = needed.iter().copied().filter(|action| action != missing).collect();
        let user = server.allowed(&format!("user-{index}"), &rest, &[ROLE], condition.clone()).await;
        acquire(&user, &[]).await.lacks(missing, ROLE);
    }
    let tagged =
        json!({"StringEquals": {"aws:RequestTag/function": "web"}, "ArnEquals": {"iam:RoleTemplateARN": TEMPLATE}});
    let bob = server.allowed("Bob", &["iam:CreateRole", "iam:TagRole"], &[ROLE], tagged).await;
    acquire(&bob, &[]).await.lacks("iam:GetRole", ROLE);
    let rest = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:GetRole", "iam:PutRolePolicy"], "Resource": ROLE},
        {"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": ROLE,
            "Condition": {"ArnEquals": {"iam:PolicyARN": MANAGED}}},
    ]});
    let policy = [("UserName", "Bob"), ("PolicyName", "q"), ("PolicyDocument", &rest.to_string())];
    server.root().iam("PutUserPolicy", &policy).await.ok();
    acquire(&bob, &[]).await.ok();
    let reader = server.allowed("reader", &["iam:GetRole"], &[ROLE], condition).await;
    acquire(&reader, &[]).await.ok();
    reader.iam("GetRole", &[("RoleName", "fn-web")]).await.lacks("iam:GetRole", "role fn-web");
    acquire(&reader, &[("TemplateArn", "arn:aws:iam::aws:role-template/x/y:1")])
        .await
        .lacks("iam:GetRole", "arn:aws:iam::000000000000:role/");
}

#[tokio::test]
async fn an_acquired_role_survives_a_restart() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let made = acquire(&Server::on(store.clone(), settings()).await.root(), &[]).await.ok();
    let root = Server::on(store, settings()).await.root();
    assert_eq!(acquire(&root, &[]).await.ok().text("RoleId"), made.text("RoleId"));
}
