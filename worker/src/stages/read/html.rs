//! Extracts the text of HTML pages.
//!
//! Uses only the tokenizer of the library `html5ever`: the text does not depend on the nesting of elements,
//! and no tree grows with the page.

use std::cell::{Cell, RefCell};

use encoding_rs::Encoding;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// The bytes at the start in which a page may declare its encoding.
const HEAD: usize = 1024;
/// Elements whose content is not shown to readers.
const UNREAD: [&str; 8] = ["script", "style", "template", "noscript", "svg", "math", "iframe", "object"];
/// Elements that do not end a line.
const INLINE: [&str; 34] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
];

/// The encoding that a page declares in its head.
pub(super) fn encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).to_ascii_lowercase();
    let (_, declared) = head.split_once("charset")?;
    let declared = declared.trim_start().strip_prefix('=')?.trim_start_matches([' ', '"', '\'']);
    let label = declared.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.:".contains(c)).next()?;
    Encoding::for_label(label.as_bytes())
}

/// The text of a page: a line for each block, the cells of a row in one line.
pub(super) fn plain(page: &str) -> String {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(page));
    let reader = Tokenizer::new(Reader::default(), TokenizerOpts::default());
    let _ = reader.feed(&input);
    reader.end();
    reader.sink.text.into_inner()
}

#[derive(Default)]
struct Reader {
    text: RefCell<String>,
    /// The element whose content is skipped, and how many of its kind are open.
    unread: RefCell<Option<String>>,
    depth: Cell<usize>,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) if self.unread.borrow().is_none() => {
                self.text.borrow_mut().push_str(&text);
            }
            Token::TagToken(tag) => return self.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Reader {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        self.pass_over(name, opens && !tag.self_closing, !opens);
        if self.unread.borrow().is_none() && !INLINE.contains(&name) {
            let is_cell = name == "td" || name == "th";
            self.text.borrow_mut().push(if is_cell { ' ' } else { '\n' });
        }
        match name {
            "script" if opens => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "noscript" | "iframe" if opens => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" if opens => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    /// Begins or ends skipping the content of an element.
    fn pass_over(&self, name: &str, opens: bool, closes: bool) {
        let mut unread = self.unread.borrow_mut();
        match unread.as_deref() {
            None if opens && UNREAD.contains(&name) => {
                *unread = Some(name.to_owned());
                self.depth.set(1);
            }
            Some(open) if open == name && opens => self.depth.set(self.depth.get() + 1),
            Some(open) if open == name && closes => {
                self.depth.set(self.depth.get() - 1);
                if self.depth.get() == 0 {
                    *unread = None;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(page: &str) -> Vec<String> {
        let lines = plain(page);
        let lines = lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn what_is_written_on_a_page_is_read_and_nothing_else() {
        let page = "<!doctype html><html><head><title>The kitchen &amp; more</title><style>p { color: red }</style>\
            <script>if (1 < 2) { document.write('<p>no</p>') }</script></head><body onload=x()>\
            <h1>Blue <em>tiles</em></h1><p>They cost 900&nbsp;&euro;,<br>or less.</p><!-- hidden -->\
            <ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table>\
            <svg><text>drawn</text></svg><noscript>nothing</noscript></body></html>";
        assert_eq!(
            lines(page),
            ["The kitchen & more", "Blue tiles", "They cost 900 €,", "or less.", "one", "two", "a b"]
        );
    }

    #[test]
    fn a_page_that_never_ends_what_it_begins_is_read_all_the_same() {
        assert_eq!(lines("<p>before<div><b>bold<p>after"), ["before", "bold", "after"]);
        assert_eq!(lines("<p>a<svg><svg></svg>b</svg>c &zzz; <"), ["a", "c &zzz; <"]);
        assert!(lines(&"<div>".repeat(100_000)).is_empty());
    }

    #[test]
    fn the_encoding_is_the_one_that_is_declared() {
        let named = |page: &[u8]| encoding(page).map(Encoding::name);
        assert_eq!(named(b"<meta charset=\"iso-8859-2\">"), Some("ISO-8859-2"));
        assert_eq!(named(b"<META content='text/html; charset = Shift_JIS'>"), Some("Shift_JIS"));
        assert_eq!(named(b"<p>no charset"), None);
        assert_eq!(named(b"<meta charset=klingon>"), None);
    }
}
