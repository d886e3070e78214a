//! Turns written words into spoken ones: numbers, symbols and abbreviations are spelled out, in English.

use self_language::numerals::{TENS, UNITS};

/// The names of the letters, spelled as they sound.
const LETTERS: [&str; 26] = [
    "ay", "bee", "see", "dee", "ee", "ef", "jee", "aich", "eye", "jay", "kay", "el", "em", "en", "oh", "pee",
    "kew", "ar", "es", "tee", "yu", "vee", "dubbelyu", "eks", "wy", "zee",
];
/// Numbers with more digits are spoken digit by digit: a phone number, not an amount.
const LONGEST_NUMBER: usize = 9;
/// Years are spoken in two halves.
const YEARS: std::ops::Range<u64> = 1100..2100;

/// The spoken form of a written word, in lower case: `1984.` is "nineteen eighty four".
pub(super) fn spoken(word: &str) -> Vec<String> {
    if let Some(whole) = abbreviation(word) {
        return vec![whole.to_owned()];
    }
    let mut said = Vec::new();
    let mut unit = None;
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let part = if first.is_ascii_digit() {
            let part = leading(rest, |c| c.is_ascii_digit() || c == ',');
            figures(part, &mut said);
            part
        } else if first.is_alphabetic() {
            let part = leading(rest, |c| c.is_alphabetic() || matches!(c, '\'' | '’'));
            letters(part, &mut said);
            part
        } else {
            match first {
                '$' => unit = Some("dollars"),
                '€' => unit = Some("euros"),
                '£' => unit = Some("pounds"),
                '%' => said.push("percent".to_owned()),
                '&' => said.push("and".to_owned()),
                '@' => said.push("at".to_owned()),
                '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => said.push("point".to_owned()),
                _ => {}
            }
            &rest[..first.len_utf8()]
        };
        rest = &rest[part.len()..];
    }
    said.extend(unit.map(str::to_owned));
    said
}

fn abbreviation(word: &str) -> Option<&'static str> {
    let stem = word.trim_end_matches([',', ';', ':']).strip_suffix('.')?;
    Some(match stem.to_ascii_lowercase().as_str() {
        "mr" => "mister",
        "mrs" => "missis",
        "ms" => "miz",
        "dr" => "doctor",
        "prof" => "professor",
        "st" => "saint",
        "vs" => "versus",
        _ => return None,
    })
}

/// The longest beginning of a text that consists of such characters.
fn leading(text: &str, of: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !of(c)).unwrap_or(text.len())]
}

fn figures(written: &str, said: &mut Vec<String>) {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let by_digit = digits.len() > LONGEST_NUMBER || (digits.len() > 1 && digits.starts_with('0'));
    match digits.parse::<u64>() {
        Ok(year) if !by_digit && YEARS.contains(&year) && !written.contains(',') && year % 1000 >= 10 => {
            number(year / 100, said);
            if year.is_multiple_of(100) {
                said.push("hundred".to_owned());
            } else {
                number(year % 100, said);
            }
        }
        Ok(amount) if !by_digit => number(amount, said),
        _ => said.extend(digits.bytes().map(|digit| UNITS[usize::from(digit - b'0')].to_owned())),
    }
}

fn number(value: u64, said: &mut Vec<String>) {
    let scales = [(1_000_000, "million"), (1000, "thousand"), (100, "hundred")];
    if let Some((scale, name)) = scales.into_iter().find(|(scale, _)| value >= *scale) {
        number(value / scale, said);
        said.push(name.to_owned());
        if !value.is_multiple_of(scale) {
            number(value % scale, said);
        }
    } else if value < 20 {
        said.push(UNITS[value as usize].to_owned());
    } else {
        said.push(TENS[value as usize / 10 - 2].to_owned());
        if !value.is_multiple_of(10) {
            said.push(UNITS[value as usize % 10].to_owned());
        }
    }
}

/// A word of letters, or letters that are spoken one by one: "FBI", "US".
fn letters(written: &str, said: &mut Vec<String>) {
    let bare: String = written.chars().filter(|c| c.is_alphabetic()).collect();
    let capitals = bare.len() > 1 && bare.bytes().all(|byte| byte.is_ascii_uppercase());
    let vowels = bare.bytes().any(|byte| b"AEIOUY".contains(&byte));
    if capitals && (bare.len() <= 3 || !vowels) {
        said.extend(bare.bytes().map(|letter| LETTERS[usize::from(letter - b'A')].to_owned()));
    } else {
        said.push(bare.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_signs_and_abbreviations_are_said_in_words() {
        for (written, said) in [
            ("Tea,", "tea"),
            ("don’t", "dont"),
            ("1984.", "nineteen eighty four"),
            ("2,001", "two thousand one"),
            ("2001", "two thousand one"),
            ("1900", "nineteen hundred"),
            ("$350", "three hundred fifty dollars"),
            ("3.5%", "three point five percent"),
            ("007", "zero zero seven"),
            ("7:45", "seven forty five"),
            ("B12,", "b twelve"),
            ("Dr.", "doctor"),
            ("FBI", "ef bee eye"),
            ("NASA", "nasa"),
            ("—", ""),
            ("Ω≈ç", "ω ç"),
        ] {
            assert_eq!(spoken(written).join(" "), said, "{written}");
        }
    }

    #[test]
    fn no_figure_is_too_long() {
        assert_eq!(spoken(&"9".repeat(300)).len(), 300);
        assert_eq!(spoken("999,999,999").last().map(String::as_str), Some("nine"));
    }
}
