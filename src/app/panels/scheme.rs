//! The scheme panel: two questions, the schemes as cards, preset and network, and every setting for those who want it.

use super::{Pane, fact, heading, muted, subheading};
use crate::app::action::{Action, Pair, Wanted};
use crate::app::model::{Estimate, Model, scheme_name};
use crate::app::steps::{Door, Step};
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, TextureCache};
use crate::schemes::catalogue::{self, Card};
use crate::schemes::plan::{HostKind, Plan, Preset};
use crate::schemes::settings::{Field, Kind};
use eframe::egui::{self, ComboBox, DragValue, ScrollArea, TextEdit, Ui, Vec2};
use serde_json::Value;

pub(super) const PRESETS: [Preset; 3] = [Preset::Quick, Preset::Standard, Preset::Paper];
/// Widths of the network that are offered.
const HOST_WIDTHS: [f64; 4] = [1.0, 0.5, 0.25, 0.125];

/// What the user fears most; sorts and explains the cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fear {
    /// A copy that asks nobody.
    Copy,
    /// Somebody who claims the same.
    Claim,
    /// Somebody who looks for marks.
    Find,
    /// Somebody who redraws every question before the copy sees it.
    Filter,
}

const FEARS: [(Fear, &str, &str); 4] = [
    (Fear::Copy, text::FEAR_COPY, text::FEAR_COPY_WHY),
    (Fear::Claim, text::FEAR_CLAIM, text::FEAR_CLAIM_WHY),
    (Fear::Find, text::FEAR_FIND, text::FEAR_FIND_WHY),
    (Fear::Filter, text::FEAR_FILTER, text::FEAR_FILTER_WHY),
];

/// The panel.
#[derive(Default)]
pub struct Schemes {
    fear: Option<Fear>,
    textures: TextureCache,
}

impl Schemes {
    fn questions(&mut self, ui: &mut Ui, out: &mut Vec<Action>) {
        super::row(ui, text::QUESTION_PROTECT, |ui| {
            ui.add(widgets::Action::quiet(text::PROTECT_CLASSIFIER).selected(true));
            if ui.add(widgets::Action::quiet(text::PROTECT_IMAGES)).on_hover_text(text::DOOR_MARK_HINT).clicked() {
                out.push(Action::Enter(Door::Images));
            }
        });
        super::row(ui, text::QUESTION_FEAR, |ui| {
            for (fear, words, _) in FEARS {
                if ui.add(widgets::Action::quiet(words).selected(self.fear == Some(fear))).clicked() {
                    self.fear = Some(fear);
                }
            }
        });
        if let Some((_, _, why)) = FEARS.iter().find(|(fear, ..)| Some(*fear) == self.fear) {
            muted(ui, *why);
        }
    }

    /// The cards, best answer first: an encoder hides better and cannot be forged, a plain stamp finds a plain copy just as well and
    /// trains faster. Without an answer the recommended scheme comes first.
    fn sorted(&self) -> Vec<&'static Card> {
        let mut cards: Vec<&Card> = catalogue::cards().iter().collect();
        match self.fear {
            None => {}
            Some(Fear::Copy) => cards.sort_by_key(|card| card.learns),
            Some(Fear::Filter) => cards.sort_by_key(|card| !card.penetrates),
            Some(Fear::Claim | Fear::Find) => cards.sort_by_key(|card| !card.hides),
        }
        cards
    }

    /// A cover and its key as this scheme makes them, or why there is none yet.
    fn example(&mut self, ui: &mut Ui, model: &Model, card: &Card, out: &mut Vec<Action>) {
        let Some(example) = model.example(card.id) else {
            if card.learns {
                muted(ui, text::SCHEME_KEY_LATER);
            }
            return;
        };
        muted(
            ui,
            match (card.learns, card.covers) {
                (true, _) => text::SCHEME_KEY_TRAINED,
                (false, true) => text::SCHEME_KEY_DRAWN,
                (false, false) => text::SCHEME_KEY_OF_ITS_OWN,
            },
        );
        ui.horizontal_top(|ui| {
            let both = [(text::COVER, &example.cover), (text::KEY, &example.key)];
            for (words, picture) in both.into_iter().skip(usize::from(!card.covers)) {
                ui.vertical(|ui| {
                    let name = text::example_of(card.name, words);
                    if widgets::picture(ui, &mut self.textures, picture, Vec2::splat(theme::THUMBNAIL), &name).clicked() && card.covers {
                        out.push(Action::Compare(Pair::new(example.cover.clone(), text::COVER, example.key.clone(), text::KEY)));
                    }
                    muted(ui, words);
                });
            }
        });
    }

    fn cards(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        let plan = &model.plan;
        let cards = self.sorted();
        if cards.is_empty() {
            widgets::notice(ui, Tone::Warn, text::SCHEME_NONE);
        }
        let (compared, own): (Vec<&Card>, Vec<&Card>) = cards.into_iter().partition(|card| card.compared);
        for (place, card) in own.into_iter().enumerate() {
            self.card(ui, model, card, place == 0, out);
        }
        let chosen = compared.iter().any(|card| card.id == plan.scheme.id());
        let more = egui::CollapsingHeader::new(text::schemes_compared(compared.len())).default_open(chosen);
        more.show(ui, |ui| {
            muted(ui, text::SCHEMES_COMPARED);
            for card in compared {
                self.card(ui, model, card, false, out);
            }
        });
    }

    fn card(&mut self, ui: &mut Ui, model: &Model, card: &Card, leads: bool, out: &mut Vec<Action>) {
        let plan = &model.plan;
        let chosen = plan.scheme.id() == card.id;
        let answer = widgets::choice_card(ui, card.name, chosen, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                subheading(ui, card.name);
                if leads {
                    let words = if self.fear.is_some() { text::SCHEME_FITS } else { text::SCHEME_RECOMMENDED };
                    widgets::tag(ui, Tone::Accent, None, words);
                }
                if chosen {
                    widgets::tag(ui, Tone::Good, Some(widgets::Icon::Check), text::SCHEME_PICKED);
                }
            });
            ui.label(card.summary);
            self.example(ui, model, card, out);
            if let Some(plan) = model.plan_of(card.id) {
                time(ui, model, &plan);
            }
            for (name, words) in
                [(text::SCHEME_NEEDS, card.needs), (text::SCHEME_SURVIVES, card.survives), (text::SCHEME_FAILS, card.fails)]
            {
                fact(ui, name, words);
            }
            if !chosen {
                let waits = model.waits(card.id);
                let icon = if waits { widgets::Icon::Check } else { widgets::Icon::Plus };
                let button = ui.add(widgets::Action::quiet(&text::queue_add(card.name, waits)).icon(icon).selected(waits));
                if button.on_hover_text(text::QUEUE_HINT).clicked() {
                    out.push(Action::AlsoTrain(card.id.to_owned()));
                }
            }
        });
        if answer.response.clicked()
            && !chosen
            && let Some(changed) = model.replanned(card.id, plan.preset)
        {
            out.push(Action::SetPlan(Box::new(changed)));
        }
    }
}

impl Pane for Schemes {
    fn title(&self) -> &'static str {
        text::TAB_SCHEME
    }

    fn ui(&mut self, ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
        if super::blocked(ui, model, Step::Scheme, out) {
            return;
        }
        egui::Sides::new().height(theme::CONTROL_HEIGHT_LARGE).shrink_left().truncate().show(
            ui,
            |ui| heading(ui, text::SCHEME_TITLE),
            |ui| {
                if ui.add(super::lead(model, Step::Scheme, text::SCHEME_NEXT)).clicked() {
                    out.push(Action::ConfirmScheme);
                }
            },
        );
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - theme::GAP_2);
            self.questions(ui, out);
            ui.add_space(theme::GAP);
            owner(ui, model, out);
            ui.add_space(theme::GAP);
            self.cards(ui, model, out);
            ui.add_space(theme::GAP);
            choices(ui, model, out);
            ui.add_space(theme::GAP);
            advanced(ui, model, out);
        });
    }

    fn side(&mut self, ui: &mut Ui, model: &Model, _out: &mut Vec<Action>) {
        let plan = &model.plan;
        subheading(ui, scheme_name(plan.scheme.id()));
        if let Some(card) = catalogue::cards().iter().find(|card| card.id == plan.scheme.id()) {
            muted(ui, card.source);
        }
        ui.separator();
        fact(ui, text::PRESET, text::preset(plan.preset));
        muted(ui, text::preset_hint(plan.preset));
        fact(ui, text::HOST, &text::host_of_width(plan.host, plan.width));
        muted(ui, plan.host.facts().hint);
        ui.separator();
        time(ui, model, plan);
    }
}

/// How long a plan takes, as far as it is known.
pub(super) fn time(ui: &mut Ui, model: &Model, plan: &Plan) {
    estimated(ui, model.estimate_of(plan), text::estimate);
}

/// What is known about a time, its seconds as `words` say them.
pub(super) fn estimated(ui: &mut Ui, estimate: Estimate, words: impl Fn(f64) -> String) {
    match estimate {
        Estimate::Seconds(seconds) => fact(ui, text::SCHEME_TIME, &words(seconds)),
        Estimate::Asked => fact(ui, text::SCHEME_TIME, text::ESTIMATING),
        Estimate::Unknown => fact(ui, text::SCHEME_TIME, text::ESTIMATE_UNKNOWN),
        Estimate::Refused(why) => {
            widgets::notice(ui, Tone::Warn, &why);
        }
    }
}

fn choices(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let plan = &model.plan;
    let mut changed = plan.clone();
    super::row(ui, text::PRESET, |ui| {
        for preset in PRESETS {
            let button = ui.add(widgets::Action::quiet(text::preset(preset)).selected(plan.preset == preset));
            if button.on_hover_text(text::preset_hint(preset)).clicked()
                && let Some(planned) = model.replanned(plan.scheme.id(), preset)
            {
                changed = planned;
            }
        }
    });
    super::row(ui, text::HOST, |ui| {
        for &host in HostKind::ALL {
            let refused = model.data().and_then(|data| host.check(data.shape()).err());
            let button = widgets::Action::quiet(host.name()).selected(plan.host == host);
            let button = ui.add_enabled(refused.is_none(), button).on_hover_text(host.facts().hint);
            if button.on_disabled_hover_text(refused.unwrap_or_default()).clicked() {
                changed.host = host;
            }
        }
    });
    super::row(ui, text::HOST_WIDTH, |ui| {
        for width in HOST_WIDTHS {
            let button = ui.add(widgets::Action::quiet(&text::host_width(width)).selected(plan.width == width));
            if button.on_hover_text(text::HOST_WIDTH_DOC).clicked() {
                changed.width = width;
            }
        }
    });
    if changed != *plan {
        out.push(Action::SetPlan(Box::new(changed)));
    }
}

/// Whose the mark shall be: the one thing that nobody else can fill in.
fn owner(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let mut changed = model.plan.clone();
    ui.horizontal(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        let label = ui.label(text::OWNER);
        ui.add(TextEdit::singleline(&mut changed.owner).hint_text(text::OWNER_HINT)).labelled_by(label.id);
    });
    if changed.owner.trim().is_empty() {
        widgets::notice(ui, Tone::Warn, text::OWNER_MISSING);
    }
    if changed != model.plan {
        out.push(Action::SetPlan(Box::new(changed)));
    }
}

fn advanced(ui: &mut Ui, model: &Model, out: &mut Vec<Action>) {
    let plan = &model.plan;
    egui::CollapsingHeader::new(text::ADVANCED).show(ui, |ui| {
        muted(ui, text::ADVANCED_BODY);
        let preset = model.replanned(plan.scheme.id(), plan.preset).map(|plan| plan.scheme);
        for field in plan.scheme.fields() {
            let now = plan.scheme.get(field.name);
            let usual = preset.as_ref().map(|scheme| scheme.get(field.name)).unwrap_or_default();
            let change = |value| {
                let scheme = plan.scheme.with(field.name, value)?;
                Ok(Action::SetPlan(Box::new(Plan { scheme, ..plan.clone() })))
            };
            setting(ui, &field, [&now, &usual], change, out);
        }
        ui.separator();
        let mut changed = plan.clone();
        whole(ui, text::SEED, text::SEED_DOC, &mut changed.seed, 0..=u64::from(u32::MAX));
        whole(ui, text::NULLS, text::NULLS_DOC, &mut changed.nulls, 3..=100);
        if catalogue::cards().iter().any(|card| card.id == plan.scheme.id() && card.learns) {
            whole(ui, text::FOREIGN, text::FOREIGN_DOC, &mut changed.foreign, 5..=50);
        }
        if changed != *plan {
            out.push(Action::SetPlan(Box::new(changed)));
        }
    });
}

fn whole<Num: egui::emath::Numeric>(ui: &mut Ui, name: &str, doc: &str, value: &mut Num, range: std::ops::RangeInclusive<Num>) {
    ui.horizontal(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        let label = ui.label(name).on_hover_text(doc);
        ui.add(DragValue::new(value).range(range)).labelled_by(label.id);
    });
    muted(ui, doc);
}

/// One setting with its explanation, as it is now and as it usually is; `change` says what a value that the user gives does, or why it cannot be.
pub(super) fn setting(
    ui: &mut Ui,
    field: &Field,
    [now, usual]: [&Value; 2],
    change: impl FnOnce(Value) -> Result<Action, String>,
    out: &mut Vec<Action>,
) {
    let mut given = None;
    let name = text::setting_name(field.name);
    ui.add_space(theme::GAP_HALF);
    ui.horizontal(|ui| {
        ui.set_row_height(theme::CONTROL_HEIGHT);
        let label = ui.label(&name).on_hover_text(&field.doc);
        match &field.kind {
            Kind::Whole { min, max } | Kind::Real { min, max } => {
                let is_whole = matches!(field.kind, Kind::Whole { .. });
                let mut number = now.as_f64().unwrap_or(*min);
                let speed = number.abs().max(1e-6) * 0.01;
                let mut drag = DragValue::new(&mut number).range(*min..=*max).suffix(text::unit(field.unit)).speed(speed);
                drag = if is_whole { drag.max_decimals(0) } else { drag.max_decimals(8) };
                if ui.add(drag).labelled_by(label.id).on_hover_text(&field.doc).changed() {
                    given = Some(if is_whole { Value::from(number.round() as u64) } else { Value::from(number) });
                }
                muted(ui, text::setting_range(*min, *max, field.unit));
            }
            Kind::Switch => {
                let mut on = now.as_bool().unwrap_or(false);
                if ui.checkbox(&mut on, "").labelled_by(label.id).changed() {
                    given = Some(on.into());
                }
            }
            Kind::Choice(options) => {
                let words = |saved: &str| options.iter().find(|option| option.0 == saved).map_or("", |option| option.1);
                let combo = ComboBox::from_id_salt(field.name).selected_text(words(now.as_str().unwrap_or_default())).show_ui(ui, |ui| {
                    for (saved, words) in *options {
                        if ui.selectable_label(now.as_str() == Some(saved), *words).clicked() {
                            given = Some((*saved).into());
                        }
                    }
                });
                combo.response.labelled_by(label.id);
            }
            Kind::Classes | Kind::Folder | Kind::File => {
                // Half a path may be the whole disk: what is typed counts when it is done.
                let half = egui::Id::unique(("typed", field.name));
                let kept = ui.data_mut(|data| data.remove_temp::<String>(half));
                let mut typed = kept.unwrap_or_else(|| now.as_str().unwrap_or_default().to_owned());
                let (hint, wanted) = match field.kind {
                    Kind::Folder => (text::NO_FOLDER, Some(Wanted::SettingFolder(field.name))),
                    Kind::File => (text::NO_FILE, Some(Wanted::SettingFile(field.name))),
                    _ => (text::SECRET_LABELS, None),
                };
                let answer = ui.add(TextEdit::singleline(&mut typed).hint_text(hint)).labelled_by(label.id);
                if answer.has_focus() {
                    ui.data_mut(|data| data.insert_temp(half, typed));
                } else if answer.lost_focus() && now.as_str() != Some(typed.trim()) {
                    given = Some(typed.trim().into());
                }
                if let Some(wanted) = wanted
                    && ui.add(widgets::Action::plain(text::CHOOSE_SETTING)).clicked()
                {
                    out.push(Action::Browse(wanted));
                }
            }
        }
        if field.paper != "" {
            muted(ui, text::paper_value(&shown(&field.paper, &field.kind)));
        }
        if now != usual && ui.add(widgets::Action::plain(text::RESET)).on_hover_text(text::RESET_HINT).clicked() {
            given = Some(usual.clone());
        }
    });
    muted(ui, field.doc.as_str());
    out.extend(given.map(|value| change(value).unwrap_or_else(Action::Refuse)));
}

/// A setting's value as people read it.
fn shown(value: &Value, kind: &Kind) -> String {
    match (value, kind) {
        (Value::String(saved), Kind::Choice(options)) => {
            options.iter().find(|option| option.0 == saved).map_or_else(|| saved.clone(), |option| option.1.into())
        }
        (Value::Bool(on), _) => text::on_off(*on).into(),
        (Value::Number(number), _) => text::plain(number.as_f64().unwrap_or_default()),
        (other, _) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn half_a_path_is_no_folder_yet() {
        let field = Field { name: "folder", doc: String::new(), unit: "", kind: Kind::Folder, paper: "".into() };
        let page = move |ui: &mut Ui, value: &mut Value| {
            theme::apply(ui.ctx(), crate::project::Theme::Dark);
            let mut out = Vec::new();
            let usual = "".into();
            setting(ui, &field, [value, &usual], |given| Ok(Action::Nonce(given.as_str().unwrap_or_default().into())), &mut out);
            if let Some(Action::Nonce(given)) = out.pop() {
                *value = given.into();
            }
        };
        let mut harness = Harness::builder().with_size(egui::vec2(600.0, 200.0)).build_ui_state(page, Value::from(""));
        harness.run_ok();
        harness.get_by_label("Folder").focus();
        harness.run_ok();
        for part in ["/own", "/pictures"] {
            harness.get_by_label("Folder").type_text(part);
            harness.run_ok();
            assert_eq!(*harness.state(), "", "half a path may be the whole disk");
        }
        harness.key_press(egui::Key::Enter);
        harness.run_ok();
        assert_eq!(*harness.state(), "/own/pictures");
        harness.get_by_label(text::RESET).click();
        harness.run_ok();
        assert_eq!(*harness.state(), "");
    }

    #[test]
    fn what_cannot_be_entered_is_answered_with_the_reason() {
        let shape = crate::data::Shape { channels: 1, height: 28, width: 28 };
        let plan = catalogue::plan("penetrating", Preset::Quick, shape, "Owner", "00", 1).expect("a plan");
        let page = move |ui: &mut Ui, out: &mut Vec<Action>| {
            theme::apply(ui.ctx(), crate::project::Theme::Dark);
            let (field, none) = (plan.scheme.fields().into_iter().find(|field| field.name == "labels"), Value::from(""));
            let change = |value| plan.scheme.with("labels", value).map(|scheme| Action::SetPlan(Box::new(Plan { scheme, ..plan.clone() })));
            setting(ui, &field.expect("a setting"), [&none, &none], change, out);
        };
        let mut harness = Harness::builder().with_size(egui::vec2(600.0, 200.0)).build_ui_state(page, Vec::new());
        harness.run_ok();
        for (typed, taken) in [("shoes", false), ("0 7", true)] {
            harness.get_by_label("Labels").focus();
            harness.run_ok();
            harness.get_by_label("Labels").type_text(typed);
            harness.run_ok();
            harness.key_press(egui::Key::Enter);
            harness.run_ok();
            match harness.state_mut().drain(..).next() {
                Some(Action::SetPlan(changed)) => assert!(taken && changed.scheme.get("labels") == "0 7"),
                Some(Action::Refuse(why)) => assert!(!taken && why.contains("numbers of classes"), "{why}"),
                other => panic!("{typed}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_answer_decides_which_scheme_stands_first() {
        let first = |fear| Schemes { fear, ..Schemes::default() }.sorted().first().map(|card| card.id);
        assert_eq!(first(None), Some("blind"));
        assert_eq!(first(Some(Fear::Copy)), Some("content_stamp"));
        assert_eq!(first(Some(Fear::Claim)), Some("blind"));
        assert_eq!(first(Some(Fear::Find)), Some("blind"));
        assert_eq!(first(Some(Fear::Filter)), Some("penetrating"));
    }
}
