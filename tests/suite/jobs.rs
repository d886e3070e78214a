//! Jobs for people: list, cancel, retry, and fair shares.

use std::collections::BTreeSet;

use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Sound, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::crashes::{Held, hold_object};

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once_and_can_be_tried_again() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let job = person.upload(&Sound::short()).await.job;
    let mut socket = Socket::open(&person).await;
    socket.join(&format!("job:{job}"), None).await;

    assert_eq!(act(&person, job, "cancel").await.good()["state"], "cancelled");
    let heard = socket.hear_until("the event", |frame| frame["type"] == "job_update").await;
    assert_eq!(heard.last().unwrap()["data"]["state"], "cancelled");
    assert_eq!(act(&person, job, "cancel").await.refused(), (409, "job_ended".to_owned()));

    let again = act(&person, job, "retry").await.good();
    assert_eq!((&again["state"], &again["cancel_requested"]), (&"queued".into(), &false.into()));
    assert_eq!(act(&person, job, "retry").await.refused(), (409, "job_not_retryable".to_owned()));
}

#[tokio::test]
async fn a_running_job_that_is_cancelled_stops_and_leaves_what_it_had() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let long = person.upload(&Sound::recording("two_cities.wav").repeated(8)).await;
    let mut socket = Socket::open(&person).await;
    socket.join(&format!("job:{}", long.job), None).await;
    let begun = |frame: &Value| frame["data"]["audio_done_ms"].as_u64().is_some_and(|done| done > 0);
    socket.hear_until("the first words", begun).await;

    assert_eq!(act(&person, long.job, "cancel").await.good()["cancel_requested"], true);
    let ended = person.ending(long.job).await;
    assert_eq!(ended["state"], "cancelled", "{ended}");
    let (done, total) = (ended["audio_done_ms"].as_u64().unwrap(), ended["audio_total_ms"].as_u64().unwrap());
    assert!(done < total, "{ended}");
    let transcription = person.transcription(id_of(&ended["transcription_id"])).await;
    assert!(transcription["completed_at"].is_null(), "{transcription}");
    // The worker continues with the next job.
    let short = person.upload(&Sound::short()).await.job;
    person.success(short).await;
    assert_eq!(act(&person, short, "cancel").await.refused(), (409, "job_ended".to_owned()));
    assert_eq!(act(&person, short, "retry").await.refused(), (409, "job_not_retryable".to_owned()));

    // A retry continues after the saved segments, and no segment is there twice.
    let saved = transcription["segments"].as_array().unwrap().len();
    act(&person, long.job, "retry").await.good();
    let done = person.success(long.job).await;
    let whole = person.transcription(id_of(&done["transcription_id"])).await;
    let segments = whole["segments"].as_array().unwrap();
    assert!(segments.len() > saved);
    assert_eq!(segments[..saved], transcription["segments"].as_array().unwrap()[..]);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_newest_first() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(person.upload(&Sound::short().anew()).await);
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = person.get(&format!("/api/v1/jobs?limit=2{cursor}")).await.good();
        seen.extend(page["items"].as_array().unwrap().iter().map(|job| id_of(&job["id"])));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest_first: Vec<Uuid> = sent.iter().rev().map(|sent| sent.job).collect();
    assert_eq!((seen, pages), (newest_first, 3));

    let about = person.get(&format!("/api/v1/jobs?audio_id={}", sent[1].audio)).await.good();
    assert_eq!(about["items"][0]["id"], sent[1].job.to_string());
    assert_eq!(about["items"].as_array().unwrap().len(), 1);
    act(&person, sent[2].job, "cancel").await.good();
    let cancelled = person.get("/api/v1/jobs?state=cancelled&kind=transcribe_audio").await.good();
    assert_eq!(cancelled["items"].as_array().unwrap().len(), 1);
    assert_eq!(cancelled["items"][0]["id"], sent[2].job.to_string());

    let text = json!({"segments": [{"start_ms": 0, "end_ms": 900, "text": "Nothing was recorded."}]});
    let read = id_of(&person.post("/api/v1/conversations", &text).await.good()["job"]["id"]);
    let of_lane = async |lane: &str| {
        let page = person.get(&format!("/api/v1/jobs?lane={lane}")).await.good();
        page["items"].as_array().unwrap().iter().map(|job| id_of(&job["id"])).collect::<Vec<_>>()
    };
    assert_eq!(of_lane("text").await, [read]);
    assert_eq!(of_lane("audio").await, sent.iter().rev().map(|sent| sent.job).collect::<Vec<_>>());
    assert!(of_lane("files").await.is_empty());
}

#[tokio::test]
async fn a_job_that_was_cancelled_is_not_queued_again_when_its_worker_stops() {
    let mut stack =
        Stack::setup().workers(0).with("LANES", "audio=1").with("LEASE_SECONDS", 120).start().await;
    let person = Person::register(&stack).await;
    let (job, held) = cancelled_under_way(&mut stack, &person).await;
    // The next heartbeat is half a minute away, so the worker does not know of the cancellation.
    stack.workers[0].terminate();
    assert!(stack.workers[0].end().await.success());
    let stopped = person.job(job).await;
    assert_eq!((&stopped["state"], &stopped["attempt"]), (&"cancelled".into(), &1.into()), "{stopped}");
    assert!(stopped["finished_at"].is_string() && stopped["stage"].is_null(), "{stopped}");
    held.release().await;
}

#[tokio::test]
async fn a_job_that_was_cancelled_is_not_tried_again_when_something_around_it_breaks() {
    let mut stack =
        Stack::setup().workers(0).with("LANES", "audio=1").with("LEASE_SECONDS", 120).start().await;
    let person = Person::register(&stack).await;
    let (job, held) = cancelled_under_way(&mut stack, &person).await;
    // The opened object is not seekable, which is a fault of the storage.
    let pipe = stack.objects().join(format!(
        "audio/{}/{}",
        person.id,
        person.job(job).await["audio_id"].as_str().unwrap()
    ));
    drop(std::fs::File::options().write(true).open(pipe).unwrap());
    let stopped = person.ending(job).await;
    assert_eq!((&stopped["state"], &stopped["attempt"]), (&"cancelled".into(), &1.into()), "{stopped}");
    held.release().await;
    // A retry on request succeeds.
    act(&person, job, "retry").await.good();
    person.success(job).await;
}

/// A running job that is blocked at its recording, and for which a cancellation was requested.
async fn cancelled_under_way(stack: &mut Stack, person: &Person) -> (Uuid, Held) {
    let accepted = person.upload(&Sound::short()).await;
    let held = hold_object(stack, accepted.audio).await;
    stack.start_worker();
    eventually("the worker to fetch", async || {
        (person.job(accepted.job).await["stage"] == "fetch").then_some(())
    })
    .await;
    let asked = act(person, accepted.job, "cancel").await.good();
    assert_eq!((&asked["state"], &asked["cancel_requested"]), (&"running".into(), &true.into()), "{asked}");
    (accepted.job, held)
}

#[tokio::test]
async fn whoever_asks_sees_no_less_than_whoever_listens() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let job = person.upload(&Sound::recording("two_cities.wav").repeated(6)).await.job;
    let mut socket = Socket::open(&person).await;
    socket.join(&format!("job:{job}"), None).await;
    let mut compared = 0;
    loop {
        let told = socket.hear().await.unwrap();
        if told["data"]["state"] == "succeeded" {
            break;
        }
        if told["type"] != "job_progress" {
            continue;
        }
        let asked = person.job(job).await;
        let told = &told["data"];
        for figure in ["percent", "audio_done_ms"] {
            assert!(
                asked[figure].as_f64().unwrap() >= told[figure].as_f64().unwrap(),
                "{figure}: {asked} {told}"
            );
        }
        assert!(told["audio_total_ms"].is_null() || asked["audio_total_ms"].is_u64(), "{asked} {told}");
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} events on the way");
}

#[tokio::test]
async fn events_have_the_place_in_the_queue() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    for place in 0..3 {
        let job = person.upload(&Sound::short().anew()).await.job;
        let heard = socket.hear_until("the job", |frame| frame["data"]["id"] == job.to_string()).await;
        let told = &heard.last().unwrap()["data"];
        assert_eq!(told["place_in_queue"], place, "{told}");
        assert_eq!(told["place_in_queue"], person.job(job).await["place_in_queue"]);
    }
}

#[tokio::test]
async fn places_in_the_queue_are_dealt_out_in_turns() {
    let stack = Stack::without_worker().await;
    let (busy, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let mut theirs = Vec::new();
    for _ in 0..6 {
        theirs.push(busy.upload(&Sound::short().anew()).await.job);
    }
    let one = stranger.upload(&Sound::short()).await.job;
    let place = async |person: &Person, job: Uuid| person.job(job).await["place_in_queue"].as_u64().unwrap();
    assert!(place(&stranger, one).await <= 1, "behind more than one job of somebody else");
    let mut places = BTreeSet::from([place(&stranger, one).await]);
    for job in theirs {
        places.insert(place(&busy, job).await);
    }
    assert_eq!(places, (0..7).collect());
}

#[tokio::test]
async fn three_hundred_jobs_of_one_person_delay_another_by_one() {
    let stack = Stack::setup().workers(0).with("LANES", "audio=1").start().await;
    let (busy, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let first = busy.upload(&Sound::silence(1)).await;
    multiply(&stack, first.job, 299).await;
    let one = stranger.upload(&Sound::silence(1)).await.job;

    let mut stack = stack;
    stack.start_worker();
    stranger.success(one).await;
    let before = "from jobs where started_at < (select min(started_at) from jobs j where j.user_id = ";
    let before = stack.database.count(&format!("{before}'{}')", stranger.id)).await;
    assert!(before <= 1, "{before} jobs of another person came first");
}

#[tokio::test]
async fn twenty_thousand_jobs_that_found_no_worker_all_end_once_there_is_one() {
    const JOBS: i64 = 20_000;
    let mut stack = Stack::setup().workers(0).with("LANES", "maintenance=8").start().await;
    stack
        .database
        .run(&format!(
            "insert into jobs (id, kind, lane, payload)
             select gen_random_uuid(), 'sweep_objects', 'maintenance', '{{}}' from generate_series(1, {JOBS})"
        ))
        .await;
    stack.start_worker();
    self_tests::waiting::within(std::time::Duration::from_secs(1_200), "20,000 endings", async || {
        (stack.database.count("from jobs where state <> 'succeeded'").await == 0).then_some(())
    })
    .await;
    assert!(stack.database.count("from jobs").await >= JOBS);
    assert_eq!(stack.database.count("from jobs where attempt <> 1").await, 0, "some were started twice");
}

/// Cancels or retries a job.
async fn act(person: &Person, job: Uuid, what: &str) -> Answer {
    person.post(&format!("/api/v1/jobs/{job}/{what}"), &json!({})).await
}

/// Copies a queued job this many times, each with its own transcription.
async fn multiply(stack: &Stack, job: Uuid, times: u32) {
    stack
        .database
        .run(&format!(
            "with copies as materialized (
                 select jobs.*, gen_random_uuid() as copy, gen_random_uuid() as fills
                 from jobs, generate_series(1, {times}) where id = '{job}'),
             filled as (
                 insert into transcriptions (id, user_id, conversation_id, audio_id)
                 select fills, user_id, (payload ->> 'conversation_id')::uuid, (payload ->> 'audio_id')::uuid
                 from copies)
             insert into jobs (id, kind, lane, payload, user_id, subject_id)
             select copy, kind, lane, jsonb_set(payload, '{{transcription_id}}', to_jsonb(fills)), user_id, subject_id
             from copies"
        ))
        .await;
}
