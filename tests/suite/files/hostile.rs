//! Files that cannot be read: their jobs end with a reason, and other jobs are not affected.

use futures_util::future::join_all;
use self_tests::person::id_of;
use self_tests::{Person, Stack};
use serde_json::{Value, json};

use super::content::put;
use super::documents::{document, pdf, spaces};
use super::{event, file, send, tell, with};

#[tokio::test]
async fn files_that_cannot_be_read_end_with_a_reason_and_harm_nobody() {
    let mut stack = Stack::setup().with("LANES", "files=2").start().await;
    let person = Person::register(&stack).await;
    let noise: Vec<u8> = (0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let page = |content: &str| vec![(String::new(), content.as_bytes().to_vec())];
    let lock = format!(
        "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >>",
        "ab".repeat(32)
    );
    let itself = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /Self 5 0 R >> >>";
    let swelling = vec![("/Filter /FlateDecode".to_owned(), spaces(3 << 30))];
    let whole = pdf(&["Blue tiles."]);
    let files: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("noise behind text", [&b"text ".repeat(300)[..], &noise].concat(), &["not_text"]),
        ("noise behind %PDF", [&b"%PDF-1.7\n"[..], &noise].concat(), &["damaged_file"]),
        ("cut off", whole[..whole.len() / 2].to_vec(), &["damaged_file", "not_text"]),
        ("locked", document(&page("BT ET"), &lock), &["encrypted_file"]),
        ("only pictures", document(&page("q 612 0 0 792 0 0 cm /Im Do Q"), ""), &["not_text"]),
        (
            "within itself",
            document(&[(itself.to_owned(), b"/Self Do".to_vec())], ""),
            &["damaged_file", "reader_limit", "not_text"],
        ),
        ("swelling", document(&swelling, ""), &["reader_limit", "damaged_file"]),
    ];
    let ended = join_all(files.into_iter().map(async |(name, bytes, reasons)| {
        let id = tell(&person, &[event("created", &format!("/{name}"), 1)]).await;
        let accepted = put(&person, id, "application/octet-stream", bytes).await;
        assert_eq!(accepted.status, 202, "{name}: {}", accepted.text());
        let job = person.ending(id_of(&accepted.good()["job"]["id"])).await;
        (name, job, file(&person, id).await["content"].clone(), reasons)
    }));
    for (name, job, content, reasons) in ended.await {
        assert_eq!(job["state"], "dead", "{name}: {job}");
        assert!(reasons.contains(&job["failure"]["code"].as_str().unwrap()), "{name}: {job}");
        let detail = job["failure"]["detail"].as_str().unwrap();
        assert!(detail.contains(' ') && !detail.contains("::") && !detail.contains('/'), "{name}: {detail}");
        assert_eq!((&content["state"], &content["failure"]), (&"failed".into(), &job["failure"]), "{name}");
        assert_eq!(job["attempt"], 1, "{name} was tried again: {job}");
    }
    // The same worker process has handled all files.
    assert!(stack.workers[0].ended().is_none());
    let sent = send(&person, &[with(event("created", "/good", 2), json!({"content": "Blue tiles."}))]).await;
    person.success(id_of(&sent.good()["events"][0]["job_id"])).await;
}

#[tokio::test]
async fn content_that_cannot_be_read_is_refused_at_upload_where_it_shows() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/a.md", 1)]).await;
    for bytes in [
        &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
        b"PK\x03\x04\x14\0\x06\0",
        b"{\\rtf1 text}",
        b"\xFF\xFB\x90\x64\0",
    ] {
        let refused = put(&person, id, "text/markdown", bytes.to_vec()).await.refused();
        assert_eq!(refused, (415, "unsupported_media".to_owned()), "{bytes:?}");
    }
    assert_eq!(put(&person, id, "text/plain", Vec::new()).await.refused(), (400, "empty_upload".to_owned()));
    let large = put(&person, id, "text/plain", vec![b'x'; 64 * 1024 * 1024 + 1]).await;
    assert_eq!(large.refused(), (413, "upload_too_large".to_owned()));
    assert!(file(&person, id).await.get("content").is_none());
    let left = std::fs::read_dir(stack.objects().join(format!("files/{}", person.id)));
    assert_eq!(left.map_or(0, Iterator::count), 0);
}

#[tokio::test]
async fn of_a_very_long_file_the_beginning_is_read_and_the_file_says_so() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/log", 1)]).await;
    let text = "a".repeat(2 << 20);
    let accepted = put(&person, id, "text/plain", text.into_bytes()).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    let content = file(&person, id).await["content"].clone();
    let said: (&Value, &Value) = (&content["is_cut"], &content["size_bytes"]);
    assert_eq!(said, (&true.into(), &(2 << 20).into()), "{content}");
}
