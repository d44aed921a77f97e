//! Which settings are an organization, and what is said of those that are none.

use std::path::Path;

use super::*;
use crate::shapes::Timestamp;

impl Organization {
    fn new(settings: &OrganizationSettings, folder: &Path) -> Result<Arc<Self>, OrganizationError> {
        let planned = PlannedOrganization::new(settings, folder, Timestamp::default())?;
        let mut account = Account::new(planned.management_account, Timestamp::default());
        planned.write_to(&mut account).unwrap();
        Ok(account.organization().unwrap().clone())
    }
}

const MANAGEMENT: &str = r#"
    id = "o-a1b2c3d4e5"
    root = "r-f6g7"
    management-account = "111111111111"
    member-accounts = ["222222222222", "333333333333"]
"#;

fn read(more: &str) -> Result<Arc<Organization>, OrganizationError> {
    Organization::new(&toml::from_str(&format!("{MANAGEMENT}{more}")).unwrap(), Path::new("/nowhere"))
}

fn path(organization: &Organization, account: &str) -> String {
    organization.place(AccountId::parse(account).unwrap()).unwrap().path.clone()
}

/// A policy with this in its table.
fn policy(more: &str) -> String {
    format!("[[policies]]\nname = \"P\"\ntype = \"service-control\"\n{more}")
}

fn refused(more: &str, sentence: &str) {
    assert_eq!(read(more).unwrap_err().to_string(), format!("the organization: {sentence}"), "{more}");
}

#[test]
fn accounts_have_paths() {
    let units = r#"
        [units.outer]
        id = "ou-f6g7-11111111"
        [units.inner]
        parent = "outer"
        accounts = ["222222222222"]
    "#;
    let organization = read(units).unwrap();
    assert_eq!(path(&organization, "111111111111"), "o-a1b2c3d4e5/r-f6g7/");
    assert_eq!(path(&organization, "333333333333"), "o-a1b2c3d4e5/r-f6g7/");
    let inner = path(&organization, "222222222222");
    let inner_id = inner.strip_prefix("o-a1b2c3d4e5/r-f6g7/ou-f6g7-11111111/ou-f6g7-").unwrap();
    assert_eq!(inner_id.len(), "01234567/".len());
    assert_eq!(path(&read(units).unwrap(), "222222222222"), inner, "ids stay the same");
}

#[test]
fn levels_are_there_where_a_type_is_enabled() {
    let document = r#"document = '{"Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}'"#;
    let units = "[units.u]\naccounts = [\"222222222222\"]\n";
    let organization = read(&format!("{units}{}targets = [\"u\"]\n{document}", policy(""))).unwrap();
    let count = |account: &str| {
        let place = organization.place(AccountId::parse(account).unwrap()).unwrap();
        assert!(place.resource_control().is_none());
        place.service_control().map(|levels| levels.iter().map(|set| set.policies().count()).collect::<Vec<_>>())
    };
    assert_eq!(count("222222222222"), Some(vec![1, 2, 1]), "FullAWSAccess is everywhere");
    assert_eq!(count("333333333333"), Some(vec![1, 1]));
    assert_eq!(count("111111111111"), None);
    assert!(organization.place(AccountId::parse("444444444444").unwrap()).is_none());
}

#[test]
fn accounts_that_are_none_are_refused() {
    refused(
        "delegated-administrators = [\"2\"]",
        "2 in delegated-administrators is no account, which is twelve digits",
    );
    refused(
        "delegated-administrators = [\"444444444444\"]",
        "account 444444444444 in delegated-administrators is not one of member-accounts",
    );
    refused(
        "[units.u]\naccounts = [\"444444444444\"]",
        "account 444444444444 in the unit u is not one of member-accounts",
    );
    refused(
        "[units.u]\naccounts = [\"222222222222\"]\n[units.v]\naccounts = [\"222222222222\"]",
        "account 222222222222 is in the units u and v, but can be in one only",
    );
}

#[test]
fn units_that_are_no_tree_are_refused() {
    refused("[units.u]\nparent = \"v\"", "there is no unit v that the unit u could be in");
    refused("[units.u]\nparent = \"v\"\n[units.v]\nparent = \"u\"", "the unit u is within itself");
    refused("[units.u]\nparent = \"u\"", "the unit u is within itself");
    let line: String = (1..7).map(|n| format!("[units.u{n}]\nparent = \"u{}\"\n", n - 1)).collect();
    refused(&format!("[units.u0]\n{line}"), "the unit u5 is too deep; units nest five deep");
    let name = "which as the target of a policy means something else";
    refused("[units.root]", &format!("no unit can be named root, {name}"));
    refused("[units.222222222222]", &format!("no unit can be named 222222222222, {name}"));
    refused(
        "[units.u]\nid = \"ou-0000-11111111\"",
        "ou-0000-11111111 is no id of a unit, which is like ou-f6g7-a1b2c3d4",
    );
    let two = "[units.u]\nid = \"ou-f6g7-11111111\"\n[units.v]\nid = \"ou-f6g7-11111111\"";
    refused(two, "two units have the id ou-f6g7-11111111");
}

#[test]
fn policies_that_would_not_bind_are_refused() {
    let document = r#"document = '{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'"#;
    let place = "the targets of the policy P is neither root, nor a unit, nor an account of the organization";
    for target in ["prdo", "444444444444"] {
        refused(&policy(&format!("targets = [\"{target}\"]\n{document}")), &format!("{target} in {place}"));
    }
    let one = policy(&format!("targets = []\n{document}\n"));
    refused(&format!("{one}{one}"), "two policies are named P");
    let same = one.replace("\"P\"", "\"Q\"\nid = \"p-00000000\"");
    let other = same.replace("\"Q\"", "\"R\"");
    refused(&format!("{same}{other}"), "the id p-00000000 of a policy is taken");
    refused(&policy("targets = []"), "the policy P must have either file or document");
    refused(
        &policy(&format!("targets = []\nid = \"p\"\n{document}")),
        "p is no id of a policy, which is like p-a1b2c3d4",
    );
    refused(
        &policy("targets = []\nfile = \"p.json\""),
        "the policy P cannot be read from /nowhere/p.json: No such file or directory (os error 2)",
    );
    refused(
        &policy("targets = []\ndocument = '{}'"),
        "the policy P is not valid: Syntax errors in policy. (line 1, column 1: the policy has no statement)",
    );
    refused(
        "without-full-access = [\"root\"]",
        "without FullAWSAccess, root must have a service control policy of its own",
    );
    refused(
        "without-full-access = [\"u\"]",
        "u in without-full-access is neither root, nor a unit, nor an account of the organization",
    );
}

#[test]
fn each_type_of_policy_has_its_grammar() {
    let allowing = r#"
        [[policies]]
        name = "P"
        type = "resource-control"
        targets = ["root"]
        document = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"iam:*","Resource":"*"}}'
    "#;
    let sentence = read(allowing).unwrap_err().to_string();
    assert!(sentence.ends_with("\"iam:*\": the service does not support RCPs)"), "{sentence}");
    assert!(read(&allowing.replace("iam:", "sts:")).is_ok());
    let sentence = read(&allowing.replace("resource-control", "service-control")).unwrap_err().to_string();
    assert!(sentence.contains("Policy document should not specify a principal."), "{sentence}");
}

#[test]
fn ids_have_awss_form() {
    let other = |from: &str, to: &str| {
        let settings = toml::from_str(&MANAGEMENT.replace(from, to)).unwrap();
        Organization::new(&settings, Path::new("")).unwrap_err().to_string()
    };
    let id = other("o-a1b2c3d4e5", "acme");
    assert_eq!(id, "the organization: acme is no id of an organization, which is like o-a1b2c3d4e5");
    assert_eq!(other("r-f6g7", "r"), "the organization: r is no id of a root, which is like r-a1b2");
    let account = other("111111111111", "1");
    assert_eq!(account, "the organization: 1 in management-account is no account, which is twelve digits");
}

#[test]
fn what_a_commit_changed_is_enough_to_know_whose_member_an_account_is() {
    let read: OrganizationSettings = toml::from_str(MANAGEMENT).unwrap();
    let planned = PlannedOrganization::new(&read, Path::new(""), Timestamp::default()).unwrap();
    let mut account = Account::new(planned.management_account, Timestamp::default());
    planned.write_to(&mut account).unwrap();
    let (by_changes, by_states) = (Organizations::default(), Organizations::default());
    let member = (**account.member("222222222222").unwrap()).clone();
    let ids: Vec<_> = (1..50_u64).filter_map(|number| AccountId::from_number(300_000_000_000 + number)).collect();
    for step in 0..200_usize {
        let id = ids[step * 7 % ids.len()];
        match (step % 5, account.member(&id.to_string()).is_some()) {
            // A commit that does not change the organization.
            (4, _) => account.put(crate::account::Settings::default()).unwrap(),
            (_, true) => account.remove::<MemberAccount>(&id.to_string()),
            (_, false) => account.put(MemberAccount { id, ..member.clone() }).unwrap(),
        }
        let changes = account.take_changes();
        by_changes.publish(&account, Some(&changes));
        by_states.publish(&account, None);
        for id in &ids {
            let manager = account.member(&id.to_string()).map(|_| account.id);
            assert_eq!(by_changes.current().manager_of(*id), manager, "{step}");
            assert_eq!(by_states.current().manager_of(*id), manager, "{step}");
        }
    }
}
