use std::path::Path;
use std::process::ExitCode;

use self_worker::{offline, sandbox};

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [sandbox::SUBCOMMAND, order] => return Ok(sandbox::decode(order)),
        ["train-entities", documents, weights] => {
            offline::train_entities(Path::new(documents), Path::new(weights))?;
        }
        ["eval", "entities", documents] => offline::evaluate_entities(Path::new(documents))?,
        _ => anyhow::bail!("usage: self-worker train-entities DOCUMENTS WEIGHTS | eval entities DOCUMENTS"),
    }
    Ok(ExitCode::SUCCESS)
}
