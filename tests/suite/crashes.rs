//! Workers that are killed, frozen and stopped, at each step of processing a recording.

use std::path::PathBuf;
use std::time::Duration;

use self_tests::database::Hold;
use self_tests::person::{Accepted, id_of, said};
use self_tests::{Person, Sound, Stack, eventually, waiting};
use serde_json::{Value, json};
use uuid::Uuid;

/// The step at which a worker is killed.
#[derive(Clone, Copy, Debug)]
enum Step {
    Fetch,
    Decode,
    Transcribe,
    Extract,
    Embed,
    Save,
}

impl Step {
    /// How many times 44 seconds of sound are needed to observe the worker at this step.
    fn lengths(self) -> usize {
        match self {
            // More than all buffers between the decoder and the transcriber can hold.
            Self::Decode => 12,
            _ => 2,
        }
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_fetches_costs_only_time() {
    killed_at(Step::Fetch).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_decodes_costs_only_time() {
    killed_at(Step::Decode).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_transcribes_costs_only_time() {
    killed_at(Step::Transcribe).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_looks_for_names_costs_only_time() {
    killed_at(Step::Extract).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_embeds_costs_only_time() {
    killed_at(Step::Embed).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_saves_costs_only_time() {
    killed_at(Step::Save).await;
}

/// Kills the worker at a step; another worker completes the job without duplicates.
async fn killed_at(step: Step) {
    let mut stack = Stack::setup().workers(0).with("LANES", "audio=1").with("LEASE_SECONDS", 2).start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav").repeated(step.lengths())).await;
    let job = accepted.job;
    let transcription = id_of(&person.job(job).await["transcription_id"]);

    let held = prepare(&stack, step, accepted, transcription).await;
    stack.start_worker();
    reached(&stack, step, job).await;
    stack.workers[0].kill();
    assert_eq!(person.job(job).await["state"], "running", "killed too late to see anything of it");
    held.release().await;

    stack.start_worker();
    let ended = person.success(job).await;
    assert_eq!(ended["attempt"], 2, "{ended}");
    it_happened_once(&stack, &person, accepted).await;
}

/// A resource that blocks a worker at a step.
pub(crate) enum Held {
    File { real: PathBuf, aside: PathBuf },
    Table(Hold),
    Nothing,
}

impl Held {
    pub(crate) async fn release(self) {
        match self {
            Self::File { real, aside } => std::fs::rename(aside, real).unwrap(),
            Self::Table(hold) => hold.release().await,
            Self::Nothing => {}
        }
    }
}

async fn prepare(stack: &Stack, step: Step, accepted: Accepted, transcription: Uuid) -> Held {
    match step {
        Step::Fetch => hold_object(stack, accepted.audio).await,
        // When segments cannot be saved, transcription stops, and the decoder is blocked.
        Step::Decode | Step::Transcribe => Held::Table(stack.database.hold("segments").await),
        // The transcript is complete already, and so long that extraction takes a while.
        Step::Extract | Step::Embed => {
            stack.database.run(&format!("
                insert into segments (id, user_id, conversation_id, transcription_id, position, start_ms, end_ms, text)
                select gen_random_uuid(), t.user_id, t.conversation_id, t.id, n, n * 6000, n * 6000 + 5000,
                       format('On day %s Ada Lovelace told Charles Babbage in London about the engine number %s, and why it would need neither steam nor a king to find its way.', n, n)
                from transcriptions t, generate_series(0, 399) n where t.id = '{transcription}';
                update transcriptions set transcribed_ms = 2400000, duration_ms = 2400000, model = 'm', model_version = '1'
                where id = '{transcription}'"))
                .await;
            Held::Nothing
        }
        Step::Save => Held::Table(stack.database.hold("mentions, conversation_embeddings").await),
    }
}

/// Replaces the file of a recording by a pipe, which blocks its reader.
pub(crate) async fn hold_object(stack: &Stack, audio: Uuid) -> Held {
    let key: String =
        stack.database.value(&format!("select object_key from audio where id = '{audio}'")).await.unwrap();
    let real = stack.objects().join(key);
    let aside = real.with_extension("aside");
    std::fs::rename(&real, &aside).unwrap();
    let (mode, pipe) = (rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, rustix::fs::FileType::Fifo);
    rustix::fs::mknodat(rustix::fs::CWD, &real, pipe, mode, 0).unwrap();
    Held::File { real, aside }
}

/// Waits until the worker is at the step.
async fn reached(stack: &Stack, step: Step, job: Uuid) {
    eventually(&format!("the worker to be at {step:?}"), async || {
        let database = &stack.database;
        let there = match step {
            Step::Fetch => state(stack, job).await == "running",
            Step::Decode => !children(stack.workers[0].id()).is_empty(),
            Step::Transcribe => database.somebody_waits_for("segments").await,
            Step::Extract => state(stack, job).await == "running",
            Step::Embed => {
                let stage: Option<String> =
                    database.value(&format!("select stage from jobs where id = '{job}'")).await;
                stage.as_deref() == Some("embed")
            }
            Step::Save => {
                database.somebody_waits_for("mentions").await
                    || database.somebody_waits_for("conversation_embeddings").await
            }
        };
        there.then_some(())
    })
    .await;
}

/// Checks the result after any failure: everything is there, nothing is there twice, and all events were
/// sent.
pub(crate) async fn it_happened_once(stack: &Stack, person: &Person, accepted: Accepted) {
    let job = person.job(accepted.job).await;
    assert_eq!((&job["state"], &job["percent"]), (&"succeeded".into(), &100.0.into()), "{job}");
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    assert!(transcription["completed_at"].is_string(), "{transcription}");
    let id = transcription["id"].as_str().unwrap();
    let database = &stack.database;
    let of = format!("where transcription_id = '{id}'");

    let segments = transcription["segments"].as_array().unwrap();
    assert_eq!(database.count(&format!("from segments {of}")).await, segments.len() as i64);
    let starts: Vec<i64> = segments.iter().map(|segment| segment["start_ms"].as_i64().unwrap()).collect();
    assert!(starts.is_sorted(), "{starts:?}");
    let doubled = |table: &str, what: &str| {
        format!("from (select {what} from {table} {of} group by {what} having count(*) > 1) doubled")
    };
    for (table, what) in [
        ("segments", "start_ms"),
        ("mentions", "segment_id, start_char, end_char"),
        ("conversation_embeddings", "position"),
    ] {
        assert_eq!(database.count(&doubled(table, what)).await, 0, "{table} twice");
    }
    let told = |what: &str| format!("from events where user_id = '{}' and {what}", person.id);
    let ended = told(&format!(
        "kind = 'job_update' and data ->> 'id' = '{}' and data ->> 'state' = 'succeeded'",
        accepted.job
    ));
    assert_eq!(database.count(&ended).await, 1, "its success was not told once");
    let completed = told(&format!(
        "kind = 'transcription_update' and data ->> 'transcription_id' = '{id}' and data ->> 'completed_at' is not null"
    ));
    assert_eq!(database.count(&completed).await, 1, "its completion was not told once");
    let numbers = "from (select seq - row_number() over (order by seq) as off from events where user_id = ";
    assert_eq!(
        database.count(&format!("{numbers}'{}') numbers where off <> 0", person.id)).await,
        0,
        "a gap in the numbers of events"
    );
}

#[tokio::test]
async fn what_a_killed_worker_had_saved_is_not_done_again() {
    let mut stack = Stack::setup().with("LANES", "audio=1").with("LEASE_SECONDS", 2).start().await;
    let person = Person::register(&stack).await;
    let sound = Sound::recording("two_cities.wav").repeated(4);
    let undisturbed = said(&person.transcribe(&sound.anew()).await);

    let accepted = person.upload(&sound).await;
    let transcription = id_of(&person.job(accepted.job).await["transcription_id"]);
    saved_some(&stack, transcription).await;
    stack.workers[0].kill();
    let before = person.transcription(transcription).await;
    let saved = before["segments"].as_array().unwrap();
    stack.start_worker();
    person.success(accepted.job).await;
    it_happened_once(&stack, &person, accepted).await;
    let after = person.transcription(transcription).await;
    assert_eq!(
        saved[..],
        after["segments"].as_array().unwrap()[..saved.len()],
        "what was saved was done again"
    );
    let different = self_tests::words::error_rate(&undisturbed, &said(&after));
    assert!(different <= 0.02, "{different} of the words differ from an undisturbed run");
}

#[tokio::test]
async fn a_worker_that_was_frozen_past_its_lease_writes_nothing_when_it_thaws() {
    let mut stack = Stack::setup().with("LANES", "audio=1").with("LEASE_SECONDS", 2).start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav").repeated(6)).await;
    let transcription = id_of(&person.job(accepted.job).await["transcription_id"]);
    saved_some(&stack, transcription).await;
    stack.workers[0].freeze();

    stack.start_worker();
    let ended = person.success(accepted.job).await;
    assert_eq!(ended["attempt"], 2, "{ended}");
    let whole = person.transcription(transcription).await;
    stack.workers[1].terminate();
    stack.workers[1].end().await;

    stack.workers[0].thaw();
    eventually("the worker to notice", async || {
        stack.workers[0].log().contains("lease was lost").then_some(())
    })
    .await;
    // The worker continues, and the data that was written in the meantime stays.
    person.transcribe(&Sound::short()).await;
    assert_eq!(person.transcription(transcription).await, whole);
    it_happened_once(&stack, &person, accepted).await;
}

#[tokio::test]
async fn a_worker_that_was_frozen_while_it_saved_does_not_keep_the_job() {
    let mut stack = Stack::setup().workers(0).with("LANES", "audio=1").with("LEASE_SECONDS", 2).start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::short()).await;
    let hold = stack.database.hold("segments").await;
    stack.start_worker();
    eventually("the worker to save", async || {
        stack.database.somebody_waits_for("segments").await.then_some(())
    })
    .await;
    stack.workers[0].freeze();
    hold.release().await;

    stack.start_worker();
    let ended = person.success(accepted.job).await;
    assert_eq!(ended["attempt"], 2, "{ended}");
    stack.workers[0].thaw();
    person.transcribe(&Sound::short().anew()).await;
    it_happened_once(&stack, &person, accepted).await;
}

#[tokio::test]
async fn a_job_whose_worker_dies_three_times_is_dead_and_its_neighbours_are_unharmed() {
    let mut stack = Stack::setup().workers(0).with("LANES", "audio=1").with("LEASE_SECONDS", 1).start().await;
    let (person, neighbour) = (Person::register(&stack).await, Person::register(&stack).await);
    let accepted = person.upload(&Sound::short()).await;
    let held = hold_object(&stack, accepted.audio).await;
    for death in 1..=3 {
        let worker = stack.start_worker();
        eventually("the job to run", async || {
            let job = person.job(accepted.job).await;
            (job["state"] == "running" && job["attempt"] == death).then_some(())
        })
        .await;
        stack.workers[worker].kill();
    }
    stack.start_worker();
    let dead = person.ending(accepted.job).await;
    assert_eq!((&dead["state"], &dead["failure"]["code"]), (&"dead".into(), &"worker_died".into()), "{dead}");
    neighbour.transcribe(&Sound::short()).await;

    // After the cause of the crashes is removed, the job succeeds.
    held.release().await;
    let retried = person.post(&format!("/api/v1/jobs/{}/retry", accepted.job), &json!({})).await;
    assert_eq!(retried.good()["state"], "queued");
    person.success(accepted.job).await;
    it_happened_once(&stack, &person, accepted).await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_hands_back_its_jobs_and_no_crash_is_counted() {
    let mut stack = Stack::setup().with("LANES", "audio=1").with("DRAIN_SECONDS", 20).start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav").repeated(6)).await;
    let transcription = id_of(&person.job(accepted.job).await["transcription_id"]);
    saved_some(&stack, transcription).await;

    stack.workers[0].terminate();
    let status = stack.workers[0].end().await;
    assert!(status.success(), "{status}");
    let handed_back = person.job(accepted.job).await;
    assert_eq!(handed_back["state"], "queued", "{handed_back}");
    let crashes: Option<i32> =
        stack.database.value(&format!("select crash_count from jobs where id = '{}'", accepted.job)).await;
    assert_eq!(crashes, Some(0));

    stack.start_worker();
    let ended = person.success(accepted.job).await;
    assert_eq!(ended["attempt"], 2, "{ended}");
    it_happened_once(&stack, &person, accepted).await;
}

#[tokio::test]
async fn a_killed_worker_leaves_no_decoder_behind() {
    let mut stack = Stack::setup().with("LANES", "audio=1").start().await;
    let person = Person::register(&stack).await;
    person.upload(&Sound::recording("two_cities.wav").repeated(20)).await;
    let worker = stack.workers[0].id();
    let decoders =
        eventually("a decoder", async || Some(children(worker)).filter(|found| !found.is_empty())).await;
    stack.workers[0].kill();
    waiting::within(Duration::from_secs(20), "the decoder to end", async || {
        let alive = decoders.iter().filter(|(pid, started)| began(*pid).as_ref() == Some(started));
        (alive.count() == 0).then_some(())
    })
    .await;
}

/// Waits until some segments of a transcription are saved.
async fn saved_some(stack: &Stack, transcription: Uuid) {
    let saved = format!("from segments where transcription_id = '{transcription}'");
    eventually("the first segments", async || (stack.database.count(&saved).await >= 2).then_some(())).await;
}

async fn state(stack: &Stack, job: Uuid) -> String {
    stack.database.value(&format!("select state from jobs where id = '{job}'")).await.unwrap()
}

/// The living child processes of a process, each with its start time.
fn children(of: u32) -> Vec<(u32, String)> {
    let all = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|pid| fields(*pid).is_some_and(|fields| fields.get(1) == Some(&of.to_string())))
        .filter_map(|pid| Some((pid, began(pid)?)))
        .collect()
}

/// The start time of a process; none if it is gone.
fn began(pid: u32) -> Option<String> {
    fields(pid).filter(|fields| fields[0] != "Z").and_then(|fields| fields.get(19).cloned())
}

/// The fields of `/proc/<pid>/stat`, from the state on.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect())
}

/// Checks that every job of a person has succeeded, without duplicates.
pub(crate) async fn all_happened_once(stack: &Stack, person: &Person, accepted: &[Accepted]) {
    for one in accepted {
        let job: Value = person.ending(one.job).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        it_happened_once(stack, person, *one).await;
    }
}
