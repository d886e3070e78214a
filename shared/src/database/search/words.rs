//! Search by words: BM25 over stems (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25
//! and Beyond", 2009), without the correction for length, since passages have similar lengths.

use std::collections::BTreeSet;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Hit, Scope};
use crate::database::UserTx;

/// Term frequency is scored only for the top 4 × limit passages by IDF. To score it for all passages with a
/// frequent word takes seconds when a person has very many, and does not change the top of the ranking.
const RERANK_FACTOR: u16 = 4;

/// Finds the passages that share words with the query, best first. Rare words count more than frequent ones,
/// and each further occurrence of a word counts less.
pub async fn by_words(tx: &mut UserTx, wanted: &str, scope: &Scope, limit: u16) -> sqlx::Result<Vec<Hit>> {
    let user = tx.user();
    let mut query = QueryBuilder::new(
        "with asked as materialized (
             select lexeme, ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery as word
             from unnest(to_tsvector('english', ",
    );
    query.push_bind(wanted.to_owned()).push(
        "))),
         found as materialized (",
    );
    scope.push(
        &mut query,
        user,
        "array(select lexeme from asked where e.words @@ asked.word) as terms",
        |query| {
            query.push(" and e.words @@ (select string_agg(word::text, ' | ')::tsquery from asked)");
        },
    );
    query.push(
        "),
         held as (
             select (select count(*) from conversation_embeddings where user_id = ",
    );
    query.push_bind(user.0).push(") + (select count(*) from file_embeddings where user_id = ");
    query.push_bind(user.0).push(
        ") as passages),
         weight as materialized (
             select lexeme,
                    ln(1 + ((select passages from held) - count(*) + 0.5) / (count(*) + 0.5))::float8 as idf
             from (select unnest(terms) as lexeme from found) term group by lexeme),
         best as materialized (
             select id, source, terms, (select sum(idf) from weight where lexeme = any (terms)) as rarity
             from found order by rarity desc, id limit ",
    );
    query.push_bind(i64::from(RERANK_FACTOR * limit)).push(
        ")
         select best.id, source,
                (select sum(idf * times * 2.2 / (times + 1.2))
                 from (select idf, cardinality(positions)::float8 as times
                       from unnest(coalesce(said.words, written.words)) join weight using (lexeme)) word) as score,
                array(select lexeme from weight where lexeme = any (terms) order by idf desc, lexeme) as terms
         from best
         left join conversation_embeddings said on said.id = best.id and said.user_id = ",
    );
    query.push_bind(user.0).push(
        "
         left join file_embeddings written on written.id = best.id and written.user_id = ",
    );
    query.push_bind(user.0).push(" order by score desc, best.id limit ").push_bind(i64::from(limit));
    let found: Vec<Row> = query.build_query_as().fetch_all(&mut **tx).await?;
    let hit = |Row { id, source, score, terms }| Hit { id, source, score, terms };
    Ok(found.into_iter().map(hit).collect())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    source: Uuid,
    score: f64,
    terms: Vec<String>,
}

/// A word of the query that occurs in none of the person's passages, and a similar word that occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The word as typed.
    pub typed: String,
    /// The word as it occurs.
    pub meant: String,
}

/// Finds corrections for words of the query that occur in none of the person's passages. A correction has
/// the same first letter, and an edit distance of one, or of two for long words. Of several candidates, the
/// closest counts, then the most frequent. `found` are stems that are known to occur.
pub async fn correct(
    tx: &mut UserTx,
    wanted: &str,
    found: &BTreeSet<String>,
) -> sqlx::Result<Vec<Correction>> {
    let user = tx.user();
    // Words are compared, not stems, since a typo can change the stem in any way. Only words with the same
    // first letter and a similar length are extracted from the texts: for 50,000 passages this takes 0.7 s,
    // and 3.2 s for all words.
    sqlx::query_as!(
        Correction,
        r#"with typed as (
               select distinct lower(word) as word
               from regexp_split_to_table($2, '[^[:alpha:]]+') word
               where length(word) between 4 and 64 and to_tsvector('english', word) <> ''
                 and not tsvector_to_array(to_tsvector('english', word)) <@ $3),
           strange as (
               select word from typed
               where not exists (select from conversation_embeddings e
                                 where e.user_id = $1 and e.words @@ plainto_tsquery('english', word))
                 and not exists (select from file_embeddings e
                                 where e.user_id = $1 and e.words @@ plainto_tsquery('english', word))),
           remembered as (
               select text from conversation_embeddings where user_id = $1
               union all
               select text from file_embeddings where user_id = $1),
           known as (
               select strange.word as strange, lower(alike[1]) as word, count(*) as times
               from strange cross join remembered cross join lateral regexp_matches(
                   text,
                   format('\m%s[[:alpha:]]{%s,%s}\M', left(word, 1), greatest(length(word) - 3, 2), length(word) + 1),
                   'gi') alike
               group by 1, 2)
           select distinct on (strange.word) strange.word as "typed!", known.word as "meant!"
           from strange join known
             on known.strange = strange.word
            and levenshtein_less_equal(known.word, strange.word, case when length(strange.word) < 7 then 1 else 2 end)
                <= case when length(strange.word) < 7 then 1 else 2 end
           order by strange.word, levenshtein(known.word, strange.word), known.times desc, known.word"#,
        user.0,
        wanted,
        &found.iter().cloned().collect::<Vec<_>>(),
    )
    .fetch_all(&mut **tx)
    .await
}
