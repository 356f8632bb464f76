//! The window. egui lives here and nowhere else; no tensor here.
//!
//! `run` opens it. `shell` puts it together, `model` is what it knows and does, `panels` and `chrome` draw it with `widgets`;
//! `text` holds every sentence, `theme` every colour and size.

mod action;
mod background;
mod board;
mod chrome;
mod display;
mod layout;
mod model;
mod notices;
mod panels;
mod shell;
mod steps;
mod text;
pub mod theme;
pub mod widgets;

pub use action::{Action, Pair, Wanted};
pub use board::{Board, Job, Purpose, Standing};
pub use model::{Model, StartWorker};
pub use shell::App;
pub use steps::{Door, Step, StepState};

use eframe::egui::ViewportBuilder;

/// Why the window could not open.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The system gave no window.
    #[error("The window could not be opened ({0}). Without a display, `countermark demo` runs the whole story in the terminal.")]
    Open(String),
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// No display, or no graphics adapter that can draw.
pub fn run() -> Result<(), WindowError> {
    let start: StartWorker = Box::new(crate::jobs::Worker::start);
    let mut options = options();
    display::prefer_drops(&mut options);
    let drops = display::brings_drops();
    let opened = eframe::run_native(
        text::APP,
        options,
        Box::new(move |cc| {
            let mut app = App::new(cc, start);
            app.set_drops(drops);
            #[cfg(unix)]
            app.close_when_told(&cc.egui_ctx);
            Ok(Box::new(app))
        }),
    );
    opened.map_err(|error| WindowError::Open(error.to_string()))
}

/// Size, name and drawing of the window.
pub fn options() -> eframe::NativeOptions {
    let viewport = ViewportBuilder::default()
        .with_title(text::APP)
        .with_app_id("countermark")
        .with_inner_size(theme::WINDOW_SIZE)
        .with_min_inner_size(theme::WINDOW_MIN)
        .with_drag_and_drop(true);
    // Nothing here is a gradient, and a software adapter pays for dithering with every pixel.
    eframe::NativeOptions { viewport, centered: true, dithering: false, ..eframe::NativeOptions::default() }
}
