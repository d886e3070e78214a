//! Statements that are assembled at run time. The compiler cannot check them, so this test prepares each in
//! every form against the migrated schema.

use chrono::{DateTime, Utc};
use self_shared::database::search::{Candidates, QueryVector, Scope, SourceKind, by_meaning, by_words};
use self_shared::database::{UserTx, conversations, entities, erasures, files, insights};
use self_shared::domain::file::FileState;
use self_shared::domain::insight::InsightKind;
use self_shared::domain::{UserId, new_id};
use uuid::Uuid;

use crate::schema::Schema;

/// A position in a list.
const CURSOR: Option<(DateTime<Utc>, Uuid)> = Some((DateTime::UNIX_EPOCH, Uuid::nil()));

#[tokio::test]
async fn every_form_of_an_assembled_statement_fits_the_schema() {
    let schema = Schema::new().await;
    let database = schema.connect();
    let user = UserId(new_id());
    let mut tx = database.as_user(user).await.unwrap();
    conversations(&mut tx).await;
    files(&mut tx).await;
    entities(&mut tx).await;
    insights(&mut tx).await;
    passages(&mut tx).await;
    drop(tx);
    erasures::erase_rows(&database, new_id(), user).await.unwrap();
    schema.remove().await;
}

async fn conversations(tx: &mut UserTx) {
    use conversations::{Filter, Order, list};
    for set in subsets::<7>() {
        let filter = Filter {
            from: time(set[0]),
            to: time(set[1]),
            entity: id(set[2]),
            source: text(set[3]),
            language: text(set[4]),
            tag: text(set[5]),
            text: text(set[6]),
        };
        for order in [Order::Newest, Order::Oldest, Order::Changed] {
            for behind in [None, CURSOR] {
                list(tx, &filter, order, behind, 1).await.unwrap();
            }
        }
    }
}

async fn files(tx: &mut UserTx) {
    use files::{Filter, Order, list};
    for set in subsets::<7>() {
        let filter = Filter {
            device: text(set[0]),
            path: text(set[1]),
            text: text(set[2]),
            state: set[3].then_some(FileState::Present),
            content_type: text(set[4]),
            from: time(set[5]),
            to: time(set[6]),
        };
        for order in [Order::Newest, Order::Oldest, Order::Opened] {
            for behind in [None, CURSOR] {
                list(tx, &filter, order, behind, 1).await.unwrap();
            }
        }
    }
}

async fn entities(tx: &mut UserTx) {
    use entities::{Filter, list};
    for set in subsets::<4>() {
        let filter = Filter { kind: text(set[0]), name: text(set[1]), from: time(set[2]), to: time(set[3]) };
        for behind in [None, CURSOR] {
            list(tx, &filter, behind, 1).await.unwrap();
        }
    }
}

async fn insights(tx: &mut UserTx) {
    use insights::{Filter, State, list};
    for set in subsets::<7>() {
        for state in [State::Current, State::Dismissed, State::All] {
            let filter = Filter {
                state,
                kind: set[0].then_some(InsightKind::Promise),
                conversation: id(set[1]),
                entity: id(set[2]),
                from: time(set[3]),
                to: time(set[4]),
                due_from: time(set[5]),
                due_to: time(set[6]),
            };
            for behind in [None, CURSOR] {
                list(tx, &filter, behind, 1).await.unwrap();
            }
        }
    }
}

/// Each filter of a search alone, and all of one kind of source together: they do not depend on each other.
async fn passages(tx: &mut UserTx) {
    let everything = Scope {
        from: time(true),
        to: time(true),
        as_of: time(true),
        phrases: vec!["one phrase".to_owned(), "another".to_owned()],
        excluded: vec!["word".to_owned(), "two words".to_owned()],
        ..Scope::default()
    };
    let of_conversations = Scope {
        conversation: id(true),
        entity: id(true),
        person: text(true),
        source: text(true),
        language: text(true),
        tag: text(true),
        ..everything.clone()
    };
    let of_files = Scope { file: id(true), device: text(true), path: text(true), ..everything.clone() };
    let of_neither = Scope { file: id(true), ..of_conversations.clone() };
    let mut scopes = vec![Scope::default(), everything, of_conversations, of_files, of_neither];
    scopes.extend([
        Scope { from: time(true), ..Scope::default() },
        Scope { to: time(true), ..Scope::default() },
        Scope { conversation: id(true), ..Scope::default() },
        Scope { entity: id(true), ..Scope::default() },
        Scope { person: text(true), ..Scope::default() },
        Scope { source: text(true), ..Scope::default() },
        Scope { language: text(true), ..Scope::default() },
        Scope { tag: text(true), ..Scope::default() },
        Scope { file: id(true), ..Scope::default() },
        Scope { device: text(true), ..Scope::default() },
        Scope { path: text(true), ..Scope::default() },
        Scope { as_of: time(true), ..Scope::default() },
    ]);
    let embedding = [0.0; 384];
    let query_vector = QueryVector { embedding: &embedding, model: "none" };
    for scope in scopes {
        for kind in [None, Some(SourceKind::Conversation), Some(SourceKind::File)] {
            let scope = Scope { kind, ..scope.clone() };
            by_words(tx, "two words", &scope, 5).await.unwrap();
            for candidates in
                [Candidates::All, Candidates::Among { ids: vec![Uuid::nil()], others: Some(0.5) }]
            {
                by_meaning(tx, &query_vector, &scope, &candidates, 5).await.unwrap();
            }
        }
    }
}

/// Every combination of this many filters.
fn subsets<const N: usize>() -> impl Iterator<Item = [bool; N]> {
    (0..1_u32 << N).map(|set| std::array::from_fn(|filter| set >> filter & 1 == 1))
}

fn time(set: bool) -> Option<DateTime<Utc>> {
    set.then_some(DateTime::UNIX_EPOCH)
}

fn id(set: bool) -> Option<Uuid> {
    set.then_some(Uuid::nil())
}

fn text(set: bool) -> Option<String> {
    set.then(|| "some".to_owned())
}
