//! Which operation a request calls.

use crate::call::Entry;
use crate::error::{Code, Error, Result};
use crate::services;
use crate::sigv4::{Incoming, Signature};
use crate::wire::{Input, Params, Service};

/// The operation that a request calls.
pub(super) struct Route<'r> {
    /// The service that answers.
    pub service: Service,
    /// The name that was given for the operation, if any was.
    pub name: String,
    pub entry: Result<&'static Entry>,
    /// The parameters, if they had to be read to find the operation.
    pub input: Option<Input<'r>>,
}

impl<'r> Route<'r> {
    /// By what the protocols have for it: `X-Amz-Target`, then method and path, then `Action`.
    ///
    /// # Errors
    /// `MalformedInput` for parameters that no operation has.
    pub(super) fn of(incoming: &Incoming<'r>, signature: Option<&Signature<'_>>) -> Result<Self> {
        let scope = signature.map(|signature| &*signature.credential().service);
        let scope = Service::ALL.into_iter().find(|service| scope == Some(service.signing_name()));
        if let Some(route) = Self::by_target(incoming).or_else(|| Self::by_path(incoming)) {
            return Ok(route);
        }
        match scope.filter(|service| !is_query(*service)) {
            Some(service) => Ok(Self::unknown(service, String::new())),
            None => Self::by_action(incoming, scope),
        }
    }

    fn by_target(incoming: &Incoming<'r>) -> Option<Self> {
        let mut targets = incoming.headers.get_all("x-amz-target").iter();
        let (target, name) = targets.next()?.to_str().ok()?.rsplit_once('.')?;
        if targets.next().is_some() {
            return None;
        }
        let service = Service::ALL.into_iter().find(|service| service.target() == Some(target))?;
        Some(match services::find(service, name) {
            Some(entry) => Self::to(entry),
            None => Self::unknown(service, name.to_owned()),
        })
    }

    fn by_path(incoming: &Incoming<'r>) -> Option<Self> {
        services::at(incoming.method, incoming.path).map(Self::to)
    }

    /// The services of the Query protocol: by credential scope, else by version, else by host, else by the action's name.
    fn by_action(incoming: &Incoming<'r>, scope: Option<Service>) -> Result<Self> {
        let input = Service::IAM.protocol().read(incoming, None)?;
        let Input::Query(params) = &input else { return Ok(Self::unknown(Service::IAM, String::new())) };
        let name = params.get("Action").unwrap_or_default().to_owned();
        let version = params.get("Version").map(str::to_owned);
        let service = scope.unwrap_or_else(|| named(incoming, params, &name));
        if service.yields_to_upstream() && services::find(service, &name).is_none() && !name.is_empty() {
            return Ok(Self::unknown(service, name));
        }
        // The protocol of EC2 reads lists otherwise.
        let input = Some(input).filter(|_| service != Service::EC2);
        let entry = if name.is_empty() {
            Err(Error::new(Code::MissingAction, "The request must contain the parameter Action"))
        } else {
            let entry = services::find(service, &name).filter(|_| version.as_deref() == Some(service.version()));
            entry.ok_or_else(|| {
                let version = version.as_deref().unwrap_or("NO_VERSION_SPECIFIED");
                Error::new(Code::InvalidAction, format!("Could not find operation {name} for version {version}"))
            })
        };
        Ok(Self { service, name, entry, input })
    }

    fn to(entry: &'static Entry) -> Self {
        Self { service: entry.service, name: entry.name.to_owned(), entry: Ok(entry), input: None }
    }

    /// An operation that is not served. The client may have sent it here by `AWS_ENDPOINT_URL`.
    fn unknown(service: Service, name: String) -> Self {
        let mut served: Vec<&str> =
            services::all().filter(|entry| entry.service == service).map(|entry| entry.name).collect();
        served.sort_unstable();
        let message = format!(
            "iamd serves IAM and STS, and of {service:?} only {}. Set AWS_ENDPOINT_URL_IAM and AWS_ENDPOINT_URL_STS in place of \
             AWS_ENDPOINT_URL.",
            served.join(", ")
        );
        Self { service, name, entry: Err(Error::new(Code::InvalidAction, message)), input: None }
    }
}

/// Whether a service speaks the Query protocol.
fn is_query(service: Service) -> bool {
    !service.namespace().is_empty()
}

fn named(incoming: &Incoming<'_>, params: &Params<'_>, action: &str) -> Service {
    let services = || Service::ALL.into_iter().filter(|service| is_query(*service));
    let version = params.get("Version");
    let host = incoming.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    services()
        .find(|service| version == Some(service.version()))
        .or_else(|| services().find(|service| host.split('.').next() == Some(service.signing_name())))
        .or_else(|| services().find(|service| services::find(*service, action).is_some()))
        .unwrap_or(Service::IAM)
}
