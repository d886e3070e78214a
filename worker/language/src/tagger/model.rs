//! The weights of the tagger and their file format.

use super::head::Head;
use super::{Scores, TAGS};

/// The first bytes of a file of weights; the digit is the version of the format.
const MAGIC: &[u8; 8] = b"selfner2";

/// Weights as they were learned.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// The weights of the features, by feature number.
    pub features: Vec<Scores>,
    /// The weights of pairs of tags, by the previous tag; the last row is for the start of the sentence.
    pub transitions: [Scores; TAGS + 1],
    /// The weights of the reader's numbers.
    pub head: Head,
}

impl Weights {
    /// The rounded weights as a file.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        Model::new(self).to_bytes()
    }
}

/// A trained tagger.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The numbers of the features with a weight other than 0, ascending, in the order of `weights`.
    features: Vec<u32>,
    weights: Vec<[i8; TAGS]>,
    /// The value of one step of a weight.
    step: f32,
    pub(super) transitions: [Scores; TAGS + 1],
    head: Head,
}

/// A file without weights of this program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a file of tagger weights: run `self-trainer train`")]
pub struct NotAModel;

impl Model {
    /// Rounds trained weights to steps, and drops the features that round to nothing.
    fn new(trained: Weights) -> Self {
        let step_of_features = step(trained.features.as_flattened());
        let (features, weights) = (0..)
            .zip(&trained.features)
            .map(|(feature, weights)| (feature, weights.map(|weight| round(weight, step_of_features))))
            .filter(|(_, weights)| weights.iter().any(|weight| *weight != 0))
            .unzip();
        // The units are rounded here too, so that the file has the same weights as the model.
        let mut head = trained.head;
        let step_of_units = step(&head.inward);
        for weight in &mut head.inward {
            *weight = f32::from(round(*weight, step_of_units)) * step_of_units;
        }
        Self { features, weights, step: step_of_features, transitions: trained.transitions, head }
    }

    /// The score of each tag, for a word with these features and these numbers of the reader.
    pub(super) fn scores(&self, features: &[u32], states: &[f32]) -> Scores {
        let mut sums = [0_i32; TAGS];
        for feature in features {
            if let Ok(index) = self.features.binary_search(feature) {
                for (sum, weight) in sums.iter_mut().zip(self.weights[index]) {
                    *sum += i32::from(weight);
                }
            }
        }
        let mut scores = self.head.scores(states);
        for (score, sum) in scores.iter_mut().zip(sums) {
            *score += sum as f32 * self.step;
        }
        scores
    }

    /// Reads the bytes that [`Self::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, NotAModel> {
        let mut file = File(bytes.strip_prefix(MAGIC).ok_or(NotAModel)?);
        let [features, inputs, units] = [file.number()?, file.number()?, file.number()?];
        let [step, step_of_units] = [file.float()?, file.float()?];
        let mut transitions = [[0.0; TAGS]; TAGS + 1];
        for weight in transitions.as_flattened_mut() {
            *weight = file.float()?;
        }
        let bias = (0..units).map(|_| file.float()).collect::<Result<_, _>>()?;
        let mut outward = vec![[0.0; TAGS]; units];
        for weight in outward.as_flattened_mut() {
            *weight = file.float()?;
        }
        let inward = file.take(inputs.saturating_mul(units))?;
        let inward = inward.iter().map(|weight| f32::from(weight.cast_signed()) * step_of_units).collect();
        let numbers = (0..features).map(|_| Ok(file.number()? as u32)).collect::<Result<_, _>>()?;
        let weights = file.take(features.saturating_mul(TAGS))?.chunks_exact(TAGS);
        let weights = weights.map(|weights| std::array::from_fn(|tag| weights[tag].cast_signed())).collect();
        if !file.0.is_empty() {
            return Err(NotAModel);
        }
        let head = Head { inward, bias, outward };
        Ok(Self { features: numbers, weights, step, transitions, head })
    }

    /// The weights as a file: magic; counts of features, inputs and units; steps; transitions; the
    /// units' bias, outward and inward weights; numbers and weights of the features. Little-endian.
    fn to_bytes(&self) -> Vec<u8> {
        let units = self.head.bias.len();
        let mut bytes = MAGIC.to_vec();
        for count in [self.features.len(), self.head.inward.len() / units.max(1), units] {
            bytes.extend((count as u32).to_le_bytes());
        }
        let step_of_units = step(&self.head.inward);
        let floats = [self.step, step_of_units].into_iter();
        let floats = floats.chain(self.transitions.as_flattened().iter().copied());
        let floats = floats.chain(self.head.bias.iter().copied());
        let floats = floats.chain(self.head.outward.as_flattened().iter().copied());
        bytes.extend(floats.flat_map(f32::to_le_bytes));
        bytes.extend(self.head.inward.iter().map(|weight| round(*weight, step_of_units).cast_unsigned()));
        bytes.extend(self.features.iter().flat_map(|feature| feature.to_le_bytes()));
        bytes.extend(self.weights.iter().flatten().map(|weight| weight.cast_unsigned()));
        bytes
    }
}

/// The step with which the largest of some weights is 127.
fn step(weights: &[f32]) -> f32 {
    let largest = weights.iter().fold(0.0_f32, |max, weight| max.max(weight.abs()));
    largest.max(f32::MIN_POSITIVE) / 127.0
}

fn round(weight: f32, step: f32) -> i8 {
    (weight / step).round() as i8
}

/// The unread bytes of a file.
struct File<'bytes>(&'bytes [u8]);

impl<'bytes> File<'bytes> {
    fn take(&mut self, length: usize) -> Result<&'bytes [u8], NotAModel> {
        let (taken, left) = self.0.split_at_checked(length).ok_or(NotAModel)?;
        self.0 = left;
        Ok(taken)
    }

    fn field(&mut self) -> Result<[u8; 4], NotAModel> {
        self.take(4)?.try_into().map_err(|_| NotAModel)
    }

    fn number(&mut self) -> Result<usize, NotAModel> {
        Ok(u32::from_le_bytes(self.field()?) as usize)
    }

    fn float(&mut self) -> Result<f32, NotAModel> {
        Ok(f32::from_le_bytes(self.field()?))
    }
}
