//! The whole pipeline on a human voice: from a recording to a conversation that can be searched.

use self_tests::person::{id_of, said};
use self_tests::words::error_rate;
use self_tests::{Person, Socket, Sound, Stack};
use serde_json::{Value, json};

/// The beginning of "A Tale of Two Cities" by Charles Dickens (1859), as far as it is read.
const OPENING: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, \
    it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the \
    season of Light, it was the season of Darkness, it was the spring of hope, it was the winter of despair, \
    we had everything before us, we had nothing before us, we were all going direct to Heaven, we were all \
    going direct the other way – in short, the period was so far like the present period, that some of its \
    noisiest authorities insisted on its being received, for good or for evil, in the superlative degree of \
    comparison only.";

/// Seven of the 119 words: the errors of the model's vendor for the same file, counted in the same way.
/// Measured with the Python package moonshine-voice 0.0.73: its own `Transcriber` on its own model tiny-en,
/// `transcribe_without_streaming`, the lines joined.
const ERROR_RATE_OF_THE_VENDOR: f64 = 7.0 / 119.0;

#[tokio::test]
async fn a_recording_becomes_a_memory_that_can_be_searched() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;

    let accepted = person.upload(&Sound::recording("two_cities.wav")).await;
    let heard = socket.hear_until("success", |frame| frame["data"]["state"] == "succeeded").await;
    let job = person.job(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;

    the_last_event_and_the_job_agree(&heard, &job);
    progress_only_grows(&heard, accepted.job);
    segments_are_in_order(&transcription);
    the_events_and_the_transcript_agree(&heard, &transcription);
    let wrong = error_rate(OPENING, &said(&transcription));
    assert!(wrong <= ERROR_RATE_OF_THE_VENDOR + 0.01, "{wrong}: {}", said(&transcription));
    assert_eq!(transcription["language"], "en");
    assert!(transcription["model"]["name"].is_string() && transcription["model"]["version"].is_string());
    assert_eq!(transcription["is_silent"], false);

    its_other_formats_say_the_same(&person, &transcription).await;
    mentions_are_where_they_are_said(&person, accepted.conversation, &transcription).await;
    the_opening_is_found_by_its_meaning(&person, &transcription).await;
    a_word_is_played_from_where_it_is_said(&person).await;
}

/// Checks that the last pushed progress equals the polled job, value by value.
#[track_caller]
fn the_last_event_and_the_job_agree(heard: &[Value], job: &Value) {
    let told = &heard.last().unwrap()["data"];
    for figure in
        ["id", "state", "percent", "audio_done_ms", "audio_total_ms", "speed", "attempt", "transcription_id"]
    {
        assert_eq!(told[figure], job[figure], "{figure}: {told} {job}");
    }
    assert_eq!((&job["percent"], &job["attempt"]), (&100.0.into(), &1.into()), "{job}");
    assert_eq!(job["audio_done_ms"], job["audio_total_ms"], "{job}");
    let length = job["audio_total_ms"].as_u64().unwrap();
    assert!((44_300..44_450).contains(&length), "{length} ms");
    assert!(job["speed"].as_f64().unwrap() > 1.0, "{job}");
}

#[track_caller]
fn progress_only_grows(heard: &[Value], job: uuid::Uuid) {
    let about = |frame: &&Value| frame["data"]["id"] == job.to_string();
    let told: Vec<&Value> = heard.iter().filter(about).map(|frame| &frame["data"]).collect();
    let percent: Vec<f64> = told.iter().filter_map(|data| data["percent"].as_f64()).collect();
    assert!(percent.is_sorted(), "{percent:?}");
    let between: Vec<&f64> = percent.iter().filter(|percent| (1.0..100.0).contains(*percent)).collect();
    assert!(between.len() >= 2, "hardly any progress was told: {percent:?}");
    let expected =
        |data: &&&Value| data["eta_ms"].is_u64() && data["speed"].as_f64().is_some_and(|speed| speed > 1.0);
    assert!(told.iter().any(|data| expected(&data)), "no time to go and no speed was told: {told:#?}");
    let numbers: Vec<i64> = heard.iter().filter_map(|frame| frame["seq"].as_i64()).collect();
    let first = numbers[0];
    assert!(numbers.iter().copied().eq(first..first + numbers.len() as i64), "{numbers:?}");
}

#[track_caller]
fn segments_are_in_order(transcription: &Value) {
    let segments = transcription["segments"].as_array().unwrap();
    assert!(segments.len() > 2, "{segments:#?}");
    let duration = transcription["duration_ms"].as_i64().unwrap();
    assert_eq!(transcription["transcribed_ms"].as_i64(), Some(duration));
    let mut before = 0;
    for segment in segments {
        let (start, end) = (segment["start_ms"].as_i64().unwrap(), segment["end_ms"].as_i64().unwrap());
        assert!(before <= start && start < end && end <= duration, "{segment} after {before} of {duration}");
        assert!(!segment["text"].as_str().unwrap().trim().is_empty(), "{segment}");
        before = start;
    }
}

#[tokio::test]
async fn progress_is_sent_while_it_happens_and_polling_shows_it_too() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav").repeated(5)).await;
    let mut socket = Socket::open(&person).await;
    socket.join(&format!("job:{}", accepted.job), None).await;
    let (mut told, mut polled) = (Vec::new(), Vec::new());
    loop {
        let frame = socket.hear().await.unwrap();
        let data = &frame["data"];
        match data["state"].as_str() {
            Some("succeeded") => break,
            Some("running") if frame["type"] == "job_progress" => {
                told.push(data["percent"].as_f64().unwrap());
                let job = person.job(accepted.job).await;
                polled.push(job["percent"].as_f64().unwrap());
                // Polled values may be a second older, but never different.
                let known = !job["audio_total_ms"].is_null();
                assert!(!known || job["audio_total_ms"] == data["audio_total_ms"], "{job} {data}");
            }
            _ => {}
        }
    }
    let steps = |percent: &[f64]| percent.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!(told.is_sorted() && steps(&told) >= 5, "{told:?}");
    assert!(polled.is_sorted() && steps(&polled) >= 2, "{polled:?}");
}

/// Checks that the pushed segments equal those that are read.
#[track_caller]
fn the_events_and_the_transcript_agree(heard: &[Value], transcription: &Value) {
    let told = heard.iter().filter(|frame| frame["type"] == "transcription_update");
    let told: Vec<&Value> = told.filter_map(|frame| frame["data"]["segments"].as_array()).flatten().collect();
    let read = transcription["segments"].as_array().unwrap();
    let facts =
        |segment: &Value| ["id", "start_ms", "end_ms", "text", "revision"].map(|fact| segment[fact].clone());
    assert_eq!(
        told.iter().map(|one| facts(one)).collect::<Vec<_>>(),
        read.iter().map(facts).collect::<Vec<_>>()
    );
}

async fn its_other_formats_say_the_same(person: &Person, transcription: &Value) {
    let id = id_of(&transcription["id"]);
    let first = transcription["segments"][0]["text"].as_str().unwrap();
    let last = transcription["segments"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap();
    for (format, kind, sign) in [
        ("text", "text/plain", ""),
        ("md", "text/markdown", "`0:00:0"),
        ("srt", "application/x-subrip", "00:00:0"),
        ("vtt", "text/vtt", "WEBVTT"),
    ] {
        let answer = person.get(&format!("/api/v1/transcriptions/{id}?format={format}")).await;
        assert!(answer.status == 200 && answer.header("content-type").starts_with(kind), "{answer:?}");
        let text = answer.text();
        // Subtitles split a sentence into lines and cues.
        let said = if text.contains(" --> ") { cues(&text) } else { text.clone() };
        assert!(said.contains(first) && said.contains(last) && text.contains(sign), "{format}: {text}");
    }
}

/// The text of all cues of a file, in one line.
fn cues(subtitles: &str) -> String {
    let shown = |cue: &str| {
        cue.lines().skip_while(|line| !line.contains(" --> ")).skip(1).map(str::to_owned).collect()
    };
    subtitles.split("\n\n").flat_map(|cue| -> Vec<String> { shown(cue) }).collect::<Vec<_>>().join(" ")
}

async fn mentions_are_where_they_are_said(person: &Person, conversation: uuid::Uuid, transcription: &Value) {
    let conversation = person.get(&format!("/api/v1/conversations/{conversation}")).await.good();
    assert_eq!(conversation["transcriptions"], json!([transcription["id"]]));
    let segments = transcription["segments"].as_array().unwrap();
    for entity in conversation["entities"].as_array().unwrap() {
        let mentions = entity["mentions"].as_array().unwrap();
        assert!(!mentions.is_empty(), "{entity}");
        for mention in mentions {
            let segment = segments.iter().find(|segment| segment["id"] == mention["segment_id"]).unwrap();
            let text = segment["text"].as_str().unwrap();
            assert!(text.contains(mention["text"].as_str().unwrap()), "{mention} in {text}");
            let time = |of: &Value, name: &str| of[name].as_i64().unwrap();
            assert!(time(segment, "start_ms") <= time(mention, "start_ms"), "{mention} in {segment}");
            assert!(time(mention, "start_ms") < time(mention, "end_ms"), "{mention} in {segment}");
            assert!(time(mention, "end_ms") <= time(segment, "end_ms"), "{mention} in {segment}");
        }
    }
    assert!(!conversation["title"].as_str().unwrap().is_empty(), "nobody gave it a title");
}

async fn the_opening_is_found_by_its_meaning(person: &Person, transcription: &Value) {
    let question = json!({"query": "the best and the worst of times", "limit": 3});
    let found = person.post("/api/v1/search/semantic", &question).await.good();
    let best = &found["items"][0];
    assert!(best["text"].as_str().unwrap().contains("best of times"), "{found:#}");
    assert_eq!(best["transcription_id"], transcription["id"]);
    assert!(best["by_meaning"]["similarity"].as_f64().unwrap() > 0.4, "{best}");
    // The hit can be played: its times are those of its segments.
    let segments = transcription["segments"].as_array().unwrap();
    let of = |id: &Value| segments.iter().find(|segment| segment["id"] == *id).unwrap();
    let ids = best["segment_ids"].as_array().unwrap();
    assert_eq!(best["start_ms"], of(&ids[0])["start_ms"]);
    assert_eq!(best["end_ms"], of(ids.last().unwrap())["end_ms"]);
    assert!(best["start_ms"].as_i64().unwrap() < 6_000, "{best}");
}

/// "It was the age of foolishness" is one of eleven sentences in one passage.
async fn a_word_is_played_from_where_it_is_said(person: &Person) {
    const SAID_AT_MS: u64 = 7_330;
    let found = person.get("/api/v1/search?q=foolishness&mode=words").await.good();
    let best = &found["items"][0];
    for shown in [best, &best["snippet"]] {
        let highlight = &shown["highlights"][0];
        let time = |name: &str| highlight[name].as_u64().unwrap();
        assert!(time("start_ms").abs_diff(SAID_AT_MS) <= 150, "{best}");
        assert!(time("start_ms") < time("end_ms") && time("end_ms") < SAID_AT_MS + 1_500, "{best}");
        assert_eq!(best["play_from_ms"], highlight["start_ms"], "{best}");
    }
}
