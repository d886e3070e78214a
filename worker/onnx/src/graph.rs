//! A network that is ready to run, and its input and output tensors.

use std::path::Path;

use ort::session::builder::SessionBuilder;
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, PrimitiveTensorElementType};

use super::{OnnxError, Runtime};

/// A network in memory, single-threaded. Each thread that runs it needs its own.
#[derive(Debug)]
pub struct Graph(pub(super) Session);

/// A tensor in the runtime's memory. The output of one run can be the input of the next without a copy.
#[derive(Debug)]
pub struct Tensor(DynValue);

/// The outputs of a run, by name.
#[derive(Debug)]
pub struct Outputs<'graph>(SessionOutputs<'graph>);

impl Runtime {
    /// Opens a model's file (`.onnx` or `.ort`).
    pub fn open(&self, file: &Path) -> Result<Graph, OnnxError> {
        if !file.exists() {
            return Err(OnnxError::Missing(file.to_owned()));
        }
        Ok(Graph(self.builder()?.commit_from_file(file)?))
    }

    /// One thread, and no memory patterns: the runtime would keep one for each new length of input.
    pub(super) fn builder(&self) -> ort::Result<SessionBuilder> {
        Ok(Session::builder(&self.0)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_memory_pattern(false)?)
    }
}

impl Graph {
    /// Runs the network on this thread, from named inputs to named outputs.
    pub fn run(&mut self, inputs: &[(&str, &Tensor)]) -> Result<Outputs<'_>, OnnxError> {
        let inputs: Vec<_> =
            inputs.iter().map(|(name, tensor)| (*name, SessionInputValue::from(&tensor.0))).collect();
        Ok(Outputs(self.0.run(inputs)?))
    }
}

impl Graph {
    /// The names of the inputs, each with its shape; a dimension of variable length is −1.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &[i64])> {
        self.0.inputs().iter().map(|input| {
            let shape = input.dtype().tensor_shape().map_or(&[][..], |shape| shape);
            (input.name(), shape)
        })
    }
}

impl Outputs<'_> {
    /// Removes and returns one output, without a copy.
    pub fn take(&mut self, name: &str) -> Result<Tensor, OnnxError> {
        self.0.remove(name).map(Tensor).ok_or_else(|| OnnxError::Shape(format!("output `{name}`")))
    }
}

impl Tensor {
    /// A tensor of `f32`, `i64` or `bool` of the given shape; it takes ownership of the data.
    pub fn new<T>(shape: &[usize], data: Vec<T>) -> Result<Self, OnnxError>
    where
        T: PrimitiveTensorElementType + std::fmt::Debug + Clone + 'static,
    {
        Ok(Self(ort::value::Tensor::from_array((shape, data))?.into_dyn()))
    }

    /// The shape, and the values in row-major order.
    pub fn view<T: PrimitiveTensorElementType>(&self) -> Result<(&[i64], &[T]), OnnxError> {
        let (shape, values) = self.0.try_extract_tensor::<T>()?;
        Ok((shape, values))
    }
}
