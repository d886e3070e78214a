//! Insights about people who are no longer mentioned, or who are mentioned much more than before.

use chrono::{Days, NaiveDate};
use self_domain::insight::{InsightKind, NewInsight, Pointers};
use uuid::Uuid;

use super::phrase;

/// A person mentioned on fewer days has no usual interval.
const FEWEST_DAYS: usize = 4;
/// The shortest silence that is reported, in days.
const SHORTEST_SILENCE: i64 = 30;
/// The shortest silence that is reported, in usual intervals.
const USUAL_SILENCES: i64 = 4;
/// After a longer silence, in days, nothing is reported: that is nothing new.
pub const LONGEST_SILENCE: i64 = 365;
/// How many silent people are reported at once: those who were mentioned most.
const MOST_MISSED: usize = 5;

/// The number of days that count as recent.
const LATELY: u64 = 7;
/// A frequent person was mentioned on at least this many recent days …
const OFTEN: usize = 3;
/// … and this many times as often as in the weeks before.
const MORE: usize = 3;
/// The number of weeks before the recent days that are compared.
const WEEKS_BEFORE: usize = 8;
/// The number of mentions shown for one person.
const MOST_PLACES: usize = 20;

/// A person and their mentions.
#[derive(Clone, Debug)]
pub struct PersonMentions {
    /// The entity of the person.
    pub entity: Uuid,
    /// The name of the person.
    pub name: String,
    /// The day and the segment of each mention, in the order of time.
    pub mentions: Vec<(NaiveDate, Uuid)>,
}

impl PersonMentions {
    fn days(&self) -> Vec<NaiveDate> {
        let mut days: Vec<NaiveDate> = self.mentions.iter().map(|(day, _)| *day).collect();
        days.dedup();
        days
    }

    fn evidence(&self, mentions: &[(NaiveDate, Uuid)]) -> Pointers {
        let last = mentions.len().saturating_sub(MOST_PLACES);
        Pointers {
            segments: mentions[last..].iter().map(|(_, segment)| *segment).collect(),
            entities: vec![self.entity],
            files: Vec::new(),
        }
    }
}

/// Finds people who were mentioned regularly and no longer are: silent for four usual intervals and for
/// at least 30 days.
#[must_use]
pub fn not_heard_of(people: &[PersonMentions], today: NaiveDate) -> Vec<NewInsight> {
    let mut missed: Vec<_> = people.iter().filter_map(|one| missed(one, today)).collect();
    missed.sort_by_key(|(days, insight)| (std::cmp::Reverse(*days), insight.key.clone()));
    missed.into_iter().take(MOST_MISSED).map(|(_, insight)| insight).collect()
}

fn missed(heard: &PersonMentions, today: NaiveDate) -> Option<(usize, NewInsight)> {
    let days = heard.days();
    let (first, last) = (*days.first()?, *days.last()?);
    let silence = (today - last).num_days();
    let mut gaps: Vec<i64> = days.windows(2).map(|pair| (pair[1] - pair[0]).num_days()).collect();
    gaps.sort_unstable();
    let usual = *gaps.get(gaps.len() / 2)?;
    let missed = days.len() >= FEWEST_DAYS
        && silence >= SHORTEST_SILENCE.max(USUAL_SILENCES * usual)
        && silence <= LONGEST_SILENCE;
    let detail = format!(
        "{} was mentioned on {} days from {} to {}, usually every {usual} days, and not since.",
        heard.name,
        days.len(),
        phrase::day(first),
        phrase::day(last)
    )
    .replace("every 1 days", "day after day");
    missed.then(|| {
        let insight = NewInsight {
            kind: InsightKind::PersonNotHeardOf,
            key: heard.entity.to_string(),
            essence: Some(format!("{} {last}", heard.entity)),
            title: phrase::line(&format!("Nothing of {} since {}", heard.name, phrase::day(last))),
            detail,
            due_at: None,
            evidence: heard.evidence(&heard.mentions),
        };
        (days.len(), insight)
    })
}

/// Finds people who are mentioned much more than before: on at least three of the last seven days, and
/// three times as often as in the eight weeks before. `since` is the first day with any data: when it
/// is later than the start of these eight weeks, nothing is reported.
#[must_use]
pub fn often_heard_of(people: &[PersonMentions], since: NaiveDate, today: NaiveDate) -> Vec<NewInsight> {
    let begin = today - Days::new(LATELY - 1);
    let before = begin - Days::new(7 * WEEKS_BEFORE as u64);
    if since > before {
        return Vec::new();
    }
    let often = people.iter().filter_map(|heard| {
        let lately = heard.mentions.partition_point(|(day, _)| *day < begin);
        let days = heard.days();
        let count = |from: NaiveDate, to: NaiveDate| days.iter().filter(|day| (from..to).contains(day)).count();
        let (recent, former) = (count(begin, today + Days::new(1)), count(before, begin));
        (recent >= OFTEN && recent * WEEKS_BEFORE >= MORE * former).then(|| NewInsight {
            kind: InsightKind::PersonOftenHeardOf,
            key: heard.entity.to_string(),
            essence: Some(format!("{} {}", heard.entity, today.format("%Y-%m"))),
            title: phrase::line(&format!("{} comes up often these days", heard.name)),
            detail: format!(
                "{} was mentioned on at least {OFTEN} of the last {LATELY} days: at least {MORE} times as often as \
                 in the {WEEKS_BEFORE} weeks before.",
                heard.name
            ),
            due_at: None,
            evidence: heard.evidence(&heard.mentions[lately..]),
        })
    });
    often.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str) -> NaiveDate {
        day.parse().unwrap()
    }

    fn heard(days: &[&str]) -> [PersonMentions; 1] {
        let mentions = days.iter().map(|one| (day(one), Uuid::now_v7())).collect();
        [PersonMentions { entity: Uuid::from_u128(1), name: "Maria Silva".to_owned(), mentions }]
    }

    #[test]
    fn somebody_is_missed_after_four_usual_silences_and_a_month() {
        let weekly = heard(&["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"]);
        assert_eq!(not_heard_of(&weekly, day("2024-02-20")), []);
        let found = not_heard_of(&weekly, day("2024-02-21"));
        assert_eq!(found[0].title, "Nothing of Maria Silva since 22 January 2024");
        assert!(found[0].detail.contains("on 4 days") && found[0].detail.contains("every 7 days"));
        // The insight of the next day is equal, so it is produced only once.
        assert_eq!(not_heard_of(&weekly, day("2024-03-21")), found);
        assert_eq!(not_heard_of(&weekly, day("2025-03-21")), []);

        let monthly = heard(&["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]);
        assert_eq!(not_heard_of(&monthly, day("2024-06-30")), []);
        assert_eq!(not_heard_of(&monthly, day("2024-08-03")).len(), 1);
    }

    #[test]
    fn whoever_was_spoken_of_on_few_days_is_not_missed() {
        assert_eq!(
            not_heard_of(
                &heard(&["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03"]),
                day("2024-06-01")
            ),
            []
        );
    }

    #[test]
    fn somebody_comes_up_often_on_three_days_of_a_week_and_three_times_as_often_as_before() {
        let since = day("2023-01-01");
        let new = heard(&["2024-05-01", "2024-05-03", "2024-05-05"]);
        assert_eq!(often_heard_of(&new, since, day("2024-05-06")).len(), 1);
        assert_eq!(often_heard_of(&new, since, day("2024-05-08")), []);
        // There is nothing to compare with before the first data.
        assert_eq!(often_heard_of(&new, day("2024-04-20"), day("2024-05-06")), []);
        let always = heard(&[
            "2024-03-11",
            "2024-03-13",
            "2024-03-20",
            "2024-03-22",
            "2024-04-01",
            "2024-04-08",
            "2024-04-10",
            "2024-04-17",
            "2024-04-22",
            "2024-05-01",
            "2024-05-03",
            "2024-05-05",
        ]);
        assert_eq!(often_heard_of(&always, since, day("2024-05-06")), []);
    }
}
