//! The reliability of a transcript: coverage, warnings, confidence, and the times of words.

use self_tests::person::{id_of, said};
use self_tests::{Person, Socket, Sound, Stack};
use serde_json::{Value, json};

/// Checks that spans are in order, without gaps, from 0 to the end.
#[track_caller]
fn covers(transcription: &Value) {
    let spans = transcription["coverage"].as_array().unwrap();
    let mut reached = 0;
    for span in spans {
        assert_eq!(span["start_ms"].as_i64(), Some(reached), "{spans:?}");
        reached = span["end_ms"].as_i64().unwrap();
    }
    assert_eq!(transcription["duration_ms"].as_i64(), Some(reached), "{spans:?}");
}

#[tokio::test]
async fn a_transcript_says_what_became_of_every_moment() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let heard = person.transcribe(&Sound::short()).await;
    covers(&heard);
    let kinds: Vec<&str> =
        heard["coverage"].as_array().unwrap().iter().map(|span| span["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"heard"), "{kinds:?}");
    assert_eq!(heard["warnings"], json!([]));

    let silent = person.transcribe(&Sound::silence(4)).await;
    assert_eq!(silent["coverage"], json!([{"kind": "silent", "start_ms": 0, "end_ms": 4_000}]));
    assert_eq!(silent["is_silent"], true);
}

#[tokio::test]
async fn a_recording_that_was_cut_off_says_so_everywhere() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    let whole = Sound::short().converted("whole.ogg", "audio/ogg", &["-c:a", "libopus"]);
    let half = Sound::of("half.ogg", "audio/ogg", whole.bytes.slice(..whole.bytes.len() / 2));

    let accepted = person.upload(&half).await;
    let events = socket.hear_until("success", |frame| frame["data"]["state"] == "succeeded").await;
    let job = person.job(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    let conversation = person.get(&format!("/api/v1/conversations/{}", accepted.conversation)).await.good();
    assert_eq!(transcription["warnings"][0]["code"], "cut_short", "{transcription}");
    assert!(transcription["warnings"][0]["detail"].as_str().unwrap().contains("upload"), "{transcription}");
    assert_eq!(conversation["warnings"], transcription["warnings"]);
    let told = |kind: &str| {
        events.iter().rfind(|event| event["type"] == kind).map(|event| event["data"]["warnings"].clone())
    };
    assert_eq!(told("transcription_update").as_ref(), Some(&transcription["warnings"]));
    assert_eq!(told("conversation_update").as_ref(), Some(&transcription["warnings"]));
}

#[tokio::test]
async fn words_have_times_for_those_who_ask() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let (mut asks, mut does_not) = (Socket::open(&person).await, Socket::open(&person).await);
    asks.say(&json!({"type": "join_room", "room": "user", "include": ["words"]})).await;
    asks.hear_until("joined", |frame| frame["type"] == "joined").await;
    does_not.join("user", None).await;

    let accepted = person.upload(&Sound::short()).await;
    let job = person.success(accepted.job).await;
    let path = format!("/api/v1/transcriptions/{}", id_of(&job["transcription_id"]));
    let plain = person.get(&path).await.good();
    let with_words = person.get(&format!("{path}?include=words")).await.good();
    assert!(plain["segments"][0].get("words").is_none(), "{plain}");
    for segment in with_words["segments"].as_array().unwrap() {
        let words = segment["words"].as_array().unwrap();
        let texts: Vec<&str> = words.iter().map(|word| word["text"].as_str().unwrap()).collect();
        assert_eq!(texts.join(" "), segment["text"], "the words are the text");
        assert_eq!(segment["timing"], "estimated");
        let mut reached = segment["start_ms"].as_i64().unwrap();
        for word in words {
            assert!(word["start_ms"].as_i64().unwrap() >= reached, "{segment}");
            reached = word["end_ms"].as_i64().unwrap();
            let confidence = word["confidence"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&confidence), "{word}");
        }
        assert!(reached <= segment["end_ms"].as_i64().unwrap(), "{segment}");
        assert!(segment["confidence"].as_f64().unwrap() > 0.5, "{segment}");
        assert_eq!(segment["uncertain"], false);
    }

    let is_update = |frame: &Value| {
        frame["type"] == "transcription_update" && frame["data"]["segments"][0]["text"].is_string()
    };
    let told = asks.hear_until("segments", is_update).await.pop().unwrap();
    assert_eq!(told["data"]["segments"][0]["words"], with_words["segments"][0]["words"]);
    let told = does_not.hear_until("segments", is_update).await.pop().unwrap();
    assert!(told["data"]["segments"][0].get("words").is_none(), "{told}");
    assert!(!said(&with_words).is_empty());
}

#[tokio::test]
async fn what_a_person_confirms_is_not_uncertain_any_more_and_is_found() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav")).await;
    let job = person.success(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    // As after a transcriber that was uncertain about everything.
    let understand = async |doubted: bool| {
        if doubted {
            stack.database.run("update segments set is_uncertain = true").await;
            stack.database.run("update transcriptions set warnings = '{damaged, uncertain_segments}'").await;
        }
        let segment = &transcription["segments"][0];
        let body = json!({"text": segment["text"]});
        let corrected = person
            .request(reqwest::Method::PATCH, &format!("/api/v1/segments/{}", segment["id"].as_str().unwrap()))
            .json(&body);
        self_tests::Answer::of(corrected).await.unwrap().good()
    };
    let corrected = understand(true).await;
    assert_eq!(corrected["segment"]["uncertain"], false);
    assert!(corrected["segment"].get("original_text").is_none(), "{corrected}");
    person.success(id_of(&corrected["job"]["id"])).await;

    let shown = person.transcription(id_of(&transcription["id"])).await;
    assert_eq!(shown["segments"][1]["uncertain"], true, "{shown}");
    let passages = "from conversation_embeddings where text like '%' || (select text from segments
                    where position = 1 order by id limit 1) || '%'";
    assert_eq!(stack.database.count(passages).await, 0, "what is uncertain can be found");
    assert!(stack.database.count("from conversation_embeddings").await > 0);
    assert!(understand(false).await.get("job").is_none(), "confirmed twice, understood twice");
    assert_eq!(shown["warnings"][1]["code"], "uncertain_segments", "{shown}");

    // When the last uncertain segment is confirmed, this warning is removed, and no other.
    stack.database.run("update segments set is_uncertain = position = 0").await;
    let mut socket = Socket::open(&person).await;
    socket.join("user", None).await;
    let corrected = understand(false).await;
    let update = |frame: &Value| frame["type"] == "conversation_update";
    let told = socket.hear_until("the correction", update).await.pop().unwrap();
    let conversation = format!("/api/v1/conversations/{}", accepted.conversation);
    for is_understood in [false, true] {
        if is_understood {
            person.success(id_of(&corrected["job"]["id"])).await;
        }
        let list = person.get("/api/v1/conversations").await.good();
        let transcription = person.transcription(id_of(&transcription["id"])).await;
        let conversation = person.get(&conversation).await.good();
        for warned in [&transcription, &conversation, &list["items"][0], &told["data"]] {
            let warnings = warned["warnings"].as_array().unwrap().iter();
            let codes: Vec<&str> = warnings.map(|warning| warning["code"].as_str().unwrap()).collect();
            assert_eq!(codes, ["damaged"], "{is_understood} {warned}");
        }
    }
}

#[tokio::test]
async fn what_a_job_left_behind_is_corrected_once_the_job_has_ended() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::short()).await;
    let job = person.success(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    let path = format!("/api/v1/segments/{}", transcription["segments"][0]["id"].as_str().unwrap());
    let correct = async |text: &str| {
        let request = person.request(reqwest::Method::PATCH, &path).json(&json!({"text": text}));
        self_tests::Answer::of(request).await.unwrap()
    };
    // As after a job that waits far in the future, and then is cancelled.
    stack.database.run("update transcriptions set completed_at = null").await;
    let wait = "update jobs set state = 'queued', run_at = now() + interval '1 day', finished_at = null
                where kind = 'transcribe_audio'";
    stack.database.run(wait).await;
    assert_eq!(correct("Too early.").await.refused(), (409, "transcription_incomplete".to_owned()));
    stack.database.run("update jobs set state = 'cancelled' where kind = 'transcribe_audio'").await;
    let corrected = correct("It was\nsaid so.").await.good();
    assert_eq!(corrected["segment"]["text"], "It was said so.");
    assert!(corrected.get("job").is_none(), "a part is not searched: {corrected}");
    for nothing in ["\u{200b}", "\n", "a\u{7}"] {
        assert_eq!(correct(nothing).await.refused(), (400, "invalid_input".to_owned()), "{nothing:?}");
    }
}

#[tokio::test]
async fn the_event_of_a_correction_has_the_original_words() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::short()).await;
    let job = person.success(accepted.job).await;
    let path = format!("/api/v1/transcriptions/{}?include=words", id_of(&job["transcription_id"]));
    let heard = person.get(&path).await.good()["segments"][0].clone();
    let (mut asks, mut does_not) = (Socket::open(&person).await, Socket::open(&person).await);
    let room = format!("conversation:{}", accepted.conversation);
    asks.say(&json!({"type": "join_room", "room": room, "include": ["words"]})).await;
    asks.hear_until("joined", |frame| frame["type"] == "joined").await;
    does_not.join(&room, None).await;

    let body = json!({"text": "Something else was said.", "speaker": "Ada"});
    let segment = format!("/api/v1/segments/{}", heard["id"].as_str().unwrap());
    let corrected = person.request(reqwest::Method::PATCH, &segment).json(&body);
    self_tests::Answer::of(corrected).await.unwrap().good();

    let is_correction = |frame: &Value| frame["type"] == "transcription_update";
    let told = asks.hear_until("the correction", is_correction).await.pop().unwrap();
    let mut transcription = person.get(&path).await.good();
    let read = transcription["segments"][0].take();
    let mut segment = told["data"]["segments"][0].clone();
    assert_eq!((&segment["words"], &segment["timing"]), (&heard["words"], &heard["timing"]));
    assert!(segment["words"].as_array().is_some_and(|words| !words.is_empty()), "{segment}");
    assert_eq!(segment["original_text"], heard["text"]);
    for only_told in ["position", "is_final", "speech_final"] {
        segment.as_object_mut().unwrap().remove(only_told).unwrap();
    }
    assert_eq!(segment, read);
    for figure in ["language", "is_silent", "duration_ms", "transcribed_ms", "model", "coverage", "warnings"]
    {
        assert_eq!(told["data"][figure], transcription[figure], "{figure}");
    }
    assert_eq!(told["rooms"], json!([room]));
    let told = does_not.hear_until("the correction", is_correction).await.pop().unwrap();
    let plain = &told["data"]["segments"][0];
    assert_eq!((plain.get("words"), plain.get("timing")), (None, None));
    assert_eq!((&plain["revision"], &plain["speaker"]), (&2.into(), &"Ada".into()));
}
