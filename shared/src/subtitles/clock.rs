//! Times of cues: written in one way, and read in the ways of many programs and scripts.

use std::borrow::Cow;

/// A later time is invalid: 30 days, the longest recording that is accepted.
const LATEST_MS: i64 = 30 * 24 * 3_600_000;
/// The arrow of both formats. It may stand next to a time that cannot be read.
const ARROW: &str = "-->";
/// The arrows of other programs and of people. They count only between two times.
const OTHER_ARROWS: [&str; 7] = ["->", "- ->", "-- >", "–>", "—>", "=>", "→"];
/// Characters that stand around times in some files: brackets, quotation marks, a plus sign, the mark of a
/// quotation in an e-mail.
const AROUND: [char; 16] = ['[', ']', '(', ')', '{', '}', '<', '>', '"', '\'', '*', '`', '«', '»', '“', '”'];
/// The names of the settings of WebVTT and SubRip, which follow the times.
const SETTINGS: [&str; 11] =
    ["align", "line", "position", "size", "vertical", "region", "x1", "x2", "y1", "y2", "d"];
/// The digit zero in the scripts that have their own digits; the other nine follow it in Unicode.
const ZEROS: [char; 16] = [
    '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{1040}', '\u{17e0}', '\u{ff10}',
];

/// The times of a cue; `None` for a time that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timing {
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
}

impl Timing {
    /// Whether both times were read, so that the line cannot be text.
    pub(super) const fn is_whole(self) -> bool {
        self.start_ms.is_some() && self.end_ms.is_some()
    }
}

/// Writes a time as `hours:minutes:seconds`, with `point` before the milliseconds.
pub(super) fn written(ms: i64, point: char) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}{point}{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Reads the times of a line with an arrow, as far as possible. Text after the end time is ignored.
pub(super) fn timing(line: &str) -> Option<Timing> {
    let has_arrow = line.contains(['>', '→', '\u{ff1e}']);
    if has_arrow { read(&ascii(line)).map(|(timing, _)| timing) } else { None }
}

/// The text in the line of the times, after them, if it is not about the position on the screen; and whether
/// the times are in brackets, so that this text belongs to the cue.
pub(super) fn behind(line: &str) -> (&str, bool) {
    let plain = ascii(line);
    let Some((_, rest)) = read(&plain) else { return ("", false) };
    let first = rest.split_whitespace().next().unwrap_or_default();
    let name = first.split(':').next().unwrap_or_default();
    if first.contains(':') && SETTINGS.iter().any(|setting| name.eq_ignore_ascii_case(setting)) {
        return ("", false);
    }
    // Both texts have the same number of characters.
    let before = plain.chars().count() - rest.chars().count();
    let place = line.char_indices().nth(before).map_or(line.len(), |(place, _)| place);
    let text = line[place..].trim_start_matches(AROUND).trim_start_matches(['.', ',', 'Z']);
    (text.trim(), rest.starts_with([']', ')']))
}

/// Whether a text is a time and nothing else.
pub(super) fn is_time(text: &str) -> bool {
    time(text).is_some_and(|(_, rest)| rest.trim().is_empty())
}

/// Replaces each character of another script with the one that means the same in times: digits, colons,
/// commas, dots, and spaces for the marks of direction, which are not visible.
pub(super) fn ascii(line: &str) -> Cow<'_, str> {
    if line.is_ascii() { Cow::Borrowed(line) } else { line.chars().map(plain).collect() }
}

fn plain(c: char) -> char {
    match c {
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => ' ',
        '\u{2060}'..='\u{2069}' | '\u{feff}' => ' ',
        '\u{ff1a}' | '\u{2236}' | '\u{fe13}' => ':',
        '\u{ff0c}' | '\u{60c}' | '\u{66c}' => ',',
        '\u{ff0e}' | '\u{66b}' => '.',
        '\u{ff1b}' | '\u{61b}' => ';',
        '\u{ff0d}' | '\u{2212}' | '\u{2010}' | '\u{2011}' => '-',
        '\u{ff0b}' => '+',
        '\u{ff03}' => '#',
        '\u{ff1e}' => '>',
        _ if c.is_ascii() => c,
        _ => ZEROS
            .iter()
            .find_map(|zero| (c as u32).checked_sub(*zero as u32).filter(|digit| *digit < 10))
            .and_then(|digit| char::from_digit(digit, 10))
            .unwrap_or(c),
    }
}

/// The times of a line, and the rest of the line after the end time.
fn read(line: &str) -> Option<(Timing, &str)> {
    if let Some((start, end)) = line.split_once(ARROW) {
        let (start, end) = (start_time(start.trim_end_matches('-')), end_time(end));
        let timing = Timing { start_ms: start, end_ms: end.map(|(ms, _)| ms) };
        return Some((timing, end.map_or("", |(_, rest)| rest)));
    }
    OTHER_ARROWS
        .iter()
        .filter_map(|arrow| line.split_once(arrow))
        .filter(|(start, _)| is_time(start))
        .find_map(|(start, end)| {
            let ((start_ms, _), (end_ms, rest)) = (time(start)?, time(end)?);
            let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
            is_whole.then_some((Timing { start_ms: Some(start_ms), end_ms: Some(end_ms) }, rest))
        })
}

/// A start time. The number of the cue or a date may stand before it.
fn start_time(text: &str) -> Option<i64> {
    let whole = |text: &str| {
        let (ms, rest) = time(text)?;
        rest.trim_matches(is_around).is_empty().then_some(ms)
    };
    let text = text.trim_start_matches(is_around);
    whole(text).or_else(|| whole(after_date(text)?)).or_else(|| {
        let (number, time) = text.split_once(char::is_whitespace)?;
        let is_number = number.starts_with(|c: char| c == '#' || c.is_ascii_digit())
            && number.trim_start_matches('#').trim_end_matches(['.', ')', ']', ':']).bytes().all(is_digit);
        whole(time.trim_start_matches(is_around)).filter(|_| is_number)
    })
}

/// An end time, and the rest of the line.
fn end_time(text: &str) -> Option<(i64, &str)> {
    let ends = |(ms, rest): (i64, &'_ str)| {
        let behind = rest.trim_start_matches(AROUND).trim_start_matches(['.', ',', 'Z']);
        (behind.is_empty() || behind.starts_with(char::is_whitespace)).then_some(ms)
    };
    let text = text.trim_start_matches(is_around);
    [after_date(text), Some(text)].into_iter().flatten().find_map(|text| {
        let read = time(text)?;
        ends(read).map(|ms| (ms, read.1))
    })
}

fn is_around(c: char) -> bool {
    AROUND.contains(&c) || c.is_whitespace() || matches!(c, '+' | 'Z')
}

/// The text after a date: `2024-01-31`, `31.01.2024` or `1/31/2024`, and a space or a `T`.
fn after_date(text: &str) -> Option<&str> {
    let (date, time) = text.split_once(|c: char| c == 'T' || c.is_whitespace())?;
    let sign = date.chars().find(|c| !c.is_ascii_digit()).filter(|sign| matches!(sign, '-' | '.' | '/'))?;
    let mut parts = date.trim_end_matches(',').split(sign);
    let lengths = [parts.next()?, parts.next()?, parts.next()?].map(str::len);
    let is_date = parts.next().is_none()
        && date.trim_end_matches(',').bytes().all(|byte| is_digit(byte) || char::from(byte) == sign)
        && matches!(lengths, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4]);
    is_date.then_some(time)
}

const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// Reads the time at the start of a text, in milliseconds, and returns the rest of the text.
///
/// The format is `[hours:]minutes:seconds[.fraction]`, or only seconds with a fraction. A comma, a dot or a
/// semicolon stands before the fraction, which has any number of digits. Blanks around the signs are
/// allowed. Minutes and seconds may be more than 59: the time is the sum. A fourth number after a colon
/// means milliseconds if it has three digits, and otherwise frames, which are ignored. Dots in the place of
/// the colons (`00.00.01,500`) and letters (`0h00m01.5s`) are read, too.
fn time(text: &str) -> Option<(i64, &str)> {
    let text = text.trim_start();
    if let Some(read) = lettered(text) {
        return Some(read);
    }
    let (first, mut rest) = digits(text)?;
    let (mut numbers, mut signs) = (vec![first], Vec::new());
    // After a fraction, there is only more if the first sign was not a colon either.
    while signs.last().is_none_or(|sign| *sign == ':')
        || (signs[0] != ':' && signs.len() < 3 && rest.starts_with(['.', ',', ';']))
    {
        let Some((sign, next, behind)) = next_number(rest) else { break };
        if numbers.len() == 4 {
            return None;
        }
        numbers.push(next);
        signs.push(sign);
        rest = behind;
    }
    let last_has = |digits: usize| numbers.last().is_some_and(|last| last.len() == digits);
    let (has_fraction, has_frames) = match signs[..] {
        [':'] | [':', ':'] | [] => (false, false),
        [':', ':', ':'] => (last_has(3), !last_has(3)),
        [first, second] if first == second => (last_has(3), false),
        _ => (true, false),
    };
    let last = if has_fraction || has_frames { numbers.pop() } else { None };
    let fraction = last.filter(|_| has_fraction);
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number <= LATEST_MS);
    let seconds = match numbers[..] {
        [seconds] if fraction.is_some() => number(seconds)?,
        [minutes, seconds] => number(minutes)? * 60 + number(seconds)?,
        [hours, minutes, seconds] => number(hours)? * 3600 + number(minutes)? * 60 + number(seconds)?,
        _ => return None,
    };
    let ms = seconds * 1000 + fraction.map_or(0, thousandths);
    (ms <= LATEST_MS).then_some((ms, rest))
}

/// A time of at least two numbers with the letters of their units: `0h00m01s`, `1 min 2.5 s`.
fn lettered(text: &str) -> Option<(i64, &str)> {
    let (mut ms, mut count, mut least, mut rest) = (0, 0, i64::MAX, text);
    while let Some((number, behind)) = digits(rest.trim_start()) {
        let fraction = behind.strip_prefix(['.', ',']).and_then(digits);
        let behind = fraction.map_or(behind, |(_, behind)| behind).trim_start_matches(' ');
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms = match behind[..letters].to_ascii_lowercase().as_str() {
            "h" => 3_600_000,
            "m" | "min" => 60_000,
            "s" | "sec" => 1_000,
            "ms" => 1,
            _ => break,
        };
        let number = number.parse::<i64>().ok().filter(|number| *number <= LATEST_MS)?;
        if unit_ms >= least {
            break;
        }
        let part = fraction.map_or(0, |(fraction, _)| thousandths(fraction));
        (ms, count, least) = (ms + number * unit_ms + part * unit_ms / 1_000, count + 1, unit_ms);
        rest = &behind[letters..];
    }
    (count > 1 && ms <= LATEST_MS).then_some((ms, rest))
}

/// A sign, the number after it, and the rest.
fn next_number(text: &str) -> Option<(char, &str, &str)> {
    let text = text.trim_start();
    let sign = text.chars().next().filter(|sign| matches!(sign, ':' | '.' | ',' | ';'))?;
    let (number, rest) = digits(text[1..].trim_start())?;
    Some((sign, number, rest))
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Both `5` and `5000` are half a second.
fn thousandths(fraction: &str) -> i64 {
    fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(3)
        .fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(line: &str) -> Option<(Option<i64>, Option<i64>)> {
        timing(line).map(|timing| (timing.start_ms, timing.end_ms))
    }

    #[test]
    fn times_are_read_as_people_and_programs_write_them() {
        for line in [
            "00:00:01,500 --> 00:00:02,000",
            "00:00:01.500-->00:00:02.000 align:start position:0%",
            "0:0:1,5 --> 0:0:2",
            "00:01.500 --> 00:02.000",
            "00:01,5000 ---> 00:02,0000",
            "00: 00: 01, 500 -> 00: 00: 02, 000",
            "00:00:01:500 → 00:00:02:000",
            "1.5 --> 2.0",
            "  00:00:01;500   - ->   00:00:02;000  X1:10 X2:20",
        ] {
            assert_eq!(times(line), Some((Some(1_500), Some(2_000))), "{line}");
        }
        assert_eq!(times("90:00.000 --> 100:00:00.000"), Some((Some(5_400_000), Some(360_000_000))));
        assert_eq!(times("00:00:01:24 --> 00:00:02:01"), Some((Some(1_000), Some(2_000))));
    }

    #[test]
    fn minutes_and_seconds_above_59_count_as_they_are() {
        assert_eq!(times("00:01:60,000 --> 00:75:12,500"), Some((Some(120_000), Some(4_512_500))));
        assert_eq!(times("01:99.000 --> 00:00:200,000"), Some((Some(159_000), Some(200_000))));
    }

    #[test]
    fn what_is_no_time_is_none_and_the_other_one_stays() {
        assert_eq!(times("00:00:01,000 --> later"), Some((Some(1_000), None)));
        assert_eq!(times("00:00:01,000 -->"), Some((Some(1_000), None)));
        assert_eq!(times("-00:00:01,000 --> 00:00:0a,000"), Some((None, None)));
        assert_eq!(times("5 --> 6"), Some((None, None)));
        assert_eq!(times("9999:00:00,000 --> 99999999999999999999:00:00"), Some((None, None)));
        for line in ["it goes -> there", "10:30 → lunch", "00:01 --", "x < y", ""] {
            assert_eq!(times(line), None, "{line}");
        }
    }

    #[test]
    fn times_are_read_in_every_script_and_inside_other_signs() {
        for line in [
            "\u{200e}00:00:01,500 --> 00:00:02,000\u{200e}",
            "\u{200f}00:00:01,500\u{200f} --> \u{200f}00:00:02,000",
            "\u{202b}00:00:01.500 --> 00:00:02.000\u{202c}",
            "٠٠:٠٠:٠١,٥٠٠ --> ٠٠:٠٠:٠٢,٠٠٠",
            "۰۰:۰۰:۰۱٫۵۰۰ --> ۰۰:۰۰:۰۲٫۰۰۰",
            "००:००:०१,५०० --> ००:००:०२,०००",
            "００：００：０１，５００ --> ００：００：０２，０００",
            "００：００：０１．５００ －－＞ ００：００：０２．０００",
            "00.00.01,500 --> 00.00.02,000",
            "00.00.01.500 --> 00.00.02.000",
            "00.01.500 --> 00.02.000",
            "[00:00:01.500 --> 00:00:02.000]",
            "[00:00:01.500] --> [00:00:02.000]",
            "(00:00:01,500 --> 00:00:02,000)",
            "\"00:00:01,500 --> 00:00:02,000\"",
            "> 00:00:01,500 --> 00:00:02,000",
            "+00:00:01,500 --> +00:00:02,000",
            "0h00m01.5s --> 0h00m02s",
            "0m 1s 500ms --> 0m 2s",
            "2024-01-31 00:00:01,500 --> 2024-01-31 00:00:02,000",
            "2024-01-31T00:00:01.500Z --> 2024-01-31T00:00:02.000Z",
            "31.01.2024 00:00:01,500 --> 31.01.2024 00:00:02,000",
            "1/31/2024, 00:00:01,500 --> 1/31/2024, 00:00:02,000",
            "1 00:00:01,500 --> 00:00:02,000 Hello.",
            "#1 00:00:01,500 --> 00:00:02,000",
        ] {
            assert_eq!(times(line), Some((Some(1_500), Some(2_000))), "{line}");
        }
        assert_eq!(times("00.01.02 --> 01.00.00"), Some((Some(62_000), Some(3_600_000))));
    }

    #[test]
    fn text_behind_the_times_is_told_from_settings() {
        for (line, text, is_enclosed) in [
            ("00:01 --> 00:02", "", false),
            ("00:01 --> 00:02 align:start position:0%", "", false),
            ("00:01 --> 00:02  X1:10 X2:20", "", false),
            ("00:01 --> 00:02 Ada: Hello there.", "Ada: Hello there.", false),
            ("[00:01.000 --> 00:02.000]  Hello there.", "Hello there.", true),
            ("\u{200f}[٠٠:٠١ --> ٠٠:٠٢] \u{200f}نعم: لا", "\u{200f}نعم: لا", true),
            ("00:01 --> later", "", false),
        ] {
            assert_eq!(behind(line), (text, is_enclosed), "{line}");
        }
    }

    #[test]
    fn times_are_written_with_all_their_hours() {
        assert_eq!(written(3_723_004, ','), "01:02:03,004");
        assert_eq!(written(LATEST_MS, '.'), "720:00:00.000");
    }
}
