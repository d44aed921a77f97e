//! What the policy simulator refuses, in AWS's words.

use crate::client::{Answer, Client, Server};

const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// A bucket policy that lets Bob read.
const BUCKET: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Bob"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;
const BOB: (&str, &str) = ("CallerArn", "arn:aws:iam::111122223333:user/Bob");
const OBJECT: (&str, &str) = ("ResourceArns.member.1", "arn:aws:s3:::b/k");

/// Simulates that everything is allowed; more parameters take the place of those with the same name.
async fn simulate(client: &Client, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("PolicyInputList.member.1", OPEN), ("ActionNames.member.1", "s3:GetObject")];
    parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    parameters.extend(more);
    client.iam("SimulateCustomPolicy", &parameters).await
}

/// The parameters of a context entry.
fn entry<'a>(name: &'a str, kind: &'a str, value: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("ContextEntries.member.1.ContextKeyName", name),
        ("ContextEntries.member.1.ContextKeyType", kind),
        ("ContextEntries.member.1.ContextKeyValues.member.1", value),
    ]
}

#[tokio::test]
async fn senseless_parameters_are_refused() {
    let root = Server::start().await.root();
    let session = "arn:aws:sts::111122223333:assumed-role/R/s";
    let unclear = format!("Invalid Entity Arn: {session} does not clearly define entity type and name.");
    let boundaries = ["PermissionsBoundaryPolicyInputList.member.1", "PermissionsBoundaryPolicyInputList.member.2"];
    let level = "OrderedOrganizationPolicyInputList.member";
    let (first, second) = (
        format!("{level}.1.ServiceControlPolicyInputList.member.1"),
        format!("{level}.2.ServiceControlPolicyInputList"),
    );
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("ActionNames.member.1", "GetUser")], "The action is invalid since it is missing names"),
        (
            &[("ActionNames.member.1", "iam:a:b"), ("ActionNames.member.2", "s3:*")],
            "Invalid Input Actions: [iam:a:b,s3:*]",
        ),
        (
            &[("ActionNames.member.2", "s3:MadeUp"), ("ActionNames.member.3", "iam:GetUser"), OBJECT],
            "Invalid Input Actions: [s3:GetObject,iam:GetUser] and [s3:MadeUp] require different authorization \
             information. ",
        ),
        (&[("ResourceArns.member.1", "bucket")], "ResourceNames are not in a valid ARN format: bucket."),
        (&[("ResourceArns.member.1", "arn:aws:s3:::")], "ResourceNames are not in a valid ARN format: arn:aws:s3:::."),
        (&[("ResourceOwner", "111122223333")], "'111122223333' is not a valid as a Resource Owner."),
        (&[("ResourceOwner", "arn:aws:iam::1:root")], "'arn:aws:iam::1:root' is not a valid as a Resource Owner."),
        (&[("CallerArn", session)], &unclear),
        (&[("PolicyInputList.member.2", "{")], "Policy input list item 2 has invalid content"),
        (
            &[("PolicyInputList.member.1", r#"{"Version":"2099-01-01","Statement":[]}"#)],
            "Policy input list item 1 has invalid content",
        ),
        (
            &[(boundaries[0], OPEN), (boundaries[1], OPEN)],
            "The list of Permissions Boundary policies cannot exceed 1 items.",
        ),
        (
            &[(&first, OPEN), (&second, "")],
            "Organization policy at index 2 must contain at least one service control policy",
        ),
        (&[("ContextEntries.member.1.ContextKeyType", "string")], "ContextKeyName cannot be null or empty."),
        (&[("ContextEntries.member.1.ContextKeyName", "x:Key")], "Context key x:Key has invalid type null."),
        (&entry("x:Key", "numericList", "one"), "Invalid context value for key x:Key: expected numeric format."),
    ];
    for (more, message) in cases {
        simulate(&root, more).await.refused(400, "InvalidInput", message);
    }
}

#[tokio::test]
async fn what_looks_odd_is_taken() {
    let root = Server::start().await.root();
    let cases: &[&[(&str, &str)]] = &[
        &[("ActionNames.member.1", "s3:Get Object")],
        &[("ActionNames.member.2", "s3:MadeUp")],
        &[("ResourceArns.member.1", "arn:unknown:s3:region:account:name")],
        &[("ResourceOwner", "arn:aws:iam::111122223333:user/Bob")],
        &[("ResourceHandlingOption", "EC2-Classic")],
        &entry("abcde", "string", ""),
    ];
    for more in cases {
        assert_eq!(simulate(&root, more).await.ok().text("EvalDecision"), "allowed", "{more:?}");
    }
    let none = [("PolicyInputList", ""), ("ActionNames.member.1", "s3:GetObject")];
    assert_eq!(root.iam("SimulateCustomPolicy", &none).await.ok().text("EvalDecision"), "implicitDeny");
    let falsehood = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"k:Key":"false"}}}]}"#;
    let more = [&[("PolicyInputList.member.1", falsehood)][..], &entry("k:Key", "boolean", "yes")].concat();
    assert_eq!(simulate(&root, &more).await.ok().text("EvalDecision"), "allowed");
}

#[tokio::test]
async fn a_resource_policy_needs_a_user_and_fitting_resources() {
    let root = Server::start().await.root();
    let policy = ("ResourcePolicy", BUCKET);
    for (kind, message) in [
        ("role/R", "Caller must be an IAM user in this context."),
        ("group/G", "Caller must be an IAM user in this context."),
        ("root", "Caller must be an IAM user, role or group in this context."),
    ] {
        let arn = format!("arn:aws:iam::111122223333:{kind}");
        let call = simulate(&root, &[("CallerArn", &arn), policy, OBJECT]).await;
        call.refused(400, "InvalidInput", &format!("Invalid caller - {message}"));
    }
    let nobody = simulate(&root, &[policy, OBJECT]).await;
    nobody.refused(400, "InvalidInput", "Invalid caller - Caller cannot be null or empty.");
    for resource in [&[][..], &[("ResourceArns.member.1", "*")]] {
        let call = simulate(&root, &[&[BOB, policy][..], resource].concat()).await;
        call.refused(400, "InvalidInput", "Invalid Entity Arn: * does not clearly define entity type and name.");
    }
    let elsewhere = ("ResourceArns.member.2", "arn:aws:s3:::b");
    let call = simulate(&root, &[BOB, policy, OBJECT, elsewhere]).await;
    call.refused(400, "InvalidInput", "Invalid Resource Policy: it is not applicable to arn:aws:s3:::b.");
}

#[tokio::test]
async fn ec2_scenarios_need_their_resources() {
    let root = Server::start().await.root();
    let arn = |kind: &str| format!("arn:aws:ec2:us-east-1:111122223333:{kind}/x");
    let run = ("ActionNames.member.1", "ec2:RunInstances");
    let option = ("ResourceHandlingOption", "EC2-VPC-EBS-Subnet");
    let names: Vec<_> = (1..).map(|n| format!("ResourceArns.member.{n}")).take(6).collect();
    let kinds = ["instance", "image", "security-group", "network-interface", "subnet", "volume"].map(arn);
    let mut more = vec![run, option];
    more.extend(names.iter().map(String::as_str).zip(kinds.iter().map(String::as_str)));
    assert_eq!(simulate(&root, &more).await.ok().text("EvalDecision"), "allowed");
    let call = simulate(&root, &more[..6]).await;
    let message = "Invalid Resource Arns: EC2-VPC-EBS-Subnet requires resources of type subnet, volume.";
    call.refused(400, "InvalidInput", message);
    simulate(&root, &[option, OBJECT]).await.refused(
        400,
        "InvalidInput",
        "Invalid input resource handling options. Action does not support resource handling options: s3:GetObject. \
         Please refer to the documentation for more details: \
         https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html",
    );
}

#[tokio::test]
async fn a_simulation_has_a_limit() {
    let root = Server::start().await.root();
    let numbered = |list: &str, count| -> Vec<_> { (1..=count).map(|n| format!("{list}.member.{n}")).collect() };
    let (actions, resources) = (numbered("ActionNames", 400), numbered("ResourceArns", 250));
    let mut parameters = vec![("PolicyInputList.member.1", OPEN), ("MaxItems", "1")];
    parameters.extend(actions.iter().map(|name| (name.as_str(), "s3:GetObject")));
    parameters.extend(resources.iter().map(|name| (name.as_str(), "arn:aws:s3:::a/x")));
    let most = root.iam("SimulateCustomPolicy", &parameters).await.ok();
    assert_eq!(most.texts("EvalResourceDecision").len(), 250);
    let message = "The simulation is too large: the number of actions, times that of resources, times that of statements \
                   and context entries may be at most 100000.";
    let long = OPEN.replace("\"Resource\":\"*\"", &format!("\"Resource\":\"arn:aws:s3:::{}\"", "a".repeat(6144)));
    let open = entry("aws:SourceVpc", "string", "vpc-1");
    let more: [&[(&str, &str)]; 4] = [
        &[("ResourceArns.member.251", "*")],
        &[("PolicyInputList.member.2", OPEN)],
        &[("OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1", OPEN)],
        &open,
    ];
    for more in more {
        let parameters = [&parameters, more].concat();
        root.iam("SimulateCustomPolicy", &parameters).await.refused(400, "InvalidInput", message);
    }
    parameters[0].1 = &long;
    root.iam("SimulateCustomPolicy", &parameters).await.refused(400, "InvalidInput", message);
}

#[tokio::test]
async fn a_simulation_of_long_texts_has_a_limit() {
    let root = Server::start().await.root();
    let wanted = vec!["\"v*\""; 20_000].join(",");
    let condition = format!(r#""Condition":{{"ForAnyValue:StringLike":{{"aws:TagKeys":[{wanted}]}}}},"Resource":"*""#);
    let policy = OPEN.replace("\"Resource\":\"*\"", &condition);
    assert_ne!(policy, OPEN);
    let values: Vec<_> = (1..=9_000).map(|n| format!("ContextEntries.member.1.ContextKeyValues.member.{n}")).collect();
    let mut parameters = vec![("PolicyInputList.member.1", policy.as_str()), ("ActionNames.member.1", "s3:GetObject")];
    parameters.extend(entry("aws:TagKeys", "stringList", "w"));
    parameters.extend(values.iter().skip(1).map(|name| (name.as_str(), "w")));
    let message = "The simulation is too large: the policies, or the context values, are too long.";
    root.iam("SimulateCustomPolicy", &parameters).await.refused(400, "InvalidInput", message);
    parameters.truncate(100);
    root.iam("SimulateCustomPolicy", &parameters).await.ok();
}
