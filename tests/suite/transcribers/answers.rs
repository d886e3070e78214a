//! What becomes of the answers of the remote transcriber: all of their text is shown, what they leave out is
//! marked, and what cannot have been said is not certain.

use self_tests::{Sound, Transcriptions};
use serde_json::{Value, json};

use super::{GREETING, accepted, german, made, setup, somebody, waits};

/// A text as the answer to every chunk.
fn saying(text: &str) -> Value {
    json!({"task": "transcribe", "language": "german", "duration": 9.0, "text": text})
}

#[tokio::test]
async fn what_the_service_leaves_out_of_speech_is_marked() {
    let silence = json!({"text": " Thank you.", "segments": [
        {"text": " Thank you.", "avg_logprob": -1.2, "no_speech_prob": 0.9, "compression_ratio": 0.6}]});
    for nothing in [silence, saying(""), saying("uh"), saying("[BLANK_AUDIO]")] {
        let mut service = Transcriptions::answering(&nothing);
        service.serve();
        let stack = setup(&service).start().await;
        let person = somebody(&stack).await;
        let accepted = person.upload(&Sound::recording("two_cities.wav")).await;
        let transcription = made(&person, &accepted).await;
        let segments = transcription["segments"].as_array().unwrap();
        assert!(!segments.is_empty() && transcription["is_silent"] == false, "{nothing}: {transcription}");
        for segment in segments {
            assert_eq!((&segment["text"], &segment["uncertain"]), (&json!("[unintelligible]"), &json!(true)));
        }
        assert_eq!(transcription["language_uncertain"], true);
        assert!(!service.asked().is_empty());
    }
}

#[tokio::test]
async fn the_text_of_the_service_is_shown_letter_by_letter() {
    let mut service = Transcriptions::answering(&json!({}));
    service.serve();
    let stack = setup(&service).start().await;
    let person = somebody(&stack).await;
    for text in [
        "Das kostet 100 € oder 50 % von 3 + 4 = 7 & mehr.",
        "Comment ça va ? Très bien ! « Oui » , dit-il : non ; voilà. R & D – c’est 100 $ .",
        "— Привет , Анна . — Да , конечно ! 😀 №5",
    ] {
        service.answers(200, &saying(text));
        let transcription = made(&person, &accepted(&person, &[]).await).await;
        let segments = transcription["segments"].as_array().unwrap();
        let texts: Vec<&str> = segments.iter().map(|segment| segment["text"].as_str().unwrap()).collect();
        assert!(texts.join(" ").starts_with(text), "{transcription}");
        for segment in segments {
            let words = segment["words"].as_array().unwrap();
            let words: Vec<&str> = words.iter().map(|word| word["text"].as_str().unwrap()).collect();
            assert_eq!(words.join(" "), segment["text"].as_str().unwrap(), "{segment}");
        }
    }
}

#[tokio::test]
async fn what_cannot_have_been_said_is_never_certain() {
    let mut service = Transcriptions::answering(&json!({}));
    service.serve();
    let stack = setup(&service).start().await;
    let person = somebody(&stack).await;
    let numbers: Vec<String> = (0..3_000).map(|number| format!("alpha{number}")).collect();
    for text in [numbers.join(" "), "you ".repeat(12), "Subtitles by the Amara.org community".to_owned()] {
        service.answers(200, &saying(&text));
        let transcription = made(&person, &accepted(&person, &[]).await).await;
        for segment in transcription["segments"].as_array().unwrap() {
            assert_eq!(segment["uncertain"], true, "{segment}");
        }
    }
}

#[tokio::test]
async fn a_chunk_that_the_service_always_refuses_does_not_hold_the_others() {
    let mut service = Transcriptions::answering(&german());
    service.refuses_the_first_sound();
    service.serve();
    let stack = setup(&service).with("TRANSCRIBER_CONCURRENCY", 1).start().await;
    let person = somebody(&stack).await;
    let accepted = person.upload(&Sound::recording("two_cities.wav")).await;
    waits(&person, &accepted, "transcriber_refused").await;
    let transcription = made(&person, &accepted).await;
    let segments = transcription["segments"].as_array().unwrap();
    let texts: Vec<&str> = segments.iter().map(|segment| segment["text"].as_str().unwrap()).collect();
    let lost = texts.iter().filter(|text| **text == "[unintelligible]").count();
    let heard = texts.iter().filter(|text| **text == GREETING).count();
    assert!(lost == 1 && heard > 1 && lost + heard == texts.len(), "{texts:?}");
}
