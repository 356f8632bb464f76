//! Which device a training gets where nobody chose one: a graphics card is told several hundred small things in each step, which takes it
//! longer than a CPU needs for all the work of a small network.

use super::error::JobError;
use super::pace::Paces;
use super::stages;
use super::train::task;
use super::watch::Watch;
use crate::data::Dataset;
use crate::data::logo::Logo;
use crate::nn::device::Compute;
use crate::schemes::plan::Plan;
use crate::schemes::{self, Task};

/// Seconds that a card needs for a step however small the networks are: docs/BENCHMARKS.md, graphics card, the jobs quick and lenet5.
const CARD_STEP: f64 = 0.04;

/// The task on the device that suits it, and that device: the card, unless it was not asked for and a step takes the CPU less time than
/// it takes the card to be told what to do.
///
/// # Errors
/// A plan that does not fit, or a stop.
pub fn suited(
    plan: Plan,
    dataset: Dataset,
    logo: Logo,
    compute: &Compute,
    paces: &mut Paces,
    watch: &mut dyn Watch,
) -> Result<(Task, Compute), JobError> {
    let on_card = task(plan, dataset, logo, compute);
    // Only these hosts are small, and a trial of the others would take the CPU long.
    if compute.is_cpu || compute.asked_for || !on_card.plan.host.is_lenet() {
        return Ok((on_card, compute.clone()));
    }
    schemes::check(&on_card)?;
    let cpu = Compute::cpu();
    let on_cpu = Task { device: cpu.device.clone(), ..on_card.clone() };
    let pace = paces.of(&on_cpu, &cpu, stages::count(&on_cpu), watch)?;
    Ok(if pace.groundwork.max(pace.marked).max(pace.plain) < CARD_STEP { (on_cpu, cpu) } else { (on_card, compute.clone()) })
}
