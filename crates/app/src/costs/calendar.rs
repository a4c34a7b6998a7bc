//! Days, weeks and months in a time zone.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use domain::{Error, Result};

/// Length of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grouping {
    /// A day.
    #[default]
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Grouping {
    /// First day of the row that `day` is in.
    pub fn first_day(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }
}

/// A day: named, or the one that it is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// By its date.
    Named(NaiveDate),
    /// The one that it is there at this instant.
    At(DateTime<Utc>),
}

impl Day {
    /// The day in a time zone.
    pub fn within(self, zone: Zone) -> NaiveDate {
        match self {
            Self::Named(day) => day,
            Self::At(at) => zone.day_of(at),
        }
    }
}

/// A time zone of the IANA data base, such as `Europe/Vienna`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl Zone {
    /// The time zone of this name.
    ///
    /// # Errors
    /// When there is none; `field` is the request's.
    pub fn parse(field: &str, name: &str) -> Result<Self> {
        let unknown = |_| {
            let name: String = name.chars().take(60).collect();
            Error::invalid(field, format!("'{name}' is not a time zone; write its IANA name, such as Europe/Vienna or UTC."))
        };
        name.trim().parse().map(Self).map_err(unknown)
    }

    /// What an account has set; UTC where that is nothing.
    pub fn of(settings: &db::settings::Settings) -> Self {
        settings.time_zone.as_deref().and_then(|name| Self::parse("timezone", name).ok()).unwrap_or_default()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The day that it is there at an instant.
    pub fn day_of(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// When a day begins there. Where clocks are put forward at midnight, it begins when they have been.
    pub fn start_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let quarters = (0..=12).map(|n| midnight + Duration::minutes(15 * n));
        let first = quarters.filter_map(|local| self.0.from_local_datetime(&local).earliest()).next();
        first.map_or_else(|| midnight.and_utc(), |at| at.to_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn rows_begin_on_mondays_and_on_the_first() {
        assert_eq!(Grouping::Week.first_day(day("2026-11-25")), day("2026-11-23"));
        assert_eq!(Grouping::Week.first_day(day("2026-11-23")), day("2026-11-23"));
        assert_eq!(Grouping::Month.first_day(day("2026-11-25")), day("2026-11-01"));
        assert_eq!(Grouping::Day.first_day(day("2026-11-25")), day("2026-11-25"));
    }

    #[test]
    fn a_day_begins_when_it_does_there() {
        let start = |zone: &str, text: &str| Zone::parse("timezone", zone).expect(zone).start_of(day(text)).to_rfc3339();
        assert_eq!(start("UTC", "2026-03-29"), "2026-03-29T00:00:00+00:00");
        assert_eq!(start("Europe/Vienna", "2026-03-29"), "2026-03-28T23:00:00+00:00");
        assert_eq!(start("Europe/Vienna", "2026-03-30"), "2026-03-29T22:00:00+00:00", "after the clocks went forward");
        assert_eq!(start("Asia/Kathmandu", "2026-03-30"), "2026-03-29T18:15:00+00:00");
        assert_eq!(start("America/Santiago", "2026-09-06"), "2026-09-06T04:00:00+00:00", "this day has no midnight");
        let zone = Zone::parse("timezone", "Pacific/Auckland").expect("a zone");
        assert_eq!(zone.day_of("2026-01-01T12:00:00Z".parse().expect("a time")), day("2026-01-02"));
        let error = Zone::parse("timezone", "Mars/Olympus").expect_err("no zone");
        assert_eq!(error.field.as_deref(), Some("timezone"));
    }
}
