//! `iamd serve`: the server, from its listener to its last write.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::net::TcpListener;

use super::files;
use crate::app::App;
use crate::call::Enforcement;
use crate::config::{ConsoleMode, DEFAULT_UPSTREAM, Database, LogFormat, Settings, UpstreamConfig};
use crate::http::{self, Limits, Signals, State, Tls};
use crate::log;
use crate::store::{Store, StoreError};

/// How long the last writes may take after the last connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until the first signal; then requests in flight end, and all that was acknowledged is written.
///
/// # Errors
/// One sentence on why it cannot: an address, a database or a setting that cannot be used.
pub async fn run(settings: Settings, mut signals: Signals) -> Result<(), Box<dyn std::error::Error>> {
    raise_open_files();
    let listen = settings.listen();
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}; choose another address with --listen"))?;
    let listen = listener.local_addr()?;
    let settings = Settings { listen: Some(listen.into()), ..settings };
    let tls = Tls::new(&settings, listen)?;
    let key = settings.database_key()?;
    let (store, database) = match settings.database()? {
        Database::Memory => (Store::in_memory().await?, "memory"),
        Database::Sqlite(path) => (Store::open(&path, key.as_ref()).await?, "sqlite"),
        Database::Postgres(url) => {
            let wait = Duration::from_secs(settings.database_wait());
            (Store::connect(url, key.as_ref(), settings.database_connections(), wait).await?, "postgres")
        }
    };
    must_have_a_way_in(&settings, &store).await?;
    let store = Arc::new(store);
    let (mut app, committer) = App::start(&settings, store.clone()).await?;
    if let Err(failure) = app.start_delivery(&settings) {
        store.close().await;
        return Err(failure);
    }
    if let Err(failure) = files::seed(&app, &settings).await {
        store.close().await;
        return Err(failure);
    }
    let kept = kept(&store).await?;
    let (trail, delivery) = (app.trail.clone(), app.environment.delivery.clone());
    let webhook = app.detections.webhook.clone();
    let state = Arc::new(State::new(app, &settings, database)?.with_gateway(&settings).await?);
    if let Some(news) = store.follow() {
        tokio::spawn(http::follow(news, Arc::downgrade(&state)));
    }
    banner(&settings, listen, &kept, tls.as_ref());
    if let Some(gateway) = state.gateway.clone() {
        tokio::spawn(gateway.find_kinds());
    }
    // A large organization takes a while to load: the first calls wait for it, and the start does not.
    let organizations = state.clone();
    tokio::spawn(async move { organizations.app.go_on_everywhere().await });
    http::serve(listener, http::router(state), Limits::new(&settings), tls.map(Arc::new), &mut signals).await;
    // The router is gone, and with it the accounts: the committer writes what it still has and ends. Only a request that
    // computes can hold them longer, and no client waits for its answer.
    tokio::select! {
        ended = committer => ended?,
        () = tokio::time::sleep(PATIENCE) => {}
        _ = signals.recv() => {}
    }
    if let Some(trail) = trail {
        trail.close().await;
    }
    if let Some(webhook) = webhook {
        webhook.close().await;
    }
    if let Some(delivery) = delivery {
        delivery.close().await;
    }
    store.close().await;
    Ok(())
}

/// Where everything is kept.
struct Kept {
    /// The path of the database, or `memory`.
    place: String,
    /// The same for people, with what is there already.
    sentence: String,
}

async fn kept(store: &Store) -> Result<Kept, StoreError> {
    let place = store.place();
    if !store.is_shared() && store.path().is_none() {
        let sentence = "Everything is kept in memory, and gone when the server stops.".to_owned();
        return Ok(Kept { place, sentence });
    }
    let content = match store.count_accounts().await? {
        0 => "new".to_owned(),
        1 => "1 account".to_owned(),
        accounts => format!("{accounts} accounts"),
    };
    let sealed = if store.is_sealed() { ", sealed" } else { "" };
    Ok(Kept { sentence: format!("Everything is kept in {place} ({content}{sealed})."), place })
}

/// What a person needs to know to use the server.
fn banner(settings: &Settings, listen: SocketAddr, kept: &Kept, tls: Option<&Tls>) {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let endpoint = match listen {
        address if address.ip().is_unspecified() => format!("{scheme}://localhost:{}", address.port()),
        address => format!("{scheme}://{address}"),
    };
    let enforcement = match settings.enforcement.unwrap_or_default() {
        Enforcement::On => "Enforcement is on: what no policy allows is denied.",
        Enforcement::Log => "Enforcement ONLY LOGS: what no policy allows goes through, marked x-iamd-would-deny.",
    };
    let upstreams = upstreams(settings);
    let mut text = format!(
        "iamd {} serves IAM and STS at {endpoint}\n{upstreams}{enforcement}\n{}\n",
        env!("CARGO_PKG_VERSION"),
        kept.sentence
    );
    if let Some(tls) = tls {
        text += if tls.only { "Plain HTTP is refused.\n" } else { "Plain HTTP is served on the same port.\n" };
    }
    if settings.console != Some(ConsoleMode::Off) {
        text += &format!("The console is at {endpoint}/console/\n");
    }
    let authority = tls.and_then(Tls::authority).map(|path| format!("  export AWS_CA_BUNDLE={}\n", path.display()));
    let authority = authority.unwrap_or_default();
    let development = settings.no_dev_credentials != Some(true);
    let root = match &settings.root_access_key {
        // The secret itself is not printed; the shell asks for it where the variable is not set.
        Some(id) => Some((quoted(id), "\"${IAMD_ROOT_SECRET_KEY:?the root secret key}\"")),
        None => development.then_some(("test".to_owned(), "test")),
    };
    if let Some((id, secret)) = root {
        let region = settings.partition.unwrap_or_default().signing_region();
        text += &format!(
            "Root user of account 000000000000:\n\n  export AWS_ENDPOINT_URL={endpoint}\n{authority}  \
             export AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}\n  \
             export AWS_REGION={region} AWS_DEFAULT_REGION={region}\n\n"
        );
    }
    if settings.log_format == Some(LogFormat::Json) {
        text = json_banner(&endpoint, &kept.place, settings.enforcement.unwrap_or_default());
    }
    // The output may be closed, which is no reason not to serve.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if development && !listen.ip().is_loopback() {
        tracing::warn!("development credentials are accepted from other machines; --no-dev-credentials refuses them");
    }
}

/// Where other services are, a line each.
fn upstreams(settings: &Settings) -> String {
    // The settings have been read before.
    let config = settings.gateway().ok().flatten();
    let upstreams = config.into_iter().flat_map(|config| config.upstreams);
    let line = |(service, upstream): (String, UpstreamConfig)| match service.as_str() {
        DEFAULT_UPSTREAM => format!("Other services come from http://{}.\n", upstream.authority),
        service => format!("{service} comes from http://{}.\n", upstream.authority),
    };
    upstreams.map(line).collect()
}

/// A text as a word of the shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Refuses to serve if no caller could ever be authenticated: there is no root user, no access key in the database, and no
/// session key that other servers share.
async fn must_have_a_way_in(settings: &Settings, store: &Store) -> Result<(), Box<dyn std::error::Error>> {
    let root = settings.no_dev_credentials != Some(true) || settings.root_access_key.is_some();
    if !root && settings.session_key.is_none() && store.count_accounts().await? == 0 {
        return Err(
            "no credentials would be accepted: the database is empty, and --no-dev-credentials is set without \
                    --root-access-key and --root-secret-key"
                .into(),
        );
    }
    Ok(())
}

/// The banner as one line of the log for machines, which a container has on the same stream.
fn json_banner(endpoint: &str, kept: &str, enforcement: Enforcement) -> String {
    let enforcement = match enforcement {
        Enforcement::On => "on",
        Enforcement::Log => "log",
    };
    let message = format!("iamd {} serves IAM and STS at {endpoint}", env!("CARGO_PKG_VERSION"));
    let fields =
        [("message", message.as_str()), ("endpoint", endpoint), ("enforcement", enforcement), ("database", kept)];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    log::line(Utc::now(), "INFO", fields) + "\n"
}

/// Each connection takes a file; the usual soft limit of 1,024 is too few.
fn raise_open_files() {
    if let Ok((_, hard)) = rlimit::Resource::NOFILE.get() {
        let _ = rlimit::Resource::NOFILE.set(hard.min(65_536), hard);
    }
}
