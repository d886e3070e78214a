//! Tests that written files are read back unchanged, with generated transcripts.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;

use super::read::cues;
use super::scripts::width;
use super::{Cue, Layout, Utterance, one_line, srt, vtt};

const WORDS: [&str; 78] = [
    "the",
    "roof",
    "we",
    "mend",
    "In",
    "spring.",
    "Really?",
    "yes,",
    "so",
    "I",
    "and",
    "Lisbon",
    "a",
    "it",
    "<",
    "<i>",
    "</b>",
    "&",
    "&amp;",
    "&lt;b&gt;",
    "R&D",
    "-->",
    "->",
    "→",
    ">",
    ">>",
    "{\\an8}",
    "{x}",
    "<v",
    "Ada>",
    "42",
    "1",
    "7",
    "10:30",
    "00:00:01,000",
    "-->00:02",
    "00:01",
    "Note:",
    "Ada:",
    "Ben",
    "Tom:",
    "WEBVTT",
    "NOTE",
    "STYLE",
    "https://example.org/a/very/long/address?with=everything&that=it#takes&and=more&of=it&until=the&line=ends",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "今天天气很好，我们去公园散步吧。",
    "世界",
    "こんにちは、",
    "「はい」",
    "안녕하세요",
    "สวัสดีครับ",
    "שלום",
    "مرحبا؟",
    "क्षत्रिय",
    "👨‍👩‍👧",
    "🇩🇪🇫🇷",
    "e\u{301}e\u{301}",
    "soft\u{ad}",
    "\u{200b}",
    "♪",
    "-",
    "…",
    "Q: A",
    "so\\Nwe",
    "C:\\New",
    "\\N",
    "a\\n<i>\\hb",
    "\u{feff}",
    "\u{feff}1",
    "\u{feff}WEBVTT",
    "－－＞",
    "٠٠:٠١",
    "[00:01",
    "00:02]",
    "0h0m1s",
    "(1)",
    "X-TIMESTAMP-MAP=a",
];
const NAMES: [&str; 19] = [
    "Ada",
    "Ben",
    "Anna Berg",
    "A",
    "Speaker 1",
    "SPEAKER_00",
    "李雷",
    "שרה",
    "the neighbour's cat",
    "Tom & <Ben>",
    "Note",
    "a: b",
    "--> x",
    "😀",
    "Bartholomew Featherstonehaugh-Cholmondeley of Little Snoring upon Sea",
    "42",
    "Ada:",
    "Q&amp;A",
    "a\\Nb",
];

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[random.random_range(0..from.len())]
}

/// Generates a transcript, different for each seed: of one, several or unknown speakers, in plain or unusual
/// words.
fn transcript(seed: u64) -> Vec<Utterance> {
    let random = &mut StdRng::seed_from_u64(seed);
    let (plain, many) = (random.random_bool(0.3), random.random_range(1..=NAMES.len()));
    let (named, repeats) = (random.random_range(0.0..1.0), random.random_bool(0.2));
    let mut said: Vec<Utterance> = Vec::new();
    let mut at_ms = 0;
    for _ in 0..random.random_range(0..25) {
        let length = if random.random_bool(0.2) { 60 } else { 9 };
        let words: Vec<&str> = (0..random.random_range(1..=length))
            .map(|_| pick(random, if plain { &WORDS[..14] } else { &WORDS }))
            .collect();
        let again = said.last().filter(|_| repeats && random.random_bool(0.5)).map(|last| last.text.clone());
        let start_ms = at_ms + if random.random_bool(0.5) { 0 } else { random.random_range(0..3_000) };
        let end_ms = start_ms + if random.random_bool(0.2) { 0 } else { random.random_range(0..12_000) };
        at_ms = end_ms;
        said.push(Utterance {
            id: Uuid::from_u128(said.len() as u128),
            start_ms,
            end_ms,
            text: again.unwrap_or_else(|| one_line(&words.join(" "))),
            speaker: random.random_bool(named).then(|| pick(random, &NAMES[..many]).to_owned()),
            is_uncertain: random.random_bool(0.2),
            words: Vec::new(),
        });
    }
    said
}

fn layout(seed: u64) -> Layout {
    let random = &mut StdRng::seed_from_u64(seed ^ 0x5eed);
    if random.random_bool(0.5) {
        return Layout::default();
    }
    let (line_chars, lines) = (random.random_range(10..=100), random.random_range(1..=4));
    Layout::default().line_chars(line_chars).lines(lines).cue_ms(random.random_range(1_000..=60_000))
}

/// The text without the separators that may stand between the pieces of a word that is longer than a cue.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{ad}').collect()
}

/// Checks that each utterance is one or several cues, one after the other, within its times.
#[track_caller]
fn says_the_same(read: &[Cue], said: &[Utterance], layout: Layout, file: &str) {
    let mut read = read.iter().peekable();
    for said in said {
        let mut text = String::new();
        let mut count = 0;
        while letters(&text).len() < letters(&said.text).len() || count == 0 {
            let cue = read.next().unwrap_or_else(|| panic!("{said:?} is cut off after {text:?}:\n{file}"));
            assert_eq!(cue.speaker, said.speaker, "{cue:?} {said:?}\n{file}");
            let latest_ms = said.end_ms.max(said.start_ms + 1_000).max(cue.start_ms + 1_000);
            assert!(
                said.start_ms <= cue.start_ms && cue.start_ms <= said.end_ms && cue.end_ms <= latest_ms,
                "{cue:?} {said:?}\n{file}"
            );
            text = format!("{text} {}", cue.text);
            count += 1;
        }
        assert_eq!(letters(&text), letters(&said.text), "{file}");
        let (line_chars, ..) = layout.limits();
        if said.text.is_ascii() && said.text.split(' ').all(|word| width(word) <= line_chars / 3) {
            assert_eq!(text.trim(), said.text, "{file}");
        }
        let name = said.speaker.as_ref().map_or(0, |speaker| width(speaker) + 2);
        let lasts_ms = said.end_ms - said.start_ms;
        if name + width(&said.text) <= 42
            && (1_000..=7_000).contains(&lasts_ms)
            && layout == Layout::default()
        {
            assert!(count == 1, "{said:?}\n{file}");
        }
    }
    assert!(read.peek().is_none(), "{:?}\n{file}", read.peek());
}

#[test]
fn what_is_written_is_read_as_it_was_said() {
    for seed in 0..500 {
        let (said, layout) = (transcript(seed), layout(seed));
        for file in [srt(&said, layout), vtt(&said, layout)] {
            says_the_same(&cues(&file), &said, layout, &format!("seed {seed}\n{file}"));
        }
    }
}

#[test]
fn a_segment_that_fits_in_a_cue_comes_back_with_its_times() {
    for seed in 0..300 {
        let fits = |said: &Utterance| {
            let name = said.speaker.as_ref().map_or(0, |speaker| width(speaker) + 2);
            name + width(&said.text) <= 42 && (1_000..=7_000).contains(&(said.end_ms - said.start_ms))
        };
        let said: Vec<Utterance> = transcript(seed).into_iter().filter(fits).collect();
        let expected = said.iter().map(|said| Cue {
            start_ms: said.start_ms,
            end_ms: said.end_ms,
            text: said.text.clone(),
            speaker: said.speaker.clone(),
        });
        let expected: Vec<Cue> = expected.collect();
        for file in [srt(&said, Layout::default()), vtt(&said, Layout::default())] {
            assert_eq!(cues(&file), expected, "seed {seed}\n{file}");
        }
    }
}

#[test]
fn cues_keep_to_their_layout_whatever_is_said() {
    for seed in 0..300 {
        let (said, layout) = (transcript(seed), layout(seed));
        let placed = super::layout::lay_out(&said, layout, true);
        let (line_chars, lines, cue_ms) = layout.limits();
        for (index, one) in placed.iter().enumerate() {
            assert!(one.lines.len() <= lines, "seed {seed}: {one:?}");
            assert!(
                one.lines.iter().all(|line| width(line.trim_end()) <= line_chars),
                "seed {seed}: {one:?}"
            );
            let lasts_ms = one.cue.end_ms - one.cue.start_ms;
            assert!(lasts_ms <= cue_ms, "seed {seed}: {one:?}");
            let next = placed.get(index + 1).map(|next| next.cue.start_ms);
            let is_followed = next.is_some_and(|next| next - one.cue.end_ms <= 1);
            assert!(lasts_ms >= 1_000 || is_followed, "seed {seed}: {one:?} {next:?}");
            assert!(next.is_none_or(|next| next >= one.cue.end_ms), "seed {seed}: {one:?} {next:?}");
        }
    }
}
