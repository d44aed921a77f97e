//! EC2's instance metadata service (EC2 User Guide, "Use instance metadata to manage your EC2 instance"). An instance
//! here is its instance profile.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, Path, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::sessions::Workload;
use super::{CredentialEndpoints, RoleArn};
use crate::account::{Account, InstanceProfile, Resource, Role};
use crate::error::{Code, Error};
use crate::http::State;
use crate::http::requests::Why;
use crate::identity::{ProviderValue, ServicePrincipal};
use crate::shapes::{AccountId, Timestamp};

const TOKEN: &str = "x-aws-ec2-metadata-token";
const TOKEN_TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// What tickets of the server's key are for here.
const PURPOSE: &str = "instance metadata";
const CREDENTIALS: &str = "meta-data/iam/security-credentials";

/// What a path names.
#[derive(Deserialize)]
pub struct Place {
    account: Option<String>,
    profile: Option<String>,
    path: String,
}

/// An instance, and who asks it.
struct Instance<'s> {
    state: &'s State,
    account: AccountId,
    /// The name or ARN of its instance profile.
    profile: Option<String>,
    address: IpAddr,
}

/// Answers what is asked of an instance.
pub async fn answer(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let path = place.path.trim_end_matches('/').to_owned();
    let Some((account, profile)) = state.credentials.instance(place) else {
        return page(
            StatusCode::FORBIDDEN,
            "there is no such instance: name a profile with --instance-profile, or in the path",
        );
    };
    let instance = Instance { state: &state, account, profile, address: peer.ip() };
    match (request.method(), path.as_str()) {
        (&Method::PUT, "api/token") => instance.issue_token(request.headers()),
        (&Method::GET | &Method::HEAD, path) => match instance.check_token(request.headers()) {
            Ok(version) => instance.get(path, version).await,
            Err(why) => page(StatusCode::UNAUTHORIZED, why),
        },
        _ => page(StatusCode::METHOD_NOT_ALLOWED, "only GET, and PUT for a token"),
    }
}

impl CredentialEndpoints {
    /// Which instance is asked: the one in the path, or the one in the settings. `None` when metadata is off.
    fn instance(&self, place: Place) -> Option<(AccountId, Option<String>)> {
        match (place.account, place.profile, &self.instance) {
            (Some(account), profile, _) if self.by_path => Some((AccountId::parse(&account)?, profile)),
            (None, _, Some((account, profile))) => Some((*account, Some(profile.clone()))),
            (None, _, None) if self.by_path => Some((AccountId::DEFAULT, None)),
            _ => None,
        }
    }
}

/// How the metadata was asked for: `ec2:RoleDelivery`.
#[derive(Clone, Copy)]
enum Version {
    One,
    /// With a token that lives so many seconds yet.
    Two(i64),
}

impl Instance<'_> {
    fn now(&self) -> Timestamp {
        self.state.app.environment.clock.now().into()
    }

    /// The first step of version 2. A proxy that does not know about it adds `X-Forwarded-For`, and is refused.
    fn issue_token(&self, headers: &HeaderMap) -> Response {
        if headers.contains_key("x-forwarded-for") {
            return page(StatusCode::FORBIDDEN, "a proxy sent the request: it has X-Forwarded-For");
        }
        let life = headers.get(TOKEN_TTL).and_then(|life| life.to_str().ok()?.parse::<u16>().ok());
        let Some(life) = life.filter(|life| (1..=21_600).contains(life)) else {
            return page(StatusCode::BAD_REQUEST, "X-aws-ec2-metadata-token-ttl-seconds must be from 1 to 21600");
        };
        let ticket = (self.id(), self.now().plus(life.into()));
        match self.state.app.environment.key.seal_ticket(PURPOSE, &ticket, rand::random()) {
            Some(token) => respond(token, Version::Two(life.into())),
            None => page(StatusCode::INTERNAL_SERVER_ERROR, "the token could not be sealed"),
        }
    }

    /// The second step: the token must be one of this instance's, and alive.
    fn check_token(&self, headers: &HeaderMap) -> Result<Version, &'static str> {
        let Some(token) = headers.get(TOKEN) else {
            let why = "there is no X-aws-ec2-metadata-token, and version 1 is off";
            return if self.state.credentials.imdsv1 { Ok(Version::One) } else { Err(why) };
        };
        let key = &self.state.app.environment.key;
        let ticket = token.to_str().ok().and_then(|token| key.open_ticket(PURPOSE, token));
        let (id, expires): (String, Timestamp) = ticket.ok_or("this server did not make the token")?;
        let remaining = expires.seconds() - self.now().seconds();
        match remaining > 0 {
            _ if id != self.id() => Err("the token is another instance's"),
            true => Ok(Version::Two(remaining)),
            false => Err("the token has ended by the server's clock"),
        }
    }

    async fn get(&self, path: &str, version: Version) -> Response {
        match self.metadata(path, version).await {
            Ok(Some(text)) => respond(text, version),
            Ok(None) => page(StatusCode::NOT_FOUND, &self.why_not_found(path).await),
            Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// Why there is nothing at a path. It helps those who ask for credentials before there is a profile with a role.
    async fn why_not_found(&self, path: &str) -> String {
        let nothing = || "there is nothing at this path".to_owned();
        let (true, Ok(cell)) = (path.starts_with(CREDENTIALS), self.state.app.accounts.get(self.account).await) else {
            return nothing();
        };
        let (account, id) = (cell.durable(), self.account);
        let Some(name) = self.profile.as_deref() else { return "the instance has no instance profile".to_owned() };
        match self.find_profile(&account).map(|profile| profile.role.is_some()) {
            None => format!("there is no instance profile {name} in account {id}"),
            Some(false) => format!("the instance profile {name} has no role"),
            Some(true) => nothing(),
        }
    }

    /// The text at a path; `None` if there is none.
    async fn metadata(&self, path: &str, version: Version) -> Result<Option<String>, Error> {
        let account = self.state.app.accounts.get(self.account).await?.durable();
        let profile = self.find_profile(&account);
        let role = profile.and_then(|profile| account.roles.get(profile.role.as_ref()?)).map(|role| &**role);
        Ok(match path {
            "dynamic/instance-identity/document" => Some(pretty(&self.identity())),
            "meta-data/instance-id" => Some(self.id()),
            "meta-data/placement/availability-zone" => Some(self.zone()),
            "meta-data/placement/region" => Some(self.region().to_owned()),
            "meta-data/iam/info" => self.profile.as_deref().map(|name| pretty(&self.info(name, profile))),
            _ => match role.filter(|role| path.strip_prefix(CREDENTIALS) == Some(&format!("/{}", role.name))) {
                Some(role) => Some(pretty(&self.credentials(role, version).await?)),
                None => folder(path, &self.paths(role)),
            },
        })
    }

    /// Where there is something.
    fn paths(&self, role: Option<&Role>) -> Vec<String> {
        let mut paths = vec!["dynamic/instance-identity/document".to_owned(), "meta-data/instance-id".to_owned()];
        paths.extend(["availability-zone", "region"].map(|leaf| format!("meta-data/placement/{leaf}")));
        paths.extend(self.profile.is_some().then(|| "meta-data/iam/info".to_owned()));
        paths.extend(role.map(|role| format!("{CREDENTIALS}/{}", role.name)));
        paths
    }

    fn find_profile<'a>(&self, account: &'a Account) -> Option<&'a InstanceProfile> {
        let wanted = self.profile.as_deref()?;
        let name = wanted.rsplit('/').next().unwrap_or(wanted);
        let is_meant = |profile: &&InstanceProfile| wanted == name || profile.arn(self.account) == wanted;
        account.get::<InstanceProfile>(name).filter(is_meant)
    }

    /// `iam/info`: the instance profile, or that it is gone.
    fn info(&self, name: &str, profile: Option<&InstanceProfile>) -> Value {
        let updated = self.now().to_string();
        match profile {
            Some(profile) => json!({
                "Code": "Success",
                "LastUpdated": updated,
                "InstanceProfileArn": profile.arn(self.account),
                "InstanceProfileId": profile.id,
            }),
            None => json!({
                "Code": "InstanceProfileNotFound",
                "Message": format!("Instance Profile with name {name} not found. {SEE}"),
                "LastUpdated": updated,
            }),
        }
    }

    /// The role's credentials, or why there are none, which EC2 answers with the status 200.
    async fn credentials(&self, role: &Role, version: Version) -> Result<Value, Error> {
        let workload = Workload {
            service: ServicePrincipal {
                name: "ec2.amazonaws.com".to_owned(),
                source_arn: None,
                session_keys: self.session_keys(version),
            },
            role: RoleArn { arn: role.arn(self.account), account: self.account },
            session_name: self.id(),
            tags: Vec::new(),
        };
        let sessions = &self.state.credentials.sessions;
        match sessions.of(workload, &self.state.app, self.region(), self.address).await {
            Ok(credentials) => {
                let detections = &self.state.app.detections;
                detections.note_fetched(&credentials.access_key_id, self.address, self.now());
                Ok(json!({
                    "Code": "Success",
                    "LastUpdated": credentials.issued.to_string(),
                    "Type": "AWS-HMAC",
                    "AccessKeyId": credentials.access_key_id,
                    "SecretAccessKey": credentials.secret_access_key,
                    "Token": credentials.session_token,
                    "Expiration": credentials.expiration.to_string(),
                }))
            }
            Err(error) if error.code() == Code::AccessDenied => Ok(json!({
                "Code": "AssumeRoleUnauthorizedAccess",
                "Message": format!("EC2 cannot assume the role {}. {SEE}", role.name),
                "LastUpdated": self.now().to_string(),
            })),
            Err(error) => Err(error),
        }
    }

    fn session_keys(&self, version: Version) -> Vec<(String, ProviderValue)> {
        let delivery = match version {
            Version::One => "1.0",
            Version::Two(_) => "2.0",
        };
        let arn =
            format!("arn:{}:ec2:{}:{}:instance/{}", self.account.partition(), self.region(), self.account, self.id());
        [("ec2:RoleDelivery", delivery.to_owned()), ("ec2:SourceInstanceARN", arn)]
            .map(|(key, value)| (key.to_owned(), ProviderValue::One(value)))
            .into()
    }

    /// The instance's identity, without what only a machine has.
    fn identity(&self) -> Value {
        json!({
            "accountId": self.account.to_string(),
            "availabilityZone": self.zone(),
            "instanceId": self.id(),
            "region": self.region(),
            "version": "2017-09-30",
        })
    }

    /// The instance's id: always the same for an instance profile.
    fn id(&self) -> String {
        let digest = Sha256::digest(format!("{}/{}", self.account, self.profile.as_deref().unwrap_or_default()));
        format!("i-0{}", HEXLOWER.encode(digest.split_at(8).0))
    }

    fn region(&self) -> &str {
        &self.state.credentials.region
    }

    fn zone(&self) -> String {
        format!("{}a", self.region())
    }
}

/// Where EC2 explains its errors.
const SEE: &str = "Please see documentation at \
                   https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.";

/// What a folder holds, a line each; folders within it have a slash. `None` if nothing is below it.
fn folder(path: &str, paths: &[String]) -> Option<String> {
    let below = paths.iter().filter_map(|each| each.strip_prefix(path)?.strip_prefix('/'));
    let lines: BTreeSet<&str> = below.filter_map(|rest| rest.split_inclusive('/').next()).collect();
    (!lines.is_empty()).then(|| lines.into_iter().collect::<Vec<_>>().join("\n"))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

fn respond(text: String, version: Version) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "text/plain"), (header::SERVER, "EC2ws")], text).into_response();
    if let Version::Two(life) = version {
        response.headers_mut().insert(TOKEN_TTL, life.into());
    }
    response
}

/// The page of a status. Only the log says why it is that one.
fn page(status: StatusCode, why: &str) -> Response {
    let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\">\n \
         <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    let headers = [(header::CONTENT_TYPE, "text/html"), (header::SERVER, "EC2ws")];
    (status, Extension(Why(why.to_owned())), headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_list_what_is_in_them() {
        let paths = ["meta-data/placement/region", "meta-data/instance-id", "meta-data/placement/availability-zone"];
        let paths = paths.map(str::to_owned);
        assert_eq!(folder("meta-data", &paths).as_deref(), Some("instance-id\nplacement/"));
        assert_eq!(folder("meta-data/placement", &paths).as_deref(), Some("availability-zone\nregion"));
        for none in ["meta-data/place", "meta-data/instance-id", "user-data"] {
            assert_eq!(folder(none, &paths), None, "{none}");
        }
    }
}
