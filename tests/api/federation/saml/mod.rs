//! `AssumeRoleWithSAML`: real responses of a real provider, and those of its enemies.

mod sessions;
mod signatures;

use data_encoding::BASE64;
use iamd::idp::random_id;
use iamd::idp::saml::{Assertion, RSA_SHA256, SamlIssuer};
use iamd::keys::{Algorithm, SigningKey};
use serde_json::{Value, json};

use crate::client::{Answer, Server};

const PROVIDER: &str = "arn:aws:iam::000000000000:saml-provider/Corp";
const ENTITY: &str = "https://idp.example.com/saml";
const UNSIGNED: &str = "Response signature invalid";
const DENIED: &str = "Not authorized to perform sts:AssumeRoleWithSAML";

/// A provider, and an account that knows it and has a role for it.
struct World {
    server: Server,
    idp: SamlIssuer,
}

/// An identity provider with a key of its own.
fn issuer(entity_id: &str) -> SamlIssuer {
    SamlIssuer::new(entity_id, &SigningKey::generate(Algorithm::Rs256).unwrap()).unwrap()
}

fn arn(role: &str) -> String {
    format!("arn:aws:iam::000000000000:role/{role}")
}

impl World {
    async fn new() -> Self {
        let (server, idp) = (Server::start().await, issuer(ENTITY));
        let provider = [("Name", "Corp"), ("SAMLMetadataDocument", &idp.metadata())];
        server.root().iam("CreateSAMLProvider", &provider).await.ok();
        let world = Self { server, idp };
        world.role("Saml", json!({"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}}), &[]).await;
        world
    }

    async fn role(&self, name: &str, condition: Value, actions: &[&str]) {
        let actions: Vec<&str> = ["sts:AssumeRoleWithSAML"].iter().chain(actions).copied().collect();
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": actions, "Condition": condition,
        }]});
        let role = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
        self.server.root().iam("CreateRole", &role).await.ok();
    }

    /// What a good response says.
    fn assertion(&self) -> Assertion {
        Assertion {
            id: random_id(),
            subject: "ann@example.com".to_owned(),
            roles: vec![(arn("Saml"), PROVIDER.to_owned())],
            session_name: "ann".to_owned(),
            duration: None,
            tags: Vec::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            issued: self.server.state.app.environment.clock.now().into(),
        }
    }

    fn response(&self) -> String {
        self.idp.respond(&self.assertion()).unwrap()
    }

    /// A response that was changed before it was signed.
    fn changed(&self, from: &str, to: &str) -> String {
        let text = self.idp.unsigned(&self.assertion());
        assert!(text.contains(from), "{from}");
        self.idp.sign(&text.replace(from, to)).unwrap()
    }

    async fn send(&self, role: &str, response: &str, more: &[(&str, &str)]) -> Answer {
        self.send_raw(role, &BASE64.encode(response.as_bytes()), more).await
    }

    async fn send_raw(&self, role: &str, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let arn = arn(role);
        let own = [("RoleArn", arn.as_str()), ("PrincipalArn", PROVIDER), ("SAMLAssertion", assertion)];
        self.server.unsigned("AssumeRoleWithSAML", &[&own, more].concat()).await
    }

    async fn refused(&self, response: &str, message: &str) {
        self.send("Saml", response, &[]).await.refused(400, "InvalidIdentityToken", message);
    }
}

/// The part of a text between two marks, the marks included.
fn part<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).unwrap();
    let inside = start + from.len();
    let end = inside + text[inside..].find(to).unwrap() + to.len();
    &text[start..end]
}
