//! The syntax of a search query: words, "phrases in quotes", and -exclusions.

/// A parsed search query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SearchQuery {
    /// The words to find, those in quotes included. More of them in a passage give a higher score.
    pub(super) wanted: String,
    /// The words outside of quotes.
    pub(super) unquoted: String,
    /// The phrases in quotes, which must occur exactly.
    pub(super) phrases: Vec<String>,
    /// The words and phrases that must not occur.
    pub(super) excluded: Vec<String>,
}

impl SearchQuery {
    /// Parses a query. Every text is valid: a quote that is never closed ends with the text, and a lone
    /// minus is ignored.
    #[must_use]
    pub(super) fn parse(text: &str) -> Self {
        let mut typed = Self::default();
        let (mut wanted, mut unquoted) = (Vec::new(), Vec::new());
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let excluding = rest.starts_with('-');
            let body = if excluding { &rest[1..] } else { rest };
            let (term, quoted, after) = match body.strip_prefix(['"', '“', '”']) {
                Some(body) => {
                    let end = body.find(['"', '“', '”']).unwrap_or(body.len());
                    let after =
                        body[end..].chars().next().map_or("", |quote| &body[end + quote.len_utf8()..]);
                    (&body[..end], true, after)
                }
                None => {
                    let end = body.find(char::is_whitespace).unwrap_or(body.len());
                    (&body[..end], false, &body[end..])
                }
            };
            rest = after.trim_start();
            let term = term.trim();
            if !term.contains(char::is_alphanumeric) {
                continue;
            }
            match (excluding, quoted) {
                (true, _) => typed.excluded.push(term.to_owned()),
                (false, true) => {
                    typed.phrases.push(term.to_owned());
                    wanted.push(term);
                }
                (false, false) => {
                    unquoted.push(term);
                    wanted.push(term);
                }
            }
        }
        typed.wanted = wanted.join(" ");
        typed.unquoted = unquoted.join(" ");
        typed
    }

    /// A query without any syntax.
    #[must_use]
    pub(super) fn plain(text: &str) -> Self {
        Self { wanted: text.trim().to_owned(), unquoted: text.trim().to_owned(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(wanted: &str, unquoted: &str, phrases: &[&str], excluded: &[&str]) -> SearchQuery {
        let owned = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect();
        SearchQuery {
            wanted: wanted.to_owned(),
            unquoted: unquoted.to_owned(),
            phrases: owned(phrases),
            excluded: owned(excluded),
        }
    }

    #[test]
    fn words_phrases_and_exclusions_are_distinguished() {
        let query = r#"kitchen "blue tiles"  -budget -"next year" Lisbon"#;
        let expected =
            typed("kitchen blue tiles Lisbon", "kitchen Lisbon", &["blue tiles"], &["budget", "next year"]);
        assert_eq!(SearchQuery::parse(query), expected);
    }

    #[test]
    fn whatever_is_typed_is_a_query() {
        assert_eq!(SearchQuery::parse(r#""never closed"#), typed("never closed", "", &["never closed"], &[]));
        assert_eq!(SearchQuery::parse(" - \"\" -\" \" ?"), SearchQuery::default());
        assert_eq!(
            SearchQuery::parse("well-known e-mail"),
            typed("well-known e-mail", "well-known e-mail", &[], &[])
        );
        assert_eq!(SearchQuery::parse("“São Paulo”é"), typed("São Paulo é", "é", &["São Paulo"], &[]));
    }
}
