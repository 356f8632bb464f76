//! Which display server carries the window. On Linux only X11 brings dropped files: winit 0.30 has no drag and drop on Wayland.
//!
//! `prefer_drops` therefore takes X11 where its server answers, XWayland included; `brings_drops` says whether drops will arrive.

#[cfg(target_os = "linux")]
pub use linux::{brings_drops, prefer_drops};

/// Elsewhere there is one display server, and it brings drops.
#[cfg(not(target_os = "linux"))]
pub fn prefer_drops(_options: &mut eframe::NativeOptions) {}

/// Elsewhere there is one display server, and it brings drops.
#[cfg(not(target_os = "linux"))]
pub fn brings_drops() -> bool {
    true
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixStream};
    use winit::platform::x11::EventLoopBuilderExtX11 as _;

    /// Asks for an X11 window where both kinds could be had.
    pub fn prefer_drops(options: &mut eframe::NativeOptions) {
        if has_wayland() && x_answers() {
            options.event_loop_builder = Some(Box::new(|builder| {
                builder.with_x11();
            }));
        }
    }

    /// Whether dropped files will reach the window.
    pub fn brings_drops() -> bool {
        !has_wayland() || x_answers()
    }

    fn has_wayland() -> bool {
        ["WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    /// Whether an X server on this machine takes connections: a stale DISPLAY must not keep a Wayland window from opening.
    fn x_answers() -> bool {
        let Some(path) = std::env::var("DISPLAY").ok().as_deref().and_then(socket) else { return false };
        let hidden = SocketAddr::from_abstract_name(path.as_bytes()).and_then(|address| UnixStream::connect_addr(&address));
        hidden.is_ok() || UnixStream::connect(&path).is_ok()
    }

    /// The socket of a local display (":0", ":1.0", "unix:2"); `None` for one on another machine.
    fn socket(display: &str) -> Option<String> {
        let (host, rest) = display.rsplit_once(':')?;
        let number = rest.split('.').next().filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))?;
        (host.is_empty() || host == "unix").then(|| format!("/tmp/.X11-unix/X{number}"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_local_displays_have_a_socket() {
            assert_eq!(socket(":0").as_deref(), Some("/tmp/.X11-unix/X0"));
            assert_eq!(socket("unix:12.1").as_deref(), Some("/tmp/.X11-unix/X12"));
            for other in ["", "0", ":", ":x", "far.away:10.0"] {
                assert_eq!(socket(other), None, "{other}");
            }
        }
    }
}
