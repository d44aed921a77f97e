//! The parameters of a request, sorted so that everything under a prefix is one slice.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::error::{Code, Error, Result};

/// The most parameters of a request, which are read and sorted before anyone knows who asks. The longest requests that
/// AWS documents, simulations of policies, have some hundreds.
const MAX_PARAMS: usize = 10_000;

/// The longest name of a parameter, in bytes, for the same reason. The longest that AWS documents, a service control
/// policy of a simulation, has about 90.
const MAX_NAME_BYTES: usize = 128;

/// One parameter: its full name (`Tags.member.1.Key`) and value, decoded.
pub(super) type Param<'r> = (Cow<'r, str>, Cow<'r, str>);

/// All parameters of a request.
pub struct Params<'r> {
    entries: Vec<Param<'r>>,
}

impl<'r> Params<'r> {
    /// Reads the query string and a form body. Where both give a parameter, the body wins.
    ///
    /// # Errors
    /// `MalformedInput` for more parameters, or longer names, than any operation has.
    pub fn read(query: &'r str, body: &'r [u8]) -> Result<Self> {
        let ends = query.bytes().chain(body.iter().copied()).filter(|byte| *byte == b'&');
        if ends.count() >= MAX_PARAMS {
            let message = format!("The request has more than {MAX_PARAMS} parameters.");
            return Err(Error::new(Code::MalformedInput, message));
        }
        let mut entries: Vec<Param<'r>> =
            form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body)).collect();
        if entries.iter().any(|(name, _)| name.len() > MAX_NAME_BYTES) {
            let message = format!("The name of a parameter is longer than {MAX_NAME_BYTES} bytes.");
            return Err(Error::new(Code::MalformedInput, message));
        }
        entries.sort_by(|(a, _), (b, _)| compare(a, b));
        Ok(Self { entries })
    }

    /// The value of a parameter at the top.
    pub fn get(&self, name: &str) -> Option<&str> {
        let end = self.entries.partition_point(|(entry, _)| compare(entry, name) != Ordering::Greater);
        let (found, value) = self.entries.get(end.checked_sub(1)?)?;
        (found == name).then_some(value)
    }

    /// The root of the tree of parameters.
    pub(super) fn root(&self) -> Node<'_> {
        Node { entries: &self.entries, offset: 0 }
    }
}

/// The order of names: part by part, numbers by value.
fn compare(a: &str, b: &str) -> Ordering {
    let mut parts = (a.split('.'), b.split('.'));
    loop {
        match (parts.0.next(), parts.1.next()) {
            (Some(a), Some(b)) => match compare_parts(a, b) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
            (a, b) => return a.is_some().cmp(&b.is_some()),
        }
    }
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// All parameters under one prefix; `offset` is the length of the prefix with its dot.
#[derive(Clone, Copy)]
pub(super) struct Node<'p> {
    entries: &'p [Param<'p>],
    offset: usize,
}

impl<'p> Node<'p> {
    /// Whether nothing was sent here.
    pub fn is_absent(self) -> bool {
        self.entries.is_empty()
    }

    /// The value sent at exactly this name: the last one, if it was sent more than once.
    pub fn value(self) -> Option<&'p str> {
        let own = |(name, _): &&Param<'p>| name.len() + 1 == self.offset;
        self.entries.iter().take_while(own).last().map(|(_, value)| value.as_ref())
    }

    /// Whether anything was sent below this name.
    pub fn has_children(self) -> bool {
        self.entries.last().is_some_and(|(name, _)| name.len() >= self.offset)
    }

    /// What is under `part`.
    pub fn child(self, part: &str) -> Self {
        let order = |(name, _): &Param<'p>| {
            let rest = name.get(self.offset..).unwrap_or_default();
            let own = rest.split('.').next().filter(|_| name.len() >= self.offset);
            own.map_or(Ordering::Less, |own| compare_parts(own, part))
        };
        let start = self.entries.partition_point(|entry| order(entry) == Ordering::Less);
        let end = self.entries.partition_point(|entry| order(entry) != Ordering::Greater);
        Node { entries: self.entries.get(start..end).unwrap_or_default(), offset: self.offset + part.len() + 1 }
    }

    /// What is under `1`, `2`, … up to the first gap.
    pub fn numbered(self) -> impl Iterator<Item = Self> + use<'p> {
        (1_u32..).map(move |n| self.child(&n.to_string())).take_while(|member| !member.is_absent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_wins_and_numbers_sort_by_value() {
        let params = Params::read("Action=A&X=1&L.member.10=j&L.member.2=b", b"X=2&L.member.1=a&Action.x=3").unwrap();
        assert_eq!(params.get("X"), Some("2"));
        assert_eq!(params.get("Action"), Some("A"));
        assert_eq!(params.get("Nothing"), None);
        let members: Vec<_> = params.root().child("L").child("member").numbered().map(|m| m.value().unwrap()).collect();
        assert_eq!(members, ["a", "b"], "reading stops at the first gap");
    }

    #[test]
    fn a_node_knows_its_value_and_its_children() {
        let params = Params::read("", b"Tags=&Tags.member.1.Key=k&Tags.member.1.Value=v&Tagsx=1").unwrap();
        let tags = params.root().child("Tags");
        assert_eq!(tags.value(), Some(""));
        assert!(tags.has_children());
        let first = tags.child("member").numbered().next().unwrap();
        assert_eq!(first.child("Key").value(), Some("k"));
        assert!(!first.child("Key").has_children());
        assert!(first.child("Other").is_absent());
        assert!(first.value().is_none());
    }

    #[test]
    fn what_no_operation_has_is_refused_before_it_is_sorted() {
        let message = |body: &str| Params::read("", body.as_bytes()).err()?.message().map(str::to_owned);
        assert_eq!(message(&vec!["a=1"; MAX_PARAMS].join("&")), None);
        let too_many = vec!["a=1"; MAX_PARAMS + 1].join("&");
        assert_eq!(message(&too_many).unwrap(), "The request has more than 10000 parameters.");
        assert_eq!(message(&"n".repeat(MAX_NAME_BYTES)), None);
        let too_long = "n".repeat(MAX_NAME_BYTES + 1);
        assert_eq!(message(&too_long).unwrap(), "The name of a parameter is longer than 128 bytes.");
    }
}
