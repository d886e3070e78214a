//! The weights of a model, read one tensor at a time from a `.safetensors` file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use self_onnx::OnnxError;

use crate::models::EmbedError;

/// The largest header that is accepted, in bytes; the header of this model has 10 KB.
const HEADER_LIMIT: u64 = 1 << 20;

/// An open file of weights. Tensors are streamed from it, so that loading a model takes no more memory
/// than the model.
pub(super) struct Weights {
    file: BufReader<File>,
    contents: Metadata,
    data_start: u64,
}

impl Weights {
    pub(super) fn open(path: &Path) -> Result<Self, EmbedError> {
        let file = File::open(path).map_err(|_| OnnxError::Missing(path.to_owned()))?;
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(unreadable)?;
        let length = u64::from_le_bytes(length);
        if length > HEADER_LIMIT {
            return Err(EmbedError::Weights("the header is too long".into()));
        }
        let mut header = Vec::new();
        file.by_ref().take(length).read_to_end(&mut header).map_err(unreadable)?;
        let contents =
            serde_json::from_slice(&header).map_err(|error| EmbedError::Weights(error.to_string()))?;
        Ok(Self { file, contents, data_start: 8 + length })
    }

    /// Reads the tensor with this name and shape, and passes each number with its index in row-major order.
    pub(super) fn read(
        &mut self,
        name: &str,
        shape: &[usize],
        mut place: impl FnMut(usize, f32),
    ) -> Result<(), EmbedError> {
        let tensor = self
            .contents
            .info(name)
            .filter(|tensor| tensor.dtype == Dtype::F32 && tensor.shape == shape)
            .ok_or_else(|| EmbedError::Weights(format!("no `{name}` of {shape:?}")))?;
        let start = self.data_start + tensor.data_offsets.0 as u64;
        self.file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        let mut number = [0; 4];
        for index in 0..shape.iter().product() {
            self.file.read_exact(&mut number).map_err(unreadable)?;
            place(index, f32::from_le_bytes(number));
        }
        Ok(())
    }
}

fn unreadable(error: io::Error) -> EmbedError {
    EmbedError::Weights(error.to_string())
}
