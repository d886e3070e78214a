//! Pagination of lists: opaque cursors that stay valid while rows are added.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, Type};
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::time::Time;

/// The default number of items on a page.
pub(crate) const DEFAULT_LIMIT: u16 = 20;

/// The largest number of items on a page.
const LARGEST_LIMIT: u16 = 100;

/// The `limit` parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(u16);

impl From<Limit> for u16 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

impl Type for Limit {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "limit".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            minimum: Some(1.0),
            maximum: Some(f64::from(LARGEST_LIMIT)),
            ..MetaSchema::new_with_format("integer", "int32")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromParameter for Limit {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        u16::parse_from_parameter(value).map(Self).map_err(ParseError::propagate)
    }
}

/// The requested number of items, or the default; a problem if it is out of range.
pub(crate) fn limit(asked: Option<impl Into<u16>>) -> Result<i64, Problem> {
    match asked.map_or(DEFAULT_LIMIT, Into::into) {
        limit @ 1..=LARGEST_LIMIT => Ok(i64::from(limit)),
        _ => Err(Problem::field("limit", "must be between 1 and 100")),
    }
}

/// The position at which a page ended: that of its last item in the order of its list.
pub(crate) trait Cursor: Sized {
    /// The number of the list; cursors of other lists are refused.
    const LIST: u8;

    /// Encodes the position as bytes.
    fn encode(&self) -> Vec<u8>;

    /// Decodes the bytes.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// Encodes a position as the cursor for the client.
pub(crate) fn encode<P: Cursor>(place: &P) -> String {
    let mut bytes = vec![P::LIST];
    bytes.extend(place.encode());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes a cursor that the client sent.
pub(crate) fn decode<P: Cursor>(cursor: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    match bytes.split_first() {
        Some((&list, rest)) if list == P::LIST => P::decode(rest),
        _ => None,
    }
    .map(Some)
    .ok_or_else(another_lists_cursor)
}

/// The problem with a cursor that this list did not give.
pub(crate) fn another_lists_cursor() -> Problem {
    Problem::new(Code::InvalidCursor, "pass `next_cursor` of the last page as it was given, or none")
}

/// Cuts a page of up to `limit` items from a list that was queried for one more, and makes the cursor if
/// there are more items.
pub(crate) fn cut<T, P: Cursor>(
    mut items: Vec<T>,
    limit: i64,
    at: impl Fn(&T) -> P,
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| encode(&at(last)));
    (items, next)
}

/// Decodes a time in a cursor: microseconds, within the range of the API.
pub(crate) fn moment(bytes: &[u8]) -> Option<DateTime<Utc>> {
    let moment = DateTime::from_timestamp_micros(i64::from_be_bytes(bytes.try_into().ok()?))?;
    Time::within_reach(moment).map(|time| time.0)
}

/// A position in a list ordered by time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ByTime<const LIST: u8>(pub DateTime<Utc>, pub Uuid);

impl<const LIST: u8> Cursor for ByTime<LIST> {
    const LIST: u8 = LIST;

    fn encode(&self) -> Vec<u8> {
        [&self.0.timestamp_micros().to_be_bytes()[..], self.1.as_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (time, id) = bytes.split_at_checked(8)?;
        Some(Self(moment(time)?, Uuid::from_slice(id).ok()?))
    }
}

/// A position in a list ordered by id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ById<const LIST: u8>(pub Uuid);

impl<const LIST: u8> Cursor for ById<LIST> {
    const LIST: u8 = LIST;

    fn encode(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type TestCursor = ByTime<1>;

    fn here() -> TestCursor {
        ByTime(DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(), Uuid::now_v7())
    }

    #[test]
    fn a_cursor_comes_back_as_the_place_it_was() {
        let here = here();
        assert_eq!(decode(Some(&encode(&here))).unwrap(), Some(here));
        assert_eq!(decode::<TestCursor>(None).unwrap(), None);
    }

    #[test]
    fn cursors_of_other_lists_and_made_up_ones_are_refused() {
        let other = encode(&ById::<2>(Uuid::now_v7()));
        let far_off = URL_SAFE_NO_PAD.encode([&[1][..], &i64::MAX.to_be_bytes(), &[0; 16]].concat());
        for cursor in [other.as_str(), &far_off, "", "AA", "!!", "AQ"] {
            assert_eq!(
                decode::<TestCursor>(Some(cursor)).unwrap_err().code(),
                Code::InvalidCursor,
                "{cursor}"
            );
        }
    }

    #[test]
    fn only_a_full_page_with_more_behind_it_has_a_next() {
        let at = |_: &i32| here();
        assert_eq!(cut(vec![1, 2], 2, at), (vec![1, 2], None));
        let (page, next) = cut(vec![1, 2, 3], 2, at);
        assert_eq!(page, [1, 2]);
        assert!(next.is_some());
    }
}
