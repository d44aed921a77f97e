//! Signing certificates.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::client::Server;

/// A new self-signed certificate, as PEM.
fn certificate() -> String {
    signed(CertificateParams::new(["a.example".to_owned()]).unwrap())
}

fn signed(params: CertificateParams) -> String {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

#[tokio::test]
async fn a_certificate_is_uploaded_listed_switched_off_and_deleted() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let body = certificate();
    let upload = [("UserName", "bob"), ("CertificateBody", body.as_str())];
    let made = root.iam("UploadSigningCertificate", &upload).await.ok();
    let id = made.text("CertificateId");
    assert_eq!((made.text("UserName"), made.text("Status"), id.len()), ("Bob".into(), "Active".into(), 32));
    assert_eq!(made.text("CertificateBody"), body);

    let one = [("UserName", "Bob"), ("CertificateId", id.as_str())];
    let status = |status| [one[0], one[1], ("Status", status)];
    root.iam("UpdateSigningCertificate", &status("Inactive")).await.ok();
    let listed = root.iam("ListSigningCertificates", &[("UserName", "Bob")]).await.ok();
    assert_eq!((listed.text("Status"), listed.text("CertificateBody")), ("Inactive".into(), body.clone()));
    let expired = root.iam("UpdateSigningCertificate", &status("Expired")).await;
    expired.refused(400, "InvalidInput", "Operation does not support status Expired");
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.refused(
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete signing certificates first.",
    );
    root.iam("DeleteSigningCertificate", &one).await.ok();
    let missing = format!("The Certificate with id {id} cannot be found.");
    root.iam("DeleteSigningCertificate", &one).await.refused(404, "NoSuchEntity", &missing);
    root.iam("UpdateSigningCertificate", &status("Active")).await.refused(404, "NoSuchEntity", &missing);
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn certificates_must_be_readable_valid_and_new() {
    let root = Server::start().await.root();
    for user in ["Bob", "Eve"] {
        root.iam("CreateUser", &[("UserName", user)]).await.ok();
    }
    let upload = async |user: &str, body: &str| {
        root.iam("UploadSigningCertificate", &[("UserName", user), ("CertificateBody", body)]).await
    };
    let two = certificate() + &certificate();
    for body in ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &two] {
        let malformed = format!("Certificate {body} is malformed.");
        upload("Bob", body).await.refused(400, "MalformedCertificate", &malformed);
    }
    let mut old = CertificateParams::default();
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let old = signed(old);
    upload("Bob", &old).await.refused(400, "MalformedCertificate", &format!("Certificate {old} is malformed."));
    let mut new = CertificateParams::default();
    (new.not_before, new.not_after) = (date_time_ymd(2901, 1, 1), date_time_ymd(2902, 1, 1));
    let period = "2901-01-01T00:00:00Z to 2902-01-01T00:00:00Z";
    let early = format!("The certificate is not valid now. It is valid from {period}.");
    upload("Bob", &signed(new)).await.refused(400, "InvalidCertificate", &early);

    let body = certificate();
    upload("Bob", &body).await.ok();
    let duplicate = "Duplicate certificate uploaded.";
    for user in ["Bob", "Eve"] {
        upload(user, &body).await.refused(409, "DuplicateCertificate", duplicate);
    }
    upload("Bob", &certificate()).await.ok();
    let quota = "Cannot exceed quota for CertificatesPerUser: 2";
    upload("Bob", &certificate()).await.refused(409, "LimitExceeded", quota);
    let first = root.iam("ListSigningCertificates", &[("UserName", "Bob"), ("MaxItems", "1")]).await.ok();
    let next = [("UserName", "Bob"), ("Marker", &*first.text("Marker"))];
    let next = root.iam("ListSigningCertificates", &next).await.ok();
    assert_ne!(first.text("CertificateId"), next.text("CertificateId"));
    assert_eq!(next.text("IsTruncated"), "false");
}

#[tokio::test]
async fn without_a_name_they_are_the_callers() {
    let server = Server::start().await;
    let root = server.root();
    let made = root.iam("UploadSigningCertificate", &[("CertificateBody", &certificate())]).await.ok();
    assert!(!made.has("UserName"));
    assert_eq!(root.iam("ListSigningCertificates", &[]).await.ok().texts("CertificateId").len(), 1);
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let bob = server.user("Bob").await;
    bob.iam("ListSigningCertificates", &[]).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: iam:ListSigningCertificates on \
         resource: user nullBob because no identity-based policy allows the iam:ListSigningCertificates action",
    );
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
        "Action":["iam:UploadSigningCertificate","iam:ListSigningCertificates"],
        "Resource":"arn:aws:iam::*:user/Bob"}}"#;
    let grant = [("UserName", "Bob"), ("PolicyName", "own"), ("PolicyDocument", policy)];
    root.iam("PutUserPolicy", &grant).await.ok();
    let made = bob.iam("UploadSigningCertificate", &[("CertificateBody", &certificate())]).await.ok();
    assert_eq!(made.text("UserName"), "Bob");
    let listed = bob.iam("ListSigningCertificates", &[]).await.ok();
    assert_eq!(listed.texts("CertificateId"), [made.text("CertificateId")]);
    bob.iam("DeleteSigningCertificate", &[("CertificateId", &made.text("CertificateId"))]).await.denied();
}
