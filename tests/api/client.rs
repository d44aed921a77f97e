//! A server in memory, and clients that sign for it.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::Body;
use axum::extract::ConnectInfo;
use iamd::account::{Account, Entity};
use iamd::app::App;
use iamd::config::{AuthorizationIds, Settings};
use iamd::http::{State, router};
use iamd::shapes::AccountId;
use iamd::store::Store;
use serde_json::{Value, json};
use tower_service::Service;

/// A server on a database in memory.
#[derive(Clone)]
pub struct Server {
    pub state: Arc<State>,
}

impl Server {
    /// With default settings.
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        Self::on(Arc::new(Store::in_memory().await.unwrap()), settings).await
    }

    /// On a database that another server may have used.
    pub async fn on(store: Arc<Store>, settings: Settings) -> Self {
        // Most tests compare denials whole: those about their ids turn these on.
        let authorization_ids = settings.authorization_ids.or(Some(AuthorizationIds::Off));
        let settings = Settings { authorization_ids, ..settings };
        let (app, _) = App::start(&settings, store).await.unwrap();
        Self { state: Arc::new(State::new(app, &settings, "memory").unwrap()) }
    }

    /// The root user of account 000000000000.
    pub fn root(&self) -> Client {
        self.client("test", "test", None)
    }

    /// The root user of any account.
    pub fn root_of(&self, account: &str) -> Client {
        self.client(account, "test", None)
    }

    pub fn client(&self, id: &str, secret: &str, token: Option<&str>) -> Client {
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "tests");
        Client { server: self.clone(), credentials, region: "us-east-1".to_owned() }
    }

    /// A client with new access keys of a user.
    pub async fn user(&self, name: &str) -> Client {
        let keys = self.root().iam("CreateAccessKey", &[("UserName", name)]).await.ok();
        self.client(&keys.text("AccessKeyId"), &keys.text("SecretAccessKey"), None)
    }

    /// A client for a new user of account 000000000000 with one inline policy of one statement, which allows these
    /// actions on these resources under this condition.
    pub async fn allowed(&self, name: &str, actions: &[&str], resources: &[&str], condition: Value) -> Client {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": resources, "Condition": condition});
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let root = self.root();
        root.iam("CreateUser", &[("UserName", name)]).await.ok();
        let policy = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", &document)];
        root.iam("PutUserPolicy", &policy).await.ok();
        self.user(name).await
    }

    /// Changes an account as no operation could.
    pub async fn change(&self, account: &str, change: impl FnOnce(&mut Account)) {
        let accounts = &self.state.app.accounts;
        let turn = accounts.turn(AccountId::parse(account).unwrap()).await.unwrap();
        let mut changed = turn.account();
        change(&mut changed);
        turn.commit(changed).await.unwrap();
    }

    /// A client with the credentials that an STS answer holds.
    pub fn session(&self, answer: &Answer) -> Client {
        let token = answer.text("SessionToken");
        self.client(&answer.text("AccessKeyId"), &answer.text("SecretAccessKey"), Some(&token))
    }

    /// Calls an operation of STS that needs no signature.
    pub async fn unsigned(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.root().send(form(action, "2011-06-15", parameters)).await
    }

    /// Calls one of the server's own endpoints.
    pub async fn admin(&self, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        let has_host = headers.iter().any(|(name, _)| *name == "host");
        for (name, value) in headers.iter().chain([&("host", "127.0.0.1:4593")].into_iter().filter(|_| !has_host)) {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json").body(body.to_owned()).unwrap();
        self.root().send(request).await
    }

    /// Puts an entity into an account, as its operations would have left it.
    pub async fn put<E: Entity>(&self, account: &str, entity: E) {
        self.change(account, |account| account.put(entity).unwrap()).await;
    }

    /// Moves the server's clock.
    pub fn advance(&self, seconds: i64) {
        self.state.app.environment.clock.advance(chrono::TimeDelta::seconds(seconds)).unwrap();
    }
}

/// A call, not signed yet.
fn form(action: &str, version: &str, parameters: &[(&str, &str)]) -> http::Request<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", version).extend_pairs(parameters);
    http::Request::post("http://127.0.0.1:4593/")
        .header("host", "127.0.0.1:4593")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(form.finish())
        .unwrap()
}

/// Credentials that sign requests.
#[derive(Clone)]
pub struct Client {
    server: Server,
    credentials: Credentials,
    region: String,
}

impl Client {
    /// The same client of another server.
    pub fn on(self, server: &Server) -> Self {
        Self { server: server.clone(), ..self }
    }

    /// The same client for another region.
    pub fn in_region(self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self }
    }

    /// Calls an operation of IAM.
    pub async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.call("iam", "2010-05-08", action, parameters).await
    }

    /// Calls an operation of STS.
    pub async fn sts(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.call("sts", "2011-06-15", action, parameters).await
    }

    /// Calls an operation of EC2.
    pub async fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.call("ec2", "2016-11-15", action, parameters).await
    }

    async fn call(&self, service: &str, version: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.send_signed(form(action, version, parameters), service).await
    }

    /// Calls an operation of a service that speaks JSON, by its target.
    pub async fn json(&self, service: &str, target: &str, body: &str) -> Answer {
        let request = http::Request::post("http://127.0.0.1:4593/").header("x-amz-target", target);
        let request = request.header("host", "127.0.0.1:4593").header("content-type", "application/x-amz-json-1.1");
        self.send_signed(request.body(body.to_owned()).unwrap(), service).await
    }

    /// Calls an operation of a service with the protocol restJson1.
    pub async fn rest(&self, service: &str, path: &str, body: &str) -> Answer {
        self.rest_by("POST", service, path, body).await
    }

    /// The same with another method.
    pub async fn rest_by(&self, method: &str, service: &str, path: &str, body: &str) -> Answer {
        let request = http::Request::builder().method(method).uri(format!("http://127.0.0.1:4593{path}"));
        let request = request.header("host", "127.0.0.1:4593").header("content-type", "application/json");
        self.send_signed(request.body(body.to_owned()).unwrap(), service).await
    }

    /// Gets a path of a service with the protocol restJson1.
    pub async fn get(&self, service: &str, path: &str) -> Answer {
        let request = http::Request::get(format!("http://127.0.0.1:4593{path}")).header("host", "127.0.0.1:4593");
        self.send_signed(request.body(String::new()).unwrap(), service).await
    }

    /// Calls `GetCallerIdentity` with these headers.
    pub async fn identity(&self, headers: &[(&str, &str)]) -> Answer {
        let mut request = form("GetCallerIdentity", "2011-06-15", &[]);
        for (name, value) in headers {
            if *name == "host" {
                *request.uri_mut() = format!("http://{value}/").parse().unwrap();
            }
            request.headers_mut().insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        self.send_signed(request, "sts").await
    }

    async fn send_signed(&self, mut request: http::Request<String>, service: &str) -> Answer {
        self.sign(&mut request, service);
        self.send(request).await
    }

    fn sign(&self, request: &mut http::Request<String>, service: &str) {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(std::time::SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = SignableBody::Bytes(request.body().as_bytes());
        let signable =
            SignableRequest::new(request.method().as_str(), request.uri().to_string(), headers, body).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(request);
    }

    /// Calls a listing page by page, one member a page, and gathers the texts of an element.
    pub async fn iam_pages(&self, action: &str, parameters: &[(&str, &str)], element: &str) -> Vec<String> {
        let (mut gathered, mut marker) = (Vec::new(), None::<String>);
        loop {
            let mut page = vec![("MaxItems", "1")];
            page.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            page.extend(parameters);
            let answer = self.iam(action, &page).await.ok();
            let texts = answer.texts(element);
            assert!(texts.len() <= 1, "{}", answer.body);
            gathered.extend(texts);
            if answer.text("IsTruncated") == "false" {
                return gathered;
            }
            marker = Some(answer.text("Marker"));
        }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: http::Request<String>) -> Answer {
        let mut request = request.map(Body::from);
        request.extensions_mut().insert(ConnectInfo(self.server.state.listen));
        let response = router(self.server.state.clone()).call(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

/// What a call answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The answer, if the call succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    /// Asserts that the call failed with this status, code and message.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str, message: &str) {
        let got = (self.status, self.text("Code"), self.text("Message"));
        assert_eq!(got, (status, code.to_owned(), message.to_owned()), "{}", self.body);
    }

    /// Asserts that the caller lacks permission for this action on this resource.
    #[track_caller]
    pub fn lacks(self, action: &str, resource: &str) {
        let (code, message) = (self.text("Code"), self.text("Message"));
        assert_eq!((self.status, code.as_str()), (403, "AccessDenied"), "{}", self.body);
        let denial = format!("is not authorized to perform: {action} on resource: {resource} because");
        assert!(message.contains(&denial), "{message}");
    }

    /// Asserts that the call was denied for lack of permission.
    #[track_caller]
    pub fn denied(self) {
        assert_eq!((self.status, self.text("Code").as_str()), (403, "AccessDenied"), "{}", self.body);
    }

    /// The text of the first element of this name; empty if there is none.
    pub fn text(&self, element: &str) -> String {
        self.texts(element).into_iter().next().unwrap_or_default()
    }

    /// The texts of all elements of this name.
    pub fn texts(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let inner = self.body.split(&open).skip(1).filter_map(|rest| rest.split(&close).next());
        inner.map(|text| quick_xml::escape::unescape(text).unwrap().into_owned()).collect()
    }

    /// The text of the first element of this name, percent-decoded as documents are.
    pub fn document(&self, element: &str) -> String {
        percent_encoding::percent_decode_str(&self.text(element)).decode_utf8().unwrap().into_owned()
    }

    /// Whether an element of this name is there.
    pub fn has(&self, element: &str) -> bool {
        self.body.contains(&format!("<{element}>")) || self.body.contains(&format!("<{element}/>"))
    }
}
