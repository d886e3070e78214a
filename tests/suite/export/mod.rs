//! Exports: an archive of everything that a person has.

mod interrupted;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};

use bytes::Bytes;
use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Socket, Sound, Stack, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

const EXPORT: &str = "/api/v1/users/me/export";

/// Requests an export and returns its path and the job.
async fn asks(person: &Person) -> (String, Uuid) {
    let answer = person.post(EXPORT, &json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let accepted = answer.good();
    let job = id_of(&accepted["job"]["id"]);
    assert_eq!(answer.header("location"), format!("/api/v1/jobs/{job}"));
    assert_eq!(accepted["job"]["export_id"], accepted["export"]["id"]);
    (format!("/api/v1/exports/{}", id_of(&accepted["export"]["id"])), job)
}

/// Requests an export, waits for it and downloads it.
async fn exported(person: &Person) -> Bytes {
    let (export, job) = asks(person).await;
    person.success(job).await;
    person.get(&format!("{export}/content")).await.body
}

async fn delete(person: &Person, path: &str) -> Answer {
    Answer::of(person.request(Method::DELETE, path)).await.unwrap()
}

/// The files of an archive by name, each checked against its checksum.
fn unpacked(archive: &Bytes) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(files.insert(file.name().to_owned(), bytes).is_none(), "{} is there twice", file.name());
    }
    files
}

fn parsed(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    let text = files.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", files.keys()));
    serde_json::from_slice(text).unwrap()
}

fn text<'a>(files: &'a BTreeMap<String, Vec<u8>>, name: &str) -> &'a str {
    std::str::from_utf8(&files[name]).unwrap()
}

/// The folder of a conversation in the archive.
fn folder_of(files: &BTreeMap<String, Vec<u8>>, conversation: Uuid) -> String {
    let file = format!("-{conversation}/conversation.json");
    let path = files.keys().find(|path| path.ends_with(&file)).unwrap();
    path.trim_end_matches("/conversation.json").to_owned()
}

#[tokio::test]
async fn an_export_holds_all_that_was_said_and_every_recording_byte_for_byte() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let sound = Sound { name: "../Kitchen: talk?.wav".to_owned(), ..Sound::short() };
    let accepted = person.upload(&sound).await;
    let job = person.success(accepted.job).await;
    let heard = person.transcription(id_of(&job["transcription_id"])).await;
    let segment = format!("/api/v1/segments/{}", id_of(&heard["segments"][0]["id"]));
    let corrected = person.request(Method::PATCH, &segment).json(&json!({"text": "Try again, <b>."}));
    Answer::of(corrected).await.unwrap().good();
    let newest = person.get("/api/v1/jobs?limit=1").await.good();
    person.success(id_of(&newest["items"][0]["id"])).await;

    let files = unpacked(&exported(&person).await);
    let folder = folder_of(&files, accepted.conversation);
    let conversation = parsed(&files, &format!("{folder}/conversation.json"));
    let shown = person.get(&format!("/api/v1/conversations/{}", accepted.conversation)).await.good();
    for field in ["id", "title", "tags", "speakers", "source", "started_at", "duration_ms", "created_at"] {
        assert_eq!(conversation[field], shown[field], "{field}");
    }
    let file = conversation["audio"][0]["file"].as_str().unwrap();
    assert_eq!(file, "audio/1-kitchen-talk.wav");
    assert_eq!(files[&format!("{folder}/{file}")], sound.bytes);
    let mut audio = conversation["audio"][0].clone();
    audio.as_object_mut().unwrap().remove("file");
    let mut shown = shown["audio"][0].clone();
    // In the archive, the recording is in the folder of its conversation.
    assert_eq!(shown.as_object_mut().unwrap().remove("conversation_id"), Some(json!(accepted.conversation)));
    assert_eq!(audio, shown);

    let now =
        person.get(&format!("/api/v1/transcriptions/{}?include=words", id_of(&heard["id"]))).await.good();
    let transcript = &conversation["transcriptions"][0];
    for field in ["id", "audio_id", "language", "model", "duration_ms", "completed_at", "segments"] {
        assert_eq!(transcript[field], now[field], "{field}");
    }
    assert_eq!(transcript["segments"][0]["original_text"], heard["segments"][0]["text"]);
    for format in ["srt", "vtt"] {
        let shown =
            person.get(&format!("/api/v1/transcriptions/{}?format={format}", id_of(&now["id"]))).await;
        assert_eq!(text(&files, &format!("{folder}/transcript.{format}")), shown.text());
    }
    let page = text(&files, &format!("{folder}/transcript.md"));
    assert!(page.contains("`0:00:00` Try again, \\<b\\>."), "{page}");
    assert!(text(&files, "README.md").contains("| `conversations/<date>-<title>-<id>/`"));
}

#[tokio::test]
async fn an_export_holds_what_was_understood_and_decided() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let said = "Last summer we took the train to Lisbon and met Maria Silva there.";
    let body = json!({"title": "旅行 / Journey", "started_at": "2024-06-01T10:00:00Z",
                      "segments": [{"start_ms": 500, "end_ms": 5_000, "text": said, "speaker": "A"}],
                      "speakers": {"A": "Ada"}});
    let accepted = person.post("/api/v1/conversations", &body).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    let conversation = id_of(&accepted["conversation"]["id"]);
    let path = format!("/api/v1/conversations/{conversation}");
    let shown = person.get(&path).await.good();
    let named = |name: &str| {
        let mut entities = shown["entities"].as_array().unwrap().iter();
        id_of(&entities.find(|entity| entity["name"] == name).unwrap()["id"])
    };
    let (maria, lisbon) = (named("Maria Silva"), named("Lisbon"));
    let rename = person.request(Method::PATCH, &format!("/api/v1/entities/{maria}"));
    Answer::of(rename.json(&json!({"name": "Maria da Silva"}))).await.unwrap().good();

    let files = unpacked(&exported(&person).await);
    let folder = folder_of(&files, conversation);
    assert_eq!(folder, format!("conversations/2024-06-01-旅行-journey-{conversation}"));
    assert!(text(&files, &format!("{folder}/transcript.md")).contains(&format!("`0:00:00` **Ada:** {said}")));
    let srt = text(&files, &format!("{folder}/transcript.srt")).replace('\n', " ");
    assert!(srt.contains(&format!("Ada: {said}")), "{srt}");

    let list = |name: &str| parsed(&files, name).as_array().unwrap().clone();
    let (entities, mentions, connections) =
        (list("entities.json"), list("mentions.json"), list("connections.json"));
    let entity = entities.iter().find(|entity| entity["id"] == maria.to_string()).unwrap();
    assert_eq!((&entity["name"], &entity["aliases"]), (&json!("Maria da Silva"), &json!(["Maria Silva"])));
    let mention = mentions.iter().find(|mention| mention["entity_id"] == maria.to_string()).unwrap();
    assert_eq!((&mention["text"], &mention["start_ms"]), (&json!("Maria Silva"), &json!(500)));
    let ends = [maria.to_string(), lisbon.to_string()];
    let between =
        |one: &&Value| ends.iter().all(|end| one["from_entity_id"] == *end || one["to_entity_id"] == *end);
    let connection = connections.iter().find(between).unwrap();
    assert_eq!(connection["segment_ids"], json!([mention["segment_id"]]));
    let decision = &list("decisions.json")[0];
    assert_eq!(
        (&decision["kind"], &decision["becomes"]["name"]),
        (&json!("person"), &json!("Maria da Silva"))
    );
    for empty in ["files.json", "file-contents.json", "file-events.json", "insights.json"] {
        assert!(list(empty).is_empty(), "{empty}");
    }
    assert_eq!(list("sessions.json").len(), 1);

    let profile = parsed(&files, "profile.json");
    assert_eq!(profile, person.get("/api/v1/users/me").await.good());
    let everything: Vec<u8> = files.into_values().flatten().collect();
    let hash = b"$argon2";
    assert!(!everything.windows(hash.len()).any(|bytes| bytes == hash), "the hash of the password is in it");
}

#[tokio::test]
async fn an_archive_is_fetched_whole_or_in_parts_once_it_is_complete() {
    let mut stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    person.upload(&Sound::short()).await;
    let (export, job) = asks(&person).await;
    let content = format!("{export}/content");
    assert_eq!(person.get(&content).await.refused(), (409, "export_incomplete".to_owned()));
    assert_eq!(person.get(&export).await.good()["state"], "queued");

    let mut socket = Socket::open(&person).await;
    socket.join(&format!("job:{job}"), None).await;
    stack.start_worker();
    socket.hear_until("its success", |frame| frame["data"]["state"] == "succeeded").await;
    let done = person.job(job).await;
    assert_eq!(
        (&done["percent"], &done["bytes_done"], &done["lane"]),
        (&json!(100.0), &done["bytes_total"], &json!("exports"))
    );
    let shown = person.get(&export).await.good();
    assert_eq!(shown["state"], "succeeded");
    let whole = person.get(&content).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "application/zip"));
    assert_eq!(shown["size_bytes"], whole.body.len());
    assert_eq!(whole.header("etag"), format!("\"{}\"", shown["sha256"].as_str().unwrap()));
    assert!(whole.header("content-disposition").contains("filename=\"export-20"), "{:?}", whole.headers);

    let rest = person.request(Method::GET, &content).header("range", "bytes=1000-");
    let rest = Answer::of(rest.header("if-range", whole.header("etag"))).await.unwrap();
    assert_eq!((rest.status, &rest.body), (206, &whole.body.slice(1000..)));
    let same = person.request(Method::GET, &content).header("if-none-match", whole.header("etag"));
    assert_eq!(Answer::of(same).await.unwrap().status, 304);

    let stranger = Person::register(&stack).await;
    for path in [&export, &content] {
        assert_eq!(stranger.get(path).await.refused(), (404, "not_found".to_owned()));
    }
    assert_eq!(delete(&stranger, &export).await.refused(), (404, "not_found".to_owned()));
    assert_eq!(stranger.get("/api/v1/exports").await.good()["items"], json!([]));
}

#[tokio::test]
async fn one_export_is_written_at_a_time_and_the_newest_is_kept() {
    let mut stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let (first, job) = asks(&person).await;
    let twice = tokio::join!(asks(&person), asks(&person));
    assert_eq!(twice, ((first.clone(), job), (first.clone(), job)));
    stack.start_worker();
    person.success(job).await;

    let (second, job) = asks(&person).await;
    assert_ne!(first, second);
    person.success(job).await;
    let listed = person.get("/api/v1/exports").await.good();
    let listed: Vec<String> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("/api/v1/exports/{}", id_of(&one["id"])))
        .collect();
    assert_eq!(listed, std::slice::from_ref(&second));
    assert_eq!(person.get(&first).await.refused(), (404, "not_found".to_owned()));

    // An expired export is deleted together with its object.
    let forget = "delete from jobs where kind = 'forget_expired'";
    stack.database.run(forget).await;
    stack.start_worker();
    eventually("the older archive to be removed", async || (archives(&stack, &person) == 1).then_some(()))
        .await;
    assert_eq!(person.get(&format!("{second}/content")).await.status, 200);
    assert_eq!(delete(&person, &second).await.status, 204);
    assert_eq!(archives(&stack, &person), 0);
}

/// The number of a person's archives in object storage, complete or not.
fn archives(stack: &Stack, person: &Person) -> usize {
    fs::read_dir(stack.objects().join(format!("export/{}", person.id))).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_export_holds_what_is_in_files_however_it_was_sent() {
    let stack = Stack::setup().with("LANES", "exports=1").start().await;
    let person = Person::register(&stack).await;
    let event = |path: &str, second: u32| {
        json!({"id": Uuid::new_v4(), "kind": "created", "device": "laptop", "path": path,
               "happened_at": format!("2026-09-21T10:00:{second:02}Z")})
    };
    let mut note = event("/note.md", 1);
    note["content"] = "# Tiles\n\nBlue ones.".into();
    let told =
        person.post("/api/v1/files/events", &json!({"events": [note, event("/page.html", 2)]})).await.good();
    let ids: Vec<String> =
        told["events"].as_array().unwrap().iter().map(|one| id_of(&one["file_id"]).to_string()).collect();
    let page = b"<p>Gr\xFC\xDFe</p>".to_vec();
    let upload = person.request(Method::PUT, &format!("/api/v1/files/{}/content", ids[1]));
    let upload = upload.header("content-type", "text/html").body(page.clone());
    assert_eq!(Answer::of(upload).await.unwrap().status, 202);

    let files = unpacked(&exported(&person).await);
    let list = |name: &str| parsed(&files, name).as_array().unwrap().clone();
    assert_eq!(list("file-events.json").len(), 2);
    for (id, path, content) in
        [(&ids[0], "/note.md", b"# Tiles\n\nBlue ones.".to_vec()), (&ids[1], "/page.html", page)]
    {
        let file = list("files.json").into_iter().find(|file| file["id"] == **id).unwrap();
        assert_eq!(
            (&file["path"], &file["device"], &file["state"]),
            (&json!(path), &json!("laptop"), &json!("present"))
        );
        let about =
            list("file-contents.json").into_iter().find(|about| about["id"] == file["content_id"]).unwrap();
        assert_eq!((&about["file_id"], &about["size_bytes"]), (&json!(id), &json!(content.len())));
        let (_, extension) = path.split_once('.').unwrap();
        let named = format!("file-contents/{}.{extension}", id_of(&about["id"]));
        assert_eq!(files.get(&named), Some(&content), "{named} among {:?}", files.keys());
    }
}
