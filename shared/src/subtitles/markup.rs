//! Markup of SubRip and WebVTT: recognized when read, so that all other text stays, and escaped when
//! written.
//!
//! Tags: <https://www.w3.org/TR/webvtt1/#webvtt-cue-text-parsing-rules>, the tags of HTML that SubRip uses,
//! and the overrides of SubStation Alpha (`{\an8}`), which players accept in SubRip.

use super::clock;
use super::references::reference;

/// A piece of a cue's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `<v Name>`: the speaker from here on; `None` if the tag has no name.
    Voice(Option<String>),
    /// `</v>`.
    VoiceEnd,
    /// `<00:00:01.000>`: a time within the cue.
    Moment,
}

/// Splits a cue's text into pieces, in order.
pub(super) fn pieces(marked: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = marked;
    while let Some(place) = rest.find(['<', '&', '{']) {
        text.push_str(&rest[..place]);
        rest = &rest[place..];
        let (length, piece) = match markup(rest) {
            Some((Markup::Characters(characters), length)) => {
                text.push_str(&characters);
                (length, None)
            }
            Some((Markup::Mark(piece), length)) => (length, Some(piece)),
            Some((Markup::Look, length)) => (length, None),
            None => {
                text.push_str(&rest[..1]);
                (1, None)
            }
        };
        if let Some(piece) = piece {
            pieces.extend([Piece::Text(std::mem::take(&mut text)), piece]);
        }
        rest = &rest[length..];
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    pieces
}

/// Escapes text for SubRip, only where a reader would take it for markup.
pub(super) fn subrip(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for (place, c) in text.char_indices() {
        let behind = &text[place + c.len_utf8()..];
        let is_taken = match c {
            // Also if there is another tag inside, which will be escaped.
            '<' => behind.split_once('>').is_some_and(|(inside, _)| tag(inside).is_some()),
            '&' => reference(&text[place..]).is_some(),
            '{' => behind.starts_with('\\'),
            // It would be an arrow, which begins a cue.
            '>' => text[..place].ends_with("--"),
            // It would be the start of a joined file.
            '\u{feff}' => true,
            _ => false,
        };
        if is_taken { written.push_str(escaped(c)) } else { written.push(c) }
    }
    written
}

/// Escapes text for WebVTT, which requires it for all three characters.
pub(super) fn webvtt(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for (place, c) in text.char_indices() {
        match c {
            '<' | '&' | '>' | '\u{feff}' => written.push_str(escaped(c)),
            '{' if text[place..].starts_with("{\\") => written.push_str(escaped(c)),
            _ => written.push(c),
        }
    }
    written
}

/// Changes a written text so that none of its lines is read as the times of a cue.
pub(super) fn without_timing(written: &str) -> String {
    let safe = |line: &str| match clock::timing(line) {
        Some(_) => line.replace('>', "&gt;").replace('→', "&rarr;").replace('\u{ff1e}', "&#xff1e;"),
        None => line.to_owned(),
    };
    written.split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

const fn escaped(c: char) -> &'static str {
    match c {
        '<' => "&lt;",
        '>' => "&gt;",
        '{' => "&#123;",
        '\u{feff}' => "&#xfeff;",
        _ => "&amp;",
    }
}

enum Markup {
    Characters(String),
    Mark(Piece),
    /// The style, which is ignored.
    Look,
}

/// The markup at the start of a text, and its length in bytes.
fn markup(text: &str) -> Option<(Markup, usize)> {
    if text.starts_with('&') {
        return reference(text).map(|(characters, length)| (Markup::Characters(characters), length));
    }
    if let Some(inside) = text.strip_prefix("{\\") {
        return Some((Markup::Look, within(inside, '}', &['{', '\n'])?.len() + 3));
    }
    let inside = within(text.strip_prefix('<')?, '>', &['<'])?;
    Some((tag(inside)?, inside.len() + 2))
}

/// The text before `end`; `None` if one of `others` comes first. The search stops there, so that a text of
/// many beginnings without an end is read once.
pub(super) fn within<'a>(text: &'a str, end: char, others: &[char]) -> Option<&'a str> {
    let length = text.find(|c| c == end || others.contains(&c))?;
    text[length..].starts_with(end).then(|| &text[..length])
}

/// Parses the text between `<` and `>`, if it is a tag of one of the formats.
fn tag(inside: &str) -> Option<Markup> {
    if let Some(name) = inside.strip_prefix('/') {
        let name = name.trim().to_ascii_lowercase();
        return match name.as_str() {
            "v" => Some(Markup::Mark(Piece::VoiceEnd)),
            "" | "lang" | "font" | "span" | "p" | "div" => Some(Markup::Look),
            _ => is_bare(&name).then_some(Markup::Look),
        };
    }
    if is_moment(inside) {
        return Some(Markup::Mark(Piece::Moment));
    }
    let (name, annotation) = match inside.split_once(char::is_whitespace) {
        Some((name, annotation)) => (name, annotation.trim()),
        None => (inside, ""),
    };
    // Classes follow after dots: `<c.yellow.bg_blue>`.
    let name = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    match name.as_str() {
        "v" => {
            let speaker = plain(annotation);
            Some(Markup::Mark(Piece::Voice(Some(speaker).filter(|speaker| !speaker.is_empty()))))
        }
        "br" | "br/" if matches!(annotation, "" | "/") => Some(Markup::Mark(Piece::Text("\n".to_owned()))),
        // A language has no spaces. A longer text is one whose tag was not closed.
        "lang" if !annotation.contains(char::is_whitespace) => Some(Markup::Look),
        "font" | "span" | "p" | "div" if annotation.is_empty() || annotation.contains('=') => {
            Some(Markup::Look)
        }
        _ if annotation.is_empty() && is_bare(&name) => Some(Markup::Look),
        _ => None,
    }
}

/// Tags with classes and without annotations.
fn is_bare(name: &str) -> bool {
    matches!(name, "i" | "b" | "u" | "s" | "c" | "ruby" | "rt" | "em" | "strong" | "strike" | "small" | "big")
}

/// `00:00:01.469`
fn is_moment(inside: &str) -> bool {
    inside.contains(':') && clock::is_time(inside)
}

/// A name with its references resolved, in one line.
fn plain(annotation: &str) -> String {
    let mut read = String::with_capacity(annotation.len());
    let mut rest = annotation;
    while let Some(place) = rest.find('&') {
        read.push_str(&rest[..place]);
        rest = &rest[place..];
        let (characters, length) = reference(rest).unwrap_or_else(|| ("&".to_owned(), 1));
        read.push_str(&characters);
        rest = &rest[length..];
    }
    read.push_str(rest);
    read.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(marked: &str) -> String {
        let text = |piece| if let Piece::Text(text) = piece { text } else { String::new() };
        pieces(marked).into_iter().map(text).collect()
    }

    #[test]
    fn markup_goes_and_what_only_looks_like_it_stays() {
        for (marked, read) in [
            ("<i>a</i> <B>b</B> <c.yellow.bg_blue>c</c> <u>d</u>", "a b c d"),
            ("<font color=\"#fff\" face='x'>a</font><br/>b<br>c", "a\nb\nc"),
            ("<00:00:01.469><c> to</c><00:01.620> the", " to the"),
            ("{\\an8}{\\i1}Up{\\i0} here", "Up here"),
            ("<lang en-GB>a</lang><ruby>b<rt>c</rt></ruby>", "abc"),
            ("&lt;i&gt; R&amp;D &amp;lt;", "<i> R&D &lt;"),
        ] {
            assert_eq!(text(marked), read, "{marked}");
        }
        for plain in [
            "if x < 3 and y > 2",
            "I <3 you",
            "<anna@example.org>",
            "Vec<String>",
            "a<b and c>d",
            "<<<>>>",
            "{a} {",
            "{\\ open",
            "R&D & Q&A",
            "< i>",
            "<12>",
            "a << b",
            "<https://example.org/?a=b>",
            "<lang en and so on>",
            "{\\an8 {x}",
        ] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn a_tag_is_a_tag_however_long_it_is() {
        let long = "x".repeat(5_000);
        for marked in [format!("<font color=\"{long}\">a</font>"), format!("{{\\p1 {long}}}a")] {
            assert_eq!(text(&marked), "a");
        }
        let name = Piece::Voice(Some(long.clone()));
        assert!(pieces(&format!("<v {long}>a")).contains(&name));
    }

    #[test]
    fn what_is_opened_a_million_times_and_never_closed_is_text() {
        for opened in ["<", "<v ", "<i", "{\\", "{", "&", "&a", "&#", "</", "<&{\\"] {
            let marked = opened.repeat(1_000_000 / opened.len());
            assert_eq!(text(&marked).len(), marked.len(), "{opened}");
        }
        let names = format!("&{}", "a".repeat(40)).repeat(25_000);
        assert_eq!(text(&names), names);
    }

    #[test]
    fn voices_have_names_in_one_line() {
        let said = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            pieces("<v.loud Ada\n Byron &amp; Co>Hi.</v> <v>Who?"),
            [
                said(""),
                Piece::Voice(Some("Ada Byron & Co".to_owned())),
                said("Hi."),
                Piece::VoiceEnd,
                said(" "),
                Piece::Voice(None),
                said("Who?"),
            ]
        );
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for plain in
            ["<i>", "&amp;", "&#60;", "{\\an8}x", "a --> b", "<v Ada>", "x < 3 & y", "<00:00:01.000>"]
        {
            assert_eq!(text(&subrip(plain)), plain);
            assert_eq!(text(&webvtt(plain)), plain);
            assert!(!subrip(plain).contains("-->"));
        }
        assert_eq!(subrip("x < 3 & y > 2"), "x < 3 & y > 2");
        for line in ["00:01 -> 00:02", "a\n0:01 → 0:02 b"] {
            assert_eq!(text(&without_timing(line)), line);
            assert!(without_timing(line).lines().all(|line| clock::timing(line).is_none()));
        }
    }
}
