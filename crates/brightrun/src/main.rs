//! BrightRun: one program, several roles. Owns the commands, the configuration, the wiring of the crates, the life of the processes, and
//! telemetry. May import everything.

mod allocator;
mod base_models;
mod client;
mod commands;
mod config;
mod embedded;
mod gpu;
mod listener;
mod output;
mod server;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Options, Settings, Sources};
use crate::output::say;

/// Turns a file of conversations into a trained LoRA adapter.
#[derive(Parser, Debug)]
#[command(name = "brightrun", version, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// API, page and worker in one process.
    Serve,
    /// The worker alone, over the same database and storage as the servers.
    Worker,
    /// A machine that trains: serves the GPU cluster API and runs what it is sent.
    Node,
    /// One training run from a spec file; events as JSON lines on standard output.
    Train(commands::train::TrainArgs),
    /// Shows what a run would train on, token by token, without training.
    Inspect(commands::inspect::InspectArgs),
    /// Checks a data set file without a server.
    Validate(commands::validate::ValidateArgs),
    /// Writes a data set file in another format, without a server.
    Convert(commands::convert::ConvertArgs),
    /// Mends a data set file, without a server.
    Fix(commands::fix::FixArgs),
    /// The main job on the sample data set, end to end.
    Demo(commands::demo::DemoArgs),
    /// Brings the database's schema up to date.
    Migrate,
    /// Prints the OpenAPI document.
    Openapi,
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Prints every setting with its value and where it came from.
    Show,
}

fn main() -> Result<ExitCode> {
    allocator::give_back_soon();
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches)?;
    match &cli.command {
        Command::Train(args) => commands::train::run(args, &cli.options.models),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Validate(args) => commands::validate::run(args),
        Command::Convert(args) => commands::convert::run(args),
        Command::Fix(args) => commands::fix::run(args),
        Command::Openapi => {
            say(api::openapi_json().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        command => {
            let settings = Settings::load(&cli.options, &sources(&matches))?;
            with_server(command, settings)
        }
    }
}

fn with_server(command: &Command, settings: Settings) -> Result<ExitCode> {
    telemetry(matches!(command, Command::Demo(_)));
    // Unoptimised, the steps of a job one inside the other need more than the usual 2 MiB.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().thread_stack_size(8 << 20).enable_all().build().context("cannot start the runtime")?;
    let done = |result: Result<()>| result.map(|()| ExitCode::SUCCESS);
    match command {
        Command::Serve => done(runtime.block_on(server::serve(settings))),
        Command::Worker => done(runtime.block_on(server::worker(settings))),
        Command::Node => done(runtime.block_on(commands::node::run(settings))),
        Command::Migrate => done(runtime.block_on(server::migrate(&settings))),
        Command::Demo(args) => runtime.block_on(commands::demo::run(args, settings)),
        Command::Config(ConfigCommand::Show) => {
            for (name, value, source) in &settings.shown {
                say(&format!("{name:24} {value}   ({source})"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Train(_) | Command::Inspect(_) | Command::Validate(_) | Command::Convert(_) | Command::Fix(_) | Command::Openapi => {
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Log lines go to standard error: `BRIGHTRUN_LOG` filters them, `BRIGHTRUN_LOG_FORMAT=json` makes each a JSON object.
fn telemetry(quiet: bool) {
    use tracing_subscriber::EnvFilter;
    let default = if quiet { "warn" } else { "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,apalis=warn" };
    let filter = EnvFilter::try_from_env("BRIGHTRUN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("BRIGHTRUN_LOG_FORMAT").is_ok_and(|f| f == "json") {
        lines.json().init();
    } else {
        lines.init();
    }
}

/// Which options came from the environment and which from flags.
fn sources(matches: &ArgMatches) -> Sources {
    let source = |id: &str| match matches.value_source(id)? {
        ValueSource::EnvVariable => Some("environment"),
        ValueSource::CommandLine => Some("flag"),
        _ => None,
    };
    matches.ids().filter_map(|id| Some((id.as_str().to_owned(), source(id.as_str())?))).collect()
}
