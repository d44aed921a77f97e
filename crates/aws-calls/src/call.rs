//! What a request turned out to be.

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

    /// The prefix of the service's actions: `s3`.
    pub fn prefix(&self) -> &'static str {
        self.service.summary.prefix
    }
}
