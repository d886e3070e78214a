//! By words: BM25 over stems (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25
//! and Beyond", 2009), without its correction for length, since passages are alike in length.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Hit, Scope};
use crate::database::{UserTx, row};

/// The passages that share words with what was typed, best first: rare words count more than
/// frequent ones, and each further time a word occurs counts less.
///
/// # Errors
/// When the database does not answer.
pub async fn by_words(tx: &mut UserTx, wanted: &str, scope: &Scope, limit: i64) -> sqlx::Result<Vec<Hit>> {
    let user = tx.user();
    let mut query = QueryBuilder::new("with asked as (select lexeme from unnest(to_tsvector('english', ");
    query.push_bind(wanted.to_owned()).push(
        "))),
         anyone as (
             select string_agg('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''', ' | ')::tsquery
                 as of_them from asked),
         found as materialized (
             select e.id, e.words",
    );
    scope.push(&mut query, user);
    query.push(
        " and e.words @@ (select of_them from anyone)),
         hit as (
             select found.id, word.lexeme, cardinality(word.positions)::float8 as times
             from found cross join lateral unnest(found.words) word
             where word.lexeme in (select lexeme from asked)),
         held as (select count(*) as passages from conversation_embeddings where user_id = ",
    );
    query.push_bind(user.0).push(
        "),
         weight as (
             select lexeme, ln(1 + (max(passages) - count(*) + 0.5) / (count(*) + 0.5)) as idf
             from hit cross join held group by lexeme)
         select hit.id, sum(idf * times * 2.2 / (times + 1.2)) as score, array_agg(hit.lexeme order by idf desc)
         from hit join weight using (lexeme)
         group by hit.id order by score desc, hit.id limit ",
    );
    query.push_bind(limit);
    let found: Vec<(Uuid, f64, Vec<String>)> = query.build_query_as().fetch_all(&mut **tx).await?;
    Ok(found.into_iter().map(|(id, score, terms)| Hit { id, score, terms }).collect())
}

row! {
    /// A word that occurs nowhere in the person's memory, and the one that was probably meant.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Correction {
        /// As it was typed.
        pub typed: String,
        /// As it occurs.
        pub meant: String,
    }
}

/// Finds out which of the words that were typed occur nowhere but nearly: one letter off, or two in
/// a long word, the first letter right. Of several, the most frequent one.
///
/// # Errors
/// When the database does not answer.
pub async fn correct(tx: &mut UserTx, wanted: &str) -> sqlx::Result<Vec<Correction>> {
    let user = tx.user();
    // The text is compared by word and not by stem: what a typo does to a stem is anybody's guess.
    sqlx::query_as(
        "with typed as (
             select distinct lower(word) as word
             from regexp_split_to_table($2, '[^[:alpha:]]+') word
             where length(word) between 4 and 64 and to_tsvector('english', word) <> ''),
         strange as (
             select word from typed
             where not exists (select from conversation_embeddings e
                               where e.user_id = $1 and e.words @@ plainto_tsquery('english', word))),
         known as (
             select lower(word) as word, count(*) as times
             from conversation_embeddings e cross join lateral regexp_split_to_table(e.text, '[^[:alpha:]]+') word
             where e.user_id = $1 and length(word) between 3 and 64 and exists (select from strange)
             group by 1)
         select distinct on (strange.word) strange.word as typed, known.word as meant
         from strange join known
           on left(known.word, 1) = left(strange.word, 1)
          and levenshtein_less_equal(known.word, strange.word, case when length(strange.word) < 7 then 1 else 2 end)
              <= case when length(strange.word) < 7 then 1 else 2 end
         order by strange.word, levenshtein(known.word, strange.word), known.times desc, known.word",
    )
    .bind(user.0)
    .bind(wanted)
    .fetch_all(&mut **tx)
    .await
}
