//! The word error rate of a transcript.

/// The word error rate: wrong, missing and additional words, divided by the spoken words. Case and
/// punctuation are ignored.
#[must_use]
pub fn error_rate(said: &str, heard: &str) -> f64 {
    let (said, heard) = (words(said), words(heard));
    errors(&said, &heard) as f64 / said.len().max(1) as f64
}

/// Levenshtein's distance between two sequences of words.
fn errors(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, expected) in said.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, word) in heard.iter().enumerate() {
            let replaced = before + usize::from(word != expected);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row[heard.len()]
}

fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace(|c: char| !c.is_alphanumeric() && c != '\'', " ");
    plain.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_are_no_errors() {
        assert_eq!(error_rate("It was the best of times,", "it was the BEST of times."), 0.0);
    }

    #[test]
    fn wrong_missing_and_added_words_count_once_each() {
        assert_eq!(error_rate("a b c d", "a x c d"), 0.25);
        assert_eq!(error_rate("a b c d", "a b d"), 0.25);
        assert_eq!(error_rate("a b c d", "a b b c d"), 0.25);
        assert_eq!(error_rate("a b c d", ""), 1.0);
    }
}
