//! Server certificates.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::client::{Answer, Client, Server};

const CHAIN: &str = "Unable to validate certificate chain. The certificate chain must start with the immediate signing \
                     certificate, followed by any intermediaries in order. The index within the chain of the invalid \
                     certificate is: ";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str, issuer: Option<&Issuer<'_, KeyPair>>) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    match issuer {
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer).unwrap(),
        None => CertifiedIssuer::self_signed(params, key).unwrap(),
    }
}

/// A certificate and its key, as PEM.
struct Leaf {
    body: String,
    key: String,
}

fn leaf(issuer: &Issuer<'_, KeyPair>) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    Leaf { body: params.signed_by(&key, issuer).unwrap().pem(), key: key.serialize_pem() }
}

async fn upload(client: &Client, name: &str, leaf: &Leaf, chain: Option<&str>) -> Answer {
    let mut parameters =
        vec![("ServerCertificateName", name), ("CertificateBody", &*leaf.body), ("PrivateKey", &*leaf.key)];
    parameters.extend(chain.map(|chain| ("CertificateChain", chain)));
    client.iam("UploadServerCertificate", &parameters).await
}

#[tokio::test]
async fn a_certificate_is_uploaded_read_renamed_and_deleted() {
    let root = Server::start().await.root();
    let top = authority("top", None);
    let middle = authority("middle", Some(&top));
    let leaf = leaf(&middle);
    let chain = middle.pem() + &top.pem();
    let made = upload(&root, "Web", &leaf, Some(&chain)).await.ok();
    let id = made.text("ServerCertificateId");
    assert!(id.starts_with("ASCA") && id.len() == 21, "{id}");
    assert_eq!(made.text("Arn"), "arn:aws:iam::000000000000:server-certificate/Web");
    assert_eq!(made.text("Expiration"), "4096-01-01T00:00:00Z");
    upload(&root, "WEB", &leaf, None).await.refused(
        409,
        "EntityAlreadyExists",
        "The Server Certificate with name WEB already exists.",
    );

    let rename =
        [("ServerCertificateName", "web"), ("NewServerCertificateName", "Site"), ("NewPath", "/cloudfront/x/")];
    root.iam("UpdateServerCertificate", &rename).await.ok();
    let read = root.iam("GetServerCertificate", &[("ServerCertificateName", "site")]).await.ok();
    assert_eq!(read.text("Arn"), "arn:aws:iam::000000000000:server-certificate/cloudfront/x/Site");
    assert_eq!(read.text("ServerCertificateId"), id);
    assert_eq!((read.text("CertificateBody"), read.text("CertificateChain")), (leaf.body.clone(), chain));
    assert!(!read.body.contains("PRIVATE KEY"));

    let delete = [("ServerCertificateName", "Site")];
    root.iam("DeleteServerCertificate", &delete).await.ok();
    let missing = "The Server Certificate with name Site cannot be found.";
    root.iam("DeleteServerCertificate", &delete).await.refused(404, "NoSuchEntity", missing);
    root.iam("GetServerCertificate", &delete).await.refused(404, "NoSuchEntity", missing);
    root.iam("UpdateServerCertificate", &delete).await.refused(404, "NoSuchEntity", missing);
}

#[tokio::test]
async fn certificate_key_and_chain_must_fit() {
    let root = Server::start().await.root();
    let (top, other) = (authority("top", None), authority("other", None));
    let middle = authority("middle", Some(&top));
    let good = leaf(&middle);
    let malformed = async |leaf: &Leaf, chain: Option<&str>, message: &str| {
        upload(&root, "Web", leaf, chain).await.refused(400, "MalformedCertificate", message);
    };
    let unreadable = Leaf { body: "nonsense".into(), key: good.key.clone() };
    let message = "Unable to parse certificate. Please ensure the certificate is in PEM format.";
    malformed(&unreadable, None, message).await;
    let unreadable = Leaf { body: good.body.clone(), key: "nonsense".into() };
    let message = "Unable to parse private key. Please ensure the private key is in PEM format.";
    malformed(&unreadable, None, message).await;
    let message = "Unable to parse certificate chain. Please ensure the certificates are in PEM format.";
    malformed(&good, Some("nonsense"), message).await;
    malformed(&good, Some(&other.pem()), &format!("{CHAIN}-1")).await;
    malformed(&good, Some(&top.pem()), &format!("{CHAIN}-1")).await;
    malformed(&good, Some(&(middle.pem() + &other.pem())), &format!("{CHAIN}0")).await;
    let mismatch = Leaf { body: good.body.clone(), key: leaf(&middle).key };
    upload(&root, "Web", &mismatch, None).await.refused(
        400,
        "KeyPairMismatch",
        "The private key does not match the public key certificate",
    );

    let dated = |from, to| {
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().unwrap();
        Leaf { body: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    };
    let message = "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed.";
    malformed(&dated(2001, 2002), None, message).await;
    let message = "Certificate is not yet valid. The 'Not Before' date restriction on the certificate has not passed.";
    malformed(&dated(3001, 3002), None, message).await;
}

#[tokio::test]
async fn certificates_are_listed_by_path_and_limited() {
    let root = Server::start().await.root();
    let top = authority("top", None);
    let leaf = leaf(&top);
    for number in 1..=20 {
        upload(&root, &format!("c{number:02}"), &leaf, None).await.ok();
    }
    let quota = "Cannot exceed quota for ServerCertificatesPerAccount: 20";
    upload(&root, "c21", &leaf, None).await.refused(409, "LimitExceeded", quota);
    root.iam("UpdateServerCertificate", &[("ServerCertificateName", "c07"), ("NewPath", "/a/")]).await.ok();
    let listed = root.iam("ListServerCertificates", &[("PathPrefix", "/a")]).await.ok();
    assert_eq!(listed.texts("ServerCertificateName"), ["c07"]);
    let first = root.iam("ListServerCertificates", &[("MaxItems", "15")]).await.ok();
    let rest = root.iam("ListServerCertificates", &[("Marker", &first.text("Marker"))]).await.ok();
    assert_eq!(rest.texts("ServerCertificateName").last().unwrap(), "c20");
    assert_eq!(rest.texts("ServerCertificateName").len(), 5);
    let taken = [("ServerCertificateName", "c01"), ("NewServerCertificateName", "C02")];
    root.iam("UpdateServerCertificate", &taken).await.refused(
        409,
        "EntityAlreadyExists",
        "The Server Certificate with name C02 already exists.",
    );
}

#[tokio::test]
async fn tags_and_permissions() {
    let server = Server::start().await;
    let root = server.root();
    let top = authority("top", None);
    let leaf = leaf(&top);
    let tagged = [
        ("ServerCertificateName", "Web"),
        ("CertificateBody", &*leaf.body),
        ("PrivateKey", &*leaf.key),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
    ];
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let bob = server.user("Bob").await;
    bob.iam("UploadServerCertificate", &tagged).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: iam:UploadServerCertificate on \
         resource: arn:aws:iam::000000000000:server-certificate/Web because no identity-based policy allows the \
         iam:UploadServerCertificate action",
    );
    let allow = async |action: &str, condition: &str| {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{action},
                "Resource":"arn:aws:iam::*:server-certificate/Web"{condition}}}}}"#
        );
        let grant = [("UserName", "Bob"), ("PolicyName", "own"), ("PolicyDocument", policy.as_str())];
        root.iam("PutUserPolicy", &grant).await.ok();
    };
    allow(r#""iam:UploadServerCertificate""#, "").await;
    bob.iam("UploadServerCertificate", &tagged).await.denied();
    allow(r#"["iam:UploadServerCertificate","iam:TagServerCertificate"]"#, "").await;
    assert_eq!(bob.iam("UploadServerCertificate", &tagged).await.ok().text("Key"), "k");

    let name = ("ServerCertificateName", "Web");
    allow(r#""iam:GetServerCertificate""#, r#","Condition":{"StringEquals":{"aws:ResourceTag/k":"w"}}"#).await;
    bob.iam("GetServerCertificate", &[name]).await.denied();
    let change = [name, ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "w")];
    root.iam("TagServerCertificate", &change).await.ok();
    assert_eq!(bob.iam("GetServerCertificate", &[name]).await.ok().text("Value"), "w");
    root.iam("UntagServerCertificate", &[name, ("TagKeys.member.1", "k")]).await.ok();
    assert!(root.iam("ListServerCertificateTags", &[name]).await.ok().texts("Key").is_empty());
    for (action, list, words) in [("Tag", "Tags", "tag map"), ("Untag", "TagKeys", "tag keys")] {
        let nothing = root.iam(&format!("{action}ServerCertificate"), &[name, (list, "")]).await;
        nothing.refused(400, "InvalidInput", &format!("The provided {words} must not be null/empty."));
    }
}
