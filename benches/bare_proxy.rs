//! A proxy that only passes requests on: what a machine takes for the least that a gateway does. `benches/gateway.py`
//! measures it beside iamd. Its arguments are the port to listen on and the port of the upstream.

#![expect(clippy::print_stderr, reason = "it has no log")]

use std::io;
use std::net::Ipv4Addr;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, Error, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

type Upstream = Client<HttpConnector, Incoming>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut ports = std::env::args().skip(1).filter_map(|port| port.parse::<u16>().ok());
    let (Some(port), Some(upstream)) = (ports.next(), ports.next()) else {
        return Err(io::Error::other("usage: bare_proxy PORT UPSTREAM"));
    };
    let authority: Authority = format!("127.0.0.1:{upstream}").parse().map_err(io::Error::other)?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, authority) = (client.clone(), authority.clone());
        let service = service_fn(move |request| forward(client.clone(), authority.clone(), request));
        tokio::spawn(async move {
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                eprintln!("{error}");
            }
        });
    }
}

async fn forward(
    client: Upstream,
    authority: Authority,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Error> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    (parts.scheme, parts.authority) = (Some(Scheme::HTTP), Some(authority));
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    client.request(request).await
}
