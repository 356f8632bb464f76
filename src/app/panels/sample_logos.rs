//! The built-in logos in a row, drawn beside the window when they are first shown.

use crate::app::background::{Poll, Task, Wake};
use crate::app::text;
use crate::app::theme;
use crate::app::widgets::{self, TextureCache};
use crate::data;
use crate::data::logo::{Logo, LogoOptions};
use eframe::egui::{Ui, Vec2};
use std::sync::Arc;

/// The built-in logos, once they are drawn.
#[derive(Default)]
pub struct SampleLogos {
    samples: Vec<Logo>,
    drawing: Option<Task<Vec<Logo>>>,
}

impl SampleLogos {
    /// Shows them, the one called `chosen` as chosen; gives the place of the one that was clicked.
    pub fn show(&mut self, ui: &mut Ui, textures: &mut TextureCache, chosen: Option<&str>) -> Option<usize> {
        let ctx = ui.ctx().clone();
        let drawing = self.drawing.get_or_insert_with(|| {
            let wake: Wake = Arc::new(move || ctx.request_repaint());
            let prepare = |(name, bytes): (&str, &[u8])| Logo::from_bytes(name, bytes, &LogoOptions::default()).ok();
            Task::start(text::LOGO_DRAWING.into(), &wake, move |_| data::sample_logos().into_iter().filter_map(prepare).collect())
        });
        if let Poll::Ready(samples) = drawing.poll() {
            self.samples = samples;
        }
        let mut clicked = None;
        ui.horizontal_wrapped(|ui| {
            for (index, logo) in self.samples.iter().enumerate() {
                ui.vertical(|ui| {
                    let name = text::sample_logo(&logo.name);
                    let used = chosen == Some(logo.name.as_str());
                    let shown = widgets::picture(ui, textures, &logo.picture, Vec2::splat(theme::THUMBNAIL), &name);
                    let button = ui.add(widgets::Action::quiet(&logo.name).selected(used));
                    if shown.clicked() || button.clicked() {
                        clicked = Some(index);
                    }
                });
            }
        });
        clicked
    }
}
