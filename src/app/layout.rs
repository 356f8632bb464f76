//! The panels as tiles: one tab for each step by default, rearranged by dragging tabs, remembered, and reset on request.

use super::action::Action;
use super::model::Model;
use super::panels::Panels;
use super::steps::{Door, Step};
use super::theme;
use eframe::egui::{self, Id, Ui, WidgetText};
use egui_tiles::{Behavior, EditAction, SimplificationOptions, Tile, TileId, Tiles, Tree, UiResponse};

/// The tiles of the window.
pub struct Layout {
    tree: Tree<Step>,
    edited: bool,
    focused: Option<Id>,
}

impl Layout {
    /// The layout that was remembered, or the usual one when there is none or it lacks a panel.
    pub fn restore(remembered: Option<&str>) -> Layout {
        let tree = remembered.and_then(|text| serde_json::from_str::<Tree<Step>>(text).ok()).filter(is_whole);
        Layout { tree: tree.unwrap_or_else(usual), edited: false, focused: None }
    }

    /// The layout as a text to remember, when it was changed since the last call.
    pub fn take_edited(&mut self) -> Option<String> {
        std::mem::take(&mut self.edited).then(|| serde_json::to_string(&self.tree).ok()).flatten()
    }

    /// Puts the panels back where they were.
    pub fn reset(&mut self) {
        self.tree = usual();
        self.edited = true;
    }

    /// Brings a step's panel to the front.
    pub fn bring_forward(&mut self, step: Step) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == step));
    }

    /// Draws the panels in the space that is left.
    pub fn show(&mut self, ui: &mut Ui, panels: &mut Panels, model: &Model, out: &mut Vec<Action>) {
        let shown: Vec<(TileId, bool)> = self
            .tree
            .tiles
            .iter()
            .filter_map(|(id, tile)| match tile {
                Tile::Pane(step) => Some((*id, Step::behind(model.door).contains(step))),
                Tile::Container(_) => None,
            })
            .collect();
        for (id, visible) in shown {
            self.tree.set_visible(id, visible);
        }
        let focused = ui.memory(|memory| memory.focused());
        let arrived = focused.filter(|_| focused != self.focused);
        self.focused = focused;
        let mut behavior = Panes { panels, model, out, arrived, edited: false, chosen: false };
        self.tree.ui(&mut behavior, ui);
        self.edited |= behavior.edited;
        if behavior.chosen {
            let front: Vec<Step> = self.tree.active_tiles().into_iter().filter_map(|id| self.tree.tiles.get_pane(&id).copied()).collect();
            if !front.contains(&model.step)
                && let Some(step) = front.first()
            {
                out.push(Action::Look(*step));
            }
        }
    }
}

/// One tab for each step, all in one place.
fn usual() -> Tree<Step> {
    Tree::new_tabs(egui::Id::unique("countermark panels"), Step::ALL.to_vec())
}

/// Whether every step has exactly one panel.
fn is_whole(tree: &Tree<Step>) -> bool {
    let panes: Vec<Step> = tree
        .tiles
        .tiles()
        .filter_map(|tile| match tile {
            Tile::Pane(step) => Some(*step),
            Tile::Container(_) => None,
        })
        .collect();
    tree.root().is_some() && panes.len() == Step::ALL.len() && Step::ALL.iter().all(|step| panes.contains(step))
}

struct Panes<'a> {
    panels: &'a mut Panels,
    model: &'a Model,
    out: &'a mut Vec<Action>,
    /// What the keyboard came to in this frame.
    arrived: Option<Id>,
    edited: bool,
    chosen: bool,
}

impl Panes<'_> {
    /// Whether the user turned to this pane in this frame: pressed inside it, or brought the keyboard there.
    fn turned_to(&self, ui: &Ui) -> bool {
        let (pane, layer) = (ui.max_rect(), ui.layer_id());
        let pressed = ui.input(|input| input.pointer.any_pressed().then(|| input.pointer.interact_pos()).flatten());
        let pressed = pressed.is_some_and(|place| pane.contains(place) && ui.ctx().layer_id_at(place) == Some(layer));
        let reached = self.arrived.and_then(|id| ui.ctx().read_response(id));
        pressed || reached.is_some_and(|widget| widget.layer_id == layer && pane.contains(widget.rect.center()))
    }
}

impl Behavior<Step> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, step: &mut Step) -> UiResponse {
        if *step != self.model.step && self.turned_to(ui) {
            self.out.push(Action::Look(*step));
        }
        // The window is cleared with the canvas: a fill here would be a second layer, and a software adapter pays for each.
        let frame = egui::Frame::new().inner_margin(theme::GAP_3);
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            self.panels.show(*step, ui, self.model, self.out);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, step: &Step) -> WidgetText {
        self.panels.title(*step).into()
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        theme::TAB_HEIGHT
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        theme::GAP_HALF
    }

    fn tab_title_spacing(&self, _visuals: &egui::Visuals) -> f32 {
        theme::GAP
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        // The canvas: see `pane_ui` for what a fill costs.
        egui::Color32::TRANSPARENT
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Step>,
        _tile: TileId,
        _state: &egui_tiles::TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_text_color(&self, visuals: &egui::Visuals, _tiles: &Tiles<Step>, _tile: TileId, state: &egui_tiles::TabState) -> egui::Color32 {
        let palette = theme::palette_of(visuals);
        if state.active { palette.text } else { palette.muted }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn on_edit(&mut self, action: EditAction) {
        self.edited |= matches!(action, EditAction::TileDropped | EditAction::TileResized);
        self.chosen |= action == EditAction::TabSelected;
    }

    fn is_tab_bar_visible(&self, _tile: TileId, _tabs: &egui_tiles::Tabs) -> bool {
        self.model.door != Door::Investigate || self.model.reached().reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_comes_back_and_a_broken_one_does_not() {
        let mut layout = Layout::restore(None);
        assert!(layout.take_edited().is_none());
        layout.reset();
        let text = layout.take_edited().unwrap();
        assert!(is_whole(&Layout::restore(Some(&text)).tree));
        assert!(is_whole(&Layout::restore(Some("{}")).tree));
        let two = serde_json::to_string(&Tree::new_tabs(egui::Id::unique("x"), vec![Step::Data, Step::Data])).unwrap();
        assert!(is_whole(&Layout::restore(Some(&two)).tree));
    }
}
