//! The reader: the lower layers of MiniLM, which describe each word in its context.
//!
//! The last layers represent a whole sentence. The meaning of a word, such as being a name, is clearest in
//! the middle layers (Tenney et al. 2019, "BERT Rediscovers the Classical NLP Pipeline").

use std::ops::Range;
use std::path::Path;

use self_onnx::{Graph, Runtime, Tensor};

use super::network::{self, ASKED, DIMENSIONS, IDS};
use super::weights::Weights;
use crate::models::EmbedError;
use crate::models::tokenizer::Tokenizer;

/// The layers whose states describe a word. The first is computed for every token, the second only for the
/// candidate words.
const LAYERS: [usize; 2] = [1, 3];

/// How many numbers describe a word.
const WIDTH: usize = LAYERS.len() * DIMENSIONS;

/// The tokens at the start and the end of every text, in BERT's vocabulary.
const START: i32 = 101;
const END: i32 = 102;

/// The largest number of tokens in a window. A few sentences together give more context than one.
const LONGEST: usize = 128;

/// The largest number of tokens that are read of a word, such as a long number.
const LONGEST_WORD: usize = 16;

/// The loaded lower layers. Single-threaded: one for each thread that reads.
pub struct MiniLmReader {
    graph: Graph,
    tokenizer: Tokenizer,
}

/// A sentence, and the words in it that are to be described.
#[derive(Clone, Debug)]
pub struct ReaderInput<'text> {
    pub words: Vec<&'text str>,
    /// The indices of these words, ascending.
    pub about: Vec<usize>,
}

/// Words that are read together.
struct Window {
    tokens: Vec<i32>,
    /// The ranges of tokens of the words that are to be described.
    asked: Vec<Range<usize>>,
}

impl MiniLmReader {
    /// Loads the files of [`super::MiniLm`], but only the layers that are needed.
    ///
    /// # Errors
    /// [`self_onnx::OnnxError::Missing`] before set-up; otherwise the error names the invalid file.
    pub fn load(runtime: &Runtime, models: &Path) -> Result<Self, EmbedError> {
        let folder = models.join("minilm");
        let tokenizer = super::tokenizer(&folder, LONGEST)?;
        let weights = Weights::open(&folder.join("model.safetensors"))?;
        Ok(Self { graph: network::lower(runtime, weights, LAYERS)?, tokenizer })
    }

    /// Describes each requested word by the states of two layers, 768 numbers, in one row of numbers for
    /// each sentence. Neighbouring sentences are read together; sentences without requested words are not
    /// read. Every word is valid input: an error means that the model failed.
    pub fn read(&mut self, sentences: &[ReaderInput<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut states = Vec::new();
        for window in self.windows(sentences)? {
            self.run(&window, &mut states)?;
        }
        let mut states = states.into_iter();
        let row = |sentence: &ReaderInput<'_>| states.by_ref().take(sentence.about.len() * WIDTH).collect();
        Ok(sentences.iter().map(row).collect())
    }

    /// Fills windows with whole sentences, if they fit.
    fn windows(&self, sentences: &[ReaderInput<'_>]) -> Result<Vec<Window>, EmbedError> {
        let mut windows: Vec<Window> = Vec::new();
        for sentence in sentences.iter().filter(|sentence| !sentence.about.is_empty()) {
            let mut pieces = Vec::with_capacity(sentence.words.len());
            for word in &sentence.words {
                let mut word = self.tokenizer.word(word)?;
                word.truncate(LONGEST_WORD);
                pieces.push(word);
            }
            let length: usize = pieces.iter().map(Vec::len).sum();
            let fits = |window: &Window, length: usize| window.tokens.len() + length < LONGEST;
            if !windows.last().is_some_and(|window| fits(window, length)) {
                windows.push(Window::new());
            }
            let mut about = sentence.about.iter().peekable();
            for (index, word) in pieces.into_iter().enumerate() {
                // A sentence that does not fit into one window continues in the next.
                if !windows.last().is_some_and(|window| fits(window, word.len())) {
                    windows.push(Window::new());
                }
                if let Some(window) = windows.last_mut() {
                    let start = window.tokens.len();
                    window.tokens.extend(word);
                    if about.next_if_eq(&&index).is_some() {
                        window.asked.push(start..window.tokens.len());
                    }
                }
            }
        }
        for window in &mut windows {
            window.tokens.push(END);
        }
        Ok(windows)
    }

    /// Appends the states of the requested words. Windows are run one at a time: in a batch they would be
    /// padded to the longest, and one window uses the processor fully.
    fn run(&mut self, window: &Window, states: &mut Vec<f32>) -> Result<(), EmbedError> {
        let asked: Vec<_> = window.asked.iter().cloned().flatten().map(|token| token as i32).collect();
        // A window may have only the end of a sentence, and a word may have no tokens.
        if asked.is_empty() {
            states.extend(window.asked.iter().flat_map(|_| [0.0; WIDTH]));
            return Ok(());
        }
        let asked = Tensor::new(&[asked.len()], asked)?;
        let ids = Tensor::new(&[1, window.tokens.len()], window.tokens.clone())?;
        let mut outputs = self.graph.run(&[(IDS, &ids), (ASKED, &asked)])?;
        let layers = LAYERS.iter().map(|layer| outputs.take(&network::after(*layer)));
        let layers: Vec<Tensor> = layers.collect::<Result<_, _>>()?;
        let layers: Vec<&[f32]> =
            layers.iter().map(|layer| Ok(layer.view::<f32>()?.1)).collect::<Result<_, EmbedError>>()?;
        let mut start = 0;
        for word in &window.asked {
            let end = start + word.len() * DIMENSIONS;
            for layer in &layers {
                mean(&layer[start..end], states);
            }
            start = end;
        }
        Ok(())
    }
}

impl Window {
    fn new() -> Self {
        Self { tokens: vec![START], asked: Vec::new() }
    }
}

/// Appends the mean of the states of a word's tokens; zeros for a word without tokens.
fn mean(pieces: &[f32], to: &mut Vec<f32>) {
    let count = (pieces.len() / DIMENSIONS).max(1) as f32;
    let sum = |column: usize| pieces[column.min(pieces.len())..].iter().step_by(DIMENSIONS).sum::<f32>();
    to.extend((0..DIMENSIONS).map(|column| sum(column) / count));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::fetched;

    fn reader() -> MiniLmReader {
        MiniLmReader::load(&Runtime::load(&fetched()).unwrap(), &fetched()).unwrap()
    }

    /// Requests every word.
    fn whole<'text>(words: &[&'text str]) -> ReaderInput<'text> {
        ReaderInput { words: words.to_vec(), about: (0..words.len()).collect() }
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
        // One sentence at a time: in one window, each would be the context of the others.
        let mut reader = reader();
        let [somebody, susan, somewhere] =
            sentences.map(|sentence| reader.read(&[whole(&sentence)]).unwrap().remove(0));
        let word = |states: &[f32], at: usize| states[at * WIDTH..(at + 1) * WIDTH].to_vec();
        let [somebody, susan, somewhere] = [word(&somebody, 2), word(&susan, 2), word(&somewhere, 3)];
        assert!(likeness(&somebody, &somewhere) < 0.99);
        assert!(likeness(&somebody, &susan) > 0.3);
    }

    #[test]
    fn every_word_of_any_sentence_is_described() {
        let long = vec!["antidisestablishmentarianism"; 100];
        let sentences = [vec![], vec!["Yes", "."], long, vec!["\u{fffd}\u{200b}", "x"], vec!["\u{200b}"]];
        let states = reader().read(&sentences.each_ref().map(|words| whole(words))).unwrap();
        let lengths: Vec<_> = states.iter().map(Vec::len).collect();
        assert_eq!(lengths, sentences.map(|words| words.len() * WIDTH));
        assert!(states.iter().flatten().all(|number| number.is_finite()));
    }

    #[test]
    fn a_window_is_read_the_same_in_company() {
        let mut reader = reader();
        let sentence = ["word"; 120];
        let alone = reader.read(&[whole(&sentence)]).unwrap().remove(0);
        let others = [whole(&["shorter"; 90]), whole(&sentence), whole(&["also"; 110])];
        let together = reader.read(&others).unwrap().remove(1);
        assert_eq!(alone, together);
    }

    #[test]
    fn a_word_is_described_the_same_whatever_else_is_asked() {
        let mut reader = reader();
        let words = vec!["Susan", "met", "Jordan", "yesterday", "."];
        let all = reader.read(&[whole(&words)]).unwrap().remove(0);
        let some = reader.read(&[ReaderInput { words, about: vec![0, 2] }]).unwrap().remove(0);
        let close = |left: &[f32], right: &[f32]| left.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(close(&some[..WIDTH], &all[..WIDTH]));
        assert!(close(&some[WIDTH..], &all[2 * WIDTH..3 * WIDTH]));
    }

    #[test]
    fn sentences_of_which_nothing_is_asked_are_passed_over() {
        let mut reader = reader();
        let name = whole(&["Susan", "said", "so"]);
        let idle = ReaderInput { words: vec!["well", "then"], about: vec![] };
        let alone = reader.read(std::slice::from_ref(&name)).unwrap();
        let among = reader.read(&[idle.clone(), name, idle]).unwrap();
        assert_eq!(among, [vec![], alone[0].clone(), vec![]]);
    }
}
