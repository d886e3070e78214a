//! The public descriptions of the models that a worker has loaded, and of the remote ones.

use self_language::models::{Embedder, EntityFinder};
use self_shared::config::WorkerConfig;
use self_shared::domain::job::Lane;
use self_shared::domain::model::{ModelCard, ModelRole};
use self_shared::domain::model::{ModelDescription, ModelId};

use super::remote_transcriber::RemoteTranscriber;
use super::transcriber::Transcriber;

/// The descriptions of a worker's models. It leaves out the models of lanes that it does not serve.
#[must_use]
pub fn cards(
    config: &WorkerConfig,
    transcriber: &dyn Transcriber,
    remote: Option<&RemoteTranscriber>,
    finder: &dyn EntityFinder,
    embedder: &dyn Embedder,
) -> Vec<ModelCard> {
    let serves = |lanes: &[Lane]| lanes.iter().any(|lane| config.lanes.contains_key(lane));
    let mut cards = Vec::new();
    if serves(&[Lane::Audio, Lane::Live]) {
        cards.push(card(ModelRole::Transcriber, transcriber.id(), transcriber.description(), None));
        cards.extend(remote.map(|remote| {
            card(ModelRole::Transcriber, remote.id(), remote.description(), Some(remote.host()))
        }));
        cards.push(silero());
    }
    cards.push(card(ModelRole::EntityFinder, finder.id(), finder.description(), None));
    cards.push(card(ModelRole::Embedder, embedder.id(), embedder.description(), None));
    if let Some(summarizer) = config.summarizer.as_ref().filter(|_| serves(&[Lane::Summaries])) {
        let id = ModelId { name: summarizer.model.clone().into(), version: UNKNOWN.into() };
        cards.push(card(ModelRole::Summarizer, id, ModelDescription::default(), Some(summarizer.host())));
    }
    cards
}

/// The version of a model whose service does not report one.
const UNKNOWN: &str = "unknown";

/// Silero VAD, from the speech package. It detects voices in any language.
fn silero() -> ModelCard {
    let description = ModelDescription {
        languages: Vec::new(),
        source: Some("package moonshine-voice 0.0.73 (PyPI)".to_owned()),
        licence: Some("MIT".to_owned()),
    };
    card(ModelRole::VoiceActivity, ModelId::known("silero-vad", "5"), description, None)
}

fn card(role: ModelRole, id: ModelId, description: ModelDescription, host: Option<&str>) -> ModelCard {
    let ModelDescription { languages, source, licence } = description;
    ModelCard {
        role,
        name: id.name.into_owned(),
        version: Some(id.version.into_owned()).filter(|version| version != UNKNOWN),
        languages,
        source,
        licence,
        host: host.map(str::to_owned),
    }
}
