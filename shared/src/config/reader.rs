//! Reads single variables, and collects the mistakes in them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;

use super::{ConfigError, Login, MoonshineConfig, ObjectsConfig};
use crate::domain::job::Lane;
use crate::domain::language;

/// The shortest secret that is safe against guessing, in characters.
const SHORTEST_SECRET: usize = 32;

/// Reads variables and collects the mistakes in them.
pub(super) struct Reader<L> {
    lookup: L,
    mistakes: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    pub(super) fn new(lookup: L) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    pub(super) fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, ConfigError> {
        let value = read(&mut self);
        if self.mistakes.is_empty() { Ok(value) } else { Err(ConfigError(self.mistakes)) }
    }

    pub(super) fn mistake(&mut self, name: &str, what: impl fmt::Display) {
        self.mistakes.push(format!("{name} {what}"));
    }

    /// A variable that is set; an empty one counts as not set.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn text(&self, name: &str, default: &str) -> String {
        self.given(name).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let given = self.given(name).unwrap_or_default();
        given.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    pub(super) fn number<T: FromStr + Copy>(&mut self, name: &str, default: T) -> T {
        let Some(given) = self.given(name) else { return default };
        given.parse().unwrap_or_else(|_| {
            self.mistake(name, format_args!("is `{given}`, which is not a usable number"));
            default
        })
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.given(name).map(|given| given.to_lowercase()).as_deref() {
            None => default,
            Some("1" | "true" | "yes" | "on") => true,
            Some("0" | "false" | "no" | "off") => false,
            Some(other) => {
                let what = format!("is `{other}`; say `true` or `false`");
                self.mistake(name, what);
                default
            }
        }
    }

    /// One of several words; the first is the default.
    pub(super) fn one_of<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> T {
        let Some(given) = self.given(name) else { return known[0].1 };
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == given) {
            return *value;
        }
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        self.mistake(name, format_args!("is `{given}`; it can be {}", words.join(" or ")));
        known[0].1
    }

    /// A token that may be missing, but not weak.
    pub(super) fn operator_token(&mut self, name: &str, production: bool) -> Option<SecretString> {
        let given = self.given(name)?;
        if production && given.len() < SHORTEST_SECRET {
            let what = format!("is too weak for production: it needs {SHORTEST_SECRET} characters or more");
            self.mistake(name, what);
        }
        Some(SecretString::from(given))
    }

    /// A secret for signatures. If it is not set, development uses a public default value. Production
    /// refuses that value, and every short one.
    pub(super) fn signing_secret(&mut self, name: &str, production: bool) -> SecretString {
        let development_only = format!("development-only-{name}-do-not-use-for-real");
        let Some(given) = self.given(name) else {
            if production {
                self.mistake(name, "is not set; make one with `openssl rand -base64 48`");
            }
            return SecretString::from(development_only);
        };
        if production && (given == development_only || given.len() < SHORTEST_SECRET) {
            self.mistake(
                name,
                format_args!(
                    "is too weak for production: it needs {SHORTEST_SECRET} characters or more that nobody can guess; make one with `openssl rand -base64 48`"
                ),
            );
        }
        SecretString::from(given)
    }

    /// The login with which the programs serve.
    pub(super) fn app_login(&mut self) -> Option<Login> {
        match (self.given("DB_APP_USER"), self.given("DB_APP_PASSWORD")) {
            (Some(user), Some(password)) => Some(Login { user, password: SecretString::from(password) }),
            (None, None) => None,
            (Some(_), None) => {
                self.mistake("DB_APP_PASSWORD", "is not set, but DB_APP_USER is; set both or neither");
                None
            }
            (None, Some(_)) => {
                self.mistake("DB_APP_USER", "is not set, but DB_APP_PASSWORD is; set both or neither");
                None
            }
        }
    }

    pub(super) fn objects(&mut self) -> ObjectsConfig {
        let Some(endpoint) = self.given("MINIO_ENDPOINT") else {
            return ObjectsConfig::Files { dir: self.text("OBJECTS_DIR", ".self/objects").into() };
        };
        let mut needed = |name: &str| {
            self.given(name).unwrap_or_else(|| {
                self.mistake(
                    name,
                    "is not set, but MINIO_ENDPOINT is; set both, or neither to keep plain files",
                );
                String::new()
            })
        };
        let access_key = needed("MINIO_ACCESS_KEY");
        let secret_key = SecretString::from(needed("MINIO_SECRET_KEY"));
        ObjectsConfig::S3 {
            secure: self.flag("MINIO_SECURE", endpoint.starts_with("https://")),
            endpoint,
            access_key,
            secret_key,
            bucket: self.text("MINIO_BUCKET", "self"),
            region: self.text("MINIO_REGION", "us-east-1"),
        }
    }

    pub(super) fn moonshine(&mut self) -> Option<MoonshineConfig> {
        let mut languages = self.languages("MOONSHINE_LANGUAGES");
        let Some(dir) = self.given("MOONSHINE_DIR") else {
            if !languages.is_empty() {
                self.mistake("MOONSHINE_LANGUAGES", "is set, but MOONSHINE_DIR is not; set both or neither");
            }
            return None;
        };
        if languages.is_empty() {
            languages.push("en".to_owned());
        }
        Some(MoonshineConfig { dir: dir.into(), languages })
    }

    /// A list of language tags.
    pub(super) fn languages(&mut self, name: &str) -> Vec<String> {
        let given = self.list(name);
        if let Some(strange) = given.iter().find(|tag| !language::is_tag(tag)) {
            self.mistake(name, format_args!("names `{strange}`; write language tags, as `en,de,pt-BR`"));
        }
        given
    }

    /// A program that may be missing: the file that the variable names, or the one that is found in `PATH`.
    /// `off` stands for no program.
    pub(super) fn program(&mut self, name: &str, usual: &str) -> Option<PathBuf> {
        match self.given(name).as_deref() {
            Some("off") => None,
            Some(path) => {
                if !Path::new(path).is_file() {
                    self.mistake(
                        name,
                        format_args!("is `{path}`, which is no file; name a program, or say `off`"),
                    );
                }
                Some(path.into())
            }
            None => {
                let folders = self.given("PATH").unwrap_or_default();
                std::env::split_paths(&folders).map(|folder| folder.join(usual)).find(|path| path.is_file())
            }
        }
    }

    pub(super) fn namespace(&mut self, name: &str, default: &str) -> String {
        let given = self.text(name, default);
        if !given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            self.mistake(name, format_args!("is `{given}`; use letters, digits, `-` and `_` only"));
        }
        given
    }

    pub(super) fn lanes(&mut self, name: &str, default: &str) -> BTreeMap<Lane, usize> {
        let given = self.text(name, default);
        let mut lanes = BTreeMap::new();
        for item in given.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (lane, concurrency) = item.split_once('=').unwrap_or((item, "1"));
            match (lane.parse::<Lane>(), concurrency.parse::<usize>()) {
                (Ok(lane), Ok(concurrency)) => {
                    lanes.insert(lane, concurrency);
                }
                (Err(unknown), _) => self.mistake(name, format_args!("names a lane that is none: {unknown}")),
                (_, Err(_)) => self.mistake(name, format_args!("says `{item}`; write it as `audio=2`")),
            }
        }
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_found_or_off() {
        let program = std::env::current_exe().unwrap();
        let (folder, name) = (program.parent().unwrap(), program.file_name().unwrap().to_str().unwrap());
        let found = |given: Option<&str>| {
            let given = given.map(str::to_owned);
            let path = folder.to_str().unwrap().to_owned();
            Reader::new(|variable: &str| if variable == "PATH" { Some(path.clone()) } else { given.clone() })
                .read(|reader| reader.program("PROGRAM", name))
        };
        assert_eq!(found(None).unwrap().as_deref(), Some(&*program));
        assert_eq!(found(Some(program.to_str().unwrap())).unwrap().as_deref(), Some(&*program));
        assert_eq!(found(Some("off")).unwrap(), None);
        let ConfigError(mistakes) = found(Some("/nowhere/ffmpeg")).unwrap_err();
        assert!(mistakes[0].starts_with("PROGRAM"), "{mistakes:?}");
    }
}
