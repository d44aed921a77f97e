//! Everything that can go wrong for a client: AWS's error codes with their HTTP status, and a message.
//!
//! Codes, statuses and texts follow the service models and the API references of IAM and STS.

mod rejection;

use std::borrow::Cow;
use std::fmt;

pub use rejection::{Part, Rejection};

use crate::shapes::Kind;

/// Declares [`Code`]: a variant, the text on the wire and the HTTP status.
macro_rules! codes {
    ($($variant:ident = $wire:literal $status:literal),+ $(,)?) => {
        /// An AWS error code of IAM or STS.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the variants are AWS's own codes")]
        pub enum Code { $($variant),+ }

        impl Code {
            /// The code as it is on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }

            /// The HTTP status that goes with the code.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }
        }
    };
}

codes! {
    // Common to all AWS Query services.
    AccessDenied = "AccessDenied" 403,
    ExpiredToken = "ExpiredToken" 403,
    IncompleteSignature = "IncompleteSignature" 400,
    InternalFailure = "InternalFailure" 500,
    InvalidAction = "InvalidAction" 400,
    InvalidClientTokenId = "InvalidClientTokenId" 403,
    InvalidParameterValue = "InvalidParameterValue" 400,
    MalformedInput = "MalformedInput" 400,
    MalformedQueryString = "MalformedQueryString" 404,
    MissingAction = "MissingAction" 400,
    MissingAuthenticationToken = "MissingAuthenticationToken" 403,
    RequestEntityTooLarge = "RequestEntityTooLarge" 413,
    RequestTimeout = "RequestTimeout" 408,
    ServiceUnavailable = "ServiceUnavailable" 503,
    SignatureDoesNotMatch = "SignatureDoesNotMatch" 403,
    Throttling = "Throttling" 400,
    ValidationError = "ValidationError" 400,
    // Modelled by IAM.
    ConcurrentModification = "ConcurrentModification" 409,
    DeleteConflict = "DeleteConflict" 409,
    DuplicateCertificate = "DuplicateCertificate" 409,
    DuplicateSSHPublicKey = "DuplicateSSHPublicKey" 400,
    EntityAlreadyExists = "EntityAlreadyExists" 409,
    EntityTemporarilyUnmodifiable = "EntityTemporarilyUnmodifiable" 409,
    FeatureDisabled = "FeatureDisabled" 404,
    FeatureEnabled = "FeatureEnabled" 409,
    InvalidAuthenticationCode = "InvalidAuthenticationCode" 403,
    InvalidCertificate = "InvalidCertificate" 400,
    InvalidInput = "InvalidInput" 400,
    InvalidPublicKey = "InvalidPublicKey" 400,
    InvalidUserType = "InvalidUserType" 400,
    KeyPairMismatch = "KeyPairMismatch" 400,
    LimitExceeded = "LimitExceeded" 409,
    MalformedCertificate = "MalformedCertificate" 400,
    MalformedPolicyDocument = "MalformedPolicyDocument" 400,
    NameConflict = "NameConflict" 409,
    NoSuchEntity = "NoSuchEntity" 404,
    NotSupportedService = "NotSupportedService" 404,
    OpenIdIdpCommunicationError = "OpenIdIdpCommunicationError" 400,
    PasswordPolicyViolation = "PasswordPolicyViolation" 400,
    PolicyEvaluation = "PolicyEvaluation" 500,
    PolicyNotAttachable = "PolicyNotAttachable" 400,
    ReportExpired = "ReportExpired" 410,
    ReportGenerationLimitExceeded = "ReportGenerationLimitExceeded" 409,
    ReportInProgress = "ReportInProgress" 404,
    ReportNotPresent = "ReportNotPresent" 410,
    RoleModified = "RoleModified" 409,
    RoleTemplateDisabled = "RoleTemplateDisabled" 400,
    ServiceFailure = "ServiceFailure" 500,
    UnmodifiableEntity = "UnmodifiableEntity" 400,
    UnrecognizedPublicKeyEncoding = "UnrecognizedPublicKeyEncoding" 400,
    // Modelled by IAM without a status of their own.
    AccountNotManagementOrDelegatedAdministrator = "AccountNotManagementOrDelegatedAdministratorException" 400,
    CallerIsNotManagementAccount = "CallerIsNotManagementAccountException" 400,
    OrganizationNotFound = "OrganizationNotFoundException" 400,
    OrganizationNotInAllFeaturesMode = "OrganizationNotInAllFeaturesModeException" 400,
    ServiceAccessNotEnabled = "ServiceAccessNotEnabledException" 400,
    // Modelled by STS.
    ExpiredTokenException = "ExpiredTokenException" 400,
    ExpiredTradeInToken = "ExpiredTradeInTokenException" 400,
    IDPCommunicationError = "IDPCommunicationError" 400,
    IDPRejectedClaim = "IDPRejectedClaim" 403,
    InsufficientSessionLifetime = "InsufficientSessionLifetime" 400,
    InvalidAuthorizationMessage = "InvalidAuthorizationMessageException" 400,
    InvalidContextAssertion = "InvalidContextAssertion" 400,
    InvalidIdentityToken = "InvalidIdentityToken" 400,
    InvalidSubjectCredentials = "InvalidSubjectCredentials" 400,
    JWTPayloadSizeExceeded = "JWTPayloadSizeExceededException" 400,
    OutboundWebIdentityFederationDisabled = "OutboundWebIdentityFederationDisabledException" 403,
    PackedPolicyTooLarge = "PackedPolicyTooLarge" 400,
    RegionDisabled = "RegionDisabledException" 403,
    SessionDurationEscalation = "SessionDurationEscalationException" 403,
    // Modelled by Organizations.
    AWSOrganizationsNotInUse = "AWSOrganizationsNotInUseException" 400,
    InvalidInputException = "InvalidInputException" 400,
    AccountAlreadyClosed = "AccountAlreadyClosedException" 400,
    AccountAlreadyRegistered = "AccountAlreadyRegisteredException" 400,
    AccountNotFound = "AccountNotFoundException" 400,
    AccountNotRegistered = "AccountNotRegisteredException" 400,
    AccountOwnerNotVerified = "AccountOwnerNotVerifiedException" 400,
    AlreadyInOrganization = "AlreadyInOrganizationException" 400,
    ChildNotFound = "ChildNotFoundException" 400,
    Conflict = "ConflictException" 400,
    ConstraintViolation = "ConstraintViolationException" 400,
    CreateAccountStatusNotFound = "CreateAccountStatusNotFoundException" 400,
    DestinationParentNotFound = "DestinationParentNotFoundException" 400,
    DuplicateAccount = "DuplicateAccountException" 400,
    DuplicateHandshake = "DuplicateHandshakeException" 400,
    DuplicateOrganizationalUnit = "DuplicateOrganizationalUnitException" 400,
    DuplicatePolicy = "DuplicatePolicyException" 400,
    DuplicatePolicyAttachment = "DuplicatePolicyAttachmentException" 400,
    EffectivePolicyNotFound = "EffectivePolicyNotFoundException" 400,
    HandshakeAlreadyInState = "HandshakeAlreadyInStateException" 400,
    HandshakeConstraintViolation = "HandshakeConstraintViolationException" 400,
    HandshakeNotFound = "HandshakeNotFoundException" 400,
    InvalidHandshakeTransition = "InvalidHandshakeTransitionException" 400,
    MasterCannotLeaveOrganization = "MasterCannotLeaveOrganizationException" 400,
    OrganizationNotEmpty = "OrganizationNotEmptyException" 400,
    OrganizationalUnitNotEmpty = "OrganizationalUnitNotEmptyException" 400,
    OrganizationalUnitNotFound = "OrganizationalUnitNotFoundException" 400,
    ParentNotFound = "ParentNotFoundException" 400,
    PolicyInUse = "PolicyInUseException" 400,
    PolicyNotAttached = "PolicyNotAttachedException" 400,
    PolicyNotFound = "PolicyNotFoundException" 400,
    PolicyTypeAlreadyEnabled = "PolicyTypeAlreadyEnabledException" 400,
    PolicyTypeNotAvailableForOrganization = "PolicyTypeNotAvailableForOrganizationException" 400,
    PolicyTypeNotEnabled = "PolicyTypeNotEnabledException" 400,
    ResourcePolicyNotFound = "ResourcePolicyNotFoundException" 400,
    RootNotFound = "RootNotFoundException" 400,
    SourceParentNotFound = "SourceParentNotFoundException" 400,
    TargetNotFound = "TargetNotFoundException" 400,
    AccessDeniedForDependency = "AccessDeniedForDependencyException" 400,
    MalformedOrganizationPolicy = "MalformedPolicyDocumentException" 400,
    // Modelled by the Resource Groups Tagging API.
    InternalServiceException = "InternalServiceException" 500,
    InvalidParameterException = "InvalidParameterException" 400,
    // Modelled by CloudTrail.
    ChannelNotFound = "ChannelNotFoundException" 400,
    CloudTrailARNInvalid = "CloudTrailARNInvalidException" 400,
    EventDataStoreNotFound = "EventDataStoreNotFoundException" 400,
    InvalidCloudWatchLogsLogGroupArn = "InvalidCloudWatchLogsLogGroupArnException" 400,
    InvalidCloudWatchLogsRoleArn = "InvalidCloudWatchLogsRoleArnException" 400,
    InvalidEventCategory = "InvalidEventCategoryException" 400,
    InvalidEventSelectors = "InvalidEventSelectorsException" 400,
    InvalidHomeRegion = "InvalidHomeRegionException" 400,
    InvalidKmsKeyId = "InvalidKmsKeyIdException" 400,
    InvalidLookupAttributes = "InvalidLookupAttributesException" 400,
    InvalidMaxResults = "InvalidMaxResultsException" 400,
    InvalidNextToken = "InvalidNextTokenException" 400,
    InvalidParameterCombination = "InvalidParameterCombinationException" 400,
    InvalidS3BucketName = "InvalidS3BucketNameException" 400,
    InvalidS3Prefix = "InvalidS3PrefixException" 400,
    InvalidSnsTopicName = "InvalidSnsTopicNameException" 400,
    InvalidTagParameter = "InvalidTagParameterException" 400,
    InvalidTimeRange = "InvalidTimeRangeException" 400,
    InvalidTrailName = "InvalidTrailNameException" 400,
    MaximumNumberOfTrailsExceeded = "MaximumNumberOfTrailsExceededException" 400,
    NotOrganizationMasterAccount = "NotOrganizationMasterAccountException" 400,
    OrganizationsNotInUse = "OrganizationsNotInUseException" 400,
    ResourceNotFoundException = "ResourceNotFoundException" 404,
    ResourceTypeNotSupported = "ResourceTypeNotSupportedException" 400,
    TagsLimitExceeded = "TagsLimitExceededException" 400,
    TrailAlreadyExists = "TrailAlreadyExistsException" 400,
    TrailNotFound = "TrailNotFoundException" 400,
    UnsupportedOperation = "UnsupportedOperationException" 400,
    // Modelled by Service Quotas.
    InvalidPaginationToken = "InvalidPaginationTokenException" 400,
    NoSuchResource = "NoSuchResourceException" 400,
    // Common to EC2's operations (Amazon EC2 Developer Guide, "Error codes for the Amazon EC2 API").
    DryRunOperation = "DryRunOperation" 412,
    // Modelled by Access Analyzer.
    ConflictException = "ConflictException" 409,
    ServiceQuotaExceeded = "ServiceQuotaExceededException" 402,
    ResourceNotFound = "ResourceNotFoundException" 404,
    ValidationException = "ValidationException" 400,
}

/// The result of anything a client can make fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that a client sees: code and message, and a cause that only the log sees.
pub struct Error(Box<Details>);

/// The cause of [`Error::overtaken`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("another server was quicker to write to the account")]
struct Overtaken;

struct Details {
    code: Code,
    message: Option<Cow<'static, str>>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// What the error says besides, in protocols of JSON.
    members: Vec<(&'static str, serde_json::Value)>,
}

impl Error {
    /// An error with AWS's sentence for it.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details { code, message: Some(message.into()), cause: None, members: Vec::new() }))
    }

    /// An error whose answer has no `Message` element, as some of AWS's `MalformedInput`.
    pub fn without_message(code: Code) -> Self {
        Self(Box::new(Details { code, message: None, cause: None, members: Vec::new() }))
    }

    /// A fault of the server's own: the client learns that it happened, the log why.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Box::new(Details {
            code: Code::InternalFailure,
            message: Some(
                "The request processing has failed because of an unknown error, exception or failure.".into(),
            ),
            cause: Some(cause.into()),
            members: Vec::new(),
        }))
    }

    /// Another server was quicker to write to the same account. What was refused can be done again on the new state.
    pub fn overtaken() -> Self {
        let message = "The request was rejected because multiple requests to change this object were submitted \
                       simultaneously. Wait a few minutes and submit your request again.";
        Self::new(Code::ConcurrentModification, message).because(Overtaken)
    }

    /// Whether another server was quicker to write to the same account.
    pub fn is_overtaken(&self) -> bool {
        self.cause().is_some_and(|cause| cause.is::<Overtaken>())
    }

    /// The same error with a cause, which only the log sees.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same error with the part of the request's credentials that was not accepted, for the log.
    #[must_use]
    pub fn rejecting(self, part: Part, why: impl Into<Cow<'static, str>>) -> Self {
        self.because(Rejection::new(part, why))
    }

    /// The same error with a member of its own, such as the `Reason` of Organizations' errors.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: serde_json::Value) -> Self {
        self.0.members.push((name, value));
        self
    }

    /// What the error says besides code and message, in protocols of JSON.
    pub fn members(&self) -> &[(&'static str, serde_json::Value)] {
        &self.0.members
    }

    /// What only the log sees.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }

    /// The part of the request's credentials that was not accepted, if that is the error's cause.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.cause()?.downcast_ref()
    }

    /// AWS's code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence for the client.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.code.as_str())?;
        if let Some(message) = self.message() {
            write!(f, ": {message}")?;
        }
        // Why credentials are not accepted has a place of its own in the log.
        if let Some(cause) = self.cause().filter(|_| self.rejection().is_none()) {
            write!(f, " ({cause})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The words for what many operations meet.
impl Error {
    /// `NoSuchEntity` in the words that IAM has for the kind.
    pub fn missing(kind: Kind, name: &str) -> Self {
        let message = match kind {
            Kind::User | Kind::Group | Kind::Role => {
                format!("The {} with name {name} cannot be found.", kind.arn_type())
            }
            Kind::InstanceProfile => format!("Instance Profile {name} cannot be found."),
            Kind::Policy => format!("Policy {name} was not found."),
            Kind::MfaDevice => format!("VirtualMFADevice with serial number {name} doesn't exist."),
            Kind::ServerCertificate => format!("The Server Certificate with name {name} cannot be found."),
            Kind::SamlProvider => format!("Manifest not found for arn {name}"),
            Kind::OidcProvider => format!("OpenIDConnect Provider not found for arn {name}"),
            Kind::DelegationRequest => format!("Delegation request {name} cannot be found."),
        };
        Self::new(Code::NoSuchEntity, message)
    }

    /// `EntityAlreadyExists` in the words that IAM has for the kind.
    pub fn exists(kind: Kind, name: &str) -> Self {
        let message = match kind {
            Kind::User => format!("User with name {name} already exists."),
            Kind::Group => format!("Group with name {name} already exists."),
            Kind::Role => format!("Role with name {name} already exists."),
            Kind::InstanceProfile => format!("Instance Profile {name} already exists."),
            Kind::Policy => format!("A policy called {name} already exists. Duplicate names are not allowed."),
            Kind::MfaDevice => "MFA device already exists.".to_owned(),
            Kind::ServerCertificate => format!("The Server Certificate with name {name} already exists."),
            Kind::OidcProvider => format!("Provider with url {name} already exists."),
            Kind::SamlProvider => format!("Provider with name {name} already exists."),
            Kind::DelegationRequest => format!("Delegation request {name} already exists."),
        };
        Self::new(Code::EntityAlreadyExists, message)
    }

    /// `DeleteConflict` with what must go first.
    pub fn delete_first(what: &str) -> Self {
        Self::new(Code::DeleteConflict, format!("Cannot delete entity, must {what} first."))
    }
}
