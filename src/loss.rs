//! Per-target values and what becomes of them under a mask.

mod contrast;
mod distribution;
mod gradient;
mod ledger;
mod means;
mod scores;

pub use contrast::{DocumentLoss, document_losses};
pub use distribution::Distribution;
pub use gradient::{LogitGradient, Push};
pub use ledger::{Denominator, Ledger, weight_text};
pub use means::Means;
pub use scores::{Candidate, Labels, Row, Scores, Target};
