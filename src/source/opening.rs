//! How far the opening of a model has come.

use super::hub::Arrived;
use crate::memory::size_text;

/// How far opening a model is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Opening {
    /// Its files arrive from the Hub.
    Downloading(Arrived),
    /// The share of its tensors that was read, 0 to 1.
    Reading(f32),
}

impl Opening {
    /// The same in words, for the model of that name.
    pub fn text(self, name: &str) -> String {
        match self {
            Self::Downloading(Arrived { done, total }) => {
                let percent = done as f64 * 100.0 / total.max(1) as f64;
                format!("downloading {name} {percent:.0} % of {}", size_text(total))
            }
            Self::Reading(share) => format!("loading {name} {:.0} %", share.clamp(0.0, 1.0) * 100.0),
        }
    }
}
