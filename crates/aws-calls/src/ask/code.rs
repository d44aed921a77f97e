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
    /// `default-bus`: rules on the default event bus have no bus in their ARN.
    DefaultBus,
    /// `event-pattern`: what the pattern of an EventBridge rule lets through.
    EventPattern,
    /// `insight-rule`: the log groups of a Contributor Insights rule.
    InsightRule,
    /// `log-group`: policies name a log group with or without `:*` at its end.
    LogGroup,
    /// `state-machine-qualifier`: the version or alias of a state machine.
    StateMachineQualifier,
    /// `ecs-cluster`: `ecs:cluster`.
    EcsCluster,
    /// `verbs`: for every operation, the action is the HTTP method and the resource the path.
    Verbs,
    /// `all-of-service`: the resource is everything of the service in the account and region.
    AllOfService,
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
            "default-bus" => Self::DefaultBus,
            "event-pattern" => Self::EventPattern,
            "insight-rule" => Self::InsightRule,
            "log-group" => Self::LogGroup,
            "state-machine-qualifier" => Self::StateMachineQualifier,
            "ecs-cluster" => Self::EcsCluster,
            "verbs" => Self::Verbs,
            "all-of-service" => Self::AllOfService,
            _ => return Err(TableError::Code(name.to_owned())),
        })
    }
}

impl Code {
    /// Whether it is about the further demands of a rule as well.
    pub(super) fn is_for_all(self) -> bool {
        matches!(self, Self::NewSecret | Self::DefaultBus | Self::LogGroup)
    }

    /// Changes the questions that the words of the table gave.
    pub(super) fn apply(self, asking: &Asking<'_>, drafts: &mut Vec<Draft>) -> Result<(), Refusal> {
        match self {
            // These are not done question by question.
            Self::KmsSameKey | Self::Verbs => Ok(()),
            Self::Item => crate::dynamodb::add_item_keys(asking, drafts),
            Self::Transaction => crate::dynamodb::transaction(asking, drafts),
            Self::Statements => crate::dynamodb::statements(asking, drafts),
            Self::Kms => {
                drafts.iter_mut().for_each(|draft| crate::kms::add_keys(draft, &asking.scene.account, asking.facts));
                Ok(())
            }
            Self::KmsCiphertext => {
                drafts
                    .iter_mut()
                    .for_each(|draft| crate::kms::of_ciphertext(draft, &asking.scene.account, asking.facts));
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
            Self::DefaultBus => {
                for draft in drafts {
                    draft.question.resource = draft.question.resource.replacen(":rule/default/", ":rule/", 1);
                }
                Ok(())
            }
            Self::EventPattern => services::event_pattern(asking, drafts),
            Self::InsightRule => services::insight_rule(asking, drafts),
            Self::LogGroup => {
                for draft in
                    drafts.iter_mut().filter(|draft| draft.question.resource_type.as_deref() == Some("log-group"))
                {
                    draft.question.spellings.push(format!("{}:log-stream:", draft.question.resource));
                }
                Ok(())
            }
            Self::StateMachineQualifier => {
                for draft in drafts {
                    if let Some(qualifier) = draft.values.get("Qualifier") {
                        draft.question.keys.push(("states:StateMachineQualifier".to_owned(), vec![qualifier.clone()]));
                    }
                }
                Ok(())
            }
            Self::EcsCluster => services::ecs_cluster(asking, drafts),
            Self::AllOfService => {
                let scene = asking.scene;
                let place = format!("{}:{}:{}", asking.rules.prefix, scene.region, scene.account);
                for draft in drafts {
                    draft.question.resource = format!("arn:{}:{place}:*", scene.partition);
                }
                Ok(())
            }
        }
    }
}
