//! Where tensors live: a real GPU if one answers, else the CPU. A software adapter counts as no GPU.

use burn::tensor::{Device, DeviceKind, FloatDType};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What shall compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// A real graphics card where one answers, but for small networks, with which the CPU is done sooner; else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A real graphics card or nothing.
    Gpu,
    /// A software Vulkan driver, which is slow: for trials of the graphics card's code where there is no card.
    Software,
}

/// Why a device cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// No graphics card answers.
    #[error(
        "No graphics card answers; a software driver does not count. Install the card's driver with its Vulkan part, or choose the CPU."
    )]
    NoGpu,
    /// No software driver answers.
    #[error("No software Vulkan driver answers. On Debian and Ubuntu the package mesa-vulkan-drivers has one.")]
    NoSoftware,
    /// 16-bit floats are not for this device.
    #[error("This device does not compute with 16-bit floats. Leave them out.")]
    NoHalf,
}

/// What every name of the CPU begins with.
pub const CPU: &str = "CPU";

/// A device and what to call it.
#[derive(Debug, Clone)]
pub struct Compute {
    /// For tensors; without autodiff.
    pub device: Device,
    /// In words: "CPU, 2 threads" or the adapter's name.
    pub name: String,
    /// Whether this is the CPU backend, on which equal inputs give equal bits.
    pub is_cpu: bool,
    /// Whether somebody asked for just this device. A card that nobody asked for leaves small networks to the CPU.
    pub asked_for: bool,
}

impl Compute {
    /// The CPU backend.
    pub fn cpu() -> Self {
        let threads = rayon::current_num_threads();
        Self { device: Device::flex(), name: format!("{CPU}, {threads} threads"), is_cpu: true, asked_for: false }
    }

    /// The best device of this machine.
    pub fn best() -> Self {
        Self::gpu().unwrap_or_else(|_| Self::cpu())
    }

    /// The device that was chosen.
    ///
    /// # Errors
    /// A graphics card or driver that is not there.
    pub fn choose(choice: DeviceChoice) -> Result<Self, DeviceError> {
        let asked_for = choice != DeviceChoice::Auto;
        let chosen = match choice {
            DeviceChoice::Auto => Self::best(),
            DeviceChoice::Cpu => Self::cpu(),
            DeviceChoice::Gpu => Self::gpu()?,
            DeviceChoice::Software => Self::software()?,
        };
        Ok(Self { asked_for, ..chosen })
    }

    fn gpu() -> Result<Self, DeviceError> {
        settle();
        let real = [
            (wgpu::DeviceType::DiscreteGpu, DeviceKind::DiscreteGpu(0)),
            (wgpu::DeviceType::IntegratedGpu, DeviceKind::IntegratedGpu(0)),
            (wgpu::DeviceType::VirtualGpu, DeviceKind::VirtualGpu(0)),
        ];
        adapter(&real).ok_or(DeviceError::NoGpu)
    }

    fn software() -> Result<Self, DeviceError> {
        settle();
        adapter(&[(wgpu::DeviceType::Cpu, DeviceKind::Cpu)]).ok_or(DeviceError::NoSoftware)
    }

    /// The same device with 16-bit floats, for timings: no training scales its losses for them. To be called before its first tensor.
    ///
    /// # Errors
    /// The CPU, a device that is in use already, or one without 16-bit floats.
    pub fn halved(mut self) -> Result<Self, DeviceError> {
        if self.is_cpu {
            return Err(DeviceError::NoHalf);
        }
        self.device.configure(FloatDType::F16).map_err(|_| DeviceError::NoHalf)?;
        self.name.push_str(", 16-bit floats");
        Ok(self)
    }
}

/// Fixes burn's and CubeCL's configuration before anything reads it from a file in the working folder.
pub fn settle() {
    use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};
    // An earlier call has settled it already: then there is nothing left to do.
    let _ = CubeClRuntimeConfig::try_set(CubeClRuntimeConfig::default());
    let _ = burn::BurnConfig::try_set(burn::BurnConfig::default());
}

/// The first of these kinds of adapter that answers.
fn adapter(kinds: &[(wgpu::DeviceType, DeviceKind)]) -> Option<Compute> {
    let only = wgpu::InstanceDescriptor { backends: wgpu::Backends::PRIMARY, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    let instance = wgpu::Instance::new(only);
    let adapters: Vec<wgpu::AdapterInfo> =
        pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY)).iter().map(wgpu::Adapter::get_info).collect();
    kinds.iter().find_map(|(wanted, kind)| {
        let info = adapters.iter().find(|info| info.device_type == *wanted)?;
        Some(Compute { device: Device::wgpu(kind.clone()), name: info.name.clone(), is_cpu: false, asked_for: false })
    })
}
