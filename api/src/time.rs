//! Times in the API: RFC 3339 in UTC, ending in `Z`.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A time in a view, a parameter or a body. Read with any offset, written in UTC: the same text in REST, in
/// events, and in the hash of a request with an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub DateTime<Utc>);

impl Time {
    /// The complaint about a text that is no time.
    pub(crate) const MUST: &'static str = "must be a time such as `2026-09-21T14:13:20Z`";

    /// The time, if RFC 3339 can write it: its years have four digits.
    pub(crate) fn within_reach(moment: DateTime<Utc>) -> Option<Self> {
        (0..=9999).contains(&moment.year()).then_some(Self(moment))
    }

    /// Formats the time.
    fn text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// Parses a time with any offset.
    pub(crate) fn read(text: &str) -> Option<Self> {
        // chrono also accepts a space instead of the T.
        let moment = DateTime::parse_from_rfc3339(text).ok().filter(|_| !text.contains(' '))?;
        Self::within_reach(moment.to_utc())
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl Type for Time {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        DateTime::<Utc>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ToJSON for Time {
    fn to_json(&self) -> Option<Value> {
        Some(self.text().into())
    }
}

impl ParseFromJSON for Time {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => Self::parse_from_parameter(&text),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl ParseFromParameter for Time {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::read(value).ok_or_else(|| ParseError::custom(Self::MUST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_with_as_many_digits_as_it_has() {
        for (given, written) in [
            ("2026-09-21T14:13:20Z", "2026-09-21T14:13:20Z"),
            ("2026-09-21T16:13:20.5+02:00", "2026-09-21T14:13:20.500Z"),
            ("2026-09-21t14:13:20.123456z", "2026-09-21T14:13:20.123456Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            let time = Time::parse_from_parameter(given).unwrap();
            assert_eq!(time.to_json(), Some(written.into()), "{given}");
            assert_eq!(serde_json::to_value(time).unwrap(), written, "{given}");
        }
    }

    #[test]
    fn what_is_no_moment_or_beyond_four_digits_is_refused() {
        for given in [
            "",
            "yesterday",
            "2026-09-21",
            "2026-09-21 14:13:20Z",
            "2026-09-21T14:13:20",
            "2026-13-21T14:13:20Z",
            "+12026-09-21T14:13:20Z",
            "9999-12-31T23:30:00-01:00",
            "0000-01-01T00:00:00+01:00",
        ] {
            assert!(Time::parse_from_parameter(given).is_err(), "{given}");
        }
    }
}
