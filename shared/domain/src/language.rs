//! Languages, as BCP 47 tags (RFC 5646).

/// Whether a text has the shape of a language tag.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    let is_subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 35 && text.split('-').all(is_subtag)
}

/// The usual spelling of a tag (RFC 5646, 2.1.1): the language in small letters, a script as `Hant`, a region as
/// `BR`. Tags are stored and compared in this spelling.
#[must_use]
pub fn canonical(tag: &str) -> String {
    let mut is_private = false;
    let subtags = tag.split('-').enumerate().map(|(place, subtag)| {
        let small = subtag.to_ascii_lowercase();
        let is_cased = place > 0 && !is_private && small.bytes().all(|byte| byte.is_ascii_alphabetic());
        // After `x` and the other single letters, every subtag is in small letters.
        is_private |= small.len() == 1;
        match small.len() {
            2 if is_cased => small.to_ascii_uppercase(),
            4 if is_cased => small[..1].to_ascii_uppercase() + &small[1..],
            _ => small,
        }
    });
    subtags.collect::<Vec<_>>().join("-")
}

/// The primary subtag, which is the language without region and script: `en` of `en-GB`.
#[must_use]
pub fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// Whether two tags have the same language, regardless of region and script.
#[must_use]
pub fn is_same(tag: &str, other: &str) -> bool {
    primary(tag).eq_ignore_ascii_case(primary(other))
}

/// Whether a model for these languages supports this one. An empty list stands for all languages.
#[must_use]
pub fn speaks(languages: &[String], tag: &str) -> bool {
    languages.is_empty() || languages.iter().any(|spoken| is_same(spoken, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_compared_by_what_they_are_and_not_by_where_they_are_spoken() {
        let spoken = ["en".to_owned(), "pt-BR".to_owned()];
        for tag in ["en", "EN-gb", "pt", "pt-PT"] {
            assert!(speaks(&spoken, tag), "{tag}");
        }
        for tag in ["e", "eng", "de-en"] {
            assert!(!speaks(&spoken, tag), "{tag}");
        }
        assert!(speaks(&[], "de"));
    }

    #[test]
    fn a_tag_has_one_spelling() {
        for (given, usual) in [
            ("EN", "en"),
            ("pt-br", "pt-BR"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("sl-IT-Nedis", "sl-IT-nedis"),
            ("de-1996", "de-1996"),
            ("X-Ab-Cdef", "x-ab-cdef"),
            ("en-us-U-CA-Gregory", "en-US-u-ca-gregory"),
            ("", ""),
        ] {
            assert_eq!(canonical(given), usual);
            assert_eq!(canonical(usual), usual);
        }
    }

    #[test]
    fn tags_have_their_shape() {
        for tag in ["en", "zh-Hant-TW"] {
            assert!(is_tag(tag), "{tag}");
        }
        for text in ["", "de_DE", "-", "superlonglanguage"] {
            assert!(!is_tag(text), "{text}");
        }
    }
}
