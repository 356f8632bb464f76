//! Every format that is promised, in the shapes in which people have it.

use super::*;
use crate::data::{Format, Samples};
use image::{DynamicImage, ImageFormat, Rgba};

fn saved(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn idx_pairs_are_found_from_any_file_and_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let names = [
        ("train-images-idx3-ubyte.gz", gzip(&idx_images(6, 28))),
        ("train-labels-idx1-ubyte", idx_labels(&[0, 1, 2, 0, 1, 2])),
        ("t10k-images.idx3-ubyte", idx_images(2, 28)),
        ("t10k-labels.idx1-ubyte.gz", gzip(&idx_labels(&[2, 0]))),
    ];
    names.iter().for_each(|(name, bytes)| drop(write(dir.path().join(name), bytes)));
    let whole = plain(dir.path()).unwrap();
    assert_eq!((whole.format, whole.train.count(), whole.test.count()), (Format::Idx, 6, 2));
    assert_eq!(whole.train.bytes(1)[..3], [((784) % 253) as u8, (785 % 253) as u8, (786 % 253) as u8]);
    assert_eq!((whole.test.labels.as_slice(), whole.classes.len()), ([2u16, 0].as_slice(), 3));
    for file in std::fs::read_dir(dir.path()).unwrap() {
        assert_eq!(plain(&file.unwrap().path()).unwrap().digest, whole.digest);
    }
}

#[test]
fn idx_files_of_any_name_are_paired_when_they_are_alone() {
    let dir = tempfile::tempdir().unwrap();
    let images = write(dir.path().join("pictures.dat"), &idx_images(20, 8));
    write(dir.path().join("answers.dat"), &idx_labels(&[0, 1].repeat(10)));
    let dataset = plain(&images).unwrap();
    assert_eq!((dataset.train.count(), dataset.test.count(), dataset.shape().width), (16, 4, 8));
    assert!(dataset.notes.iter().any(|n| n.contains("4 of the 20 pictures")), "{:?}", dataset.notes);
}

#[test]
fn two_idx_sets_in_one_folder_are_told_apart_by_the_file_dropped() {
    let dir = tempfile::tempdir().unwrap();
    for set in ["letters", "digits"] {
        write(dir.path().join(format!("{set}-train-images-idx3-ubyte")), &idx_images(4, 4));
        write(dir.path().join(format!("{set}-train-labels-idx1-ubyte")), &idx_labels(&[0, 1, 0, 1]));
    }
    assert_eq!(kind(plain(dir.path())), "several");
    assert_eq!(plain(&dir.path().join("digits-train-labels-idx1-ubyte")).unwrap().format, Format::Idx);
}

fn cifar(count: usize, labels: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|i| (0..labels).map(|_| (i % 10) as u8).chain((0..3072).map(move |p| (p % 200 + i) as u8)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn cifar_batches_join_and_their_test_batch_is_known() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("data_batch_1.bin"), &cifar(10, 1));
    write(dir.path().join("data_batch_2.bin.gz"), &gzip(&cifar(10, 1)));
    let file = write(dir.path().join("test_batch.bin"), &cifar(10, 1));
    write(dir.path().join("batches.meta.txt"), b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    let whole = plain(dir.path()).unwrap();
    assert_eq!((whole.format, whole.train.count(), whole.test.count()), (Format::Cifar10, 20, 10));
    assert_eq!((whole.classes[9].as_str(), whole.train.labels[3], whole.train.bytes(3)[0]), ("j", 3, 3));
    assert_eq!(plain(&file).unwrap().digest, whole.digest);
}

#[test]
fn cifar_100_is_known_by_its_records() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path().join("train.bin"), &cifar(30, 2));
    let dataset = plain(&file).unwrap();
    assert_eq!((dataset.format, dataset.classes.len(), dataset.classes[8].as_str()), (Format::Cifar100, 100, "bicycle"));
    let nameless = write(dir.path().join("other").join("records"), &cifar(30, 1));
    assert_eq!(plain(&nameless).unwrap().format, Format::Cifar10);
}

#[test]
fn a_class_folder_keeps_small_squares_and_splits_by_key() {
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["zebra", "ant"], 20);
    let dataset = plain(dir.path()).unwrap();
    assert_eq!((dataset.format, dataset.classes.as_slice()), (Format::Folder, ["ant".to_string(), "zebra".into()].as_slice()));
    assert_eq!((dataset.train.count(), dataset.test.count()), (34, 6));
    assert_eq!(dataset.shape(), Shape { channels: 1, height: 28, width: 28 });
    assert!(dataset.problems.is_empty());
    let again = OpenOptions { split_seed: 2, ..OpenOptions::default() };
    assert_ne!(open(dir.path(), &again, &mut |_| true).unwrap().digest, dataset.digest);
    assert_eq!(plain(dir.path()).unwrap().digest, dataset.digest);
}

#[test]
fn folder_and_zip_of_it_hold_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("pets");
    class_folder(&root.join("train"), &["cat", "dog"], 4);
    class_folder(&root.join("test"), &["cat", "dog"], 2);
    class_folder(&root.join("validation"), &["dog", "cat"], 1);
    write(root.join("readme.txt"), b"hello");
    write(root.join("train").join("cat").join("broken.png"), b"no picture");
    let folder = plain(&root).unwrap();
    assert_eq!((folder.train.count(), folder.test.count()), (10, 4));
    assert!(folder.notes.iter().any(|n| n.contains("2 validation pictures were added")), "{:?}", folder.notes);
    let reasons: Vec<_> = folder.problems.iter().map(|p| p.reason.as_str()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(
        reasons.iter().any(|r| r.starts_with("This is not a picture")) && reasons.iter().any(|r| r.contains("beside the class folders"))
    );

    let mut entries = Vec::new();
    for file in super::super::folder::walk(dir.path(), &Limits::default(), &mut Vec::new()).unwrap() {
        let bytes = std::fs::read(dir.path().join(&file.shown)).unwrap();
        entries.push((file.shown.to_string_lossy().into_owned(), bytes));
    }
    let borrowed: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    // The name does not matter: a zip is known by its content.
    let zip = plain(&write(dir.path().join("pets.data"), &zip_of(&borrowed))).unwrap();
    assert_eq!((zip.format, zip.problems.len()), (Format::Zip, 2));
    assert_eq!(zip.digest, folder.digest);
}

#[test]
fn every_kind_of_picture_becomes_the_same_colours() {
    let dir = tempfile::tempdir().unwrap();
    let red = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(40, 30, Rgba([200, 40, 40, 255])));
    let files = [
        ("a.png", saved(&red, ImageFormat::Png)),
        ("b.jpg", saved(&DynamicImage::ImageRgb8(red.to_rgb8()), ImageFormat::Jpeg)),
        ("c.webp", saved(&red, ImageFormat::WebP)),
        ("d.bmp", saved(&DynamicImage::ImageRgb8(red.to_rgb8()), ImageFormat::Bmp)),
        ("e.png", saved(&DynamicImage::ImageRgba16(red.to_rgba16()), ImageFormat::Png)),
        ("f.dat", saved(&DynamicImage::ImageRgb16(red.to_rgb16()), ImageFormat::Png)),
    ];
    files.iter().for_each(|(name, bytes)| drop(write(dir.path().join("red").join(name), bytes)));
    let grey = DynamicImage::ImageLuma16(image::ImageBuffer::from_pixel(500, 100, image::Luma([0x8080])));
    write(dir.path().join("grey").join("a.png"), &saved(&grey, ImageFormat::Png));
    let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(9, 9, Rgba([0, 0, 0, 0])));
    write(dir.path().join("grey").join("clear.png"), &saved(&clear, ImageFormat::Png));
    let dataset = plain(dir.path()).unwrap();
    assert!(dataset.problems.is_empty(), "{:?}", dataset.problems);
    assert_eq!(dataset.shape(), Shape { channels: 3, height: 32, width: 32 });
    for part in [&dataset.train, &dataset.test] {
        for i in 0..part.count() {
            let (r, g) = (part.bytes(i)[16 * 32 + 16], part.bytes(i)[1024 + 16 * 32 + 16]);
            assert!(
                if part.labels[i] == 1 { r.abs_diff(200) < 4 && g.abs_diff(40) < 4 } else { r == g && [128, 255].contains(&r) },
                "{r} {g}"
            );
        }
    }
    let notes = dataset.notes.join(" ");
    assert!(notes.contains("from 9x9 to 500x100") && notes.contains("not square") && notes.contains("2 of 8 pictures are grey"), "{notes}");
}

/// A JPEG whose EXIF data say "turn by 90 degrees", dark on the left before turning.
fn turned_jpeg() -> Vec<u8> {
    let half = image::GrayImage::from_fn(32, 32, |x, _| image::Luma([if x < 16 { 0 } else { 255 }]));
    let jpeg = saved(&DynamicImage::ImageLuma8(half), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let mut segment = vec![0xff, 0xe1];
    segment.extend(((exif.len() + 2) as u16).to_be_bytes());
    segment.append(&mut exif);
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

#[test]
fn photographs_stand_upright() {
    let picture = crate::data::decode::picture(&turned_jpeg(), [255; 3], &Limits::default()).unwrap();
    // Turned clockwise, what was left is on top.
    assert!(picture.planes[8 * 32 + 24] < 30 && picture.planes[24 * 32 + 8] > 225);
}

#[test]
fn side_and_channels_can_be_chosen() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("images"), &idx_images(20, 28));
    let labels = write(dir.path().join("labels"), &idx_labels(&[0, 1].repeat(10)));
    let options = OpenOptions { side: Some(32), channels: Some(3), ..OpenOptions::default() };
    let dataset = open(&labels, &options, &mut |_| true).unwrap();
    assert_eq!(dataset.shape(), Shape { channels: 3, height: 32, width: 32 });
    let check = |part: &Samples| (0..part.count()).all(|i| part.picture(i).is_grey());
    assert!(check(&dataset.train) && check(&dataset.test));
    let strange = OpenOptions { side: Some(10_000), channels: Some(2), test_share: f64::NAN, ..OpenOptions::default() };
    let dataset = open(&labels, &strange, &mut |_| true).unwrap();
    assert_eq!(dataset.shape(), Shape { channels: 3, height: crate::data::limits::MAX_SIDE, width: crate::data::limits::MAX_SIDE });
    assert_eq!(dataset.train.pixels.len(), dataset.train.count() * dataset.shape().len());
}

#[test]
fn opening_is_told_and_can_be_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    class_folder(dir.path(), &["a", "b"], 200);
    let mut shares = Vec::new();
    open(dir.path(), &OpenOptions::default(), &mut |share| {
        shares.push(share);
        true
    })
    .unwrap();
    assert!(shares.len() > 4 && shares.windows(2).all(|w| w[0] <= w[1]) && shares.last() == Some(&1.0), "{shares:?}");
    let mut calls = 0;
    let cancelled = open(dir.path(), &OpenOptions::default(), &mut |_| {
        calls += 1;
        calls < 3
    });
    assert_eq!(cancelled.unwrap_err(), DataError::Cancelled);
}

#[test]
fn only_sides_that_networks_take_stay_as_they_are() {
    for (channels, side, opened) in
        [(3, 28, 32), (3, 32, 32), (3, 48, 32), (3, 64, 64), (1, 28, 28), (1, 50, 32), (1, 48, 48), (1, 4, 32), (1, 68, 32)]
    {
        let dir = tempfile::tempdir().unwrap();
        for (class, i) in [("a", 0), ("a", 1), ("b", 2), ("b", 3)] {
            write(dir.path().join(class).join(format!("{i}.png")), &picture(channels, side, side, i).to_png().unwrap());
        }
        let dataset = plain(dir.path()).unwrap();
        assert_eq!(dataset.shape(), Shape { channels, height: opened, width: opened }, "{side}x{side}, {channels} channels");
        assert_eq!(dataset.train.pixels.len(), dataset.train.count() * dataset.shape().len());
        let told = dataset.notes.iter().any(|note| note.contains(&format!("brought to {opened}x{opened}")));
        assert_eq!(told, side != opened, "{:?}", dataset.notes);
    }
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("images"), &idx_images(20, 50));
    let labels = write(dir.path().join("labels"), &idx_labels(&[0, 1].repeat(10)));
    assert_eq!(plain(&labels).unwrap().shape(), Shape { channels: 1, height: 32, width: 32 });
}
