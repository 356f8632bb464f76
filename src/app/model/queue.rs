//! Schemes that are trained one after the other once the running training is done, so that they can be set beside each other.

use super::Model;
use crate::app::text;
use crate::schemes::plan::Plan;

impl Model {
    /// Plans of the schemes that wait, the next one first. Each is planned as the project is now: with its preset, network and owner.
    pub fn waiting(&self) -> impl Iterator<Item = Plan> {
        self.queue.iter().filter_map(|scheme| self.plan_of(scheme))
    }

    /// Whether a scheme waits.
    pub fn waits(&self, scheme: &str) -> bool {
        self.queue.iter().any(|waiting| waiting == scheme)
    }

    /// Lets a scheme wait behind the others, or no longer.
    pub(super) fn also_train(&mut self, scheme: &str) {
        match self.waits(scheme) {
            true => self.queue.retain(|waiting| waiting != scheme),
            false => self.queue.push(scheme.to_owned()),
        }
        self.keep();
    }

    /// Begins the training of the first scheme that waits; nothing where none does.
    pub(super) fn train_next(&mut self) {
        while self.board.training().is_none() && !self.queue.is_empty() {
            let scheme = self.queue.remove(0);
            self.keep();
            let Some(plan) = self.plan_of(&scheme) else { continue };
            if !self.train_plan(plan) {
                // What stands against it was said; it waits until that is mended.
                self.queue.insert(0, scheme);
                return;
            }
            self.board.note(text::log_next(self.queue.len()));
        }
    }
}
