//! The parameters of the policy simulator.

use serde::{Deserialize, Serialize};

use super::{Arn, Pattern, PolicyDocument, Text, enums, lists, texts};

/// Anything with a character of IAM's names: AWS's refusals quote this pattern, not the model's.
static EXCLUDED: Pattern = Pattern::new(r".*[\w+=,.@-]+.*");

texts! {
    /// An action to simulate (`ActionNameType`).
    ActionName = Text::length(3, 128);
    /// A resource, an owner or a caller (`ResourceNameType`).
    ResourceName = Text::length(1, 2048);
    /// A condition key (`ContextKeyNameType`).
    ContextKeyName = Text::length(5, 256);
    /// Which resources a simulation must have (`ResourceHandlingOptionType`).
    ResourceHandlingOption = Text::length(1, 64);
    /// The name of an inline policy to leave out (`policyNameType`), or with wildcards that of the user, group or role
    /// that it is embedded in (`AttachmentName`).
    ExcludedName = Text::length(1, 128).matching(&EXCLUDED);
}

lists! {
    /// The levels of an organization, from the root (`OrganizationPolicyListType`).
    OrganizationLevels = [OrganizationLevel; 0..=7];
    /// Policies to leave out (`PolicyExclusionsListType`).
    PolicyExclusions = [PolicyIdentifier; 0..=256];
}

enums! {
    /// The type of a condition key's values (`ContextKeyTypeEnum`).
    ContextKeyType {
        String = "string", StringList = "stringList", Numeric = "numeric", NumericList = "numericList",
        Boolean = "boolean", BooleanList = "booleanList", Ip = "ip", IpList = "ipList", Binary = "binary",
        BinaryList = "binaryList", Date = "date", DateList = "dateList",
    }
    /// Policies by their type (`PolicyIdentifierPolicyType`).
    PolicyIdentifierType {
        Inline = "inline", AwsManaged = "aws-managed", UserManaged = "user-managed",
        PermissionBoundary = "permission-boundary", Scp = "scp", Rcp = "rcp",
    }
    /// What an inline policy can be embedded in (`AttachmentType`).
    AttachmentType { User = "user", Group = "group", Role = "role" }
}

/// A condition key and the values that it is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextEntry {
    /// The key, with its prefix.
    pub context_key_name: Option<ContextKeyName>,
    /// Its values.
    pub context_key_values: Option<Vec<String>>,
    /// Their type.
    pub context_key_type: Option<ContextKeyType>,
}

/// The service control policies of one level of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationLevel {
    /// The documents.
    pub service_control_policy_input_list: Option<Vec<PolicyDocument>>,
}

/// One or more policies: exactly one member is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyIdentifier {
    /// By type.
    pub policy_type: Option<PolicyIdentifierType>,
    /// Managed policies, by ARN with wildcards in the name.
    pub policy_arn: Option<Arn>,
    /// Inline policies.
    pub inline_policy_identifier: Option<InlinePolicyIdentifier>,
}

/// Inline policies by name, and by what they are embedded in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InlinePolicyIdentifier {
    /// The policy's name.
    pub policy_name: ExcludedName,
    /// Whether that is a user, a group or a role.
    pub attachment_type: AttachmentType,
    /// The name of the user, group or role, with wildcards.
    pub attachment_name: ExcludedName,
}

impl ContextKeyType {
    /// Whether the key has several values.
    pub fn is_list(self) -> bool {
        matches!(
            self,
            Self::StringList | Self::NumericList | Self::BooleanList | Self::IpList | Self::BinaryList | Self::DateList
        )
    }
}
