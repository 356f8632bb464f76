//! The worker thread: takes commands, does one job at a time, reports, and survives whatever goes wrong in a job.

use super::barrier;
use super::barrier::{Found, Handled, Marked};
use super::classical;
use super::error::{JobError, is_the_cards};
use super::heap;
use super::lanes::Gate;
use super::messages::{BarrierPreview, Command, Event, JobId, Means, MetricPoint, Outcome, Phase, Preview, Slots};
use super::pace::Paces;
use super::reproduce;
use super::suited::suited;
use super::train;
use super::watch::{Flow, Watch};
use crate::data::hex;
use crate::forensics::ask::{Suspect, verify};
use crate::forensics::report::Report;
use crate::nn::device::Compute;
use crate::nn::fault;
use crate::vault::files::read_limited;
use crate::vault::package::{LARGEST_PACKAGE, Package};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, unbounded};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events that may wait unread.
const MOST_EVENTS: usize = 4096;
/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Called after each event, so that an idle window draws.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The caller's end of the worker: commands down, events back, heavy state in slots. Dropping it asks the worker to quit.
#[derive(Debug)]
pub struct Worker {
    /// Where commands go. Sending never blocks.
    pub commands: Sender<Command>,
    /// Where events come from; bounded, so read it often.
    pub events: Receiver<Event>,
    /// Latest-value slots.
    pub slots: Slots,
}

impl Worker {
    /// Starts the worker thread on the best device of this machine. `wake` must not block.
    pub fn start(wake: Wake) -> Worker {
        Self::start_on(wake, Compute::best)
    }

    /// Starts the worker thread on the device that `choose` gives; it is called on the worker thread.
    pub fn start_on(wake: Wake, choose: impl FnOnce() -> Compute + Send + 'static) -> Worker {
        let (commands, inbox) = unbounded();
        let (outbox, events) = bounded(MOST_EVENTS);
        let slots = Slots::default();
        let thread = Thread {
            inbox,
            outbox,
            wake,
            slots: slots.clone(),
            queue: VecDeque::new(),
            paces: Paces::default(),
            device: String::new(),
            card_failed: false,
            quit: false,
        };
        let spawned = std::thread::Builder::new().name("worker".to_owned()).spawn(move || thread.live(choose));
        if let Err(error) = spawned {
            tracing::error!("the worker thread could not be started: {error}");
        }
        Worker { commands, events, slots }
    }
}

struct Thread {
    inbox: Receiver<Command>,
    outbox: Sender<Event>,
    wake: Wake,
    slots: Slots,
    queue: VecDeque<Command>,
    paces: Paces,
    /// The device that was told last, in words.
    device: String,
    /// Whether the graphics card gave up in the last job.
    card_failed: bool,
    quit: bool,
}

impl Thread {
    fn live(mut self, choose: impl FnOnce() -> Compute) {
        fault::listen();
        let mut compute = catch_unwind(AssertUnwindSafe(choose)).unwrap_or_else(|_| Compute::cpu());
        self.tell_device(&compute.name);
        while !self.quit {
            let next = match self.queue.pop_front() {
                Some(command) => command,
                None => match self.inbox.recv() {
                    Ok(command) => command,
                    Err(_) => return,
                },
            };
            match next {
                Command::Device(choice) => self.compute_on(Compute::choose(choice).unwrap_or_else(|_| compute.clone()), &mut compute),
                next => self.obey(next, &compute),
            }
            if std::mem::take(&mut self.card_failed) {
                self.compute_on(Compute::cpu(), &mut compute);
            }
        }
    }

    fn compute_on(&mut self, chosen: Compute, compute: &mut Compute) {
        self.tell_device(&chosen.name);
        *compute = chosen;
    }

    fn tell_device(&mut self, name: &str) {
        name.clone_into(&mut self.device);
        self.tell(Event::Device(self.device.clone()));
    }

    /// Sends an event. A full channel drops progress and points, never what a caller must know.
    fn tell(&self, event: Event) {
        let dispensable = matches!(event, Event::Progress { .. } | Event::Metric { .. });
        match self.outbox.try_send(event) {
            Err(TrySendError::Full(event)) if !dispensable => {
                let _ = self.outbox.send(event);
            }
            _ => {}
        }
        (self.wake)();
    }

    fn obey(&mut self, command: Command, compute: &Compute) {
        // A training may have been given another device than this one.
        let on_this = command.job().is_some() && !matches!(command, Command::Train { .. } | Command::Estimate { .. });
        if on_this && self.device != compute.name {
            self.tell_device(&compute.name);
        }
        match command {
            Command::Quit => self.quit = true,
            Command::Pause(_) | Command::Resume(_) | Command::Device(_) => {}
            Command::Stop(job) => self.drop_queued(job),
            Command::Train { job, plan, dataset, logo, folder } => {
                let mut paces = std::mem::take(&mut self.paces);
                self.perform(job, |watch| {
                    let (task, compute) = suited(*plan, dataset, logo, compute, &mut paces, watch)?;
                    watch.device(&compute.name);
                    let trained = train::train(&task, &compute, &folder, &mut paces, watch)?;
                    Ok(Event::Done { job, outcome: Outcome::Trained(trained) })
                });
                self.paces = paces;
            }
            Command::Estimate { job, plan, dataset, logo } => {
                let mut paces = std::mem::take(&mut self.paces);
                self.perform(job, |watch| {
                    let (task, compute) = suited(*plan, dataset, logo, compute, &mut paces, watch)?;
                    watch.device(&compute.name);
                    Ok(Event::Estimated { job, seconds: train::estimate(&task, &compute, &mut paces, watch)? })
                });
                self.paces = paces;
            }
            Command::EstimateBarrier { job, order } => {
                self.perform(job, |watch| Ok(Event::Estimated { job, seconds: barrier::estimate(&order, compute, watch)? }));
            }
            Command::MakeBarrier { job, order, folder } => self.perform(job, |watch| {
                let made = barrier::make(*order, compute, &folder, watch)?;
                Ok(Event::Done { job, outcome: Outcome::Barrier(Box::new(made)) })
            }),
            Command::Mark { job, by, files, folder } => self.perform(job, |watch| {
                let outcome = match by {
                    Means::Barrier(file) => Outcome::Marked(barrier::mark(&file, &files, &folder, compute, watch)?),
                    Means::Classical(by) => Outcome::Hidden(classical::mark(&by, &files, &folder, watch)?),
                };
                Ok(Event::Done { job, outcome })
            }),
            Command::Reveal { job, by, files, folder } => self.perform(job, |watch| {
                let outcome = match by {
                    Means::Barrier(file) => Outcome::Revealed(barrier::reveal(&file, &files, folder.as_deref(), compute, watch)?),
                    Means::Classical(by) => Outcome::Read(classical::read(&by, &files, watch)?),
                };
                Ok(Event::Done { job, outcome })
            }),
            Command::Reproduce { job, request, folder } => self.perform(job, |watch| {
                let table = reproduce::reproduce(&request, compute, &folder, watch)?;
                Ok(Event::Done { job, outcome: Outcome::Table(Box::new(table)) })
            }),
            Command::Verify { job, key, suspect, nonce } => {
                let slots = self.slots.clone();
                self.perform(job, |watch| {
                    ask(&key, &suspect, nonce, compute, &slots, watch).map(|()| Event::Done { job, outcome: Outcome::Verified })
                });
            }
        }
    }

    /// Does one job; errors and panics become events and the worker lives on.
    fn perform(&mut self, job: JobId, work: impl FnOnce(&mut dyn Watch) -> Result<Event, JobError>) {
        fault::heard();
        self.tell(Event::Started(job));
        let result = {
            let mut watch = JobWatch { thread: self, job, told: None, stop: false, gate: Arc::default() };
            catch_unwind(AssertUnwindSafe(|| work(&mut watch)))
        };
        heap::give_back();
        let (error, details) = match result {
            Ok(Ok(event)) => return self.tell(event),
            Ok(Err(error)) if error.kind() == "cancelled" => return self.tell(Event::Stopped(job)),
            Ok(Err(error)) => {
                let details = format!("{error:?}");
                (error, details)
            }
            Err(panic) => {
                let text = panic_text(&*panic);
                (JobError::of_panic(text.clone()), text)
            }
        };
        let error = error.seen_with(fault::heard());
        self.card_failed = is_the_cards(error.kind());
        self.tell(Event::Failed { job, kind: error.kind(), message: error.to_string(), details });
    }

    fn drop_queued(&mut self, job: JobId) {
        let before = self.queue.len();
        self.queue.retain(|command| command.job() != Some(job));
        if self.queue.len() < before {
            self.tell(Event::Stopped(job));
        }
    }
}

pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "an unknown fault".to_owned())
}

fn ask(key: &Path, suspect: &Path, nonce: Option<u64>, compute: &Compute, slots: &Slots, watch: &mut dyn Watch) -> Result<(), JobError> {
    watch.progress(Phase::Prepare, 0.0, None);
    let package = Package::open(key)?;
    let package_digest = hex(&Sha256::digest(read_limited(key, LARGEST_PACKAGE)?));
    let bytes = read_limited(suspect, crate::nn::weights::LARGEST_FILE)?;
    let name = suspect.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let began = Instant::now();
    let mut progress = |share: f64| {
        let left = (share > 0.05).then(|| began.elapsed().as_secs_f64() * (1.0 - share) / share);
        watch.progress(Phase::Verify, share, left);
        watch.flow() == Flow::Continue
    };
    let nonce = nonce.unwrap_or_else(drawn);
    let report = verify(&package, Suspect { name: &name, bytes: &bytes }, nonce, &compute.device, &mut progress)?;
    slots.put_report(Report { package_digest, ..report });
    Ok(())
}

/// A number that nobody could foresee when the model was trained; below 2^53, so that every reader of JSON keeps it whole.
fn drawn() -> u64 {
    use rand::Rng;
    rand::rng().next_u64() >> 11
}

struct JobWatch<'a> {
    thread: &'a mut Thread,
    job: JobId,
    told: Option<Instant>,
    stop: bool,
    gate: Arc<Gate>,
}

impl JobWatch<'_> {
    fn take(&mut self, command: Command, held: &mut bool) {
        match command {
            Command::Stop(job) if job == self.job => self.stop = true,
            Command::Stop(job) => self.thread.drop_queued(job),
            Command::Pause(job) if job == self.job && !*held => {
                *held = true;
                self.gate.hold(true);
                self.thread.tell(Event::Paused(job));
            }
            Command::Resume(job) if job == self.job && *held => {
                *held = false;
                self.gate.hold(false);
                self.thread.tell(Event::Resumed(job));
            }
            Command::Pause(_) | Command::Resume(_) => {}
            Command::Quit => {
                self.stop = true;
                self.thread.quit = true;
            }
            queued => self.thread.queue.push_back(queued),
        }
    }
}

impl Watch for JobWatch<'_> {
    fn progress(&mut self, phase: Phase, share: f64, seconds_left: Option<f64>) {
        if self.told.is_none_or(|told| told.elapsed() > PROGRESS_EVERY) {
            self.told = Some(Instant::now());
            self.thread.tell(Event::Progress { job: self.job, phase, share, seconds_left });
        }
    }

    fn metric(&mut self, point: MetricPoint) {
        self.thread.tell(Event::Metric { job: self.job, point });
    }

    fn device(&mut self, name: &str) {
        if self.thread.device != name {
            self.thread.tell_device(name);
        }
    }

    fn preview(&mut self, preview: Preview) {
        self.thread.slots.put_preview(preview);
        (self.thread.wake)();
    }

    fn barrier_preview(&mut self, preview: BarrierPreview) {
        self.thread.slots.put_barrier(preview);
        (self.thread.wake)();
    }

    fn looks(&self) -> bool {
        self.thread.slots.is_looked_at()
    }

    fn marked(&mut self, marked: &Handled<Marked>) {
        if self.looks() {
            self.thread.slots.add_marked(marked.clone());
            (self.thread.wake)();
        }
    }

    fn found(&mut self, found: &Handled<Found>) {
        if self.looks() {
            self.thread.slots.add_found(found.clone());
            (self.thread.wake)();
        }
    }

    fn warning(&mut self, text: String) {
        self.thread.tell(Event::Warning { job: self.job, text });
    }

    fn flow(&mut self) -> Flow {
        let mut held = false;
        loop {
            let command = match held && !self.stop {
                true => self.thread.inbox.recv().map_err(|_| true),
                false => self.thread.inbox.try_recv().map_err(|e| e.is_disconnected()),
            };
            match command {
                Ok(command) => self.take(command, &mut held),
                // The caller is gone: write a checkpoint and end.
                Err(true) => {
                    (self.stop, self.thread.quit) = (true, true);
                    break;
                }
                Err(false) => break,
            }
        }
        if self.stop { Flow::Stop } else { Flow::Continue }
    }

    fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }
}
