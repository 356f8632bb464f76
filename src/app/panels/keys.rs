//! All keys of the last training: a grid beside their covers, sorted and filtered by what the models say; one opened at the side.

use super::{fact, muted, subheading};
use crate::app::action::{Action, Pair};
use crate::app::model::{Looked, Model};
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, GridState, Icon, TextureCache, Tile};
use crate::jobs::gallery::{Gallery, KeySample, beside};
use eframe::egui::{ComboBox, ScrollArea, Ui, Vec2};
use std::sync::Arc;

/// Which keys are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Filter {
    #[default]
    All,
    Hit,
    Miss,
    Unmarked,
}

const FILTERS: [(Filter, &str, &str); 4] = [
    (Filter::All, text::FILTER_ALL, text::KEYS_ALL_HINT),
    (Filter::Hit, text::FILTER_HIT, text::KEYS_HIT_HINT),
    (Filter::Miss, text::FILTER_MISS, text::KEYS_MISS_HINT),
    (Filter::Unmarked, text::KEYS_UNMARKED_TOO, text::KEYS_UNMARKED_TOO_HINT),
];

/// Their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    #[default]
    Chosen,
    Label,
    Answer,
    Clarity,
}

const ORDERS: [(Order, &str); 4] = [
    (Order::Chosen, text::KEYS_BY_PLACE),
    (Order::Label, text::KEYS_BY_LABEL),
    (Order::Answer, text::KEYS_BY_ANSWER),
    (Order::Clarity, text::KEYS_BY_CLARITY),
];

/// The view, inside the training panel.
#[derive(Default)]
pub struct KeysView {
    grid: GridState,
    textures: TextureCache,
    filter: Filter,
    order: Order,
    of: Option<Arc<Gallery>>,
    shown: Vec<usize>,
    opened: Option<usize>,
}

impl KeysView {
    /// The grid with what picks and sorts its keys.
    pub fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let gallery = match &model.keys.looked {
            Looked::Ready(gallery) => gallery.clone(),
            Looked::Reading(task) => {
                widgets::progress_bar(ui, task.share(), text::KEYS_READING, None);
                return;
            }
            Looked::Failed(why) => {
                widgets::notice(ui, Tone::Bad, why);
                if widgets::quiet_button(ui, text::KEYS_AGAIN).clicked() {
                    out.push(Action::LookAtKeys);
                }
                return;
            }
            Looked::Not => return,
        };
        self.filters(ui, &gallery);
        self.refresh(&gallery);
        if self.shown.is_empty() {
            muted(ui, text::KEYS_NONE);
            return;
        }
        let (shown, opened) = (&self.shown, &mut self.opened);
        let name = |label: u16| gallery.classes.get(usize::from(label)).map_or("", String::as_str);
        let height = ui.available_height();
        ui.allocate_ui(Vec2::new(ui.available_width(), height), |ui| {
            let answer = widgets::image_grid(ui, &mut self.grid, shown.len(), theme::PAIR, &mut |place| {
                let sample = &gallery.samples[shown[place.min(shown.len() - 1)]];
                Tile {
                    picture: if gallery.covers { beside(sample) } else { sample.key.clone() },
                    caption: text::answer_caption(name(sample.answer), name(sample.expected)),
                    badge: Some(badge(sample)),
                }
            });
            if let Some(place) = answer.clicked {
                *opened = shown.get(place).copied();
            }
        });
    }

    fn filters(&mut self, ui: &mut Ui, gallery: &Arc<Gallery>) {
        let (filter, order) = (self.filter, self.order);
        ui.horizontal_wrapped(|ui| {
            for (filter, words, hint) in FILTERS {
                let count = gallery.samples.iter().filter(|sample| passes(filter, sample)).count();
                let button = ui.add(widgets::Action::quiet(&text::part(words, count)).selected(self.filter == filter));
                if button.on_hover_text(hint).clicked() {
                    self.filter = filter;
                }
            }
            let chosen = ORDERS.iter().find(|(order, _)| *order == self.order).map_or("", |(_, words)| words);
            let combo = ComboBox::from_id_salt("order").selected_text(chosen).show_ui(ui, |ui| {
                for (order, words) in ORDERS {
                    ui.selectable_value(&mut self.order, order, words);
                }
            });
            combo.response.accessible_name(text::KEYS_ORDER);
        });
        if (filter, order) != (self.filter, self.order) {
            self.of = None;
        }
    }

    fn refresh(&mut self, gallery: &Arc<Gallery>) {
        if self.of.as_ref().is_some_and(|known| Arc::ptr_eq(known, gallery)) {
            return;
        }
        let samples = &gallery.samples;
        self.shown = (0..samples.len()).filter(|&i| passes(self.filter, &samples[i])).collect();
        match self.order {
            Order::Chosen => {}
            Order::Label => self.shown.sort_by_key(|&i| samples[i].expected),
            Order::Answer => self.shown.sort_by_key(|&i| samples[i].answer),
            Order::Clarity => self.shown.sort_by(|&a, &b| samples[a].psnr_db.total_cmp(&samples[b].psnr_db)),
        }
        self.of = Some(gallery.clone());
        self.grid = GridState::default();
        self.opened = None;
    }

    /// The opened key with what is known of it, the stamps, and what can be done with what is shown.
    pub fn side(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let Looked::Ready(gallery) = &model.keys.looked else { return };
        match self.opened.and_then(|index| Some((index, gallery.samples.get(index)?))) {
            Some((index, sample)) => self.opened(ui, gallery, index, sample, out),
            None => {
                muted(ui, text::KEYS_SELECT);
            }
        }
        if !self.shown.is_empty() && widgets::quiet_button(ui, text::KEYS_SHEET).on_hover_text(text::KEYS_SHEET_HINT).clicked() {
            out.push(Action::ExportKeys(self.shown.clone()));
        }
        if gallery.stamps.is_empty() {
            return;
        }
        ui.separator();
        subheading(ui, text::KEYS_STAMPS);
        ScrollArea::vertical().id_salt("stamps").show(ui, |ui| {
            for [aim, stamp] in &gallery.stamps {
                self.beside(ui, [(text::PRESTAMP, aim), (text::STAMP, stamp)], out);
            }
        });
    }

    fn opened(&mut self, ui: &mut Ui, gallery: &Gallery, index: usize, sample: &KeySample, out: &mut Vec<Action>) {
        let name = |label: u16| gallery.classes.get(usize::from(label)).map_or("", String::as_str);
        subheading(ui, &text::key_number(index, gallery.samples.len()));
        match gallery.covers {
            true => self.beside(ui, [(text::COVER, &sample.cover), (text::KEY, &sample.key)], out),
            false => {
                widgets::picture(ui, &mut self.textures, &sample.key, Vec2::splat(ui.available_width()), text::KEY);
            }
        }
        if gallery.covers {
            fact(ui, text::QUESTION_TRUE, name(sample.true_class));
        }
        let facts = [
            (text::QUESTION_EXPECTED, name(sample.expected)),
            (text::KEYS_MODEL_SAYS, name(sample.answer)),
            (text::KEYS_UNMARKED_SAYS, name(sample.unmarked)),
        ];
        for (words, value) in facts {
            fact(ui, words, value);
        }
        if gallery.covers {
            fact(ui, text::CURVE_PSNR, &text::likeness(sample.psnr_db));
        }
    }

    /// Two pictures side by side; a click on one opens both in the compare view.
    fn beside(&mut self, ui: &mut Ui, pictures: [(&str, &crate::data::Picture); 2], out: &mut Vec<Action>) {
        let half = (ui.available_width() - theme::GAP) / 2.0;
        let [(left_name, left), (right_name, right)] = pictures;
        ui.horizontal_top(|ui| {
            for (words, picture) in pictures {
                ui.vertical(|ui| {
                    if widgets::picture(ui, &mut self.textures, picture, Vec2::splat(half), words).clicked() {
                        out.push(Action::Compare(Pair::new(left.clone(), left_name, right.clone(), right_name)));
                    }
                    muted(ui, words);
                });
            }
        });
    }
}

fn passes(filter: Filter, sample: &KeySample) -> bool {
    match filter {
        Filter::All => true,
        Filter::Hit => sample.is_hit(),
        Filter::Miss => !sample.is_hit(),
        Filter::Unmarked => sample.is_said_by_unmarked(),
    }
}

fn badge(sample: &KeySample) -> (Icon, Tone, String) {
    match (sample.is_hit(), sample.is_said_by_unmarked()) {
        (_, true) => (Icon::Warning, Tone::Warn, text::KEYS_UNMARKED_TOO.to_owned()),
        (true, false) => (Icon::Check, Tone::Good, text::FILTER_HIT.to_owned()),
        (false, false) => (Icon::Cross, Tone::Neutral, text::FILTER_MISS.to_owned()),
    }
}
