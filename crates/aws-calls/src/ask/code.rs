//! What the words of a table cannot say.

use std::str::FromStr;

use super::{Asking, Draft, Refusal, services};
use crate::rules::TableError;

/// What the words of a table cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// `item`: DynamoDB's condition keys of reads and writes of items.
    Item,
    /// `transaction`: the questions of DynamoDB's transactions.
    Transaction,
    /// `statements`: the questions of PartiQL statements.
    Statements,
    /// `kms`: the condition keys of every question of KMS.
    Kms,
    /// `kms-ciphertext`: the key is the one that encrypted the ciphertext.
    KmsCiphertext,
    /// `kms-same-key`: `kms:ReEncryptOnSameKey`.
    KmsSameKey,
    /// `new-secret`: the ARN ends with six characters that do not exist yet.
    NewSecret,
    /// `kms-key-arn`: `secretsmanager:KmsKeyArn`.
    KmsKeyArn,
    /// `rotation-rules`: `secretsmanager:ModifyRotationRules`.
    RotationRules,
    /// `function-qualifier`: the version or alias of a Lambda function.
    FunctionQualifier,
    /// `function-arn`: `lambda:FunctionArn`.
    FunctionArn,
}

impl FromStr for Code {
    type Err = TableError;

    fn from_str(name: &str) -> Result<Self, TableError> {
        Ok(match name {
            "item" => Self::Item,
            "transaction" => Self::Transaction,
            "statements" => Self::Statements,
            "kms" => Self::Kms,
            "kms-ciphertext" => Self::KmsCiphertext,
            "kms-same-key" => Self::KmsSameKey,
            "new-secret" => Self::NewSecret,
            "kms-key-arn" => Self::KmsKeyArn,
            "rotation-rules" => Self::RotationRules,
            "function-qualifier" => Self::FunctionQualifier,
            "function-arn" => Self::FunctionArn,
            _ => return Err(TableError::Code(name.to_owned())),
        })
    }
}

impl Code {
    /// Changes the questions that the words of the table gave.
    pub(super) fn apply(self, asking: &Asking<'_>, drafts: &mut Vec<Draft>) -> Result<(), Refusal> {
        match self {
            // Both keys have to be known.
            Self::KmsSameKey => Ok(()),
            Self::Item => crate::dynamodb::add_item_keys(asking, drafts),
            Self::Transaction => crate::dynamodb::transaction(asking, drafts),
            Self::Statements => crate::dynamodb::statements(asking, drafts),
            Self::Kms => {
                drafts.iter_mut().for_each(|draft| crate::kms::add_keys(draft, &asking.scene.account, asking.facts));
                Ok(())
            }
            Self::KmsCiphertext => {
                drafts.iter_mut().for_each(|draft| crate::kms::of_ciphertext(draft, asking.facts));
                Ok(())
            }
            Self::NewSecret => {
                drafts.iter_mut().for_each(|draft| draft.question.resource.push_str("-??????"));
                Ok(())
            }
            Self::KmsKeyArn => services::kms_key_arn(asking, drafts),
            Self::RotationRules => services::rotation_rules(asking, drafts),
            Self::FunctionQualifier => services::function_qualifier(asking, drafts),
            Self::FunctionArn => services::function_arn(asking, drafts),
        }
    }
}
