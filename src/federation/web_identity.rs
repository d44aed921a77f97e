//! Web identity tokens: whose they are, and whether they are good (STS API Reference, `AssumeRoleWithWebIdentity`).

use aws_reference::service_authorization;
use serde_json::{Map, Value};

use super::Inquiry;
use super::issuers::no_key;
use super::propagation::propagate;
use super::vouched::{Vouched, expired, invalid};
use crate::account::{Account, IdentityPropagation, Resource, without_scheme};
use crate::error::Result;
use crate::identity::ProviderValue;
use crate::keys::{KeySet, Token};
use crate::shapes::{AccountId, ArnParts, Kind, Timestamp};

/// How far the clocks of AWS and of an issuer may be apart, in seconds.
const LEEWAY: i64 = 300;
/// The greatest age of a token in seconds.
const MAX_AGE: i64 = 24 * 3600;
/// Issuers that every account knows; whose audience counts, trust policies say.
const BUILT_IN: &[&str] = &["accounts.google.com", "cognito-identity.amazonaws.com"];
/// The claim with session tags ("Pass session tags in AWS STS").
const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
/// The claims whose condition keys come from what was verified.
const VERIFIED: &[&str] = &["aud", "oaud", "sub"];
/// The condition keys of claims within a claim.
const NESTED: &[&str] = &["google/organization_number"];
/// The claim with the only roles that a token is for.
const ROLES: &str = "https://aws.amazon.com/roles";

/// A web identity.
#[derive(Debug)]
pub struct WebIdentity {
    /// What the issuer says of it.
    pub vouched: Vouched,
    /// The issuer's id of it.
    pub subject: String,
    /// The application that the token is for.
    pub audience: String,
}

/// The issuer of a token, as the account knows it.
pub struct Issuer<'a> {
    /// As trust policies name it.
    principal: String,
    /// Without scheme: the part before the colon of its condition keys.
    name: String,
    url: String,
    /// The applications that its tokens may be for; `None` if trust policies say.
    client_ids: Option<&'a [String]>,
    thumbprints: &'a [String],
    propagation: Option<&'a IdentityPropagation>,
    account: AccountId,
}

impl<'a> Issuer<'a> {
    /// The issuer that a token names.
    ///
    /// # Errors
    /// `InvalidIdentityToken` for a token that names none, or one that the account does not know.
    pub fn of(token: &Token<'_>, account: &'a Account) -> Result<Self> {
        let iss = token.claims.get("iss").and_then(Value::as_str).ok_or_else(not_a_token)?;
        let name = without_scheme(iss);
        if BUILT_IN.contains(&name) && !iss.starts_with("http://") {
            let (principal, name, url) = (name.to_owned(), name.to_owned(), format!("https://{name}"));
            return Ok(Self {
                principal,
                name,
                url,
                client_ids: None,
                thumbprints: &[],
                propagation: None,
                account: account.id,
            });
        }
        let missing = || invalid(format!("No OpenIDConnect provider found in your account for {iss}"));
        let provider = account.issuer(iss).ok_or_else(missing)?;
        Ok(Self {
            principal: provider.arn(account.id),
            name: provider.name().to_owned(),
            url: provider.url.clone(),
            client_ids: Some(&provider.client_ids),
            thumbprints: &provider.thumbprints,
            propagation: Some(&provider.propagation),
            account: account.id,
        })
    }

    /// What must be fetched to verify a token.
    pub fn keys_for(&self, token: &Token<'_>) -> Inquiry {
        Inquiry::Keys { issuer: self.url.clone(), key_id: token.key_id.clone(), thumbprints: self.thumbprints.to_vec() }
    }

    /// Verifies a token for a role: signature, times, audience, in AWS's order.
    ///
    /// # Errors
    /// `InvalidIdentityToken` and `ExpiredTokenException` in AWS's words.
    pub fn verify(&self, token: &Token<'_>, role: &str, keys: &KeySet, now: Timestamp) -> Result<WebIdentity> {
        if !keys.has(token.key_id.as_deref()) {
            return Err(no_key());
        }
        if !token.is_signed_by(keys) {
            return Err(not_a_token());
        }
        let claims = Claims(&token.claims);
        claims.check_times(now)?;
        let subject = claims.text("sub")?.to_owned();
        let mut vouched = Vouched { provider: self.principal.clone(), ..Vouched::default() };
        let audience = self.audience(&claims, &mut vouched)?;
        vouched.key(format!("{}:sub", self.name), &subject);
        self.add_conditions(&token.claims, &mut vouched);
        vouched.key("sts:RoleAuthorizedByIdp", claims.check_role(role)?.to_string());
        claims.add_session(&mut vouched)?;
        if let Some(propagation) = self.propagation {
            propagate(propagation, self.account, &self.name, &mut vouched, |name| claims.scalar(name))?;
        }
        Ok(WebIdentity { vouched, subject, audience })
    }

    /// Who the token is for. Where there is an authorized party beside the audience, it is the one that counts, and the
    /// audience becomes the key `oaud`.
    fn audience(&self, claims: &Claims<'_>, vouched: &mut Vouched) -> Result<String> {
        let given = match claims.0.get("aud") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let first = given.first().ok_or_else(|| missing("aud"))?;
        let party = claims.0.get("azp").and_then(Value::as_str);
        if party.is_none() && given.len() > 1 {
            return Err(invalid(
                "Token audience contains more than one audience while authorized party is not present",
            ));
        }
        let audience = party.unwrap_or(first).to_owned();
        if self.client_ids.is_some_and(|ids| !ids.contains(&audience)) {
            return Err(invalid("Incorrect token audience"));
        }
        vouched.key(format!("{}:aud", self.name), &audience);
        if party.is_some() {
            vouched.key(format!("{}:oaud", self.name), *first);
        }
        Ok(audience)
    }

    /// Adds the condition keys of further claims: those that AWS has for this issuer, and for every issuer `amr` and
    /// `email`. A claim makes a key only if its name is that of AWS to the letter.
    fn add_conditions(&self, claims: &Map<String, Value>, vouched: &mut Vouched) {
        let known = service_authorization::service("sts");
        let of_issuer = known.iter().flat_map(|sts| sts.condition_key_names_of(&self.name));
        for name in ["amr", "email"].into_iter().chain(of_issuer).filter(|name| !VERIFIED.contains(name)) {
            let claim = match name.split_once('/') {
                Some((outer, inner)) if NESTED.contains(&name) => claims.get(outer).and_then(|claim| claim.get(inner)),
                _ => claims.get(name),
            };
            if let Some(value) = claim.and_then(|claim| condition_value(claim, name == "amr")) {
                vouched.keys.add(format!("{}:{name}", self.name), value);
            }
        }
    }
}

/// A claim as a condition key's value; `None` for what has no such form.
fn condition_value(value: &Value, multivalued: bool) -> Option<ProviderValue> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    match value {
        Value::Array(values) => Some(ProviderValue::Many(values.iter().filter_map(scalar).collect())),
        _ if multivalued => Some(ProviderValue::Many(vec![scalar(value)?])),
        _ => scalar(value).map(ProviderValue::One),
    }
}

/// The claims of a token whose signature is good.
struct Claims<'t>(&'t Map<String, Value>);

impl Claims<'_> {
    fn text(&self, name: &str) -> Result<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
    }

    /// A claim that is one text, number or truth value.
    fn scalar(&self, name: &str) -> Option<String> {
        match condition_value(self.0.get(name)?, false)? {
            ProviderValue::One(value) => Some(value),
            ProviderValue::Many(_) => None,
        }
    }

    fn moment(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "fractions of a second do not matter")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    fn check_times(&self, now: Timestamp) -> Result<()> {
        let now = now.seconds();
        let expires = self.moment("exp").ok_or_else(|| missing("exp"))?;
        if now >= expires.saturating_add(LEEWAY) {
            return Err(expired(format!(
                "Token expired: current date/time {now} must be before the expiration date/time {expires}"
            )));
        }
        let issued = self.moment("iat").ok_or_else(|| missing("iat"))?;
        if now.saturating_sub(issued) > MAX_AGE {
            return Err(expired(format!("Token too old: {issued}")));
        }
        let begins = self.moment("nbf").unwrap_or(issued).max(issued);
        if begins > now.saturating_add(LEEWAY) {
            return Err(invalid(format!("Token is not valid before {begins}")));
        }
        Ok(())
    }

    /// Whether the token names the role; one without the claim is for any role. The claim is a list, or a text with
    /// semicolons in between.
    fn check_role(&self, role: &str) -> Result<bool> {
        let mut roles: Vec<&str> = match self.0.get(ROLES) {
            None | Some(Value::Null) => return Ok(false),
            Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(roles)) => roles.split(';').collect(),
            Some(_) => return Err(invalid("The roles claim is not in a supported format")),
        };
        roles.retain(|arn| ArnParts::parse(arn).is_some_and(|parts| parts.path_and_name(Kind::Role).is_some()));
        if roles.is_empty() {
            return Err(invalid("The roles claim contains no valid role ARNs"));
        }
        if !roles.contains(&role) {
            return Err(invalid("The target role ARN is not present in the roles claim of the identity token"));
        }
        Ok(true)
    }

    /// Session tags and source identity. Tags are in one claim, or flattened into one claim each.
    fn add_session(&self, vouched: &mut Vouched) -> Result<()> {
        let malformed = || invalid("The session tags in the token are malformed");
        let prefix = format!("{TAGS}/principal_tags/");
        for (name, value) in self.0 {
            let Some(key) = name.strip_prefix(&prefix) else { continue };
            vouched.tag(key, single(value).ok_or_else(malformed)?)?;
        }
        let flat = self.0.get(&format!("{TAGS}/transitive_tag_keys"));
        let tags = match self.0.get(TAGS) {
            Some(claim) => Some(claim.as_object().ok_or_else(malformed)?),
            None => None,
        };
        if let Some(principal_tags) = tags.and_then(|tags| tags.get("principal_tags")) {
            for (key, value) in principal_tags.as_object().ok_or_else(malformed)? {
                vouched.tag(key, single(value).ok_or_else(malformed)?)?;
            }
        }
        if let Some(keys) = tags.and_then(|tags| tags.get("transitive_tag_keys")).or(flat) {
            let keys = keys.as_array().ok_or_else(malformed)?.iter().map(|key| key.as_str().map(str::to_owned));
            vouched.set_transitive_tag_keys(keys.collect::<Option<_>>().ok_or_else(malformed)?)?;
        }
        if let Some(identity) = self.0.get(SOURCE_IDENTITY) {
            vouched.set_source_identity(identity.as_str().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A value, or the one value of a list.
fn single(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(values) => match values.as_slice() {
            [Value::String(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// What AWS says of an invalid token.
pub fn not_a_token() -> crate::error::Error {
    invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

fn missing(claim: &str) -> crate::error::Error {
    invalid(format!("Missing a required claim: {claim}."))
}
