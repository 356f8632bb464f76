//! The reports of the project: kept, read again, shown, exported, deleted.

use super::super::{Model, Step, sheet, work};
use super::Keeper;
use crate::app::action::Wanted;
use crate::app::background::{Poll, Task, Ticket};
use crate::app::text;
use crate::forensics::report::{Report, Verdict};
use crate::project::{Item, ReportRef};
use crate::vault::files::{read_limited, write_atomic};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The file of a report in its folder.
const REPORT: &str = "report.json";
/// Largest report that is read, bytes.
const LARGEST_REPORT: u64 = 64 << 20;

/// A report, or why it cannot be read.
pub type ReadReport = Result<Arc<Report>, String>;

/// A report of the project as the list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptReport {
    /// Its id in the project.
    pub id: String,
    /// The suspect's file name.
    pub name: String,
    /// Its conclusion.
    pub verdict: Verdict,
    /// When it was made, for people.
    pub made: String,
}

impl Keeper {
    /// The reports of the project, the latest first.
    pub fn reports(&self) -> Vec<KeptReport> {
        let made = |text: &str| text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), local_time);
        let kept = |r: &ReportRef| KeptReport { id: r.id.clone(), name: r.name.clone(), verdict: r.verdict, made: made(&r.made) };
        self.project.as_ref().map(|project| project.document().reports.iter().rev().map(kept).collect()).unwrap_or_default()
    }

    /// A kept report, or why it cannot be read; nothing before it was fetched.
    pub fn report(&self, id: &str) -> Option<ReadReport> {
        self.read.get(id).cloned()
    }
}

/// A report as its folder has it.
fn read_report(folder: &Path) -> Result<Report, String> {
    let path = folder.join(REPORT);
    let bytes = read_limited(&path, LARGEST_REPORT).map_err(|error| error.to_string())?;
    let mut report: Report = serde_json::from_slice(&bytes).map_err(|error| text::cannot_open(&path, &error.to_string()))?;
    report.questions = sheet::read(folder)?;
    Ok(report)
}

fn local_time(time: jiff::Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

impl Model {
    /// Deletes a report; can be undone.
    pub(in crate::app::model) fn delete_report(&mut self, id: &str) {
        // The files of a report that is still being written cannot be put aside yet; it takes no longer than a blink.
        let until = Instant::now() + work::QUIT_PATIENCE;
        while !self.keeper.writing.is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
            self.poll_reports();
        }
        self.remove_item(Some(Item::Report(id.to_owned())));
    }

    /// Keeps a report in the project; its files are written in the background.
    pub(in crate::app::model) fn keep_report(&mut self, report: &Arc<Report>) {
        let name = self.project_name();
        let saved = self.keeper.change(&name, |project| {
            let id = project.add_report(&report.suspect, report.verdict, &report.made)?;
            let folder = project.report_folder(&id);
            Ok((id, folder))
        });
        let Some((id, folder)) = self.tell(saved) else { return };
        self.keeper.read.insert(id, Ok(report.clone()));
        let report = report.clone();
        let write = move |_: &_| {
            let json = serde_json::to_vec_pretty(&*report).map_err(|error| text::save_failed(&error.to_string()))?;
            // The report comes last: where it lies, its pictures lie too.
            sheet::write(&report, &folder).map_err(|error| text::save_failed(&error.to_string()))?;
            write_atomic(&folder.join(REPORT), &json).map_err(|error| text::save_failed(&error.to_string()))?;
            Ok(None)
        };
        self.write_in_background(write);
    }

    /// Reads a kept report in the background, unless it was read before.
    pub(in crate::app::model) fn fetch_report(&mut self, id: &str) {
        if matches!(self.keeper.read.get(id), Some(Ok(_))) || self.keeper.reading.iter().any(|(known, _)| known == id) {
            return;
        }
        let Some(folder) = self.keeper.project.as_ref().map(|project| project.report_folder(id)) else { return };
        let task = Task::start(text::READING.into(), &self.wake, move |_| read_report(&folder).map(Arc::new));
        self.keeper.reading.push((id.to_owned(), task));
    }

    /// Takes in reports that were read, and says what was written or could not be.
    pub(in crate::app::model) fn poll_reports(&mut self) {
        let mut said = Vec::new();
        self.keeper.writing.retain(|task| match task.poll() {
            Poll::Running => true,
            Poll::Ready(answer) => {
                said.push(answer);
                false
            }
            Poll::Lost => {
                said.push(Err(text::save_failed(text::READING_LOST)));
                false
            }
        });
        for answer in said {
            match answer {
                Ok(Some(path)) => self.notices.good(text::exported(&path)),
                Ok(None) => {}
                Err(reason) => self.fail(reason, None),
            }
        }
        let Keeper { reading, read, .. } = &mut self.keeper;
        reading.retain(|(id, task)| match task.poll() {
            Poll::Running => true,
            Poll::Ready(answer) => {
                read.insert(id.clone(), answer);
                false
            }
            Poll::Lost => {
                read.insert(id.clone(), Err(text::READING_LOST.into()));
                false
            }
        });
        let opened = self.keeper.opening.as_ref().and_then(|id| self.keeper.report(id));
        if let Some(answer) = opened {
            self.keeper.opening = None;
            match answer {
                Ok(report) => {
                    self.proof.report = Some(report);
                    self.step = Step::Prove;
                    self.bring_forward = true;
                }
                Err(reason) => self.fail(reason, None),
            }
        }
    }

    /// Shows a kept report as soon as it is read.
    pub(in crate::app::model) fn open_report(&mut self, id: String) {
        if matches!(self.keeper.read.get(&id), Some(Err(_))) {
            self.keeper.read.remove(&id);
        }
        self.fetch_report(&id);
        self.keeper.opening = Some(id);
    }

    /// Asks where to write a kept report.
    pub(in crate::app::model) fn browse_export(&mut self, id: String) {
        self.keeper.exporting = Some(id);
        self.asking = Some(Wanted::Export);
    }

    /// Writes the kept report that was asked for to `path`, in the background.
    pub(in crate::app::model) fn export_report(&mut self, path: PathBuf) {
        let Some(id) = self.keeper.exporting.take() else { return };
        let Some(folder) = self.keeper.project.as_ref().map(|project| project.report_folder(&id)) else { return };
        let known = self.keeper.report(&id).and_then(Result::ok);
        let write = move |_: &_| {
            let report = known.map_or_else(|| read_report(&folder).map(Arc::new), Ok)?;
            let json = serde_json::to_vec_pretty(&*report).map_err(|error| error.to_string())?;
            write_atomic(&path, &json).map_err(|error| error.to_string())?;
            Ok(Some(path))
        };
        self.write_in_background(write);
    }

    /// Writes a file in the background. It gives the path that the user chose, or nothing where nobody asked for the file.
    pub(in crate::app::model) fn write_in_background(
        &mut self,
        write: impl FnOnce(&Ticket) -> Result<Option<PathBuf>, String> + Send + 'static,
    ) {
        self.keeper.writing.push(Task::start(text::REPORT_WRITING.into(), &self.wake, write));
    }
}
