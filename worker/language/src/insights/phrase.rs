//! The wording of insights.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use self_domain::date::{Precision, When};

use crate::resolve::Zone;

/// The longest title, in characters.
const LINE: usize = 80;

/// Shortens a text to one line without a final stop, starting with a capital.
#[must_use]
pub fn line(text: &str) -> String {
    let text = text.trim().trim_end_matches(['.', ',', ';', ':']);
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() + 2 > LINE {
            line = format!("{}…", line.trim_end_matches(['.', ',', ';', ':']));
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let mut letters = line.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `6 May 2024`
pub(super) fn day_of(at: DateTime<Utc>, zone: Zone) -> String {
    day(zone.local(at).date())
}

/// `6 May 2024`
pub(super) fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `on 6 May 2024 at 09:30`, `by the end of 6 May 2024`
pub(super) fn due(when: When, zone: Zone) -> String {
    match when.precision {
        Precision::Minute | Precision::Hour => {
            zone.local(when.from).format("on %-d %B %Y at %H:%M").to_string()
        }
        _ => format!("by the end of {}", day_of(when.to - TimeDelta::seconds(1), zone)),
    }
}

/// `one, two and three`
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
