//! The workshop of Self: it turns recordings into text and meaning.
//!
//! [`stages`] are the steps from sound to meaning, [`models`] the neural networks that do the
//! hearing and the understanding, [`sandbox`] the place where strangers' files are opened.

pub mod models;
pub mod offline;
pub mod sandbox;
pub mod stages;
