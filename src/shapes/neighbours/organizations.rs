//! Parameters of Organizations.

use serde::{Deserialize, Serialize};

use super::{Pattern, Text, enums, lists, numbers, texts};
use crate::shapes::Tag;

static ACCOUNT: Pattern = Pattern::new(r"^\d{12}$");
static CREATION: Pattern = Pattern::new("^car-[a-z0-9]{8,32}$");
static CHILD: Pattern = Pattern::new(r"^(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$");
static EMAIL: Pattern = Pattern::new(r"[^\s@]+@[^\s@]+\.[^\s@]+");
static HANDSHAKE: Pattern = Pattern::new("^h-[0-9a-z]{8,32}$");
static NAME: Pattern = Pattern::new(r"[\u0020-\u007E]+");
static PARENT: Pattern = Pattern::new("^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$");
static POLICY: Pattern = Pattern::new("^p-[0-9a-zA-Z_]{8,128}$");
static PRINCIPAL: Pattern = Pattern::new(r"[\w+=,.@-]*");
static ROLE: Pattern = Pattern::new(r"[\w+=,.@-]{1,64}");
static ROOT: Pattern = Pattern::new("^r-[0-9a-z]{4,32}$");
static TAGGABLE: Pattern = Pattern::new(
    r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$",
);
static TARGET: Pattern = Pattern::new(r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$");
static UNIT: Pattern = Pattern::new("^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$");

texts! {
    /// Where the next page of a listing begins.
    OrganizationsNextToken = Text::length(0, 100_000);
    /// Twelve digits (`AccountId`).
    OrganizationsAccountId = Text::length(0, 12).matching(&ACCOUNT);
    /// The id of a request for an account (`CreateAccountRequestId`).
    AccountRequestId = Text::length(0, 36).matching(&CREATION);
    /// The id of a unit or account (`ChildId`).
    ChildId = Text::length(0, 100).matching(&CHILD);
    /// The e-mail address of a root user (`Email`).
    AccountEmail = Text::length(6, 64).matching(&EMAIL);
    /// The id of a handshake (`HandshakeId`).
    HandshakeId = Text::length(0, 34).matching(&HANDSHAKE);
    /// The words of an inviter (`HandshakeNotes`).
    HandshakeNotes = Text::length(0, 1024);
    /// Who is invited (`HandshakePartyId`).
    HandshakePartyId = Text::length(1, 64);
    /// The name of an account (`CreateAccountName`).
    OrganizationsAccountName = Text::length(1, 50).matching(&NAME);
    /// The id of a root or unit (`ParentId`).
    ParentId = Text::length(0, 100).matching(&PARENT);
    /// The id of a policy (`PolicyId`).
    OrganizationPolicyId = Text::length(0, 130).matching(&POLICY);
    /// The document of a policy (`PolicyContent`).
    OrganizationPolicyContent = Text::length(1, usize::MAX);
    /// What a policy is for (`PolicyDescription`).
    OrganizationPolicyDescription = Text::length(0, 512);
    /// The name of a policy (`PolicyName`).
    OrganizationPolicyName = Text::length(1, 128);
    /// A service (`ServicePrincipal`).
    OrganizationsServicePrincipal = Text::length(1, 128).matching(&PRINCIPAL);
    /// The name of the role in a new account (`RoleName`).
    AccountAccessRoleName = Text::length(0, 64).matching(&ROLE);
    /// The id of a root (`RootId`).
    RootId = Text::length(0, 34).matching(&ROOT);
    /// What can have tags, by id (`TaggableResourceId`).
    TaggableResourceId = Text::length(0, 130).matching(&TAGGABLE);
    /// What policies are attached to, by id (`PolicyTargetId`).
    PolicyTargetId = Text::length(0, 100).matching(&TARGET);
    /// The id of a unit (`OrganizationalUnitId`).
    UnitId = Text::length(0, 68).matching(&UNIT);
    /// The name of a unit (`OrganizationalUnitName`).
    UnitName = Text::length(1, 128);
    /// The document of an organization's resource policy (`ResourcePolicyContent`).
    DelegationPolicyContent = Text::length(1, 40_000);
}

numbers! {
    /// The most members of a page.
    OrganizationsPageSize = 1..=20;
}

lists! {
    /// Tags (`Tags`); more than fifty are refused by their number.
    OrganizationsTags = [Tag; 0..=1000];
    /// The states of requests for accounts that are listed (`CreateAccountStates`).
    AccountRequestStates = [AccountRequestState; 0..=100];
}

enums! {
    /// The types of policies (`PolicyType`).
    OrganizationPolicyType {
        ServiceControl = "SERVICE_CONTROL_POLICY", ResourceControl = "RESOURCE_CONTROL_POLICY", Tag = "TAG_POLICY",
        Backup = "BACKUP_POLICY", AiServicesOptOut = "AISERVICES_OPT_OUT_POLICY", Chatbot = "CHATBOT_POLICY",
        DeclarativeEc2 = "DECLARATIVE_POLICY_EC2", SecurityHub = "SECURITYHUB_POLICY",
        SecurityHubCspm = "SECURITYHUB_CSPM_POLICY", Inspector = "INSPECTOR_POLICY",
        UpgradeRollout = "UPGRADE_ROLLOUT_POLICY", Bedrock = "BEDROCK_POLICY", S3 = "S3_POLICY",
        NetworkSecurityDirector = "NETWORK_SECURITY_DIRECTOR_POLICY", GuardDuty = "GUARDDUTY_POLICY",
    }
    /// What an organization is for (`OrganizationFeatureSet`).
    FeatureSet { All = "ALL", ConsolidatedBilling = "CONSOLIDATED_BILLING" }
    /// What can be in a root or unit (`ChildType`).
    ChildType { Account = "ACCOUNT", Unit = "ORGANIZATIONAL_UNIT" }
    /// How far the creation of an account is (`CreateAccountState`).
    AccountRequestState { InProgress = "IN_PROGRESS", Succeeded = "SUCCEEDED", Failed = "FAILED" }
    /// The types of management policies (`EffectivePolicyType`).
    EffectivePolicyType {
        Tag = "TAG_POLICY", Backup = "BACKUP_POLICY", AiServicesOptOut = "AISERVICES_OPT_OUT_POLICY",
        Chatbot = "CHATBOT_POLICY", DeclarativeEc2 = "DECLARATIVE_POLICY_EC2", SecurityHub = "SECURITYHUB_POLICY",
        SecurityHubCspm = "SECURITYHUB_CSPM_POLICY", Inspector = "INSPECTOR_POLICY",
        UpgradeRollout = "UPGRADE_ROLLOUT_POLICY", Bedrock = "BEDROCK_POLICY", S3 = "S3_POLICY",
        NetworkSecurityDirector = "NETWORK_SECURITY_DIRECTOR_POLICY", GuardDuty = "GUARDDUTY_POLICY",
    }
    /// Who can be invited (`HandshakePartyType`).
    HandshakePartyType { Account = "ACCOUNT", Organization = "ORGANIZATION", Email = "EMAIL" }
    /// What handshakes ask for (`ActionType`, without what is not served).
    HandshakeAction {
        Invite = "INVITE", EnableAllFeatures = "ENABLE_ALL_FEATURES", ApproveAllFeatures = "APPROVE_ALL_FEATURES",
    }
    /// What came of a handshake (`HandshakeState`).
    HandshakeState {
        Requested = "REQUESTED", Open = "OPEN", Canceled = "CANCELED", Accepted = "ACCEPTED", Declined = "DECLINED",
        Expired = "EXPIRED",
    }
    /// The actions that listings can be limited to (`ActionType`).
    HandshakeActionFilter {
        Invite = "INVITE", EnableAllFeatures = "ENABLE_ALL_FEATURES", ApproveAllFeatures = "APPROVE_ALL_FEATURES",
        AddServiceLinkedRole = "ADD_ORGANIZATIONS_SERVICE_LINKED_ROLE",
        TransferResponsibility = "TRANSFER_RESPONSIBILITY",
    }
    /// Whether users may see the bills (`IAMUserAccessToBilling`).
    BillingAccess { Allow = "ALLOW", Deny = "DENY" }
}

/// Who is invited (`HandshakeParty`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeParty {
    /// An account or an e-mail address.
    pub id: HandshakePartyId,
    /// Which of them.
    #[serde(rename = "Type")]
    pub kind: HandshakePartyType,
}

/// Which handshakes are listed (`HandshakeFilter`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeFilter {
    /// Those that ask for this.
    pub action_type: Option<HandshakeActionFilter>,
    /// The parts of this one.
    pub parent_handshake_id: Option<HandshakeId>,
}

impl HandshakeAction {
    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invite => "INVITE",
            Self::EnableAllFeatures => "ENABLE_ALL_FEATURES",
            Self::ApproveAllFeatures => "APPROVE_ALL_FEATURES",
        }
    }
}

impl HandshakeActionFilter {
    /// The action, if it is one that is served.
    pub fn action(self) -> Option<HandshakeAction> {
        match self {
            Self::Invite => Some(HandshakeAction::Invite),
            Self::EnableAllFeatures => Some(HandshakeAction::EnableAllFeatures),
            Self::ApproveAllFeatures => Some(HandshakeAction::ApproveAllFeatures),
            Self::AddServiceLinkedRole | Self::TransferResponsibility => None,
        }
    }
}

impl EffectivePolicyType {
    /// The type among all types of policies.
    pub fn kind(self) -> OrganizationPolicyType {
        match self {
            Self::Tag => OrganizationPolicyType::Tag,
            Self::Backup => OrganizationPolicyType::Backup,
            Self::AiServicesOptOut => OrganizationPolicyType::AiServicesOptOut,
            Self::Chatbot => OrganizationPolicyType::Chatbot,
            Self::DeclarativeEc2 => OrganizationPolicyType::DeclarativeEc2,
            Self::SecurityHub => OrganizationPolicyType::SecurityHub,
            Self::SecurityHubCspm => OrganizationPolicyType::SecurityHubCspm,
            Self::Inspector => OrganizationPolicyType::Inspector,
            Self::UpgradeRollout => OrganizationPolicyType::UpgradeRollout,
            Self::Bedrock => OrganizationPolicyType::Bedrock,
            Self::S3 => OrganizationPolicyType::S3,
            Self::NetworkSecurityDirector => OrganizationPolicyType::NetworkSecurityDirector,
            Self::GuardDuty => OrganizationPolicyType::GuardDuty,
        }
    }
}

impl OrganizationPolicyType {
    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
            Self::Tag => "TAG_POLICY",
            Self::Backup => "BACKUP_POLICY",
            Self::AiServicesOptOut => "AISERVICES_OPT_OUT_POLICY",
            Self::Chatbot => "CHATBOT_POLICY",
            Self::DeclarativeEc2 => "DECLARATIVE_POLICY_EC2",
            Self::SecurityHub => "SECURITYHUB_POLICY",
            Self::SecurityHubCspm => "SECURITYHUB_CSPM_POLICY",
            Self::Inspector => "INSPECTOR_POLICY",
            Self::UpgradeRollout => "UPGRADE_ROLLOUT_POLICY",
            Self::Bedrock => "BEDROCK_POLICY",
            Self::S3 => "S3_POLICY",
            Self::NetworkSecurityDirector => "NETWORK_SECURITY_DIRECTOR_POLICY",
            Self::GuardDuty => "GUARDDUTY_POLICY",
        }
    }

    /// Whether it decides about requests.
    pub fn decides(self) -> bool {
        matches!(self, Self::ServiceControl | Self::ResourceControl)
    }
}

impl AccountEmail {
    /// Whether a text is an address, where it need not be one.
    pub fn is_one(text: &str) -> bool {
        (6..=64).contains(&text.chars().count()) && EMAIL.matches(text)
    }
}
