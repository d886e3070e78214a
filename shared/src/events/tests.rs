use chrono::DateTime;
use serde_json::json;
use uuid::Uuid;

use super::*;

#[test]
fn kinds_are_found_by_their_names_old_and_new() {
    for kind in EventKind::ALL {
        for name in kind.names() {
            assert_eq!(name.parse(), Ok(*kind));
        }
    }
    assert_eq!("file_update".parse(), Ok(EventKind::FileEvent));
    assert!("file_updates".parse::<EventKind>().is_err());
}

#[test]
fn what_an_earlier_version_stored_gets_the_present_shape() {
    let id = Uuid::nil();
    let stored = json!({
        "transcription_id": id, "conversation_id": id,
        "segments": [{
            "segment_id": id, "revision": 1, "position": 0, "start_ms": 0, "end_ms": 900, "text": "Yes.",
            "speaker": null, "confidence": 0.9, "uncertain": false, "words": null, "timing": null,
            "is_final": true, "speech_final": true,
        }],
        "transcribed_ms": 900, "duration_ms": null, "completed_at": null, "language_uncertain": false,
        "endpoint": null, "model": null, "coverage": null, "warnings": null,
    });
    let event = EventKind::TranscriptionUpdate.upgraded(stored);
    assert_eq!(
        event,
        json!({
            "transcription_id": id, "conversation_id": id,
            "segments": [{
                "id": id, "revision": 1, "position": 0, "start_ms": 0, "end_ms": 900, "text": "Yes.",
                "confidence": 0.9, "uncertain": false, "is_final": true, "speech_final": true,
            }],
            "transcribed_ms": 900, "language_uncertain": false, "is_silent": false, "coverage": [], "warnings": [],
        })
    );
}

#[test]
fn a_payload_that_cannot_be_read_stays_as_it_is() {
    let erased = json!({"conversation_id": Uuid::nil(), "deleted": true});
    for kind in EventKind::ALL {
        assert_eq!(kind.upgraded(erased.clone()), erased, "{kind}");
    }
}

#[test]
fn a_forgotten_file_is_distinguished_from_a_known_one() {
    let forgotten = FileEvent::forgotten(Uuid::nil());
    let event = stored(&forgotten);
    assert_eq!(event, json!({"id": Uuid::nil(), "state": "forgotten"}));
    assert_eq!(FileEvent::deserialize(&event).unwrap(), forgotten);
    assert_eq!(forgotten.rooms(), [Room::File(Uuid::nil())]);
}

#[test]
fn a_volatile_event_has_no_number() {
    let job = serde_json::from_value(json!({
        "id": Uuid::nil(), "kind": "embed_file", "lane": "files", "state": "running", "percent": 12.5,
        "attempt": 1, "cancel_requested": false, "file_id": Uuid::max(), "created_at": DateTime::UNIX_EPOCH,
        "run_at": DateTime::UNIX_EPOCH,
    }));
    let user = crate::domain::UserId(Uuid::nil());
    let event = Event::volatile(user, &JobProgress(job.unwrap()), DateTime::UNIX_EPOCH);
    assert_eq!((event.kind, event.seq), (EventKind::JobProgress, None));
    assert!(event.is_in_room(Room::File(Uuid::max())) && event.is_in_room(Room::User));
    assert_eq!(event.data.get("audio_total_ms"), None);
}
