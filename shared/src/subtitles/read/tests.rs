//! Tests that files of other programs are read correctly.

use super::*;

fn said(start_ms: i64, end_ms: i64, text: &str, speaker: Option<&str>) -> Cue {
    Cue { start_ms, end_ms, text: text.to_owned(), speaker: speaker.map(str::to_owned) }
}

#[test]
fn subrip_is_read_with_whatever_line_ends_and_marks() {
    let file = "\u{feff}1\r\n00:00:00,350 --> 00:00:02,900\r\n<i>Shall we?</i>\r\n\r\n\
                2\r\n01:02:03,004 --> 01:02:04,000\r\n{\\an8}Yes.\r\nNow. ♪\r\n";
    let expected = [said(350, 2_900, "Shall we?", None), said(3_723_004, 3_724_000, "Yes. Now. ♪", None)];
    assert_eq!(cues(file), expected);
    assert_eq!(cues(&file.replace("\r\n", "\r")), expected);
}

#[test]
fn webvtt_is_read_with_voices_and_without_what_is_for_the_eye() {
    let file = "WEBVTT - a talk\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE not said\n\n\
                intro\n00:00.000 --> 00:01.500 align:start\n<v Ada Byron>a &lt;b&gt; <b>c</b>\n\n\
                NOTE\nnor this\n\n00:01.500 --> 00:02.000\n\n\
                both\n00:02.000 --> 00:03.000\n<v.loud Ada Byron>Hi.</v>\n<v Ben>Ho.</v> (laughs)\n";
    assert_eq!(
        cues(file),
        [
            said(0, 1_500, "a <b> c", Some("Ada Byron")),
            said(2_000, 3_000, "Hi.", Some("Ada Byron")),
            said(2_000, 3_000, "Ho.", Some("Ben")),
            said(2_000, 3_000, "(laughs)", None),
        ]
    );
}

#[test]
fn times_begin_cues_wherever_blank_lines_are() {
    let expected = [
        said(0, 1_000, "In 1984 it was 7", None),
        said(2_000, 3_000, "Two. Three.", None),
        said(4_000, 5_000, "4", None),
    ];
    for file in [
        "1\n0:00 --> 0:01\nIn 1984 it was\n7\n2\n0:02 --> 0:03\nTwo.\nThree.\n3\n0:04 --> 0:05\n4",
        "1\n\n0:00 --> 0:01\n\nIn 1984 it was\n\n7\n\n2\n\n0:02 --> 0:03\n\nTwo.\n\nThree.\n\n3\n\n0:04 --> 0:05\n\n4\n\n",
        "0:00 --> 0:01\nIn 1984 it was\n7\n0:02 --> 0:03\nTwo.\nThree.\n0:04 --> 0:05\n4",
        "0:00 --> 0:01\nIn 1984 it was\n7\n\n0:02 --> 0:03\n\nTwo.\n\nThree.\n0:04 --> 0:05\n4",
        "WEBVTT\n\na\n0:00 --> 0:01\nIn 1984 it was 7\n\nb\n0:02 --> 0:03\nTwo.\nThree.\n\nc\n0:04 --> 0:05\n4",
    ] {
        assert_eq!(cues(file), expected, "{file}");
    }
}

#[test]
fn a_bad_time_costs_nothing_but_itself() {
    for (times, start_ms, end_ms) in [
        ("00:00:09,000 --> 00:00:02,000", 9_000, 9_000),
        ("00:00:0x,000 --> 00:00:09,000", 2_000, 9_000),
        ("00:00:05,000 --> soon", 5_000, 5_000),
        ("?? --> ??", 2_000, 2_000),
        ("5 --> 6", 2_000, 2_000),
        ("99999:00:00,000 --> 99999:00:01,000", 2_000, 2_000),
    ] {
        let file = format!("1\n00:01 --> 00:02\nOne.\n\n2\n{times}\nTwo.\n\n3\n00:09 --> 00:10\nThree.\n");
        assert_eq!(
            cues(&file),
            [
                said(1_000, 2_000, "One.", None),
                said(start_ms, end_ms, "Two.", None),
                said(9_000, 10_000, "Three.", None)
            ],
            "{times}"
        );
    }
}

#[test]
fn what_is_commented_out_is_not_said() {
    let cue = "00:01.000 --> 00:02.000\nSaid.\n";
    for block in [
        "NOTE 00:00:09.000 --> 00:00:10.000\nnot said",
        "NOTE\n00:00:09.000 --> 00:00:10.000\nnot said",
        "NOTE\tlater\n7\n00:00:09.000 --> 00:00:10.000\nnot said",
        "STYLE\n::cue(.a --> b) {}\n00:00:09.000 --> 00:00:10.000\nx",
        "REGION\nid:a\n00:00:09.000 --> 00:00:10.000\nx",
    ] {
        let expected = [said(1_000, 2_000, "Said.", None)];
        assert_eq!(cues(&format!("WEBVTT\n\n{cue}\n{block}\n\n")), expected, "{block}");
        assert_eq!(cues(&format!("WEBVTT\n\n{block}\n\n{cue}")), expected, "{block}");
        assert_eq!(cues(&format!("WEBVTT\n{block}\n\n{cue}")), expected, "{block}");
    }
    let said = "WEBVTT\n\n00:01.000 --> 00:02.000\nNOTE that it rains.\nNOTED.\n\nNOTES\n";
    assert_eq!(cues(said)[0].text, "NOTE that it rains. NOTED. NOTES");
}

#[test]
fn breaks_of_substation_alpha_are_breaks_in_subrip() {
    let file = "1\n00:01 --> 00:02\n- Ada: {\\an8}Hello\\Nthere.\\N- Ben: Hi,\\hall of\\nyou!\n";
    let expected =
        [said(1_000, 2_000, "Hello there.", Some("Ada")), said(1_000, 2_000, "Hi, all of you!", Some("Ben"))];
    assert_eq!(cues(file), expected);
    let path = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\\Nthere.\n";
    assert_eq!(cues(path)[0].text, "Hello\\Nthere.");
}

#[test]
fn an_arrow_in_a_text_is_text() {
    let file = "1\n00:01 --> 00:02\nA --> B\ngo -> there\n\nat 10:30 --> lunch\n";
    assert_eq!(cues(file), [said(1_000, 2_000, "A --> B go -> there at 10:30 --> lunch", None)]);
}

#[test]
fn captions_that_roll_are_read_once() {
    let words = |file: &str| {
        let texts: Vec<String> = cues(file).into_iter().map(|cue| cue.text).collect();
        texts.join("|")
    };
    let with_moments = "WEBVTT\n\n00:00.000 --> 00:02.000\n \nwell<00:01.000><c> then</c>\n\n\
        00:02.000 --> 00:02.010\nwell then\n \n\n00:02.010 --> 00:04.000\nwell then\nno<00:03.000>\n\n\
        00:04.000 --> 00:04.010\nno\n \n\n00:04.010 --> 00:06.000\nno\nno<00:05.000><c> really</c>\n";
    assert_eq!(words(with_moments), "well then|no|no really");
    let three_lines = "1\n00:00 --> 00:01\none\n\n2\n00:01 --> 00:02\none\ntwo\n\n3\n00:02 --> 00:03\none\ntwo\nthree\n\n\
        4\n00:03 --> 00:04\ntwo\nthree\nfour\n\n5\n00:04 --> 00:05\nthree\nfour\nfive\n";
    assert_eq!(words(three_lines), "one|two|three|four|five");
    let without_moments = "1\n00:00 --> 00:02\nso we went\n\n2\n00:02,000 --> 00:02,010\nso we went\n\n\
        3\n00:02,010 --> 00:04\nso we went\nhome late\n";
    assert_eq!(words(without_moments), "so we went|home late");
    let growing = "1\n00:00 --> 00:01\nso\n\n2\n00:01 --> 00:02\nso we\n\n3\n00:02 --> 00:03\nso we went\n\n4\n00:03 --> 00:04\nso we went\nhome\n";
    assert_eq!(words(growing), "so|we|went|home");
}

#[test]
fn a_line_that_is_said_twice_is_kept_twice() {
    let file = "1\n00:00 --> 00:01\nNo.\n\n2\n00:01 --> 00:02\nNo.\n\n3\n00:02 --> 00:03\nLa la\nla la\n\n4\n00:03 --> 00:04\nLa la\nla la\n";
    let texts: Vec<String> = cues(file).into_iter().map(|cue| cue.text).collect();
    assert_eq!(texts, ["No.", "No.", "La la la la", "La la la la"]);
}

#[test]
fn lines_that_grow_are_kept_each_time() {
    let texts = ["no", "no", "no no", "no no no", "yes", "yes it is", "yes it is so"];
    let file = |lasts: usize, pause: usize, texts: &[&str]| -> String {
        let cue = |(index, text): (usize, &&str)| {
            let start = index * (lasts + pause);
            format!("00:{start:02}.000 --> 00:{:02}.000\n{text}\n\n", start + lasts)
        };
        texts.iter().enumerate().map(cue).collect()
    };
    let heard = |file: &str| -> Vec<String> { cues(file).into_iter().map(|cue| cue.text).collect() };
    assert_eq!(heard(&file(1, 0, &texts)), texts);
    // A conversation is not rolling because one answer begins with the words of the question.
    let once = ["No.", "No.\nNever.", "Why?", "So.", "So it is."];
    assert_eq!(heard(&file(1, 0, &once)), ["No.", "No. Never.", "Why?", "So.", "So it is."]);
    // With pauses between the cues, lines are said again.
    let chorus = ["one\ntwo", "two\nthree", "three\nfour"];
    assert_eq!(heard(&file(1, 1, &chorus)), ["one two", "two three", "three four"]);
    // In rolling captions, only lines that move up are repetitions.
    let rolling = ["one\ntwo", "two\nthree", "three\nno", "no\nno", "no", "no no", "yes"];
    assert_eq!(heard(&file(1, 0, &rolling)), ["one two", "three", "no", "no", "no", "no no", "yes"]);
}

#[test]
fn names_before_a_colon_part_a_cue() {
    let file = "1\n00:00 --> 00:01\n- Ada: Shall we?\n- Ben: In spring,\nif at all.\n\n2\n00:01 --> 00:02\nADA:\nNow.\n";
    assert_eq!(
        cues(file),
        [
            said(0, 1_000, "Shall we?", Some("Ada")),
            said(0, 1_000, "In spring, if at all.", Some("Ben")),
            said(1_000, 2_000, "Now.", Some("ADA")),
        ]
    );
}

#[test]
fn text_without_cues_has_none() {
    for file in ["Hello there.\n\nGeneral.", "WEBVTT\n", "", "\n\n-->\n", "1\n00:00 --> 00:01\n\n"] {
        assert_eq!(cues(file), []);
    }
}

#[test]
fn plain_text_has_turns() {
    let turn = |speaker: Option<&str>, text: &str| (speaker.map(str::to_owned), text.to_owned());
    assert_eq!(
        turns("Ada: Shall we mend the roof?\n\nBen: In spring.\n"),
        [turn(Some("Ada"), "Shall we mend the roof?"), turn(Some("Ben"), "In spring.")]
    );
    assert_eq!(turns(" At 10:30 we met.\n- one\n"), [turn(None, "At 10:30 we met."), turn(None, "- one")]);
}
