//! Forms that call an operation: what a person sends is what a client would, and is decided by the same policies.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::parts::{shown, table};
use super::users;
use crate::console::answer;
use crate::console::view::{Block, Cell, Field, Form, Notice, Row};
use crate::console::visit::{Visit, sentence};
use crate::http::State;
use crate::services;
use crate::wire::Service;

/// How parameters are called in forms: those that are left out where they are empty, and those that are sent.
const PARAMETER: &str = "p.";
const OR_EMPTY: &str = "e.";

/// Calls an operation and goes on to a page; what is shown only once is shown here.
pub async fn call(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin_form(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let sent = &visit.sent;
    let known = sent.field("operation").split_once(':').and_then(|(prefix, name)| {
        let service = Service::ALL.into_iter().find(|service| service.prefix() == prefix)?;
        services::find(service, name).filter(|entry| !entry.unsigned).map(|entry| (service, entry))
    });
    let Some((service, entry)) = known else {
        return answer::refused(StatusCode::BAD_REQUEST, "There is no such operation.");
    };
    let parameters: Vec<_> = sent.fields.iter().filter_map(|(name, value)| parameter(name, value)).collect();
    let next = Some(sent.field("next")).filter(|next| answer::is_own_page(next)).unwrap_or("/console/");
    match visit.call(service, entry.name, &parameters).await {
        Ok(result) => match once(entry.name, &result, &parameters, next) {
            Some(blocks) => visit.page("", entry.name, Notice::good("This is shown only once."), blocks),
            None => answer::see_other(&after(next, entry.name, &result)),
        },
        Err(error) => {
            let fields = sent.fields.iter().filter_map(|(name, value)| {
                let kept = name.strip_prefix(OR_EMPTY).map(|name| field(name, value).or_empty());
                kept.or_else(|| Some(field(name.strip_prefix(PARAMETER)?, value)))
            });
            let form = Form {
                title: "Try again".to_owned(),
                submit: "Send again".to_owned(),
                operation: sent.field("operation").to_owned(),
                hidden: Vec::new(),
                fields: fields.collect(),
                next: next.to_owned(),
                ..Form::default()
            };
            let back = vec![("Page".to_owned(), Cell::link("Go back", next.to_owned()))];
            let blocks = vec![Block::Facts(String::new(), back), Block::Form(form)];
            visit.page("", entry.name, Notice::error(sentence(&error)), blocks)
        }
    }
}

/// A parameter of the operation, by its name in forms.
fn parameter<'f>(name: &'f str, value: &'f str) -> Option<(&'f str, &'f str)> {
    let given = name.strip_prefix(PARAMETER).filter(|_| !value.is_empty());
    given.or_else(|| name.strip_prefix(OR_EMPTY)).map(|name| (name, value))
}

/// Where to go on to: the page says what was done, and of a job it shows the result.
fn after(next: &str, done: &str, result: &Value) -> String {
    let start = format!("{next}{}", if next.contains('?') { '&' } else { '?' });
    let mut query = form_urlencoded::Serializer::for_suffix(start.clone(), start.len());
    query.append_pair("done", done);
    if let Some(job) = result.get("JobId").and_then(Value::as_str) {
        query.append_pair("job", job);
    }
    query.finish()
}

/// A parameter that was sent, to be sent again. Passwords are not written back.
fn field(name: &str, value: &str) -> Field {
    let field = Field::optional(name, name);
    if name.contains("Password") && !name.starts_with("PasswordR") && name != "MaxPasswordAge" {
        return field.of_kind("password");
    }
    let kind = if name.ends_with("Document") {
        "policy"
    } else if value.contains('\n') {
        "area"
    } else {
        "text"
    };
    field.of_kind(kind).with(value)
}

/// What answers show only once.
fn once(operation: &str, result: &Value, parameters: &[(&str, &str)], next: &str) -> Option<Vec<Block>> {
    let on = |label: &str| Block::Facts(String::new(), vec![(label.to_owned(), Cell::link("Go on", next.to_owned()))]);
    let row = |value: &Value, members: &[&str]| Row {
        cells: members.iter().map(|member| Cell::text(shown(value, member))).collect(),
        actions: Vec::new(),
    };
    match operation {
        "CreateAccessKey" => {
            let list = serde_json::json!({"Keys": [result.get("AccessKey")?]});
            let members = ["AccessKeyId", "SecretAccessKey"];
            let keys = table("Access key", "", &["Id", "Secret"], Ok(list), "Keys", |key| row(key, &members));
            Some(vec![keys, on("The key is kept by nobody else")])
        }
        "CreateVirtualMFADevice" => {
            let device = result.get("VirtualMFADevice")?;
            let serial = shown(device, "SerialNumber");
            let picture = format!("data:image/png;base64,{}", shown(device, "QRCodePNG"));
            let seed = data_encoding::BASE64.decode(shown(device, "Base32StringSeed").as_bytes()).ok();
            let seed = seed.and_then(|seed| String::from_utf8(seed).ok()).unwrap_or_default();
            let name =
                parameters.iter().find(|(name, _)| *name == "VirtualMFADeviceName").map_or("", |(_, value)| value);
            let facts =
                vec![("Serial number".to_owned(), Cell::text(serial.clone())), ("Seed".to_owned(), Cell::text(seed))];
            let shows = "QR code of the device, for an authenticator app".to_owned();
            let user = next.split('?').next().and_then(|page| page.strip_prefix("/console/users/")).unwrap_or(name);
            let user = percent_encoding::percent_decode_str(user).decode_utf8_lossy();
            Some(vec![
                Block::Picture(picture, shows),
                Block::Facts("Device".to_owned(), facts),
                Block::Form(users::enable(&user, &serial)),
            ])
        }
        _ => None,
    }
}
