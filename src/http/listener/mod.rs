//! Takes connections: bounded in number and in time, and ended in order when the server stops.

mod body;
mod connection;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::header;
use http::request::Parts;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

pub use body::{BodyError, Pace};

use self::connection::Connection;
use super::tls::{Session, Tls};
use crate::audit::TlsDetails;
use crate::config::Settings;

/// The most characters of a host that the audit trail keeps.
const MAX_HOST: usize = 256;

/// How long requests under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many at a time; more wait to be accepted.
    pub connections: usize,
    /// How long a client may take to send a request's head, its body, to read an answer, and between requests.
    pub timeout: Duration,
}

impl Limits {
    /// The limits that the settings want.
    pub fn new(settings: &Settings) -> Self {
        Self { connections: settings.max_connections(), timeout: settings.request_timeout() }
    }
}

/// How a request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Over plain HTTP.
    #[default]
    Plain,
    /// Over TLS.
    Tls(Session),
}

impl Transport {
    /// How a request came.
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or_default()
    }

    /// Whether it came over TLS.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The scheme of URLs.
    pub fn scheme(self) -> &'static str {
        if self.is_tls() { "https" } else { "http" }
    }
}

/// The TLS connection on which a request came, as the audit trail has it.
pub fn tls_details(parts: &Parts) -> Option<TlsDetails> {
    let Transport::Tls(Session { version, cipher_suite }) = Transport::of(parts) else { return None };
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.map(|host| host.chars().take(MAX_HOST).collect());
    Some(TlsDetails { version: version.into(), cipher_suite: cipher_suite.into(), host })
}

/// Ends answers that would never end by themselves: the server waits for those under way when it stops.
#[derive(Clone)]
pub struct Stopping(watch::Receiver<()>);

impl Stopping {
    /// Waits until the server stops.
    pub async fn stopped(&mut self) {
        // An error says that the server is gone, too.
        let _ = self.0.changed().await;
    }
}

/// Asks the server to stop, and then to stop at once. It also stops when nothing is left to ask it.
pub type Signals = mpsc::Receiver<()>;

/// Serves until the first signal; then requests under way may end until the second, for ten seconds at most.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    tls: Option<Arc<Tls>>,
    signals: &mut Signals,
) {
    let (stopping, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let connect =
        |peer| Connection { peer, router: router.clone(), limits, tls: tls.clone(), stopped: stopped.clone() };
    tokio::select! {
        () = accept(&listener, connect, limits.connections, &mut connections) => {}
        _ = signals.recv() => {}
    }
    drop(listener);
    let _ = stopping.send(());
    let ended = async { while connections.join_next().await.is_some() {} };
    let why = tokio::select! {
        () = ended => return,
        () = tokio::time::sleep(GRACE) => "in time",
        _ = signals.recv() => "before the second signal",
    };
    tracing::warn!("some requests did not end {why}");
    connections.abort_all();
}

/// Accepts connections, so many at a time.
async fn accept(
    listener: &TcpListener,
    connect: impl Fn(SocketAddr) -> Connection,
    limit: usize,
    connections: &mut JoinSet<()>,
) {
    let permits = Arc::new(Semaphore::new(limit));
    loop {
        let accepted = async {
            let permit = permits.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connect(peer);
                connections.spawn(async move {
                    let _permit = permit;
                    connection.serve(stream).await;
                });
            }
            Err(error) => {
                // Most often too many open files: it passes when other connections end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
