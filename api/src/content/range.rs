//! Range requests: the meaning of `Range` (RFC 9110, section 14).

/// The bytes to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeSelection {
    /// All of them.
    Whole,
    /// From the first to the last of these, both included.
    Bytes(u64, u64),
    /// The requested bytes do not exist.
    Unsatisfiable,
}

/// Reads a `Range` header for content of this size. One range is honoured. Several ranges, other units and
/// invalid headers are answered with the whole content, which the standard allows.
pub(super) fn part(range: Option<&str>, size: u64) -> RangeSelection {
    let Some((unit, range)) = range.and_then(|range| range.split_once('=')) else {
        return RangeSelection::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else { return RangeSelection::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return RangeSelection::Whole;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = (first.trim(), last.trim());
    if !digits(first) || !digits(last) || (first.is_empty() && last.is_empty()) {
        return RangeSelection::Whole;
    }
    // A number that does not fit is larger than any file.
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    if first.is_empty() {
        return match number(last).min(size) {
            0 => RangeSelection::Unsatisfiable,
            length => RangeSelection::Bytes(size - length, size - 1),
        };
    }
    let first = number(first);
    let last = if last.is_empty() { u64::MAX } else { number(last) };
    if last < first {
        RangeSelection::Whole
    } else if first >= size {
        RangeSelection::Unsatisfiable
    } else {
        RangeSelection::Bytes(first, last.min(size - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_honoured() {
        for (range, expected) in [
            ("bytes=0-0", RangeSelection::Bytes(0, 0)),
            ("bytes=2-4", RangeSelection::Bytes(2, 4)),
            ("bytes=5-", RangeSelection::Bytes(5, 9)),
            ("bytes=-3", RangeSelection::Bytes(7, 9)),
            ("bytes=-30", RangeSelection::Bytes(0, 9)),
            ("bytes=8-100", RangeSelection::Bytes(8, 9)),
            ("Bytes = 1-1", RangeSelection::Bytes(1, 1)),
            ("bytes=0-99999999999999999999", RangeSelection::Bytes(0, 9)),
            ("bytes=10-", RangeSelection::Unsatisfiable),
            ("bytes=-0", RangeSelection::Unsatisfiable),
            ("bytes=99999999999999999999-", RangeSelection::Unsatisfiable),
        ] {
            assert_eq!(part(Some(range), 10), expected, "{range}");
        }
    }

    #[test]
    fn everything_else_means_the_whole() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=4-2",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(part(Some(range), 10), RangeSelection::Whole, "{range}");
        }
        assert_eq!(part(None, 10), RangeSelection::Whole);
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert_eq!(part(Some("bytes=0-"), 0), RangeSelection::Unsatisfiable);
        assert_eq!(part(Some("bytes=-1"), 0), RangeSelection::Unsatisfiable);
    }
}
