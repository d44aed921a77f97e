//! Takes connections: bounded in number and in time, and ended in peace when the server stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service;

/// The most bytes of a request's line and headers.
const HEADER_SIZE: usize = 64 * 1024;
/// How long requests under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many at a time; more wait to be accepted.
    pub connections: usize,
    /// How long a client may take to send a request's headers, and may be silent between requests.
    pub header_timeout: Duration,
}

/// Serves until `stop` resolves; then lets requests under way end.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accept = async {
            let permit = connections.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accept => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), limits);
                let watched = graceful.watch(connection);
                tokio::spawn(async move {
                    let _permit = permit;
                    if let Err(error) = watched.await {
                        tracing::debug!(%peer, %error, "a connection ended badly");
                    }
                });
            }
            Err(error) => {
                // Most often too many open files: it passes when other connections end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

type Connection = http1::Connection<TokioIo<TcpStream>, Handler>;

fn connection(stream: TcpStream, peer: SocketAddr, router: Router, limits: Limits) -> Connection {
    let _ = stream.set_nodelay(true);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(HEADER_SIZE)
        .serve_connection(TokioIo::new(stream), Handler { router, peer })
}

/// Hands requests to the router, and tells it who sent them.
struct Handler {
    router: Router,
    peer: SocketAddr,
}

impl hyper::service::Service<http::Request<Incoming>> for Handler {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = axum::routing::future::RouteFuture<Self::Error>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.router.clone().call(request)
    }
}
