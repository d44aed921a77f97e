//! Policy documents: the text as it was given, and the form in which answers show it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

use super::{Pattern, Text, texts};

/// Tab, line breaks and the printable characters of Latin-1.
pub(super) static PRINTABLE: Pattern = Pattern::new(r"[\u0009\u000A\u000D\u0020-\u00FF]+");
const ASCII_RULE: &str = "It must contain only printable ASCII characters.";

texts! {
    /// A policy document (`policyDocumentType`).
    PolicyDocument = Text::length(1, 131_072).matching(&PRINTABLE).or_say(ASCII_RULE);
    /// An inline session policy of `AssumeRole` (`unrestrictedSessionPolicyDocumentType`).
    UnrestrictedSessionPolicy = Text::length(1, usize::MAX).matching(&PRINTABLE);
    /// An inline session policy of the other operations (`sessionPolicyDocumentType`).
    SessionPolicy = Text::length(1, 2048).matching(&PRINTABLE);
}

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A document in an answer: percent-encoded per RFC 3986, as IAM does.
#[derive(Clone, Debug)]
pub struct EncodedDocument(pub std::sync::Arc<str>);

impl Serialize for EncodedDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&utf8_percent_encode(&self.0, RESERVED))
    }
}
