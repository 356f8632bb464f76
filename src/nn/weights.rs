//! Weights in and out: named tensors under the names that PyTorch versions of the networks use, stored as safetensors.
//!
//! Reading checks every name and shape before a network is touched, so that a foreign or broken file gives a sentence.

use super::host::{Host, HostKind};
use crate::data::Shape;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
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
    #[error("The names of the weights fit none of the known networks (LeNet-1, LeNet-3, LeNet-5, ResNet-18). First names found: {0}.")]
    UnknownNetwork(String),
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

    /// The bytes of a safetensors file with 32-bit floats.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        let bytes: Vec<(&String, &Weights, Vec<u8>)> =
            self.tensors.iter().map(|(name, w)| (name, w, w.values.iter().flat_map(|v| v.to_le_bytes()).collect())).collect();
        let views = bytes
            .iter()
            .map(|(name, w, raw)| TensorView::new(Dtype::F32, w.shape.clone(), raw).map(|view| (name.as_str(), view)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| WeightsError::Unreadable(e.to_string()))?;
        let notes: HashMap<String, String> = self.notes.clone().into_iter().collect();
        safetensors::serialize(views, Some(notes)).map_err(|e| WeightsError::Unreadable(e.to_string()))
    }

    /// Takes up the tensors of a module under `prefix` (empty, or ending in a dot).
    pub fn add<M: Module>(&mut self, prefix: &str, module: &M) {
        let mut export = Export { path: Path::new(prefix), out: &mut self.tensors };
        module.visit(&mut export);
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
            ("BatchNorm", "gamma") => Some("weight"),
            ("BatchNorm", "beta") => Some("bias"),
            ("Shortcut", "conv") => Some("0"),
            ("Shortcut", "bn") => Some("1"),
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

/// What a file of weights turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    /// Which network.
    pub kind: HostKind,
    /// The pictures that it takes.
    pub input: Shape,
    /// How many classes it knows.
    pub classes: usize,
}

/// Which known network the tensors belong to. `wanted` settles what weights alone do not say: the side of the pictures.
pub fn recognise(map: &WeightMap, wanted: Shape) -> Result<Recognised, WeightsError> {
    let first = |name: &str, axis: usize| map.tensors.get(name).and_then(|w| w.shape.get(axis)).copied();
    let unknown = || WeightsError::UnknownNetwork(map.tensors.keys().take(4).cloned().collect::<Vec<_>>().join(", "));
    let channels = first("conv1.weight", 1).ok_or_else(unknown)?;
    let (kind, last) = match (first("layer1.0.conv1.weight", 0), first("fc3.weight", 0), first("fc2.weight", 0)) {
        (Some(_), _, _) => (HostKind::Resnet18, "linear.weight"),
        (_, Some(_), _) => (HostKind::Lenet5, "fc3.weight"),
        (_, _, Some(_)) => (HostKind::Lenet3, "fc2.weight"),
        _ => (HostKind::Lenet1, "fc1.weight"),
    };
    let classes = first(last, 0).ok_or_else(unknown)?;
    Ok(Recognised { kind, input: Shape { channels, ..wanted }, classes })
}

/// The network that a safetensors file holds, ready to answer (no gradients), with what it was recognised as.
pub fn open_host(bytes: &[u8], wanted: Shape, device: &Device) -> Result<(Host, Recognised), WeightsError> {
    let map = WeightMap::from_safetensors(bytes)?;
    let recognised = recognise(&map, wanted)?;
    let host = Host::new(recognised.kind, recognised.input, recognised.classes, device);
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
