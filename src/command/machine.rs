//! The machine that this runs on, and how much of it is used.

use anyhow::{Context, Result};
use rayon::ThreadPoolBuilder;
use sysinfo::{CpuRefreshKind, System};

/// The environment variable that rayon reads.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// From here on every parallel loop of the program runs on so many threads; `None` leaves it to rayon.
///
/// # Errors
/// If the system does not give as many threads.
pub fn use_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    let pool = ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global().with_context(|| format!("cannot start {threads} threads: choose fewer with --threads"))
}

/// What said how many threads there are, `asked` being the command line's number.
pub fn threads_reason(asked: Option<usize>) -> &'static str {
    let variable = std::env::var(THREADS_VARIABLE).ok().and_then(|text| text.parse::<usize>().ok());
    match (asked, variable) {
        (Some(_), _) => "as --threads says",
        (None, Some(1..)) => "as RAYON_NUM_THREADS says",
        _ => "one for each core",
    }
}

/// The processor's name for itself.
pub fn processor() -> Option<String> {
    let mut system = System::new().ok()?;
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    let name = system.cpus().first()?.brand().split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}
