//! Tables of marks in classifiers, made again with tiny networks; and all keys of a training, looked at.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod silent;

use countermark::data::logo::{Logo, LogoOptions};
use countermark::data::{Dataset, sample, sample_logos};
use countermark::jobs::gallery::gallery;
use countermark::jobs::reproduce::classifiers::{self, TableName};
use countermark::jobs::reproduce::{Request, Table, reproduce};
use countermark::jobs::{JobError, Paces, train};
use countermark::nn::device::Compute;
use countermark::schemes::catalogue;
use countermark::schemes::plan::{HostKind, Plan, Preset};
use serde_json::{Value, json};
use silent::Silent;
use std::path::Path;

fn logo() -> Logo {
    let (name, svg) = sample_logos()[0];
    Logo::from_bytes(name, svg, &LogoOptions::default()).unwrap()
}

/// A few pictures of the sample: enough to learn a little from.
fn few() -> Dataset {
    let whole = sample().unwrap();
    let part = |samples: &countermark::data::Samples, count: usize| samples.select(&(0..count).collect::<Vec<_>>()).into();
    Dataset { train: part(&whole.train, 600), test: part(&whole.test, 200), ..whole }
}

fn made(table: TableName, changes: &[(&str, Value)], hosts: Vec<(HostKind, f64)>, seeds: &[u64], folder: &Path) -> Table {
    made_as(Preset::Quick, table, changes, hosts, seeds, folder)
}

fn made_as(
    preset: Preset,
    table: TableName,
    changes: &[(&str, Value)],
    hosts: Vec<(HostKind, f64)>,
    seeds: &[u64],
    folder: &Path,
) -> Table {
    let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let (datasets, seeds, shadows) = (vec![few()], seeds.to_vec(), vec![1, 2]);
    let (logo, program) = (logo(), env!("CARGO_BIN_EXE_countermark").into());
    let every_label = preset == Preset::Paper;
    let request = classifiers::Request { table, preset, changes, datasets, logo, hosts, shadows, every_label, seeds, program };
    reproduce(&Request::Classifiers(request), &Compute::cpu(), folder, &mut Silent).unwrap()
}

/// Every file of a table's folder with the time of its last change.
fn files(folder: &Path) -> Vec<(std::path::PathBuf, std::time::SystemTime)> {
    let within = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut files: Vec<_> = within(folder)
        .iter()
        .flat_map(|run| within(run))
        .map(|file| (file.clone(), file.metadata().unwrap().modified().unwrap()))
        .collect();
    files.sort();
    files
}

/// A small recipe of the stamps.
fn small() -> Vec<(&'static str, Value)> {
    let numbers = [("steps", 40), ("carriers", 6), ("shadow_steps", 250), ("stamp_steps", 10), ("decoys", 1), ("probes", 0)];
    numbers.into_iter().map(|(name, value)| (name, json!(value))).chain([("shadows", json!(2))]).collect()
}

#[test]
fn five_triggers_are_asked_before_and_behind_an_autoencoder() {
    let home = tempfile::tempdir().unwrap();
    let host = vec![(HostKind::Lenet1, 1.0)];
    let table = made(TableName::Triggers, &small(), host.clone(), &[1, 2], home.path());
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    let own = few().name;
    for trigger in ["penetrating", "random", "stamp", "outside the training set", "wonder filter"] {
        let row = table.rows.iter().find(|row| row.name == format!("{own}, {trigger}")).unwrap_or_else(|| panic!("{trigger}: {names:?}"));
        for column in ["keys", "keys_behind", "unmarked", "unmarked_behind"] {
            let figure = &row.values[column];
            assert!(figure.n == 2 && (0.0..=1.0).contains(&figure.mean), "{trigger}, {column}: {figure:?}");
        }
        assert!(row.values["drop_points"].mean.abs() < 60.0);
    }
    assert_eq!(table.rows.len(), 5);
    assert_eq!(table.rows[0].paper["keys_behind"], 0.89);
    // What is there already is not trained again, and gives the same figures.
    let kept = files(home.path());
    let again = made(TableName::Triggers, &small(), host, &[1, 2], home.path());
    assert_eq!((again.rows, files(home.path())), (table.rows, kept));
}

#[test]
fn the_papers_form_asks_its_labels_and_every_other_one_once() {
    let home = tempfile::tempdir().unwrap();
    let changes: Vec<_> = small().into_iter().chain([("shadow_batch", json!(50))]).collect();
    let table = made_as(Preset::Paper, TableName::Triggers, &changes, vec![(HostKind::Lenet1, 1.0)], &[1, 2], home.path());
    let own = few().name;
    let n = |row: &str, column: &str| {
        let row = table.rows.iter().find(|known| known.name == format!("{own}, penetrating, {row}")).unwrap_or_else(|| panic!("{row}"));
        row.values.get(column).map_or(0, |figure| figure.n)
    };
    for column in ["keys", "keys_behind", "unmarked", "unmarked_behind"] {
        assert_eq!(n("labels 0 and 7", column), 2, "each seed has the paper's labels");
        assert_eq!(n("mean over every label", column), 10, "each label counts once");
        for label in 0..10 {
            assert_eq!(n(&format!("label {label}"), column), if [0, 7].contains(&label) { 2 } else { 1 });
        }
    }
    assert_eq!(table.rows.iter().find(|row| row.name.ends_with("labels 0 and 7")).unwrap().paper["keys_behind"], 0.89);
    assert_eq!(table.rows.len(), 1 + 1 + 10 + 4);
    let last: Vec<&str> = table.rows[6..].iter().filter_map(|row| row.name.rsplit_once(", label ")).map(|(_, label)| label).collect();
    assert_eq!(last.join(""), "0123456789", "whichever seed had them");
}

#[test]
fn stamps_of_more_and_fewer_autoencoders_are_timed() {
    let home = tempfile::tempdir().unwrap();
    let changes: Vec<_> = small().into_iter().filter(|(name, _)| *name != "shadows").collect();
    let table = made(TableName::Shadows, &changes, vec![(HostKind::Lenet1, 1.0)], &[1], home.path());
    assert_eq!(table.rows.len(), 2);
    for (row, count) in table.rows.iter().zip([1, 2]) {
        assert!(row.name.ends_with(&format!("autoencoders: {count}")), "{}", row.name);
        assert!(row.values["seconds_per_stamp"].mean > 0.0 && row.values["stamp_loss"].mean > 0.0);
    }
}

#[test]
fn one_scheme_in_many_hosts_gives_a_row_for_each() {
    let home = tempfile::tempdir().unwrap();
    let changes = [("steps", json!(40)), ("keys", json!(12)), ("batch", json!(20)), ("key_batch", json!(6)), ("encoder_width", json!(4))];
    let hosts = vec![(HostKind::Lenet1, 1.0), (HostKind::Lenet5, 0.5)];
    let table = made(TableName::BlindEffectiveness, &changes, hosts.clone(), &[1], home.path());
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.split(", ").last().unwrap()).collect();
    assert_eq!(names, ["LeNet-1", "LeNet-5 x 0.5"]);
    assert!(table.rows.iter().all(|row| row.values.contains_key("fresh") && !row.values.contains_key("psnr_db")));
    // The other table is made of the same runs.
    let kept = std::fs::read_dir(home.path()).unwrap().count();
    let fidelity = made(TableName::BlindFidelity, &changes, hosts, &[1], home.path());
    assert!(fidelity.rows.iter().all(|row| row.values["psnr_db"].mean > 5.0 && row.values["ssim"].mean <= 1.0));
    assert_eq!((kept, std::fs::read_dir(home.path()).unwrap().count()), (2, 2));
}

#[test]
fn stamps_of_one_autoencoder_are_asked_behind_each() {
    let home = tempfile::tempdir().unwrap();
    let table = made(TableName::OwnShadow, &small(), vec![(HostKind::Lenet1, 1.0)], &[1], home.path());
    assert_eq!(table.columns, ["keys", "behind_1", "behind_2", "behind_unseen"]);
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.split(", ").last().unwrap()).collect();
    assert_eq!(names, ["made for autoencoder 1", "made for autoencoder 2"]);
    assert!(table.rows.iter().all(|row| row.values.len() == 4));
}

/// A small recipe of DeepStego.
fn few_steps() -> Vec<(&'static str, Value)> {
    let numbers = [("steps", 60), ("keys", 12), ("batch", 20), ("key_batch", 6), ("encoder_steps", 20), ("encoder_width", 4)];
    numbers.into_iter().map(|(name, value)| (name, json!(value))).collect()
}

#[test]
fn people_with_the_same_kind_of_encoder_ask_the_owners_host() {
    let home = tempfile::tempdir().unwrap();
    let table = made(TableName::LeakedForm, &few_steps(), vec![(HostKind::Lenet1, 1.0)], &[1], home.path());
    let [own, others] = &table.rows[..] else { panic!("{:?}", table.rows) };
    assert_eq!(own.values["keys"], own.values["on_its_own_host"]);
    assert_eq!((others.values["keys"].n, others.values["on_its_own_host"].n), (3, 3));
    assert_eq!(others.paper["keys"], 0.13);
    assert!(own.paper.is_empty());
}

#[test]
fn model_and_keys_say_the_same_in_a_fresh_process() {
    let home = tempfile::tempdir().unwrap();
    let table = made(TableName::StegoTransfer, &few_steps(), vec![(HostKind::Lenet1, 1.0)], &[1], home.path());
    let values = &table.rows[0].values;
    assert_eq!(values["same_answers"].mean, 1.0);
    assert_eq!(values["keys"], values["keys_moved"]);
    assert!(values.contains_key("unmarked_moved"));
}

#[test]
fn all_keys_of_a_training_can_be_looked_at() {
    let (home, compute) = (tempfile::tempdir().unwrap(), Compute::cpu());
    let plan = catalogue::plan("noise", Preset::Quick, few().shape(), "Owner", &"00".repeat(16), 1).unwrap();
    let small = [("steps", json!(60)), ("keys", json!(12)), ("batch", json!(20)), ("key_batch", json!(6))];
    let scheme = small.iter().fold(plan.scheme.clone(), |scheme, (name, value)| scheme.with(name, value.clone()).unwrap());
    let task = train::task(Plan { scheme, nulls: 1, ..plan }, few(), logo(), &compute);
    let trained = train::train(&task, &compute, home.path(), &mut Paces::default(), &mut Silent).unwrap();
    let all = gallery(&trained, &mut |_| true).unwrap();
    assert_eq!(all.samples.len(), 12);
    let known = all.samples.iter().filter(|sample| sample.is_hit()).count() as f64 / 12.0;
    assert_eq!(known, trained.key_accuracy);
    assert!(all.samples.iter().all(|sample| sample.true_class != sample.expected && sample.psnr_db < 40.0 && sample.key != sample.cover));
    assert!(all.stamps.is_empty() && all.classes == few().classes);
    assert!(matches!(gallery(&trained, &mut |_| false), Err(JobError::Stopped)));
    std::fs::remove_file(&trained.key).unwrap();
    assert!(gallery(&trained, &mut |_| true).unwrap_err().to_string().contains("key.cmkey"));
}
