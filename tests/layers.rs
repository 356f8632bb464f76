//! The walls of the house (docs/ARCHITECTURE.md): reads every line of src/ and fails with file and line where an arrow runs up,
//! where egui or burn stand in the wrong room, where schemes know each other, where a colour or size is not in the theme, or where
//! the window says something that does not stand in its texts.
//!
//! It reads text, not types: comments and strings are blanked, then names are looked for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The rooms, from the ground up; a room may use those of lower floors, and its neighbours without circles.
const FLOORS: [&[&str]; 6] =
    [&["data", "metrics"], &["vault", "nn"], &["schemes"], &["forensics", "attacks"], &["jobs", "project"], &["app", "cli"]];
/// Rooms that never see a tensor.
const NO_BURN: [&str; 5] = ["app", "data", "metrics", "vault", "project"];
/// The files of `schemes` that may name every scheme.
const KNOW_ALL_SCHEMES: [&str; 4] = ["mod", "plan", "catalogue", "settings"];
/// Calls whose numbers are sizes on the screen.
const SIZED: [&str; 24] = [
    "Stroke::new",
    "FontId::new",
    "FontId::proportional",
    "FontId::monospace",
    ".size",
    ".add_space",
    "Margin::same",
    "Margin::symmetric",
    "CornerRadius::same",
    "vec2",
    "pos2",
    ".set_min_width",
    ".set_max_width",
    ".set_width",
    ".set_min_height",
    ".set_max_height",
    ".set_height",
    ".desired_width",
    ".max_width",
    ".max_height",
    ".inner_margin",
    ".corner_radius",
    ".exact_width",
    ".exact_height",
];
/// Names of egui's colours that say "nothing" and "as it is" instead of a colour.
const NOT_A_COLOUR: [&str; 3] = ["TRANSPARENT", "PLACEHOLDER", "WHITE"];

/// What stands before a string of the window that no user reads: faults for standard error, and errors, whose sentence is theirs.
const NOT_READ: [&str; 5] = ["tracing::error!(", "tracing::warn!(", "tracing::info!(", "tracing::debug!(", "#[error("];

/// Files of `app` that exist in tests only, which stands where they are declared.
const TESTS_ONLY: [&str; 1] = ["app/widgets/gallery.rs"];

/// One source file: its path below src with `/`, its text without comments and strings, and its strings with their places in it.
struct Source {
    path: String,
    code: String,
    strings: Vec<(usize, String)>,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let (code, strings) = blank(text);
        Source { path: path.to_owned(), code, strings }
    }

    fn room(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The module inside `schemes` that this file belongs to.
    fn scheme(&self) -> Option<&str> {
        Some(self.path.strip_prefix("schemes/")?.split('/').next()?.trim_end_matches(".rs"))
    }

    /// How many `super::` lead from this file to the crate.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    fn at(&self, offset: usize, what: &str) -> String {
        let line = self.code[..offset].matches('\n').count() + 1;
        format!("src/{}:{line}: {what}", self.path)
    }

    /// Where the part for tests begins.
    fn tests_begin(&self) -> usize {
        if self.path.ends_with("tests.rs") {
            0
        } else {
            ["#[cfg(test)]", "#![cfg(test)]"].iter().filter_map(|mark| self.code.find(mark)).min().unwrap_or(self.code.len())
        }
    }
}

/// The text with comments, strings and characters blanked, and the strings; lines keep their numbers.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let mut out = String::with_capacity(text.len());
    let mut strings = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut i = 0;
    let starts = |i: usize, s: &str| s.chars().enumerate().all(|(k, c)| chars.get(i + k) == Some(&c));
    let hide = |c: char| if c == '\n' { '\n' } else { ' ' };
    while i < chars.len() {
        let from = i;
        if starts(i, "//") {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if starts(i, "/*") {
            while i < chars.len() && !starts(i, "*/") {
                i += 1;
            }
            i += 2;
        } else if chars[i] == 'r' && (starts(i + 1, "\"") || starts(i + 1, "#\"")) && (i == 0 || !is_word(chars[i - 1])) {
            let end = if chars[i + 1] == '#' { "\"#" } else { "\"" };
            i += 1 + end.len();
            while i < chars.len() && !starts(i, end) {
                i += 1;
            }
            i += end.len();
        } else if chars[i] == '"' {
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                i += if chars[i] == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if chars[i] == '\'' && (chars.get(i + 1) == Some(&'\\') || chars.get(i + 2) == Some(&'\'')) {
            i += if chars[i + 1] == '\\' { 3 } else { 2 };
            while i < chars.len() && chars[i - 1] != '\'' && chars[i] != '\'' {
                i += 1;
            }
            i += usize::from(chars[i - 1] != '\'');
        } else {
            out.push(chars[i]);
            i += 1;
            continue;
        }
        i = i.min(chars.len());
        if matches!(chars[from], '"' | 'r') {
            strings.push((out.len(), chars[from..i].iter().collect()));
        }
        out.extend(chars[from..i].iter().map(|&c| hide(c)));
    }
    (out, strings)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Offsets at which `name` stands with no word character before it.
fn places<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(name).map(|(at, _)| at).filter(move |&at| !name.starts_with(is_word) || !code[..at].ends_with(is_word))
}

fn word(code: &str) -> &str {
    &code[..code.find(|c| !is_word(c)).unwrap_or(code.len())]
}

/// The first names of what follows `crate::`: one, or all of a group in braces.
fn heads(after: &str) -> Vec<(usize, &str)> {
    if !after.starts_with('{') {
        return vec![(0, word(after))];
    }
    let (mut depth, mut fresh, mut found) = (0, false, Vec::new());
    for (at, c) in after.char_indices() {
        match c {
            '{' => (depth, fresh) = (depth + 1, depth == 0),
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' => fresh = depth == 1,
            c if is_word(c) && fresh => {
                found.push((at, word(&after[at..])));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Every room that a file names, with where.
fn arrows(source: &Source) -> Vec<(usize, &str)> {
    let code = source.code.as_str();
    let mut found = Vec::new();
    for root in ["crate::", "countermark::"] {
        for at in places(code, root) {
            let after = at + root.len();
            found.extend(heads(&code[after..]).into_iter().map(|(offset, name)| (after + offset, name)));
        }
    }
    for at in places(code, "super::").filter(|&at| !code[..at].ends_with("super::")) {
        let after = code[at..].trim_start_matches("super::");
        let (start, supers) = (code.len() - after.len(), (code[at..].len() - after.len()) / "super::".len());
        if supers >= source.depth() {
            found.extend(heads(after).into_iter().map(|(offset, name)| (start + offset, name)));
        }
    }
    found.retain(|(_, name)| floor(name).is_some() && *name != source.room());
    found
}

fn arrows_up(source: &Source) -> Vec<String> {
    let Some(mine) = floor(source.room()) else { return Vec::new() };
    let wrong = arrows(source).into_iter().filter(|(_, room)| floor(room) > Some(mine) || (source.room(), *room) == ("vault", "nn"));
    wrong.map(|(at, room)| source.at(at, &format!("{} must not know {room}", source.room()))).collect()
}

/// Rooms of one floor that know each other, directly or over others.
fn circles(sources: &[Source]) -> Vec<String> {
    let mut knows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        knows.entry(source.room()).or_default().extend(arrows(source).into_iter().map(|(_, room)| room));
    }
    let reaches = |from: &str, to: &str| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(room) = open.pop() {
            for next in knows.get(room).into_iter().flatten() {
                if *next == to {
                    return true;
                }
                if seen.insert(*next) {
                    open.push(next);
                }
            }
        }
        false
    };
    knows.keys().filter(|room| reaches(room, room)).map(|room| format!("{room} knows a room that knows {room}")).collect()
}

fn strangers(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    let code = source.code.as_str();
    if !["app", "main"].contains(&source.room()) {
        wrong.extend(["egui", "eframe"].iter().flat_map(|name| places(code, name)).map(|at| source.at(at, "egui belongs into app")));
    }
    if NO_BURN.contains(&source.room()) {
        let burn = ["burn::", "burn_", "Tensor"].iter().flat_map(|name| places(code, name));
        let burn = burn.filter(|&at| !code[at..].starts_with("Tensor") || word(&code[at..]) == "Tensor");
        wrong.extend(burn.map(|at| source.at(at, &format!("{} never sees a tensor", source.room()))));
    }
    wrong
}

/// Schemes are the modules of `schemes` that declare hyper-parameters.
fn schemes_apart(sources: &[Source]) -> Vec<String> {
    let schemes: BTreeSet<&str> = (sources.iter())
        .filter(|s| s.code.contains("settings! {") && !s.scheme().is_some_and(|name| KNOW_ALL_SCHEMES.contains(&name)))
        .filter_map(Source::scheme)
        .collect();
    let mut wrong = Vec::new();
    for source in sources {
        let Some(mine) = source.scheme().filter(|mine| !KNOW_ALL_SCHEMES.contains(mine)) else { continue };
        for other in schemes.iter().filter(|other| **other != mine) {
            for path in ["schemes::", "super::"] {
                let found = places(&source.code, path).flat_map(|at| {
                    let after = at + path.len();
                    heads(&source.code[after..]).into_iter().map(move |(offset, name)| (after + offset, name))
                });
                let found = found.filter(|(_, name)| name == other);
                wrong.extend(found.map(|(at, _)| source.at(at, &format!("the scheme {mine} must not know {other}"))));
            }
        }
    }
    wrong
}

fn literals(source: &Source) -> Vec<String> {
    if source.room() != "app" || source.path == "app/theme.rs" {
        return Vec::new();
    }
    let code = &source.code[..source.tests_begin()];
    let mut wrong = Vec::new();
    for at in places(code, "Color32::") {
        let after = &code[at + "Color32::".len()..];
        let name = word(after);
        let constant = name.starts_with(char::is_uppercase) && !NOT_A_COLOUR.contains(&name);
        if constant || name.starts_with("from_") && numbers(&after[name.len()..]).next().is_some() {
            wrong.push(source.at(at, "colours belong into app/theme.rs"));
        }
    }
    for call in SIZED {
        for at in places(code, call) {
            let plain = |n: f64| n == 0.0 || call.ends_with('2') && (n == 0.5 || n == 1.0);
            if numbers(&code[at + call.len()..]).any(|n| !plain(n)) {
                wrong.push(source.at(at, "sizes belong into app/theme.rs"));
            }
        }
    }
    wrong
}

/// Sentences of the window outside its texts: strings of three words or more.
fn sentences(source: &Source) -> Vec<String> {
    if source.room() != "app" || source.path.starts_with("app/text/") || TESTS_ONLY.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let until = source.tests_begin();
    let is_read = |at: usize| !NOT_READ.iter().any(|before| source.code[..at].trim_end().ends_with(before));
    let found = source.strings.iter().filter(|(at, text)| *at < until && words(text) >= 3 && is_read(*at));
    found.map(|(at, _)| source.at(*at, "what users read belongs into app/text")).collect()
}

/// How many words a string has; what a format fills in is none.
fn words(text: &str) -> usize {
    let mut depth = 0;
    let fixed: String = text
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '{');
            let outside = depth == 0;
            depth -= i32::from(*c == '}');
            outside
        })
        .collect();
    fixed.split([' ', '\n']).filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 2).count()
}

/// The plain numbers among the first arguments of a call, up to a further call or the end of the line.
fn numbers(after: &str) -> impl Iterator<Item = f64> + '_ {
    let arguments = after.strip_prefix('(').unwrap_or_default();
    let end = arguments.find(['(', ')', '\n']).unwrap_or(arguments.len());
    arguments[..end].split(',').filter_map(|a| a.trim().trim_end_matches("f32").trim_end_matches('_').parse().ok())
}

fn wrong_in(sources: &[Source]) -> Vec<String> {
    let mut wrong: Vec<String> = sources.iter().flat_map(|s| [arrows_up(s), strangers(s), literals(s), sentences(s)].concat()).collect();
    wrong.extend(circles(sources));
    wrong.extend(schemes_apart(sources));
    wrong
}

fn read(folder: &Path, below: &str, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &path, sources);
        } else if path.ends_with(".rs") {
            sources.push(Source::new(&path, &fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn the_walls_stand() {
    let mut sources = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut sources);
    assert!(sources.iter().any(|s| s.path == "lib.rs") && sources.iter().any(|s| s.room() == "app"));
    let unknown: BTreeSet<_> = sources.iter().map(Source::room).filter(|r| floor(r).is_none() && !["lib", "main"].contains(r)).collect();
    assert!(unknown.is_empty(), "rooms without a floor: {unknown:?}");
    let wrong = wrong_in(&sources);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_broken_wall_is_seen() {
    let cases = [
        ("data/logo.rs", "use crate::nn::Layer;", "src/data/logo.rs:1: data must not know nn"),
        ("metrics/mod.rs", "\n\nfn f(x: crate::schemes::plan::Plan) {}", "src/metrics/mod.rs:3: metrics must not know schemes"),
        (
            "schemes/blind.rs",
            "use crate::{\n    data::Picture,\n    jobs::{Event, Worker},\n};",
            "src/schemes/blind.rs:3: schemes must not know jobs",
        ),
        ("data/mod.rs", "use super::vault::files;", "src/data/mod.rs:1: data must not know vault"),
        ("data/logo.rs", "use super::super::app::Window;", "src/data/logo.rs:1: data must not know app"),
        ("vault/key.rs", "use crate::nn::Lenet;", "src/vault/key.rs:1: vault must not know nn"),
        ("jobs/worker.rs", "let a = 'x'; let b: &'static str = \"\"; use egui::Context;", "src/jobs/worker.rs:1: egui belongs into app"),
        ("app/mod.rs", "use burn::prelude::*;", "src/app/mod.rs:1: app never sees a tensor"),
        ("vault/key.rs", "fn f(x: Tensor) {}", "src/vault/key.rs:1: vault never sees a tensor"),
        ("app/panels/data.rs", "let red = Color32::from_rgb(255, 0, 0);", "src/app/panels/data.rs:1: colours belong into app/theme.rs"),
        ("app/panels/data.rs", "let red = egui::Color32::RED;", "src/app/panels/data.rs:1: colours belong into app/theme.rs"),
        ("app/panels/data.rs", "ui.add_space(12.0);", "src/app/panels/data.rs:1: sizes belong into app/theme.rs"),
        ("app/panels/data.rs", "Stroke::new(1.0, line)", "src/app/panels/data.rs:1: sizes belong into app/theme.rs"),
        (
            "app/panels/data.rs",
            "ui.label(text::DATA);\nui.label(\"Drop it here\");",
            "src/app/panels/data.rs:2: what users read belongs into app/text",
        ),
        ("app/board.rs", "format!(\"{} more jobs wait {when}\")", "src/app/board.rs:1: what users read belongs into app/text"),
    ];
    for (path, text, wanted) in cases {
        assert_eq!(wrong_in(&[Source::new(path, text)]), [wanted], "{text}");
    }
    let schemes = [
        Source::new("schemes/blind.rs", "crate::settings! { }\nuse super::content_stamp::Settings;"),
        Source::new("schemes/content_stamp/mod.rs", "crate::settings! { }\nuse crate::schemes::{plan::Plan, blind::Encoder};"),
    ];
    assert_eq!(
        wrong_in(&schemes),
        [
            "src/schemes/blind.rs:2: the scheme blind must not know content_stamp",
            "src/schemes/content_stamp/mod.rs:2: the scheme content_stamp must not know blind"
        ]
    );
    let neighbours = [Source::new("jobs/mod.rs", "use crate::project::Project;"), Source::new("project/mod.rs", "use crate::jobs::Event;")];
    assert_eq!(wrong_in(&neighbours).len(), 2);
}

#[test]
fn a_whole_wall_is_left_in_peace() {
    let cases = [
        ("app/mod.rs", "use crate::jobs::Command; use crate::{project::Project, forensics::report};"),
        ("app/theme.rs", "pub const RED: Color32 = Color32::from_rgb(255, 0, 0); ui.add_space(8.0);"),
        (
            "app/panels/data.rs",
            "ui.add_space(theme::GAP); let uv = pos2(0.0, 1.0); let none = Color32::TRANSPARENT; Color32::from_rgb(r, g, b);",
        ),
        ("app/panels/data.rs", "fn f() {}\n#[cfg(test)]\nmod tests { fn g() { harness.set_size(vec2(1024.0, 700.0)); } }"),
        ("main.rs", "eframe::run_native(name, options, countermark::app::start)"),
        ("data/mod.rs", "// use crate::app::Window\n/* egui */ let x = \"crate::app\"; let y = r#\"burn::\"#;\n//! crate::jobs"),
        ("metrics/images.rs", "use crate::data::Picture; use super::stats;"),
        ("vault/key.rs", "use safetensors::TensorView;"),
        ("app/text/mod.rs", "pub const DROP: &str = \"Drop your pictures here\";"),
        ("app/board.rs", "tracing::warn!(\"no thread could be had: {error}\"); id(\"image-grid\"); format!(\"{} and {}, {} of {}\", a, b)"),
        (
            "app/board.rs",
            "#[error(\"The window could not open\")]\nfn f() {}\n#[cfg(test)]\nmod tests { const T: &str = \"Drop your pictures\"; }",
        ),
        ("schemes/plan.rs", "use super::{blind, content_stamp};"),
        ("schemes/blind.rs", "crate::settings! { } use super::settings::Kind; use crate::{nn::unet, vault::files, metrics::psnr};"),
    ];
    for (path, text) in cases {
        assert_eq!(wrong_in(&[Source::new(path, text)]), Vec::<String>::new(), "{text}");
    }
}
