//! The server's clock: real time, which a test can move and stop.

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};

/// The least and the greatest time that the clock can be set to, in seconds since 1970: four digits of a year.
const RANGE: std::ops::RangeInclusive<i64> = 0..=253_402_300_799;

/// Gives the time. Everything on AWS's side that depends on time asks the same clock. What a client's own clock has
/// made, such as the date of a signature, is judged by real time.
#[derive(Debug, Default)]
pub struct Clock(RwLock<Setting>);

/// How the server's time relates to real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    /// It goes on, this much ahead of real time.
    Ahead(TimeDelta),
    /// It is frozen.
    Frozen(DateTime<Utc>),
}

impl Setting {
    /// The server's time at a moment of real time.
    fn at(self, real: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Ahead(ahead) => real.checked_add_signed(ahead).unwrap_or(DateTime::<Utc>::MAX_UTC),
            Self::Frozen(now) => now,
        }
    }
}

impl Setting {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (how, seconds) = (words.next()?, words.next()?.parse().ok()?);
        let nanoseconds: i64 = words.next()?.parse().ok()?;
        match how {
            "ahead" => {
                let ahead = TimeDelta::try_seconds(seconds)?.checked_add(&TimeDelta::nanoseconds(nanoseconds))?;
                in_range(Utc::now().checked_add_signed(ahead)).ok()?;
                Some(Self::Ahead(ahead))
            }
            "frozen" => {
                let now = DateTime::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?);
                in_range(now).ok().map(Self::Frozen)
            }
            _ => None,
        }
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self::Ahead(TimeDelta::zero())
    }
}

/// What the clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The server's time.
    pub now: DateTime<Utc>,
    /// Real time.
    pub real: DateTime<Utc>,
    /// Whether the server's time is frozen.
    pub frozen: bool,
}

impl Reading {
    /// How far the server's time is ahead of real time, in seconds; negative if it is behind.
    pub fn ahead(&self) -> i64 {
        let milliseconds = (self.now - self.real).num_milliseconds();
        // To the nearest second: the clock may have been set in the middle of one.
        (milliseconds + 500).div_euclid(1000)
    }
}

/// The clock cannot be set to a time before 1970 or after 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock can be set to times from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z")]
pub struct OutOfRange;

impl Clock {
    /// The server's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.at(Utc::now())
    }

    /// The server's time at a moment of real time.
    pub fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        self.setting().at(real)
    }

    /// Both times, and whether the clock is frozen.
    pub fn read(&self) -> Reading {
        let (setting, real) = (self.setting(), Utc::now());
        Reading { now: setting.at(real), real, frozen: matches!(setting, Setting::Frozen(_)) }
    }

    /// Moves the server's time by this much; backwards if negative.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn advance(&self, by: TimeDelta) -> Result<(), OutOfRange> {
        let mut setting = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *setting = match *setting {
            Setting::Ahead(ahead) => {
                let ahead = ahead.checked_add(&by).ok_or(OutOfRange)?;
                in_range(Utc::now().checked_add_signed(ahead))?;
                Setting::Ahead(ahead)
            }
            Setting::Frozen(now) => Setting::Frozen(in_range(now.checked_add_signed(by))?),
        };
        Ok(())
    }

    /// Sets the server's time. It goes on from there, or stays frozen there if it was frozen.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn set(&self, now: DateTime<Utc>) -> Result<(), OutOfRange> {
        let now = in_range(Some(now))?;
        let mut setting = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *setting = match *setting {
            Setting::Ahead(_) => Setting::Ahead(now - Utc::now()),
            Setting::Frozen(_) => Setting::Frozen(now),
        };
        Ok(())
    }

    /// Stops the server's time, or lets it go on from where it is.
    pub fn freeze(&self, freeze: bool) {
        let mut setting = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let real = Utc::now();
        *setting = match (*setting, freeze) {
            (Setting::Ahead(ahead), true) => Setting::Frozen(real.checked_add_signed(ahead).unwrap_or(real)),
            (Setting::Frozen(now), false) => Setting::Ahead(now - real),
            (unchanged, _) => unchanged,
        };
    }

    /// Goes back to real time.
    pub fn reset(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Setting::default();
    }

    /// How the clock is set, for other servers.
    pub fn to_text(&self) -> String {
        match self.setting() {
            Setting::Ahead(ahead) => format!("ahead {} {}", ahead.num_seconds(), ahead.subsec_nanos()),
            Setting::Frozen(now) => format!("frozen {} {}", now.timestamp(), now.timestamp_subsec_nanos()),
        }
    }

    /// Sets the clock as another server's is; nothing happens if the text is not understood.
    pub fn follow(&self, text: &str) {
        if let Some(setting) = Setting::read(text) {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = setting;
        }
    }

    fn setting(&self) -> Setting {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_range(time: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, OutOfRange> {
    time.filter(|time| RANGE.contains(&time.timestamp())).ok_or(OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_that_is_set_never_shows_less() {
        let clock = Clock::default();
        for text in ["2030-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2030-01-01T00:00:00.000000001Z"] {
            clock.set(time(text)).unwrap();
            let reading = clock.read();
            assert!(reading.now >= time(text), "{text}: {}", reading.now);
        }
        clock.reset();
        for (moved, ahead) in [(3600, 3600), (-7200, -3600)] {
            clock.advance(TimeDelta::seconds(moved)).unwrap();
            assert_eq!(clock.read().ahead(), ahead);
        }
    }

    #[test]
    fn a_frozen_clock_waits_until_it_is_released() {
        let clock = Clock::default();
        clock.freeze(true);
        let now = clock.now();
        assert_eq!(clock.now(), now);
        clock.advance(TimeDelta::hours(-1)).unwrap();
        assert_eq!(clock.read().now, now - TimeDelta::hours(1));
        clock.set(time("2030-01-01T00:00:00Z")).unwrap();
        assert_eq!(clock.now(), time("2030-01-01T00:00:00Z"));
        assert!(clock.read().frozen);
        clock.freeze(false);
        assert!(!clock.read().frozen);
        assert!(clock.now() >= time("2030-01-01T00:00:00Z"));
        clock.reset();
        assert_eq!(clock.read().ahead(), 0);
    }

    #[test]
    fn another_clock_can_be_followed() {
        let (clock, other) = (Clock::default(), Clock::default());
        clock.advance(TimeDelta::seconds(-90)).unwrap();
        other.follow(&clock.to_text());
        assert_eq!(other.read().ahead(), -90);
        clock.set(time("9999-12-31T00:00:00.000000001Z")).unwrap();
        clock.freeze(true);
        other.follow(&clock.to_text());
        assert_eq!(other.read().now, clock.read().now);
        for text in ["", "ahead", "ahead 1 x", "frozen 99999999999999 0", "ahead 99999999999999 0", "slow 1 1"] {
            other.follow(text);
            assert_eq!(other.read().now, clock.read().now, "{text}");
        }
    }

    #[test]
    fn a_year_has_four_digits() {
        let clock = Clock::default();
        for wrong in ["1969-12-31T23:59:59Z", "+10000-01-01T00:00:00Z"] {
            assert_eq!(clock.set(time(wrong)), Err(OutOfRange), "{wrong}");
        }
        for wrong in [TimeDelta::MAX, TimeDelta::MIN, TimeDelta::days(-36_525), TimeDelta::days(8000 * 365)] {
            assert_eq!(clock.advance(wrong), Err(OutOfRange), "{wrong}");
            clock.freeze(true);
            assert_eq!(clock.advance(wrong), Err(OutOfRange), "{wrong}");
            clock.reset();
        }
        assert_eq!(clock.read().ahead(), 0, "a refused move changes nothing");
    }
}
