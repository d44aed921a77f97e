//! The webhook that learns of detections. Each is sent as signed JSON, and again if it does not arrive; no call waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use url::Url;

use crate::audit::detections::Detection;
use crate::federation::fetch::post;
use crate::metrics::Metrics;
use crate::shapes::Secret;

/// The most detections that wait to be sent.
const MAX_WAITING: usize = 256;

/// How long to wait after each attempt that failed; then the detection is given up.
const DELAYS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// How long the last detections may take when the server stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends detections to a URL.
pub struct Webhook {
    url: Url,
    secret: Secret,
    metrics: Arc<Metrics>,
    sender: Mutex<Option<mpsc::Sender<Arc<Detection>>>>,
    /// No more will come, and what fails is not tried again.
    closing: AtomicBool,
    wake: Notify,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Webhook {
    /// Begins to send detections, signed with a secret, to a URL. Neither is ever logged.
    pub fn start(url: Url, secret: Secret, metrics: Arc<Metrics>) -> Arc<Self> {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let webhook = Arc::new(Self {
            url,
            secret,
            metrics,
            sender: Mutex::new(Some(sender)),
            closing: AtomicBool::new(false),
            wake: Notify::new(),
            task: Mutex::default(),
        });
        let task = tokio::spawn(webhook.clone().run(receiver));
        *webhook.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        webhook
    }

    /// Sends a detection soon. It never waits: if too many do, this one is dropped.
    pub fn send(&self, detection: Arc<Detection>) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.as_ref().is_none_or(|sender| sender.try_send(detection).is_err()) {
            self.metrics.webhook_dropped();
            tracing::warn!("a detection is not sent to the webhook: too many wait");
        }
    }

    /// Sends what waits, once, and takes no more.
    pub async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.wake.notify_one();
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && tokio::time::timeout(PATIENCE, task).await.is_err()
        {
            tracing::error!("the last detections did not reach the webhook");
        }
    }

    async fn run(self: Arc<Self>, mut receiver: mpsc::Receiver<Arc<Detection>>) {
        while let Some(detection) = receiver.recv().await {
            let sent = self.deliver(&detection).await;
            self.metrics.webhook(sent.is_ok());
            if let Err(reason) = sent {
                tracing::error!(id = detection.id.to_string(), reason, "a detection did not reach the webhook");
            }
        }
    }

    /// Sends a detection until it arrives, at most as often as there are delays, and once more.
    async fn deliver(&self, detection: &Detection) -> Result<(), String> {
        let body = serde_json::to_string(detection).map_err(|error| error.to_string())?;
        let mut delays = DELAYS.into_iter();
        loop {
            let headers = self.headers(detection, &body, Utc::now().timestamp());
            let reason = match post(&self.url, &headers, body.clone().into()).await {
                Ok(()) => return Ok(()),
                Err(error) => error.reason().to_owned(),
            };
            let Some(delay) = delays.next().filter(|_| !self.closing.load(Ordering::Acquire)) else {
                return Err(reason);
            };
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// What a receiver can hold a request against: its time, and the HMAC-SHA256 of time, dot and body under the secret.
    fn headers(&self, detection: &Detection, body: &str, now: i64) -> Vec<(&'static str, String)> {
        // A key for HMAC may have any length.
        let signature = Hmac::<Sha256>::new_from_slice(self.secret.reveal().as_bytes())
            .map(|hmac| hmac.chain_update(format!("{now}.")).chain_update(body).finalize().into_bytes());
        let signature = signature.map(|bytes| HEXLOWER.encode(&bytes)).unwrap_or_default();
        vec![
            ("x-iamd-detection", detection.id.to_string()),
            ("x-iamd-timestamp", now.to_string()),
            ("x-iamd-signature", format!("sha256={signature}")),
        ]
    }
}
