//! The tables of the papers, made again: what is trained for each, what becomes a row. A table that was interrupted goes on with what lies in its
//! folder, and tables share what they have in common.

pub mod barrier;
pub mod classifiers;
pub mod plot;

use super::error::JobError;
use super::messages::{MetricPoint, Phase, Preview};
use super::watch::{Flow, Watch};
use crate::metrics::mean_sd;
use crate::nn::device::Compute;
use crate::schemes::plan::Preset;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// What a table is made from.
#[derive(Debug, Clone)]
pub enum Request {
    /// A table of the image barrier.
    Barrier(barrier::Request),
    /// A table of marks in classifiers.
    Classifiers(classifiers::Request),
}

/// A figure over seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the sample; 0 for one seed.
    pub sd: f64,
    /// Seeds.
    pub n: usize,
    /// The value of each, so that a table of further seeds can be added to this one.
    pub each: Vec<f64>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// What was measured, by column.
    pub values: BTreeMap<String, Figure>,
    /// What the paper says, by column.
    pub paper: BTreeMap<String, f64>,
}

/// A table beside the paper's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Which one.
    pub table: String,
    /// Where the settings come from.
    pub preset: Preset,
    /// Seconds that this took, without what earlier sessions did.
    pub seconds: f64,
    /// Columns, in the order of reading.
    pub columns: Vec<String>,
    /// Rows, in the order of reading.
    pub rows: Vec<Row>,
    /// Device in words.
    pub device: String,
}

/// Figures of one seed: row, column, value.
type Cells = Vec<(String, &'static str, f64)>;

/// Makes a table in `folder`, going on with what lies there.
///
/// # Errors
/// What training gives, or a stop.
pub fn reproduce(request: &Request, compute: &Compute, folder: &Path, watch: &mut dyn Watch) -> Result<Table, JobError> {
    match request {
        Request::Barrier(request) => barrier::table(request, compute, folder, watch),
        Request::Classifiers(request) => classifiers::table(request, compute, folder, watch),
    }
}

/// Rows over all seeds, in the order in which they first came.
fn rows(all: Cells, paper: impl Fn(&str) -> BTreeMap<String, f64>) -> Vec<Row> {
    let mut cells: Vec<(String, &'static str, Vec<f64>)> = Vec::new();
    for (row, column, value) in all {
        match cells.iter_mut().find(|(known, at, _)| *known == row && *at == column) {
            Some((_, _, values)) => values.push(value),
            None => cells.push((row, column, vec![value])),
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for (name, column, values) in cells {
        let Some((mean, sd)) = mean_sd(&values) else { continue };
        let figure = Figure { mean, sd, n: values.len(), each: values };
        let place = rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            rows.push(Row { paper: paper(&name), name, values: BTreeMap::new() });
            rows.len() - 1
        });
        rows[place].values.insert(column.to_owned(), figure);
    }
    rows
}

/// Tells the share of one part as a share of the whole table.
struct Part<'a> {
    watch: &'a mut dyn Watch,
    from: f64,
    share: f64,
    began: Instant,
}

impl Watch for Part<'_> {
    fn progress(&mut self, phase: Phase, share: f64, _: Option<f64>) {
        let whole = self.from + self.share * share;
        let left = (whole > 0.01).then(|| self.began.elapsed().as_secs_f64() * (1.0 - whole) / whole);
        self.watch.progress(phase, whole, left);
    }

    fn metric(&mut self, point: MetricPoint) {
        self.watch.metric(point);
    }

    fn preview(&mut self, preview: Preview) {
        self.watch.preview(preview);
    }

    fn warning(&mut self, text: String) {
        self.watch.warning(text);
    }

    fn flow(&mut self) -> Flow {
        self.watch.flow()
    }
}
