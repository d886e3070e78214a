//! The learner: it trains the weights of features and of pairs of tags, and the units over the reader's
//! numbers.

use self_language::tagger::training::{FEATURES, Head, NO_NAME, Scores, TAGS, Weights};

use crate::example::Example;
use crate::expect::expect;
use crate::random::Random;

/// The percentage of features that are dropped, chosen anew each time, so that frequent features do not
/// hide others (Søgaard 2013, "Part-of-speech tagging with antagonistic adversaries").
const HIDDEN_FEATURES: usize = 40;

/// The percentage of the reader's numbers and of the units that are dropped, for a whole sentence
/// (Srivastava et al. 2014, "Dropout").
const HIDDEN_UNITS: usize = 20;

/// The learning rate: the size of a weight's first step.
const RATE: f32 = 0.05;
const HEAD_RATE: f32 = 0.02;

/// The number of units over the reader's numbers.
const UNITS: usize = 64;

/// The number of sentences in a batch of the units.
const BATCH: usize = 8;

/// Weights, and the sums of their squared gradients, which set the size of further steps (Duchi et al.
/// 2011, "Adaptive Subgradient Methods").
pub(crate) struct Learner {
    weights: Vec<Scores>,
    squares: Vec<Scores>,
    transitions: [Scores; TAGS + 1],
    transition_squares: [Scores; TAGS + 1],
    head: Head,
    gradient: Head,
    head_squares: Head,
    /// Sentences since the last step of the units.
    waiting: usize,
}

/// The inputs of a sentence's candidates after dropout.
struct CandidateFeatures {
    features: Vec<Vec<u32>>,
    /// The reader's numbers, one row for each word.
    words: Vec<Vec<f32>>,
    /// The factor of each unit's output: 0 if the unit is dropped.
    shown_units: Vec<f32>,
}

impl Learner {
    /// An untrained learner. `width` is how many of the reader's numbers describe a word.
    pub(crate) fn new(width: usize, random: &mut Random) -> Self {
        let nothing = Head {
            inward: vec![0.0; width * UNITS],
            bias: vec![0.0; UNITS],
            outward: vec![[0.0; TAGS]; UNITS],
        };
        let spread = (width.max(1) as f32).sqrt().recip();
        let head = Head {
            inward: nothing.inward.iter().map(|_| random.normal() * spread).collect(),
            outward: nothing.outward.iter().map(|row| row.map(|_| random.normal() * 0.1)).collect(),
            ..nothing.clone()
        };
        Self {
            weights: vec![[0.0; TAGS]; FEATURES],
            squares: vec![[0.0; TAGS]; FEATURES],
            transitions: [[0.0; TAGS]; TAGS + 1],
            transition_squares: [[0.0; TAGS]; TAGS + 1],
            head,
            gradient: nothing.clone(),
            head_squares: nothing,
            waiting: 0,
        }
    }

    /// Moves the weights towards the right tags, in proportion to the error of the model.
    pub(crate) fn learn(&mut self, example: &Example, random: &mut Random) {
        let inputs = CandidateFeatures::at(example, random);
        let mut scores = vec![NO_NAME; example.tags.len()];
        let mut units = Vec::with_capacity(example.candidates.len());
        for ((&index, features), word) in example.candidates.iter().zip(&inputs.features).zip(&inputs.words) {
            let mut responses = self.head.units(word);
            for (response, shown) in responses.iter_mut().zip(&inputs.shown_units) {
                *response *= shown;
            }
            let mut sums = self.head.out(&responses);
            for &feature in features {
                add(&mut sums, &self.weights[feature as usize], 1.0);
            }
            scores[index] = sums;
            units.push(responses);
        }
        let expected = expect(&scores, &self.transitions);
        for (candidate, &index) in example.candidates.iter().enumerate() {
            let mut gradient = expected.tags[index];
            gradient[example.tags[index]] -= 1.0;
            for &feature in &inputs.features[candidate] {
                let feature = feature as usize;
                descend(&mut self.weights[feature], &mut self.squares[feature], &gradient, RATE);
            }
            self.blame(&inputs, candidate, &units[candidate], &gradient);
        }
        let mut before = TAGS;
        let mut pairs = expected.pairs;
        for &tag in &example.tags {
            pairs[before][tag] -= 1.0;
            before = tag;
        }
        for (before, gradient) in pairs.iter().enumerate() {
            descend(&mut self.transitions[before], &mut self.transition_squares[before], gradient, RATE);
        }
        self.waiting += 1;
        if self.waiting == BATCH {
            self.move_head();
        }
    }

    /// Adds the share of the units in an error to their gradient.
    fn blame(&mut self, inputs: &CandidateFeatures, candidate: usize, units: &[f32], gradient: &Scores) {
        let mut blame = vec![0.0; UNITS];
        for (unit, response) in units.iter().enumerate() {
            add(&mut self.gradient.outward[unit], gradient, *response);
            if *response > 0.0 {
                let weights = &self.head.outward[unit];
                let sum: f32 = weights.iter().zip(gradient).map(|(weight, error)| weight * error).sum();
                blame[unit] = sum * inputs.shown_units[unit];
                self.gradient.bias[unit] += blame[unit];
            }
        }
        for (input, row) in inputs.words[candidate].iter().zip(self.gradient.inward.chunks_exact_mut(UNITS)) {
            if *input != 0.0 {
                for (sum, blame) in row.iter_mut().zip(&blame) {
                    *sum += input * blame;
                }
            }
        }
    }

    fn move_head(&mut self) {
        self.waiting = 0;
        let (head, squares, gradient) = (&mut self.head, &mut self.head_squares, &mut self.gradient);
        descend(&mut head.inward, &mut squares.inward, &gradient.inward, HEAD_RATE);
        descend(&mut head.bias, &mut squares.bias, &gradient.bias, HEAD_RATE);
        let all = [&mut head.outward, &mut squares.outward, &mut gradient.outward];
        let [weights, squares, outward] = all.map(|rows| rows.as_flattened_mut());
        descend(weights, squares, outward, HEAD_RATE);
        outward.fill(0.0);
        gradient.inward.fill(0.0);
        gradient.bias.fill(0.0);
    }

    /// Adds this learner to the mean of all: the means of the weights are taken, and the units of all
    /// learners stand side by side, each with its share of the output.
    pub(crate) fn add_to(self, mean: &mut Weights, learners: usize) {
        let share = (learners as f32).recip();
        mean.features.resize(self.weights.len(), [0.0; TAGS]);
        let weights = mean.features.iter_mut().zip(&self.weights);
        for (mean, weights) in weights.chain(mean.transitions.iter_mut().zip(&self.transitions)) {
            add(mean, weights, share);
        }
        let head = self.head;
        let outward = head.outward.into_iter().map(|row| row.map(|weight| weight * share)).collect();
        mean.head.join(Head { outward, ..head });
    }
}

impl CandidateFeatures {
    fn at(example: &Example, random: &mut Random) -> Self {
        let mut mask = |count: usize| -> Vec<f32> {
            let left = 1.0 - HIDDEN_UNITS as f32 / 100.0;
            (0..count).map(|_| if random.below(100) < HIDDEN_UNITS { 0.0 } else { left.recip() }).collect()
        };
        let (shown_units, shown) = (mask(UNITS), mask(example.width()));
        let show = |word: &[f32]| word.iter().zip(&shown).map(|(number, shown)| number * shown).collect();
        let words = example.states.chunks_exact(example.width()).map(show).collect();
        let mut see = |features: &Vec<u32>| {
            features.iter().copied().filter(|_| random.below(100) >= HIDDEN_FEATURES).collect()
        };
        Self { features: example.features.iter().map(&mut see).collect(), words, shown_units }
    }
}

fn add(sums: &mut Scores, weights: &Scores, times: f32) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum += times * weight;
    }
}

/// One step down the gradient.
fn descend(weights: &mut [f32], squares: &mut [f32], gradient: &[f32], rate: f32) {
    for ((weight, square), gradient) in weights.iter_mut().zip(squares).zip(gradient) {
        *square += gradient * gradient;
        *weight -= rate * gradient / (square.sqrt() + 1e-3);
    }
}
