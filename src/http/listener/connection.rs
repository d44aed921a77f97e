//! One connection, from its first byte to its last.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::StatusCode;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tower_service::Service;

use super::body::{Pace, TimedBody};
use super::stream::Stream;
use super::{Limits, Stopping, Transport};
use crate::http::refusal::refused;
use crate::http::tls::{self, Tls};

/// The most bytes of a request's line and headers.
const MAX_HEAD: usize = 64 * 1024;

/// What a connection needs besides its stream.
pub struct Connection {
    /// Who connected.
    pub peer: SocketAddr,
    /// Answers the requests.
    pub router: Router,
    /// How long the peer may take.
    pub limits: Limits,
    /// How to speak TLS, if the server does.
    pub tls: Option<Arc<Tls>>,
    /// Changes when the server stops.
    pub stopped: watch::Receiver<()>,
}

impl Connection {
    /// Answers requests until the peer ends the connection, breaks a limit, or the server stops.
    pub async fn serve(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else { return self.answer_plainly(stream).await };
        let mut stopped = self.stopped.clone();
        let began = tokio::select! {
            began = tokio::time::timeout(self.limits.timeout, begin(stream, &tls, self.limits)) => began,
            _ = stopped.changed() => return,
        };
        match began {
            Ok(Ok(Began::Tls(stream))) => {
                let session = tls::Session::of(stream.get_ref().1);
                self.answer(*stream, Transport::Tls(session)).await;
            }
            Ok(Ok(Began::Plain(stream))) if tls.only => {
                let router = Router::new().fallback(only_tls);
                Self { router, ..self }.answer_plainly(stream).await;
            }
            Ok(Ok(Began::Plain(stream))) => self.answer_plainly(stream).await,
            Ok(Err(error)) => {
                tracing::debug!(peer = %self.peer, error = error.to_string(), "a TLS handshake failed");
            }
            Err(_) => tracing::debug!(peer = %self.peer, "a client did not begin in time"),
        }
    }

    async fn answer_plainly(self, stream: TcpStream) {
        let stream = Stream::new(stream, self.limits.timeout);
        self.answer(stream, Transport::Plain).await;
    }

    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, transport: Transport) {
        let Self { peer, router, limits, mut stopped, .. } = self;
        let stopping = Stopping(stopped.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.timeout)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), Handler { router, peer, limits, transport, stopping });
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, error = error.to_string(), "a connection ended badly");
        }
    }
}

/// A connection whose client has shown what it speaks.
enum Began {
    Plain(TcpStream),
    Tls(Box<TlsStream<Stream<TcpStream>>>),
}

/// Looks at the first byte, and shakes hands if it begins a handshake.
async fn begin(
    stream: TcpStream,
    tls: &Tls,
    limits: Limits,
) -> Result<Began, Box<dyn std::error::Error + Send + Sync>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first != [tls::HANDSHAKE] {
        return Ok(Began::Plain(stream));
    }
    let address = stream.local_addr()?.ip();
    let handshake = LazyConfigAcceptor::new(Acceptor::default(), Stream::new(stream, limits.timeout)).await?;
    let config = tls.config(address, handshake.client_hello().server_name(), SystemTime::now())?;
    Ok(Began::Tls(Box::new(handshake.into_stream(config).await?)))
}

/// What plain HTTP gets from a server that is for TLS only.
async fn only_tls() -> Response {
    refused(StatusCode::BAD_REQUEST, "this server is for HTTPS only")
}

/// Hands requests to the router, with the address that they came from and a deadline for their bodies.
struct Handler {
    router: Router,
    peer: SocketAddr,
    limits: Limits,
    transport: Transport,
    stopping: Stopping,
}

impl hyper::service::Service<http::Request<Incoming>> for Handler {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = axum::routing::future::RouteFuture<Self::Error>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let pace = Pace::default();
        let mut request = request.map(|body| Body::new(TimedBody::new(body, self.limits.timeout, pace.clone())));
        request.extensions_mut().insert(pace);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(self.transport);
        request.extensions_mut().insert(self.stopping.clone());
        self.router.clone().call(request)
    }
}
