//! The stretches of a recording that could not be decoded, and their times.

use serde::{Deserialize, Serialize};

/// Why a stretch of a recording has no usable sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// There are bytes, but they cannot be decoded.
    Damaged,
    /// The times of the packets jump over it.
    Missing,
}

/// A stretch without usable sound. The decoded sound contains silence of the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    pub kind: LossKind,
    /// The position of its first sample in the decoded sound.
    pub start: u64,
    pub samples: u64,
}

impl Loss {
    /// The position of the first sample after it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.samples)
    }
}

/// The losses of a recording in the order of their times, limited in number.
#[derive(Clone, Debug)]
pub struct Losses {
    spans: Vec<Loss>,
    /// Losses with less sound than this between them are joined into one, in samples.
    apart: u64,
}

impl Losses {
    /// The most losses of a recording. With more holes, a file gets coarser spans.
    pub const MOST: usize = 1000;
    /// A tenth of a second: there is no word between two holes that are nearer.
    const NEAR: u64 = 1600;

    /// Adds a loss that starts no earlier than those before it.
    pub fn add(&mut self, loss: Loss) {
        let coarse = self.apart > Self::NEAR;
        match self.spans.last_mut() {
            Some(last) if (coarse || last.kind == loss.kind) && loss.start <= last.end() + self.apart => {
                join(last, loss);
            }
            _ => self.spans.push(loss),
        }
        while self.spans.len() > Self::MOST {
            self.apart *= 2;
            let apart = self.apart;
            self.spans.dedup_by(|next, last| {
                let near = next.start <= last.end() + apart;
                if near {
                    join(last, *next);
                }
                near
            });
        }
    }

    /// The losses so far.
    #[must_use]
    pub fn spans(&self) -> &[Loss] {
        &self.spans
    }
}

impl Default for Losses {
    fn default() -> Self {
        Self { spans: Vec::new(), apart: Self::NEAR }
    }
}

/// Joins two losses. A span that is partly damaged and partly missing is damaged.
fn join(last: &mut Loss, next: Loss) {
    last.samples = last.end().max(next.end()) - last.start;
    if next.kind == LossKind::Damaged {
        last.kind = LossKind::Damaged;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(kind: LossKind, start: u64, samples: u64) -> Loss {
        Loss { kind, start, samples }
    }

    #[test]
    fn losses_that_are_near_and_of_one_kind_are_reported_as_one() {
        let mut losses = Losses::default();
        losses.add(loss(LossKind::Damaged, 0, 400));
        losses.add(loss(LossKind::Damaged, 1_000, 400));
        losses.add(loss(LossKind::Missing, 1_400, 100));
        losses.add(loss(LossKind::Missing, 16_000, 100));
        let expected = [
            loss(LossKind::Damaged, 0, 1_400),
            loss(LossKind::Missing, 1_400, 100),
            loss(LossKind::Missing, 16_000, 100),
        ];
        assert_eq!(losses.spans(), expected);
    }

    #[test]
    fn a_file_full_of_holes_is_reported_in_a_bounded_number_of_spans() {
        let mut losses = Losses::default();
        for n in 0..100_000_u64 {
            let kind = if n.is_multiple_of(2) { LossKind::Damaged } else { LossKind::Missing };
            losses.add(loss(kind, n * 8_000, 320));
        }
        assert!(losses.spans().len() <= Losses::MOST);
        assert_eq!(losses.spans().first().map(|loss| loss.start), Some(0));
        assert_eq!(losses.spans().last().map(Loss::end), Some(99_999 * 8_000 + 320));
    }
}
