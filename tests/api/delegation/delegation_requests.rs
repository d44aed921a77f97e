//! Delegation requests: what they ask for, whose they are, and through which states they come.

use iamd::store::Store;
use serde_json::json;
use std::sync::Arc;

use crate::client::Server;
use crate::delegation::fixtures::{
    PROVIDER, ROLES_TEMPLATE, TEMPLATE, TOPIC, notices, on, parameters, requested, server, settings, state,
};

const DAY: i64 = 24 * 3600;

fn arn(id: &str) -> String {
    format!("arn:aws:iam::000000000000:delegation-request/{id}")
}

#[tokio::test]
async fn a_request_comes_through_all_states() {
    let server = server().await;
    let root = server.root();
    server.root_of(PROVIDER).iam("CreateAccountAlias", &[("AccountAlias", "example")]).await.ok();
    let more = [("RequestMessage", "please"), ("RedirectUrl", "https://example.com/?a=b"), ("OnlySendByOwner", "true")];
    let id = requested(&server, "flow-1", &more).await;
    assert_eq!(state(&server, &id).await, "UNASSIGNED");
    on(&root, "AssociateDelegationRequest", &id).await.ok();
    assert_eq!(state(&server, &id).await, "ASSIGNED");
    root.iam("UpdateDelegationRequest", &[("DelegationRequestId", &id), ("Notes", "look")]).await.ok();
    assert_eq!(state(&server, &id).await, "PENDING_APPROVAL");
    on(&root, "AcceptDelegationRequest", &id).await.ok();
    assert_eq!(state(&server, &id).await, "ACCEPTED");
    on(&root, "SendDelegationToken", &id).await.ok();
    let shown = on(&root, "GetDelegationRequest", &id).await.ok();
    for (element, expected) in [
        ("DelegationRequestId", id.as_str()),
        ("OwnerAccountId", "000000000000"),
        ("Description", "sets things up"),
        ("RequestMessage", "please"),
        ("OwnerId", "arn:aws:iam::000000000000:root"),
        ("ApproverId", "arn:aws:iam::000000000000:root"),
        ("State", "FINALIZED"),
        ("RequestorId", PROVIDER),
        ("RequestorName", "example"),
        ("SessionDuration", "3600"),
        ("RedirectUrl", "https://example.com/?a=b"),
        ("Notes", "look"),
        ("RejectionReason", ""),
        ("OnlySendByOwner", "true"),
    ] {
        assert_eq!(shown.text(element), expected, "{element}");
    }
    assert!(!shown.has("PermissionCheckStatus") && !shown.has("RolePermissionRestrictionArns"));
    let states: Vec<_> = notices(&server).await.iter().map(|n| n["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["UNASSIGNED", "ASSIGNED", "PENDING_APPROVAL", "ACCEPTED", "FINALIZED"]);
}

#[tokio::test]
async fn no_other_transition_is_possible() {
    const OPERATIONS: [&str; 5] = [
        "AssociateDelegationRequest",
        "UpdateDelegationRequest",
        "AcceptDelegationRequest",
        "RejectDelegationRequest",
        "SendDelegationToken",
    ];
    let [associate, update, accept, reject, send] = OPERATIONS;
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("UNASSIGNED", &[], &[associate]),
        ("ASSIGNED", &[associate], &[update, accept, reject]),
        ("PENDING_APPROVAL", &[associate, update], &[update, accept, reject]),
        ("ACCEPTED", &[associate, accept], &[reject, send]),
        ("REJECTED", &[associate, reject], &[]),
        ("FINALIZED", &[associate, accept, send], &[]),
    ];
    let server = server().await;
    let root = server.root();
    for (expected, way, possible) in cases {
        for operation in OPERATIONS {
            let id = requested(&server, &format!("{expected} {operation}"), &[]).await;
            for step in *way {
                on(&root, step, &id).await.ok();
            }
            assert_eq!(state(&server, &id).await, *expected);
            let answer = on(&root, operation, &id).await;
            if possible.contains(&operation) {
                answer.ok();
                continue;
            }
            let message = format!("Delegation request {id} is in state {expected}.");
            answer.refused(400, "InvalidInput", &message);
            assert_eq!(state(&server, &id).await, *expected, "{operation}");
        }
    }
}

#[tokio::test]
async fn a_rejected_request_shows_why() {
    let server = server().await;
    let root = server.root();
    let id = requested(&server, "flow-1", &[]).await;
    on(&root, "AssociateDelegationRequest", &id).await.ok();
    on(&root, "AcceptDelegationRequest", &id).await.ok();
    root.iam("RejectDelegationRequest", &[("DelegationRequestId", &id), ("Notes", "not now")]).await.ok();
    let shown = on(&root, "GetDelegationRequest", &id).await.ok();
    assert_eq!((shown.text("State"), shown.text("RejectionReason")), ("REJECTED".into(), "not now".into()));
    let last = notices(&server).await.pop().unwrap();
    assert_eq!((last["state"].as_str(), last["rejectionReason"].as_str()), (Some("REJECTED"), Some("not now")));
    assert!(last["tradeInToken"].is_null());
}

#[tokio::test]
async fn requests_expire_and_are_forgotten() {
    let server = server().await;
    let root = server.root();
    let unassigned = requested(&server, "flow-1", &[]).await;
    let assigned = requested(&server, "flow-2", &[]).await;
    on(&root, "AssociateDelegationRequest", &assigned).await.ok();
    server.advance(DAY - 60);
    assert_eq!(state(&server, &unassigned).await, "UNASSIGNED");
    server.advance(60);
    assert_eq!(state(&server, &unassigned).await, "EXPIRED");
    let message = format!("Delegation request {unassigned} is in state EXPIRED.");
    on(&root, "AssociateDelegationRequest", &unassigned).await.refused(400, "InvalidInput", &message);
    server.advance(5 * DAY);
    on(&root, "UpdateDelegationRequest", &assigned).await.ok();
    server.advance(7 * DAY - 60);
    assert_eq!(state(&server, &assigned).await, "PENDING_APPROVAL", "its week began with the state");
    server.advance(60);
    assert_eq!(state(&server, &assigned).await, "EXPIRED");
    assert_eq!(notices(&server).await.last().unwrap()["state"], "EXPIRED");
    server.advance(31 * DAY);
    let message = format!("Delegation request {assigned} cannot be found.");
    on(&root, "GetDelegationRequest", &assigned).await.refused(404, "NoSuchEntity", &message);
    requested(&server, "flow-1", &[]).await;
    assert_eq!(notices(&server).await.len(), 1);
}

#[tokio::test]
async fn the_policy_is_the_template_with_its_values() {
    let server = server().await;
    let more = [
        ("Permissions.PolicyTemplateArn", TEMPLATE),
        ("Permissions.Parameters.member.1.Name", "Buckets"),
        ("Permissions.Parameters.member.1.Type", "stringList"),
        ("Permissions.Parameters.member.1.Values.member.1", "one"),
        ("Permissions.Parameters.member.1.Values.member.2", "two"),
        ("Permissions.Parameters.member.2.Name", "Prefix"),
        ("Permissions.Parameters.member.2.Values.member.1", "in\"/"),
    ];
    let id = requested(&server, "flow-1", &more).await;
    let shown = on(&server.root(), "GetDelegationRequest", &id).await.ok();
    let policy: serde_json::Value = serde_json::from_str(&shown.text("PermissionPolicy")).unwrap();
    let resources = json!(["arn:aws:s3:::one/in\"/*", "arn:aws:s3:::two/in\"/*"]);
    assert_eq!(policy["Statement"][0]["Resource"], resources);
    assert_eq!(shown.text("PolicyTemplateArn"), TEMPLATE);
    assert_eq!(shown.texts("Name"), ["Buckets", "Prefix"]);
    assert_eq!(shown.texts("Type"), ["stringList"]);
    let id = requested(&server, "flow-2", &[("Permissions.PolicyTemplateArn", ROLES_TEMPLATE)]).await;
    let shown = on(&server.root(), "GetDelegationRequest", &id).await.ok();
    assert!(shown.has("RolePermissionRestrictionArns"));
    assert_eq!(shown.texts("member"), ["arn:aws:iam::000000000000:policy/limit"]);
}

#[tokio::test]
async fn wrong_permissions_are_refused() {
    let server = server().await;
    let provider = server.root_of(PROVIDER);
    let name = "Permissions.Parameters.member.1.Name";
    let value = "Permissions.Parameters.member.1.Values.member.1";
    let second = "Permissions.Parameters.member.1.Values.member.2";
    let template = ("Permissions.PolicyTemplateArn", TEMPLATE);
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[template], "The parameter Buckets is missing."),
        (&[template, (name, "Bucket"), (value, "a")], "The policy template has no parameter Bucket."),
        (&[template, (name, "Buckets")], "The parameter Buckets has no value."),
        (&[template, (value, "a")], "A parameter has no name."),
        (
            &[template, (name, "Buckets"), (value, "a"), (second, "b")],
            "The parameter Buckets is a string and must have one value.",
        ),
        (
            &[("NotificationChannel", "arn:aws:sqs:us-east-1:111111111111:queue")],
            "The notification channel arn:aws:sqs:us-east-1:111111111111:queue is not the ARN of an SNS topic.",
        ),
    ];
    for (more, message) in cases {
        let answer = provider.iam("CreateDelegationRequest", &parameters("flow-1", more)).await;
        answer.refused(400, "InvalidInput", message);
    }
    let unknown = format!("{TEMPLATE}0");
    let more = [("Permissions.PolicyTemplateArn", unknown.as_str())];
    let answer = provider.iam("CreateDelegationRequest", &parameters("flow-1", &more)).await;
    answer.refused(404, "NoSuchEntity", &format!("The policy template with ARN {unknown} cannot be found."));
    let without: Vec<_> = parameters("flow-1", &[]).into_iter().filter(|(name, _)| !name.contains("Arn")).collect();
    let without = [without, vec![(name, "Buckets")]].concat();
    let answer = provider.iam("CreateDelegationRequest", &without).await;
    answer.refused(400, "InvalidInput", "PolicyTemplateArn is missing.");
}

#[tokio::test]
async fn workflows_are_unique_and_requests_have_a_quota() {
    let settings = iamd::config::Settings { quota: vec![("DelegationRequestsPerAccount".into(), 1)], ..settings() };
    let server = Server::with(settings).await;
    let provider = server.root_of(PROVIDER);
    requested(&server, "flow-1", &[]).await;
    let message = "Delegation request with requestor workflow id flow-1 already exists.";
    let again = provider.iam("CreateDelegationRequest", &parameters("flow-1", &[])).await;
    again.refused(409, "EntityAlreadyExists", message);
    let message = "Cannot exceed quota for DelegationRequestsPerAccount: 1";
    let another = provider.iam("CreateDelegationRequest", &parameters("flow-2", &[])).await;
    another.refused(409, "LimitExceeded", message);
    server.root_of("222222222222").iam("CreateDelegationRequest", &parameters("flow-1", &[])).await.ok();
    server.advance(DAY);
    requested(&server, "flow-2", &[]).await;
}

#[tokio::test]
async fn a_request_belongs_to_the_account_that_it_is_for() {
    let server = server().await;
    let [root, other, provider] = [server.root(), server.root_of("222222222222"), server.root_of(PROVIDER)];
    let open = requested(&server, "flow-1", &[]).await;
    for anyone in [&root, &other, &provider] {
        on(anyone, "GetDelegationRequest", &open).await.ok();
    }
    let named = requested(&server, "flow-2", &[("OwnerAccountId", "000000000000")]).await;
    let denial = "because no resource-based policy allows the iam:AssociateDelegationRequest action";
    for stranger in [&other, &provider] {
        on(stranger, "GetDelegationRequest", &named).await.denied();
        let refused = on(stranger, "AssociateDelegationRequest", &named).await;
        assert!(refused.text("Message").ends_with(denial), "{}", refused.body);
    }
    on(&root, "AssociateDelegationRequest", &named).await.ok();
    on(&other, "AssociateDelegationRequest", &open).await.ok();
    on(&root, "GetDelegationRequest", &open).await.denied();
    let shown = on(&other, "GetDelegationRequest", &open).await.ok();
    assert_eq!(shown.text("OwnerAccountId"), "222222222222");
}

#[tokio::test]
async fn the_owner_may_look_and_forward_but_not_decide() {
    let server = server().await;
    let id = requested(&server, "flow-1", &[]).await;
    let any = "arn:aws:iam::*:delegation-request/*";
    let bob = server.allowed("Bob", &["iam:AssociateDelegationRequest"], &[any], json!({})).await;
    let eve = server.allowed("Eve", &["s3:*"], &["*"], json!({})).await;
    on(&eve, "AssociateDelegationRequest", &id).await.lacks("iam:AssociateDelegationRequest", &arn(&id));
    on(&bob, "GetDelegationRequest", &id).await.lacks("iam:GetDelegationRequest", &arn(&id));
    on(&bob, "AssociateDelegationRequest", &id).await.ok();
    let shown = on(&bob, "GetDelegationRequest", &id).await.ok();
    assert_eq!(shown.text("OwnerId"), "arn:aws:iam::000000000000:user/Bob");
    on(&bob, "UpdateDelegationRequest", &id).await.ok();
    bob.iam("GetHumanReadableSummary", &[("EntityArn", &arn(&id))]).await.ok();
    for operation in ["AcceptDelegationRequest", "RejectDelegationRequest", "SendDelegationToken"] {
        on(&bob, operation, &id).await.lacks(&format!("iam:{operation}"), &arn(&id));
    }
    for operation in ["GetDelegationRequest", "UpdateDelegationRequest"] {
        on(&eve, operation, &id).await.lacks(&format!("iam:{operation}"), &arn(&id));
    }
    // Another user of the same name is not the owner.
    let root = server.root();
    root.iam("DeleteUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p")]).await.ok();
    let key = root.iam("ListAccessKeys", &[("UserName", "Bob")]).await.ok().text("AccessKeyId");
    root.iam("DeleteAccessKey", &[("UserName", "Bob"), ("AccessKeyId", &key)]).await.ok();
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
    let bob = server.allowed("Bob", &["s3:*"], &["*"], json!({})).await;
    on(&bob, "GetDelegationRequest", &id).await.lacks("iam:GetDelegationRequest", &arn(&id));
}

#[tokio::test]
async fn policies_can_distinguish_requests() {
    let server = server().await;
    let root = server.root();
    let (one, other) = (requested(&server, "flow-1", &[]).await, requested(&server, "flow-2", &[]).await);
    let own = json!({"ArnEquals": {"iam:DelegationRequestOwner": "arn:aws:iam::000000000000:user/Bob"}});
    let actions = ["iam:AcceptDelegationRequest", "iam:ListDelegationRequests"];
    let bob = server.allowed("Bob", &actions, &["*"], own).await;
    let may = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "iam:AssociateDelegationRequest", "Resource": arn(&one)}});
    let policy = [("UserName", "Bob"), ("PolicyName", "q"), ("PolicyDocument", &may.to_string())];
    root.iam("PutUserPolicy", &policy).await.ok();
    on(&bob, "AssociateDelegationRequest", &other).await.lacks("iam:AssociateDelegationRequest", &arn(&other));
    on(&bob, "AssociateDelegationRequest", &one).await.ok();
    on(&root, "AssociateDelegationRequest", &other).await.ok();
    on(&bob, "AcceptDelegationRequest", &other).await.lacks("iam:AcceptDelegationRequest", &arn(&other));
    on(&bob, "AcceptDelegationRequest", &one).await.ok();
    bob.iam("ListDelegationRequests", &[]).await.lacks("iam:ListDelegationRequests", "*");
    let mine = [("OwnerId", "arn:aws:iam::000000000000:user/Bob")];
    assert_eq!(bob.iam("ListDelegationRequests", &mine).await.ok().texts("DelegationRequestId"), [one]);
}

#[tokio::test]
async fn creating_gives_its_keys_to_policies() {
    let server = server().await;
    let condition = json!({
        "NumericLessThanEquals": {"iam:DelegationDuration": "3600"},
        "StringEquals": {"iam:NotificationChannel": TOPIC},
        "ArnLike": {"iam:TemplateArn": "arn:aws:iam::aws:delegation-template/example.com/users-*"},
    });
    let bob = server.allowed("Bob", &["iam:CreateDelegationRequest"], &["*"], condition).await;
    bob.iam("CreateDelegationRequest", &parameters("flow-1", &[])).await.ok();
    for wrong in [
        ("SessionDuration", "3601"),
        ("NotificationChannel", "arn:aws:sns:us-east-1:111111111111:other"),
        ("Permissions.PolicyTemplateArn", ROLES_TEMPLATE),
    ] {
        let answer = bob.iam("CreateDelegationRequest", &parameters("flow-2", &[wrong])).await;
        answer.lacks("iam:CreateDelegationRequest", "arn:aws:iam::000000000000:delegation-request/*");
    }
}

#[tokio::test]
async fn only_owned_requests_of_the_account_are_listed() {
    let server = server().await;
    let [root, other] = [server.root(), server.root_of("222222222222")];
    let mut own = Vec::new();
    for workflow in ["flow-1", "flow-2", "flow-3"] {
        let id = requested(&server, workflow, &[]).await;
        on(&root, "AssociateDelegationRequest", &id).await.ok();
        own.push(id);
        server.advance(1);
    }
    requested(&server, "flow-4", &[("OwnerAccountId", "000000000000")]).await;
    let foreign = requested(&server, "flow-5", &[]).await;
    on(&other, "AssociateDelegationRequest", &foreign).await.ok();
    let listed = root.iam("ListDelegationRequests", &[]).await.ok();
    assert_eq!(listed.texts("DelegationRequestId"), own);
    assert_eq!(listed.text("isTruncated"), "false");
    let page = root.iam("ListDelegationRequests", &[("MaxItems", "2")]).await.ok();
    assert_eq!((page.texts("DelegationRequestId"), page.text("isTruncated")), (own[..2].to_vec(), "true".into()));
    let marker = page.text("Marker");
    let rest = root.iam("ListDelegationRequests", &[("Marker", &marker)]).await.ok();
    assert_eq!(rest.texts("DelegationRequestId"), own[2..]);
    other.iam("ListDelegationRequests", &[("Marker", &marker)]).await.refused(
        400,
        "ValidationError",
        "Invalid Marker.",
    );
    let by = |owner| [("OwnerId", owner)];
    let none = root.iam("ListDelegationRequests", &by("arn:aws:iam::000000000000:user/Nobody")).await;
    none.refused(404, "NoSuchEntity", "The user with name Nobody cannot be found.");
    let foreign = "arn:aws:iam::222222222222:root";
    let message = format!("{foreign} is not the ARN of an identity of this account.");
    root.iam("ListDelegationRequests", &by(foreign)).await.refused(400, "InvalidInput", &message);
}

#[tokio::test]
async fn a_request_survives_a_restart() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let server = Server::on(store.clone(), settings()).await;
    let id = requested(&server, "flow-1", &[]).await;
    on(&server.root(), "AssociateDelegationRequest", &id).await.ok();
    let before = on(&server.root(), "GetDelegationRequest", &id).await.ok();
    let server = Server::on(store, settings()).await;
    let after = on(&server.root(), "GetDelegationRequest", &id).await.ok();
    let request = |answer: &crate::client::Answer| answer.body.split("<ResponseMetadata>").next().unwrap().to_owned();
    assert_eq!(request(&before), request(&after));
    on(&server.root(), "AcceptDelegationRequest", &id).await.ok();
}

#[tokio::test]
async fn listing_without_an_owner_needs_permission_for_each() {
    let server = server().await;
    let root = server.root();
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:ListDelegationRequests", "Resource": "*",
         "Condition": {"ArnEquals": {"iam:DelegationRequestOwner": "arn:aws:iam::000000000000:root"}}},
    ]});
    let bob = server.allowed("Bob", &["iam:CreateUser"], &["*"], json!({})).await;
    let policy = [("UserName", "Bob"), ("PolicyName", "q"), ("PolicyDocument", &document.to_string())];
    root.iam("PutUserPolicy", &policy).await.ok();
    let own = requested(&server, "flow-1", &[]).await;
    on(&bob, "AssociateDelegationRequest", &own).await.ok();
    assert_eq!(
        bob.iam("ListDelegationRequests", &[]).await.ok().texts("DelegationRequestId"),
        std::slice::from_ref(&own)
    );
    let other = requested(&server, "flow-2", &[]).await;
    on(&root, "AssociateDelegationRequest", &other).await.ok();
    bob.iam("ListDelegationRequests", &[]).await.denied();
    let mine = [("OwnerId", "arn:aws:iam::000000000000:user/Bob")];
    assert_eq!(bob.iam("ListDelegationRequests", &mine).await.ok().texts("DelegationRequestId"), [own]);
}
