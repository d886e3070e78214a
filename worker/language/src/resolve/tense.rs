//! The tense of a sentence: `on Friday we met` and `on Friday we will meet` are two Fridays.

/// The direction of a sentence from the moment of speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tense {
    Past,
    Future,
    /// The sentence has no tense.
    Open,
}

const FUTURE: &[&str] = &[
    "will", "won't", "shall", "shan't", "going", "gonna", "let's", "must", "should", "need", "needs", "have",
    "has", "can", "may", "might", "could", "plan", "due", "by", "until", "till", "want", "hope", "promise",
    "please", "remind", "tomorrow", "remember", "forget",
];
/// Past forms that do not end in `-ed`, the most frequent first.
const PAST: &[&str] = &[
    "was",
    "wasn't",
    "were",
    "weren't",
    "did",
    "didn't",
    "had",
    "hadn't",
    "since",
    "ago",
    "been",
    "became",
    "began",
    "bought",
    "brought",
    "built",
    "came",
    "caught",
    "chose",
    "cut",
    "drank",
    "drove",
    "ate",
    "fell",
    "felt",
    "fought",
    "found",
    "flew",
    "forgot",
    "gave",
    "got",
    "grew",
    "heard",
    "held",
    "kept",
    "knew",
    "left",
    "lent",
    "lost",
    "made",
    "meant",
    "met",
    "paid",
    "ran",
    "read",
    "rode",
    "said",
    "sat",
    "saw",
    "sent",
    "sang",
    "slept",
    "sold",
    "spent",
    "spoke",
    "stood",
    "stole",
    "swam",
    "taught",
    "thought",
    "threw",
    "told",
    "took",
    "went",
    "woke",
    "won",
    "wore",
    "wrote",
    "born",
    "yesterday",
];
/// Words that look like past forms and are none.
const NOT_PAST: &[&str] =
    &["need", "feed", "speed", "indeed", "hundred", "red", "bed", "wed", "shed", "bleed", "seed", "breed"];

/// The tense of a sentence at a range of bytes: the nearest word with a tense before the range decides,
/// else the nearest after it.
pub(super) fn tense(text: &str, place: std::ops::Range<usize>) -> Tense {
    let (before, behind) = (&text[..place.start], &text[place.end..]);
    let before = before.rsplit(['.', '!', '?', '…', ';']).next().unwrap_or_default();
    let behind = behind.split(['.', '!', '?', '…', ';']).next().unwrap_or_default();
    let mut words = before.split_whitespace().rev().chain(behind.split_whitespace());
    words.find_map(of_word).unwrap_or(Tense::Open)
}

fn of_word(word: &str) -> Option<Tense> {
    let word = word.to_lowercase().replace('’', "'");
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'');
    if FUTURE.contains(&word) || word.ends_with("'ll") {
        return Some(Tense::Future);
    }
    let is_past = PAST.contains(&word) || word.ends_with("ed") && word.len() > 3 && !NOT_PAST.contains(&word);
    is_past.then_some(Tense::Past)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str, date: &str) -> Tense {
        let start = text.find(date).unwrap();
        tense(text, start..start + date.len())
    }

    #[test]
    fn the_nearest_verb_tells() {
        assert_eq!(around("On Friday we met at her place.", "Friday"), Tense::Past);
        assert_eq!(around("On Friday we'll meet at her place.", "Friday"), Tense::Future);
        assert_eq!(around("I told you that I will call on Friday.", "Friday"), Tense::Future);
        assert_eq!(around("We will see what happened on Friday.", "Friday"), Tense::Past);
        assert_eq!(around("Friday is a good day. We met.", "Friday"), Tense::Open);
        assert_eq!(around("Send it by Friday.", "Friday"), Tense::Future);
    }
}
