//! The panel of the barrier: make one from photographs and a logo, watch it learn, or open one; then how good it is.

use super::super::sample_logos::SampleLogos;
use super::super::scheme::{PRESETS, estimated, setting};
use super::making::MakingView;
use super::{Choosing, Pane, fact, heading, limits, muted, subheading};
use crate::app::action::{Action, Wanted};
use crate::app::model::{Model, OpenBarrier};
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Icon, PathAction, TextureCache};
use crate::data::tasks::Task;
use crate::jobs::barrier::Made;
use crate::schemes::barrier::Settings;
use crate::schemes::settings::Settings as _;
use eframe::egui::{self, ScrollArea, Ui, Vec2};

/// Photographs shown of those that were chosen, at most.
const SHOWN: usize = 8;
/// Fewer photographs than this are too few for a good barrier.
const FEW: usize = 200;

/// The panel.
#[derive(Default)]
pub struct BarrierPanel {
    photographs: String,
    barrier: String,
    textures: TextureCache,
    samples: SampleLogos,
    making: MakingView,
}

impl BarrierPanel {
    fn stopped(&self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        if let Some(fetching) = &model.images.fetching {
            widgets::progress_bar(ui, fetching.task.share(), text::TRAIN_FETCHING, None);
            if widgets::quiet_button(ui, text::CANCEL).clicked() {
                out.push(Action::CancelReading);
            }
            return;
        }
        for (place, kept) in model.stopped_barriers().enumerate() {
            widgets::notice(ui, Tone::Accent, &text::stopped_barrier(&kept.place.order.logo_name, &kept.place.order.begun));
            ui.horizontal(|ui| {
                let next = match place == 0 && goes_on(model) {
                    true => super::super::lead(model, Step::Barrier, text::BARRIER_CONTINUE),
                    false => widgets::Action::quiet(text::BARRIER_CONTINUE),
                };
                if ui.add(next.icon(Icon::Play)).clicked() {
                    out.push(Action::ContinueBarrier(kept.place.folder.clone()));
                }
                let give_up = ui.add(widgets::Action::plain(text::BARRIER_GIVE_UP)).on_hover_text(text::BARRIER_GIVE_UP_HINT);
                if give_up.clicked() {
                    out.push(Action::ForgetBarrier(kept.place.folder.clone()));
                }
            });
        }
    }

    fn have(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        widgets::card(ui, |ui| {
            ui.set_width(ui.available_width());
            subheading(ui, text::BARRIER_HAVE);
            muted(ui, text::BARRIER_HAVE_BODY);
            if model.images.is_opening() {
                muted(ui, text::BARRIER_OPENING);
            }
            match widgets::path_field(ui, &mut self.barrier, text::BARRIER_PATH, text::BARRIER_OPEN) {
                PathAction::Browse => out.push(Action::Browse(Wanted::Barrier)),
                PathAction::Entered(path) => {
                    self.barrier.clear();
                    out.push(Action::Take(Wanted::Barrier, path));
                }
                PathAction::None => {}
            }
            if model.finished_barriers().next().is_some() {
                ui.add_space(theme::GAP);
                subheading(ui, text::BARRIER_MINE);
            }
            for (kept, made) in model.finished_barriers() {
                ui.push_id(&kept.place.folder, |ui| {
                    egui::Sides::new().height(theme::CONTROL_HEIGHT).shrink_left().truncate().show(
                        ui,
                        |ui| ui.label(text::barrier_name(&kept.place.order.logo_name, &kept.place.order.begun)),
                        |ui| {
                            if widgets::quiet_button(ui, text::BARRIER_USE).clicked() {
                                out.push(Action::Take(Wanted::Barrier, made.file.clone()));
                            }
                            muted(ui, text::percent(made.figures.success)).on_hover_text(text::FIGURE_FOUND);
                        },
                    );
                });
            }
        });
    }

    fn make(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        heading(ui, text::BARRIER_TITLE);
        ui.scope(|ui| {
            ui.set_max_width(theme::READING_WIDTH.min(ui.available_width()));
            ui.label(text::BARRIER_BODY);
        });
        ui.add_space(theme::GAP);
        self.stopped(ui, model, out);
        self.have(ui, model, out);
        ui.add_space(theme::GAP_2);
        heading(ui, text::BARRIER_MAKE);
        self.photographs(ui, model, out);
        ui.add_space(theme::GAP_2);
        self.logo(ui, model, out);
        ui.add_space(theme::GAP_2);
        task(ui, model, out);
        ui.add_space(theme::GAP_2);
        effort(ui, model, out);
    }

    fn photographs(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        subheading(ui, text::PHOTOS_TITLE);
        if let Some((_, why, problems)) = &model.images.failed {
            widgets::notice(ui, Tone::Bad, why);
            widgets::problem_list(ui, problems, theme::LIST_HEIGHT);
        }
        if let Some((_, task)) = &model.images.reading {
            widgets::progress_bar(ui, task.share(), &task.title, None);
            if widgets::quiet_button(ui, text::CANCEL).clicked() {
                out.push(Action::CancelReading);
            }
            return;
        }
        let Some(chosen) = &model.images.photographs else {
            let choosing = Choosing {
                drop: text::PHOTOS_DROP,
                choose: text::PHOTOS_CHOOSE,
                hint: if matches!(model.images.task, Task::Pairs(_)) { text::PHOTOS_PAIRS_HINT } else { text::PHOTOS_HINT },
                path: text::PHOTOS_PATH,
                browse: text::CHOOSE_ZIP,
                files: Wanted::Photographs,
                folder: Wanted::PhotographsFolder,
                usual: Wanted::PhotographsFolder,
            };
            return choosing.show(ui, model, &mut self.photographs, out);
        };
        let photos = &chosen.photos;
        widgets::tag(ui, Tone::Good, Some(Icon::Check), &text::photographs(&photos.name, photos.train.count(), photos.test.count()))
            .on_hover_text(chosen.path.display().to_string());
        let room = (ui.available_width() / (theme::THUMBNAIL + theme::GAP)) as usize;
        ui.horizontal_top(|ui| {
            for i in 0..photos.train.count().min(SHOWN).min(room) {
                let picture = photos.train.picture(i);
                widgets::picture(
                    ui,
                    &mut self.textures,
                    &picture,
                    Vec2::splat(theme::THUMBNAIL),
                    &text::picture_place(i, photos.train.count()),
                );
            }
        });
        if photos.train.count() < FEW {
            widgets::notice(ui, Tone::Neutral, text::PHOTOS_FEW);
        }
        if !photos.problems.is_empty() {
            widgets::notice(ui, Tone::Warn, &text::problems(photos.problems.len()));
            widgets::problem_list(ui, &photos.problems, theme::LIST_HEIGHT);
        }
        if widgets::quiet_button(ui, text::PHOTOS_OTHER).clicked() {
            out.push(Action::ForgetPhotographs);
        }
    }

    fn logo(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        subheading(ui, text::BARRIER_LOGO_TITLE);
        let chosen = model.images.logo.as_ref();
        if let Some(choice) = chosen.filter(|choice| !choice.sample) {
            ui.horizontal_top(|ui| {
                widgets::picture(ui, &mut self.textures, &choice.logo.picture, Vec2::splat(theme::THUMBNAIL), &choice.name);
                ui.vertical(|ui| {
                    widgets::tag(ui, Tone::Good, Some(Icon::Check), &choice.name);
                });
            });
        }
        if model.images.is_drawing() {
            muted(ui, text::LOGO_DRAWING);
        }
        let sample = chosen.filter(|choice| choice.sample).map(|choice| choice.name.as_str());
        out.extend(self.samples.show(ui, &mut self.textures, sample).map(Action::BarrierSampleLogo));
        let choose = ui.add(widgets::Action::quiet(text::BARRIER_LOGO_FILE).icon(Icon::Image)).on_hover_text(text::BARRIER_LOGO_HINT);
        if choose.clicked() {
            out.push(Action::Ask(Wanted::BarrierLogo));
        }
    }

    fn ready(&mut self, ui: &mut Ui, model: &Model, barrier: &OpenBarrier, out: &mut Vec<Action>) {
        let title = barrier.made.as_ref().map_or(text::BARRIER_READY, |made| text::made_heading(&made.figures));
        heading(ui, title);
        ui.horizontal_wrapped(|ui| {
            if ui.add(super::super::lead(model, Step::Barrier, text::BARRIER_TO_MARK)).clicked() {
                out.push(Action::GoTo(Step::Mark));
            }
            if widgets::quiet_button(ui, text::BARRIER_TO_CHECK).clicked() {
                out.push(Action::GoTo(Step::Check));
            }
            if widgets::quiet_button(ui, text::BARRIER_OTHER).clicked() {
                out.push(Action::OtherBarrier);
            }
        });
        self.stopped(ui, model, out);
        widgets::card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| {
                    widgets::picture(ui, &mut self.textures, &barrier.logo, Vec2::splat(theme::PREVIEW), text::OWN_LOGO);
                    muted(ui, text::OWN_LOGO);
                });
                ui.vertical(|ui| match &barrier.made {
                    Some(made) => super::figures(ui, &made.figures),
                    None => {
                        muted(ui, text::BARRIER_NO_FIGURES);
                    }
                });
            });
            if let Some(advice) = barrier.made.as_ref().and_then(|made| text::made_advice(&made.figures)) {
                widgets::notice(ui, Tone::Warn, advice);
            }
        });
        widgets::notice(ui, Tone::Neutral, text::BARRIER_SECRET);
        fact(ui, text::BARRIER_FOLDER, &barrier.file.display().to_string());
        ui.horizontal_wrapped(|ui| {
            if let Some(folder) = barrier.file.parent()
                && ui.add(widgets::Action::quiet(text::FOLDER_SHOW).icon(Icon::Folder)).clicked()
            {
                out.push(Action::ShowFolder(folder.to_owned()));
            }
            if ui.add(widgets::Action::quiet(text::FOLDER_COPY).icon(Icon::Copy)).clicked() {
                out.push(Action::Copy(barrier.file.display().to_string()));
            }
        });
        if let Some(made) = &barrier.made {
            thieves(ui, made);
            if model.images.making.folder.as_deref() == barrier.file.parent() {
                ui.add_space(theme::GAP);
                self.making.shown(ui, &model.images.making, out);
            }
        }
    }
}

impl Pane for BarrierPanel {
    fn title(&self) -> &'static str {
        text::TAB_BARRIER
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let makes = model.board.making().is_none() && model.images.barrier.is_none();
        // What begins the making stays in view, however much is chosen above it.
        let below = if makes { theme::CONTROL_HEIGHT_LARGE + theme::GAP_2 } else { 0.0 };
        let area = ScrollArea::vertical().auto_shrink(false).id_salt("barrier").max_height(ui.available_height() - below);
        area.show(ui, |ui| {
            ui.set_max_width(ui.available_width() - theme::GAP_2);
            match (model.board.making(), &model.images.barrier) {
                (Some(job), _) => self.making.running(ui, job, &model.images.making, out),
                (None, Some(barrier)) => self.ready(ui, model, barrier, out),
                (None, None) => self.make(ui, model, out),
            }
        });
        if makes {
            ui.add_space(theme::GAP);
            start(ui, model, out);
        }
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, _out: &mut Vec<Action>) {
        if let (None, Some(barrier)) = (model.board.making(), &model.images.barrier) {
            subheading(ui, &text::file_name(&barrier.file));
            fact(ui, text::BARRIER_SQUARES, &text::square_side(barrier.settings.side));
        } else {
            subheading(ui, text::BARRIER_TITLE);
            if model.board.making().is_some() {
                ui.label(text::BARRIER_BODY);
            }
            fact(ui, text::DEVICE, model.device.as_deref().unwrap_or(text::DEVICE_STARTING));
            let images = &model.images;
            let made =
                images.kept.iter().find(|kept| model.board.making().is_some() && Some(&kept.place.folder) == images.making.folder.as_ref());
            let settings = made.map_or(&images.settings, |kept| &kept.place.order.settings);
            fact(ui, text::BARRIER_SQUARES, &text::square_side(settings.side));
            if model.board.making().is_none() && model.missing_for_barrier().is_none() {
                estimated(ui, model.estimate_of_barrier(), |seconds| text::barrier_estimate(seconds, images.thieves));
            }
        }
        ui.separator();
        limits(ui);
    }
}

/// Whether the next thing to do is to go on with a stopped making, and not to begin another.
fn goes_on(model: &Model) -> bool {
    let chosen = model.images.photographs.is_some() || model.images.reading.is_some() || model.images.barrier.is_some();
    !chosen && model.stopped_barriers().next().is_some()
}

/// The button that begins the making, or what is missing for it.
fn start(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let missing = model.missing_for_barrier();
    ui.horizontal(|ui| {
        let button = match goes_on(model) {
            true => widgets::Action::quiet(text::BARRIER_START).large(),
            false => super::super::lead(model, Step::Barrier, text::BARRIER_START),
        };
        if ui.add_enabled(missing.is_none(), button).clicked() {
            out.push(Action::MakeBarrier);
        }
        if let Some(missing) = missing {
            let colour = theme::palette(ui).muted;
            ui.add(egui::Label::new(egui::RichText::new(missing).color(colour)).wrap());
        }
    });
}

fn task(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    subheading(ui, text::BARRIER_TASK_TITLE);
    let chosen = &model.images.task;
    ui.horizontal_wrapped(|ui| {
        for task in Task::all() {
            let button = ui.add(widgets::Action::quiet(text::task(&task)).selected(chosen.name() == task.name()));
            if button.on_hover_text(text::task_hint(&task)).clicked() {
                out.push(Action::BarrierTask(task));
            }
        }
    });
    muted(ui, text::task_hint(chosen));
}

fn effort(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    subheading(ui, text::BARRIER_EFFORT_TITLE);
    let images = &model.images;
    ui.horizontal_wrapped(|ui| {
        for preset in PRESETS {
            let button = ui.add(widgets::Action::quiet(text::preset(preset)).selected(images.preset == preset));
            if button.on_hover_text(text::barrier_preset_hint(preset)).clicked() {
                out.push(Action::BarrierPreset(preset));
            }
        }
    });
    muted(ui, text::barrier_preset_hint(images.preset));
    let mut survives = images.settings.survives_jpeg;
    // Other barriers know no such files.
    if images.settings.knows_disturbed() {
        if ui.checkbox(&mut survives, text::BARRIER_JPEG).on_hover_text(text::BARRIER_JPEG_HINT).changed() {
            out.push(Action::BarrierSettings(Box::new(Settings { survives_jpeg: survives, ..images.settings.clone() })));
        }
        muted(ui, text::BARRIER_JPEG_HINT);
    }
    let mut thieves = images.thieves;
    if ui.checkbox(&mut thieves, text::BARRIER_THIEVES).on_hover_text(text::BARRIER_THIEVES_HINT).changed() {
        out.push(Action::BarrierThieves(thieves));
    }
    muted(ui, text::BARRIER_THIEVES_HINT);
    egui::CollapsingHeader::new(text::ADVANCED).id_salt("barrier settings").show(ui, |ui| {
        muted(ui, text::BARRIER_ADVANCED_BODY);
        let usual = Settings::preset(images.preset);
        for field in Settings::fields() {
            let change = |value| Ok(Action::BarrierSettings(Box::new(images.settings.with(field.name, value)?)));
            setting(ui, &field, [&images.settings.get(field.name), &usual.get(field.name)], change, out);
        }
    });
}

/// What thieves got of a finished barrier.
fn thieves(ui: &mut Ui, made: &Made) {
    ui.add_space(theme::GAP);
    subheading(ui, text::THIEVES_TITLE);
    if made.thieves.is_empty() {
        muted(ui, text::THIEVES_NONE);
        return;
    }
    let (good, heading) = text::thieves_heading(&made.thieves);
    widgets::notice(ui, if good { Tone::Good } else { Tone::Warn }, heading);
    for thief in &made.thieves {
        fact(ui, &text::thief(thief), &text::thief_result(thief));
    }
}
