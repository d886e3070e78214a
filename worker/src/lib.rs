//! The workshop of Self: it turns recordings into text and meaning.
//!
//! [`models`] binds the neural networks that do the hearing and the understanding.

pub mod models;
