//! Data and logo: dropped, chosen, opened otherwise, refused, brought back.

use super::*;

#[test]
fn a_bad_file_gets_a_sentence_and_changes_nothing() {
    let mut window = played();
    let path = window.home.path().join("picture.png");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Anything, path));
    wait(&mut window.harness, "the answer", Duration::from_secs(20), |h| h.state().model().offer.is_some());
    window.harness.run_ok();
    assert!(window.harness.query_by_label("picture.png").is_some());
    assert!(window.harness.query_by_label("Use it").is_none(), "what cannot be used is not offered");
    window.click("Close");
    assert!(window.model().offer.is_none() && window.model().data().is_none());

    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, "/nowhere/at/all".into()));
    wait(&mut window.harness, "the refusal", Duration::from_secs(20), |h| {
        h.query_all_by_label_contains("There is no such file or folder").next().is_some()
    });
}

#[test]
fn a_deleted_data_set_comes_back() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    assert!(window.model().data().is_some());
    act(&mut window.harness, Action::GoTo(Step::Data));
    window.click("Choose other pictures");
    assert!(window.model().data().is_none());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.harness.run_ok();
    assert!(window.model().data().is_some());
    window.harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    window.harness.run_ok();
    assert!(window.model().data().is_none(), "redo deletes again");
}

/// A file as the system hands it to the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl eframe::egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Lets files fall onto the window.
fn drop_on(harness: &mut Harness<'static, App>, paths: &[&Path]) {
    for path in paths {
        harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path.to_path_buf())));
    }
    harness.run_ok();
}

/// The files that the drop tests drop: two class folders, a logo, a key package's shell, a model of one tensor.
pub fn dropped_things(home: &Path) -> [std::path::PathBuf; 4] {
    let sample = countermark::data::sample().unwrap();
    let folder = home.join("Holiday");
    for class in ["cats", "dogs"] {
        std::fs::create_dir_all(folder.join(class)).unwrap();
        for i in 0..12 {
            std::fs::write(folder.join(class).join(format!("{i}.png")), sample.train.picture(i).to_png().unwrap()).unwrap();
        }
    }
    let (logo, key, model) = (home.join("mark.png"), home.join("secret.cmkey"), home.join("suspect.safetensors"));
    std::fs::write(&logo, sample.train.picture(3).to_png().unwrap()).unwrap();
    let mut package = zip::ZipWriter::new(std::fs::File::create(&key).unwrap());
    package.start_file("manifest.json", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut package, b"{\"kind\":\"key package\"}").unwrap();
    package.finish().unwrap();
    let header = br#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    std::fs::write(&model, [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat()).unwrap();
    [folder, logo, key, model]
}

#[test]
fn what_is_dropped_is_recognised_and_used_after_a_yes() {
    let mut window = played();
    let [folder, logo, key, model] = dropped_things(window.home.path());
    let patience = Duration::from_secs(20);

    drop_on(&mut window.harness, &[&folder]);
    window.click("Use it");
    wait(&mut window.harness, "the data set", patience, |h| h.state().model().data().is_some());
    assert_eq!(window.model().data().unwrap().classes, ["cats", "dogs"]);

    drop_on(&mut window.harness, &[&logo]);
    window.click("Use it");
    wait(&mut window.harness, "the logo", patience, |h| h.state().model().material.logo.is_some());
    assert_eq!(window.model().material.logo.as_ref().unwrap().name, "mark.png");

    // Two at once are asked about one after the other.
    drop_on(&mut window.harness, &[&key, &model]);
    wait(&mut window.harness, "both", patience, |h| h.state().model().offer.is_some());
    window.harness.run_ok();
    assert!(window.harness.query_by_label("One more thing waits").is_some());
    window.click("Use it");
    wait(&mut window.harness, "the second", patience, |h| {
        h.query_by_label("suspect.safetensors").is_some() && h.state().model().offer.is_some()
    });
    assert!(window.harness.query_by_label("One more thing waits").is_none());
    window.click("Use it");
    assert_eq!((window.model().proof.key.as_ref(), window.model().proof.suspect.as_ref()), (Some(&key), Some(&model)));
    assert!(window.model().offer.is_none());
}

#[test]
fn parts_of_one_data_set_are_offered_as_one() {
    let mut window = played();
    let [folder, ..] = dropped_things(window.home.path());
    let patience = Duration::from_secs(20);
    drop_on(&mut window.harness, &[&folder.join("cats"), &folder.join("dogs")]);
    wait(&mut window.harness, "the classes", patience, |h| h.state().model().offer.is_some());
    assert_eq!((&window.model().offer.as_ref().unwrap().path, window.model().more_offers.len()), (&folder, 0));
    window.click("Cancel");

    // Forty small pictures and their labels, as MNIST comes.
    let idx = window.home.path().join("digits");
    std::fs::create_dir_all(&idx).unwrap();
    let number = |n: u32| n.to_be_bytes();
    let (pictures, labels) = (idx.join("train-images-idx3-ubyte"), idx.join("train-labels-idx1-ubyte"));
    let planes: Vec<u8> = (0..40 * 16).map(|i| (i % 251) as u8).collect();
    std::fs::write(&pictures, [&[0, 0, 8, 3][..], &number(40), &number(4), &number(4), &planes].concat()).unwrap();
    let classes: Vec<u8> = (0..40).map(|i| i % 2).collect();
    std::fs::write(&labels, [&[0, 0, 8, 1][..], &number(40), &classes].concat()).unwrap();
    drop_on(&mut window.harness, &[&pictures, &labels]);
    wait(&mut window.harness, "the pair", patience, |h| h.state().model().offer.is_some());
    assert_eq!((&window.model().offer.as_ref().unwrap().path, window.model().more_offers.len()), (&idx, 0));
    window.click("Use it");
    wait(&mut window.harness, "the data set", patience, |h| h.state().model().data().is_some());

    let many: Vec<_> = (0..9).map(|i| window.home.path().join(format!("{i}/x.png"))).collect();
    drop_on(&mut window.harness, &many.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>());
    assert!(window.harness.query_all_by_label_contains("That is too much to ask about at once").next().is_some());
}

#[test]
fn the_sample_never_replaces_what_the_user_has() {
    let mut window = played();
    let [folder, ..] = dropped_things(window.home.path());
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, folder));
    wait(&mut window.harness, "the data set", Duration::from_secs(20), |h| h.state().model().data().is_some());
    let own = Plan { owner: "Northwind".into(), ..window.model().plan.clone() };
    act(&mut window.harness, Action::SetPlan(Box::new(own.clone())));
    let project = window.model().keeper.folder().unwrap().to_owned();
    act(&mut window.harness, Action::TrySample);
    assert_eq!(window.model().keeper.name(), "Sample project");
    assert_ne!(window.model().plan.salt, own.salt);
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Project, project));
    wait(&mut window.harness, "the project", Duration::from_secs(20), |h| h.state().model().data().is_some());
    assert_eq!(window.model().plan, own);
    assert_eq!(window.model().data().unwrap().classes, ["cats", "dogs"]);
}

#[test]
fn two_selected_pictures_can_be_compared() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::GoTo(Step::Data));
    for place in [1, 4] {
        assert!(window.harness.query_by_label("Compare the two selected…").is_none());
        let tile = window.harness.get_all_by_role(Role::ListBoxOption).nth(place).unwrap();
        tile.click_modifiers(Modifiers::COMMAND);
        window.harness.run_ok();
    }
    window.click("Compare the two selected…");
    let pair = window.model().compare.clone().expect("the compare view opens");
    let train = &window.model().data().unwrap().train;
    assert_eq!((&*pair.left, &*pair.right), (&train.picture(1), &train.picture(4)));
}

#[test]
fn a_slow_logo_never_holds_a_frame() {
    let mut window = played();
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::GoTo(Step::Logo));
    let path = window.home.path().join("slow.svg");
    // Blurs of blurs take seconds to draw.
    let blur = "<feGaussianBlur stdDeviation=\"60\"/>".repeat(60);
    let shape = "<rect width=\"512\" height=\"512\" filter=\"url(#f)\"/>".repeat(40);
    let svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"512\" height=\"512\"><filter id=\"f\">{blur}</filter>{shape}</svg>");
    std::fs::write(&path, svg).unwrap();
    let began = Instant::now();
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Logo, path));
    let asked = began.elapsed();
    assert!(window.model().material.logo.is_none() && window.model().material.is_drawing(), "{asked:?}");
    assert!(window.harness.query_by_label("Preparing the logo…").is_some());
    window.click("Cancel");
    assert!(!window.model().material.is_drawing() && window.model().material.logo.is_none());
}

/// The window over a folder of pictures that it reads, with what was in `home` before.
fn holiday() -> Played {
    let mut window = played();
    let [folder, ..] = dropped_things(window.home.path());
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, folder));
    wait(&mut window.harness, "the data set", Duration::from_secs(20), |h| h.state().model().data().is_some());
    act(&mut window.harness, Action::GoTo(Step::Data));
    window
}

/// Waits until the pictures in use have this shape.
fn shaped(window: &mut Played, shape: &str) {
    wait(&mut window.harness, shape, Duration::from_secs(20), |h| {
        h.state().model().data().is_some_and(|set| set.shape().to_string() == shape)
    });
}

/// Chooses an entry of a list by the name of the list.
fn choose(window: &mut Played, list: &str, entry: &str) {
    window.click(list);
    window.harness.get_by_role_and_label(Role::Button, entry).click();
    window.harness.run_ok();
}

#[test]
fn another_size_is_chosen_kept_taken_back_and_there_after_a_restart() {
    let mut window = holiday();
    shaped(&mut window, "28x28 grey");
    choose(&mut window, "Size that the pictures are brought to", "64x64");
    shaped(&mut window, "64x64 grey");
    choose(&mut window, "Grey or colour", "Colour");
    shaped(&mut window, "64x64 colour");
    assert_eq!(window.model().plan.host, window.model().replanned("blind", window.model().plan.preset).unwrap().host, "the plan follows");
    shot(&mut window.harness, "opened-otherwise");
    let undo = |window: &mut Played| {
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        window.harness.run_ok();
    };
    undo(&mut window);
    shaped(&mut window, "64x64 grey");
    undo(&mut window);
    shaped(&mut window, "28x28 grey");
    window.harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    window.harness.run_ok();
    shaped(&mut window, "64x64 grey");

    let Played { harness, home, .. } = window;
    drop(harness);
    let mut window = played_in(home);
    shaped(&mut window, "64x64 grey");
    assert!(window.harness.query_all_by_label_contains("has changed since").next().is_none());
    // The pictures inside the program are as they are.
    act(&mut window.harness, Action::UseSampleData);
    act(&mut window.harness, Action::GoTo(Step::Data));
    assert!(window.harness.query_by_label("Size that the pictures are brought to").is_none());
}

#[test]
fn a_data_set_that_fails_as_a_whole_names_its_files() {
    let mut window = holiday();
    let folder = window.home.path().join("Broken");
    for class in ["cats", "dogs"] {
        std::fs::create_dir_all(folder.join(class)).unwrap();
        for i in 0..60 {
            std::fs::write(folder.join(class).join(format!("{i}.png")), b"bad").unwrap();
        }
    }
    // Dropped, it is refused with every file and its reason.
    drop_on(&mut window.harness, &[&folder]);
    wait(&mut window.harness, "the answer", Duration::from_secs(20), |h| h.state().model().offer.is_some());
    window.harness.run_ok();
    assert!(window.harness.query_all_by_label_contains("None of its 120 pictures could be read").next().is_some());
    assert!(window.harness.query_all_by_label_contains("0.png: This is not a picture").next().is_some());
    window.harness.key_press(Key::Escape);
    window.harness.run_ok();

    // Opened by its path as well; the pictures in use stay.
    act(&mut window.harness, Action::Take(countermark::app::Wanted::Data, folder));
    wait(&mut window.harness, "the refusal", Duration::from_secs(20), |h| h.state().model().material.failed.is_some());
    window.harness.run_ok();
    assert!(window.harness.query_all_by_label_contains("120 files could not be used").next().is_some());
    let rows = window.harness.query_all_by_label_contains("png: This is not a picture").count();
    assert!((3..30).contains(&rows), "{rows} rows");
    assert_eq!(window.model().data().unwrap().classes, ["cats", "dogs"]);
    shot(&mut window.harness, "failed-as-a-whole");
    window.click("Copy this list");
    window.harness.get_all_by_role_and_label(Role::Button, "Close").next().unwrap().click();
    window.harness.run_ok();
    assert!(window.harness.query_all_by_label_contains("120 files could not be used").next().is_none());
}
