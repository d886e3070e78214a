//! Servers that are emptied or away for a while, under load: every accepted job is completed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use self_tests::person::Accepted;
use self_tests::s3::S3;
use self_tests::servers::{Kind, Servers};
use self_tests::stack::Setup;
use self_tests::{Answer, Person, Sound, Stack, environment, eventually, waiting};
use serde_json::json;

use crate::crashes::all_happened_once;

/// How long a server stays away.
const AWAY: Duration = Duration::from_secs(5);

fn setup(own: &[Kind]) -> Setup {
    Stack::setup().with("LANES", "audio=2").with("LEASE_SECONDS", 5).own(own)
}

#[tokio::test]
async fn redis_is_emptied_in_the_middle_of_the_work() {
    let stack = setup(&[Kind::Redis]).start().await;
    let client = redis::Client::open(stack.servers.redis_url.as_str()).unwrap();
    let (person, accepted) = under_load(&stack, async || {
        for _ in 0..5 {
            let mut redis = client.get_multiplexed_async_connection().await.unwrap();
            let () = redis::cmd("FLUSHALL").query_async(&mut redis).await.unwrap();
            work_goes_on(&stack).await;
        }
    })
    .await;
    all_happened_once(&stack, &person, &accepted).await;
    assert_eq!(stack.database.count("from jobs where kind = 'transcribe_audio' and attempt <> 1").await, 0);
}

#[tokio::test]
async fn redis_is_away_for_a_while() {
    let stack = setup(&[Kind::Redis]).start().await;
    let (person, accepted) = under_load(&stack, async || away(&stack.servers, Kind::Redis).await).await;
    all_happened_once(&stack, &person, &accepted).await;
    // Transcription does not need Redis.
    assert_eq!(stack.database.count("from jobs where kind = 'transcribe_audio' and attempt <> 1").await, 0);
    a_job_starts_at_once(&stack, &person).await;
}

#[tokio::test]
async fn a_job_whose_wake_ups_take_long_has_succeeded_and_is_not_reported_as_lost() {
    let stack = setup(&[Kind::Redis]).with("LEASE_SECONDS", 1).start().await;
    let person = Person::register(&stack).await;
    // Sending a wake-up now takes longer than the time between two heartbeats.
    stack.servers.freeze(Kind::Redis);
    for _ in 0..3 {
        person.transcribe(&Sound::short().anew()).await;
    }
    stack.servers.thaw(Kind::Redis);
    let log = || stack.workers[0].log();
    eventually("three endings", async || {
        let log = log();
        let endings =
            log.lines().filter(|line| line.ends_with(" succeeded") || line.contains("lease was lost"));
        (endings.count() >= 3).then_some(())
    })
    .await;
    assert!(!log().contains("lease was lost"), "{}", log());
}

#[tokio::test]
async fn nats_is_away_for_a_while() {
    let stack = setup(&[Kind::Nats]).start().await;
    let (person, accepted) = under_load(&stack, async || away(&stack.servers, Kind::Nats).await).await;
    all_happened_once(&stack, &person, &accepted).await;
    let unrelayed = "from events where relayed_at is null";
    eventually("all events to be relayed", async || {
        (stack.database.count(unrelayed).await == 0).then_some(())
    })
    .await;
    eventually("search to work again", async || {
        let question = json!({"query": "try again"});
        (person.post("/api/v1/search/semantic", &question).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn postgres_is_away_for_a_while() {
    let stack = setup(&[Kind::Postgres]).start().await;
    let (person, accepted) = under_load(&stack, async || away(&stack.servers, Kind::Postgres).await).await;
    all_happened_once(&stack, &person, &accepted).await;
}

#[tokio::test]
async fn object_storage_is_away_for_a_while() {
    let folder = environment::run().join(format!("s3-{}", uuid::Uuid::now_v7().simple()));
    let mut server = S3::start(&folder);
    let setup =
        server.variables().into_iter().fold(setup(&[]), |setup, (name, value)| setup.with(name, value));
    let stack = setup.start().await;
    let (person, accepted) = under_load(&stack, async || {
        work_goes_on(&stack).await;
        server.stop();
        waiting::stays(AWAY, async || None).await;
        server.start_again();
    })
    .await;
    all_happened_once(&stack, &person, &accepted).await;
    let sound = Sound::short();
    let content = person.upload(&sound).await.audio;
    assert_eq!(person.get(&format!("/api/v1/audio/{content}/content")).await.body, sound.bytes);
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test]
async fn what_needs_a_server_that_is_away_says_so_and_when_to_come_back() {
    let stack = Stack::setup().workers(0).own(&[Kind::Postgres]).start().await;
    let person = Person::register(&stack).await;
    stack.servers.stop(Kind::Postgres);
    for request in [person.request(Method::GET, "/api/v1/jobs"), person.upload_request(&Sound::short())] {
        let answer = Answer::of(request).await.unwrap();
        assert_eq!(answer.refused(), (503, "database_unavailable".to_owned()));
        assert!(!answer.header("retry-after").is_empty());
    }
    let health = person.get("/health/ready").await;
    let told = health.text();
    assert!(health.status == 503 && told.contains("database") && told.contains("DB_HOST"), "{told}");
    stack.servers.start(Kind::Postgres);
    eventually("the API to recover", async || {
        (person.get("/health/ready").await.status == 200).then_some(())
    })
    .await;
    person.upload(&Sound::short()).await;
}

/// Kills a server under load, and starts it again after a while.
async fn away(servers: &Servers, kind: Kind) {
    waiting::stays(Duration::from_secs(1), async || None).await;
    servers.kill(kind);
    waiting::stays(AWAY, async || None).await;
    servers.start(kind);
}

/// A person sends recordings at intervals while `happens` runs, and a few more afterwards. Returns the
/// accepted ones.
async fn under_load(stack: &Stack, happens: impl AsyncFnOnce()) -> (Person, Vec<Accepted>) {
    let person = Person::register(stack).await;
    let over = AtomicBool::new(false);
    let send = async {
        let (mut accepted, mut refused, mut afterwards) = (Vec::new(), 0, 0);
        while afterwards < 3 {
            let sound = Sound::short().anew();
            match Answer::of(person.upload_request(&sound)).await {
                Ok(answer) if answer.status == 202 => {
                    accepted.push(Accepted::read(&answer.good()));
                    afterwards += usize::from(over.load(Ordering::Relaxed));
                }
                // An upload may be refused in the meantime, with a proper problem.
                Ok(answer) => {
                    assert_eq!(answer.refused().0, 503);
                    refused += 1;
                }
                Err(error) => panic!("the API left a request unanswered: {error}"),
            }
            waiting::stays(Duration::from_millis(400), async || None).await;
            assert!(refused < 1_000, "nothing is accepted any more");
        }
        accepted
    };
    let happens = async {
        happens().await;
        over.store(true, Ordering::Relaxed);
    };
    let (accepted, ()) = tokio::join!(send, happens);
    (person, accepted)
}

/// Waits until another job has succeeded.
async fn work_goes_on(stack: &Stack) {
    let done = "from jobs where state = 'succeeded' and user_id is not null";
    let before = stack.database.count(done).await;
    eventually("another success", async || (stack.database.count(done).await > before).then_some(())).await;
}

/// Wake-ups arrive again: a job on idle workers starts without waiting for the poll.
async fn a_job_starts_at_once(stack: &Stack, person: &Person) {
    eventually("a job that was rung for", async || {
        let job = person.upload(&Sound::silence(1).anew()).await.job;
        person.success(job).await;
        let waited = format!(
            "select extract(epoch from started_at - created_at)::float8 from jobs where id = '{job}'"
        );
        stack.database.value::<f64>(&waited).await.filter(|seconds| *seconds < 0.25)
    })
    .await;
}
