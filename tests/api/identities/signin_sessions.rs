//! How long AWS Sign-In sessions of roles and users may be: `MaxSigninSessionDuration`.

use crate::client::{Answer, Client, Server};
use crate::fixtures::{TRUST, role};

const BOTH: &str = "MaxSigninSessionDuration and ResetMaxSigninSessionDuration cannot be specified together.";

/// The setting as an answer shows it.
fn shown(answer: &Answer) -> Vec<String> {
    answer.texts("MaxSigninSessionDuration")
}

/// Sets, keeps, replaces and resets the setting of what `name` names, and reads it back each time.
async fn changes_are_kept(root: &Client, get: &str, update: &str, name: (&str, &str)) {
    let set = |value| [name, ("MaxSigninSessionDuration", value)];
    let reset = |value| [name, ("ResetMaxSigninSessionDuration", value)];
    for (change, expected) in [
        (set("3600"), Some("3600")),
        (reset("false"), Some("3600")),
        (set("7776000"), Some("7776000")),
        (reset("true"), None),
        (reset("true"), None),
    ] {
        root.iam(update, &change).await.ok();
        let read = root.iam(get, &[name]).await.ok();
        assert_eq!(shown(&read), Vec::from_iter(expected), "{change:?}");
    }
    let value = ("MaxSigninSessionDuration", "5000");
    let both = [name, value, ("ResetMaxSigninSessionDuration", "true")];
    root.iam(update, &both).await.refused(400, "InvalidInput", BOTH);
    root.iam(update, &[name, value, ("ResetMaxSigninSessionDuration", "false")]).await.ok();
    for wrong in ["3599", "7776001"] {
        let refused = root.iam(update, &set(wrong)).await;
        assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError".to_owned()));
        assert!(refused.text("Message").contains("at 'maxSigninSessionDuration' failed"), "{}", refused.body);
    }
    assert_eq!(shown(&root.iam(get, &[name]).await.ok()), ["5000"]);
}

#[tokio::test]
async fn roles_keep_the_setting() {
    let server = Server::start().await;
    let root = server.root();
    let name = ("RoleName", "Work");
    let document = ("AssumeRolePolicyDocument", TRUST);
    root.iam("CreateRole", &[name, document, ("MaxSigninSessionDuration", "7200")]).await.ok();
    root.iam("CreateRole", &[("RoleName", "Other"), document]).await.ok();
    assert_eq!(shown(&root.iam("GetRole", &[name]).await.ok()), ["7200"]);
    assert_eq!(shown(&root.iam("ListRoles", &[]).await.ok()), ["7200"]);
    changes_are_kept(&root, "GetRole", "UpdateRole", name).await;
    root.iam("UpdateRole", &[name, ("Description", "d")]).await.ok();
    let read = root.iam("GetRole", &[name]).await.ok();
    assert_eq!((shown(&read), read.text("Description")), (vec!["5000".to_owned()], "d".to_owned()));
    let details = root.iam("GetAccountAuthorizationDetails", &[]).await.ok();
    assert!(!details.has("MaxSigninSessionDuration"));
}

#[tokio::test]
async fn service_linked_roles_have_no_such_setting() {
    let server = Server::start().await;
    server.put("000000000000", role("/aws-service-role/x.amazonaws.com/", "Linked")).await;
    let sentence = "Linked is an AWS service linked role, max sign-in session duration cannot be changed.";
    for change in [("MaxSigninSessionDuration", "3600"), ("ResetMaxSigninSessionDuration", "true")] {
        let refused = server.root().iam("UpdateRole", &[("RoleName", "Linked"), change]).await;
        refused.refused(400, "UnmodifiableEntity", sentence);
    }
}

#[tokio::test]
async fn login_profiles_keep_the_setting() {
    let server = Server::start().await;
    let root = server.root();
    let name = ("UserName", "Bob");
    root.iam("CreateUser", &[name]).await.ok();
    let profile = [name, ("Password", "Passw0rd"), ("PasswordResetRequired", "true")];
    let made = root.iam("CreateLoginProfile", &[&profile[..], &[("MaxSigninSessionDuration", "7200")]].concat()).await;
    assert_eq!(shown(&made.ok()), ["7200"]);
    changes_are_kept(&root, "GetLoginProfile", "UpdateLoginProfile", name).await;
    let read = root.iam("GetLoginProfile", &[name]).await.ok();
    assert_eq!(read.text("PasswordResetRequired"), "true");
    let change = [("OldPassword", "Passw0rd"), ("NewPassword", "Passw1rd")];
    let policy = crate::fixtures::allow("iam:ChangePassword", "*");
    root.iam("PutUserPolicy", &[name, ("PolicyName", "p"), ("PolicyDocument", &policy)]).await.ok();
    server.user("Bob").await.iam("ChangePassword", &change).await.ok();
    assert_eq!(shown(&root.iam("GetLoginProfile", &[name]).await.ok()), ["5000"]);
}
