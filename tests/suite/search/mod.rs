//! Search of conversations: by words, by meaning, and by both.

/// Makes two tests of each: with vectors only in PostgreSQL, and with candidates from Qdrant.
macro_rules! twice {
    ($($test:ident),+ $(,)?) => {
        mod by_postgres {
            $(#[tokio::test]
            async fn $test() {
                super::$test(self_tests::Stack::start().await).await;
            })+
        }

        mod by_qdrant {
            $(#[tokio::test]
            async fn $test() {
                let mut qdrant = self_tests::Qdrant::start().await;
                super::$test(qdrant.stack().await).await;
            })+
        }
    };
}

mod files;
mod qdrant;

use self_tests::person::id_of;
use self_tests::qdrant::carried;
use self_tests::{Answer, Person, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

twice! {
    what_is_typed_is_found_with_its_place_and_the_reason,
    quotes_keep_words_together_and_a_minus_excludes,
    a_phrase_is_played_and_marked_where_it_is_said,
    a_typing_error_is_seen_through_and_said,
    words_and_meaning_together_find_what_either_finds,
    one_way_alone_keeps_its_own_order,
    a_search_is_narrowed_by_time_tag_conversation_and_entity,
    pages_stay_as_they_were_while_more_is_said,
    without_a_worker_words_are_still_found,
}

const SAID: [(&str, &str, &str); 5] = [
    (
        "Lisbon",
        "2024-06-01T10:00:00Z",
        "Last summer we took the train to Lisbon and met Maria Silva at the station.",
    ),
    (
        "Dinner",
        "2024-06-02T10:00:00Z",
        "In the evening we ate grilled sardines with bread and a bottle of green wine.",
    ),
    (
        "Kitchen",
        "2025-01-05T10:00:00Z",
        "The carpenter says that the blue tiles for the kitchen come next year.",
    ),
    (
        "Budget",
        "2025-01-06T10:00:00Z",
        "Our budget for the kitchen is spent, so no new tiles and no new oven.",
    ),
    (
        "Tram",
        "2024-06-03T10:00:00Z",
        "The old trams climb the hills above the river, blue ones and yellow ones, past walls of tiles.",
    ),
];

/// A person whose conversations are all of [`SAID`].
async fn remembering(stack: &Stack) -> Person {
    let person = Person::register(stack).await;
    let mut jobs = Vec::new();
    for (title, started_at, text) in SAID {
        let body = json!({"title": title, "started_at": started_at, "tags": [title.to_lowercase()],
                          "segments": [{"start_ms": 1_000, "end_ms": 6_000, "text": text}]});
        let accepted = person.post("/api/v1/conversations", &body).await.good();
        jobs.push(id_of(&accepted["job"]["id"]));
    }
    for job in jobs {
        person.success(job).await;
    }
    carried(stack).await;
    person
}

async fn ask(person: &Person, query: &[(&str, &str)]) -> Answer {
    let request = person.request(reqwest::Method::GET, "/api/v1/search").query(query);
    Answer::of(request).await.unwrap()
}

fn titles(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().filter_map(|hit| hit["title"].as_str()).collect()
}

/// The highlighted words of a text.
fn marked(shown: &Value) -> Vec<String> {
    let text: Vec<char> = shown["text"].as_str().unwrap().chars().collect();
    let part = |part: &Value| {
        let at = |name: &str| usize::try_from(part[name].as_u64().unwrap()).unwrap();
        text[at("start_char")..at("end_char")].iter().collect()
    };
    shown["highlights"].as_array().unwrap().iter().map(part).collect()
}

async fn what_is_typed_is_found_with_its_place_and_the_reason(stack: Stack) {
    let person = remembering(&stack).await;
    let found = ask(&person, &[("q", "blue tiles kitchen"), ("mode", "words")]).await.good();
    assert_eq!((titles(&found)[0], titles(&found).len()), ("Kitchen", 3));
    assert!(found["model"].is_null() && found["corrections"] == json!([]), "{found}");
    let best = &found["items"][0];
    assert_eq!((&best["start_ms"], &best["end_ms"]), (&json!(1_000), &json!(6_000)));
    assert_eq!(best["kind"], "conversation");
    // Imported text has no times of words, so the whole segment is played.
    assert_eq!((&best["play_from_ms"], &best["highlights"][0]["start_ms"]), (&json!(1_000), &json!(1_000)));
    for shown in [best, &best["snippet"]] {
        assert_eq!(marked(shown), ["blue", "tiles", "kitchen"], "{shown}");
    }
    assert_eq!(best["by_words"]["rank"], 1);
    assert!(best["by_words"]["terms"].as_array().unwrap().contains(&"blue".into()), "{best}");
    assert!(best["by_meaning"].is_null(), "{best}");
}

async fn quotes_keep_words_together_and_a_minus_excludes(stack: Stack) {
    let person = remembering(&stack).await;
    for mode in ["words", "hybrid"] {
        let together = ask(&person, &[("q", "\"blue tiles\""), ("mode", mode)]).await.good();
        assert_eq!(titles(&together), ["Kitchen"], "{mode}");
        let without = ask(&person, &[("q", "tiles -kitchen"), ("mode", mode), ("limit", "100")]).await.good();
        let without = titles(&without);
        assert_eq!(without[0], "Tram", "{mode}");
        assert!(!without.contains(&"Kitchen") && !without.contains(&"Budget"), "{mode} {without:?}");
    }
}

async fn a_phrase_is_played_and_marked_where_it_is_said(stack: Stack) {
    let person = Person::register(&stack).await;
    let said = [
        "All going direct to heaven, by the light of day.",
        "So the season was over.",
        "All going direct the other way in the season of light.",
    ];
    let segments: Vec<Value> = (0..)
        .zip(said)
        .map(|(at, text)| json!({"start_ms": at * 1_000, "end_ms": at * 1_000 + 900, "text": text}))
        .collect();
    let accepted = person.post("/api/v1/conversations", &json!({"segments": segments})).await.good();
    person.success(id_of(&accepted["job"]["id"])).await;
    carried(&stack).await;
    for (query, expected) in [
        ("\"direct the other\"", &["direct the other"][..]),
        ("\"seasons of light\"", &["season of light"]),
        ("heaven \"season of light\"", &["heaven", "season of light"]),
    ] {
        let found = ask(&person, &[("q", query), ("mode", "words")]).await.good();
        let best = &found["items"][0];
        assert_eq!(marked(best), expected, "{query}");
        assert_eq!(best["play_from_ms"], 2_000, "{query}");
    }
    let found = ask(&person, &[("q", "season of light"), ("mode", "words")]).await.good();
    assert_eq!(found["items"][0]["play_from_ms"], 0);
}

async fn a_typing_error_is_seen_through_and_said(stack: Stack) {
    let person = remembering(&stack).await;
    let found = ask(&person, &[("q", "grilled sardnies"), ("mode", "words")]).await.good();
    assert_eq!(titles(&found), ["Dinner"]);
    assert_eq!(found["corrections"], json!([{"typed": "sardnies", "meant": "sardines"}]));
    let found = ask(&person, &[("q", "zebra"), ("mode", "words")]).await.good();
    assert_eq!((titles(&found), &found["corrections"]), (vec![], &json!([])));
}

async fn words_and_meaning_together_find_what_either_finds(stack: Stack) {
    let person = remembering(&stack).await;
    let by_meaning = ask(&person, &[("q", "a seafood meal"), ("mode", "meaning")]).await.good();
    assert_eq!(titles(&by_meaning)[0], "Dinner");
    let by_words = ask(&person, &[("q", "a seafood meal"), ("mode", "words")]).await.good();
    assert_eq!(titles(&by_words), Vec::<&str>::new());

    let both = ask(&person, &[("q", "a seafood meal")]).await.good();
    let best = &both["items"][0];
    assert_eq!(best["title"], "Dinner");
    assert!(best["by_words"].is_null() && best["by_meaning"]["rank"] == 1, "{best}");
    assert!(best["by_meaning"]["similarity"].as_f64().is_some_and(|score| score > 0.2), "{best}");
    assert!(both["model"].is_string());
    let named = ask(&person, &[("q", "Maria Silva")]).await.good();
    assert_eq!(
        (&named["items"][0]["title"], &named["items"][0]["by_words"]["rank"]),
        (&"Lisbon".into(), &1.into())
    );
}

async fn one_way_alone_keeps_its_own_order(stack: Stack) {
    let person = Person::register(&stack).await;
    let (tiles, weather) = (
        "The carpenter says that the blue tiles for the kitchen come next year, because the factory that bakes \
         those tiles has lost its oven to a fire.",
        "It rained all of Sunday and most of Monday, so we stayed at home, read the papers, slept late and \
         listened to the wind in the chimney.",
    );
    let floor = "Nobody knows how old the floor in the hall is, but a kitchen with tiles like that was quite \
                 a usual thing a hundred years ago.";
    for said in [vec![tiles, weather, weather, weather], vec![floor, weather], vec![floor]] {
        let segment =
            |(at, text)| json!({"start_ms": at * 9_000, "end_ms": at * 9_000 + 8_000, "text": text});
        let segments: Vec<Value> = (0..).zip(said).map(segment).collect();
        let accepted = person.post("/api/v1/conversations", &json!({"segments": segments})).await.good();
        person.success(id_of(&accepted["job"]["id"])).await;
    }
    carried(&stack).await;
    for (mode, reason, passages) in [("words", "by_words", 3), ("meaning", "by_meaning", 7)] {
        let query = [("q", "blue tiles for a kitchen"), ("mode", mode), ("limit", "100")];
        let found = ask(&person, &query).await.good();
        let ranks: Vec<&Value> =
            found["items"].as_array().unwrap().iter().map(|hit| &hit[reason]["rank"]).collect();
        assert_eq!(json!(ranks), json!((1..=passages).collect::<Vec<_>>()), "{found}");
        assert_eq!(found["items"][0]["source_ranks"], json!({}));
    }
}

async fn a_search_is_narrowed_by_time_tag_conversation_and_entity(stack: Stack) {
    let person = remembering(&stack).await;
    let found =
        ask(&person, &[("q", "tiles"), ("from", "2025-01-01T00:00:00Z"), ("mode", "words")]).await.good();
    assert_eq!(titles(&found).len(), 2);
    let found =
        ask(&person, &[("q", "tiles"), ("to", "2025-01-01T00:00:00Z"), ("mode", "words")]).await.good();
    assert_eq!(titles(&found), ["Tram"]);
    let found = ask(&person, &[("q", "tiles"), ("tag", "budget")]).await.good();
    assert_eq!(titles(&found), ["Budget"]);
    let lisbon =
        ask(&person, &[("q", "Lisbon"), ("mode", "words")]).await.good()["items"][0]["conversation_id"]
            .clone();
    let lisbon = id_of(&lisbon);
    let conversation = person.get(&format!("/api/v1/conversations/{lisbon}")).await.good();
    let entity =
        conversation["entities"].as_array().unwrap().iter().find(|one| one["name"] == "Maria Silva").unwrap();
    for (filter, id) in [("entity_id", id_of(&entity["id"])), ("conversation_id", lisbon)] {
        let found = ask(&person, &[("q", "sardines"), (filter, &id.to_string())]).await.good();
        assert_eq!(titles(&found), ["Lisbon"], "{filter}");
    }
    let nothing = ask(&person, &[("q", "Lisbon"), ("entity_id", &Uuid::now_v7().to_string())]).await.good();
    assert_eq!(nothing["items"], json!([]));
}

async fn pages_stay_as_they_were_while_more_is_said(stack: Stack) {
    let person = remembering(&stack).await;
    let all = ask(&person, &[("q", "the kitchen"), ("limit", "100")]).await.good();
    let all: Vec<Uuid> =
        all["items"].as_array().unwrap().iter().map(|hit| id_of(&hit["conversation_id"])).collect();
    assert_eq!(all.len(), SAID.len());

    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("q", "the kitchen"), ("limit", "2")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = ask(&person, &query).await.good();
        seen.extend(page["items"].as_array().unwrap().iter().map(|hit| id_of(&hit["conversation_id"])));
        if seen.len() == 2 {
            let text = json!({"text": "The kitchen, the kitchen, always the kitchen."});
            let accepted = person.post("/api/v1/conversations", &text).await.good();
            person.success(id_of(&accepted["job"]["id"])).await;
            let other =
                ask(&person, &[("q", "the oven"), ("cursor", page["next_cursor"].as_str().unwrap())]).await;
            assert_eq!(other.refused(), (400, "invalid_cursor".to_owned()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

async fn without_a_worker_words_are_still_found(mut stack: Stack) {
    let person = remembering(&stack).await;
    stack.workers.clear();
    let found = ask(&person, &[("q", "grilled sardines")]).await.good();
    assert_eq!((titles(&found), found["model"].is_null()), (vec!["Dinner"], true));
    let refused = ask(&person, &[("q", "a seafood meal"), ("mode", "meaning")]).await;
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    assert_eq!(refused.refused(), (503, "no_worker_for_search".to_owned()));
}

#[tokio::test]
async fn a_search_for_nothing_is_refused() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for query in ["", "  ", "-tiles", "\"\" ?"] {
        assert_eq!(
            ask(&person, &[("q", query)]).await.refused(),
            (400, "invalid_input".to_owned()),
            "{query}"
        );
    }
    assert_eq!(ask(&person, &[]).await.refused(), (400, "invalid_input".to_owned()));
    let refused = ask(&person, &[("q", "tiles"), ("mode", "sideways")]).await.refused();
    assert_eq!(refused, (400, "invalid_input".to_owned()));
}
