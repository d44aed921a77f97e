//! What a request turned out to be.

use std::borrow::Cow;
use std::sync::Arc;

use aws_reference::operations::{Operation, Protocol, Service};

/// A call of an operation.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service that the upstream will run.
    pub service: Arc<Service>,
    /// The operation of the service.
    pub operation: Arc<Operation>,
    /// The protocol of the request, which its answer has as well.
    pub protocol: Protocol,
}

impl Call {
    /// The name of the operation: `PutObject`.
    pub fn name(&self) -> &str {
        &self.operation.name
    }

    /// The query string with which the request can be passed on. One that is empty gets a hint, as JavaScript's SDK
    /// sends it: moto takes the body for a form where there is no query string, or else the headers, and runs the
    /// `Action` that it finds there. `query` is what is passed on otherwise, without a signature.
    pub fn query_to_pass_on<'q>(&self, query: &'q str) -> Cow<'q, str> {
        if self.is_form() || form_urlencoded::parse(query.as_bytes()).any(|(name, _)| !name.is_empty()) {
            return Cow::Borrowed(query);
        }
        Cow::Owned(format!("x-id={}", self.name()))
    }

    /// Whether its members are the parameters of a form.
    pub fn is_form(&self) -> bool {
        matches!(self.protocol, Protocol::Query | Protocol::Ec2)
    }

    /// The prefix of the service's actions: `s3`.
    pub fn prefix(&self) -> &'static str {
        self.service.summary.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_no_form_has_a_query_string() {
        let call = |service: &str, name: &str| {
            let service = aws_reference::operations::service(service).unwrap();
            let operation = service.operation(name).unwrap().clone();
            let protocol = service.summary.protocols().next().unwrap();
            Call { service, operation, protocol }
        };
        for empty in ["", "&", "=", "&=a"] {
            assert_eq!(call("sqs", "SendMessage").query_to_pass_on(empty), "x-id=SendMessage");
            assert_eq!(call("sns", "Publish").query_to_pass_on(empty), empty);
        }
        assert_eq!(call("lambda", "Invoke").query_to_pass_on("Qualifier=a"), "Qualifier=a");
    }
}
