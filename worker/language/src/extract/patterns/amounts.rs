//! Amounts: money, percentages and measures.

use super::numbers::{digits, number};
use super::{PatternMatch, Phrase};
use crate::extract::EntityKind;

/// Units as they are said and written. The first form stands for the unit in a key.
const UNITS: &[(&str, &[&str])] = &[
    ("usd", &["dollar", "dollars", "buck", "bucks", "usd"]),
    ("eur", &["euro", "euros", "eur"]),
    ("gbp", &["quid", "gbp", "sterling"]),
    ("pence", &["pence", "penny"]),
    ("cent", &["cent", "cents"]),
    ("jpy", &["yen"]),
    ("inr", &["rupee", "rupees"]),
    ("chf", &["franc", "francs"]),
    ("%", &["%", "percent", "per cent"]),
    ("km", &["km", "kilometer", "kilometers", "kilometre", "kilometres"]),
    ("m", &["meter", "meters", "metre", "metres"]),
    ("cm", &["cm", "centimeter", "centimeters", "centimetre", "centimetres"]),
    ("mm", &["mm", "millimeter", "millimeters", "millimetre", "millimetres"]),
    ("mi", &["mile", "miles"]),
    ("ft", &["foot", "feet", "ft"]),
    ("in", &["inch", "inches"]),
    ("kg", &["kg", "kilo", "kilos", "kilogram", "kilograms"]),
    ("g", &["gram", "grams"]),
    ("t", &["tonne", "tonnes", "ton", "tons"]),
    // `pound` is money or weight; the key does not distinguish them.
    ("pound", &["pound", "pounds", "lbs"]),
    ("oz", &["ounce", "ounces"]),
    ("l", &["liter", "liters", "litre", "litres"]),
    ("degree", &["degree", "degrees", "°"]),
    ("mph", &["mph"]),
    ("kwh", &["kilowatt-hours", "kwh"]),
    ("gb", &["gb", "gigabyte", "gigabytes"]),
    ("mb", &["mb", "megabyte", "megabytes"]),
    ("tb", &["tb", "terabyte", "terabytes"]),
];

const SIGNS: &[(&str, &str)] = &[("$", "usd"), ("€", "eur"), ("£", "gbp"), ("¥", "jpy")];

/// Finds an amount: `$20`, `two hundred euros`, `3.5 million dollars`, `20%`, `five miles`.
pub(super) fn amount(phrase: &Phrase<'_>, at: usize) -> Option<PatternMatch> {
    let sign = SIGNS.iter().find(|(sign, _)| *sign == phrase.word(at));
    if let Some((_, unit)) = sign {
        digits(phrase.word(at + 1))?;
        let (end, value) = number(phrase, at + 1)?;
        return Some(found(end, value, unit));
    }
    let (end, value) = match phrase.word(at) {
        "half" if phrase.is_any(at + 1, &["a", "an"]) && phrase.is_any(at + 2, &["million", "billion"]) => {
            (at + 3, if phrase.word(at + 2) == "million" { 5e5 } else { 5e8 })
        }
        _ => number(phrase, at)?,
    };
    let two_words = phrase.word(end) == "per" && phrase.word(end + 1) == "cent";
    if two_words {
        return Some(found(end + 2, value, "%"));
    }
    let (unit, _) = UNITS.iter().find(|(_, names)| names.contains(&phrase.word(end)))?;
    // `the one percent` means people, and `one foot in` and `two in` are ordinary words: a short unit
    // needs a number in digits.
    let short = phrase.word(end).len() <= 2 && phrase.word(end) != "%";
    (!short || digits(phrase.word(at)).is_some()).then(|| found(end + 1, value, unit))
}

fn found(end: usize, value: f64, unit: &str) -> PatternMatch {
    PatternMatch { kind: EntityKind::Amount, end, key: format!("{value} {unit}") }
}

#[cfg(test)]
mod tests {
    use crate::extract::patterns::tests::{found, keys};

    #[test]
    fn spoken_and_written_amounts_share_a_key() {
        assert_eq!(keys("twenty percent, 20% or 20 per cent"), ["20 %"; 3]);
        assert_eq!(keys("$2,500 or two thousand five hundred dollars"), ["2500 usd"; 2]);
        assert_eq!(keys("2.5 million euros, half a million euros"), ["2500000 eur", "500000 eur"]);
        assert_eq!(keys("two hundred and fifty bucks"), ["250 usd"]);
    }

    #[test]
    fn a_number_without_a_unit_is_no_amount() {
        assert_eq!(found("We were twenty five people and 30 dogs."), []);
    }
}
