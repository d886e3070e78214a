use std::collections::BTreeSet;

use serde_json::json;

use super::*;

/// Payloads as version 0.1 stored them.
fn stored() -> Vec<(&'static str, Value)> {
    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    vec![
        (
            "transcribe_audio",
            json!({"audio_id": ID, "conversation_id": ID, "transcription_id": ID,
                   "options": {"language": "en"}}),
        ),
        ("understand_conversation", json!({"conversation_id": ID, "transcription_id": ID})),
        ("embed_file", json!({"file_id": ID})),
        ("sweep_objects", json!({})),
        ("forget_expired", json!({})),
        ("expire_conversations", json!({})),
        ("expire_audio", json!({})),
        ("erase_user", json!({"user": ID, "erasure_id": ID})),
        ("export_user", json!({"export_id": ID})),
        ("generate_insights", json!({"user": ID, "conversation_id": ID})),
        ("generate_insights", json!({"user": ID, "file_id": ID})),
        ("generate_insights", json!({"user": ID, "time": null})),
        ("summarize_conversation", json!({"conversation_id": ID})),
        ("refresh_insights", json!({})),
    ]
}

#[test]
fn jobs_that_the_first_version_stored_are_read() {
    for (name, payload) in stored() {
        let kind: JobKind = name.parse().unwrap();
        let job = Job::from_row(kind, payload.clone()).unwrap();
        assert_eq!((job.kind(), job.kind().as_str()), (kind, name));
        assert_eq!(Job::from_row(kind, job.payload()).unwrap(), job, "{name}");
    }
    let names: BTreeSet<&str> = stored().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), JobKind::ALL.len());
}

#[test]
fn no_two_kinds_are_stored_under_one_name() {
    let names: Vec<&str> = JobKind::ALL.iter().flat_map(|kind| kind.names()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn what_is_periodic_runs_in_the_lane_of_maintenance() {
    let periodic: Vec<Job> = Job::periodic().map(|(job, _)| job).collect();
    assert_eq!(periodic.len(), 5);
    assert!(periodic.iter().all(|job| job.lane() == Lane::Maintenance && job.subject().is_none()));
}
