//! The command `iamd idp`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::saml::SamlIssuer;
use super::web::WebIssuer;
use super::{Failure, Idp, router};
use crate::cli::output::Output;
use crate::config::{ListenAddress, LogFormat, LogLevel};
use crate::http::{Limits, Signals, serve};
use crate::keys::{Algorithm, SigningKey};

/// The options of the command.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Address and port to listen on
    #[arg(long = "listen", alias = "address", default_value = "127.0.0.1:4594", value_name = "ADDRESS")]
    address: ListenAddress,
    /// URL that tokens name as their issuer [default: the address]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// File that keeps the keys, so that they stay the same when the identity provider is started again
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Least level of log lines: error, warn, info, debug or trace [default: info]
    #[arg(id = "idp-log-level", long = "log-level", value_name = "LEVEL")]
    pub log_level: Option<LogLevel>,
    /// How log lines are written: text or json [default: text]
    #[arg(id = "idp-log-format", long = "log-format", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// The keys as the file keeps them: PKCS #8 in base64.
#[derive(Serialize, Deserialize)]
struct Keys {
    web: String,
    saml: String,
}

/// Serves until it is asked to stop.
///
/// # Errors
/// When the address or the file cannot be used.
pub async fn run(options: Options, mut signals: Signals) -> Result<(), Failure> {
    let Options { address, issuer, keys, .. } = options;
    let address = *address;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}; choose another address with --listen"))?;
    let own = format!("http://{}", listener.local_addr()?);
    let issuer = issuer.unwrap_or_else(|| own.clone());
    let (web, saml) = keys_of(keys.as_deref())?;
    let idp = Idp { web: WebIssuer::new(&issuer, web), saml: SamlIssuer::new(&issuer, &saml)? };
    banner(&mut Output::stdout(), &own, &issuer)?;
    let limits = Limits { connections: 1000, timeout: Duration::from_secs(30) };
    serve(listener, router(Arc::new(idp)), limits, None, &mut signals).await;
    Ok(())
}

/// The keys in the file, which is written if it is not there yet; without a file, new ones.
fn keys_of(file: Option<&Path>) -> Result<(SigningKey, SigningKey), Failure> {
    let algorithm = Algorithm::Rs256;
    if let Some(file) = file.filter(|file| file.exists()) {
        let unusable = |reason: &dyn std::fmt::Display| format!("the keys file {}: {reason}", file.display());
        let text = std::fs::read(file).map_err(|error| unusable(&error))?;
        let kept: Keys =
            serde_json::from_slice(&text).map_err(|_| unusable(&"not a file that iamd idp has written"))?;
        let key = |text: &str| -> Result<SigningKey, Failure> {
            Ok(SigningKey::from_pkcs8(algorithm, &BASE64.decode(text.as_bytes())?)?)
        };
        let read = |text| key(text).map_err(|_| unusable(&"a key in it cannot be used"));
        return Ok((read(&kept.web)?, read(&kept.saml)?));
    }
    let (web, saml) = (SigningKey::generate(algorithm)?, SigningKey::generate(algorithm)?);
    if let Some(file) = file {
        let kept = Keys { web: BASE64.encode(&web.to_pkcs8()?), saml: BASE64.encode(&saml.to_pkcs8()?) };
        let written = write_privately(file, &serde_json::to_vec(&kept)?);
        written.map_err(|error| format!("the keys file {} cannot be written: {error}", file.display()))?;
    }
    Ok((web, saml))
}

/// Writes a new file that only its owner can read.
fn write_privately(file: &Path, content: &[u8]) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(content)
}

/// What a person needs to know to try it.
fn banner(out: &mut dyn Write, own: &str, issuer: &str) -> std::io::Result<()> {
    writeln!(out, "An identity provider for tests answers at {own}. It signs what it is asked to.\n")?;
    writeln!(out, "  # Web identities; start iamd with --local-issuers")?;
    writeln!(out, "  aws iam create-open-id-connect-provider --url {issuer} --client-id-list sts.amazonaws.com")?;
    writeln!(out, "  curl -s '{own}/token?sub=alice@example.com' > token")?;
    writeln!(out, "  aws sts assume-role-with-web-identity --role-session-name alice \\")?;
    writeln!(out, "    --role-arn ROLE --web-identity-token file://token\n")?;
    writeln!(out, "  # SAML")?;
    writeln!(out, "  curl -s {own}/saml/metadata > metadata.xml")?;
    writeln!(out, "  aws iam create-saml-provider --name Test --saml-metadata-document file://metadata.xml")?;
    writeln!(out, "  curl -s '{own}/saml/response?session=alice&role=ROLE,PROVIDER' > response")?;
    writeln!(out, "  aws sts assume-role-with-saml --role-arn ROLE --principal-arn PROVIDER \\")?;
    writeln!(out, "    --saml-assertion file://response\n")
}
