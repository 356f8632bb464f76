//! The data panel: drop or choose pictures, see what was found, look through them, and read what could not be used.

use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::{Action, Pair, Wanted};
use crate::app::model::Model;
use crate::app::steps::{Door, Step};
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, GridState, PathAction, TextureCache, Tile};
use crate::data::{Dataset, OpenOptions, Problem, Samples};
use eframe::egui::{self, ComboBox, ScrollArea, Ui, Vec2};

/// How many classes get a bar at the side.
const BARS_SHOWN: usize = 20;

/// The panel.
#[derive(Default)]
pub struct Datasets {
    path: String,
    grid: GridState,
    textures: TextureCache,
    test_part: bool,
    class: Option<u16>,
    shown: Shown,
    opened: Option<usize>,
}

/// Which pictures the grid holds: indices into one part, and for which data set, part and class they were made.
#[derive(Default, PartialEq)]
struct Shown {
    digest: String,
    test_part: bool,
    class: Option<u16>,
    indices: Vec<usize>,
}

impl Datasets {
    fn part<'a>(&self, set: &'a Dataset) -> &'a Samples {
        if self.test_part { &set.test } else { &set.train }
    }

    fn refresh(&mut self, set: &Dataset) {
        let known = &self.shown;
        if known.digest == set.digest && known.test_part == self.test_part && known.class == self.class {
            return;
        }
        if known.digest != set.digest {
            self.class = None;
        }
        let part = self.part(set);
        let indices = (0..part.count()).filter(|&i| self.class.is_none_or(|class| part.labels[i] == class)).collect();
        self.shown = Shown { digest: set.digest.clone(), test_part: self.test_part, class: self.class, indices };
        self.grid = GridState::default();
        self.opened = None;
    }

    fn empty(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        failed(ui, model, out);
        if model.is_blank() {
            welcome(ui, model, out);
            ui.add_space(theme::GAP_2);
        } else {
            heading(ui, text::DATA_TITLE);
        }
        let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
        if widgets::drop_zone(ui, if model.drops { text::DATA_DROP } else { text::DATA_CHOOSE }, text::DATA_DROP_HINT, hovering).clicked() {
            out.push(Action::Browse(Wanted::DataFolder));
        }
        self.path_row(ui, out);
        if !model.is_blank() && widgets::quiet_button(ui, text::DATA_SAMPLE).clicked() {
            out.push(Action::UseSampleData);
        }
    }

    fn path_row(&mut self, ui: &mut Ui, out: &mut Vec<Action>) {
        match widgets::path_field(ui, &mut self.path, text::DATA_PATH_HINT, text::BROWSE) {
            PathAction::Browse => out.push(Action::Browse(Wanted::Data)),
            PathAction::Entered(path) => {
                self.path.clear();
                out.push(Action::Take(Wanted::Data, path));
            }
            PathAction::None => {}
        }
    }

    fn found(&mut self, ui: &mut Ui, model: &Model, set: &Dataset, out: &mut Vec<Action>) {
        egui::Sides::new().height(theme::CONTROL_HEIGHT_LARGE).shrink_left().truncate().show(
            ui,
            |ui| heading(ui, &text::data_heading(set)),
            |ui| super::go_on(ui, model, Step::Data, out),
        );
        failed(ui, model, out);
        if !set.notes.is_empty() {
            widgets::notice(ui, Tone::Neutral, &set.notes.join("\n"));
        }
        self.filters(ui, set, out);
        if set.source.is_some() {
            opening(ui, &model.material.opening, out);
        }
        self.refresh(set);
        let part = if self.test_part { set.test.clone() } else { set.train.clone() };
        let (indices, classes) = (&self.shown.indices, &set.classes);
        let height = ui.available_height();
        ui.allocate_ui(Vec2::new(ui.available_width(), height), |ui| {
            let answer = widgets::image_grid(ui, &mut self.grid, indices.len(), theme::THUMBNAIL, &mut |place| {
                let index = indices.get(place).copied().unwrap_or_default();
                Tile { picture: part.picture(index), caption: class_name(classes, part.labels[index]).to_owned(), badge: None }
            });
            if let Some(place) = answer.clicked {
                self.opened = indices.get(place).copied();
            }
        });
    }

    fn filters(&mut self, ui: &mut Ui, set: &Dataset, out: &mut Vec<Action>) {
        ui.horizontal_wrapped(|ui| {
            for (test, name, count) in [(false, text::DATA_TRAIN_PART, set.train.count()), (true, text::DATA_TEST_PART, set.test.count())] {
                let words = text::part(name, count);
                if ui.add(widgets::Action::quiet(&words).selected(self.test_part == test)).clicked() {
                    self.test_part = test;
                }
            }
            let chosen = self.class.map_or(text::DATA_ALL_CLASSES, |class| class_name(&set.classes, class));
            let combo = ComboBox::from_id_salt("class").selected_text(chosen).show_ui(ui, |ui| {
                ui.selectable_value(&mut self.class, None, text::DATA_ALL_CLASSES);
                for (class, name) in set.classes.iter().enumerate() {
                    ui.selectable_value(&mut self.class, u16::try_from(class).ok(), name);
                }
            });
            combo.response.accessible_name(text::DATA_CLASSES);
            if ui.add(widgets::Action::plain(text::DATA_REPLACE)).clicked() {
                out.push(Action::RemoveData);
            }
        });
    }
}

impl Pane for Datasets {
    fn title(&self) -> &'static str {
        text::TAB_DATA
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        if let Some(task) = &model.material.reading {
            heading(ui, &task.title);
            widgets::progress_bar(ui, task.share(), text::READING, None);
            if widgets::quiet_button(ui, text::CANCEL).clicked() {
                out.push(Action::CancelReading);
            }
            return;
        }
        match model.data() {
            Some(set) => self.found(ui, model, set, out),
            None => {
                ScrollArea::vertical().show(ui, |ui| self.empty(ui, model, out));
            }
        }
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let Some(set) = model.data() else {
            muted(ui, text::SIDE_DATA_EMPTY);
            return;
        };
        let part = self.part(set);
        if let Some(pair) = self.grid.selected_pair() {
            let [left, right] = pair.map(|place| self.shown.indices.get(place).copied().unwrap_or_default());
            let name = |index: usize| part.labels.get(index).map_or("", |&label| class_name(&set.classes, label));
            if left.max(right) < part.count()
                && ui.add(widgets::Action::quiet(text::COMPARE_SELECTED).icon(widgets::Icon::Compare)).clicked()
            {
                out.push(Action::Compare(Pair::new(part.picture(left), name(left), part.picture(right), name(right))));
            }
            ui.separator();
        }
        match self.opened.filter(|&index| index < part.count()) {
            Some(index) => {
                let picture = part.picture(index);
                let name = class_name(&set.classes, part.labels[index]);
                subheading(ui, name);
                let side = ui.available_width();
                if widgets::picture(ui, &mut self.textures, &picture, Vec2::splat(side), name).clicked() {
                    let next = (index + 1) % part.count();
                    let pair = Pair::new(picture, name, part.picture(next), class_name(&set.classes, part.labels[next]));
                    out.push(Action::Compare(pair));
                }
                muted(ui, text::picture_place(index, part.count()));
            }
            None => {
                muted(ui, text::DATA_SELECT);
            }
        }
        ui.separator();
        facts(ui, set);
        problems(ui, &set.problems, out);
    }
}

fn facts(ui: &mut Ui, set: &Dataset) {
    fact(ui, text::DATA_FORMAT, text::format(set.format));
    fact(ui, text::DATA_SIZE, &set.train.shape.to_string());
    let counts = set.class_counts();
    let (least, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    fact(ui, text::DATA_BALANCE, &text::balance(least, most));
    for (name, count) in set.classes.iter().zip(&counts).take(BARS_SHOWN) {
        let share = *count as f32 / most.max(1) as f32;
        super::bar(ui, name, &text::number(*count), share);
    }
    if set.classes.len() > BARS_SHOWN {
        muted(ui, text::and_more(set.classes.len() - BARS_SHOWN));
    }
    egui::CollapsingHeader::new(text::MORE).show(ui, |ui| {
        let from = set.source.as_ref().map_or_else(|| text::DATA_INSIDE.to_owned(), |path| path.display().to_string());
        fact(ui, text::DATA_FROM, &from);
        fact(ui, text::DATA_DIGEST, &set.digest);
    });
}

fn problems(ui: &mut Ui, problems: &[Problem], out: &mut Vec<Action>) {
    if problems.is_empty() {
        widgets::tag(ui, Tone::Good, Some(widgets::Icon::Check), text::DATA_NO_PROBLEMS);
        return;
    }
    widgets::notice(ui, Tone::Warn, &text::problems(problems.len()));
    egui::CollapsingHeader::new(text::WHY).default_open(true).show(ui, |ui| listed(ui, problems, out));
}

/// Files that could not be used, with the button that copies all of them.
fn listed(ui: &mut Ui, problems: &[Problem], out: &mut Vec<Action>) {
    widgets::problem_list(ui, problems, theme::LIST_HEIGHT);
    if ui.add(widgets::Action::plain(text::DATA_COPY_PROBLEMS)).clicked() {
        out.push(Action::Copy(text::problem_lines(problems)));
    }
}

/// What could not be opened last, with the names of its files.
fn failed(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let Some(failed) = &model.material.failed else { return };
    widgets::notice(ui, Tone::Bad, &failed.sentence);
    if !failed.problems.is_empty() {
        subheading(ui, &text::problems(failed.problems.len()));
        listed(ui, &failed.problems, out);
    }
    if widgets::quiet_button(ui, text::CLOSE).clicked() {
        out.push(Action::ForgetFailed);
    }
    ui.add_space(theme::GAP_2);
}

/// The choice of another side or number of channels for the pictures in use.
fn opening(ui: &mut Ui, now: &OpenOptions, out: &mut Vec<Action>) {
    let mut chosen = now.clone();
    super::row(ui, text::DATA_OPENED, |ui| {
        let words = |side: Option<usize>| side.map_or_else(|| text::DATA_SIDE_USUAL.to_owned(), text::side);
        let combo = ComboBox::from_id_salt("side").selected_text(words(now.side)).show_ui(ui, |ui| {
            for side in std::iter::once(None).chain(OpenOptions::SIDES.map(Some)) {
                ui.selectable_value(&mut chosen.side, side, words(side));
            }
        });
        combo.response.on_hover_text(text::DATA_SIDE_HINT).accessible_name(text::DATA_SIDE);
        let words = |channels| match channels {
            None => text::DATA_CHANNELS_USUAL,
            Some(1) => text::GREY,
            Some(_) => text::COLOUR,
        };
        let combo = ComboBox::from_id_salt("channels").selected_text(words(now.channels)).show_ui(ui, |ui| {
            for channels in [None, Some(1), Some(3)] {
                ui.selectable_value(&mut chosen.channels, channels, words(channels));
            }
        });
        combo.response.on_hover_text(text::DATA_CHANNELS_HINT).accessible_name(text::DATA_CHANNELS);
    });
    if chosen != *now {
        out.push(Action::OpenAs(chosen));
    }
}

fn class_name(classes: &[String], class: u16) -> &str {
    classes.get(usize::from(class)).map_or("", String::as_str)
}

fn welcome(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    ui.set_max_width(ui.available_width());
    widgets::card(ui, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, text::WELCOME);
        ui.scope(|ui| {
            ui.set_max_width(theme::READING_WIDTH.min(ui.available_width()));
            ui.label(text::WELCOME_BODY);
        });
        ui.add_space(theme::GAP);
        ui.horizontal(|ui| {
            if ui.add(super::lead(model, Step::Data, text::WELCOME_SAMPLE)).clicked() {
                out.push(Action::TrySample);
            }
            if ui.add(widgets::Action::quiet(text::WELCOME_INVESTIGATE).icon(widgets::Icon::Magnifier)).clicked() {
                out.push(Action::Enter(Door::Investigate));
            }
        });
        muted(ui, text::WELCOME_SAMPLE_HINT);
    });
}
