//! Picks window or command line; nothing else.

use clap::Parser;
use countermark::cli::{self, Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    countermark::nn::device::settle();
    let cli = Cli::parse();
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
