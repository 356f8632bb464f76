//! The program itself on a screen: its window opens, draws, rests while nothing happens, and closes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod screen;

use screen::Screen;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// Ended whatever becomes of the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Processor time that it used so far, in clock ticks of 10 ms.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The name in brackets may hold spaces; user and system time are fields 14 and 15.
        let after_name = stat.rsplit_once(')').unwrap().1;
        after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
    }
}

#[test]
fn the_window_opens_draws_rests_and_closes() {
    let screen = match Screen::start() {
        Ok(screen) => screen,
        Err(why) => return println!("SKIPPED: no window was opened, because {why}."),
    };
    let home = tempfile::tempdir().unwrap();
    let mut program = Program(screen::countermark(&screen, home.path()).spawn().unwrap());
    let Some(window) = screen.window("^Countermark$", Duration::from_secs(30)) else {
        let status = program.0.try_wait().unwrap();
        panic!("no window came up; the program's state is {status:?}");
    };

    // How many colours are on the window, once it has drawn its first frames.
    let until = Instant::now() + Duration::from_secs(20);
    let mut colours = 0;
    while colours < 20 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
        let picture = home.path().join("window.png");
        let picture = picture.to_str().unwrap();
        screen.tool("import", &["-silent", "-window", &window, picture]);
        let counted = screen.tool("convert", &[picture, "-format", "%k", "info:"]);
        colours = String::from_utf8_lossy(&counted.stdout).trim().parse().unwrap_or(0);
    }
    assert!(colours >= 20, "the window shows {colours} colours");

    // Fonts, layout and the look at the devices take a moment; then an idle window must rest.
    let mut used = Vec::new();
    let resting = (0..6).any(|_| {
        let before = program.ticks();
        std::thread::sleep(Duration::from_secs(2));
        used.push(program.ticks() - before);
        used.last().is_some_and(|&ticks| ticks <= 10)
    });
    assert!(resting, "an idle window used {used:?} hundredths of a second of processor time in every 2 s");

    screen.close(&window);
    let status = program.ended(Duration::from_secs(15)).expect("the program ends when its window is closed");
    assert!(status.success(), "closing the window ended the program with {status}");
}

#[test]
fn a_training_is_saved_when_the_system_ends_the_program() {
    let screen = match Screen::start() {
        Ok(screen) => screen,
        Err(why) => return println!("SKIPPED: no window was opened, because {why}."),
    };
    let home = tempfile::tempdir().unwrap();
    let mut program = Program(screen::countermark(&screen, home.path()).spawn().unwrap());
    let window = screen.window("^Countermark$", Duration::from_secs(60)).expect("a window comes up");
    std::thread::sleep(Duration::from_secs(2));
    screen.command(&window, "Try it with the sample");
    let logo = |folder: &Path| std::fs::read_to_string(folder.join("project.json")).is_ok_and(|text| text.contains("\"logo\": \"logo-"));
    let project = found(home.path(), Duration::from_secs(60), &logo).expect("the sample project is made");
    screen.command(&window, "Start training");
    let under_way = |folder: &Path| folder.join("marked.checkpoint").is_file();
    let run = found(&project.join("runs"), Duration::from_secs(120), &under_way).expect("a checkpoint is written");

    let told = std::time::SystemTime::now();
    screen.tool("kill", &["-TERM", &program.0.id().to_string()]);
    let status = program.ended(Duration::from_secs(30)).expect("the program ends when it is told to");
    assert!(status.success(), "being told to end ended the program with {status}");
    let saved = std::fs::metadata(run.join("marked.checkpoint")).unwrap().modified().unwrap();
    assert!(saved >= told, "the last checkpoint is {:?} older than the signal", told.duration_since(saved));
    assert!(run.join("spent.json").is_file() && run.join("metrics.jsonl").is_file());
    // What the worker said last was heard. What is left so is offered again at the next start: tests/window_story.
    assert!(std::fs::read_to_string(project.join("project.json")).unwrap().contains("\"state\": \"stopped\""));
}

/// A folder at or below `from` of which `is_it` holds, as soon as there is one.
fn found(from: &Path, limit: Duration, is_it: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    fn below(folder: &Path, is_it: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
        if is_it(folder) {
            return Some(folder.to_owned());
        }
        let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_dir() && !path.is_symlink()).find_map(|path| below(&path, is_it))
    }
    let until = Instant::now() + limit;
    while Instant::now() < until {
        if let Some(folder) = below(from, is_it) {
            return Some(folder);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}
