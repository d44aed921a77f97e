//! Accounts in memory, from files or from a running server, to ask what their principals may do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Failure, sources};
use crate::account::{Account, Resource, Role, User};
use crate::app::{App, ApplyMode};
use crate::cli::admin::call_within;
use crate::cli::running::AdminOptions;
use crate::config::{AuditMode, Settings};
use crate::description::{self, Reading, SourceFile};
use crate::shapes::{AccountId, ArnParts};
use crate::store::Store;
use iam_policy::evaluate::{Evaluation, with_explanation};

/// An account in memory.
pub(in crate::cli) struct Rehearsal {
    account: Arc<Account>,
    /// The account in AWS's form.
    pub exported: Value,
}

/// What a principal's policies are, as requests have them, and its tags.
type PoliciesAndTags = (Map<String, Value>, Vec<(String, String)>);

impl Rehearsal {
    /// The account that files describe: the one that is named, or the only one.
    ///
    /// # Errors
    /// What is wrong with a file, and when it is not clear which account is meant.
    pub fn of_files(paths: &[PathBuf], reading: &Reading) -> Result<Self, Failure> {
        load(&sources::read(paths, None)?, reading)
    }

    /// The account of a running server as it is, or as a snapshot has it.
    ///
    /// # Errors
    /// When the server does not answer, or has no such snapshot.
    pub fn of_server(
        server: &AdminOptions,
        account: Option<AccountId>,
        snapshot: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(account) = account {
            query.append_pair("account", &account.qualified());
        }
        if let Some(snapshot) = snapshot {
            query.append_pair("snapshot", snapshot);
        }
        let path = format!("export?{}", query.finish());
        let exported: Value = call_within(super::apply::PATIENCE, server, "GET", &path, "")?;
        let file = SourceFile { name: "server.json".to_owned(), text: exported.to_string() };
        load(&[file], &Reading::default())
    }

    /// The ARNs of its users and roles.
    pub fn principals(&self) -> impl Iterator<Item = String> + '_ {
        let users = self.account.users.iter().map(|user| user.arn(self.account.id));
        users.chain(self.account.roles.iter().map(|role| role.arn(self.account.id)))
    }

    /// Whether a principal is a user, role or session of the account.
    pub fn has(&self, principal: &str) -> bool {
        self.policies_of(principal).is_some()
    }

    /// Decides a request by the policies of the account.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn decide(&self, request: &Value) -> Result<Evaluation, String> {
        let body = self.completed(request).to_string();
        let no_files = |name: &str| Err(format!("{name} is not read here"));
        with_explanation(body.as_bytes(), &no_files, Evaluation::new).map_err(|error| error.to_string())
    }

    /// A request with the policies that its principal and its resource have in the account, where it has none itself.
    pub fn completed(&self, request: &Value) -> Value {
        let mut completed = request.as_object().cloned().unwrap_or_default();
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Some((policies, tags)) = self.policies_of(text("principal")) {
            for (name, value) in policies {
                completed.entry(name).or_insert(value);
            }
            let context = completed.entry("context").or_insert_with(|| json!({}));
            if let Some(context) = context.as_object_mut() {
                for (key, value) in tags {
                    context.entry(format!("aws:PrincipalTag/{key}")).or_insert_with(|| value.into());
                }
            }
        }
        if let Some(role) = self.account.role(text("resource"))
            && text("action").starts_with("sts:")
        {
            let trust = document(role.trust_policy.text());
            completed.entry("resourcePolicy").or_insert(trust);
        }
        Value::Object(completed)
    }

    /// The policies of a principal of the account, and its tags.
    fn policies_of(&self, principal: &str) -> Option<PoliciesAndTags> {
        let parts = ArnParts::parse(principal)?;
        if parts.account_id() != Some(self.account.id) {
            return None;
        }
        let (gathered, tags) = match parts.resource.split_once('/')? {
            ("user", _) => {
                let user = self.account.users.iter().find(|user| user.arn(self.account.id) == principal)?;
                (self.granting(user), pairs(&user.tags))
            }
            ("role", _) => {
                let role = self.account.role(principal)?;
                (self.granted(role), pairs(&role.tags))
            }
            ("assumed-role", rest) => {
                let role = self.account.get::<Role>(rest.split('/').next()?)?;
                (self.granted(role), pairs(&role.tags))
            }
            _ => return None,
        };
        Some((gathered, tags))
    }

    fn granting(&self, user: &User) -> Map<String, Value> {
        let groups = user.groups.iter().filter_map(|key| self.account.groups.get(key));
        let permissions = groups.map(|group| &group.permissions).chain([&user.permissions]);
        self.fields(permissions.collect(), user.permissions.boundary.as_deref())
    }

    fn granted(&self, role: &Role) -> Map<String, Value> {
        self.fields(vec![&role.permissions], role.permissions.boundary.as_deref())
    }

    fn fields(&self, permissions: Vec<&crate::account::Permissions>, boundary: Option<&str>) -> Map<String, Value> {
        let mut identity = Vec::new();
        for permissions in permissions {
            let inline = permissions.inline.iter();
            identity.extend(inline.map(|(name, policy)| json!({"name": name, "document": document(policy.text())})));
            identity.extend(permissions.attached.iter().map(|arn| self.managed(arn)));
        }
        let mut fields = Map::new();
        fields.insert("identityPolicies".to_owned(), identity.into());
        if let Some(arn) = boundary {
            fields.insert("permissionsBoundaries".to_owned(), json!([self.managed(arn)]));
        }
        fields
    }

    /// A managed policy. One that is not known denies everything, as on the server.
    fn managed(&self, arn: &str) -> Value {
        let text = match self.account.managed_policy(arn) {
            Some(crate::account::Managed::Customer(policy)) => {
                policy.default().map(|version| version.document.text().to_owned())
            }
            Some(crate::account::Managed::Aws(policy)) => Some(policy.document().to_string()),
            None => None,
        };
        let deny =
            || json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
        let name = arn.rsplit('/').next().unwrap_or(arn);
        json!({"name": name, "document": text.map_or_else(deny, |text| document(&text))})
    }
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn pairs(tags: &crate::shapes::TagSet) -> Vec<(String, String)> {
    tags.pairs().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Makes the account in memory, with all the checks of a server.
#[tokio::main(flavor = "current_thread")]
async fn load(files: &[SourceFile], reading: &Reading) -> Result<Rehearsal, Failure> {
    let descriptions = description::read(files, reading)?;
    let accounts = descriptions.accounts();
    let id = match (reading.account, accounts.iter().collect::<Vec<_>>().as_slice()) {
        (Some(id), _) if accounts.contains(&id) => id,
        (None, [id]) => **id,
        _ => {
            let name = files.first().map_or("", |file| file.name.as_str());
            return Err(format!(
                "{} describes {} accounts; say which with --account",
                Path::new(name).display(),
                accounts.len()
            )
            .into());
        }
    };
    let settings = Settings { audit: Some(AuditMode::Off), ..Settings::default() };
    let store = Arc::new(Store::in_memory().await?);
    let (app, _committer) = App::start(&settings, store).await?;
    app.apply(&descriptions, ApplyMode::default(), |_| Ok(())).await?;
    let exported = app.export(id, None).await?.unwrap_or_default();
    let account = app.accounts.get(id).await?.durable();
    Ok(Rehearsal { account, exported })
}
