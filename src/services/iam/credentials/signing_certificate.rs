//! Signing certificates of users and of the root user.

use serde::{Deserialize, Serialize};

use crate::account::{Credentials, Quota, Reference, SigningCertificate};
use crate::call::{Command, Listing, Members, Operation, Paging, Transaction, View, oldest_first, operations};
use crate::error::{Code, Error, Result};
use crate::keys::Certificate;
use crate::shapes::{CertificateBody, CertificateId, ExistingUserName, Marker, MaxItems, Status, Timestamp};

/// A signing certificate in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SigningCertificateShape {
    user_name: Option<String>,
    certificate_id: String,
    certificate_body: String,
    status: Status,
    upload_date: Timestamp,
}

impl SigningCertificateShape {
    fn of(certificate: &SigningCertificate, user_name: Option<String>) -> Self {
        Self {
            user_name,
            certificate_id: certificate.id.clone(),
            certificate_body: certificate.body.clone(),
            status: Status::of(certificate.active),
            upload_date: certificate.uploaded,
        }
    }
}

fn find_mut<'c>(credentials: &'c mut Credentials, id: &str) -> Result<&'c mut SigningCertificate> {
    let found = credentials.signing_certificates.iter_mut().find(|certificate| certificate.id == id);
    found.ok_or_else(|| Error::new(Code::NoSuchEntity, format!("The Certificate with id {id} cannot be found.")))
}

/// Gives a user, or the caller, a certificate to sign with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadSigningCertificate {
    user_name: Option<ExistingUserName>,
    certificate_body: CertificateBody,
}

/// What `UploadSigningCertificate` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadSigningCertificateResult {
    certificate: SigningCertificateShape,
}

impl Operation for UploadSigningCertificate {
    type Output = UploadSigningCertificateResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::DuplicateCertificate,
        Code::EntityAlreadyExists,
        Code::InvalidCertificate,
        Code::LimitExceeded,
        Code::MalformedCertificate,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    of_user_or_caller!();
}

impl Command for UploadSigningCertificate {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<UploadSigningCertificateResult> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        let read = self.read(cx.now)?;
        let fingerprint = read.fingerprint();
        if cx.account.owner_of(&Reference::SigningCertificate(fingerprint.clone())).is_some() {
            return Err(Error::new(Code::DuplicateCertificate, "Duplicate certificate uploaded."));
        }
        cx.check_quota(Quota::CertificatesPerUser, cx.account.credentials(&owner)?.signing_certificates.len())?;
        let certificate = SigningCertificate {
            id: read.id(),
            body: self.certificate_body.into(),
            fingerprint,
            active: true,
            uploaded: cx.now,
        };
        let shape = SigningCertificateShape::of(&certificate, cx.account.shown_name(&owner));
        cx.account.update_credentials(&owner, |credentials| {
            credentials.signing_certificates.push(certificate);
            Ok(())
        })?;
        Ok(UploadSigningCertificateResult { certificate: shape })
    }
}

impl UploadSigningCertificate {
    /// The certificate, which must be readable and valid now.
    fn read(&self, now: Timestamp) -> Result<Certificate> {
        let certificate = Certificate::read(&self.certificate_body).filter(|read| now <= read.not_after());
        let certificate = certificate.ok_or_else(|| {
            let message = format!("Certificate {} is malformed.", self.certificate_body);
            Error::new(Code::MalformedCertificate, message)
        })?;
        if now < certificate.not_before() {
            let period = format!("{} to {}", certificate.not_before(), certificate.not_after());
            let message = format!("The certificate is not valid now. It is valid from {period}.");
            return Err(Error::new(Code::InvalidCertificate, message));
        }
        Ok(certificate)
    }
}

/// Lists the signing certificates of a user, or of the caller.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSigningCertificates {
    user_name: Option<ExistingUserName>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListSigningCertificates {
    type Item = SigningCertificateShape;

    const MEMBERS: &'static str = "Certificates";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    of_user_or_caller!();

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, SigningCertificateShape>> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        let certificates = &cx.account.credentials(&owner)?.signing_certificates;
        let user_name = cx.account.shown_name(&owner);
        let certificates = oldest_first(certificates, after, |certificate| (certificate.uploaded, &certificate.id));
        let shape = move |certificate| SigningCertificateShape::of(certificate, user_name.clone());
        Ok(Box::new(certificates.map(move |(key, certificate)| (key, shape(certificate)))))
    }
}

/// Makes a signing certificate usable or unusable.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSigningCertificate {
    user_name: Option<ExistingUserName>,
    certificate_id: CertificateId,
    status: Status,
}

impl Operation for UpdateSigningCertificate {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::InvalidInput, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    of_user_or_caller!();
}

impl Command for UpdateSigningCertificate {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        cx.account.update_credentials(&owner, |credentials| {
            let certificate = find_mut(credentials, &self.certificate_id)?;
            certificate.active = self.status.activates()?;
            Ok(())
        })
    }
}

/// Deletes a signing certificate.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSigningCertificate {
    user_name: Option<ExistingUserName>,
    certificate_id: CertificateId,
}

impl Operation for DeleteSigningCertificate {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    of_user_or_caller!();
}

impl Command for DeleteSigningCertificate {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        cx.account.update_credentials(&owner, |credentials| {
            find_mut(credentials, &self.certificate_id)?;
            credentials.signing_certificates.retain(|certificate| certificate.id != *self.certificate_id);
            Ok(())
        })
    }
}

operations!(
    IAM:
    query ListSigningCertificates;
    command DeleteSigningCertificate, UpdateSigningCertificate, UploadSigningCertificate
);
