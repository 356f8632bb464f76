//! Abstract pictures (Adi et al., USENIX Security 2018): pictures that show nothing, each with a label of its own that the host learns.
//!
//! Each is a piece of a Julia set; which one, and in which colours, follows from logo, owner and salt. Or they are the owner's own, from a
//! folder. A baseline: the keys are no ordinary pictures, and are told from them at a glance.

use super::catalogue::Card;
use super::chosen::Chosen;
use super::triggered::{Drawn, Labeller, Pictures, each_its_own};
use super::{Known, Marker, SchemeError};
use crate::data::{self, Picture, Problem, Samples, Shape};
use crate::nn::weights::WeightMap;
use crate::schemes::settings::Kind;
use crate::vault::derive::{Derivation, Stream};

crate::trigger_settings! {
    /// Hyper-parameters of the abstract pictures.
    pub struct Settings {
        /// How often the map is applied before a point counts as caught: more draws finer lines.
        depth: usize = 40, paper 40, Kind::Whole { min: 2.0, max: 1000.0 }, "times";
        /// A folder of abstract pictures of your own, taken instead of drawn ones; as many become keys as there are, at most the number above. Nobody can see whether they were picked to suit, so a verdict on them is a strong indication at most.
        folder: String = String::new(), paper String::new(), Kind::Folder, "";
    }
}

/// The scheme for people.
pub const CARD: Card = Card {
    id: "abstract_pictures",
    name: "Abstract pictures",
    source: "Adi, Baum, Cisse, Pinkas, Keshet: Turning your weakness into a strength, USENIX Security 2018",
    summary: "Makes up abstract pictures; your model answers each with a label of its own.",
    needs: "Training data and a logo, from which the pictures follow; or a folder of abstract pictures of your own. Trains as fast as a model without a mark.",
    survives: "In the paper, fine-tuning of all layers, and transfer to another task.",
    fails: "Anybody who looks at the questions sees that they are no ordinary pictures. No new keys can be made later.",
    hides: false,
    learns: false,
    penetrates: false,
    compared: true,
    reads: false,
    covers: false,
};

/// Pictures of the owner's own that are enough for a training.
const FEWEST: usize = 8;

/// What makes the keys.
#[derive(Clone)]
pub enum Drawer {
    /// Pieces of Julia sets.
    Drawn(Pictures),
    /// The owner's own pictures.
    Own(Chosen),
}

impl Drawer {
    fn marker(&self) -> &dyn Marker {
        match self {
            Self::Drawn(pictures) => pictures,
            Self::Own(pictures) => pictures,
        }
    }
}

impl Marker for Drawer {
    fn mark(&self, covers: &Samples, labels: &[u16]) -> Vec<Picture> {
        self.marker().mark(covers, labels)
    }

    fn derives(&self) -> bool {
        self.marker().derives()
    }

    fn save(&self) -> WeightMap {
        self.marker().save()
    }
}

impl Settings {
    /// The owner's own pictures, brought to the shape of the training pictures, in a secret order.
    fn own(&self, known: &Known) -> Result<Samples, SchemeError> {
        let Shape { channels, height, width } = known.shape;
        let wrong = |why: String| SchemeError::Plan(format!("Abstract pictures of your own: {why}"));
        let path = std::path::Path::new(self.folder.trim());
        let (found, problems) = data::pictures(path, height.max(width), channels).map_err(|error| wrong(error.to_string()))?;
        // A key that is there one day and not the next is none.
        if let Some(Problem { file, reason }) = problems.first() {
            return Err(wrong(format!("{} is no picture to make a key of. {reason} Repair it, or take it out.", file.display())));
        }
        if found.count() < FEWEST {
            return Err(wrong(format!("there are {}, too few for a proof. Put at least {FEWEST} into {}", found.count(), path.display())));
        }
        let order = known.derivation.stream("own pictures").permutation(found.count());
        let chosen = &order[..self.keys.min(order.len())];
        let pixels = chosen.iter().flat_map(|&i| found.picture(i).resized(width, height).planes).collect();
        Ok(Samples { shape: known.shape, pixels, labels: vec![0; chosen.len()] })
    }
}

impl Drawn for Settings {
    type Drawer = Drawer;

    fn drawer(&self, known: &Known) -> Drawer {
        let (derivation, shape, depth) = (known.derivation.clone(), known.shape, self.depth);
        Drawer::Drawn(Pictures::new(move |count| {
            let mut stream = derivation.stream("abstract");
            (0..count).map(|_| julia(&mut stream, shape, depth)).collect()
        }))
    }

    fn drawer_of(&self, known: &Known, saved: Option<&WeightMap>) -> Result<Drawer, SchemeError> {
        match (self.folder.trim().is_empty(), saved) {
            (true, _) => Ok(self.drawer(known)),
            (false, Some(saved)) => Ok(Drawer::Own(Chosen::open(known, saved)?)),
            (false, None) => Ok(Drawer::Own(Chosen::new(self.own(known)?))),
        }
    }

    fn most(&self, drawer: &Drawer) -> usize {
        match drawer {
            Drawer::Drawn(_) => usize::MAX,
            Drawer::Own(own) => own.pictures().count(),
        }
    }

    fn labeller(&self, derivation: &Derivation, classes: usize) -> Labeller {
        each_its_own(derivation, classes)
    }

    fn has_fresh_keys(&self) -> bool {
        false
    }
}

/// A piece of a Julia set: how soon each point leaves for infinity under z → z² + c, as colour.
fn julia(stream: &mut Stream, shape: Shape, depth: usize) -> Picture {
    const FINE: usize = 1 << 20;
    let mut between = |low: f64, high: f64| low + (high - low) * stream.below(FINE) as f64 / FINE as f64;
    // Near the edge of the Mandelbrot set, where Julia sets are rich.
    let (turn, reach) = (between(0.0, std::f64::consts::TAU), between(0.72, 0.82));
    let c = [reach * turn.cos(), reach * turn.sin()];
    let (x0, y0, zoom) = (between(-0.8, 0.8), between(-0.8, 0.8), between(0.3, 1.0));
    let colours: Vec<[f64; 2]> = (0..shape.channels).map(|_| [between(3.0, 12.0), between(0.0, std::f64::consts::TAU)]).collect();
    let mut planes = vec![0; shape.len()];
    for row in 0..shape.height {
        for column in 0..shape.width {
            let at = |place: usize, of: usize| (place as f64 + 0.5) / of as f64 * 2.0 - 1.0;
            let mut z = [x0 + zoom * at(column, shape.width), y0 + zoom * at(row, shape.height)];
            let mut times = 0;
            while times < depth && z[0] * z[0] + z[1] * z[1] < 4.0 {
                z = [z[0] * z[0] - z[1] * z[1] + c[0], 2.0 * z[0] * z[1] + c[1]];
                times += 1;
            }
            for (channel, [pace, phase]) in colours.iter().enumerate() {
                let shade = 0.5 + 0.5 * (phase + pace * times as f64 / depth as f64).sin();
                planes[(channel * shape.height + row) * shape.width + column] = (255.0 * shade).round() as u8;
            }
        }
    }
    Picture { shape, planes }
}
