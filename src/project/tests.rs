//! Projects through their whole life, on a real disk.

use super::*;
use crate::data::{Format, Samples, Shape};
use crate::schemes::plan::{HostKind, Preset, SchemeSettings};
use std::sync::Arc;

fn plan() -> Plan {
    Plan {
        scheme: SchemeSettings::Blind(Default::default()),
        preset: Preset::Quick,
        host: HostKind::Lenet5,
        width: 1.0,
        owner: "Northwind".into(),
        seed: 1,
        salt: "00".into(),
        nulls: 3,
        foreign: 5,
    }
}

/// A data set of no pictures, as far as a project looks at it.
fn set(name: &str, source: Option<&Path>, digest: &str) -> Dataset {
    let none = Arc::new(Samples { shape: Shape { channels: 1, height: 28, width: 28 }, pixels: Vec::new(), labels: Vec::new() });
    Dataset {
        name: name.into(),
        source: source.map(Path::to_owned),
        digest: digest.into(),
        format: if source.is_some() { Format::Idx } else { Format::Sample },
        classes: Vec::new(),
        train: none.clone(),
        test: none,
        problems: Vec::new(),
        notes: Vec::new(),
    }
}

/// Adds such a data set, opened as usual.
fn add(project: &mut Project, name: &str, source: Option<&Path>, digest: &str) -> Result<String, ProjectError> {
    project.add_dataset(&set(name, source, digest), &OpenOptions::default(), "s")
}

fn content(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("project.json")).unwrap()
}

#[test]
fn a_project_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/demo");
    let mut project = Project::create(&path, "demo").unwrap();
    add(&mut project, "sample", None, "d1").unwrap();
    let logo = project.add_logo("ours.png", "p/n.g", b"picture", Value::Null, "l1").unwrap();
    let run = project.add_run(plan()).unwrap();
    project.set_run(&run, RunState::Done, Some(serde_json::json!({"clean_accuracy": 0.9}))).unwrap();
    let report = project.add_report("suspect.safetensors", Verdict::Strong, "2026-01-01T00:00:00Z").unwrap();
    let document = project.document().clone();
    drop(project);

    let project = Project::open(&path).unwrap();
    assert_eq!(project.document(), &document);
    assert_eq!(project.document().chosen_dataset().unwrap().name, "sample");
    assert_eq!(std::fs::read(project.logo_file(&logo).unwrap()).unwrap(), b"picture");
    assert!(project.run_folder(&run).is_dir() && project.report_folder(&report).is_dir());
    assert_eq!(project.document().run(&run).unwrap().logo.as_deref(), Some(logo.as_str()));
}

#[test]
fn a_key_package_leaves_the_files_that_are_given_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "demo").unwrap();
    let run = project.add_run(plan()).unwrap();
    let left = project.run_folder(&run).join("key.cmkey");
    assert!(project.keep_key(&run, &left).unwrap_err().to_string().contains("keys"));
    std::fs::write(&left, b"secret").unwrap();
    let place = project.keep_key(&run, &left).unwrap();
    assert_eq!(place, folder.path().join("keys").join(format!("{run}.cmkey")));
    assert!(!left.exists() && std::fs::read(place).unwrap() == b"secret");
}

#[test]
fn the_same_data_set_is_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let first = add(&mut project, "a", Some(Path::new("/a")), "d").unwrap();
    let other = add(&mut project, "b", Some(Path::new("/b")), "d").unwrap();
    assert_ne!(first, other);
    assert_eq!(add(&mut project, "a", Some(Path::new("/a")), "d").unwrap(), first);
    assert_eq!(project.document().datasets.len(), 2);
    assert_eq!(project.document().dataset, Some(first));
}

#[test]
fn two_windows_cannot_write_one_project() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::create(folder.path(), "p").unwrap();
    let error = Project::open(folder.path()).unwrap_err();
    assert!(matches!(error, ProjectError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("another window"));
    drop(project);
    Project::open(folder.path()).unwrap();
}

#[test]
fn a_lock_left_by_a_dead_process_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    drop(Project::create(folder.path(), "p").unwrap());
    std::fs::write(folder.path().join(".lock"), "999999999\n").unwrap();
    let _project = Project::open(folder.path()).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join(".lock")).unwrap().trim(), std::process::id().to_string());
}

#[test]
fn what_cannot_be_opened_is_said_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Project::open(folder.path()), Err(ProjectError::Missing(_))));
    assert!(matches!(Project::open(&folder.path().join("nowhere")), Err(ProjectError::Missing(_))));
    for text in ["{\"version\": 1, \"na", "{\"version\": 99}"] {
        std::fs::write(folder.path().join("project.json"), text).unwrap();
        assert!(matches!(Project::open(folder.path()), Err(ProjectError::Document(_))));
        assert!(matches!(Project::create(folder.path(), "p"), Err(ProjectError::Exists(_))));
        assert_eq!(content(folder.path()), text);
    }
}

#[test]
fn a_project_file_that_is_too_large_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    Project::create(folder.path(), "p").unwrap();
    let file = std::fs::File::options().write(true).open(folder.path().join("project.json")).unwrap();
    let said = || Project::open(folder.path()).unwrap_err().to_string();
    // With holes, which take no space. The largest is read, and is no project.
    file.set_len(64 << 20).unwrap();
    assert!(!said().contains("larger"), "{}", said());
    file.set_len((64 << 20) + 1).unwrap();
    assert!(said().starts_with("The file is larger than it can be, so it was not read"), "{}", said());
}

#[test]
fn a_file_in_place_of_the_folder_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "x").unwrap();
    assert!(Project::create(&path, "p").unwrap_err().to_string().ends_with("file"));
}

#[test]
fn a_change_that_cannot_be_saved_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    std::fs::remove_file(folder.path().join("project.json")).unwrap();
    std::fs::create_dir(folder.path().join("project.json")).unwrap();
    assert!(project.edit(|d| d.name = "other".into()).is_err());
    assert_eq!(project.document().name, "p");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_is_refused_whole() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"/a\xff"));
    let error = add(&mut project, "odd", Some(odd), "d").unwrap_err();
    assert!(error.to_string().contains("Rename"), "{error}");
    assert!(project.document().datasets.is_empty());
}

#[test]
fn a_training_that_was_cut_off_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let run = project.add_run(plan()).unwrap();
    project.set_run(&run, RunState::Running, None).unwrap();
    assert!(matches!(project.remove(&Item::Run(run.clone())), Err(ProjectError::Running)));
    drop(project);
    assert_eq!(Project::open(folder.path()).unwrap().document().run(&run).unwrap().state, RunState::Stopped);
}

#[test]
fn an_orphaned_folder_is_not_taken_for_a_new_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    std::fs::create_dir(folder.path().join("runs/run-1")).unwrap();
    assert_eq!(project.add_run(plan()).unwrap(), "run-2");
}

#[test]
fn deletions_can_be_undone_and_redone() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let runs: Vec<_> = (0..3).map(|_| project.add_run(plan()).unwrap()).collect();
    let data = add(&mut project, "data", None, "d").unwrap();
    let logo = project.add_logo("logo", "png", b"drawing", Value::Null, "l").unwrap();
    let report = project.add_report("suspect", Verdict::None, "now").unwrap();
    std::fs::write(project.run_folder(&runs[1]).join("model"), "weights").unwrap();
    let before = project.document().clone();

    for item in [Item::Dataset(data), Item::Logo(logo.clone()), Item::Run(runs[1].clone()), Item::Report(report.clone())] {
        project.remove(&item).unwrap();
        assert!(matches!(project.remove(&item), Err(ProjectError::Gone(_))));
    }
    assert!(!project.run_folder(&runs[1]).exists());
    assert_eq!(project.document().logo, None);
    assert_eq!(project.can_undo(), Some(Change::Deletion("suspect".into())));

    while project.undo().unwrap().is_some() {}
    assert_eq!(project.document(), &before);
    assert_eq!(std::fs::read_to_string(project.run_folder(&runs[1]).join("model")).unwrap(), "weights");
    assert_eq!(std::fs::read(project.logo_file(&logo).unwrap()).unwrap(), b"drawing");

    while project.redo().unwrap().is_some() {}
    assert!(project.document().datasets.is_empty() && project.document().reports.is_empty());
    assert_eq!(project.document().runs.len(), 2);
    assert!(!project.report_folder(&report).exists());
}

#[test]
fn undo_keeps_what_happened_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let logo = project.add_sample_logo("Star", Value::Null, "l").unwrap();
    let run = project.add_run(plan()).unwrap();
    project.remove(&Item::Logo(logo)).unwrap();
    project.set_run(&run, RunState::Done, None).unwrap();
    assert_eq!(project.undo().unwrap(), Some(Change::Deletion("Star".into())));
    assert_eq!(project.document().run(&run).unwrap().state, RunState::Done);
}

#[test]
fn what_a_training_began_with_is_put_aside_and_never_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let data = add(&mut project, "data", None, "d").unwrap();
    let logo = project.add_logo("logo", "png", b"drawing", Value::Null, "l").unwrap();
    project.add_run(plan()).unwrap();
    let before = project.document().clone();
    for item in [Item::Dataset(data), Item::Logo(logo.clone())] {
        project.remove(&item).unwrap();
        assert!(matches!(project.remove(&item), Err(ProjectError::Gone(_))), "it is put aside already");
    }
    assert_eq!((&project.document().dataset, &project.document().logo), (&None, &None));
    assert_eq!((&project.document().datasets, &project.document().logos), (&before.datasets, &before.logos));
    assert!(project.logo_file(&logo).unwrap().is_file());
    while project.undo().unwrap().is_some() {}
    assert_eq!(project.document(), &before);
    while project.redo().unwrap().is_some() {}
    drop(project);
    assert!(Project::open(folder.path()).unwrap().logo_file(&logo).unwrap().is_file(), "though the trash was emptied");
}

#[test]
fn another_placement_leaves_a_training_the_one_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let first = project.add_logo("logo", "png", b"drawing", Value::Null, "l1").unwrap();
    project.place_logo(7.into(), "l2").unwrap();
    assert_eq!(project.document().logos.len(), 1, "nothing was trained yet");
    project.add_run(plan()).unwrap();
    project.place_logo(8.into(), "l3").unwrap();
    let [began, placed] = project.document().logos.as_slice() else { panic!("two placements") };
    assert_eq!((&began.id, began.digest.as_str(), placed.digest.as_str()), (&first, "l2", "l3"));
    assert_eq!(project.document().logo.as_ref(), Some(&placed.id));
    let placed = placed.id.clone();
    // Both are made from one drawing, which goes with the last of them only.
    let file = project.logo_file(&first).unwrap();
    assert_eq!(project.logo_file(&placed).unwrap(), file);
    project.remove(&Item::Logo(placed)).unwrap();
    assert!(file.is_file());
    project.undo().unwrap();
    assert!(file.is_file());
}

#[test]
fn pictures_opened_otherwise_are_another_entry_and_undo_chooses_the_former() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let path = Path::new("/a");
    let first = add(&mut project, "a", Some(path), "d").unwrap();
    let large = OpenOptions { side: Some(64), ..OpenOptions::default() };
    let second = project.reopen_dataset(&set("a", Some(path), "d64"), &large, "s").unwrap();
    assert_ne!(first, second);
    assert_eq!(project.document().chosen_dataset().unwrap().opening, large);
    assert_eq!(project.can_undo(), Some(Change::Opening("a".into())));
    assert_eq!(project.undo().unwrap(), Some(Change::Opening("a".into())));
    assert_eq!(project.document().dataset.as_ref(), Some(&first));
    assert_eq!(project.redo().unwrap(), Some(Change::Opening("a".into())));
    assert_eq!(project.document().dataset.as_ref(), Some(&second));
    drop(project);
    let mut project = Project::open(folder.path()).unwrap();
    assert_eq!(project.document().chosen_dataset().unwrap().opening, large);
    // The same choice again is no step.
    project.reopen_dataset(&set("a", Some(path), "d64"), &large, "s").unwrap();
    assert_eq!(project.can_undo(), None);
}

#[test]
fn a_new_deletion_forgets_what_could_be_redone() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let [a, b] = ["a", "b"].map(|n| project.add_sample_logo(n, Value::Null, n).unwrap());
    project.remove(&Item::Logo(a)).unwrap();
    project.undo().unwrap();
    assert!(project.can_redo());
    project.remove(&Item::Logo(b)).unwrap();
    assert!(!project.can_redo());
    assert_eq!(project.redo().unwrap(), None);
}

#[test]
fn the_trash_lasts_until_the_project_closes() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::create(folder.path(), "p").unwrap();
    let run = project.add_run(plan()).unwrap();
    project.remove(&Item::Run(run.clone())).unwrap();
    assert!(folder.path().join(".trash/runs").join(&run).is_dir());
    drop(project);
    assert!(!folder.path().join(".trash").exists());
    assert!(!folder.path().join("runs").join(&run).exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    drop(Project::create(folder.path(), "p").unwrap());
    std::fs::remove_file(folder.path().join(".lock")).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let refused = std::fs::write(folder.path().join("probe"), "").is_err();
    let opened = Project::open(folder.path());
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser may write everywhere, so only others can be refused.
    if refused {
        assert!(opened.unwrap_err().to_string().contains("may not write here"));
    }
}

const SALT: &str = "5a17c0ffee5a17c0ffee5a17c0ffee00";
const OTHER_SALT: &str = "0badf00d0badf00d0badf00d0badf00d";

/// A project with a plan and a training of another salt; gives the training's id.
fn salted(folder: &Path) -> (Project, String) {
    let mut project = Project::create(folder, "p").unwrap();
    project.edit(|d| d.plan = Some(Plan { salt: SALT.into(), ..plan() })).unwrap();
    let run = project.add_run(Plan { salt: OTHER_SALT.into(), ..plan() }).unwrap();
    (project, run)
}

#[test]
fn no_salt_stands_in_the_project_file_and_each_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, run) = salted(folder.path());
    project.set_run(&run, RunState::Stopped, None).unwrap();
    let document = project.document().clone();
    assert!(!content(folder.path()).contains(SALT) && !content(folder.path()).contains(OTHER_SALT));
    drop(project);
    let mut project = Project::open(folder.path()).unwrap();
    assert_eq!(project.document(), &document);
    assert_eq!(project.document().plan.as_ref().unwrap().salt, SALT);
    assert_eq!(project.document().run(&run).unwrap().plan.salt, OTHER_SALT);
    project.edit(|d| d.name = "other".into()).unwrap();
    assert!(!content(folder.path()).contains(SALT) && !content(folder.path()).contains(OTHER_SALT));
}

#[cfg(unix)]
#[test]
fn salts_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _project = salted(folder.path());
    let secrets = std::fs::metadata(folder.path().join("keys/salts.json")).unwrap();
    assert_eq!(secrets.permissions().mode() & 0o777, 0o600);
}

#[test]
fn salts_of_an_earlier_project_leave_its_file_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (project, run) = salted(folder.path());
    let mut earlier = project.document().clone();
    earlier.version = 1;
    drop(project);
    std::fs::write(folder.path().join("project.json"), earlier.to_json().unwrap()).unwrap();
    std::fs::remove_file(folder.path().join("keys/salts.json")).unwrap();
    assert!(content(folder.path()).contains(SALT) && content(folder.path()).contains(OTHER_SALT));
    for _ in 0..2 {
        let project = Project::open(folder.path()).unwrap();
        assert_eq!(project.document().version, VERSION);
        assert_eq!(project.document().plan.as_ref().unwrap().salt, SALT);
        assert_eq!(project.document().run(&run).unwrap().plan.salt, OTHER_SALT);
        assert!(!content(folder.path()).contains(SALT) && !content(folder.path()).contains(OTHER_SALT));
    }
}

#[test]
fn a_plan_whose_salt_is_lost_gets_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    drop(salted(folder.path()));
    std::fs::remove_file(folder.path().join("keys/salts.json")).unwrap();
    let project = Project::open(folder.path()).unwrap();
    let salt = &project.document().plan.as_ref().unwrap().salt;
    assert!(salt.len() == 32 && salt != SALT, "{salt}");
}

#[test]
fn damaged_secrets_are_said_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(salted(folder.path()));
    let file = folder.path().join("keys/salts.json");
    std::fs::write(&file, "{\"plan\": 7").unwrap();
    let error = Project::open(folder.path()).unwrap_err();
    assert!(matches!(error, ProjectError::Secrets { .. }) && error.to_string().contains("salts.json"), "{error}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"plan\": 7");
}

#[test]
fn a_deleted_training_comes_back_with_its_salt() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, run) = salted(folder.path());
    project.remove(&Item::Run(run.clone())).unwrap();
    project.undo().unwrap();
    drop(project);
    assert_eq!(Project::open(folder.path()).unwrap().document().run(&run).unwrap().plan.salt, OTHER_SALT);
}

#[test]
fn a_change_whose_secrets_cannot_be_saved_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, _) = salted(folder.path());
    let before = content(folder.path());
    std::fs::remove_file(folder.path().join("keys/salts.json")).unwrap();
    std::fs::create_dir(folder.path().join("keys/salts.json")).unwrap();
    assert!(project.edit(|d| d.plan = Some(Plan { salt: "77".into(), ..plan() })).is_err());
    assert_eq!(project.document().plan.as_ref().unwrap().salt, SALT);
    assert_eq!(content(folder.path()), before);
}
