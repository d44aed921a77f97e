//! The protocols of AWS's services: how a request says which operation it calls and with what, and what answers look like.

mod aws_json;
mod aws_query;
mod ec2_query;
mod rest_json;

pub(super) use aws_json::AwsJson;
pub(super) use aws_query::AwsQuery;
pub(super) use ec2_query::Ec2Query;
pub(super) use rest_json::RestJson;

use super::{Input, Output, Service};
use crate::error::{Code, Error, Result};
use crate::sigv4::Incoming;

/// What an answer is about.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'e> {
    /// The service that answers.
    pub service: Service,
    /// The name of the operation; empty if none was found.
    pub operation: &'e str,
    /// The id of the request.
    pub request_id: &'e str,
    /// Whether the client accepts JSON where the protocol has XML.
    pub accepts_json: bool,
}

/// An answer in the form of a protocol.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Headers besides, with their names in small letters.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// Where an operation of a REST protocol is, and which members of its input are not in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// The method.
    pub method: &'static str,
    /// The path, in which `{member}` stands for a member of the input.
    pub path: &'static str,
    /// The members in the query string.
    pub query: &'static [QueryMember],
}

impl Http {
    /// Whether a path is the operation's.
    pub fn has_path(&self, path: &str) -> bool {
        self.labels(path).is_some()
    }

    /// The members in a path; `None` for paths of other operations.
    pub fn labels<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        let (mut parts, mut labels) = (path.split('/'), Vec::new());
        for expected in self.path.split('/') {
            let part = parts.next()?;
            match expected.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
                Some(_) if part.is_empty() => return None,
                Some(label) => labels.push((label, part)),
                None if part != expected => return None,
                None => {}
            }
        }
        parts.next().is_none().then_some(labels)
    }
}

/// A member of an input that is in the query string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryMember {
    /// A text.
    Text(&'static str),
    /// A number.
    Number(&'static str),
    /// A truth value.
    Boolean(&'static str),
}

/// One of AWS's protocols.
pub trait Protocol: Sync {
    /// Reads the parameters of a request. `http` says where an operation of a REST protocol has them.
    ///
    /// # Errors
    /// For what has not the protocol's form.
    fn read<'r>(&self, request: &Incoming<'r>, http: Option<&Http>) -> Result<Input<'r>>;

    /// The answer to a call that succeeded.
    ///
    /// # Errors
    /// Only for an output without a form in the protocol, which is a fault of ours.
    fn answer(&self, exchange: &Exchange<'_>, output: &dyn Output) -> Result<Answer>;

    /// The answer to a call that failed.
    fn fault(&self, exchange: &Exchange<'_>, error: &Error) -> Answer;
}

/// The name of an error in the protocols of JSON, where it differs from that in the Query protocol.
fn json_name(code: Code) -> &'static str {
    match code {
        Code::AccessDenied => "AccessDeniedException",
        Code::ExpiredToken => "ExpiredTokenException",
        Code::IncompleteSignature => "IncompleteSignatureException",
        Code::InvalidAction => "UnknownOperationException",
        Code::InvalidClientTokenId => "UnrecognizedClientException",
        Code::MalformedInput => "SerializationException",
        Code::MissingAuthenticationToken => "MissingAuthenticationTokenException",
        Code::ServiceUnavailable => "ServiceUnavailableException",
        Code::SignatureDoesNotMatch => "InvalidSignatureException",
        Code::Throttling => "ThrottlingException",
        Code::ValidationError => "ValidationException",
        code => code.as_str(),
    }
}
