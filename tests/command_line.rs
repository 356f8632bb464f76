//! What scripts see of the commands: exit codes, and one JSON object on standard output whatever happens.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::tensor::Device;
use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{self, OpenOptions, sample_logos};
use countermark::jobs::started_with;
use countermark::nn::host::Host;
use countermark::nn::init::seeded;
use countermark::nn::weights::save_host;
use countermark::project::{Project, RunState};
use countermark::schemes::catalogue;
use countermark::schemes::plan::{HostKind, Plan, Preset};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn countermark() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countermark"));
    command.env("VK_DRIVER_FILES", "/nonexistent").env("VK_ICD_FILENAMES", "/nonexistent").stdin(Stdio::null());
    command
}

/// The one object on standard output.
fn object(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.trim().lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Exit code and kind of error of a command with `--json`.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = countermark().args(arguments).arg("--json").output().unwrap();
    let value = object(&output);
    assert!(!value["error"]["message"].as_str().unwrap().is_empty());
    (output.status.code(), value["error"]["kind"].as_str().unwrap().to_owned())
}

#[test]
fn bad_input_is_told_as_an_object_with_its_kind() {
    assert_eq!(refused(&["fly", "away"]), (Some(2), "arguments".to_owned()));
    assert_eq!(refused(&["verify"]), (Some(2), "arguments".to_owned()));
    assert_eq!(refused(&["bench", "barrier", "--size", "100"]), (Some(2), "size".to_owned()));
    assert_eq!(refused(&["bench", "classifier", "--width", "8"]), (Some(2), "size".to_owned()));
    assert_eq!(refused(&["bench", "quick", "--device", "abacus"]), (Some(2), "arguments".to_owned()));
    // There is no driver at all in this environment.
    assert_eq!(refused(&["bench", "quick", "--device", "gpu"]), (Some(2), "device".to_owned()));
    assert_eq!(refused(&["run", "/nowhere", "--device", "software"]), (Some(2), "device".to_owned()));
    assert_eq!(refused(&["bench", "quick", "--device", "cpu", "--f16"]), (Some(2), "device".to_owned()));
    assert_eq!(refused(&["bench", "quick", "--steps", "0"]), (Some(2), "arguments".to_owned()));
    assert_eq!(refused(&["verify", "/nowhere.cmkey", "/nowhere.safetensors"]), (Some(2), "package".to_owned()));
    assert_eq!(refused(&["run", "/nowhere"]), (Some(2), "project".to_owned()));
}

#[test]
fn a_reader_that_has_gone_ends_no_work() {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let told = |arguments: &[&str]| countermark().args(arguments).stdout(closed()).stderr(closed()).status().unwrap().code();
    assert_eq!(told(&["inspect", "/nowhere/at/all", "--json"]), told(&["inspect", "/nowhere/at/all"]));
    assert_eq!(told(&["measure", "/nowhere/at/all", "/nowhere/else"]), Some(2));
}

#[test]
fn arguments_are_told_to_people_on_standard_error() {
    let output = countermark().arg("fly").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("fly"));
    let help = countermark().args(["--json", "--help"]).output().unwrap();
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("Usage"));
}

/// Starts a demo that goes on for long, and waits until its training has begun.
#[cfg(unix)]
fn long_demo(folder: &Path) -> std::process::Child {
    let settings = ["steps=100000", "encoder_width=4", "batch=20", "key_batch=8", "keys=12"];
    let child = countermark()
        .args(["demo", "--json", "--nulls", "1", "--foreign", "5", "--out"])
        .arg(folder)
        .args(settings.iter().flat_map(|setting| ["--set", setting]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while !folder.join("marked.checkpoint").exists() {
        assert!(Instant::now() < until, "no training began");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_stops_a_training_at_a_checkpoint() {
    for name in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let child = long_demo(folder.path());
        let before = folder.path().join("marked.checkpoint").metadata().unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(object(&output)["error"]["kind"], "cancelled");
        assert!(String::from_utf8_lossy(&output.stderr).contains("Stopping at a checkpoint"));
        let after = folder.path().join("marked.checkpoint").metadata().unwrap().modified().unwrap();
        assert!(after > before, "{name}: the last checkpoint is older than the signal");
    }
}

/// A project with a stopped run, after which plan and logo were changed.
#[cfg(unix)]
#[test]
fn a_stopped_run_goes_on_with_what_it_began_with() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("project");
    let sample = countermark::data::sample().unwrap();
    let options = LogoOptions::default();
    let logos: Vec<Logo> = sample_logos().iter().take(2).map(|(name, bytes)| Logo::from_bytes(name, bytes, &options).unwrap()).collect();
    let add_logo = |project: &mut Project, index: usize| {
        project.add_sample_logo(sample_logos()[index].0, serde_json::to_value(options).unwrap(), &logos[index].digest).unwrap()
    };
    let plan = catalogue::plan("blind", Preset::Quick, sample.shape(), "Owner", &"00".repeat(16), 5).unwrap();
    let mut project = Project::create(&folder, "Test").unwrap();
    project.add_dataset(&sample, &OpenOptions::default(), "sample").unwrap();
    add_logo(&mut project, 0);
    let id = project.add_run(plan.clone()).unwrap();
    project.set_run(&id, RunState::Stopped, None).unwrap();
    add_logo(&mut project, 1);
    let other = Plan { seed: 6, ..plan.clone() };
    project.edit(|document| document.plan = Some(other)).unwrap();
    let run = project.run_folder(&id);
    drop(project);

    let child =
        countermark().args(["run", "--resume", "--json"]).arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let began = loop {
        if let Some(began) = started_with(&run) {
            break began;
        }
        assert!(Instant::now() < until, "no training began");
        std::thread::sleep(Duration::from_millis(20));
    };
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(object(&output)["error"]["message"].as_str().unwrap().contains("--resume"));
    assert_eq!((began.plan, began.logo_digest), (plan, logos[0].digest.clone()));
    let project = Project::open(&folder).unwrap();
    assert_eq!(project.document().run(&id).unwrap().state, RunState::Stopped);
    assert_eq!(project.document().runs.len(), 1);
}

/// A folder of pictures that a project opens otherwise than usual is opened so by `run` as well.
#[cfg(unix)]
#[test]
fn a_run_opens_its_pictures_as_the_project_says() {
    let home = tempfile::tempdir().unwrap();
    let (folder, pictures) = (home.path().join("project"), home.path().join("Holiday"));
    let sample = data::sample().unwrap();
    for (class, place) in ["ant", "bee"].into_iter().flat_map(|class| (0..200).map(move |place| (class, place))) {
        std::fs::create_dir_all(pictures.join(class)).unwrap();
        let picture = sample.train.picture(place + if class == "ant" { 0 } else { 200 });
        std::fs::write(pictures.join(class).join(format!("{place}.png")), picture.to_png().unwrap()).unwrap();
    }
    let opening = OpenOptions { side: Some(32), channels: Some(3), ..OpenOptions::default() };
    let set = data::open(&pictures, &opening, &mut |_| true).unwrap();
    let (name, bytes) = sample_logos()[0];
    let logo = Logo::from_bytes(name, bytes, &LogoOptions::default()).unwrap();
    let mut project = Project::create(&folder, "Test").unwrap();
    project.add_dataset(&set, &opening, "pictures").unwrap();
    project.add_sample_logo(name, serde_json::to_value(LogoOptions::default()).unwrap(), &logo.digest).unwrap();
    let plan = catalogue::plan("blind", Preset::Quick, set.shape(), "Owner", &"00".repeat(16), 5).unwrap();
    project.edit(|document| document.plan = Some(plan.sized(set.train.count()))).unwrap();
    drop(project);
    let run = folder.join("runs");
    let child = countermark().args(["run", "--json"]).arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let began = loop {
        let runs = std::fs::read_dir(&run).unwrap().flatten();
        if let Some(began) = runs.filter_map(|entry| started_with(&entry.path())).next() {
            break began;
        }
        assert!(Instant::now() < until, "no training began");
        std::thread::sleep(Duration::from_millis(20));
    };
    signal(&child, "-INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
    assert_eq!(began.dataset_digest, set.digest);

    // Pictures that moved are named, with what to do.
    std::fs::rename(&pictures, home.path().join("elsewhere")).unwrap();
    let output = countermark().args(["run", "--resume", "--json"]).arg(&folder).output().unwrap();
    let error = object(&output)["error"].clone();
    assert_eq!((output.status.code(), error["kind"].as_str()), (Some(2), Some("not_found")));
    assert!(error["message"].as_str().unwrap().contains("“Holiday”, cannot be opened. Put them back"), "{error}");
}

#[test]
fn a_data_set_that_fails_as_a_whole_names_its_files() {
    let home = tempfile::tempdir().unwrap();
    for (class, file) in [("ant", "a.png"), ("bee", "b.png")] {
        std::fs::create_dir_all(home.path().join(class)).unwrap();
        std::fs::write(home.path().join(class).join(file), b"bad").unwrap();
    }
    let output = countermark().arg("inspect").arg(home.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    for words in ["None of its 2 pictures could be read", "ant/a.png: This is not a picture", "bee/b.png: This is not a picture"] {
        assert!(said.contains(words), "{said}");
    }
}

/// Pictures of the sample as files of a folder.
fn photographs(folder: &Path, count: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let clothes = data::sample().unwrap().train;
    for i in 0..count {
        std::fs::write(folder.join(format!("{i:02}.png")), clothes.picture(i).to_png().unwrap()).unwrap();
    }
}

#[test]
fn a_barrier_is_made_marks_pictures_and_looks_for_its_logo() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    photographs(&home.path().join("photos"), 24);
    let tiny = ["side=32", "halvings=4", "hider_width=4", "revealer_width=4", "batch=4", "steps=2", "families=0"];
    let sets = tiny.iter().flat_map(|set| ["--set", set]);
    let (photos, run, barrier) = (at("photos"), at("run"), at("run/barrier.cmbarrier"));
    let made = countermark().args(["barrier", &photos, "--out", &run, "--json"]).args(sets).output().unwrap();
    // Two steps teach nothing: that is said by the exit code.
    assert_eq!(made.status.code(), Some(1), "{made:?}");
    let made = object(&made);
    assert_eq!(made["file"], barrier);
    assert_eq!(made["figures"]["unmarked_passes"], 0);
    assert!(made["figures"]["pictures"].as_u64().unwrap() > 0 && made["settings"]["side"] == 32);

    let marked = countermark().args(["mark", &barrier, &photos, "--out", &at("out"), "--json"]).output().unwrap();
    assert_eq!((marked.status.code(), object(&marked)["files"].as_array().unwrap().len()), (Some(0), 24));
    assert_eq!(std::fs::read_dir(at("out")).unwrap().count(), 24);
    let looked = countermark().args(["extract", &barrier, &at("out"), "--json"]).output().unwrap();
    assert_eq!((looked.status.code(), &object(&looked)["found"]), (Some(1), &0.into()));

    assert_eq!(refused(&["mark", &barrier, &photos, "--out", &at("photos/marked")]), (Some(2), "file".to_owned()));
    assert_eq!(refused(&["mark", &at("photos/00.png"), &photos, "--out", &at("other")]).0, Some(2));
    assert_eq!(refused(&["extract", &barrier, &at("nowhere.png"), "--set", "x=1"]), (Some(2), "arguments".to_owned()));
    assert_eq!(refused(&["barrier", &photos, "--out", &at("b"), "--set", "halvings=7"]), (Some(2), "plan".to_owned()));
    assert_eq!(refused(&["barrier", &photos, "--out", &at("b"), "--choosing"]), (Some(2), "plan".to_owned()));
    assert_eq!(refused(&["barrier", &photos, "--out", &at("b"), "--vgg", &at("photos/00.png")]), (Some(2), "plan".to_owned()));
    let own = ["barrier", &photos, "--out", &at("b"), "--set", "perceptual_weight=1", "--vgg", &at("photos/00.png")];
    assert_eq!(refused(&own).0, Some(2));
    assert_eq!(refused(&["barrier", &photos, "--out", &at("b"), "--thief", "unet"]).0, Some(2));
}

#[test]
fn a_model_is_asked_about_pictures_in_files() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    let shape = data::Shape { channels: 1, height: 28, width: 28 };
    let host = seeded(Host::new(HostKind::Lenet5, shape, 5, &Device::flex()), 1);
    std::fs::write(at("model.safetensors"), save_host(&host, &[]).unwrap()).unwrap();
    photographs(Path::new(&at("pictures")), 3);
    let whole = data::open_picture(Path::new(&at("pictures/00.png"))).unwrap();
    let ask = |paths: &[&str]| {
        let output = countermark().args([&["ask", &at("model.safetensors")], paths, &["--json"]].concat()).output().unwrap();
        (output.status.code(), object(&output))
    };
    let pictures = at("pictures");
    let (code, said) = ask(&[&pictures]);
    assert_eq!(code, Some(0), "{said}");
    let answers = said["answers"].as_array().unwrap();
    assert!(answers.len() == 3 && answers.iter().all(|answer| answer["class"].as_u64().unwrap() < 5));
    assert!(answers[0]["file"].as_str().unwrap().ends_with("00.png"));
    // One in colour is taken as the network takes pictures.
    let tinted = whole.colour();
    let tinted = data::Picture { planes: tinted.planes.iter().enumerate().map(|(i, v)| v / (1 + (i % 2) as u8)).collect(), ..tinted };
    std::fs::write(at("pictures/03.png"), tinted.to_png().unwrap()).unwrap();
    assert_eq!(ask(&[&pictures]).1["answers"].as_array().unwrap().len(), 4);
    // One of another size is named, and so is a file that is no model.
    std::fs::write(at("pictures/9.png"), whole.resized(16, 16).to_png().unwrap()).unwrap();
    let (code, said) = ask(&[&pictures]);
    let message = said["error"]["message"].as_str().unwrap();
    assert!(code == Some(2) && message.contains("one size") && message.contains("9.png"), "{message}");
    assert_eq!(refused(&["ask", &at("pictures/9.png"), &pictures]).0, Some(2));
}

#[test]
fn classical_marks_come_back_under_their_key_alone() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let clothes = data::sample().unwrap().train;
    std::fs::create_dir(home.path().join("photos")).unwrap();
    for (i, size) in [64, 96, 150].into_iter().enumerate() {
        std::fs::write(at(&format!("photos/{i}.png")), clothes.picture(i).resized(size, 70).colour().to_png().unwrap()).unwrap();
    }
    std::fs::write(at("secret"), "nobody knows this").unwrap();
    std::fs::write(at("other"), "this is another one").unwrap();
    std::fs::write(at("photos/note.txt"), "no picture").unwrap();
    let photos = at("photos");
    for method in ["spread", "dct", "dft", "dwt"] {
        let out = at(method);
        let own = ["--method", method, "--owner", "Ada", "--secret", &at("secret"), "--json"].map(str::to_owned);
        let marked = countermark().args(["mark", &photos, "--out", &out]).args(&own).output().unwrap();
        let (code, marked) = (marked.status.code(), object(&marked));
        let files = marked["files"].as_array().unwrap();
        assert_eq!((code, files.len()), (Some(1), 4), "one of them is no picture: {marked}");
        assert!(files[..3].iter().all(|file| file["psnr_db"].as_f64().unwrap() > 38.0 && file["error"].is_null()), "{marked}");
        assert!(files[3]["error"].as_str().unwrap().contains("not a picture") && files[3]["written"].is_null(), "{marked}");

        let read = countermark().args(["extract", &out]).args(&own).output().unwrap();
        let (code, read) = (read.status.code(), object(&read));
        assert_eq!((code, &read["found"]), (Some(0), &3.into()), "{read}");
        assert!(read["files"].as_array().unwrap().iter().all(|file| file["bits_right"] == 64), "{read}");
        let other =
            countermark().args(["extract", &out, "--json", "--method", method, "--owner", "Ada", "--secret", &at("other")]).output();
        assert_eq!((other.as_ref().unwrap().status.code(), &object(&other.unwrap())["found"]), (Some(1), &0.into()));
    }
    let dct = |more: &[&str]| refused(&[&["mark", &photos, "--out", &at("x"), "--method", "dct"], more].concat());
    assert_eq!(dct(&[]), (Some(2), "arguments".to_owned()));
    assert_eq!(dct(&["--owner", "Ada", "--bits", "12"]), (Some(2), "arguments".to_owned()));
    assert_eq!(dct(&["--owner", "Ada", "--set", "step=1"]), (Some(2), "plan".to_owned()));
    assert_eq!(dct(&["--owner", "Ada", "--secret", &at("nowhere")]), (Some(2), "file".to_owned()));
    assert_eq!(refused(&["mark", &photos, "--out", &at("x")]), (Some(2), "arguments".to_owned()));
    assert_eq!(refused(&["mark", &photos, &photos, "--owner", "Ada", "--out", &at("x")]), (Some(2), "arguments".to_owned()));
}

/// A batch with everything that can be wrong with a file: each gets its sentence, the good ones are marked, and no original changes.
#[test]
fn a_batch_goes_on_past_bad_files() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let picture = data::sample().unwrap().train.picture(0).resized(80, 80).colour();
    let png = picture.to_png().unwrap();
    let jpeg = {
        let mut bytes = Vec::new();
        let rgb: Vec<u8> = picture.to_rgba().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode(&rgb, 80, 80, image::ExtendedColorType::Rgb8).unwrap();
        bytes
    };
    // 100 megapixels by the head alone: measures are refused before anything is decoded.
    let mut large = png.clone();
    large[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
    let mut crc = flate2::Crc::new();
    crc.update(&large[12..29]);
    large[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let animated = [&png[..33], b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0\0\0\0\0", &png[33..]].concat();
    let dot = data::Picture { shape: data::Shape { channels: 3, height: 1, width: 1 }, planes: vec![9; 3] }.to_png().unwrap();
    let mut inks = jpeg.clone();
    let frame = inks.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    inks[frame + 9] = 4;
    let files: [(&str, &[u8], &str); 10] = [
        ("a.jpg", &jpeg, ""),
        ("a.png", &png, ""),
        ("b.png", &[], "empty"),
        ("c.gif", b"GIF89a\x01\0\x01\0\0\0\0;", "GIF"),
        ("d.png", &animated, "animation"),
        ("e.png", &dot, "1x1"),
        ("f.png", &large, "68 million"),
        ("g.png", &png[..png.len() / 2], "damaged or cut off"),
        ("h.jpg", &jpeg[..jpeg.len() / 2], "cut off"),
        ("i.jpg", &inks, "damaged"),
    ];
    std::fs::create_dir(at("in")).unwrap();
    files.iter().for_each(|(name, bytes, _)| std::fs::write(home.path().join("in").join(name), bytes).unwrap());
    let marked =
        countermark().args(["mark", &at("in"), "--out", &at("out"), "--method", "dwt", "--owner", "Ada", "--json"]).output().unwrap();
    assert_eq!(marked.status.code(), Some(1));
    let told = object(&marked);
    for (i, (name, bytes, words)) in files.iter().enumerate() {
        let file = &told["files"][i];
        assert!(file["file"].as_str().unwrap().ends_with(name));
        match words.is_empty() {
            true => assert!(file["error"].is_null() && file["written"].is_string(), "{file}"),
            false => assert!(file["error"].as_str().unwrap().contains(words), "{words}: {file}"),
        }
        assert_eq!(&std::fs::read(home.path().join("in").join(name)).unwrap(), bytes, "{name} was changed");
    }
    assert!(home.path().join("out/a.png").exists() && home.path().join("out/a.jpg.png").exists());
    assert_eq!(std::fs::read_dir(at("out")).unwrap().count(), 2);
    let said = countermark().args(["mark", &at("in"), "--out", &at("out2"), "--method", "dwt", "--owner", "Ada"]).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("8 of 10 files could not be marked"), "{said:?}");
    // Results beside their originals: those are not written over.
    let again =
        countermark().args(["mark", &at("in/a.png"), "--out", &at("in"), "--method", "dwt", "--owner", "Ada", "--json"]).output().unwrap();
    assert!(object(&again)["files"][0]["error"].as_str().unwrap().contains("not written over"));
    assert_eq!(std::fs::read(at("in/a.png")).unwrap(), png);
}
