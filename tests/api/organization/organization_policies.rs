//! Service control and resource control policies of the organization.

use iamd::account::Role;
use iamd::config::Settings;
use iamd::shapes::Path;
use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::principals::{allow, assume, not_authorized, role, trust, trusts, user};

const MANAGEMENT: &str = "111111111111";
/// In the unit `inner`, which is in `outer`.
const MEMBER: &str = "222222222222";
/// Right under the root.
const OTHER: &str = "333333333333";
const STRANGER: &str = "444444444444";

/// A server whose organization has these policies: their type, target and statement. `FullAWSAccess` is detached from
/// some targets.
async fn server(policies: &[(&str, &str, Value)], without_full_access: &[&str]) -> Server {
    let policies = policies.iter().enumerate().map(|(index, (kind, target, statement))| {
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let (name, id) = (format!("P{index}"), format!("p-policy_{index}"));
        json!({"name": name, "id": id, "type": kind, "targets": [target], "document": document})
    });
    let organization = json!({
        "id": "o-a1b2c3d4e5",
        "root": "r-f6g7",
        "management-account": MANAGEMENT,
        "member-accounts": [MEMBER, OTHER],
        "units": {
            "outer": {"id": "ou-f6g7-11111111"},
            "inner": {"id": "ou-f6g7-22222222", "parent": "outer", "accounts": [MEMBER]},
        },
        "policies": policies.collect::<Vec<_>>(),
        "without-full-access": without_full_access,
    });
    let organization = Some(serde_json::from_value(organization).unwrap());
    Server::with(Settings { organization, ..Settings::default() }).await
}

fn scp<'t>(target: &'t str, effect: &str, action: &str) -> (&'static str, &'t str, Value) {
    ("service-control", target, json!({"Effect": effect, "Action": action, "Resource": "*"}))
}

/// A resource control policy that denies an action under a condition.
fn rcp<'t>(target: &'t str, action: &str, condition: Value) -> (&'static str, &'t str, Value) {
    let statement =
        json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition});
    ("resource-control", target, statement)
}

async fn admin(server: &Server, account: &str) -> Client {
    user(server, account, "admin", Some(allow("*", "*"))).await
}

#[tokio::test]
async fn a_deny_binds_all_accounts_below_it() {
    for (target, others_are_bound) in [("root", true), ("outer", false), ("inner", false), (MEMBER, false)] {
        let server = server(&[scp(target, "Deny", "iam:ListGroups")], &[]).await;
        let admin = admin(&server, MEMBER).await;
        admin.iam("ListGroups", &[]).await.refused(
            403,
            "AccessDenied",
            "User: arn:aws:iam::222222222222:user/admin is not authorized to perform: iam:ListGroups on resource: \
             arn:aws:iam::222222222222:group/ with an explicit deny in a service control policy: \
             arn:aws:organizations::111111111111:policy/o-a1b2c3d4e5/service_control_policy/p-policy_0",
        );
        admin.iam("ListUsers", &[]).await.ok();
        server.root_of(MEMBER).iam("ListGroups", &[]).await.denied();
        server.root_of(MANAGEMENT).iam("ListGroups", &[]).await.ok();
        server.root_of(STRANGER).iam("ListGroups", &[]).await.ok();
        let other = server.root_of(OTHER).iam("ListGroups", &[]).await;
        assert_eq!(other.status, if others_are_bound { 403 } else { 200 }, "{target}: {}", other.body);
    }
}

#[tokio::test]
async fn the_management_account_is_never_bound() {
    let policies = [scp(MANAGEMENT, "Deny", "*"), rcp(MANAGEMENT, "sts:*", json!({}))];
    let server = server(&policies, &[]).await;
    admin(&server, MANAGEMENT).await.iam("ListGroups", &[]).await.ok();
    let role = role(&server, MANAGEMENT, "R", trusts(OTHER), None).await;
    assume(&admin(&server, OTHER).await, &role, &[]).await.ok();
}

#[tokio::test]
async fn an_allow_list_takes_the_place_of_full_access() {
    let lists = [scp("outer", "Allow", "iam:*")];
    let beside = server(&lists, &[]).await;
    let name = [("Name", "Bob")];
    admin(&beside, MEMBER).await.sts("GetFederationToken", &name).await.ok();
    let instead = server(&lists, &["outer"]).await;
    let admin = admin(&instead, MEMBER).await;
    admin.iam("ListUsers", &[]).await.ok();
    admin.sts("GetFederationToken", &name).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::222222222222:user/admin is not authorized to perform: sts:GetFederationToken on resource: \
         arn:aws:sts::222222222222:federated-user/Bob because no service control policy allows the \
         sts:GetFederationToken action",
    );
    let nobody = user(&instead, MEMBER, "nobody", None).await;
    nobody.iam("ListUsers", &[]).await.lacks("iam:ListUsers", "arn:aws:iam::222222222222:user/");
}

#[tokio::test]
async fn every_level_must_allow() {
    let lists = [scp("root", "Allow", "iam:List*"), scp("inner", "Allow", "iam:*Users")];
    let server = server(&lists, &["root", "inner"]).await;
    let (member, other) = (server.root_of(MEMBER), server.root_of(OTHER));
    member.iam("ListUsers", &[]).await.ok();
    member.iam("ListGroups", &[]).await.lacks("iam:ListGroups", "arn:aws:iam::222222222222:group/");
    other.iam("ListGroups", &[]).await.ok();
    other.iam("GetAccountSummary", &[]).await.lacks("iam:GetAccountSummary", "*");
}

#[tokio::test]
async fn conditions_and_the_password_policy_do_not_get_around_it() {
    let deny = json!({
        "Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/admin"}},
    });
    let server = server(&[("service-control", "root", deny), scp("root", "Allow", "iam:*ount*")], &["root"]).await;
    let root = server.root_of(MEMBER);
    root.iam("ListUsers", &[]).await.denied();
    root.iam("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await.ok();
    let admin = admin(&server, MEMBER).await;
    admin.iam("ListUsers", &[]).await.lacks("iam:ListUsers", "arn:aws:iam::222222222222:user/");
    let change = [("OldPassword", "one"), ("NewPassword", "two-Two-22")];
    let changed = admin.iam("ChangePassword", &change).await;
    changed.lacks("iam:ChangePassword", "user admin");
}

#[tokio::test]
async fn service_linked_roles_are_not_bound() {
    let server = server(&[scp("root", "Deny", "iam:ListGroups")], &[]).await;
    let admin = admin(&server, MEMBER).await;
    let ordinary = role(&server, MEMBER, "R", trusts(MEMBER), Some(allow("iam:*", "*"))).await;
    server.session(&assume(&admin, &ordinary, &[]).await.ok()).iam("ListGroups", &[]).await.denied();
    let path = "/aws-service-role/x.amazonaws.com/";
    let moved = |role: &mut Role| {
        role.path = Path::new(path);
        Ok(())
    };
    server.change(MEMBER, |account| account.update::<Role, ()>("R", moved).unwrap()).await;
    let linked = format!("arn:aws:iam::{MEMBER}:role{path}R");
    server.session(&assume(&admin, &linked, &[]).await.ok()).iam("ListGroups", &[]).await.ok();
}

#[tokio::test]
async fn an_rcp_binds_everyone_who_comes_to_the_resource() {
    let outside = json!({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}});
    let server = server(&[rcp("outer", "sts:AssumeRole", outside)], &[]).await;
    let (other, stranger) = (admin(&server, OTHER).await, admin(&server, STRANGER).await);
    let everyone = |owner| role(&server, owner, "R", trusts("*"), None);
    let (protected, open) = (everyone(MEMBER).await, everyone(OTHER).await);
    assume(&other, &protected, &[]).await.ok();
    assume(&stranger, &open, &[]).await.ok();
    let message = not_authorized("arn:aws:iam::444444444444:user/admin", "sts:AssumeRole", &protected);
    assume(&stranger, &protected, &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn an_scp_binds_its_principals_wherever_they_go() {
    let server = server(&[scp(MEMBER, "Deny", "sts:AssumeRole")], &[]).await;
    let role = role(&server, STRANGER, "R", trusts("*"), None).await;
    assume(&admin(&server, MEMBER).await, &role, &[]).await.denied();
    assume(&admin(&server, OTHER).await, &role, &[]).await.ok();
}

#[tokio::test]
async fn conditions_know_the_organization() {
    let server = server(&[], &[]).await;
    let inside = json!({
        "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-f6g7/ou-f6g7-11111111/*"},
    });
    let for_inner = role(&server, OTHER, "R", trust("*", &["sts:AssumeRole"], inside), None).await;
    let (member, other) = (admin(&server, MEMBER).await, admin(&server, OTHER).await);
    let (stranger, management) = (admin(&server, STRANGER).await, admin(&server, MANAGEMENT).await);
    assume(&member, &for_inner, &[]).await.ok();
    for outside in [&other, &stranger, &management] {
        assume(outside, &for_inner, &[]).await.denied();
    }
    let mut own = allow("sts:AssumeRole", "*");
    own["Statement"][0]["Condition"] = json!({
        "StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"},
        "ForAllValues:StringEquals": {
            "aws:ResourceOrgPaths": "o-a1b2c3d4e5/r-f6g7/ou-f6g7-11111111/ou-f6g7-22222222/",
        },
    });
    let limited = user(&server, OTHER, "limited", Some(own)).await;
    for (account, allowed) in [(MEMBER, true), (MANAGEMENT, false), (STRANGER, false)] {
        let role = role(&server, account, "Open", trusts("*"), None).await;
        let answer = assume(&limited, &role, &[]).await;
        assert_eq!(answer.status == 200, allowed, "{account}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_simulator_agrees() {
    let server = server(&[scp("outer", "Deny", "iam:ListGroups"), rcp("root", "sts:*", json!({}))], &[]).await;
    let excluded = [("PolicyExclusionList.member.1.PolicyType", "scp")];
    for (account, action, excluded, decision, detail) in [
        (MEMBER, "ListGroups", &[][..], "explicitDeny", "false"),
        (MEMBER, "ListUsers", &[], "allowed", "true"),
        (MEMBER, "ListGroups", &excluded, "allowed", ""),
        (OTHER, "ListGroups", &[], "allowed", "true"),
        (MANAGEMENT, "ListGroups", &[], "allowed", ""),
        (STRANGER, "ListGroups", &[], "allowed", ""),
    ] {
        let admin = admin(&server, account).await;
        if excluded.is_empty() {
            assert_eq!(admin.iam(action, &[]).await.status == 200, decision == "allowed", "{account} {action}");
        }
        let (source, action) = (format!("arn:aws:iam::{account}:user/admin"), format!("iam:{action}"));
        let asked = [("PolicySourceArn", source.as_str()), ("ActionNames.member.1", &action)];
        let simulated = admin.iam("SimulatePrincipalPolicy", &[&asked, excluded].concat()).await.ok();
        let shown = ["EvalDecision", "AllowedByOrganizations"].map(|element| simulated.text(element));
        assert_eq!(shown, [decision, detail], "{account} {action}");
    }
}

#[tokio::test]
async fn the_simulator_knows_the_organization() {
    let server = server(&[], &[]).await;
    let path = "o-a1b2c3d4e5/r-f6g7/ou-f6g7-11111111/ou-f6g7-22222222/";
    for (condition, others_too) in [
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}), true),
        (json!({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": path}}), false),
        (json!({"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}), true),
        (json!({"ForAnyValue:StringEquals": {"aws:ResourceOrgPaths": path}}), false),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": condition});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        for (account, expected) in [(MEMBER, true), (OTHER, others_too), (STRANGER, false)] {
            let tester = user(&server, account, "tester", Some(document.clone())).await;
            let arn = format!("arn:aws:iam::{account}:user/tester");
            assert_eq!(tester.iam("GetUser", &[]).await.status == 200, expected, "{account} {condition}");
            let asked = [
                ("PolicySourceArn", arn.as_str()),
                ("ActionNames.member.1", "iam:GetUser"),
                ("ResourceArns.member.1", &arn),
            ];
            let simulated = admin(&server, account).await.iam("SimulatePrincipalPolicy", &asked).await.ok();
            assert_eq!(simulated.text("EvalDecision") == "allowed", expected, "{account} {condition}");
        }
        let entry = [
            ("ContextEntries.member.1.ContextKeyName", "aws:ResourceOrgID"),
            ("ContextEntries.member.1.ContextKeyType", "string"),
            ("ContextEntries.member.1.ContextKeyValues.member.1", "o-other"),
        ];
        let arn = format!("arn:aws:iam::{MEMBER}:user/tester");
        let asked = [("PolicySourceArn", arn.as_str()), ("ActionNames.member.1", "iam:GetUser")];
        let asked = [&asked[..], &[("ResourceArns.member.1", &arn)], &entry].concat();
        let simulated = admin(&server, MEMBER).await.iam("SimulatePrincipalPolicy", &asked).await.ok();
        let expected = !condition.to_string().contains("ResourceOrgID");
        assert_eq!(simulated.text("EvalDecision") == "allowed", expected, "an entry takes the key's place");
    }
}

#[tokio::test]
async fn the_example_is_one() {
    let settings = Settings { config: Some("examples/organization/iamd.toml".into()), ..Settings::default() };
    let server = Server::with(settings.complete(std::iter::empty(), |_| true).unwrap().settings).await;
    let name = [("UserName", "alice")];
    server.root_of(MEMBER).iam("CreateUser", &name).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::222222222222:root is not authorized to perform: iam:CreateUser on resource: \
         arn:aws:iam::222222222222:user/alice with an explicit deny in a service control policy: \
         arn:aws:organizations::111111111111:policy/o-a1b2c3d4e5/service_control_policy/p-3b232d94",
    );
    server.root_of(MANAGEMENT).iam("CreateUser", &name).await.ok();
    let protected = role(&server, MEMBER, "R", trusts("*"), None).await;
    assume(&user(&server, STRANGER, "eve", Some(allow("*", "*"))).await, &protected, &[]).await.denied();
    assume(&user(&server, OTHER, "bob", Some(allow("*", "*"))).await, &protected, &[]).await.ok();
}
