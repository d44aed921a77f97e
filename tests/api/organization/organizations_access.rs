//! Reports of service access in an organization.

use std::sync::Arc;

use iamd::config::Settings;
use iamd::store::Store;
use serde_json::json;

use crate::client::{Answer, Client, Server};

const MANAGEMENT: &str = "111111111111";
const IN_UNIT: &str = "222222222222";
const IN_INNER_UNIT: &str = "333333333333";
const ELSEWHERE: &str = "444444444444";
const ROOT: &str = "o-a1b2c3d4e5/r-f6g7";
const UNIT: &str = "o-a1b2c3d4e5/r-f6g7/ou-f6g7-11111111";

fn settings() -> Settings {
    let organization = json!({
        "id": "o-a1b2c3d4e5",
        "root": "r-f6g7",
        "management-account": MANAGEMENT,
        "member-accounts": [IN_UNIT, IN_INNER_UNIT, ELSEWHERE],
        "units": {
            "outer": {"id": "ou-f6g7-11111111", "accounts": [IN_UNIT]},
            "inner": {"id": "ou-f6g7-22222222", "parent": "outer", "accounts": [IN_INNER_UNIT]},
        },
    });
    Settings { organization: Some(serde_json::from_value(organization).unwrap()), ..Settings::default() }
}

async fn generated(client: &Client, path: &str) -> String {
    client.iam("GenerateOrganizationsAccessReport", &[("EntityPath", path)]).await.ok().text("JobId")
}

async fn report(client: &Client, path: &str) -> Answer {
    let job = generated(client, path).await;
    client.iam("GetOrganizationsAccessReport", &[("JobId", &job), ("MaxItems", "1000")]).await.ok()
}

/// The services that were accessed: namespace, path and number of accounts.
fn accessed(answer: &Answer) -> Vec<(String, String, String)> {
    let members = answer.body.split("<member>").skip(1).map(|member| Answer { status: 200, body: member.to_owned() });
    let used = members.filter(|member| member.has("LastAuthenticatedTime"));
    used.map(|m| (m.text("ServiceNamespace"), m.text("EntityPath"), m.text("TotalAuthenticatedEntities"))).collect()
}

#[tokio::test]
async fn a_report_shows_what_the_accounts_have_called() {
    let server = Server::with(settings()).await;
    let management = server.root_of(MANAGEMENT);
    let never = report(&management, ROOT).await;
    assert_eq!((never.text("JobStatus"), accessed(&never)), ("COMPLETED".into(), vec![]));
    let services = never.text("NumberOfServicesAccessible");
    assert_eq!(never.text("NumberOfServicesNotAccessed"), services);
    assert_eq!(never.texts("ServiceNamespace").len().to_string(), services);
    server.root_of(IN_UNIT).iam("ListUsers", &[]).await.ok();
    server.advance(5);
    server.root_of(IN_INNER_UNIT).in_region("eu-west-1").sts("GetCallerIdentity", &[]).await.ok();
    server.root_of(IN_INNER_UNIT).iam("ListUsers", &[]).await.ok();
    let inner = format!("{UNIT}/ou-f6g7-22222222/{IN_INNER_UNIT}");
    let row = |service: &str, path: &str, count: &str| (service.to_owned(), path.to_owned(), count.to_owned());
    let both = vec![row("iam", &inner, "2"), row("sts", &inner, "1")];
    let shown = report(&management, ROOT).await;
    assert_eq!(accessed(&shown), both);
    assert!(shown.texts("ServiceName").contains(&"AWS Identity and Access Management".to_owned()));
    assert_eq!(accessed(&report(&management, UNIT).await), both);
    assert_eq!(accessed(&report(&management, &format!("{ROOT}/")).await), both);
    let in_unit = format!("{UNIT}/{IN_UNIT}");
    assert_eq!(accessed(&report(&management, &in_unit).await), [row("iam", &in_unit, "1")]);
    assert_eq!(accessed(&report(&management, &format!("{ROOT}/{ELSEWHERE}")).await), []);
    let own = format!("{ROOT}/{MANAGEMENT}");
    assert_eq!(accessed(&report(&management, &own).await), [row("iam", &own, "1")]);
    server.advance(401 * 24 * 3600);
    assert_eq!(accessed(&report(&management, ROOT).await), []);
}

#[tokio::test]
async fn a_report_is_about_what_service_control_policies_allow() {
    let policy = |name: &str, id: &str, targets: &[&str], effect: &str, actions: &[&str]| {
        let statement = json!({"Effect": effect, "Action": actions, "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        json!({"name": name, "id": id, "type": "service-control", "targets": targets, "document": document})
    };
    let organization = json!({
        "id": "o-a1b2c3d4e5",
        "root": "r-f6g7",
        "management-account": MANAGEMENT,
        "member-accounts": [IN_UNIT, ELSEWHERE],
        "units": {"outer": {"id": "ou-f6g7-11111111", "accounts": [IN_UNIT]}},
        "policies": [
            policy("NoQueues", "p-noqueues", &["outer"], "Deny", &["sqs:*"]),
            policy("Few", "p-few_few_", &[ELSEWHERE], "Allow", &["iam:*", "sqs:SendMessage"]),
        ],
        "without-full-access": [ELSEWHERE],
    });
    let organization = Some(serde_json::from_value(organization).unwrap());
    let server = Server::with(Settings { organization, ..Settings::default() }).await;
    let management = server.root_of(MANAGEMENT);
    for account in [IN_UNIT, ELSEWHERE] {
        server.root_of(account).iam("ListUsers", &[]).await.ok();
    }
    let shown = async |path: &str, policy: Option<&str>| {
        let mut parameters = vec![("EntityPath", path)];
        parameters.extend(policy.map(|id| ("OrganizationsPolicyId", id)));
        let job = management.iam("GenerateOrganizationsAccessReport", &parameters).await.ok().text("JobId");
        let get = [("JobId", job.as_str()), ("MaxItems", "1000")];
        let shown = management.iam("GetOrganizationsAccessReport", &get).await.ok();
        let accounts: usize =
            shown.texts("TotalAuthenticatedEntities").iter().map(|n| n.parse::<usize>().unwrap()).sum();
        (shown.texts("ServiceNamespace"), accounts)
    };
    let (all, both) = shown(ROOT, None).await;
    assert!(all.contains(&"sqs".to_owned()) && both == 2);
    let unit = all.iter().filter(|service| *service != "sqs").cloned().collect::<Vec<_>>();
    assert_eq!(shown(UNIT, None).await, (unit, 1));
    let elsewhere = format!("{ROOT}/{ELSEWHERE}");
    let few = vec!["iam".to_owned(), "sqs".to_owned()];
    assert_eq!(shown(&elsewhere, None).await, (few.clone(), 1));
    assert_eq!(shown(ROOT, Some("p-few_few_")).await, (few.clone(), 1), "one account is bound by it");
    assert_eq!(shown(UNIT, Some("p-few_few_")).await, (few, 0));
    assert_eq!(shown(&elsewhere, Some("p-FullAWSAccess")).await, (all, 1), "it is attached above the account");
}

#[tokio::test]
async fn a_report_has_an_order_and_pages() {
    let server = Server::with(settings()).await;
    let management = server.root_of(MANAGEMENT);
    server.root_of(IN_UNIT).sts("GetCallerIdentity", &[]).await.ok();
    server.advance(5);
    server.root_of(IN_UNIT).iam("ListUsers", &[]).await.ok();
    let job = generated(&management, ROOT).await;
    let order = |key| [("JobId", job.as_str()), ("SortKey", key), ("MaxItems", "1000")];
    let mut orders = Vec::new();
    for key in [
        "SERVICE_NAMESPACE_ASCENDING",
        "SERVICE_NAMESPACE_DESCENDING",
        "LAST_AUTHENTICATED_TIME_ASCENDING",
        "LAST_AUTHENTICATED_TIME_DESCENDING",
    ] {
        let shown = management.iam("GetOrganizationsAccessReport", &order(key)).await.ok();
        orders.push(shown.texts("ServiceNamespace"));
    }
    let [ascending, descending, oldest_first, latest_first] = orders.try_into().unwrap();
    assert!(ascending.is_sorted() && descending.iter().rev().eq(&ascending));
    assert_eq!(oldest_first[oldest_first.len() - 2..], ["sts", "iam"]);
    assert_eq!(latest_first[..2], ["iam", "sts"]);
    let page = [("JobId", job.as_str()), ("SortKey", "LAST_AUTHENTICATED_TIME_DESCENDING"), ("MaxItems", "1")];
    let first = management.iam("GetOrganizationsAccessReport", &page).await.ok();
    assert_eq!((first.texts("ServiceNamespace"), first.text("IsTruncated")), (vec!["iam".into()], "true".into()));
    let marker = first.text("Marker");
    let next = [&page[..], &[("Marker", marker.as_str())]].concat();
    let next = management.iam("GetOrganizationsAccessReport", &next).await.ok();
    assert_eq!(next.texts("ServiceNamespace"), ["sts"]);
    let by_default = management.iam("GetOrganizationsAccessReport", &[("JobId", &job)]).await.ok();
    assert_eq!(by_default.texts("ServiceNamespace"), ascending[..100]);
}

#[tokio::test]
async fn what_is_not_in_the_organization_fails() {
    let server = Server::with(settings()).await;
    let management = server.root_of(MANAGEMENT);
    for wrong in [
        "o-a1b2c3d4e6/r-f6g7",
        "o-a1b2c3d4e5/r-f6g8",
        "o-a1b2c3d4e5/r-f6g7/ou-f6g7-2222",
        "o-a1b2c3d4e5/r-f6g7/222222222222",
    ] {
        let shown = report(&management, wrong).await;
        assert_eq!(shown.text("JobStatus"), "FAILED", "{wrong}");
        assert_eq!(shown.text("Message"), format!("There is no entity at the path {wrong}."));
        assert!(shown.has("JobCompletionDate") && !shown.has("AccessDetails"));
    }
    let by_policy = |path, policy| [("EntityPath", path), ("OrganizationsPolicyId", policy)];
    let own = format!("{ROOT}/{MANAGEMENT}");
    for (path, policy, status) in [
        (ROOT, "p-FullAWSAccess", "COMPLETED"),
        (ROOT, "p-12345678", "FAILED"),
        (own.as_str(), "p-12345678", "COMPLETED"),
    ] {
        let job = management.iam("GenerateOrganizationsAccessReport", &by_policy(path, policy)).await.ok();
        let shown = management.iam("GetOrganizationsAccessReport", &[("JobId", &job.text("JobId"))]).await.ok();
        assert_eq!(shown.text("JobStatus"), status, "{path} {policy}");
    }
    let unknown = "00000000-0000-0000-0000-000000000000";
    let none = management.iam("GetOrganizationsAccessReport", &[("JobId", unknown)]).await;
    none.refused(404, "NoSuchEntity", &format!("Job {unknown} not found"));
}

#[tokio::test]
async fn only_the_management_account_may() {
    let server = Server::with(settings()).await;
    let job = generated(&server.root_of(MANAGEMENT), ROOT).await;
    let message = "You must be signed in to the management account of an organization to perform this operation.";
    for account in [IN_UNIT, "999999999999"] {
        let root = server.root_of(account);
        let call = root.iam("GenerateOrganizationsAccessReport", &[("EntityPath", ROOT)]).await;
        call.refused(403, "AccessDenied", message);
        root.iam("GetOrganizationsAccessReport", &[("JobId", &job)]).await.refused(403, "AccessDenied", message);
    }
}

#[tokio::test]
async fn reports_need_permission() {
    let settings = settings();
    let organization = json!({"id": "o-a1b2c3d4e5", "root": "r-f6g7", "management-account": "000000000000"});
    let organization = Some(serde_json::from_value(organization).unwrap());
    let server = Server::with(Settings { organization, ..settings }).await;
    let arn = format!("arn:aws:iam::000000000000:access-report/{ROOT}");
    let policy = json!({"StringEquals": {"iam:OrganizationsPolicyId": "p-FullAWSAccess"}});
    let bob = server.allowed("Bob", &["iam:GenerateOrganizationsAccessReport"], &[&arn], policy).await;
    bob.iam("GenerateOrganizationsAccessReport", &[("EntityPath", ROOT)])
        .await
        .lacks("iam:GenerateOrganizationsAccessReport", &arn);
    let allowed = [("EntityPath", ROOT), ("OrganizationsPolicyId", "p-FullAWSAccess")];
    let job = bob.iam("GenerateOrganizationsAccessReport", &allowed).await.ok().text("JobId");
    let get = [("JobId", job.as_str())];
    bob.iam("GetOrganizationsAccessReport", &get).await.lacks("iam:GetOrganizationsAccessReport", "*");
    let eve = server.allowed("Eve", &["iam:GetOrganizationsAccessReport"], &["*"], json!({})).await;
    eve.iam("GetOrganizationsAccessReport", &get).await.ok();
}

#[tokio::test]
async fn reports_are_limited_kept_for_a_day_and_survive_a_restart() {
    let settings = || Settings { quota: vec![("OrganizationsAccessReportsPerDay".into(), 1)], ..settings() };
    let store = Arc::new(Store::in_memory().await.unwrap());
    let job = generated(&Server::on(store.clone(), settings()).await.root_of(MANAGEMENT), ROOT).await;
    let server = Server::on(store, settings()).await;
    let management = server.root_of(MANAGEMENT);
    management.iam("GetOrganizationsAccessReport", &[("JobId", &job)]).await.ok();
    let message =
        "The request failed because the maximum number of concurrent requests for this account are already running.";
    let another = management.iam("GenerateOrganizationsAccessReport", &[("EntityPath", ROOT)]).await;
    another.refused(409, "ReportGenerationLimitExceeded", message);
    server.advance(24 * 3600);
    let message = format!("Job {job} not found");
    management.iam("GetOrganizationsAccessReport", &[("JobId", &job)]).await.refused(404, "NoSuchEntity", &message);
    generated(&management, ROOT).await;
}
