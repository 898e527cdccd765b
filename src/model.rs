//! A pretrained decoder-only language model: where it comes from, what its files say, and its weights.

pub mod cache;
pub mod catalogue;
pub mod config;
pub mod device;
pub mod load;
pub mod pack;
pub mod source;

pub use config::Config;
pub use device::DeviceKind;
pub use load::load;
pub use pack::pack;
pub use source::Source;
