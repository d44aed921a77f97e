//! Calls through the gateway as events of the audit trail.

use super::steps::Failure;
use crate::app::{Called, Came};
use crate::audit::EventFailure;
use crate::error::{Code, Error};

/// Operations on objects, items and messages, which CloudTrail counts among data events (CloudTrail User Guide,
/// "Logging data events"): the service, and how their names begin.
const DATA: &[(&str, &[&str])] = &[
    (
        "dynamodb",
        &[
            "BatchExecute",
            "BatchGet",
            "BatchWrite",
            "DeleteItem",
            "Execute",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "Transact",
            "UpdateItem",
        ],
    ),
    ("events", &["PutEvents"]),
    ("kinesis", &["GetRecords", "GetShardIterator", "PutRecord", "SubscribeToShard"]),
    ("lambda", &["Invoke"]),
    ("logs", &["FilterLogEvents", "GetLogEvents", "PutLogEvents"]),
    (
        "s3",
        &[
            "AbortMultipart",
            "CompleteMultipart",
            "CopyObject",
            "CreateMultipart",
            "DeleteObject",
            "GetObject",
            "HeadObject",
            "ListObject",
            "ListParts",
            "PutObject",
            "RestoreObject",
            "SelectObject",
            "UploadPart",
        ],
    ),
    ("sns", &["Publish"]),
    ("sqs", &["ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage", "SendMessage"]),
];

/// How the names of operations begin that only read.
const READING: &[&str] = &[
    "BatchGet",
    "Describe",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
    "TransactGet",
];

/// The operation of a call, by its action's name: `s3:GetObject`.
pub(super) fn called(action: &str) -> Option<Called> {
    let (service, name) = action.split_once(':')?;
    let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    let is_data = DATA.iter().any(|(prefix, starts)| *prefix == service && begins(starts));
    let (service, read_only) = (service.to_owned().into(), begins(READING));
    Some(Called { service, name: name.to_owned().into(), read_only, management: !is_data })
}

/// What came of a call.
pub(super) fn came<T>(served: &Result<T, Failure>) -> Came {
    match served {
        Ok(_) => Came::Result(None),
        Err(Failure { error, refusal, .. }) => {
            let code = match (error.code(), refusal) {
                (Code::AccessDenied, _) => "AccessDenied".to_owned(),
                (_, Some(refusal)) => refusal.code.to_string(),
                (code, None) => code.as_str().to_owned(),
            };
            Came::Failure(EventFailure { code, message: Error::message(error).map(str::to_owned) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_events_and_reading_are_known_by_the_operation() {
        for (action, read_only, management) in [
            ("s3:GetObject", true, false),
            ("s3:PutObject", false, false),
            ("s3:PutBucketPolicy", false, true),
            ("s3:ListObjectsV2", true, false),
            ("s3:ListBuckets", true, true),
            ("dynamodb:Query", true, false),
            ("dynamodb:CreateTable", false, true),
            ("sqs:SendMessage", false, false),
            ("kms:Decrypt", false, true),
            ("secretsmanager:GetSecretValue", true, true),
        ] {
            let called = called(action).unwrap();
            assert_eq!((called.read_only, called.management), (read_only, management), "{action}");
        }
        assert!(called("").is_none());
    }
}
