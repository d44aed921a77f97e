//! Every operation needs the permission that AWS documents for it: nothing works without, and that one suffices.
//!
//! Parameters are made from the service models; most name what does not exist, since permission comes before existence.

use std::collections::{BTreeMap, BTreeSet};

use crate::published::Model;
use aws_reference::service_authorization::{self, Service as Reference};
use iamd::call::Entry;
use iamd::services;
use iamd::wire::Service;

use crate::client::{Answer, Client, Server};
use crate::fixtures::{allow, statement};

/// Operations that need no permission, and why.
const FREE: &[(&str, &str)] = &[
    ("AssumeRoleWithSAML", "the caller has no identity but what the assertion says"),
    ("AssumeRoleWithWebIdentity", "the caller has no identity but what the token says"),
    ("GetCallerIdentity", "not even an explicit denial takes it away"),
    ("GetSessionToken", "permission cannot be given or taken, except by denial"),
];

/// Operations that need more than a permission, or have no action, so that the tests of their own prove their permissions.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "AcquireRole",
        "it has no action; what the role is made of needs permission: tests/api/identities/role_templates.rs",
    ),
    ("AssumeRole", "the role's trust policy decides too: tests/api/sessions/assume_role.rs"),
    ("AssumeRoot", "the organization decides too: tests/api/sessions/assume_root.rs"),
    (
        "GenerateOrganizationsAccessReport",
        "only a management account may: tests/api/organization/organizations_access.rs",
    ),
    ("GetDelegatedAccessToken", "the token decides too: tests/api/delegation/delegated_access.rs"),
    ("GetOrganizationsAccessReport", "only a management account may: tests/api/organization/organizations_access.rs"),
    ("GetScopedCredentials", "only temporary credentials may: tests/api/sessions/scoped_credentials.rs"),
    ("UpdateDelegationRequest", "AWS documents no action; the owner may: tests/api/delegation/delegation_requests.rs"),
];

/// Actions that operations need besides those that AWS's reference documents as theirs.
const MORE: &[(&str, &[&str])] = &[("AddRoleToInstanceProfile", &["iam:PassRole"])];

/// Operations on resources that AWS's reference does not name for them.
const OTHER_RESOURCES: &[(&str, &str)] = &[
    ("ListGroups", LISTS),
    ("ListInstanceProfiles", LISTS),
    ("ListPolicies", LISTS),
    ("ListRoles", LISTS),
    ("ListServerCertificates", LISTS),
    ("ListUsers", LISTS),
    ("ListVirtualMFADevices", LISTS),
];
const LISTS: &str = "AWS checks, and names in denials, the kind's ARN and the path prefix";

/// Values that the models' constraints do not suggest.
fn value(name: &str, account: &str, key: &str) -> Option<String> {
    let arn = |resource: &str| format!("arn:aws:iam::{account}:{resource}");
    Some(match name {
        "AccessKeyId" => key.to_owned(),
        "AWSServiceName" => "elasticbeanstalk.amazonaws.com".to_owned(),
        "Arn" | "PolicySourceArn" => arn("user/Eve"),
        "EntityArn" => arn("delegation-request/0123456789abcdef"),
        "OpenIDConnectProviderArn" => arn("oidc-provider/idp.example.com"),
        "PolicyArn" | "PermissionsBoundary" => arn("policy/Some"),
        "SAMLProviderArn" => arn("saml-provider/Corp"),
        "SerialNumber" => arn("mfa/phone"),
        "SigningAlgorithm" => "ES384".to_owned(),
        "TemplateArn" => "arn:aws:iam::aws:role-template/some".to_owned(),
        "Url" => "https://idp.example.com".to_owned(),
        "UserName" | "Name" => "Eve".to_owned(),
        "PolicyDocument" | "AssumeRolePolicyDocument" => allow("s3:*", "*"),
        _ => return None,
    })
}

struct Case {
    entry: &'static Entry,
    parameters: Vec<(String, String)>,
    root: Client,
    eve: Client,
    account: String,
}

impl Case {
    async fn new(server: &Server, entry: &'static Entry, model: &Model, n: usize) -> Self {
        let account = format!("{:012}", 300_000_000_000 + n);
        let root = server.root_of(&account);
        root.iam("CreateUser", &[("UserName", "Eve")]).await.ok();
        let keys = root.iam("CreateAccessKey", &[("UserName", "Eve")]).await.ok();
        let eve = server.client(&keys.text("AccessKeyId"), &keys.text("SecretAccessKey"), None);
        let spare = root.iam("CreateAccessKey", &[("UserName", "Eve")]).await.ok().text("AccessKeyId");
        let mut parameters = Vec::new();
        if let Some(input) = &model.operations[entry.name].input {
            let shape = model.shape(input);
            parameters = model.example(shape, "", &shape.required);
        }
        if entry.name == "CreateLoginProfile" {
            // The model knows a use of it without a password, which users do not have.
            parameters.push(("Password".to_owned(), "Correct-Horse-1".to_owned()));
        }
        for (name, text) in &mut parameters {
            *text = value(name, &account, &spare).unwrap_or_else(|| std::mem::take(text));
        }
        Self { entry, parameters, root, eve, account }
    }

    async fn call(&self) -> Answer {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match self.entry.service.prefix() {
            "iam" => self.eve.iam(self.entry.name, &parameters).await,
            _ => self.eve.sts(self.entry.name, &parameters).await,
        }
    }

    /// Gives Eve this policy only.
    async fn grant(&self, document: &str) {
        let policy = [("UserName", "Eve"), ("PolicyName", "p"), ("PolicyDocument", document)];
        let put = self.root.iam("PutUserPolicy", &policy).await;
        assert_eq!(put.status, 200, "{}: {document}: {}", self.entry.name, put.body);
    }

    /// The ARN of what a denial names in these words.
    fn arn(&self, words: &str) -> String {
        let named = |kind: &str, name: &str| format!("arn:aws:iam::{}:{kind}/{name}", self.account);
        match words.split_once(' ') {
            None => words.to_owned(),
            Some(("policy", arn)) if arn.starts_with("arn:") => arn.to_owned(),
            Some(("policy", prefix)) if prefix.starts_with("path ") => named("policy", ""),
            Some(("instance", name)) => named("instance-profile", name.strip_prefix("profile ").unwrap()),
            Some((kind, name)) => named(kind, name.strip_prefix("null").unwrap_or(name)),
        }
    }

    /// Gives Eve what the denials name until nothing is denied: the actions and the resource of each.
    async fn needs(&self) -> Result<BTreeMap<String, String>, String> {
        let mut granted = BTreeMap::new();
        loop {
            let answer = self.call().await;
            let Some((action, resource)) = lacking(&answer) else {
                return match answer.text("Code").as_str() {
                    "AccessDenied" | "ValidationError" => Err(answer.body),
                    _ => Ok(granted),
                };
            };
            if granted.insert(action.clone(), self.arn(&resource)).is_some() {
                return Err(format!("{action} is granted and yet missed: {}", answer.body));
            }
            let statements: Vec<_> = granted
                .iter()
                .map(|(action, resource)| {
                    format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#)
                })
                .collect();
            self.grant(&format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))).await;
        }
    }
}

/// The action and resource that a denial names.
fn lacking(answer: &Answer) -> Option<(String, String)> {
    let message = answer.text("Message");
    let (_, rest) = message.split_once("is not authorized to perform: ")?;
    let (what, _) = rest.split_once(" because ").or_else(|| rest.split_once(" with an explicit deny"))?;
    let (action, resource) = what.split_once(" on resource: ").unwrap_or((what, "*"));
    Some((action.to_owned(), resource.to_owned()))
}

fn reason<'t>(table: &[(&str, &'t str)], name: &str) -> Option<&'t str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
}

/// The actions that AWS documents for an operation.
fn documented(reference: &Reference, entry: &Entry) -> BTreeSet<String> {
    let own = format!("{}:{}", entry.service.prefix(), entry.name);
    let more = MORE.iter().find(|(name, _)| *name == entry.name).map_or(&[][..], |(_, actions)| actions);
    assert!(reference.action(entry.name).is_some(), "{own} is no documented action");
    more.iter().map(|action| (*action).to_owned()).chain([own]).collect()
}

/// Whether a resource is of one of the types that AWS documents for an action; `*` where there are none.
fn is_documented(reference: &Reference, action: &str, resource: &str, account: &str) -> bool {
    let types = &reference.action(action).unwrap().resources;
    if types.is_empty() {
        return resource == "*";
    }
    types.iter().any(|one| {
        let pattern = &reference.resource_type(&one.resource_type).unwrap().arn;
        let pattern = pattern.replace("${Partition}", "aws").replace("${Account}", account);
        let start = pattern.split("${").next().unwrap();
        resource.starts_with(start)
    })
}

#[tokio::test]
async fn each_operation_needs_its_documented_permission_and_no_other() {
    let server = Server::start().await;
    let mut wrong = Vec::new();
    let queried = services::all().filter(|entry| [Service::IAM, Service::STS].contains(&entry.service));
    for (n, entry) in queried.enumerate() {
        if reason(FREE, entry.name).is_some() || reason(ELSEWHERE, entry.name).is_some() {
            continue;
        }
        let reference = service_authorization::service(entry.service.prefix()).unwrap();
        let case = Case::new(&server, entry, &Model::of(entry.service), n).await;
        let needs = match case.needs().await {
            Ok(needs) => needs,
            Err(body) => {
                wrong.push(format!("{}: {body}", entry.name));
                continue;
            }
        };
        let actions: BTreeSet<String> = needs.keys().cloned().collect();
        let expected = documented(&reference, entry);
        if actions != expected {
            wrong.push(format!("{}: needs {actions:?} instead of {expected:?}", entry.name));
            continue;
        }
        let own = format!("{}:{}", entry.service.prefix(), entry.name);
        let resource = &needs[&own];
        let known = is_documented(&reference, entry.name, resource, &case.account);
        if known == reason(OTHER_RESOURCES, entry.name).is_some() {
            wrong.push(format!(
                "{}: {resource} is {}the documented resource",
                entry.name,
                if known { "" } else { "not " }
            ));
        }
        wrong.extend(without(&case, &own, resource).await.map(|what| format!("{}: {what}", entry.name)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The call fails where this action is denied on its resource, though everything else is allowed, and where it is
/// allowed on another resource only.
async fn without(case: &Case, action: &str, resource: &str) -> Option<String> {
    let everything = allow("*", "*");
    let denied = statement("Deny", action, resource, "{}");
    case.grant(&denied.replacen("[", &format!("[{},", inner(&everything)), 1)).await;
    let answer = case.call().await;
    let lacks = |answer: &Answer| {
        lacking(answer).is_some_and(|(lacked, words)| lacked == action && case.arn(&words) == resource)
    };
    if !answer.text("Message").contains("with an explicit deny") || !lacks(&answer) {
        return Some(format!("is not denied: {}", answer.body));
    }
    let elsewhere = if resource == "*" { "arn:aws:iam::999999999999:*".to_owned() } else { format!("{resource}-2") };
    case.grant(&allow(action, &elsewhere)).await;
    let answer = case.call().await;
    (!lacks(&answer)).then(|| format!("is allowed on {elsewhere}: {}", answer.body))
}

/// The statement of a policy of one.
fn inner(document: &str) -> &str {
    let start = document.find('[').unwrap() + 1;
    &document[start..document.rfind(']').unwrap()]
}

#[tokio::test]
async fn what_is_free_is_free_for_users_without_policies() {
    let server = Server::start().await;
    for (n, name) in ["GetCallerIdentity", "GetSessionToken"].into_iter().enumerate() {
        let entry = services::all().find(|entry| entry.name == name).unwrap();
        Case::new(&server, entry, &Model::of(entry.service), 500 + n).await.call().await.ok();
    }
}

#[test]
fn the_exceptions_exist() {
    let names: BTreeSet<&str> = services::all().map(|entry| entry.name).collect();
    let excepted = FREE.iter().chain(ELSEWHERE).chain(OTHER_RESOURCES).map(|(name, _)| *name);
    let unknown: Vec<_> =
        excepted.chain(MORE.iter().map(|(name, _)| *name)).filter(|name| !names.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
