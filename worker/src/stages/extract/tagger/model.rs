//! The weights of the tagger, as they are kept in a file.

use super::{Scores, TAGS};

/// The first bytes of a file of weights; the number is that of the format.
const MAGIC: &[u8; 8] = b"selfner1";

/// A trained tagger.
#[derive(Clone, Debug)]
pub(in crate::stages::extract) struct Model {
    /// The features that matter, ascending, beside their weights.
    features: Vec<u32>,
    weights: Vec<[i8; TAGS]>,
    /// What one step of a weight is worth.
    step: f32,
    pub(super) transitions: [Scores; TAGS + 1],
}

/// A file that holds no weights of this program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a file of tagger weights: run `self-worker train-entities`")]
pub struct NotAModel;

impl Model {
    /// Rounds trained weights to steps, and drops the features that round to nothing.
    pub(super) fn new(
        weights: impl Iterator<Item = (u32, Scores)> + Clone,
        transitions: [Scores; TAGS + 1],
    ) -> Self {
        let largest = weights
            .clone()
            .flat_map(|(_, weights)| weights)
            .fold(0.0_f32, |max, weight| max.max(weight.abs()));
        let step = largest.max(f32::MIN_POSITIVE) / 127.0;
        let (features, weights) = weights
            .map(|(feature, weights)| (feature, weights.map(|weight| (weight / step).round() as i8)))
            .filter(|(_, weights)| weights.iter().any(|weight| *weight != 0))
            .unzip();
        Self { features, weights, step, transitions }
    }

    /// The score of each tag, for a word with these features.
    pub(super) fn scores(&self, features: &[u32]) -> Scores {
        let mut sums = [0_i32; TAGS];
        for feature in features {
            if let Ok(index) = self.features.binary_search(feature) {
                for (sum, weight) in sums.iter_mut().zip(self.weights[index]) {
                    *sum += i32::from(weight);
                }
            }
        }
        sums.map(|sum| sum as f32 * self.step)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`NotAModel`] if it did not.
    pub(in crate::stages::extract) fn from_bytes(bytes: &[u8]) -> Result<Self, NotAModel> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or(NotAModel)?;
        let mut fields = bytes.chunks_exact(4).map(|field| [field[0], field[1], field[2], field[3]]);
        let mut field = || fields.next().ok_or(NotAModel);
        let step = f32::from_le_bytes(field()?);
        let count = u32::from_le_bytes(field()?) as usize;
        let mut transitions = [[0.0; TAGS]; TAGS + 1];
        for weight in transitions.iter_mut().flatten() {
            *weight = f32::from_le_bytes(field()?);
        }
        let (head, rest) = (4 * (2 + TAGS * (TAGS + 1)), count * 4);
        let numbers = bytes.get(head..head + rest).ok_or(NotAModel)?;
        let weights =
            bytes.get(head + rest..).filter(|weights| weights.len() == count * TAGS).ok_or(NotAModel)?;
        Ok(Self {
            features: numbers
                .chunks_exact(4)
                .map(|number| u32::from_le_bytes([number[0], number[1], number[2], number[3]]))
                .collect(),
            weights: weights
                .chunks_exact(TAGS)
                .map(|weights| std::array::from_fn(|tag| weights[tag].cast_signed()))
                .collect(),
            step,
            transitions,
        })
    }

    /// The weights as a file: magic, step, count, transitions, numbers of the features, weights;
    /// little-endian.
    pub(in crate::stages::extract) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.step.to_le_bytes());
        bytes.extend((self.features.len() as u32).to_le_bytes());
        bytes.extend(self.transitions.iter().flatten().flat_map(|weight| weight.to_le_bytes()));
        bytes.extend(self.features.iter().flat_map(|feature| feature.to_le_bytes()));
        bytes.extend(self.weights.iter().flatten().map(|weight| weight.cast_unsigned()));
        bytes
    }
}
