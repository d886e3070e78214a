//! The remote transcriber: its results keep their times, it never receives sound without permission, and
//! while it is away, its jobs wait or are done locally. Also: which languages are supported.

mod answers;

use reqwest::Method;
use self_tests::person::{Accepted, id_of};
use self_tests::stack::Setup;
use self_tests::{Answer, Person, Sound, Stack, Transcriptions, eventually};
use serde_json::{Value, json};

/// What the service hears in every chunk.
const GREETING: &str = "Guten Morgen, Anna, heute regnet es schon den ganzen Tag.";

/// The answer of the service to every chunk.
fn german() -> Value {
    let words = [
        ("Guten", 0.2, 0.5),
        ("Morgen", 0.5, 0.9),
        ("Anna", 1.1, 1.6),
        ("heute", 1.6, 1.9),
        ("regnet", 1.9, 2.2),
        ("es", 2.2, 2.3),
        ("schon", 2.3, 2.5),
        ("den", 2.5, 2.6),
        ("ganzen", 2.6, 2.9),
        ("Tag", 2.9, 3.2),
    ];
    json!({
        "task": "transcribe", "language": "german", "duration": 9.0,
        "text": format!(" {GREETING}"),
        "segments": [{"id": 0, "start": 0.2, "end": 3.2, "text": format!(" {GREETING}"), "avg_logprob": -0.105,
                      "no_speech_prob": 0.02, "compression_ratio": 0.8}],
        "words": words.map(|(word, start, end)| json!({"word": word, "start": start, "end": end})),
    })
}

fn setup(service: &Transcriptions) -> Setup {
    Stack::setup()
        .with("TRANSCRIBER_URL", service.url())
        .with("TRANSCRIBER_MODEL", "whisper-parrot")
        .with("TRANSCRIBER_LANGUAGES", "en,de,fr")
}

/// A person, after the worker has published its models.
async fn somebody(stack: &Stack) -> Person {
    let person = Person::register(stack).await;
    eventually("a worker that has told of its models", async || {
        let models = listed(&person).await;
        (!models.is_empty()).then_some(())
    })
    .await;
    person
}

async fn listed(person: &Person) -> Vec<Value> {
    person.get("/api/v1/models").await.good()["items"].as_array().unwrap().clone()
}

async fn upload(person: &Person, query: &[(&str, &str)]) -> Answer {
    Answer::of(person.upload_request(&Sound::short().anew()).query(query)).await.unwrap()
}

async fn accepted(person: &Person, query: &[(&str, &str)]) -> Accepted {
    let answer = upload(person, query).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    Accepted::read(&answer.good())
}

/// The transcription of a job.
async fn made(person: &Person, accepted: &Accepted) -> Value {
    let job = person.success(accepted.job).await;
    let id = id_of(&job["transcription_id"]);
    person.get(&format!("/api/v1/transcriptions/{id}?include=words")).await.good()
}

/// Waits until a job waits with this failure code.
async fn waits(person: &Person, accepted: &Accepted, code: &str) -> Value {
    eventually(&format!("a job that waits for {code}"), async || {
        let job = person.job(accepted.job).await;
        (job["attempt"].as_i64()? >= 1 && job["failure"]["code"] == code).then_some(job)
    })
    .await
}

#[tokio::test]
async fn a_remote_transcriber_returns_words_with_times_and_the_transcript_names_the_host() {
    let mut service = Transcriptions::answering(&german());
    service.serve();
    let stack = setup(&service).with("TRANSCRIBER_API_KEY", "a-key-of-the-service").start().await;
    let person = somebody(&stack).await;
    let transcription = made(&person, &accepted(&person, &[("language", "de-CH")]).await).await;

    assert_eq!(transcription["language"], "de");
    assert_eq!(transcription["endpoint"], json!(service.host()));
    assert_eq!(transcription["model"]["name"], "whisper-parrot");
    let asked = service.asked();
    let segments = transcription["segments"].as_array().unwrap();
    assert_eq!(segments.len(), asked.len(), "{transcription}");
    let first = &segments[0];
    assert_eq!((&first["text"], &first["timing"]), (&json!(GREETING), &json!("measured")));
    assert!((first["confidence"].as_f64().unwrap() - 0.9).abs() < 0.01, "{first}");
    let words = first["words"].as_array().unwrap();
    let times: Vec<i64> = words.iter().map(|word| word["start_ms"].as_i64().unwrap()).collect();
    let steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!((words[1]["text"].as_str(), &steps[..2]), (Some("Morgen,"), [300, 600].as_slice()), "{first}");

    for asked in asked {
        assert_eq!(asked.authorization.as_deref(), Some("Bearer a-key-of-the-service"));
        let field = |name: &str| asked.fields[name].join(" ");
        assert_eq!((field("model"), field("language")), ("whisper-parrot".to_owned(), "de".to_owned()));
        assert_eq!(field("response_format"), "verbose_json");
        assert_eq!(field("timestamp_granularities[]"), "word segment");
        assert!(asked.file.starts_with(b"RIFF") && asked.file.len() > 10_000, "{} bytes", asked.file.len());
        let length = u32::from_le_bytes(asked.file[40..44].try_into().unwrap());
        assert_eq!(length as usize + 44, asked.file.len());
    }
}

#[tokio::test]
async fn sound_that_may_not_leave_is_transcribed_by_the_worker() {
    let mut service = Transcriptions::answering(&german());
    service.serve();
    let stack = setup(&service).start().await;
    let person = somebody(&stack).await;
    let once = made(&person, &accepted(&person, &[("allow_remote", "false")]).await).await;
    let preferences = json!({"transcription": {"allow_remote": false}});
    put_preferences(&person, &preferences).await.good();
    let always = made(&person, &accepted(&person, &[]).await).await;
    for transcription in [once, always] {
        assert_eq!(transcription["endpoint"], Value::Null);
        assert_eq!(
            (&transcription["language"], &transcription["model"]["name"]),
            (&json!("en"), &json!("moonshine-tiny-en"))
        );
    }
    assert!(service.asked().is_empty(), "sound was sent that may not leave");

    // Then a language that only the service supports is refused.
    let refused = upload(&person, &[("language", "de")]).await;
    assert_eq!(refused.refused(), (400, "invalid_input".to_owned()));
    assert!(refused.text().contains("allow_remote") && refused.text().contains("`en`"), "{}", refused.text());
}

async fn put_preferences(person: &Person, preferences: &Value) -> Answer {
    let body = json!({"name": "A Person", "preferences": preferences});
    Answer::of(person.request(Method::PUT, "/api/v1/users/me").json(&body)).await.unwrap()
}

#[tokio::test]
async fn a_job_waits_for_a_service_that_is_away_and_goes_on_when_it_is_back() {
    let mut service = Transcriptions::answering(&german());
    let url = service.url().replace("//", "//ada:secret@");
    let stack =
        setup(&service).with("TRANSCRIBER_FALLBACK", "wait").with("TRANSCRIBER_URL", url).start().await;
    let person = somebody(&stack).await;
    let accepted = accepted(&person, &[]).await;
    let job = waits(&person, &accepted, "transcriber_away").await;
    assert!(job["failure"]["detail"].as_str().unwrap().contains(&service.host()), "{job}");
    assert!(!job.to_string().contains("secret"), "credentials are shown: {job}");
    service.serve();
    let transcription = made(&person, &accepted).await;
    assert_eq!(transcription["segments"][0]["text"], GREETING);
}

#[tokio::test]
async fn a_service_that_is_away_is_replaced_where_the_settings_say_so() {
    let service = Transcriptions::answering(&german());
    let stack = setup(&service).with("TRANSCRIBER_FALLBACK", "local").start().await;
    let person = somebody(&stack).await;
    let transcription = made(&person, &accepted(&person, &[("language", "en")]).await).await;
    assert_eq!(transcription["model"]["name"], "moonshine-tiny-en");
    assert_eq!((&transcription["endpoint"], &transcription["language"]), (&Value::Null, &json!("en")));
    // The model of the worker does not support this language, or nobody knows the language: the job waits.
    for query in [&[("language", "de")][..], &[]] {
        let other = accepted(&person, query).await;
        waits(&person, &other, "transcriber_away").await;
    }
}

#[tokio::test]
async fn a_recording_in_a_language_of_the_service_alone_waits_for_it_to_its_end() {
    let mut service = Transcriptions::answering(&german());
    service.tires_after(1);
    service.serve();
    let stack = setup(&service)
        .with("TRANSCRIBER_FALLBACK", "local")
        .with("TRANSCRIBER_CONCURRENCY", 1)
        .start()
        .await;
    let person = somebody(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav")).await;
    let job = waits(&person, &accepted, "transcriber_away").await;
    let so_far = person.transcription(id_of(&job["transcription_id"])).await;
    assert_eq!(so_far["endpoint"], json!(service.host()), "it is told where sound went: {so_far}");
    service.answers(200, &german());
    let whole = made(&person, &accepted).await;
    assert_eq!((&whole["model"]["name"], &whole["language"]), (&json!("whisper-parrot"), &json!("de")));
    for segment in whole["segments"].as_array().unwrap() {
        assert_eq!(segment["text"], GREETING, "{whole}");
    }
}

#[tokio::test]
async fn a_service_that_asks_for_a_pause_is_left_alone() {
    let mut service = Transcriptions::answering(&german());
    service.tires_after(0);
    service.asks_for_a_pause_of(1_000);
    service.serve();
    let stack = setup(&service).with("TRANSCRIBER_CONCURRENCY", 1).start().await;
    let person = somebody(&stack).await;
    let accepted = accepted(&person, &[]).await;
    eventually("another attempt", async || {
        (person.job(accepted.job).await["attempt"].as_i64()? >= 2).then_some(())
    })
    .await;
    waits(&person, &accepted, "transcriber_away").await;
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_key_is_named_in_the_job_and_nothing_is_lost_once_it_is_corrected() {
    let mut service = Transcriptions::answering(&json!({}));
    service.answers(401, &json!({"error": {"message": "Incorrect API key provided: sk-1234"}}));
    service.serve();
    let stack = setup(&service).with("TRANSCRIBER_FALLBACK", "local").start().await;
    let person = somebody(&stack).await;
    let accepted = accepted(&person, &[]).await;
    let job = waits(&person, &accepted, "transcriber_refused").await;
    let detail = job["failure"]["detail"].as_str().unwrap();
    assert!(detail.contains("TRANSCRIBER_API_KEY") && !detail.contains("sk-1234"), "{detail}");
    service.answers(200, &german());
    assert_eq!(made(&person, &accepted).await["segments"][0]["text"], GREETING);
}

#[tokio::test]
async fn sound_that_waits_is_not_sent_once_the_person_forbids_it() {
    let mut service = Transcriptions::answering(&german());
    service.answers(500, &json!({}));
    service.serve();
    let stack = setup(&service).start().await;
    let person = somebody(&stack).await;
    let (free, german_only) = (
        accepted(&person, &[]).await,
        accepted(&person, &[("language", "de"), ("allow_remote", "true")]).await,
    );
    for waiting in [&free, &german_only] {
        waits(&person, waiting, "transcriber_away").await;
    }
    put_preferences(&person, &json!({"transcription": {"allow_remote": false}})).await.good();
    service.answers(200, &german());
    let transcription = made(&person, &free).await;
    assert_eq!(transcription["model"]["name"], "moonshine-tiny-en");
    let dead = person.ending(german_only.job).await;
    assert_eq!((&dead["state"], &dead["failure"]["code"]), (&json!("dead"), &json!("language_unsupported")));
    // All that it received came while it was away, and before that was forbidden.
    assert!(service.asked().iter().all(|asked| asked.status == 500), "sound was sent after it was forbidden");
}

#[tokio::test]
async fn a_language_that_the_service_cannot_name_is_uncertain() {
    let mut answer = german();
    answer["language"] = json!("klingon");
    let mut service = Transcriptions::answering(&answer);
    service.serve();
    let stack = setup(&service).start().await;
    let person = somebody(&stack).await;
    let unknown = made(&person, &accepted(&person, &[]).await).await;
    assert_eq!((&unknown["language"], &unknown["language_uncertain"]), (&Value::Null, &json!(true)));
    let asked = made(&person, &accepted(&person, &[("language", "DE-ch")]).await).await;
    assert_eq!((&asked["language"], &asked["language_uncertain"]), (&json!("de-CH"), &json!(false)));
}

#[tokio::test]
async fn a_language_that_nobody_speaks_is_refused_with_those_that_are_spoken() {
    let stack = Stack::start().await;
    let person = somebody(&stack).await;
    let known = accepted(&person, &[("language", "en-GB")]).await;
    assert_eq!(made(&person, &known).await["language"], "en");

    let again = json!({"audio_id": known.audio, "options": {"language": "de"}});
    let refused = [
        ("language", upload(&person, &[("language", "de")]).await),
        ("options.language", person.post("/api/v1/audio/transcribe", &again).await),
        (
            "preferences.transcription.language",
            put_preferences(&person, &json!({"transcription": {"language": "de"}})).await,
        ),
    ];
    for (field, answer) in refused {
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{field}");
        let problem: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(problem["errors"][0]["field"], field);
        assert!(problem["detail"].as_str().unwrap().ends_with("Those that are: `en`"), "{problem}");
    }
    // Imported text needs no transcriber.
    let imported = json!({"title": "Brief", "text": "Guten Morgen.", "language": "de"});
    person.post("/api/v1/conversations", &imported).await.good();
}

#[tokio::test]
async fn the_models_are_listed_with_where_they_are_from_and_what_leaves_for_them() {
    let stack = Stack::start().await;
    let models = listed(&somebody(&stack).await).await;
    let of = |models: &[Value], role: &str| -> Vec<Value> {
        models.iter().filter(|model| model["role"] == role).cloned().collect()
    };
    let [transcriber] = &of(&models, "transcriber")[..] else { panic!("{models:?}") };
    assert_eq!(
        (&transcriber["name"], &transcriber["languages"]),
        (&json!("moonshine-tiny-en"), &json!(["en"]))
    );
    assert_eq!(transcriber["licence"], "MIT");
    assert!(transcriber["source"].as_str().unwrap().contains("moonshine-voice 0.0.73"), "{transcriber}");
    for role in ["voice_activity", "entity_finder", "embedder"] {
        assert_eq!(of(&models, role).len(), 1, "{role} in {models:?}");
    }
    assert!(models.iter().all(|model| model["host"].is_null() && model["sends"].is_null()), "{models:?}");

    let service = Transcriptions::answering(&german());
    let mut stack = setup(&service)
        .with("SUMMARIZER_URL", "https://sums.example/v1")
        .with("SUMMARIZER_MODEL", "sums")
        .start()
        .await;
    let person = somebody(&stack).await;
    let with_service = listed(&person).await;
    let sent: Vec<(&Value, &Value)> = with_service
        .iter()
        .filter(|model| !model["host"].is_null())
        .map(|model| (&model["host"], &model["sends"]))
        .collect();
    let host = json!(service.host());
    assert_eq!(sent, [(&host, &json!("sound")), (&json!("sums.example"), &json!("text"))]);
    // The models stay known when the worker has stopped, and their languages are still accepted.
    stack.workers[0].terminate();
    stack.workers[0].end().await;
    assert_eq!(listed(&person).await, with_service);
    accepted(&person, &[("language", "fr")]).await;
    assert_eq!(upload(&person, &[("language", "nl")]).await.status, 400);
}
