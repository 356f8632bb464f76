//! A screen of its own for a window: Xvfb on a display number that it picks itself, ended with the value.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A running Xvfb.
pub struct Screen {
    server: Child,
    /// What DISPLAY must be to draw on it.
    pub display: String,
}

impl Screen {
    /// Starts one of 1280x800 pixels, or says which program is missing.
    pub fn start() -> Result<Screen, String> {
        if let Some(missing) = ["Xvfb", "xdotool", "import", "convert"].into_iter().find(|program| !is_there(program)) {
            return Err(format!("{missing} is not installed (apt-get install xvfb xdotool imagemagick)"));
        }
        let arguments = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
        let mut server = Command::new("Xvfb").args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        if number.trim().is_empty() {
            let _ = server.kill();
            let _ = server.wait();
            return Err("Xvfb could not open a display".to_owned());
        }
        Ok(Screen { server, display: format!(":{}", number.trim()) })
    }

    /// Runs a program on this screen and waits for it.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program).args(arguments).env("DISPLAY", &self.display).output().unwrap()
    }

    /// Does what the command palette finds for these words, by real keys.
    pub fn command(&self, window: &str, words: &str) {
        let pause = || std::thread::sleep(Duration::from_millis(700));
        self.tool("xdotool", &["windowfocus", "--sync", window, "key", "ctrl+k"]);
        pause();
        self.tool("xdotool", &["type", "--delay", "30", words]);
        pause();
        self.tool("xdotool", &["key", "Return"]);
        pause();
    }

    /// Closes a window as its cross would: by a message, since without a window manager nothing else does.
    pub fn close(&self, window: &str) {
        use x11rb::connection::Connection as _;
        use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask};
        let (connection, _) = x11rb::connect(Some(&self.display)).unwrap();
        let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let (protocols, delete) = (atom("WM_PROTOCOLS"), atom("WM_DELETE_WINDOW"));
        let window: u32 = window.parse().unwrap();
        let message = ClientMessageEvent::new(32, window, protocols, [delete, x11rb::CURRENT_TIME, 0, 0, 0]);
        connection.send_event(false, window, EventMask::NO_EVENT, message).unwrap().check().unwrap();
        connection.flush().unwrap();
    }

    /// The X number of the visible window named `name`, as soon as there is one.
    pub fn window(&self, name: &str, limit: Duration) -> Option<String> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            let found = self.tool("xdotool", &["search", "--onlyvisible", "--name", name]);
            if let Some(id) = String::from_utf8_lossy(&found.stdout).lines().next() {
                return Some(id.to_owned());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn is_there(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The program on this screen with nothing to do, its settings and projects in `home`.
pub fn countermark(screen: &Screen, home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countermark"));
    command.env("DISPLAY", &screen.display).env_remove("WAYLAND_DISPLAY").env("HOME", home).current_dir(home);
    for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache"), ("XDG_RUNTIME_DIR", "")] {
        command.env(name, home.join(folder));
    }
    command
}
