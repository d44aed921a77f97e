//! The attributes of an assertion: those that are AWS's own, and those that are condition keys.

use std::collections::BTreeSet;

use super::xml::{ASSERTION, Element};
use crate::error::Result;
use crate::federation::vouched::{Vouched, accepts, invalid};
use crate::identity::ProviderValue;

const OWN: &str = "https://aws.amazon.com/SAML/Attributes/";

/// Condition keys by the attribute's name (IAM User Guide, "Available keys for SAML-based AWS STS federation"). Those
/// of eduPerson and eduOrg have several values.
const KEYS: &[(&str, &str)] = &[
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "saml:edupersonaffiliation"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.2", "saml:edupersonnickname"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.3", "saml:edupersonorgdn"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.4", "saml:edupersonorgunitdn"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.5", "saml:edupersonprimaryaffiliation"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "saml:edupersonprincipalname"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "saml:edupersonentitlement"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.8", "saml:edupersonprimaryorgunitdn"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "saml:edupersonscopedaffiliation"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.10", "saml:edupersontargetedid"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.11", "saml:edupersonassurance"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.2", "saml:eduorghomepageuri"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.3", "saml:eduorgidentityauthnpolicyuri"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.4", "saml:eduorglegalname"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.5", "saml:eduorgsuperioruri"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.6", "saml:eduorgwhitepagesuri"),
    ("urn:oid:2.5.4.3", "saml:cn"),
    ("urn:oid:2.5.4.3", "saml:commonName"),
    ("urn:oid:2.5.4.4", "saml:surname"),
    ("urn:oid:2.5.4.42", "saml:givenName"),
    ("urn:oid:2.5.4.45", "saml:x500UniqueIdentifier"),
    ("urn:oid:0.9.2342.19200300.100.1.1", "saml:uid"),
    ("urn:oid:0.9.2342.19200300.100.1.3", "saml:mail"),
    ("urn:oid:0.9.2342.19200300.100.1.45", "saml:organizationStatus"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "saml:name"),
    ("http://schemas.xmlsoap.org/claims/CommonName", "saml:commonName"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "saml:givenName"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "saml:surname"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "saml:mail"),
    ("http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "saml:primaryGroupSID"),
];

/// What an assertion says with attributes.
#[derive(Debug, Default)]
pub struct Attributes {
    /// Roles that may be assumed, each with the provider that says so.
    pub roles: Vec<(String, String)>,
    /// The name of the session.
    pub session_name: Option<String>,
    /// The longest life of the session, in seconds.
    pub duration: Option<i64>,
}

impl Attributes {
    /// Reads the attributes of an assertion; those about the person go into `vouched`.
    ///
    /// # Errors
    /// `InvalidIdentityToken` for AWS's own attributes with wrong values, for those that come twice, and for two values
    /// of one condition key.
    pub fn read(assertion: Element<'_, '_>, vouched: &mut Vouched) -> Result<Self> {
        let (mut attributes, mut transitive, mut seen) = (Self::default(), Vec::new(), BTreeSet::new());
        let statements = assertion.children(ASSERTION, "AttributeStatement");
        for attribute in statements.flat_map(|statement| statement.children(ASSERTION, "Attribute")) {
            let name = attribute.attribute("Name").unwrap_or_default();
            let values = attribute.children(ASSERTION, "AttributeValue").map(Element::text);
            let values: Vec<String> = values.filter(|value| !value.is_empty()).collect();
            match name.strip_prefix(OWN) {
                // Providers may give each role in an attribute of its own.
                Some(own) if own != "Role" && !seen.insert(own) => {
                    return Err(invalid(format!("The attribute {own} is given more than once")));
                }
                Some("TransitiveTagKeys") => transitive = values,
                Some(own) => attributes.read_own(own, &values, vouched)?,
                None => add_keys(name, &values, vouched)?,
            }
        }
        vouched.set_transitive_tag_keys(transitive)?;
        Ok(attributes)
    }

    fn read_own(&mut self, name: &str, values: &[String], vouched: &mut Vouched) -> Result<()> {
        let first = values.first().map(String::as_str).unwrap_or_default();
        match name {
            "Role" => self.roles.extend(values.iter().filter_map(|value| role_and_provider(value))),
            "RoleSessionName" => {
                if values.len() != 1 || !accepts("RoleSessionName", first) {
                    let message = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}";
                    return Err(invalid(message));
                }
                self.session_name = Some(first.to_owned());
            }
            "SessionDuration" => {
                let duration = first.parse().ok().filter(|seconds| (900..=43200).contains(seconds));
                let message = "SessionDuration in AuthnResponse must be an integer between 900 and 43200";
                self.duration = Some(duration.ok_or_else(|| invalid(message))?);
            }
            "SourceIdentity" => vouched.set_source_identity(first)?,
            _ => {
                if let Some(key) = name.strip_prefix("PrincipalTag:") {
                    vouched.tag(key, first)?;
                }
            }
        }
        Ok(())
    }
}

/// The first value of the attribute with this name.
pub fn attribute(assertion: Element<'_, '_>, name: &str) -> Option<String> {
    let statements = assertion.children(ASSERTION, "AttributeStatement");
    let mut attributes = statements.flat_map(|statement| statement.children(ASSERTION, "Attribute"));
    let attribute = attributes.find(|attribute| attribute.attribute("Name") == Some(name))?;
    let value = attribute.children(ASSERTION, "AttributeValue").map(Element::text).next()?;
    (!value.is_empty()).then_some(value)
}

/// `Role` has the two ARNs in either order.
fn role_and_provider(value: &str) -> Option<(String, String)> {
    let (a, b) = value.split_once(',')?;
    let (a, b) = (a.trim().to_owned(), b.trim().to_owned());
    Some(if a.contains(":saml-provider/") { (b, a) } else { (a, b) })
}

/// Adds the condition keys that an attribute makes. Several attributes make the same key, and none may contradict
/// another.
fn add_keys(name: &str, values: &[String], vouched: &mut Vouched) -> Result<()> {
    let Some(first) = values.first() else { return Ok(()) };
    for (_, key) in KEYS.iter().filter(|(attribute, _)| *attribute == name) {
        let several = key.starts_with("saml:edu") || *key == "saml:cn";
        let claim = if several { ProviderValue::Many(values.to_vec()) } else { ProviderValue::One(first.clone()) };
        if vouched.keys.get(key).is_some_and(|known| *known != claim) {
            return Err(invalid(format!("The attributes give {key} different values")));
        }
        vouched.keys.add((*key).to_owned(), claim);
    }
    Ok(())
}
