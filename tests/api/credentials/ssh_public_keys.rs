//! SSH public keys.

use rcgen::{KeyPair, RsaKeySize};

use crate::client::Server;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti bob@example.com";
const FINGERPRINT: &str = "ae:6f:ba:1b:70:2c:ae:c7:5c:ab:6e:4d:5e:d4:c7:23";

#[tokio::test]
async fn a_key_is_uploaded_read_switched_off_and_deleted() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let upload = [("UserName", "bob"), ("SSHPublicKeyBody", ED25519)];
    let made = root.iam("UploadSSHPublicKey", &upload).await.ok();
    let id = made.text("SSHPublicKeyId");
    assert!(id.starts_with("APKA") && id.len() == 20, "{id}");
    let shown = ["UserName", "Fingerprint", "SSHPublicKeyBody", "Status"].map(|name| made.text(name));
    assert_eq!(shown, ["Bob", FINGERPRINT, ED25519, "Active"]);

    let one = [("UserName", "Bob"), ("SSHPublicKeyId", id.as_str())];
    let with = |name, value| [one[0], one[1], (name, value)];
    let ssh = root.iam("GetSSHPublicKey", &with("Encoding", "SSH")).await.ok();
    assert_eq!(format!("{} bob@example.com", ssh.text("SSHPublicKeyBody")), ED25519, "without its comment");
    let pem = root.iam("GetSSHPublicKey", &with("Encoding", "PEM")).await.ok();
    let body = pem.text("SSHPublicKeyBody");
    assert!(body.starts_with("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"), "{body}");

    root.iam("UpdateSSHPublicKey", &with("Status", "Inactive")).await.ok();
    let listed = root.iam("ListSSHPublicKeys", &[("UserName", "Bob")]).await.ok();
    assert_eq!((listed.text("SSHPublicKeyId"), listed.text("Status")), (id.clone(), "Inactive".into()));
    assert!(!listed.has("SSHPublicKeyBody"));
    let expired = root.iam("UpdateSSHPublicKey", &with("Status", "Expired")).await;
    expired.refused(400, "InvalidInput", "Operation does not support status Expired");
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.refused(
        409,
        "DeleteConflict",
        "Cannot delete entity, must remove referenced objects first.",
    );
    root.iam("DeleteSSHPublicKey", &one).await.ok();
    let missing = format!("The Public Key with id {id} cannot be found.");
    root.iam("DeleteSSHPublicKey", &one).await.refused(404, "NoSuchEntity", &missing);
    root.iam("GetSSHPublicKey", &with("Encoding", "SSH")).await.refused(404, "NoSuchEntity", &missing);
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn rsa_keys_come_as_pem_too() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let pem = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap().public_key_pem();
    let made = root.iam("UploadSSHPublicKey", &[("UserName", "Bob"), ("SSHPublicKeyBody", &pem)]).await.ok();
    let read = async |encoding| {
        let parameters =
            [("UserName", "Bob"), ("SSHPublicKeyId", &*made.text("SSHPublicKeyId")), ("Encoding", encoding)];
        root.iam("GetSSHPublicKey", &parameters).await.ok().text("SSHPublicKeyBody")
    };
    let ssh = read("SSH").await;
    assert!(ssh.starts_with("ssh-rsa AAAAB3NzaC1yc2E"), "{ssh}");
    assert_eq!(read("PEM").await, pem.replace("\r\n", "\n"));
    let again = root.iam("UploadSSHPublicKey", &[("UserName", "Bob"), ("SSHPublicKeyBody", &ssh)]).await;
    again.refused(400, "DuplicateSSHPublicKey", "Duplicate SSH public key uploaded.");
}

#[tokio::test]
async fn wrong_keys_are_refused_and_only_so_many_kept() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let upload =
        async |body: &str| root.iam("UploadSSHPublicKey", &[("UserName", "Bob"), ("SSHPublicKeyBody", body)]).await;
    let unrecognized = "Invalid public key uploaded.";
    for text in ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
        upload(text).await.refused(400, "UnrecognizedPublicKeyEncoding", unrecognized);
    }
    let invalid = "Invalid body for public key";
    upload("ssh-rsa AAAA").await.refused(400, "InvalidPublicKey", invalid);
    upload(&KeyPair::generate().unwrap().public_key_pem()).await.refused(400, "InvalidPublicKey", invalid);
    let key = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().public_key_pem();
    for _ in 1..=5 {
        upload(&key()).await.ok();
    }
    upload(&key()).await.refused(409, "LimitExceeded", "Cannot exceed quota for SSHPublicKeysPerUser: 5");
    let first = root.iam("ListSSHPublicKeys", &[("UserName", "Bob"), ("MaxItems", "3")]).await.ok();
    let rest = [("UserName", "Bob"), ("Marker", &*first.text("Marker"))];
    let rest = root.iam("ListSSHPublicKeys", &rest).await.ok();
    assert_eq!((first.texts("Status").len(), rest.texts("Status").len()), (3, 2));
}

#[tokio::test]
async fn permission_is_on_the_user() {
    let server = Server::start().await;
    let root = server.root();
    for user in ["Bob", "Eve"] {
        root.iam("CreateUser", &[("UserName", user)]).await.ok();
    }
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*SSHPublicKey*",
        "Resource":"arn:aws:iam::*:user/Bob"}}"#;
    let grant = [("UserName", "Bob"), ("PolicyName", "own"), ("PolicyDocument", policy)];
    root.iam("PutUserPolicy", &grant).await.ok();
    let bob = server.user("Bob").await;
    bob.iam("UploadSSHPublicKey", &[("UserName", "Bob"), ("SSHPublicKeyBody", ED25519)]).await.ok();
    assert_eq!(bob.iam("ListSSHPublicKeys", &[]).await.ok().texts("UserName"), ["Bob"]);
    bob.iam("UploadSSHPublicKey", &[("UserName", "Eve"), ("SSHPublicKeyBody", ED25519)]).await.denied();
    root.iam("ListSSHPublicKeys", &[]).await.refused(
        400,
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    );
}
