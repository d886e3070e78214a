//! Line breaks of SubStation Alpha: `\N` and `\n` end a line, `\h` is a space without a line break. Programs
//! leave them in SubRip files. In a path or a formula they are ordinary letters.

use super::markup::within;

/// The length of a file extension.
const EXTENSION: std::ops::RangeInclusive<usize> = 2..=4;

/// Converts the breaks in a text from a file. Text in braces is left to `markup`.
pub(super) fn read(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("{\\") {
        let length = within(&rest[place + 2..], '}', &['{', '\n']).map_or(2, |inside| inside.len() + 3);
        read.push_str(&broken(&rest[..place]));
        read.push_str(&rest[place..place + length]);
        rest = &rest[place + length..];
    }
    read + &broken(rest)
}

fn broken(text: &str) -> String {
    let word = |word: &str| match has_breaks(word) {
        true => word.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " "),
        false => word.to_owned(),
    };
    text.split_inclusive(char::is_whitespace).map(word).collect()
}

/// Escapes a text that is written, so that nothing in it is read as a break. Its markup is escaped already.
pub(super) fn escaped(written: &str) -> String {
    // A reader judges the parts of a word between references separately.
    let is_taken = |word: &str| has_breaks(word) || word.contains(['<', '>', '&', '{', '}', ';']);
    let word = |word: &str| match is_taken(word) {
        true => ["N", "n", "h"].iter().fold(word.to_owned(), |word, letter| {
            word.replace(&format!("\\{letter}"), &format!("&#92;{letter}"))
        }),
        false => word.to_owned(),
    };
    written.split_inclusive(char::is_whitespace).map(word).collect()
}

/// Whether the backslashes in a word are breaks: each is followed by one of the three letters, and the word
/// is not a path (`C:\New`, `\\host\new`, `old\notes.txt`), a formula (`\hbar`) or the break itself as a
/// topic (`\n`).
fn has_breaks(word: &str) -> bool {
    let word = word.trim_end();
    let mut behind = word.match_indices('\\').map(|(place, _)| word[place + 1..].chars().next()).peekable();
    behind.peek().is_some()
        && behind.all(|letter| matches!(letter, Some('N' | 'n' | 'h')))
        && !(word == "\\n" || word.starts_with("\\h") || has_drive(word) || is_file(word))
}

fn has_drive(word: &str) -> bool {
    word.match_indices(":\\").any(|(place, _)| {
        let mut before = word[..place].chars().rev();
        before.next().is_some_and(|letter| letter.is_ascii_alphabetic())
            && before.next().is_none_or(|before| !before.is_alphanumeric())
    })
}

fn is_file(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    word.rsplit_once('.').is_some_and(|(stem, extension)| {
        EXTENSION.contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && stem.ends_with(char::is_alphanumeric)
            && stem.contains('\\')
    })
}

#[cfg(test)]
mod tests {
    use super::super::markup::{self, Piece, pieces};
    use super::*;

    #[test]
    fn breaks_are_read_where_they_are_clear() {
        for (text, expected) in [
            ("Hello\\Nthere.", "Hello\nthere."),
            ("Hello.\\NThere", "Hello.\nThere"),
            ("He said:\\NGo \\N on", "He said:\nGo \n on"),
            ("one\\ntwo\\hthree", "one\ntwo three"),
            ("{\\an8\\new}Up\\Nhere", "{\\an8\\new}Up\nhere"),
        ] {
            assert_eq!(read(text), expected);
        }
        for text in [
            "C:\\New",
            "D:\\Videos\\New",
            "\\\\host\\new",
            "old\\notes.txt,",
            "(C:\\new)",
            "print \\n twice",
            "\\hbar",
            "a\\b\\Nc",
            "\\",
            "{\\New",
        ] {
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn braces_without_an_end_are_text() {
        for opened in ["{\\", "{\\ ", "{\\a\n", "{\\N", "\\", "\\q", ":\\"] {
            let text = opened.repeat(1_000_000 / opened.len());
            assert_eq!(read(&text), text);
        }
        assert_eq!(read("{\\a{\\b}x\\Ny"), "{\\a{\\b}x\ny");
    }

    #[test]
    fn what_is_written_has_no_breaks() {
        for said in
            ["a\\Nb", "a\\hb", "C:\\New", "<i>\\N", "{\\New}\\N", "&amp;C:\\New", "-->x\\ny", "a}\\Nb"]
        {
            let marked = read(&escaped(&markup::subrip(said)));
            let text = |piece| if let Piece::Text(text) = piece { text } else { String::new() };
            assert_eq!(pieces(&marked).into_iter().map(text).collect::<String>(), said);
        }
        assert_eq!(escaped("C:\\New D:\\Videos"), "C:\\New D:\\Videos");
    }
}
