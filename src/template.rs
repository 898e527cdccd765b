//! Chat template -> rendered text and the provenance of every character.

mod provenance;

pub use provenance::{Part, Rendered, Segment};
