//! The tables of the image barrier's paper, made again: which barriers are trained, which thieves rob them, what becomes a row.
//!
//! Each barrier lies in a folder of its own, so that a table that was interrupted goes on, and tables share what they have in common.

use super::{Cells, Part, Table, rows};
use crate::attacks::thief::{Loss, Plan};
use crate::data::Photos;
use crate::data::logo::Logo;
use crate::data::tasks::Task;
use crate::jobs::barrier::{Made, Order, Rival, Robbed, RobbedRival, make, rivals};
use crate::jobs::error::JobError;
use crate::jobs::watch::Watch;
use crate::nn::device::Compute;
use crate::nn::surrogate::Family;
use crate::schemes::barrier::Settings;
use crate::schemes::plan::Preset;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// A table that can be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableName {
    /// How visible the mark is, and how surely it is found.
    #[serde(rename = "barrier-1")]
    Fidelity,
    /// Thieves with each kind of network.
    #[serde(rename = "barrier-2")]
    Families,
    /// Thieves with a U-Net and each loss.
    #[serde(rename = "barrier-3")]
    Losses,
    /// What is left out of the recipe, one thing at a time.
    #[serde(rename = "barrier-ablation")]
    Ablation,
    /// The hiding network does the protected network's work as well.
    #[serde(rename = "barrier-task-specific")]
    TaskSpecific,
}

/// What a table is made from.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which one.
    pub table: TableName,
    /// Where the settings come from.
    pub preset: Preset,
    /// The settings.
    pub settings: Settings,
    /// Tasks with their photographs: each gives rows of its own.
    pub tasks: Vec<(Task, Photos)>,
    /// Whose logo.
    pub logo: Logo,
    /// Each barrier is made once for each of these.
    pub seeds: Vec<u64>,
    /// Judges on the photographs kept for choosing settings.
    pub choosing: bool,
    /// Only these of the table's variants, by what [`TableName::choices`] calls them; all where none is named.
    pub only: Vec<String>,
}

/// Kinds of thieves' networks in the second stage where the preset has none.
const FAMILIES: usize = 3;

/// A barrier of a table: what is said of it in a row's name, its settings, the thieves that rob it.
struct Variant {
    name: &'static str,
    settings: Settings,
    thieves: Vec<Plan>,
}

/// Columns of marked pictures that were saved as JPEG files, one for each of [`crate::jobs::barrier::QUALITIES`].
const JPEG: [&str; 2] = ["jpeg_90", "jpeg_75"];
/// The folder of what runs have in common.
const COMMON: &str = "common";

impl Variant {
    /// The word that chooses it.
    fn choice(&self) -> &'static str {
        if self.name.is_empty() { "whole" } else { self.name }
    }
}

impl TableName {
    /// Whether its rows are variants of the recipe.
    const fn has_variants(self) -> bool {
        matches!(self, Self::Ablation | Self::TaskSpecific)
    }

    /// The words that choose its variants; none where it has no variants.
    pub fn choices(self) -> Vec<&'static str> {
        let variants = if self.has_variants() { self.variants(&Settings::default(), 0) } else { Vec::new() };
        variants.iter().map(Variant::choice).collect()
    }

    /// The word that chooses it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fidelity => "barrier-1",
            Self::Families => "barrier-2",
            Self::Losses => "barrier-3",
            Self::Ablation => "barrier-ablation",
            Self::TaskSpecific => "barrier-task-specific",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Fidelity => &[
                "psnr_db",
                "ssim",
                "nc",
                "success",
                "unmarked_success",
                "unmarked_most_nc",
                "closer_success",
                "foreign_success",
                JPEG[0],
                JPEG[1],
                "bit_accuracy",
            ],
            Self::Families | Self::Losses => {
                &["success", "success_before", "nc", "psnr_db", "innocent_success", "innocent_most_nc", "bit_accuracy"]
            }
            Self::Ablation | Self::TaskSpecific => &[
                "psnr_db",
                "nc",
                "success",
                "unmarked_success",
                "closer_success",
                "foreign_success",
                "thieves_success",
                "least_thief_success",
                "innocent_success",
            ],
        }
    }

    fn variants(self, settings: &Settings, seed: u64) -> Vec<Variant> {
        // These tables are about the second stage, also where the preset leaves it out.
        let about_thieves = !matches!(self, Self::Fidelity);
        let families = if about_thieves && settings.families == 0 { FAMILIES } else { settings.families };
        let settings = &Settings { families, ..settings.clone() };
        let thief = |i: usize, family: Family, loss: Loss| Plan::of(settings, family, loss, seed.wrapping_add(1000 + i as u64));
        let all_families = || Family::ALL.iter().enumerate().map(|(i, &family)| thief(i, family, Loss::L2)).collect::<Vec<_>>();
        let whole = |thieves: Vec<Plan>| Variant { name: "", settings: settings.clone(), thieves };
        // The two that are furthest apart: one knows where in the picture it is, one does not.
        let two = || [Family::Unet, Family::Cnet].into_iter().enumerate().map(|(i, family)| thief(30 + i, family, Loss::L2)).collect();
        let other = |name: &'static str, settings: Settings| Variant { name, settings, thieves: two() };
        match self {
            Self::Fidelity => vec![whole(Vec::new())],
            Self::Families => {
                let turned = [Family::Unet, Family::Cnet, Family::Res9].into_iter().enumerate();
                let turned = turned.map(|(i, family)| Plan { augment: true, ..thief(20 + i, family, Loss::L2) });
                vec![whole(all_families().into_iter().chain(turned).collect())]
            }
            Self::Losses => vec![whole(Loss::ALL.iter().enumerate().map(|(i, &loss)| thief(10 + i, Family::Unet, loss)).collect())],
            Self::Ablation => vec![
                whole(two()),
                other("without the clean loss", Settings { clean_weight: 0.0, adversarial_clean_weight: 0.0, ..settings.clone() }),
                other("without the consistency loss", Settings { consistency_weight: 0.0, ..settings.clone() }),
                other("without the second stage", Settings { families: 0, ..settings.clone() }),
                other("without imitation", Settings { imitation_weight: 0.0, ..settings.clone() }),
                other("without the nature loss", Settings { nature_weight: 0.0, ..settings.clone() }),
                other("without honest twins", Settings { innocents: false, ..settings.clone() }),
                other("without fine structure", Settings { revealer_fine: false, ..settings.clone() }),
                other("without turned pictures", Settings { adversarial_turned: false, ..settings.clone() }),
                other("without disturbed pictures", Settings { adversarial_disturbed: false, ..settings.clone() }),
                other("without hard photographs", Settings { adversarial_hard: false, ..settings.clone() }),
                other("without foreign pictures", Settings { adversarial_foreign: false, ..settings.clone() }),
                other(
                    "as in the paper",
                    Settings {
                        imitation_weight: 0.0,
                        nature_weight: 0.0,
                        innocents: false,
                        families: 1,
                        revealer_fine: false,
                        adversarial_turned: false,
                        adversarial_disturbed: false,
                        adversarial_hard: false,
                        adversarial_foreign: false,
                        adversarial_clean_weight: 1.0,
                        ..settings.clone()
                    },
                ),
            ],
            Self::TaskSpecific => {
                vec![whole(two()), other("one network for both", Settings { task_specific: true, ..settings.clone() })]
            }
        }
    }

    fn cells(self, task: &str, variant: &str, made: &Made) -> Cells {
        let row = [task, variant].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let figures = &made.figures;
        let share = |passes: usize, all: usize| passes as f64 / all.max(1) as f64;
        let [unmarked, closer, foreign] = figures.without_mark().map(|(passes, all)| share(passes, all));
        let own = |columns: &[(&'static str, f64)]| columns.iter().map(|&(column, value)| (row.clone(), column, value)).collect::<Cells>();
        match self {
            Self::Fidelity => {
                let mut cells = own(&[
                    ("psnr_db", figures.psnr_db),
                    ("ssim", figures.ssim),
                    ("nc", figures.nc),
                    ("success", figures.success),
                    ("unmarked_success", unmarked),
                    ("unmarked_most_nc", figures.unmarked_most_nc),
                    ("closer_success", closer),
                    ("foreign_success", foreign),
                ]);
                let saved = figures.as_jpeg.into_iter().flat_map(|shares| JPEG.into_iter().zip(shares));
                cells.extend(saved.map(|(column, share)| (row.clone(), column, share)));
                cells
            }
            Self::Families | Self::Losses => {
                let of = |robbed: &Robbed| {
                    let Plan { family, loss, augment, .. } = robbed.plan;
                    let turned = if augment { ", augmented" } else { "" };
                    let name = format!("{row}, {} {}{turned}", family.name(), loss.name());
                    let mut cells = vec![
                        ("success", robbed.success),
                        ("nc", robbed.nc),
                        ("psnr_db", robbed.psnr_db),
                        ("innocent_success", robbed.innocent.success),
                        ("innocent_most_nc", robbed.innocent.most_nc),
                    ];
                    cells.extend(robbed.success_before.map(|before| ("success_before", before)));
                    cells.into_iter().map(move |(column, value)| (name.clone(), column, value)).collect::<Cells>()
                };
                made.thieves.iter().flat_map(of).collect()
            }
            Self::Ablation | Self::TaskSpecific => {
                let robbed = || made.thieves.iter().map(|robbed| robbed.success);
                let count = made.thieves.len().max(1) as f64;
                own(&[
                    ("psnr_db", figures.psnr_db),
                    ("nc", figures.nc),
                    ("success", figures.success),
                    ("unmarked_success", unmarked),
                    ("closer_success", closer),
                    ("foreign_success", foreign),
                    ("thieves_success", robbed().sum::<f64>() / count),
                    ("least_thief_success", robbed().fold(1.0, f64::min)),
                    ("innocent_success", made.thieves.iter().map(|robbed| robbed.innocent.success).fold(0.0, f64::max)),
                ])
            }
        }
    }

    /// The thieves that rob the classical marks beside the barrier; nothing where a table has no rows for those.
    fn rivals_thieves(self, settings: &Settings, seed: u64) -> Option<Vec<Plan>> {
        match self {
            Self::Fidelity => Some(Vec::new()),
            Self::Families => Some(vec![Plan::of(settings, Family::Unet, Loss::L2, seed.wrapping_add(1040))]),
            Self::Losses | Self::Ablation | Self::TaskSpecific => None,
        }
    }

    fn rival_cells(self, task: &str, rival: &Rival) -> Cells {
        let row = format!("{task}, classical {}", rival.method.id());
        let columns = |row: String, columns: Vec<(&'static str, f64)>| {
            columns.into_iter().map(move |(column, value)| (row.clone(), column, value)).collect::<Cells>()
        };
        let Rival { marked, unmarked, .. } = rival;
        match self {
            Self::Fidelity => columns(
                row,
                vec![
                    ("psnr_db", rival.psnr_db),
                    ("ssim", rival.ssim),
                    ("success", marked.success),
                    ("unmarked_success", unmarked.success),
                    ("bit_accuracy", marked.bit_accuracy),
                ],
            ),
            _ => {
                let of = |robbed: &RobbedRival| {
                    let Plan { family, loss, .. } = robbed.plan;
                    let row = format!("{row}, {} {}", family.name(), loss.name());
                    columns(
                        row,
                        vec![("success", robbed.read.success), ("psnr_db", robbed.psnr_db), ("bit_accuracy", robbed.read.bit_accuracy)],
                    )
                };
                rival.thieves.iter().flat_map(of).collect()
            }
        }
    }

    /// What the paper says (S4, tables 1 to 3), where it says it as one number.
    fn paper(self, row: &str) -> BTreeMap<String, f64> {
        if row.contains("classical") {
            // It only says that such marks are gone in what a thief's network gives.
            let success = ("success".to_owned(), 0.0);
            return if self == Self::Families { BTreeMap::from([success]) } else { BTreeMap::new() };
        }
        let derain = row.starts_with("derain");
        let values: &[(&str, f64)] = match self {
            Self::Fidelity if derain => &[("psnr_db", 39.98), ("nc", 0.9966), ("success", 1.0)],
            Self::Fidelity if row.starts_with("suppress") => &[("psnr_db", 47.89), ("nc", 0.9999), ("success", 1.0)],
            Self::Families if row == "suppress, CNet L2" => &[("success", 0.92), ("success_before", 0.0)],
            Self::Families if row.ends_with("augmented") => &[("success", 0.0)],
            Self::Families => &[("success", 1.0), ("success_before", 0.0)],
            Self::Losses if derain => &[("success", 1.0)],
            _ => &[],
        };
        values.iter().map(|&(column, value)| (column.to_owned(), value)).collect()
    }
}

/// Makes a table in `folder`, going on with what lies there.
///
/// # Errors
/// What making a barrier gives, or a stop.
pub(super) fn table(request: &Request, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Table, JobError> {
    let began = Instant::now();
    let (mut runs, mut beside) = (Vec::new(), Vec::new());
    for (task, photos) in &request.tasks {
        for &seed in &request.seeds {
            let settings = Settings { colour: photos.train.shape.channels == 3, ..request.settings.clone() };
            let order = |settings: Settings, thieves: Vec<Plan>| Order {
                settings,
                photos: photos.clone(),
                task: *task,
                logo: request.logo.clone(),
                seed,
                choosing: request.choosing,
                thieves,
                ground: Some(folder.join(COMMON)),
            };
            let asked = |variant: &Variant| request.only.is_empty() || request.only.iter().any(|name| *name == variant.choice());
            let variants = request.table.variants(&settings, seed).into_iter().filter(asked);
            runs.extend(variants.map(|Variant { name, settings, thieves }| (name, order(settings, thieves))));
            beside.extend(request.table.rivals_thieves(&settings, seed).map(|thieves| order(settings, thieves)));
        }
    }
    let count = (runs.len() + beside.len()).max(1) as f64;
    let mut all: Cells = Vec::new();
    let mut done = 0.0;
    for (name, order) in runs {
        // With and without the second stage they are other barriers.
        let stage = if order.settings.families > 0 { "thieves" } else { "" };
        let mut part = Part { watch, from: done / count, share: 1.0 / count, began };
        let made = make(order.clone(), compute, &folder.join(named(&order, &[name, stage])), &mut part)?;
        done += 1.0;
        all.extend(request.table.cells(order.task.name(), name, &made));
    }
    for order in beside {
        let stage = if order.thieves.is_empty() { "" } else { "thieves" };
        let mut part = Part { watch, from: done / count, share: 1.0 / count, began };
        let found = rivals(&order, compute, &folder.join(named(&order, &["classical", stage])), &mut part)?;
        done += 1.0;
        all.extend(found.iter().flat_map(|rival| request.table.rival_cells(order.task.name(), rival)));
    }
    Ok(Table {
        table: request.table.name().to_owned(),
        preset: request.preset,
        seconds: began.elapsed().as_secs_f64(),
        columns: request.table.columns().iter().map(|&column| column.to_owned()).collect(),
        rows: rows(all, |row| request.table.paper(row)),
        device: compute.name.clone(),
    })
}

/// The name of a run's folder.
fn named(order: &Order, words: &[&str]) -> String {
    let words = words.iter().copied().filter(|word| !word.is_empty());
    let name = std::iter::once(order.task.name()).chain(words).collect::<Vec<_>>().join(" ").replace(' ', "-");
    format!("{name}-seed-{}", order.seed)
}
