//! How smooth the window is: the real window on the screen at hand (or on Xvfb), drawn frame after frame.
//!
//! Prints one JSON line per scene: `frame_ms` is the time from one frame to the next with nothing to wait for, `ui_ms` the part
//! of it that the window's own thread works. Run it with `cargo bench --profile dev --bench window`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/screen/mod.rs"]
mod screen;

use countermark::app::{Action, App, Pair, Step, Wanted, theme};
use countermark::data::{Picture, Shape};
use countermark::jobs::Worker;
use eframe::egui::{self, Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, TouchPhase, vec2};
use eframe::wgpu::PresentMode;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Frames of a scene that are left out, and frames that count.
const WARM_UP: usize = 20;
const FRAMES: usize = 150;
/// How long a scene may take until what it needs is there.
const PATIENCE: Duration = Duration::from_secs(300);
/// Pictures of the large grid, and their side.
const PICTURES: usize = 60_000;
const SIDE: usize = 28;
/// Side of the pair in the compare view.
const LARGE: usize = 4096;

fn main() {
    if std::env::var_os("DISPLAY").is_some() && std::env::args().any(|argument| argument == "--here") {
        return draw();
    }
    let screen = match screen::Screen::start() {
        Ok(screen) => screen,
        Err(why) => return println!("SKIPPED: {why}."),
    };
    first_frame(&screen);
    let me = std::env::current_exe().unwrap();
    let status = Command::new(me)
        .arg("--here")
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY")
        .env("XDG_RUNTIME_DIR", std::env::temp_dir())
        .status()
        .unwrap();
    assert!(status.success(), "the window ended with {status}");
}

/// From the start of the program to its window, which shows itself when the first frame is drawn.
fn first_frame(screen: &screen::Screen) {
    let mut times: Vec<f64> = (0..3)
        .map(|_| {
            let home = tempfile::tempdir().unwrap();
            let began = Instant::now();
            let mut program = screen::countermark(screen, home.path()).spawn().unwrap();
            screen.window("^Countermark$", Duration::from_secs(60)).expect("a window comes up");
            let seconds = began.elapsed().as_secs_f64();
            program.kill().unwrap();
            program.wait().unwrap();
            seconds
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{{\"scene\":\"first frame\",\"seconds\":{:.2},\"worst\":{:.2}}}", times[1], times[2]);
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scene {
    Welcome,
    Grid,
    GridScrolled,
    Compare,
    ComparePanned,
    Training,
}

const SCENES: [(Scene, &str); 6] = [
    (Scene::Welcome, "welcome screen"),
    (Scene::Grid, "a page of 60,000 thumbnails"),
    (Scene::GridScrolled, "60,000 thumbnails while scrolling"),
    (Scene::Compare, "compare view, 4096x4096"),
    (Scene::ComparePanned, "compare view, 4096x4096, while panning"),
    (Scene::Training, "training fills the cores"),
];

/// The window with a script in place of a user.
struct Script {
    app: App,
    data: PathBuf,
    at: usize,
    frame: usize,
    last: Option<Instant>,
    frames: Vec<f64>,
    work: Vec<f64>,
    moves: usize,
    since: Instant,
    told_to_train: bool,
}

fn draw() {
    let home = tempfile::tempdir().unwrap();
    let data = made_up(home.path());
    let mut options = countermark::app::options();
    options.wgpu_options.surface.present_mode = PresentMode::AutoNoVsync;
    let (settings, projects) = (home.path().join("settings"), home.path().join("projects"));
    let opened = eframe::run_native(
        "Countermark",
        options,
        Box::new(move |cc| {
            let adapter = cc.wgpu_render_state.as_ref().map(|state| state.adapter.get_info().name).unwrap_or_default();
            let cores = std::thread::available_parallelism().map_or(0, usize::from);
            println!("{}", serde_json::json!({"adapter": adapter, "cores": cores, "size": [theme::WINDOW_SIZE.x, theme::WINDOW_SIZE.y]}));
            let app = App::in_folders(cc, Box::new(Worker::start), settings, projects);
            let script = Script {
                app,
                data,
                at: 0,
                frame: 0,
                last: None,
                frames: Vec::new(),
                work: Vec::new(),
                moves: 0,
                since: Instant::now(),
                told_to_train: false,
            };
            Ok(Box::new(script))
        }),
    );
    opened.unwrap();
}

impl Script {
    fn scene(&self) -> Option<Scene> {
        SCENES.get(self.at).map(|scene| scene.0)
    }

    fn prepare(&mut self) {
        match self.scene() {
            Some(Scene::Grid) => {
                self.app.act(Action::Take(Wanted::Data, self.data.clone()));
                self.app.act(Action::GoTo(Step::Data));
            }
            Some(Scene::Compare) => self.app.act(Action::Compare(Pair::new(picture(0), "Cover", picture(2), "Key"))),
            Some(Scene::Training) => self.app.act(Action::TrySample),
            _ => {}
        }
        self.since = Instant::now();
    }

    /// The training begins as soon as its logo is there, which is prepared beside the window.
    fn train_when_possible(&mut self) {
        let model = self.app.model();
        if self.scene() == Some(Scene::Training) && !self.told_to_train && model.data().is_some() && model.material.logo.is_some() {
            self.told_to_train = true;
            self.app.act(Action::Train);
        }
    }

    /// Whether what the scene needs has been read.
    fn is_ready(&self) -> bool {
        let count = self.app.model().data().map_or(0, |set| set.train.count());
        match self.scene() {
            Some(Scene::Grid | Scene::GridScrolled) => count == PICTURES,
            Some(Scene::Compare | Scene::ComparePanned) => self.app.shows_pair(),
            // Its pictures come with the first look at the model: from then on all that a training shows is drawn.
            Some(Scene::Training) => {
                self.app.model().compare.is_none()
                    && self.app.model().board.training().is_some()
                    && self.app.model().training.preview.is_some()
            }
            Some(Scene::Welcome) | None => true,
        }
    }

    fn finish(&mut self, ctx: &egui::Context) {
        let figures = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            let at = |share: f64| (values[(share * (values.len() - 1) as f64) as usize] * 100.0).round() / 100.0;
            serde_json::json!({"median": at(0.5), "p95": at(0.95), "p99": at(0.99), "worst": at(1.0)})
        };
        let (frames, work) = (figures(&mut self.frames), figures(&mut self.work));
        println!("{}", serde_json::json!({"scene": SCENES[self.at].1, "frames": FRAMES, "frame_ms": frames, "ui_ms": work}));
        (self.frames, self.work, self.frame) = (Vec::new(), Vec::new(), 0);
        if self.scene() == Some(Scene::ComparePanned) {
            self.app.act(Action::RemoveData);
        }
        self.at += 1;
        self.prepare();
        if self.scene().is_none() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }
}

impl eframe::App for Script {
    fn raw_input_hook(&mut self, _: &egui::Context, input: &mut egui::RawInput) {
        let middle = (theme::WINDOW_SIZE / 2.0).to_pos2();
        self.moves += 1;
        match self.scene() {
            Some(Scene::GridScrolled) => {
                input.events.push(Event::PointerMoved(middle));
                input.events.push(Event::MouseWheel {
                    unit: MouseWheelUnit::Point,
                    delta: vec2(0.0, -60.0),
                    phase: TouchPhase::Move,
                    source: MouseWheelSource::Unknown,
                    modifiers: Modifiers::NONE,
                });
            }
            Some(Scene::ComparePanned) => {
                let place = middle + vec2(80.0 * (self.moves as f32 * 0.1).sin(), 0.0);
                input.events.push(Event::PointerMoved(place));
                if self.frame == 0 {
                    let modifiers = Modifiers::NONE;
                    input.events.push(Event::PointerButton { pos: place, button: PointerButton::Primary, pressed: true, modifiers });
                }
            }
            // The pair of the scene before is closed as a user closes it.
            Some(Scene::Training) if self.app.model().compare.is_some() => input.events.push(Event::Key {
                key: Key::Escape,
                physical_key: None,
                pressed: true,
                repeat: false,
                modifiers: Modifiers::NONE,
            }),
            _ => {}
        }
    }

    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let now = Instant::now();
        self.train_when_possible();
        if self.frame == 0 && self.since.elapsed() > PATIENCE {
            let scene = self.scene().map(|_| SCENES[self.at].1);
            panic!("what the scene {scene:?} needs did not come within {PATIENCE:?}");
        }
        if self.scene().is_some() && self.is_ready() {
            self.frame += 1;
            if self.frame > WARM_UP {
                self.frames.extend(self.last.map(|last| (now - last).as_secs_f64() * 1000.0));
                self.work.extend(frame.info().cpu_usage.map(|seconds| f64::from(seconds) * 1000.0));
            }
        }
        self.last = Some(now);
        self.app.ui(ui, frame);
        if self.frames.len() == FRAMES {
            self.finish(ui.ctx());
        }
        ui.ctx().request_repaint();
    }

    fn on_exit(&mut self) {
        self.app.on_exit();
    }
}

fn picture(shift: usize) -> Picture {
    let shape = Shape { channels: 3, height: LARGE, width: LARGE };
    let planes = (0..shape.len()).map(|i| ((i % LARGE) * 7 + (i / LARGE) * 3 + shift * (i % 5)) as u8).collect();
    Picture { shape, planes }
}

/// A data set of made-up pictures in idx files, as large as MNIST.
fn made_up(home: &Path) -> PathBuf {
    let folder = home.join("pictures");
    std::fs::create_dir(&folder).unwrap();
    let header = |kind: u8, sizes: &[usize]| {
        let mut bytes = vec![0, 0, 8, kind];
        sizes.iter().for_each(|&size| bytes.extend((size as u32).to_be_bytes()));
        bytes
    };
    for (part, count) in [("train", PICTURES), ("t10k", PICTURES / 6)] {
        let mut pictures = header(3, &[count, SIDE, SIDE]);
        pictures.extend((0..count * SIDE * SIDE).map(|i| ((i % SIDE) * (i / SIDE % SIDE) * (3 + i / SIDE / SIDE % 11) / 8) as u8));
        let mut labels = header(1, &[count]);
        labels.extend((0..count).map(|i| (i % 10) as u8));
        std::fs::write(folder.join(format!("{part}-images-idx3-ubyte")), pictures).unwrap();
        std::fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
    folder
}
