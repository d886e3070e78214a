use std::path::Path;

use self_worker::offline;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["train-entities", documents, weights] => {
            offline::train_entities(Path::new(documents), Path::new(weights))
        }
        ["eval", "entities", documents] => offline::evaluate_entities(Path::new(documents)),
        _ => anyhow::bail!("usage: self-worker train-entities DOCUMENTS WEIGHTS | eval entities DOCUMENTS"),
    }
}
