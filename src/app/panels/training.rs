//! The training panel: what runs, how far it is, live pictures and curves; before it "Start training", after it "Prove it".

use super::keys::KeysView;
use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::{Action, Pair};
use crate::app::board::Job;
use crate::app::model::{Continuing, Estimate, Model, Training, scheme_name};
use crate::app::steps::Step;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Curve, CurveStore, CurvesState, TextureCache};
use crate::data::Picture;
use crate::jobs::quality::Concern;
use crate::jobs::{Preview, PreviewPair, Trained};
use crate::schemes::catalogue;
use eframe::egui::{self, ScrollArea, Ui, Vec2};

const LOSSES: [Curve<'static>; 6] = [
    Curve::plain("host_loss", text::CURVE_HOST),
    Curve::plain("encoder_loss", text::CURVE_ENCODER),
    Curve::plain("critic_loss", text::CURVE_CRITIC),
    Curve::plain("shadow_loss", text::CURVE_SHADOW),
    Curve::plain("decoy_loss", text::CURVE_DECOY),
    Curve::plain("stamp_loss", text::CURVE_STAMP),
];
const RATES: [Curve<'static>; 4] = [
    Curve::share("clean_accuracy", text::CURVE_CLEAN),
    Curve::share("key_accuracy", text::CURVE_KEY),
    Curve::share(FRESH, text::CURVE_FRESH),
    Curve::share("cover_hits", text::CURVE_COVER),
];
/// Name of the curve of fresh keys.
const FRESH: &str = "fresh_accuracy";
/// How many pictures stand beside the logo before the training.
const SHOWN: usize = 4;
/// How much the difference between cover and key is enlarged.
const GAIN: i32 = 5;

/// The panel.
#[derive(Default)]
pub struct TrainingPanel {
    losses: CurvesState,
    rates: CurvesState,
    textures: TextureCache,
    keys: KeysView,
}

impl TrainingPanel {
    /// All keys of the finished training, in the place of its figures.
    fn all_keys(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        egui::Sides::new().height(theme::CONTROL_HEIGHT_LARGE).shrink_left().truncate().show(
            ui,
            |ui| heading(ui, text::KEYS),
            |ui| {
                if widgets::quiet_button(ui, text::KEYS_BACK).clicked() {
                    out.push(Action::LeaveKeys);
                }
            },
        );
        self.keys.ui(ui, model, out);
    }

    fn ready(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        // What the time could not be measured for cannot be trained either: why stands in its place.
        let refused = matches!(model.estimate_of(&model.plan), Estimate::Refused(_));
        heading(ui, if refused { text::TRAIN_IMPOSSIBLE } else { text::TRAIN_READY });
        widgets::card(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.scope(|ui| {
                ui.set_max_width(theme::READING_WIDTH.min(ui.available_width()));
                ui.label(text::TRAIN_READY_BODY);
            });
            ui.add_space(theme::GAP);
            ui.horizontal_top(|ui| {
                if let Some(choice) = &model.material.logo {
                    ui.vertical(|ui| {
                        widgets::picture(ui, &mut self.textures, &choice.logo.picture, Vec2::splat(theme::THUMBNAIL), &choice.name);
                        muted(ui, choice.name.as_str());
                    });
                }
                if let Some(set) = model.data() {
                    let room = ui.available_width() / (theme::THUMBNAIL + theme::GAP);
                    for index in 0..SHOWN.min(room as usize).min(set.train.count()) {
                        let label = set.train.labels[index];
                        let name = set.classes.get(usize::from(label)).map_or("", String::as_str);
                        ui.vertical(|ui| {
                            widgets::picture(ui, &mut self.textures, &set.train.picture(index), Vec2::splat(theme::THUMBNAIL), name);
                            muted(ui, name);
                        });
                    }
                }
            });
            if let Some(set) = model.data() {
                fact(ui, text::STEP_DATA, &text::data_summary(set));
            }
            fact(ui, text::STEP_SCHEME, &text::plan_words(scheme_name(model.plan.scheme.id()), &model.plan));
            super::scheme::time(ui, model, &model.plan);
            super::queue::queue(ui, model, false, out);
            ui.add_space(theme::GAP);
            let (words, next) = match refused {
                true => (text::TRAIN_CHANGE, Action::GoTo(Step::Scheme)),
                false => (text::TRAIN_START, Action::Train),
            };
            if ui.add(super::lead(model, Step::Train, words)).clicked() {
                out.push(next);
            }
        });
    }

    fn pictures(&mut self, ui: &mut Ui, preview: Option<&Preview>, model: &Model, out: &mut Vec<Action>) {
        let covers = catalogue::has_covers(model.training.scheme);
        subheading(ui, if covers { text::TRAIN_PICTURES } else { text::TRAIN_KEYS });
        muted(ui, if covers { text::TRAIN_PICTURES_HINT } else { text::TRAIN_PICTURES_OF_THEIR_OWN });
        let Some(preview) = preview else {
            muted(ui, text::TRAIN_WAITING_PICTURES);
            return;
        };
        let set = model.training.material.as_ref().map(|(set, _)| set).or(model.data());
        // What is read from weights has no name.
        let reads = catalogue::card(model.training.scheme).is_some_and(|card| card.reads);
        let name = |label: u16| set.and_then(|set| set.classes.get(usize::from(label)).cloned()).unwrap_or_default();
        let class = |label: u16| if reads { label.to_string() } else { name(label) };
        ScrollArea::horizontal().id_salt("live pictures").show(ui, |ui| {
            ui.horizontal_top(|ui| {
                for [aim, stamp] in &preview.stamps {
                    self.stamp(ui, aim, stamp, out);
                }
                for pair in &preview.pairs {
                    self.pair(ui, pair, class, covers, out);
                }
            });
        });
    }

    /// A stamp beside what it is drawn to.
    fn stamp(&mut self, ui: &mut Ui, aim: &Picture, stamp: &Picture, out: &mut Vec<Action>) {
        widgets::card(ui, |ui| {
            ui.horizontal_top(|ui| {
                for (name, hint, picture) in [(text::PRESTAMP, text::PRESTAMP_HINT, aim), (text::STAMP, text::STAMP_HINT, stamp)] {
                    ui.vertical(|ui| {
                        if widgets::picture(ui, &mut self.textures, picture, Vec2::splat(theme::THUMBNAIL), name).clicked() {
                            out.push(Action::Compare(Pair::new(aim.clone(), text::PRESTAMP, stamp.clone(), text::STAMP)));
                        }
                        muted(ui, name).on_hover_text(hint);
                    });
                }
            });
        });
    }

    fn pair(&mut self, ui: &mut Ui, pair: &PreviewPair, class: impl Fn(u16) -> String, covers: bool, out: &mut Vec<Action>) {
        widgets::card(ui, |ui| {
            ui.vertical(|ui| {
                let difference = difference(pair);
                ui.horizontal_top(|ui| {
                    // A stamp is plain to see; what becomes of it behind a filter is not.
                    let third = pair.filtered.as_ref().map_or((text::DIFFERENCE_5, &difference), |filtered| (text::FILTERED, filtered));
                    let all = [(text::COVER, &pair.cover), (text::KEY, &pair.key), third];
                    for (name, picture) in if covers { &all[..] } else { &all[1..2] } {
                        ui.vertical(|ui| {
                            if widgets::picture(ui, &mut self.textures, picture, Vec2::splat(theme::THUMBNAIL), name).clicked() && covers {
                                out.push(compare(pair));
                            }
                            muted(ui, *name);
                        });
                    }
                });
                let right = pair.answer == pair.expected;
                let (tone, icon) = if right { (Tone::Good, widgets::Icon::Check) } else { (Tone::Neutral, widgets::Icon::Circle) };
                let (expected, answer) = (class(pair.expected), class(pair.answer));
                let tag = widgets::tag(ui, tone, Some(icon), &text::live_answer(&expected, &answer));
                tag.on_hover_text(text::live_answer_meaning(&expected, &answer));
            });
        });
    }

    fn curves(&mut self, ui: &mut Ui, store: &CurveStore) {
        if store.is_empty() {
            muted(ui, text::TRAIN_WAITING_CURVES);
            return;
        }
        // While a scheme learns what comes before the model, there is nothing that the model could get right.
        let before_the_model = store.len("shadow_loss") > 0 && store.len("clean_accuracy") == 0;
        let wide = ui.available_width() >= theme::TWO_PLOTS;
        let (rates, losses) = (&mut self.rates, &mut self.losses);
        let mut accuracy = |ui: &mut Ui| {
            subheading(ui, text::TRAIN_CURVES_ACCURACY);
            // Plans without fresh keys have no such curve.
            let shown: Vec<Curve> = RATES.into_iter().filter(|curve| curve.name != FRESH || store.len(FRESH) > 0).collect();
            widgets::curves(ui, text::TRAIN_CURVES_ACCURACY, rates, store, &shown, theme::PLOT_HEIGHT);
        };
        let mut loss = |ui: &mut Ui| {
            subheading(ui, text::TRAIN_CURVES_LOSS);
            // Each scheme has its own.
            let shown: Vec<Curve> = LOSSES.into_iter().filter(|curve| store.len(curve.name) > 0).collect();
            widgets::curves(ui, text::TRAIN_CURVES_LOSS, losses, store, &shown, theme::PLOT_HEIGHT);
        };
        if before_the_model {
            loss(ui);
        } else if wide {
            ui.columns_const(|[left, right]| {
                accuracy(left);
                loss(right);
            });
        } else {
            accuracy(ui);
            ui.add_space(theme::GAP);
            loss(ui);
        }
    }
}

impl Pane for TrainingPanel {
    fn title(&self) -> &'static str {
        text::TAB_TRAIN
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let job = model.board.training();
        if job.is_none() && model.training.trained.is_none() && super::blocked(ui, model, Step::Train, out) {
            return;
        }
        if shows_keys(model) {
            self.all_keys(ui, model, out);
            return;
        }
        ScrollArea::vertical().auto_shrink(false).id_salt("training").show(ui, |ui| {
            ui.set_max_width(ui.available_width() - theme::GAP);
            match (job, &model.training.trained, &model.training.interrupted) {
                (Some(job), ..) => running(ui, job),
                (None, _, Some(_)) => interrupted(ui, model, out),
                (None, Some(trained), None) => finished(ui, model, trained, out),
                (None, None, None) => self.ready(ui, model, out),
            }
            if job.is_some() || model.training.trained.is_some() || model.training.interrupted.is_some() {
                super::queue::queue(ui, model, job.is_none() && model.training.interrupted.is_none(), out);
            }
            for warning in &model.training.warnings {
                widgets::notice(ui, Tone::Warn, warning);
            }
            if job.is_none() && model.training.trained.is_some() && model.training.interrupted.is_none() {
                ui.add_space(theme::GAP);
                super::compared::compared(ui, model, &mut self.textures, out);
            }
            if job.is_some() || !model.training.curves.is_empty() {
                ui.add_space(theme::GAP);
                // After a restart the pictures of a finished training are among all its keys.
                if job.is_some() || model.training.preview.is_some() {
                    self.pictures(ui, model.training.preview.as_deref(), model, out);
                    ui.add_space(theme::GAP);
                }
                self.curves(ui, &model.training.curves);
            }
        });
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        if shows_keys(model) {
            self.keys.side(ui, model, out);
            return;
        }
        // What is being trained, though plan, pictures and logo may have been changed since.
        let trains = model.board.training().is_some();
        let plan = model.training.plan.as_deref().filter(|_| trains).unwrap_or_else(|| model.shown_plan());
        let (own_set, own_logo) = model.training.material.as_ref().filter(|_| trains).map(|(set, logo)| (set, logo.as_str())).unzip();
        subheading(ui, &text::training_title(scheme_name(plan.scheme.id()), plan));
        fact(ui, text::DEVICE, model.device.as_deref().unwrap_or(text::DEVICE_STARTING));
        fact(ui, text::PRESET, text::preset(plan.preset));
        if let Some(set) = own_set.or(model.data()) {
            fact(ui, text::STEP_DATA, &text::data_summary(set));
        }
        if let Some(name) = own_logo.or(model.material.logo.as_ref().map(|choice| choice.name.as_str())) {
            fact(ui, text::STEP_LOGO, name);
        }
        for (name, label) in [("clean_accuracy", text::CURVE_CLEAN), ("key_accuracy", text::CURVE_KEY)] {
            if let Some((_, value)) = model.training.curves.last(name) {
                fact(ui, label, &text::percent(value));
            }
        }
        if catalogue::has_covers(plan.scheme.id())
            && let Some((_, value)) = model.training.curves.last("psnr_db")
        {
            fact(ui, text::CURVE_PSNR, &text::likeness(value));
        }
        if let Some(trained) = &model.training.trained {
            ui.separator();
            files(ui, trained);
        }
    }
}

fn running(ui: &mut Ui, job: &Job) {
    heading(ui, &job.title);
    widgets::progress_bar(ui, job.share as f32, super::job_words(job), job.seconds_left);
}

fn interrupted(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    heading(ui, text::TRAIN_TITLE);
    if let Some(continuing) = &model.training.continuing {
        let share = match (continuing, &model.material.reading) {
            (Continuing::Fetching(task), _) => task.share(),
            (Continuing::Waiting, Some(task)) => task.share(),
            (Continuing::Waiting, None) => 0.0,
        };
        widgets::progress_bar(ui, share, text::TRAIN_FETCHING, None);
        if widgets::quiet_button(ui, text::CANCEL).clicked() {
            out.push(Action::CancelContinuing);
        }
        return;
    }
    widgets::notice(ui, Tone::Accent, text::TRAIN_UNFINISHED);
    ui.horizontal(|ui| {
        if ui.add(super::lead(model, Step::Train, text::TRAIN_CONTINUE)).clicked() {
            out.push(Action::ContinueTraining);
        }
        if widgets::quiet_button(ui, text::TRAIN_BEGIN_ANEW).clicked() {
            out.push(Action::ForgetInterrupted);
        }
    });
}

/// Whether all keys of a finished training stand in the place of its figures.
fn shows_keys(model: &Model) -> bool {
    let Training { trained, interrupted, .. } = &model.training;
    model.keys.shown && model.board.training().is_none() && trained.is_some() && interrupted.is_none()
}

fn finished(ui: &mut Ui, model: &Model, trained: &Trained, out: &mut Vec<Action>) {
    let concerns = trained.concerns();
    egui::Sides::new().height(theme::CONTROL_HEIGHT_LARGE).shrink_left().truncate().show(
        ui,
        |ui| heading(ui, text::trained_heading(concerns.first().copied())),
        |ui| {
            // Without a mark, or with one that anybody's model shows, there is nothing to prove: the next thing is another plan.
            let (prove, change) = ((text::TRAIN_PROVE, Action::UseTrained), (text::TRAIN_CHANGE, Action::GoTo(Step::Scheme)));
            let failed = matches!(concerns.first(), Some(Concern::NotLearnt | Concern::Anyones));
            let ((first, lead), (second, aside)) = if failed { (change, prove) } else { (prove, change) };
            if ui.add(super::lead(model, Step::Train, first)).clicked() {
                out.push(lead);
            }
            if widgets::quiet_button(ui, second).clicked() {
                out.push(aside);
            }
            // What is planned now may be another scheme than the one shown.
            let planned = model.plan.scheme.id();
            if widgets::quiet_button(ui, &text::train_next(scheme_name(planned), trained.scheme == planned)).clicked() {
                out.push(Action::Train);
            }
        },
    );
    for concern in &concerns {
        widgets::notice(ui, Tone::Warn, &text::concern(*concern, trained));
    }
    widgets::card(ui, |ui| {
        ui.set_width(ui.available_width());
        let alike = || [(text::CURVE_PSNR, text::likeness(trained.psnr_db)), (text::FIGURE_SSIM, text::similarity(trained.ssim))];
        let mut facts = vec![
            (text::CURVE_KEY, text::percent(trained.key_accuracy)),
            (text::KEYS_UNMARKED, text::percent(trained.key_accuracy_unmarked)),
            (text::CURVE_CLEAN, text::percent(trained.clean_accuracy)),
        ];
        facts.extend(catalogue::has_covers(&trained.scheme).then(alike).into_iter().flatten());
        facts.push((text::TOOK, text::human_time(trained.seconds)));
        ui.columns_const(|columns: &mut [Ui; 3]| {
            for (place, (name, value)) in facts.iter().enumerate() {
                fact(&mut columns[place % 3], name, value);
            }
        });
        ui.label(text::clean_cost(trained.clean_accuracy, trained.clean_accuracy_unmarked));
    });
    if ui.add(widgets::Action::quiet(text::KEYS_LOOK).icon(widgets::Icon::Image)).clicked() {
        out.push(Action::LookAtKeys);
    }
}

fn files(ui: &mut Ui, trained: &Trained) {
    subheading(ui, text::FILES);
    fact(ui, text::FILE_MODEL, &trained.model.display().to_string());
    fact(ui, text::FILE_KEY, &trained.key.display().to_string());
    fact(ui, text::FILE_TWIN, &trained.unmarked.display().to_string());
}

/// The difference between cover and key around middle grey, enlarged.
fn difference(pair: &PreviewPair) -> Picture {
    let planes = pair.cover.planes.iter().zip(&pair.key.planes);
    let planes = planes.map(|(cover, key)| (128 + (i32::from(*key) - i32::from(*cover)) * GAIN).clamp(0, 255) as u8).collect();
    Picture { shape: pair.cover.shape, planes }
}

fn compare(pair: &PreviewPair) -> Action {
    Action::Compare(Pair::new(pair.cover.clone(), text::COVER, pair.key.clone(), text::KEY))
}
