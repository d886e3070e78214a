//! The commands besides `serve`.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use self_shared::config::{Config, Environment};
use self_shared::database::{self, login, migrate};

use crate::document;

/// A generated document: its committed path, and the function that makes it.
type Document = (&'static str, fn() -> String);

const DOCUMENTS: [Document; 2] =
    [("openapi/self-backend.json", document::json), ("openapi/asyncapi.json", document::asyncapi)];

/// A command of the program.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve requests.
    Serve,
    /// Apply the migrations that are missing.
    MigrateUp,
    /// Undo this many migrations.
    MigrateDown(usize),
    /// Print which migrations are applied.
    MigrateStatus,
    /// Undo all migrations, with all data.
    MigrateDrop {
        /// Also in production.
        force: bool,
    },
    /// Write the documents, or only compare them.
    Openapi {
        /// Only compare.
        check: bool,
    },
    /// Print the usage.
    Help,
}

/// The text of `--help`.
pub const USAGE: &str = "\
self-api [serve]                 answer requests
self-api migrate up              bring the schema up to date
self-api migrate down [N]        take back the newest N migrations (1)
self-api migrate status          which migrations are applied
self-api migrate drop [--force]  take back everything, with all data
self-api openapi [--check]       write the documents in openapi/, or compare them

What it needs is read from the environment; README.md lists the variables.";

impl Command {
    /// Parses the arguments; an error says what is wrong with them.
    pub fn parse(arguments: &[String]) -> anyhow::Result<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Ok(match words[..] {
            [] | ["serve"] => Self::Serve,
            ["migrate", "up"] => Self::MigrateUp,
            ["migrate", "down"] => Self::MigrateDown(1),
            ["migrate", "down", steps] => Self::MigrateDown(
                steps.parse().with_context(|| format!("`{steps}` is not a number of steps"))?,
            ),
            ["migrate", "status"] => Self::MigrateStatus,
            ["migrate", "drop"] => Self::MigrateDrop { force: false },
            ["migrate", "drop", "--force"] => Self::MigrateDrop { force: true },
            ["openapi"] => Self::Openapi { check: false },
            ["openapi", "--check"] => Self::Openapi { check: true },
            ["help" | "--help" | "-h"] => Self::Help,
            _ => bail!("`{}` is not a command\n\n{USAGE}", words.join(" ")),
        })
    }
}

/// Runs a `migrate` command.
pub async fn migrate(command: Command, config: &Config) -> anyhow::Result<()> {
    let pool = &database::owner(&config.database);
    match command {
        Command::MigrateUp => {
            migrate::up(pool).await?;
            login::create(pool, &config.database).await?;
        }
        Command::MigrateDown(steps) => migrate::down(pool, steps).await?,
        Command::MigrateDrop { force } => {
            ensure!(
                force || config.environment != Environment::Production,
                "this is production: `migrate drop` removes everything that people recorded; \
                 add --force if that is what you want"
            );
            migrate::drop(pool).await?;
        }
        _ => {}
    }
    for step in migrate::status(pool).await? {
        println!(
            "{} {:04} {}",
            if step.applied { "applied" } else { "       " },
            step.version,
            step.description
        );
    }
    Ok(())
}

/// Writes the documents; with `check`, fails when a committed document is not current.
pub fn openapi(check: bool) -> anyhow::Result<()> {
    for (name, document) in DOCUMENTS {
        let (path, document) = (Path::new(name), document());
        if check {
            let committed = std::fs::read_to_string(path).with_context(|| format!("{name} is missing"))?;
            ensure!(committed == document, "{name} is not current: run `self-api openapi` and commit it");
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, document).with_context(|| format!("{name} cannot be written"))?;
        println!("wrote {name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<Command> {
        Command::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(parsed("").unwrap(), Command::Serve);
        assert_eq!(parsed("migrate down 3").unwrap(), Command::MigrateDown(3));
        assert_eq!(parsed("migrate drop").unwrap(), Command::MigrateDrop { force: false });
        assert_eq!(parsed("openapi --check").unwrap(), Command::Openapi { check: true });
        for wrong in ["migrate", "migrate down x", "migrate drop -f", "serve now"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
