//! SimulateCustomPolicy, and what it shares with SimulatePrincipalPolicy: parameters, results, paging.

use serde_json::json;

use crate::client::{Answer, Client, Server};
use crate::fixtures::{allow, deny, statement};

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
        <EvalResourceName>arn:${Partition}:s3:::${BucketName}/${KeyName}</EvalResourceName>
        <EvalDecision>explicitDeny</EvalDecision>
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
        // Of no values, all do.
        let missing = if operator.starts_with("ForAllValues") { "" } else { "<member>x:Key</member>" };
        assert_eq!(answer.text("MissingContextValues").trim(), missing, "{operator}");
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
    for (document, decision, allowed, source) in [
        (allow("s3:Get*", "*"), "allowed", "true", "PolicyInputList.1"),
        (allow("iam:*", "*"), "implicitDeny", "false", ""),
        (deny("s3:*", "*"), "explicitDeny", "false", "PermissionsBoundaryPolicyInputList.1"),
    ] {
        let answer = simulate(&root, OPEN, "s3:GetObject", &[(boundary, &document)]).await.ok();
        assert_eq!(answer.text("EvalDecision"), decision);
        assert_eq!(answer.text("AllowedByPermissionsBoundary"), allowed);
        assert_eq!(answer.text("SourcePolicyId"), source);
        let kind = ["IAM Policy", "Permissions Boundary Policy", ""].map(String::from);
        assert!(kind.contains(&answer.text("SourcePolicyType")));
        assert_eq!(decision == "explicitDeny", answer.text("SourcePolicyType") == kind[1]);
    }
    let denied = deny("s3:*", "*");
    let both = simulate(&root, &denied, "s3:GetObject", &[(boundary, &denied)]).await.ok();
    let mut sources = both.texts("SourcePolicyId");
    sources.sort_unstable();
    assert_eq!(sources, ["PermissionsBoundaryPolicyInputList.1", "PolicyInputList.1"]);
}

#[tokio::test]
async fn keys_are_missed_where_they_could_make_a_difference() {
    let root = Server::start().await.root();
    let asks = |effect| statement(effect, "s3:*", "*", r#"{"StringEquals":{"k:missing":"yes","K:missing":"yes"}}"#);
    let (asking, denying, denied) = (asks("Allow"), asks("Deny"), deny("*", "*"));
    let object = ("ResourceArns.member.1", "arn:aws:s3:::b/k");
    for (policy, other, decision, missing) in [
        (&asking, None, "implicitDeny", true),
        (&denying, None, "implicitDeny", true),
        (&asking, Some(OPEN), "allowed", false),
        (&denying, Some(OPEN), "allowed", false),
        (&asking, Some(denied.as_str()), "explicitDeny", false),
    ] {
        let other = other.map(|other| ("PolicyInputList.member.2", other));
        let more: Vec<_> = other.into_iter().chain([object]).collect();
        let answer = simulate(&root, policy, "s3:GetObject", &more).await.ok();
        assert_eq!(answer.text("EvalDecision"), decision);
        let shown = answer.texts("MissingContextValues").len();
        assert_eq!(shown, if missing { 2 } else { 0 }, "of the action, and of the resource: {}", answer.body);
        assert_eq!(answer.body.contains("<member>k:missing</member>"), missing);
        assert_eq!(answer.body.contains("<member>K:missing</member>"), missing, "every spelling counts");
    }
}

#[tokio::test]
async fn an_action_is_about_resources_of_its_types() {
    let root = Server::start().await.root();
    let user = ("ResourceArns.member.1", "arn:aws:iam::111122223333:user/a");
    let object = ("ResourceArns.member.2", "arn:aws:s3:::b/k");
    let answer = simulate(&root, OPEN, "s3:GetObject", &[user, object]).await.ok();
    assert_eq!(answer.text("EvalDecision"), "implicitDeny");
    assert_eq!(answer.texts("EvalResourceDecision"), ["implicitDeny", "allowed"]);
    assert_eq!(answer.texts("SourcePolicyId").len(), 2, "of the action, and of the object");
    assert_eq!(answer.text("EvalResourceName"), "arn:${Partition}:s3:::${BucketName}/${KeyName}");
    assert_eq!(decision(&root, OPEN, "iam:ListUsers", &[user]).await, "implicitDeny", "it has none");
    assert_eq!(decision(&root, OPEN, "iam:ListUsers", &[]).await, "allowed");
    assert_eq!(decision(&root, OPEN, "madeup:Action", &[user]).await, "allowed", "nobody knows");
}

#[tokio::test]
async fn nobody_has_keys_too() {
    let root = Server::start().await.root();
    for (key, value, caller, decision, missing) in [
        ("aws:userid", "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR", None, "allowed", ""),
        ("aws:PrincipalAccount", "000000000000", None, "allowed", ""),
        ("aws:PrincipalAccount", "111122223333", None, "implicitDeny", "<member>aws:PrincipalAccount</member>"),
        ("aws:username", "Bob", None, "implicitDeny", "<member>aws:username</member>"),
        ("aws:userid", BOB.1, Some(BOB), "allowed", ""),
        ("aws:username", "Bob", Some(BOB), "allowed", ""),
    ] {
        let policy = statement("Allow", "*", "*", &json!({"StringEquals": {key: value}}).to_string());
        let answer = simulate(&root, &policy, "s3:GetObject", caller.as_slice()).await.ok();
        assert_eq!(answer.text("EvalDecision"), decision, "{key}");
        assert_eq!(answer.text("MissingContextValues").trim(), missing, "{key}");
    }
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
    let shown: Vec<_> = across.texts("key").into_iter().zip(across.texts("value")).collect();
    let sides = [("IAM Policy", "implicitDeny"), ("Resource Policy", "allowed")].map(|(k, v)| (k.into(), v.into()));
    assert_eq!(shown, [sides.clone(), sides].concat(), "of the action, and of the resource");
    assert_eq!(decision(&root, OPEN, "s3:GetObject", &[BOB, OBJECT, policy, other]).await, "allowed");
    assert_eq!(decision(&root, OPEN, "s3:GetObject", &[BOB, OBJECT, other]).await, "implicitDeny");
    assert_eq!(decision(&root, OPEN, "s3:GetObject", &[OBJECT, other]).await, "allowed", "nobody is a stranger");
    let limited = ("PermissionsBoundaryPolicyInputList.member.1", OPEN);
    let across = simulate(&root, OPEN, "s3:GetObject", &[BOB, OBJECT, policy, other, limited]).await.ok();
    assert_eq!(across.texts("key")[..3], ["IAM Policy", "Permissions Boundary Policy", "Resource Policy"]);
    let by_root = BUCKET.replace("user/Bob", "root");
    let by_root = simulate(&root, &unrelated, "s3:GetObject", &[BOB, OBJECT, ("ResourcePolicy", &by_root)]).await.ok();
    assert_eq!(by_root.text("EvalDecision"), "allowed", "the root user stands for the account");
    // Trust policies do not count.
    let trust = deny("sts:AssumeRole", "*").replace("\"Action\"", "\"Principal\":\"*\",\"Action\"");
    let role = ("ResourceArns.member.1", "arn:aws:iam::444455556666:role/R");
    let answer = decision(&root, OPEN, "sts:AssumeRole", &[BOB, role, ("ResourcePolicy", &trust)]).await;
    assert_eq!(answer, "allowed");
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
    root.iam("SimulateCustomPolicy", &parameters).await.refused(400, "InvalidInput", "Invalid marker for pagination.");
}

#[tokio::test]
async fn permission_is_needed() {
    let server = Server::start().await;
    let may = server.allowed("may", &["iam:SimulateCustomPolicy"], &["*"], json!({})).await;
    assert_eq!(decision(&may, OPEN, "s3:GetObject", &[]).await, "allowed");
    let may_not = server.allowed("maynot", &["iam:SimulatePrincipalPolicy"], &["*"], json!({})).await;
    simulate(&may_not, OPEN, "s3:GetObject", &[]).await.lacks("iam:SimulateCustomPolicy", "*");
}
