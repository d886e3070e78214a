//! Languages, as BCP 47 tags (RFC 5646).

/// Whether a text has the shape of a language tag.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    let is_subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 35 && text.split('-').all(is_subtag)
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
    fn tags_have_their_shape() {
        for tag in ["en", "zh-Hant-TW"] {
            assert!(is_tag(tag), "{tag}");
        }
        for text in ["", "de_DE", "-", "superlonglanguage"] {
            assert!(!is_tag(text), "{text}");
        }
    }
}
