//! Which operation of S3 a request is.

use super::address::{Style, Target};
use super::headers::Headers;
use super::hosts::{Host, Hosts, is_account};
use super::query::Query;
use super::routes::{Level, ROUTES, Route, VERSIONED, level_of};
use crate::Request;
use crate::s3::refusal::Refusal;

/// A request with its operation.
#[derive(Clone, Debug)]
pub struct Routed<'r> {
    /// What it does.
    pub operation: Operation<'r>,
    /// What it is about.
    pub target: Target<'r>,
    /// How it names its bucket.
    pub style: Style,
    /// Its query string.
    pub query: Query<'r>,
    pub(crate) headers: Headers<'r>,
}

/// What a request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation<'r> {
    /// An operation of S3's service model, by name.
    Named(&'static str),
    /// A browser's upload form: `PutObject` of the key in its fields.
    PostForm,
    /// A browser's question before a request across origins. It needs neither signature nor permission.
    Preflight,
    /// An operation of S3 Control.
    Control {
        /// Its name in the service model.
        name: &'static str,
        /// The account in the header or host name.
        account: String,
        /// What stands for the variables of its path, decoded, by their names in the service model.
        labels: Vec<(&'static str, std::borrow::Cow<'r, str>)>,
    },
}

impl Operation<'_> {
    /// The name of the operation in the service model. A form uploads as `PutObject` does.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Named(name) | Self::Control { name, .. } => Some(name),
            Self::PostForm => Some("PutObject"),
            Self::Preflight => None,
        }
    }
}

impl<'r> Routed<'r> {
    /// Finds out what a request is. `hosts` are the names of this server.
    ///
    /// # Errors
    /// What is no request of S3, and what two servers could take for two different ones.
    pub fn of(request: &Request<'r>, hosts: &Hosts) -> Result<Self, Refusal> {
        let query = Query::parse(request.query)?;
        let headers = Headers::check(request.headers, &query)?;
        let (host, target, style) = hosts.target(headers.get("host"), request.path)?;
        let routed = Self { operation: Operation::Preflight, target, style, query, headers };
        if request.method == "OPTIONS" {
            return Ok(routed);
        }
        if let Some((path, account)) = control_path(request.path, &host, &headers) {
            let operation = control(request.method, path, account, &headers)?;
            return Ok(Self { operation, ..routed });
        }
        let operation = routed.find(request.method, &host)?;
        Ok(Self { operation, ..routed })
    }

    /// Whether the content type is kept with an object. For other operations it says nothing.
    pub fn keeps_content_type(&self) -> bool {
        let kept = ["CopyObject", "CreateMultipartUpload", "PutObject"];
        matches!(self.operation, Operation::PostForm) || self.operation.name().is_some_and(|name| kept.contains(&name))
    }

    /// The path that names the bucket, for an upstream that knows no buckets before host names. None: the request's.
    pub fn upstream_path(&self, path: &str) -> Option<String> {
        let (Target::Bucket { bucket } | Target::Object { bucket, .. }) = &self.target else { return None };
        match (&self.operation, &self.style) {
            (Operation::Control { .. }, _) | (_, Style::Path) => None,
            (_, Style::VirtualHost { .. }) => Some(format!("/{}{path}", bucket.name()?)),
        }
    }

    /// The host name without the bucket or account before it. None: the request's.
    pub fn upstream_host(&self) -> Option<&str> {
        match &self.style {
            Style::Path => None,
            Style::VirtualHost { server } => Some(server),
        }
    }

    fn find(&self, method: &str, host: &Host) -> Result<Operation<'r>, Refusal> {
        let sub_resource = self.query.sub_resource()?;
        let Some(level) = level_of(&self.target) else { return self.service(method, host, sub_resource) };
        if level == Level::Bucket && method == "POST" && sub_resource.is_empty() {
            return self.post();
        }
        let fits = |route: &&Route| {
            route.method == method
                && route.level == level
                && route.sub_resource == sub_resource
                && route.with.iter().all(|name| self.value(name).is_some())
        };
        let name = ROUTES.iter().find(fits).map(|route| route.operation);
        let name = name.ok_or_else(|| missing(method, level, sub_resource))?;
        self.check(name)?;
        Ok(Operation::Named(name))
    }

    /// Requests to the service itself.
    fn service(&self, method: &str, host: &Host, sub_resource: &str) -> Result<Operation<'r>, Refusal> {
        match (method, host) {
            ("GET", _) if !sub_resource.is_empty() => Err(Refusal::method()),
            ("GET", Host::Express) => Ok(Operation::Named("ListDirectoryBuckets")),
            ("GET", Host::Path) => Ok(Operation::Named("ListBuckets")),
            _ => Err(Refusal::method()),
        }
    }

    /// `POST` on a bucket without a sub-resource: a browser's form, or the answer of an Object Lambda function, whose
    /// path looks like a bucket.
    fn post(&self) -> Result<Operation<'r>, Refusal> {
        let is_answer = self.value("x-amz-request-route").is_some() && self.value("x-amz-request-token").is_some();
        let is_own_path =
            matches!(&self.target, Target::Bucket { bucket } if bucket.name() == Some("WriteGetObjectResponse"));
        if is_answer && is_own_path {
            return Ok(Operation::Named("WriteGetObjectResponse"));
        }
        let content_type = self.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
        if content_type.starts_with("multipart/form-data") {
            return Ok(Operation::PostForm);
        }
        let message = "At least one of the pre-conditions you specified did not hold";
        Err(Refusal::new(412, "PreconditionFailed", message))
    }

    /// What the operation does not take, although a server might.
    fn check(&self, operation: &str) -> Result<(), Refusal> {
        let has = |name: &str| self.query.has(name);
        if has("versionId") && !VERSIONED.contains(&operation) {
            return Err(Refusal::argument("This operation does not accept a version-id."));
        }
        if has("partNumber") && !matches!(operation, "UploadPart" | "UploadPartCopy" | "GetObject" | "HeadObject") {
            return Err(Refusal::argument("This operation does not accept a part number without an upload ID."));
        }
        let is_copy = matches!(operation, "CopyObject" | "UploadPartCopy");
        let is_put_object = matches!(&self.target, Target::Object { .. }) && operation.starts_with("Put");
        if is_put_object && !is_copy && self.value("x-amz-copy-source").is_some() {
            return Err(Refusal::argument("You can only specify a copy source header for copy requests."));
        }
        if self.query.get("list-type").is_some_and(|version| version != "2") {
            return Err(Refusal::argument("Invalid List Type specified in Action/Query"));
        }
        if self.query.get("select-type").is_some_and(|version| version != "2") || (has("select-type") && !has("select"))
        {
            return Err(Refusal::argument("Value must be 2 and only with select."));
        }
        Ok(())
    }

    /// A parameter of the query string, or a header. An `x-amz-` header may be either.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        if name.starts_with("x-amz-") {
            return self.headers.get(name).or_else(|| self.query.get(name));
        }
        if name.starts_with("if-") { self.headers.get(name) } else { self.query.get(name) }
    }
}

/// The path of S3 Control without its version, and the account in the host name. SDKs put the account before any host.
fn control_path<'r, 'h>(path: &'r str, host: &'h Host, headers: &Headers<'_>) -> Option<(&'r str, Option<&'h str>)> {
    let path = path.strip_prefix("/v20180820/")?;
    match host {
        Host::Control { account } => Some((path, account.as_deref())),
        Host::Bucket { bucket, .. } if is_account(bucket) && headers.get("x-amz-account-id").is_some() => {
            Some((path, Some(bucket)))
        }
        Host::Path => Some((path, None)),
        _ => None,
    }
}

fn control<'r>(
    method: &str,
    path: &'r str,
    account: Option<&str>,
    headers: &Headers<'_>,
) -> Result<Operation<'r>, Refusal> {
    let account = match (account, headers.get("x-amz-account-id")) {
        (Some(account), Some(header)) if header != account => return Err(Refusal::request("Conflicting account IDs")),
        (Some(account), _) | (None, Some(account)) => account,
        (None, None) => return Err(Refusal::request("Missing required header for this request: x-amz-account-id")),
    };
    if !is_account(account) {
        return Err(Refusal::request("Invalid AWS account ID"));
    }
    let (name, labels) = crate::s3::control::find(method, path)?;
    Ok(Operation::Control { name, account: account.to_owned(), labels })
}

/// Why there is no such operation.
fn missing(method: &str, level: Level, sub_resource: &str) -> Refusal {
    let noun = match level {
        Level::Bucket => "bucket",
        Level::Object => "key",
    };
    let elsewhere = |route: &Route| route.level != level && route.sub_resource == sub_resource;
    let here = |route: &Route| route.level == level && route.sub_resource == sub_resource;
    if !sub_resource.is_empty() && ROUTES.iter().any(elsewhere) && !ROUTES.iter().any(here) {
        return Refusal::request(format!("There is no such thing as the ?{sub_resource} sub-resource for a {noun}"));
    }
    let with = ROUTES.iter().find(|route| here(route) && route.method == method).and_then(|route| route.with.first());
    match with {
        Some(name) => Refusal::argument(format!("Missing required parameter: {name}")),
        None => Refusal::method(),
    }
}
