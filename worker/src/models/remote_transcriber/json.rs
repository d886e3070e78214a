//! Reads JSON as services write it. Python's encoder and other ones write what JSON does not have: numbers
//! that are not finite, halves of characters, raw control characters, bytes that are no UTF-8. The text
//! around such a mistake is worth more than its strictness.

use serde_json::Value;

/// U+FFFD, in place of half a character.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Parses a response.
pub(super) fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_slice(&strict(text.trim_start_matches('\u{feff}').as_bytes()))
}

/// The same as JSON of RFC 8259: `null` in place of `NaN`, `Infinity` and `-Infinity`, U+FFFD in place of a
/// surrogate without its partner, a space in place of a raw control character in a string.
fn strict(bytes: &[u8]) -> Vec<u8> {
    let (mut json, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    let mut in_string = false;
    while let Some((&byte, behind)) = rest.split_first() {
        if !in_string {
            let words = [&b"NaN"[..], b"-Infinity", b"Infinity"];
            if let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) {
                json.extend(b"null");
                rest = &rest[word.len()..];
                continue;
            }
        } else if byte == b'\\' {
            let length = escape(rest, &mut json);
            rest = &rest[length..];
            continue;
        }
        in_string ^= byte == b'"';
        json.push(if in_string && byte < b' ' { b' ' } else { byte });
        rest = behind;
    }
    json
}

/// Copies the escape at the beginning of `rest`; returns its length in `rest`.
fn escape(rest: &[u8], json: &mut Vec<u8>) -> usize {
    let length = match (code(rest), rest.get(6..).and_then(code)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
        (Some(0xd800..=0xdfff), _) => {
            json.extend(REPLACEMENT);
            return 6;
        }
        (Some(_), _) => 6,
        (None, _) => rest.len().min(2),
    };
    json.extend(&rest[..length]);
    length
}

/// The number in `\u1234`.
fn code(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_services_write_is_read() {
        for (written, read) in [
            (
                &br#"{"a": NaN, "b": -Infinity, "c": "NaN \" Infinity"}"#[..],
                json!({"a": null, "b": null, "c": "NaN \" Infinity"}),
            ),
            (&br#"["one \ud83d two"]"#[..], json!(["one \u{fffd} two"])),
            (&br#"["\ude00\ud83d\ude00"]"#[..], json!(["\u{fffd}\u{1f600}"])),
            (&br#"["\\ud83d", "\\"]"#[..], json!(["\\ud83d", "\\"])),
            (&b"\xef\xbb\xbf[\"a\nb\"]\n"[..], json!(["a b"])),
            (&b"[\"gr\xfcn\"]"[..], json!(["gr\u{fffd}n"])),
        ] {
            assert_eq!(parse(written).unwrap(), read, "{}", String::from_utf8_lossy(written));
        }
    }

    #[test]
    fn what_is_no_json_stays_so() {
        for written in [&b""[..], b"<html>", br#"{"text": "#, br#"["\"#, br#"["\u12"#, b"[\"\xff\\"] {
            assert!(parse(written).is_err(), "{}", String::from_utf8_lossy(written));
        }
    }
}
