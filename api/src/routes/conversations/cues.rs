//! Subtitles as they come from other programs: SubRip (SRT) and WebVTT, read with patience.
//!
//! Both are blocks of lines with a blank line between them; a block with an arrow in its first two
//! lines is a cue. What is no cue (numbers, notes, styles) is passed over, so that nobody has to
//! repair a file by hand. Voices are taken from WebVTT's `<v Name>`.
//!
//! Sources: <https://www.w3.org/TR/webvtt1/>; SubRip has no standard, and is read as players do.

/// Something said from one moment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub start_ms: i64,
    pub end_ms: i64,
    pub text: String,
    pub speaker: Option<String>,
}

/// The cues of a file, in its order. The error names the line whose times cannot be read.
pub(super) fn cues(file: &str) -> Result<Vec<Cue>, String> {
    let mut cues: Vec<Cue> = Vec::new();
    let mut lines = file.trim_start_matches('\u{feff}').lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some((start, end)) = line.split_once("-->") else { continue };
        // Behind the end WebVTT may say where on the screen.
        let end = end.split_whitespace().next().unwrap_or_default();
        let times = milliseconds(start.trim()).zip(milliseconds(end)).filter(|(start, end)| start <= end);
        let Some((start_ms, end_ms)) = times else {
            return Err(format!("line {} has times that cannot be read: `{}`", number + 1, line.trim()));
        };
        let said: Vec<&str> =
            lines.by_ref().map(|(_, line)| line.trim()).take_while(|line| !line.is_empty()).collect();
        let (text, speaker) = plain(&said.join(" "));
        if !text.is_empty() {
            cues.push(Cue { start_ms, end_ms, text, speaker });
        }
    }
    Ok(cues)
}

/// `[hours:]minutes:seconds`, with a comma or a dot before the milliseconds.
fn milliseconds(clock: &str) -> Option<i64> {
    let (whole, thousandths) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let thousandths = format!("{thousandths:0<3}");
    let mut units = whole.rsplit(':');
    let mut unit = |most: i64| match units.next() {
        None => Some(0),
        Some(digits) => number(digits).filter(|number| *number <= most),
    };
    let (seconds, minutes, hours) = (unit(59)?, unit(59)?, unit(9_999)?);
    let shaped = units.next().is_none() && whole.contains(':') && thousandths.len() == 3;
    shaped.then_some(((hours * 60 + minutes) * 60 + seconds) * 1000 + number(&thousandths)?)
}

fn number(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// Text without its markup, and who says it.
fn plain(marked: &str) -> (String, Option<String>) {
    let mut speaker = None;
    let mut text = String::with_capacity(marked.len());
    let mut rest = marked;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else {
            // An arrow that nobody closed is text.
            text.push('<');
            rest = tag;
            continue;
        };
        if let Some((voice, name)) = tag.split_once(' ')
            && (voice == "v" || voice.starts_with("v."))
        {
            speaker.get_or_insert_with(|| unescape(name.trim()));
        }
        rest = after;
    }
    text.push_str(rest);
    let text = unescape(&text);
    (text.split_whitespace().collect::<Vec<_>>().join(" "), speaker)
}

fn unescape(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&lrm;", ""), ("&rlm;", ""), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(start_ms: i64, end_ms: i64, text: &str, speaker: Option<&str>) -> Cue {
        Cue { start_ms, end_ms, text: text.to_owned(), speaker: speaker.map(str::to_owned) }
    }

    #[test]
    fn subrip_is_read_with_whatever_line_ends_and_marks() {
        let file = "\u{feff}1\r\n00:00:00,350 --> 00:00:02,900\r\n<i>Shall we?</i>\r\n\r\n\
                    2\r\n01:02:03,004 --> 01:02:04,000\r\nYes.\r\nNow.\r\n";
        assert_eq!(
            cues(file).unwrap(),
            [said(350, 2_900, "Shall we?", None), said(3_723_004, 3_724_000, "Yes. Now.", None)]
        );
    }

    #[test]
    fn webvtt_is_read_with_voices_and_without_what_is_for_the_eye() {
        let file = "WEBVTT - a talk\n\nSTYLE\n::cue { color: red }\n\nNOTE not said\n\n\
                    intro\n00:00.000 --> 00:01.500 align:start\n<v Ada Byron>a &lt;b&gt; <b>c</b>\n\n\
                    00:01.500 --> 00:02.000\n\n";
        assert_eq!(cues(file).unwrap(), [said(0, 1_500, "a <b> c", Some("Ada Byron"))]);
    }

    #[test]
    fn times_that_cannot_be_read_are_named_by_their_line() {
        for times in ["00:00:61,000 --> 00:01:00,000", "x --> 00:01", "00:02 --> 00:01", "5 --> 6"] {
            let error = cues(&format!("1\n{times}\nHi.\n")).unwrap_err();
            assert!(error.starts_with("line 2 ") && error.contains(times), "{error}");
        }
    }

    #[test]
    fn text_without_cues_has_none() {
        assert_eq!(cues("Hello there.\n\nGeneral."), Ok(Vec::new()));
        assert_eq!(cues("WEBVTT\n"), Ok(Vec::new()));
    }
}
