//! SimulatePrincipalPolicy: the policies that a user, group or role really has, and the calls that they really allow.

use iamd::account::{StoredPolicy, User};
use serde_json::json;

use crate::client::{Answer, Client, Server};
use crate::fixtures::{allow, deny, policy_arn, statement};

const BOB: &str = "arn:aws:iam::000000000000:user/staff/Bob";
const GROUP: &str = "arn:aws:iam::000000000000:group/G";

/// Bob reads S3 by an inline policy, SQS by his group's, EC2 by its AWS-managed policy, and IAM by a managed one.
async fn with_bob() -> (Server, Client) {
    let server = Server::start().await;
    let root = server.root();
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    root.iam("CreateUser", &[[("UserName", "Bob"), ("Path", "/staff/")], tag].concat()).await.ok();
    root.iam("CreateGroup", &[("GroupName", "G")]).await.ok();
    root.iam("AddUserToGroup", &[("UserName", "Bob"), ("GroupName", "G")]).await.ok();
    let inline = |document| [("PolicyName", "p"), ("PolicyDocument", document)];
    let (s3, sqs, iam) = (allow("s3:Get*", "*"), allow("sqs:*", "*"), allow("iam:Get*", "*"));
    root.iam("PutUserPolicy", &[&[("UserName", "Bob")][..], &inline(&s3)].concat()).await.ok();
    root.iam("PutGroupPolicy", &[&[("GroupName", "G")][..], &inline(&sqs)].concat()).await.ok();
    root.iam("CreatePolicy", &[("PolicyName", "Reader"), ("PolicyDocument", &iam)]).await.ok();
    for arn in [&policy_arn("Reader"), "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"] {
        root.iam("AttachUserPolicy", &[("UserName", "Bob"), ("PolicyArn", arn)]).await.ok();
    }
    (server, root)
}

async fn simulate(client: &Client, source: &str, action: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("PolicySourceArn", source), ("ActionNames.member.1", action)];
    parameters.extend(more);
    client.iam("SimulatePrincipalPolicy", &parameters).await
}

async fn decision(client: &Client, source: &str, action: &str, more: &[(&str, &str)]) -> String {
    simulate(client, source, action, more).await.ok().text("EvalDecision")
}

#[tokio::test]
async fn all_policies_of_the_principal_count() {
    let (_, root) = with_bob().await;
    for (action, policy) in [
        ("s3:GetObject", "user_Bob_p"),
        ("sqs:SendMessage", "group_G_p"),
        ("ec2:DescribeInstances", "AmazonEC2ReadOnlyAccess"),
        ("iam:GetUser", "Reader"),
    ] {
        let answer = simulate(&root, BOB, action, &[]).await.ok();
        let shown = (answer.text("EvalDecision"), answer.text("SourcePolicyId"), answer.text("SourcePolicyType"));
        assert_eq!(shown, ("allowed".into(), policy.into(), "IAM Policy".into()), "{action}");
    }
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[]).await, "implicitDeny");
    assert_eq!(decision(&root, GROUP, "sqs:SendMessage", &[]).await, "allowed");
    assert_eq!(decision(&root, GROUP, "s3:GetObject", &[]).await, "implicitDeny", "a group has its own only");
    let more = allow("s3:PutObject", "*");
    let answer = simulate(&root, BOB, "s3:PutObject", &[("PolicyInputList.member.1", &more)]).await.ok();
    assert_eq!(
        (answer.text("EvalDecision"), answer.text("SourcePolicyId")),
        ("allowed".into(), "PolicyInputList.1".into())
    );
}

#[tokio::test]
async fn the_principals_own_keys_are_known() {
    let (_, root) = with_bob().await;
    let condition = r#"{"StringEquals":{"aws:PrincipalTag/team":"red","aws:username":"Bob","aws:PrincipalArn":"arn:aws:iam::000000000000:user/staff/Bob"}}"#;
    let policy = statement("Allow", "s3:PutObject", "arn:aws:s3:::b/${aws:username}/*", condition);
    let object = ("ResourceArns.member.1", "arn:aws:s3:::b/Bob/x");
    let given = [("PolicyInputList.member.1", policy.as_str()), object];
    let answer = simulate(&root, BOB, "s3:PutObject", &given).await.ok();
    assert_eq!((answer.text("EvalDecision"), answer.text("MissingContextValues")), ("allowed".into(), String::new()));
    // A given value takes the place of a known one.
    let other = [
        ("ContextEntries.member.1.ContextKeyName", "aws:PrincipalTag/team"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "blue"),
    ];
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[&given[..], &other].concat()).await, "implicitDeny");
    // What the call would tell is not known.
    let secure = statement("Allow", "s3:PutObject", "*", r#"{"Bool":{"aws:SecureTransport":"true"}}"#);
    let answer = simulate(&root, BOB, "s3:PutObject", &[("PolicyInputList.member.1", &secure)]).await.ok();
    assert_eq!(answer.text("MissingContextValues").trim(), "<member>aws:SecureTransport</member>");
}

#[tokio::test]
async fn another_caller_acts_with_the_policies() {
    let (_, root) = with_bob().await;
    root.iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    let policy = statement("Allow", "s3:PutObject", "*", r#"{"StringEquals":{"aws:username":"Eve"}}"#);
    let eve = ("CallerArn", "arn:aws:iam::000000000000:user/Eve");
    assert_eq!(decision(&root, BOB, "s3:GetObject", &[eve]).await, "allowed", "as Eve, with Bob's policies");
    let given = ("PolicyInputList.member.1", policy.as_str());
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[given, eve]).await, "allowed");
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[given]).await, "implicitDeny");
    let bucket = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/Eve"},"Action":"s3:PutObject","Resource":"*"}]}"#;
    let by_bucket = [("ResourcePolicy", bucket), ("ResourceArns.member.1", "arn:aws:s3:::b/k")];
    assert_eq!(decision(&root, BOB, "s3:PutObject", &by_bucket).await, "implicitDeny");
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[&by_bucket[..], &[eve]].concat()).await, "allowed");
    let group = simulate(&root, GROUP, "s3:PutObject", &by_bucket).await;
    group.refused(400, "InvalidInput", "Invalid caller - Caller must be an IAM user in this context.");
}

#[tokio::test]
async fn a_boundary_is_the_principals_or_the_given_one() {
    let (_, root) = with_bob().await;
    let put = [("UserName", "Bob"), ("PermissionsBoundary", &policy_arn("Reader"))];
    root.iam("PutUserPermissionsBoundary", &put).await.ok();
    let answer = simulate(&root, BOB, "s3:GetObject", &[]).await.ok();
    assert_eq!(answer.text("EvalDecision"), "implicitDeny");
    assert_eq!(answer.text("AllowedByPermissionsBoundary"), "false");
    let open = allow("*", "*");
    let given = ("PermissionsBoundaryPolicyInputList.member.1", open.as_str());
    assert_eq!(decision(&root, BOB, "s3:GetObject", &[given]).await, "allowed");
    let without = ("PolicyExclusionList.member.1.PolicyType", "permission-boundary");
    let answer = simulate(&root, BOB, "s3:GetObject", &[without]).await.ok();
    assert_eq!(answer.text("EvalDecision"), "allowed");
    assert!(!answer.has("PermissionsBoundaryDecisionDetail"), "{}", answer.body);
}

#[tokio::test]
async fn policies_are_left_out() {
    let (_, root) = with_bob().await;
    let all =
        [("s3", "s3:GetObject"), ("sqs", "sqs:SendMessage"), ("ec2", "ec2:DescribeInstances"), ("iam", "iam:GetUser")];
    let inline = |kind, name| {
        let identifier = "PolicyExclusionList.member.1.InlinePolicyIdentifier";
        vec![
            (format!("{identifier}.PolicyName"), "p".to_owned()),
            (format!("{identifier}.AttachmentType"), String::from(kind)),
            (format!("{identifier}.AttachmentName"), String::from(name)),
        ]
    };
    let one = |member: &str, value: &str| vec![(format!("PolicyExclusionList.member.1.{member}"), value.to_owned())];
    let cases = [
        (one("PolicyType", "inline"), &["ec2", "iam"][..]),
        (one("PolicyType", "aws-managed"), &["s3", "sqs", "iam"]),
        (one("PolicyType", "user-managed"), &["s3", "sqs", "ec2"]),
        (one("PolicyType", "scp"), &["s3", "sqs", "ec2", "iam"]),
        (one("PolicyType", "rcp"), &["s3", "sqs", "ec2", "iam"]),
        (one("PolicyArn", "arn:aws:iam::aws:policy/AmazonEC2*"), &["s3", "sqs", "iam"]),
        (one("PolicyArn", "arn:aws:iam::000000000000:policy/Rea?er"), &["s3", "sqs", "ec2"]),
        (one("PolicyArn", "arn:aws:iam::000000000000:policy/path/Reader"), &["s3", "sqs", "ec2", "iam"]),
        (one("PolicyArn", "arn:aws:iam::000000000000:policy/None"), &["s3", "sqs", "ec2", "iam"]),
        (inline("user", "B*"), &["sqs", "ec2", "iam"]),
        (inline("user", "?ob"), &["sqs", "ec2", "iam"]),
        (inline("group", "G"), &["s3", "ec2", "iam"]),
        (inline("role", "B*"), &["s3", "sqs", "ec2", "iam"]),
    ];
    for (exclusion, left) in cases {
        let exclusion: Vec<_> = exclusion.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut allowed = Vec::new();
        for (service, action) in all {
            if decision(&root, BOB, action, &exclusion).await == "allowed" {
                allowed.push(service);
            }
        }
        assert_eq!(allowed, left, "{exclusion:?}");
    }
    let two = [
        ("PolicyExclusionList.member.1.PolicyType", "inline"),
        ("PolicyExclusionList.member.1.PolicyArn", "arn:aws:iam::aws:policy/P"),
    ];
    let message = "Invalid Policy Identifier: specify exactly one of PolicyType, PolicyArn, or InlinePolicyIdentifier.";
    simulate(&root, BOB, "s3:GetObject", &two).await.refused(400, "InvalidInput", message);
    let wide = [("PolicyExclusionList.member.1.PolicyArn", "arn:aws:iam::*:policy/P")];
    let message = "Invalid Policy Identifier: arn:aws:iam::*:policy/P is not the ARN of a managed policy.";
    simulate(&root, BOB, "s3:GetObject", &wide).await.refused(400, "InvalidInput", message);
}

#[tokio::test]
async fn inline_policies_to_leave_out_have_a_name_and_an_owner() {
    let (_, root) = with_bob().await;
    let message = "Invalid inline policy exclusion: policyName, attachmentType, and attachmentName are required";
    let identifier = "policyExclusionList.1.member.inlinePolicyIdentifier";
    let pattern = r"failed to satisfy constraint: Member must satisfy regular expression pattern: .*[\w+=,.@-]+.*";
    let broken = |member| format!("1 validation error detected: Value at '{identifier}.{member}' {pattern}");
    for (name, owner, code, message) in [
        ("p*", "Bob", "InvalidInput", message.to_owned()),
        ("?p", "Bob", "InvalidInput", message.to_owned()),
        ("p", "*o*", "InvalidInput", message.to_owned()),
        ("*", "Bob", "ValidationError", broken("policyName")),
        ("p", "*", "ValidationError", broken("attachmentName")),
    ] {
        let more = [
            ("PolicyExclusionList.member.1.InlinePolicyIdentifier.PolicyName", name),
            ("PolicyExclusionList.member.1.InlinePolicyIdentifier.AttachmentType", "user"),
            ("PolicyExclusionList.member.1.InlinePolicyIdentifier.AttachmentName", owner),
        ];
        simulate(&root, BOB, "s3:GetObject", &more).await.refused(400, code, &message);
    }
}

#[tokio::test]
async fn a_path_does_not_matter() {
    let (server, root) = with_bob().await;
    let elsewhere = "arn:aws:iam::000000000000:user/elsewhere/Bob";
    assert_eq!(decision(&root, elsewhere, "s3:GetObject", &[]).await, "allowed");
    let own = statement("Allow", "s3:PutObject", "*", &json!({"StringEquals": {"aws:PrincipalArn": BOB}}).to_string());
    assert_eq!(decision(&root, elsewhere, "s3:PutObject", &[("PolicyInputList.member.1", &own)]).await, "allowed");
    let action = "iam:SimulatePrincipalPolicy";
    let may = server.allowed("may", &[action], &[elsewhere], json!({})).await;
    simulate(&may, elsewhere, "s3:GetObject", &[]).await.lacks(action, BOB);
}

#[tokio::test]
async fn a_policy_counts_once_however_often_it_is_attached() {
    let (_, root) = with_bob().await;
    root.iam("AttachGroupPolicy", &[("GroupName", "G"), ("PolicyArn", &policy_arn("Reader"))]).await.ok();
    let answer = simulate(&root, BOB, "iam:GetUser", &[]).await.ok();
    assert_eq!(answer.texts("SourcePolicyId"), ["Reader"]);
}

#[tokio::test]
async fn only_users_groups_and_roles_of_the_account_have_policies() {
    let (_, root) = with_bob().await;
    let unclear = [
        "arn:aws:sts::000000000000:assumed-role/R/s",
        "arn:aws:iam::000000000000:policy/Reader",
        "arn:aws:s3:::bucket/object",
    ];
    for arn in unclear {
        let message = format!("Invalid Entity Arn: {arn} does not clearly define entity type and name.");
        simulate(&root, arn, "s3:GetObject", &[]).await.refused(400, "InvalidInput", &message);
    }
    let message = "Invalid Policy Source Arn: caller's account 000000000000 does not have access to policies in account 111122223333.";
    let call = simulate(&root, "arn:aws:iam::111122223333:user/Bob", "s3:GetObject", &[]).await;
    call.refused(400, "InvalidInput", message);
    for (kind, name) in [("user", "Nobody"), ("group", "Nobody"), ("role", "Nobody")] {
        let arn = format!("arn:aws:iam::000000000000:{kind}/{name}");
        let message = format!("The {kind} with name {name} cannot be found.");
        simulate(&root, &arn, "s3:GetObject", &[]).await.refused(404, "NoSuchEntity", &message);
    }
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_cannot_be_evaluated() {
    let (server, root) = with_bob().await;
    server
        .change("000000000000", |account| {
            let broken = StoredPolicy::from(std::sync::Arc::<str>::from("{"));
            let change = |user: &mut User| Ok(user.permissions.inline.insert("broken".to_owned(), broken));
            account.update("Bob", change).unwrap();
        })
        .await;
    let call = simulate(&root, BOB, "s3:GetObject", &[]).await;
    call.refused(500, "PolicyEvaluation", "The policy user_Bob_broken cannot be evaluated.");
}

#[tokio::test]
async fn permission_is_needed_for_the_principal() {
    let (server, _) = with_bob().await;
    let action = "iam:SimulatePrincipalPolicy";
    let may = server.allowed("may", &[action], &[BOB], json!({})).await;
    assert_eq!(decision(&may, BOB, "s3:GetObject", &[]).await, "allowed");
    simulate(&may, GROUP, "s3:GetObject", &[]).await.lacks(action, GROUP);
    let may_not = server.allowed("maynot", &["iam:SimulateCustomPolicy"], &["*"], json!({})).await;
    simulate(&may_not, BOB, "s3:GetObject", &[]).await.lacks(action, BOB);
    let by_tag = json!({"StringEquals": {"aws:ResourceTag/team": "red"}});
    let by_tag = server.allowed("bytag", &[action], &["*"], by_tag).await;
    assert_eq!(decision(&by_tag, BOB, "s3:GetObject", &[]).await, "allowed");
    simulate(&by_tag, GROUP, "s3:GetObject", &[]).await.lacks(action, GROUP);
}

/// What is simulated happens: each of Ann's calls, with each of these policies besides a boundary and a group.
#[tokio::test]
async fn the_simulator_agrees_with_what_happens() {
    let server = Server::start().await;
    let root = server.root();
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    root.iam("CreateUser", &[&[("UserName", "Ann")][..], &tag].concat()).await.ok();
    root.iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "G")]).await.ok();
    root.iam("AddUserToGroup", &[("UserName", "Ann"), ("GroupName", "G")]).await.ok();
    let no_groups = deny("iam:ListGroups", "*");
    root.iam("PutGroupPolicy", &[("GroupName", "G"), ("PolicyName", "no"), ("PolicyDocument", &no_groups)]).await.ok();
    let limit = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iam:ListRoles","Resource":"*"}}"#;
    root.iam("CreatePolicy", &[("PolicyName", "Limit"), ("PolicyDocument", limit)]).await.ok();
    let boundary = policy_arn("Limit");
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Ann"), ("PermissionsBoundary", &boundary)]).await.ok();
    let policies = [
        allow("*", "*"),
        allow("iam:GetUser", "arn:aws:iam::000000000000:user/${aws:username}"),
        allow("iam:List*", "*"),
        statement("Allow", "iam:*", "*", r#"{"StringEquals":{"aws:PrincipalTag/team":"red"}}"#),
        statement("Allow", "iam:*", "*", r#"{"StringEquals":{"aws:PrincipalTag/team":"blue"}}"#),
        statement("Allow", "iam:*", "*", r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}"#),
    ];
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/Ann"},"Action":"sts:AssumeRole"}}"#;
    root.iam("CreateRole", &[&[("RoleName", "R"), ("AssumeRolePolicyDocument", trust)][..], &tag].concat()).await.ok();
    let role_boundary = [("RoleName", "R"), ("PermissionsBoundary", boundary.as_str())];
    root.iam("PutRolePermissionsBoundary", &role_boundary).await.ok();
    let (ann, role) = ("arn:aws:iam::000000000000:user/Ann", "arn:aws:iam::000000000000:role/R");
    let ann_calls = server.user("Ann").await;
    let assume = [("RoleArn", role), ("RoleSessionName", "session")];
    let role_calls = server.session(&ann_calls.sts("AssumeRole", &assume).await.ok());
    let calls = [
        ("GetUser", "user/Ann", vec![("UserName", "Ann")]),
        ("GetUser", "user/Eve", vec![("UserName", "Eve")]),
        ("ListUsers", "", vec![]),
        ("ListGroups", "", vec![]),
        ("ListRoles", "", vec![]),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for policy in &policies {
        let put = [("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
        root.iam("PutUserPolicy", &[&[("UserName", "Ann")][..], &put].concat()).await.ok();
        root.iam("PutRolePolicy", &[&[("RoleName", "R")][..], &put].concat()).await.ok();
        for (source, client) in [(ann, &ann_calls), (role, &role_calls)] {
            for (operation, resource, parameters) in &calls {
                // To the simulator, listings are about nothing in particular.
                let arn = match *resource {
                    "" => "*".to_owned(),
                    resource => format!("arn:aws:iam::000000000000:{resource}"),
                };
                let action = format!("iam:{operation}");
                let simulated = decision(&root, source, &action, &[("ResourceArns.member.1", &arn)]).await;
                let happened = client.iam(operation, parameters).await;
                assert_eq!(
                    simulated == "allowed",
                    happened.status == 200,
                    "{source} {action} {arn} by {policy}: {simulated}"
                );
                let explicit = happened.text("Message").contains("with an explicit deny");
                assert_eq!(simulated == "explicitDeny", explicit, "{}", happened.body);
                seen.insert(simulated);
            }
        }
    }
    assert_eq!(seen.len(), 3, "every decision was seen: {seen:?}");
}

#[tokio::test]
async fn a_simulation_shows_no_tags_of_others() {
    let (_, root) = with_bob().await;
    let tag = [("UserName", "Eve"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    root.iam("CreateUser", &tag).await.ok();
    let policy = statement("Allow", "s3:PutObject", "*", r#"{"StringEquals":{"aws:PrincipalTag/team":"red"}}"#);
    let given = ("PolicyInputList.member.1", policy.as_str());
    let [bob, eve] = [BOB, "arn:aws:iam::000000000000:user/Eve"].map(|arn| ("CallerArn", arn));
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[given]).await, "allowed");
    assert_eq!(decision(&root, BOB, "s3:PutObject", &[given, bob]).await, "allowed");
    let answer = simulate(&root, BOB, "s3:PutObject", &[given, eve]).await.ok();
    assert_eq!(answer.text("EvalDecision"), "implicitDeny");
    assert_eq!(answer.text("MissingContextValues").trim(), "<member>aws:PrincipalTag/team</member>");
    let custom = [("ActionNames.member.1", "s3:PutObject"), given, bob];
    let answer = root.iam("SimulateCustomPolicy", &custom).await.ok();
    assert_eq!(answer.text("EvalDecision"), "implicitDeny");
}
