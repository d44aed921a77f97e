//! A SAML identity provider: its metadata, and the responses that it makes.

use std::fmt::Write;

use bergshamra_dsig::{DsigContext, sign};
use bergshamra_keys::{KeysManager, loader};
use data_encoding::BASE64;
use quick_xml::escape::escape;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};

use super::Failure;
use crate::keys::SigningKey;
use crate::shapes::Timestamp;

/// Where AWS takes responses.
pub const RECIPIENT: &str = "https://signin.aws.amazon.com/saml";
/// Whom responses for AWS are for.
pub const AUDIENCE: &str = "urn:amazon:webservices";
/// The signature that responses have: RSA with SHA-256.
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// An identity provider with a key of its own.
pub struct SamlIssuer {
    entity_id: String,
    certificate: String,
    private_key: String,
}

/// What a response says.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The response's and the assertion's own id.
    pub id: String,
    /// Who signed in.
    pub subject: String,
    /// Roles, each with its provider.
    pub roles: Vec<(String, String)>,
    /// The name of the session.
    pub session_name: String,
    /// The life of the session in seconds.
    pub duration: Option<u32>,
    /// Session tags.
    pub tags: Vec<(String, String)>,
    /// The keys of those that the next roles inherit.
    pub transitive_tag_keys: Vec<String>,
    /// The person behind the session.
    pub source_identity: Option<String>,
    /// When the response is made; it is good for five minutes.
    pub issued: Timestamp,
}

impl SamlIssuer {
    /// A provider with this key, which is RSA, and a new certificate for it.
    ///
    /// # Errors
    /// When the key is none that can be used.
    pub fn new(entity_id: &str, key: &SigningKey) -> Result<Self, Failure> {
        let der = key.to_pkcs8()?;
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_RSA_SHA256)?;
        let mut certificate = CertificateParams::default();
        certificate.distinguished_name.push(DnType::CommonName, entity_id);
        let certificate = BASE64.encode(certificate.self_signed(&key)?.der());
        Ok(Self { entity_id: entity_id.to_owned(), certificate, private_key: key.serialize_pem() })
    }

    /// What the provider publishes about itself.
    pub fn metadata(&self) -> String {
        let (id, certificate) = (escape(&self.entity_id), &self.certificate);
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{id}">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data>
          <ds:X509Certificate>{certificate}</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{id}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"#
        )
    }

    /// A response whose assertion is signed.
    ///
    /// # Errors
    /// Never with the keys made here.
    pub fn respond(&self, assertion: &Assertion) -> Result<String, Failure> {
        self.sign(&self.unsigned(assertion))
    }

    /// Fills in the signature of a response.
    ///
    /// # Errors
    /// When the response has no place for one.
    pub fn sign(&self, response: &str) -> Result<String, Failure> {
        let mut keys = KeysManager::new();
        keys.add_key(loader::load_pem_auto(self.private_key.as_bytes(), None)?);
        Ok(sign::sign(&DsigContext::new(keys), response)?)
    }

    /// A response with a place for the signature of its assertion.
    pub fn unsigned(&self, assertion: &Assertion) -> String {
        let id = &assertion.id;
        let issuer = escape(&self.entity_id);
        let (issued, end) = (assertion.issued, assertion.issued.plus(300));
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
    xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{id}" Version="2.0" IssueInstant="{issued}"
    Destination="{RECIPIENT}">
  <saml:Issuer>{issuer}</saml:Issuer>
  <samlp:Status>
    <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>
  </samlp:Status>
  <saml:Assertion ID="_{id}" Version="2.0" IssueInstant="{issued}">
    <saml:Issuer>{issuer}</saml:Issuer>
    {signature}
    <saml:Subject>
      <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID>
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
        <saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{RECIPIENT}"/>
      </saml:SubjectConfirmation>
    </saml:Subject>
    <saml:Conditions NotBefore="{issued}" NotOnOrAfter="{end}">
      <saml:AudienceRestriction><saml:Audience>{AUDIENCE}</saml:Audience></saml:AudienceRestriction>
    </saml:Conditions>
    <saml:AuthnStatement AuthnInstant="{issued}">
      <saml:AuthnContext>
        <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
      </saml:AuthnContext>
    </saml:AuthnStatement>
    <saml:AttributeStatement>{attributes}</saml:AttributeStatement>
  </saml:Assertion>
</samlp:Response>
"#,
            signature = signature(id),
            subject = escape(&assertion.subject),
            attributes = attributes(assertion),
        )
    }
}

/// A signature to be filled in.
fn signature(id: &str) -> String {
    format!(
        r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
      <ds:SignedInfo>
        <ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
        <ds:SignatureMethod Algorithm="{RSA_SHA256}"/>
        <ds:Reference URI="#_{id}">
          <ds:Transforms>
            <ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
            <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
          </ds:Transforms>
          <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
          <ds:DigestValue></ds:DigestValue>
        </ds:Reference>
      </ds:SignedInfo>
      <ds:SignatureValue></ds:SignatureValue>
    </ds:Signature>"##
    )
}

fn attributes(assertion: &Assertion) -> String {
    let mut text = String::new();
    let mut attribute = |name: &str, values: &[String]| {
        let _ = write!(text, r#"<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{}">"#, escape(name));
        for value in values {
            let _ = write!(text, "<saml:AttributeValue>{}</saml:AttributeValue>", escape(value));
        }
        text.push_str("</saml:Attribute>");
    };
    let roles: Vec<String> = assertion.roles.iter().map(|(role, provider)| format!("{role},{provider}")).collect();
    attribute("Role", &roles);
    attribute("RoleSessionName", std::slice::from_ref(&assertion.session_name));
    if let Some(duration) = assertion.duration {
        attribute("SessionDuration", &[duration.to_string()]);
    }
    for (key, value) in &assertion.tags {
        attribute(&format!("PrincipalTag:{key}"), std::slice::from_ref(value));
    }
    if !assertion.transitive_tag_keys.is_empty() {
        attribute("TransitiveTagKeys", &assertion.transitive_tag_keys);
    }
    if let Some(identity) = &assertion.source_identity {
        attribute("SourceIdentity", std::slice::from_ref(identity));
    }
    text
}
