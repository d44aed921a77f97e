//! Where an application finds the role of what it runs in: an EC2 instance, an ECS task, an EKS pod. AWS has a server
//! for each inside the instance; here they are paths of the one port.
//!
//! The credentials are sessions like any other, made by `AssumeRole` of the service, which the role must trust.

mod container;
mod imds;
mod pod_identity;
mod sessions;
mod signin;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::StatusCode;

use self::sessions::Sessions;
use super::State;
use super::guard::{host, is_from_foreign_page, names_one_host};
use crate::config::{ConfigError, PodSettings, Settings};
use crate::shapes::{AccountId, ArnParts, Kind, Secret};

/// The region of what does not say where it is.
const DEFAULT_REGION: &str = "us-east-1";

/// Who gets credentials, and those that were given out.
pub struct CredentialEndpoints {
    region: String,
    /// Whether instance metadata is given without a token.
    imdsv1: bool,
    /// The account of the instance, and the name or ARN of its instance profile.
    instance: Option<(AccountId, String)>,
    /// Whether any role and instance profile may be named in a path: only where the root users' development credentials
    /// would do as well, on this machine.
    by_path: bool,
    container_token: Option<Secret>,
    tasks: BTreeMap<String, Task>,
    pods: Vec<Pod>,
    sessions: Sessions,
}

/// A task of ECS.
struct Task {
    role: RoleArn,
    token: Option<Secret>,
}

/// A pod of EKS.
struct Pod {
    role: RoleArn,
    settings: PodSettings,
}

/// A role's ARN and the account in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RoleArn {
    arn: String,
    account: AccountId,
}

impl RoleArn {
    fn parse(arn: &str) -> Result<Self, ConfigError> {
        let parts = ArnParts::parse(arn).filter(|parts| parts.path_and_name(Kind::Role).is_some());
        let account = parts.and_then(|parts| parts.account_id());
        let account = account.ok_or_else(|| ConfigError::Value(format!("{arn} is not the ARN of a role")))?;
        Ok(Self { arn: arn.to_owned(), account })
    }
}

impl CredentialEndpoints {
    /// The endpoints as the settings want them.
    ///
    /// # Errors
    /// For ARNs that are none, and for tokens without a character.
    pub fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let given = &settings.credentials;
        let instance = settings.instance_profile.as_deref().map(account_of_profile).transpose()?;
        let task = |(id, task): (&String, &crate::config::TaskSettings)| {
            let token = task.token.as_ref().map(usable).transpose()?;
            Ok((id.clone(), Task { role: RoleArn::parse(&task.role)?, token }))
        };
        let pod = |pod: &PodSettings| {
            usable(&pod.token)?;
            Ok(Pod { role: RoleArn::parse(&pod.role)?, settings: pod.clone() })
        };
        Ok(Self {
            region: given.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            imdsv1: given.imdsv1,
            instance,
            by_path: settings.listen().ip().is_loopback() && settings.no_dev_credentials != Some(true),
            container_token: settings.container_token.as_ref().map(usable).transpose()?,
            tasks: given.tasks.iter().map(task).collect::<Result<_, ConfigError>>()?,
            pods: given.pods.iter().map(pod).collect::<Result<_, ConfigError>>()?,
            sessions: Sessions::default(),
        })
    }
}

impl CredentialEndpoints {
    /// Forgets the sessions of one account's roles, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        self.sessions.forget(account);
    }
}

/// An empty token would let everyone in.
fn usable(token: &Secret) -> Result<Secret, ConfigError> {
    match token.reveal() {
        "" => Err(ConfigError::Value("a token of the credential endpoints must not be empty".to_owned())),
        _ => Ok(token.clone()),
    }
}

/// Whether a text can be the name of an instance profile (API Reference, "CreateInstanceProfile").
fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(fits)
}

/// The account of an instance profile that is given by name or ARN.
fn account_of_profile(profile: &str) -> Result<(AccountId, String), ConfigError> {
    let account = match ArnParts::parse(profile) {
        Some(parts) => parts.path_and_name(Kind::InstanceProfile).and_then(|_| parts.account_id()),
        None => Some(AccountId::DEFAULT).filter(|_| is_name(profile)),
    };
    let account = account
        .ok_or_else(|| ConfigError::Value(format!("{profile} is not the name or ARN of an instance profile")))?;
    Ok((account, profile.to_owned()))
}

/// The routes. None of them is `/`, where AWS's clients send everything else.
pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/latest/{*path}", any(imds::answer))
        .route("/instances/{account}/{profile}/latest/{*path}", any(imds::answer))
        .route("/v2/credentials/{id}", get(container::of_task))
        .route("/credentials/{account}/{role}", get(container::by_path))
        .route("/v1/credentials", get(pod_identity::credentials))
        .route("/federation", get(signin::by_query).post(signin::by_form))
}

/// Keeps foreign pages out.
pub async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if !names_one_host(&parts) {
        return (StatusCode::BAD_REQUEST, "the request must have one Host header\n").into_response();
    }
    if is_from_foreign_page(&parts.headers) {
        return (StatusCode::FORBIDDEN, "requests from pages of other origins are refused\n").into_response();
    }
    if !state.hosts.contain(host(&parts.headers)) {
        return (StatusCode::FORBIDDEN, "the Host header names a domain that is not allowed\n").into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: Settings) -> String {
        CredentialEndpoints::new(&settings).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        for profile in ["", "a b c", "a/b", "arn:aws:iam::111122223333:role/web", "arn:aws:iam::1:instance-profile/web"]
        {
            let settings = Settings { instance_profile: Some(profile.into()), ..Settings::default() };
            assert_eq!(refused(settings), format!("{profile} is not the name or ARN of an instance profile"));
        }
        let settings = Settings { container_token: Some(Secret::new("")), ..Settings::default() };
        assert_eq!(refused(settings), "a token of the credential endpoints must not be empty");
        let mut settings = Settings::default();
        let task = serde_json::from_str(r#"{"role": "web"}"#).unwrap();
        settings.credentials.tasks.insert("web".to_owned(), task);
        assert_eq!(refused(settings), "web is not the ARN of a role");
    }

    #[test]
    fn roles_are_chosen_by_path_only_where_root_users_are() {
        let by_path = |settings: Settings| CredentialEndpoints::new(&settings).unwrap().by_path;
        assert!(by_path(Settings::default()));
        assert!(!by_path(Settings { no_dev_credentials: Some(true), ..Settings::default() }));
        assert!(!by_path(Settings { listen: "0.0.0.0:4593".parse().ok(), ..Settings::default() }));
    }
}
