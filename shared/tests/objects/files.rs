//! Faults of disks.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use self_shared::config::ObjectsConfig;
use self_shared::domain::UserId;
use self_shared::objects::{KeyPrefix, ObjectError, ObjectKey, ObjectStore};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bodies::{MIB, NO_LIMIT, chunked, new_key, noise, put, read};

fn store_in(folder: &Path) -> ObjectStore {
    ObjectStore::new(&ObjectsConfig::Files { dir: folder.to_owned() }).unwrap()
}

async fn stand() -> (TempDir, ObjectStore) {
    let folder = TempDir::new().unwrap();
    let store = store_in(folder.path());
    store.ensure().await.unwrap();
    (folder, store)
}

/// Lists all files under a folder.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn an_object_is_one_file_under_its_key_that_others_cannot_read() {
    let (folder, store) = stand().await;
    let key = new_key();
    put(&store, &key, &noise(10, 1)).await;
    let path = folder.path().join(key.as_str());
    assert_eq!(files_under(folder.path()), std::slice::from_ref(&path));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn erasing_a_user_leaves_no_folder_with_their_name() {
    let (folder, store) = stand().await;
    let user = UserId(Uuid::now_v7());
    put(&store, &ObjectKey::audio(user, Uuid::now_v7()), &noise(10, 2)).await;
    store.delete_all(&KeyPrefix::audio(user)).await.unwrap();
    assert!(!folder.path().join(format!("audio/{user}")).exists());
}

#[tokio::test]
async fn a_folder_that_went_away_is_said_with_reason_and_remedy_and_not_made_anew() {
    let (folder, store) = stand().await;
    fs::remove_dir_all(folder.path()).unwrap();
    let error = store.put(&new_key(), chunked(&noise(10, 3)), NO_LIMIT).await.unwrap_err();
    assert!(error.is_retryable());
    let ObjectError::Unavailable(fault) = error else { panic!("{error:?}") };
    assert!(fault.remedy.contains("OBJECTS_DIR"), "{fault:?}");
    assert_eq!(store.probe().await, Err(fault));
    // The folder may have been a mounted disk. The folder under its mount point must not be used for
    // recordings.
    assert!(!folder.path().exists());
}

#[tokio::test]
async fn what_stands_in_the_way_of_the_folder_is_said() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"not a folder").unwrap();
    let error = store_in(&file.join("objects")).ensure().await.unwrap_err();
    assert!(matches!(error, ObjectError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_corrupt_and_never_looks_whole() {
    let (folder, store) = stand().await;
    let key = new_key();
    put(&store, &key, &noise(3 * MIB, 4)).await;
    let object = store.get(&key, None).await.unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join(key.as_str()))
        .unwrap()
        .set_len(MIB as u64)
        .unwrap();
    let last = futures_util::StreamExt::collect::<Vec<_>>(object.content).await.pop().unwrap();
    let error = last.unwrap_err();
    assert!(
        matches!(error, ObjectError::Corrupt { expected, .. } if expected == 3 * MIB as u64),
        "{error:?}"
    );
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn only_parts_that_stopped_growing_long_ago_are_swept() {
    let (folder, store) = stand().await;
    let key = new_key();
    put(&store, &key, &noise(10, 5)).await;
    let parts = folder.path().join(".parts");
    for (name, hours) in [("old", 25), ("young", 23)] {
        let file = fs::File::create(parts.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
    }
    assert_eq!(store.sweep(Duration::from_secs(24 * 3600)).await.unwrap(), 1);
    assert_eq!(files_under(&parts), [parts.join("young")]);
    assert_eq!(read(&store, &key, None).await.unwrap().len(), 10);
}
