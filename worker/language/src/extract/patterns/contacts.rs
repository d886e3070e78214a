//! Contact details: e-mail addresses, phone numbers and links.

use super::numbers::small;
use super::{Pattern, PatternMatch, Phrase};
use crate::extract::EntityKind;

/// Top-level domains that make a link without `http`. Other endings are too often two sentences without
/// a space between them (`home.So`).
const DOMAINS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "io", "co", "ai", "app", "dev", "info", "me", "tv", "uk", "de", "fr",
    "it", "es", "nl", "ch", "at", "be", "se", "no", "dk", "fi", "ie", "eu", "us", "ca", "au", "nz", "in",
    "jp", "br",
];

/// The number of digits in a phone number. Seven is a local number in North America.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Finds written e-mail addresses and links, among the parts of a text between spaces.
pub(super) fn written(text: &str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    let mut at = 0;
    for chunk in text.split_inclusive(char::is_whitespace) {
        let trimmed =
            chunk.trim_matches(|edge: char| edge.is_whitespace() || "()<>[]{}\"'“”‘’,;:!?.".contains(edge));
        if let Some(kind) = kind_of(trimmed) {
            let start = at + chunk.find(trimmed).unwrap_or(0);
            let key = trimmed.to_lowercase();
            let key =
                key.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
            patterns.push(Pattern {
                kind,
                range: start..start + trimmed.len(),
                key: key.trim_end_matches('/').to_owned(),
            });
        }
        at += chunk.len();
    }
    patterns
}

fn kind_of(chunk: &str) -> Option<EntityKind> {
    let lower = chunk.to_lowercase();
    if let Some((name, domain)) = lower.split_once('@') {
        let name_fits = !name.is_empty()
            && name.chars().all(|letter| letter.is_alphanumeric() || "._%+-".contains(letter));
        return (name_fits && is_domain(domain, false)).then_some(EntityKind::Email);
    }
    let stated = ["http://", "https://", "www."].iter().find_map(|start| lower.strip_prefix(start));
    let host = stated.unwrap_or(&lower).split(['/', '?', '#']).next().unwrap_or("");
    is_domain(host, stated.is_none()).then_some(EntityKind::Link)
}

fn is_domain(host: &str, known_ending: bool) -> bool {
    let labels: Vec<_> = host.split('.').collect();
    let ending = labels[labels.len() - 1];
    labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        })
        && ending.chars().all(|letter| letter.is_ascii_alphabetic())
        && ending.len() >= 2
        && (!known_ending
            || DOMAINS.contains(&ending) && labels[0].chars().any(char::is_alphabetic) && labels[0].len() > 1)
}

/// `anna dot smith at example dot com`, `example dot org`.
pub(super) fn spoken(phrase: &Phrase<'_>, start: usize) -> Option<PatternMatch> {
    let mut address = String::new();
    let mut at = start;
    let mut has_at = false;
    loop {
        let word = phrase.word(at);
        if word.is_empty() || !word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
            return None;
        }
        address.push_str(word);
        at += 1;
        match phrase.word(at) {
            "dot" => address.push('.'),
            "at" if !has_at && spoken_domain(phrase, at + 1) => {
                has_at = true;
                address.push('@');
            }
            _ => break,
        }
        at += 1;
    }
    let domain = address.split_once('@').map_or(address.as_str(), |(_, domain)| domain);
    if !is_domain(domain, true) {
        return None;
    }
    let kind = if has_at { EntityKind::Email } else { EntityKind::Link };
    Some(PatternMatch { kind, end: at, key: address.trim_start_matches("www.").to_owned() })
}

/// Whether a spoken domain starts at this word: `at` alone is common for other reasons.
fn spoken_domain(phrase: &Phrase<'_>, at: usize) -> bool {
    phrase.word(at + 1) == "dot"
}

/// `+44 20 7946 0958`, `(555) 123-4567`, `five five five one two three four`.
pub(super) fn phone(phrase: &Phrase<'_>, start: usize) -> Option<PatternMatch> {
    let mut digits = String::new();
    let mut groups = 0;
    let mut end = start;
    let mut at = start;
    loop {
        let word = phrase.word(at);
        let mark = matches!(word, "+" | "(" | ")" | "-" | "." | "/");
        if !word.is_empty() && word.chars().all(|digit| digit.is_ascii_digit() || digit == '-') && word != "-"
        {
            digits.extend(word.chars().filter(char::is_ascii_digit));
            groups += word.split('-').count();
            end = at + 1;
        } else if let Some(value) =
            small(word).filter(|value| *value < 10.0).or((word == "oh").then_some(0.0))
        {
            digits.push_str(&value.to_string());
            groups += 1;
            end = at + 1;
        } else if !(mark && (phrase.is_joined(at) || at > start && phrase.is_joined(at - 1))) {
            break;
        }
        at += 1;
    }
    let international = phrase.word(start) == "+";
    // A phone number is said and written in groups; one long number is not a phone number.
    let fits =
        PHONE_DIGITS.contains(&digits.len()) && (groups >= 2 || international) && !is_date(&digits, groups);
    fits.then(|| PatternMatch {
        kind: EntityKind::Phone,
        end,
        key: if international { format!("+{digits}") } else { digits },
    })
}

/// Whether the digits are a date: `2024-05-03` has as many digits as a phone number.
fn is_date(digits: &str, groups: usize) -> bool {
    groups == 3 && digits.len() == 8 && (digits.starts_with("19") || digits.starts_with("20"))
}

#[cfg(test)]
mod tests {
    use crate::extract::EntityKind::{Email, Link, Phone};
    use crate::extract::patterns::tests::{found, keys};

    #[test]
    fn addresses_are_found_as_written_and_as_spoken() {
        assert_eq!(
            found("Write to (Anna.Smith@Example.co.uk). Or anna dot smith at gmail dot com, please."),
            [(Email, "Anna.Smith@Example.co.uk"), (Email, "anna dot smith at gmail dot com")]
        );
        assert_eq!(keys("It is anna at example dot com."), ["anna@example.com"]);
    }

    #[test]
    fn links_are_found_as_written_and_as_spoken() {
        assert_eq!(
            found("See https://example.xyz/a?b=c, www.rust-lang.org or example dot org."),
            [(Link, "https://example.xyz/a?b=c"), (Link, "www.rust-lang.org"), (Link, "example dot org")]
        );
        assert_eq!(found("We went home.So what? At 5 a.m. we slept."), found("At 5 a.m."));
    }

    #[test]
    fn phone_numbers_are_found_in_digits_and_in_words() {
        assert_eq!(found("Call +44 20 7946 0958 now"), [(Phone, "+44 20 7946 0958")]);
        assert_eq!(keys("It's (555) 123-4567."), ["5551234567"]);
        assert_eq!(keys("five five five, oh"), Vec::<String>::new());
        assert_eq!(keys("my number is five five five oh one two three"), ["5550123"]);
    }
}
