//! Parts of an object: what `Range` means (RFC 9110, section 14).

/// Which bytes to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of them.
    Whole,
    /// From the first to the last of these, both included.
    Bytes(u64, u64),
    /// None of those asked for exist.
    Unsatisfiable,
}

/// What a `Range` header means for this many bytes. One range is honoured; several, other units and
/// what makes no sense are answered with the whole, which the standard allows.
pub(super) fn part(range: Option<&str>, size: u64) -> Part {
    let Some((unit, range)) = range.and_then(|range| range.split_once('=')) else { return Part::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = (first.trim(), last.trim());
    if !digits(first) || !digits(last) || (first.is_empty() && last.is_empty()) {
        return Part::Whole;
    }
    // A number too large to read is larger than any file.
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    if first.is_empty() {
        return match number(last).min(size) {
            0 => Part::Unsatisfiable,
            length => Part::Bytes(size - length, size - 1),
        };
    }
    let first = number(first);
    let last = if last.is_empty() { u64::MAX } else { number(last) };
    if last < first {
        Part::Whole
    } else if first >= size {
        Part::Unsatisfiable
    } else {
        Part::Bytes(first, last.min(size - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_honoured() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0, 0)),
            ("bytes=2-4", Part::Bytes(2, 4)),
            ("bytes=5-", Part::Bytes(5, 9)),
            ("bytes=-3", Part::Bytes(7, 9)),
            ("bytes=-30", Part::Bytes(0, 9)),
            ("bytes=8-100", Part::Bytes(8, 9)),
            ("Bytes = 1-1", Part::Bytes(1, 1)),
            ("bytes=0-99999999999999999999", Part::Bytes(0, 9)),
            ("bytes=10-", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=99999999999999999999-", Part::Unsatisfiable),
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
            assert_eq!(part(Some(range), 10), Part::Whole, "{range}");
        }
        assert_eq!(part(None, 10), Part::Whole);
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert_eq!(part(Some("bytes=0-"), 0), Part::Unsatisfiable);
        assert_eq!(part(Some("bytes=-1"), 0), Part::Unsatisfiable);
    }
}
