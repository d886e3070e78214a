//! Whether a recording is in a language that the transcriber does not know.

use super::UNINTELLIGIBLE;

/// Less speech than this tells nothing of its language, in milliseconds.
const LEAST_MS: u64 = 1_000;

/// Whether more was not understood than was: by the length in milliseconds of each segment of a
/// transcript, its text, and whether that is uncertain (which then speaks for neither). It needs
/// nothing but what is stored, so it is the same for a job that was interrupted.
#[must_use]
pub fn is_language_uncertain<'a>(segments: impl IntoIterator<Item = (u64, &'a str, bool)>) -> bool {
    let (mut understood_ms, mut lost_ms) = (0, 0);
    for (length_ms, text, is_uncertain) in segments {
        if text == UNINTELLIGIBLE {
            lost_ms += length_ms;
        } else if !is_uncertain {
            understood_ms += length_ms;
        }
    }
    lost_ms >= LEAST_MS && lost_ms > understood_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: &str = UNINTELLIGIBLE;

    #[test]
    fn the_time_decides_and_not_the_number_of_segments() {
        assert!(is_language_uncertain([(9_000, LOST, true), (700, "Yes.", false), (800, "No.", false)]));
        assert!(!is_language_uncertain([
            (9_000, "It rained.", false),
            (2_000, LOST, true),
            (600, LOST, true)
        ]));
    }

    #[test]
    fn what_is_uncertain_speaks_for_no_language() {
        assert!(is_language_uncertain([(9_000, "Come in, sugar.", true), (2_000, LOST, true)]));
        assert!(!is_language_uncertain([(9_000, "What did she say?", true)]));
    }

    #[test]
    fn nothing_said_is_in_no_doubtful_language() {
        assert!(!is_language_uncertain([]));
        assert!(!is_language_uncertain([(600, LOST, true)]));
    }
}
