//! Short messages in the corner: what finished, what failed, each with what can be done about it.
//!
//! A message may carry "Copy details" or "Undo", which is why these are drawn here and not by a toast library.

use super::action::Action;
use super::text;
use super::theme::{self, Tone};
use super::widgets::buttons::sign_of;
use super::widgets::{self, Icon, icon_button};
use eframe::egui::{self, Align2, Area, Context, Id, Order, Role, WidgetInfo};
use std::time::{Duration, Instant};

/// How long a message that is no error stays.
const STAY: Duration = Duration::from_secs(8);
/// How many messages are shown at once; the oldest goes first.
const SHOWN: usize = 4;

/// One message.
pub struct Notice {
    tone: Tone,
    text: String,
    details: Option<String>,
    undo: bool,
    until: Option<Instant>,
}

/// The messages on the screen, newest last.
#[derive(Default)]
pub struct Notices {
    list: Vec<Notice>,
}

impl Notices {
    /// Something finished.
    pub fn good(&mut self, text: impl Into<String>) {
        self.add(Notice { tone: Tone::Good, text: text.into(), details: None, undo: false, until: Some(Instant::now() + STAY) });
    }

    /// Something finished while nobody looked: stays until closed.
    pub fn waiting(&mut self, text: impl Into<String>) {
        self.add(Notice { tone: Tone::Good, text: text.into(), details: None, undo: false, until: None });
    }

    /// Something to know.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.add(Notice { tone: Tone::Warn, text: text.into(), details: None, undo: false, until: Some(Instant::now() + STAY) });
    }

    /// Something that should be read, by someone who may have been away: stays until closed.
    pub fn remind(&mut self, text: impl Into<String>) {
        self.add(Notice { tone: Tone::Warn, text: text.into(), details: None, undo: false, until: None });
    }

    /// Something was deleted and can be brought back.
    pub fn undoable(&mut self, text: impl Into<String>) {
        self.add(Notice { tone: Tone::Neutral, text: text.into(), details: None, undo: true, until: Some(Instant::now() + STAY) });
    }

    /// Something failed: a sentence, and details for those who report it. Stays until closed.
    pub fn bad(&mut self, text: impl Into<String>, details: Option<String>) {
        self.add(Notice { tone: Tone::Bad, text: text.into(), details, undo: false, until: None });
    }

    fn add(&mut self, notice: Notice) {
        self.list.retain(|old| old.text != notice.text);
        self.list.push(notice);
        if self.list.len() > SHOWN {
            // What stays until it is closed gives way last.
            let oldest = self.list.iter().position(|notice| notice.until.is_some()).unwrap_or(0);
            self.list.remove(oldest);
        }
    }

    /// Takes away the newest message; false when there is none.
    pub fn close_newest(&mut self) -> bool {
        self.list.pop().is_some()
    }

    /// Draws the messages and asks for a frame when the next one ends.
    pub fn show(&mut self, ctx: &Context, out: &mut Vec<Action>) {
        let now = Instant::now();
        self.list.retain(|notice| notice.until.is_none_or(|until| until > now));
        if let Some(next) = self.list.iter().filter_map(|notice| notice.until).min() {
            ctx.request_repaint_after(next.saturating_duration_since(now));
        }
        if self.list.is_empty() {
            return;
        }
        let mut closed = None;
        Area::new(Id::unique("notices")).order(Order::Tooltip).anchor(Align2::RIGHT_BOTTOM, theme::NOTICE_OFFSET).show(ctx, |ui| {
            ui.set_max_width(theme::NOTICE_WIDTH);
            for (i, notice) in self.list.iter().enumerate() {
                if draw(ui, notice, out) {
                    closed = Some(i);
                }
            }
        });
        if let Some(i) = closed {
            self.list.remove(i);
        }
    }
}

fn draw(ui: &mut egui::Ui, notice: &Notice, out: &mut Vec<Action>) -> bool {
    let colours = theme::palette(ui).tone(notice.tone);
    let mut close = false;
    egui::Frame::popup(ui.style()).fill(colours.soft).stroke(egui::Stroke::new(theme::LINE, colours.ink)).inner_margin(theme::GAP_2).show(
        ui,
        |ui| {
            ui.set_width(theme::NOTICE_WIDTH);
            ui.horizontal_top(|ui| {
                widgets::icons::show(ui, sign_of(notice.tone), theme::ICON_LARGE, colours.ink);
                let room = ui.available_width() - theme::CONTROL_HEIGHT - theme::GAP;
                ui.vertical(|ui| {
                    ui.set_width(room);
                    let label = ui.add(egui::Label::new(&notice.text).wrap());
                    label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &notice.text));
                });
                close = icon_button(ui, Icon::Cross, text::CLOSE).clicked();
            });
            if notice.details.is_none() && !notice.undo {
                return;
            }
            ui.horizontal(|ui| {
                if let Some(details) = &notice.details
                    && ui.button(text::COPY_DETAILS).clicked()
                {
                    out.push(Action::Copy(details.clone()));
                }
                if notice.undo && ui.button(text::UNDO).clicked() {
                    out.push(Action::Undo);
                    close = true;
                }
            });
        },
    );
    close
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_outlives_the_news_after_it() {
        let mut notices = Notices::default();
        notices.bad("The disk is full", None);
        (0..2 * SHOWN).for_each(|i| notices.good(i.to_string()));
        assert_eq!(notices.list.len(), SHOWN);
        assert_eq!(notices.list[0].text, "The disk is full");
        assert_eq!(notices.list[SHOWN - 1].text, (2 * SHOWN - 1).to_string(), "the newest is shown");
    }
}
