//! The program itself, the processor and the memory.

use std::env;

use super::Check;
use crate::command::machine;
use crate::decoder::{DeviceKind, device};
use crate::memory::{self, PROGRAM, size_text};
use crate::ops::simd::{Level, level};

/// Free memory below which little beside the embedded models opens, in bytes.
const SCARCE: u64 = 1_000_000_000;

pub fn program() -> Vec<Check> {
    let path =
        env::current_exe().map_or_else(|_| "its path is not known".to_owned(), |path| path.display().to_string());
    vec![
        Check::fine("version", format!("{}, {path}", env!("CARGO_PKG_VERSION"))),
        Check::fine("python", "not needed; only `models get --from pypi` runs it"),
    ]
}

pub fn checks() -> Vec<Check> {
    vec![processor(), threads(), gpu(), free()]
}

fn processor() -> Check {
    let name = machine::processor().unwrap_or_else(|| env::consts::ARCH.to_owned());
    match level() {
        Level::Portable if cfg!(target_arch = "x86_64") => Check::note(
            "processor",
            format!("{name}, portable kernels"),
            "where the processor has AVX2 and FMA, the machine should let programs use them: it is several times as fast",
        ),
        level => Check::fine("processor", format!("{name}, kernels {level}")),
    }
}

fn threads() -> Check {
    Check::fine("threads", rayon::current_num_threads().to_string())
}

/// Where `--device auto` computes.
fn gpu() -> Check {
    let built = [("cuda", cfg!(feature = "cuda")), ("metal", cfg!(feature = "metal"))];
    let built: Vec<&str> = built.into_iter().filter_map(|(name, is_built)| is_built.then_some(name)).collect();
    let built =
        if built.is_empty() { "without cuda and metal".to_owned() } else { format!("with {}", built.join(", ")) };
    match DeviceKind::Auto.open() {
        Ok(opened) => Check::fine("device", format!("{}, built {built}", device::name(&opened))),
        Err(error) => Check::wrong("device", format!("none, built {built}"), error.to_string()),
    }
}

fn free() -> Check {
    match memory::available(PROGRAM) {
        Err(problem) => Check::wrong("memory", "its variable holds no size", problem),
        Ok(None) => Check::note("memory", "the system does not say", "LOSSGLASS_MEMORY=4G says it"),
        Ok(Some(free)) if free < SCARCE => Check::note(
            "memory",
            format!("{} free", size_text(free)),
            "stay with the embedded models, or free memory: SmolLM2-135M takes 0.6 GB to score",
        ),
        Ok(Some(free)) => Check::fine("memory", format!("{} free", size_text(free))),
    }
}
