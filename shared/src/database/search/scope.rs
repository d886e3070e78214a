//! The scope of a search: filters for passages.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::domain::UserId;

/// The kind of source of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    Conversation,
    File,
}

/// The filters of a search; a filter that is `None` or empty matches all. A filter that only conversations
/// have excludes files, and the other way round.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only passages of this kind of source.
    pub kind: Option<SourceKind>,
    /// Only conversations that began, and files that changed, at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only conversations that began, and files that changed, before this time.
    pub to: Option<DateTime<Utc>>,
    pub conversation: Option<Uuid>,
    /// Only conversations that mention this entity.
    pub entity: Option<Uuid>,
    /// Only conversations in which a person of this name is mentioned or speaks. A part of the name is
    /// enough if its words are whole.
    pub person: Option<String>,
    /// Only conversations with this source: `upload`, `live`, `import` or `empty`.
    pub source: Option<String>,
    /// Only conversations with this language tag, in any spelling.
    pub language: Option<String>,
    /// Only conversations with this tag.
    pub tag: Option<String>,
    pub file: Option<Uuid>,
    /// Only files of this device.
    pub device: Option<String>,
    /// Only files whose path has this prefix.
    pub path: Option<String>,
    /// Only passages that existed at this time, so that pages do not shift while passages are added.
    pub as_of: Option<DateTime<Utc>>,
    /// Only passages with all of these phrases.
    pub phrases: Vec<String>,
    /// Only passages without these words and phrases.
    pub excluded: Vec<String>,
}

impl Scope {
    /// Appends a query that selects the id, the source and `columns` of the passages `e` in scope, of
    /// conversations and of files. `also` adds further conditions.
    pub(super) fn push(
        &self,
        query: &mut QueryBuilder<Postgres>,
        user: UserId,
        columns: &str,
        also: impl Fn(&mut QueryBuilder<Postgres>),
    ) {
        let conversations = self.kind != Some(SourceKind::File) && !self.is_of_files();
        let files = self.kind != Some(SourceKind::Conversation) && !self.is_of_conversations();
        if conversations {
            query.push("select e.id, e.conversation_id as source, ").push(columns);
            self.push_conversations(query, user);
            self.push_passage(query);
            also(query);
        }
        if conversations && files {
            query.push(" union all ");
        }
        if files {
            query.push("select e.id, e.file_id as source, ").push(columns);
            self.push_files(query, user);
            self.push_passage(query);
            also(query);
        }
        if !conversations && !files {
            query.push("select e.id, e.file_id as source, ").push(columns);
            query.push(" from file_embeddings e where false");
        }
    }

    /// Whether a filter is set that only files have.
    const fn is_of_files(&self) -> bool {
        self.file.is_some() || self.device.is_some() || self.path.is_some()
    }

    /// Whether a filter is set that only conversations have.
    const fn is_of_conversations(&self) -> bool {
        self.conversation.is_some()
            || self.entity.is_some()
            || self.person.is_some()
            || self.source.is_some()
            || self.language.is_some()
            || self.tag.is_some()
    }

    fn push_conversations(&self, query: &mut QueryBuilder<Postgres>, user: UserId) {
        query.push(
            " from conversation_embeddings e
              join current_transcriptions t on t.user_id = e.user_id and t.id = e.transcription_id
              join conversations c on c.user_id = e.user_id and c.id = e.conversation_id
              where e.user_id = ",
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
                " and exists (select from mentions m
                              where m.user_id = c.user_id and m.conversation_id = c.id and m.entity_id = ",
            );
            query.push_bind(entity).push(")");
        }
        if let Some(person) = &self.person {
            query.push(
                " and exists (
                    select from (
                        select unnest(array_prepend(n.name, n.aliases)) as name
                        from mentions m join entities n on n.id = m.entity_id
                        where m.user_id = c.user_id and n.user_id = c.user_id and m.conversation_id = c.id
                          and n.kind = 'person'
                        union all select value from jsonb_each_text(c.speakers)) called
                    where regexp_split_to_array(lower(called.name), '[\\s.]+')
                          @> regexp_split_to_array(lower(",
            );
            query.push_bind(person.clone()).push("), '[\\s.]+'))");
        }
        if let Some(source) = &self.source {
            query.push(" and c.source = ").push_bind(source.clone());
        }
        if let Some(language) = &self.language {
            query.push(" and lower(c.language) = lower(").push_bind(language.clone()).push(")");
        }
        if let Some(tag) = &self.tag {
            query.push(" and c.tags @> ").push_bind(vec![tag.clone()]);
        }
    }

    /// Passages of deleted files are not found.
    fn push_files(&self, query: &mut QueryBuilder<Postgres>, user: UserId) {
        query.push(
            " from file_embeddings e
              join files f on f.user_id = e.user_id and f.id = e.file_id
              where f.state = 'present' and e.user_id = ",
        );
        query.push_bind(user.0);
        if let Some(from) = self.from {
            query.push(" and f.changed_at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            query.push(" and f.changed_at < ").push_bind(to);
        }
        if let Some(file) = self.file {
            query.push(" and f.id = ").push_bind(file);
        }
        if let Some(device) = &self.device {
            query.push(" and f.device = ").push_bind(device.clone());
        }
        if let Some(path) = &self.path {
            query.push(" and starts_with(f.path, ").push_bind(path.clone()).push(")");
        }
    }

    fn push_passage(&self, query: &mut QueryBuilder<Postgres>) {
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
