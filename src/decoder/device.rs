//! Where tensors live: `--device auto|cpu|cuda|metal`.

use std::fmt;
use std::str::FromStr;

use candle_core::Device;

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceKind {
    /// The first of CUDA, Metal and CPU that this build has and this machine opens.
    #[default]
    Auto,
    Cpu,
    Cuda,
    Metal,
}

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("unknown device `{0}`: choose auto, cpu, cuda or metal")]
    Unknown(String),
    #[error(
        "this lossglass was built without {0}: use --device cpu, or build it with `cargo install --path . --features {0}`"
    )]
    NotBuilt(&'static str),
    #[error("cannot open the {device} device: {reason}; use --device cpu")]
    Unavailable { device: &'static str, reason: String },
}

impl DeviceKind {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        }
    }

    /// Opens the device; `Auto` falls back to the CPU, a device asked for by name never does.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda if !candle_core::utils::cuda_is_available() => Err(DeviceError::NotBuilt("cuda")),
            Self::Metal if !candle_core::utils::metal_is_available() => Err(DeviceError::NotBuilt("metal")),
            Self::Cuda => Device::new_cuda(0).map_err(|error| self.unavailable(error)),
            Self::Metal => Device::new_metal(0).map_err(|error| self.unavailable(error)),
            Self::Auto => Ok(Self::Cuda.open().or_else(|_| Self::Metal.open()).unwrap_or(Device::Cpu)),
        }
    }

    fn unavailable(self, error: candle_core::Error) -> DeviceError {
        DeviceError::Unavailable { device: self.name(), reason: error.to_string() }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DeviceKind {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        [Self::Auto, Self::Cpu, Self::Cuda, Self::Metal]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| DeviceError::Unknown(name.to_owned()))
    }
}

/// The word for an opened device: `cpu`, `cuda` or `metal`.
pub fn name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "cpu",
        Device::Cuda(_) => "cuda",
        Device::Metal(_) => "metal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in ["auto", "cpu", "cuda", "metal"] {
            assert_eq!(name.parse::<DeviceKind>().expect(name).name(), name);
        }
        assert_eq!(
            "tpu".parse::<DeviceKind>().expect_err("not a device").to_string(),
            "unknown device `tpu`: choose auto, cpu, cuda or metal"
        );
    }

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    fn a_plain_build_has_only_the_cpu() {
        assert!(matches!(DeviceKind::Auto.open(), Ok(Device::Cpu)));
        let refusal = DeviceKind::Cuda.open().expect_err("no cuda in this build").to_string();
        assert!(refusal.starts_with("this lossglass was built without cuda"), "{refusal}");
    }
}
