//! `countermark barrier`: an image barrier from photographs.

use super::demo::{changed, peak_rss_mb, sample_logo, word};
use super::follow::{follow, worker};
use super::{End, Failure};
use crate::attacks::thief::Kind;
use crate::data::logo::{Logo, LogoOptions};
use crate::data::tasks::Task;
use crate::data::{pairs, photos};
use crate::jobs::barrier::{Made, Order, QUALITIES, standing_thieves};
use crate::jobs::{Command, JobId, Outcome};
use crate::nn::device::DeviceChoice;
use crate::schemes::barrier::Settings;
use crate::schemes::plan::Preset;
use crate::schemes::settings::Settings as _;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// How a barrier is made.
#[derive(Debug, Args)]
pub struct Options {
    /// A folder or zip archive of photographs to learn from.
    photographs: PathBuf,
    /// The logo (PNG, JPEG, WebP or SVG). Without it a sample logo is taken.
    #[arg(long)]
    logo: Option<PathBuf>,
    /// Where the barrier goes; a run that was stopped there is continued.
    #[arg(long)]
    out: PathBuf,
    /// What the protected network is said to do: derain, denoise, enlarge, suppress, edges, or pairs for your own (folders input and
    /// output with pictures of the same names). Strengths follow a colon: derain:density=4,strength=0.3.
    #[arg(long, default_value = "derain", value_parser = Task::parse)]
    task: Task,
    /// quick, standard or paper.
    #[arg(long, default_value = "quick", value_parser = word::<Preset>)]
    preset: Preset,
    /// Change a setting, as NAME=VALUE; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Seed of all choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A VGG-16 or VGG-19 of your own for the perceptual loss (perceptual_weight above 0), with torchvision's names: a .safetensors file.
    #[arg(long, value_name = "FILE")]
    vgg: Option<PathBuf>,
    /// Try thieves' networks of every kind on the finished barrier: takes longer than making it.
    #[arg(long)]
    thieves: bool,
    /// Try this thief on the finished barrier: cnet, res9, res16 or unet, a colon, l1, l1+adv, l2, l2+adv, perceptual or perceptual+adv,
    /// and :augmented if he mirrors, turns, crops and resizes what he learns from. May be given several times.
    #[arg(long = "thief", value_name = "KIND:LOSS", value_parser = Kind::parse)]
    kinds: Vec<Kind>,
    /// Judge on the photographs kept for choosing settings, not on those kept for the last word.
    #[arg(long)]
    choosing: bool,
    /// What computes: auto, cpu, gpu or software.
    #[arg(long, default_value = "auto", value_parser = word::<DeviceChoice>)]
    device: DeviceChoice,
}

pub fn internal() -> Failure {
    Failure::new("internal", "The worker gave another answer than was asked for.")
}

/// A preset's settings with the changes that were asked for.
pub fn settings(preset: Preset, changes: &[String]) -> Result<Settings, Failure> {
    changes.iter().try_fold(Settings::preset(preset), |settings, change| {
        let (name, value) = changed(change)?;
        settings.with(name, value).map_err(|e| Failure::new("plan", e))
    })
}

pub fn make(options: &Options, json: bool) -> Result<End, Failure> {
    let mut settings = settings(options.preset, &options.settings)?;
    if let Some(vgg) = &options.vgg {
        settings.vgg = vgg.display().to_string();
    }
    let read = if matches!(options.task, Task::Pairs(_)) { pairs } else { photos };
    let photos = read(&options.photographs, settings.side, settings.channels(), &mut |_| true)?;
    photos.problems.iter().for_each(|problem| tell!("- {}: {}", problem.file.display(), problem.reason));
    if options.choosing && photos.validation.is_empty() {
        return Err(Failure::new("plan", "None of the folders is called “validation”, so no photographs are kept for choosing settings."));
    }
    let logo = match &options.logo {
        Some(path) => Logo::open(path, &LogoOptions::default())?,
        None => sample_logo(0)?,
    };
    let mut thieves = if options.thieves { standing_thieves(&settings, options.seed) } else { Vec::new() };
    thieves.extend((2000..).zip(&options.kinds).map(|(i, kind)| kind.plan(&settings, options.seed.wrapping_add(i))));
    let (planned, pictures) = (json!(settings), photos.train.count());
    let order = Order { settings, photos, task: options.task, logo, seed: options.seed, choosing: options.choosing, thieves, ground: None };
    let command = Command::MakeBarrier { job: JobId(1), order: Box::new(order), folder: options.out.clone() };
    let followed = follow(&worker(options.device)?, command)?;
    let Outcome::Barrier(made) = followed.outcome else { return Err(internal()) };
    let reached = made.figures.success >= 1.0 && made.figures.wrong_passes() == 0;
    if json {
        let mut value = serde_json::to_value(&made).map_err(|e| Failure::new("internal", e))?;
        value["settings"] = planned;
        value["seed"] = json!(options.seed);
        value["photographs"] = json!(pictures);
        value["peak_rss_mb"] = json!(peak_rss_mb());
        value["version"] = json!(env!("CARGO_PKG_VERSION"));
        say!("{value}");
    } else {
        tell(&made);
    }
    Ok(if reached { End::Reached } else { End::NotReached })
}

fn tell(made: &Made) {
    let figures = &made.figures;
    say!("Image barrier (keep it secret): {}", made.file.display());
    say!(
        "On {} photographs that it never saw: {:.1} dB, SSIM {:.3}; the logo was found in {:.1}% of the marked ones (correlation {:.3}), in {} of {} unmarked ones, in {} of {} of those seen closer and in {} of {} made-up pictures.",
        figures.pictures,
        figures.psnr_db,
        figures.ssim,
        100.0 * figures.success,
        figures.nc,
        figures.unmarked_passes,
        figures.unmarked,
        figures.closer_passes,
        figures.closer,
        figures.foreign_passes,
        figures.foreign
    );
    if let Some(shares) = figures.as_jpeg {
        let each = QUALITIES.into_iter().zip(shares).map(|(quality, share)| format!("{:.1}% at quality {quality}", 100.0 * share));
        say!("Saved as JPEG files the marked ones show it in {}.", each.collect::<Vec<_>>().join(", "));
    }
    for thief in &made.thieves {
        say!(
            "A thief's {} ({}, {} steps, {:.1} dB): the logo was found in {:.1}% of what it gives (correlation {:.3}); \
             in what its honest twin gives, in {:.1}%, where it should be 0.",
            thief.plan.family.name(),
            thief.plan.loss.name(),
            thief.plan.steps,
            thief.psnr_db,
            100.0 * thief.success,
            thief.nc,
            100.0 * thief.innocent.success
        );
    }
    say!("Made in {:.0} s on {}.", made.seconds, made.device);
}
