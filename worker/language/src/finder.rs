//! Which entity finder an installation has.

use std::path::Path;
use std::sync::{Arc, Mutex};

use self_onnx::Runtime;

use crate::models::{EmbedError, EntityFinder, Gliner, GlinerError};
use crate::tagger::SelfNames;

/// A file of an entity finder that is missing, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum FinderError {
    /// One of GLiNER.
    #[error(transparent)]
    Gliner(#[from] GlinerError),
    /// One of the finder that is always there.
    #[error(transparent)]
    SelfNames(#[from] EmbedError),
}

/// Loads GLiNER where a folder with its files is given, or else the finder that is always there, whose
/// reader is in `models`.
///
/// # Errors
/// [`FinderError`], which names the file.
pub fn entity_finder(
    runtime: &Runtime,
    models: &Path,
    gliner: Option<&Path>,
) -> Result<Arc<Mutex<dyn EntityFinder + Send>>, FinderError> {
    Ok(match gliner {
        Some(folder) => Arc::new(Mutex::new(Gliner::load(runtime, folder)?)),
        None => Arc::new(Mutex::new(SelfNames::load(runtime, models)?)),
    })
}
