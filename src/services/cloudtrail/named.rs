//! Trails by name or ARN.

use std::net::Ipv4Addr;

use crate::account::Trail;
use crate::call::{AccountRef, Context};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, ArnParts};

/// The least and the most characters of a trail's name.
const MIN_NAME: usize = 3;
const MAX_NAME: usize = 128;

/// The codes of operations on a trail that exists.
pub(super) const OF_NAMED: &[Code] =
    &[Code::CloudTrailARNInvalid, Code::InvalidHomeRegion, Code::InvalidTrailName, Code::TrailNotFound];

/// Refuses what cannot be the name of a trail (CloudTrail API reference, "CreateTrail").
///
/// # Errors
/// `InvalidTrailNameException`.
pub(super) fn check_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    let wrong = |message: String| Err(Error::new(Code::InvalidTrailName, message));
    let specified = format!("Specified name length: {length} characters.");
    let joins = |character: char| "._-".contains(character);
    if length < MIN_NAME {
        wrong(format!("Trail name too short. Minimum allowed length: {MIN_NAME} characters. {specified}"))
    } else if length > MAX_NAME {
        wrong(format!("Trail name too long. Maximum allowed length: {MAX_NAME} characters. {specified}"))
    } else if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        wrong("Trail name must starts with a letter or number.".to_owned())
    } else if !name.ends_with(|last: char| last.is_ascii_alphanumeric()) {
        wrong("Trail name must ends with a letter or number.".to_owned())
    } else if !name.chars().all(|character| character.is_ascii_alphanumeric() || joins(character)) {
        let message = "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), \
                       hyphens (-), and underscores (_).";
        wrong(message.to_owned())
    } else if name.chars().zip(name.chars().skip(1)).any(|(one, next)| joins(one) && joins(next)) {
        wrong("Trail name cannot have adjacent periods (.), hyphens (-), or underscores (_).".to_owned())
    } else if name.parse::<Ipv4Addr>().is_ok() {
        wrong("Trail name cannot be in IP address format.".to_owned())
    } else {
        Ok(())
    }
}

/// The account, region and name in a trail's ARN.
///
/// # Errors
/// `CloudTrailARNInvalidException`, `InvalidTrailNameException`.
fn parts_of(arn: &str) -> Result<(AccountId, &str, &str)> {
    let invalid = || {
        let message = "The specified ARN is not a valid CloudTrail ARN. A trail's ARN has the format \
                       arn:aws:cloudtrail:us-east-2:123456789012:trail/MyTrail.";
        Error::new(Code::CloudTrailARNInvalid, message)
    };
    let parts = ArnParts::parse(arn).filter(|parts| parts.service == "cloudtrail").ok_or_else(invalid)?;
    let name = parts.resource.strip_prefix("trail/").ok_or_else(invalid)?;
    if parts.region.is_empty() {
        return Err(invalid());
    }
    check_name(name)?;
    Ok((parts.account_id().ok_or_else(invalid)?, parts.region, name))
}

impl<A: AccountRef> Context<'_, A> {
    /// The trail that is meant: by ARN, or by name in the region of the call.
    ///
    /// # Errors
    /// `CloudTrailARNInvalidException`, `InvalidTrailNameException`, `TrailNotFoundException`.
    pub(super) fn named_trail(&self, text: &str) -> Result<&Trail> {
        let found = if text.starts_with("arn:") {
            let (account, region, name) = parts_of(text)?;
            let key = Trail::key_of(region, name);
            self.account.trails.get(&key).filter(|_| account == self.account.id)
        } else {
            check_name(text)?;
            self.account.trails.get(&Trail::key_of(&self.facts.region, text))
        };
        found.map(|trail| &**trail).ok_or_else(|| self.unknown_trail(text))
    }

    /// The trail that is to be changed, in its home region.
    ///
    /// # Errors
    /// Those of [`Context::named_trail`], and `InvalidHomeRegionException`.
    pub(super) fn trail_at_home(&self, text: &str) -> Result<Trail> {
        let found = match self.named_trail(text) {
            // The name of a shadow trail.
            Err(error) if error.code() == Code::TrailNotFound => {
                let shadow = self.account.trails.iter().find(|trail| trail.multi_region && trail.name == text);
                shadow.map(|trail| &**trail).ok_or(error)?
            }
            found => found?,
        };
        if found.region != self.facts.region {
            let message = format!("The trail {} can be changed in its home region {} only.", found.name, found.region);
            return Err(Error::new(Code::InvalidHomeRegion, message));
        }
        Ok(found.clone())
    }

    fn unknown_trail(&self, text: &str) -> Error {
        Error::new(Code::TrailNotFound, format!("Unknown trail: {text} for the user: {}", self.account.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_against_the_rules() {
        for name in ["abc", "a.b-c_d", "Trail1", &"a".repeat(128), "1.2.3.4.5"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for (name, why) in [
            ("", "too short"),
            ("ab", "length: 2 "),
            (&"a".repeat(129), "too long"),
            ("-abc", "starts with"),
            ("abc-", "ends with"),
            ("a/../b", "only contain"),
            ("a b", "only contain"),
            ("aäb", "only contain"),
            ("a--b", "adjacent"),
            ("my-_namespace", "adjacent"),
            ("192.168.5.4", "IP address"),
        ] {
            let error = check_name(name).unwrap_err();
            assert!(
                error.code() == Code::InvalidTrailName && error.message().unwrap().contains(why),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn only_arns_of_trails_are_taken() {
        let (account, region, name) = parts_of("arn:aws:cloudtrail:eu-west-1:123456789012:trail/abc").unwrap();
        assert_eq!((account.to_string().as_str(), region, name), ("123456789012", "eu-west-1", "abc"));
        for wrong in [
            "arn:aws:cloudtrail:eu-west-1:123456789012:channel/abc",
            "arn:aws:cloudtrail::123456789012:trail/abc",
            "arn:aws:cloudtrail:eu-west-1:1:trail/abc",
            "arn:aws:iam::123456789012:user/abc",
            "arn:aws:cloudtrail",
        ] {
            assert_eq!(parts_of(wrong).unwrap_err().code(), Code::CloudTrailARNInvalid, "{wrong}");
        }
        let wrong = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/../x";
        assert_eq!(parts_of(wrong).unwrap_err().code(), Code::InvalidTrailName);
    }
}
