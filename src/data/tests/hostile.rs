//! What must never harm: cut, lying, gigantic and malicious files end in a sentence, and every limit holds.

use super::*;
use crate::data::inspect;
use crate::data::logo::{Logo, LogoOptions};
use proptest::prelude::*;

fn small() -> Limits {
    Limits::default()
}

#[test]
fn nothing_empty_and_single_things_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(kind(plain(&dir.path().join("nowhere"))), "not_found");
    assert_eq!(kind(plain(dir.path())), "empty");
    assert_eq!(kind(plain(&write(dir.path().join("void"), b""))), "truncated");
    assert_eq!(kind(plain(&write(dir.path().join("one.png"), &picture(1, 8, 8, 0).to_png().unwrap()))), "unrecognised");
    assert_eq!(kind(plain(&write(dir.path().join("text.txt"), b"hello world"))), "unrecognised");
    assert_eq!(kind(plain(&write(dir.path().join("empty.zip"), &zip_of(&[])))), "empty");
}

#[test]
fn other_things_are_called_by_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let mut tar = vec![0u8; 1024];
    tar[..9].copy_from_slice(b"data.bin\0");
    tar[257..262].copy_from_slice(b"ustar");
    let key = zip_of(&[("manifest.json", b"{}".to_vec())]);
    for (name, bytes, found) in [
        ("cifar-10-binary.tar.gz", gzip(&tar), "tar archive. Unpack it first."),
        ("x.cmkey", key, "key package"),
        ("x.svg", crate::data::sample_logos()[0].1.to_vec(), "drawing"),
    ] {
        let error = plain(&write(dir.path().join(name), &bytes)).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
    }
}

#[test]
fn a_single_class_is_no_task() {
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["only"], 3);
    assert_eq!(kind(plain(dir.path())), "one_class");
    let idx = tempfile::tempdir().unwrap();
    write(idx.path().join("images"), &idx_images(3, 4));
    write(idx.path().join("labels"), &idx_labels(&[1, 1, 1]));
    assert_eq!(kind(plain(idx.path())), "one_class");
}

#[test]
fn folders_full_of_rubbish_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let rubbish = write(dir.path().join("a").join("x.png"), b"rubbish");
    write(dir.path().join("b").join("y.png"), b"");
    assert_eq!(kind(plain(dir.path())), "none_readable");
    assert_eq!(kind(plain(rubbish.parent().unwrap())), "no_classes");
    class_folder(dir.path(), &["c", "d"], 3);
    let dataset = plain(dir.path()).unwrap();
    assert_eq!(dataset.classes, ["c", "d"]);
    assert!(dataset.notes.iter().any(|n| n.ends_with("are no classes: a, b.")), "{:?}", dataset.notes);
}

#[test]
fn a_cut_picture_is_a_problem_and_the_rest_opens() {
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["a", "b"], 5);
    let png = picture(3, 60, 60, 1).to_png().unwrap();
    write(dir.path().join("a").join("cut.png"), &png[..png.len() / 2]);
    write(dir.path().join("b").join("void.png"), b"");
    let dataset = plain(dir.path()).unwrap();
    assert_eq!((dataset.train.count() + dataset.test.count(), dataset.problems.len()), (10, 2));
    assert!(dataset.problems.iter().any(|p| p.reason.contains("damaged or cut off")), "{:?}", dataset.problems);
}

/// Opens an idx pair made of these files.
fn idx_pair(images: &[u8], labels: &[u8], limits: Limits) -> &'static str {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("train-images-idx3"), images);
    write(dir.path().join("train-labels-idx1"), labels);
    kind(within(dir.path(), limits))
}

#[test]
fn idx_files_that_lie_are_found_out() {
    let (images, labels) = (idx_images(4, 8), idx_labels(&[0, 1, 0, 1]));
    assert_eq!(idx_pair(&images[..images.len() - 1], &labels, small()), "truncated");
    assert_eq!(idx_pair(&gzip(&idx_images(400, 8))[..200], &labels, small()), "truncated");
    assert_eq!(idx_pair(&[images.clone(), vec![0]].concat(), &labels, small()), "damaged");
    assert_eq!(idx_pair(&images, &idx_labels(&[0, 1, 0]), small()), "counts_differ");
    let mut endless = images.clone();
    endless[4..8].copy_from_slice(&[0xff; 4]);
    assert_eq!(idx_pair(&endless, &labels, small()), "too_large");
    let mut huge = images.clone();
    huge[8..12].copy_from_slice(&[0xff; 4]);
    assert_eq!(idx_pair(&huge, &labels, small()), "damaged");
    let mut floats = images.clone();
    floats[2] = 0x0d;
    assert_eq!(idx_pair(&floats, &labels, small()), "damaged");
    let mut gz = gzip(&images);
    let middle = gz.len() - 6;
    gz[middle] ^= 0x55;
    assert!(["damaged", "truncated"].contains(&idx_pair(&gz, &labels, small())));
}

#[test]
fn half_of_a_pair_asks_for_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let images = write(dir.path().join("train-images-idx3"), &idx_images(4, 8));
    let error = plain(&images).unwrap_err();
    assert!(error.to_string().starts_with("The labels that belong to this file"), "{error}");
}

#[test]
fn cifar_files_that_are_cut_or_mislabelled_are_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut records: Vec<u8> = (0..20).flat_map(|i| std::iter::once(i % 10).chain([7; 3072])).collect();
    let cut = write(dir.path().join("a").join("data_batch_1.bin"), &records[..5000]);
    assert_eq!(kind(plain(&cut)), "truncated");
    records[3073 * 4] = 10;
    let wrong = write(dir.path().join("b").join("data_batch_1.bin"), &records);
    let error = plain(&wrong).unwrap_err();
    assert!(error.to_string().starts_with("Picture 4 has the label 10, but there are only 10 classes (0 to 9)"), "{error}");
}

#[test]
fn amounts_are_limited() {
    let (images, labels) = (idx_images(4, 8), idx_labels(&[0, 1, 0, 1]));
    assert_eq!(idx_pair(&images, &labels, Limits { images: 3, ..small() }), "too_large");
    assert_eq!(idx_pair(&images, &labels, Limits { memory: 255, ..small() }), "too_large");
    assert_eq!(idx_pair(&images, &labels, Limits { file_bytes: 100, ..small() }), "too_large");
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["a", "b", "c"], 2);
    assert_eq!(kind(within(dir.path(), Limits { images: 5, ..small() })), "too_large");
    assert_eq!(kind(within(dir.path(), Limits { memory: 1000, ..small() })), "too_large");
    assert_eq!(kind(within(dir.path(), Limits { classes: 2, ..small() })), "too_large");
    assert_eq!(kind(within(dir.path(), Limits { picture_bytes: 10, ..small() })), "none_readable");
    assert_eq!(kind(within(dir.path(), Limits { pixels: 100, ..small() })), "none_readable");
    assert!(within(dir.path(), Limits { images: 6, classes: 3, memory: 6 * 784, ..small() }).is_ok());
}

/// The head of a PNG that claims so many pixels, with almost nothing behind it.
fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = image::GrayImage::new(1, 1);
    png.put_pixel(0, 0, image::Luma([1]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    png.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let mut bytes = bytes.into_inner();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn decompression_bombs_are_refused_before_decoding() {
    for (width, height) in [(60_000, 60_000), (8_193, 8_192), (u32::MAX >> 1, 2)] {
        let error = crate::data::decode::upright(&png_bomb(width, height), &small()).unwrap_err();
        assert!(error.to_string().starts_with("The picture"), "{error}");
    }
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["a", "b"], 2);
    write(dir.path().join("a").join("bomb.png"), &png_bomb(60_000, 60_000));
    let dataset = plain(dir.path()).unwrap();
    assert!(dataset.problems[0].reason.contains("60000x60000 pixels"), "{:?}", dataset.problems);
}

fn opened_zip(entries: &[(&str, Vec<u8>)], limits: Limits) -> Result<Dataset, DataError> {
    let dir = tempfile::tempdir().unwrap();
    within(&write(dir.path().join("x.zip"), &zip_of(entries)), limits)
}

#[test]
fn archives_that_point_outside_are_refused() {
    let png = picture(1, 8, 8, 0).to_png().unwrap();
    for name in ["../evil/x.png", "/etc/x.png", "a/../../x.png", "C:\\x\\y.png", "a\\..\\..\\x.png"] {
        let result = opened_zip(&[("a/1.png", png.clone()), ("b/1.png", png.clone()), (name, png.clone())], small());
        assert_eq!(kind(result), "hostile", "{name}");
    }
}

#[test]
fn archives_are_limited_in_entries_size_and_ratio() {
    let png = picture(1, 8, 8, 0).to_png().unwrap();
    let good = [("a/1.png", png.clone()), ("a/2.png", png.clone()), ("b/1.png", png.clone()), ("b/2.png", png.clone())];
    assert!(opened_zip(&good, small()).is_ok());
    assert_eq!(kind(opened_zip(&good, Limits { entries: 3, ..small() })), "too_large");
    assert_eq!(kind(opened_zip(&good, Limits { file_bytes: 100, ..small() })), "too_large");
    assert_eq!(kind(opened_zip(&good, Limits { unpacked: 100, ..small() })), "hostile");
    let zeros = [("a/1.png", vec![0; 70 << 20]), ("b/1.png", png.clone())];
    assert_eq!(kind(opened_zip(&zeros, small())), "hostile");
}

#[test]
fn broken_archives_are_damaged_or_partly_read() {
    let png = picture(1, 8, 8, 0).to_png().unwrap();
    let names = ["a/1.png", "a/2.png", "b/1.png", "b/2.png"];
    let zip = zip_of(&names.map(|name| (name, png.clone())));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(kind(plain(&write(dir.path().join("cut.zip"), &zip[..zip.len() / 2]))), "damaged");
    let mut flipped = zip.clone();
    flipped[60] ^= 0xff;
    let dataset = plain(&write(dir.path().join("flipped.zip"), &flipped)).unwrap();
    assert_eq!(dataset.problems.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_to_folders_pipes_and_depth_do_not_hold_us() {
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["a", "b"], 2);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a").join("loop")).unwrap();
    std::os::unix::fs::symlink("/nowhere", dir.path().join("a").join("broken.png")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("b").join("endless.png")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("a").join("0.png"), dir.path().join("b").join("linked.png")).unwrap();
    let deep = (0..12).fold(dir.path().join("a"), |path, i| path.join(i.to_string()));
    write(deep.join("x.png"), &picture(1, 28, 28, 0).to_png().unwrap());
    let dataset = plain(dir.path()).unwrap();
    assert_eq!(dataset.train.count() + dataset.test.count(), 5);
    let reasons: Vec<_> = dataset.problems.iter().map(|p| p.reason.as_str()).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    for part in ["link to a folder", "cannot be read", "neither a file nor a folder", "folders deep"] {
        assert!(reasons.iter().any(|r| r.contains(part)), "{part}: {reasons:?}");
    }
    assert_eq!(kind(plain(Path::new("/dev/null"))), "not_a_file");
}

#[test]
fn an_unreadable_size_of_a_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path().join("images"), &idx_images(4, 8));
    write(dir.path().join("labels"), &idx_labels(&[0, 1, 0, 1]));
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(crate::data::limits::MAX_FILE_BYTES + 1).unwrap();
    assert_eq!(kind(plain(&path)), "too_large");
}

/// Bytes that begin like one of the formats and go on at random.
fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let heads: Vec<Vec<u8>> = vec![
        vec![],
        vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2],
        vec![0, 0, 8, 1, 0, 0],
        b"PK\x03\x04".to_vec(),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
        vec![0xff, 0xd8, 0xff, 0xe0],
        b"RIFF\x10\0\0\0WEBPVP8L".to_vec(),
        b"BM".to_vec(),
        vec![0x1f, 0x8b, 8, 0],
        b"<svg xmlns='http://www.w3.org/2000/svg'>".to_vec(),
        b"\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",".to_vec(),
        picture(3, 6, 6, 1).to_png().unwrap(),
        zip_of(&[("manifest.json", b"{}".to_vec()), ("a/1.png", picture(1, 4, 4, 2).to_png().unwrap())]),
    ];
    (prop::sample::select(heads), prop::collection::vec(any::<u8>(), 0..400), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut bytes, tail, at, flip)| {
            bytes.extend(tail);
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_value(bytes in hostile_bytes(), name in prop::sample::select(vec!["x", "x.bin", "x.cmkey", "x.safetensors", "cifar.bin.gz"])) {
        let dir = tempfile::tempdir().unwrap();
        let path = write(dir.path().join(name), &bytes);
        let _ = plain(&path);
        let found = inspect(&path);
        prop_assert!(!found.what.is_empty());
        let _ = plain(dir.path());
        let _ = Logo::from_bytes("x", &bytes, &LogoOptions::default());
    }

    #[test]
    fn any_bytes_as_class_files_end_in_a_value(bytes in hostile_bytes()) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path().join("a").join("1.png"), &bytes);
        write(dir.path().join("b").join("1.png"), &picture(1, 4, 4, 0).to_png().unwrap());
        let _ = plain(dir.path());
    }
}
