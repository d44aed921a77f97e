//! What a request costs in the server, without the network: decode, verify, decide, execute, encode.
//!
//!     cargo bench --bench request_path

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may stop at the first thing that goes wrong"
)]

mod support;

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use criterion::{Criterion, criterion_group, criterion_main};
use iamd::app::App;
use iamd::config::Settings;
use iamd::http::{State, router};
use iamd::store::Store;
use iamd::wire::Service;
use support::{ACCOUNT, access_key, request, role_arn, root, steps};
use tower_service::Service as _;

async fn server() -> Router {
    let settings = Settings { quota: vec![("UsersPerAccount".to_owned(), 100_000)], ..Settings::default() };
    let store = Arc::new(Store::in_memory().await.unwrap());
    let (app, _) = App::start(&settings, store).await.unwrap();
    router(Arc::new(State::new(app, &settings, "memory").unwrap()))
}

async fn send(router: &Router, request: &http::Request<String>) -> String {
    let mut request = request.clone().map(Body::from);
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000))));
    let response = router.clone().call(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(status.is_success(), "{body}");
    body
}

fn requests(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let router = runtime.block_on(server());
    let call = |request: &http::Request<String>| runtime.block_on(send(&router, request));
    let as_root = |account: &str, action: &str, parameters: &[(&str, &str)]| {
        request(&root(account), Service::IAM, action, parameters)
    };

    let mut answer = String::new();
    for (action, parameters) in steps() {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        answer = call(&as_root(ACCOUNT, action, &parameters));
    }
    let bob = access_key(&answer);

    let mut bench = |name: &str, request: http::Request<String>| {
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(call(&request))));
    };
    bench("GetCallerIdentity", request(&bob, Service::STS, "GetCallerIdentity", &[]));
    bench("GetUser with five policies in three groups", request(&bob, Service::IAM, "GetUser", &[("UserName", "bob")]));
    let session = [("RoleArn", role_arn()), ("RoleSessionName", "bench".to_owned())];
    let session: Vec<_> = session.iter().map(|(name, value)| (*name, value.as_str())).collect();
    bench("AssumeRole", request(&bob, Service::STS, "AssumeRole", &session));

    for (account, users) in [("100000000100", 100), ("100000050000", 50_000)] {
        for number in 0..users {
            call(&as_root(account, "CreateUser", &[("UserName", &format!("user-{number:05}"))]));
        }
        let page = as_root(account, "ListUsers", &[("MaxItems", "100")]);
        bench(&format!("ListUsers, a page of 100 of {users}"), page);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = requests
}
criterion_main!(benches);
