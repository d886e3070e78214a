//! Tests that nothing of a file's form becomes words: where files were joined, cut off or converted, and
//! whatever stands above the times of a cue.

use super::*;

fn words(file: &str) -> Vec<String> {
    cues(file).into_iter().map(|cue| cue.text).collect()
}

/// SubRip with these numbers, or other heads, and words of their own.
fn srt(heads: &[&str]) -> String {
    let cue = |(index, head): (usize, &&str)| {
        let (start, word) = (2 * index, WORDS[index]);
        format!("{head}\n00:00:0{start},000 --> 00:00:0{},000\n{word}\n\n", start + 1)
    };
    heads.iter().enumerate().map(cue).collect()
}

fn vtt(header: &str, first: usize, count: usize) -> String {
    let cue = |index: usize| format!("0:0{index}.000 --> 0:0{index}.500\n{}\n\n", WORDS[index]);
    format!("{header}\n\n{}", (first..first + count).map(cue).collect::<String>())
}

const WORDS: [&str; 4] = ["One word.", "Two\nwords.", "Three.", "Four."];
const SAID: [&str; 4] = ["One word.", "Two words.", "Three.", "Four."];
const MAP: &str = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000";

#[test]
fn headers_of_joined_files_are_not_said() {
    for header in ["WEBVTT", MAP, "WEBVTT - part 3\nKind: captions\nLanguage: en", "WEBVTT\tx", "webvtt"] {
        for mark in ["", "\u{feff}"] {
            let part = |first| format!("{mark}{}", vtt(header, first, 2));
            assert_eq!(words(&(part(0) + &part(2))), SAID, "{mark:?} {header}");
        }
    }
    // Without an empty line, or without a line end, between the files.
    assert_eq!(words(&format!("{}\n{}", vtt(MAP, 0, 2).trim_end(), vtt(MAP, 2, 2))), SAID);
    for between in ["", "\n"] {
        let file = format!("{}{between}\u{feff}{}", vtt("WEBVTT", 0, 2).trim_end(), vtt("WEBVTT", 2, 2));
        assert_eq!(words(&file), SAID, "{between:?}");
    }
    // A cue directly below the header is a cue, and the word in a text is text.
    let close = vtt("WEBVTT", 2, 2).replacen("\n\n", "\n", 1);
    assert_eq!(words(&(vtt("WEBVTT", 0, 2) + &close)), SAID);
    assert_eq!(
        words("WEBVTT\n\n0:01 --> 0:02\nWEBVTT\nWEBVTT is a format.\n"),
        ["WEBVTT WEBVTT is a format."]
    );
}

#[test]
fn numbers_of_joined_files_are_not_said() {
    let parts = [srt(&["1", "2"]), srt(&["1", "2", "3", "4"]).split_off(srt(&["1", "2"]).len())];
    let again = |part: &str| part.replacen("3\n", "1\n", 1).replacen("\n\n4\n", "\n\n2\n", 1);
    for mark in ["", "\u{feff}"] {
        assert_eq!(words(&format!("{mark}{}{mark}{}", parts[0], again(&parts[1]))), SAID, "{mark:?}");
        // Converted twice, each line ends with three characters.
        let joined = format!("{mark}{}{mark}{}", parts[0], again(&parts[1]));
        assert_eq!(words(&joined.replace('\n', "\r\r\n")), SAID, "{mark:?}");
        assert_eq!(words(&joined.replace('\n', "\n\n")), SAID, "{mark:?}");
    }
    assert_eq!(words(&format!("{}\u{feff}{}", parts[0].trim_end(), again(&parts[1]))), SAID);
}

#[test]
fn empty_lines_after_every_line_hide_no_head() {
    for heads in [["1", "2", "3", "4"], ["1", "2", "4", "5"], ["5", "6", "7", "8"], ["1", "2", "1", "2"]] {
        for end in ["\r\r\n", "\n\n", "\r\n\r\n", "\n \n"] {
            assert_eq!(words(&srt(&heads).replace('\n', end)), SAID, "{heads:?} {end:?}");
        }
        // Only the numbers are apart.
        let apart = srt(&heads).replace("\n00:", "\n\n00:");
        assert_eq!(words(&apart), SAID, "{heads:?}");
    }
    for names in [["intro", "chapter two", "7f3a", "x"], ["a", "b", "c", "d"]] {
        let file = format!("WEBVTT\n\n{}", srt(&names).replace(',', "."));
        for end in ["\n", "\r\r\n", "\n\n", "\r"] {
            assert_eq!(words(&file.replace('\n', end)), SAID, "{names:?} {end:?}");
        }
    }
    // A number that is said stays.
    assert_eq!(words("0:00 --> 0:01\n\nHow old?\n\n7\n\n0:02 --> 0:03\n\nOh.\n"), ["How old? 7", "Oh."]);
}

#[test]
fn whatever_counts_cues_is_not_said() {
    for heads in [
        ["1.", "2.", "3.", "4."],
        ["#1", "#2", "#3", "#4"],
        ["(1)", "(2)", "(3)", "(4)"],
        ["1:", "2:", "3:", "4:"],
        ["\u{200f}1", "\u{200f}2", "\u{200f}3", "\u{200f}4"],
        ["1", "2", "\u{200f}3", "4\u{200e}"],
        ["١", "٢", "٣", "٤"],
        ["１", "２", "３", "４"],
        ["a", "b", "c", "d"],
        ["7f3a/1-0", "7f3a/1-1", "7f3a/2-0", "7f3a/2-1"],
    ] {
        assert_eq!(words(&srt(&heads)), SAID, "{heads:?}");
    }
    // Where plain numbers count, another one is text.
    let file = "1\n0:00 --> 0:01\nIt was\n1984.\n0:02 --> 0:03\nOh.\n";
    assert_eq!(words(file), ["It was 1984.", "Oh."]);
    // Directly below the times, a line is text.
    for head in ["", "WEBVTT\n\n", "A title\n", "WEBVTT\n\nintro\n"] {
        for said in ["Yes.", "7", "7."] {
            let file = format!("{head}0:00 --> 0:01\nOh.\n0:02 --> 0:03\n{said}\n0:04 --> 0:05\nOh.\n");
            assert_eq!(words(&file), ["Oh.", said, "Oh."], "{head}");
        }
    }
    let file = "0:00 --> 0:01\nFirst line\n\nand the last one.\n0:02 --> 0:03\nOh.\n";
    assert_eq!(words(file), ["First line and the last one.", "Oh."]);
}

#[test]
fn a_file_that_is_cut_off_in_a_head_ends_before_it() {
    let file = srt(&["1", "2", "3", "4"]);
    let text = file.find("Four.").unwrap();
    let (head, cut_before) = (file[..text].find("4\n").unwrap(), &SAID[..3]);
    for end in head..text {
        assert_eq!(words(&file[..end]), cut_before, "{:?}", &file[head..end]);
    }
    for behind in ["4\n", "4\n\n\n", "4\r\n"] {
        assert_eq!(words(&format!("{}{behind}", &file[..head])), cut_before, "{behind:?}");
    }
    let tenth: String = (1..=9).map(|cue| format!("{cue}\n0:0{cue} --> 0:0{cue}\nWord {cue}.\n\n")).collect();
    assert_eq!(words(&(tenth + "1")).last().unwrap(), "Word 9.");
    let file = vtt("WEBVTT", 0, 3);
    assert_eq!(words(&format!("{file}00:00:06.0")), cut_before);
    // Other numbers at the end are said.
    for number in ["5", "42", "4 5"] {
        let file = srt(&["1", "2", "3"]);
        assert_eq!(words(&format!("{file}{number}\n")).last().unwrap(), &format!("Three. {number}"));
    }
    assert_eq!(words("1\n0:00 --> 0:01\nHello\n2\n"), ["Hello 2"]);
}

#[test]
fn the_sign_of_another_speaker_is_not_said() {
    let file = "WEBVTT\n\n0:01 --> 0:02\n- <v Ada>A.</v>\n- <v Ben>B.</v>\n\n0:03 --> 0:04\n>> <v Ada>C - d.\n\n0:05 --> 0:06\n-\n";
    let said: Vec<_> = cues(file).into_iter().map(|cue| (cue.speaker, cue.text)).collect();
    let by = |name: &str, text: &str| (Some(name.to_owned()), text.to_owned());
    assert_eq!(said, [by("Ada", "A."), by("Ben", "B."), by("Ada", "C - d."), (None, "-".to_owned())]);
}

#[test]
fn notes_of_a_header_in_small_letters_are_not_said() {
    assert_eq!(
        words("webvtt\n\n0:01 --> 0:02\nHi.\n\nNOTE a secret\n\n0:03 --> 0:04\nHo.\n"),
        ["Hi.", "Ho."]
    );
}

#[test]
fn line_ends_of_every_kind_end_lines() {
    let file = srt(&["1", "2", "3", "4"]);
    for end in ["\r\n", "\r", "\u{2028}", "\u{2029}", "\u{85}", "\u{b}", "\u{c}"] {
        assert_eq!(words(&file.replace('\n', end)), SAID, "{end:?}");
        assert_eq!(turns(&SAID.join(end)).len(), 4, "{end:?}");
    }
}

#[test]
fn text_in_the_line_of_the_times_is_said() {
    let file = "[00:00.000 --> 00:02.000]  Hello there.\n[00:02.000 --> 00:04.000]  Ada: Two words.\n";
    assert_eq!(words(file), ["Hello there.", "Ada: Two words."]);
    assert_eq!(
        words("1 00:00:00,000 --> 00:00:02,000 Hello.\n2 00:00:02,000 --> 00:00:04,000 Yes.\n"),
        ["Hello.", "Yes."]
    );
    assert_eq!(words("WEBVTT\n\n0:01 --> 0:02 align:start\n\n0:02 --> 0:03 line:90%\nHello.\n"), ["Hello."]);
}

#[test]
fn captions_with_voices_that_roll_are_read_once() {
    let file = "WEBVTT\n\n0:00 --> 0:02\n<v Ada>so we went\n\n0:02 --> 0:04\n<v Ada>so we went\nhome <0:03.000>late\n\n\
                0:04 --> 0:06\n<v Ada>home late\nand slept\n\n0:06 --> 0:08\n<v Ben>and slept\n";
    assert_eq!(words(file), ["so we went", "home late", "and slept", "and slept"]);
}

#[test]
fn a_file_without_any_readable_time_is_told_from_one_with_a_bad_time() {
    for (file, line) in [
        ("1\n?? --> ??\nOne.\n\n2\n00:0x --> soon\nTwo.\n", "?? --> ??"),
        ("0 --> 1\nOne.\n\n 2 --> 3 \nTwo.\n", "0 --> 1"),
        ("WEBVTT\n\n1\nMonday --> Tuesday\nOne.\n", "Monday --> Tuesday"),
    ] {
        assert_eq!(timed_cues(file), Err(Untimed { line: line.to_owned() }), "{file}");
    }
    let bad = "1\n?? --> ??\nOne.\n\n2\n0:01 --> soon\nTwo.\n";
    assert_eq!(timed_cues(bad).map(|cues| cues.len()), Ok(2));
    for text in ["Hello there.", "", "a --> b", "WEBVTT\n"] {
        assert_eq!(timed_cues(text), Ok(Vec::new()), "{text}");
    }
}
