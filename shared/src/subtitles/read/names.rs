//! Names before a colon: `Ada: Shall we?` has the speaker Ada, `Note: bring milk` has no speaker.
//!
//! Nothing marks the difference in a single line, so the file as a whole decides. A name has a few words
//! that begin with a capital letter, or is a label such as `A`, `Speaker 1`, `SPEAKER_00`. In a
//! conversation, most lines have names with sentences after them, or the same names occur again and again.
//! Words with consecutive numbers (`Step 1`, `Step 2`, `Step 3`) are not names.

use std::collections::BTreeMap;

/// The longest name, in characters.
const LONGEST: usize = 48;
/// The longest name in a script without spaces between words.
const LONGEST_WITHOUT_CASE: usize = 12;
/// The largest number of words in a name.
const MOST_WORDS: usize = 4;
/// The most letters of a word without a capital letter in a name: `de la`, `von`, `bin`.
const PARTICLE: usize = 3;
/// From this number on, occurrences count as a habit: for the case of the letter after the name, and for
/// numbers.
const HABIT: usize = 3;

/// The names of speakers in a file.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(BTreeMap<&'a str, Use>);

/// How a name is used.
#[derive(Clone, Copy, Debug)]
struct Use {
    kind: Kind,
    times: usize,
    /// How often a small letter follows.
    small: usize,
    /// How often a sentence follows.
    sentences: usize,
}

/// How much a text looks like a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A word with a capital letter.
    Word,
    /// A word and a number, which may be a numbered item.
    Numbered,
    /// Several words.
    Words,
    /// `A`, `S1`, `SPEAKER_00`.
    Mark,
}

/// The lines of one speaker in a row; `None` if the speaker is not known.
pub(super) type Turn<'a> = (Option<String>, Vec<&'a str>);

impl<'a> Names<'a> {
    /// Finds the names of speakers in a file; each text has several lines.
    pub(super) fn of(texts: &[Vec<&'a str>]) -> Self {
        let mut names: BTreeMap<&str, Use> = BTreeMap::new();
        // Lines that could begin with a name.
        let mut places = 0;
        for lines in texts {
            let is_sentence = lines.last().is_some_and(|last| ends_sentence(last));
            for (index, line) in lines.iter().enumerate() {
                let label = label(line, index + 1 < lines.len());
                places += usize::from(index == 0 || label.is_some());
                let Some((name, said)) = label else { continue };
                let known =
                    names.entry(name).or_insert(Use { kind: kind(name), times: 0, small: 0, sentences: 0 });
                known.times += 1;
                known.small += usize::from(said.starts_with(char::is_lowercase));
                known.sentences += usize::from(is_sentence);
            }
        }
        number(&mut names);
        let times = sum(&names, |known| known.times);
        let is_small = times >= HABIT && sum(&names, |known| known.small) * 2 > times;
        names.retain(|_, known| is_small || known.kind >= Kind::Words || known.times > 1 || known.small == 0);

        let times = sum(&names, |known| known.times);
        let has_sentences = sum(&names, |known| known.sentences) * 2 >= times;
        let are_several = names.len() > 1;
        if times * 2 >= places {
            let is_clear = names.values().any(|known| known.kind >= Kind::Words);
            let come_again = times >= HABIT && times >= 2 * names.len();
            if !is_clear && (times < 2 || !(has_sentences || is_small || come_again)) {
                names.clear();
            }
        } else {
            names.retain(|_, known| known.times > 1 && (are_several || known.kind >= Kind::Words));
        }
        Self(names)
    }

    /// Assigns speakers to the lines of a text of the file.
    pub(super) fn turns(&self, lines: &[&'a str]) -> Vec<Turn<'a>> {
        let mut turns: Vec<Turn<'a>> = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let label = label(line, index + 1 < lines.len()).filter(|(name, _)| self.0.contains_key(name));
            match (label, turns.last_mut()) {
                (Some((name, said)), _) => turns.push((Some(name.to_owned()), vec![said])),
                (None, Some((_, lines))) => lines.push(line),
                (None, None) => turns.push((None, vec![line])),
            }
        }
        turns
    }
}

fn sum(names: &BTreeMap<&str, Use>, count: impl Fn(&Use) -> usize) -> usize {
    names.values().map(count).sum()
}

/// The possible name at the start of a line, and the text after it: in the same line, or in the next one if
/// there is one.
fn label(line: &str, has_next: bool) -> Option<(&str, &str)> {
    // Characters that mark a change of speaker.
    let line = line.trim_start().trim_start_matches(['-', '–', '—', '>']).trim_start();
    let (place, colon) = line.char_indices().take(LONGEST + 2).find(|(_, c)| matches!(c, ':' | '：'))?;
    let said = &line[place + colon.len_utf8()..];
    let is_apart = colon == '：' || said.starts_with(char::is_whitespace) || said.is_empty();
    let is_said = !said.trim().is_empty() || has_next;
    let name = line[..place].trim_end();
    (is_apart && is_said && is_name(name)).then(|| (name, said.trim_start()))
}

fn is_name(name: &str) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_word = |(index, word): (usize, &&str)| {
        let (first, length) = (word.chars().next().unwrap_or(' '), word.chars().count());
        let begins = first.is_uppercase()
            || (first.is_alphabetic() && !first.is_lowercase() && length <= LONGEST_WITHOUT_CASE);
        let is_number = index > 0 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_particle = index > 0 && index + 1 < words.len() && length <= PARTICLE;
        (begins || is_number || is_particle) && word.chars().all(is_of_name)
    };
    (1..=MOST_WORDS).contains(&words.len()) && words.iter().enumerate().all(is_word)
}

/// Letters, digits, characters that join them, the full stop of abbreviations, and combining marks.
fn is_of_name(c: char) -> bool {
    let is_punctuation =
        matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff20}');
    c.is_alphanumeric() || "'’-._".contains(c) || (!c.is_ascii() && !is_punctuation && !"¿¡«»،؛؟".contains(c))
}

fn kind(name: &str) -> Kind {
    let mut words = name.split_whitespace();
    let (first, last) = (words.next().unwrap_or_default(), words.next_back());
    let is_letter = |word: &str| word.chars().count() == 1;
    match last {
        None if is_letter(first) && first.is_ascii() => Kind::Mark,
        None if first.contains(|c: char| c == '_' || c.is_ascii_digit()) => Kind::Mark,
        None => Kind::Word,
        Some(last) if is_letter(last) || last.bytes().all(|byte| byte.is_ascii_digit()) => Kind::Numbered,
        Some(_) => Kind::Words,
    }
}

/// Removes words that occur once with each of several numbers. A word with two numbers, or again with the
/// same number, is as certain as several words.
fn number(names: &mut BTreeMap<&str, Use>) {
    let stem = |name: &str| name.rsplit_once(' ').map(|(stem, _)| stem.to_owned());
    let mut stems: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, known) in names.iter().filter(|(_, known)| known.kind == Kind::Numbered) {
        let (count, times) = stems.entry(stem(name).unwrap_or_default()).or_default();
        *count += 1;
        *times += known.times;
    }
    names.retain(|name, known| {
        if known.kind == Kind::Numbered
            && let Some(&(count, times)) = stems.get(&stem(name).unwrap_or_default())
        {
            if count >= HABIT && times == count {
                return false;
            }
            if times > 1 {
                known.kind = Kind::Words;
            }
        }
        true
    });
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', '\'', ')', '»', '」', ' '])
        .ends_with(['.', '?', '!', '…', '。', '？', '！', '؟', '।'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speakers(text: &str) -> Vec<Option<String>> {
        let texts: Vec<Vec<&str>> = text.lines().map(|line| vec![line]).collect();
        let names = Names::of(&texts);
        texts.iter().flat_map(|lines| names.turns(lines)).map(|(name, _)| name).collect()
    }

    #[test]
    fn names_of_people_and_marks_speak() {
        for (text, expected) in [
            ("Ada: Shall we mend the roof?\nBen: In spring.", vec!["Ada", "Ben"]),
            ("Anna Berg: welcome\nTom Smith: thanks", vec!["Anna Berg", "Tom Smith"]),
            ("A: hello\nB: hi", vec!["A", "B"]),
            ("SPEAKER_00: hello", vec!["SPEAKER_00"]),
            ("Speaker 1: hello\nSpeaker 2: hi", vec!["Speaker 1", "Speaker 2"]),
            ("Ada: so we\nAda: Went\nAda: home", vec!["Ada", "Ada", "Ada"]),
            (
                "Speaker 1: Hello.\nSpeaker 2: Hi.\nSpeaker 3: Hey.\nSpeaker 1: So.",
                vec!["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"],
            ),
            (
                "- Ludwig van Beethoven: Ta ta.\n>> DR. O'BRIEN-LEE: What?",
                vec!["Ludwig van Beethoven", "DR. O'BRIEN-LEE"],
            ),
            ("李雷：你好。\n韩梅梅：你好！", vec!["李雷", "韩梅梅"]),
            ("دانا: مرحبا؟\nسامي: أهلا.", vec!["دانا", "سامي"]),
            ("Ada: so\nBen: and\nAda: then\nBen: what", vec!["Ada", "Ben", "Ada", "Ben"]),
        ] {
            assert_eq!(
                speakers(text),
                expected.into_iter().map(|name| Some(name.to_owned())).collect::<Vec<_>>(),
                "{text}"
            );
        }
    }

    #[test]
    fn other_words_before_a_colon_do_not() {
        for text in [
            "Note: bring milk",
            "At 10:30 we leave.\nSee https://example.org: it is there.",
            "Note: bring milk\nRe: the roof",
            "Remember: the key is under the mat.\nWe leave at ten.\nLock the door.",
            "He said: hello.\nI say this: no.",
            "Step 1: Open the box.\nStep 2: Take it out.\nStep 3: Close the box.",
            "Place: Berlin\nDate: Monday",
            "10: 30\n3: 1",
            "And then, Ada: Go.",
            "We met.\nHow are you? Fine: yes.",
        ] {
            assert!(speakers(text).iter().all(Option::is_none), "{text}: {:?}", speakers(text));
        }
    }

    #[test]
    fn a_note_in_a_conversation_is_not_somebody() {
        let text = "Ada: Shall we?\nNote: bring milk\nBen: In spring.\nIt rains.";
        assert_eq!(speakers(text), [Some("Ada".to_owned()), None, Some("Ben".to_owned()), None]);
    }

    #[test]
    fn few_names_speak_where_they_come_again() {
        let mut text = "Nobody knows who says this.\n".repeat(10);
        assert!(speakers(&format!("{text}Ada: Hello.\n{text}")).iter().all(Option::is_none));
        text = format!("{text}Ada: Hello.\nBen: Hi.\n{text}Ada: So.\nBen: No.\n{text}");
        assert_eq!(speakers(&text).iter().flatten().count(), 4);
    }
}
