use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::domain::model::{ModelCard, ModelRole, Sent};

use crate::wire_enums::Wire;

/// A model that this server works with.
#[derive(Object)]
#[oai(rename = "InstalledModel", skip_serializing_if_is_none, example)]
pub(crate) struct ModelCardView {
    /// What it is there for.
    pub role: Wire<ModelRole>,
    /// Its name, as it stands beside what it produced.
    pub name: String,
    /// Its version, where it is known.
    pub version: Option<String>,
    /// The languages that it is for, as BCP 47 tags; any language when empty.
    pub languages: Vec<String>,
    /// Where it is from, where that is known.
    pub source: Option<String>,
    /// Its licence, where that is known.
    pub licence: Option<String>,
    /// The host that serves it, as `host` or `host:port`; absent where it runs on this server.
    pub host: Option<String>,
    /// What is sent to that host; absent where nothing leaves this server for it.
    pub sends: Option<Wire<Sent>>,
}

/// The models of this server.
#[derive(Object)]
#[oai(rename = "InstalledModelList", example)]
pub(crate) struct ModelCardListView {
    /// The models, by role.
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
            sends: Some(Wire(Sent::Sound)),
        }
    }
}

impl Example for ModelCardListView {
    fn example() -> Self {
        Self { items: vec![ModelCardView::example()] }
    }
}
