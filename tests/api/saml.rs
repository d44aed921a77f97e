//! `AssumeRoleWithSAML`: real responses of a real provider, and those of its enemies.

use data_encoding::BASE64;
use iamd::federation::{Algorithm, SigningKey};
use iamd::idp::random_id;
use iamd::idp::saml::{Assertion, RSA_SHA256, SamlIssuer};
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
    let end = start + text[start..].find(to).unwrap() + to.len();
    &text[start..end]
}

#[tokio::test]
async fn a_good_response_gives_a_session_of_the_role() {
    let world = World::new().await;
    let response = world.response();
    let made = world.send("Saml", &response, &[]).await.ok();
    assert_eq!(made.text("Subject"), "ann@example.com");
    assert_eq!(made.text("SubjectType"), "persistent");
    assert_eq!(made.text("Issuer"), ENTITY);
    assert_eq!(made.text("Audience"), "https://signin.aws.amazon.com/saml");
    let qualifier = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("{ENTITY}000000000000/Corp").as_bytes(),
    );
    assert_eq!(made.text("NameQualifier"), BASE64.encode(qualifier.as_ref()));
    assert_eq!(made.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Saml/ann");
    let identity = world.server.session(&made).sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(identity.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Saml/ann");
    // AWS takes an assertion again while it is good: people assume several roles with it.
    world.send("Saml", &response, &[]).await.ok();
}

#[tokio::test]
async fn what_the_provider_did_not_sign_is_refused() {
    let world = World::new().await;
    let good = world.response();
    let signature = part(&good, "<ds:Signature ", "</ds:Signature>");
    world.refused(&good.replace(signature, ""), UNSIGNED).await;
    world.refused(&good.replace("ann@example.com", "root@example.com"), UNSIGNED).await;
    world.refused(&good.replace("role/Saml", "role/Root"), UNSIGNED).await;
    let stranger = issuer(ENTITY);
    world.refused(&stranger.respond(&world.assertion()).unwrap(), UNSIGNED).await;
    let value = part(&good, "<ds:SignatureValue>", "</ds:SignatureValue>");
    world.refused(&good.replace(value, "<ds:SignatureValue></ds:SignatureValue>"), UNSIGNED).await;
    world.refused(&good.replace(signature, &format!("{signature}{signature}")), UNSIGNED).await;
}

#[tokio::test]
async fn a_signature_elsewhere_signs_nothing() {
    let world = World::new().await;
    let good = world.response();
    let assertion = part(&good, "<saml:Assertion ", "</saml:Assertion>");
    let signature = part(&good, "<ds:Signature ", "</ds:Signature>");
    let id = part(assertion, "ID=\"", "\" ");
    let evil =
        assertion.replace(signature, "").replace("ann@example.com", "root@example.com").replace(id, "ID=\"_evil\" ");
    let extension = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    let with_signature = evil.replace("<saml:Subject>", &format!("{signature}<saml:Subject>"));
    let wrapped = signature.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{}</ds:Object></ds:Signature>", assertion.replace(signature, "")),
    );
    let attacks = [
        // The forged one beside the good one, before and behind.
        good.replace(assertion, &format!("{evil}{assertion}")),
        good.replace(assertion, &format!("{assertion}{evil}")),
        // The good one hidden, the forged one with its signature.
        good.replace(assertion, &format!("{}{with_signature}", extension(assertion))),
        good.replace(assertion, &format!("{with_signature}{}", extension(assertion))),
        // The good one within the signature of the forged one.
        good.replace(assertion, &evil.replace("<saml:Subject>", &format!("{wrapped}<saml:Subject>"))),
        // The good one within the forged one.
        good.replace(
            assertion,
            &evil.replace("<saml:Subject>", &format!("<saml:Advice>{assertion}</saml:Advice><saml:Subject>")),
        ),
        // The signature at the response, which it does not sign.
        good.replace(signature, "").replace("<samlp:Status>", &format!("{signature}<samlp:Status>")),
        // Two elements of one id.
        good.replace(part(&good, "ID=\"_r", "\" "), id),
    ];
    for (n, attack) in attacks.iter().enumerate() {
        assert_ne!(*attack, good, "{n}");
        let answer = world.send("Saml", attack, &[]).await;
        assert_eq!(answer.text("Code"), "InvalidIdentityToken", "{n}: {}", answer.body);
    }
}

#[tokio::test]
async fn weak_or_strange_signatures_are_refused() {
    let world = World::new().await;
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let refused = [
        (RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        ("http://www.w3.org/2001/04/xmlenc#sha256", sha1),
        (exclusive, "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/>"),
    ];
    for (from, to) in refused {
        let text = world.idp.unsigned(&world.assertion());
        assert!(text.contains(from));
        // Some the library does not even make.
        if let Ok(signed) = world.idp.sign(&text.replace(from, to)) {
            world.refused(&signed, UNSIGNED).await;
        }
    }
    let good = world.response();
    for to in ["http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", ""]
    {
        world.refused(&good.replace(RSA_SHA256, to), UNSIGNED).await;
    }
    // A reference to something outside of the document must not be followed.
    let reference = part(&good, "<ds:Reference URI=\"", "\"").to_owned();
    for to in ["", "file:///etc/passwd", "http://127.0.0.1:1/", "Cargo.toml"] {
        world.refused(&good.replace(&reference, &format!("<ds:Reference URI=\"{to}\"")), UNSIGNED).await;
    }
}

#[tokio::test]
async fn entities_and_deep_documents_are_not_read() {
    let world = World::new().await;
    let good = world.response();
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let outside = "<!DOCTYPE r SYSTEM \"file:///etc/passwd\">";
    for doctype in [bomb, outside, "<!DOCTYPE r>"] {
        world.refused(&format!("{doctype}{good}"), "Invalid SAMLResponse").await;
    }
    let deep = format!("{}{}", "<a>".repeat(2000), "</a>".repeat(2000));
    world.refused(&deep, "Invalid SAMLResponse").await;
    world.refused("hello", "Invalid SAMLResponse").await;
    world.send_raw("Saml", "!!!!", &[]).await.refused(400, "InvalidIdentityToken", "Invalid base64 SAMLResponse");
}

#[tokio::test]
async fn a_comment_splits_no_name() {
    let world = World::new().await;
    let comment = "admin@example.com<!-- -->.evil.com";
    let signed = world.changed("ann@example.com", comment);
    let made = world.send("Saml", &signed, &[]).await.ok();
    assert_eq!(made.text("Subject"), "admin@example.com.evil.com");
    // A comment that is put in afterwards is not signed, and changes nothing.
    let good = world.response().replace("ann@example.com", "ann@<!-- -->example.com");
    assert_eq!(world.send("Saml", &good, &[]).await.ok().text("Subject"), "ann@example.com");
}

#[tokio::test]
async fn the_response_must_be_for_aws_and_from_the_provider() {
    let world = World::new().await;
    let audience = "Response does not contain the required audience";
    let recipient = "Recipient=\"https://signin.aws.amazon.com/saml\"";
    for wrong in [
        "https://evil.example.com/saml",
        "https://signin.aws.amazon.com.evil.com/saml",
        "http://signin.aws.amazon.com/saml",
    ] {
        world.refused(&world.changed(recipient, &format!("Recipient=\"{wrong}\"")), audience).await;
    }
    world.refused(&world.changed(recipient, ""), audience).await;
    world.refused(&world.changed("urn:amazon:webservices", "urn:other"), audience).await;
    let restriction =
        "<saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>";
    world.refused(&world.changed(restriction, ""), audience).await;
    world.refused(&world.changed(":cm:bearer", ":cm:sender-vouches"), audience).await;
    let regional = world.changed(recipient, "Recipient=\"https://eu-west-1.signin.aws.amazon.com/saml\"");
    // A good recipient, but not the one that the trust policy wants.
    world.send("Saml", &regional, &[]).await.refused(403, "AccessDenied", DENIED);
    let other = "Issuer not present in specified provider";
    world
        .refused(&world.changed(&format!("<saml:Issuer>{ENTITY}"), "<saml:Issuer>https://other.example.com"), other)
        .await;
    let arn = arn("Saml");
    let missing = "arn:aws:iam::000000000000:saml-provider/Other";
    let response = BASE64.encode(world.response().as_bytes());
    let call = [("RoleArn", arn.as_str()), ("PrincipalArn", missing), ("SAMLAssertion", response.as_str())];
    let none = "Specified provider doesn't exist";
    world.server.unsigned("AssumeRoleWithSAML", &call).await.refused(400, "InvalidIdentityToken", none);
}

#[tokio::test]
async fn a_response_is_good_for_five_minutes() {
    let world = World::new().await;
    let good = world.response();
    world.server.advance(290);
    world.send("Saml", &good, &[]).await.ok();
    world.server.advance(11);
    let late = "Token must be redeemed within 5 minutes of issuance";
    world.send("Saml", &good, &[]).await.refused(400, "ExpiredTokenException", late);
    let end = world.assertion().issued.plus(300);
    let past = world.assertion().issued.plus(-1);
    let expired = world.changed(&format!("NotOnOrAfter=\"{end}\">\n"), &format!("NotOnOrAfter=\"{past}\">\n"));
    world.send("Saml", &expired, &[]).await.refused(400, "ExpiredTokenException", "Assertion is expired");
    let early = Assertion { issued: world.assertion().issued.plus(400), ..world.assertion() };
    let early = world.idp.respond(&early).unwrap();
    world.refused(&early, "Assertion is not yet valid").await;
}

#[tokio::test]
async fn a_one_time_assertion_is_used_once() {
    let world = World::new().await;
    let once = world.changed("</saml:AudienceRestriction>", "</saml:AudienceRestriction><saml:OneTimeUse/>");
    world.send("Saml", &once, &[]).await.ok();
    world.refused(&once, "Assertion has already been used").await;
}

#[tokio::test]
async fn the_role_must_be_one_that_the_provider_names() {
    let world = World::new().await;
    world.role("Other", json!({}), &[]).await;
    world.send("Other", &world.response(), &[]).await.refused(403, "AccessDenied", DENIED);
    let mut swapped = world.assertion();
    swapped.roles = vec![(PROVIDER.to_owned(), arn("Other")), (arn("Missing"), PROVIDER.to_owned())];
    let response = world.idp.respond(&swapped).unwrap();
    world.send("Other", &response, &[]).await.ok();
    world.send("Missing", &response, &[]).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn the_trust_policy_decides() {
    let world = World::new().await;
    let roles = |name: &str| vec![(arn(name), PROVIDER.to_owned())];
    let as_role = |name: &str| world.idp.respond(&Assertion { roles: roles(name), ..world.assertion() }).unwrap();
    let keys = [
        ("saml:iss", ENTITY),
        ("saml:sub", "ann@example.com"),
        ("saml:sub_type", "persistent"),
        ("saml:doc", "000000000000/Corp"),
        ("sts:RoleSessionName", "ann"),
    ];
    for (n, (key, value)) in keys.into_iter().enumerate() {
        for (m, (value, allowed)) in [(value, true), ("wrong", false)].into_iter().enumerate() {
            let name = format!("R{n}{m}");
            world.role(&name, json!({"StringEquals": {key: value}}), &[]).await;
            let answer = world.send(&name, &as_role(&name), &[]).await;
            assert_eq!(answer.status == 200, allowed, "{key} {value}: {}", answer.body);
        }
    }
    world.role("Edu", json!({"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}}), &[]).await;
    let text = world.idp.unsigned(&Assertion { roles: roles("Edu"), ..world.assertion() });
    let attribute = "<saml:Attribute Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.1\"><saml:AttributeValue>member</saml:AttributeValue><saml:AttributeValue>staff</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
    let staff = world.idp.sign(&text.replace("</saml:AttributeStatement>", attribute)).unwrap();
    world.send("Edu", &staff, &[]).await.ok();
    world.send("Edu", &as_role("Edu"), &[]).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn attributes_make_the_session() {
    let world = World::new().await;
    let full = Assertion {
        duration: Some(1200),
        tags: vec![("Team".to_owned(), "a".to_owned())],
        transitive_tag_keys: vec!["Team".to_owned()],
        source_identity: Some("ann".to_owned()),
        ..world.assertion()
    };
    let response = world.idp.respond(&full).unwrap();
    let tag = "Not authorized to perform sts:TagSession";
    world.send("Saml", &response, &[]).await.refused(403, "AccessDenied", tag);
    world.role("Full", json!({}), &["sts:TagSession", "sts:SetSourceIdentity"]).await;
    let response = world.idp.respond(&Assertion { roles: vec![(arn("Full"), PROVIDER.to_owned())], ..full }).unwrap();
    let made = world.send("Full", &response, &[]).await.ok();
    assert_eq!(made.text("SourceIdentity"), "ann");
    let end = chrono::DateTime::parse_from_rfc3339(&made.text("Expiration")).unwrap().timestamp();
    let life = end - world.server.state.app.environment.clock.now().timestamp();
    assert!((1198..=1200).contains(&life), "{life}");
    let name = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}";
    for wrong in ["a b", "x", ""] {
        let assertion = Assertion { session_name: wrong.to_owned(), ..world.assertion() };
        world.refused(&world.idp.respond(&assertion).unwrap(), name).await;
    }
    let required = "RoleSessionName is required in AuthnResponse";
    world.refused(&world.changed("Attributes/RoleSessionName", "Attributes/Other"), required).await;
    let identity = Assertion { source_identity: Some("aws:ann".to_owned()), ..world.assertion() };
    world
        .refused(
            &world.idp.respond(&identity).unwrap(),
            "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with \"aws:\"",
        )
        .await;
}

/// A response whose assertion is encrypted for a key.
fn encrypted(response: &str, pem: &str) -> String {
    const CIPHER: &str = "<xenc:CipherData><xenc:CipherValue></xenc:CipherValue></xenc:CipherData>";
    let assertion = part(response, "<saml:Assertion ", "</saml:Assertion>");
    let template = format!(
        "<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>{CIPHER}</xenc:EncryptedKey></ds:KeyInfo>{CIPHER}\
         </xenc:EncryptedData></saml:EncryptedAssertion>"
    );
    let mut keys = bergshamra_keys::KeysManager::new();
    keys.add_key(bergshamra_keys::loader::load_pem_auto(pem.as_bytes(), None).unwrap());
    let context = bergshamra_enc::EncContext::new(keys);
    let template = response.replace(assertion, &template);
    bergshamra_enc::encrypt::encrypt(&context, &template, assertion.as_bytes()).unwrap()
}

#[tokio::test]
async fn assertions_are_decrypted_and_still_verified() {
    let world = World::new().await;
    let [key, other] = [(); 2].map(|()| rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem());
    let good = world.response();
    world.refused(&encrypted(&good, &key), "Could not decrypt assertion").await;
    let update = async |name, value: &str| {
        world.server.root().iam("UpdateSAMLProvider", &[("SAMLProviderArn", PROVIDER), (name, value)]).await.ok();
    };
    update("AddPrivateKey", &other).await;
    update("AddPrivateKey", &key).await;
    world.send("Saml", &encrypted(&good, &key), &[]).await.ok();
    world.send("Saml", &good, &[]).await.ok();
    let forged = encrypted(&good.replace("ann@example.com", "root@example.com"), &key);
    world.refused(&forged, UNSIGNED).await;
    let signature = part(&good, "<ds:Signature ", "</ds:Signature>");
    world.refused(&encrypted(&good.replace(signature, ""), &key), UNSIGNED).await;
    update("AssertionEncryptionMode", "Required").await;
    world.refused(&good, "Assertion must be encrypted").await;
    world.send("Saml", &encrypted(&good, &key), &[]).await.ok();
}
