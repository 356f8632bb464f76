//! An interrupted training goes on: what it began with is taken from what is in use where it is the same, else fetched from where the
//! project knows it to lie.

use super::Model;
use crate::app::background::{Poll, Task};
use crate::app::text;
use crate::data::Dataset;
use crate::data::logo::Logo;
use crate::project::MaterialError;

/// What is still to come before an interrupted training goes on.
pub enum Continuing {
    /// The project's own pictures and logo are being read; they may be the ones.
    Waiting,
    /// The pictures and the logo that it began with are being fetched.
    Fetching(Task<Result<(Dataset, Logo), MaterialError>>),
}

impl Model {
    /// Goes on with the interrupted training, as it was planned then and with what it began with, whatever is chosen by now. Where that
    /// cannot be had, a sentence says why and nothing changes.
    pub(super) fn continue_training(&mut self) {
        if self.board.training().is_some() {
            return self.notices.warn(text::TRAIN_ALREADY);
        }
        if self.is_reading() {
            self.training.continuing = Some(Continuing::Waiting);
            return;
        }
        let (Some(_), Some(began)) = (&self.training.interrupted, self.keeper.began()) else { return };
        let (data, logo) = began.digests.unwrap_or_default();
        let set = self.material.data.clone().filter(|set| set.digest == data);
        let own_logo = self.material.logo.as_ref().map(|choice| choice.logo.clone()).filter(|own| own.digest == logo);
        match (set, own_logo, began.material) {
            (Some(set), Some(logo), _) => self.go_on_with((set, logo)),
            (_, _, Err(error)) => self.fail(error.to_string(), None),
            (set, own_logo, Ok(material)) => {
                let task = Task::start(text::TRAIN_FETCHING.into(), &self.wake, move |ticket| {
                    let mut progress = |share: f32| {
                        ticket.progress(share);
                        !ticket.cancelled()
                    };
                    let logo = own_logo.map_or_else(|| material.logo(), Ok)?;
                    Ok((set.map_or_else(|| material.dataset(&mut progress), Ok)?, logo))
                });
                self.training.continuing = Some(Continuing::Fetching(task));
            }
        }
    }

    /// Looks whether the interrupted training has what it needs.
    pub(super) fn poll_continuing(&mut self) {
        match self.training.continuing.take() {
            None => {}
            Some(Continuing::Waiting) if self.is_reading() => self.training.continuing = Some(Continuing::Waiting),
            Some(Continuing::Waiting) => self.continue_training(),
            Some(Continuing::Fetching(task)) => match task.poll() {
                Poll::Running => self.training.continuing = Some(Continuing::Fetching(task)),
                Poll::Ready(Ok(material)) => self.go_on_with(material),
                Poll::Ready(Err(error)) => self.fail(error.to_string(), None),
                Poll::Lost => self.fail(text::READING_LOST.into(), None),
            },
        }
    }

    fn go_on_with(&mut self, material: (Dataset, Logo)) {
        let (Some(folder), Some(began)) = (self.training.interrupted.clone(), self.keeper.began()) else { return };
        self.keep_run_state(true);
        if self.start_training(folder, began.plan, material) {
            self.go_to(super::Step::Train);
        }
    }
}
