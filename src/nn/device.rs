//! Where tensors live: a real GPU if one answers, else the CPU. A software adapter counts as no GPU.

use burn::tensor::{Device, DeviceKind};

/// A device and what to call it.
#[derive(Debug, Clone)]
pub struct Compute {
    /// For tensors; without autodiff.
    pub device: Device,
    /// In words: "CPU, 2 threads" or the adapter's name.
    pub name: String,
    /// Whether this is the CPU backend, on which equal inputs give equal bits.
    pub is_cpu: bool,
}

impl Compute {
    /// The CPU backend.
    pub fn cpu() -> Self {
        let threads = rayon::current_num_threads();
        Self { device: Device::flex(), name: format!("CPU, {threads} threads"), is_cpu: true }
    }

    /// The best device of this machine.
    pub fn best() -> Self {
        settle();
        match real_gpu() {
            Some((kind, name)) => Self { device: Device::wgpu(kind), name, is_cpu: false },
            None => Self::cpu(),
        }
    }
}

/// Fixes burn's and CubeCL's configuration before anything reads it from a file in the working folder.
pub fn settle() {
    use cubecl_runtime::config::{CubeClRuntimeConfig, RuntimeConfig};
    // An earlier call has settled it already: then there is nothing left to do.
    let _ = CubeClRuntimeConfig::try_set(CubeClRuntimeConfig::default());
    let _ = burn::BurnConfig::try_set(burn::BurnConfig::default());
}

/// The strongest adapter that is no software, and its name.
fn real_gpu() -> Option<(DeviceKind, String)> {
    let only = wgpu::InstanceDescriptor { backends: wgpu::Backends::PRIMARY, ..wgpu::InstanceDescriptor::new_without_display_handle() };
    let instance = wgpu::Instance::new(only);
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let named = |wanted: wgpu::DeviceType, kind: DeviceKind| {
        adapters.iter().map(wgpu::Adapter::get_info).find(|info| info.device_type == wanted).map(|info| (kind, info.name))
    };
    named(wgpu::DeviceType::DiscreteGpu, DeviceKind::DiscreteGpu(0))
        .or_else(|| named(wgpu::DeviceType::IntegratedGpu, DeviceKind::IntegratedGpu(0)))
        .or_else(|| named(wgpu::DeviceType::VirtualGpu, DeviceKind::VirtualGpu(0)))
}
