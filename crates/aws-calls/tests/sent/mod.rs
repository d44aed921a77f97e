//! Requests as the tests write them.

use std::collections::BTreeMap;

use aws_calls::Request;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// A request. A body without a content type is a form.
#[derive(Clone, Debug, Deserialize)]
pub struct Sent {
    pub scope: Option<String>,
    #[serde(default = "post")]
    pub method: String,
    #[serde(default = "root")]
    pub path: String,
    #[serde(default)]
    pub query: String,
    #[serde(default)]
    pub headers: BTreeMap<String, Values>,
    pub body: Option<String>,
}

/// One value of a header, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Values {
    One(String),
    Several(Vec<String>),
}

fn post() -> String {
    "POST".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

impl Sent {
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.headers {
            let values = match values {
                Values::One(value) => std::slice::from_ref(value),
                Values::Several(values) => values,
            };
            for value in values {
                headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
            }
        }
        if self.body.is_some() && !headers.contains_key("content-type") {
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        headers
    }

    pub fn request<'r>(&'r self, headers: &'r HeaderMap) -> Request<'r> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers,
            body: self.body.as_deref().map(str::as_bytes),
        }
    }
}
