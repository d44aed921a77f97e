//! The gateway: IAM in front of other services. A request is recognised, authenticated, turned into questions and decided,
//! then refused in the service's own words or sent on.

mod answer;
mod authentication;
mod authorize;
mod body;
mod credentials;
mod decision;
mod event;
mod facts;
mod form;
mod given;
mod here;
mod meant;
mod members;
mod refusal;
mod ruling;
mod sending;
mod source_key;
mod steps;
mod upstream;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::request::Parts;

use crate::config::GatewayConfig;
use crate::error::Result;
use crate::identity::RequestFacts;
use crate::shapes::AccountId;
use crate::store::BucketRecord;

pub use self::authorize::GivenBody;
pub use self::body::BodyError;
pub use self::credentials::Presented;
use self::facts::{Cache, Document, Owners, Tokens};
pub use self::steps::Outcome;
pub use self::upstream::Body;
use self::upstream::Upstreams;

/// The gateway and what it knows of its upstreams.
pub struct Gateway {
    config: GatewayConfig,
    upstreams: Upstreams,
    hosts: aws_calls::s3::Hosts,
    owners: Owners,
    documents: Cache<Document>,
    tokens: Tokens,
    has_said_that_transport_decides: AtomicBool,
}

/// A request for the gateway, without its body.
pub struct Arrival<'r> {
    /// Its line and headers.
    pub parts: &'r Parts,
    /// Facts for the conditions of policies.
    pub facts: RequestFacts,
    /// The real time at which it came.
    pub real: DateTime<Utc>,
    /// Whether it came by TLS.
    pub secure: bool,
    /// What another proxy that asks about the request says of its body; `None` where the request is served here.
    pub asked: Option<GivenBody>,
}

/// The body of a request, which is not read before it is needed: a client that expects `100 Continue` sends none
/// until then.
pub trait Inbound: Send {
    /// Reads the body until it is whole or longer than this; whether it is whole.
    fn fill(&mut self, limit: usize) -> impl Future<Output = Result<bool>> + Send;

    /// The most bytes of any body that is read whole.
    fn max(&self) -> usize;

    /// What has been read.
    fn bytes(&self) -> &[u8];

    /// Takes what has been read.
    fn take(&mut self) -> Bytes;

    /// How long the body is, if the request says so.
    fn length(&self) -> Option<u64>;

    /// The body as it comes, if nothing of it has been read.
    fn stream(&mut self) -> Body;
}

impl Gateway {
    /// A gateway with these settings, and the buckets that are known. `names` are those under which clients reach the
    /// server.
    pub fn new<'n>(config: GatewayConfig, buckets: Vec<BucketRecord>, names: impl Iterator<Item = &'n str>) -> Self {
        let names = names.map(|name| name.trim_start_matches("*.")).chain(LOCAL_NAMES.iter().copied());
        let hosts = aws_calls::s3::Hosts::new(names.chain(config.bucket_domains.iter().map(String::as_str)));
        let documents = Cache::new(config.policy_ttl);
        Self {
            documents,
            tokens: Tokens::default(),
            has_said_that_transport_decides: AtomicBool::new(false),
            upstreams: Upstreams::new(&config),
            owners: Owners::new(config.default_owner, buckets),
            hosts,
            config,
        }
    }

    /// Takes up what another server has learned of a bucket.
    pub fn follow_bucket(&self, name: &str, bucket: Option<BucketRecord>) {
        self.owners.follow(name, bucket);
    }

    /// Forgets what upstreams have said of policies, tags and grants, which a call through another server has changed.
    pub fn forget_documents(&self) {
        self.documents.forget(|_| true);
    }

    /// Forgets what is known of an account, or of all.
    pub fn forget(&self, account: Option<AccountId>) {
        self.owners.forget(account);
        self.documents.forget(|_| true);
        self.tokens.forget();
    }

    /// Finds out what the upstreams are, so that the first call need not wait for it.
    pub async fn find_kinds(self: Arc<Self>) {
        for upstream in self.upstreams.all() {
            if let Err(error) = self.upstreams.kind(upstream).await {
                tracing::warn!("{error}");
            }
        }
    }
}

/// Names that mean this machine, before which a bucket's name may come.
const LOCAL_NAMES: [&str; 2] = ["localhost", "localhost.localstack.cloud"];
