//! What both benches need: signed requests, and an account with something in it.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use iamd::wire::Service;

/// The address that requests are signed for.
pub const HOST: &str = "127.0.0.1:4593";

/// A signed request, to be sent as often as wanted within fifteen minutes.
pub fn request(
    credentials: &Credentials,
    service: Service,
    action: &str,
    parameters: &[(&str, &str)],
) -> http::Request<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", service.version()).extend_pairs(parameters);
    let mut request = http::Request::post(format!("http://{HOST}/"))
        .header("host", HOST)
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(form.finish())
        .unwrap();
    let identity = credentials.clone().into();
    let signing = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service.prefix())
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let body = SignableBody::Bytes(request.body().as_bytes());
    let signable = SignableRequest::new("POST", request.uri().to_string(), headers, body).unwrap();
    let (instructions, _) = sign(signable, &signing).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request
}

/// The root user of an account.
pub fn root(account: &str) -> Credentials {
    Credentials::new(account, "test", None, None, "benches")
}

/// The text of the first element of this name in an answer.
pub fn element(body: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = body.split(&open).nth(1).and_then(|rest| rest.split(&close).next());
    inner.unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

/// The account whose users, groups and roles the benches work with.
pub const ACCOUNT: &str = "123456789012";

/// A request of the root user, which must succeed.
pub type Step = (&'static str, Vec<(&'static str, String)>);

/// Bob, a user with five policies in three groups, and a role that he may assume. Each step is a call of IAM; the last
/// one answers with Bob's access key.
pub fn steps() -> Vec<Step> {
    let text = str::to_owned;
    let policy = |action: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#)
    };
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"sts:AssumeRole"}}}}"#
    );
    let mut steps: Vec<Step> = vec![("CreateUser", vec![("UserName", text("bob"))])];
    for group in ["engineers", "operators", "readers"] {
        steps.push(("CreateGroup", vec![("GroupName", text(group))]));
        steps.push(("AddUserToGroup", vec![("GroupName", text(group)), ("UserName", text("bob"))]));
    }
    let inline = |group: &str, name: &str, action: &str| -> Step {
        let parameters =
            vec![("GroupName", text(group)), ("PolicyName", text(name)), ("PolicyDocument", policy(action))];
        ("PutGroupPolicy", parameters)
    };
    let attached = |group: &str, name: &str| -> Step {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        ("AttachGroupPolicy", vec![("GroupName", text(group)), ("PolicyArn", arn)])
    };
    steps.extend([
        inline("engineers", "assume", "sts:AssumeRole"),
        inline("operators", "queues", "sqs:*"),
        inline("readers", "users", "iam:Get*"),
        attached("engineers", "AmazonS3ReadOnlyAccess"),
        attached("operators", "CloudWatchReadOnlyAccess"),
    ]);
    steps.push(("CreateRole", vec![("RoleName", text("deploy")), ("AssumeRolePolicyDocument", trust)]));
    steps.push(("CreateAccessKey", vec![("UserName", text("bob"))]));
    steps
}

/// The credentials in an answer of `CreateAccessKey`.
pub fn access_key(body: &str) -> Credentials {
    Credentials::new(element(body, "AccessKeyId"), element(body, "SecretAccessKey"), None, None, "benches")
}

/// The role that Bob may assume.
pub fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/deploy")
}
