//! The finished trainings of the project side by side: one column each, figures and a key of each in rows.

use super::{muted, subheading};
use crate::app::action::{Action, Pair};
use crate::app::model::{KeptTraining, Model, scheme_name};
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Icon, TextureCache};
use crate::schemes::catalogue;
use eframe::egui::{self, Grid, ScrollArea, Ui, Vec2};

type Value = fn(&KeptTraining) -> String;

/// What is compared, in the order of reading.
const FIGURES: [(&str, Value); 8] = [
    (text::HOST, |row| text::host_of_width(row.plan.host, row.plan.width)),
    (text::PRESET, |row| text::preset(row.plan.preset).to_owned()),
    (text::CURVE_KEY, |row| text::percent(row.trained.key_accuracy)),
    (text::KEYS_UNMARKED, |row| text::percent(row.trained.key_accuracy_unmarked)),
    (text::CURVE_CLEAN, |row| text::percent(row.trained.clean_accuracy)),
    (text::COMPARED_COST, |row| text::points(row.trained.clean_accuracy_unmarked - row.trained.clean_accuracy)),
    (text::CURVE_PSNR, |row| match catalogue::has_covers(row.plan.scheme.id()) {
        true => text::likeness(row.trained.psnr_db),
        false => text::NO_COVERS.to_owned(),
    }),
    (text::TOOK, |row| text::human_time(row.trained.seconds)),
];

/// The table; nothing where there are fewer than two.
pub fn compared(ui: &mut Ui, model: &Model, textures: &mut TextureCache, out: &mut Vec<Action>) {
    let rows = &model.compared.rows;
    if rows.len() < 2 {
        muted(ui, text::COMPARED_HINT);
        return;
    }
    subheading(ui, text::COMPARED);
    let shown = model.training.trained.as_ref().map(|trained| &trained.key);
    ScrollArea::horizontal().id_salt("compared").show(ui, |ui| {
        Grid::new("compared").striped(true).spacing(egui::vec2(theme::GAP_3, theme::GAP)).show(ui, |ui| {
            muted(ui, text::STEP_SCHEME);
            for row in rows {
                subheading(ui, scheme_name(row.plan.scheme.id()));
            }
            ui.end_row();
            muted(ui, text::COMPARED_PICTURES);
            for row in rows {
                pictures(ui, row, textures, out);
            }
            ui.end_row();
            for (name, value) in FIGURES {
                muted(ui, name);
                for row in rows {
                    ui.label(value(row));
                }
                ui.end_row();
            }
            ui.label("");
            for row in rows {
                if shown == Some(&row.trained.key) {
                    widgets::tag(ui, Tone::Good, Some(Icon::Check), text::COMPARED_SHOWN);
                } else if widgets::quiet_button(ui, text::COMPARED_USE).on_hover_text(text::COMPARED_USE_HINT).clicked() {
                    out.push(Action::UseTraining(row.id.clone()));
                }
            }
            ui.end_row();
        });
    });
}

/// A cover and its key; a click opens both in the compare view.
fn pictures(ui: &mut Ui, row: &KeptTraining, textures: &mut TextureCache, out: &mut Vec<Action>) {
    let Some(example) = &row.example else {
        ui.label("");
        return;
    };
    ui.horizontal_top(|ui| {
        let covers = catalogue::has_covers(row.plan.scheme.id());
        let both = [(text::COVER, &example.cover), (text::KEY, &example.key)];
        for (words, picture) in both.into_iter().skip(usize::from(!covers)) {
            let name = text::example_of(scheme_name(row.plan.scheme.id()), words);
            if widgets::picture(ui, textures, picture, Vec2::splat(theme::THUMBNAIL), &name).clicked() && covers {
                out.push(Action::Compare(Pair::new(example.cover.clone(), text::COVER, example.key.clone(), text::KEY)));
            }
        }
    });
}
