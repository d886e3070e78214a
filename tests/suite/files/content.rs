//! The content of files: it is processed once, replaced by newer content, and deleted with the file.

use std::path::PathBuf;

use reqwest::Method;
use self_tests::person::id_of;
use self_tests::{Answer, Person, Stack, eventually};
use serde_json::json;
use uuid::Uuid;

use super::documents::pdf;
use super::{at, delete, event, file, moved, send, tell, with};
use crate::crashes::Held;

/// Uploads the content of a file.
pub(super) async fn put(person: &Person, id: Uuid, content_type: &str, content: Vec<u8>) -> Answer {
    let path = format!("/api/v1/files/{id}/content");
    let request = person.request(Method::PUT, &path).header("content-type", content_type).body(content);
    Answer::of(request).await.unwrap()
}

/// Sends an event of a file with its text, waits until it can be searched, and returns the file.
async fn remember(person: &Person, path: &str, second: u32, text: &str) -> Uuid {
    let sent = send(person, &[with(event("modified", path, second), json!({"content": text}))]).await;
    assert_eq!(sent.status, 202, "{}", sent.text());
    let recorded = sent.good()["events"][0].clone();
    let job = person.success(id_of(&recorded["job_id"])).await;
    assert_eq!((&job["kind"], &job["lane"]), (&"embed_file".into(), &"files".into()));
    assert_eq!((&job["file_id"], &job["percent"]), (&recorded["file_id"], &100.0.into()));
    id_of(&recorded["file_id"])
}

/// The passages of a file that can be searched.
async fn passages(stack: &Stack, id: Uuid) -> String {
    let query = format!(
        "select coalesce(string_agg(text, ' | ' order by position), '') from file_embeddings where file_id = '{id}'"
    );
    stack.database.value(&query).await.unwrap()
}

/// The paths of a person's uploaded contents.
fn objects(stack: &Stack, person: &Person) -> Vec<PathBuf> {
    let folder = stack.objects().join(format!("files/{}", person.id));
    std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn what_is_in_a_file_is_read_whatever_it_is_wrapped_in() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let inline = [
        ("/note.txt", "Blue tiles.\n\nNo more than 900 €.", "Blue tiles. No more than 900 €."),
        ("/note.md", "# The *kitchen*\n\n- [tiles](http://x.y)", "The kitchen tiles"),
        ("/page.html", "<p>Blue<br>tiles &amp; more</p><script>x()</script>", "Blue tiles & more"),
    ];
    for (path, text, read) in inline {
        let id = remember(&person, path, 1, text).await;
        assert_eq!(passages(&stack, id).await, read, "{path}");
        let content = file(&person, id).await["content"].clone();
        assert_eq!((&content["state"], &content["size_bytes"]), (&"embedded".into(), &text.len().into()));
        assert_eq!((&content["is_cut"], &content["is_stale"]), (&false.into(), &false.into()));
    }
    let utf16: Vec<u8> = "\u{feff}Grüße aus São Paulo".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = b"<meta charset=iso-8859-1><p>Gr\xFC\xDFe</p>".to_vec();
    let uploads = [
        ("text/plain", utf16, "text/plain", "Grüße aus São Paulo"),
        ("application/octet-stream", latin, "text/plain", "<meta charset=iso-8859-1><p>Grüße</p>"),
        ("text/html", b"<meta charset=iso-8859-1><p>Gr\xFC\xDFe</p>".to_vec(), "text/html", "Grüße"),
        ("text/markdown; charset=utf-8", "**Grüße**".into(), "text/markdown", "Grüße"),
        ("text/plain", pdf(&["Blue tiles.", "On page two."]), "application/pdf", "Blue tiles. On page two."),
    ];
    for (n, (declared, bytes, kind, read)) in uploads.into_iter().enumerate() {
        let id = tell(&person, &[event("created", &format!("/upload {n}"), 2)]).await;
        let accepted = put(&person, id, declared, bytes.clone()).await;
        assert_eq!(accepted.status, 202, "{}", accepted.text());
        let job = id_of(&accepted.good()["job"]["id"]);
        assert_eq!(accepted.header("location"), format!("/api/v1/jobs/{job}"));
        assert_eq!(accepted.good()["file"]["content"]["state"], "pending");
        person.success(job).await;
        assert_eq!(passages(&stack, id).await, read);
        let content = file(&person, id).await["content"].clone();
        assert_eq!((&content["kind"], &content["state"]), (&kind.into(), &"embedded".into()));
        // The same content again changes nothing.
        let again = put(&person, id, declared, bytes).await;
        assert_eq!((again.status, again.good().get("job")), (200, None));
    }
    assert_eq!(objects(&stack, &person).len(), 5);
}

#[tokio::test]
async fn what_was_sent_comes_back_whole_and_in_parts() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let text = "# The kitchen\n\nBlue tiles, no more than 900 €.";
    let told = with(event("created", "/home/ada/plan \"B\".md", 1), json!({"content": text}));
    let told = tell(&person, &[told]).await;
    let uploaded = tell(&person, &[event("created", "C:\\Plans\\floor.pdf", 2)]).await;
    let document = pdf(&["Blue tiles."]);
    assert_eq!(put(&person, uploaded, "application/pdf", document.clone()).await.status, 202);
    for (id, sent, kind, name) in [
        (told, text.as_bytes(), "text/markdown", "plan%20%22B%22.md"),
        (uploaded, &document, "application/pdf", "floor.pdf"),
    ] {
        let path = format!("/api/v1/files/{id}/content");
        let whole = person.get(&path).await;
        assert_eq!((whole.status, &whole.body[..]), (200, sent));
        assert_eq!(whole.header("content-type"), kind);
        assert!(whole.header("content-disposition").ends_with(&format!("''{name}")), "{name}");
        let ask = async |header: &str, value: &str| {
            Answer::of(person.request(Method::GET, &path).header(header, value)).await.unwrap()
        };
        let part = ask("range", "bytes=2-7").await;
        assert_eq!((part.status, &part.body[..]), (206, &sent[2..=7]));
        assert_eq!(ask("range", "bytes=100000-").await.refused(), (416, "range_not_satisfiable".to_owned()));
        assert_eq!(ask("if-none-match", whole.header("etag")).await.status, 304);
        delete(&person, id).await;
        assert_eq!(person.get(&path).await.refused(), (404, "not_found".to_owned()));
    }
    let untold = tell(&person, &[event("created", "/empty", 3)]).await;
    let nothing = person.get(&format!("/api/v1/files/{untold}/content")).await;
    assert_eq!(nothing.refused(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn newer_content_replaces_older_and_late_events_about_older_change_nothing() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let id = remember(&person, "/a", 10, "The tiles are blue.").await;
    remember(&person, "/a", 20, "The tiles are green.").await;
    assert_eq!(passages(&stack, id).await, "The tiles are green.");
    let late =
        send(&person, &[with(event("modified", "/a", 15), json!({"content": "The tiles are red."}))]).await;
    assert_eq!((late.status, late.good()["events"][0].get("job_id")), (201, None));
    let accepted = put(&person, id, "text/plain", b"The tiles are gone.".to_vec()).await;
    person.success(id_of(&accepted.good()["job"]["id"])).await;
    assert_eq!(passages(&stack, id).await, "The tiles are gone.");
    assert_eq!(objects(&stack, &person).len(), 1);

    // The file has changed, but its new content was not sent: the old content is found until then.
    tell(&person, &[event("modified", "/a", 30)]).await;
    let content = file(&person, id).await["content"].clone();
    assert_eq!((&content["is_stale"], &content["as_of"]), (&true.into(), &at(20).into()));
    remember(&person, "/a", 40, "The tiles are back.").await;
    assert_eq!(file(&person, id).await["content"]["is_stale"], false);
    assert_eq!(objects(&stack, &person).len(), 0, "a superseded object is still there");
}

#[tokio::test]
async fn of_a_file_that_changes_only_what_changed_is_embedded_again() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let part = |n: usize| format!("This is part {n}, {}.", format!("where word {n} is said ").repeat(7));
    let text = |last: usize| (0..5).chain([last]).map(part).collect::<Vec<_>>().join("\n");
    let id = remember(&person, "/a", 1, &text(5)).await;
    // These vectors come from no model: a vector that is unchanged later was not computed again.
    stack
        .database
        .run("update file_embeddings set embedding = array_fill(0.5::real, array[384])::halfvec")
        .await;
    remember(&person, "/a", 2, &text(6)).await;
    let of = format!("from file_embeddings where file_id = '{id}'");
    let kept = format!("{of} and embedding = array_fill(0.5::real, array[384])::halfvec");
    let (all, kept) = (stack.database.count(&of).await, stack.database.count(&kept).await);
    assert!(all >= 6 && kept == all - 1, "{kept} of {all} vectors were kept");
}

#[tokio::test]
async fn content_goes_with_its_file_wherever_that_is_moved_and_is_gone_when_it_is_deleted() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let id = remember(&person, "/b", 10, "The tiles are blue.").await;
    // An earlier move becomes known late: the file is the one that began at the other path.
    let first = tell(&person, &[event("created", "/a", 1)]).await;
    let moved = send(&person, &[moved("/a", "/b", 5)]).await.good();
    assert_eq!(id_of(&moved["events"][0]["file_id"]), first);
    assert_eq!(person.get(&format!("/api/v1/files/{id}")).await.status, 404);
    let found = eventually("its content to be understood again", async || {
        let file = file(&person, first).await;
        (file["content"]["state"] == "embedded").then_some(file)
    })
    .await;
    assert_eq!(
        (&found["path"], passages(&stack, first).await),
        (&"/b".into(), "The tiles are blue.".to_owned())
    );

    tell(&person, &[event("deleted", "/b", 20)]).await;
    assert!(file(&person, first).await.get("content").is_none());
    assert_eq!(passages(&stack, first).await, "");
    let refused = put(&person, first, "text/plain", b"text".to_vec()).await.refused();
    assert_eq!(refused, (409, "file_deleted".to_owned()));
    // Content that is older than the deletion does not return with the file.
    let late = with(event("modified", "/b", 15), json!({"content": "The tiles are old."}));
    assert_eq!(send(&person, &[late, event("created", "/b", 30)]).await.status, 201);
    assert_eq!(passages(&stack, first).await, "");
}

#[tokio::test]
async fn a_forgotten_file_leaves_nothing_behind() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/secret", 1), moved("/secret", "/hidden", 2)]).await;
    let job =
        id_of(&put(&person, id, "text/plain", b"The secret recipe.".to_vec()).await.good()["job"]["id"]);
    person.success(job).await;
    assert_eq!(delete(&person, id).await.status, 204);
    for path in [format!("/api/v1/files/{id}"), format!("/api/v1/files/{id}/events")] {
        assert_eq!(person.get(&path).await.refused(), (404, "not_found".to_owned()));
    }
    assert_eq!(delete(&person, id).await.status, 404);
    for table in ["files", "file_events", "file_stays", "file_contents", "file_embeddings"] {
        assert_eq!(stack.database.count(&format!("from {table}")).await, 0, "{table}");
    }
    assert_eq!(stack.database.count("from events where data::text ~ 'secret|hidden'").await, 0);
    assert_eq!(objects(&stack, &person), Vec::<PathBuf>::new());
    // A new event at the same path creates a new file.
    assert_ne!(tell(&person, &[event("created", "/secret", 1)]).await, id);
}

#[tokio::test]
async fn a_conversation_and_a_file_about_the_same_are_shown_beside_one_another() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let words = "The kitchen gets blue tiles, and they cost no more than nine hundred.";
    let id = remember(&person, "/kitchen.md", 1, words).await;
    remember(&person, "/other.md", 1, "Ravens solve puzzles that three-year-old children cannot.").await;
    let told = json!({"text": "We take the blue tiles for the kitchen.\nNine hundred is what they cost."});
    let accepted = person.post("/api/v1/conversations", &told).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    let conversation = accepted["conversation"]["id"].as_str().unwrap();
    let shown = person.get(&format!("/api/v1/conversations/{conversation}")).await.good();
    let files = shown["related_files"].as_array().unwrap();
    assert_eq!((files.len(), id_of(&files[0]["id"])), (1, id), "{files:?}");
    assert_eq!((&files[0]["device"], &files[0]["path"]), (&"laptop".into(), &"/kitchen.md".into()));
    let related = file(&person, id).await["related_conversations"].clone();
    assert_eq!((related.as_array().unwrap().len(), &related[0]["id"]), (1, &conversation.into()));
    tell(&person, &[event("deleted", "/kitchen.md", 2)]).await;
    let shown = person.get(&format!("/api/v1/conversations/{conversation}")).await.good();
    assert_eq!(shown["related_files"], json!([]));
}

#[tokio::test]
async fn a_worker_that_is_killed_over_a_file_costs_only_time() {
    let mut stack = Stack::setup().workers(0).with("LANES", "files=1").with("LEASE_SECONDS", 2).start().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/a", 1)]).await;
    let accepted =
        put(&person, id, "text/plain", b"The tiles are blue. They are here.".to_vec()).await.good();
    let job = id_of(&accepted["job"]["id"]);
    for (step, held) in [("fetch", hold_object(&stack, &person)), ("save", Held::Nothing)] {
        let held = match held {
            Held::Nothing => Held::Table(stack.database.hold("file_embeddings").await),
            held => held,
        };
        let worker = stack.start_worker();
        eventually(&format!("the worker to be at {step}"), async || {
            let waits = stack.database.somebody_waits_for("file_embeddings").await;
            let job = person.job(job).await;
            let runs = job["state"] == "running" && job["attempt"] == worker + 1;
            (runs && (waits || step == "fetch")).then_some(())
        })
        .await;
        stack.workers[worker].kill();
        held.release().await;
    }
    stack.start_worker();
    assert_eq!(person.success(job).await["attempt"], 3);
    assert_eq!(passages(&stack, id).await, "The tiles are blue. They are here.");
    let told = "from events where kind = 'file_event' and data -> 'content' ->> 'state' = 'embedded'";
    assert_eq!(stack.database.count(told).await, 1, "told not once");
}

/// Replaces the only object of a person by a pipe, which blocks its reader.
fn hold_object(stack: &Stack, person: &Person) -> Held {
    let real = objects(stack, person).remove(0);
    let aside = real.with_extension("aside");
    std::fs::rename(&real, &aside).unwrap();
    let (mode, pipe) = (rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, rustix::fs::FileType::Fifo);
    rustix::fs::mknodat(rustix::fs::CWD, &real, pipe, mode, 0).unwrap();
    Held::File { real, aside }
}

#[tokio::test]
async fn content_is_swept_and_erased_like_recordings() {
    let mut stack = Stack::setup().workers(0).with("LANES", "maintenance=1").start().await;
    let person = Person::register(&stack).await;
    let id = tell(&person, &[event("created", "/a", 1)]).await;
    put(&person, id, "text/plain", b"text".to_vec()).await.good();
    let kept = objects(&stack, &person).remove(0);
    let orphan = kept.with_file_name(Uuid::now_v7().to_string());
    std::fs::write(&orphan, b"text").unwrap();
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(48 * 3600);
    for path in [&kept, &orphan] {
        std::fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }
    stack.start_worker();
    eventually("the sweep", async || (!orphan.exists()).then_some(())).await;
    assert!(kept.exists(), "what is in a file is gone");

    let erased = person.post("/api/v1/users/me/erase", &json!({"password": person.password})).await;
    let receipt = erased.header("location").to_owned();
    let nobody = Person { access_token: String::new(), ..person.clone() };
    eventually("the erasure", async || {
        let erasure = nobody.get(&receipt).await.good();
        erasure["completed_at"].as_str().map(|_| ())
    })
    .await;
    assert!(!kept.exists());
    for table in ["files", "file_events", "file_stays", "file_contents"] {
        assert_eq!(stack.database.count(&format!("from {table}")).await, 0, "{table}");
    }
}
