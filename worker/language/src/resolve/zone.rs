//! Time zones.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Zones south of the equator, with summer around the new year. Tropical countries, which have no such
/// seasons, are not treated separately.
const SOUTHERN: &[&str] = &[
    "Africa/Johannesburg",
    "Africa/Maputo",
    "Africa/Windhoek",
    "America/Argentina/",
    "America/Asuncion",
    "America/Buenos_Aires",
    "America/Montevideo",
    "America/Punta_Arenas",
    "America/Santiago",
    "America/Sao_Paulo",
    "Antarctica/",
    "Australia/",
    "Brazil/East",
    "Chile/",
    "NZ",
    "Pacific/Auckland",
];

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// The zone with this name; UTC if the name is unknown.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.parse().unwrap_or(Tz::UTC))
    }

    /// The local time at a moment.
    #[must_use]
    pub fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }

    /// The moment of a local time. Of two such moments, the first; a local time that the clocks skip
    /// becomes the moment that it would have been, as in RFC 5545 (3.3.5): 2:30 is 3:30 then.
    #[must_use]
    pub fn moment(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
            MappedLocalTime::None => {
                // No zone skips more than a day.
                let before = self.0.offset_from_utc_datetime(&(local - TimeDelta::days(1))).fix();
                (local - before).and_utc()
            }
        }
    }

    /// Whether summer is around the new year.
    pub(super) fn is_southern(self) -> bool {
        SOUTHERN.iter().any(|zone| self.0.name().starts_with(zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(zone: &str, local: &str) -> String {
        Zone::named(zone).moment(local.parse().unwrap()).to_rfc3339()
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_where_it_would_have_been() {
        assert_eq!(moment("Europe/Berlin", "2024-03-31T02:30:00"), "2024-03-31T01:30:00+00:00");
        // Where midnight itself is skipped, the day begins at 1:00.
        assert_eq!(moment("Africa/Cairo", "2024-04-26T00:00:00"), "2024-04-25T22:00:00+00:00");
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first() {
        assert_eq!(moment("Europe/Berlin", "2024-10-27T02:30:00"), "2024-10-27T00:30:00+00:00");
    }

    #[test]
    fn a_zone_that_nobody_knows_is_utc() {
        assert_eq!(moment("Middle/Earth", "2024-10-27T02:30:00"), "2024-10-27T02:30:00+00:00");
    }
}
