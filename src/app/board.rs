//! The job board: what the worker has been asked to do, what it said about it, and the log of it all.

use crate::jobs::{Event, JobId, Phase};
use std::path::PathBuf;

/// What a job is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// A training whose files go to this folder.
    Train(PathBuf),
    /// A verification of this suspect.
    Verify {
        /// The key package.
        key: PathBuf,
        /// The suspect.
        suspect: PathBuf,
    },
    /// Making an image barrier in this folder.
    Barrier(PathBuf),
    /// Marking picture files.
    Mark,
    /// Looking into picture files.
    Reveal,
    /// A few trial steps to tell the time that a plan takes.
    Estimate,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Behind another.
    Waiting,
    /// Under way.
    Running,
    /// The worker was asked to hold it.
    Pausing,
    /// Held.
    Paused,
    /// The worker was asked to end it.
    Stopping,
}

/// One job that is not over.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What it is for.
    pub purpose: Purpose,
    /// What it is called in the bottom bar.
    pub title: String,
    /// How it stands.
    pub standing: Standing,
    /// What is under way inside it.
    pub phase: Option<Phase>,
    /// Share done, 0..1.
    pub share: f64,
    /// Seconds left as the worker last said.
    pub seconds_left: Option<f64>,
}

/// One line of the log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Local time of day.
    pub time: String,
    /// What happened.
    pub text: String,
}

/// Lines kept in the log; older ones go first.
const LOG_LINES: usize = 2_000;

/// All jobs that are not over, in the order in which the worker takes them.
#[derive(Debug, Default)]
pub struct Board {
    jobs: Vec<Job>,
    last: u64,
    log: std::collections::VecDeque<LogLine>,
}

impl Board {
    /// Notes a new job and gives it its number.
    pub fn add(&mut self, purpose: Purpose, title: String) -> JobId {
        self.last += 1;
        let id = JobId(self.last);
        let job = Job { id, purpose, title, standing: Standing::Waiting, phase: None, share: 0.0, seconds_left: None };
        self.jobs.push(job);
        id
    }

    /// All jobs that are not over.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The job with this number, unless it is over.
    pub fn get(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// The job that the bottom bar shows: the one under way, else the first one waiting. Trial steps are not shown.
    pub fn current(&self) -> Option<&Job> {
        let shown = || self.jobs.iter().filter(|job| job.purpose != Purpose::Estimate);
        shown().find(|job| job.standing != Standing::Waiting).or_else(|| shown().next())
    }

    /// The training that is not over, if any.
    pub fn training(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| matches!(job.purpose, Purpose::Train(_)))
    }

    /// The verification that is not over, if any.
    pub fn proving(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| matches!(job.purpose, Purpose::Verify { .. }))
    }

    /// The making of a barrier that is not over, if any.
    pub fn making(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| matches!(job.purpose, Purpose::Barrier(_)))
    }

    /// The marking of pictures that is not over, if any.
    pub fn marking(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| job.purpose == Purpose::Mark)
    }

    /// The looking into pictures that is not over, if any.
    pub fn checking(&self) -> Option<&Job> {
        self.jobs.iter().find(|job| job.purpose == Purpose::Reveal)
    }

    /// Notes what the worker was asked about a job.
    pub fn asked(&mut self, id: JobId, standing: Standing) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) {
            job.standing = standing;
        }
    }

    /// Takes in what the worker says. The answer is the job that is over now, if it is.
    pub fn on_event(&mut self, event: &Event) -> Option<Job> {
        match event {
            Event::Started(id) | Event::Resumed(id) => self.asked(*id, Standing::Running),
            Event::Paused(id) => self.asked(*id, Standing::Paused),
            Event::Progress { job, phase, share, seconds_left } => {
                if let Some(job) = self.jobs.iter_mut().find(|known| known.id == *job) {
                    job.phase = Some(*phase);
                    // A new guess of the whole may be larger; what is done stays done.
                    job.share = share.clamp(job.share, 1.0);
                    job.seconds_left = *seconds_left;
                    if job.standing == Standing::Waiting {
                        job.standing = Standing::Running;
                    }
                }
            }
            Event::Stopped(id) | Event::Estimated { job: id, .. } | Event::Done { job: id, .. } | Event::Failed { job: id, .. } => {
                let place = self.jobs.iter().position(|job| job.id == *id)?;
                return Some(self.jobs.remove(place));
            }
            Event::Device(_) | Event::Metric { .. } | Event::Warning { .. } => {}
        }
        None
    }

    /// Writes a line into the log.
    pub fn note(&mut self, text: String) {
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { time: jiff::Zoned::now().strftime("%H:%M:%S").to_string(), text });
    }

    /// The log, oldest line first.
    pub fn log(&self) -> &std::collections::VecDeque<LogLine> {
        &self.log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_waits_runs_is_held_and_ends() {
        let mut board = Board::default();
        let first = board.add(Purpose::Train(PathBuf::from("run")), "Training".into());
        let second = board.add(Purpose::Estimate, "Timing".into());
        assert_eq!(board.current().unwrap().id, first);
        board.on_event(&Event::Started(first));
        board.on_event(&Event::Progress { job: first, phase: Phase::Marked, share: 1.5, seconds_left: Some(3.0) });
        assert_eq!(board.get(first).unwrap().share, 1.0);
        board.asked(first, Standing::Pausing);
        board.on_event(&Event::Paused(first));
        assert_eq!(board.training().unwrap().standing, Standing::Paused);
        let over = board.on_event(&Event::Stopped(first)).unwrap();
        assert_eq!(over.id, first);
        assert!(board.current().is_none(), "trial steps are not shown");
        assert!(board.on_event(&Event::Estimated { job: second, seconds: 2.0 }).is_some());
        assert!(board.jobs().is_empty());
    }

    #[test]
    fn events_of_unknown_jobs_change_nothing() {
        let mut board = Board::default();
        board.on_event(&Event::Started(JobId(9)));
        assert!(board.on_event(&Event::Stopped(JobId(9))).is_none());
    }

    #[test]
    fn the_log_forgets_its_oldest_lines() {
        let mut board = Board::default();
        (0..LOG_LINES + 5).for_each(|i| board.note(i.to_string()));
        assert_eq!(board.log().len(), LOG_LINES);
        assert_eq!(board.log()[0].text, "5");
    }
}
