//! SAML providers as the account keeps them.

use iamd::idp::saml::SamlIssuer;
use iamd::keys::{Algorithm, SigningKey};

use crate::client::Server;

const ARN: &str = "arn:aws:iam::000000000000:saml-provider/Corp";

/// An identity provider with a key of its own.
fn issuer(entity_id: &str) -> SamlIssuer {
    SamlIssuer::new(entity_id, &SigningKey::generate(Algorithm::Rs256).unwrap()).unwrap()
}

fn metadata() -> String {
    issuer("https://idp.example.com/saml").metadata()
}

/// A private key that decrypts, and one that cannot.
fn keys() -> [String; 2] {
    [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256]
        .map(|algorithm| rcgen::KeyPair::generate_for(algorithm).unwrap().serialize_pem())
}

#[tokio::test]
async fn a_provider_is_created_read_listed_updated_and_deleted() {
    let server = Server::start().await;
    let root = server.root();
    let metadata = metadata();
    let made = root.iam("CreateSAMLProvider", &[("Name", "Corp"), ("SAMLMetadataDocument", &metadata)]).await.ok();
    assert_eq!(made.text("SAMLProviderArn"), ARN);
    let read = root.iam("GetSAMLProvider", &[("SAMLProviderArn", ARN)]).await.ok();
    assert_eq!(read.text("SAMLMetadataDocument"), metadata);
    let uuid = read.text("SAMLProviderUUID");
    assert!(uuid.starts_with("SAMLSP") && uuid.len() == 22, "{uuid}");
    let year = |element: &str| read.text(element)[..4].parse::<i32>().unwrap();
    assert_eq!(year("ValidUntil") - year("CreateDate"), 100, "{}", read.body);
    assert_eq!(read.text("AssertionEncryptionMode"), "Allowed");
    assert!(read.has("PrivateKeyList") && read.has("Tags"), "{}", read.body);
    let until = metadata.replace(" entityID=", " validUntil=\"2031-02-03T04:05:06.789Z\" entityID=");
    let updated = root.iam("UpdateSAMLProvider", &[("SAMLProviderArn", ARN), ("SAMLMetadataDocument", &until)]).await;
    assert_eq!(updated.ok().text("SAMLProviderArn"), ARN);
    let listed = root.iam("ListSAMLProviders", &[]).await.ok();
    assert_eq!((listed.text("Arn").as_str(), listed.text("ValidUntil").as_str()), (ARN, "2031-02-03T04:05:06Z"));
    root.iam("CreateSAMLProvider", &[("Name", "CORP"), ("SAMLMetadataDocument", &metadata)]).await.refused(
        409,
        "EntityAlreadyExists",
        "Provider with name CORP already exists.",
    );
    root.iam("DeleteSAMLProvider", &[("SAMLProviderArn", ARN)]).await.ok();
    let missing = format!("Manifest not found for arn {ARN}");
    for action in ["GetSAMLProvider", "DeleteSAMLProvider", "UpdateSAMLProvider"] {
        root.iam(action, &[("SAMLProviderArn", ARN)]).await.refused(404, "NoSuchEntity", &missing);
    }
}

#[tokio::test]
async fn metadata_must_describe_an_identity_provider_with_a_certificate() {
    let root = Server::start().await.root();
    let metadata = metadata();
    let certificate = metadata.split("X509Certificate>").nth(1).unwrap();
    let wrong = [
        metadata.replace("IDPSSODescriptor", "SPSSODescriptor"),
        metadata.replace("EntityDescriptor", "EntitiesDescriptor"),
        metadata.replace("SAML:2.0:metadata", "SAML:1.0:metadata"),
        metadata.replace("use=\"signing\"", "use=\"encryption\""),
        metadata.replace("<ds:X509Certificate>MII", "<ds:X509Certificate>XII"),
        metadata.replace(certificate, "</ds:"),
        metadata.replace("</md:EntityDescriptor>", ""),
        metadata.replace(" entityID=", " validUntil=\"soon\" entityID="),
        metadata.replace("?>", "?><!DOCTYPE x [<!ENTITY e \"boom\">]>"),
        "x".repeat(1000),
    ];
    for (n, wrong) in wrong.iter().enumerate() {
        let long = format!("{wrong}{}", " ".repeat(1000));
        let answer = root.iam("CreateSAMLProvider", &[("Name", "Corp"), ("SAMLMetadataDocument", &long)]).await;
        assert_eq!(answer.text("Message"), "Could not parse metadata", "{n}");
        answer.refused(400, "InvalidInput", "Could not parse metadata");
    }
    let short = root.iam("CreateSAMLProvider", &[("Name", "Corp"), ("SAMLMetadataDocument", "x")]).await;
    short.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'sAMLMetadataDocument' failed to satisfy constraint: Member must have \
         length greater than or equal to 1000",
    );
}

#[tokio::test]
async fn private_keys_come_and_go_and_are_not_shown() {
    let root = Server::start().await.root();
    let (metadata, [key, unfit]) = (metadata(), keys());
    let create = [("Name", "Corp"), ("SAMLMetadataDocument", &metadata), ("AssertionEncryptionMode", "Required")];
    let needed = "Failed to set assertion encryption mode to Required because no private key is present.";
    root.iam("CreateSAMLProvider", &create).await.refused(400, "InvalidInput", needed);
    let with_key = [create.as_slice(), &[("AddPrivateKey", &key)]].concat();
    root.iam("CreateSAMLProvider", &with_key).await.ok();
    let read = root.iam("GetSAMLProvider", &[("SAMLProviderArn", ARN)]).await.ok();
    assert_eq!(read.text("AssertionEncryptionMode"), "Required");
    assert!(!read.body.contains("PRIVATE KEY"));
    let id = read.text("KeyId");
    assert!(id.starts_with("SAMLPK") && id.len() == 22, "{id}");
    let update =
        async |name, value: &str| root.iam("UpdateSAMLProvider", &[("SAMLProviderArn", ARN), (name, value)]).await;
    update("AddPrivateKey", &unfit).await.refused(400, "InvalidInput", "Could not parse private key");
    update("RemovePrivateKey", &id).await.refused(400, "InvalidInput", "Failed to remove private key.");
    root.iam("UpdateSAMLProvider", &[("SAMLProviderArn", ARN)]).await.refused(
        400,
        "ValidationError",
        "Unable to update identity provider. No updates are defined for metadata or encryption assertion.",
    );
    let both = [("SAMLProviderArn", ARN), ("AddPrivateKey", &*key), ("RemovePrivateKey", &*id)];
    root.iam("UpdateSAMLProvider", &both).await.refused(
        400,
        "ValidationError",
        "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters.",
    );
    update("AddPrivateKey", &key).await.ok();
    update("AddPrivateKey", &key).await.refused(409, "LimitExceeded", "Private key limit of 2 is reached.");
    update("RemovePrivateKey", &id).await.ok();
    let left = root.iam("GetSAMLProvider", &[("SAMLProviderArn", ARN)]).await.ok().texts("KeyId");
    assert!(left.len() == 1 && left[0] != id);
}

#[tokio::test]
async fn metadata_that_takes_long_to_read_is_refused() {
    let root = Server::start().await.root();
    let metadata = metadata();
    let with = |inner: &str| {
        metadata.replacen(
            "<md:IDPSSODescriptor",
            &format!("<md:Extensions>{inner}</md:Extensions><md:IDPSSODescriptor"),
            1,
        )
    };
    let create =
        async |text: String| root.iam("CreateSAMLProvider", &[("Name", "Corp"), ("SAMLMetadataDocument", &text)]).await;
    for inner in
        ["<a/>".repeat(20_000), format!("<a {}/>", (0..20_000).map(|n| format!("a{n}='' ")).collect::<String>())]
    {
        create(with(&inner)).await.refused(400, "InvalidInput", "Could not parse metadata");
    }
    create(with(&"<a/>".repeat(10_000))).await.ok();
    let long = [("SAMLProviderArn", ARN), ("SAMLMetadataDocument", &with(&"<a/>".repeat(20_000)))];
    root.iam("UpdateSAMLProvider", &long).await.refused(400, "InvalidInput", "Could not parse metadata");
}
