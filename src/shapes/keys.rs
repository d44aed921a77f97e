//! The parameters of MFA devices, certificates, SSH keys and service-specific credentials.

use super::document::PRINTABLE;
use super::{NAME, NAME_RULE, WORD};
use super::{Text, enums, texts};

texts! {
    /// The name of a virtual MFA device (`virtualMFADeviceName`).
    VirtualMfaDeviceName = Text::length(1, usize::MAX).matching(&NAME).or_say(NAME_RULE);
    /// The name of a server certificate (`serverCertificateNameType`).
    ServerCertificateName = Text::length(1, 128).matching(&NAME).or_say(NAME_RULE);
    /// A certificate as PEM (`certificateBodyType`).
    CertificateBody = Text::length(1, 16_384).matching(&PRINTABLE);
    /// Intermediate certificates as PEM (`certificateChainType`).
    CertificateChain = Text::length(1, 2_097_152).matching(&PRINTABLE);
    /// The id of a signing certificate (`certificateIdType`).
    CertificateId = Text::length(24, 128).matching(&WORD);
    /// An SSH public key (`publicKeyMaterialType`).
    PublicKeyMaterial = Text::length(1, 16_384).matching(&PRINTABLE);
    /// The id of an SSH public key (`publicKeyIdType`).
    PublicKeyId = Text::length(20, 128).matching(&WORD);
    /// The id of a service-specific credential (`serviceSpecificCredentialId`).
    ServiceSpecificCredentialId = Text::length(20, 128).matching(&WORD);
    /// The service that a credential is for, such as `codecommit.amazonaws.com` (`serviceName`).
    CredentialService = Text::length(0, usize::MAX);
}

enums! {
    /// Which virtual MFA devices to list (`assignmentStatusType`).
    AssignmentStatus { Assigned, Unassigned, Any }
    /// The form of an SSH public key (`encodingType`).
    PublicKeyEncoding { Ssh = "SSH", Pem = "PEM" }
}
