//! ONNX Runtime behind a small interface: the only code that uses the library `ort`.
//!
//! The runtime is a shared library that set-up downloads next to the models. It is loaded once per process.
//! Every session runs on the thread that calls it and on no other: one session per core is twice as fast as
//! one session that uses all cores.

mod graph;
mod network;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

pub use graph::{Graph, Outputs, Tensor};
pub use network::{Network, Setting};

/// The loaded runtime. Cheap to clone; the library stays loaded until the process ends.
#[derive(Clone, Debug)]
pub struct Runtime(Environment);

/// The errors of loading and running a model.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The file is missing; set-up downloads it.
    #[error("{} is missing: run `make setup`", .0.display())]
    Missing(PathBuf),
    /// The library exists but cannot be loaded: it is for another platform, or too old.
    #[error("ONNX Runtime cannot be loaded: {0}")]
    Load(#[from] ort::LoadDynamicError),
    /// The runtime refused a model or an input.
    #[error("ONNX Runtime: {0}")]
    Runtime(#[from] ort::Error),
    /// The model's graph lacks an input or an output that its caller needs.
    #[error("the model has no {0}")]
    Shape(String),
}

impl Runtime {
    /// Loads `libonnxruntime.so` (with any version after the name) from `models/onnxruntime`. Later calls
    /// return the library that the first call loaded, for any folder.
    ///
    /// # Errors
    /// [`OnnxError::Missing`] before set-up, [`OnnxError::Load`] if the library does not fit.
    pub fn load(models: &Path) -> Result<Self, OnnxError> {
        static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return Ok(runtime.clone());
        }
        let library = find_library(&models.join("onnxruntime"))?;
        let environment = ort::init_from(library)?.with_name("self").with_telemetry(false).build()?;
        Ok(loaded.insert(Self(environment)).clone())
    }
}

/// `ort` resolves relative paths next to the executable first; an absolute path is used as it is.
fn find_library(folder: &Path) -> Result<PathBuf, OnnxError> {
    let missing = || OnnxError::Missing(folder.join("libonnxruntime.so"));
    std::fs::read_dir(folder)
        .map_err(|_| missing())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libonnxruntime."))
        })
        .min()
        .and_then(|path| path.canonicalize().ok())
        .ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_named_together_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let error = find_library(folder.path()).unwrap_err().to_string();
        assert!(error.contains("libonnxruntime.so is missing: run `make setup`"), "{error}");
    }

    #[test]
    fn a_library_with_a_version_behind_its_name_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("libonnxruntime.so.1.23"), "").unwrap();
        assert!(find_library(folder.path()).unwrap().ends_with("libonnxruntime.so.1.23"));
    }
}
