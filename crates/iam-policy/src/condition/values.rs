//! The typed values that conditions compare: numbers, instants, networks, booleans.

use std::cmp::Ordering;
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use ipnet::IpNet;

/// An integer or a decimal; integers compare exactly, whatever their size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    integer: Option<i128>,
    float: f64,
}

impl Number {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Rust also reads "inf" and "nan".
        if !text.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        Some(Self { integer: text.parse().ok(), float: text.parse().ok()? })
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self.integer, other.integer) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => self.float.partial_cmp(&other.float),
        }
    }
}

/// Reads seconds since 1970 or one of the forms of W3C's profile of ISO 8601; without an offset it is UTC.
pub(crate) fn date(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = text.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    with_offset(text).or_else(|| {
        let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let month = || NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        time.or_else(|| day().or_else(month)?.and_hms_opt(0, 0, 0)).map(|time| time.and_utc())
    })
}

fn with_offset(text: &str) -> Option<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(text).ok().or_else(|| {
        let forms = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z"];
        forms.iter().find_map(|form| DateTime::parse_from_str(text, form).ok())
    });
    parsed.map(|time| time.to_utc())
}

/// Reads a network in CIDR notation; a bare address is a network of itself. AWS takes bits behind the prefix in IPv4, and
/// refuses them in IPv6.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    match text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| address.into()))? {
        IpNet::V6(net) if net.addr() != net.network() => None,
        net => Some(net),
    }
}

/// Reads an address of a request; an IPv4-mapped one (`::ffff:192.0.2.1`) is one of IPv4, as on AWS.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// Reads `true` in any case; anything else is false, as on AWS.
pub(crate) fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_exactly() {
        let compare = |a, b| Number::parse(a).unwrap().compare(Number::parse(b).unwrap());
        assert_eq!(compare("9007199254740993", "9007199254740992"), Some(Ordering::Greater));
        assert_eq!(compare("-1.5", "-1"), Some(Ordering::Less));
        assert_eq!(compare("5", "5.0"), Some(Ordering::Equal));
        assert!(["inf", "NaN", "", "five", "1 ", "0x1"].iter().all(|text| Number::parse(text).is_none()));
    }

    #[test]
    fn dates_in_all_their_forms() {
        let noon = date("2020-01-01T12:00:00Z");
        assert!(noon.is_some());
        for text in [
            "1577880000",
            "2020-01-01T12:00:00.000Z",
            "2020-01-01T13:00:00+01:00",
            "2020-01-01T13:00:00+0100",
            "2020-01-01T12:00Z",
            "2020-01-01T12:00",
            "2020-01-01T12:00:00",
            "2020-01-01t12:00:00z",
        ] {
            assert_eq!(date(text), noon, "{text}");
        }
        assert_eq!(date("2020-01-01"), date("2020-01-01T00:00:00Z"));
        assert_eq!(date("2020-01"), date("2020-01-01"));
        assert!(["", "soon", "2020-13-01", "2020-01-01T25:00:00Z"].iter().all(|text| date(text).is_none()));
    }

    #[test]
    fn networks() {
        let within = |net, ip| network(net).unwrap().contains(&address(ip).unwrap());
        assert!(within("10.1.2.3/8", "10.9.9.9"));
        assert!(within("10.1.2.3", "10.1.2.3") && !within("10.1.2.3", "10.1.2.4"));
        assert!(within("2001:db8::/32", "2001:DB8:0:0::1") && !within("::/0", "1.2.3.4"));
        assert!(within("192.0.2.0/24", "::ffff:192.0.2.1") && !within("::ffff:192.0.2.0/120", "192.0.2.1"));
        let unreadable = ["10.0.0.0/33", "x", "10.0.0", "", "2001:db8::5/64"];
        assert!(unreadable.iter().all(|text| network(text).is_none()));
    }
}
