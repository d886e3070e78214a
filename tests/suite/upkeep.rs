//! Periodic jobs of the system: unreachable data is deleted.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use self_tests::servers::Kind;
use self_tests::stack::Setup;
use self_tests::{Answer, Person, Socket, Sound, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

/// A stack whose worker, once it is started, serves only the lane `maintenance`.
fn maintenance_only() -> Setup {
    Stack::setup().workers(0).with("LANES", "maintenance=1")
}

/// Starts a worker, which enqueues the periodic jobs, and waits until it has done one.
async fn done(stack: &mut Stack, job: &str) {
    stack.start_worker();
    let done = format!("from jobs where kind = '{job}' and user_id is null and state = 'succeeded'");
    eventually("the job of the system to be done", async || {
        (stack.database.count(&done).await > 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_object_without_a_row_is_removed_once_it_is_a_day_old() {
    let mut stack = maintenance_only().start().await;
    let person = Person::register(&stack).await;
    let kept = object(&stack, &person, person.upload(&Sound::short()).await.audio);
    // An API that is killed between the object and its row leaves such objects.
    let folder = kept.parent().unwrap();
    let [old, young] = [25, 23].map(|hours| orphan(folder, hours));
    let somebodys = orphan(&stack.objects().join(format!("audio/{}", Uuid::now_v7())), 48);
    make_old(&kept, 48);

    done(&mut stack, "sweep_objects").await;
    assert!(!old.exists() && !somebodys.exists(), "what nobody can reach is still there");
    assert!(young.exists(), "what may get its row in a moment is gone");
    assert!(kept.exists(), "a recording is gone");
}

/// The path of a person's recording.
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

#[tokio::test]
async fn old_events_are_deleted_and_an_app_that_asks_for_them_gets_resync() {
    let mut stack = maintenance_only().with("EVENTS_KEEP_DAYS", 7).start().await;
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    let job = person.upload(&Sound::short()).await.job;
    for _ in 0..4 {
        act(&person, job, "cancel").await;
        act(&person, job, "retry").await;
    }
    other.upload(&Sound::short()).await;
    let last = stack.database.count(&format!("from events where user_id = '{}'", person.id)).await;
    assert!(last >= 8);
    let old = last - 3;
    stack
        .database
        .run(&format!(
            "update events set created_at = now() - interval '6 days';
             update events set created_at = now() - interval '8 days'
             where user_id = '{}' and seq <= {old}",
            person.id
        ))
        .await;
    let others = stack.database.count(&format!("from events where user_id = '{}'", other.id)).await;

    done(&mut stack, "forget_expired").await;
    let kept = format!("from events where user_id = '{}'", person.id);
    assert_eq!(stack.database.count(&kept).await, last - old);
    assert_eq!(stack.database.count(&format!("{kept} and seq <= {old}")).await, 0);
    assert_eq!(stack.database.count(&format!("from events where user_id = '{}'", other.id)).await, others);

    let mut socket = Socket::open(&person).await;
    let heard = socket.join("user", Some(2)).await;
    assert_eq!(heard[0], json!({"type": "resync", "room": "user", "after": 2, "seq": old}));
    let numbers: Vec<i64> = heard[1..].iter().map(|frame| frame["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [old + 1, old + 2, last, last], "{heard:?}");
    // A client that has the last deleted event misses nothing.
    let heard = Socket::open(&person).await.join("user", Some(old)).await;
    assert!(heard.iter().all(|frame| frame["type"] != "resync"), "{heard:?}");
    // And the numbers continue.
    act(&person, job, "cancel").await;
    assert_eq!(socket.hear().await.unwrap()["seq"], last + 1);
}

#[tokio::test]
async fn a_socket_that_missed_events_which_are_deleted_gets_resync() {
    let mut stack = maintenance_only().own(&[Kind::Nats]).start().await;
    let person = Person::register(&stack).await;
    let job = person.upload(&Sound::short()).await.job;
    let elsewhere = Person { api: stack.start_another_api().await, ..person.clone() };
    let mut socket = Socket::open(&person).await;
    let room = format!("job:{job}");
    let seen = socket.join(&room, None).await.last().unwrap()["seq"].as_i64().unwrap();

    // One API is frozen and the other continues; NATS is stopped, so the events reach no socket.
    stack.api.as_mut().unwrap().freeze();
    stack.servers.stop(Kind::Nats);
    for what in ["cancel", "retry", "cancel"] {
        act(&elsewhere, job, what).await;
    }
    stack.database.run("update events set created_at = now() - interval '31 days'").await;
    done(&mut stack, "forget_expired").await;
    assert_eq!(stack.database.count("from events").await, 0);

    stack.api.as_mut().unwrap().thaw();
    let told = socket.hear().await.unwrap();
    assert_eq!(told, json!({"type": "resync", "room": room, "after": seen, "seq": seen + 3}));
    act(&elsewhere, job, "retry").await;
    let told = socket.hear().await.unwrap();
    assert_eq!((&told["seq"], &told["data"]["state"]), (&(seen + 4).into(), &"queued".into()), "{told}");
}

#[tokio::test]
async fn expired_tokens_tickets_and_sessions_are_deleted() {
    let mut stack = maintenance_only().start().await;
    let (gone, here) = (Person::register(&stack).await, Person::register(&stack).await);
    for person in [&gone, &here] {
        person.post("/api/v1/auth/socket-ticket", &json!({})).await.good();
        let upload = person.upload_request(&Sound::short()).header("idempotency-key", "once");
        Answer::of(upload).await.unwrap().good();
    }
    let id = gone.id;
    stack
        .database
        .run(&format!(
            "update sessions set expires_at = now() - interval '1 minute' where user_id = '{id}';
             update refresh_tokens set expires_at = now() - interval '1 minute' where user_id = '{id}';
             update socket_tickets set expires_at = now() + interval '1 hour';
             update socket_tickets set expires_at = now() - interval '1 minute' where user_id = '{id}';
             update idempotency_keys set created_at = now() - interval '25 hours' where user_id = '{id}';
             update jobs set state = 'dead', finished_at = now() - interval '8 days' where user_id = '{id}';
             insert into jobs (id, kind, lane, payload, state, created_at, finished_at)
             select gen_random_uuid(), 'sweep_objects', 'maintenance', '{{}}', 'succeeded', ended, ended
             from unnest(array[now() - interval '8 days', now() - interval '6 days']) ended"
        ))
        .await;

    done(&mut stack, "forget_expired").await;
    for table in ["sessions", "refresh_tokens", "socket_tickets", "idempotency_keys"] {
        let of = async |person: Uuid| {
            stack.database.count(&format!("from {table} where user_id = '{person}'")).await
        };
        assert_eq!((of(id).await, of(here.id).await), (0, 1), "{table}");
    }
    let system_jobs = "from jobs where user_id is null and finished_at <";
    assert_eq!(stack.database.count(&format!("{system_jobs} now() - interval '7 days'")).await, 0);
    assert_eq!(stack.database.count(&format!("{system_jobs} now() - interval '5 days'")).await, 1);
    // Jobs of people are not deleted, however old they are.
    assert_eq!(stack.database.count(&format!("from jobs where user_id = '{id}'")).await, 1);
    assert_eq!(here.get("/api/v1/jobs").await.status, 200);
    assert_eq!(gone.get("/api/v1/jobs").await.status, 401);
}

async fn act(person: &Person, job: Uuid, what: &str) -> Value {
    person.post(&format!("/api/v1/jobs/{job}/{what}"), &json!({})).await.good()
}
