//! Numbers, in digits and in words.

use super::Phrase;
use crate::numerals::{TENS, UNITS};

const SCALES: &[(&str, f64)] =
    &[("hundred", 1e2), ("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)];
const ORDINALS: &[&str] = &[
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// Reads the number that starts at this word, and returns the index of the next word and the value:
/// `1,200`, `2.5 million`, `two hundred and fifty`, `a hundred`, `twenty-one`.
pub(super) fn number(phrase: &Phrase<'_>, start: usize) -> Option<(usize, f64)> {
    let (mut at, mut sum, mut part) = (start, 0.0, None);
    loop {
        let word = phrase.word(at);
        if let Some(value) = digits(word).or_else(|| small(word)) {
            // Two neighbouring numbers are two numbers, unless they combine: `twenty one`.
            match part {
                None => part = Some(value),
                Some(0.0) if sum > 0.0 => part = Some(value),
                Some(tens) if tens >= 20.0 && tens % 10.0 == 0.0 && value < 10.0 => part = Some(tens + value),
                Some(hundreds) if hundreds >= 100.0 && value < 100.0 => part = Some(hundreds + value),
                Some(_) => break,
            }
        } else if let Some((_, scale)) = SCALES.iter().find(|(name, _)| *name == word) {
            let Some(value) = part.filter(|_| at > start) else { break };
            if *scale > 100.0 {
                sum += value * scale;
                part = Some(0.0);
            } else {
                part = Some(value * scale);
            }
        } else if at == start && word == "a" && SCALES.iter().any(|(name, _)| *name == phrase.word(at + 1)) {
            part = Some(1.0);
        } else if at > start
            && word == "and"
            && phrase.is_any(at - 1, &["hundred", "thousand"])
            && small(phrase.word(at + 1)).is_some()
        {
            // `two hundred and fifty`
        } else {
            break;
        }
        at += 1;
    }
    part.map(|part| (at, sum + part))
}

/// Reads a day of a month, and returns the index of the next word and the day: `3`, `3rd`, `third`,
/// `twenty-first`.
pub(super) fn day(phrase: &Phrase<'_>, at: usize) -> Option<(usize, u32)> {
    let word = phrase.word(at);
    if let Some(value) = ordinal(word) {
        return Some((at + 1, value));
    }
    if let Some(tens) = TENS[..2].iter().position(|tens| *tens == word)
        && let Some(value) = ordinal(phrase.word(at + 1)).filter(|value| *value < 10)
    {
        return Some((at + 2, tens as u32 * 10 + 20 + value));
    }
    let plain = word.parse().ok().filter(|_| word.len() <= 2)?;
    (1..=31).contains(&plain).then_some((at + 1, plain))
}

fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending));
    if let Some(value) = digits.and_then(|digits| digits.parse().ok()) {
        return (1..=31).contains(&value).then_some(value);
    }
    let plain = ORDINALS.iter().position(|ordinal| *ordinal == word).filter(|value| *value > 0);
    plain.map(|value| value as u32).or_else(|| match word {
        "twentieth" => Some(20),
        "thirtieth" => Some(30),
        _ => {
            let (tens, unit) = word.split_once('-')?;
            let tens = TENS[..2].iter().position(|known| *known == tens)? as u32 * 10 + 20;
            Some(tens + ordinal(unit).filter(|unit| *unit < 10)?)
        }
    })
}

/// Reads a year in digits, or in two spoken halves: `nineteen eighty-four`, `twenty twenty`.
pub(super) fn year(phrase: &Phrase<'_>, at: usize) -> Option<(usize, u32)> {
    let word = phrase.word(at);
    if word.len() == 4
        && let Ok(year) = word.parse()
    {
        return (1000..2200).contains(&year).then_some((at + 1, year));
    }
    let century = small(word).filter(|value| (11.0..=20.0).contains(value))?;
    let (end, rest) = match (small(phrase.word(at + 1))?, small(phrase.word(at + 2))) {
        (tens, Some(unit)) if tens >= 20.0 && tens % 10.0 == 0.0 && (1.0..10.0).contains(&unit) => {
            (at + 3, tens + unit)
        }
        (rest, _) if rest >= 10.0 => (at + 2, rest),
        _ => return None,
    };
    Some((end, (century * 100.0 + rest) as u32))
}

pub(super) fn digits(word: &str) -> Option<f64> {
    word.starts_with(|digit: char| digit.is_ascii_digit()).then(|| word.replace(',', "").parse().ok())?
}

/// A number below a hundred in one word.
pub(super) fn small(word: &str) -> Option<f64> {
    if let Some(value) = UNITS.iter().position(|unit| *unit == word) {
        return Some(value as f64);
    }
    if let Some(tens) = TENS.iter().position(|tens| *tens == word) {
        return Some((tens * 10 + 20) as f64);
    }
    let (tens, unit) = word.split_once('-')?;
    let tens = TENS.iter().position(|known| *known == tens)? * 10 + 20;
    let unit = UNITS[1..10].iter().position(|known| *known == unit)? + 1;
    Some((tens + unit) as f64)
}
