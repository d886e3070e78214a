//! The properties of every adapter.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use self_shared::domain::UserId;
use self_shared::objects::{ByteRange, KeyPrefix, ObjectError, ObjectKey, ObjectKind, ObjectStore};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    Stand,
    bodies::{KIB, MIB, NO_LIMIT, broken, chunked, endless, new_key, noise, put, read, sha256},
};

/// Runs every check on every adapter.
macro_rules! suite {
    ($($check:ident),+ $(,)?) => {
        mod on_files {
            $(#[tokio::test]
            async fn $check() {
                let stand = super::Stand::on_files().await;
                super::$check(stand.store.clone()).await;
            })+
        }
        mod on_s3 {
            $(#[tokio::test]
            async fn $check() {
                let stand = super::Stand::on_s3().await;
                super::$check(stand.store.clone()).await;
            })+
        }
        mod elsewhere {
            $(#[tokio::test]
            #[ignore = "wants SELF_TEST_S3_ENDPOINT; make test-s3"]
            async fn $check() {
                let stand = super::Stand::elsewhere().await;
                super::$check(stand.store.clone()).await;
            })+
        }
    };
}

suite! {
    what_is_put_is_got,
    an_empty_object_is_an_object,
    a_body_of_many_parts_keeps_every_byte,
    a_body_that_ends_where_a_part_ends_is_whole,
    every_range_yields_its_bytes,
    a_range_past_the_end_names_the_size,
    what_was_never_put_is_not_found,
    a_body_over_its_limit_leaves_nothing,
    a_body_as_long_as_its_limit_is_taken,
    a_body_that_breaks_off_leaves_nothing,
    a_failed_put_leaves_the_older_object,
    a_put_that_is_dropped_leaves_nothing,
    putting_again_replaces_the_object,
    of_puts_at_once_one_wins_whole,
    a_reader_keeps_what_it_began,
    deleting_twice_is_deleting_once,
    erasing_a_user_spares_the_others,
    what_a_killed_process_left_is_swept_when_it_is_old,
    everything_is_older_than_nothing_and_nothing_older_than_an_hour,
    ensuring_twice_is_ensuring_once,
    a_working_store_passes_its_probe,
}

async fn what_is_put_is_got(store: ObjectStore) {
    let (key, body) = (new_key(), noise(300 * KIB, 1));
    let stored = store.put(&key, chunked(&body), NO_LIMIT).await.unwrap();
    assert_eq!(stored.size_bytes, body.len() as u64);
    assert_eq!(stored.sha256, sha256(&body));
    assert_eq!(store.size(&key).await.unwrap(), body.len() as u64);
    assert!(read(&store, &key, None).await.unwrap() == body);
}

async fn an_empty_object_is_an_object(store: ObjectStore) {
    let key = new_key();
    let stored = store.put(&key, stream::empty::<Result<Bytes, Infallible>>(), NO_LIMIT).await.unwrap();
    assert_eq!((stored.size_bytes, stored.sha256), (0, sha256(b"")));
    assert_eq!(store.size(&key).await.unwrap(), 0);
    assert_eq!(read(&store, &key, None).await.unwrap().len(), 0);
    let error = store.get(&key, Some(ByteRange::from(0))).await.unwrap_err();
    assert!(matches!(error, ObjectError::OutOfRange { size: 0 }), "{error:?}");
}

async fn a_body_of_many_parts_keeps_every_byte(store: ObjectStore) {
    let (key, body) = (new_key(), noise(21 * MIB + 12_345, 2));
    let stored = store.put(&key, chunked(&body), NO_LIMIT).await.unwrap();
    assert_eq!((stored.size_bytes, stored.sha256), (body.len() as u64, sha256(&body)));
    assert_eq!(store.size(&key).await.unwrap(), body.len() as u64);
    assert!(read(&store, &key, None).await.unwrap() == body);
    assert_eq!(store.unfinished().await.unwrap(), 0);
}

async fn a_body_that_ends_where_a_part_ends_is_whole(store: ObjectStore) {
    for parts in [1, 2] {
        let (key, body) = (new_key(), noise(parts * 8 * MIB, 3));
        // In one chunk: the chunks of the sender do not decide how the body is cut into parts.
        let stored =
            store.put(&key, stream::iter([Ok::<_, Infallible>(body.clone())]), NO_LIMIT).await.unwrap();
        assert_eq!(stored.sha256, sha256(&body));
        assert!(read(&store, &key, None).await.unwrap() == body);
    }
}

async fn every_range_yields_its_bytes(store: ObjectStore) {
    let (key, body) = (new_key(), noise(9 * MIB, 4));
    put(&store, &key, &body).await;
    let size = body.len() as u64;
    let part = 8 * MIB as u64;
    for (offset, length, expected) in [
        (0, 1, 0..1),
        (0, size, 0..size),
        (0, u64::MAX, 0..size),
        (1, u64::MAX, 1..size),
        (size - 1, 1, size - 1..size),
        (size - 1, 100, size - 1..size),
        (part - 2, 4, part - 2..part + 2),
    ] {
        let object = store.get(&key, Some(ByteRange { offset, length })).await.unwrap();
        assert_eq!((object.size, &object.range), (size, &expected));
        let chunks: Vec<Bytes> = object.content.try_collect().await.unwrap();
        let (start, end) = (expected.start as usize, expected.end as usize);
        assert!(chunks.concat() == body[start..end], "{offset}+{length}");
    }
}

async fn a_range_past_the_end_names_the_size(store: ObjectStore) {
    let key = new_key();
    put(&store, &key, &noise(10, 5)).await;
    for (offset, length) in [(10, 1), (11, u64::MAX), (u64::MAX, 1), (u64::MAX, u64::MAX), (0, 0)] {
        let error = store.get(&key, Some(ByteRange { offset, length })).await.unwrap_err();
        assert!(matches!(error, ObjectError::OutOfRange { size: 10 }), "{offset}+{length}: {error:?}");
        assert!(!error.is_retryable());
    }
}

async fn assert_absent(store: &ObjectStore, key: &ObjectKey) {
    for range in [None, Some(ByteRange::from(0)), Some(ByteRange { offset: 0, length: 0 })] {
        let error = store.get(key, range).await.unwrap_err();
        assert!(matches!(error, ObjectError::NotFound), "{error:?}");
    }
    let error = store.size(key).await.unwrap_err();
    assert!(matches!(error, ObjectError::NotFound), "{error:?}");
}

async fn what_was_never_put_is_not_found(store: ObjectStore) {
    assert_absent(&store, &new_key()).await;
    // The same if the folder exists.
    let user = UserId(Uuid::now_v7());
    put(&store, &ObjectKey::audio(user, Uuid::now_v7()), &noise(1, 6)).await;
    assert_absent(&store, &ObjectKey::audio(user, Uuid::now_v7())).await;
}

async fn a_body_over_its_limit_leaves_nothing(store: ObjectStore) {
    for (size, limit) in [(1, 0), (1001, 1000), (20 * MIB, 20 * MIB as u64 - 1)] {
        let key = new_key();
        let error = store.put(&key, chunked(&noise(size, 7)), limit).await.unwrap_err();
        assert!(matches!(error, ObjectError::TooLarge { limit: named } if named == limit), "{error:?}");
        assert!(!error.is_retryable());
        assert_absent(&store, &key).await;
        assert_eq!(store.unfinished().await.unwrap(), 0);
    }
}

async fn a_body_as_long_as_its_limit_is_taken(store: ObjectStore) {
    let key = new_key();
    store.put(&key, chunked(&noise(1000, 8)), 1000).await.unwrap();
    assert_eq!(store.size(&key).await.unwrap(), 1000);
}

async fn a_body_that_breaks_off_leaves_nothing(store: ObjectStore) {
    for size in [0, 1000, 20 * MIB] {
        let key = new_key();
        let error = store.put(&key, broken(&noise(size, 9)), NO_LIMIT).await.unwrap_err();
        assert!(
            matches!(&error, ObjectError::Interrupted(cause) if cause.to_string().contains("tunnel")),
            "{error:?}"
        );
        assert!(error.is_retryable());
        assert_absent(&store, &key).await;
        assert_eq!(store.unfinished().await.unwrap(), 0);
    }
}

async fn a_failed_put_leaves_the_older_object(store: ObjectStore) {
    let (key, older) = (new_key(), noise(5000, 10));
    put(&store, &key, &older).await;
    store.put(&key, broken(&noise(20 * MIB, 11)), NO_LIMIT).await.unwrap_err();
    store.put(&key, chunked(&noise(20 * MIB, 11)), 19 * MIB as u64).await.unwrap_err();
    assert!(read(&store, &key, None).await.unwrap() == older);
}

async fn a_put_that_is_dropped_leaves_nothing(store: ObjectStore) {
    let key = new_key();
    let (read_up, mut was_read_up) = mpsc::channel(1);
    let upload = store.put(&key, endless(&noise(20 * MIB, 12), read_up), NO_LIMIT);
    tokio::select! {
        _ = upload => panic!("a body without an end was stored"),
        said = was_read_up.recv() => said.unwrap(),
    }
    // The clean-up continues without the caller.
    let clean = async { while store.unfinished().await.unwrap() > 0 {} };
    timeout(Duration::from_secs(20), clean).await.expect("parts stayed behind");
    assert_absent(&store, &key).await;
}

async fn putting_again_replaces_the_object(store: ObjectStore) {
    let key = new_key();
    for (size, seed) in [(9 * MIB, 13), (3000, 14), (3000, 14), (10 * MIB, 15)] {
        let body = noise(size, seed);
        let stored = store.put(&key, chunked(&body), NO_LIMIT).await.unwrap();
        assert_eq!(stored.size_bytes, size as u64);
        assert!(read(&store, &key, None).await.unwrap() == body);
    }
}

async fn of_puts_at_once_one_wins_whole(store: ObjectStore) {
    let key = new_key();
    let bodies: Vec<Bytes> =
        [9 * MIB, 200 * KIB, 17 * MIB, 0].into_iter().zip(16..).map(|(n, s)| noise(n, s)).collect();
    let puts = bodies.iter().map(|body| store.put(&key, chunked(body), NO_LIMIT));
    for (stored, body) in join_all(puts).await.into_iter().zip(&bodies) {
        assert_eq!(stored.unwrap().sha256, sha256(body));
    }
    let winner = read(&store, &key, None).await.unwrap();
    assert!(bodies.contains(&winner), "{} bytes that nobody put", winner.len());
    assert_eq!(store.unfinished().await.unwrap(), 0);
}

async fn a_reader_keeps_what_it_began(store: ObjectStore) {
    let (key, older) = (new_key(), noise(2 * MIB, 20));
    put(&store, &key, &older).await;
    let mut object = store.get(&key, None).await.unwrap();
    let mut seen = object.content.next().await.unwrap().unwrap().to_vec();
    put(&store, &key, &noise(MIB, 21)).await;
    store.delete(&key).await.unwrap();
    while let Some(chunk) = object.content.next().await {
        seen.extend_from_slice(&chunk.unwrap());
    }
    assert!(seen == older);
}

async fn deleting_twice_is_deleting_once(store: ObjectStore) {
    let key = new_key();
    put(&store, &key, &noise(10, 22)).await;
    store.delete(&key).await.unwrap();
    assert_absent(&store, &key).await;
    store.delete(&key).await.unwrap();
    store.delete(&new_key()).await.unwrap();
}

async fn erasing_a_user_spares_the_others(store: ObjectStore) {
    let (user, neighbour) = (UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    let keys: Vec<_> = (0..21).map(|_| ObjectKey::audio(user, Uuid::now_v7())).collect();
    let spared = ObjectKey::audio(neighbour, Uuid::now_v7());
    for key in keys.iter().chain([&spared]) {
        put(&store, key, &noise(10, 23)).await;
    }
    assert_eq!(store.delete_all(&KeyPrefix::audio(user)).await.unwrap(), 21);
    for key in &keys {
        assert_absent(&store, key).await;
    }
    assert_eq!(store.size(&spared).await.unwrap(), 10);
    assert_eq!(store.delete_all(&KeyPrefix::audio(user)).await.unwrap(), 0);
    // Objects of the user can be stored again.
    put(&store, &keys[0], &noise(10, 24)).await;
    assert_eq!(store.size(&keys[0]).await.unwrap(), 10);
}

async fn what_a_killed_process_left_is_swept_when_it_is_old(store: ObjectStore) {
    let key = new_key();
    let (read_up, mut was_read_up) = mpsc::channel(1);
    // The upload is not dropped and never ends: for the storage, it is the same as if its process died.
    let left = tokio::spawn({
        let (store, key) = (store.clone(), key.clone());
        async move { store.put(&key, endless(&noise(20 * MIB, 25), read_up), NO_LIMIT).await }
    });
    was_read_up.recv().await.unwrap();
    assert_eq!(store.unfinished().await.unwrap(), 1);
    assert_eq!(store.sweep(Duration::from_secs(3600)).await.unwrap(), 0, "it is young");
    assert_eq!(store.unfinished().await.unwrap(), 1);
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.unfinished().await.unwrap(), 0);
    assert_absent(&store, &key).await;
    left.abort();
}

async fn everything_is_older_than_nothing_and_nothing_older_than_an_hour(store: ObjectStore) {
    let older_than = async |seconds| -> Vec<ObjectKey> {
        let pages = store.older_than(ObjectKind::Audio, Duration::from_secs(seconds));
        pages.try_collect::<Vec<_>>().await.unwrap().concat()
    };
    assert_eq!(older_than(0).await, []);
    let mut keys: Vec<_> = (0..3).map(|_| new_key()).collect();
    for key in &keys {
        put(&store, key, &noise(10, 27)).await;
    }
    let mut found = older_than(0).await;
    found.sort();
    keys.sort();
    assert_eq!(found, keys);
    assert_eq!(older_than(3600).await, []);
}

async fn ensuring_twice_is_ensuring_once(store: ObjectStore) {
    let key = new_key();
    put(&store, &key, &noise(10, 26)).await;
    store.ensure().await.unwrap();
    assert_eq!(store.size(&key).await.unwrap(), 10);
}

async fn a_working_store_passes_its_probe(store: ObjectStore) {
    assert_eq!(store.probe().await, Ok(()));
    assert_eq!(store.unfinished().await.unwrap(), 0);
}
