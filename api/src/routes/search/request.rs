//! The parameters of a search: the text, the mode, and the filters.

use chrono::{DateTime, Utc};
use self_shared::bus::{EmbedError, QueryEmbedding};
use self_shared::database::UserTx;
use self_shared::database::search::{self, Candidates, Correction, Fused, Hit, Scope, SourceKind, Wanted};
use sha2::{Digest, Sha256};
use std::time::Duration;

use super::search_query::SearchQuery;
use crate::app::App;
use crate::auth::Caller;
use crate::page::{self, Cursor};
use crate::problem::Problem;
use crate::views::{FoundView, HitView};
use crate::wire_enums::WireEnum;

/// The time in which a worker must return the vector of the question.
const DEADLINE: Duration = Duration::from_secs(2);
/// The number of passages that each method ranks. The pages end there.
const DEPTH: u16 = 200;
/// The number of candidates by meaning, if the vector index is not PostgreSQL. More than are needed,
/// because filters remove some.
const CANDIDATES: usize = 2 * DEPTH as usize;

/// The method of comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Words and meaning.
    #[default]
    Hybrid,
    /// Words only.
    Words,
    /// Meaning only.
    Meaning,
}

impl WireEnum for Mode {
    const NAME: &'static str = "SearchMode";
    const DESCRIPTION: &'static str = "What is compared: words, meaning, or both (`hybrid`).";
    const VALUES: &'static [Self] = &[Self::Hybrid, Self::Words, Self::Meaning];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Words => "words",
            Self::Meaning => "meaning",
        }
    }
}

impl WireEnum for SourceKind {
    const NAME: &'static str = "HitKind";
    const DESCRIPTION: &'static str = "What a passage is from.";
    const VALUES: &'static [Self] = &[Self::Conversation, Self::File];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::File => "file",
        }
    }
}

/// A search: the parsed query, its mode and its filters.
pub(super) struct SearchRequest {
    /// The name of the query's field in the request.
    pub field: &'static str,
    /// The parsed query.
    pub search_query: SearchQuery,
    /// The method of comparison.
    pub mode: Mode,
    /// Whether the search uses words alone while no worker can compare meaning.
    pub words_will_do: bool,
    /// The filters.
    pub scope: Scope,
    /// The number of hits in a page.
    pub limit: i64,
}

/// A position among the hits of one search.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SearchCursor {
    as_of: DateTime<Utc>,
    offset: u32,
    fingerprint: [u8; 8],
}

impl Cursor for SearchCursor {
    const LIST: u8 = b's';

    fn encode(&self) -> Vec<u8> {
        let Self { as_of, offset, fingerprint } = self;
        [&as_of.timestamp_micros().to_be_bytes()[..], &offset.to_be_bytes(), fingerprint].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = bytes.split_at_checked(8)?;
        let (offset, fingerprint) = rest.split_at_checked(4)?;
        Some(Self {
            as_of: page::moment(time)?,
            offset: u32::from_be_bytes(offset.try_into().ok()?),
            fingerprint: fingerprint.try_into().ok()?,
        })
    }
}

impl SearchRequest {
    /// Searches, and returns one page of hits.
    pub(super) async fn answer(
        mut self,
        app: &App,
        caller: &Caller,
        cursor: Option<&str>,
    ) -> Result<FoundView, Problem> {
        if self.search_query.wanted.is_empty() {
            return Err(Problem::field(self.field, "names nothing to look for"));
        }
        let fingerprint = self.fingerprint();
        let at = match page::decode::<SearchCursor>(cursor)? {
            Some(at) if at.fingerprint == fingerprint => at,
            Some(_) => return Err(page::another_lists_cursor()),
            None => SearchCursor { as_of: Utc::now(), offset: 0, fingerprint },
        };
        self.scope.as_of = Some(at.as_of);
        self.scope.phrases.clone_from(&self.search_query.phrases);
        self.scope.excluded.clone_from(&self.search_query.excluded);

        let embedded = match self.mode {
            Mode::Words => None,
            Mode::Hybrid | Mode::Meaning => {
                match app.bus.embed_query(&self.search_query.wanted, DEADLINE).await {
                    Ok(embedded) => Some(embedded),
                    Err(EmbedError::NoWorker | EmbedError::TooSlow) if self.words_will_do => None,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let candidates = match &embedded {
            Some(QueryEmbedding { embedding, model, .. }) => {
                app.vectors.candidates(caller.0.user, embedding, model, CANDIDATES).await?
            }
            None => Candidates::All,
        };
        let mut tx = app.database.as_user(caller.0.user).await?;
        let (words, corrections) = match self.mode {
            Mode::Meaning => (Vec::new(), Vec::new()),
            Mode::Hybrid | Mode::Words => self.by_words(&mut tx).await?,
        };
        let meaning = match &embedded {
            Some(QueryEmbedding { embedding, model, .. }) => {
                let asked = search::QueryVector { embedding, model };
                search::by_meaning(&mut tx, &asked, &self.scope, &candidates, DEPTH).await?
            }
            None => Vec::new(),
        };
        let fused = search::fuse(words, meaning);
        let from = usize::try_from(at.offset).unwrap_or(usize::MAX).min(fused.len());
        let to = from.saturating_add(usize::try_from(self.limit).unwrap_or(1)).min(fused.len());
        let next = SearchCursor { offset: u32::try_from(to).unwrap_or(u32::MAX), ..at };
        Ok(FoundView {
            items: self.shown(&mut tx, &fused[from..to]).await?,
            model: embedded.map(|embedded| embedded.model),
            corrections: corrections.into_iter().map(Into::into).collect(),
            next_cursor: (to < fused.len()).then(|| page::encode(&next)),
        })
    }

    /// Searches by words. For words that occur nowhere, the probable corrections are searched, too.
    async fn by_words(&mut self, tx: &mut UserTx) -> Result<(Vec<Hit>, Vec<Correction>), Problem> {
        let found = search::by_words(tx, &self.search_query.wanted, &self.scope, DEPTH).await?;
        let known = found.iter().flat_map(|hit| hit.terms.iter().cloned()).collect();
        let corrections = search::correct(tx, &self.search_query.wanted, &known).await?;
        if corrections.is_empty() {
            return Ok((found, corrections));
        }
        for Correction { meant, .. } in &corrections {
            self.search_query.wanted.push(' ');
            self.search_query.wanted.push_str(meant);
        }
        Ok((search::by_words(tx, &self.search_query.wanted, &self.scope, DEPTH).await?, corrections))
    }

    async fn shown(&self, tx: &mut UserTx, found: &[Fused]) -> Result<Vec<HitView>, Problem> {
        let ids: Vec<_> = found.iter().map(|one| one.id).collect();
        let SearchQuery { wanted, unquoted, phrases, .. } = &self.search_query;
        let passages = search::passages(tx, &ids, &Wanted { all: wanted, unquoted, phrases }).await?;
        let shown = passages.into_iter().filter_map(|passage| {
            let how = found.iter().find(|one| one.id == passage.id())?;
            Some(HitView::new(passage, how))
        });
        Ok(shown.collect())
    }

    /// A hash of the search, which tells whether a cursor belongs to it.
    fn fingerprint(&self) -> [u8; 8] {
        let asked = format!("{:?} {:?} {:?}", self.search_query, self.mode, self.scope);
        let digest = Sha256::digest(asked);
        std::array::from_fn(|index| digest[index])
    }
}
