//! Tests that a file of a megabyte is read in a time that grows with its length, whatever it repeats. With a
//! search to the end of the file for each repetition, these tests would not end within hours.

use super::*;

const SIZE: usize = 1_000_000;
const TIMES: &str = "00:00.000 --> 00:01.000\n";

/// `part` as often as it fits into a megabyte.
fn many(part: &str) -> String {
    part.repeat(SIZE / part.len())
}

/// Reads a file, of which nothing is there twice.
fn is_read(file: &str) {
    assert!(cues(file).iter().map(|cue| cue.text.len()).sum::<usize>() <= file.len());
}

fn are_turns(text: &str) {
    assert!(turns(text).iter().map(|(_, said)| said.len()).sum::<usize>() <= text.len());
}

#[test]
fn marks_that_are_never_closed_are_text() {
    let quoted = "a".repeat(33) + "&";
    for part in [
        "{\\",
        "{\\ ",
        "{\\a\n",
        "<",
        "<v ",
        "<v A>",
        "<i ",
        "</",
        "&",
        "&#",
        "&#1",
        "&a",
        &quoted,
        "}",
        "-->",
        "->",
        "{\\<&",
        "\\N",
        "\\",
        ":\\",
        "\"",
        "\u{301}",
        "👩\u{200d}",
        "漢",
        "\u{feff}",
        "\u{feff}1",
        "\u{ad}",
        "1.",
        "(",
    ] {
        for header in ["1\n", "WEBVTT\n\n"] {
            is_read(&format!("{header}{TIMES}{}", many(part)));
        }
    }
}

#[test]
fn lines_that_repeat_are_read() {
    for part in [
        "a\n",
        "A: b\n",
        "\n",
        " \n",
        "1\n",
        "\n1\n",
        "1\n\n",
        "NOTE\n",
        "NOTE\n\n",
        "WEBVTT\n\n",
        "WEBVTT\n",
        "-\n",
        "<v A>x</v>\n",
        "- <v A>x\n",
        "Ada B: c\n",
        "\u{feff}1\n",
        "\u{feff}\n",
        "00:00:0\n",
        "a\n\n",
        "\u{2028}",
        "X-TIMESTAMP-MAP=\n",
        "0:00 --> 0:01\n",
        "0:00 --> 0:01\n\n\n\n",
        "1\n0:00 --> 0:01\n",
        "? --> ?\n",
        "1 --> 2\n",
        "1\n0:00 --> 0:01\nA: b\n\n",
        "0:00 --> 0:01\na\nb\n",
        "0:00 --> 0:01\na\na b\n",
        "0:00 --> 0:01\n<0:00.5>a\n",
    ] {
        for header in ["1\n", "WEBVTT\n\n"] {
            is_read(&format!("{header}{TIMES}{}\n\n3\n00:0", many(part)));
        }
        are_turns(&many(part));
    }
}

#[test]
fn cues_that_repeat_one_another_are_compared() {
    let rolling = |old: &str, new: &str| {
        let file = format!(
            "WEBVTT\n\n{TIMES}{old}\n\n00:01.000 --> 00:02.000\n{new}\n\n00:02.000 --> 00:03.000\n{new}\n"
        );
        cues(&file)
    };
    for (old, new) in [("a\n", "a\n"), ("a b\n", "a\n"), ("a\nb\n", "a\nb\n"), ("a ", "a "), ("a ", "a\n")] {
        rolling(&(many(old) + "\nb"), &many(new));
        rolling(&many(old), &(many(new) + "\nb"));
        rolling(&many(old), &format!("{} <00:01.500>b", many(new)));
    }
    let windows = (0..500).map(|cue| {
        let lines: String = (cue..cue + 400).map(|line| format!("l{line}\n")).collect();
        format!("{}:00.000 --> {}:00.000\n{lines}\n", cue, cue + 1)
    });
    assert_eq!(cues(&windows.collect::<String>()).len(), 500);
}

#[test]
fn names_and_sentences_are_counted_once() {
    let names: String = (0..60_000).map(|name| format!("Name{name}: hi.\n")).collect();
    let quotes = format!("{}{}", "A: b\n".repeat(SIZE / 10), "\"".repeat(SIZE / 2));
    for text in [names, quotes] {
        is_read(&format!("1\n{TIMES}{text}"));
        are_turns(&text);
    }
}
