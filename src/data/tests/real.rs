//! Data as it is found in the world, where `COUNTERMARK_DATA` names a folder that has it.

use super::*;
use crate::data::Format;
use std::time::Instant;

fn real(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("COUNTERMARK_DATA").map(|folder| PathBuf::from(folder).join(name)).filter(|path| path.exists());
    if path.is_none() {
        println!("skipped: COUNTERMARK_DATA names no folder with {name}");
    }
    path
}

fn told(path: &Path) -> Dataset {
    let start = Instant::now();
    let dataset = plain(path).unwrap();
    println!(
        "{}: {:.2} s, {} + {}, {}",
        dataset.name,
        start.elapsed().as_secs_f64(),
        dataset.train.count(),
        dataset.test.count(),
        dataset.shape()
    );
    println!("  {:?}\n  {:?} {:?}", dataset.classes, dataset.notes, dataset.problems.iter().take(3).collect::<Vec<_>>());
    dataset
}

#[test]
fn mnist_opens_whole_from_any_of_its_files() {
    let Some(folder) = real("mnist") else { return };
    let whole = told(&folder);
    assert_eq!((whole.train.count(), whole.test.count(), whole.classes.len()), (60_000, 10_000, 10));
    for file in ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"] {
        assert_eq!(told(&folder.join(file)).digest, whole.digest);
    }
}

#[test]
fn cifar_opens_with_its_test_part() {
    let Some(folder) = real("cifar10") else { return };
    let whole = told(&folder);
    assert_eq!((whole.format, whole.train.count(), whole.test.count()), (Format::Cifar10, 10_000, 2_000));
    assert_eq!(told(&folder.join("cifar10-train-10000.bin.gz")).digest, whole.digest);
}

#[test]
fn photographs_open_from_a_zip_with_parts() {
    let Some(path) = real("clothing-128.zip") else { return };
    let whole = told(&path);
    assert_eq!((whole.train.count() + whole.test.count(), whole.test.count(), whole.classes.len()), (3_781, 372, 10));
    assert_eq!(whole.shape(), Shape { channels: 3, height: 32, width: 32 });
}

#[test]
fn radiographs_open_grey_from_a_zip_without_parts() {
    let Some(path) = real("chest-xray-256.zip") else { return };
    let whole = told(&path);
    assert_eq!((whole.train.count() + whole.test.count(), whole.test.count()), (500, 75));
    assert_eq!(whole.shape().channels, 1);
    assert_eq!(whole.classes, ["No_findings", "Pneumonia"]);
}
