//! Exports whose worker or whose contents change while the archive is written.

use std::fs::{self, File};
use std::path::Path;

use self_tests::{Person, Sound, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{archives, asks, delete, exported, folder_of, parsed, unpacked};
use crate::crashes::{Held, hold_object};

/// A person with two recordings; a worker is blocked at the second.
async fn stuck(stack: &Stack) -> (Person, Held, String, Uuid) {
    let person = Person::register(stack).await;
    person.upload(&Sound::recording("two_cities.wav")).await;
    let second = person.upload(&Sound::short()).await;
    let held = hold_object(stack, second.audio).await;
    let (export, job) = asks(&person).await;
    (person, held, export, job)
}

/// Waits until the first recording is in the archive.
async fn in_the_middle(person: &Person, job: Uuid, attempt: i32) {
    eventually("the export to be in the middle", async || {
        let job = person.job(job).await;
        let copied = job["bytes_done"].as_u64()? > 4_000_000;
        (job["state"] == "running" && job["attempt"] == attempt && copied).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_of_an_export_costs_only_time() {
    let mut stack =
        Stack::setup().workers(0).with("LANES", "exports=1").with("LEASE_SECONDS", 2).start().await;
    let (person, held, export, job) = stuck(&stack).await;
    stack.start_worker();
    in_the_middle(&person, job, 1).await;
    stack.workers[0].kill();
    assert_eq!(archives(&stack, &person), 0, "half an archive is visible");
    held.release().await;

    stack.start_worker();
    let ended = person.success(job).await;
    assert_eq!(ended["attempt"], 2, "{ended}");
    let files = unpacked(&person.get(&format!("{export}/content")).await.body);
    assert!(files.values().any(|file| *file == Sound::recording("two_cities.wav").bytes));
    assert!(files.values().any(|file| *file == Sound::short().bytes));
    assert_eq!(archives(&stack, &person), 1);
}

#[tokio::test]
async fn an_export_that_is_cancelled_stops_in_the_middle_and_leaves_nothing() {
    let stack = Stack::setup().with("LANES", "exports=1").start().await;
    let (person, held, export, job) = stuck(&stack).await;
    in_the_middle(&person, job, 1).await;
    person.post(&format!("/api/v1/jobs/{job}/cancel"), &json!({})).await.good();
    assert_eq!(person.ending(job).await["state"], "cancelled");
    assert_eq!(person.get(&export).await.good()["state"], "cancelled");
    assert_eq!(archives(&stack, &person), 0);

    // The retried export is deleted while it is blocked at the same recording.
    person.post(&format!("/api/v1/jobs/{job}/retry"), &json!({})).await.good();
    in_the_middle(&person, job, 2).await;
    assert_eq!(delete(&person, &export).await.status, 204);
    assert_eq!(person.ending(job).await["state"], "cancelled");
    assert_eq!(person.get(&export).await.refused(), (404, "not_found".to_owned()));

    // Without its export, the job cannot be retried.
    held.release().await;
    person.post(&format!("/api/v1/jobs/{job}/retry"), &json!({})).await.good();
    assert_eq!(person.ending(job).await["state"], "cancelled");
    assert_eq!(archives(&stack, &person), 0);
}

#[tokio::test]
async fn a_recording_that_was_lost_does_not_keep_the_rest_from_being_exported() {
    let stack = Stack::setup().with("LANES", "exports=1").start().await;
    let person = Person::register(&stack).await;
    let (lost, kept) = (person.upload(&Sound::short()).await, person.upload(&Sound::silence(1)).await);
    fs::remove_file(stack.objects().join(format!("audio/{}/{}", person.id, lost.audio))).unwrap();
    let files = unpacked(&exported(&person).await);
    let audio = |conversation: Uuid| {
        let folder = folder_of(&files, conversation);
        parsed(&files, &format!("{folder}/conversation.json"))["audio"][0].clone()
    };
    assert_eq!(audio(lost.conversation)["file"], Value::Null);
    assert_eq!(audio(kept.conversation)["file"], "audio/1-silence.wav");
}

#[tokio::test]
async fn archives_are_erased_with_whom_they_are_of() {
    let stack = Stack::setup().with("LANES", "exports=1,maintenance=1").start().await;
    let person = Person::register(&stack).await;
    person.upload(&Sound::short()).await;
    exported(&person).await;
    assert_eq!(archives(&stack, &person), 1);
    let accepted = person.post("/api/v1/users/me/erase", &json!({"password": person.password})).await;
    let receipt = accepted.header("location").to_owned();
    let nobody = Person { access_token: String::new(), ..person.clone() };
    let erased = eventually("the erasure to be complete", async || {
        let erasure = nobody.get(&receipt).await.good();
        erasure["completed_at"].is_string().then_some(erasure)
    })
    .await;
    assert_eq!(erased["objects_erased"], 2, "recording and archive");
    assert_eq!(archives(&stack, &person), 0);
    assert_eq!(stack.database.count("from exports").await, 0);
}

#[tokio::test]
async fn memory_does_not_grow_with_what_is_exported() {
    const SIZE: u64 = 512 * 1024 * 1024;
    let stack = Stack::setup().with("LANES", "exports=1").start().await;
    let person = Person::register(&stack).await;
    exported(&person).await;
    let worker = Path::new("/proc").join(stack.workers[0].id().to_string());
    fs::write(worker.join("clear_refs"), "5").unwrap();
    let before = mib(&worker, "VmRSS");

    // A recording of half a gibibyte, most of it a hole in a sparse file.
    let audio = person.upload(&Sound::short()).await.audio;
    let object =
        File::options().write(true).open(stack.objects().join(format!("audio/{}/{audio}", person.id)));
    object.unwrap().set_len(SIZE).unwrap();
    stack.database.run(&format!("update audio set size_bytes = {SIZE} where id = '{audio}'")).await;
    let (export, job) = asks(&person).await;
    person.success(job).await;
    let size = person.get(&export).await.good()["size_bytes"].as_u64().unwrap();
    assert!(size > SIZE, "{size} bytes are not all of it");
    let grown = mib(&worker, "VmHWM") - before;
    assert!(grown <= 24, "it took {grown} MiB above the {before} MiB before");
}

/// A value of `/proc/<pid>/status`, in MiB.
fn mib(process: &Path, field: &str) -> u64 {
    let status = fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
