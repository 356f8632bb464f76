//! A training that is killed at any moment and continued ends with the same bits as one that never was.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KILLS: usize = 10;
/// As many again and again, until a checkpoint was among what a kill left.
const MOST_KILLS: usize = 60;

/// A run on the CPU with these settings.
fn started(folder: &Path, arguments: &[&str], settings: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_countermark"))
        .args(arguments)
        .args(["--json", "--seed", "3", "--out"])
        .arg(folder)
        .args(settings.iter().flat_map(|setting| ["--set", setting]))
        // Without a driver there is no GPU, on which equal inputs need not give equal bits.
        .env("VK_DRIVER_FILES", "/nonexistent")
        .env("VK_ICD_FILENAMES", "/nonexistent")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A small run of the blind watermark.
fn demo(folder: &Path) -> Child {
    let settings = ["steps=60", "encoder_width=4", "batch=20", "key_batch=8", "keys=12"];
    started(folder, &["demo", "--nulls", "1", "--foreign", "5"], &settings)
}

/// What the run left: the models and stages whole, the key package part by part without the time in its manifest. Encoders that did
/// not learn in so few steps lie in the stages alone.
fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut parts: BTreeMap<String, Vec<u8>> =
        ["marked.safetensors", "unmarked.safetensors"].map(|name| (name.to_owned(), fs::read(folder.join(name)).unwrap())).into();
    let mut package = zip::ZipArchive::new(File::open(folder.join("key.cmkey")).unwrap()).unwrap();
    for i in 0..package.len() {
        let mut entry = package.by_index(i).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).unwrap();
        if name == "manifest.json" {
            let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            manifest["created"] = serde_json::Value::Null;
            bytes = serde_json::to_vec(&manifest).unwrap();
        }
        parts.insert(name, bytes);
    }
    for file in fs::read_dir(folder).unwrap().flatten().filter(|f| f.path().extension().is_some_and(|e| e == "stage")) {
        parts.insert(file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap());
    }
    assert!(["marker.safetensors", "foreign-0-0.stage", "twin-0.stage"].iter().all(|name| parts.contains_key(*name)));
    parts
}

/// Waits until the run ends by itself, or ends it after `patience`: at once (SIGKILL), or as Ctrl+C does, upon which it writes a checkpoint
/// wherever it is, however fast the machine. Whether it was ended.
fn killed(mut run: Child, patience: Duration, signal: &str) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        if run.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", run.id())]).status().unwrap();
    assert!(sent.success());
    // It may have come to its end just before.
    !matches!(run.wait().unwrap().code(), Some(0 | 1))
}

/// How the n-th run is ended.
fn signal(n: usize) -> &'static str {
    ["KILL", "INT"][n % 2]
}

/// A small image barrier with both stages.
fn barrier(photographs: &Path, folder: &Path) -> Child {
    let sizes = ["side=32", "halvings=4", "hider_width=4", "revealer_width=4", "surrogate_width=4", "batch=4", "families=2"];
    let steps = ["steps=40", "surrogate_steps=15", "adversarial_steps=30"];
    started(folder, &["barrier", photographs.to_str().unwrap()], &[&sizes[..], &steps[..]].concat())
}

/// The barrier, and what it was before it met thieves' networks.
fn barriers(folder: &Path) -> [Vec<u8>; 2] {
    ["barrier.cmbarrier", "before-thieves.cmbarrier"].map(|name| fs::read(folder.join(name)).unwrap())
}

#[test]
fn a_barrier_killed_five_times_ends_with_the_same_bits() {
    let home = tempfile::tempdir().unwrap();
    let [photographs, whole, broken] = ["photographs", "whole", "broken"].map(|name| home.path().join(name));
    fs::create_dir(&photographs).unwrap();
    let clothes = countermark::data::sample().unwrap().train;
    for i in 0..24 {
        fs::write(photographs.join(format!("{i:02}.png")), clothes.picture(i).to_png().unwrap()).unwrap();
    }
    let began = Instant::now();
    let code = barrier(&photographs, &whole).wait().unwrap().code();
    assert!(matches!(code, Some(0 | 1)), "the run without a kill ended with {code:?}");
    let usual = began.elapsed();
    let (mut kills, mut within) = (0, 0);
    for share in [0.8, 0.3, 0.6, 0.9, 0.5] {
        if !killed(barrier(&photographs, &broken), usual.mul_f64(share), signal(kills)) {
            assert!(barriers(&whole) == barriers(&broken), "after {kills} kills other bits came out");
            fs::remove_dir_all(&broken).unwrap();
            continue;
        }
        kills += 1;
        within += usize::from(broken.join("barrier.checkpoint").exists());
    }
    assert!(within > 0, "no kill found a checkpoint; {kills} kills");
    let code = barrier(&photographs, &broken).wait().unwrap().code();
    assert!(matches!(code, Some(0 | 1)), "the continued run ended with {code:?}");
    assert!(barriers(&whole) == barriers(&broken), "after {kills} kills other bits came out");
}

#[test]
fn a_run_killed_ten_times_ends_with_the_same_bits() {
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let began = Instant::now();
    let code = demo(whole.path()).wait().unwrap().code();
    assert!(matches!(code, Some(0 | 1)), "the run without a kill ended with {code:?}");
    let usual = began.elapsed();

    let (mut kills, mut within, mut state) = (0, 0, std::process::id() | 1);
    while kills < KILLS || (within == 0 && kills < MOST_KILLS) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Up to two thirds of a whole run, so that kills fall into every stage as the run goes on.
        let patience = usual.mul_f64(f64::from(state >> 8) / f64::from(1 << 24) * 0.66);
        if !killed(demo(broken.path()), patience, signal(kills)) {
            // It came to its end between two kills: the result must hold, and the next round starts anew.
            assert!(results(whole.path()) == results(broken.path()), "after {kills} kills other bits came out");
            fs::remove_dir_all(broken.path()).unwrap();
            continue;
        }
        kills += 1;
        // A kill may come before the folder is there.
        let mut left = fs::read_dir(broken.path()).into_iter().flatten().flatten();
        within += usize::from(left.any(|f| f.path().extension().is_some_and(|e| e == "checkpoint")));
    }
    assert!(within > 0, "{kills} kills found no checkpoint");
    let code = demo(broken.path()).wait().unwrap().code();
    assert!(matches!(code, Some(0 | 1)), "the continued run ended with {code:?}");
    let (wanted, found) = (results(whole.path()), results(broken.path()));
    for (name, bytes) in &wanted {
        assert!(found.get(name) == Some(bytes), "{name} differs after {kills} kills");
    }
    assert_eq!(wanted.len(), found.len());
}
