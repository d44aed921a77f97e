//! What is signed, and what is read.

use super::*;

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
async fn documents_that_are_dear_to_canonicalize_are_not_read() {
    let world = World::new().await;
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let forged = world.response().replace("ann@example.com", "root@example.com");
    let forged = forged.replace("http://www.w3.org/2001/10/xml-exc-c14n#", inclusive);
    let inflated = |declarations: usize, elements: usize| {
        let declarations: String = (0..declarations).map(|n| format!(" xmlns:n{n}=\"u\"")).collect();
        let elements = "<a/>".repeat(elements);
        let root = forged.replacen("<samlp:Response ", &format!("<samlp:Response{declarations} "), 1);
        root.replacen("</saml:Assertion>", &format!("{elements}</saml:Assertion>"), 1)
    };
    for (declarations, elements) in [(1_500, 9_000), (1_001, 0), (100, 1_100)] {
        world.refused(&inflated(declarations, elements), "Invalid SAMLResponse").await;
    }
    world.refused(&inflated(10, 1_000), UNSIGNED).await;
    // Each value may declare the namespaces of its type.
    let value = "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">v</saml:AttributeValue>";
    let groups = format!("<saml:Attribute Name=\"groups\">{}</saml:Attribute>", value.repeat(500));
    let end = "</saml:AttributeStatement>";
    let good = world.changed(end, &format!("{groups}{end}"));
    world.send("Saml", &good, &[]).await.ok();
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

/// A response whose assertion is encrypted for a key.
fn encrypted(response: &str, pem: &str) -> String {
    encrypted_by(response, pem, "http://www.w3.org/2009/xmlenc11#aes256-gcm", OAEP)
}

const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

/// The same with this cipher and this transport of its key.
fn encrypted_by(response: &str, pem: &str, cipher: &str, transport: &str) -> String {
    const CIPHER: &str = "<xenc:CipherData><xenc:CipherValue></xenc:CipherValue></xenc:CipherData>";
    let assertion = part(response, "<saml:Assertion ", "</saml:Assertion>");
    let template = format!(
        "<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod \
         Algorithm=\"{cipher}\"/><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod \
         Algorithm=\"{transport}\"/>{CIPHER}</xenc:EncryptedKey></ds:KeyInfo>{CIPHER}\
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

#[tokio::test]
async fn ciphertexts_that_are_changed_show_nothing() {
    let world = World::new().await;
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem();
    let update = [("SAMLProviderArn", PROVIDER), ("AddPrivateKey", key.as_str())];
    world.server.root().iam("UpdateSAMLProvider", &update).await.ok();
    let good = world.response();
    let cbc = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
    world.send("Saml", &encrypted_by(&good, &key, cbc, OAEP), &[]).await.ok();
    let vague = "Could not decrypt assertion";
    // Another padding, another text and another assertion look the same.
    let signature = part(&good, "<ds:Signature ", "</ds:Signature>");
    for changed in [
        good.replace("ann@example.com", "root@example.com"),
        good.replace(signature, ""),
        good.replacen(&format!("<saml:Issuer>{ENTITY}"), "<saml:Issuer>https://other.example.com", 2),
    ] {
        world.refused(&encrypted_by(&changed, &key, cbc, OAEP), vague).await;
    }
    let text = encrypted_by(&good, &key, cbc, OAEP);
    let at = text.rfind("</xenc:CipherValue>").unwrap();
    let broken = format!("{}AAAAAAAAAAAAAAAAAAAAAA{}", &text[..at - 24], &text[at - 2..]);
    world.refused(&broken, vague).await;
    // A transport that reveals whether a key has the right padding is not used.
    let pkcs1 = text.replace(OAEP, "http://www.w3.org/2001/04/xmlenc#rsa-1_5");
    world.refused(&pkcs1, "Invalid SAMLResponse").await;
    // One thing is encrypted, in its place, and nothing else is an assertion.
    let data = part(&text, "<xenc:EncryptedData ", "</xenc:EncryptedData>");
    let assertion = part(&good, "<saml:Assertion ", "</saml:Assertion>");
    let encrypted_key = part(&text, "<xenc:EncryptedKey", "</xenc:EncryptedKey>");
    for strange in [
        text.replace("<samlp:Status>", &format!("<samlp:Extensions>{data}</samlp:Extensions><samlp:Status>")),
        text.replace(data, &format!("{data}{data}")),
        text.replace("</samlp:Response>", &format!("{assertion}</samlp:Response>")),
        text.replace(encrypted_key, &encrypted_key.repeat(5)),
        text.replace(encrypted_key, ""),
    ] {
        assert_ne!(strange, text);
        world.refused(&strange, "Invalid SAMLResponse").await;
    }
}
