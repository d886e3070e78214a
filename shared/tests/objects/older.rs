//! Tests of `older_than`, with adapters in which a test can change the age of objects.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use self_shared::domain::UserId;
use self_shared::objects::{ObjectKey, ObjectKind, ObjectStore};
use uuid::Uuid;

use crate::{
    Stand,
    bodies::{new_key, noise, put},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The keys that are older than a day, page by page.
async fn old(store: &ObjectStore) -> Vec<Vec<ObjectKey>> {
    store.older_than(ObjectKind::Audio, DAY).try_collect().await.unwrap()
}

/// All keys of all pages; checks that none occurs twice.
fn heap(pages: Vec<Vec<ObjectKey>>) -> BTreeSet<ObjectKey> {
    let keys = pages.concat();
    let heap: BTreeSet<_> = keys.iter().cloned().collect();
    assert_eq!(heap.len(), keys.len(), "a key is listed twice");
    heap
}

impl Stand {
    /// The path of an object: below the folder of the store, or of its bucket.
    fn path(&self, key: &ObjectKey) -> PathBuf {
        let stores = fs::read_dir(self.folder.as_ref().unwrap().path()).unwrap();
        stores.map(|store| store.unwrap().path().join(key.as_str())).find(|path| path.exists()).unwrap()
    }

    fn make_old(&self, key: &ObjectKey, hours: u64) {
        age(&self.path(key), hours);
    }
}

fn age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

/// Objects of several people, of which every third is young.
async fn only_what_is_old_is_listed(stand: &Stand) {
    let mut expected = BTreeSet::new();
    for _ in 0..4 {
        let user = UserId(Uuid::now_v7());
        for number in 0..6 {
            let key = ObjectKey::audio(user, Uuid::now_v7());
            put(&stand.store, &key, &noise(10, number)).await;
            if number % 3 == 0 {
                stand.make_old(&key, 23);
            } else {
                stand.make_old(&key, 25);
                expected.insert(key);
            }
        }
    }
    assert_eq!(heap(old(&stand.store).await), expected);
    for key in &expected {
        stand.store.delete(key).await.unwrap();
    }
    assert_eq!(heap(old(&stand.store).await), BTreeSet::new());
}

#[tokio::test]
async fn only_what_is_old_is_listed_of_files() {
    only_what_is_old_is_listed(&Stand::on_files().await).await;
}

#[tokio::test]
async fn only_what_is_old_is_listed_of_s3_from_all_pages() {
    let stand = Stand::on_s3().await;
    only_what_is_old_is_listed(&stand).await;
    for _ in 0..9 {
        let key = new_key();
        put(&stand.store, &key, &noise(10, 1)).await;
        stand.make_old(&key, 25);
    }
    let pages = old(&stand.store).await;
    assert!(pages.len() > 2, "{} pages", pages.len());
    assert_eq!(heap(pages).len(), 9);
}

#[tokio::test]
async fn a_folder_of_more_files_than_a_page_has_is_listed_page_by_page() {
    const FILES: usize = 2300;
    let stand = Stand::on_files().await;
    let first = new_key();
    put(&stand.store, &first, &noise(10, 1)).await;
    stand.make_old(&first, 25);
    let folder = stand.path(&first).parent().unwrap().to_owned();
    for _ in 1..FILES {
        let path = folder.join(Uuid::now_v7().to_string());
        fs::write(&path, b"").unwrap();
        age(&path, 25);
    }
    // Files of other programs are ignored.
    for stranger in ["README.md", ".hidden"] {
        fs::write(folder.join(stranger), b"").unwrap();
        age(&folder.join(stranger), 25);
    }
    fs::create_dir(folder.join("a-folder")).unwrap();
    fs::write(folder.parent().unwrap().join("a-file"), b"").unwrap();
    let pages = old(&stand.store).await;
    assert!(pages.len() > 2, "{} pages", pages.len());
    assert!(pages.iter().all(|page| page.len() <= 1000));
    assert_eq!(heap(pages).len(), FILES);
}

#[tokio::test]
async fn where_nothing_was_stored_nothing_is_old() {
    let stand = Stand::on_files().await;
    assert_eq!(old(&stand.store).await, Vec::<Vec<ObjectKey>>::new());
}
