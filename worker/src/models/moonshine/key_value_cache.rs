//! The state that the decoder passes from step to step: the keys and values of its layers.

use self_onnx::{Graph, OnnxError, Tensor};

/// One of the tensors of the decoder's state.
#[derive(Debug)]
pub(super) struct CacheTensor {
    /// The name of the input.
    pub(super) past: String,
    /// The name of the output.
    pub(super) present: String,
    /// Whether it is computed once, from the sound; the others grow with the text.
    pub(super) fixed: bool,
    heads: usize,
    width: usize,
}

impl CacheTensor {
    /// The tensors of a decoder's state, from the names and shapes of its inputs. The numbers of layers, of
    /// heads, and of values in a head differ between the sizes of the model.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] when the graph is no decoder of this kind.
    pub(super) fn of(decoder: &Graph) -> Result<Vec<Self>, OnnxError> {
        let mut cache = Vec::new();
        for (name, shape) in decoder.inputs() {
            let Some(rest) = name.strip_prefix("past_key_values.") else { continue };
            let &[_, heads, _, width] = shape else {
                return Err(OnnxError::Shape(format!("input `{name}` of four dimensions")));
            };
            let known = |length: i64, what: &str| {
                usize::try_from(length)
                    .ok()
                    .filter(|length| *length > 0)
                    .ok_or_else(|| OnnxError::Shape(format!("fixed number of {what} in the input `{name}`")))
            };
            cache.push(Self {
                past: name.to_owned(),
                present: format!("present.{rest}"),
                fixed: rest.contains(".encoder."),
                heads: known(heads, "heads")?,
                width: known(width, "numbers for each head")?,
            });
        }
        if cache.is_empty() { Err(OnnxError::Shape("input `past_key_values`".to_owned())) } else { Ok(cache) }
    }

    /// Its value before the first token.
    pub(super) fn empty(&self) -> Result<Tensor, OnnxError> {
        Tensor::new(&[1, self.heads, 0, self.width], Vec::<f32>::new())
    }
}
