//! Measures the memory for storing and reading a large object. Runs alone in its process, since it reads the
//! peak of the process: `cargo test -p self-shared --test objects -- --ignored --nocapture memory`.

use std::{convert::Infallible, fs, time::Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::{
    Stand,
    bodies::{KIB, MIB, NO_LIMIT, new_key, noise},
};

const SIZE: usize = 1024 * MIB;
const MOST: u64 = 24;

#[tokio::test]
#[ignore = "measures; run it alone"]
async fn memory_on_files_stays_below_24_mib() {
    check(Stand::on_files().await).await;
}

/// The server should be another process, since otherwise its memory is counted, too.
#[tokio::test]
#[ignore = "measures against SELF_TEST_S3_ENDPOINT; run it alone"]
async fn memory_on_s3_stays_below_24_mib() {
    check(Stand::elsewhere().await).await;
}

async fn check(stand: Stand) {
    let (store, key) = (stand.store, new_key());
    let chunk = noise(64 * KIB, 1);
    // The first request allocates memory that stays, whatever the size of the object.
    store.put(&key, stream::iter([Ok::<_, Infallible>(chunk.clone())]), NO_LIMIT).await.unwrap();

    let before = mib("VmRSS");
    reset_peak();
    let began = Instant::now();
    // The chunks are made when they are requested, as a socket would do.
    let body = stream::repeat_with(move || Ok::<_, Infallible>(Bytes::copy_from_slice(&chunk)))
        .take(SIZE / (64 * KIB));
    store.put(&key, body, NO_LIMIT).await.unwrap();
    let (written, took) = (mib("VmHWM") - before, began.elapsed());
    println!("put: 1 GiB in {took:.1?}, {written} MiB above the {before} MiB before");

    let before = mib("VmRSS");
    reset_peak();
    let began = Instant::now();
    let mut object = store.get(&key, None).await.unwrap();
    let mut size = 0;
    while let Some(chunk) = object.content.next().await {
        size += chunk.unwrap().len();
    }
    let (read, took) = (mib("VmHWM") - before, began.elapsed());
    println!("get: 1 GiB in {took:.1?}, {read} MiB above the {before} MiB before");
    store.delete(&key).await.unwrap();

    assert_eq!(size, SIZE);
    assert!(written <= MOST && read <= MOST, "put took {written} MiB, get {read} MiB");
}

/// A value of `/proc/self/status`, in MiB.
fn mib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}

/// Resets `VmHWM` (proc(5), `clear_refs`).
fn reset_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}
