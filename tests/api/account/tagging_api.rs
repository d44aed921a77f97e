//! The Resource Groups Tagging API on resources of IAM.

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::fixtures::{TRUST, allow, not_allowed, own_arn, policy_arn};

async fn call(client: &Client, operation: &str, input: Value) -> (u16, Value) {
    let target = format!("ResourceGroupsTaggingAPI_20170126.{operation}");
    let answer = client.json("tagging", &target, &input.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

async fn succeed(client: &Client, operation: &str, input: Value) -> Value {
    let (status, answer) = call(client, operation, input).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn arns(answer: &Value) -> Vec<String> {
    let resources = answer["ResourceTagMappingList"].as_array().unwrap();
    resources.iter().map(|resource| resource["ResourceARN"].as_str().unwrap().to_owned()).collect()
}

/// A user, a role, a policy, an instance profile and a device; the ARNs in this order.
async fn resources(root: &Client) -> [String; 5] {
    root.iam("CreateUser", &[("UserName", "Bob"), ("Path", "/team/")]).await.ok();
    root.iam("CreateRole", &[("RoleName", "Web"), ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &allow("s3:*", "*"))]).await.ok();
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "Profile")]).await.ok();
    root.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "Phone")]).await.ok();
    [
        own_arn("user/team/Bob"),
        own_arn("role/Web"),
        policy_arn("P"),
        own_arn("instance-profile/Profile"),
        own_arn("mfa/Phone"),
    ]
}

#[tokio::test]
async fn several_resources_are_tagged_at_once_and_iam_shows_it() {
    let root = Server::start().await.root();
    let arns = resources(&root).await;
    let answer =
        succeed(&root, "TagResources", json!({"ResourceARNList": arns, "Tags": {"stage": "prod", "n": "1"}})).await;
    assert_eq!(answer, json!({"FailedResourcesMap": {}}));
    let listings = [
        ("ListUserTags", "UserName", "Bob"),
        ("ListRoleTags", "RoleName", "Web"),
        ("ListPolicyTags", "PolicyArn", &*arns[2]),
        ("ListInstanceProfileTags", "InstanceProfileName", "Profile"),
        ("ListMFADeviceTags", "SerialNumber", &*arns[4]),
    ];
    for (operation, parameter, name) in listings {
        let tags = root.iam(operation, &[(parameter, name)]).await.ok();
        assert_eq!(
            (tags.texts("Key"), tags.texts("Value")),
            (vec!["n".into(), "stage".into()], vec!["1".into(), "prod".into()])
        );
    }
    let answer = succeed(&root, "UntagResources", json!({"ResourceARNList": arns, "TagKeys": ["n", "other"]})).await;
    assert_eq!(answer, json!({"FailedResourcesMap": {}}));
    for (operation, parameter, name) in listings {
        assert_eq!(root.iam(operation, &[(parameter, name)]).await.ok().texts("Key"), ["stage"]);
    }
}

#[tokio::test]
async fn each_resource_fails_for_itself() {
    let root = Server::start().await.root();
    resources(&root).await;
    let full: Vec<(String, String)> =
        (0..50).map(|n| (format!("Tags.member.{}.Key", n + 1), format!("k{n}"))).collect();
    let values: Vec<(String, String)> =
        (0..50).map(|n| (format!("Tags.member.{}.Value", n + 1), String::new())).collect();
    let mut parameters = vec![("RoleName", "Web")];
    parameters.extend(full.iter().chain(&values).map(|(name, value)| (&**name, &**value)));
    root.iam("TagRole", &parameters).await.ok();
    let cases = [
        (own_arn("role/Web"), 409, "LimitExceeded"),
        // The path is not the user's.
        (own_arn("user/Bob"), 404, "NoSuchEntity"),
        (own_arn("instance-profile/Other"), 404, "NoSuchEntity"),
        (own_arn("group/Staff"), 500, "InternalServiceException"),
        ("arn:aws:s3:::bucket".to_owned(), 500, "InternalServiceException"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(), 400, "InvalidInput"),
    ];
    let mut list: Vec<&str> = cases.iter().map(|(arn, ..)| arn.as_str()).collect();
    let policy = policy_arn("P");
    list.push(&policy);
    let answer = succeed(&root, "TagResources", json!({"ResourceARNList": list, "Tags": {"new": ""}})).await;
    let failures = answer["FailedResourcesMap"].as_object().unwrap();
    assert_eq!(failures.len(), cases.len(), "{answer}");
    for (arn, status, code) in &cases {
        assert_eq!(
            (&failures[arn]["StatusCode"], &failures[arn]["ErrorCode"]),
            (&json!(status), &json!(code)),
            "{arn}"
        );
    }
    assert_eq!(root.iam("ListPolicyTags", &[("PolicyArn", &policy)]).await.ok().texts("Key"), ["new"]);
    for (key, code) in [("a*b", "ValidationError"), ("aws:x", "InvalidInput")] {
        let answer = succeed(&root, "TagResources", json!({"ResourceARNList": [policy], "Tags": {key: "v"}})).await;
        assert_eq!(answer["FailedResourcesMap"][&policy]["ErrorCode"], code, "{answer}");
    }
}

#[tokio::test]
async fn tagging_needs_the_permission_of_both_services() {
    let server = Server::start().await;
    let root = server.root();
    let [user, role, ..] = resources(&root).await;
    let input = json!({"ResourceARNList": [user, role], "Tags": {"stage": "prod"}});
    let only_iam = server.allowed("eve", &["iam:TagUser", "iam:TagRole"], &["*"], json!({})).await;
    let (status, error) = call(&only_iam, "TagResources", input.clone()).await;
    assert_eq!((status, &error["__type"]), (400, &json!("AccessDeniedException")));
    assert_eq!(error["Message"], not_allowed("eve", "tag:TagResources", "*"));
    let condition = json!({"StringEquals": {"aws:RequestTag/stage": "test"}});
    let both = server.allowed("both", &["tag:*", "iam:TagUser"], &["*"], json!({})).await;
    let answer = succeed(&both, "TagResources", input.clone()).await;
    let denied = json!({
        "StatusCode": 403,
        "ErrorCode": "AccessDeniedException",
        "ErrorMessage": not_allowed("both", "iam:TagRole", "role Web"),
    });
    assert_eq!(answer, json!({"FailedResourcesMap": {&role: denied}}));
    assert_eq!(root.iam("ListUserTags", &[("UserName", "Bob")]).await.ok().texts("Value"), ["prod"]);
    assert_eq!(root.iam("ListRoleTags", &[("RoleName", "Web")]).await.ok().texts("Value"), Vec::<String>::new());
    // Conditions see the tags of the request.
    let bound = server.allowed("bound", &["iam:TagRole"], &["*"], condition).await;
    let policy = [("UserName", "bound"), ("PolicyName", "t"), ("PolicyDocument", &allow("tag:TagResources", "*"))];
    root.iam("PutUserPolicy", &policy).await.ok();
    for (stage, failures) in [("prod", 1), ("test", 0)] {
        let input = json!({"ResourceARNList": [role], "Tags": {"stage": stage}});
        let answer = succeed(&bound, "TagResources", input).await;
        assert_eq!(answer["FailedResourcesMap"].as_object().unwrap().len(), failures, "{answer}");
    }
}

#[tokio::test]
async fn denials_are_only_logged_where_enforcement_says_so() {
    let settings = Settings { enforcement: Some(iamd::call::Enforcement::Log), ..Settings::default() };
    let server = Server::with(settings).await;
    let [user, ..] = resources(&server.root()).await;
    let eve = server.allowed("eve", &["tag:*"], &["*"], json!({})).await;
    let body = json!({"ResourceARNList": [user], "Tags": {"stage": "prod"}}).to_string();
    let answer = eve.json("tagging", "ResourceGroupsTaggingAPI_20170126.TagResources", &body).await;
    assert_eq!((answer.status, &*answer.body), (200, r#"{"FailedResourcesMap":{}}"#));
    assert_eq!(server.root().iam("ListUserTags", &[("UserName", "Bob")]).await.ok().texts("Value"), ["prod"]);
}

#[tokio::test]
async fn resources_are_found_by_type_and_tags() {
    let root = Server::start().await.root();
    let all = resources(&root).await;
    let [_, _, policy, profile, device] = &all;
    succeed(&root, "TagResources", json!({"ResourceARNList": all, "Tags": {"stage": "prod"}})).await;
    succeed(
        &root,
        "TagResources",
        json!({"ResourceARNList": [policy, device], "Tags": {"team": "a", "stage": "test"}}),
    )
    .await;
    let tag = |key: &str, values: &[&str]| json!({"Key": key, "Values": values});
    // Users and roles are not among them.
    let cases = [
        (json!({}), vec![profile, device, policy]),
        (json!({"ResourceTypeFilters": ["iam"]}), vec![profile, device, policy]),
        (json!({"ResourceTypeFilters": ["iam:policy", "s3"]}), vec![policy]),
        (json!({"ResourceTypeFilters": ["iam:role", "ec2:instance"]}), vec![]),
        (json!({"TagFilters": [tag("stage", &["prod"])]}), vec![profile]),
        (json!({"TagFilters": [tag("stage", &["prod", "test"])]}), vec![profile, device, policy]),
        (json!({"TagFilters": [tag("stage", &[]), {"Key": "team"}]}), vec![device, policy]),
        (json!({"TagFilters": [tag("stage", &["prod"]), tag("team", &["a"])]}), vec![]),
        (json!({"TagFilters": [tag("Stage", &[])]}), vec![]),
        (json!({"ResourceARNList": [policy, all[0], "arn:aws:s3:::b"]}), vec![policy]),
        (json!({"IncludeComplianceDetails": true, "ExcludeCompliantResources": true}), vec![]),
    ];
    for (input, expected) in cases {
        let answer = succeed(&root, "GetResources", input.clone()).await;
        assert_eq!(arns(&answer), expected.into_iter().cloned().collect::<Vec<_>>(), "{input}");
        assert_eq!(answer["PaginationToken"], "");
    }
    let answer =
        succeed(&root, "GetResources", json!({"ResourceARNList": [policy], "IncludeComplianceDetails": true})).await;
    assert_eq!(
        answer["ResourceTagMappingList"],
        json!([{
            "ResourceARN": policy,
            "Tags": [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "a"}],
            "ComplianceDetails": {"ComplianceStatus": true},
        }])
    );
    let elsewhere = root.in_region("eu-west-1");
    assert_eq!(arns(&succeed(&elsewhere, "GetResources", json!({})).await), Vec::<String>::new());
    let answer = succeed(&elsewhere, "TagResources", json!({"ResourceARNList": [policy], "Tags": {"x": ""}})).await;
    assert_eq!(answer["FailedResourcesMap"][policy]["ErrorCode"], "InvalidParameterException");
}

#[tokio::test]
async fn pages_follow_each_other() {
    let root = Server::start().await.root();
    for n in 0..4 {
        let name = format!("P{n}");
        root.iam("CreateInstanceProfile", &[("InstanceProfileName", &name)]).await.ok();
        let keys: serde_json::Map<String, Value> = (0..40).map(|k| (format!("k{k}"), json!(n.to_string()))).collect();
        let arn = own_arn(&format!("instance-profile/{name}"));
        succeed(&root, "TagResources", json!({"ResourceARNList": [arn], "Tags": keys})).await;
    }
    for (size, expected) in [
        (json!({"ResourcesPerPage": 3}), vec![3, 1]),
        (json!({"ResourcesPerPage": 4}), vec![4]),
        (json!({"TagsPerPage": 100}), vec![2, 2]),
        (json!({"TagsPerPage": 500, "ResourcesPerPage": 1}), vec![1, 1, 1, 1]),
    ] {
        let (mut sizes, mut token) = (Vec::new(), String::new());
        loop {
            let mut input = size.clone();
            input["PaginationToken"] = json!(token);
            let page = succeed(&root, "GetResources", input).await;
            sizes.push(arns(&page).len());
            token = page["PaginationToken"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(sizes, expected, "{size}");
    }
    let keys = succeed(&root, "GetTagKeys", json!({})).await;
    assert_eq!((keys["TagKeys"].as_array().unwrap().len(), &keys["PaginationToken"]), (40, &json!("")));
    let values = succeed(&root, "GetTagValues", json!({"Key": "k7"})).await;
    assert_eq!(values["TagValues"], json!(["0", "1", "2", "3"]));
    assert_eq!(succeed(&root, "GetTagValues", json!({"Key": "K7"})).await["TagValues"], json!([]));
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let root = Server::start().await.root();
    let many: Vec<String> = (0..21).map(|n| own_arn(&format!("role/r{n}"))).collect();
    let cases = [
        ("GetResources", json!({"ResourcesPerPage": 0}), "InvalidParameterException"),
        ("GetResources", json!({"ResourcesPerPage": 101}), "InvalidParameterException"),
        ("GetResources", json!({"TagsPerPage": 99}), "InvalidParameterException"),
        ("GetResources", json!({"PaginationToken": "nonsense"}), "InvalidParameterException"),
        ("GetResources", json!({"TagFilters": [{"Values": ["x"]}]}), "InvalidParameterException"),
        ("GetResources", json!({"ExcludeCompliantResources": true}), "InvalidParameterException"),
        (
            "GetResources",
            json!({"ResourceARNList": [many[0]], "ResourceTypeFilters": ["iam"]}),
            "InvalidParameterException",
        ),
        ("GetResources", json!({"ResourceARNList": []}), "ValidationException"),
        ("GetResources", json!({"ResourcesPerPage": "2"}), "SerializationException"),
        ("GetTagKeys", json!({"PaginationToken": "nonsense"}), "InvalidParameterException"),
        ("GetTagValues", json!({}), "ValidationException"),
        ("TagResources", json!({"ResourceARNList": ["Web"], "Tags": {"a": "b"}}), "InvalidParameterException"),
        ("TagResources", json!({"ResourceARNList": many, "Tags": {"a": "b"}}), "ValidationException"),
        ("TagResources", json!({"ResourceARNList": [many[0]], "Tags": {}}), "ValidationException"),
        ("TagResources", json!({"ResourceARNList": [many[0]], "Tags": []}), "SerializationException"),
        ("UntagResources", json!({"ResourceARNList": [many[0]]}), "ValidationException"),
        ("GetComplianceSummary", json!({}), "UnknownOperationException"),
    ];
    for (operation, input, code) in cases {
        let (status, error) = call(&root, operation, input.clone()).await;
        assert_eq!((status, error["__type"].as_str()), (400, Some(code)), "{operation} {input}: {error}");
    }
    // What is not known is ignored.
    succeed(&root, "GetResources", json!({"Unknown": [1]})).await;
}
