//! The refusals of Organizations, in AWS's words where they are known.

use serde_json::json;

use crate::error::{Code, Error};

/// The errors that operations on an organization declare.
pub(super) const ERRORS: &[Code] = &[
    Code::AWSOrganizationsNotInUse,
    Code::AccessDeniedForDependency,
    Code::AccountAlreadyClosed,
    Code::AccountAlreadyRegistered,
    Code::AccountNotFound,
    Code::AccountNotRegistered,
    Code::AlreadyInOrganization,
    Code::ChildNotFound,
    Code::Conflict,
    Code::ConstraintViolation,
    Code::CreateAccountStatusNotFound,
    Code::DestinationParentNotFound,
    Code::DuplicateAccount,
    Code::DuplicateHandshake,
    Code::DuplicateOrganizationalUnit,
    Code::DuplicatePolicy,
    Code::DuplicatePolicyAttachment,
    Code::EffectivePolicyNotFound,
    Code::HandshakeAlreadyInState,
    Code::HandshakeConstraintViolation,
    Code::HandshakeNotFound,
    Code::InvalidHandshakeTransition,
    Code::InvalidInputException,
    Code::MalformedOrganizationPolicy,
    Code::MasterCannotLeaveOrganization,
    Code::OrganizationNotEmpty,
    Code::OrganizationalUnitNotEmpty,
    Code::OrganizationalUnitNotFound,
    Code::ParentNotFound,
    Code::PolicyInUse,
    Code::PolicyNotAttached,
    Code::PolicyNotFound,
    Code::PolicyTypeAlreadyEnabled,
    Code::PolicyTypeNotAvailableForOrganization,
    Code::PolicyTypeNotEnabled,
    Code::ResourcePolicyNotFound,
    Code::RootNotFound,
    Code::SourceParentNotFound,
    Code::TargetNotFound,
];

/// `InvalidInputException` with a reason.
pub(super) fn input(reason: &str, message: &'static str) -> Error {
    Error::new(Code::InvalidInputException, message).with("Reason", json!(reason))
}

/// The refusal of a token that this listing did not give out.
pub(super) fn token() -> Error {
    input("INVALID_NEXT_TOKEN", "You specified an invalid value for the NextToken parameter.")
}

/// `ConstraintViolationException` with a reason.
pub(super) fn constraint(reason: &str, message: &'static str) -> Error {
    Error::new(Code::ConstraintViolation, message).with("Reason", json!(reason))
}

/// The refusal of an account whose place in the organization does not allow something.
pub(super) fn place() -> Error {
    Error::new(Code::AccessDenied, "You don't have permissions to access this resource.")
}

/// What does not exist: `You specified a policy that doesn't exist.`
pub(super) fn missing(code: Code) -> Error {
    let noun = match code {
        Code::AccountNotFound => "an account",
        Code::ChildNotFound => "a child",
        Code::CreateAccountStatusNotFound => "a create account request",
        Code::DestinationParentNotFound => "a destination parent",
        Code::OrganizationalUnitNotFound => "an organizational unit",
        Code::ParentNotFound => "a parent",
        Code::PolicyNotFound => "a policy",
        Code::RootNotFound => "a root",
        Code::SourceParentNotFound => "a source parent",
        _ => "a target",
    };
    Error::new(code, format!("You specified {noun} that doesn't exist."))
}
