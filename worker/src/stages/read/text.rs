//! Decodes bytes into characters, with the library `encoding_rs`.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::Unreadable;

/// Decodes text. The encoding is that of the byte order mark, else `declared`, else UTF-8; if the bytes are
/// not valid UTF-8, it is Windows-1252, of which Latin-1 is a part.
pub(super) fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> Result<String, Unreadable> {
    let text = match (Encoding::for_bom(bytes), declared) {
        (Some((encoding, mark)), _) => encoding.decode_without_bom_handling(&bytes[mark..]).0,
        (None, Some(declared)) => declared.decode_without_bom_handling(bytes).0,
        (None, None) => UTF_8
            .decode_without_bom_handling_and_without_replacement(bytes)
            .unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(bytes).0),
    };
    if is_text(&text) { Ok(text.into_owned()) } else { Err(Unreadable::NotText) }
}

/// Whether the text has at most a few characters that do not occur in text.
fn is_text(text: &str) -> bool {
    let is_strange =
        |c: &char| c.is_control() && !"\t\n\r\x0c\x1b".contains(*c) || *c == char::REPLACEMENT_CHARACTER;
    let strange = text.chars().filter(is_strange).count();
    !text.contains('\0') && strange <= text.len() / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_as_they_were_encoded() {
        let utf16 = |bytes: fn(u16) -> [u8; 2]| {
            "\u{feff}São Paulo 😀".encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        for bytes in [
            "São Paulo 😀".as_bytes(),
            "\u{feff}São Paulo 😀".as_bytes(),
            &utf16(u16::to_le_bytes),
            &utf16(u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes, None).as_deref(), Ok("São Paulo 😀"));
        }
        assert_eq!(decode(b"S\xE3o Paulo, 900 \x80", None).as_deref(), Ok("São Paulo, 900 €"));
    }

    #[test]
    fn what_was_never_written_is_no_text() {
        let noise: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&noise, None), Err(Unreadable::NotText));
        assert_eq!(decode(b"text\0text", None), Err(Unreadable::NotText));
    }
}
