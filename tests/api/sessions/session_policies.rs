//! Policies that narrow a session.

use serde_json::json;

use crate::client::{Client, Server};
use crate::principals::{ACCOUNT, allow, assume, role, trust, trusts, user};

/// A user and the role that it may assume, which may do everything.
async fn administrator(server: &Server) -> (Client, String) {
    let bob = user(server, ACCOUNT, "Bob", None).await;
    let trust = trusts("arn:aws:iam::000000000000:user/Bob");
    (bob, role(server, ACCOUNT, "Admin", trust, Some(allow("*", "*"))).await)
}

#[tokio::test]
async fn a_session_may_what_role_and_session_policy_both_allow() {
    let server = Server::start().await;
    let (bob, _) = administrator(&server).await;
    let trust = trusts("arn:aws:iam::000000000000:user/Bob");
    let reader = role(&server, ACCOUNT, "Reader", trust, Some(allow("iam:List*", "*"))).await;
    let policy = allow("iam:ListUsers", "*").to_string();
    let answer = assume(&bob, &reader, &[("Policy", &policy)]).await.ok();
    assert!(answer.text("PackedPolicySize").parse::<u32>().is_ok_and(|size| (1..100).contains(&size)));
    let session = server.session(&answer);
    session.iam("ListUsers", &[]).await.ok();
    session.iam("ListGroups", &[]).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:sts::000000000000:assumed-role/Reader/work is not authorized to perform: iam:ListGroups on \
         resource: arn:aws:iam::000000000000:group/ because no session policy allows the iam:ListGroups action",
    );
    let wider = allow("*", "*").to_string();
    let session = server.session(&assume(&bob, &reader, &[("Policy", &wider)]).await.ok());
    session.iam("CreateUser", &[("UserName", "Eve")]).await.denied();
}

#[tokio::test]
async fn inline_and_managed_policies_are_one_set() {
    let server = Server::start().await;
    let (bob, admin) = administrator(&server).await;
    let policy = allow("iam:CreateGroup", "*").to_string();
    let managed = ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess");
    let session = server.session(&assume(&bob, &admin, &[managed]).await.ok());
    session.iam("ListUsers", &[]).await.ok();
    session.iam("CreateGroup", &[("GroupName", "G")]).await.denied();
    let session = server.session(&assume(&bob, &admin, &[managed, ("Policy", &policy)]).await.ok());
    session.iam("ListUsers", &[]).await.ok();
    session.iam("CreateGroup", &[("GroupName", "G")]).await.ok();
    session.iam("CreateUser", &[("UserName", "Eve")]).await.denied();
}

#[tokio::test]
async fn managed_policies_must_exist_in_the_account_of_the_role() {
    let server = Server::start().await;
    let (bob, admin) = administrator(&server).await;
    let refusals = [
        ("arn:aws:iam::aws:policy/NoSuchPolicy", "MalformedPolicyDocument", " does not exist or is not attachable."),
        ("arn:aws:iam::111122223333:policy/Other", "MalformedPolicyDocument", " does not exist or is not attachable."),
        ("arn:aws:iam::000000000000:role/Admin", "ValidationError", " is invalid"),
        ("no ARN, though long enough", "ValidationError", " is invalid"),
    ];
    for (arn, code, rest) in refusals {
        let answer = assume(&bob, &admin, &[("PolicyArns.member.1.arn", arn)]).await;
        let policy = if code == "ValidationError" { "" } else { "Policy " };
        answer.refused(400, code, &format!("{policy}{arn}{rest}"));
    }
    let names: Vec<_> = (1..=11).map(|n| format!("PolicyArns.member.{n}.arn")).collect();
    let eleven: Vec<_> =
        names.iter().map(|name| (name.as_str(), "arn:aws:iam::aws:policy/IAMReadOnlyAccess")).collect();
    assume(&bob, &admin, &eleven[..10]).await.ok();
    assume(&bob, &admin, &eleven).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less \
         than or equal to 10",
    );
}

#[tokio::test]
async fn documents_are_checked() {
    let server = Server::start().await;
    let (bob, admin) = administrator(&server).await;
    let principal =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    for (policy, message) in [
        ("{}", "Syntax errors in policy."),
        ("not JSON", "Syntax errors in policy."),
        (principal, "Policy document should not specify a principal."),
    ] {
        assume(&bob, &admin, &[("Policy", policy)]).await.refused(400, "MalformedPolicyDocument", message);
    }
}

#[tokio::test]
async fn plain_text_is_limited_white_space_included() {
    let server = Server::start().await;
    let (bob, admin) = administrator(&server).await;
    let policy = allow("*", "*").to_string();
    let padded = |length: usize| format!("{policy}{}", " ".repeat(length - policy.len()));
    assume(&bob, &admin, &[("Policy", &padded(2048))]).await.ok();
    let message = "Packed policy consumes 101% of allotted space, please use smaller policy.";
    assume(&bob, &admin, &[("Policy", &padded(2049))]).await.refused(400, "PackedPolicyTooLarge", message);
    let arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    let both = [("Policy", padded(2048)), ("PolicyArns.member.1.arn", arn.to_owned())];
    let both = both.each_ref().map(|(name, value)| (*name, value.as_str()));
    let message = "Packed policy consumes 103% of allotted space, please use smaller policy.";
    assume(&bob, &admin, &both).await.refused(400, "PackedPolicyTooLarge", message);
}

#[tokio::test]
async fn a_token_has_a_maximum_size() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let trust = trust("arn:aws:iam::000000000000:user/Bob", &["sts:AssumeRole", "sts:TagSession"], json!({}));
    let work = role(&server, ACCOUNT, "Work", trust, None).await;
    let mut random = rand::rng();
    let ids = iamd::shapes::Ids::new(&mut random);
    let text = |length| ids.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length);
    let policy = allow(&format!("s3:{}", text(1900)), "*").to_string();
    let answer = assume(&bob, &work, &[("Policy", &policy)]).await.ok();
    assert_eq!(answer.text("PackedPolicySize"), answer.text("SessionTokenUtilization"));
    let tags: Vec<_> = (1..=20).map(|n| (n, text(200))).collect();
    let names: Vec<_> = tags
        .iter()
        .map(|(n, _)| (format!("Tags.member.{n}.Key"), format!("Tags.member.{n}.Value"), n.to_string()))
        .collect();
    let mut parameters = vec![("Policy", policy.as_str())];
    for ((key, value, number), (_, text)) in names.iter().zip(&tags) {
        parameters.extend([(key.as_str(), number.as_str()), (value.as_str(), text.as_str())]);
    }
    let answer = assume(&bob, &work, &parameters).await;
    assert_eq!((answer.status, answer.text("Code").as_str()), (400, "PackedPolicyTooLarge"));
    let message = answer.text("Message");
    let size = message.strip_prefix("The session token size of ").unwrap();
    let size = size.strip_suffix(" bytes exceeds the maximum of 4096 bytes.").unwrap();
    assert!(size.parse::<u32>().unwrap() > 4096);
}
