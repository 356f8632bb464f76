//! What a run's folder remembers of all its sessions: how long they worked, and the points of their curves.
//!
//! `spent.json` holds the seconds. `metrics.jsonl` grows by one line for each point; a line that was cut off by a crash is passed over, and
//! a session that begins at an earlier step takes the later points back.

use super::checkpoint::RunFolder;
use super::lanes::Gate;
use super::messages::{BarrierPreview, MetricPoint, Phase, Preview};
use super::watch::{Flow, Watch};
use crate::vault::files::{read_limited, write_private};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SPENT: &str = "spent.json";
const METRICS: &str = "metrics.jsonl";
/// How often the seconds are written down: what a crash may forget of them.
const KEEP_EVERY: Duration = Duration::from_secs(2);
/// Largest file of points that is read, bytes: about a million points.
const MOST_METRICS: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Spent {
    seconds: f64,
}

/// A watch that writes down what it passes on.
pub struct Record<'a> {
    watch: &'a mut dyn Watch,
    folder: &'a RunFolder,
    metrics: Option<File>,
    before: f64,
    began: Instant,
    held: Duration,
    kept: Instant,
}

impl<'a> Record<'a> {
    /// Goes on with what the folder remembers. A record that cannot be written is no reason to stop a training.
    pub fn open(folder: &'a RunFolder, watch: &'a mut dyn Watch) -> Self {
        let spent = read_limited(&folder.file(SPENT), 1 << 16).ok().and_then(|bytes| serde_json::from_slice::<Spent>(&bytes).ok());
        let metrics = lines_after(&folder.file(METRICS)).inspect_err(|e| tracing::warn!("the points of the curves are not kept: {e}")).ok();
        let before = spent.map_or(0.0, |spent| spent.seconds).max(0.0);
        Self { watch, folder, metrics, before, began: Instant::now(), held: Duration::ZERO, kept: Instant::now() }
    }

    /// Seconds that all sessions worked; those that the run was held do not count.
    pub fn seconds(&self) -> f64 {
        self.before + self.began.elapsed().saturating_sub(self.held).as_secs_f64()
    }

    /// Writes the seconds down.
    pub fn keep(&mut self) {
        self.kept = Instant::now();
        let written = serde_json::to_vec(&Spent { seconds: self.seconds() }).map(|text| write_private(&self.folder.file(SPENT), &text));
        if let Ok(Err(error)) = written {
            tracing::warn!("the time that the training took is not kept: {error}");
        }
    }
}

/// The file at its end, behind a whole line.
fn lines_after(path: &Path) -> std::io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// The points that the sessions of the run in `folder` left, in the order they were measured; none where there are none.
pub fn curves(folder: &Path) -> Vec<MetricPoint> {
    let Ok(bytes) = read_limited(&folder.join(METRICS), MOST_METRICS) else { return Vec::new() };
    bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

impl Watch for Record<'_> {
    fn progress(&mut self, phase: Phase, share: f64, seconds_left: Option<f64>) {
        self.watch.progress(phase, share, seconds_left);
    }

    fn metric(&mut self, point: MetricPoint) {
        if let (Some(file), Ok(mut line)) = (&mut self.metrics, serde_json::to_vec(&point)) {
            line.push(b'\n');
            if let Err(error) = file.write_all(&line) {
                tracing::warn!("the points of the curves are no longer kept: {error}");
                self.metrics = None;
            }
        }
        self.watch.metric(point);
    }

    fn preview(&mut self, preview: Preview) {
        self.watch.preview(preview);
    }

    fn barrier_preview(&mut self, preview: BarrierPreview) {
        self.watch.barrier_preview(preview);
    }

    fn looks(&self) -> bool {
        self.watch.looks()
    }

    fn warning(&mut self, text: String) {
        self.watch.warning(text);
    }

    fn flow(&mut self) -> Flow {
        let asked = Instant::now();
        if asked.duration_since(self.kept) > KEEP_EVERY {
            self.keep();
        }
        let asked = Instant::now();
        let flow = self.watch.flow();
        self.held += asked.elapsed();
        flow
    }

    fn gate(&self) -> Arc<Gate> {
        self.watch.gate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::watch::Holds;

    fn point(step: u64) -> MetricPoint {
        MetricPoint { step, name: "host_loss".into(), value: 0.5 }
    }

    #[test]
    fn the_seconds_of_all_sessions_add_up_without_those_that_it_was_held() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path());
        let mut watch = Holds(Duration::from_millis(400));
        std::fs::write(home.path().join(SPENT), br#"{"seconds":100.0}"#).unwrap();
        let mut record = Record::open(&folder, &mut watch);
        record.flow();
        let first = record.seconds();
        assert!((100.0..100.3).contains(&first), "{first}");
        record.keep();
        let second = Record::open(&folder, &mut watch).seconds();
        assert!(second >= first && second < 100.4, "{second}");
        for damaged in ["", "{", r#"{"seconds":"x"}"#, r#"{"seconds":-5}"#] {
            std::fs::write(home.path().join(SPENT), damaged).unwrap();
            assert!(Record::open(&folder, &mut watch).seconds() < 1.0, "{damaged}");
        }
    }

    #[test]
    fn points_are_kept_line_by_line_and_a_torn_line_costs_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(home.path());
        let mut watch = Holds(Duration::ZERO);
        assert_eq!(curves(home.path()), []);
        let mut record = Record::open(&folder, &mut watch);
        (1..4).for_each(|step| record.metric(point(step)));
        record.metric(MetricPoint { value: f64::NAN, ..point(4) });
        let path = home.path().join(METRICS);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [whole.as_slice(), br#"{"step":5,"na"#].concat()).unwrap();
        Record::open(&folder, &mut watch).metric(point(6));
        let steps: Vec<u64> = curves(home.path()).iter().map(|point| point.step).collect();
        assert_eq!(steps, [1, 2, 3, 6]);
    }
}
