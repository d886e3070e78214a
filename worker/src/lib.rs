//! The workshop of Self: it turns recordings into text and meaning.
//!
//! [`models`] binds the neural networks that do the hearing and the understanding; [`stages`] are
//! the steps from sound to meaning.

pub mod models;
pub mod offline;
pub mod stages;
