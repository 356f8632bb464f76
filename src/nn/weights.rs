//! Weights in and out: named tensors under the names that PyTorch versions of the networks use, stored as safetensors.
//!
//! Reading checks every name and shape before a network is touched, so that a foreign or broken file gives a sentence.

use super::host::{Host, HostKind, Recognised};
use crate::data::Shape;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::json;
use std::collections::BTreeMap;
use thiserror::Error;

/// Files above this size are not read: 2 GiB.
pub const LARGEST_FILE: u64 = 2 << 30;

/// Why weights cannot be used.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The bytes are no safetensors file.
    #[error("This is not a complete safetensors file ({0}). Save the model's weights again as .safetensors and drop that file.")]
    Unreadable(String),
    /// A tensor has a number type that is not supported.
    #[error("The weights “{name}” are stored as {kind}, which is not supported. Save them as 32-bit floats.")]
    NumberType {
        /// Which tensor.
        name: String,
        /// Its type.
        kind: String,
    },
    /// A tensor is missing.
    #[error("The file has no weights called “{0}”, so it does not hold the expected network.")]
    Missing(String),
    /// A tensor has another shape.
    #[error("The weights “{name}” have the shape {found:?}, but the network needs {needed:?}.")]
    WrongShape {
        /// Which tensor.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape in the network.
        needed: Vec<usize>,
    },
    /// The names fit no network of the catalogue.
    #[error("The names of the weights fit none of the known networks ({known}). First names found: {found}.")]
    UnknownNetwork {
        /// Which are known.
        known: String,
        /// The first names of the file.
        found: String,
    },
    /// The network halves its pictures more often than these can be halved.
    #[error(
        "This is a {network}, which takes pictures of {least}x{least} pixels and more, but here it would be asked with pictures of {found}."
    )]
    SmallPictures {
        /// Which network.
        network: &'static str,
        /// Its least side.
        least: usize,
        /// The pictures it would be asked with.
        found: Shape,
    },
    /// A weight is not a number.
    #[error("The weights “{0}” hold values that are not numbers, so the model cannot answer.")]
    NotFinite(String),
}

/// One tensor's shape and values, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<f32>,
}

/// Named tensors with a few words about them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WeightMap {
    /// By name.
    pub tensors: BTreeMap<String, Weights>,
    /// Free text beside the tensors.
    pub notes: BTreeMap<String, String>,
}

impl WeightMap {
    /// Reads a safetensors file. Floats of 16, 32 and 64 bits are accepted; whole numbers (PyTorch's batch counters) are skipped.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let unreadable = |e: safetensors::SafeTensorError| WeightsError::Unreadable(e.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let mut map = Self::default();
        if let Some(notes) = header.metadata() {
            map.notes = notes.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        }
        for (name, view) in file.iter() {
            if view.dtype() == Dtype::I64 {
                continue;
            }
            let values = floats(name, &view)?;
            map.tensors.insert(name.to_owned(), Weights { shape: view.shape().to_vec(), values });
        }
        Ok(map)
    }

    /// The bytes of a safetensors file with 32-bit floats; equal maps give equal bytes (the safetensors crate writes notes in an
    /// order that changes from call to call, and files are named by their digest).
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        let mut header = BTreeMap::from([("__metadata__", json!(self.notes))]);
        let mut end = 0;
        for (name, weights) in &self.tensors {
            let start = end;
            end += 4 * weights.values.len();
            header.insert(name, json!({"dtype": "F32", "shape": weights.shape, "data_offsets": [start, end]}));
        }
        let mut header = serde_json::to_vec(&header).map_err(|e| WeightsError::Unreadable(e.to_string()))?;
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.reserve_exact(header.len() + end);
        bytes.extend(header);
        for weights in self.tensors.values() {
            weights.values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        Ok(bytes)
    }

    /// Takes up the tensors of a module under `prefix` (empty, or ending in a dot).
    pub fn add<M: Module>(&mut self, prefix: &str, module: &M) {
        let mut export = Export { path: Path::new(prefix), out: &mut self.tensors };
        // Batch normalisation holds its latest running statistics back until the next step; the copy for answering has them.
        module.valid().visit(&mut export);
    }

    /// Takes up all of another map under `prefix`.
    pub fn take_in(&mut self, prefix: &str, other: Self) {
        let under = |name: String| format!("{prefix}{name}");
        self.tensors.extend(other.tensors.into_iter().map(|(name, weights)| (under(name), weights)));
        self.notes.extend(other.notes.into_iter().map(|(name, text)| (under(name), text)));
    }

    /// What [`Self::take_in`] took up under `prefix`.
    pub fn part(&self, prefix: &str) -> Self {
        let within = |name: &str| name.strip_prefix(prefix).map(str::to_owned);
        Self {
            tensors: self.tensors.iter().filter_map(|(name, weights)| Some((within(name)?, weights.clone()))).collect(),
            notes: self.notes.iter().filter_map(|(name, text)| Some((within(name)?, text.clone()))).collect(),
        }
    }

    /// The module with the values found under `prefix`; every tensor must be there with the right shape and finite values.
    pub fn load<M: Module>(&self, prefix: &str, module: M) -> Result<M, WeightsError> {
        let mut check = Check { path: Path::new(prefix), map: self, error: None };
        module.visit(&mut check);
        if let Some(error) = check.error {
            return Err(error);
        }
        Ok(module.map(&mut Import { path: Path::new(prefix), map: self }))
    }
}

fn floats(name: &str, view: &TensorView) -> Result<Vec<f32>, WeightsError> {
    let data = view.data();
    let values = match view.dtype() {
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F64 => data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        Dtype::F16 => data.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect(),
        Dtype::BF16 => data.as_chunks::<2>().0.iter().map(|b| half::bf16::from_le_bytes(*b).to_f32()).collect(),
        other => return Err(WeightsError::NumberType { name: name.to_owned(), kind: format!("{other:?}") }),
    };
    Ok(values)
}

/// Where a visitor stands, under the names that PyTorch uses.
struct Path {
    prefix: String,
    names: Vec<Option<String>>,
    owner: Vec<String>,
}

impl Path {
    fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), names: Vec::new(), owner: Vec::new() }
    }

    fn enter(&mut self, name: &str, owner: &str) {
        let kind = owner.rsplit(':').next().unwrap_or(owner);
        let name = match (kind, name) {
            _ if owner.starts_with("Enum:") => None,
            // Files have had the layers of this U-Net under the encoder's own name from the start.
            ("ColourEncoder", "unet") => None,
            ("BatchNorm" | "InstanceNorm", "gamma") => Some("weight"),
            ("BatchNorm" | "InstanceNorm", "beta") => Some("bias"),
            ("Shortcut", "conv") => Some("0"),
            ("Shortcut", "bn") => Some("1"),
            ("Classifier", "hidden") => Some("1"),
            ("Classifier", "last") => Some("4"),
            _ => Some(name),
        };
        self.names.push(name.map(str::to_owned));
        self.owner.push(kind.to_owned());
    }

    fn leave(&mut self) {
        self.names.pop();
        self.owner.pop();
    }

    fn name(&self) -> String {
        let names: Vec<&str> = self.names.iter().flatten().map(String::as_str).collect();
        format!("{}{}", self.prefix, names.join("."))
    }

    /// burn keeps linear weights as [in, out], PyTorch as [out, in].
    fn is_linear_weight(&self) -> bool {
        self.owner.last().is_some_and(|o| o == "Linear") && self.names.last().is_some_and(|n| n.as_deref() == Some("weight"))
    }
}

fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..rows * columns).map(|i| values[(i % rows) * columns + i / rows]).collect()
}

macro_rules! walk {
    () => {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.leave();
        }
    };
}

struct Export<'a> {
    path: Path,
    out: &'a mut BTreeMap<String, Weights>,
}

impl ModuleVisitor for Export<'_> {
    walk!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let mut shape = tensor.dims().to_vec();
        let mut values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
        if self.path.is_linear_weight() {
            values = transpose(&values, shape[0], shape[1]);
            shape.swap(0, 1);
        }
        self.out.insert(self.path.name(), Weights { shape, values });
    }
}

struct Check<'a> {
    path: Path,
    map: &'a WeightMap,
    error: Option<WeightsError>,
}

impl ModuleVisitor for Check<'_> {
    walk!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let mut needed = param.lazy_shape().to_vec();
        if self.path.is_linear_weight() {
            needed.swap(0, 1);
        }
        let name = self.path.name();
        let problem = match self.map.tensors.get(&name) {
            None => WeightsError::Missing(name),
            Some(found) if found.shape != needed => WeightsError::WrongShape { name, found: found.shape.clone(), needed },
            Some(found) if found.values.iter().any(|v| !v.is_finite()) => WeightsError::NotFinite(name),
            Some(_) => return,
        };
        self.error.get_or_insert(problem);
    }
}

struct Import<'a> {
    path: Path,
    map: &'a WeightMap,
}

impl ModuleMapper for Import<'_> {
    walk!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(found) = self.map.tensors.get(&self.path.name()) else { return param };
        let device = param.lazy_device();
        let tracked = param.is_require_grad();
        let dims = param.dims();
        let values = match self.path.is_linear_weight() {
            true => transpose(&found.values, found.shape[0], found.shape[1]),
            false => found.values.clone(),
        };
        let (id, _, mapper) = param.consume();
        let tensor = Tensor::<D>::from_data(TensorData::new(values, dims), &device).set_require_grad(tracked);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// The network that a safetensors file holds, ready to answer (no gradients), with what it was recognised as.
pub fn open_host(bytes: &[u8], wanted: Shape, device: &Device) -> Result<(Host, Recognised), WeightsError> {
    let map = WeightMap::from_safetensors(bytes)?;
    let Some(recognised) = Recognised::of(&map, wanted) else {
        let known = HostKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        return Err(WeightsError::UnknownNetwork { known, found: map.tensors.keys().take(4).cloned().collect::<Vec<_>>().join(", ") });
    };
    let Recognised { kind, width, input, classes } = recognised;
    if input.height < kind.facts().step || input.width < kind.facts().step {
        return Err(WeightsError::SmallPictures { network: kind.name(), least: kind.facts().step, found: input });
    }
    let host = Host::of_width(kind, width, input, classes, device);
    Ok((map.load("", host)?.valid(), recognised))
}

/// The bytes of a safetensors file that holds the network.
pub fn save_host(host: &Host, notes: &[(&str, String)]) -> Result<Vec<u8>, WeightsError> {
    let mut map = WeightMap::default();
    map.add("", host);
    map.notes = notes.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    map.notes.insert("format".to_owned(), "pt".to_owned());
    map.to_safetensors()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::encoder::Encoder;
    use crate::nn::init::seeded;

    const GREY: Shape = Shape { channels: 1, height: 8, width: 8 };

    fn map_of<M: Module>(module: &M) -> WeightMap {
        let mut map = WeightMap::default();
        map.add("", module);
        map
    }

    fn host(kind: HostKind, seed: u64) -> Host {
        seeded(Host::new(kind, GREY, 3, &Device::flex()), seed)
    }

    fn opened(map: &WeightMap) -> Result<(Host, Recognised), WeightsError> {
        open_host(&map.to_safetensors().unwrap(), GREY, &Device::flex())
    }

    /// What opening says after `change` was made to a good file.
    fn said(change: impl FnOnce(&mut WeightMap)) -> String {
        let mut map = map_of(&host(HostKind::Lenet5, 1));
        change(&mut map);
        opened(&map).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn every_network_comes_back_bit_by_bit_and_is_recognised() {
        let shape = Shape { height: 32, width: 32, ..GREY };
        for &kind in HostKind::ALL {
            // Narrow, because the largest have tens of millions of weights.
            let first = seeded(Host::of_width(kind, 0.5, shape, 3, &Device::flex()), 7);
            let bytes = save_host(&first, &[("seed", "7".to_owned())]).unwrap();
            let (second, recognised) = open_host(&bytes, shape, &Device::flex()).unwrap();
            assert_eq!(recognised, Recognised { kind, width: 0.5, input: shape, classes: 3 });
            assert_eq!(map_of(&first), map_of(&second), "{kind:?}");
            let notes = WeightMap::from_safetensors(&bytes).unwrap().notes;
            assert_eq!((notes["seed"].as_str(), notes["format"].as_str()), ("7", "pt"));
        }
    }

    #[test]
    fn a_network_that_cannot_take_the_pictures_is_refused_with_a_sentence() {
        let shape = Shape { height: 32, width: 32, ..GREY };
        let bytes = save_host(&Host::of_width(HostKind::Vgg11, 0.1, shape, 3, &Device::flex()), &[]).unwrap();
        let text = open_host(&bytes, Shape { height: 28, width: 28, ..GREY }, &Device::flex()).map(|_| ()).unwrap_err().to_string();
        assert!(text.contains("VGG-11") && text.contains("32x32") && text.contains("28x28"), "{text}");
    }

    #[test]
    fn encoders_come_back_bit_by_bit() {
        let colour = Shape { channels: 3, height: 32, width: 32 };
        for shape in [GREY, colour] {
            let encoder = |seed| seeded(Encoder::new(shape, 4, false, &Device::flex()), seed);
            let bytes = map_of(&encoder(1)).to_safetensors().unwrap();
            let read = WeightMap::from_safetensors(&bytes).unwrap().load("", encoder(2)).unwrap();
            assert_eq!(map_of(&read), map_of(&encoder(1)));
        }
    }

    #[test]
    fn equal_weights_and_notes_give_equal_bytes_wherever_they_are_written() {
        let host = host(HostKind::Lenet1, 1);
        let notes: Vec<(String, String)> = (0..20).map(|i| (format!("note {i}"), "\u{201c}\n\"".to_owned())).collect();
        let notes: Vec<(&str, String)> = notes.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
        let bytes = save_host(&host, &notes).unwrap();
        assert_eq!(bytes, save_host(&host, &notes).unwrap());
        assert_eq!(WeightMap::from_safetensors(&bytes).unwrap().notes["note 7"], "\u{201c}\n\"");
    }

    #[test]
    fn names_and_shapes_are_those_of_pytorch() {
        let map = map_of(&host(HostKind::Lenet5, 1));
        let shape = |name: &str| map.tensors[name].shape.clone();
        assert_eq!(shape("conv1.weight"), [6, 1, 5, 5]);
        assert_eq!(shape("fc1.weight"), [120, 64]);
        assert_eq!(shape("fc3.bias"), [3]);
        let names: Vec<String> = map_of(&host(HostKind::Resnet18, 1)).tensors.into_keys().collect();
        for name in ["conv1.weight", "bn1.running_var", "layer2.0.shortcut.0.weight", "layer2.0.shortcut.1.bias", "linear.weight"] {
            assert!(names.iter().any(|n| n == name), "{name} is not among {names:?}");
        }
    }

    #[test]
    fn running_statistics_are_written_as_of_the_last_step() {
        let device = Device::flex().autodiff();
        let encoder = Encoder::new(GREY, 4, false, &device);
        let pictures = Tensor::ones([2, 1, 8, 8], &device);
        encoder.forward(pictures.clone(), pictures);
        let map = map_of(&encoder);
        let still: Vec<_> = map.tensors.iter().filter(|(n, w)| n.ends_with("running_var") && w.values.iter().all(|v| *v == 1.0)).collect();
        assert!(still.is_empty(), "these missed the step: {still:?}");
    }

    #[test]
    fn each_fault_of_a_file_gets_its_sentence() {
        let text = said(|map| {
            map.tensors.remove("fc2.bias");
        });
        assert!(text.contains("no weights called “fc2.bias”"), "{text}");
        let text = said(|map| map.tensors.get_mut("conv2.weight").unwrap().shape = vec![6, 16, 5, 5]);
        assert!(text.contains("“conv2.weight” have the shape [6, 16, 5, 5], but the network needs [16, 6, 5, 5]"), "{text}");
        for bad in [f32::NAN, f32::INFINITY] {
            let text = said(|map| map.tensors.get_mut("fc1.weight").unwrap().values[9] = bad);
            assert!(text.contains("“fc1.weight” hold values that are not numbers"), "{text}");
        }
        let text = said(|map| map.tensors = [("encoder.0.weight".to_owned(), Weights { shape: vec![1], values: vec![0.0] })].into());
        assert!(text.contains("none of the known networks") && text.contains("encoder.0.weight"), "{text}");
        let text = said(|map| map.tensors.clear());
        assert!(text.contains("none of the known networks"), "{text}");
    }

    #[test]
    fn files_that_are_cut_short_or_no_safetensors_get_a_sentence() {
        let bytes = save_host(&host(HostKind::Lenet1, 1), &[]).unwrap();
        let said = |bytes: &[u8]| open_host(bytes, GREY, &Device::flex()).map(|_| ()).unwrap_err().to_string();
        for length in [0, 1, 7, 8, 9, 100, bytes.len() / 2, bytes.len() - 1] {
            let text = said(&bytes[..length]);
            assert!(text.starts_with("This is not a complete safetensors file"), "{length} bytes: {text}");
        }
        assert!(said(b"PK\x03\x04 a zip, as torch.save writes it").starts_with("This is not a complete safetensors file"));
        assert!(said(&u64::MAX.to_le_bytes().repeat(2)).starts_with("This is not a complete safetensors file"));
    }

    /// A LeNet-1 file with its values stored as `kind`.
    fn stored_as(kind: Dtype, encode: impl Fn(f32) -> Vec<u8>) -> Vec<u8> {
        let map = map_of(&host(HostKind::Lenet1, 3));
        let raw: Vec<_> = map.tensors.iter().map(|(n, w)| (n, w, w.values.iter().flat_map(|v| encode(*v)).collect::<Vec<u8>>())).collect();
        let views = raw.iter().map(|(n, w, bytes)| (n.as_str(), TensorView::new(kind, w.shape.clone(), bytes).unwrap()));
        safetensors::serialize(views, None).unwrap()
    }

    #[test]
    fn other_floats_are_read_and_other_numbers_refused() {
        let exact = map_of(&host(HostKind::Lenet1, 3));
        let read = |bytes: Vec<u8>| open_host(&bytes, GREY, &Device::flex()).map(|(host, _)| map_of(&host));
        assert_eq!(read(stored_as(Dtype::F64, |v| f64::from(v).to_le_bytes().to_vec())).unwrap(), exact);
        let halves = [
            (read(stored_as(Dtype::F16, |v| half::f16::from_f32(v).to_le_bytes().to_vec())).unwrap(), 1.0 / 2048.0),
            (read(stored_as(Dtype::BF16, |v| half::bf16::from_f32(v).to_le_bytes().to_vec())).unwrap(), 1.0 / 256.0),
        ];
        for (half, precision) in halves {
            for (name, weights) in &exact.tensors {
                for (found, wanted) in half.tensors[name].values.iter().zip(&weights.values) {
                    assert!((found - wanted).abs() <= precision * wanted.abs() + 1e-7, "{name}: {found} for {wanted}");
                }
            }
        }
        let text = read(stored_as(Dtype::I8, |v| vec![v as u8])).map(|_| ()).unwrap_err().to_string();
        assert!(text.contains("stored as I8") && text.contains("32-bit floats"), "{text}");
    }

    #[test]
    fn batch_counters_of_pytorch_are_passed_over() {
        let map = map_of(&host(HostKind::Lenet1, 3));
        let raw: Vec<_> =
            map.tensors.iter().map(|(n, w)| (n, w, w.values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())).collect();
        let mut views: Vec<_> =
            raw.iter().map(|(n, w, bytes)| (n.as_str(), TensorView::new(Dtype::F32, w.shape.clone(), bytes).unwrap())).collect();
        views.push(("bn1.num_batches_tracked", TensorView::new(Dtype::I64, Vec::new(), &[0; 8]).unwrap()));
        let read = WeightMap::from_safetensors(&safetensors::serialize(views, None).unwrap()).unwrap();
        assert_eq!(read.tensors, map.tensors);
    }
}
