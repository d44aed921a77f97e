//! The parameters of STS.

use serde::{Deserialize, Serialize};

use super::{DESCRIPTION, WORD};
use super::{Pattern, SessionArn, Text, enums, lists, numbers, texts};

static ANY_NAME: Pattern = Pattern::new(r"[\w+=,.@-]*");
static EXTERNAL_ID: Pattern = Pattern::new(r"[\w+=,.@:\/-]*");
static ANY_WORD: Pattern = Pattern::new(r"[\w]*");
static ANY_DIGITS: Pattern = Pattern::new(r"[\d]*");
static SCOPE: Pattern = Pattern::new(r"[\x21\x23-\x2B\x2D-\x5B\x5D-\x7E]+( [\x21\x23-\x2B\x2D-\x5B\x5D-\x7E]+)*");
static DIGITS: Pattern = Pattern::new(r"[\d]+");

texts! {
    /// The name of a role session (`roleSessionNameType`).
    RoleSessionName = Text::length(2, 64).matching(&ANY_NAME);
    /// The person behind a session (`sourceIdentityType`).
    SourceIdentity = Text::length(2, 256).matching(&ANY_NAME);
    /// The secret handshake of cross-account roles (`externalIdType`).
    ExternalId = Text::length(2, 1224).matching(&EXTERNAL_ID);
    /// The name of a federated user (`userNameType` of STS).
    FederatedUserName = Text::length(2, 32).matching(&ANY_NAME);
    /// An access key id as STS takes it (`accessKeyIdType` of STS).
    AnyAccessKeyId = Text::length(16, 128).matching(&ANY_WORD);
    /// The code of an MFA device (`tokenCodeType`).
    TokenCode = Text::length(6, 6).matching(&ANY_DIGITS);
    /// The code of an MFA device as IAM takes it (`authenticationCodeType`).
    AuthenticationCode = Text::length(6, 6).matching(&DIGITS);
    /// What scoped credentials are for (`scopedSessionDescriptionType`).
    ScopedSessionDescription = Text::length(2, 256).matching(&DESCRIPTION);
    /// An encoded authorization message (`encodedMessageType`).
    EncodedMessage = Text::length(1, 10240);
    /// The member account of `AssumeRoot`: id or root ARN (`TargetPrincipalType`).
    TargetPrincipal = Text::length(12, 2048);
    /// An assertion of a context provider (`contextAssertionType`).
    ContextAssertion = Text::length(4, 3072);
    /// The host of an OAuth 2.0 provider (`urlType`).
    ProviderId = Text::length(4, 2048);
    /// Whom a web identity token is for (`webIdentityTokenAudienceStringType`).
    WebIdentityTokenAudience = Text::length(1, 1000);
    /// What the bearer of a web identity token asks to do (`webIdentityTokenScopeType`).
    WebIdentityTokenScope = Text::length(1, 256).matching(&SCOPE);
    /// The algorithm of a web identity token (`jwtAlgorithmType`).
    JwtAlgorithm = Text::length(5, 5);
    /// The id of a user, role or key (`idType`).
    AnyId = Text::length(16, 128).matching(&WORD);
}

numbers! {
    /// The life of a user's session in seconds (`durationSecondsType`).
    DurationSeconds = 900..=129_600;
    /// The life of a role session in seconds (`roleDurationSecondsType`).
    RoleDurationSeconds = 900..=43200;
    /// The life of a root session in seconds (`RootDurationSecondsType`).
    RootDurationSeconds = 0..=900;
    /// The life of scoped credentials in seconds (`scopedCredentialDurationSecondsType`).
    ScopedDurationSeconds = 1..=129_600;
    /// The life of a web identity token in seconds (`webIdentityTokenDurationSecondsType`).
    WebIdentityTokenDurationSeconds = 60..=3600;
    /// The least size of a session token in bytes (`minimumSessionTokenSizeType`).
    MinimumSessionTokenSize = 0..=4096;
}

lists! {
    /// Assertions of context providers (`ProvidedContextsListType`).
    ProvidedContexts = [ProvidedContext; 1..=5];
    /// The audiences of a web identity token (`webIdentityTokenAudienceListType`).
    Audiences = [WebIdentityTokenAudience; 1..=10];
}

enums! {
    /// Whose identity a web identity token names (`webIdentityTokenSubjectModeType`).
    SubjectMode { AWSIdentity, OriginIdentity }
}

/// A managed policy that narrows a session (`PolicyDescriptorType`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyDescriptor {
    /// The policy's ARN; the model leaves it optional.
    pub arn: Option<SessionArn>,
}

/// An assertion of a context provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProvidedContext {
    /// Who vouches.
    pub provider_arn: Option<SessionArn>,
    /// For what.
    pub context_assertion: Option<ContextAssertion>,
}
