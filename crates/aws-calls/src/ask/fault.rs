//! What a service answers to a call that cannot be turned into questions.

use aws_reference::operations::Protocol;

use super::Refusal;
use crate::Call;
use crate::fault::Fault;

impl Refusal {
    /// The answer of the call's service to parameters that it does not take, as far as its words are known.
    pub fn fault(&self, call: &Call) -> Fault {
        let service = call.service.summary.name;
        let is_query = matches!(call.protocol, Protocol::Query);
        match (service, self) {
            ("sqs", Self::WrongName(url)) if is_query => {
                Fault::new(400, "InvalidAddress", format!("The address {url} is not valid for this endpoint."))
            }
            ("sqs", Self::WrongName(_)) => Fault {
                query_code: Some("AWS.SimpleQueueService.NonExistentQueue"),
                ..Fault::new(400, "QueueDoesNotExist", "The specified queue does not exist.")
            },
            ("sqs", Self::Missing(member)) if member == "QueueName" => {
                let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
                Fault::new(400, "InvalidParameterValue", message)
            }
            ("sqs", Self::Missing(_)) => Fault::new(400, "MissingParameter", self.to_string()),
            ("kms", Self::WrongName(_)) => Fault::new(400, "ValidationException", "Invalid identifier"),
            ("sns", Self::WrongArn(_) | Self::WrongName(_) | Self::Elsewhere(_) | Self::Missing(_)) => {
                Fault::new(400, "InvalidParameter", format!("Invalid parameter: {self}"))
            }
            ("kms", Self::Elsewhere(arn)) => {
                let region = arn.split(':').nth(3).unwrap_or_default();
                Fault::new(400, "NotFoundException", format!("Invalid arn {region}"))
            }
            ("kms", Self::WrongArn(arn)) => Fault::new(400, "InvalidArnException", format!("{arn} is not a valid ARN")),
            ("lambda", Self::WrongArn(_) | Self::WrongName(_) | Self::Contradiction(_)) => {
                Fault::new(400, "InvalidParameterValueException", self.to_string())
            }
            ("stepfunctions", Self::WrongArn(arn)) => Fault::new(400, "InvalidArn", format!("Invalid Arn: '{arn}'")),
            (_, Self::Missing(_)) if is_query => Fault::new(400, "MissingParameter", self.to_string()),
            (_, Self::Unreadable(_)) if !is_query => Fault::new(400, "SerializationException", self.to_string()),
            _ if call.protocol == Protocol::Ec2 => Fault::new(400, "InvalidParameterValue", self.to_string()),
            _ if is_query => Fault::new(400, "ValidationError", self.to_string()),
            _ => Fault::new(400, "ValidationException", self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_reference::operations;

    #[test]
    fn services_answer_in_their_own_words() {
        let arn = || "arn:aws:kms:us-west-2:111122223333:key/k".to_owned();
        for (service, operation, protocol, refusal, code) in [
            ("sqs", "SendMessage", Protocol::Json, Refusal::WrongName("x".to_owned()), "QueueDoesNotExist"),
            ("sqs", "SendMessage", Protocol::Query, Refusal::WrongName("x".to_owned()), "InvalidAddress"),
            ("sqs", "CreateQueue", Protocol::Json, Refusal::Missing("QueueName".to_owned()), "InvalidParameterValue"),
            ("kms", "CreateAlias", Protocol::Json, Refusal::WrongName("x".to_owned()), "ValidationException"),
            ("sqs", "SendMessage", Protocol::Query, Refusal::Missing("QueueUrl".to_owned()), "MissingParameter"),
            ("sns", "Publish", Protocol::Query, Refusal::WrongArn("x".to_owned()), "InvalidParameter"),
            ("kms", "Encrypt", Protocol::Json, Refusal::Elsewhere(arn()), "NotFoundException"),
            ("dynamodb", "GetItem", Protocol::Json, Refusal::Missing("TableName".to_owned()), "ValidationException"),
            ("ec2", "RunInstances", Protocol::Ec2, Refusal::Unclear, "InvalidParameterValue"),
        ] {
            let service = operations::service(service).unwrap();
            let operation = service.operation(operation).unwrap().clone();
            assert_eq!(refusal.fault(&Call { service, operation, protocol }).code, code, "{refusal}");
        }
    }
}
