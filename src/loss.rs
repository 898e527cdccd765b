//! Per-target values and what becomes of them under a mask.

mod scores;

pub use scores::{Candidate, Row, Scores, Target};
