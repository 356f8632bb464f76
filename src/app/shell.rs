//! The window itself: puts bars, rail, panels and side together, takes keys and drops, and hands actions to the model.

use super::action::{Action, Wanted};
use super::chrome::{self, Overlays};
use super::layout::Layout;
use super::model::{Keeper, Model, StartWorker};
use super::panels::Panels;
use super::steps::Step;
use super::theme;
use super::widgets;
use eframe::egui::{self, CentralPanel, Context, Key, KeyboardShortcut, Modifiers, Panel, ScrollArea, Ui};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
const PALETTE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::K);
const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const STEPS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];
/// What a program that a signal ended answers by custom.
#[cfg(unix)]
const ENDED_BY_SIGNAL: i32 = 130;

/// The window.
pub struct App {
    model: Model,
    panels: Panels,
    layout: Layout,
    overlays: Overlays,
    drawn: bool,
    told_to_end: Arc<AtomicBool>,
}

impl App {
    /// A window over the settings and projects of this system, with the worker of `start`.
    pub fn new(cc: &eframe::CreationContext<'_>, start: StartWorker) -> App {
        App::over(cc, start, Keeper::of_this_system())
    }

    /// A window that keeps its settings in `settings` and makes its projects in `projects`.
    pub fn in_folders(cc: &eframe::CreationContext<'_>, start: StartWorker, settings: PathBuf, projects: PathBuf) -> App {
        App::over(cc, start, Keeper::open(settings, projects))
    }

    fn over(cc: &eframe::CreationContext<'_>, start: StartWorker, keeper: Keeper) -> App {
        theme::apply(&cc.egui_ctx, keeper.theme());
        widgets::compare::install(&cc.egui_ctx, cc.wgpu_render_state.as_ref());
        widgets::ground::install(&cc.egui_ctx, cc.wgpu_render_state.as_ref());
        widgets::plates::install(&cc.egui_ctx, cc.wgpu_render_state.as_ref());
        let ctx = cc.egui_ctx.clone();
        let layout = Layout::restore(keeper.layout());
        let model = Model::new(keeper, start, Arc::new(move || ctx.request_repaint()));
        App { model, panels: Panels::default(), layout, overlays: Overlays::default(), drawn: false, told_to_end: Arc::default() }
    }

    /// The state behind the window.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether the compare view shows its pictures, and no longer that they are being prepared.
    pub fn shows_pair(&self) -> bool {
        self.model.compare.is_some() && self.overlays.shows_pair()
    }

    /// Tells whether dropped files reach this window; where they do not, the zones ask to choose instead.
    pub fn set_drops(&mut self, drops: bool) {
        self.model.drops = drops;
    }

    /// Does what the user would do by a click or a drop.
    pub fn act(&mut self, action: Action) {
        self.model.apply(action);
    }

    /// Closes the window, a training stopped at its checkpoint, when the system or the terminal tells the program to end.
    /// Once for a process; being told a second time ends it at once.
    #[cfg(unix)]
    pub(super) fn close_when_told(&self, ctx: &Context) {
        use signal_hook::consts;
        let (told, ctx) = (Arc::clone(&self.told_to_end), ctx.clone());
        let signals = [consts::SIGTERM, consts::SIGINT, consts::SIGHUP];
        let watched = signal_hook::iterator::Signals::new(signals).and_then(|mut signals| {
            let watch = move || {
                for _ in &mut signals {
                    if told.swap(true, Ordering::Relaxed) {
                        std::process::exit(ENDED_BY_SIGNAL);
                    }
                    ctx.request_repaint();
                }
            };
            std::thread::Builder::new().name("countermark-signals".into()).spawn(watch)
        });
        if let Err(error) = watched {
            tracing::warn!("signals are not watched: {error}");
        }
    }

    fn keys(&mut self, ctx: &Context) {
        let on_top = self.model.is_covered();
        ctx.input_mut(|input| {
            if input.consume_shortcut(&PALETTE) {
                self.model.apply(Action::Palette);
            }
            if input.consume_key(Modifiers::NONE, Key::F1) {
                self.model.apply(Action::Help);
            }
            if on_top {
                return;
            }
            if input.consume_shortcut(&OPEN) {
                self.model.apply(Action::Ask(Wanted::Anything));
            }
            for (step, key) in Step::behind(self.model.door).iter().zip(STEPS) {
                if input.consume_key(Modifiers::COMMAND, key) {
                    self.model.apply(Action::GoTo(*step));
                }
            }
        });
        if on_top || ctx.text_edit_focused() {
            return;
        }
        ctx.input_mut(|input| {
            // Redo first: its keys hold those of undo.
            if input.consume_shortcut(&REDO) {
                self.model.apply(Action::Redo);
            } else if input.consume_shortcut(&UNDO) {
                self.model.apply(Action::Undo);
            } else if input.key_pressed(Key::Escape) {
                self.model.notices.close_newest();
            }
        });
    }

    fn drops(&mut self, ctx: &Context) {
        let dropped: Vec<PathBuf> = ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        match dropped.as_slice() {
            [] => {}
            [path] => self.model.apply(Action::Take(Wanted::Anything, path.clone())),
            _ => self.model.apply(Action::TakeSeveral(dropped)),
        }
    }

    fn follow(&mut self, ctx: &Context) {
        if std::mem::take(&mut self.model.restyle) {
            theme::apply(ctx, self.model.keeper.theme());
        }
        if let Some(copy) = self.model.copy.take() {
            ctx.copy_text(copy);
        }
        if std::mem::take(&mut self.model.reset_layout) {
            self.layout.reset();
            self.model.bring_forward = true;
        }
        if std::mem::take(&mut self.model.bring_forward) {
            self.layout.bring_forward(self.model.step);
        }
        if let Some(layout) = self.layout.take_edited() {
            self.model.keeper.set_layout(layout);
        }
    }

    fn bars(&mut self, ui: &mut Ui, out: &mut Vec<Action>) {
        // The ground lies below what is on it, and its size is known only afterwards.
        let places: [_; 4] = std::array::from_fn(|_| ui.painter().add(egui::Shape::Noop));
        let lay = |ui: &Ui, place: usize, bar: egui::Rect| ui.painter().set(places[place], widgets::ground(ui, bar, 0));
        let bar = egui::Frame::new().inner_margin(egui::Margin::symmetric(theme::GAP_2 as i8, theme::GAP as i8));
        let top = Panel::top("top").exact_size(theme::TOP_HEIGHT).frame(bar).show(ui, |ui| chrome::top_bar(ui, &self.model, out));
        lay(ui, 0, top.response.rect);
        let bottom = Panel::bottom("bottom").frame(bar).show(ui, |ui| chrome::bottom_bar(ui, &self.model, out));
        lay(ui, 1, bottom.response.rect);
        let rail = Panel::left("rail").exact_size(theme::RAIL_WIDTH).resizable(false).frame(bar);
        let rail = rail.show(ui, |ui| chrome::rail(ui, &self.model, out));
        lay(ui, 2, rail.response.rect);
        if self.model.is_blank() {
            return;
        }
        let side = bar.inner_margin(theme::GAP_2);
        let side = Panel::right("side").default_size(theme::SIDE_WIDTH).min_size(theme::SIDE_MIN).max_size(theme::SIDE_MAX).frame(side);
        let side = side.show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| self.panels.side(self.model.step, ui, &self.model, out));
        });
        lay(ui, 3, side.response.rect);
    }
}

impl eframe::App for App {
    // Here and not in `ui`, which a hidden window is not asked for.
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        if self.told_to_end.load(Ordering::Relaxed) {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        // The first frame shows at once; worker and background work begin with the second.
        if !self.drawn {
            return;
        }
        self.model.away = !ctx.input(|input| input.raw.focused);
        if let Some(later) = self.model.poll() {
            ctx.request_repaint_after(later);
        }
        if std::mem::take(&mut self.model.attention) {
            ctx.send_viewport_cmd(egui::ViewportCommand::RequestUserAttention(egui::UserAttentionType::Informational));
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if !self.drawn {
            self.drawn = true;
            ctx.request_repaint();
        }
        self.keys(&ctx);
        self.drops(&ctx);
        self.follow(&ctx);
        let mut out = Vec::new();
        if self.model.compare.is_some() {
            self.overlays.compare(ui, &mut self.model);
        } else {
            self.bars(ui, &mut out);
            CentralPanel::no_frame().show(ui, |ui| self.layout.show(ui, &mut self.panels, &self.model, &mut out));
        }
        self.overlays.show(ui, &mut self.model, &mut out);
        chrome::drop_curtain(ui, self.model.is_looking());
        self.model.notices.show(&ctx, &mut out);
        let acted = !out.is_empty();
        for action in out {
            self.model.apply(action);
        }
        if acted {
            ctx.request_repaint();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::clear_colour(visuals)
    }

    fn on_exit(&mut self) {
        self.model.quit();
    }
}
