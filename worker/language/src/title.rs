//! The title of a conversation: its first sentence of at least four words, cut to one line.

/// The longest title, in characters.
const LONGEST: usize = 60;
/// A shorter sentence ("Yes.", "Good morning, Anna.") is joined with the next.
const FEWEST_WORDS: usize = 4;

/// The title of a conversation, from the text that the transcriber does not doubt. `is_silent` says that
/// there was no speech at all.
#[must_use]
pub fn title<'text>(texts: impl Iterator<Item = &'text str>, is_silent: bool) -> String {
    let mut words = Vec::new();
    for word in texts.flat_map(str::split_whitespace) {
        words.push(word);
        let ends = word.trim_end_matches(['"', '”', '\'', ')']).ends_with(['.', '!', '?', '…']);
        let length: usize = words.iter().map(|word| word.chars().count() + 1).sum();
        if (ends && words.len() >= FEWEST_WORDS) || length > LONGEST + 1 {
            break;
        }
    }
    if words.is_empty() {
        return if is_silent { "Silent recording" } else { "Unclear recording" }.to_owned();
    }
    let sentence = words.join(" ");
    if sentence.chars().count() <= LONGEST {
        return sentence.trim_end_matches(['.', ',', ';', ':']).to_owned();
    }
    words.pop();
    let cut = if words.is_empty() { sentence.chars().take(LONGEST - 1).collect() } else { words.join(" ") };
    format!("{}…", cut.trim_end_matches(['.', ',', ';', ':', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> String {
        title(texts.iter().copied(), texts.is_empty())
    }

    #[test]
    fn the_first_sentence_is_the_title() {
        assert_eq!(of(&["We met in Lisbon last year. It rained."]), "We met in Lisbon last year");
        assert_eq!(of(&["Shall we go to", "Lisbon? I think so."]), "Shall we go to Lisbon?");
    }

    #[test]
    fn a_greeting_is_joined_by_what_follows() {
        assert_eq!(of(&["Hi.", "It is me, Anna."]), "Hi. It is me, Anna");
    }

    #[test]
    fn a_long_sentence_is_cut_between_words() {
        let long = of(&["It was the best of times, it was the worst of times, it was the age of wisdom"]);
        assert_eq!(long, "It was the best of times, it was the worst of times, it was…");
        assert!(long.chars().count() <= LONGEST);
        assert_eq!(of(&[&"a".repeat(100)]).chars().count(), LONGEST);
    }

    #[test]
    fn silence_is_called_so() {
        assert_eq!(of(&[]), "Silent recording");
        assert_eq!(of(&["", ""]), "Unclear recording", "what is uncertain gives no title");
    }
}
