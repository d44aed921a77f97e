//! Actions: the one a request asks for, and the sets a statement names.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Context;
use super::index::ANY;
use super::pattern::{Pattern, Syntax};
use super::work::Load;

/// An action such as `iam:GetUser`, ready for matching. Make it once per operation and borrow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    written: Box<str>,
    folded: Box<str>,
    service_length: usize,
    /// Keys of the index: the whole action, and its service.
    pub(crate) keys: [u64; 2],
}

impl Action {
    /// Reads `service:Name`; `None` unless both are there, divided by the only colon.
    pub fn parse(text: &str) -> Option<Self> {
        let (service, name) = text.split_once(':')?;
        if service.is_empty() || name.is_empty() || name.contains(':') {
            return None;
        }
        let folded = text.to_ascii_lowercase().into_boxed_str();
        let keys = [index_key(&folded), index_key(folded.get(..service.len())?)];
        Some(Self { written: text.into(), folded, service_length: service.len(), keys })
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The service prefix in lower case: `iam`.
    pub fn service(&self) -> &str {
        self.folded.get(..self.service_length).unwrap_or_default()
    }

    /// The whole action in lower case.
    pub(crate) fn folded(&self) -> &str {
        &self.folded
    }

    fn name(&self) -> &str {
        self.folded.get(self.service_length + 1..).unwrap_or_default()
    }
}

/// The key under which the index keeps an action or a service, in lower case.
pub(crate) fn index_key(folded: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    folded.hash(&mut hasher);
    hasher.finish()
}

/// The actions of `Action` or `NotAction`. Case is ignored; wildcards are in the name, not in the service.
#[derive(Clone, Debug)]
pub(crate) struct ActionSet {
    /// `*`
    everything: bool,
    /// Whole actions in lower case, sorted.
    exact: Box<[Box<str>]>,
    /// Service and pattern of its actions' names, sorted by service.
    globs: Box<[(Box<str>, Pattern)]>,
    /// What it costs to look an action up.
    pub(crate) load: Load,
}

impl ActionSet {
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let (mut everything, mut exact, mut globs) = (false, Vec::new(), Vec::<(Box<str>, Pattern)>::new());
        for text in texts {
            let folded = text.to_ascii_lowercase();
            match folded.split_once(':') {
                None => everything |= folded.bytes().all(|byte| byte == b'*') && !folded.is_empty(),
                Some((service, name)) if name.contains(['*', '?']) => {
                    let pattern = Pattern::new(name, Syntax { wildcards: true, variables: false });
                    globs.push((Box::from(service), pattern));
                }
                Some(_) => exact.push(folded.into_boxed_str()),
            }
        }
        exact.sort_unstable();
        globs.sort_by(|(a, _), (b, _)| a.cmp(b));
        let load = globs.iter().map(|(_, pattern)| pattern.load()).sum::<Load>() + Load::each(30);
        Self { everything, exact: exact.into(), globs: globs.into(), load }
    }

    pub(crate) fn contains(&self, action: &Action) -> bool {
        self.everything
            || self.exact.binary_search_by(|exact| (**exact).cmp(action.folded())).is_ok()
            || self.globs_of(action.service()).any(|pattern| pattern.matches(action.name(), &Context::new()))
    }

    fn globs_of(&self, service: &str) -> impl Iterator<Item = &Pattern> {
        let start = self.globs.partition_point(|(of, _)| **of < *service);
        let rest = self.globs.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(of, _)| **of == *service).map(|(_, pattern)| pattern)
    }

    /// Whether it names actions of a service, given in lower case.
    pub(crate) fn names_service(&self, service: &str) -> bool {
        let of = |action: &str| action.strip_prefix(service).is_some_and(|rest| rest.starts_with(':'));
        self.globs_of(service).next().is_some() || self.exact.iter().any(|exact| of(exact))
    }

    /// Whether it names some action of a service, or everything.
    pub(crate) fn concerns(&self, service: &str) -> bool {
        self.everything || self.names_service(service)
    }

    /// Whether it names all actions of a service.
    pub(crate) fn covers(&self, service: &str) -> bool {
        self.everything || self.globs_of(service).any(Pattern::is_everything)
    }

    /// Under what the index keeps a statement with this set: whole actions, services of which it names a pattern, or
    /// anything.
    pub(crate) fn index_keys(&self, negated: bool) -> Box<[u64]> {
        if self.everything || negated {
            return [ANY].into();
        }
        let services = self.globs.iter().map(|(service, _)| service);
        let mut keys: Vec<_> = self.exact.iter().chain(services).map(|text| index_key(text)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_a_service_and_a_name() {
        let action = Action::parse("IAM:GetUser").unwrap();
        assert_eq!((action.as_str(), action.service(), action.name()), ("IAM:GetUser", "iam", "getuser"));
        assert!(["iam", "iam:", ":GetUser", "a:b:c", ""].iter().all(|text| Action::parse(text).is_none()));
    }

    #[test]
    fn sets_ignore_case_and_know_wildcards() {
        let set = ActionSet::new(["S3:getobject", "s3:Put*", "ec2:Describe?pcs"]);
        let contains = |text| set.contains(&Action::parse(text).unwrap());
        assert!(["s3:GetObject", "s3:putobject", "S3:PUT", "ec2:DescribeVpcs"].into_iter().all(contains));
        assert!(!["s3:GetObjectAcl", "s3a:Put", "ec2:DescribeIpv4Pcs", "iam:PutX"].into_iter().any(contains));
        assert!(ActionSet::new(["*"]).contains(&Action::parse("a:b").unwrap()));
        assert!(!ActionSet::new([]).contains(&Action::parse("a:b").unwrap()));
    }
}
