//! Texts of a certain form. The document describes each form for apps and fuzzers, and the complaint about
//! an invalid text is the same in every route.

use std::borrow::Cow;
use std::marker::PhantomData;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use self_shared::domain::language;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The form of a text.
pub(crate) trait Form: Send + Sync + 'static {
    /// The `format` in the document.
    const FORMAT: &'static str;
    /// The `pattern` in the document; the length is separate.
    const PATTERN: &'static str;
    /// Characters at least.
    const SHORTEST: usize = 1;
    /// Characters at most.
    const LONGEST: usize;
    /// The complaint about a text of another form.
    const MUST: &'static str;

    /// Whether a trimmed text has the form.
    fn has(text: &str) -> bool;

    /// The spelling in which a text of this form is stored and compared.
    fn normal(text: &str) -> String {
        text.to_owned()
    }
}

/// A trimmed text of a certain form.
#[derive(Debug)]
pub(crate) struct Text<F>(pub String, PhantomData<F>);

/// A language tag (RFC 5646, the shape only).
#[derive(Debug)]
pub(crate) enum Language {}

/// An e-mail address, by its shape only. Whether it exists is not checked.
#[derive(Debug)]
pub(crate) enum Email {}

/// A line that is not blank: a name, a tag.
#[derive(Debug)]
pub(crate) enum Line<const LONGEST: usize> {}

/// A line that may be empty, which stands for none: the speaker of a segment.
#[derive(Debug)]
pub(crate) enum Label<const LONGEST: usize> {}

/// Spoken text: it says something. Line breaks and tabs in it count as spaces, since a segment is one line.
#[derive(Debug)]
pub(crate) enum Utterance<const LONGEST: usize> {}

/// A SHA-256 hash, in hexadecimal.
#[derive(Debug)]
pub(crate) enum Sha256 {}

/// Whether a text has a character that can be seen. Spaces, control characters and characters without a
/// width, such as U+200B, cannot.
pub(crate) fn says_something(text: &str) -> bool {
    text.chars().any(|c| !(c.is_whitespace() || c.is_control() || is_invisible(c)))
}

/// Whether a character only formats others, or takes no space (Unicode: the ignorable characters in use). The
/// patterns in the document list the same characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}')
}

/// The characters of [`is_invisible`], in a pattern.
macro_rules! invisible {
    () => {
        concat!(
            r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e",
            r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
        )
    };
}

/// The pattern of a text that [says something](says_something).
pub(crate) const VISIBLE: &str = concat!(r"[^\s\x00-\x1f\x7f-\x9f", invisible!(), "]");

/// The pattern of a text in which a visible character stands between others, none of which is one of `$not`.
macro_rules! visible_without {
    ($not:literal) => {
        concat!("[^", $not, r"]*[^\s", $not, invisible!(), "][^", $not, "]*")
    };
}

/// Whether a character ends a line: then a text with it is more than one line.
fn breaks_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

impl Form for Language {
    const FORMAT: &'static str = "language-tag";
    const PATTERN: &'static str = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$";
    const LONGEST: usize = 35;
    const MUST: &'static str = "must be a language tag such as `en` or `de-CH`";

    fn has(text: &str) -> bool {
        language::is_tag(text)
    }

    fn normal(text: &str) -> String {
        language::canonical(text)
    }
}

impl Form for Email {
    // Not `email`: this format allows only ASCII, but addresses may have other letters.
    const FORMAT: &'static str = "mail-address";
    const PATTERN: &'static str = r"^[^\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$";
    const LONGEST: usize = 254;
    const MUST: &'static str = "must be an e-mail address";

    fn has(text: &str) -> bool {
        let parts = text.rsplit_once('@');
        parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    }
}

impl Form for Sha256 {
    const FORMAT: &'static str = "sha256";
    const PATTERN: &'static str = "^[0-9A-Fa-f]{64}$";
    const LONGEST: usize = 64;
    const MUST: &'static str = "must be 64 hexadecimal digits";

    fn has(text: &str) -> bool {
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl<const LONGEST: usize> Form for Line<LONGEST> {
    const FORMAT: &'static str = "line";
    const PATTERN: &'static str = concat!("^", visible_without!(r"\x00-\x1f\x7f-\x9f\u2028\u2029"), "$");
    const LONGEST: usize = LONGEST;
    const MUST: &'static str = "must say something in one line, without control characters";

    fn has(text: &str) -> bool {
        says_something(text) && !text.contains(|c: char| c.is_control() || breaks_line(c))
    }
}

impl<const LONGEST: usize> Form for Label<LONGEST> {
    const FORMAT: &'static str = "label";
    const PATTERN: &'static str =
        concat!(r"^(\s*|", visible_without!(r"\x00-\x1f\x7f-\x9f\u2028\u2029"), ")$");
    const SHORTEST: usize = 0;
    const LONGEST: usize = LONGEST;
    const MUST: &'static str = "must be one line without control characters, or empty";

    fn has(text: &str) -> bool {
        text.is_empty() || Line::<LONGEST>::has(text)
    }
}

impl<const LONGEST: usize> Form for Utterance<LONGEST> {
    const FORMAT: &'static str = "utterance";
    const PATTERN: &'static str =
        concat!("^", visible_without!(r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"), "$");
    const LONGEST: usize = LONGEST;
    const MUST: &'static str = "must say something, without control characters";

    fn has(text: &str) -> bool {
        says_something(text) && !text.contains(|c: char| c.is_control() && c != '\t' && !breaks_line(c))
    }

    fn normal(text: &str) -> String {
        let mut line = String::with_capacity(text.len());
        for part in text.split(|c: char| c == '\t' || breaks_line(c)) {
            let part = part.trim();
            if !part.is_empty() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(part);
            }
        }
        line
    }
}

/// The complaint about a text if it does not have the form with this name in the document.
pub(super) fn complaint(format: &str, text: &str) -> Option<&'static str> {
    fn of<F: Form>(text: &str) -> Option<&'static str> {
        (!F::has(text.trim())).then_some(F::MUST)
    }
    match format {
        Language::FORMAT => of::<Language>(text),
        Email::FORMAT => of::<Email>(text),
        Sha256::FORMAT => of::<Sha256>(text),
        Line::<0>::FORMAT => of::<Line<0>>(text),
        Label::<0>::FORMAT => of::<Label<0>>(text),
        Utterance::<0>::FORMAT => of::<Utterance<0>>(text),
        _ => None,
    }
}

impl<F: Form> Text<F> {
    /// Accepts a text that has the form.
    fn read(given: &str) -> ParseResult<Self> {
        let text = given.trim();
        if F::has(text) && text.chars().count() <= F::LONGEST {
            return Ok(F::normal(text).as_str().into());
        }
        Err(ParseError::custom(format!("{}, of up to {} characters", F::MUST, F::LONGEST)))
    }
}

impl<F> From<&str> for Text<F> {
    /// For a text that is known to have the form.
    fn from(text: &str) -> Self {
        Self(text.to_owned(), PhantomData)
    }
}

impl<F> Serialize for Text<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<F: Form> Type for Text<F> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        format!("{}_{}", F::FORMAT, F::LONGEST).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            min_length: Some(F::SHORTEST),
            max_length: Some(F::LONGEST),
            pattern: Some(F::PATTERN.to_owned()),
            ..MetaSchema::new_with_format("string", F::FORMAT)
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<F: Form> ToJSON for Text<F> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }
}

impl<F: Form> ParseFromJSON for Text<F> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => Self::read(&text),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl<F: Form> ParseFromParameter for Text<F> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::read(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<F: Form>(text: &str) -> Option<String> {
        Text::<F>::parse_from_parameter(text).ok().map(|text| text.0)
    }

    #[test]
    fn language_tags_have_their_shape() {
        for good in ["en", "de-CH", "zh-Hant-TW"] {
            for given in [good.to_owned(), good.to_uppercase(), good.to_lowercase()] {
                assert_eq!(read::<Language>(&given).as_deref(), Some(good));
            }
        }
        for bad in ["", "en_US", "e n", "-", "superlonglanguage", "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a"] {
            assert_eq!(read::<Language>(bad), None);
        }
    }

    #[test]
    fn addresses_have_two_sides() {
        assert_eq!(read::<Email>(" ada@example.org ").as_deref(), Some("ada@example.org"));
        for bad in ["", "@", "ada", "ada@", "@example.org", "a da@example.org", "ada@exam\u{0}ple.org"] {
            assert_eq!(read::<Email>(bad), None);
        }
    }

    #[test]
    fn lines_say_something_and_are_one() {
        assert_eq!(read::<Line<4>>("  Ädäx ").as_deref(), Some("Ädäx"));
        for bad in
            ["", "  ", "a\u{0}b", "a\nb", "abcde", "\u{200b}", "\u{feff} \u{2060}", "a\u{2028}b", "a\u{7}"]
        {
            assert_eq!(read::<Line<4>>(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn labels_are_lines_or_empty() {
        for (given, stored) in [("", ""), ("  ", ""), (" Ada ", "Ada")] {
            assert_eq!(read::<Label<4>>(given).as_deref(), Some(stored));
        }
        for bad in ["A\nB\u{7}", "A\u{7}", "\u{200b}", "abcde"] {
            assert_eq!(read::<Label<4>>(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn utterances_say_something_and_become_one_line() {
        for (given, stored) in [
            ("Yes.", "Yes."),
            (" Yes,\r\n we\tdo.\n", "Yes, we do."),
            ("a\u{2028}\u{85}b", "a b"),
            ("two  spaces", "two  spaces"),
            ("नमस्ते\u{200d}", "नमस्ते\u{200d}"),
        ] {
            assert_eq!(read::<Utterance<30>>(given).as_deref(), Some(stored), "{given:?}");
        }
        for bad in ["", "\n", "\u{200b}", "\u{ad}\u{fe0f}", "a\u{7}", "a\u{0}", "a\u{1b}[1m"] {
            assert_eq!(read::<Utterance<30>>(bad), None, "{bad:?}");
        }
    }
}
