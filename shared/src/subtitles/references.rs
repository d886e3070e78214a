//! Character references: `&amp;`, `&eacute;`, `&#39;`, `&#x1F600;`.
//!
//! Source: <https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state>, with the table
//! of names from the library `markup5ever`. Old names, which HTML accepts without a semicolon, are accepted
//! so if no letter or digit follows: `R&D` and `&notes` stay as they are.

use markup5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The length of the longest name in the table.
const LONGEST_NAME: usize = 32;

/// The characters of the reference at the start of `text`, and its length in bytes.
pub(super) fn reference(text: &str) -> Option<(String, usize)> {
    let name = text.strip_prefix('&')?;
    let (characters, length) = match name.strip_prefix('#') {
        Some(number) => {
            let (character, length) = numbered(number)?;
            (character.to_string(), length + 1)
        }
        None => named(name)?,
    };
    Some((characters, length + 1))
}

fn named(name: &str) -> Option<(String, usize)> {
    let letters = name.bytes().take(LONGEST_NAME + 1).take_while(u8::is_ascii_alphanumeric).count();
    // A search for the rest of the text in the table would cost as much for each ampersand.
    if letters > LONGEST_NAME {
        return None;
    }
    let length = if name[letters..].starts_with(';') { letters + 1 } else { letters };
    let &(first, second) = NAMED_ENTITIES.get(name.get(..length)?)?;
    // The table also contains prefixes of names, which have no character.
    let first = char::from_u32(first).filter(|first| *first != '\0')?;
    let second = char::from_u32(second).filter(|second| *second != '\0');
    Some((std::iter::once(first).chain(second).collect(), length))
}

fn numbered(number: &str) -> Option<(char, usize)> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let count = digits.bytes().position(|byte| !char::from(byte).is_digit(radix)).unwrap_or(digits.len());
    let semicolon = usize::from(digits[count..].starts_with(';'));
    if count == 0 || (semicolon == 0 && digits[count..].starts_with(char::is_alphanumeric)) {
        return None;
    }
    // A number that is too large for the type is too large for Unicode.
    let code = u32::from_str_radix(&digits[..count], radix).unwrap_or(u32::MAX);
    let character = match code {
        0 => char::REPLACEMENT_CHARACTER,
        // The characters that Windows has in place of these control characters.
        0x80..=0x9f => C1_REPLACEMENTS[code as usize - 0x80].unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some((character, number.len() - digits.len() + count + semicolon))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, &str)> {
        reference(text).map(|(characters, length)| (characters, &text[length..]))
    }

    #[test]
    fn references_stand_for_their_characters() {
        for (text, characters, rest) in [
            ("&amp;lt;", "&", "lt;"),
            ("&eacute;", "é", ""),
            ("&eacute au", "é", " au"),
            ("&NotEqualTilde; x", "≂̸", " x"),
            ("&CounterClockwiseContourIntegral;", "∳", ""),
            ("&#39;s", "'", "s"),
            ("&#x1F600;", "😀", ""),
            ("&#X41 b", "A", " b"),
            ("&#146;", "’", ""),
            ("&#0;", "\u{fffd}", ""),
            ("&#xD800;", "\u{fffd}", ""),
            ("&#99999999999999;", "\u{fffd}", ""),
        ] {
            assert_eq!(read(text), Some((characters.to_owned(), rest)), "{text}");
        }
    }

    #[test]
    fn an_ampersand_alone_is_no_reference() {
        for text in
            ["& b", "&D", "&notes", "&copyright", "&;", "&#;", "&#x;", "&#12a", "&Counter;", "&é;", ""]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
