//! Upload and download of recordings.

use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use self_tests::person::{Accepted, id_of};
use self_tests::{Answer, Person, Sound, Stack, eventually};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn an_accepted_recording_is_there_with_its_conversation_and_its_job() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let answer = Answer::of(person.upload_request(&sound)).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let accepted = Accepted::read(&answer.good());
    assert_eq!(answer.header("location"), format!("/api/v1/jobs/{}", accepted.job));

    let audio = person.get(&format!("/api/v1/audio/{}", accepted.audio)).await.good();
    assert_eq!(audio["size_bytes"], sound.bytes.len());
    assert_eq!(audio["filename"], sound.name);
    assert_eq!(audio["content_type"], "audio/wav");
    let conversation = person.get(&format!("/api/v1/conversations/{}", accepted.conversation)).await.good();
    assert_eq!(conversation["audio"][0]["id"], audio["id"]);
    let job = person.job(accepted.job).await;
    assert_eq!((&job["state"], &job["audio_id"]), (&"queued".into(), &audio["id"]));
}

#[tokio::test]
async fn the_same_bytes_again_are_recognised() {
    let stack = Stack::without_worker().await;
    let (person, stranger) = (Person::register(&stack).await, Person::register(&stack).await);
    let first = person.upload(&Sound::short()).await;
    let again = Answer::of(person.upload_request(&Sound::short())).await.unwrap();
    assert_eq!((again.status, &again.good()["duplicate"]), (200, &true.into()));
    assert_eq!(Accepted::read(&again.good()), first);
    // Uploads of other people are not revealed: for this person the recording is new.
    let theirs = stranger.upload(&Sound::short()).await;
    assert_ne!(theirs, first);
    assert_eq!(files(&stack.objects()).len(), 2);
}

#[tokio::test]
async fn the_same_recording_sent_by_several_at_once_is_one() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let answers = join_all((0..6).map(|_| Answer::of(person.upload_request(&sound)))).await;
    let accepted: Vec<Accepted> =
        answers.iter().map(|answer| Accepted::read(&answer.as_ref().unwrap().good())).collect();
    assert!(accepted.iter().all(|one| *one == accepted[0]), "{accepted:?}");
    assert_eq!(stack.database.count("from jobs").await, 1);
    assert_eq!(files(&stack.objects()).len(), 1);
}

#[tokio::test]
async fn an_idempotency_key_gets_the_first_answer_again_and_stands_for_one_request() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let send = async |sound: &Sound, key: &str| {
        Answer::of(person.upload_request(sound).header("idempotency-key", key)).await.unwrap()
    };
    let (sound, other) = (Sound::short(), Sound::short().anew());
    let first = send(&sound, "a").await;
    let again = send(&sound, "a").await;
    assert_eq!(Accepted::read(&again.good()), Accepted::read(&first.good()));
    assert_eq!(send(&other, "a").await.refused(), (409, "idempotency_conflict".to_owned()));
    assert_eq!(send(&other, "b").await.status, 202);
    assert_eq!(stack.database.count("from jobs").await, 2);
    assert_eq!(files(&stack.objects()).len(), 2);
}

#[tokio::test]
async fn a_form_is_as_good_as_a_plain_body() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let part = Part::stream(Body::from(sound.bytes.clone())).file_name("dictated.wav");
    let form = Form::new().part("file", part);
    let request = person.request(Method::POST, "/api/v1/audio/upload").multipart(form);
    let answer = Answer::of(request).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.good()["audio"]["filename"], "dictated.wav");
    assert_eq!(content(&person, &answer.good()["audio"]["id"]).await.body, sound.bytes);

    let request = person.request(Method::POST, "/api/v1/audio/upload").multipart(Form::new().text("a", "b"));
    assert_eq!(Answer::of(request).await.unwrap().refused(), (400, "invalid_multipart".to_owned()));
}

#[tokio::test]
async fn what_a_form_holds_beside_one_file_is_refused_by_its_name() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let file = |name: &'static str| Part::stream(Body::from(Sound::short().anew().bytes)).file_name(name);
    let forms = [
        (Form::new().part("file", file("a.wav")).part("file", file("b.wav")), "b.wav"),
        (Form::new().part("file", file("a.wav")).part("file2", file("b.wav")), "file2"),
        (Form::new().text("allow_remote", "false").part("file", file("a.wav")), "allow_remote"),
        (Form::new().part("file", file("a.wav")).text("language", "de"), "language"),
        (Form::new().part("audio", file("a.wav")), "audio"),
    ];
    for (form, named) in forms {
        let request = person.request(Method::POST, "/api/v1/audio/upload").multipart(form);
        let answer = Answer::of(request).await.unwrap();
        assert_eq!(answer.refused(), (400, "invalid_multipart".to_owned()), "{named}");
        assert!(answer.text().contains(named), "{named}: {}", answer.text());
    }
    let part = person.upload_request(&Sound::short()).header("content-range", "bytes 0-99/1000");
    assert_eq!(Answer::of(part).await.unwrap().refused(), (400, "invalid_input".to_owned()));
    assert_eq!(stack.database.count("from audio").await, 0);
    assert_eq!(files(&stack.objects()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_a_second_upload_of_the_same_bytes_asks_is_done_or_refused() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let send = async |query: &[(&str, &str)]| {
        Answer::of(person.upload_request(&Sound::short()).query(query)).await.unwrap()
    };
    let first = Accepted::read(&send(&[("title", "Mine")]).await.good());
    // The job that waits is replaced by one that may not send the sound.
    let again = send(&[("allow_remote", "false"), ("title", "Mine")]).await;
    assert_eq!((again.status, &again.good()["duplicate"]), (200, &true.into()));
    let second = Accepted::read(&again.good());
    assert_eq!((second.audio, second.conversation), (first.audio, first.conversation));
    assert_eq!(person.job(first.job).await["state"], "cancelled");
    assert_eq!(person.job(second.job).await["state"], "queued");
    let forbids = "from jobs where state = 'queued' and payload -> 'options' ->> 'allow_remote' = 'false'";
    assert_eq!(stack.database.count(forbids).await, 1);
    // The same options again, and none, change nothing.
    for query in [&[("allow_remote", "false")][..], &[]] {
        assert_eq!(Accepted::read(&send(query).await.good()), second, "{query:?}");
    }
    let refused = send(&[("title", "Ours")]).await;
    assert_eq!(refused.refused(), (409, "duplicate_upload".to_owned()));
    assert!(refused.text().contains("PATCH"), "{}", refused.text());
    // A refusal of the title does not allow what the request forbids.
    stack.database.run("update jobs set payload = payload #- '{options,allow_remote}'").await;
    stack.database.run("update transcriptions set options = options - 'allow_remote'").await;
    assert_eq!(send(&[("title", "Ours"), ("allow_remote", "false")]).await.status, 409);
    assert_eq!(stack.database.count(forbids).await, 1);
    assert_eq!(stack.database.count("from jobs where state = 'queued'").await, 1);

    stack.database.run("update jobs set state = 'dead' where state = 'queued'").await;
    let refused = send(&[("language", "en")]).await;
    assert_eq!(refused.refused(), (409, "duplicate_upload".to_owned()));
    assert!(refused.text().contains("/api/v1/audio/transcribe"), "{}", refused.text());
    assert_eq!(files(&stack.objects()).len(), 1);
}

#[tokio::test]
async fn a_recording_that_is_too_large_is_refused_and_leaves_nothing() {
    let stack = Stack::setup().workers(0).with("UPLOAD_MAX_BYTES", 100_000).start().await;
    let person = Person::register(&stack).await;
    let large = Sound::silence(4);
    let too_large = (413, "upload_too_large".to_owned());
    assert_eq!(Answer::of(person.upload_request(&large)).await.unwrap().refused(), too_large);
    // Without a length in the header, the limit is found only by counting.
    let pieces = large.bytes.chunks(10_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let stream = Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
    let request = person.request(Method::POST, "/api/v1/audio/upload").body(stream);
    assert_eq!(Answer::of(request).await.unwrap().refused(), too_large);

    assert_eq!(stack.database.count("from audio").await, 0);
    assert_eq!(files(&stack.objects()), Vec::<PathBuf>::new());
    person.upload(&Sound::silence(3)).await;
}

#[tokio::test]
async fn a_stream_behind_what_others_wrote_first_is_a_recording() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let options = ["-b:a", "64k", "-id3v2_version", "0", "-write_xing", "0"];
    let mp3 = Sound::short().converted("a.mp3", "audio/mpeg", &options).bytes;
    let aac = Sound::short().converted("a.aac", "audio/aac", &["-c:a", "aac", "-f", "adts"]).bytes;
    let reply = b"ICY 200 OK\r\nicy-name: The talk\r\ncontent-type:audio/mpeg\r\n\r\n";
    for (name, before, bytes, kind) in [
        ("reserved.mp3", &vec![0; 100_000][..], &mp3, "audio/mpeg"),
        ("reserved.aac", &vec![0; 900_000][..], &aac, "audio/aac"),
        ("radio.mp3", &reply[..], &mp3, "audio/mpeg"),
    ] {
        let sent = Sound::of(name, "application/octet-stream", [before, &bytes[..]].concat());
        let accepted = person.upload(&sent).await;
        let audio = person.get(&format!("/api/v1/audio/{}", accepted.audio)).await.good();
        assert_eq!((&audio["content_type"], &audio["size_bytes"]), (&kind.into(), &sent.bytes.len().into()));
    }
}

#[tokio::test]
async fn a_file_that_is_no_recording_is_refused_at_upload() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let files_that_are_none: [(&str, &[u8]); 5] = [
        ("letter.wav", b"Dear Ada, this is a letter and no sound at all."),
        ("photo.wav", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01"),
        ("paper.mp3", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),
        ("noise.flac", b"\x07\x91\x22\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"),
        ("short.wav", b"RI"),
    ];
    for (name, bytes) in files_that_are_none {
        let sent = Sound::of(name, "audio/wav", bytes);
        let refused = Answer::of(person.upload_request(&sent)).await.unwrap().refused();
        assert_eq!(refused, (415, "unsupported_media".to_owned()), "{name}");
    }
    let empty = Answer::of(person.upload_request(&Sound::of("empty.wav", "audio/wav", ""))).await.unwrap();
    assert_eq!(empty.refused(), (400, "empty_upload".to_owned()));
    assert_eq!(stack.database.count("from audio").await, 0);
    assert_eq!(files(&stack.objects()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    for request in [
        // Fewer bytes than announced.
        format!("content-length: {}\r\n\r\n", sound.bytes.len()).into_bytes(),
        // A chunk that never ends.
        format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n", sound.bytes.len()).into_bytes(),
    ] {
        let mut link = TcpStream::connect(person.api.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST /api/v1/audio/upload HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {}\r\n",
            person.access_token
        );
        link.write_all(head.as_bytes()).await.unwrap();
        link.write_all(&request).await.unwrap();
        link.write_all(&sound.bytes[..sound.bytes.len() / 2]).await.unwrap();
        eventually("the first half to arrive", async || (!files(&stack.objects()).is_empty()).then_some(()))
            .await;
        drop(link);
        eventually("the half to be removed", async || files(&stack.objects()).is_empty().then_some(())).await;
    }
    assert_eq!(stack.database.count("from audio").await, 0);
    // The complete recording is new.
    person.upload(&sound).await;
}

#[tokio::test]
async fn content_comes_back_whole_and_in_parts() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let sound = Sound::short();
    let id = person.upload(&sound).await.audio;
    let path = format!("/api/v1/audio/{id}/content");
    let all = &sound.bytes;
    let whole = person.get(&path).await;
    assert_eq!((whole.status, &whole.body), (200, all));
    assert_eq!((whole.header("content-type"), whole.header("accept-ranges")), ("audio/wav", "bytes"));
    let etag = whole.header("etag").to_owned();

    let ask = async |header: &'static str, value: &str| {
        Answer::of(person.request(Method::GET, &path).header(header, value)).await.unwrap()
    };
    let last = all.len() - 1;
    for (range, first, end) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=100-199".to_owned(), 100, 199),
        (format!("bytes={}-", last - 9), last - 9, last),
        ("bytes=-10".to_owned(), last - 9, last),
        (format!("bytes=5-{}", last + 1_000), 5, last),
    ] {
        let part = ask("range", &range).await;
        assert_eq!((part.status, &part.body[..]), (206, &all[first..=end]), "{range}");
        assert_eq!(part.header("content-range"), format!("bytes {first}-{end}/{}", all.len()), "{range}");
    }
    let beyond = ask("range", &format!("bytes={}-", all.len())).await;
    assert_eq!(beyond.refused(), (416, "range_not_satisfiable".to_owned()));
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", all.len()));

    assert_eq!(ask("if-none-match", &etag).await.status, 304);
    assert_eq!(ask("if-none-match", "\"another\"").await.status, 200);
    let changed =
        person.request(Method::GET, &path).header("range", "bytes=0-9").header("if-range", "\"old\"");
    assert_eq!(Answer::of(changed).await.unwrap().status, 200);

    let head = Answer::of(person.request(Method::HEAD, &path)).await.unwrap();
    assert_eq!((head.status, head.header("etag"), head.body.len()), (200, etag.as_str(), 0));
    assert_eq!(head.header("content-length"), all.len().to_string());
}

#[tokio::test]
async fn names_of_files_are_only_names() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for name in
        ["../../../etc/passwd", "C:\\secret\\a.wav", "a\"; filename=\"b.exe", "übung – 1.wav", "%00.wav"]
    {
        let sent = Sound { name: name.to_owned(), ..Sound::short().anew() };
        let accepted = person.upload(&sent).await;
        let audio = person.get(&format!("/api/v1/audio/{}", accepted.audio)).await.good();
        let kept = audio["filename"].as_str().unwrap();
        assert!(!kept.contains(['/', '\\']), "{kept}");
        assert_eq!(content(&person, &audio["id"]).await.status, 200, "{name}");
    }
    for file in files(&stack.objects()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.contains("passwd") && !name.contains("exe"), "{}", file.display());
    }
}

#[tokio::test]
async fn a_recording_can_be_transcribed_again() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::short()).await;
    let again = serde_json::json!({"audio_id": accepted.audio, "options": {"language": "en"}});
    let answer = person.post("/api/v1/audio/transcribe", &again).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let job = answer.good();
    assert_ne!(id_of(&job["id"]), accepted.job);
    assert_eq!(job["audio_id"], accepted.audio.to_string());
    assert_eq!(job["conversation_id"], accepted.conversation.to_string());
}

async fn content(person: &Person, id: &Value) -> Answer {
    person.get(&format!("/api/v1/audio/{}/content", id_of(id))).await
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
