//! The results of operations.

use std::any::Any;

use serde::Serialize;

use super::recorded::{self, Form};
use super::xml;
use crate::error::{Error, Result};

/// The result of an operation of any type.
pub trait Output: Any + Send {
    /// Writes it as the result element of the Query protocol.
    ///
    /// # Errors
    /// Only for a type without such a form, which is a fault of ours.
    fn to_xml(&self, operation: &str) -> Result<String>;

    /// Writes its members as those of an answer of EC2.
    ///
    /// # Errors
    /// Only for a type without such a form, which is a fault of ours.
    fn to_ec2_xml(&self) -> Result<String>;

    /// Writes it in JSON.
    ///
    /// # Errors
    /// Only for a type without such a form, which is a fault of ours.
    fn to_json(&self) -> Result<String>;

    /// Writes it as CloudTrail records it, in JSON and without secrets; `None` if there is nothing to record.
    ///
    /// # Errors
    /// Only for a type without such a form, which is a fault of ours.
    fn to_record(&self, form: Form) -> Result<Option<String>>;
}

impl<T: Serialize + Send + 'static> Output for T {
    fn to_xml(&self, operation: &str) -> Result<String> {
        xml::result(operation, self).map_err(Error::internal)
    }

    fn to_ec2_xml(&self) -> Result<String> {
        xml::ec2_members(self).map_err(Error::internal)
    }

    fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    fn to_record(&self, form: Form) -> Result<Option<String>> {
        recorded::result(self, form).map_err(Error::internal)
    }
}
