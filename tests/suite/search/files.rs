//! Files in the search, beside conversations.

use self_tests::person::id_of;
use self_tests::qdrant::carried;
use self_tests::{Person, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, marked, remembering};

twice! {
    files_and_conversations_are_found_in_one_order,
    a_search_is_narrowed_to_a_kind_a_device_a_folder_and_a_time,
    what_is_in_deleted_files_and_in_those_of_others_is_not_found,
    people_are_found_by_a_part_of_their_name_and_by_their_voice,
}

const WRITTEN: [(&str, &str, &str, &str); 3] = [
    (
        "laptop",
        "/home/ada/kitchen/offer.md",
        "2025-01-04T10:00:00Z",
        "Offer of the carpenter for the kitchen: forty square metres of blue tiles and a new oven.",
    ),
    (
        "laptop",
        "/home/ada/kitchen.txt",
        "2024-05-04T10:00:00Z",
        "Things to ask the carpenter about: shelves above the sink, a drawer for knives.",
    ),
    (
        "phone",
        "/notes/recipe.md",
        "2024-06-02T18:00:00Z",
        "Sardines: salt them, grill them over charcoal for three minutes a side, serve with bread.",
    ),
];

/// Sends an event of a file with its text, and waits until it can be searched.
async fn write(stack: &Stack, person: &Person, file: (&str, &str, &str, &str)) -> Uuid {
    let (device, path, changed_at, text) = file;
    let event = json!({"id": Uuid::new_v4(), "kind": "modified", "device": device, "path": path,
                       "happened_at": changed_at, "content_type": "text/markdown", "content": text});
    let told =
        person.post("/api/v1/files/events", &json!({"events": [event]})).await.good()["events"][0].clone();
    person.success(id_of(&told["job_id"])).await;
    carried(stack).await;
    id_of(&told["file_id"])
}

/// The name of each hit: the last part of a file's path, or the title of a conversation.
fn names(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(name_of).collect()
}

fn name_of(hit: &Value) -> &str {
    match hit["kind"].as_str() {
        Some("file") => hit["path"].as_str().unwrap().rsplit('/').next().unwrap(),
        _ => hit["title"].as_str().unwrap(),
    }
}

async fn files_and_conversations_are_found_in_one_order(stack: Stack) {
    let person = remembering(&stack).await;
    let mut files = Vec::new();
    for one in WRITTEN {
        files.push(write(&stack, &person, one).await);
    }
    let found = ask(&person, &[("q", "blue tiles kitchen oven"), ("mode", "words")]).await.good();
    assert_eq!(names(&found)[0], "offer.md", "{found}");
    assert!(names(&found).contains(&"Kitchen") && names(&found).contains(&"Budget"), "{found}");
    let best = &found["items"][0];
    assert_eq!((&best["file_id"], &best["device"]), (&json!(files[0]), &json!("laptop")));
    assert_eq!((&best["position"], &best["content_type"]), (&json!(0), &json!("text/markdown")));
    assert_eq!(best["changed_at"], "2025-01-04T10:00:00Z");
    assert!(marked(best).contains(&"tiles".to_owned()), "{best}");
    assert!(marked(&best["snippet"]).contains(&"tiles".to_owned()), "{best}");
    assert_eq!(best["by_words"]["rank"], 1);

    for mode in ["hybrid", "meaning"] {
        let found = ask(&person, &[("q", "a seafood meal"), ("mode", mode)]).await.good();
        let mut first = names(&found)[..2].to_vec();
        first.sort_unstable();
        assert_eq!(first, ["Dinner", "recipe.md"], "{mode} {found}");
    }
}

async fn a_search_is_narrowed_to_a_kind_a_device_a_folder_and_a_time(stack: Stack) {
    let person = remembering(&stack).await;
    let mut files = Vec::new();
    for one in WRITTEN {
        files.push(write(&stack, &person, one).await.to_string());
    }
    let only = async |filters: &[(&str, &str)]| {
        let found =
            ask(&person, &[&[("q", "carpenter sardines"), ("mode", "words")], filters].concat()).await.good();
        let mut names: Vec<String> = names(&found).into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(only(&[]).await, ["Dinner", "Kitchen", "kitchen.txt", "offer.md", "recipe.md"]);
    assert_eq!(only(&[("kind", "conversation")]).await, ["Dinner", "Kitchen"]);
    assert_eq!(only(&[("kind", "file")]).await, ["kitchen.txt", "offer.md", "recipe.md"]);
    assert_eq!(only(&[("device", "phone")]).await, ["recipe.md"]);
    assert_eq!(only(&[("path", "/home/ada/kitchen/")]).await, ["offer.md"]);
    assert_eq!(only(&[("path", "/home/ada/")]).await, ["kitchen.txt", "offer.md"]);
    assert_eq!(only(&[("file_id", &files[2])]).await, ["recipe.md"]);
    assert_eq!(only(&[("from", "2025-01-01T00:00:00Z")]).await, ["Kitchen", "offer.md"]);
    assert_eq!(only(&[("to", "2024-06-01T00:00:00Z")]).await, ["kitchen.txt"]);
    // A filter that only conversations have excludes files, and vice versa.
    assert_eq!(only(&[("tag", "dinner")]).await, ["Dinner"]);
    assert_eq!(only(&[("tag", "dinner"), ("device", "phone")]).await, Vec::<String>::new());
    assert_eq!(
        ask(&person, &[("q", "tiles"), ("kind", "page")]).await.refused(),
        (400, "invalid_input".to_owned())
    );

    let question = json!({"query": "a seafood meal", "kind": "file", "device": "phone"});
    let found = person.post("/api/v1/search/semantic", &question).await.good();
    assert_eq!(names(&found), ["recipe.md"]);
}

async fn what_is_in_deleted_files_and_in_those_of_others_is_not_found(stack: Stack) {
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    write(&stack, &person, WRITTEN[2]).await;
    for mode in ["words", "hybrid", "meaning"] {
        let query = [("q", "grilled sardines"), ("mode", mode)];
        assert_eq!(names(&ask(&person, &query).await.good()), ["recipe.md"], "{mode}");
        assert_eq!(ask(&other, &query).await.good()["items"], json!([]), "{mode}");
    }
    let deleted = json!({"id": Uuid::new_v4(), "kind": "deleted", "device": WRITTEN[2].0, "path": WRITTEN[2].1,
                         "happened_at": "2024-06-03T10:00:00Z"});
    person.post("/api/v1/files/events", &json!({"events": [deleted]})).await.good();
    for mode in ["words", "hybrid", "meaning"] {
        let found = ask(&person, &[("q", "grilled sardines"), ("mode", mode)]).await.good();
        assert_eq!(found["items"], json!([]), "{mode}");
    }
}

async fn people_are_found_by_a_part_of_their_name_and_by_their_voice(stack: Stack) {
    let person = remembering(&stack).await;
    write(&stack, &person, WRITTEN[0]).await;
    let tram = ask(&person, &[("q", "trams"), ("mode", "words")]).await.good()["items"][0]["conversation_id"]
        .clone();
    let names_of_voices = format!(
        "update conversations set speakers = '{{\"A\": \"Jonas Berg\"}}' where id = '{}'",
        id_of(&tram)
    );
    stack.database.run(&names_of_voices).await;
    for (name, title) in [("Maria Silva", "Lisbon"), ("silva", "Lisbon"), ("jonas", "Tram")] {
        let found = ask(&person, &[("q", "blue tiles and a train"), ("person", name)]).await.good();
        assert_eq!(names(&found), [title], "{name}");
    }
    for stranger in ["Silv", "Ada"] {
        let found = ask(&person, &[("q", "blue tiles and a train"), ("person", stranger)]).await.good();
        assert_eq!(found["items"], json!([]), "{stranger}");
    }
}
