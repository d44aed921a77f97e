//! SimulateCustomPolicy, and what it shares with SimulatePrincipalPolicy: parameters, results, paging.

use serde_json::json;

use crate::client::{Answer, Client, Server};
use crate::fixtures::{allow, deny};

const DOCUMENT: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:Get*",
            "Resource": "arn:aws:s3:::a/*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
        },
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::a/private"
        }
    ]
}"#;

const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Simulates one document and one action, and more parameters.
async fn simulate(client: &Client, policy: &str, action: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("PolicyInputList.member.1", policy), ("ActionNames.member.1", action)];
    parameters.extend(more);
    client.iam("SimulateCustomPolicy", &parameters).await
}

async fn decision(client: &Client, policy: &str, action: &str, more: &[(&str, &str)]) -> String {
    simulate(client, policy, action, more).await.ok().text("EvalDecision")
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
async fn one_result_for_an_action_covers_all_resources() {
    let root = Server::start().await.root();
    let mut more =
        vec![("ResourceArns.member.1", "arn:aws:s3:::a/x"), ("ResourceArns.member.2", "arn:aws:s3:::a/private")];
    more.extend(entry("aws:SourceVpc", "string", "vpc-1"));
    let answer = simulate(&root, DOCUMENT, "s3:GetObject", &more).await.ok();
    let (body, _) = answer.body.split_once("  <ResponseMetadata>").unwrap();
    let expected = r#"<SimulateCustomPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <SimulateCustomPolicyResult>
    <IsTruncated>false</IsTruncated>
    <EvaluationResults>
      <member>
        <EvalActionName>s3:GetObject</EvalActionName>
        <EvalResourceName>arn:${Partition}:s3:::${BucketName}/${ObjectName}</EvalResourceName>
        <EvalDecision>explicitDeny</EvalDecision>
        <MatchedStatements>
          <member>
            <SourcePolicyId>PolicyInputList.1</SourcePolicyId>
            <SourcePolicyType>IAM Policy</SourcePolicyType>
            <StartPosition>
              <Line>9</Line>
              <Column>10</Column>
            </StartPosition>
            <EndPosition>
              <Line>14</Line>
              <Column>10</Column>
            </EndPosition>
          </member>
        </MatchedStatements>
        <MissingContextValues/>
        <EvalDecisionDetails/>
        <ResourceSpecificResults>
          <member>
            <EvalResourceName>arn:aws:s3:::a/x</EvalResourceName>
            <EvalResourceDecision>allowed</EvalResourceDecision>
            <MatchedStatements>
              <member>
                <SourcePolicyId>PolicyInputList.1</SourcePolicyId>
                <SourcePolicyType>IAM Policy</SourcePolicyType>
                <StartPosition>
                  <Line>3</Line>
                  <Column>19</Column>
                </StartPosition>
                <EndPosition>
                  <Line>9</Line>
                  <Column>10</Column>
                </EndPosition>
              </member>
            </MatchedStatements>
            <MissingContextValues/>
          </member>
          <member>
            <EvalResourceName>arn:aws:s3:::a/private</EvalResourceName>
            <EvalResourceDecision>explicitDeny</EvalResourceDecision>
            <MatchedStatements>
              <member>
                <SourcePolicyId>PolicyInputList.1</SourcePolicyId>
                <SourcePolicyType>IAM Policy</SourcePolicyType>
                <StartPosition>
                  <Line>9</Line>
                  <Column>10</Column>
                </StartPosition>
                <EndPosition>
                  <Line>14</Line>
                  <Column>10</Column>
                </EndPosition>
              </member>
            </MatchedStatements>
            <MissingContextValues/>
          </member>
        </ResourceSpecificResults>
      </member>
    </EvaluationResults>
  </SimulateCustomPolicyResult>
"#;
    assert_eq!(body, expected);
}

#[tokio::test]
async fn without_a_resource_there_are_no_results_by_resource() {
    let root = Server::start().await.root();
    for more in [&[][..], &[("ResourceArns.member.1", "*")]] {
        let answer = simulate(&root, OPEN, "s3:ListAllMyBuckets", more).await.ok();
        assert_eq!((answer.text("EvalResourceName"), answer.text("EvalDecision")), ("*".into(), "allowed".into()));
        assert!(!answer.has("ResourceSpecificResults") && !answer.has("EvalDecisionDetails"), "{}", answer.body);
    }
}

#[tokio::test]
async fn every_type_of_context_key_counts() {
    let root = Server::start().await.root();
    let cases = [
        ("StringEquals", "string", "a", "b"),
        ("ForAnyValue:StringEquals", "stringList", "a", "b"),
        ("NumericLessThan", "numeric", "10", "5"),
        ("ForAllValues:NumericLessThan", "numericList", "10", "5"),
        ("Bool", "boolean", "true", "false"),
        ("ForAnyValue:Bool", "booleanList", "true", "false"),
        ("IpAddress", "ip", "203.0.113.0/24", "192.0.2.1"),
        ("ForAnyValue:IpAddress", "ipList", "203.0.113.0/24", "192.0.2.1"),
        ("BinaryEquals", "binary", "aWFtZA==", "aWFt"),
        ("ForAnyValue:BinaryEquals", "binaryList", "aWFtZA==", "aWFt"),
        ("DateGreaterThan", "date", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"),
        ("ForAnyValue:DateGreaterThan", "dateList", "2026-01-01T00:00:00Z", "1767225601"),
    ];
    for (operator, kind, in_policy, in_request) in cases {
        let policy = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {operator: {"x:Key": in_policy}}}});
        let answer = simulate(&root, &policy.to_string(), "s3:GetObject", &[]).await.ok();
        assert_eq!(answer.text("MissingContextValues").trim(), "<member>x:Key</member>", "{operator}");
        let answer = simulate(&root, &policy.to_string(), "s3:GetObject", &entry("x:key", kind, in_request)).await.ok();
        let expected = match operator {
            "NumericLessThan" | "ForAllValues:NumericLessThan" | "ForAnyValue:DateGreaterThan" => "allowed",
            _ => "implicitDeny",
        };
        assert_eq!(answer.text("EvalDecision"), expected, "{operator}");
        assert_eq!(answer.text("MissingContextValues"), "", "{operator}");
    }
}

#[tokio::test]
async fn keys_that_any_statement_asks_for_are_missed() {
    let root = Server::start().await.root();
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"aws:PrincipalTag/s":"x"}}},
        {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"}]}"#;
    let answer = simulate(&root, policy, "s3:ListBucket", &[("ResourceArns.member.1", "arn:aws:s3:::b")]).await.ok();
    let missing = answer.texts("MissingContextValues");
    assert_eq!(missing.len(), 2, "of the action, and of the resource");
    for keys in missing {
        let keys: Vec<_> = keys.split_whitespace().collect();
        assert_eq!(keys, ["<member>aws:PrincipalTag/s</member>", "<member>aws:username</member>"]);
    }
}

#[tokio::test]
async fn a_boundary_limits() {
    let root = Server::start().await.root();
    let boundary = "PermissionsBoundaryPolicyInputList.member.1";
    for (document, decision, allowed) in [
        (allow("s3:Get*", "*"), "allowed", "true"),
        (allow("iam:*", "*"), "implicitDeny", "false"),
        (deny("s3:*", "*"), "explicitDeny", "false"),
    ] {
        let answer = simulate(&root, OPEN, "s3:GetObject", &[(boundary, &document)]).await.ok();
        assert_eq!(answer.text("EvalDecision"), decision);
        assert_eq!(answer.text("AllowedByPermissionsBoundary"), allowed);
    }
    let two = [(boundary, OPEN), ("PermissionsBoundaryPolicyInputList.member.2", OPEN)];
    let message = "Invalid PermissionsBoundaryPolicyInputList: only one permissions boundary can be in effect.";
    simulate(&root, OPEN, "s3:GetObject", &two).await.refused(400, "InvalidInput", message);
}

#[tokio::test]
async fn every_level_of_an_organization_must_allow() {
    let root = Server::start().await.root();
    let level = |n| format!("OrderedOrganizationPolicyInputList.member.{n}.ServiceControlPolicyInputList.member.1");
    let (first, second) = (level(1), level(2));
    let condition = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]});
    let resource = ("ResourceArns.member.1", "arn:aws:s3:::b/k");
    for (document, decision, allowed) in [
        (OPEN.to_owned(), "allowed", "true"),
        (allow("iam:*", "*"), "implicitDeny", "false"),
        (condition.to_string(), "explicitDeny", "false"),
    ] {
        let levels = [(first.as_str(), OPEN), (second.as_str(), document.as_str()), resource];
        let answer = simulate(&root, OPEN, "s3:GetObject", &levels).await.ok();
        assert_eq!(answer.text("EvalDecision"), decision);
        assert_eq!(answer.text("AllowedByOrganizations"), allowed);
        assert_eq!(answer.has("EvalDecisionDetails"), allowed == "true", "an SCP that denies ends the evaluation");
        let matched = usize::from(decision == "allowed") * 2;
        assert_eq!(answer.texts("SourcePolicyId").len(), matched, "SCPs are not listed");
        assert_eq!(answer.text("MissingContextValues"), "", "nor are their keys");
    }
    let broken = simulate(&root, OPEN, "s3:GetObject", &[(first.as_str(), "{}")]).await;
    assert!(broken.text("Message").starts_with("Invalid OrderedOrganizationPolicyInputList.1.1: "), "{}", broken.body);
}

/// A bucket policy that lets Bob read.
const BUCKET: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Bob"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;
const BOB: (&str, &str) = ("CallerArn", "arn:aws:iam::111122223333:user/Bob");
const OBJECT: (&str, &str) = ("ResourceArns.member.1", "arn:aws:s3:::b/k");

#[tokio::test]
async fn a_resource_policy_counts_as_its_owner_wants() {
    let root = Server::start().await.root();
    let unrelated = allow("iam:*", "*");
    let policy = ("ResourcePolicy", BUCKET);
    let other = ("ResourceOwner", "arn:aws:iam::444455556666:root");
    let same = simulate(&root, &unrelated, "s3:GetObject", &[BOB, OBJECT, policy]).await.ok();
    assert_eq!(same.text("EvalDecision"), "allowed", "within one account it is enough");
    assert_eq!(same.text("SourcePolicyId"), "ResourcePolicy");
    assert_eq!(same.text("SourcePolicyType"), "Resource Policy");
    let across = simulate(&root, &unrelated, "s3:GetObject", &[BOB, OBJECT, policy, other]).await.ok();
    assert_eq!(across.text("EvalDecision"), "implicitDeny", "across accounts both must allow");
    let told: Vec<_> = across.texts("key").into_iter().zip(across.texts("value")).collect();
    let sides = [("IAM Policy", "implicitDeny"), ("Resource Policy", "allowed")].map(|(k, v)| (k.into(), v.into()));
    assert_eq!(told, [sides.clone(), sides].concat(), "of the action, and of the resource");
    assert_eq!(decision(&root, OPEN, "s3:GetObject", &[BOB, OBJECT, policy, other]).await, "allowed");
    assert_eq!(decision(&root, OPEN, "s3:GetObject", &[BOB, OBJECT, other]).await, "implicitDeny");
    assert_eq!(decision(&root, OPEN, "s3:GetObject", &[OBJECT, other]).await, "allowed", "nobody is a stranger");
    // Trust policies do not count.
    let trust = deny("sts:AssumeRole", "*").replace("\"Action\"", "\"Principal\":\"*\",\"Action\"");
    let role = ("ResourceArns.member.1", "arn:aws:iam::444455556666:role/R");
    let answer = decision(&root, OPEN, "sts:AssumeRole", &[BOB, role, ("ResourcePolicy", &trust)]).await;
    assert_eq!(answer, "allowed");
}

#[tokio::test]
async fn a_resource_policy_needs_a_user_and_fitting_resources() {
    let root = Server::start().await.root();
    let (policy, message) =
        (("ResourcePolicy", BUCKET), "Invalid caller - Caller must be an IAM user in this context.");
    for arn in ["arn:aws:iam::111122223333:role/R", "arn:aws:iam::111122223333:group/G"] {
        let call = simulate(&root, OPEN, "s3:GetObject", &[("CallerArn", arn), policy, OBJECT]).await;
        call.refused(400, "InvalidInput", message);
    }
    simulate(&root, OPEN, "s3:GetObject", &[policy, OBJECT]).await.refused(400, "InvalidInput", message);
    let elsewhere = ("ResourceArns.member.2", "arn:aws:s3:::b");
    let call = simulate(&root, OPEN, "s3:GetObject", &[BOB, policy, OBJECT, elsewhere]).await;
    call.refused(400, "InvalidInput", "Invalid Resource Policy: it is not applicable to arn:aws:s3:::b.");
}

#[tokio::test]
async fn senseless_parameters_are_refused() {
    let root = Server::start().await.root();
    let context = "ContextEntries.member.1.ContextKeyName";
    let session = "arn:aws:sts::111122223333:assumed-role/R/s";
    let unclear = format!("Invalid Entity Arn: {session} does not clearly define entity type and name.");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("ActionNames.member.1", "GetUser"), ("ActionNames.member.2", "s3:*")],
            "Invalid Input Actions: [GetUser,s3:*]",
        ),
        (&[("ResourceArns.member.1", "bucket")], "Invalid Resource Arns: [bucket]"),
        (&[("ResourceOwner", "111122223333")], "'111122223333' is not a valid as a Resource Owner."),
        (&[("ResourceOwner", "arn:aws:iam::1:root")], "'arn:aws:iam::1:root' is not a valid as a Resource Owner."),
        (&[("CallerArn", session)], &unclear),
        (
            &[("PolicyInputList.member.2", "{")],
            "Invalid PolicyInputList.2: Syntax errors in policy. (line 1, column 1: EOF while parsing an object)",
        ),
        (&[("ContextEntries.member.1.ContextKeyType", "string")], "Invalid Context Entry: it has no name."),
        (&[(context, "SourceIp")], "Invalid Context Entry: SourceIp has no service prefix."),
        (&entry("x:Key", "numericList", "one"), "Invalid Context Entry: one is not a valid numeric value of x:Key."),
        (&[("ResourceHandlingOption", "EC2-Classic")], "Invalid Resource Handling Option: EC2-Classic"),
    ];
    for (more, message) in cases {
        let mut parameters = vec![("PolicyInputList.member.1", OPEN), ("ActionNames.member.1", "s3:GetObject")];
        parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        parameters.extend(*more);
        root.iam("SimulateCustomPolicy", &parameters).await.refused(400, "InvalidInput", message);
    }
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
async fn ec2_scenarios_need_their_resources() {
    let root = Server::start().await.root();
    let arn = |kind: &str| format!("arn:aws:ec2:us-east-1:111122223333:{kind}/x");
    let option = ("ResourceHandlingOption", "EC2-VPC-EBS-Subnet");
    let names: Vec<_> = (1..).map(|n| format!("ResourceArns.member.{n}")).take(6).collect();
    let kinds = ["instance", "image", "security-group", "network-interface", "subnet", "volume"].map(arn);
    let mut more = vec![option];
    more.extend(names.iter().map(String::as_str).zip(kinds.iter().map(String::as_str)));
    assert_eq!(decision(&root, OPEN, "ec2:RunInstances", &more).await, "allowed");
    let call = simulate(&root, OPEN, "ec2:RunInstances", &more[..5]).await;
    let message = "Invalid Resource Arns: EC2-VPC-EBS-Subnet requires resources of type subnet, volume.";
    call.refused(400, "InvalidInput", message);
}

#[tokio::test]
async fn results_come_page_by_page() {
    let root = Server::start().await.root();
    let actions = ["s3:GetObject", "iam:GetUser", "ec2:RunInstances"];
    let names = [1, 2, 3].map(|n| format!("ActionNames.member.{n}"));
    let mut parameters = vec![("PolicyInputList.member.1", OPEN)];
    parameters.extend(names.iter().map(String::as_str).zip(actions));
    assert_eq!(root.iam_pages("SimulateCustomPolicy", &parameters, "EvalActionName").await, actions);
    parameters.push(("Marker", "nonsense"));
    root.iam("SimulateCustomPolicy", &parameters).await.refused(400, "ValidationError", "Invalid Marker.");
}

#[tokio::test]
async fn permission_is_needed() {
    let server = Server::start().await;
    let may = server.allowed("may", &["iam:SimulateCustomPolicy"], &["*"], json!({})).await;
    assert_eq!(decision(&may, OPEN, "s3:GetObject", &[]).await, "allowed");
    let may_not = server.allowed("maynot", &["iam:SimulatePrincipalPolicy"], &["*"], json!({})).await;
    simulate(&may_not, OPEN, "s3:GetObject", &[]).await.lacks("iam:SimulateCustomPolicy", "*");
}
