//! The words of a response's text. The text stands up to three times in it: as a whole, in segments, and in
//! the list of words. They should say the same; where they do not, nothing of the fullest one is lost.

use super::part::{Part, Timed, letters};

/// A word of the text, or a sign that stands alone (`€`, `–`, the French ` ?`).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// Without white space; never empty.
    pub(super) text: String,
    /// The letters that are compared with other words; empty for a sign.
    pub(super) letters: String,
    pub(super) log_probability: f64,
    pub(super) is_speech: bool,
    /// The times of its segment, in milliseconds from the start of the chunk.
    pub(super) within: Option<(u64, u64)>,
}

impl Token {
    /// The words and signs of a part.
    fn all(part: &Part) -> impl Iterator<Item = Self> {
        part.text.split_whitespace().filter_map(|word| {
            let text: String = word.chars().filter(|c| !c.is_control()).collect();
            (!text.is_empty()).then(|| Self {
                letters: letters(&text),
                text,
                log_probability: part.log_probability,
                is_speech: part.is_speech,
                within: part.times,
            })
        })
    }

    fn adopt(&mut self, part: &Part) {
        self.log_probability = part.log_probability;
        self.is_speech = part.is_speech;
        self.within = part.times;
    }
}

/// The words of the fullest of the three.
pub(super) fn tokens(text: &str, parts: &[Part], timed: &[Timed]) -> Vec<Token> {
    let of_parts: Vec<Token> = parts.iter().flat_map(Token::all).collect();
    let whole: Vec<Token> = Token::all(&Part::plain(text)).collect();
    let told = if says_more(&whole, &of_parts) { described(whole, parts) } else { of_parts };
    with_listed(told, timed)
}

/// Whether one has more letters than another, or as many and more signs.
fn says_more(one: &[Token], other: &[Token]) -> bool {
    let size = |tokens: &[Token]| {
        let letters: usize = tokens.iter().map(|token| token.letters.len()).sum();
        (letters, tokens.iter().map(|token| token.text.len()).sum::<usize>())
    };
    size(one) > size(other)
}

/// The words of a text with what the segments say of them, as far as the segments stand in it, in order.
fn described(mut tokens: Vec<Token>, parts: &[Part]) -> Vec<Token> {
    let spelled = spelled(&tokens);
    let mut ends = Vec::with_capacity(tokens.len());
    for token in &tokens {
        ends.push(ends.last().copied().unwrap_or(0) + token.letters.len());
    }
    let (mut from, mut place) = (0, 0);
    for part in parts {
        let own = letters(&part.text);
        let Some(start) = spelled[from..].find(&own).map(|at| from + at).filter(|_| !own.is_empty()) else {
            continue;
        };
        from = start + own.len();
        while place < tokens.len() && ends[place] <= from {
            // A sign belongs to the word before it, if there is one.
            if ends[place] > start || ends[place] == 0 {
                tokens[place].adopt(part);
            }
            place += 1;
        }
    }
    tokens
}

/// These words, and those of the list that follow them in it or that hold more than they do.
fn with_listed(tokens: Vec<Token>, timed: &[Timed]) -> Vec<Token> {
    let spelled = spelled(&tokens);
    let listed: String = timed.iter().map(|word| word.letters.as_str()).collect();
    if listed.len() <= spelled.len() || !is_within(&spelled, &listed) {
        return tokens;
    }
    let of_list = |timed: &[Timed]| -> Vec<Token> {
        timed.iter().flat_map(|word| Token::all(&Part::plain(&word.text)).collect::<Vec<_>>()).collect()
    };
    let (mut shared, mut length) = (0, 0);
    while length < spelled.len() {
        length += timed[shared].letters.len();
        shared += 1;
    }
    if listed.starts_with(&spelled) && length == spelled.len() {
        [tokens, of_list(&timed[shared..])].concat()
    } else {
        of_list(timed)
    }
}

fn spelled(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.letters.as_str()).collect()
}

/// Whether all letters of a text stand in another one, in the same order.
fn is_within(text: &str, other: &str) -> bool {
    let mut other = other.chars();
    text.chars().all(|letter| other.any(|c| c == letter))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::part::{parts, timed};
    use super::*;

    fn said(answer: &serde_json::Value) -> Vec<Token> {
        let text = super::super::part::text(answer, "text");
        tokens(text, &parts(answer, 8_000), &timed(answer))
    }

    fn joined(tokens: &[Token]) -> String {
        tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn signs_that_stand_alone_stay_in_every_language() {
        for text in [
            "Das kostet 100 € oder 50 % von 3 + 4 = 7 & mehr.",
            "Comment ça va ? Très bien ! « Oui », dit-il : non ; voilà. R & D – c’est 100 $ .",
            "— Привет . — Да ! 😀 №5",
            "¿ Qué ? ¡ Nada !",
            "今天 ， 天氣 很好 。",
        ] {
            assert_eq!(joined(&said(&json!({"text": text}))), text);
            assert_eq!(joined(&said(&json!({"segments": [{"text": text}]}))), text);
            let both = json!({"text": text, "segments": [{"text": text, "start": 0.5, "end": 6.0}]});
            assert!(said(&both).iter().all(|token| token.within == Some((500, 6_000))));
        }
    }

    #[test]
    fn whatever_says_more_is_what_was_said() {
        let whole = "alpha bravo, charlie - delta.";
        let segment = |text: &str| json!([{"text": text, "start": 1.0, "end": 2.0, "avg_logprob": -0.5}]);
        let words = |text: &str| -> Vec<_> { text.split(' ').map(|word| json!({"word": word})).collect() };
        for (answer, expected) in [
            (json!({"text": whole, "segments": segment("alpha bravo")}), whole),
            (json!({"text": whole, "segments": segment("")}), whole),
            (json!({"text": whole, "words": words("alpha")}), whole),
            (json!({"text": "alpha", "segments": segment(whole)}), whole),
            (json!({"text": "Alpha!", "words": words("alpha bravo charlie")}), "Alpha! bravo charlie"),
            (json!({"text": "bravo", "words": words("alpha bravo charlie")}), "alpha bravo charlie"),
            (json!({"text": "It is 20.", "words": words("it is twenty")}), "It is 20."),
            (json!({"text": "100 €", "segments": segment("100")}), "100 €"),
        ] {
            assert_eq!(joined(&said(&answer)), expected, "{answer}");
        }
    }

    #[test]
    fn what_segments_say_of_a_part_of_the_text_holds_for_that_part() {
        let told = said(&json!({"text": "One. Two! Three four.", "segments": [
            {"text": "two", "start": 2.0, "end": 3.0, "avg_logprob": -0.5},
            {"text": "four", "start": 5.0, "end": 6.0, "avg_logprob": -1.2, "no_speech_prob": 0.9}]}));
        let within: Vec<_> = told.iter().map(|token| token.within).collect();
        assert_eq!(within, [None, Some((2_000, 3_000)), None, Some((5_000, 6_000))]);
        assert_eq!(told.iter().map(|token| token.is_speech).collect::<Vec<_>>(), [true, true, true, false]);
    }
}
