//! The network of MiniLM: a BERT encoder of six layers (Devlin et al. 2019, "BERT: Pre-training of
//! Deep Bidirectional Transformers"; Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation").

use super::weights::Weights;
use crate::models::embedder::EmbedError;
use crate::models::onnx::{Graph, Network, OnnxError, Runtime, Setting, Tensor};

/// The size of a vector, between layers and at the end.
pub(super) const DIMENSIONS: usize = 384;
pub(super) const LAYERS: usize = 6;
const HEADS: i64 = 12;
const INNER: usize = 1536;
const VOCABULARY: usize = 30_522;
const POSITIONS: usize = 512;
/// `layer_norm_eps` of the model's configuration.
const EPSILON: Setting = Setting::Float(1e-12);

/// The names of what goes in.
pub(super) const IDS: &str = "ids";
pub(super) const MASK: &str = "mask";

/// The name of what comes out after so many layers.
pub(super) fn after(layer: usize) -> String {
    format!("after.{layer}")
}

/// Builds the network: `IDS` and `MASK` (texts × tokens, `i32`) to the states [`after`] each of
/// some layers (texts × tokens × 384). Layers above the last of them are left out.
pub(super) fn build(runtime: &Runtime, weights: Weights, layers: &[usize]) -> Result<Graph, EmbedError> {
    let mut encoder = Encoder { network: runtime.network()?, weights };
    encoder.network.input(IDS, 2);
    encoder.network.input(MASK, 2);
    encoder.embeddings(&after(0))?;
    for layer in 0..layers.iter().copied().max().unwrap_or(0) {
        encoder.layer(layer, &after(layer), &after(layer + 1))?;
    }
    let outputs: Vec<_> = layers.iter().map(|layer| (after(*layer), 3)).collect();
    Ok(encoder.network.finish(&outputs)?)
}

/// `IDS` and `MASK` of a few texts, padded to the longest of them.
pub(super) fn pad(texts: &[&[i32]]) -> Result<[Tensor; 2], OnnxError> {
    let longest = texts.iter().map(|tokens| tokens.len()).max().unwrap_or(0);
    let shape = [texts.len(), longest];
    let mut ids = vec![0_i32; texts.len() * longest];
    let mut mask = ids.clone();
    for (row, tokens) in texts.iter().enumerate() {
        let columns = row * longest..row * longest + tokens.len();
        ids[columns.clone()].copy_from_slice(tokens);
        mask[columns].fill(1);
    }
    Ok([Tensor::new(&shape, ids)?, Tensor::new(&shape, mask)?])
}

struct Encoder<'runtime> {
    network: Network<'runtime>,
    weights: Weights,
}

impl Encoder<'_> {
    /// What a token means by itself, plus where it stands, normalised.
    fn embeddings(&mut self, output: &str) -> Result<(), EmbedError> {
        let words = "embeddings.word_embeddings.weight";
        let positions = "embeddings.position_embeddings.weight";
        self.tensor(words, &[VOCABULARY, DIMENSIONS])?;
        // A text is always the first "sentence" of BERT's two: the kind is a constant, which is
        // added to every position once, here.
        let mut kind = [0.0; DIMENSIONS];
        let kinds = "embeddings.token_type_embeddings.weight";
        self.weights.read(kinds, &[2, DIMENSIONS], |index, value| {
            if let Some(slot) = kind.get_mut(index) {
                *slot = value;
            }
        })?;
        let shape = [POSITIONS, DIMENSIONS];
        self.network.weight(positions, &shape, |to| {
            self.weights.read(positions, &shape, |index, value| {
                to[index] = value + kind[index % DIMENSIONS];
            })
        })?;
        let [gain, bias] = self.norm("embeddings.LayerNorm")?;
        self.network.node(
            "Fused::EmbedLayerNormalization",
            &[IDS, "", words, positions, "", &gain, &bias],
            &[output, "unused mask index"],
            &[("epsilon", EPSILON)],
        )?;
        Ok(())
    }

    /// One layer: every token looks at every other, then each is transformed by itself.
    fn layer(&mut self, layer: usize, input: &str, output: &str) -> Result<(), EmbedError> {
        let at = |part: &str| format!("encoder.layer.{layer}.{part}");
        let [attended, projected, middle, widened, active, narrowed] =
            ["attended", "projected", "middle", "widened", "active", "narrowed"].map(at);

        let (weight, bias) = self.attention(&at("attention.self"))?;
        self.network.node(
            "Fused::Attention",
            &[input, &weight, &bias, MASK],
            &[&attended],
            &[("num_heads", Setting::Int(HEADS))],
        )?;
        let bias = self.multiply(&attended, &at("attention.output.dense"), [DIMENSIONS; 2], &projected)?;
        self.add_and_normalise([&projected, input], &at("attention.output.LayerNorm"), &bias, &middle)?;

        let bias = self.multiply(&middle, &at("intermediate.dense"), [DIMENSIONS, INNER], &widened)?;
        self.network.node("Fused::BiasGelu", &[&widened, &bias], &[&active], &[])?;
        let bias = self.multiply(&active, &at("output.dense"), [INNER, DIMENSIONS], &narrowed)?;
        self.add_and_normalise([&narrowed, &middle], &at("output.LayerNorm"), &bias, output)
    }

    /// The weights of queries, keys and values side by side, as the fused operator wants them.
    fn attention(&mut self, name: &str) -> Result<(String, String), EmbedError> {
        let weight = format!("{name}.weight");
        let bias = format!("{name}.bias");
        let parts = ["query", "key", "value"];
        self.network.weight(&weight, &[DIMENSIONS, 3 * DIMENSIONS], |to| {
            parts.iter().enumerate().try_for_each(|(part, kind)| {
                let from = format!("{name}.{kind}.weight");
                self.weights.read(&from, &[DIMENSIONS; 2], |index, value| {
                    let (column, row) = (index / DIMENSIONS, index % DIMENSIONS);
                    to[(row * 3 + part) * DIMENSIONS + column] = value;
                })
            })
        })?;
        self.network.weight(&bias, &[3 * DIMENSIONS], |to| {
            parts.iter().enumerate().try_for_each(|(part, kind)| {
                let from = format!("{name}.{kind}.bias");
                self.weights.read(&from, &[DIMENSIONS], |index, value| {
                    to[part * DIMENSIONS + index] = value;
                })
            })
        })?;
        Ok((weight, bias))
    }

    /// Multiplies by a weight of the file, which holds it transposed. The bias is left to the
    /// operator that follows and given back by name.
    fn multiply(
        &mut self,
        input: &str,
        name: &str,
        [rows, columns]: [usize; 2],
        output: &str,
    ) -> Result<String, EmbedError> {
        let weight = format!("{name}.weight");
        let bias = format!("{name}.bias");
        self.network.weight(&weight, &[rows, columns], |to| {
            self.weights.read(&weight, &[columns, rows], |index, value| {
                to[index % rows * columns + index / rows] = value;
            })
        })?;
        self.tensor(&bias, &[columns])?;
        self.network.node("MatMul", &[input, &weight], &[output], &[])?;
        Ok(bias)
    }

    /// LayerNorm(first + second + bias).
    fn add_and_normalise(
        &mut self,
        [first, second]: [&str; 2],
        norm: &str,
        bias: &str,
        output: &str,
    ) -> Result<(), EmbedError> {
        let [gain, shift] = self.norm(norm)?;
        self.network.node(
            "Fused::SkipLayerNormalization",
            &[first, second, &gain, &shift, bias],
            &[output],
            &[("epsilon", EPSILON)],
        )?;
        Ok(())
    }

    fn norm(&mut self, name: &str) -> Result<[String; 2], EmbedError> {
        let names = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        for name in &names {
            self.tensor(name, &[DIMENSIONS])?;
        }
        Ok(names)
    }

    /// A tensor as the file has it.
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<(), EmbedError> {
        self.network
            .weight(name, shape, |to| self.weights.read(name, shape, |index, value| to[index] = value))
    }
}
