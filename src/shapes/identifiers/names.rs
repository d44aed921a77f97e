//! Names, paths, markers and the small numbers of IAM.

use crate::error::{Code, Error, Result};
use crate::shapes::{Pattern, Text, enums, numbers, texts};

/// The characters of IAM's names.
pub(in crate::shapes) static NAME: Pattern = Pattern::new(r"[\w+=,.@-]+");
static PATH: Pattern = Pattern::new(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)");
static PATH_PREFIX: Pattern = Pattern::new(r"\u002F[\u0021-\u007F]*");
static POLICY_PATH: Pattern = Pattern::new(r"((/[A-Za-z0-9\.,\+@=_-]+)*)/");
static MARKER: Pattern = Pattern::new(r"[\u0020-\u00FF]+");
static ALIAS: Pattern = Pattern::new(r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$");
/// Letters, digits and underscores.
pub(in crate::shapes) static WORD: Pattern = Pattern::new(r"[\w]+");
static PROPERTY_KEY: Pattern = Pattern::new(r"^[A-Za-z][A-Za-z0-9/_-]*$");
static VERSION: Pattern = Pattern::new(r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?");
/// Text of Latin-1 and line breaks, or nothing.
pub(in crate::shapes) static DESCRIPTION: Pattern = Pattern::new(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*");

pub(in crate::shapes) const NAME_RULE: &str =
    "It must contain only alphanumeric characters and/or the following: +=,.@_-";
const PATH_RULE: &str = "It must begin and end with / and contain only alphanumeric characters and/or / characters.";
const PREFIX_RULE: &str =
    "It must begin with the / character and contain only alphanumeric characters and/or / characters.";
const KEY_RULE: &str = "It must contain only alphanumeric characters.";

/// A name of at most `max` characters, with IAM's sentence for a wrong character.
const fn name(max: usize) -> Text {
    Text::length(1, max).matching(&NAME).or_say(NAME_RULE)
}

texts! {
    /// The name of a user to be created (`userNameType`).
    UserName = name(64);
    /// The name of a user that exists (`existingUserNameType`).
    ExistingUserName = name(128);
    /// The name of a group (`groupNameType`).
    GroupName = name(128);
    /// The name of a role (`roleNameType`).
    RoleName = name(64);
    /// The name of an instance profile (`instanceProfileNameType`).
    InstanceProfileName = name(128);
    /// The name of a managed or inline policy (`policyNameType`).
    PolicyName = name(128);
    /// The path of an entity (`pathType`).
    Path = Text::length(1, 512).matching(&PATH).or_say(PATH_RULE);
    /// The path of a managed policy (`policyPathType`).
    PolicyPath = Text::length(1, 512).matching(&POLICY_PATH).or_say(PATH_RULE);
    /// The beginning of the paths to list (`pathPrefixType`).
    PathPrefix = Text::length(1, 512).matching(&PATH_PREFIX).or_say(PREFIX_RULE);
    /// Where the next page begins (`markerType`).
    Marker = Text::length(1, 320).matching(&MARKER);
    /// The id of an access key (`accessKeyIdType`).
    AccessKeyId = Text::length(16, 128).matching(&WORD).or_say(KEY_RULE);
    /// An account alias (`accountAliasType`).
    AccountAlias = Text::length(3, 63).matching(&ALIAS);
    /// The id of a version of a managed policy (`policyVersionIdType`).
    PolicyVersionId = Text::length(0, usize::MAX).matching(&VERSION);
    /// The description of a managed policy (`policyDescriptionType`).
    PolicyDescription = Text::length(0, 1000);
    /// The description of a role (`roleDescriptionType`).
    RoleDescription = Text::length(0, 1000).matching(&DESCRIPTION);
    /// The service that a service-linked role is for, such as `autoscaling.amazonaws.com` (`groupNameType` in the model).
    AwsServiceName = name(128);
    /// The end of a service-linked role's name (`customSuffixType`).
    CustomSuffix = Text::length(1, 64).matching(&NAME).or_say(NAME_RULE);
    /// The key of an account property (`accountPropertyKeyType`).
    AccountPropertyKey = Text::length(1, 50).matching(&PROPERTY_KEY);
    /// The value of an account property (`accountPropertyValueType`).
    AccountPropertyValue = Text::length(1, 1024);
    /// The id of a deletion task of a service-linked role (`DeletionTaskIdType`).
    DeletionTaskId = Text::length(1, 1000);
}

numbers! {
    /// The number of members of a page (`maxItemsType`).
    MaxItems = 1..=1000;
    /// The longest session of a role, in seconds (`roleMaxSessionDurationType`).
    MaxSessionDuration = 3600..=43200;
    /// The longest AWS Sign-In session of a role or user, in seconds (`maxSigninSessionDurationType`).
    MaxSigninSessionDuration = 3600..=7_776_000;
    /// The least length of a password (`minimumPasswordLengthType`).
    MinimumPasswordLength = 6..=128;
    /// The days after which a password expires (`maxPasswordAgeType`).
    MaxPasswordAge = 1..=1095;
    /// The number of former passwords that may not be used again (`passwordReusePreventionType`).
    PasswordReusePrevention = 1..=24;
    /// The days after which a service-specific credential expires (`credentialAgeDays`).
    CredentialAgeDays = 1..=36600;
}

enums! {
    /// Whether a credential can be used (`statusType`).
    Status { Active, Inactive, Expired }
    /// Which managed policies to list (`policyScopeType`).
    PolicyScope { All, Aws = "AWS", Local }
    /// Which use of a managed policy counts (`PolicyUsageType`).
    PolicyUsage { PermissionsPolicy, PermissionsBoundary }
    /// The kinds of entities in the account's authorization details (`EntityType`).
    EntityType { User, Role, Group, LocalManagedPolicy, AWSManagedPolicy }
    /// What an organization can enable for its member accounts' root users (`FeatureType`).
    OrganizationFeature { RootCredentialsManagement, RootSessions }
    /// What became of the deletion of a service-linked role (`DeletionTaskStatusType`).
    DeletionTaskStatus {
        Succeeded = "SUCCEEDED", InProgress = "IN_PROGRESS", Failed = "FAILED", NotStarted = "NOT_STARTED",
    }
    /// Where a global endpoint's tokens are valid (`globalEndpointTokenVersion`).
    GlobalEndpointTokenVersion { V1 = "v1Token", V2 = "v2Token" }
}

impl Status {
    /// The status of what can be used, or cannot.
    pub fn of(active: bool) -> Self {
        if active { Self::Active } else { Self::Inactive }
    }

    /// Whether this status makes something usable.
    ///
    /// # Errors
    /// `InvalidInput` for `Expired`, which nothing can be made.
    pub fn activates(self) -> Result<bool> {
        match self {
            Self::Active => Ok(true),
            Self::Inactive => Ok(false),
            Self::Expired => Err(Error::new(Code::InvalidInput, "Operation does not support status Expired")),
        }
    }
}

impl Path {
    /// The path of an entity that was given none.
    pub fn root() -> Self {
        Self::new("/")
    }
}

impl MaxSigninSessionDuration {
    /// The value that an update leaves: the new one, none after a reset, else the old one (IAM API Reference,
    /// `UpdateRole` and `UpdateLoginProfile`).
    ///
    /// # Errors
    /// `InvalidInput` for a value together with a reset. `ResetMaxSigninSessionDuration=false` counts as absent.
    pub fn updated(old: Option<i32>, new: Option<Self>, reset: Option<bool>) -> Result<Option<i32>> {
        match (new, reset.unwrap_or_default()) {
            (Some(_), true) => Err(Error::new(
                Code::InvalidInput,
                "MaxSigninSessionDuration and ResetMaxSigninSessionDuration cannot be specified together.",
            )),
            (Some(new), false) => Ok(Some(new.get())),
            (None, true) => Ok(None),
            (None, false) => Ok(old),
        }
    }
}
