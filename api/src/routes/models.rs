use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use self_shared::database::models;
use self_shared::domain::model::{ModelCard, SupportedLanguages};
use self_shared::domain::transcription::TranscriptionOptions;

use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::{Failing, Problem, declare};
use crate::views::{ModelCardListView, ModelCardView};

pub(crate) struct ModelRoutes;

declare! {
    List: ;
}

#[OpenApi(prefix_path = "/api/v1/models", tag = "Tag::Models")]
impl ModelRoutes {
    /// List the models
    ///
    /// The models that transcribe, find entities, embed and summarize on this server: their languages,
    /// source and licence, and whether sound or text is sent to another machine for them. While no
    /// worker runs, these are the models of the last worker.
    #[oai(path = "/", method = "get", operation_id = "list_models")]
    async fn list(&self, _caller: Caller, app: Data<&App>) -> Result<Json<ModelCardListView>, Failing<List>> {
        let items = of_the_fleet(&app).await?.into_iter().map(ModelCardView::from).collect();
        Ok(Json(ModelCardListView { items }))
    }
}

async fn of_the_fleet(app: &App) -> Result<Vec<ModelCard>, Problem> {
    let mut tx = app.database.as_system().await?;
    Ok(models::of_the_fleet(&mut tx).await?)
}

/// Refuses a language that no permitted transcriber supports; `field` is the field of the request with
/// the language.
pub(super) async fn refuse_unspoken(
    app: &App,
    field: &str,
    options: &TranscriptionOptions,
) -> Result<(), Problem> {
    let Some(tag) = &options.language else { return Ok(()) };
    let models = of_the_fleet(app).await?;
    let SupportedLanguages::These(spoken) =
        SupportedLanguages::of(&models, options.allow_remote != Some(false))
    else {
        return Ok(());
    };
    let is_spoken = |spoken: SupportedLanguages| spoken.includes(tag);
    if is_spoken(SupportedLanguages::These(spoken.clone())) {
        return Ok(());
    }
    let tags: Vec<String> = spoken.iter().map(|tag| format!("`{tag}`")).collect();
    let elsewhere = if is_spoken(SupportedLanguages::of(&models, true)) {
        "; it is by one on another machine, to which `allow_remote` does not let the sound go"
    } else {
        ""
    };
    let detail = format!(
        "must be spoken by a transcriber here: `{tag}` is not{elsewhere}. Those that are: {}",
        tags.join(", ")
    );
    Err(Problem::field(field, detail))
}
