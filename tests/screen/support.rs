//! What tests of the screen share: states as they could be, and the screen as it shows them.

pub mod frame;
pub mod run;
pub mod sample;
pub mod slow;
