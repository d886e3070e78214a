//! `self-trainer`: trains and evaluates the entity finder. Only its developers use it; no installation
//! needs it.

mod corpus;
mod evaluate;
mod example;
mod expect;
mod invent;
mod learner;
mod random;
mod train;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use self_language::entity_finder;
use self_language::extract::extract;
use self_language::models::{EntityFinder, MiniLmReader};
use self_language::tagger::{SelfNames, Tagger};
use self_onnx::Runtime;
use self_shared::config::WorkerConfig;

use self::evaluate::Strictness;

const HELP: &str = "\
self-trainer: trains and measures the entity finder

Usage: self-trainer COMMAND

Commands:
  train DOCUMENTS WEIGHTS        train it on annotated documents, and write its weights
  evaluate DOCUMENTS [WEIGHTS]   measure it on annotated documents, with other weights than the built-in ones
  help                           print this

The models are read from MODELS_DIR, as by self-worker; with GLINER_DIR, that finder is measured.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["train", documents, weights] => train(Path::new(documents), Path::new(weights)),
        ["evaluate", documents] => evaluate(Path::new(documents), None),
        ["evaluate", documents, weights] => evaluate(Path::new(documents), Some(Path::new(weights))),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!("self-trainer: there is no command `{}`\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("self-trainer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Trains the entity finder on a file of annotated documents and writes its weights.
fn train(documents: &Path, weights: &Path) -> Result<()> {
    let config = WorkerConfig::from_env()?;
    let documents = corpus::read(documents)?;
    let runtime = Runtime::load(&config.models_dir)?;
    let mut reader = MiniLmReader::load(&runtime, &config.models_dir)?;
    let trained = train::train(&documents, |sentences| reader.read(sentences))?.to_bytes();
    std::fs::write(weights, &trained).with_context(|| format!("cannot write {}", weights.display()))?;
    println!("{}: {} bytes, from {} documents", weights.display(), trained.len(), documents.len());
    Ok(())
}

/// Prints the scores of the entity finder on a file of annotated documents. `weights` replaces the built-in
/// ones.
fn evaluate(documents: &Path, weights: Option<&Path>) -> Result<()> {
    let config = WorkerConfig::from_env()?;
    let documents = corpus::read(documents)?;
    let runtime = Runtime::load(&config.models_dir)?;
    let finder: Arc<dyn EntityFinder> = match weights {
        Some(file) => {
            let weights = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let reader = MiniLmReader::load(&runtime, &config.models_dir)?;
            Arc::new(SelfNames::new(reader, Tagger::with_weights(&weights)?))
        }
        None => entity_finder(&runtime, &config.models_dir, config.gliner_dir.as_deref())?,
    };
    let started = Instant::now();
    let mut found = Vec::with_capacity(documents.len());
    for document in &documents {
        found.push(extract(&[&document.text], &*finder, &|| true)?);
    }
    let elapsed = started.elapsed().as_secs_f64() * 1000.0;
    let compared = || documents.iter().zip(&found);
    println!("Names found, to the letter:\n{}", evaluate::evaluate(compared(), Strictness::Exact));
    println!("Names found, by overlap:\n{}", evaluate::evaluate(compared(), Strictness::Overlap));
    for genre in documents.iter().map(corpus::Annotated::genre).collect::<BTreeSet<_>>() {
        let of_genre = compared().filter(|(document, _)| document.genre() == genre);
        let score = evaluate::evaluate(of_genre, Strictness::Overlap).all;
        println!("{genre:<14}{:>10.3}{:>8.3}{:>7.3}", score.precision(), score.recall(), score.f1());
    }
    let words: usize = documents.iter().map(|document| document.text.split_whitespace().count()).sum();
    println!("\n{words} words, {:.2} ms for 20 of them", elapsed * 20.0 / words.max(1) as f64);
    Ok(())
}
