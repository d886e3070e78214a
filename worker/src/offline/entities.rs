//! The entity finder: training it, and measuring it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use self_onnx::Runtime;
use self_shared::config::WorkerConfig;

use crate::models::entity_finder::EntityFinder;
use crate::models::minilm::MiniLmReader;
use crate::models::self_names::SelfNames;
use crate::program::entity_finder;
use crate::stages::extract::evaluate::{Strictness, evaluate};
use crate::stages::extract::tagger::Tagger;
use crate::stages::extract::{corpus, extract};

/// Trains the entity finder on a file of annotated documents and writes its weights.
///
/// # Errors
/// A file that cannot be read or written, and what is wrong with it; a model that is missing.
pub fn train_entities(config: &WorkerConfig, documents: &Path, weights: &Path) -> Result<()> {
    let documents = corpus::read(documents)?;
    let runtime = Runtime::load(&config.models_dir)?;
    let mut reader = MiniLmReader::load(&runtime, &config.models_dir)?;
    let trained = Tagger::train(&documents, |sentences| reader.read(sentences))?;
    std::fs::write(weights, &trained).with_context(|| format!("cannot write {}", weights.display()))?;
    println!("{}: {} bytes, from {} documents", weights.display(), trained.len(), documents.len());
    Ok(())
}

/// Prints how well the entity finder does on a file of annotated documents; with `weights`, other
/// ones than those that are built in.
///
/// # Errors
/// A file that cannot be read, and what is wrong with it; a model that is missing.
pub fn evaluate_entities(config: &WorkerConfig, documents: &Path, weights: Option<&Path>) -> Result<()> {
    let documents = corpus::read(documents)?;
    let runtime = Runtime::load(&config.models_dir)?;
    let finder: Arc<Mutex<dyn EntityFinder + Send>> = match weights {
        Some(file) => {
            let weights = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let reader = MiniLmReader::load(&runtime, &config.models_dir)?;
            Arc::new(Mutex::new(SelfNames::new(reader, Tagger::with_weights(&weights)?)))
        }
        None => entity_finder(config, &runtime)?,
    };
    let mut finder = finder.lock().unwrap_or_else(PoisonError::into_inner);
    let started = Instant::now();
    let mut found = Vec::with_capacity(documents.len());
    for document in &documents {
        found.push(extract(&[&document.text], &mut *finder, &|| true)?);
    }
    let elapsed = started.elapsed().as_secs_f64() * 1000.0;
    let compared = || documents.iter().zip(&found);
    println!("Names found, to the letter:\n{}", evaluate(compared(), Strictness::Exact));
    println!("Names found, by overlap:\n{}", evaluate(compared(), Strictness::Overlap));
    for genre in documents.iter().map(corpus::Annotated::genre).collect::<BTreeSet<_>>() {
        let of_genre = compared().filter(|(document, _)| document.genre() == genre);
        let score = evaluate(of_genre, Strictness::Overlap).all;
        println!("{genre:<14}{:>10.3}{:>8.3}{:>7.3}", score.precision(), score.recall(), score.f1());
    }
    let words: usize = documents.iter().map(|document| document.text.split_whitespace().count()).sum();
    println!("\n{words} words, {:.2} ms for 20 of them", elapsed * 20.0 / words.max(1) as f64);
    Ok(())
}
