//! The request context: condition keys and their values.

use std::borrow::Cow;
use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::condition::{Number, date, is_true, network};

/// The values of a key. One value is not the same as a list of one: only the former can stand for a policy variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    /// A single-valued key.
    One(Cow<'a, str>),
    /// A multivalued key.
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Values<'a> {
    /// The values in order.
    pub fn as_slice(&self) -> &[Cow<'a, str>] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl<'a> From<&'a str> for Values<'a> {
    fn from(value: &'a str) -> Self {
        Self::One(Cow::Borrowed(value))
    }
}

impl From<String> for Values<'_> {
    fn from(value: String) -> Self {
        Self::One(Cow::Owned(value))
    }
}

impl<'a> From<Cow<'a, str>> for Values<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Self::One(value)
    }
}

impl From<bool> for Values<'_> {
    fn from(value: bool) -> Self {
        Self::One(Cow::Borrowed(if value { "true" } else { "false" }))
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<Vec<T>> for Values<'a> {
    fn from(values: Vec<T>) -> Self {
        Self::Many(values.into_iter().map(Into::into).collect())
    }
}

/// The types of values, as conditions compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ValueType {
    Text,
    Number,
    Bool,
    Ip,
    Binary,
    Date,
}

impl ValueType {
    /// Whether a text can be read as a value of this type.
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Number => Number::parse(value).is_some(),
            Self::Bool => is_true(value) || value.eq_ignore_ascii_case("false"),
            Self::Ip => network(value).is_some(),
            Self::Binary => STANDARD.decode(value).is_ok(),
            Self::Date => date(value).is_some(),
        }
    }
}

/// The keys of one request. Names ignore case, also the tag key behind the slash (AWS: "Condition keys are not
/// case-sensitive"); values keep theirs.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// Sorted by [`Order`].
    entries: Vec<Entry<'a>>,
}

#[derive(Clone, Debug)]
struct Entry<'a> {
    order: Order,
    key: Cow<'a, str>,
    values: Values<'a>,
}

/// The order of keys, as far as it is known without a look at their text: length, and the last bytes with the bit set
/// that small letters have. Keys that differ mostly differ in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    length: usize,
    end: u64,
}

impl Order {
    fn of(key: &str) -> Self {
        let end = key.as_bytes().last_chunk().copied().map_or(0, u64::from_ne_bytes);
        Self { length: key.len(), end: end | u64::from_ne_bytes([b' '; 8]) }
    }
}

impl<'a> Entry<'a> {
    fn new(key: Cow<'a, str>, values: Values<'a>) -> Self {
        Self { order: Order::of(&key), key, values }
    }

    fn cmp(&self, order: Order, key: &str) -> Ordering {
        fn folded(key: &str) -> impl Iterator<Item = u8> {
            key.bytes().map(|byte| byte.to_ascii_lowercase())
        }
        self.order.cmp(&order).then_with(|| match self.key.eq_ignore_ascii_case(key) {
            true => Ordering::Equal,
            false => folded(&self.key).cmp(folded(key)),
        })
    }
}

impl<'a> Context<'a> {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, replacing its former values. Many keys at once are cheaper collected from an iterator.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, values: impl Into<Values<'a>>) {
        let (key, values) = (key.into(), values.into());
        match self.find(&key) {
            Ok(index) => {
                if let Some(entry) = self.entries.get_mut(index) {
                    *entry = Entry::new(key, values);
                }
            }
            Err(index) => self.entries.insert(index, Entry::new(key, values)),
        }
    }

    /// [`Context::set`] for chaining.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'a, str>>, values: impl Into<Values<'a>>) -> Self {
        self.set(key, values);
        self
    }

    /// The values of a key, regardless of case.
    pub fn get(&self, key: &str) -> Option<&Values<'a>> {
        let index = self.find(key).ok()?;
        self.entries.get(index).map(|entry| &entry.values)
    }

    /// The value of a single-valued key: the only kind a policy variable can name.
    pub fn single(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Values::One(value) => Some(value),
            Values::Many(_) => None,
        }
    }

    /// All keys with their values, shorter names first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values<'a>)> {
        self.entries.iter().map(|entry| (&*entry.key, &entry.values))
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        let order = Order::of(key);
        self.entries.binary_search_by(|entry| entry.cmp(order, key))
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Values<'a>)> for Context<'a> {
    /// Of a key that comes twice the last counts.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Values<'a>)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().map(|(key, values)| Entry::new(key, values)).collect();
        entries.reverse();
        entries.sort_by(|a, b| a.cmp(b.order, &b.key));
        entries.dedup_by(|a, b| a.key.eq_ignore_ascii_case(&b.key));
        Self { entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_case_and_the_last_value_counts() {
        let mut context = Context::new().with("aws:PrincipalTag/Dept", "a").with("aws:SourceIp", "1.2.3.4");
        context.set("AWS:principaltag/dept", "b");
        assert_eq!(context.single("aws:PrincipalTag/DEPT"), Some("b"));
        assert_eq!(context.single("aws:sourceip"), Some("1.2.3.4"));
        assert_eq!(context.get("aws:SourceVpc"), None);
        let entries = [("k", "1"), ("other", "2"), ("K", "3")];
        let collected: Context<'_> = entries.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        assert_eq!(collected.single("k"), Some("3"));
        assert_eq!(collected.iter().count(), 2);
    }

    #[test]
    fn values_have_their_types_forms() {
        let cases = [
            (ValueType::Text, "", true),
            (ValueType::Number, "-1.5", true),
            (ValueType::Number, "one", false),
            (ValueType::Bool, "TRUE", true),
            (ValueType::Bool, "1", false),
            (ValueType::Ip, "2001:db8::1", true),
            (ValueType::Ip, "300.1.1.1", false),
            (ValueType::Binary, "aWFtZA==", true),
            (ValueType::Binary, "?", false),
            (ValueType::Date, "2026-01-01T00:00:00Z", true),
            (ValueType::Date, "yesterday", false),
        ];
        for (kind, value, expected) in cases {
            assert_eq!(kind.accepts(value), expected, "{kind:?} {value}");
        }
    }

    #[test]
    fn a_list_is_no_single_value() {
        let context = Context::new().with("aws:TagKeys", vec!["a"]);
        assert_eq!(context.single("aws:TagKeys"), None);
        assert_eq!(context.get("aws:tagkeys").unwrap().as_slice(), ["a"]);
    }
}
