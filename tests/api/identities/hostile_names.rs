//! Names, paths, ARNs and ids that are none: every operation refuses them or finds nothing, and none fails.

use iamd::config::Settings;
use iamd::federation::Reach;
use iamd::services;
use iamd::wire::Service;
use serde_json::json;

use crate::client::Server;
use crate::published::{Model, Request};

const HOSTILE: &[&str] = &[
    "/",
    "x/",
    "x//y",
    "*",
    "\u{e9} \u{7f}",
    "${aws:username}",
    "arn:aws:iam::000000000000:user/",
    "arn:aws:iam::000000000000:policy/x/",
    "arn:aws:iam:::",
    "99999999999999999999",
];

/// All requests of an operation with one hostile value each, in an otherwise good request.
fn requests(model: &Model, operation: &str) -> Vec<Request> {
    let Some(input) = &model.operations[operation].input else { return Vec::new() };
    let shape = model.shape(input);
    let names: Vec<String> = shape.members.keys().cloned().collect();
    let all = model.example(shape, "", &names);
    let required: Request = model.example(shape, "", &shape.required);
    let each = |good: &Request, name: &str, value: &str| {
        let mut request: Request = good.iter().filter(|(other, _)| other != name).cloned().collect();
        request.push((name.to_owned(), value.to_owned()));
        request
    };
    let requests = all.iter().flat_map(|(name, _)| {
        let is_required = required.iter().any(|(other, _)| other == name);
        let good = if is_required { &required } else { &all };
        HOSTILE.iter().map(move |value| each(good, name, value))
    });
    requests.collect()
}

#[tokio::test]
async fn no_operation_fails_on_names_that_are_none() {
    let settings = Settings { issuer_network: Some(Reach::None), ..Settings::default() };
    let server = Server::with(settings).await;
    let user = server.allowed("x", &["*"], &["*"], json!({})).await;
    let models = [Service::IAM, Service::STS].map(|service| (service, Model::of(service)));
    for entry in services::all() {
        let Some((_, model)) = models.iter().find(|(service, _)| *service == entry.service) else { continue };
        for request in requests(model, entry.name) {
            let parameters: Vec<(&str, &str)> = request.iter().map(|(name, value)| (&**name, &**value)).collect();
            let answer = match entry.service.prefix() {
                "iam" => user.iam(entry.name, &parameters).await,
                _ => user.sts(entry.name, &parameters).await,
            };
            assert!(answer.status < 500, "{} {parameters:?}: {}", entry.name, answer.body);
            if entry.name == "DeleteUser" || entry.name.contains("AccessKey") {
                // What the caller itself lives on is not taken away by a value that is no name.
                assert!(user.sts("GetCallerIdentity", &[]).await.status == 200, "{} {parameters:?}", entry.name);
            }
        }
    }
}

#[tokio::test]
async fn moving_what_has_no_name_is_refused() {
    let server = Server::start().await;
    let user = server.allowed("Bob", &["iam:*"], &["*"], json!({})).await;
    for (operation, parameter, name) in [
        ("UpdateUser", "UserName", "userName"),
        ("UpdateGroup", "GroupName", "groupName"),
        ("UpdateServerCertificate", "ServerCertificateName", "serverCertificateName"),
    ] {
        let answer = user.iam(operation, &[(parameter, "x/"), ("NewPath", "/a/")]).await;
        assert_eq!((answer.status, answer.text("Code").as_str()), (400, "ValidationError"), "{}", answer.body);
        assert!(answer.text("Message").contains(name), "{}", answer.body);
    }
}
