//! The keys of issuers: discovered, cached, fetched again when they were changed; or given by the configuration.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::address::Reach;
use super::fetch::{self, FetchError};
use super::tls::Trust;
use crate::error::{Code, Error, Result};
use crate::keys::KeySet;

/// How long keys are used before they are fetched again.
const LIFETIME: Duration = Duration::from_secs(300);
/// How soon keys are fetched again because a token names one that is not among them.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a call needs from the network.
#[derive(Clone, Debug)]
pub enum Inquiry {
    /// The keys of an issuer, among them the one that a token names.
    Keys {
        /// The issuer's URL.
        issuer: String,
        /// The key that is looked for.
        key_id: Option<String>,
        /// Certificates that vouch for the issuer's host besides the system's roots.
        thumbprints: Vec<String>,
    },
    /// The thumbprint of the highest certificate of an issuer's host.
    Thumbprint {
        /// The issuer's URL.
        issuer: String,
    },
}

/// What was fetched.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// For [`Inquiry::Keys`].
    Keys(Arc<KeySet>),
    /// For [`Inquiry::Thumbprint`]: `None` where there is nothing to look at.
    Thumbprint(Option<String>),
}

/// What the configuration says of an issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IssuerSettings {
    /// Its keys, as the JSON of a key set: nothing is fetched.
    pub jwks: Option<String>,
    /// A file with its keys.
    pub jwks_file: Option<std::path::PathBuf>,
    /// Where its discovery document is instead of under its own URL.
    pub discovery: Option<String>,
}

/// Where an issuer's keys come from, if not from its own URL.
enum Source {
    Pinned(Arc<KeySet>),
    Discovery(Url),
}

/// Whose keys, and the thumbprints that vouched for them: what vouches for one account is nothing to another.
type Place = (String, Vec<String>);

/// What fetching an issuer's keys gave.
#[derive(Default)]
struct Cached {
    /// The last keys, and since when.
    keys: Option<(Arc<KeySet>, Instant)>,
    /// Why no keys were had, if that was last.
    failure: Option<(FetchError, Instant)>,
    /// Who holds it fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// All that is known of issuers.
pub struct Issuers {
    reach: Reach,
    accepts_local: bool,
    sources: BTreeMap<String, Source>,
    cache: Mutex<HashMap<Place, Cached>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// Issuers as the settings want them. `accepts_local`: providers may have URLs with http and with ports.
    ///
    /// # Errors
    /// A sentence on what is wrong with an issuer's settings.
    pub fn new(reach: Reach, accepts_local: bool, settings: &BTreeMap<String, IssuerSettings>) -> Result<Self, String> {
        let mut sources = BTreeMap::new();
        for (issuer, settings) in settings {
            let source = settings.source().map_err(|why| format!("the issuer {issuer}: {why}"))?;
            sources.insert(issuer.clone(), source);
        }
        Ok(Self { reach, accepts_local, sources, cache: Mutex::default() })
    }

    /// Whether providers may have URLs with http and with ports.
    pub fn accepts_local(&self) -> bool {
        self.accepts_local
    }

    /// Fetches what a call needs.
    ///
    /// # Errors
    /// `OpenIdIdpCommunicationError`, `IDPCommunicationError` and `InvalidIdentityToken` in AWS's words.
    pub async fn fetch(&self, need: &Inquiry) -> Result<Fetched> {
        match need {
            Inquiry::Keys { issuer, key_id, thumbprints } => {
                self.keys(issuer, key_id.as_deref(), thumbprints).await.map(Fetched::Keys).map_err(|error| {
                    tracing::warn!(issuer, %error, "the keys of an issuer could not be fetched");
                    match error {
                        FetchError::Unreachable(..) => {
                            Error::new(Code::IDPCommunicationError, "Error communicating with identity provider")
                        }
                        FetchError::Answer(..) => no_key(),
                    }
                })
            }
            Inquiry::Thumbprint { issuer } => self.thumbprint(issuer).await.map(Fetched::Thumbprint).map_err(|error| {
                tracing::warn!(issuer, %error, "the certificate of an issuer could not be fetched");
                Error::new(Code::OpenIdIdpCommunicationError, format!("Could not connect to {issuer}"))
            }),
        }
    }

    async fn thumbprint(&self, issuer: &str) -> Result<Option<String>, FetchError> {
        if self.reach == Reach::None || self.sources.contains_key(issuer) {
            return Ok(None);
        }
        // `CreateOpenIDConnectProvider` has accepted the URL.
        let Ok(url) = Url::parse(issuer) else { return Ok(None) };
        fetch::highest_thumbprint(&url, self.reach).await
    }

    async fn keys(
        &self,
        issuer: &str,
        key_id: Option<&str>,
        thumbprints: &[String],
    ) -> Result<Arc<KeySet>, FetchError> {
        if let Some(Source::Pinned(keys)) = self.sources.get(issuer) {
            return Ok(keys.clone());
        }
        let place = (issuer.to_owned(), thumbprints.to_vec());
        let (known, turn) = self.cached(&place, |cached| (cached.answer(key_id), cached.turn.clone()));
        if let Some(answer) = known {
            return answer;
        }
        // One call fetches; those that waited for it take what it got.
        let _turn = turn.lock().await;
        if let Some(answer) = self.cached(&place, |cached| cached.answer(key_id)) {
            return answer;
        }
        let answer = self.discover(issuer, thumbprints).await.map(Arc::new);
        self.cached(&place, |cached| cached.remember(&answer));
        answer
    }

    fn cached<T>(&self, place: &Place, look: impl FnOnce(&mut Cached) -> T) -> T {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, cached| cached.is_of_use());
        look(cache.entry(place.clone()).or_default())
    }

    /// OpenID Connect Discovery 1.0, section 4: the document names the keys, and must be the issuer's own.
    async fn discover(&self, issuer: &str, thumbprints: &[String]) -> Result<KeySet, FetchError> {
        let trust = || Trust::RootsOr(thumbprints.to_vec());
        let base = match self.sources.get(issuer) {
            Some(Source::Discovery(url)) => url.as_str(),
            _ => issuer,
        };
        let url = format!("{}/.well-known/openid-configuration", base.trim_end_matches('/'));
        let Ok(url) = Url::parse(&url) else { return Ok(KeySet::default()) };
        let fetch::Document { bytes, source } = fetch::get(&url, self.reach, trust()).await?;
        let no = |url: &Url, what: &str| FetchError::Answer(url.clone(), what.to_owned());
        let document: Discovery =
            serde_json::from_slice(&bytes).map_err(|_| no(&url, "something that is no discovery document"))?;
        if document.issuer != issuer {
            return Err(no(&url, "for another issuer"));
        }
        let keys_at = &Url::parse(&document.jwks_uri).map_err(|_| no(&url, "with keys at no URL"))?;
        let secure = keys_at.scheme() == "https" || (keys_at.scheme() == "http" && url.scheme() == "http");
        if !secure {
            return Err(no(&url, "with keys at a URL that is not secure"));
        }
        let keys = fetch::get(keys_at, self.reach.from(source), trust()).await?;
        KeySet::read(&keys.bytes).ok_or_else(|| no(keys_at, "something that is no key set"))
    }
}

impl Cached {
    /// What a call gets without fetching. A key that is not there is not looked for again at once, nor is an issuer that
    /// failed.
    fn answer(&self, key_id: Option<&str>) -> Option<Result<Arc<KeySet>, FetchError>> {
        if let Some((keys, fetched)) = &self.keys {
            let age = fetched.elapsed();
            if age < PATIENCE || (age < LIFETIME && keys.has(key_id)) {
                return Some(Ok(keys.clone()));
            }
        }
        let (error, failed) = self.failure.as_ref()?;
        (failed.elapsed() < PATIENCE).then(|| Err(error.clone()))
    }

    /// A failure does not end the life of earlier keys.
    fn remember(&mut self, answer: &Result<Arc<KeySet>, FetchError>) {
        let now = Instant::now();
        match answer {
            Ok(keys) => (self.keys, self.failure) = (Some((keys.clone(), now)), None),
            Err(error) => self.failure = Some((error.clone(), now)),
        }
    }

    fn is_of_use(&self) -> bool {
        let is_awaited = Arc::strong_count(&self.turn) > 1;
        is_awaited
            || self.keys.as_ref().is_some_and(|(_, fetched)| fetched.elapsed() < LIFETIME)
            || self.failure.as_ref().is_some_and(|(_, failed)| failed.elapsed() < PATIENCE)
    }
}

impl IssuerSettings {
    fn source(&self) -> Result<Source, String> {
        let pinned = |json: &[u8]| {
            let keys = KeySet::read(json).filter(|keys| keys.has(None));
            keys.map(|keys| Source::Pinned(Arc::new(keys))).ok_or_else(|| "its jwks have no keys".to_owned())
        };
        match (&self.jwks, &self.jwks_file, &self.discovery) {
            (Some(json), None, None) => pinned(json.as_bytes()),
            (None, Some(path), None) => {
                let json =
                    std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                pinned(&json)
            }
            (None, None, Some(url)) => {
                let parsed = Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
                parsed.map(Source::Discovery).ok_or_else(|| format!("{url} is no URL"))
            }
            _ => Err("give one of jwks, jwks-file and discovery".to_owned()),
        }
    }
}

/// What AWS says when the key that a token names cannot be had. The two blanks are AWS's.
pub fn no_key() -> Error {
    Error::new(
        Code::InvalidIdentityToken,
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity \
         documentation for requirements",
    )
}
