//! Opens the window, or runs a command.

use std::process::ExitCode;

fn main() -> ExitCode {
    match countermark::app::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
