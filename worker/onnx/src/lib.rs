//! ONNX Runtime, for whatever drives a network: the one place that knows the library `ort`.
//!
//! The runtime is a shared library that set-up fetches beside the models and that is loaded once
//! per process. Every session runs on the thread that calls it and on no other: one session per
//! core is twice as fast as one session that spreads over the cores.

mod graph;
mod network;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

pub use graph::{Graph, Outputs, Tensor};
pub use network::{Network, Setting};

/// The runtime, loaded. Cheap to clone; the library stays for the life of the process.
#[derive(Clone, Debug)]
pub struct Runtime(Environment);

/// What can go wrong between a model's file and its answers.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// Set-up has not fetched the file (again: what is missing is named).
    #[error("{} is missing: run `make setup`", .0.display())]
    Missing(PathBuf),
    /// The library is there and cannot be loaded: wrong platform, or too old.
    #[error("ONNX Runtime cannot be loaded: {0}")]
    Load(#[from] ort::LoadDynamicError),
    /// The runtime refused a model or an input.
    #[error("ONNX Runtime: {0}")]
    Runtime(#[from] ort::Error),
    /// The model's graph is not the one that its driver was written for.
    #[error("the model has no {0}")]
    Shape(String),
}

impl Runtime {
    /// Loads `libonnxruntime.so` (with any version behind the name) from `models/onnxruntime`.
    /// Later calls give the library that the first one loaded, whatever they name.
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

/// `ort` looks up relative paths beside the executable first; an absolute one means what it says.
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
