mod description;
mod detail;
mod import;
mod split_segments;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use self_shared::database::UserTx;
use self_shared::database::conversations::{self, Conversation, Edit, EditError, Filter, Order};
use self_shared::domain::conversation::Source;
use self_shared::objects::ObjectKey;
use uuid::Uuid;

use self::description::{Description, DescriptionPatch};
use self::import::{AcceptedConversationView, NewConversation, Transcript};
use super::Tag;
use super::audio::traceparent;
use super::idempotent::Key;
use crate::app::App;
use crate::auth::Caller;
use crate::etag::{changed, etag, expected};
use crate::id::Id;
use crate::input::Input;
use crate::input::text::{Language, Text};
use crate::offload::offload;
use crate::page::{self, ByTime, Limit};
use crate::problem::{Code, Failing, Problem, declare};
use crate::raw_json::RawJson;
use crate::time::Time;
use crate::views::{ConversationDetailView, ConversationPageView, ConversationView};
use crate::wire_enums::{Wire, WireEnum};

/// The number of related conversations, and of related files, in the detail of a conversation.
const RELATED: i64 = 5;

pub(crate) struct ConversationRoutes;

#[derive(ApiResponse)]
enum Created {
    /// The empty conversation is created.
    #[oai(status = 201)]
    Empty(
        Json<AcceptedConversationView>,
        /// The address of the conversation.
        #[oai(header = "Location")]
        String,
    ),
    /// The conversation is created with its text, and the job that processes the text is accepted.
    #[oai(status = 202)]
    Imported(
        Json<AcceptedConversationView>,
        /// The address of the job.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Found {
    /// The conversation.
    #[oai(status = 200)]
    Found(
        RawJson<ConversationDetailView>,
        /// The version of the conversation. Send it as `If-Match` with a change.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Changed {
    /// The conversation after the change.
    #[oai(status = 200)]
    Changed(
        Json<ConversationView>,
        /// The version of the conversation after the change.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The conversation and everything that belonged to it are deleted.
    #[oai(status = 204)]
    Deleted,
}

declare! {
    List: InvalidCursor;
    Create: IdempotencyConflict, Overloaded;
    Read: NotFound;
    Write: NotFound, PreconditionFailed;
}

impl WireEnum for Order {
    const NAME: &'static str = "ConversationOrder";
    const DESCRIPTION: &'static str = "By what conversations are sorted; a minus puts the latest first.";
    const VALUES: &'static [Self] = &[Self::Newest, Self::Oldest, Self::Changed];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Newest => "-started_at",
            Self::Oldest => "started_at",
            Self::Changed => "-updated_at",
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/conversations", tag = "Tag::Conversations")]
impl ConversationRoutes {
    /// List conversations
    #[oai(path = "/", method = "get", operation_id = "list_conversations")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Only conversations that began at this time or later.
        from: Query<Option<Time>>,
        /// Only conversations that began before this time.
        to: Query<Option<Time>>,
        /// Only conversations that mention this entity.
        entity_id: Query<Option<Uuid>>,
        /// Only conversations from this source.
        source: Query<Option<Wire<Source>>>,
        /// Only conversations in this language, as a BCP 47 tag.
        language: Query<Option<Text<Language>>>,
        /// Only conversations with this tag.
        tag: Query<Option<String>>,
        /// Only conversations with these words in the transcript, the title or the notes. Quotes keep
        /// words together as a phrase; a minus before a word excludes it.
        #[oai(validator(max_length = 1000))]
        text: Query<Option<String>>,
        /// The order. `-started_at` when absent.
        sort: Query<Option<Wire<Order>>>,
        /// The largest number of conversations in the page: 1 to 100, 20 when absent.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the previous page. It is valid only with the same `sort`.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ConversationPageView>, Failing<List>> {
        let filter = Filter {
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
            entity: entity_id.0,
            source: source.0.map(|source| source.0.as_wire().to_owned()),
            language: language.0.map(|language| language.0),
            tag: tag.0,
            text: text.0,
        };
        let (limit, cursor) = (page::limit(limit.0)?, cursor.0.as_deref());
        let mut tx = app.database.as_user(caller.0.user).await?;
        Ok(Json(match sort.0.map_or_else(Order::default, |sort| sort.0) {
            order @ Order::Newest => listed::<b'c'>(&mut tx, &filter, order, limit, cursor).await?,
            order @ Order::Oldest => listed::<b'o'>(&mut tx, &filter, order, limit, cursor).await?,
            order @ Order::Changed => listed::<b'u'>(&mut tx, &filter, order, limit, cursor).await?,
        }))
    }

    /// Create a conversation
    ///
    /// Without text, the conversation is empty: add recordings to it. With text (as segments with
    /// times, as subtitles, or plain), the text is processed in the same way as a transcript.
    #[oai(path = "/", method = "post", operation_id = "create_conversation")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// Identifies this request. If it is repeated with the same key within a day, the answer is the
        /// same.
        #[oai(name = "Idempotency-Key", validator(min_length = 1, max_length = 255))]
        idempotency_key: Header<Option<String>>,
        body: Input<NewConversation, Transcript>,
    ) -> Result<Created, Failing<Create>> {
        let (new, key) = (body.0, idempotency_key.0);
        // All of the text is read before the transaction, which would be idle meanwhile.
        let read = offload(new.size(), move || -> Result<_, Problem> {
            Ok((Key::of(key, "create_conversation", &new)?, new.read()?))
        });
        let (key, import) = read.await??;
        let mut tx = app.database.as_user(caller.0.user).await?;
        if let Some(key) = &key
            && let Some(answer) = key.recall(&mut tx).await?
        {
            return Ok(Created::new(answer));
        }
        let accepted = import.store(&mut tx, traceparent(request)).await?;
        if let Some(key) = &key
            && !key.remember(&mut tx, &accepted).await?
        {
            let detail = "the same request is being answered at this moment; try again";
            return Err(Problem::new(Code::Overloaded, detail).into());
        }
        tx.commit().await?;
        Ok(Created::new(accepted))
    }

    /// Get a conversation
    ///
    /// With its recordings, transcripts and entities, and with conversations and files about similar
    /// subjects.
    #[oai(path = "/:id", method = "get", operation_id = "get_conversation")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The conversation.
        id: Path<Id>,
    ) -> Result<Found, Failing<Read>> {
        let (detail, tag) = detail::rendered(&app, caller.0.user, id.0.0, RELATED).await?;
        Ok(Found::Found(detail, tag))
    }

    /// Replace the description of a conversation
    ///
    /// Replaces title, notes, tags and speakers, all of them.
    #[oai(path = "/:id", method = "put", operation_id = "replace_conversation")]
    async fn replace(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The conversation.
        id: Path<Id>,
        /// The `ETag` that the client has read. If the conversation has changed since, the answer is
        /// 412: read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<Description>,
    ) -> Result<Changed, Failing<Write>> {
        Ok(describe(&app, &caller, id.0.0, if_match.0.as_deref(), &body.0.edit()?).await?)
    }

    /// Change the description of a conversation
    ///
    /// Fields that are absent keep their value.
    #[oai(path = "/:id", method = "patch", operation_id = "change_conversation")]
    async fn change(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The conversation.
        id: Path<Id>,
        /// The `ETag` that the client has read. If the conversation has changed since, the answer is
        /// 412: read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<DescriptionPatch>,
    ) -> Result<Changed, Failing<Write>> {
        Ok(describe(&app, &caller, id.0.0, if_match.0.as_deref(), &body.0.edit()?).await?)
    }

    /// Delete a conversation
    ///
    /// Deletes the conversation with its recordings, transcripts and vectors, and the events about it.
    /// Jobs of the conversation are cancelled.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_conversation")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The conversation.
        id: Path<Id>,
        /// The `ETag` that the client has read. If the conversation has changed since, the answer is
        /// 412: read it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, Failing<Write>> {
        let version = expected(if_match.0.as_deref())?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        let objects = conversations::delete(&mut tx, id.0.0, version).await.map_err(refused)?;
        tx.commit().await?;
        // Events with the deleted text may still be in NATS; sockets read the remaining ones from
        // PostgreSQL.
        if let Err(error) = app.bus.purge_user(caller.0.user).await {
            tracing::warn!(%error, "events of a deleted conversation stay in the stream for up to an hour");
        }
        for key in objects.iter().filter_map(|key| key.parse::<ObjectKey>().ok()) {
            if let Err(error) = app.objects.delete(&key).await {
                tracing::warn!(%error, "an object without a row was not deleted; the next sweep deletes it");
            }
        }
        Ok(Deleted::Deleted)
    }
}

impl Created {
    fn new(accepted: AcceptedConversationView) -> Self {
        match &accepted.job {
            Some(job) => {
                let location = format!("/api/v1/jobs/{}", job.id);
                Self::Imported(Json(accepted), location)
            }
            None => {
                let location = format!("/api/v1/conversations/{}", accepted.conversation.id);
                Self::Empty(Json(accepted), location)
            }
        }
    }
}

async fn listed<const LIST: u8>(
    tx: &mut UserTx,
    filter: &Filter,
    order: Order,
    limit: i64,
    cursor: Option<&str>,
) -> Result<ConversationPageView, Problem> {
    let behind = page::decode::<ByTime<LIST>>(cursor)?.map(|ByTime(time, id)| (time, id));
    let found = conversations::list(tx, filter, order, behind, limit + 1).await?;
    let at = |last: &Conversation| {
        let (time, id) = order.cursor(last);
        ByTime::<LIST>(time, id)
    };
    let (found, next_cursor) = page::cut(found, limit, at);
    Ok(ConversationPageView { items: found.into_iter().map(ConversationView::from).collect(), next_cursor })
}

async fn describe(
    app: &App,
    caller: &Caller,
    id: Uuid,
    if_match: Option<&str>,
    edit: &Edit,
) -> Result<Changed, Problem> {
    let version = expected(if_match)?;
    let mut tx = app.database.as_user(caller.0.user).await?;
    let conversation = conversations::edit(&mut tx, id, version, edit).await.map_err(refused)?;
    tx.commit().await?;
    let tag = etag(conversation.version);
    Ok(Changed::Changed(Json(conversation.into()), tag))
}

fn refused(refused: EditError) -> Problem {
    match refused {
        EditError::NotFound => Problem::not_found("conversation"),
        EditError::Changed => changed(),
        EditError::Database(error) => error.into(),
    }
}
