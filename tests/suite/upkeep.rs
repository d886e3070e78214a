//! What the house does by itself: nothing is kept for ever that nobody can reach.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use self_tests::stack::Setup;
use self_tests::{Person, Sound, Stack, eventually};
use uuid::Uuid;

/// A stack whose worker, once there is one, does nothing but keep order.
fn house() -> Setup {
    Stack::setup().workers(0).with("LANES", "maintenance=1")
}

/// Starts a worker, which finds that the house's jobs are due, and waits until it has done one.
async fn done(stack: &mut Stack, job: &str) {
    stack.start_worker();
    let done = format!("from jobs where kind = '{job}' and user_id is null and state = 'succeeded'");
    eventually("the house's job to be done", async || (stack.database.count(&done).await > 0).then_some(()))
        .await;
}

#[tokio::test]
async fn an_object_without_a_row_is_removed_once_it_is_a_day_old() {
    let mut stack = house().start().await;
    let person = Person::register(&stack).await;
    let kept = object(&stack, &person, person.upload(&Sound::short()).await.audio);
    // As an API leaves them that is killed between the object and its row.
    let folder = kept.parent().unwrap();
    let [old, young] = [25, 23].map(|hours| orphan(folder, hours));
    let somebodys = orphan(&stack.objects().join(format!("audio/{}", Uuid::now_v7())), 48);
    make_old(&kept, 48);

    done(&mut stack, "sweep_objects").await;
    assert!(!old.exists() && !somebodys.exists(), "what nobody can reach is still there");
    assert!(young.exists(), "what may get its row in a moment is gone");
    assert!(kept.exists(), "a recording is gone");
}

/// Where a recording of a person lies.
fn object(stack: &Stack, person: &Person, audio: Uuid) -> PathBuf {
    stack.objects().join(format!("audio/{}/{audio}", person.id))
}

fn orphan(folder: &Path, hours: u64) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(Uuid::now_v7().to_string());
    fs::write(&path, b"RIFF").unwrap();
    make_old(&path, hours);
    path
}

fn make_old(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}
