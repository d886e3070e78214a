//! Times of cues: written in one way, and read in the ways of many programs.

/// A later time is invalid: 30 days, the longest recording that is accepted.
const LATEST_MS: i64 = 30 * 24 * 3_600_000;
/// The arrow of both formats. It may stand next to a time that cannot be read.
const ARROW: &str = "-->";
/// The arrows of other programs and of people. They count only between two times.
const OTHER_ARROWS: [&str; 7] = ["->", "- ->", "-- >", "–>", "—>", "=>", "→"];

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

/// Reads the times of a line with an arrow, as far as possible. Text after the end time (the position on the
/// screen) is ignored.
pub(super) fn timing(line: &str) -> Option<Timing> {
    if let Some((start, end)) = line.split_once(ARROW) {
        return Some(sides(start.trim_end_matches('-'), end));
    }
    OTHER_ARROWS
        .iter()
        .filter_map(|arrow| line.split_once(arrow))
        .map(|(start, end)| sides(start, end))
        .find(|timing| timing.is_whole())
}

fn sides(start: &str, end: &str) -> Timing {
    let start_ms = time(start).filter(|(_, rest)| rest.trim().is_empty()).map(|(ms, _)| ms);
    let end_ms = time(end)
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with(char::is_whitespace))
        .map(|(ms, _)| ms);
    Timing { start_ms, end_ms }
}

/// Reads the time at the start of a text, in milliseconds, and returns the rest of the text.
///
/// The format is `[hours:]minutes:seconds[.fraction]`, or only seconds with a fraction. A comma, a dot or a
/// semicolon stands before the fraction, which has any number of digits. Blanks around the signs are
/// allowed. Minutes and seconds may be more than 59: the time is the sum. A fourth number after a colon
/// means milliseconds if it has three digits, and otherwise frames, which are ignored.
fn time(text: &str) -> Option<(i64, &str)> {
    let mut units: Vec<&str> = Vec::new();
    let (mut unit, mut rest) = digits(text.trim_start())?;
    let mut fraction = None;
    loop {
        units.push(unit);
        let Some((sign, next, behind)) = next_number(rest) else { break };
        rest = behind;
        if sign == ':' {
            unit = next;
        } else {
            fraction = Some(next);
            break;
        }
    }
    if units.len() == 4 && fraction.is_none() {
        fraction = units.pop().filter(|last| last.len() == 3);
    }
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number <= LATEST_MS);
    let seconds = match units[..] {
        [seconds] if fraction.is_some() => number(seconds)?,
        [minutes, seconds] => number(minutes)? * 60 + number(seconds)?,
        [hours, minutes, seconds] => number(hours)? * 3600 + number(minutes)? * 60 + number(seconds)?,
        _ => return None,
    };
    let ms = seconds * 1000 + fraction.map_or(0, thousandths);
    (ms <= LATEST_MS).then_some((ms, rest))
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
    fn times_are_written_with_all_their_hours() {
        assert_eq!(written(3_723_004, ','), "01:02:03,004");
        assert_eq!(written(LATEST_MS, '.'), "720:00:00.000");
    }
}
