//! The plan of the window: what a fresh one is, what becomes of it with another scheme, preset or data set, and that the user agreed to it.

use super::Model;
use crate::app::steps::Step;
use crate::data::{Dataset, Shape};
use crate::schemes::plan::{HostKind, Plan, Preset, SchemeSettings};
use crate::schemes::{blind, catalogue};

/// Grey pictures of 28x28 pixels: what plans are made for until a data set is chosen.
const USUAL: Shape = Shape { channels: 1, height: 28, width: 28 };

impl Model {
    pub(super) fn set_plan(&mut self, plan: Plan) {
        if plan != self.plan {
            self.plan = plan;
            self.keep();
        }
    }

    /// The plan with another scheme or preset, everything else of it at its default; owner, salt, seed and a network and width that
    /// the user chose stay.
    pub fn replanned(&self, scheme: &str, preset: Preset) -> Option<Plan> {
        self.replanned_keeping(self.own_host(), scheme, preset)
    }

    pub(super) fn replanned_keeping(&self, host: Option<HostKind>, scheme: &str, preset: Preset) -> Option<Plan> {
        let mut plan = self.usual_plan(scheme, preset)?;
        (plan.host, plan.width) = (host.unwrap_or(plan.host), self.plan.width);
        Some(plan)
    }

    fn usual_plan(&self, scheme: &str, preset: Preset) -> Option<Plan> {
        let shape = self.data().map_or(USUAL, Dataset::shape);
        let plan = catalogue::plan(scheme, preset, shape, &self.plan.owner, &self.plan.salt, self.plan.seed)?;
        Some(match self.data() {
            Some(data) => plan.sized(data.train.count()),
            None => plan,
        })
    }

    /// The network of the plan where it is another than the preset would have for the present data.
    pub(super) fn own_host(&self) -> Option<HostKind> {
        let usual = self.usual_plan(self.plan.scheme.id(), self.plan.preset)?;
        (self.plan.host != usual.host).then_some(self.plan.host)
    }

    pub(super) fn confirm_scheme(&mut self) {
        self.scheme_chosen = true;
        self.keep();
        self.go_to(Step::Train);
    }
}

/// A plan to begin with: the recommended scheme in its quick form, with fresh salt and seed.
pub(super) fn fresh_plan() -> Plan {
    let (salt, seed) = (format!("{:032x}", rand::random::<u128>()), u64::from(rand::random::<u32>()));
    let recommended = catalogue::cards().first().and_then(|card| catalogue::plan(card.id, Preset::Quick, USUAL, "", &salt, seed));
    recommended.unwrap_or_else(|| Plan {
        scheme: SchemeSettings::Blind(blind::Settings::default()),
        preset: Preset::Quick,
        host: HostKind::default(),
        width: 1.0,
        owner: String::new(),
        seed,
        salt,
        nulls: 3,
        foreign: 5,
    })
}
