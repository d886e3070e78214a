//! The syntax of a search query: words, "phrases in quotes", and -exclusions.

/// A typed query, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SearchQuery {
    /// Words that count the more of them there are, and what stands in quotes among them.
    pub(super) wanted: String,
    /// What must be there as it stands in quotes.
    pub(super) phrases: Vec<String>,
    /// Words and phrases that must not be there.
    pub(super) excluded: Vec<String>,
}

impl SearchQuery {
    /// Takes a query apart. Every text is one: a quote that is never closed ends with the text, and
    /// a minus alone is nothing.
    #[must_use]
    pub(super) fn parse(text: &str) -> Self {
        let mut typed = Self::default();
        let mut wanted = Vec::new();
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
                (false, false) => wanted.push(term),
            }
        }
        typed.wanted = wanted.join(" ");
        typed
    }

    /// Words with nothing special about any of them.
    #[must_use]
    pub(super) fn plain(text: &str) -> Self {
        Self { wanted: text.trim().to_owned(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(wanted: &str, phrases: &[&str], excluded: &[&str]) -> SearchQuery {
        let owned = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect();
        SearchQuery { wanted: wanted.to_owned(), phrases: owned(phrases), excluded: owned(excluded) }
    }

    #[test]
    fn words_phrases_and_exclusions_are_told_apart() {
        let query = r#"kitchen "blue tiles"  -budget -"next year" Lisbon"#;
        let expected = typed("kitchen blue tiles Lisbon", &["blue tiles"], &["budget", "next year"]);
        assert_eq!(SearchQuery::parse(query), expected);
    }

    #[test]
    fn whatever_is_typed_is_a_query() {
        assert_eq!(SearchQuery::parse(r#""never closed"#), typed("never closed", &["never closed"], &[]));
        assert_eq!(SearchQuery::parse(" - \"\" -\" \" ?"), SearchQuery::default());
        assert_eq!(SearchQuery::parse("well-known e-mail"), typed("well-known e-mail", &[], &[]));
        assert_eq!(SearchQuery::parse("“São Paulo”é"), typed("São Paulo é", &["São Paulo"], &[]));
    }
}
