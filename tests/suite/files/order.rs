//! Events that arrive in any order.

use self_tests::person::id_of;
use self_tests::{Person, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{delete, event, file, moved, send, tell, with};

/// The same events on another device, with new ids in the same order.
fn on_device(history: &[Value], device: usize) -> Vec<Value> {
    let event = |(nth, event): (usize, &Value)| {
        let id = Uuid::from_u128(((device as u128) << 64) + nth as u128 + 1);
        with(event.clone(), json!({"id": id, "device": format!("device {device}")}))
    };
    history.iter().enumerate().map(event).collect()
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(length - 1).into_iter();
    shorter
        .flat_map(|order| {
            (0..length).map(move |place| {
                let mut order = order.clone();
                order.insert(place, length - 1);
                order
            })
        })
        .collect()
}

/// The files of a device and their histories, without values that differ between runs.
async fn state(person: &Person, device: usize) -> Vec<Value> {
    let files = person.get(&format!("/api/v1/files?limit=100&device=device%20{device}")).await.good();
    let mut state = Vec::new();
    for found in files["items"].as_array().unwrap() {
        let mut told = file(person, id_of(&found["id"])).await;
        for field in ["id", "device", "created_at", "updated_at"] {
            told.as_object_mut().unwrap().remove(field);
        }
        for event in told["events"].as_array_mut().unwrap() {
            event.as_object_mut().unwrap().retain(|field, _| field != "id" && field != "device");
        }
        state.push(told);
    }
    state.sort_by_key(Value::to_string);
    state
}

#[tokio::test]
async fn whatever_the_order_in_which_events_arrive_the_files_are_the_same() {
    let stack = Stack::without_worker().await;
    let histories = [
        // A move, and then a new file at the old path.
        vec![
            with(event("created", "/a", 1), json!({"size_bytes": 1, "sha256": "0a".repeat(32)})),
            moved("/a", "/b", 2),
            with(event("modified", "/b", 3), json!({"size_bytes": 3})),
            with(event("created", "/a", 4), json!({"size_bytes": 4})),
            event("opened", "/b", 5),
        ],
        // A move over another file, a deletion, and a further move.
        vec![
            event("created", "/a", 1),
            event("created", "/b", 2),
            moved("/a", "/b", 3),
            event("deleted", "/b", 4),
            moved("/b", "/c", 5),
        ],
        // Moves in a circle: of two moves at the same time, the lower id comes first.
        vec![
            moved("/a", "/b", 1),
            moved("/b", "/a", 2),
            moved("/a", "/c", 2),
            event("modified", "/a", 3),
            event("deleted", "/c", 3),
        ],
    ];
    for history in histories {
        let person = Person::register(&stack).await;
        let orders = permutations(history.len());
        let expected = {
            tell(&person, &on_device(&history, orders.len())).await;
            state(&person, orders.len()).await
        };
        assert!(!expected.is_empty());
        for (device, order) in orders.iter().enumerate() {
            let events = on_device(&history, device);
            for nth in order {
                tell(&person, &events[*nth..=*nth]).await;
            }
            assert_eq!(state(&person, device).await, expected, "in the order {order:?}");
        }
    }
}

#[tokio::test]
async fn a_move_over_another_file_can_be_sent_again_after_the_moved_file_was_forgotten() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let replaced = tell(&person, &[event("created", "/a", 1), event("created", "/b", 2)]).await;
    let over = moved("/a", "/b", 3);
    let forgotten = tell(&person, std::slice::from_ref(&over)).await;
    assert!(delete(&person, forgotten).await.status < 300);

    let again = send(&person, std::slice::from_ref(&over)).await;
    assert_eq!(again.status, 201);
    let again = again.good();
    let (recorded, id) = (&again["events"][0], id_of(&again["events"][0]["file_id"]));
    assert_eq!(recorded["duplicate"], false, "the history was forgotten with the file");
    assert_ne!(id, forgotten);
    let told = file(&person, id).await;
    assert_eq!((&told["path"], &told["state"]), (&"/b".into(), &"present".into()));
    assert_eq!(file(&person, replaced).await["state"], "deleted");
}
