//! What a service calls the errors that the gateway answers with (AWS: each service's "Common errors"; what AWS's own
//! servers were seen to answer).

use aws_calls::fault::Fault;
use aws_calls::recognise::Reason;
use aws_reference::operations::{Protocol, Summary};

use super::body::Fault as BodyFault;
use super::upstream::is_s3;
use crate::error::{Code, Error, Part};
use crate::sigv4::ChunkError;

fn with_query_code(refusal: Fault, query_code: &'static str) -> Fault {
    Fault { query_code: Some(query_code), ..refusal }
}

/// The families of services that have errors in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    S3,
    Ec2,
    Sqs,
    Query,
    Json,
    Rest,
}

impl Family {
    fn of(service: Option<&Summary>, protocol: Protocol) -> Self {
        match (service.map(|summary| summary.signing_name), protocol) {
            (Some(name), _) if is_s3(name) => Self::S3,
            (Some("sqs"), _) => Self::Sqs,
            (_, Protocol::Ec2) => Self::Ec2,
            (_, Protocol::Query | Protocol::RestXml) => Self::Query,
            (_, Protocol::Json | Protocol::Cbor) => Self::Json,
            (_, Protocol::RestJson) => Self::Rest,
        }
    }
}

/// What a service calls an error.
pub fn of_error(error: &Error, service: Option<&Summary>, protocol: Protocol) -> Fault {
    let family = Family::of(service, protocol);
    let message = error.message().unwrap_or_default().to_owned();
    let part = error.rejection().map(|rejection| rejection.part);
    let signing_name = service.map_or("", |summary| summary.signing_name);
    match error.code() {
        Code::AccessDenied if part == Some(Part::Clock) => Fault::new(403, "AccessDenied", message),
        Code::AccessDenied => denied(family, signing_name, message),
        Code::InvalidClientTokenId => unknown_key(family, part, message),
        Code::ExpiredToken => expired(family, message),
        Code::MissingAuthenticationToken => unsigned(family, signing_name, message),
        Code::IncompleteSignature => incomplete(family, message),
        Code::SignatureDoesNotMatch => mismatch(family, part, message),
        Code::RequestEntityTooLarge => match family {
            Family::S3 => Fault::new(400, "EntityTooLarge", message),
            _ => Fault::new(413, "RequestEntityTooLarge", message),
        },
        Code::RequestTimeout => Fault::new(400, "RequestTimeout", message),
        Code::ServiceUnavailable => Fault::new(503, unavailable(family), message),
        code if code.status() >= 500 => Fault::new(500, failure(family), message),
        code => Fault::new(code.status(), code.as_str(), message),
    }
}

fn denied(family: Family, signing_name: &str, message: String) -> Fault {
    match family {
        Family::S3 => Fault::new(403, "AccessDenied", message),
        Family::Ec2 => Fault::new(
            403,
            "UnauthorizedOperation",
            format!("You are not authorized to perform this operation. {message}"),
        ),
        Family::Query if signing_name == "sns" => Fault::new(403, "AuthorizationError", message),
        Family::Query => Fault::new(403, "AccessDenied", message),
        Family::Sqs => with_query_code(Fault::new(403, "AccessDeniedException", message), "AccessDenied"),
        Family::Json => Fault::new(400, "AccessDeniedException", message),
        Family::Rest => Fault::new(403, "AccessDeniedException", message),
    }
}

fn unknown_key(family: Family, part: Option<Part>, message: String) -> Fault {
    const UNRECOGNIZED: &str = "UnrecognizedClientException";
    match family {
        Family::S3 if part == Some(Part::SessionToken) => {
            Fault::new(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        }
        Family::S3 => {
            Fault::new(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        }
        Family::Ec2 => Fault::new(401, "AuthFailure", NOT_VALIDATED),
        Family::Query => Fault::new(403, "InvalidClientTokenId", message),
        Family::Sqs => with_query_code(Fault::new(403, UNRECOGNIZED, message), "InvalidClientTokenId"),
        Family::Json => Fault::new(400, UNRECOGNIZED, message),
        Family::Rest => Fault::new(403, UNRECOGNIZED, message),
    }
}

fn expired(family: Family, message: String) -> Fault {
    const EXPIRED: &str = "ExpiredTokenException";
    match family {
        Family::S3 => Fault::new(400, "ExpiredToken", "The provided token has expired."),
        Family::Ec2 => Fault::new(400, "RequestExpired", "Request has expired."),
        Family::Query => Fault::new(403, "ExpiredToken", message),
        Family::Sqs => with_query_code(Fault::new(403, EXPIRED, message), "ExpiredToken"),
        Family::Json => Fault::new(400, EXPIRED, message),
        Family::Rest => Fault::new(403, EXPIRED, message),
    }
}

fn unsigned(family: Family, signing_name: &str, message: String) -> Fault {
    const MISSING: &str = "MissingAuthenticationTokenException";
    match family {
        Family::S3 => Fault::new(403, "AccessDenied", "Access Denied"),
        Family::Ec2 => Fault::new(400, "MissingParameter", "The request must contain the parameter AWSAccessKeyId"),
        Family::Query => Fault::new(403, "MissingAuthenticationToken", message),
        Family::Sqs => with_query_code(Fault::new(403, MISSING, message), "MissingAuthenticationToken"),
        Family::Json if signing_name == "secretsmanager" => {
            Fault::new(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        Family::Json => Fault::new(400, MISSING, message),
        Family::Rest => Fault::new(403, MISSING, "Missing Authentication Token"),
    }
}

fn incomplete(family: Family, message: String) -> Fault {
    const INCOMPLETE: &str = "IncompleteSignatureException";
    match family {
        Family::S3 if message.starts_with("Only one auth") => Fault::new(400, "InvalidArgument", message),
        Family::S3 if message.starts_with("The authorization mechanism") => Fault::new(400, "InvalidRequest", message),
        Family::S3 if message.starts_with("Query-string authentication requires") => {
            Fault::new(403, "AccessDenied", message)
        }
        Family::S3 if message.starts_with("Authorization header") || message.starts_with("Credential must") => {
            let message = format!("The authorization header is malformed; {message}");
            Fault::new(400, "AuthorizationHeaderMalformed", message)
        }
        Family::S3 => Fault::new(400, "AuthorizationQueryParametersError", message),
        Family::Ec2 => Fault::new(401, "AuthFailure", NOT_VALIDATED),
        Family::Query => Fault::new(400, "IncompleteSignature", message),
        Family::Sqs => with_query_code(Fault::new(400, INCOMPLETE, message), "IncompleteSignature"),
        Family::Json => Fault::new(400, INCOMPLETE, message),
        Family::Rest => Fault::new(403, INCOMPLETE, message),
    }
}

fn mismatch(family: Family, part: Option<Part>, message: String) -> Fault {
    const INVALID: &str = "InvalidSignatureException";
    match (family, part) {
        (Family::S3, Some(Part::Clock)) => Fault::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        (Family::S3, Some(Part::Scope)) => {
            let message = format!("The authorization header is malformed; {}", message.trim_end());
            Fault::new(400, "AuthorizationHeaderMalformed", message)
        }
        (Family::S3, _) => Fault::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
             method.",
        ),
        (Family::Ec2, _) => Fault::new(401, "AuthFailure", NOT_VALIDATED),
        (Family::Query, _) => Fault::new(403, "SignatureDoesNotMatch", message),
        (Family::Sqs, _) => with_query_code(Fault::new(403, INVALID, message), "SignatureDoesNotMatch"),
        (Family::Json, _) => Fault::new(400, INVALID, message),
        (Family::Rest, _) => Fault::new(403, INVALID, message),
    }
}

fn unavailable(family: Family) -> &'static str {
    match family {
        Family::S3 | Family::Query => "ServiceUnavailable",
        Family::Ec2 => "Unavailable",
        Family::Sqs | Family::Json | Family::Rest => "ServiceUnavailableException",
    }
}

fn failure(family: Family) -> &'static str {
    match family {
        Family::S3 | Family::Ec2 => "InternalError",
        Family::Query | Family::Sqs | Family::Json | Family::Rest => "InternalFailure",
    }
}

/// What a service says to a request that is no call of one of its operations.
pub fn of_reason(reason: &Reason, service: Option<&Summary>, protocol: Protocol) -> Fault {
    let family = Family::of(service, protocol);
    let message = reason.to_string();
    match (reason, family) {
        (Reason::WrongScope(_), _) => {
            let error = Error::new(Code::SignatureDoesNotMatch, message).rejecting(Part::Scope, "");
            of_error(&error, service, protocol)
        }
        (Reason::MissingAction, _) => Fault::new(400, "MissingAction", message),
        (_, Family::S3) => Fault::new(400, "InvalidRequest", message),
        (_, Family::Json | Family::Sqs) if protocol != Protocol::Query => {
            Fault::new(400, "UnknownOperationException", message)
        }
        (_, Family::Rest) => Fault::new(404, "UnknownOperationException", message),
        _ => Fault::new(400, "InvalidAction", message),
    }
}

const NOT_VALIDATED: &str = "AWS was not able to validate the provided access credentials";

/// What S3 calls a body that is not what was signed.
pub fn of_body(fault: &BodyFault) -> Fault {
    match fault {
        BodyFault::Hash => Fault::new(
            400,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
        BodyFault::Chunks(ChunkError::Signature) => Fault::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
             method.",
        ),
        BodyFault::Chunks(ChunkError::TooLarge) => {
            Fault::new(400, "InvalidChunkSizeError", "Only chunks of up to 4 MiB are supported.")
        }
        BodyFault::Chunks(ChunkError::Malformed) => {
            Fault::new(400, "InvalidRequest", "The body is not framed in chunks as aws-chunked has them.")
        }
        BodyFault::Chunks(ChunkError::Incomplete | ChunkError::Length) | BodyFault::Unreadable => Fault::new(
            400,
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ),
        BodyFault::Trailer => Fault::new(
            400,
            "MalformedTrailerError",
            "The request contained trailing data that was not well-formed or did not conform to our published schema.",
        ),
        BodyFault::Checksum(name) => {
            let name = name.trim_start_matches("x-amz-checksum-").to_ascii_uppercase();
            Fault::new(400, "BadDigest", format!("The {name} you specified did not match the calculated checksum."))
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_reference::operations::service;

    use super::*;

    fn refused(error: &Error, name: &str, protocol: Protocol) -> (u16, String) {
        let refusal = of_error(error, Some(service(name).unwrap().summary), protocol);
        (refusal.status, refusal.code.into_owned())
    }

    #[test]
    fn every_service_has_its_own_codes() {
        let key = || Error::new(Code::InvalidClientTokenId, "m").rejecting(Part::KeyId, "");
        let signature = || Error::new(Code::SignatureDoesNotMatch, "m").rejecting(Part::Signature, "");
        let clock = || Error::new(Code::SignatureDoesNotMatch, "m").rejecting(Part::Clock, "");
        let unsigned = || Error::new(Code::MissingAuthenticationToken, "m");
        let denied = || Error::new(Code::AccessDenied, "m");
        for (error, name, protocol, status, code) in [
            (key(), "s3", Protocol::RestXml, 403, "InvalidAccessKeyId"),
            (key(), "dynamodb", Protocol::Json, 400, "UnrecognizedClientException"),
            (key(), "lambda", Protocol::RestJson, 403, "UnrecognizedClientException"),
            (key(), "sns", Protocol::Query, 403, "InvalidClientTokenId"),
            (key(), "ec2", Protocol::Ec2, 401, "AuthFailure"),
            (key(), "sqs", Protocol::Json, 403, "UnrecognizedClientException"),
            (signature(), "s3", Protocol::RestXml, 403, "SignatureDoesNotMatch"),
            (signature(), "kms", Protocol::Json, 400, "InvalidSignatureException"),
            (clock(), "s3", Protocol::RestXml, 403, "RequestTimeTooSkewed"),
            (clock(), "kms", Protocol::Json, 400, "InvalidSignatureException"),
            (unsigned(), "s3", Protocol::RestXml, 403, "AccessDenied"),
            (unsigned(), "secretsmanager", Protocol::Json, 400, "UnrecognizedClientException"),
            (unsigned(), "dynamodb", Protocol::Json, 400, "MissingAuthenticationTokenException"),
            (denied(), "sns", Protocol::Query, 403, "AuthorizationError"),
            (denied(), "sqs", Protocol::Json, 403, "AccessDeniedException"),
            (denied(), "dynamodb", Protocol::Json, 400, "AccessDeniedException"),
            (denied(), "lambda", Protocol::RestJson, 403, "AccessDeniedException"),
            (denied(), "ec2", Protocol::Ec2, 403, "UnauthorizedOperation"),
            (denied(), "cloudwatch", Protocol::Cbor, 400, "AccessDeniedException"),
        ] {
            assert_eq!(refused(&error, name, protocol), (status, code.to_owned()), "{error} {name}");
        }
    }
}
