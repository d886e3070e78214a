//! Insights about mentioned days that are near.

use chrono::{DateTime, TimeDelta, Utc};
use self_domain::date::{Precision, When};
use self_domain::insight::{InsightKind, NewInsight, Pointers};
use uuid::Uuid;

use super::phrase;
use crate::resolve::Zone;

/// The largest distance of a near day.
pub const NEAR: TimeDelta = TimeDelta::days(3);
/// The number of mentions shown for one day.
const MOST: usize = 10;

/// A mention of a day.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// The date as an entity.
    pub entity: Uuid,
    /// The time of the date.
    pub when: When,
    /// The segment.
    pub segment: Uuid,
    /// The text of the segment.
    pub text: String,
    /// The time when it was said.
    pub said_at: DateTime<Utc>,
}

/// Finds the near days, each with all its mentions. A day counts only if it was in the future when it was
/// mentioned: people mention the current day too often.
#[must_use]
pub fn approaching(ahead: &[Ahead], now: DateTime<Utc>, zone: Zone) -> Vec<NewInsight> {
    let mut found: Vec<(&Ahead, Vec<&Ahead>)> = Vec::new();
    for one in ahead.iter().filter(|one| is_near(one, now, zone)) {
        match found.iter_mut().find(|(first, _)| first.entity == one.entity) {
            Some((_, all)) => all.push(one),
            None => found.push((one, vec![one])),
        }
    }
    found.into_iter().map(|(first, all)| insight(first, &all, zone)).collect()
}

fn is_near(ahead: &Ahead, now: DateTime<Utc>, zone: Zone) -> bool {
    let exact = matches!(
        ahead.when.precision,
        Precision::Minute | Precision::Hour | Precision::PartOfDay | Precision::Day
    );
    let was_ahead = zone.local(ahead.when.from).date() > zone.local(ahead.said_at).date();
    exact && was_ahead && ahead.when.to > now && ahead.when.from <= now + NEAR
}

fn insight(first: &Ahead, all: &[&Ahead], zone: Zone) -> NewInsight {
    let from = zone.local(first.when.from);
    let on = match first.when.precision {
        Precision::Minute | Precision::Hour => from.format("%A, %-d %B, %H:%M"),
        _ => from.format("%A, %-d %B"),
    };
    let said: Vec<String> = all
        .iter()
        .take(MOST)
        .map(|one| format!("“{}” ({})", one.text, phrase::day_of(one.said_at, zone)))
        .collect();
    NewInsight {
        kind: InsightKind::DateApproaching,
        key: first.entity.to_string(),
        essence: Some(format!("{} {}", first.entity, first.when.from)),
        title: phrase::line(&format!("{on}: {}", first.text)),
        detail: format!("You spoke of {}: {}.", from.format("%A, %-d %B %Y"), phrase::list(&said)),
        due_at: Some(first.when.from),
        evidence: Pointers {
            segments: all.iter().take(MOST).map(|one| one.segment).collect(),
            entities: vec![first.entity],
            files: Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(said: &str, from: &str, precision: Precision) -> Ahead {
        let from: DateTime<Utc> = from.parse().unwrap();
        Ahead {
            entity: Uuid::from_u128(7),
            when: When { from, to: from + TimeDelta::days(1), precision },
            segment: Uuid::now_v7(),
            text: "My driving test is on Friday.".to_owned(),
            said_at: said.parse().unwrap(),
        }
    }

    fn near(ahead: &[Ahead], now: &str) -> Vec<String> {
        let found = approaching(ahead, now.parse().unwrap(), Zone::named("UTC"));
        found.into_iter().map(|insight| insight.title).collect()
    }

    #[test]
    fn a_day_is_reported_from_three_days_before_until_it_is_over() {
        let test = [ahead("2024-05-01T10:00:00Z", "2024-05-10T00:00:00Z", Precision::Day)];
        let expected = "Friday, 10 May: My driving test is on Friday";
        assert_eq!(near(&test, "2024-05-06T23:59:00Z"), Vec::<String>::new());
        assert_eq!(near(&test, "2024-05-07T00:00:00Z"), [expected]);
        assert_eq!(near(&test, "2024-05-10T23:00:00Z"), [expected]);
        assert_eq!(near(&test, "2024-05-11T00:00:00Z"), Vec::<String>::new());
    }

    #[test]
    fn mentions_on_that_very_day_and_whole_weeks_are_not_reported() {
        let today = ahead("2024-05-10T08:00:00Z", "2024-05-10T09:00:00Z", Precision::Hour);
        let week = ahead("2024-05-01T08:00:00Z", "2024-05-10T00:00:00Z", Precision::Week);
        assert_eq!(near(&[today, week], "2024-05-10T08:30:00Z"), Vec::<String>::new());
    }

    #[test]
    fn a_day_that_was_mentioned_twice_is_reported_once_with_both() {
        let twice = ["2024-05-01T10:00:00Z", "2024-05-08T10:00:00Z"]
            .map(|said| ahead(said, "2024-05-10T00:00:00Z", Precision::Day));
        let found = approaching(&twice, "2024-05-09T00:00:00Z".parse().unwrap(), Zone::named("UTC"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].evidence.segments, [twice[0].segment, twice[1].segment]);
    }
}
