//! Puts the server together from its settings.

use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::account::Generator;
use crate::app::{App, Budget, Detections, Gate, Generations};
use crate::audit::Usage;
use crate::call::{Environment, Volatile};
use crate::config::Settings;
use crate::federation::Issuers;
use crate::identity::{Authenticator, Clock, Identities, RootCredentials, ServerKey};
use crate::metrics::Metrics;
use crate::services;
use crate::store::{Accounts, DEFAULT_INTERVAL, Delivery, SESSION_KEY, Store, Trail};
use crate::webhook::Webhook;

/// Why the server cannot start, as one sentence.
pub type Failure = Box<dyn std::error::Error>;

impl App {
    /// The server on a database. The handle is of the task that makes writes durable: it ends when the server is gone.
    ///
    /// # Errors
    /// When a setting means nothing or the database fails.
    pub async fn start(settings: &Settings, store: Arc<Store>) -> Result<(Self, JoinHandle<()>), Failure> {
        let session_key = match settings.session_key()? {
            Some(key) => key,
            None => {
                let kept = store.server_value(SESSION_KEY, &rand::random::<[u8; 32]>()).await?;
                kept.try_into().map_err(|_| "the session key in the database is damaged")?
            }
        };
        let key = Arc::new(ServerKey::new(&session_key));
        let usage = Arc::new(Usage::new(store.load_usage().await?));
        let operations = services::all().map(|entry| (entry.service.prefix(), entry.name));
        let gateway_services = aws_reference::service_authorization::services().map(|service| service.prefix);
        let metrics = Arc::new(Metrics::new(operations, gateway_services)?);
        let (accounts, committer) = Accounts::new(store.clone(), usage.clone(), metrics.clone());
        let trail = match settings.audit_size() {
            Some(size) => {
                let key = settings.database_key()?;
                let shared = Trail::share(&store, key.as_ref(), size);
                Some(shared.unwrap_or_else(|| Trail::start(store.path().map(Settings::audit_path), key, size)))
            }
            None => None,
        };
        let webhook = settings.detection_webhook()?;
        let webhook = webhook.map(|(url, secret)| Webhook::start(url, secret, metrics.clone()));
        let detections = Detections::new(webhook, metrics.clone(), &store);
        let environment = Environment {
            quotas: settings.quotas()?,
            key: key.clone(),
            clock: Arc::new(Clock::default()),
            volatile: Volatile { usage, ..Volatile::default() },
            enforcement: settings.enforcement.unwrap_or_default(),
            policy_templates: settings.policy_templates.clone(),
            role_templates: settings.role_templates.clone(),
            token_issuer: settings.token_issuer(),
            issuers: Issuers::new(
                settings.issuer_network.unwrap_or_default(),
                settings.local_issuers == Some(true),
                &settings.issuers,
            )?,
            delivery: None,
            generator: Generator { run: Uuid::new_v4().to_string(), is_shared: store.is_shared() },
            metrics,
            denials_name_policy: settings.denials_name_policy.unwrap_or(true),
        };
        let authenticator = Authenticator { root: root_credentials(settings)?, key, partition: settings.partition };
        let accounts = accounts.read(settings.reading());
        let gate = Arc::new(Gate::default());
        let generations = Generations {
            accounts: accounts.clone(),
            trail: trail.clone(),
            gate: gate.clone(),
            clock: environment.clock.clone(),
            generator: environment.generator.clone(),
            running: Mutex::default(),
        };
        let app = Self {
            accounts,
            store,
            planned: settings.organization(environment.clock.now().into())?,
            authenticator,
            environment,
            explanations: Budget::default(),
            gate,
            generations: Arc::new(generations),
            trail,
            identities: Identities::default(),
            detections,
            authorization_ids: settings.authorization_ids.unwrap_or_default(),
            denial_link: settings.denial_link(),
        };
        app.follow_clock().await?;
        app.make_planned_organization().await?;
        Ok((app, committer))
    }

    /// Begins to deliver the events of trails, if the settings have a folder for them, which is made if it is absent. Only
    /// a server that serves does so: to check a configuration must leave nothing behind.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn start_delivery(&mut self, settings: &Settings) -> Result<(), Failure> {
        let Some(folder) = settings.trail_folder.clone() else { return Ok(()) };
        let shown = folder.display().to_string();
        let delivery = Delivery::start(folder, DEFAULT_INTERVAL, self.environment.metrics.clone(), Some(&*self.store));
        let delivery = delivery.map_err(|error| format!("--trail-folder {shown} cannot be written to: {error}"))?;
        self.environment.delivery = Some(delivery);
        Ok(())
    }
}

fn root_credentials(settings: &Settings) -> Result<RootCredentials, Failure> {
    let mut credentials = if settings.no_dev_credentials == Some(true) {
        RootCredentials { root: None, any_account: false }
    } else {
        RootCredentials::development()
    };
    match (&settings.root_access_key, &settings.root_secret_key) {
        (None, None) => {}
        (Some(id), Some(secret)) if !id.is_empty() && !secret.reveal().is_empty() => {
            credentials.root = Some((id.clone(), secret.clone()));
        }
        _ => return Err("give both --root-access-key and --root-secret-key, and neither empty".into()),
    }
    Ok(credentials)
}
