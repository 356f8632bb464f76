//! Schemes that are trained one after the other once the running training is done, so that they can be set beside each other.

use super::Model;
use crate::app::board::{Job, Standing};
use crate::app::text;
use crate::schemes::catalogue;
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

    /// Begins the next one behind a training that ended by itself. One that somebody stopped or held at the last moment is followed by none.
    pub(super) fn go_on_with_queue(&mut self, ended: &Job) {
        if !self.quitting && !matches!(ended.standing, Standing::Stopping | Standing::Pausing | Standing::Paused) {
            self.train_next();
        }
    }

    /// Begins the training of the first scheme that waits; nothing where none does. One that cannot begin waits on: what stands against it is
    /// said.
    pub(super) fn train_next(&mut self) {
        while let Some(scheme) = self.queue.first().cloned() {
            let begun = match self.plan_of(&scheme) {
                // A run that the worker did not take is interrupted, and gone on with like any other.
                Some(plan) => self.train_plan(plan) || self.training.interrupted.is_some(),
                None => false,
            };
            if !begun && catalogue::card(&scheme).is_some() {
                return;
            }
            self.queue.remove(0);
            self.keep();
            if begun {
                return self.board.note(text::log_next(self.queue.len()));
            }
        }
    }
}
