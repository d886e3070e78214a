//! Summarizes a conversation with the configured summarizer. It is a job of its own: a service that is slow
//! or away delays nothing else.

use self_language::insights::{Conversation, line};
use self_language::summarize::{Summary, SupportedSentence, TASK, check, windows};
use self_shared::database::graph;
use self_shared::database::insights::{self, InsightModel, Scope};
use self_shared::domain::insight::{InsightKind, NewInsight, Pointers};
use self_shared::domain::job::{JobError, SummarizeConversation};
use self_shared::domain::progress::{Progress, Stage};

use super::JobContext;
use super::generate_insights::conversation;
use crate::engine::RunningJob;
use crate::models::summarizer::Summarizer;

/// A conversation with fewer words gets no summary.
const FEWEST_WORDS: usize = 40;
/// The kinds of insights that a summarizer finds.
const KINDS: &[InsightKind] = &[InsightKind::Summary, InsightKind::ActionItem];

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &SummarizeConversation,
) -> Result<(), JobError> {
    let mut tx = context.database.as_user(running_job.user()?).await?;
    let conversation = conversation::load(&mut tx, job.conversation_id).await?;
    tx.commit().await?;
    let mut found = Vec::new();
    let mut version = String::new();
    // Without a summarizer, for example when its configuration was removed, there is nothing to do.
    if let (Some(conversation), Some(summarizer)) = (conversation, &context.summarizer) {
        let (summary, model) = summarize(running_job, summarizer, &conversation).await?;
        version = model;
        found = insights_of(&conversation, &summary);
    }
    let model = context.summarizer.as_ref().map_or("", |summarizer| summarizer.model());
    save(running_job, job, &found, &InsightModel { name: model, version: &version }).await
}

async fn summarize(
    running_job: &RunningJob,
    summarizer: &Summarizer,
    conversation: &Conversation,
) -> anyhow::Result<(Summary, String)> {
    let texts: Vec<&str> = conversation.segments.iter().map(|segment| segment.text.as_str()).collect();
    let words: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let (mut summary, mut model) = (Summary::default(), String::new());
    if words < FEWEST_WORDS {
        return Ok((summary, model));
    }
    let windows = windows(&texts);
    for (asked, window) in windows.iter().enumerate() {
        let percent = 100.0 * asked as f32 / windows.len() as f32;
        running_job.report(Stage::Extract, Progress { percent, ..running_job.progress() });
        let completion = summarizer.complete(TASK, &window.text).await?;
        let Summary { sentences, action_items } = check(&completion.text, window, &texts)?;
        summary.sentences.extend(sentences);
        summary.action_items.extend(action_items);
        model = completion.model;
    }
    Ok((summary, model))
}

fn insights_of(conversation: &Conversation, summary: &Summary) -> Vec<NewInsight> {
    let pointers = |supported: &[SupportedSentence]| {
        let mut segments: Vec<usize> =
            supported.iter().flat_map(|supported| supported.segments.iter().copied()).collect();
        segments.sort_unstable();
        segments.dedup();
        let segments = segments.into_iter().map(|segment| conversation.segments[segment].id).collect();
        Pointers { segments, ..Pointers::default() }
    };
    let id = conversation.id;
    let mut found = Vec::new();
    if !summary.sentences.is_empty() {
        let sentences: Vec<&str> =
            summary.sentences.iter().map(|supported| supported.text.as_str()).collect();
        found.push(NewInsight {
            kind: InsightKind::Summary,
            key: id.to_string(),
            // With any wording it is the summary of this conversation.
            essence: None,
            title: conversation.title.clone(),
            detail: sentences.join(" "),
            due_at: None,
            evidence: pointers(&summary.sentences),
        });
    }
    found.extend(summary.action_items.iter().map(|item| NewInsight {
        kind: InsightKind::ActionItem,
        key: format!("{id} {}", item.text),
        essence: None,
        title: line(&item.text),
        detail: item.text.clone(),
        due_at: None,
        evidence: pointers(std::slice::from_ref(item)),
    }));
    found
}

/// Writes the insights and the job's success in one transaction.
async fn save(
    running_job: &RunningJob,
    job: &SummarizeConversation,
    found: &[NewInsight],
    model: &InsightModel<'_>,
) -> Result<(), JobError> {
    running_job.report(Stage::Save, running_job.progress());
    let mut tx = running_job.begin().await?;
    graph::lock(&mut tx).await?;
    let scope = Scope { kinds: KINDS, conversation: Some(job.conversation_id) };
    insights::replace(&mut tx, &scope, model, found).await?;
    running_job.succeed(tx).await
}
