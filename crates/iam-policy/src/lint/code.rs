//! The checks, by the issue codes and finding types of AWS's IAM Access Analyzer (AWS: "IAM policy validation check
//! reference").

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

/// AWS's reference of the checks.
const REFERENCE: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html";

/// Declares [`Code`]: a variant, Access Analyzer's issue code and its severity.
macro_rules! codes {
    ($($variant:ident = $code:literal $severity:ident),+ $(,)?) => {
        /// What a check finds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the variants are Access Analyzer's own codes but for the last")]
        pub enum Code { $($variant),+ }

        impl Code {
            /// The issue code.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// AWS's page about the check, at its paragraph.
            pub fn link(self) -> String {
                let kind = match self.severity() {
                    Severity::Error => "error",
                    Severity::SecurityWarning => "security-warning",
                    Severity::Warning => "general-warning",
                    Severity::Suggestion => "suggestion",
                };
                let code = self.as_str().to_ascii_lowercase().replace('_', "-");
                format!("{REFERENCE}#access-analyzer-reference-policy-checks-{kind}-{code}")
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
    EmptyVariable = "EMPTY_VARIABLE" Error,
    InvalidAction = "INVALID_ACTION" Error,
    InvalidArnAccount = "INVALID_ARN_ACCOUNT" Error,
    InvalidArnPrefix = "INVALID_ARN_PREFIX" Error,
    InvalidArnRegion = "INVALID_ARN_REGION" Error,
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
    MissingAction = "MISSING_ACTION" Error,
    MissingArnAccount = "MISSING_ARN_ACCOUNT" Error,
    MissingArnField = "MISSING_ARN_FIELD" Error,
    MissingArnRegion = "MISSING_ARN_REGION" Error,
    MissingBraceInVariable = "MISSING_BRACE_IN_VARIABLE" Error,
    MissingEffect = "MISSING_EFFECT" Error,
    MissingPrincipal = "MISSING_PRINCIPAL" Error,
    MissingQualifier = "MISSING_QUALIFIER" Error,
    MissingQuoteInVariable = "MISSING_QUOTE_IN_VARIABLE" Error,
    MissingResource = "MISSING_RESOURCE" Error,
    MissingStatement = "MISSING_STATEMENT" Error,
    NullWithIfExists = "NULL_WITH_IF_EXISTS" Error,
    PolicySizeExceedsRcpQuota = "POLICY_SIZE_EXCEEDS_RCP_QUOTA" Error,
    PolicySizeExceedsScpQuota = "POLICY_SIZE_EXCEEDS_SCP_QUOTA" Error,
    PrivateIpAddress = "PRIVATE_IP_ADDRESS" Error,
    PrivateNotIpAddress = "PRIVATE_NOT_IP_ADDRESS" Error,
    RcpSyntaxErrorAction = "RCP_SYNTAX_ERROR_ACTION" Error,
    RcpSyntaxErrorAllow = "RCP_SYNTAX_ERROR_ALLOW" Error,
    RcpSyntaxErrorNotAction = "RCP_SYNTAX_ERROR_NOTACTION" Error,
    RcpSyntaxErrorPrincipal = "RCP_SYNTAX_ERROR_PRINCIPAL" Error,
    RoleTrustPolicySyntaxErrorNotPrincipal = "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL" Error,
    RoleTrustPolicySyntaxErrorResource = "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE" Error,
    ScpSyntaxErrorPrincipal = "SCP_SYNTAX_ERROR_PRINCIPAL" Error,
    TypeMismatchIpRange = "TYPE_MISMATCH_IP_RANGE" Error,
    UniqueSidsRequired = "UNIQUE_SIDS_REQUIRED" Error,
    UnsupportedActionInPolicy = "UNSUPPORTED_ACTION_IN_POLICY" Error,
    UnsupportedElementCombination = "UNSUPPORTED_ELEMENT_COMBINATION" Error,
    UnsupportedPrincipal = "UNSUPPORTED_PRINCIPAL" Error,
    UnsupportedSid = "UNSUPPORTED_SID" Error,
    UnsupportedSpaceInVariable = "UNSUPPORTED_SPACE_IN_VARIABLE" Error,
    UnsupportedWildcardInPrincipal = "UNSUPPORTED_WILDCARD_IN_PRINCIPAL" Error,
    VariableUnsupportedInElement = "VARIABLE_UNSUPPORTED_IN_ELEMENT" Error,
    VariableUnsupportedInVersion = "VARIABLE_UNSUPPORTED_IN_VERSION" Error,
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
    InvalidDateValue = "INVALID_DATE_VALUE" Warning,
    InvalidRoleReference = "INVALID_ROLE_REFERENCE" Warning,
    InvalidUserReference = "INVALID_USER_REFERENCE" Warning,
    MissingVersion = "MISSING_VERSION" Warning,
    PolicySizeExceedsIdentityPolicyQuota = "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA" Warning,
    PolicySizeExceedsResourcePolicyQuota = "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA" Warning,
    PolicySizeExceedsRoleTrustPolicyQuota = "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA" Warning,
    TypeMismatch = "TYPE_MISMATCH" Warning,
    TypeMismatchBoolean = "TYPE_MISMATCH_BOOLEAN" Warning,
    TypeMismatchDate = "TYPE_MISMATCH_DATE" Warning,
    TypeMismatchNumber = "TYPE_MISMATCH_NUMBER" Warning,
    TypeMismatchString = "TYPE_MISMATCH_STRING" Warning,
    UniqueSidsRecommended = "UNIQUE_SIDS_RECOMMENDED" Warning,
    WildcardWithoutLikeOperator = "WILDCARD_WITHOUT_LIKE_OPERATOR" Warning,
    EmptyArrayAction = "EMPTY_ARRAY_ACTION" Suggestion,
    EmptyArrayCondition = "EMPTY_ARRAY_CONDITION" Suggestion,
    EmptyArrayConditionForAllValues = "EMPTY_ARRAY_CONDITION_FORALLVALUES" Suggestion,
    EmptyArrayConditionForAnyValue = "EMPTY_ARRAY_CONDITION_FORANYVALUE" Suggestion,
    EmptyArrayConditionIfExists = "EMPTY_ARRAY_CONDITION_IFEXISTS" Suggestion,
    EmptyArrayPrincipal = "EMPTY_ARRAY_PRINCIPAL" Suggestion,
    EmptyArrayResource = "EMPTY_ARRAY_RESOURCE" Suggestion,
    EmptyObjectCondition = "EMPTY_OBJECT_CONDITION" Suggestion,
    EmptyObjectPrincipal = "EMPTY_OBJECT_PRINCIPAL" Suggestion,
    EmptySidValue = "EMPTY_SID_VALUE" Suggestion,
    ImproveIpRange = "IMPROVE_IP_RANGE" Suggestion,
    NullWithQualifier = "NULL_WITH_QUALIFIER" Suggestion,
    PrivateIpAddressSubset = "PRIVATE_IP_ADDRESS_SUBSET" Suggestion,
    PrivateNotIpAddressSubset = "PRIVATE_NOT_IP_ADDRESS_SUBSET" Suggestion,
    RedundantAction = "REDUNDANT_ACTION" Suggestion,
    RedundantConditionValueNum = "REDUNDANT_CONDITION_VALUE_NUM" Suggestion,
    RedundantResource = "REDUNDANT_RESOURCE" Suggestion,
    RedundantStatement = "REDUNDANT_STATEMENT" Suggestion,
    WildcardInServiceName = "WILDCARD_IN_SERVICE_NAME" Suggestion,
    // Not one of AWS's: what IAM refuses and no check of Access Analyzer is about.
    MalformedPolicyDocument = "MALFORMED_POLICY_DOCUMENT" Error,
}
