//! Where is searched.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::domain::UserId;

/// What narrows a search; what is absent narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only conversations that began then or later.
    pub from: Option<DateTime<Utc>>,
    /// Only conversations that began before.
    pub to: Option<DateTime<Utc>>,
    /// Only this conversation.
    pub conversation: Option<Uuid>,
    /// Only conversations that mention this entity.
    pub entity: Option<Uuid>,
    /// Only conversations that came here like this.
    pub source: Option<String>,
    /// Only conversations in this language.
    pub language: Option<String>,
    /// Only conversations with this tag.
    pub tag: Option<String>,
    /// Only what was there at that time, so that pages stay as they were while passages are added.
    pub as_of: Option<DateTime<Utc>>,
    /// Only passages with these phrases.
    pub phrases: Vec<String>,
    /// Only passages without these words and phrases.
    pub excluded: Vec<String>,
}

impl Scope {
    /// The passages `e` that are searched, from `from` on. Of a recording that was transcribed several
    /// times, the newest complete transcript counts.
    pub(super) fn push(&self, query: &mut QueryBuilder<Postgres>, user: UserId) {
        query.push(
            " from conversation_embeddings e
              join transcriptions t on t.id = e.transcription_id
              join conversations c on c.id = e.conversation_id
              where t.completed_at is not null
                and not exists (select from transcriptions newer
                                where newer.audio_id = t.audio_id and newer.completed_at is not null
                                  and newer.id > t.id)
                and e.user_id = ",
        );
        query.push_bind(user.0);
        if let Some(from) = self.from {
            query.push(" and c.started_at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            query.push(" and c.started_at < ").push_bind(to);
        }
        if let Some(conversation) = self.conversation {
            query.push(" and c.id = ").push_bind(conversation);
        }
        if let Some(entity) = self.entity {
            query.push(
                " and exists (select from mentions m where m.conversation_id = c.id and m.entity_id = ",
            );
            query.push_bind(entity).push(")");
        }
        if let Some(source) = &self.source {
            query.push(" and c.source = ").push_bind(source.clone());
        }
        if let Some(language) = &self.language {
            query.push(" and c.language = ").push_bind(language.clone());
        }
        if let Some(tag) = &self.tag {
            query.push(" and c.tags @> ").push_bind(vec![tag.clone()]);
        }
        if let Some(as_of) = self.as_of {
            query.push(" and e.created_at <= ").push_bind(as_of);
        }
        for phrase in &self.phrases {
            query.push(" and e.words @@ phraseto_tsquery('english', ").push_bind(phrase.clone()).push(")");
        }
        for excluded in &self.excluded {
            query
                .push(" and not e.words @@ phraseto_tsquery('english', ")
                .push_bind(excluded.clone())
                .push(")");
        }
    }
}
