//! The logo panel: drop or choose a logo, place it, and see what remains of it at the sizes that networks see.

use super::sample_logos::SampleLogos;
use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::{Action, Pair, Wanted};
use crate::app::model::{LogoChoice, Model};
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, PathAction, TextureCache};
use crate::data::logo::{Fit, Logo, LogoOptions};
use crate::data::{Picture, Shape};
use eframe::egui::{self, ScrollArea, Slider, Ui, Vec2};

/// What networks see most often; shown as long as no pictures are chosen.
const USUAL: [Shape; 2] = [Shape { channels: 1, height: 28, width: 28 }, Shape { channels: 3, height: 32, width: 32 }];

/// The panel.
#[derive(Default)]
pub struct Logos {
    path: String,
    textures: TextureCache,
    samples: SampleLogos,
    looked: Option<Looked>,
}

impl Logos {
    fn choose(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
        if widgets::drop_zone(ui, if model.drops { text::LOGO_DROP } else { text::LOGO_CHOOSE }, text::LOGO_DROP_HINT, hovering).clicked() {
            out.push(Action::Browse(Wanted::Logo));
        }
        match widgets::path_field(ui, &mut self.path, text::LOGO_PATH_HINT, text::BROWSE) {
            PathAction::Browse => out.push(Action::Browse(Wanted::Logo)),
            PathAction::Entered(path) => {
                self.path.clear();
                out.push(Action::Take(Wanted::Logo, path));
            }
            PathAction::None => {}
        }
    }

    fn samples(&mut self, ui: &mut Ui, chosen: Option<&str>, out: &mut Vec<Action>) {
        subheading(ui, text::LOGO_SAMPLES);
        out.extend(self.samples.show(ui, &mut self.textures, chosen).map(Action::UseSampleLogo));
    }

    fn placed(&mut self, ui: &mut Ui, choice: &LogoChoice, data_shape: Option<Shape>, out: &mut Vec<Action>) {
        if !self.looked.as_ref().is_some_and(|looked| looked.digest == choice.logo.digest && looked.data_shape == data_shape) {
            self.looked = Some(Looked::at(&choice.logo, data_shape));
        }
        let Some(looked) = &self.looked else { return };
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                subheading(ui, text::LOGO_LARGE);
                let side = theme::PREVIEW_LARGE;
                if widgets::picture(ui, &mut self.textures, &choice.logo.picture, Vec2::splat(side), text::LOGO_LARGE).clicked() {
                    out.push(compare(&choice.logo, data_shape.unwrap_or(USUAL[1])));
                }
            });
            ui.add_space(theme::GAP_2);
            ui.vertical(|ui| {
                subheading(ui, text::LOGO_SEEN);
                ui.horizontal_top(|ui| {
                    for seen in &looked.seen {
                        ui.vertical(|ui| {
                            let words = seen.shape.to_string();
                            if widgets::picture(ui, &mut self.textures, seen, Vec2::splat(theme::PREVIEW), &words).clicked() {
                                out.push(compare(&choice.logo, seen.shape));
                            }
                            muted(ui, words);
                            if data_shape.is_some() {
                                widgets::tag(ui, Tone::Accent, Some(widgets::Icon::Check), text::LOGO_USED);
                            }
                        });
                    }
                });
            });
        });
        warnings(ui, &looked.warnings);
        options(ui, &choice.options, out);
    }
}

impl Pane for Logos {
    fn title(&self) -> &'static str {
        text::TAB_LOGO
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let choice = model.material.logo.as_ref();
        egui::Sides::new().height(theme::CONTROL_HEIGHT_LARGE).shrink_left().truncate().show(
            ui,
            |ui| heading(ui, choice.map_or(text::LOGO_TITLE, |choice| choice.name.as_str())),
            |ui| {
                if choice.is_some() {
                    super::go_on(ui, model, Step::Logo, out);
                }
            },
        );
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if model.material.is_drawing() {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label(text::LOGO_DRAWING);
                    if widgets::quiet_button(ui, text::CANCEL).clicked() {
                        out.push(Action::CancelReading);
                    }
                });
            }
            if let Some(choice) = choice {
                self.placed(ui, choice, model.data().map(|set| set.train.shape), out);
                ui.add_space(theme::GAP_2);
            }
            self.samples(ui, choice.map(|choice| choice.name.as_str()), out);
            ui.add_space(theme::GAP);
            self.choose(ui, model, out);
        });
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let Some(choice) = &model.material.logo else {
            muted(ui, text::SIDE_LOGO_EMPTY);
            return;
        };
        subheading(ui, &choice.name);
        ui.label(text::SIDE_LOGO);
        fact(ui, text::DATA_FROM, if choice.sample { text::DATA_INSIDE } else { choice.name.as_str() });
        egui::CollapsingHeader::new(text::MORE).show(ui, |ui| fact(ui, text::DATA_DIGEST, &choice.logo.digest));
        if widgets::quiet_button(ui, text::LOGO_REMOVE).clicked() {
            out.push(Action::RemoveLogo);
        }
    }
}

fn compare(logo: &Logo, shape: Shape) -> Action {
    let seen = logo.at(shape);
    let full = logo.picture.shape;
    let enlarged = seen.colour().resized(full.width, full.height);
    Action::Compare(Pair::new(logo.picture.colour(), text::LOGO_LARGE, enlarged, &shape.to_string()))
}

/// What networks see of a logo, made once for each logo: three sharp reductions are too much for every frame.
struct Looked {
    digest: String,
    data_shape: Option<Shape>,
    seen: Vec<Picture>,
    warnings: Vec<String>,
}

impl Looked {
    fn at(logo: &Logo, data_shape: Option<Shape>) -> Self {
        let shapes = data_shape.map_or(USUAL.to_vec(), |shape| vec![shape]);
        let seen = shapes.into_iter().map(|shape| logo.at(shape)).collect();
        let warnings = logo.warnings(data_shape.unwrap_or(USUAL[0]));
        Self { digest: logo.digest.clone(), data_shape, seen, warnings }
    }
}

fn warnings(ui: &mut Ui, warnings: &[String]) {
    for warning in warnings {
        widgets::notice(ui, Tone::Warn, warning);
    }
    if warnings.is_empty() {
        widgets::tag(ui, Tone::Good, Some(widgets::Icon::Check), text::LOGO_FINE);
    }
}

fn options(ui: &mut Ui, options: &LogoOptions, out: &mut Vec<Action>) {
    let mut changed = *options;
    ui.add_space(theme::GAP);
    subheading(ui, text::LOGO_OPTIONS);
    super::row(ui, text::LOGO_BACKGROUND, |ui| {
        for (value, words) in [([255; 3], text::WHITE), ([0; 3], text::BLACK), ([128; 3], text::GREY)] {
            if ui.add(widgets::Action::quiet(words).selected(changed.background == value)).clicked() {
                changed.background = value;
            }
        }
    });
    super::row(ui, text::LOGO_FIT, |ui| {
        for (value, words) in [(Fit::Fit, text::FIT_WHOLE), (Fit::Fill, text::FIT_FILL)] {
            if ui.add(widgets::Action::quiet(words).selected(changed.fit == value)).clicked() {
                changed.fit = value;
            }
        }
    });
    ui.horizontal(|ui| {
        let label = ui.label(text::LOGO_PADDING);
        let slider = Slider::new(&mut changed.padding, 0..=45).suffix("%");
        ui.add(slider).labelled_by(label.id).on_hover_text(text::LOGO_PADDING_HINT);
        ui.checkbox(&mut changed.invert, text::LOGO_INVERT);
    });
    if changed != *options {
        out.push(Action::PlaceLogo(changed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    #[test]
    fn the_preview_has_the_shape_of_the_pictures() {
        let (name, bytes) = data::sample_logos()[0];
        let logo = Logo::from_bytes(name, bytes, &LogoOptions::default()).unwrap();
        let shapes = |data| Looked::at(&logo, data).seen.iter().map(|seen| seen.shape.to_string()).collect::<Vec<_>>();
        assert_eq!(shapes(None), ["28x28 grey", "32x32 colour"]);
        assert_eq!(shapes(Some(Shape { channels: 3, height: 64, width: 64 })), ["64x64 colour"]);
        assert_eq!(shapes(Some(Shape { channels: 1, height: 48, width: 48 })), ["48x48 grey"]);
    }
}
