//! Turns letters into sounds, by the commonest rules of English spelling.
//!
//! The result is used to find where words begin, not how they are pronounced: kinds of sounds are enough,
//! and one wrong sound among several does little harm. It is good enough for other languages in Latin
//! letters.

use super::sounds::{Sound, SoundDuration};
use super::spoken::spoken;

/// The factor by which vowels with two letters are longer.
const LONG: f32 = 1.25;

/// The sounds of a written word; at least one.
pub(super) fn sounds(word: &str) -> Vec<SoundDuration> {
    let mut sounds = Vec::new();
    for spoken in spoken(word) {
        let letters: Vec<char> = spoken.chars().map(plain).collect();
        Spelled { letters: &letters, at: 0, sounds: &mut sounds, voiced: false }.read();
    }
    if sounds.is_empty() {
        // A dash between words, or a letter that is always silent: very short, but a word.
        sounds.push((Sound::Any, 0.5));
    }
    sounds
}

/// The letter without its accent.
const fn plain(letter: char) -> char {
    match letter {
        'à'..='æ' => 'a',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' | 'ø' | 'œ' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'ç' | 'ß' => 's',
        'ñ' => 'n',
        other => other,
    }
}

const fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// A word that is read from left to right.
struct Spelled<'a> {
    letters: &'a [char],
    at: usize,
    sounds: &'a mut Vec<SoundDuration>,
    /// Whether there was a vowel: then an e at the end is mute.
    voiced: bool,
}

impl Spelled<'_> {
    fn read(mut self) {
        while let Some(letter) = self.letter(0) {
            let next = self.letter(1);
            let opens = letter == 'y' && self.at == 0 && next.is_some_and(is_vowel);
            if is_vowel(letter) && !opens {
                self.vowels();
            } else if Some(letter) == next {
                self.at += 1; // A double letter is one sound: skip the second.
            } else {
                self.consonant(letter, next);
            }
        }
    }

    /// The letter `ahead` positions after the current one.
    fn letter(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    /// The letter `back` positions before the current one.
    fn before(&self, back: usize) -> Option<char> {
        self.at.checked_sub(back).map(|at| self.letters[at])
    }

    fn push(&mut self, sound: Sound, share: f32, letters: usize) {
        self.sounds.push((sound, share));
        self.at += letters;
    }

    /// Adds the sounds of a group of vowels.
    fn vowels(&mut self) {
        let rest = &self.letters[self.at..];
        let count = rest.iter().take_while(|letter| is_vowel(**letter)).count();
        let group: String = rest[..count].iter().collect();
        if group == "e" && self.is_mute(&rest[1..]) {
            self.at += 1;
            return;
        }
        let first = match group.as_bytes() {
            [b'o', b'o' | b'u', ..] | [b'u', ..] => Sound::Back,
            [b'a' | b'o', ..] => Sound::Open,
            _ => Sound::Front,
        };
        let soft = group.starts_with('i') && matches!(self.before(1), Some('t' | 's' | 'c' | 'g'));
        self.voiced = true;
        self.push(first, if count > 1 { LONG } else { 1.0 }, count);
        // Two syllables: "radio", "create" is rather like "cream".
        if !soft && matches!(group.as_str(), "ia" | "io" | "eo" | "iu" | "ua" | "eia" | "uou" | "eou" | "iou")
        {
            self.sounds.push((Sound::Open, 1.0));
        }
    }

    /// Whether an e before these letters is mute: "made", "makes", "asked", but not "table".
    fn is_mute(&self, behind: &[char]) -> bool {
        let Some(before) = self.before(1).filter(|_| self.voiced) else { return false };
        let ends = match behind {
            [] => true,
            ['d'] => !matches!(before, 't' | 'd'),
            ['s'] => !matches!(before, 's' | 'z' | 'x' | 'c' | 'g' | 'h'),
            _ => false,
        };
        ends && (before != 'l' || self.before(2).is_none_or(is_vowel))
    }

    fn consonant(&mut self, letter: char, next: Option<char>) {
        let third = self.letter(2);
        match (letter, next, third) {
            ('t', Some('c'), Some('h')) => self.push(Sound::Hiss, 1.0, 3),
            ('c' | 's', Some('h'), _) | ('d', Some('g'), _) => self.push(Sound::Hiss, 1.0, 2),
            ('t' | 'p', Some('h'), _) => self.push(Sound::Breath, 1.0, 2),
            ('w', Some('h'), _) => self.push(Sound::Glide, 1.0, 2),
            ('g', Some('h'), _) if self.at == 0 => self.push(Sound::SoftStop, 1.0, 2),
            ('g', Some('h'), _) => self.at += 2,
            ('c', Some('k'), _) => self.push(Sound::HardStop, 1.0, 2),
            ('q', Some('u'), _) => {
                self.push(Sound::HardStop, 1.0, 2);
                self.sounds.push((Sound::Glide, 0.7));
            }
            ('n', Some('g'), None) => self.push(Sound::Nasal, 1.2, 2),
            ('k', Some('n'), _) | ('w', Some('r'), _) if self.at == 0 => self.at += 1,
            ('t', Some('i'), Some('o' | 'a')) | ('c', Some('e' | 'i' | 'y'), _) => {
                self.push(Sound::Hiss, 1.0, 1);
            }
            ('g', Some('e' | 'y'), _) if self.at > 0 => self.push(Sound::Hiss, 0.8, 1),
            ('x', ..) => {
                self.push(Sound::HardStop, 0.8, 1);
                self.sounds.push((Sound::Hiss, 0.8));
            }
            ('s' | 'z' | 'j', ..) => self.push(Sound::Hiss, 1.0, 1),
            ('f' | 'v' | 'h', ..) => self.push(Sound::Breath, 1.0, 1),
            ('c' | 'p' | 'k' | 't' | 'q', ..) => self.push(Sound::HardStop, 1.0, 1),
            ('b' | 'd' | 'g', ..) => self.push(Sound::SoftStop, 1.0, 1),
            ('m' | 'n', ..) => self.push(Sound::Nasal, 1.0, 1),
            ('l' | 'r' | 'w' | 'y', ..) => self.push(Sound::Glide, 1.0, 1),
            // A character of a script in which each character is a whole syllable.
            ('\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}', ..) => self.push(Sound::Any, 2.5, 1),
            _ => self.push(Sound::Any, 1.0, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter for each sound.
    fn said(word: &str) -> String {
        sounds(word)
            .into_iter()
            .map(|(sound, _)| format!("{sound:?}").replace("Hard", "T"))
            .map(|name| name[..1].to_owned())
            .collect()
    }

    #[test]
    fn letters_become_the_sounds_that_they_stand_for() {
        for (word, sounds) in [
            ("made", "NOS"),
            ("table", "TOSGF"),
            ("walked", "GOGTS"),
            ("wanted", "GONTFS"),
            ("station", "HTOHFN"),
            ("right", "GFT"),
            ("quick", "TGFT"),
            ("knee", "NF"),
            ("radio", "GOSFO"),
            ("church", "HBGH"),
            ("être", "FTG"),
            ("жук", "AAA"),
            ("—", "A"),
        ] {
            assert_eq!(said(word), sounds, "{word}");
        }
    }

    #[test]
    fn a_figure_takes_as_long_as_its_words() {
        assert_eq!(sounds("20"), sounds("twenty"));
    }
}
