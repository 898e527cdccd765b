//! The models that are there, and the caches that keep them.

use std::path::Path;

use super::Check;
use crate::memory::size_text;
use crate::source::hub::Settings;
use crate::source::{Embedded, Known, Place, cache, known};

pub fn checks() -> Vec<Check> {
    let models = known();
    let mut checks = vec![Check::fine("embedded", Embedded::EVERY.map(Embedded::name).join(", "))];
    match Settings::from_env() {
        Err(error) => checks.push(Check::wrong("hub cache", "its settings cannot be used", error.to_string())),
        Ok(settings) => {
            let stored = stored(&models, |model| model.repository.is_some());
            checks.push(directory("hub cache", "HF_HUB_CACHE", &settings.cache, stored));
            checks.push(network(&settings));
            checks.push(Check::fine(
                "token",
                match settings.token {
                    Some(_) => "there is one",
                    None => "none; only gated and private models ask for one",
                },
            ));
        }
    }
    checks.push(match cache::directory() {
        Err(error) => Check::wrong("own cache", "there is no place for models from PyPI", error.to_string()),
        Ok(path) => {
            let stored = stored(&models, |model| model.repository.is_none());
            directory("own cache", "LOSSGLASS_CACHE", &path, stored)
        }
    });
    checks
}

/// How many of these models are on the disk, and their bytes.
fn stored(models: &[Known], is_meant: impl Fn(&Known) -> bool) -> (usize, u64) {
    let bytes = |model: &Known| match model.place {
        Place::Stored { bytes, .. } => Some(bytes),
        Place::Embedded | Place::Remote => None,
    };
    let sizes = models.iter().filter(|model| is_meant(model)).filter_map(bytes);
    sizes.fold((0, 0), |(count, sum), bytes| (count + 1, sum + bytes))
}

/// A cache: `variable` says where it is.
fn directory(name: &'static str, variable: &str, path: &Path, (count, bytes): (usize, u64)) -> Check {
    let models = if count == 1 { "1 model".to_owned() } else { format!("{count} models") };
    let shown = path.display();
    if !path.exists() {
        Check::fine(name, format!("{shown}: not there yet"))
    } else if !path.is_dir() {
        Check::wrong(name, format!("{shown} is no directory"), format!("set {variable} to a directory"))
    } else if !is_writable(path) {
        let found = format!("{shown}: {models}, {}; it cannot be written to", size_text(bytes));
        Check::note(name, found, format!("to fetch models, set {variable} to another directory"))
    } else {
        Check::fine(name, format!("{shown}: {models}, {}", size_text(bytes)))
    }
}

/// Whether files can be made there; where the system cannot be asked, a download finds out.
fn is_writable(path: &Path) -> bool {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    return rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    return path.is_dir();
}

/// What is said of the network; it is left alone.
fn network(settings: &Settings) -> Check {
    match settings.is_offline {
        true => Check::note("network", "left alone: HF_HUB_OFFLINE is set", "unset it to fetch models"),
        false => Check::fine("network", format!("models come from {}; not asked now", settings.endpoint)),
    }
}
