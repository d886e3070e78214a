//! The choice of the entity finder.

use std::path::Path;
use std::sync::Arc;

use self_onnx::Runtime;

use crate::models::{EmbedError, EntityFinder, Gliner, GlinerError};
use crate::tagger::SelfNames;

/// A file of an entity finder is missing or invalid.
#[derive(Debug, thiserror::Error)]
pub enum FinderError {
    /// A file of GLiNER.
    #[error(transparent)]
    Gliner(#[from] GlinerError),
    /// A file of the default finder.
    #[error(transparent)]
    SelfNames(#[from] EmbedError),
}

/// Loads GLiNER if a folder with its files is configured; otherwise the default finder, whose reader is in
/// `models`. The error names the file.
pub fn entity_finder(
    runtime: &Runtime,
    models: &Path,
    gliner: Option<&Path>,
) -> Result<Arc<dyn EntityFinder>, FinderError> {
    Ok(match gliner {
        Some(folder) => Arc::new(Gliner::load(runtime, folder)?),
        None => Arc::new(SelfNames::load(runtime, models)?),
    })
}
