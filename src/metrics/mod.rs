//! What the server counts, for Prometheus. Names and units follow Prometheus' naming guide.
//!
//! Counting takes no lock: what is counted for a request is found once, at the start or at its first use, and every
//! label has a bounded number of values: operations and services that are known, layers, outcomes, reasons.

mod authentication;
mod known;
mod outcome;

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;
use iam_policy::Layer;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::error::{Code, Error};
use authentication::Reasons;
use known::{Counted, Known};
pub use outcome::Outcome;

/// From a tenth of a millisecond, which most calls take, to those that wait for a disk or compute long.
const SECONDS: &[f64] = &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// A commit has a thousand writes at most.
const WRITES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// The layers of policies that can deny, in the log's words.
const LAYERS: &[Layer] = &[
    Layer::ServiceControl,
    Layer::ResourceControl,
    Layer::Endpoint,
    Layer::Resource,
    Layer::Trust,
    Layer::Identity,
    Layer::Boundary,
    Layer::Session,
    Layer::Scoped,
    Layer::Delegation,
];

/// The label of a decision that rests on no layer.
const NO_LAYER: &str = "none";

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    calls: Known,
    gateway_calls: Known,
    upstream_errors: IntCounter,
    unreachable_upstreams: IntCounter,
    allowed: IntCounter,
    denied: HashMap<&'static str, IntCounter>,
    denied_otherwise: IntCounter,
    authentication_failures: Reasons,
    sessions: IntCounter,
    commits: IntCounter,
    failed_commits: IntCounter,
    writes: Histogram,
    commit_seconds: Histogram,
    accounts_in_memory: IntGauge,
    events_waiting: IntGauge,
    events_dropped: IntCounter,
    trail_files: IntCounter,
    failed_trail_files: IntCounter,
    trail_events_dropped: IntCounter,
    detections: IntCounterVec,
    webhook_sent: IntCounter,
    webhook_failed: IntCounter,
    webhook_dropped: IntCounter,
}

/// What is counted elsewhere, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The accounts in memory.
    pub accounts_in_memory: usize,
    /// The events that are not on disk yet.
    pub events_waiting: usize,
    /// The events that were lost since the start.
    pub events_dropped: u64,
}

/// A metric that cannot be registered: a fault of the program, found by any test that starts a server.
#[derive(Debug, thiserror::Error)]
#[error("a metric is wrong: {0}")]
pub struct WrongMetric(#[from] prometheus::Error);

impl Metrics {
    /// The metrics of a server with these operations: the prefix of their service, and their names. `services`: the
    /// prefixes of the services that can be behind the gateway.
    ///
    /// # Errors
    /// See [`WrongMetric`].
    pub fn new(
        operations: impl Iterator<Item = (&'static str, &'static str)>,
        services: impl Iterator<Item = &'static str>,
    ) -> Result<Self, WrongMetric> {
        let of = Registering(Registry::new());
        let requests =
            of.counters("iamd_requests_total", "Requests of AWS's protocols.", &["service", "operation", "outcome"])?;
        let seconds =
            of.histograms("iamd_request_duration_seconds", "Time from the read request to its answer.", &["service"])?;
        let gateway = of.counters(
            "iamd_gateway_requests_total",
            "Requests to services behind the gateway.",
            &["service", "outcome"],
        )?;
        let gateway_seconds = of.histogram(
            "iamd_gateway_request_duration_seconds",
            "Time until the upstream begins to answer.",
            SECONDS,
        )?;
        let decisions = of.counters(
            "iamd_decisions_total",
            "Decisions, and the layer of policies that denied.",
            &["decision", "layer"],
        )?;
        let failures = of.counters(
            "iamd_authentication_failures_total",
            "Requests whose caller is not known, by what was wrong.",
            &["reason"],
        )?;
        let commits = of.counters("iamd_commits_total", "Transactions of the database.", &["outcome"])?;
        let trail_files =
            of.counters("iamd_trail_files_total", "Files of trails that were to be delivered.", &["outcome"])?;
        let webhook = of.counters(
            "iamd_detection_webhook_total",
            "Detections for the webhook, and what came of them.",
            &["outcome"],
        )?;
        let upstream_errors = of.counters(
            "iamd_gateway_upstream_errors_total",
            "Requests that an upstream answered with a server error, or that did not reach it.",
            &["kind"],
        )?;
        let info = IntGaugeVec::new(Opts::new("iamd_build_info", "The version that runs; always 1."), &["version"])?;
        of.0.register(Box::new(info.clone()))?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let calls = operations.map(|(service, name)| {
            let seconds = seconds.with_label_values(&[service]);
            (format!("{service}:{name}"), Counted::new(requests.clone(), vec![service, name], seconds))
        });
        let unknown = |service: &'static str| {
            (
                service.to_owned(),
                Counted::new(requests.clone(), vec![service, "unknown"], seconds.with_label_values(&[service])),
            )
        };
        let mut known: HashMap<String, Counted> = calls.collect();
        let own: Vec<&'static str> = known.values().map(Counted::service).collect();
        known.extend(own.into_iter().map(unknown));
        let gateway_calls = services
            .chain(["unknown"])
            .map(|service| (service.to_owned(), Counted::new(gateway.clone(), vec![service], gateway_seconds.clone())));
        Ok(Self {
            calls: Known(known),
            gateway_calls: Known(gateway_calls.collect()),
            unreachable_upstreams: upstream_errors.with_label_values(&["unreachable"]),
            upstream_errors: upstream_errors.with_label_values(&["answered"]),
            allowed: decisions.with_label_values(&["allowed", NO_LAYER]),
            denied: LAYERS
                .iter()
                .map(|layer| (layer.word(), decisions.with_label_values(&["denied", layer.word()])))
                .collect(),
            denied_otherwise: decisions.with_label_values(&["denied", NO_LAYER]),
            authentication_failures: Reasons::new(&failures),
            sessions: of.counter("iamd_sessions_issued_total", "Temporary credentials that were issued.")?,
            failed_commits: commits.with_label_values(&["failed"]),
            commits: commits.with_label_values(&["ok"]),
            writes: of.histogram("iamd_commit_writes", "Writes in one transaction.", WRITES)?,
            commit_seconds: of.histogram(
                "iamd_commit_duration_seconds",
                "Time until a transaction is on disk.",
                SECONDS,
            )?,
            accounts_in_memory: of.gauge("iamd_accounts_in_memory", "Accounts that are in memory.")?,
            events_waiting: of
                .gauge("iamd_audit_events_waiting", "Events of the audit trail that are not on disk yet.")?,
            events_dropped: of
                .counter("iamd_audit_events_dropped_total", "Events of the audit trail that were lost.")?,
            trail_files: trail_files.with_label_values(&["ok"]),
            failed_trail_files: trail_files.with_label_values(&["failed"]),
            trail_events_dropped: of.counter(
                "iamd_trail_events_dropped_total",
                "Events that were lost before their trails delivered them.",
            )?,
            detections: of.counters("iamd_detections_total", "Detections.", &["type"])?,
            webhook_sent: webhook.with_label_values(&["ok"]),
            webhook_failed: webhook.with_label_values(&["failed"]),
            webhook_dropped: webhook.with_label_values(&["dropped"]),
            registry: of.0,
        })
    }

    /// Counts a call of an own operation, `iam:GetUser`, or of none that is known of a service.
    pub fn request(&self, service: &str, action: &str, error: Option<&Error>, took: Duration) {
        self.calls.count(action, service, Outcome::of(error), took);
        self.authentication_failures.count(error);
    }

    /// Counts a call of a service behind the gateway, `s3:GetObject`, which the upstream has answered with a status or
    /// which never came so far.
    pub fn gateway_request(&self, action: &str, result: Result<StatusCode, &Error>, took: Duration) {
        let service = action.split(':').next().unwrap_or_default();
        let outcome = result.map_or_else(|error| Outcome::of(Some(error)), Outcome::of_status);
        self.gateway_calls.count(service, "unknown", outcome, took);
        self.authentication_failures.count(result.err());
        match result {
            Ok(status) if status.is_server_error() => self.upstream_errors.inc(),
            Err(error) if error.code() == Code::ServiceUnavailable => self.unreachable_upstreams.inc(),
            _ => {}
        }
    }

    /// Counts a decision that allows.
    pub fn allowed(&self) {
        self.allowed.inc();
    }

    /// Counts a decision that denies, and the layer that it rests on.
    pub fn denied(&self, layer: Option<&str>) {
        layer.and_then(|layer| self.denied.get(layer)).unwrap_or(&self.denied_otherwise).inc();
    }

    /// Counts temporary credentials that were issued.
    pub fn session_issued(&self) {
        self.sessions.inc();
    }

    /// Counts a transaction of the database with so many writes.
    pub fn commit(&self, writes: usize, is_durable: bool, took: Duration) {
        let counter = if is_durable { &self.commits } else { &self.failed_commits };
        counter.inc();
        self.writes.observe(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)));
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// Counts a file of a trail that was to be delivered.
    pub fn trail_file(&self, is_delivered: bool) {
        let counter = if is_delivered { &self.trail_files } else { &self.failed_trail_files };
        counter.inc();
    }

    /// Counts events that were lost before their trails delivered them.
    pub fn trail_events_dropped(&self, count: u64) {
        self.trail_events_dropped.inc_by(count);
    }

    /// Counts a detection of a type.
    pub fn detection(&self, kind: &str) {
        self.detections.with_label_values(&[kind]).inc();
    }

    /// Counts a detection that the webhook has got, or not after several attempts.
    pub fn webhook(&self, is_sent: bool) {
        let counter = if is_sent { &self.webhook_sent } else { &self.webhook_failed };
        counter.inc();
    }

    /// Counts a detection that found no room in the webhook's queue.
    pub fn webhook_dropped(&self) {
        self.webhook_dropped.inc();
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// See [`WrongMetric`].
    pub fn text(&self, now: Now) -> Result<String, WrongMetric> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.accounts_in_memory.set(number(now.accounts_in_memory));
        self.events_waiting.set(number(now.events_waiting));
        self.events_dropped.inc_by(now.events_dropped.saturating_sub(self.events_dropped.get()));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Makes metrics of a registry.
struct Registering(Registry);

impl Registering {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, WrongMetric> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(counters.clone()))?;
        Ok(counters)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, WrongMetric> {
        let counter = IntCounter::new(name, help)?;
        self.0.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, WrongMetric> {
        let gauge = IntGauge::new(name, help)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, WrongMetric> {
        let histograms = HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels)?;
        self.0.register(Box::new(histograms.clone()))?;
        Ok(histograms)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, WrongMetric> {
        let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?;
        self.0.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }
}
