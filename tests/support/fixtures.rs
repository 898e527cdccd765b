//! Where the models for tests lie.

use std::path::{Path, PathBuf};

/// A directory of `tests/fixtures`, or a file there.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}
