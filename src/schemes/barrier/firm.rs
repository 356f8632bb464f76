//! A mark that is found again: each marked picture is looked into as it is and, where it shall survive that, as a JPEG file would give it back.
//! Where its logo is not found, the mark is made firmer, for this one picture.
//!
//! One picture in a few hundred hides its mark so well that the revealing network does not see it either. Who marks it still has the original, and
//! can tell.

use super::proof::Finding;
use super::{Barrier, SchemeError};
use crate::data::Picture;

/// Squares of a marked picture that are looked into at most.
const GLANCE: usize = 16;
/// Quality of the JPEG file, as cameras write them.
pub const FILE_QUALITY: u8 = 90;
/// How firm the mark is made, one after the other, until it is found.
const FIRMNESS: [f64; 6] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0];
/// No mark is made firmer for the sake of a file; only one that nobody would find at all.
const FIRMEST_FOR_FILES: f64 = 2.0;

/// Where a mark is found again, from the worst to the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Not,
    AsItIs,
    /// Wherever it shall be.
    Everywhere,
}

impl Barrier {
    /// As [`Barrier::mark`], with what the marked picture reveals. The mark is firmer where it would not be found otherwise; it is left as it
    /// is where no firmness helps, where the revealing network knows no JPEG files, and where the hiding network draws another picture than it was given.
    ///
    /// # Errors
    /// Shapes that the networks do not take.
    pub fn mark_surely(&self, picture: &Picture, go_on: &mut dyn FnMut(f64) -> bool) -> Result<Option<(Picture, Finding)>, SchemeError> {
        let Some(marked) = self.mark(picture, go_on)? else { return Ok(None) };
        if self.settings.task_specific || !self.settings.knows_disturbed() {
            let finding = self.look_into(&marked, GLANCE)?;
            return Ok(Some((marked, finding)));
        }
        faintest(|firmness| {
            // Large pictures take a while here as well.
            if !go_on(1.0) {
                return Ok(None);
            }
            let firm = firmer(picture, &marked, firmness);
            let finding = self.look_into(&firm, GLANCE)?;
            let found = found(finding.counts(), self.settings.survives_jpeg, || self.is_found_in_a_jpeg_file(&firm))?;
            Ok(Some((found, (firm, finding))))
        })
    }

    /// A picture of which there can be no such file will not come back as one.
    fn is_found_in_a_jpeg_file(&self, picture: &Picture) -> Result<bool, SchemeError> {
        match picture.through_jpeg(FILE_QUALITY, true) {
            Ok(file) => Ok(self.look_into(&file, GLANCE)?.counts()),
            Err(_) => Ok(true),
        }
    }
}

/// Where a mark is found; into a JPEG file it is only looked where it shall survive one.
fn found(as_it_is: bool, shall_survive: bool, in_a_file: impl FnOnce() -> Result<bool, SchemeError>) -> Result<Found, SchemeError> {
    Ok(match as_it_is {
        true if !shall_survive || in_a_file()? => Found::Everywhere,
        true => Found::AsItIs,
        false => Found::Not,
    })
}

/// The faintest mark of those that are found best. `attempt` makes one with a firmness, or nothing, which ends the search with nothing; none is
/// made after one that could not be found better.
fn faintest<T>(mut attempt: impl FnMut(f64) -> Result<Option<(Found, T)>, SchemeError>) -> Result<Option<T>, SchemeError> {
    let mut best: Option<(Found, T)> = None;
    for firmness in FIRMNESS {
        if firmness > FIRMEST_FOR_FILES && best.as_ref().is_some_and(|(so_far, _)| *so_far > Found::Not) {
            break;
        }
        let Some((found, made)) = attempt(firmness)? else { return Ok(None) };
        if best.as_ref().is_none_or(|(so_far, _)| found > *so_far) {
            best = Some((found, made));
        }
        if found == Found::Everywhere {
            break;
        }
    }
    Ok(best.map(|(_, made)| made))
}

/// The marked picture with its difference from the original as many times as large.
fn firmer(original: &Picture, marked: &Picture, firmness: f64) -> Picture {
    let values = original.planes.iter().zip(&marked.planes).map(|(&original, &marked)| {
        let (original, marked) = (f64::from(original), f64::from(marked));
        (original + firmness * (marked - original)).round().clamp(0.0, 255.0) as u8
    });
    Picture { shape: marked.shape, planes: values.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;

    /// What is chosen where a mark is found from `plain` on, and from `in_a_file` on also in a file; and how often one was made.
    fn chosen(plain: f64, in_a_file: f64) -> (f64, usize) {
        let mut made = 0;
        let best = faintest(|firmness| {
            made += 1;
            let found = if firmness >= in_a_file { Found::Everywhere } else { [Found::Not, Found::AsItIs][usize::from(firmness >= plain)] };
            Ok(Some((found, firmness)))
        });
        (best.unwrap().unwrap(), made)
    }

    #[test]
    fn a_mark_is_no_firmer_than_it_must_be_to_be_found() {
        assert_eq!(chosen(1.0, 1.0), (1.0, 1));
        assert_eq!(chosen(1.0, 1.3), (1.5, 3));
        assert_eq!(chosen(1.2, 2.0), (2.0, 4));
        assert_eq!(chosen(1.2, 9.0), (1.25, 4), "found as it is, and in no file");
        assert_eq!(chosen(2.0, 2.5), (2.0, 4), "visible enough for the sake of a file");
        assert_eq!(chosen(2.2, 9.0), (2.5, 5), "a mark that nobody finds is none");
        assert_eq!(chosen(9.0, 9.0), (1.0, 6), "what helps nothing is not done");
    }

    #[test]
    fn a_mark_that_need_not_survive_a_file_is_not_asked_of_one() {
        let asked = |as_it_is, shall_survive, answer: Option<bool>| found(as_it_is, shall_survive, || Ok(answer.unwrap())).unwrap();
        assert!(asked(true, false, None) == Found::Everywhere);
        assert!(asked(true, true, Some(false)) == Found::AsItIs);
        assert!(asked(true, true, Some(true)) == Found::Everywhere);
        assert!(asked(false, true, None) == Found::Not, "what is not found needs no file");
    }

    #[test]
    fn a_firmer_mark_changes_each_value_more_and_stays_within_black_and_white() {
        let picture = |planes: &[u8]| Picture { shape: Shape { channels: 1, height: 1, width: planes.len() }, planes: planes.to_vec() };
        let (original, marked) = (picture(&[100, 100, 3, 250, 77]), picture(&[104, 98, 1, 253, 77]));
        assert_eq!(firmer(&original, &marked, 1.0), marked);
        assert_eq!(firmer(&original, &marked, 1.5), picture(&[106, 97, 0, 255, 77]));
        assert_eq!(firmer(&original, &marked, 2.0), picture(&[108, 96, 0, 255, 77]));
    }
}
