//! All keys of the last training, read and asked in the background when somebody wants to look at them.

use super::{Model, Step};
use crate::app::action::Wanted;
use crate::app::background::{Poll, Task};
use crate::app::text;
use crate::jobs::gallery::{self, Gallery};
use crate::vault::files::write_atomic;
use std::path::PathBuf;
use std::sync::Arc;

/// How far the keys are.
#[derive(Default)]
pub enum Looked {
    /// Nobody wanted to see them.
    #[default]
    Not,
    /// They are being read.
    Reading(Task<Result<Gallery, String>>),
    /// Here they are.
    Ready(Arc<Gallery>),
    /// They cannot be read: why, a sentence.
    Failed(String),
}

/// The keys of the last training.
#[derive(Default)]
pub struct Keys {
    /// How far they are.
    pub looked: Looked,
    /// Whether they stand in the place of the training's figures.
    pub shown: bool,
    of: Option<PathBuf>,
    /// The keys that go onto a sheet once its place is chosen.
    chosen: Vec<usize>,
}

impl Model {
    /// Begins to read the keys of the last training, unless they were read before.
    pub(super) fn look_at_keys(&mut self) {
        let Some(trained) = self.training.trained.clone() else { return };
        self.go_to(Step::Train);
        self.keys.shown = true;
        let known = self.keys.of.as_ref() == Some(&trained.key);
        if known && matches!(self.keys.looked, Looked::Reading(_) | Looked::Ready(_)) {
            return;
        }
        let key = trained.key.clone();
        let work = move |ticket: &crate::app::background::Ticket| {
            let mut go_on = |share: f32| {
                ticket.progress(share);
                !ticket.cancelled()
            };
            gallery::gallery(&trained, &mut go_on).map_err(|error| error.to_string())
        };
        let looked = Looked::Reading(Task::start(text::KEYS_READING.into(), &self.wake, work));
        self.keys = Keys { looked, shown: true, of: Some(key), chosen: Vec::new() };
    }

    /// Takes up keys that were read, and forgets those of an earlier training.
    pub(super) fn poll_keys(&mut self) {
        let trained = self.training.trained.as_ref().map(|trained| &trained.key);
        if self.keys.of.as_ref() != trained && self.keys.of.is_some() {
            self.keys = Keys::default();
        }
        if let Looked::Reading(task) = &self.keys.looked {
            match task.poll() {
                Poll::Running => {}
                Poll::Ready(Ok(gallery)) => self.keys.looked = Looked::Ready(Arc::new(gallery)),
                Poll::Ready(Err(why)) => self.keys.looked = Looked::Failed(why),
                Poll::Lost => self.keys.looked = Looked::Failed(text::READING_LOST.into()),
            }
        }
    }

    /// Asks where a sheet of these keys goes.
    pub(super) fn browse_sheet(&mut self, chosen: Vec<usize>) {
        self.keys.chosen = chosen;
        self.asking = Some(Wanted::KeySheet);
    }

    /// Writes the sheet that was asked for, in the background.
    pub(super) fn export_sheet(&mut self, path: PathBuf) {
        let Looked::Ready(gallery) = &self.keys.looked else { return };
        let (gallery, chosen) = (gallery.clone(), std::mem::take(&mut self.keys.chosen));
        let write = move |_: &_| {
            let sheet = gallery::sheet(&gallery, &chosen).ok_or_else(|| text::KEYS_NONE.to_owned())?;
            let png = sheet.to_png().map_err(|error| error.to_string())?;
            write_atomic(&path, &png).map_err(|error| error.to_string())?;
            Ok(Some(path))
        };
        self.write_in_background(write);
    }
}
