//! Silero VAD 5: detects speech in sound.
//!
//! A small recurrent network (MIT, <https://github.com/snakers4/silero-vad>). Its input is one frame of
//! sound after the other, each with the end of the frame before and the network's own state; its output is
//! the probability of speech. It detects voices in any language, and was trained to distinguish them from
//! music and noise.

use std::path::{Path, PathBuf};

use self_onnx::{Graph, OnnxError, Runtime, Tensor};

use crate::models::SAMPLE_RATE;

/// Samples in a frame: 32 ms.
pub const FRAME: usize = 512;
/// Samples of the previous frame that are part of the input.
const CONTEXT: usize = 64;
/// The shape of the recurrent state: two layers, one sound, 128 values.
const STATE: [usize; 3] = [2, 1, 128];

/// The model's file.
#[derive(Clone, Debug)]
pub struct Silero {
    runtime: Runtime,
    file: PathBuf,
}

/// The model in memory, for one thread.
#[derive(Debug)]
pub struct VoiceDetector {
    graph: Graph,
    rate: Tensor,
}

impl Silero {
    /// Finds the model in `models/silero`, where set-up puts it.
    pub fn load(models: &Path) -> Result<Self, OnnxError> {
        let file = models.join("silero/silero_vad.ort");
        if !file.exists() {
            return Err(OnnxError::Missing(file));
        }
        Ok(Self { runtime: Runtime::load(models)?, file })
    }

    /// Loads the model for one thread.
    pub fn detector(&self) -> Result<VoiceDetector, OnnxError> {
        let rate = Tensor::new(&[], vec![i64::from(SAMPLE_RATE)])?;
        Ok(VoiceDetector { graph: self.runtime.open(&self.file)?, rate })
    }
}

impl VoiceDetector {
    /// The probability of speech in each frame of [`FRAME`] samples of mono sound at 16 kHz; the last frame
    /// is padded with silence. The result does not depend on earlier calls. Sound of any content is valid
    /// input.
    pub fn probabilities(&mut self, samples: &[f32]) -> Result<Vec<f32>, OnnxError> {
        let mut state = Tensor::new(&STATE, vec![0.0_f32; STATE.iter().product()])?;
        let mut context = [0.0_f32; CONTEXT];
        let mut probabilities = Vec::with_capacity(samples.len().div_ceil(FRAME));
        for frame in samples.chunks(FRAME) {
            let mut input = Vec::with_capacity(CONTEXT + FRAME);
            input.extend_from_slice(&context);
            input.extend_from_slice(frame);
            input.resize(CONTEXT + FRAME, 0.0);
            context.copy_from_slice(&input[FRAME..]);
            let input = Tensor::new(&[1, CONTEXT + FRAME], input)?;
            let mut outputs = self.graph.run(&[("input", &input), ("state", &state), ("sr", &self.rate)])?;
            let probability = outputs.take("output")?;
            let probability = probability.view::<f32>()?.1.first().copied();
            probabilities.push(probability.ok_or_else(|| OnnxError::Shape("probability".to_owned()))?);
            state = outputs.take("stateN")?;
        }
        Ok(probabilities)
    }
}
