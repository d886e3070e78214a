//! The network of MiniLM: a BERT encoder of six layers (Devlin et al. 2019, "BERT: Pre-training of
//! Deep Bidirectional Transformers"; Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation").

use self_onnx::{Graph, Network, OnnxError, Runtime, Setting, Tensor};

use super::weights::Weights;
use crate::models::EmbedError;

/// The size of a vector, in and after each layer.
pub(super) const DIMENSIONS: usize = 384;
pub(super) const LAYERS: usize = 6;
const HEADS: i64 = 12;
const INNER: usize = 1536;
const VOCABULARY: usize = 30_522;
const POSITIONS: usize = 512;
/// `layer_norm_eps` of the model's configuration.
const EPSILON: Setting = Setting::Float(1e-12);

/// The names of the inputs.
pub(super) const IDS: &str = "ids";
pub(super) const MASK: &str = "mask";
pub(super) const ASKED: &str = "asked";

/// The name of the output of this many layers; 0 for the embeddings.
pub(super) fn after(layer: usize) -> String {
    format!("after.{layer}")
}

/// Builds the whole network. Inputs: [`IDS`] and [`MASK`] (texts × tokens, `i32`). Output: the states
/// [`after`] the last layer (texts × tokens × 384).
pub(super) fn whole(runtime: &Runtime, weights: Weights) -> Result<Graph, EmbedError> {
    let mut encoder = Encoder { network: runtime.network()?, weights };
    encoder.network.input(IDS, 2);
    encoder.network.input(MASK, 2);
    encoder.embeddings(&after(0))?;
    for layer in 0..LAYERS {
        encoder.layer(layer, &after(layer), MASK, &after(layer + 1))?;
    }
    Ok(encoder.network.finish(&[(after(LAYERS), 3)])?)
}

/// Builds the lower layers, for some tokens of one text. Inputs: [`IDS`] (1 × tokens, `i32`) and the
/// positions of the [`ASKED`] tokens (`i32`). Outputs: their states [`after`] each of `layers` (1 × asked ×
/// 384). The last layer is computed only for the asked tokens, which attend to all tokens.
pub(super) fn lower(runtime: &Runtime, weights: Weights, layers: [usize; 2]) -> Result<Graph, EmbedError> {
    let [first, last] = layers;
    let every = |layer: usize| format!("every.{layer}");
    let mut encoder = Encoder { network: runtime.network()?, weights };
    encoder.network.input(IDS, 2);
    encoder.network.input(ASKED, 1);
    encoder.embeddings(&every(0))?;
    for layer in 0..last - 1 {
        encoder.layer(layer, &every(layer), "", &every(layer + 1))?;
    }
    encoder.take(&every(first), &after(first))?;
    encoder.last_layer(last - 1, &every(last - 1), &after(last))?;
    Ok(encoder.network.finish(&layers.map(|layer| (after(layer), 3)))?)
}

/// The inputs `IDS` and `MASK` of a batch of texts, padded to the longest.
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

/// The parts of attention, as the file names them.
const PARTS: [&str; 3] = ["query", "key", "value"];

/// The name of a part of a layer.
fn at(layer: usize, part: &str) -> String {
    format!("encoder.layer.{layer}.{part}")
}

struct Encoder<'runtime> {
    network: Network<'runtime>,
    weights: Weights,
}

impl Encoder<'_> {
    /// The embedding of each token and of its position, normalised.
    fn embeddings(&mut self, output: &str) -> Result<(), EmbedError> {
        let words = "embeddings.word_embeddings.weight";
        let positions = "embeddings.position_embeddings.weight";
        self.tensor(words, &[VOCABULARY, DIMENSIONS])?;
        // BERT distinguishes two "sentences", and a text is always the first. This token type is a
        // constant, so it is added to every position once, here.
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

    /// Adds a layer: attention between all tokens, then the transformation of each. Without a mask (an
    /// empty name) no token is padding.
    fn layer(&mut self, layer: usize, input: &str, mask: &str, output: &str) -> Result<(), EmbedError> {
        let name = at(layer, "attention.self");
        let attended = at(layer, "attended");
        let (weight, bias) = (self.attention_weight(&name)?, self.attention_bias(&name)?);
        self.network.node(
            "Fused::Attention",
            &[input, &weight, &bias, mask],
            &[&attended],
            &[("num_heads", Setting::Int(HEADS))],
        )?;
        self.transform(layer, [&attended, input], output)
    }

    /// Adds a layer only for the asked tokens, which attend to all tokens.
    fn last_layer(&mut self, layer: usize, input: &str, output: &str) -> Result<(), EmbedError> {
        let name = at(layer, "attention.self");
        let [asked, attended] = ["asked", "attended"].map(|part| at(layer, part));
        self.take(input, &asked)?;
        let [query, key, value] = PARTS.map(|part| format!("{name}.{part}"));
        for (input, part) in [(&*asked, &query), (input, &key), (input, &value)] {
            self.multiply(input, part, [DIMENSIONS; 2], part)?;
        }
        let bias = self.attention_bias(&name)?;
        self.network.node(
            "Fused::MultiHeadAttention",
            &[&query, &key, &value, &bias],
            &[&attended],
            &[("num_heads", Setting::Int(HEADS))],
        )?;
        self.transform(layer, [&attended, &asked], output)
    }

    /// Selects the states of the asked tokens.
    fn take(&mut self, input: &str, output: &str) -> Result<(), EmbedError> {
        Ok(self.network.node("Gather", &[input, ASKED], &[output], &[("axis", Setting::Int(1))])?)
    }

    /// Adds the second half of a layer: the result of attention and the input are combined and transformed.
    fn transform(
        &mut self,
        layer: usize,
        [attended, input]: [&str; 2],
        output: &str,
    ) -> Result<(), EmbedError> {
        let at = |part: &str| at(layer, part);
        let [projected, middle, widened, active, narrowed] =
            ["projected", "middle", "widened", "active", "narrowed"].map(at);

        let dense = at("attention.output.dense");
        self.multiply(attended, &dense, [DIMENSIONS; 2], &projected)?;
        self.add_and_normalise([&projected, input], &dense, &at("attention.output.LayerNorm"), &middle)?;

        let dense = at("intermediate.dense");
        self.multiply(&middle, &dense, [DIMENSIONS, INNER], &widened)?;
        let bias = self.bias(&dense, INNER)?;
        self.network.node("Fused::BiasGelu", &[&widened, &bias], &[&active], &[])?;

        let dense = at("output.dense");
        self.multiply(&active, &dense, [INNER, DIMENSIONS], &narrowed)?;
        self.add_and_normalise([&narrowed, &middle], &dense, &at("output.LayerNorm"), output)
    }

    /// The weights of queries, keys and values side by side, as the fused operator requires them.
    fn attention_weight(&mut self, name: &str) -> Result<String, EmbedError> {
        let weight = format!("{name}.weight");
        self.network.weight(&weight, &[DIMENSIONS, 3 * DIMENSIONS], |to| {
            PARTS.iter().enumerate().try_for_each(|(part, kind)| {
                let from = format!("{name}.{kind}.weight");
                self.weights.read(&from, &[DIMENSIONS; 2], |index, value| {
                    let (column, row) = (index / DIMENSIONS, index % DIMENSIONS);
                    to[(row * 3 + part) * DIMENSIONS + column] = value;
                })
            })
        })?;
        Ok(weight)
    }

    /// The biases of queries, keys and values, one after the other.
    fn attention_bias(&mut self, name: &str) -> Result<String, EmbedError> {
        let bias = format!("{name}.bias");
        self.network.weight(&bias, &[3 * DIMENSIONS], |to| {
            PARTS.iter().enumerate().try_for_each(|(part, kind)| {
                let from = format!("{name}.{kind}.bias");
                self.weights.read(&from, &[DIMENSIONS], |index, value| {
                    to[part * DIMENSIONS + index] = value;
                })
            })
        })?;
        Ok(bias)
    }

    /// Multiplies by a weight of the file, which is stored transposed. The next operator adds the bias.
    fn multiply(
        &mut self,
        input: &str,
        name: &str,
        [rows, columns]: [usize; 2],
        output: &str,
    ) -> Result<(), EmbedError> {
        let weight = format!("{name}.weight");
        self.network.weight(&weight, &[rows, columns], |to| {
            self.weights.read(&weight, &[columns, rows], |index, value| {
                to[index % rows * columns + index / rows] = value;
            })
        })?;
        Ok(self.network.node("MatMul", &[input, &weight], &[output], &[])?)
    }

    /// The bias that is added after [`Self::multiply`].
    fn bias(&mut self, name: &str, columns: usize) -> Result<String, EmbedError> {
        let bias = format!("{name}.bias");
        self.tensor(&bias, &[columns])?;
        Ok(bias)
    }

    /// LayerNorm(first + second + the bias of `dense`).
    fn add_and_normalise(
        &mut self,
        [first, second]: [&str; 2],
        dense: &str,
        norm: &str,
        output: &str,
    ) -> Result<(), EmbedError> {
        let bias = self.bias(dense, DIMENSIONS)?;
        let [gain, shift] = self.norm(norm)?;
        self.network.node(
            "Fused::SkipLayerNormalization",
            &[first, second, &gain, &shift, &bias],
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

    /// Adds a tensor of the file without changes.
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<(), EmbedError> {
        self.network
            .weight(name, shape, |to| self.weights.read(name, shape, |index, value| to[index] = value))
    }
}
