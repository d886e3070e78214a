//! The output of GLiNER: a score for each span of words and each label.

use self_onnx::OnnxError;

/// The smallest score of a name: 0, which is a probability of 0.5 after the logistic function, the usual
/// threshold.
const THRESHOLD: f32 = 0.0;

/// The scores of a batch of texts: by text, first word, number of words less one, and label.
pub(super) struct Scores<'run> {
    values: &'run [f32],
    words: usize,
    width: usize,
    classes: usize,
}

/// A span of words that is a name, from the first to the last word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) class: usize,
    score: f32,
}

impl<'run> Scores<'run> {
    /// Reads the network's output. Another shape means another variant of GLiNER.
    pub(super) fn new(
        shape: &[i64],
        values: &'run [f32],
        width: usize,
        classes: usize,
    ) -> Result<Self, OnnxError> {
        match shape {
            [_, words, of_width, of_classes]
                if usize::try_from(*of_width) == Ok(width) && usize::try_from(*of_classes) == Ok(classes) =>
            {
                Ok(Self { values, words: usize::try_from(*words).unwrap_or(0), width, classes })
            }
            _ => Err(OnnxError::Shape(format!(
                "`logits` of texts × words × {width} × {classes}, but of {shape:?}"
            ))),
        }
    }

    /// The names in a text with this number of words, in order. Spans are taken by descending score,
    /// without overlaps.
    pub(super) fn spans(&self, text: usize, words: usize) -> Vec<Span> {
        let mut candidates: Vec<Span> = Vec::new();
        for first in 0..words.min(self.words) {
            for last in first..(first + self.width).min(words) {
                let row = ((text * self.words + first) * self.width + last - first) * self.classes;
                let scores = self.values.iter().skip(row).take(self.classes);
                candidates.extend(
                    scores.enumerate().filter(|(_, score)| **score > THRESHOLD).map(|(class, score)| Span {
                        first,
                        last,
                        class,
                        score: *score,
                    }),
                );
            }
        }
        candidates.sort_by(|left, right| right.score.total_cmp(&left.score));
        let mut spans: Vec<Span> = Vec::new();
        for span in candidates {
            if spans.iter().all(|taken| span.last < taken.first || taken.last < span.first) {
                spans.push(span);
            }
        }
        spans.sort_by_key(|span| span.first);
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_spans_win_and_none_overlap() {
        // Three words, spans of up to two words, two labels.
        let mut values = vec![-1.0; 3 * 2 * 2];
        values[2] = 2.0; // Words 0 and 1, label 0.
        values[5] = 1.0; // Word 1 alone, label 1: overlaps.
        values[8] = 0.5; // Word 2 alone, label 0.
        let scores = Scores::new(&[1, 3, 2, 2], &values, 2, 2).unwrap();
        let spans: Vec<_> =
            scores.spans(0, 3).iter().map(|span| (span.first, span.last, span.class)).collect();
        assert_eq!(spans, [(0, 1, 0), (2, 2, 0)]);
    }

    #[test]
    fn the_scores_of_another_network_are_refused() {
        let error = Scores::new(&[1, 3, 2], &[], 2, 2).err().unwrap().to_string();
        assert!(error.contains("logits"), "{error}");
    }
}
