//! The checks, by the issue codes of AWS's IAM Access Analyzer (AWS: "IAM policy validation check reference").

use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// The policy does not work, or not as written.
    Error,
    /// The policy allows more than is safe.
    SecurityWarning,
    /// The policy does not follow best practice.
    Warning,
    /// The policy could be simpler or clearer.
    Suggestion,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::SecurityWarning => "security warning",
            Self::Warning => "warning",
            Self::Suggestion => "suggestion",
        })
    }
}

/// Declares [`Code`]: a variant, Access Analyzer's issue code and its severity.
macro_rules! codes {
    ($($variant:ident = $code:literal $severity:ident),+ $(,)?) => {
        /// What a check finds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the variants are Access Analyzer's own codes")]
        pub enum Code { $($variant),+ }

        impl Code {
            /// The issue code.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The severity of all its findings.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),+ }
            }
        }
    };
}

codes! {
    ArnAccountNotAllowed = "ARN_ACCOUNT_NOT_ALLOWED" Error,
    ArnRegionNotAllowed = "ARN_REGION_NOT_ALLOWED" Error,
    DataTypeMismatch = "DATA_TYPE_MISMATCH" Error,
    DuplicateKeysWithDifferentCase = "DUPLICATE_KEYS_WITH_DIFFERENT_CASE" Error,
    InvalidAction = "INVALID_ACTION" Error,
    InvalidArnAccount = "INVALID_ARN_ACCOUNT" Error,
    InvalidArnPrefix = "INVALID_ARN_PREFIX" Error,
    InvalidArnResource = "INVALID_ARN_RESOURCE" Error,
    InvalidArnServiceCase = "INVALID_ARN_SERVICE_CASE" Error,
    InvalidConditionKeyFormat = "INVALID_CONDITION_KEY_FORMAT" Error,
    InvalidConditionMultipleBoolean = "INVALID_CONDITION_MULTIPLE_BOOLEAN" Error,
    InvalidConditionOperator = "INVALID_CONDITION_OPERATOR" Error,
    InvalidEffect = "INVALID_EFFECT" Error,
    InvalidGlobalConditionKey = "INVALID_GLOBAL_CONDITION_KEY" Error,
    InvalidPartition = "INVALID_PARTITION" Error,
    InvalidPolicyElement = "INVALID_POLICY_ELEMENT" Error,
    InvalidPrincipalFormat = "INVALID_PRINCIPAL_FORMAT" Error,
    InvalidPrincipalKey = "INVALID_PRINCIPAL_KEY" Error,
    InvalidServiceConditionKey = "INVALID_SERVICE_CONDITION_KEY" Error,
    InvalidServiceInAction = "INVALID_SERVICE_IN_ACTION" Error,
    InvalidVariableForOperator = "INVALID_VARIABLE_FOR_OPERATOR" Error,
    InvalidVersion = "INVALID_VERSION" Error,
    JsonSyntaxError = "JSON_SYNTAX_ERROR" Error,
    MalformedPolicyDocument = "MALFORMED_POLICY_DOCUMENT" Error,
    MissingAction = "MISSING_ACTION" Error,
    MissingArnField = "MISSING_ARN_FIELD" Error,
    MissingEffect = "MISSING_EFFECT" Error,
    MissingPrincipal = "MISSING_PRINCIPAL" Error,
    MissingQualifier = "MISSING_QUALIFIER" Error,
    MissingResource = "MISSING_RESOURCE" Error,
    MissingStatement = "MISSING_STATEMENT" Error,
    NullWithIfExists = "NULL_WITH_IF_EXISTS" Error,
    PolicySizeExceedsIdentityPolicyQuota = "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA" Error,
    PolicySizeExceedsResourcePolicyQuota = "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA" Error,
    TypeMismatch = "TYPE_MISMATCH" Error,
    TypeMismatchBoolean = "TYPE_MISMATCH_BOOLEAN" Error,
    TypeMismatchDate = "TYPE_MISMATCH_DATE" Error,
    TypeMismatchIpRange = "TYPE_MISMATCH_IP_RANGE" Error,
    TypeMismatchNumber = "TYPE_MISMATCH_NUMBER" Error,
    UnsupportedElementCombination = "UNSUPPORTED_ELEMENT_COMBINATION" Error,
    UnsupportedPrincipal = "UNSUPPORTED_PRINCIPAL" Error,
    UnsupportedSid = "UNSUPPORTED_SID" Error,
    UnsupportedWildcardInPrincipal = "UNSUPPORTED_WILDCARD_IN_PRINCIPAL" Error,
    AllowWithNotPrincipal = "ALLOW_WITH_NOT_PRINCIPAL" SecurityWarning,
    ForAllValuesWithSingleValuedKey = "FORALLVALUES_WITH_SINGLE_VALUED_KEY" SecurityWarning,
    PassRoleWithNotActionAndNotResource = "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE" SecurityWarning,
    PassRoleWithNotResource = "PASS_ROLE_WITH_NOT_RESOURCE" SecurityWarning,
    PassRoleWithStarInActionAndNotResource = "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE" SecurityWarning,
    PassRoleWithStarInActionAndResource = "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE" SecurityWarning,
    PassRoleWithStarInResource = "PASS_ROLE_WITH_STAR_IN_RESOURCE" SecurityWarning,
    PassRoleWithStarInResourceAndNotAction = "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION" SecurityWarning,
    RestrictAccessToServicePrincipal = "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL" SecurityWarning,
    StringLikeOperatorWithArnConditionKeys = "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS" SecurityWarning,
    CreateSlrWithNotActionAndNotResource = "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE" Warning,
    CreateSlrWithNotResource = "CREATE_SLR_WITH_NOT_RESOURCE" Warning,
    CreateSlrWithStarInActionAndNotResource = "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE" Warning,
    CreateSlrWithStarInActionAndResource = "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE" Warning,
    CreateSlrWithStarInResource = "CREATE_SLR_WITH_STAR_IN_RESOURCE" Warning,
    CreateSlrWithStarInResourceAndNotAction = "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION" Warning,
    MissingVersion = "MISSING_VERSION" Warning,
    UniqueSidsRecommended = "UNIQUE_SIDS_RECOMMENDED" Warning,
    WildcardWithoutLikeOperator = "WILDCARD_WITHOUT_LIKE_OPERATOR" Warning,
    EmptyArrayAction = "EMPTY_ARRAY_ACTION" Suggestion,
    EmptyArrayCondition = "EMPTY_ARRAY_CONDITION" Suggestion,
    EmptyArrayPrincipal = "EMPTY_ARRAY_PRINCIPAL" Suggestion,
    EmptyArrayResource = "EMPTY_ARRAY_RESOURCE" Suggestion,
    EmptyObjectCondition = "EMPTY_OBJECT_CONDITION" Suggestion,
    EmptyObjectPrincipal = "EMPTY_OBJECT_PRINCIPAL" Suggestion,
    EmptySidValue = "EMPTY_SID_VALUE" Suggestion,
    ImproveIpRange = "IMPROVE_IP_RANGE" Suggestion,
    NullWithQualifier = "NULL_WITH_QUALIFIER" Suggestion,
    PrivateIpAddressSubset = "PRIVATE_IP_ADDRESS_SUBSET" Suggestion,
    RedundantAction = "REDUNDANT_ACTION" Suggestion,
    RedundantConditionValueNum = "REDUNDANT_CONDITION_VALUE_NUM" Suggestion,
    RedundantResource = "REDUNDANT_RESOURCE" Suggestion,
    RedundantStatement = "REDUNDANT_STATEMENT" Suggestion,
}
