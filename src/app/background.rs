//! Work beside the window: files are read and dialogs shown on threads of their own, so that no frame waits for them.
//!
//! A [`Task`] is polled once a frame; its thread calls the window's wake function when it is done or has got further.

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Asks the window to draw; must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the thread of a task shares with the window.
#[derive(Clone)]
pub struct Ticket {
    cancelled: Arc<AtomicBool>,
    permille: Arc<AtomicU32>,
    wake: Wake,
}

impl Ticket {
    /// Whether the user no longer wants the result.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Tells how far the work is, 0..1; wakes the window only when a new permille is reached.
    pub fn progress(&self, share: f32) {
        let permille = (share.clamp(0.0, 1.0) * 1000.0) as u32;
        if self.permille.swap(permille, Ordering::Relaxed) != permille {
            (self.wake)();
        }
    }
}

/// Something under way on its own thread.
pub struct Task<T> {
    /// What it is, for people ("Reading Holiday.zip").
    pub title: String,
    result: Receiver<T>,
    ticket: Ticket,
}

/// How a task stands.
pub enum Poll<T> {
    /// Still under way.
    Running,
    /// Here is its result.
    Ready(T),
    /// The thread ended without a result.
    Lost,
}

impl<T: Send + 'static> Task<T> {
    /// Starts `work` on a thread of its own.
    pub fn start(title: String, wake: &Wake, work: impl FnOnce(&Ticket) -> T + Send + 'static) -> Task<T> {
        let (sender, result) = bounded(1);
        let ticket = Ticket { cancelled: Arc::default(), permille: Arc::default(), wake: wake.clone() };
        let own = ticket.clone();
        let spawned = std::thread::Builder::new().name("countermark-reader".into()).spawn(move || {
            let wake = own.wake.clone();
            let _waker = OnDrop(wake);
            let value = work(&own);
            if sender.send(value).is_err() {
                tracing::debug!("nobody waited for a background result");
            }
            drop(sender);
        });
        if let Err(error) = spawned {
            tracing::warn!("no thread for background work: {error}");
        }
        Task { title, result, ticket }
    }

    /// Looks for the result without waiting.
    pub fn poll(&self) -> Poll<T> {
        match self.result.try_recv() {
            Ok(value) => Poll::Ready(value),
            Err(TryRecvError::Empty) => Poll::Running,
            Err(TryRecvError::Disconnected) => Poll::Lost,
        }
    }

    /// How far it is, 0..1; 0 until the work tells.
    pub fn share(&self) -> f32 {
        self.ticket.permille.load(Ordering::Relaxed) as f32 / 1000.0
    }

    /// Tells the work that its result is no longer wanted.
    pub fn cancel(&self) {
        self.ticket.cancelled.store(true, Ordering::Relaxed);
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.ticket.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Wakes the window however the thread ends, a panic included.
struct OnDrop(Wake);

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What a file dialog is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// Any one file of these endings, with their name for people; no endings means any file.
    File(&'static str, &'static [&'static str]),
    /// Any number of files of these endings.
    Files(&'static str, &'static [&'static str]),
    /// A folder.
    Folder,
    /// A place to save a file, with the name offered.
    Save(&'static str),
}

/// Nobody cancels a dialog sooner: one that ended before was never shown.
const SOONEST_CANCEL: Duration = Duration::from_millis(250);

/// What was chosen; nothing where the system could show no dialog.
fn shown(chosen: Vec<PathBuf>, took: Duration) -> Option<Vec<PathBuf>> {
    (!chosen.is_empty() || took >= SOONEST_CANCEL).then_some(chosen)
}

/// Opens the system's file dialog on a thread of its own. The result is empty when the user cancelled, and nothing where the system has no
/// dialog to show; only [`Pick::Files`] gives several.
pub fn pick(title: String, what: Pick, wake: &Wake) -> Task<Option<Vec<PathBuf>>> {
    let heading = title.clone();
    Task::start(title, wake, move |_| {
        let began = Instant::now();
        let dialog = rfd::FileDialog::new().set_title(heading);
        let chosen = match what {
            Pick::File(_, []) => Vec::from_iter(dialog.pick_file()),
            Pick::File(name, endings) => Vec::from_iter(dialog.add_filter(name, endings).pick_file()),
            Pick::Files(name, endings) => dialog.add_filter(name, endings).pick_files().unwrap_or_default(),
            Pick::Folder => Vec::from_iter(dialog.pick_folder()),
            Pick::Save(name) => Vec::from_iter(dialog.set_file_name(name).save_file()),
        };
        shown(chosen, began.elapsed())
    })
}

/// Shows a folder in the system's file manager; false where none could be started.
pub fn show(title: String, folder: PathBuf, wake: &Wake) -> Task<bool> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    Task::start(title, wake, move |_| {
        let ended = std::process::Command::new(program).arg(folder).status();
        // The one of Windows says 1 when all is well.
        ended.is_ok_and(|status| status.success() || cfg!(windows))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T: Send + 'static>(task: &Task<T>) -> Poll<T> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match task.poll() {
                Poll::Running if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
                other => return other,
            }
        }
    }

    #[test]
    fn a_result_arrives_and_the_window_is_woken() {
        let (woken, seen) = bounded(8);
        let wake: Wake = Arc::new(move || {
            let _ = woken.try_send(());
        });
        let task = Task::start("reading".into(), &wake, |_| 7);
        assert!(matches!(wait(&task), Poll::Ready(7)));
        assert!(seen.recv_timeout(Duration::from_secs(5)).is_ok());
    }

    #[test]
    fn a_dialog_that_ends_at_once_with_nothing_was_never_shown() {
        let chosen = vec![PathBuf::from("logo.png")];
        assert_eq!(shown(Vec::new(), Duration::from_millis(30)), None);
        assert_eq!(shown(Vec::new(), Duration::from_secs(2)), Some(Vec::new()), "the user cancelled");
        assert_eq!(shown(chosen.clone(), Duration::from_millis(30)), Some(chosen));
    }

    #[test]
    fn a_panic_in_the_thread_is_told_and_harms_nobody() {
        let wake: Wake = Arc::new(|| ());
        let task: Task<u8> = Task::start("reading".into(), &wake, |_| std::panic::resume_unwind(Box::new("boom")));
        assert!(matches!(wait(&task), Poll::Lost));
    }

    #[test]
    fn dropping_a_task_cancels_it() {
        let (tell, told) = bounded(1);
        let wake: Wake = Arc::new(|| ());
        let task = Task::start("reading".into(), &wake, move |ticket| {
            while !ticket.cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            tell.send(()).unwrap();
        });
        drop(task);
        assert!(told.recv_timeout(Duration::from_secs(5)).is_ok());
    }
}
