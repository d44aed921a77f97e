//! Looking events up.

use super::event::{Event, SOURCE_SUFFIX};
use crate::shapes::{AccountId, Timestamp};

/// Which events are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    /// The account that sees them.
    pub account: AccountId,
    /// The region of the calls; `None` for any.
    pub region: Option<String>,
    /// An attribute that they have.
    pub attribute: Option<(Attribute, String)>,
    /// The earliest time.
    pub start: Timestamp,
    /// The latest time.
    pub end: Timestamp,
    /// Only events before this place.
    pub before: Option<u64>,
    /// How many.
    pub limit: usize,
    /// Whether only management events are wanted.
    pub management: bool,
}

/// The attributes by which events can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The access key that signed.
    AccessKeyId,
    /// The event's id.
    EventId,
    /// The operation.
    EventName,
    /// The service.
    EventSource,
    /// `true` or `false`.
    ReadOnly,
    /// The name of a resource.
    ResourceName,
    /// The type of a resource.
    ResourceType,
    /// The caller's name.
    Username,
}

impl Attribute {
    /// Whether an event has the attribute with this value.
    fn fits(self, value: &str, event: &Event) -> bool {
        match self {
            Self::AccessKeyId => event.identity.access_key_id.as_deref() == Some(value),
            Self::EventId => event.id().to_string() == value,
            Self::EventName => event.name == value,
            Self::EventSource => event.source_name() == value,
            Self::ReadOnly => event.read_only.to_string() == value,
            Self::ResourceName => event.may_name(value) && event.resources().iter().any(|found| found.name == value),
            Self::ResourceType => event.resources().iter().any(|found| found.kind == value),
            Self::Username => event.user_name() == Some(value),
        }
    }
}

impl EventQuery {
    /// All events of an account.
    pub fn all_of(account: AccountId) -> Self {
        Self {
            account,
            region: None,
            attribute: None,
            start: Timestamp::from_seconds(i64::MIN),
            end: Timestamp::from_seconds(i64::MAX),
            before: None,
            limit: usize::MAX,
            management: false,
        }
    }

    /// Whether an event is wanted.
    pub fn fits(&self, event: &Event) -> bool {
        event.account == self.account
            && (event.management || !self.management)
            && self.before.is_none_or(|before| event.sequence < before)
            && (self.start..=self.end).contains(&event.time)
            && self.region.as_ref().is_none_or(|region| event.region == *region)
            && self.attribute.as_ref().is_none_or(|(attribute, value)| attribute.fits(value, event))
    }

    /// The term that a block of events must have to be worth reading.
    pub fn term(&self) -> u64 {
        match (&self.region, &self.attribute) {
            (Some(region), attribute) if self.management => match attribute {
                // The id itself says where its event is.
                None | Some((Attribute::EventId, _)) => term(self.account, region, "", ""),
                Some((attribute, value)) => term(self.account, region, attribute.word(), value),
            },
            _ => term(self.account, "", "", ""),
        }
    }
}

impl Attribute {
    fn word(self) -> &'static str {
        match self {
            Self::AccessKeyId => "k",
            Self::EventId => "",
            Self::EventName => "n",
            Self::EventSource => "s",
            Self::ReadOnly => "o",
            Self::ResourceName => "r",
            Self::ResourceType => "t",
            Self::Username => "u",
        }
    }
}

/// Finds the terms under which events can be found. Events of one account and region that follow each other share work.
#[derive(Default)]
pub struct Terms {
    /// The account and region of the last event, with what their terms have in common.
    last: Option<(AccountId, String, Common)>,
}

/// What the terms of an account and region have in common.
#[derive(Clone, Copy)]
struct Common {
    /// The term of all events of the account.
    all: u64,
    /// The part of a hash that is the same for all attributes.
    place: u64,
}

impl Terms {
    /// The terms of an event: by its account, and in the history of management events by its region and attributes, so that
    /// a look-up reads no blocks of other regions or of data events alone.
    pub fn of(&mut self, event: &Event, add: &mut impl FnMut(u64)) {
        let Common { all, place } = self.common(event);
        add(all);
        if !event.management {
            return;
        }
        let mut add = |attribute: Attribute, value: &[&str]| add(in_place(place, attribute.word(), value));
        add(Attribute::EventId, &[""]);
        add(Attribute::EventName, &[&event.name]);
        add(Attribute::EventSource, &[&event.service, SOURCE_SUFFIX]);
        add(Attribute::ReadOnly, &[if event.read_only { "true" } else { "false" }]);
        if let Some(key) = &event.identity.access_key_id {
            add(Attribute::AccessKeyId, &[key]);
        }
        if let Some(name) = event.user_name() {
            add(Attribute::Username, &[name]);
        }
        event.each_resource(|kind, name| {
            add(Attribute::ResourceName, &[name]);
            add(Attribute::ResourceType, &[kind]);
        });
    }

    fn common(&mut self, event: &Event) -> Common {
        match &self.last {
            Some((account, region, common)) if *account == event.account && *region == event.region => *common,
            _ => {
                let common =
                    Common { all: term(event.account, "", "", ""), place: place(event.account, &event.region) };
                self.last = Some((event.account, event.region.clone(), common));
                common
            }
        }
    }
}

/// The hash of an account's region, attribute and value.
fn term(account: AccountId, region: &str, attribute: &str, value: &str) -> u64 {
    in_place(place(account, region), attribute, &[value])
}

/// The part of a term's hash that is the same for all attributes of an account's region.
fn place(account: AccountId, region: &str) -> u64 {
    hashed(hashed(0xcbf2_9ce4_8422_2325, &[&account.qualified()]), &[region])
}

fn in_place(place: u64, attribute: &str, value: &[&str]) -> u64 {
    hashed(hashed(place, &[attribute]), value)
}

/// Goes on with a hash of a text in parts: FNV-1a, which is the same in every build. A zero byte ends the text.
fn hashed(hash: u64, text: &[&str]) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    add(text.iter().flat_map(|part| part.bytes()).fold(hash, add), 0)
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::example;
    use super::*;

    #[test]
    fn what_fits_is_found_by_its_term() {
        let event = example(7_000, "GetUser");
        let all = |attribute| EventQuery {
            account: event.account,
            region: Some("us-east-1".to_owned()),
            attribute,
            start: Timestamp::from_seconds(0),
            end: event.time,
            before: None,
            limit: 50,
            management: true,
        };
        let mut terms = Vec::new();
        Terms::default().of(&event, &mut |term| terms.push(term));
        let id = event.id().to_string();
        for (attribute, value, other) in [
            (Attribute::AccessKeyId, "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"),
            (Attribute::EventId, id.as_str(), "x"),
            (Attribute::EventName, "GetUser", "getuser"),
            (Attribute::EventSource, "iam.amazonaws.com", "sts.amazonaws.com"),
            (Attribute::ReadOnly, "true", "false"),
            (Attribute::ResourceName, "bob", "alice"),
            (Attribute::ResourceType, "AWS::IAM::User", "AWS::IAM::Role"),
            (Attribute::Username, "alice", "bob"),
        ] {
            let query = all(Some((attribute, value.to_owned())));
            assert!(query.fits(&event) && terms.contains(&query.term()), "{attribute:?}");
            assert!(!all(Some((attribute, other.to_owned()))).fits(&event), "{attribute:?}");
        }
        assert!(all(None).fits(&event) && terms.contains(&all(None).term()));
        // The terms of an event do not depend on the events before it.
        let mut found = Terms::default();
        for region in ["us-east-1", "eu-west-1", "us-east-1"] {
            let mut again = Vec::new();
            found.of(&Event { region: region.to_owned(), ..event.clone() }, &mut |term| again.push(term));
            assert_eq!(again == terms, region == event.region, "{region}");
        }
        let elsewhere = EventQuery { region: Some("eu-west-1".to_owned()), ..all(None) };
        assert!(!terms.contains(&elsewhere.term()));
        let everywhere = EventQuery { region: None, ..all(None) };
        assert!(terms.contains(&everywhere.term()));
        let mut of_data = Vec::new();
        Terms::default().of(&Event { management: false, ..event.clone() }, &mut |term| of_data.push(term));
        assert!(!of_data.contains(&all(None).term()) && of_data.contains(&everywhere.term()));
        assert!(!EventQuery { before: Some(7_000), ..all(None) }.fits(&event));
        assert!(!EventQuery { region: Some("eu-west-1".to_owned()), ..all(None) }.fits(&event));
        assert!(!EventQuery { end: Timestamp::from_seconds(1), ..all(None) }.fits(&event));
    }
}
