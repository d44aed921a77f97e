//! The parameters of delegation requests and role templates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DESCRIPTION;
use super::{Arn, Constraint, Pattern, Text, enums, lists, numbers, texts};

static ACCOUNT: Pattern = Pattern::new(r"\d{12}");
static REQUEST_ID: Pattern = Pattern::new(r"[\w-]+");
static SOME_TEXT: Pattern = Pattern::new(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+");
static ASCII: Pattern = Pattern::new(r"[ -~]+");
static REDIRECT: Pattern = Pattern::new(r"^http(s?)://[a-zA-Z0-9._/-]*(\?[a-zA-Z0-9._=&-]*)?(#[a-zA-Z0-9._/-]*)?$");
static CHANNEL: Pattern = Pattern::new(r"^[a-zA-Z0-9:_.-]+$");
static OWNER: Pattern = Pattern::new(r"^[a-zA-Z0-9:/+=,.@_-]+$");

texts! {
    /// The account that a delegation request is for (`accountIdType`).
    OwnerAccountId = Text::length(0, usize::MAX).matching(&ACCOUNT);
    /// The id of a delegation request (`delegationRequestIdType`).
    DelegationRequestId = Text::length(16, 128).matching(&REQUEST_ID);
    /// What a delegation request is about (`delegationRequestDescriptionType`).
    DelegationRequestDescription = Text::length(0, 1000).matching(&DESCRIPTION);
    /// Why it is made (`requestMessageType`).
    RequestMessage = Text::length(0, 200).matching(&DESCRIPTION);
    /// The product provider's own id of the matter (`requestorWorkflowIdType`).
    RequestorWorkflowId = Text::length(5, 400).matching(&SOME_TEXT);
    /// Where the customer's browser goes afterwards (`redirectUrlType`).
    RedirectUrl = Text::length(1, 255).matching(&REDIRECT);
    /// The topic that learns of changes (`notificationChannelType`).
    NotificationChannel = Text::length(2, 400).matching(&CHANNEL);
    /// What owner or administrator say about a request (`notesType`).
    Notes = Text::length(0, 500).matching(&DESCRIPTION);
    /// The ARN of a request's owner (`ownerIdType`).
    OwnerId = Text::length(20, 2048).matching(&OWNER);
    /// The name of a parameter of a policy template (`policyParameterNameType`).
    PolicyParameterName = Text::length(5, 256).matching(&ASCII);
    /// A value of such a parameter (`policyParameterValueType`).
    PolicyParameterValue = Text::length(0, usize::MAX).matching(&ASCII);
    /// The language of a summary (`localeType`).
    Locale = Text::length(2, 12);
}

numbers! {
    /// How long delegated permissions last, in seconds (`sessionDurationType`).
    SessionDuration = 300..=43200;
}

lists! {
    /// The parameters of a policy template (`policyParameterListType`).
    PolicyParameters = [PolicyParameter; 0..=50];
    /// The values of a role template's parameter (`replacementValueListType`).
    ReplacementValueList = [String; 1..=20];
}

enums! {
    /// Whether a parameter has one value or several (`PolicyParameterTypeEnum`).
    PolicyParameterType { String = "string", StringList = "stringList" }
    /// What the values of a role template's parameter must be (`parameterTypeType`).
    RoleParameterType { String, StringList, Number, NumberList, Arn, ArnList }
    /// The state of a delegation request (`stateType`).
    DelegationState {
        Unassigned = "UNASSIGNED",
        Assigned = "ASSIGNED",
        PendingApproval = "PENDING_APPROVAL",
        Finalized = "FINALIZED",
        Accepted = "ACCEPTED",
        Rejected = "REJECTED",
        Expired = "EXPIRED",
    }
}

/// The values for a role template's parameters, by name (`mapStringReplacementValueEntry`).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReplacementValues(pub BTreeMap<String, ReplacementValue>);

/// The constraints of this file's maps.
pub(super) static MAPS: &[(&str, Constraint)] = &[("ReplacementValues", Constraint::List(0, 30))];

/// The permissions that a delegation request asks for (`DelegationPermission`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DelegationPermission {
    /// Names the policy; the model leaves it optional.
    pub policy_template_arn: Option<Arn>,
    /// What stands for the policy's placeholders.
    pub parameters: Option<PolicyParameters>,
}

/// A parameter of a policy template (`PolicyParameter`); the model leaves all of it optional.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyParameter {
    /// The placeholder's name.
    pub name: Option<PolicyParameterName>,
    /// Its values.
    pub values: Option<Vec<PolicyParameterValue>>,
    /// Whether there can be several.
    #[serde(rename = "Type")]
    pub kind: Option<PolicyParameterType>,
}

/// The values of one parameter of a role template (`ReplacementValueEntry`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplacementValue {
    /// One value, or several where the parameter is a list.
    pub values: ReplacementValueList,
}

impl DelegationState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unassigned => "UNASSIGNED",
            Self::Assigned => "ASSIGNED",
            Self::PendingApproval => "PENDING_APPROVAL",
            Self::Finalized => "FINALIZED",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
        }
    }
}
