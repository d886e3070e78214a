//! The lower layers of MiniLM, for what each word means where it stands.
//!
//! The last layers serve a sentence as a whole; what a word is, a name of somebody or of somewhere,
//! is plainest in the middle (Tenney et al. 2019, "BERT Rediscovers the Classical NLP Pipeline").

use std::ops::Range;
use std::path::Path;

use super::network::{self, DIMENSIONS, IDS, MASK};
use super::weights::Weights;
use crate::models::embedder::EmbedError;
use crate::models::onnx::{Graph, Runtime, Tensor};
use crate::models::vocabulary::Vocabulary;

/// The layers whose states describe a word.
const LAYERS: [usize; 2] = [2, 4];

/// How many numbers describe a word.
pub const WIDTH: usize = LAYERS.len() * DIMENSIONS;

/// What every text starts and ends with, in BERT's vocabulary.
const START: i32 = 101;
const END: i32 = 102;

/// Tokens that are read together: a few sentences tell more than one.
const LONGEST: usize = 128;

/// A word of more pieces than these, a long number perhaps, is read by its beginning.
const LONGEST_WORD: usize = 16;

/// The reading half of the model in memory. Single-threaded: one for each thread that reads.
pub struct MiniLmReader {
    graph: Graph,
    vocabulary: Vocabulary,
}

/// Words that are read together.
struct Window {
    tokens: Vec<i32>,
    /// Where the pieces of each word are.
    words: Vec<Range<usize>>,
}

impl MiniLmReader {
    /// Loads what [`super::MiniLm`] loads, up to the layers that are needed.
    ///
    /// # Errors
    /// [`crate::models::onnx::OnnxError::Missing`] before set-up; otherwise the file that is not
    /// what it should be.
    pub fn load(runtime: &Runtime, models: &Path) -> Result<Self, EmbedError> {
        let folder = models.join("minilm");
        let vocabulary = super::vocabulary(&folder, LONGEST)?;
        let weights = Weights::open(&folder.join("model.safetensors"))?;
        Ok(Self { graph: network::build(runtime, weights, &LAYERS)?, vocabulary })
    }

    /// Describes each word of sentences that follow one another by [`WIDTH`] numbers, in one row
    /// of numbers for each sentence.
    ///
    /// # Errors
    /// [`EmbedError`] when the model fails; no word is bad input.
    pub fn read(&mut self, sentences: &[Vec<&str>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let windows = self.windows(sentences)?;
        let mut states = Vec::new();
        for window in &windows {
            self.run(window, &mut states)?;
        }
        let mut states = states.into_iter();
        Ok(sentences.iter().map(|words| states.by_ref().take(words.len() * WIDTH).collect()).collect())
    }

    /// Fills windows with whole sentences, where they fit.
    fn windows(&self, sentences: &[Vec<&str>]) -> Result<Vec<Window>, EmbedError> {
        let mut windows: Vec<Window> = Vec::new();
        for sentence in sentences {
            let mut pieces = Vec::with_capacity(sentence.len());
            for word in sentence {
                let mut word = self.vocabulary.word(word)?;
                word.truncate(LONGEST_WORD);
                pieces.push(word);
            }
            let length: usize = pieces.iter().map(Vec::len).sum();
            let fits = |window: &Window, length: usize| window.tokens.len() + length < LONGEST;
            if !windows.last().is_some_and(|window| fits(window, length)) {
                windows.push(Window::new());
            }
            for word in pieces {
                // A sentence that fills more than a window goes on in the next.
                if !windows.last().is_some_and(|window| fits(window, word.len())) {
                    windows.push(Window::new());
                }
                if let Some(window) = windows.last_mut() {
                    let start = window.tokens.len();
                    window.tokens.extend(word);
                    window.words.push(start..window.tokens.len());
                }
            }
        }
        for window in &mut windows {
            window.tokens.push(END);
        }
        Ok(windows)
    }

    /// Appends the states of a window's words. One window at a time: together they would be padded to
    /// the longest, and a window fills the processor by itself.
    fn run(&mut self, window: &Window, states: &mut Vec<f32>) -> Result<(), EmbedError> {
        let [ids, mask] = network::pad(&[&window.tokens])?;
        let mut outputs = self.graph.run(&[(IDS, &ids), (MASK, &mask)])?;
        let layers = LAYERS.iter().map(|layer| outputs.take(&network::after(*layer)));
        let layers: Vec<Tensor> = layers.collect::<Result<_, _>>()?;
        let layers: Vec<&[f32]> =
            layers.iter().map(|layer| Ok(layer.view::<f32>()?.1)).collect::<Result<_, EmbedError>>()?;
        for word in &window.words {
            for layer in &layers {
                mean(&layer[word.start * DIMENSIONS..word.end * DIMENSIONS], states);
            }
        }
        Ok(())
    }
}

impl Window {
    fn new() -> Self {
        Self { tokens: vec![START], words: Vec::new() }
    }
}

/// Appends the mean of the states of a word's pieces; zeros for a word that has none.
fn mean(pieces: &[f32], to: &mut Vec<f32>) {
    let count = (pieces.len() / DIMENSIONS).max(1) as f32;
    let sum = |column: usize| pieces[column.min(pieces.len())..].iter().step_by(DIMENSIONS).sum::<f32>();
    to.extend((0..DIMENSIONS).map(|column| sum(column) / count));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::minilm::tests::models;

    fn reader() -> MiniLmReader {
        MiniLmReader::load(&Runtime::load(&models()).unwrap(), &models()).unwrap()
    }

    fn likeness(left: &[f32], right: &[f32]) -> f32 {
        let dot = |left: &[f32], right: &[f32]| left.iter().zip(right).map(|(a, b)| a * b).sum::<f32>();
        dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
    }

    #[test]
    fn a_word_is_described_by_what_stands_around_it() {
        let sentences = [
            vec!["I", "met", "Jordan", "yesterday"],
            vec!["I", "met", "Susan", "yesterday"],
            vec!["I", "flew", "to", "Jordan"],
        ];
        // Each by itself: in one window they would all stand around one another.
        let mut reader = reader();
        let [somebody, susan, somewhere] =
            sentences.map(|sentence| reader.read(&[sentence]).unwrap().remove(0));
        let word = |states: &[f32], at: usize| states[at * WIDTH..(at + 1) * WIDTH].to_vec();
        let [somebody, susan, somewhere] = [word(&somebody, 2), word(&susan, 2), word(&somewhere, 3)];
        assert!(likeness(&somebody, &somewhere) < 0.99);
        assert!(likeness(&somebody, &susan) > 0.3);
    }

    #[test]
    fn every_word_of_any_sentence_is_described() {
        let long = vec!["antidisestablishmentarianism"; 100];
        let sentences = [vec![], vec!["Yes", "."], long, vec!["\u{fffd}\u{200b}", "x"]];
        let states = reader().read(&sentences).unwrap();
        let lengths: Vec<_> = states.iter().map(Vec::len).collect();
        assert_eq!(lengths, sentences.map(|words| words.len() * WIDTH));
        assert!(states.iter().flatten().all(|number| number.is_finite()));
    }

    #[test]
    fn a_window_is_read_the_same_in_company() {
        let mut reader = reader();
        let sentence = vec!["word"; 120];
        let alone = reader.read(std::slice::from_ref(&sentence)).unwrap().remove(0);
        let others = [vec!["shorter"; 90], sentence, vec!["also"; 110]];
        let together = reader.read(&others).unwrap().remove(1);
        assert_eq!(alone, together);
    }
}
