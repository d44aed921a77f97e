//! Parameters and results of calls as CloudTrail records them: names begin with a small letter, secrets are left out
//! (CloudTrail User Guide, "CloudTrail record contents").

mod parameters;
mod result;
mod shape;

pub use parameters::parameters;
pub(super) use result::result;
pub use result::{Dates, Form};
pub use shape::{Shape, shape_of};

/// Members that no record shows, whatever shape they have.
const OMITTED: &[&str] = &[
    "AddPrivateKey",
    "AuthenticationCode1",
    "AuthenticationCode2",
    "Base32StringSeed",
    "ClientRequestToken",
    "DelegatedAccessToken",
    "NewPassword",
    "OldPassword",
    "Password",
    "PrivateKey",
    "QRCodePNG",
    "SAMLAssertion",
    "SecretAccessKey",
    "ServiceCredentialSecret",
    "ServicePassword",
    "TokenCode",
    "TradeInToken",
    "WebIdentityToken",
];

/// Members that a record shows, but not their value.
const MASKED: &[&str] = &["EncodedMessage"];

/// The same of people's names and addresses (Organizations User Guide, "Logging API calls with CloudTrail", the example of
/// `CreateAccount`).
const STARRED: &[&str] = &["AccountName", "Email"];

/// What a record shows instead of a value.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
const STARS: &str = "****";

/// The most bytes of the parameters or the result in a record (CloudTrail User Guide, "CloudTrail record contents").
const MAX_SIZE: usize = 100 * 1024;

/// What a record shows instead of a member's value, if it does not show that.
fn mask(name: &str) -> Option<&'static str> {
    match name {
        name if MASKED.contains(&name) => Some(HIDDEN),
        name if STARRED.contains(&name) => Some(STARS),
        _ => None,
    }
}

/// The text as a record has it, or that it was left out.
fn limited(text: String) -> String {
    if text.len() <= MAX_SIZE {
        return text;
    }
    let size = text.len();
    format!("{{\"omitted\":true,\"originalSize\":{size},\"reason\":\"The element is larger than 100 KB.\"}}")
}

/// Adds a text in JSON's quotes.
fn push_text(out: &mut String, text: &str) {
    // A text always has a form in JSON.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// Adds a member's name, whose first letter becomes small.
fn push_name(out: &mut String, name: &str) {
    let mut letters = name.chars();
    out.push('"');
    out.extend(letters.next().into_iter().flat_map(char::to_lowercase));
    out.push_str(letters.as_str());
    out.push_str("\":");
}
