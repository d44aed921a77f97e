//! AWS's Service Authorization Reference as the checks of policies want it.

use aws_reference::service_authorization::{self as catalogue, ValueType};
use iam_policy::lint::{KeyType, Reference, Service, ValueKind};

/// The services that this program knows.
pub struct KnownServices;

impl Reference for KnownServices {
    fn service(&self, prefix: &str) -> Option<Service> {
        let service = catalogue::service(prefix)?;
        Some(Service {
            actions: service.actions.iter().map(|action| action.name.clone()).collect(),
            resource_arns: service.resource_types.iter().map(|resource| resource.arn.clone()).collect(),
            condition_keys: service
                .condition_keys
                .iter()
                .map(|key| (key.name.clone(), key_type(key.value_type)))
                .collect(),
        })
    }
}

fn key_type(value_type: ValueType) -> KeyType {
    let (values, multivalued) = match value_type {
        ValueType::Arn => (ValueKind::Arn, false),
        ValueType::ArrayOfARN => (ValueKind::Arn, true),
        ValueType::ArrayOfBool => (ValueKind::Bool, true),
        ValueType::ArrayOfString => (ValueKind::Text, true),
        ValueType::Bool => (ValueKind::Bool, false),
        ValueType::Date => (ValueKind::Date, false),
        ValueType::IPAddress => (ValueKind::Ip, false),
        ValueType::Numeric => (ValueKind::Number, false),
        ValueType::String => (ValueKind::Text, false),
    };
    KeyType { values, multivalued }
}
