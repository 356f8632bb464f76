//! Starts the log and picks window or command line; nothing else.

use countermark::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    countermark::jobs::heap::keep();
    countermark::nn::device::settle();
    // Errors only, on standard error; RUST_LOG asks for more.
    let chosen = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(chosen).with_writer(std::io::stderr).init();
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match cli.command {
        Some(task) => cli::run(task, cli.json),
        None => countermark::app::run().map_or_else(
            |error| {
                eprintln!("{error}");
                ExitCode::from(2)
            },
            |()| ExitCode::SUCCESS,
        ),
    }
}
