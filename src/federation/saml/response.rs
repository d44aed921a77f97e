//! Responses: who is vouched for, by whom, for how long (IAM User Guide, "Configure SAML assertions for the
//! authentication response").

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use bergshamra_keys::Key;
use data_encoding::BASE64;
use uppsala::Document;

use super::attributes::{Attributes, attribute};
use super::decrypt::{Encryption, decrypt};
use super::metadata::{Signer, key_hash};
use super::signature::signed;
use super::xml::{self, ASSERTION, Element, PROTOCOL};
use crate::account::{Resource, SamlProvider};
use crate::error::{Error, Result};
use crate::federation::propagation::propagate;
use crate::federation::vouched::{Vouched, expired, invalid};
use crate::shapes::{AccountId, AssertionEncryptionMode, Timestamp};

/// How long after it was made a response is good, and how far clocks may be apart, in seconds.
pub(super) const REDEEM_WINDOW: i64 = 300;
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The host of the global sign-in endpoint.
const SIGN_IN: &str = "signin.aws.amazon.com";
const NAME_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// Someone whom a SAML provider vouches for.
#[derive(Debug)]
pub struct SamlIdentity {
    /// What the provider says.
    pub vouched: Vouched,
    /// The assertion's id.
    pub id: String,
    /// The name in the assertion's subject.
    pub subject: String,
    /// The name's format: `persistent`, `transient`, or a URI.
    pub subject_type: String,
    /// The assertion's issuer.
    pub issuer: String,
    /// Where the response was sent to: what AWS calls the audience.
    pub recipient: String,
    /// Issuer, account and provider as one value, for telling apart equal names of different providers.
    pub name_qualifier: String,
    /// The roles that may be assumed, each with the provider that says so.
    pub roles: Vec<(String, String)>,
    /// The name of the session.
    pub session_name: String,
    /// The longest life of the session in seconds, if it is limited.
    pub longest: Option<i64>,
    /// Whether the assertion may be used once only.
    pub one_time: bool,
    /// Whether it came encrypted.
    pub encrypted: bool,
}

/// Verifies a response, in base64, of a provider. Its form comes first: anything but a response costs nothing more.
///
/// # Errors
/// `InvalidIdentityToken` and `ExpiredTokenException` in AWS's words.
pub fn verify(provider: &SamlProvider, account: AccountId, response: &str, now: Timestamp) -> Result<SamlIdentity> {
    let compact: String = response.split_ascii_whitespace().collect();
    let bytes = BASE64.decode(compact.as_bytes()).map_err(|_| invalid("Invalid base64 SAMLResponse"))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
    let document = read(&text)?;
    let response = root(&document)?;
    let endpoint = Endpoint { uuid: &provider.uuid };
    check_form(response, endpoint)?;
    let signer = Signer::of(provider).ok_or_else(|| invalid("Specified provider doesn't exist"))?;
    let reader = Reader { provider, account, signer: &signer, endpoint, now };
    if response.child(ASSERTION, "EncryptedAssertion").is_some() {
        return reader.read_encrypted(&text, &document, response);
    }
    if provider.encryption == Some(AssertionEncryptionMode::Required) {
        return Err(invalid("Assertion must be encrypted"));
    }
    let assertion = only_assertion(&document, response)?;
    let signable = [response, assertion];
    reader.check_origin(assertion, || reader.is_signed(&document, &signable))?;
    reader.propagated(reader.read(assertion)?, assertion, reader.key_hash(&document, &signable))
}

fn read(text: &str) -> Result<Document<'_>> {
    xml::read(text).filter(xml::is_cheap_to_canonicalize).ok_or_else(unreadable)
}

fn root<'d, 't>(document: &'d Document<'t>) -> Result<Element<'d, 't>> {
    Element::root(document, PROTOCOL, "Response").ok_or_else(unreadable)
}

/// A response must report success, and be for AWS's sign-in endpoint if it says where it is to be sent. AWS's words for
/// a status are not known.
fn check_form(response: Element<'_, '_>, endpoint: Endpoint<'_>) -> Result<()> {
    let code = response.only_child(PROTOCOL, "Status").and_then(|status| status.only_child(PROTOCOL, "StatusCode"));
    if code.and_then(|code| code.attribute("Value")) != Some(SUCCESS) {
        return Err(invalid("Response status is not Success"));
    }
    match response.attribute("Destination") {
        Some(destination) if !destination.is_empty() && !endpoint.is(destination) => Err(wrong_audience()),
        _ => Ok(()),
    }
}

/// The assertion in its place, if there is no other one anywhere: with two, one could be signed and the other read.
fn only_assertion<'d, 't>(document: &'d Document<'t>, parent: Element<'d, 't>) -> Result<Element<'d, 't>> {
    let everywhere = document.get_elements_by_tag_name_ns(ASSERTION, "Assertion").len();
    parent.only_child(ASSERTION, "Assertion").filter(|_| everywhere == 1).ok_or_else(unsigned)
}

/// AWS's sign-in endpoint: the global one or a region's, and the provider's own under it.
#[derive(Clone, Copy)]
struct Endpoint<'r> {
    /// The provider's part of its own URL.
    uuid: &'r str,
}

impl Endpoint<'_> {
    fn is(self, url: &str) -> bool {
        let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
            return false;
        };
        // Nothing before the name but a region and its dot: `evil-signin.aws.amazon.com` is another host.
        let is_region = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let is_host = host
            .strip_suffix(SIGN_IN)
            .is_some_and(|before| before.is_empty() || before.strip_suffix('.').is_some_and(is_region));
        let own = path.strip_prefix("saml/acs/").is_some_and(|uuid| uuid == self.uuid);
        is_host && (path == "saml" || own)
    }
}

/// What an assertion is judged by.
struct Reader<'r> {
    provider: &'r SamlProvider,
    account: AccountId,
    signer: &'r Signer,
    endpoint: Endpoint<'r>,
    now: Timestamp,
}

impl Reader<'_> {
    fn is_signed(&self, document: &Document<'_>, signable: &[Element<'_, '_>]) -> bool {
        let covered = signed(document, signable, &self.signer.keys);
        covered.is_some_and(|covered| !covered.is_empty())
    }

    /// The hash of the key that signed.
    fn key_hash(&self, document: &Document<'_>, signable: &[Element<'_, '_>]) -> Option<String> {
        let signs = |key: &&Key| {
            signed(document, signable, std::slice::from_ref(*key)).is_some_and(|covered| !covered.is_empty())
        };
        self.provider.propagation.context_provider.as_ref()?;
        match self.signer.keys.as_slice() {
            [only] => key_hash(only),
            several => several.iter().find(signs).and_then(key_hash),
        }
    }

    /// Adds the condition keys of trusted identity propagation.
    fn propagated(
        &self,
        mut identity: SamlIdentity,
        assertion: Element<'_, '_>,
        signer: Option<String>,
    ) -> Result<SamlIdentity> {
        let name_id = identity.subject.clone();
        let value_of = |name: &str| match name {
            "Subject/NameID" => Some(name_id.clone()),
            _ => attribute(assertion, name),
        };
        let issuer = signer.unwrap_or_default();
        propagate(&self.provider.propagation, self.account, &issuer, &mut identity.vouched, value_of)?;
        Ok(identity)
    }

    /// Reads a response with an encrypted assertion. A signature over the response is over what is encrypted; one over
    /// the assertion is within it.
    fn read_encrypted(&self, text: &str, outer: &Document<'_>, response: Element<'_, '_>) -> Result<SamlIdentity> {
        let encryption = Encryption::of(outer, response).ok_or_else(unreadable)?;
        let covered = signed(outer, &[response], &self.signer.keys).ok_or_else(unsigned)?;
        // An attacker who changes an unsigned ciphertext must not learn from the answer what it decrypts to.
        let explains = encryption.is_authenticated || !covered.is_empty();
        let vague = |error: Error| if explains { error } else { undecryptable() };
        let text = decrypt(text, &self.provider.private_keys).ok_or_else(undecryptable)?;
        let document = read(&text).map_err(vague)?;
        let envelope = root(&document).map_err(vague)?.only_child(ASSERTION, "EncryptedAssertion");
        let assertion = envelope.ok_or_else(unreadable).and_then(|envelope| only_assertion(&document, envelope));
        let assertion = assertion.map_err(vague)?;
        let is_signed = || !covered.is_empty() || self.is_signed(&document, &[assertion]);
        self.check_origin(assertion, is_signed).map_err(vague)?;
        let mut identity = self.read(assertion)?;
        identity.encrypted = true;
        let key_hash = self.key_hash(&document, &[assertion]).or_else(|| self.key_hash(outer, &[response]));
        self.propagated(identity, assertion, key_hash)
    }

    /// Refuses what the provider has not issued and signed.
    fn check_origin(&self, assertion: Element<'_, '_>, is_signed: impl FnOnce() -> bool) -> Result<()> {
        if self.issuer(assertion) != self.signer.entity_id {
            return Err(invalid("Issuer not present in specified provider"));
        }
        if is_signed() { Ok(()) } else { Err(unsigned()) }
    }

    fn issuer(&self, assertion: Element<'_, '_>) -> String {
        assertion.only_child(ASSERTION, "Issuer").map(Element::text).unwrap_or_default()
    }

    /// Reads an assertion whose origin is good.
    fn read(&self, assertion: Element<'_, '_>) -> Result<SamlIdentity> {
        self.check_times(assertion)?;
        let recipient = self.recipient(assertion).ok_or_else(wrong_audience)?;
        let one_time = self.check_conditions(assertion)?;
        let subject = assertion.only_child(ASSERTION, "Subject").ok_or_else(unreadable)?;
        let name = subject.only_child(ASSERTION, "NameID").ok_or_else(|| invalid("NameID is required in Subject"))?;
        let format = name.attribute("Format").unwrap_or(UNSPECIFIED);
        let mut vouched = Vouched { provider: self.provider.arn(self.account), ..Vouched::default() };
        let attributes = Attributes::read(assertion, &mut vouched)?;
        let session_name =
            attributes.session_name.ok_or_else(|| invalid("RoleSessionName is required in AuthnResponse"))?;
        let issuer = self.issuer(assertion);
        let identity = SamlIdentity {
            id: assertion.attribute("ID").unwrap_or_default().to_owned(),
            subject: name.text(),
            subject_type: format.strip_prefix(NAME_FORMAT).unwrap_or(format).to_owned(),
            name_qualifier: self.name_qualifier(&issuer),
            longest: self.longest(assertion, attributes.duration)?,
            roles: attributes.roles,
            issuer,
            recipient,
            session_name,
            one_time,
            encrypted: false,
            vouched,
        };
        Ok(identity.with_keys(self.account, &self.provider.name))
    }

    /// When it was made, and what it says of its own validity.
    fn check_times(&self, assertion: Element<'_, '_>) -> Result<()> {
        let now = self.now.seconds();
        let issued = assertion.moment("IssueInstant").flatten().ok_or_else(unreadable)?.seconds();
        if now > issued + REDEEM_WINDOW {
            return Err(expired("Token must be redeemed within 5 minutes of issuance"));
        }
        let conditions = assertion.child(ASSERTION, "Conditions");
        let not_before = conditions.and_then(|conditions| conditions.moment("NotBefore"));
        let begins = match not_before {
            Some(moment) => moment.ok_or_else(unreadable)?.seconds().max(issued),
            None => issued,
        };
        if begins > now + REDEEM_WINDOW {
            return Err(invalid("Assertion is not yet valid"));
        }
        match conditions.and_then(|conditions| conditions.moment("NotOnOrAfter")) {
            Some(None) => Err(unreadable()),
            Some(Some(end)) if now >= end.seconds() => Err(expired("Assertion is expired")),
            _ => Ok(()),
        }
    }

    /// Where a bearer may bring the assertion, if that is AWS and there is still time.
    fn recipient(&self, assertion: Element<'_, '_>) -> Option<String> {
        let subject = assertion.only_child(ASSERTION, "Subject")?;
        let confirmations = subject.children(ASSERTION, "SubjectConfirmation");
        let bearer = confirmations.filter(|confirmation| confirmation.attribute("Method") == Some(BEARER));
        let mut data = bearer.filter_map(|confirmation| confirmation.child(ASSERTION, "SubjectConfirmationData"));
        let good = |data: &Element<'_, '_>| {
            let in_time = data.moment("NotOnOrAfter").flatten().is_some_and(|end| self.now < end);
            in_time && data.attribute("Recipient").is_some_and(|recipient| self.endpoint.is(recipient))
        };
        data.find(good)?.attribute("Recipient").map(str::to_owned)
    }

    /// Whether the assertion is for AWS, and whether it may be used only once.
    fn check_conditions(&self, assertion: Element<'_, '_>) -> Result<bool> {
        let conditions = assertion.only_child(ASSERTION, "Conditions").ok_or_else(wrong_audience)?;
        let mut restrictions = conditions.children(ASSERTION, "AudienceRestriction").peekable();
        let is_aws = |audience: Element<'_, '_>| {
            let audience = audience.text();
            audience == "urn:amazon:webservices" || self.endpoint.is(&audience)
        };
        // Each restriction must be met, by one of its audiences (SAML 2.0 core, 2.5.1.4).
        let restricted = restrictions.peek().is_some();
        if !restricted || !restrictions.all(|only| only.children(ASSERTION, "Audience").any(is_aws)) {
            return Err(wrong_audience());
        }
        Ok(conditions.child(ASSERTION, "OneTimeUse").is_some())
    }

    /// `BASE64(SHA1(issuer + account + "/" + provider))`, says the API reference.
    fn name_qualifier(&self, issuer: &str) -> String {
        let text = format!("{issuer}{}/{}", self.account, self.provider.name);
        BASE64.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
    }

    /// The longest life of a session: what the attribute says, and until the person's own session ends.
    fn longest(&self, assertion: Element<'_, '_>, attribute: Option<i64>) -> Result<Option<i64>> {
        let mut longest = attribute;
        for statement in assertion.children(ASSERTION, "AuthnStatement") {
            if let Some(end) = statement.moment("SessionNotOnOrAfter") {
                let left = end.ok_or_else(unreadable)?.seconds() - self.now.seconds();
                if left <= 0 {
                    return Err(expired("Assertion is expired"));
                }
                longest = Some(longest.map_or(left, |longest| longest.min(left)));
            }
        }
        Ok(longest)
    }
}

impl SamlIdentity {
    fn with_keys(mut self, account: AccountId, provider: &str) -> Self {
        let keys = [
            ("saml:aud", self.recipient.clone()),
            ("saml:iss", self.issuer.clone()),
            ("saml:sub", self.subject.clone()),
            ("saml:sub_type", self.subject_type.clone()),
            ("saml:doc", format!("{account}/{provider}")),
            ("saml:namequalifier", self.name_qualifier.clone()),
        ];
        for (name, value) in keys {
            self.vouched.key(name, value);
        }
        self
    }
}

fn unreadable() -> Error {
    invalid("Invalid SAMLResponse")
}

fn undecryptable() -> Error {
    invalid("Could not decrypt assertion")
}

fn unsigned() -> Error {
    invalid("Response signature invalid")
}

fn wrong_audience() -> Error {
    invalid("Response does not contain the required audience")
}
