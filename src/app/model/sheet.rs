//! The questions of a kept report on disk: keys and covers below each other in one PNG each, and their labels beside them.

use crate::app::text;
use crate::data::{Picture, Shape, open_picture};
use crate::forensics::report::{Question, Report};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

const KEYS: &str = "keys.png";
const COVERS: &str = "covers.png";
const LABELS: &str = "questions.json";

/// What is kept of a question besides its pictures.
#[derive(Serialize, Deserialize)]
struct Labels {
    expected: u16,
    answer: u16,
    cover_answer: Option<u16>,
    true_class: Option<u16>,
    fresh: bool,
}

/// Writes the questions of a report into its folder; labels come last, so that half a set is never read.
///
/// # Errors
/// A disk that is full or not writable.
pub fn write(report: &Report, folder: &Path) -> io::Result<()> {
    let keys: Vec<&Picture> = report.questions.iter().map(|question| &question.key).collect();
    let covers: Vec<&Picture> = report.questions.iter().filter_map(|question| question.cover.as_ref()).collect();
    for (name, pictures) in [(KEYS, keys), (COVERS, covers)] {
        if let Some(sheet) = stacked(&pictures) {
            std::fs::write(folder.join(name), sheet.to_png().map_err(io::Error::other)?)?;
        }
    }
    let label = |q: &Question| Labels {
        expected: q.expected,
        answer: q.answer,
        cover_answer: q.cover_answer,
        true_class: q.true_class,
        fresh: q.fresh,
    };
    let labels: Vec<Labels> = report.questions.iter().map(label).collect();
    std::fs::write(folder.join(LABELS), serde_json::to_vec(&labels)?)
}

/// Reads the questions of a report from its folder; none where none were kept.
///
/// # Errors
/// Pictures and labels that cannot be read or do not belong together, as a sentence.
pub fn read(folder: &Path) -> Result<Vec<Question>, String> {
    let Ok(labels) = std::fs::read(folder.join(LABELS)) else { return Ok(Vec::new()) };
    let labels: Vec<Labels> =
        serde_json::from_slice(&labels).map_err(|error| text::cannot_open(&folder.join(LABELS), &error.to_string()))?;
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let keys = open_picture(&folder.join(KEYS)).map_err(|error| error.to_string())?;
    let covers =
        folder.join(COVERS).is_file().then(|| open_picture(&folder.join(COVERS)).map_err(|error| error.to_string())).transpose()?;
    let cut = |sheet: &Picture| cut(sheet, labels.len()).ok_or_else(|| text::cannot_open(folder, text::SHEET_BROKEN));
    let keys = cut(&keys)?;
    let mut covers = covers.as_ref().map(cut).transpose()?.into_iter().flatten();
    Ok(labels
        .iter()
        .zip(keys)
        .map(|(label, key)| Question {
            key,
            cover: covers.next(),
            expected: label.expected,
            answer: label.answer,
            cover_answer: label.cover_answer,
            true_class: label.true_class,
            fresh: label.fresh,
        })
        .collect())
}

/// All pictures below each other; `None` without pictures or where their shapes differ.
fn stacked(pictures: &[&Picture]) -> Option<Picture> {
    let shape = pictures.first()?.shape;
    if pictures.iter().any(|picture| picture.shape != shape) {
        return None;
    }
    let area = shape.width * shape.height;
    let planes = (0..shape.channels)
        .flat_map(|c| pictures.iter().flat_map(move |picture| &picture.planes[c * area..(c + 1) * area]))
        .copied()
        .collect();
    Some(Picture { shape: Shape { height: shape.height * pictures.len(), ..shape }, planes })
}

/// `count` pictures of the same height, from the top.
fn cut(sheet: &Picture, count: usize) -> Option<Vec<Picture>> {
    if count == 0 || !sheet.shape.height.is_multiple_of(count) {
        return None;
    }
    let shape = Shape { height: sheet.shape.height / count, ..sheet.shape };
    let (area, whole) = (shape.width * shape.height, sheet.shape.width * sheet.shape.height);
    let one = |i: usize| {
        let planes = (0..shape.channels).flat_map(|c| &sheet.planes[c * whole + i * area..c * whole + (i + 1) * area]).copied().collect();
        Picture { shape, planes }
    };
    Some((0..count).map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stacked_comes_apart_again() {
        for channels in [1, 3] {
            let shape = Shape { channels, height: 2, width: 3 };
            let pictures: Vec<Picture> =
                (0..4u8).map(|i| Picture { shape, planes: (0..shape.len()).map(|j| i * 20 + j as u8).collect() }).collect();
            let sheet = stacked(&pictures.iter().collect::<Vec<_>>()).unwrap();
            assert_eq!(sheet.shape, Shape { channels, height: 8, width: 3 });
            assert_eq!(cut(&sheet, 4).unwrap(), pictures);
            assert!(cut(&sheet, 3).is_none());
        }
        assert!(stacked(&[]).is_none());
    }
}
