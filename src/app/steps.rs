//! The doors and steps of the window: which of them can be entered, and what is missing for those that cannot.

use super::text;
pub use super::widgets::StepState;
use serde::{Deserialize, Serialize};

/// What the user came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// Put a mark into a model.
    #[default]
    Protect,
    /// Put a mark into picture files, and look for it in others.
    Images,
    /// Look for a mark in a model.
    Investigate,
}

/// The steps behind the doors, in their order; each has one panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Pictures to learn from.
    #[default]
    Data,
    /// What is hidden.
    Logo,
    /// How it is hidden.
    Scheme,
    /// Making the marked model.
    Train,
    /// Asking a suspect.
    Prove,
    /// What came out, kept.
    Reports,
    /// The networks that hide a logo in pictures and reveal it.
    Barrier,
    /// Hiding the logo in pictures.
    Mark,
    /// Looking for the logo in pictures.
    Check,
}

impl Step {
    /// All steps in their order.
    pub const ALL: [Step; 9] =
        [Step::Data, Step::Logo, Step::Scheme, Step::Train, Step::Prove, Step::Reports, Step::Barrier, Step::Mark, Step::Check];

    /// The steps behind a door.
    pub fn behind(door: Door) -> &'static [Step] {
        match door {
            Door::Protect => &[Step::Data, Step::Logo, Step::Scheme, Step::Train, Step::Prove, Step::Reports],
            Door::Images => &[Step::Barrier, Step::Mark, Step::Check],
            Door::Investigate => &[Step::Prove, Step::Reports],
        }
    }

    /// The door that it is found behind first.
    pub fn door(self) -> Door {
        if Step::behind(Door::Images).contains(&self) { Door::Images } else { Door::Protect }
    }

    /// Its name in the rail.
    pub fn name(self) -> &'static str {
        match self {
            Step::Data => text::STEP_DATA,
            Step::Logo => text::STEP_LOGO,
            Step::Scheme => text::STEP_SCHEME,
            Step::Train => text::STEP_TRAIN,
            Step::Prove => text::STEP_PROVE,
            Step::Reports => text::STEP_REPORTS,
            Step::Barrier => text::STEP_BARRIER,
            Step::Mark => text::STEP_MARK,
            Step::Check => text::STEP_CHECK,
        }
    }
}

/// What has been reached so far: all that the states of the steps depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// A data set is loaded.
    pub data: bool,
    /// A logo is chosen.
    pub logo: bool,
    /// A scheme is chosen.
    pub scheme: bool,
    /// The plan cannot be trained.
    pub unfit: bool,
    /// A training runs, waits or is held.
    pub training: bool,
    /// A training was stopped and can go on with what it began with.
    pub interrupted: bool,
    /// A marked model and its key package exist.
    pub trained: bool,
    /// A verification runs or waits.
    pub proving: bool,
    /// At least one report exists.
    pub reports: bool,
    /// A barrier is being made, or waits for it.
    pub making: bool,
    /// A barrier is open.
    pub barrier: bool,
    /// Pictures are being marked, or wait for it.
    pub marking: bool,
    /// Pictures were marked.
    pub marked: bool,
    /// Pictures are being looked into, or wait for it.
    pub checking: bool,
    /// Pictures were looked into.
    pub checked: bool,
}

impl Reached {
    /// How `step` stands behind `door`.
    pub fn state(&self, door: Door, step: Step) -> StepState {
        let done = |reached: bool| if reached { StepState::Done } else { StepState::Ready };
        match step {
            Step::Data => done(self.data),
            Step::Logo => done(self.logo),
            Step::Scheme if !self.data => StepState::Blocked(text::MISSING_DATA_FOR_SCHEME.into()),
            Step::Scheme if !self.logo => StepState::Blocked(text::MISSING_LOGO_FOR_SCHEME.into()),
            Step::Scheme => done(self.scheme && !self.unfit),
            Step::Train if self.training => StepState::Running,
            Step::Train if self.interrupted => StepState::Ready,
            Step::Train if self.trained => StepState::Done,
            Step::Train if !self.data => StepState::Blocked(text::MISSING_DATA_FOR_TRAINING.into()),
            Step::Train if !self.logo => StepState::Blocked(text::MISSING_LOGO_FOR_TRAINING.into()),
            Step::Train if !self.scheme => StepState::Blocked(text::MISSING_SCHEME_FOR_TRAINING.into()),
            Step::Train => StepState::Ready,
            Step::Prove if self.proving => StepState::Running,
            Step::Prove if self.reports => StepState::Done,
            Step::Prove if door == Door::Investigate || self.trained => StepState::Ready,
            Step::Prove => StepState::Blocked(text::MISSING_MODEL_FOR_PROOF.into()),
            Step::Reports if self.reports => StepState::Ready,
            Step::Reports => StepState::Blocked(text::MISSING_REPORTS.into()),
            Step::Barrier if self.making => StepState::Running,
            Step::Barrier => done(self.barrier),
            Step::Mark if self.marking => StepState::Running,
            Step::Check if self.checking => StepState::Running,
            Step::Mark if !self.barrier => StepState::Blocked(text::MISSING_BARRIER_FOR_MARKING.into()),
            Step::Check if !self.barrier => StepState::Blocked(text::MISSING_BARRIER_FOR_CHECKING.into()),
            Step::Mark => done(self.marked),
            Step::Check => done(self.checked),
        }
    }

    /// The step that has the next thing to do.
    pub fn next(&self, door: Door) -> Step {
        if self.interrupted && !self.training && door == Door::Protect {
            return Step::Train;
        }
        let open = |step: &&Step| matches!(self.state(door, **step), StepState::Ready | StepState::Running);
        let last = if door == Door::Images { Step::Mark } else { Step::Reports };
        Step::behind(door).iter().find(open).copied().unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_project_begins_with_data_and_says_what_the_rest_lacks() {
        let fresh = Reached::default();
        assert_eq!(fresh.next(Door::Protect), Step::Data);
        assert_eq!(fresh.state(Door::Protect, Step::Train), StepState::Blocked(text::MISSING_DATA_FOR_TRAINING.into()));
        assert_eq!(fresh.state(Door::Protect, Step::Prove), StepState::Blocked(text::MISSING_MODEL_FOR_PROOF.into()));
        assert_eq!(fresh.state(Door::Protect, Step::Reports), StepState::Blocked(text::MISSING_REPORTS.into()));
    }

    #[test]
    fn an_investigator_may_prove_at_once() {
        assert_eq!(Reached::default().next(Door::Investigate), Step::Prove);
        assert_eq!(Reached::default().state(Door::Investigate, Step::Prove), StepState::Ready);
    }

    #[test]
    fn a_stopped_training_goes_on_whatever_is_chosen() {
        let stopped = Reached { interrupted: true, ..Reached::default() };
        assert_eq!(stopped.state(Door::Protect, Step::Train), StepState::Ready);
        assert_eq!((stopped.next(Door::Protect), stopped.next(Door::Investigate)), (Step::Train, Step::Prove));
    }

    #[test]
    fn with_a_barrier_pictures_can_be_marked_and_checked_in_any_order() {
        let blocked = |reached: &Reached, step| matches!(reached.state(Door::Images, step), StepState::Blocked(_));
        let mut reached = Reached { making: true, ..Reached::default() };
        assert_eq!(reached.next(Door::Images), Step::Barrier);
        assert!(blocked(&reached, Step::Mark) && blocked(&reached, Step::Check));
        reached = Reached { barrier: true, ..Reached::default() };
        assert!(!blocked(&reached, Step::Mark) && !blocked(&reached, Step::Check));
        assert_eq!(reached.next(Door::Images), Step::Mark);
        reached.marked = true;
        assert_eq!(reached.next(Door::Images), Step::Check);
        reached.checked = true;
        assert_eq!(reached.next(Door::Images), Step::Mark);
        assert_eq!((Step::Check.door(), Step::Reports.door()), (Door::Images, Door::Protect));
    }

    #[test]
    fn the_next_step_moves_on_as_things_are_reached() {
        let mut reached = Reached { data: true, ..Reached::default() };
        assert_eq!(reached.next(Door::Protect), Step::Logo);
        reached.logo = true;
        assert_eq!(reached.next(Door::Protect), Step::Scheme);
        reached.scheme = true;
        assert_eq!(reached.next(Door::Protect), Step::Train);
        reached.unfit = true;
        assert_eq!(reached.next(Door::Protect), Step::Scheme, "a plan that cannot be trained is not done");
        reached.unfit = false;
        reached.trained = true;
        assert_eq!(reached.next(Door::Protect), Step::Prove);
    }
}
