use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::model::{ModelCard, ModelRole, SentData};

use crate::wire_enums::Wire;

/// A model that this server uses.
#[derive(Object)]
#[oai(rename = "InstalledModel", skip_serializing_if_is_none, example)]
pub(crate) struct ModelCardView {
    /// The task of the model.
    pub role: Wire<ModelRole>,
    /// The name of the model, as in the data that it produced.
    pub name: String,
    /// The version of the model. Absent if it is unknown.
    pub version: Option<String>,
    /// The languages that the model supports, as BCP 47 tags. If empty, it supports any language.
    pub languages: Vec<String>,
    /// The origin of the model. Absent if it is unknown.
    pub source: Option<String>,
    /// The licence of the model. Absent if it is unknown.
    pub licence: Option<String>,
    /// The host that serves the model, as `host` or `host:port`. Absent if the model runs on this
    /// server.
    pub host: Option<String>,
    /// The data that is sent to that host. Absent if the model runs on this server.
    pub sends: Option<Wire<SentData>>,
}

/// The models of this server.
#[derive(Object)]
#[oai(rename = "InstalledModelList", example)]
pub(crate) struct ModelCardListView {
    /// The models, ordered by role.
    pub items: Vec<ModelCardView>,
}

impl From<ModelCard> for ModelCardView {
    fn from(model: ModelCard) -> Self {
        let ModelCard { role, name, version, languages, source, licence, host } = model;
        let sends = host.is_some().then(|| Wire(role.takes()));
        Self { role: Wire(role), name, version, languages, source, licence, host, sends }
    }
}

impl Example for ModelCardView {
    fn example() -> Self {
        Self {
            role: Wire(ModelRole::Transcriber),
            name: "whisper-large-v3".to_owned(),
            version: None,
            languages: vec!["de".to_owned(), "en".to_owned(), "pt-BR".to_owned()],
            source: None,
            licence: None,
            host: Some("speech.example.org:8443".to_owned()),
            sends: Some(Wire(SentData::Sound)),
        }
    }
}

impl Example for ModelCardListView {
    fn example() -> Self {
        Self { items: vec![ModelCardView::example()] }
    }
}
