//! The coverage of a recording: each span is heard, silent, damaged or missing.

use self_shared::domain::transcription::{CoverageKind, CoverageSpan};

/// Pauses up to this length between two voices count as heard: a breath is no silence.
const BREATH_MS: u64 = 1_000;

/// Adds a stretch with a voice after those before it, in the order of time.
pub fn add_heard(heard: &mut Vec<CoverageSpan>, (start_ms, end_ms): (u64, u64)) {
    match heard.last_mut() {
        Some(last) if start_ms <= last.end_ms + BREATH_MS => last.end_ms = last.end_ms.max(end_ms),
        _ => heard.push(CoverageSpan { kind: CoverageKind::Heard, start_ms, end_ms }),
    }
}

/// The whole recording in spans, in order and without gaps. A loss takes precedence over heard spans; the
/// rest is silent. `heard` and `losses` are each in order and without overlap.
#[must_use]
pub fn cover(heard: &[CoverageSpan], losses: &[CoverageSpan], length_ms: u64) -> Vec<CoverageSpan> {
    let mut places: Vec<u64> = heard
        .iter()
        .chain(losses)
        .flat_map(|span| [span.start_ms, span.end_ms])
        .chain([0, length_ms])
        .filter(|place| *place <= length_ms)
        .collect();
    places.sort_unstable();
    places.dedup();
    let (mut heard, mut losses) = (heard.iter().peekable(), losses.iter().peekable());
    let mut coverage: Vec<CoverageSpan> = Vec::new();
    for pair in places.windows(2) {
        let (start_ms, end_ms) = (pair[0], pair[1]);
        while heard.next_if(|span| span.end_ms <= start_ms).is_some() {}
        while losses.next_if(|span| span.end_ms <= start_ms).is_some() {}
        let around = [losses.peek(), heard.peek()];
        let kind = around
            .into_iter()
            .flatten()
            .find(|span| span.start_ms <= start_ms)
            .map_or(CoverageKind::Silent, |span| span.kind);
        match coverage.last_mut() {
            Some(last) if last.kind == kind => last.end_ms = end_ms,
            _ => coverage.push(CoverageSpan { kind, start_ms, end_ms }),
        }
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::CoverageKind::{Damaged, Heard, Missing, Silent};
    use super::*;

    fn span(kind: CoverageKind, start_ms: u64, end_ms: u64) -> CoverageSpan {
        CoverageSpan { kind, start_ms, end_ms }
    }

    #[test]
    fn every_moment_is_covered_once() {
        let heard = [span(Heard, 300, 2_000), span(Heard, 5_000, 9_000)];
        let losses = [span(Damaged, 1_500, 2_500), span(Missing, 6_000, 7_000)];
        assert_eq!(
            cover(&heard, &losses, 10_000),
            [
                span(Silent, 0, 300),
                span(Heard, 300, 1_500),
                span(Damaged, 1_500, 2_500),
                span(Silent, 2_500, 5_000),
                span(Heard, 5_000, 6_000),
                span(Missing, 6_000, 7_000),
                span(Heard, 7_000, 9_000),
                span(Silent, 9_000, 10_000),
            ]
        );
    }

    #[test]
    fn a_recording_in_which_nobody_speaks_is_silent() {
        assert_eq!(cover(&[], &[], 4_000), [span(Silent, 0, 4_000)]);
        assert_eq!(cover(&[], &[], 0), []);
    }

    #[test]
    fn nothing_reaches_beyond_the_end() {
        assert_eq!(cover(&[span(Heard, 0, 5_000)], &[], 4_000), [span(Heard, 0, 4_000)]);
    }

    #[test]
    fn short_pauses_between_voices_count_as_heard() {
        let mut heard = Vec::new();
        for stretch in [(0, 1_000), (1_900, 3_000), (4_200, 5_000)] {
            add_heard(&mut heard, stretch);
        }
        assert_eq!(heard, [span(Heard, 0, 3_000), span(Heard, 4_200, 5_000)]);
    }
}
