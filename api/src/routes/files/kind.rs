//! The kind of a file's content: by its first bytes, or for texts by the declared type or the path.

use self_shared::domain::file::ContentKind;

/// The number of first bytes that the detection uses.
pub(super) const TELLING: usize = 1024;

/// The accepted kinds of content, as text for people.
pub(super) const ACCEPTED: &str = "text, Markdown, HTML or PDF";

/// Detects the kind of a file by its first bytes; `None` if the worker cannot read such files. The rest
/// of the file may still be invalid: the reader in the worker finds that out.
pub(super) fn of_bytes(first: &[u8], declared: Option<&str>, path: &str) -> Option<ContentKind> {
    let first = &first[..first.len().min(TELLING)];
    // Readers of PDF ignore bytes before the first line.
    if first.windows(5).any(|window| window == b"%PDF-") {
        return Some(ContentKind::Pdf);
    }
    let is_utf16 = first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]);
    let is_strange = |byte: &u8| *byte < b' ' && !b"\t\n\r\x0c\x1b".contains(byte);
    let is_other = [&b"{\\rtf"[..], b"%!PS"].iter().any(|magic| first.starts_with(magic));
    if is_other || !is_utf16 && first.iter().any(is_strange) {
        return None;
    }
    let begins =
        String::from_utf8_lossy(first).trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_lowercase();
    if begins.starts_with("<!doctype html") || begins.starts_with("<html") {
        return Some(ContentKind::Html);
    }
    Some(of_text(declared, path))
}

/// The kind of a text, by its media type, or by the extension of its path if the media type is only
/// `text/plain` or unknown.
pub(super) fn of_text(declared: Option<&str>, path: &str) -> ContentKind {
    let declared = declared.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_lowercase();
    match declared.as_str() {
        "text/markdown" | "text/x-markdown" => return ContentKind::Markdown,
        "text/html" | "application/xhtml+xml" => return ContentKind::Html,
        "" | "text/plain" | "application/octet-stream" => {}
        _ => return ContentKind::Text,
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("md" | "markdown" | "mdown") => ContentKind::Markdown,
        Some("html" | "htm" | "xhtml") => ContentKind::Html,
        _ => ContentKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_say_more_than_names_and_declared_types() {
        let of = |first: &[u8]| of_bytes(first, Some("text/markdown"), "a.md");
        assert_eq!(of(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3"), Some(ContentKind::Pdf));
        assert_eq!(of(b"\n<!DOCTYPE html><p>"), Some(ContentKind::Html));
        assert_eq!(of(b"\xEF\xBB\xBF<html lang=en>"), Some(ContentKind::Html));
        assert_eq!(of(b"# Kitchen"), Some(ContentKind::Markdown));
        assert_eq!(of(b"\xFF\xFEH\0e\0y\0"), Some(ContentKind::Markdown));
    }

    #[test]
    fn what_is_no_text_is_none() {
        let files: [&[u8]; 7] = [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"PK\x03\x04\x14\0",
            b"\x1f\x8b\x08\0",
            b"\xFF\xD8\xFF\xE0\0\x10JFIF",
            b"\x7fELF\x02\x01\x01",
            b"{\\rtf1 hello}",
            b"text and then\0nothing",
        ];
        for first in files {
            assert_eq!(of_bytes(first, Some("text/plain"), "a.txt"), None, "{first:?}");
        }
    }

    #[test]
    fn a_text_is_what_is_said_of_it() {
        assert_eq!(of_text(Some("text/html; charset=utf-8"), "a.md"), ContentKind::Html);
        assert_eq!(of_text(Some("text/plain"), "C:\\notes\\A.MD"), ContentKind::Markdown);
        assert_eq!(of_text(None, "/a.b/page.htm"), ContentKind::Html);
        assert_eq!(of_text(Some("text/x-rust"), "/a/main.rs.md"), ContentKind::Text);
        assert_eq!(of_text(None, "/a.md/readme"), ContentKind::Text);
    }
}
