//! Everything that can be dropped is named for what it is.

use super::*;
use crate::data::{Details, Kind, inspect, recognise, sample_logos};

#[test]
fn data_sets_are_described_in_figures() {
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["ant", "bee"], 10);
    class_folder(dir.path(), &["bee2"], 2);
    write(dir.path().join("ant").join("bad.png"), b"bad");
    let found = inspect(dir.path());
    assert_eq!((found.kind, found.problems.len()), (Kind::Dataset, 1));
    let Details::Dataset(details) = &found.details else { panic!("{found:?}") };
    assert_eq!((details.images, details.classes.len(), details.classes[2].images), (22, 3, 2));
    assert!((details.balance - 0.2).abs() < 1e-9);
    assert!(found.notes.iter().any(|n| n.contains("not balanced: “bee2” has 2 pictures, “ant” has 10")), "{:?}", found.notes);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!((&json["kind"], &json["details"]["format"]), (&"dataset".into(), &"folder".into()));
    assert_eq!(serde_json::from_value::<crate::data::Inspection>(json).unwrap(), found);
}

#[test]
fn pictures_logos_and_pairs_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut many = picture(3, 64, 64, 3);
    many.planes.iter_mut().enumerate().for_each(|(i, value)| *value = (i.wrapping_mul(i).wrapping_mul(2_654_435_761) >> 13) as u8);
    let photo = write(dir.path().join("photo.png"), &many.to_png().unwrap());
    assert_eq!(inspect(&photo).kind, Kind::Image);
    let svg = write(dir.path().join("logo"), sample_logos()[0].1);
    assert_eq!(inspect(&svg).kind, Kind::Logo);
    let flat = crate::data::logo::Logo::from_bytes("x", sample_logos()[1].1, &Default::default()).unwrap();
    let png = write(dir.path().join("logo.png"), &flat.picture.to_png().unwrap());
    assert_eq!((inspect(&png).kind, inspect(&png).problems.len()), (Kind::Logo, 0));
    class_folder(&dir.path().join("both"), &["cover", "marked"], 3);
    let pairs = inspect(&dir.path().join("both"));
    assert_eq!((pairs.kind, pairs.details), (Kind::Pairs, Details::Pairs { folders: ["cover".into(), "marked".into()], pairs: 3 }));
}

#[test]
fn models_and_packages_are_known_by_content() {
    let dir = tempfile::tempdir().unwrap();
    let weights: Vec<u8> = (0..24).collect();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![2, 3], &weights).unwrap();
    let bytes = safetensors::serialize([("layer.weight", view)], None).unwrap();
    let model = inspect(&write(dir.path().join("model.bin2"), &bytes));
    assert_eq!(model.details, Details::Model { tensors: 1, parameters: 6, names: vec!["layer.weight".into()] });
    let cut = inspect(&write(dir.path().join("cut.safetensors"), &bytes[..bytes.len() - 4]));
    assert!(cut.kind == Kind::Model && cut.problems[0].reason.contains("cut off"), "{cut:?}");
    let lying = inspect(&write(dir.path().join("lying.safetensors"), &[0xff; 40]));
    assert!(lying.kind == Kind::Model && lying.problems.len() == 1, "{lying:?}");

    let key = write(dir.path().join("a.cmkey"), &zip_of(&[("manifest.json", b"{\"format\":\"key\"}".to_vec())]));
    assert_eq!((recognise(&key), inspect(&key).problems.len()), (Kind::KeyPackage, 0));
    let bundle = write(dir.path().join("b.zip"), &zip_of(&[("manifest.json", b"{\"kind\":\"bundle\"}".to_vec())]));
    assert_eq!(recognise(&bundle), Kind::Bundle);
    let broken = inspect(&write(dir.path().join("broken.cmkey"), b"PK\x03\x04 and no more"));
    assert!(broken.kind == Kind::KeyPackage && broken.problems.len() == 1, "{broken:?}");
}

#[test]
fn what_is_nothing_says_why() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().join("missing"), dir.path().to_path_buf(), write(dir.path().join("sub").join("t.txt"), b"text")] {
        let found = inspect(&path);
        assert!(found.kind == Kind::Unknown && !found.problems.is_empty(), "{found:?}");
    }
}

#[test]
fn a_folder_that_fails_as_a_whole_names_every_file_and_why() {
    let names = |found: &crate::data::Inspection| found.problems[1..].iter().map(|p| p.file.clone()).collect::<Vec<_>>();
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("ant/a.png", b"bad".as_slice()), ("bee/b.png", b""), ("readme.txt", b"text")] {
        write(dir.path().join(name), bytes);
    }
    let none = inspect(dir.path());
    assert!(none.problems[0].reason.starts_with("None of its 2 pictures could be read"), "{none:?}");
    assert_eq!(names(&none), ["readme.txt", "ant/a.png", "bee/b.png"].map(std::path::PathBuf::from));
    assert!(none.problems[1].reason.contains("belongs to none"));
    assert_eq!(none.problems[3].reason, "The file is empty");

    // One class is left over because every picture of the other is broken.
    class_folder(dir.path(), &["ant"], 3);
    let one = inspect(dir.path());
    assert!(one.problems[0].reason.contains("All pictures belong to one class"), "{one:?}");
    assert_eq!(names(&one).len(), 3);

    let single = tempfile::tempdir().unwrap();
    write(single.path().join("ant").join("a.png"), b"bad");
    assert!(inspect(single.path()).problems[0].reason.starts_with("Its only picture could not be read"));

    let flat = tempfile::tempdir().unwrap();
    write(flat.path().join("a.png"), b"bad");
    let flat = inspect(flat.path());
    assert!(flat.problems[0].reason.contains("do not lie in class folders"), "{flat:?}");
    assert_eq!(names(&flat), [std::path::PathBuf::from("a.png")]);
}
