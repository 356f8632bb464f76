//! A barrier while it is made: what is under way in words, live pictures, curves.

use super::{heading, muted, strip, subheading};
use crate::app::action::{Action, Pair};
use crate::app::board::Job;
use crate::app::model::Making;
use crate::app::text;
use crate::app::theme::{self, Tone};
use crate::app::widgets::{self, Curve, CurvesState, TextureCache};
use crate::data::Picture;
use crate::jobs::BarrierSight;
use crate::jobs::barrier::GAIN;
use eframe::egui::Ui;

const CURVES: [Curve<'static>; 7] = [
    Curve::plain("picture_loss", text::CURVE_PICTURE),
    Curve::plain("mark_loss", text::CURVE_MARK),
    Curve::plain("clean_loss", text::CURVE_CLEAN_PICTURES),
    Curve::plain("imitation_loss", text::CURVE_IMITATION),
    Curve::plain("nature_loss", text::CURVE_NATURE),
    Curve::plain("stolen_loss", text::CURVE_STOLEN),
    Curve::plain("surrogate_loss", text::CURVE_SURROGATE),
];

/// What the view remembers.
#[derive(Default)]
pub struct MakingView {
    curves: CurvesState,
    textures: TextureCache,
}

impl MakingView {
    /// The making under way.
    pub fn running(&mut self, ui: &mut Ui, job: &Job, making: &Making, out: &mut Vec<Action>) {
        heading(ui, &job.title);
        widgets::progress_bar(ui, job.share as f32, super::super::job_words(job), job.seconds_left);
        if let Some(meaning) = job.phase.and_then(text::barrier_phase_meaning) {
            muted(ui, meaning);
        }
        for warning in &making.warnings {
            widgets::notice(ui, Tone::Warn, warning);
        }
        ui.add_space(theme::GAP);
        self.shown(ui, making, out);
    }

    /// Pictures and curves.
    pub fn shown(&mut self, ui: &mut Ui, making: &Making, out: &mut Vec<Action>) {
        subheading(ui, text::MAKING_PICTURES);
        match &making.preview {
            None => {
                muted(ui, text::MAKING_WAITING);
            }
            Some(preview) => {
                muted(ui, text::MAKING_PICTURES_HINT);
                for (place, sight) in preview.sights.iter().enumerate() {
                    self.sight(ui, &text::picture_place(place, preview.sights.len()), sight, out);
                }
            }
        }
        ui.add_space(theme::GAP);
        subheading(ui, text::MAKING_CURVES);
        let shown: Vec<Curve> = CURVES.into_iter().filter(|curve| making.curves.len(curve.name) > 0).collect();
        if shown.is_empty() {
            muted(ui, text::TRAIN_WAITING_CURVES);
            return;
        }
        muted(ui, text::MAKING_CURVES_HINT);
        widgets::curves(ui, text::MAKING_CURVES, &mut self.curves, &making.curves, &shown, theme::PLOT_HEIGHT);
    }

    fn sight(&mut self, ui: &mut Ui, of: &str, sight: &BarrierSight, out: &mut Vec<Action>) {
        let difference = difference(&sight.original, &sight.marked);
        let mut pictures = vec![
            (text::ORIGINAL, &sight.original),
            (text::MARKED, &sight.marked),
            (text::DIFFERENCE, &difference),
            (text::REVEALED, &sight.revealed),
        ];
        if let Some([stolen, revealed]) = &sight.stolen {
            pictures.extend([(text::STOLEN, stolen), (text::STOLEN_REVEALED, revealed)]);
        }
        if let Some(place) = strip(ui, &mut self.textures, of, &pictures) {
            let (name, picture) = pictures[place];
            let (left, right) = match place {
                0..3 => ((text::ORIGINAL, &sight.original), (text::MARKED, &sight.marked)),
                _ => ((text::MARKED, &sight.marked), (name, picture)),
            };
            out.push(Action::Compare(Pair::new(left.1.clone(), left.0, right.1.clone(), right.0)));
        }
    }
}

/// How far two pictures of a shape are apart at each place, enlarged.
fn difference(left: &Picture, right: &Picture) -> Picture {
    let planes = left.planes.iter().zip(&right.planes);
    let planes = planes.map(|(left, right)| u16::from(left.abs_diff(*right)).saturating_mul(GAIN).min(255) as u8).collect();
    Picture { shape: left.shape, planes }
}
