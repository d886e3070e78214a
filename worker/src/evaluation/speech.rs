//! Measures the quality of transcription: the words that are wrong, clean and in noise; how often words of
//! each confidence are right; and words that are transcribed from sound without speech.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use futures_util::{TryStreamExt, stream};
use self_shared::config::WorkerConfig;
use self_shared::domain::transcription::Word;

use super::made_sounds::{Noise, SILENT_SOUNDS, mixed};
use crate::models::moonshine::Moonshine;
use crate::models::silero::Silero;
use crate::program::sandbox;
use crate::stages::chunking::Chunker;
use crate::stages::transcribe::evaluate::{Calibration, Comparison, compare};
use crate::stages::transcribe::{Segment, TranscriberPool, UNINTELLIGIBLE, transcribe};

const NOISES: [Noise; 4] = [Noise::White, Noise::Pink, Noise::Hum, Noise::Babble];
/// The level of the speech above the noise, in decibels.
const RATIOS: [f32; 4] = [20.0, 10.0, 5.0, 0.0];

/// Prints the quality of transcription. `files` are pairs: a recording, and a file with its text.
pub fn evaluate_speech(config: &WorkerConfig, files: &[&str]) -> Result<()> {
    anyhow::ensure!(files.len().is_multiple_of(2), "each recording needs a file with what is said in it");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let silero = Silero::load(&config.models_dir)?;
        let transcriber = Arc::new(Moonshine::load(&config.models_dir)?);
        let transcribers = Arc::new(TranscriberPool::open(silero, transcriber, config.transcribe_threads)?);
        let evaluation = SpeechEvaluation { config, transcribers };
        evaluation.speech(files).await?;
        evaluation.silence().await
    })
}

struct SpeechEvaluation<'a> {
    config: &'a WorkerConfig,
    transcribers: Arc<TranscriberPool>,
}

impl SpeechEvaluation<'_> {
    async fn speech(&self, files: &[&str]) -> Result<()> {
        let mut calibration = Calibration::default();
        println!("{:<24}{:>8}{:>10}{:>14}", "speech", "words", "wrong", "not heard");
        let mut recordings = Vec::new();
        for [recording, text] in files.as_chunks::<2>().0 {
            let said = std::fs::read_to_string(text).with_context(|| format!("cannot read {text}"))?;
            recordings.push((self.decoded(Path::new(recording)).await?, said));
        }
        let mut clean = Comparison::default();
        for (sound, said) in &recordings {
            clean += self.compared(sound.clone(), said, &mut calibration).await?;
        }
        println!("{:<24}{clean}", "clean");
        for ratio in RATIOS {
            for noise in NOISES {
                let mut noisy = Comparison::default();
                for (sound, said) in &recordings {
                    noisy += self.compared(mixed(sound, noise, ratio), said, &mut calibration).await?;
                }
                let name = format!("{noise:?} at {ratio} dB");
                println!("{name:<24}{noisy}");
            }
        }
        println!("\nWords that are said to be right, and are:\n{calibration}");
        Ok(())
    }

    async fn compared(
        &self,
        sound: Vec<f32>,
        said: &str,
        calibration: &mut Calibration,
    ) -> Result<Comparison> {
        let segments = self.heard(sound).await?;
        let words: Vec<Word> = segments.into_iter().flat_map(|segment| segment.words).collect();
        let (comparison, right) = compare(said, words.iter().map(|word| word.text.as_str()));
        for (word, right) in words.iter().zip(right) {
            calibration.add(word.confidence, right);
        }
        Ok(comparison)
    }

    /// Prints the words that are transcribed from sounds without speech.
    async fn silence(&self) -> Result<()> {
        println!("{:<24}{:>8}  what is heard", "nobody speaks", "words");
        for (name, sound) in SILENT_SOUNDS {
            let segments = self.heard(sound()).await?;
            let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
            let invented = texts.iter().filter(|text| **text != UNINTELLIGIBLE);
            let words: usize = invented.map(|text| text.split_whitespace().count()).sum();
            println!("{name:<24}{words:>8}  {}", texts.join(" "));
        }
        Ok(())
    }

    async fn decoded(&self, recording: &Path) -> Result<Vec<f32>> {
        let open = || format!("cannot read {}", recording.display());
        let mut decoding = sandbox(self.config).decode(File::open(recording).with_context(open)?).await?;
        let mut sound = Vec::new();
        while let Some(block) = decoding.next().await? {
            sound.extend(block);
        }
        Ok(sound)
    }

    async fn heard(&self, sound: Vec<f32>) -> Result<Vec<Segment>> {
        let mut chunker = Chunker::new();
        let mut chunks = chunker.push(&sound);
        chunks.extend(chunker.finish());
        let heard =
            transcribe(Arc::clone(&self.transcribers), stream::iter(chunks), self.config.uncertain_below);
        let heard: Vec<_> = heard.try_collect().await?;
        Ok(heard.into_iter().flat_map(|chunk| chunk.segments).collect())
    }
}
