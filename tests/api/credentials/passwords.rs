//! Login profiles, the rules for passwords, and users who change their own.

use iamd::identity::{Session, SessionPolicy, SessionPrincipal};
use iamd::shapes::{AccountId, Ids, Timestamp};

use crate::client::{Client, Server};
use crate::credentials::access_keys::user_who_may;

const TOO_SHORT: &str = "Password should have a minimum length of 8";
const SYMBOL: &str = "Password should have at least one symbol";

/// A user with the password `Passw0rd`, without any permission.
async fn bob(server: &Server) -> Client {
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let profile = [("UserName", "Bob"), ("Password", "Passw0rd"), ("PasswordResetRequired", "true")];
    root.iam("CreateLoginProfile", &profile).await.ok();
    server.user("Bob").await
}

/// A session of `AssumeRoot` with one of AWS's task policies.
fn assumed_root(server: &Server, task: &str) -> Client {
    let environment = &server.state.app.environment;
    let account = AccountId::parse("000000000000").unwrap();
    let issued = Timestamp::from(environment.clock.now());
    let id = Ids::new(&mut rand::rng()).access_key("ASIA", account);
    let policy = SessionPolicy::Managed(format!("arn:aws:iam::aws:policy/root-task/{task}"));
    let session = Session {
        expires: issued.plus(900),
        policies: Some(vec![policy]),
        ..Session::new(id.clone(), account, SessionPrincipal::Root, issued)
    };
    let token = session.token(&environment.key, [7; 24], 0);
    server.client(&id, environment.key.session_secret(&id).reveal(), token.as_deref())
}

fn change<'a>(old: &'a str, new: &'a str) -> [(&'static str, &'a str); 2] {
    [("OldPassword", old), ("NewPassword", new)]
}

#[tokio::test]
async fn a_login_profile_is_made_read_changed_and_deleted() {
    let server = Server::start().await;
    let root = server.root();
    let name = [("UserName", "bob")];
    let missing = "Login Profile for User Bob cannot be found.";
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("GetLoginProfile", &name).await.refused(404, "NoSuchEntity", missing);
    root.iam("DeleteLoginProfile", &name).await.refused(404, "NoSuchEntity", missing);
    root.iam("UpdateLoginProfile", &name).await.refused(404, "NoSuchEntity", missing);
    let made = root.iam("CreateLoginProfile", &[("UserName", "bob"), ("Password", "Passw0rd")]).await.ok();
    assert_eq!(made.text("UserName"), "Bob");
    assert_eq!(made.text("PasswordResetRequired"), "false");
    root.iam("CreateLoginProfile", &[("UserName", "bob"), ("Password", "Passw0rd")]).await.refused(
        409,
        "EntityAlreadyExists",
        "Login Profile for user Bob already exists.",
    );
    root.iam("UpdateLoginProfile", &[("UserName", "bob"), ("PasswordResetRequired", "true")]).await.ok();
    let read = root.iam("GetLoginProfile", &name).await.ok();
    assert_eq!(read.text("PasswordResetRequired"), "true");
    assert_eq!(read.text("CreateDate"), made.text("CreateDate"));
    let first = "Cannot delete entity, must delete login profile first.";
    root.iam("DeleteUser", &name).await.refused(409, "DeleteConflict", first);
    root.iam("DeleteLoginProfile", &name).await.ok();
    root.iam("DeleteUser", &name).await.ok();
    let nobody = "The user with name bob cannot be found.";
    root.iam("CreateLoginProfile", &[("UserName", "bob"), ("Password", "x")]).await.refused(
        404,
        "NoSuchEntity",
        nobody,
    );
}

#[tokio::test]
async fn a_password_must_be_given_and_is_never_shown() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateLoginProfile", &[("UserName", "Bob")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null",
    );
    let long = "x".repeat(129);
    let refused = root.iam("CreateLoginProfile", &[("UserName", "Bob"), ("Password", &long)]).await;
    assert_eq!(refused.text("Code"), "ValidationError");
    assert!(!refused.body.contains(&long));
    let nameless = "Must specify userName when calling with non-User credentials";
    for action in ["CreateLoginProfile", "GetLoginProfile", "DeleteLoginProfile"] {
        root.iam(action, &[("Password", "Passw0rd")]).await.refused(400, "ValidationError", nameless);
    }
}

#[tokio::test]
async fn without_a_policy_awss_own_rules_hold() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let cases = [
        ("Passw0r", TOO_SHORT.to_owned()),
        (
            "password1",
            format!(
                "Password should meet 1 more of the following requirements: \
                 Password should have at least one uppercase letter, {SYMBOL}"
            ),
        ),
        (
            "PASS",
            format!(
                "Password should have a minimum length of 8, Password should meet 2 more of the following requirements: \
                 Password should have at least one lowercase letter, Password should have at least one number, {SYMBOL}"
            ),
        ),
    ];
    for (password, message) in cases {
        let profile = [("UserName", "Bob"), ("Password", password)];
        root.iam("CreateLoginProfile", &profile).await.refused(400, "PasswordPolicyViolation", &message);
    }
    root.iam("CreateLoginProfile", &[("UserName", "Bob"), ("Password", "Passw0rd")]).await.ok();
    let weak = [("UserName", "Bob"), ("Password", "Passw0r")];
    root.iam("UpdateLoginProfile", &weak).await.refused(400, "PasswordPolicyViolation", TOO_SHORT);
}

#[tokio::test]
async fn the_accounts_own_policy_is_set_whole_and_deleted() {
    let root = Server::start().await.root();
    let missing = "The Password Policy with domain name 000000000000 cannot be found.";
    root.iam("GetAccountPasswordPolicy", &[]).await.refused(404, "NoSuchEntity", missing);
    let none = "The account policy with name PasswordPolicy cannot be found.";
    root.iam("DeleteAccountPasswordPolicy", &[]).await.refused(404, "NoSuchEntity", none);
    let rules = [
        ("MinimumPasswordLength", "12"),
        ("RequireSymbols", "true"),
        ("MaxPasswordAge", "90"),
        ("PasswordReusePrevention", "3"),
        ("HardExpiry", "true"),
    ];
    root.iam("UpdateAccountPasswordPolicy", &rules).await.ok();
    let read = root.iam("GetAccountPasswordPolicy", &[]).await.ok();
    for (element, value) in rules {
        assert_eq!(read.text(element), value, "{element}");
    }
    assert_eq!(read.text("ExpirePasswords"), "true");
    root.iam("UpdateAccountPasswordPolicy", &[("RequireNumbers", "true")]).await.ok();
    let read = root.iam("GetAccountPasswordPolicy", &[]).await.ok();
    let expected = [
        ("MinimumPasswordLength", "6"),
        ("RequireSymbols", "false"),
        ("RequireNumbers", "true"),
        ("RequireUppercaseCharacters", "false"),
        ("RequireLowercaseCharacters", "false"),
        ("AllowUsersToChangePassword", "false"),
        ("ExpirePasswords", "false"),
    ];
    for (element, value) in expected {
        assert_eq!(read.text(element), value, "{element}: what is left out goes back to its default");
    }
    for absent in ["MaxPasswordAge", "PasswordReusePrevention", "HardExpiry"] {
        assert!(!read.has(absent), "{absent} is only returned if it was given");
    }
    root.iam("UpdateAccountPasswordPolicy", &[("HardExpiry", "false")]).await.ok();
    assert_eq!(root.iam("GetAccountPasswordPolicy", &[]).await.ok().text("HardExpiry"), "false");
    root.iam("UpdateAccountPasswordPolicy", &[("MaxPasswordAge", "1096"), ("MinimumPasswordLength", "5"), ("PasswordReusePrevention", "25")]).await.refused(
        400,
        "ValidationError",
        "3 validation errors detected: Value at 'minimumPasswordLength' failed to satisfy constraint: Member must have \
         value greater than or equal to 6; Value at 'passwordReusePrevention' failed to satisfy constraint: Member must \
         have value less than or equal to 24; Value at 'maxPasswordAge' failed to satisfy constraint: Member must have \
         value less than or equal to 1095",
    );
    root.iam("DeleteAccountPasswordPolicy", &[]).await.ok();
    root.iam("GetAccountPasswordPolicy", &[]).await.refused(404, "NoSuchEntity", missing);
}

#[tokio::test]
async fn passwords_follow_the_accounts_own_policy() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let rules = [("MinimumPasswordLength", "6"), ("RequireSymbols", "true"), ("RequireLowercaseCharacters", "true")];
    root.iam("UpdateAccountPasswordPolicy", &rules).await.ok();
    let message = format!(
        "Password should have a minimum length of 6, Password should have at least one lowercase letter, {SYMBOL}"
    );
    let profile = [("UserName", "Bob"), ("Password", "A1")];
    root.iam("CreateLoginProfile", &profile).await.refused(400, "PasswordPolicyViolation", &message);
    root.iam("CreateLoginProfile", &[("UserName", "Bob"), ("Password", "abcde!")]).await.ok();
}

#[tokio::test]
async fn former_passwords_may_not_be_used_again() {
    let server = Server::start().await;
    let root = server.root();
    bob(&server).await;
    root.iam("UpdateAccountPasswordPolicy", &[("PasswordReusePrevention", "2")]).await.ok();
    let to = |password| [("UserName", "Bob"), ("Password", password)];
    let message = "Policy constraint violation with password reuse prevention during password change.";
    root.iam("UpdateLoginProfile", &to("Passw0rd")).await.refused(400, "PasswordPolicyViolation", message);
    root.iam("UpdateLoginProfile", &to("second")).await.ok();
    root.iam("UpdateLoginProfile", &to("Passw0rd")).await.refused(400, "PasswordPolicyViolation", message);
    root.iam("UpdateLoginProfile", &to("third!")).await.ok();
    root.iam("UpdateLoginProfile", &to("Passw0rd")).await.ok();
}

#[tokio::test]
async fn a_user_changes_its_own_password() {
    let server = Server::start().await;
    let root = server.root();
    let user = user_who_may(&server, "Bob", r#""iam:ChangePassword""#, "arn:aws:iam::*:user/${aws:username}").await;
    let missing = "Login Profile for User Bob cannot be found.";
    user.iam("ChangePassword", &change("a", "b")).await.refused(404, "NoSuchEntity", missing);
    let profile = [("UserName", "Bob"), ("Password", "Passw0rd"), ("PasswordResetRequired", "true")];
    root.iam("CreateLoginProfile", &profile).await.ok();
    let wrong = "The old password was incorrect.";
    user.iam("ChangePassword", &change("passw0rd", "N3wpassword")).await.refused(403, "AccessDenied", wrong);
    let too_short = user.iam("ChangePassword", &change("Passw0rd", "N3wpass")).await;
    too_short.refused(400, "PasswordPolicyViolation", TOO_SHORT);
    user.iam("ChangePassword", &change("Passw0rd", "N3wpassword")).await.ok();
    user.iam("ChangePassword", &change("Passw0rd", "0therPassword")).await.refused(403, "AccessDenied", wrong);
    let read = root.iam("GetLoginProfile", &[("UserName", "Bob")]).await.ok();
    assert_eq!(read.text("PasswordResetRequired"), "false", "a password of one's own need not be changed");
    let only = "Only IAM Users can change their own password";
    root.iam("ChangePassword", &change("Passw0rd", "N3wpassword")).await.refused(400, "InvalidUserType", only);
}

#[tokio::test]
async fn the_policy_can_let_all_users_change_their_passwords() {
    let server = Server::start().await;
    let root = server.root();
    let user = bob(&server).await;
    let new = change("Passw0rd", "N3wpassword");
    let denial = |action: &str, resource: &str| {
        format!(
            "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: iam:{action} on resource: {resource} \
             because no identity-based policy allows the iam:{action} action"
        )
    };
    let refused = denial("ChangePassword", "user Bob");
    user.iam("ChangePassword", &new).await.refused(403, "AccessDenied", &refused);
    user.iam("GetAccountPasswordPolicy", &[]).await.refused(
        403,
        "AccessDenied",
        &denial("GetAccountPasswordPolicy", "*"),
    );
    root.iam("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await.ok();
    user.iam("GetAccountPasswordPolicy", &[]).await.ok();
    user.iam("UpdateAccountPasswordPolicy", &[]).await.denied();
    let deny = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:ChangePassword","Resource":"*"}}"#;
    let policy = [("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", deny)];
    root.iam("PutUserPolicy", &policy).await.ok();
    user.iam("ChangePassword", &new).await.denied();
    root.iam("DeleteUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p")]).await.ok();
    user.iam("ChangePassword", &new).await.ok();
}

#[tokio::test]
async fn a_boundary_limits_users_who_change_their_passwords() {
    let server = Server::start().await;
    let root = server.root();
    let user = bob(&server).await;
    root.iam("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await.ok();
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    root.iam("CreatePolicy", &[("PolicyName", "limit"), ("PolicyDocument", document)]).await.ok();
    let limit = "arn:aws:iam::000000000000:policy/limit";
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Bob"), ("PermissionsBoundary", limit)]).await.ok();
    let message = "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: iam:ChangePassword on resource: \
                   user Bob because no permissions boundary allows the iam:ChangePassword \
                   action";
    user.iam("ChangePassword", &change("Passw0rd", "N3wpassword")).await.refused(403, "AccessDenied", message);
}

#[tokio::test]
async fn an_assumed_root_user_may_have_its_password_recovered() {
    let server = Server::start().await;
    let creating = assumed_root(&server, "IAMCreateRootUserPassword");
    creating.iam("CreateLoginProfile", &[("Password", "Passw0rd")]).await.refused(
        400,
        "ValidationError",
        "Must not specify password when calling with AssumeRoot credentials",
    );
    let made = creating.iam("CreateLoginProfile", &[]).await.ok();
    assert!(!made.has("UserName"), "the root user has no name");
    let again = "Login Profile for user root already exists.";
    creating.iam("CreateLoginProfile", &[]).await.refused(409, "EntityAlreadyExists", again);
    creating.iam("DeleteLoginProfile", &[]).await.denied();
    let summary = server.root().iam("GetAccountSummary", &[]).await.ok();
    let place = summary.texts("key").iter().position(|key| key == "AccountPasswordPresent").unwrap();
    assert_eq!(summary.texts("value")[place], "1");
    let deleting = assumed_root(&server, "IAMDeleteRootUserCredentials");
    deleting.iam("DeleteLoginProfile", &[]).await.ok();
    let missing = "Login Profile for User root cannot be found.";
    deleting.iam("GetLoginProfile", &[]).await.refused(404, "NoSuchEntity", missing);
}
