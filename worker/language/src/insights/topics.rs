//! Insights about returning topics: passages of several conversations, on several days, on one subject.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use chrono::NaiveDate;
use self_domain::insight::{InsightKind, NewInsight, Pointers};
use uuid::Uuid;

use super::phrase;

/// A topic returns when it occurs on at least this many days, in at least as many conversations.
const DAYS: usize = 3;
/// The largest number of topics of one conversation.
const MOST: usize = 3;
/// The largest number of words in the name of a topic.
const NAME: usize = 3;
/// Words of every conversation, which name no topic, besides the stop words of written English.
const EVERYDAY: &str = include_str!("everyday_words.txt");

/// A passage of a conversation.
#[derive(Clone, Debug)]
pub struct TopicPassage {
    /// The conversation.
    pub conversation: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// The day on which the conversation began.
    pub day: NaiveDate,
    /// The segments.
    pub segments: Vec<Uuid>,
    /// The text of the segments.
    pub text: String,
}

/// A passage of the current conversation, and the nearest passage of each other conversation that is
/// close to it in meaning.
#[derive(Clone, Debug)]
pub struct SimilarPassages {
    /// The passage.
    pub passage: TopicPassage,
    /// The others, nearest first.
    pub others: Vec<TopicPassage>,
}

/// Finds the topics of a conversation that return. The name of a topic consists of words that its
/// conversations share; passages that share no word make no topic.
#[must_use]
pub fn returning(near: &[SimilarPassages]) -> Vec<NewInsight> {
    let mut candidates: Vec<(Vec<String>, Vec<&TopicPassage>)> = near.iter().filter_map(topic).collect();
    candidates.sort_by_key(|(_, passages)| std::cmp::Reverse(passages.len()));
    let mut topics: Vec<(Vec<String>, Vec<&TopicPassage>)> = Vec::new();
    for (name, passages) in candidates {
        let same = |(known, _): &(Vec<String>, _)| known.iter().any(|word| name.contains(word));
        if topics.len() < MOST && !topics.iter().any(same) {
            topics.push((name, passages));
        }
    }
    topics.into_iter().map(|(name, passages)| insight(&name, passages)).collect()
}

fn topic(near: &SimilarPassages) -> Option<(Vec<String>, Vec<&TopicPassage>)> {
    let all: Vec<&TopicPassage> = std::iter::once(&near.passage).chain(&near.others).collect();
    let name = name(&all)?;
    // Only passages that contain the first word of the name.
    let passages: Vec<&TopicPassage> =
        all.into_iter().filter(|passage| words(&passage.text).contains(&name[0])).collect();
    (days(&passages) >= DAYS && passages.len() >= DAYS).then_some((name, passages))
}

fn days(passages: &[&TopicPassage]) -> usize {
    passages.iter().map(|passage| passage.day).collect::<BTreeSet<_>>().len()
}

/// The words that most of these passages share, the most frequent first.
fn name(passages: &[&TopicPassage]) -> Option<Vec<String>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for passage in passages {
        for word in words(&passage.text) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut shared: Vec<(String, usize)> = counts.into_iter().filter(|(_, count)| *count >= DAYS).collect();
    shared.sort_by_key(|(word, count)| (std::cmp::Reverse((*count, word.chars().count())), word.clone()));
    let words: Vec<String> = shared.into_iter().take(NAME).map(|(word, _)| word).collect();
    (!words.is_empty()).then_some(words)
}

/// The words of a text that could name a topic, with plurals reduced to the singular.
fn words(text: &str) -> BTreeSet<String> {
    naming(text).iter().map(|word| stem(word).to_owned()).collect()
}

/// The shortest form in which a stemmed word was said.
fn form(stemmed: &str, passages: &[&TopicPassage]) -> String {
    let said = passages.iter().flat_map(|passage| naming(&passage.text)).filter(|word| stem(word) == stemmed);
    said.min_by_key(|word| word.chars().count()).unwrap_or_else(|| stemmed.to_owned())
}

fn stem(word: &str) -> &str {
    word.strip_suffix('s')
        .filter(|one| one.chars().count() > 3 && !one.ends_with(['s', 'u', 'i']))
        .unwrap_or(word)
}

fn naming(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('’', "'");
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-');
    let words = words.map(|word| word.trim_matches(['\'', '-']).trim_end_matches("'s"));
    words
        .filter(|word| word.chars().count() > 3 && word.chars().all(|c| c.is_alphabetic() || c == '-'))
        .filter(|word| !is_everyday(word))
        .map(str::to_owned)
        .collect()
}

fn is_everyday(word: &str) -> bool {
    static EVERY: LazyLock<HashSet<&str>> =
        LazyLock::new(|| stop_words::get("en").iter().copied().chain(EVERYDAY.split_whitespace()).collect());
    EVERY.contains(word)
}

fn insight(name: &[String], mut passages: Vec<&TopicPassage>) -> NewInsight {
    passages.sort_by_key(|passage| (passage.day, passage.conversation));
    let forms: Vec<String> = name.iter().map(|word| form(word, &passages)).collect();
    let when: Vec<String> = passages
        .iter()
        .map(|passage| format!("“{}” ({})", passage.title, phrase::day(passage.day)))
        .collect();
    NewInsight {
        kind: InsightKind::TopicReturning,
        key: name[0].clone(),
        essence: None,
        title: phrase::line(&format!("{} again", forms.join(", "))),
        detail: format!("{} conversations speak of the same: {}.", passages.len(), phrase::list(&when)),
        due_at: None,
        evidence: Pointers {
            segments: passages.iter().flat_map(|passage| passage.segments.iter().copied()).collect(),
            ..Pointers::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(day: u32, text: &str) -> TopicPassage {
        TopicPassage {
            conversation: Uuid::now_v7(),
            title: format!("Talk {day}"),
            day: NaiveDate::from_ymd_opt(2024, 5, day).unwrap(),
            segments: vec![Uuid::now_v7()],
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_three_conversations_of_three_days_share_is_a_topic_with_their_words() {
        let passage_of = |day| passage(day, "We should really repair the old roof of the barn.");
        let near = SimilarPassages { passage: passage_of(9), others: vec![passage_of(1), passage_of(5)] };
        let found = returning(std::slice::from_ref(&near));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].title, "Repair, barn, roof again");
        assert!(found[0].detail.starts_with("3 conversations speak of the same: “Talk 1” (1 May 2024)"));
        assert_eq!(found[0].evidence.segments.len(), 3);
    }

    #[test]
    fn a_topic_is_called_as_it_was_said() {
        let passage_of = |day| passage(day, "Those beaches!");
        let near = SimilarPassages { passage: passage_of(9), others: vec![passage_of(1), passage_of(5)] };
        assert_eq!(returning(&[near])[0].title, "Beaches again");
    }

    #[test]
    fn the_same_day_twice_and_other_words_are_no_topic() {
        let roof = |day| passage(day, "The roof leaks again.");
        let twice = SimilarPassages { passage: roof(9), others: vec![roof(9), roof(5)] };
        let other = SimilarPassages {
            passage: roof(9),
            others: vec![roof(1), passage(5, "Rain comes through the ceiling.")],
        };
        assert_eq!(returning(&[twice, other]), []);
    }
}
