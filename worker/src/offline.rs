//! Commands that need no servers: training the entity finder, and measuring it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::stages::extract::evaluate::{Strictness, evaluate};
use crate::stages::extract::{Finder, corpus};

/// Trains the entity finder on a file of annotated documents and writes its weights.
///
/// # Errors
/// A file that cannot be read or written, and what is wrong with it.
pub fn train_entities(documents: &Path, weights: &Path) -> Result<()> {
    let documents = corpus::read(documents)?;
    let trained = Finder::train(&documents);
    std::fs::write(weights, &trained).with_context(|| format!("cannot write {}", weights.display()))?;
    println!("{}: {} bytes, from {} documents", weights.display(), trained.len(), documents.len());
    Ok(())
}

/// Prints how well the built-in entity finder does on a file of annotated documents.
///
/// # Errors
/// A file that cannot be read, and what is wrong with it.
pub fn evaluate_entities(documents: &Path) -> Result<()> {
    let documents = corpus::read(documents)?;
    let finder = Finder::built_in();
    let started = Instant::now();
    let exact = evaluate(&finder, &documents, Strictness::Exact);
    let elapsed = started.elapsed().as_secs_f64() * 1000.0;
    let words: usize = documents.iter().map(|document| document.text.split_whitespace().count()).sum();
    println!("Names found, to the letter:\n{exact}");
    println!("Names found, by overlap:\n{}", evaluate(&finder, &documents, Strictness::Overlap));
    println!("{words} words, {:.2} ms for 20 of them", elapsed * 20.0 / words.max(1) as f64);
    Ok(())
}
