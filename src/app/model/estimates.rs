//! How long plans and barriers take on this machine: asked of the worker by and by while nothing else runs, and remembered.

use super::{Model, Step};
use crate::app::board::Purpose;
use crate::app::text;
use crate::data::tasks;
use crate::jobs::{Command, JobId};
use crate::schemes::barrier::Settings;
use crate::schemes::catalogue;
use crate::schemes::plan::Plan;
use std::time::{Duration, Instant};

/// How long a plan must stay as it is before it is timed.
const SETTLED: Duration = Duration::from_millis(400);
/// Plans that are remembered.
const REMEMBERED: usize = 32;

/// What is known about the time that a plan takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Estimate {
    /// Not measured.
    Unknown,
    /// Trial steps are under way.
    Asked,
    /// Seconds for the whole plan with its controls.
    Seconds(f64),
    /// It cannot be trained: why, a sentence.
    Refused(String),
}

/// What takes the time, without what changes none, and the digest of its data.
#[derive(Debug, Clone, PartialEq)]
enum Work {
    Plan(Plan, String),
    Barrier { settings: Settings, task: tasks::Task, thieves: bool, photographs: String },
}

/// The times of plans.
#[derive(Default)]
pub struct Estimates {
    known: Vec<(Work, Estimate)>,
    asked: Option<(JobId, Work)>,
    settling: Option<(Work, Instant)>,
}

impl Estimates {
    fn forget(&mut self, work: &Work) {
        self.known.retain(|(known, _)| known != work);
    }

    fn learn(&mut self, work: Work, estimate: Estimate) {
        self.forget(&work);
        if self.known.len() == REMEMBERED {
            self.known.remove(0);
        }
        self.known.push((work, estimate));
    }
}

impl Model {
    fn work(&self, plan: &Plan) -> Option<Work> {
        let digest = self.material.data.as_ref()?.digest.clone();
        Some(Work::Plan(Plan { owner: String::new(), salt: String::new(), seed: 0, ..plan.clone() }, digest))
    }

    /// The barrier that would be made now; nothing while something is missing for it.
    fn barrier_work(&self) -> Option<Work> {
        let images = &self.images;
        let (chosen, None) = (images.photographs.as_ref()?, self.missing_for_barrier()) else { return None };
        let photographs = chosen.photos.digest.clone();
        Some(Work::Barrier { settings: images.settings.clone(), task: images.task, thieves: images.thieves, photographs })
    }

    /// What is known about the time that a plan takes with the present data.
    pub fn estimate_of(&self, plan: &Plan) -> Estimate {
        self.work(plan).map_or(Estimate::Unknown, |work| self.estimate_for(&work))
    }

    /// What is known about the time that the barrier takes that would be made now.
    pub fn estimate_of_barrier(&self) -> Estimate {
        self.barrier_work().map_or(Estimate::Unknown, |work| self.estimate_for(&work))
    }

    fn estimate_for(&self, work: &Work) -> Estimate {
        if self.estimates.asked.as_ref().is_some_and(|(_, asked)| asked == work) {
            return Estimate::Asked;
        }
        self.estimates.known.iter().find(|(known, _)| known == work).map_or(Estimate::Unknown, |(_, estimate)| estimate.clone())
    }

    /// The plan that choosing a scheme's card would give: the present one for the chosen card.
    pub fn plan_of(&self, scheme: &str) -> Option<Plan> {
        if self.plan.scheme.id() == scheme { Some(self.plan.clone()) } else { self.replanned(scheme, self.plan.preset) }
    }

    /// Asks for the next time that a panel would show, when nothing else runs. Gives when to look again, if there is one to wait for.
    pub(super) fn poll_estimates(&mut self) -> Option<Duration> {
        let (work, plan) = self.next_estimate()?;
        match &self.estimates.settling {
            Some((settling, since)) if *settling == work => {
                let left = SETTLED.saturating_sub(since.elapsed());
                if !left.is_zero() {
                    return Some(left);
                }
                match plan {
                    Some(plan) => self.ask_time(&plan, work),
                    None => self.ask_barrier_time(work),
                }
                None
            }
            _ => {
                self.estimates.settling = Some((work, Instant::now()));
                Some(SETTLED)
            }
        }
    }

    /// What is timed next, with its plan where it is one.
    fn next_estimate(&self) -> Option<(Work, Option<Plan>)> {
        if !self.board.jobs().is_empty() || self.worker.is_none() {
            return None;
        }
        let unknown = |work: &Work| self.estimate_for(work) == Estimate::Unknown;
        if self.step == Step::Barrier {
            return self.barrier_work().filter(unknown).map(|work| (work, None));
        }
        self.material.logo.as_ref()?;
        let others = catalogue::cards().iter().filter(|card| card.id != self.plan.scheme.id()).filter_map(|card| self.plan_of(card.id));
        let shown: Vec<Plan> = match self.step {
            Step::Scheme => std::iter::once(self.plan.clone()).chain(others).collect(),
            Step::Train => std::iter::once(self.plan.clone()).chain(self.waiting()).collect(),
            _ => Vec::new(),
        };
        let timed = |plan: Plan| Some((self.work(&plan).filter(unknown)?, Some(plan)));
        shown.into_iter().find_map(timed)
    }

    fn ask_time(&mut self, plan: &Plan, work: Work) {
        let (Some(dataset), Some(logo)) = (self.material.data.clone(), self.material.logo.as_ref().map(|choice| choice.logo.clone()))
        else {
            return;
        };
        let job = self.board.add(Purpose::Estimate, text::ESTIMATING.into());
        let mut plan = Box::new(plan.clone());
        if plan.owner.trim().is_empty() {
            // The time does not depend on the name, but no plan goes without one.
            plan.owner = text::SAMPLE_OWNER.into();
        }
        self.estimates.asked = Some((job, work));
        self.send(Command::Estimate { job, plan, dataset, logo });
    }

    fn ask_barrier_time(&mut self, work: Work) {
        // Nothing that is drawn from a seed takes more or less time than with another.
        let Some(order) = self.barrier_order(0) else { return };
        let job = self.board.add(Purpose::Estimate, text::ESTIMATING.into());
        self.estimates.asked = Some((job, work));
        self.send(Command::EstimateBarrier { job, order: Box::new(order) });
    }

    /// Measures the present plan again.
    pub(super) fn estimate_again(&mut self) {
        let work = if self.step == Step::Barrier { self.barrier_work() } else { self.work(&self.plan) };
        if let Some(work) = work {
            self.estimates.forget(&work);
        }
    }

    /// What the worker answered; an answer that nobody waits for any more is passed over.
    pub(super) fn estimated(&mut self, job: JobId, answer: Estimate) {
        if let Some((_, work)) = self.estimates.asked.take_if(|(asked, _)| *asked == job) {
            match answer {
                Estimate::Unknown => self.estimates.forget(&work),
                known => self.estimates.learn(work, known),
            }
        }
    }

    /// Takes trial steps out of the way of a real job.
    pub(super) fn drop_estimate(&mut self) {
        if let Some((job, _)) = self.estimates.asked.take() {
            self.send(Command::Stop(job));
        }
    }
}
