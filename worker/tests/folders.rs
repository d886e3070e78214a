//! Models in the operator's own folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixtures;

use std::path::Path;

use self_onnx::Runtime;
use self_worker::models::moonshine::Moonshine;
use self_worker::models::transcriber::Transcriber;

const FILES: [&str; 3] = ["encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"];

/// The tiny model in a folder of this name, without one of its files.
fn folder(parent: &Path, name: &str, without: Option<&str>) -> std::path::PathBuf {
    let folder = parent.join(name);
    std::fs::create_dir(&folder).unwrap();
    for file in FILES.into_iter().filter(|file| Some(*file) != without) {
        let from = std::fs::canonicalize(fixtures::models().join("moonshine/tiny-en").join(file)).unwrap();
        std::os::unix::fs::symlink(from, folder.join(file)).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_moonshine_in_a_folder_transcribes_like_the_one_of_set_up() {
    let parent = tempfile::tempdir().unwrap();
    let folder = folder(parent.path(), "moonshine-of-mine", None);
    let runtime = Runtime::load(&fixtures::models()).unwrap();
    let own = Moonshine::open(&runtime, &folder, &["en".to_owned()]).unwrap();
    assert_eq!(own.id().name, "moonshine-of-mine");
    assert_eq!(own.id().version.len(), 8, "{}", own.id().version);
    assert_eq!(own.description().languages, ["en"]);

    let recording = fixtures::recording("beckett.wav");
    let (_, sound) = fixtures::decode(&fixtures::sandbox(), &recording).await.unwrap();
    let chunk = &sound[..5 * 16_000];
    let usual = Moonshine::load(&fixtures::models()).unwrap();
    let heard = own.open_session().unwrap().transcribe(chunk).unwrap();
    assert!(!heard.words.is_empty());
    assert_eq!(heard, usual.open_session().unwrap().transcribe(chunk).unwrap());
}

#[test]
fn a_folder_without_a_file_of_the_model_is_refused_by_its_name() {
    let parent = tempfile::tempdir().unwrap();
    let runtime = Runtime::load(&fixtures::models()).unwrap();
    for file in FILES {
        let folder = folder(parent.path(), file, Some(file));
        let error = Moonshine::open(&runtime, &folder, &["en".to_owned()]).unwrap_err().to_string();
        let stem = file.split('.').next().unwrap();
        assert!(error.contains("MOONSHINE_DIR") && error.contains(&format!("{stem}.")), "{error}");
    }
}
