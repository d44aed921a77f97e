//! `iamd credentials`: a role's credentials in the form that `credential_process` of AWS's clients wants (AWS SDKs and Tools
//! Reference Guide, "Process credential provider").

use std::io::Write;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::output::Output;
use super::running::{RunningServer, Secrets};
use crate::http;
use crate::shapes::{ArnParts, Kind, Secret};

/// Which role, and for what.
#[derive(Args, Debug)]
pub struct Options {
    /// The role's ARN
    role_arn: String,
    /// The service that assumes the role and that it must trust
    #[arg(long, default_value = "ecs-tasks.amazonaws.com", value_name = "PRINCIPAL")]
    service: String,
    #[command(flatten)]
    server: RunningServer,
    /// Token that the server's endpoint for containers asks for
    #[arg(long, value_name = "TOKEN")]
    container_token: Option<Secret>,
}

/// Why there are no credentials, as one sentence.
pub type Failure = Box<dyn std::error::Error>;

/// The answer of the server's endpoint for containers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    role_arn: String,
    access_key_id: String,
    secret_access_key: Secret,
    token: Secret,
    expiration: String,
}

/// A refusal of that endpoint.
#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// Asks the running server for credentials of the role and prints them.
///
/// # Errors
/// When the server does not answer, or refuses.
pub fn run(options: &Options) -> Result<(), Failure> {
    let secrets = Secrets { container_token: options.container_token.as_ref(), admin_token: None };
    let settings = options.server.settings(secrets)?;
    let arn = &options.role_arn;
    let parts = ArnParts::parse(arn);
    let named = parts.and_then(|parts| Some((parts.account_id()?, parts.path_and_name(Kind::Role)?.1)));
    let (account, name) = named.ok_or_else(|| format!("{arn} is not the ARN of a role"))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    let path = format!("/credentials/{account}/{name}?{}", query.append_pair("service", &options.service).finish());
    let server = options.server.target(&settings)?;
    let token = settings.container_token.as_ref().map(Secret::reveal);
    let answer = http::ask(&server, &path, token).map_err(|error| format!("no answer from {server}: {error}"))?;
    if answer.status != 200 {
        let refusal: Option<Refusal> = serde_json::from_str(&answer.body).ok();
        return Err(refusal.map_or(answer.body, |refusal| refusal.message).into());
    }
    let given: Given = serde_json::from_str(&answer.body)?;
    if given.role_arn != *arn {
        return Err(format!("there is no role {arn}; the one of its name is {}", given.role_arn).into());
    }
    writeln!(
        Output::stdout(),
        "{:#}",
        json!({
            "Version": 1,
            "AccessKeyId": given.access_key_id,
            "SecretAccessKey": given.secret_access_key,
            "SessionToken": given.token,
            "Expiration": given.expiration,
        })
    )?;
    Ok(())
}
