use std::process::ExitCode;

use self_api::app::App;
use self_api::commands::{self, Command, USAGE};
use self_api::server;
use self_shared::config::{ApiConfig, Config};
use self_shared::telemetry;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("self-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> anyhow::Result<()> {
    match Command::parse(arguments)? {
        Command::Serve => {
            let config = ApiConfig::from_env()?;
            telemetry::init_logs(config.shared.log_format);
            let metrics = telemetry::init_metrics()?;
            server::serve(App::new(config, metrics).await?).await
        }
        Command::Openapi { check } => commands::openapi(check),
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
        migrate => commands::migrate(migrate, &Config::from_env()?).await,
    }
}
