//! Every operation of Organizations needs its permission.

use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};

async fn call(client: &Client, operation: &str, body: &Value) -> Answer {
    client.json("organizations", &format!("AWSOrganizationsV20161128.{operation}"), &body.to_string()).await
}

fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// Without the permission the call is denied, whatever it is about.
async fn is_denied(client: &Client, operation: &str, body: &Value) {
    let answer = read(&call(client, operation, body).await);
    let action = format!("is not authorized to perform: organizations:{operation} on resource: ");
    let message = answer["Message"].as_str().unwrap_or_default();
    assert!(answer["__type"] == "AccessDeniedException" && message.contains(&action), "{operation}: {answer}");
}

#[tokio::test]
async fn every_operation_needs_its_permission() {
    let server = Server::start().await;
    let root = server.root();
    let bob = server.allowed("bob", &["s3:GetObject"], &["*"], json!({})).await;
    is_denied(&bob, "CreateOrganization", &json!({})).await;
    assert_eq!(call(&root, "CreateOrganization", &json!({})).await.status, 200);
    let guest = "444444444444";
    let invited = json!({"Target": {"Type": "ACCOUNT", "Id": guest}});
    let handshake = read(&call(&root, "InviteAccountToOrganization", &invited).await)["Handshake"]["Id"].clone();
    let handshake = json!({"HandshakeId": handshake});
    let (account, unit, policy) = ("000000000000", "ou-abcd-12345678", "p-12345678");
    let service = "guardduty.amazonaws.com";
    let delegate = json!({"AccountId": account, "ServicePrincipal": service});
    let attachment = json!({"PolicyId": policy, "TargetId": account});
    let kind = json!({"RootId": "r-abcd", "PolicyType": "TAG_POLICY"});
    let calls = [
        ("AttachPolicy", attachment.clone()),
        ("CancelHandshake", handshake.clone()),
        ("CloseAccount", json!({"AccountId": account})),
        ("CreateAccount", json!({"Email": "a@example.com", "AccountName": "a"})),
        ("CreateGovCloudAccount", json!({"Email": "a@example.com", "AccountName": "a"})),
        ("CreateOrganizationalUnit", json!({"ParentId": "r-abcd", "Name": "u"})),
        ("CreatePolicy", json!({"Content": "{}", "Description": "", "Name": "p", "Type": "TAG_POLICY"})),
        ("DeleteOrganization", json!({})),
        ("DeleteOrganizationalUnit", json!({"OrganizationalUnitId": unit})),
        ("DeletePolicy", json!({"PolicyId": policy})),
        ("DeleteResourcePolicy", json!({})),
        ("DeregisterDelegatedAdministrator", delegate.clone()),
        ("DescribeAccount", json!({"AccountId": account})),
        ("DescribeCreateAccountStatus", json!({"CreateAccountRequestId": "car-12345678"})),
        ("DescribeEffectivePolicy", json!({"PolicyType": "TAG_POLICY"})),
        ("DescribeHandshake", handshake.clone()),
        ("DescribeOrganization", json!({})),
        ("DescribeOrganizationalUnit", json!({"OrganizationalUnitId": unit})),
        ("DescribePolicy", json!({"PolicyId": policy})),
        ("DescribeResourcePolicy", json!({})),
        ("DetachPolicy", attachment),
        ("DisableAWSServiceAccess", json!({"ServicePrincipal": service})),
        ("DisablePolicyType", kind.clone()),
        ("EnableAWSServiceAccess", json!({"ServicePrincipal": service})),
        ("EnableAllFeatures", json!({})),
        ("EnablePolicyType", kind),
        ("InviteAccountToOrganization", invited),
        ("LeaveOrganization", json!({})),
        ("ListAWSServiceAccessForOrganization", json!({})),
        ("ListAccounts", json!({})),
        ("ListAccountsForParent", json!({"ParentId": "r-abcd"})),
        ("ListAccountsWithInvalidEffectivePolicy", json!({"PolicyType": "TAG_POLICY"})),
        ("ListChildren", json!({"ParentId": "r-abcd", "ChildType": "ACCOUNT"})),
        ("ListCreateAccountStatus", json!({})),
        ("ListDelegatedAdministrators", json!({})),
        ("ListDelegatedServicesForAccount", json!({"AccountId": account})),
        ("ListEffectivePolicyValidationErrors", json!({"AccountId": account, "PolicyType": "TAG_POLICY"})),
        ("ListHandshakesForAccount", json!({})),
        ("ListHandshakesForOrganization", json!({})),
        ("ListOrganizationalUnitsForParent", json!({"ParentId": "r-abcd"})),
        ("ListParents", json!({"ChildId": account})),
        ("ListPolicies", json!({"Filter": "TAG_POLICY"})),
        ("ListPoliciesForTarget", json!({"TargetId": account, "Filter": "TAG_POLICY"})),
        ("ListRoots", json!({})),
        ("ListTagsForResource", json!({"ResourceId": account})),
        ("ListTargetsForPolicy", json!({"PolicyId": policy})),
        ("MoveAccount", json!({"AccountId": account, "SourceParentId": "r-abcd", "DestinationParentId": unit})),
        ("PutResourcePolicy", json!({"Content": "{}"})),
        ("RegisterDelegatedAdministrator", delegate),
        ("RemoveAccountFromOrganization", json!({"AccountId": account})),
        ("TagResource", json!({"ResourceId": account, "Tags": [{"Key": "k", "Value": "v"}]})),
        ("UntagResource", json!({"ResourceId": account, "TagKeys": ["k"]})),
        ("UpdateOrganizationalUnit", json!({"OrganizationalUnitId": unit})),
        ("UpdatePolicy", json!({"PolicyId": policy})),
    ];
    for (operation, body) in &calls {
        is_denied(&bob, operation, body).await;
    }
    let theirs = server.root_of(guest);
    theirs.iam("CreateUser", &[("UserName", "eve")]).await.ok();
    let key = theirs.iam("CreateAccessKey", &[("UserName", "eve")]).await.ok();
    let eve = server.client(&key.text("AccessKeyId"), &key.text("SecretAccessKey"), None);
    for operation in ["AcceptHandshake", "DeclineHandshake"] {
        is_denied(&eve, operation, &handshake).await;
    }
}
