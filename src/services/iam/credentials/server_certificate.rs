//! Server certificates.

use serde::{Deserialize, Serialize};

use crate::account::{Quota, Resource, ServerCertificate, name_key};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::keys::{Certificate, PrivateKey as Key};
use crate::shapes::{
    AccountId, CertificateBody, CertificateChain, IdPrefix, Kind, Marker, MaxItems, Path, PathPrefix, PrivateKey,
    ServerCertificateName, Tag, TagSet, Tags, Timestamp,
};

/// A server certificate in an answer, without its text.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerCertificateMetadata {
    path: String,
    server_certificate_name: String,
    server_certificate_id: String,
    arn: String,
    upload_date: Timestamp,
    expiration: Timestamp,
}

impl ServerCertificateMetadata {
    fn of(certificate: &ServerCertificate, account: AccountId) -> Self {
        Self {
            path: certificate.path.to_string(),
            server_certificate_name: certificate.name.clone(),
            server_certificate_id: certificate.id.clone(),
            arn: certificate.arn(account),
            upload_date: certificate.uploaded,
            expiration: certificate.expires,
        }
    }
}

fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::MalformedCertificate, message)
}

/// Adds a server certificate to the account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadServerCertificate {
    path: Option<Path>,
    server_certificate_name: ServerCertificateName,
    certificate_body: CertificateBody,
    private_key: PrivateKey,
    certificate_chain: Option<CertificateChain>,
    tags: Option<Tags>,
}

/// What `UploadServerCertificate` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadServerCertificateResult {
    server_certificate_metadata: ServerCertificateMetadata,
    tags: Option<Vec<Tag>>,
}

impl Operation for UploadServerCertificate {
    type Output = UploadServerCertificateResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::KeyPairMismatch,
        Code::LimitExceeded,
        Code::MalformedCertificate,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::ServerCertificate, self.path.as_deref(), &self.server_certificate_name)
            .tagged(Kind::ServerCertificate, self.tags.as_deref())
    }
}

impl Command for UploadServerCertificate {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<UploadServerCertificateResult> {
        let expires = self.check(cx.now)?;
        let tags = Tags::shape(self.tags.as_ref());
        let certificate = ServerCertificate {
            name: self.server_certificate_name.into(),
            path: self.path.unwrap_or_else(Path::root),
            id: cx.ids.unique(IdPrefix::Asca),
            uploaded: cx.now,
            expires,
            body: self.certificate_body.into(),
            chain: self.certificate_chain.map(Into::into),
            tags: TagSet::from_request(Kind::ServerCertificate, self.tags)?,
        };
        let server_certificate_metadata = ServerCertificateMetadata::of(&certificate, cx.account.id);
        cx.create(certificate, Quota::ServerCertificatesPerAccount)?;
        Ok(UploadServerCertificateResult { server_certificate_metadata, tags })
    }
}

impl UploadServerCertificate {
    /// Checks certificate, key and chain, and returns when the certificate expires. It must be valid at the time of
    /// upload (IAM User Guide, "Manage server certificates in IAM").
    fn check(&self, now: Timestamp) -> Result<Timestamp> {
        let certificate = Certificate::read(&self.certificate_body)
            .ok_or_else(|| malformed("Unable to parse certificate. Please ensure the certificate is in PEM format."))?;
        if now < certificate.not_before() {
            let message =
                "Certificate is not yet valid. The 'Not Before' date restriction on the certificate has not passed.";
            return Err(malformed(message));
        }
        if certificate.not_after() < now {
            let message =
                "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed.";
            return Err(malformed(message));
        }
        let key = Key::read(self.private_key.reveal())
            .ok_or_else(|| malformed("Unable to parse private key. Please ensure the private key is in PEM format."))?;
        if !certificate.is_of(&key) {
            let message = "The private key does not match the public key certificate";
            return Err(Error::new(Code::KeyPairMismatch, message));
        }
        if let Some(chain) = &self.certificate_chain {
            check_chain(&certificate, chain)?;
        }
        Ok(certificate.not_after())
    }
}

/// Each certificate must be signed by the one that follows it. The index in AWS's sentence counts from the chain's
/// first certificate, so that the server's own is -1.
fn check_chain(certificate: &Certificate, chain: &str) -> Result<()> {
    let invalid = |index: i64| {
        malformed(format!(
            "Unable to validate certificate chain. The certificate chain must start with the immediate signing \
             certificate, followed by any intermediaries in order. The index within the chain of the invalid \
             certificate is: {index}"
        ))
    };
    let chain = Certificate::read_all(chain).ok_or_else(|| {
        malformed("Unable to parse certificate chain. Please ensure the certificates are in PEM format.")
    })?;
    let signed = std::iter::once(certificate).chain(&chain);
    match (-1..).zip(signed.zip(&chain)).find(|(_, (one, issuer))| !one.is_signed_by(issuer)) {
        Some((index, _)) => Err(invalid(index)),
        None => Ok(()),
    }
}

/// Shows a server certificate; never its private key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServerCertificate {
    server_certificate_name: ServerCertificateName,
}

/// A server certificate with its text.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerCertificateShape {
    server_certificate_metadata: ServerCertificateMetadata,
    certificate_body: String,
    certificate_chain: Option<String>,
    tags: Vec<Tag>,
}

/// What `GetServerCertificate` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServerCertificateResult {
    server_certificate: ServerCertificateShape,
}

impl Operation for GetServerCertificate {
    type Output = GetServerCertificateResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::ServerCertificate, &self.server_certificate_name)
    }
}

impl Query for GetServerCertificate {
    fn answer(self, cx: &View<'_>) -> Result<GetServerCertificateResult> {
        let certificate = cx.account.find::<ServerCertificate>(&self.server_certificate_name)?;
        let server_certificate = ServerCertificateShape {
            server_certificate_metadata: ServerCertificateMetadata::of(certificate, cx.account.id),
            certificate_body: certificate.body.clone(),
            certificate_chain: certificate.chain.clone(),
            tags: certificate.tags.to_vec(),
        };
        Ok(GetServerCertificateResult { server_certificate })
    }
}

/// Lists the server certificates under a path.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerCertificates {
    path_prefix: Option<PathPrefix>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListServerCertificates {
    type Item = ServerCertificateMetadata;

    const MEMBERS: &'static str = "ServerCertificateMetadataList";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::ServerCertificate, self.path_prefix.as_deref())
    }

    fn members<'a>(
        &'a self,
        cx: &'a View<'_>,
        after: Option<&'a str>,
    ) -> Result<Members<'a, ServerCertificateMetadata>> {
        let certificates = cx.account.under_path::<ServerCertificate>(self.path_prefix.as_deref(), after);
        Ok(Box::new(certificates.map(|(key, one)| (key, ServerCertificateMetadata::of(one, cx.account.id)))))
    }
}

/// Renames or moves a server certificate; its id stays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateServerCertificate {
    server_certificate_name: ServerCertificateName,
    new_path: Option<Path>,
    new_server_certificate_name: Option<ServerCertificateName>,
}

impl Operation for UpdateServerCertificate {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::EntityAlreadyExists, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        let (path, name) = (self.new_path.as_deref(), self.new_server_certificate_name.as_deref());
        Access::existing(Kind::ServerCertificate, &self.server_certificate_name).moved(
            Kind::ServerCertificate,
            &self.server_certificate_name,
            path,
            name,
        )
    }
}

impl Command for UpdateServerCertificate {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut certificate = cx.account.find::<ServerCertificate>(&self.server_certificate_name)?.clone();
        let old_key = name_key(&certificate.name);
        if let Some(path) = self.new_path {
            certificate.path = path;
        }
        if let Some(name) = self.new_server_certificate_name {
            certificate.name = name.into();
        }
        cx.account.replace(&old_key, certificate)
    }
}

/// Deletes a server certificate. Nothing here can be using it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServerCertificate {
    server_certificate_name: ServerCertificateName,
}

impl Operation for DeleteServerCertificate {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::DeleteConflict, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::ServerCertificate, &self.server_certificate_name)
    }
}

impl Command for DeleteServerCertificate {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let key = name_key(&cx.account.find::<ServerCertificate>(&self.server_certificate_name)?.name);
        cx.account.remove::<ServerCertificate>(&key);
        Ok(())
    }
}

operations!(
    IAM:
    query GetServerCertificate, ListServerCertificates;
    command DeleteServerCertificate, UpdateServerCertificate, UploadServerCertificate
);
