//! The text and the width of the codes of a font.

use std::collections::HashMap;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};
use hayro_cmap::{BfString, CMap};
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};

use super::glyphs;

/// Widths are given in thousandths of the font size.
const UNIT: f64 = 1000.0;
/// The width of a letter without a stated width: nearly that of a typewriter.
const USUAL_WIDTH: f64 = 500.0;

/// A font.
#[derive(Debug)]
pub(super) struct Font {
    /// Whether a code has two bytes.
    is_wide: bool,
    to_unicode: Option<CMap>,
    /// The text of codes that the map does not contain.
    otherwise: Otherwise,
    widths: HashMap<u32, f64>,
    usual_width: f64,
}

#[derive(Debug)]
enum Otherwise {
    /// An old encoding, and the differences from it.
    Encoding(&'static Encoding, HashMap<u32, String>),
    /// The codes are Unicode.
    Unicode,
    /// The codes have no known text.
    Nothing,
}

/// The text of one code: one letter, sometimes several, or none.
#[derive(Debug, PartialEq)]
pub(super) struct Letter {
    pub(super) text: String,
    /// As a part of the font size.
    pub(super) width: f64,
    /// Whether it is the space that word spacing applies to (ISO 32000-1, 9.3.3).
    pub(super) is_space: bool,
}

impl Font {
    pub(super) fn read(dict: &Dict<'_>) -> Self {
        let map = dict.get::<Stream<'_>>(keys::TO_UNICODE).and_then(|stream| stream.decoded().ok());
        let to_unicode = map.and_then(|map| CMap::parse(&map, |_| None));
        let is_wide = dict.get::<Name<'_>>(keys::SUBTYPE).is_some_and(|kind| kind.as_str() == "Type0");
        if is_wide { Self::wide(dict, to_unicode) } else { Self::narrow(dict, to_unicode) }
    }

    fn wide(dict: &Dict<'_>, to_unicode: Option<CMap>) -> Self {
        let is_unicode = dict.get::<Name<'_>>(keys::ENCODING).is_some_and(|name| {
            let name = name.as_str();
            name.starts_with("Uni") && (name.contains("UCS2") || name.contains("UTF16"))
        });
        let descendant =
            dict.get::<Array<'_>>(keys::DESCENDANT_FONTS).and_then(|all| all.iter::<Dict<'_>>().next());
        let descendant = descendant.unwrap_or_else(Dict::empty);
        Self {
            is_wide: true,
            to_unicode,
            otherwise: if is_unicode { Otherwise::Unicode } else { Otherwise::Nothing },
            widths: descendant
                .get::<Array<'_>>(keys::W)
                .map(|widths| wide_widths(&widths))
                .unwrap_or_default(),
            usual_width: descendant.get::<f32>(keys::DW).map_or(UNIT, f64::from),
        }
    }

    fn narrow(dict: &Dict<'_>, to_unicode: Option<CMap>) -> Self {
        let first = dict.get::<u32>(keys::FIRST_CHAR).unwrap_or(0);
        let widths =
            dict.get::<Array<'_>>(keys::WIDTHS).map(|widths| widths.iter::<f32>().collect::<Vec<_>>());
        let widths = (first..).zip(widths.unwrap_or_default().into_iter().map(f64::from));
        let descriptor = dict.get::<Dict<'_>>(keys::FONT_DESC);
        let missing = descriptor.and_then(|descriptor| descriptor.get::<f32>(keys::MISSING_WIDTH));
        Self {
            is_wide: false,
            to_unicode,
            otherwise: encoding(dict),
            widths: widths.take(256).collect(),
            usual_width: missing.map(f64::from).filter(|width| *width > 0.0).unwrap_or(USUAL_WIDTH),
        }
    }

    /// The letters of codes.
    pub(super) fn letters(&self, codes: &[u8]) -> impl Iterator<Item = Letter> {
        codes.chunks(1 + usize::from(self.is_wide)).map(|bytes| {
            let code = bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
            let width = self.widths.get(&code).copied().unwrap_or(self.usual_width);
            Letter { text: self.text(code), width: width / UNIT, is_space: !self.is_wide && code == 32 }
        })
    }

    fn text(&self, code: u32) -> String {
        match self.to_unicode.as_ref().and_then(|map| map.lookup_bf_string(code)) {
            Some(BfString::Char(c)) if c != '\0' => return c.to_string(),
            Some(BfString::String(text)) => return text,
            _ => {}
        }
        match &self.otherwise {
            Otherwise::Encoding(encoding, differences) => {
                differences.get(&code).cloned().unwrap_or_else(|| {
                    let byte = [u8::try_from(code).unwrap_or_default()];
                    encoding.decode_without_bom_handling(&byte).0.replace(char::is_control, "")
                })
            }
            Otherwise::Unicode => char::from_u32(code).map(String::from).unwrap_or_default(),
            Otherwise::Nothing => String::new(),
        }
    }
}

/// The encoding of a font whose codes have one byte (ISO 32000-1, 9.6.6).
fn encoding(dict: &Dict<'_>) -> Otherwise {
    let named = dict.get::<Name<'_>>(keys::ENCODING);
    let described = dict.get::<Dict<'_>>(keys::ENCODING);
    let base = described.as_ref().and_then(|described| described.get::<Name<'_>>(keys::BASE_ENCODING));
    let is_macintosh = named.or(base).is_some_and(|name| name.as_str() == "MacRomanEncoding");
    let mut differences = HashMap::new();
    let listed = described.and_then(|described| described.get::<Array<'_>>(keys::DIFFERENCES));
    let mut code = 0;
    for entry in listed.iter().flat_map(|listed| listed.iter::<Object<'_>>()) {
        match entry {
            Object::Number(next) => code = u32::try_from(next.as_i64()).unwrap_or_default(),
            Object::Name(name) => {
                if let Some(text) = glyphs::text(name.as_str()) {
                    differences.insert(code, text);
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    Otherwise::Encoding(if is_macintosh { MACINTOSH } else { WINDOWS_1252 }, differences)
}

/// Widths as fonts with many letters list them (ISO 32000-1, 9.7.4.3): a code and the widths of it and the
/// codes after it, or two codes and one width for all codes from the first to the second.
fn wide_widths(listed: &Array<'_>) -> HashMap<u32, f64> {
    let mut widths = HashMap::new();
    let mut codes: Vec<u32> = Vec::new();
    for entry in listed.iter::<Object<'_>>() {
        match (entry, &codes[..]) {
            (Object::Array(each), [first]) => {
                widths.extend((*first..).zip(each.iter::<f32>().map(f64::from)));
                codes.clear();
            }
            (Object::Number(width), [first, last]) => {
                let last = (*last).min(first.saturating_add(0xFFFF));
                widths.extend((*first..=last).map(|code| (code, width.as_f64())));
                codes.clear();
            }
            (Object::Number(code), _) => codes.push(u32::try_from(code.as_i64()).unwrap_or_default()),
            _ => codes.clear(),
        }
    }
    widths
}
