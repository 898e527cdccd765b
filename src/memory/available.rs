//! How much memory may still be used.

use sysinfo::System;

/// The environment variable that says how much memory this program may use in all, such as `2G` or `800M`.
pub const MEMORY_VARIABLE: &str = "LOSSGLASS_MEMORY";

/// Bytes that may be used beside the `resident` ones: what the system has available and a container's limit leaves, or
/// what [`MEMORY_VARIABLE`] leaves. `None` where the system does not say.
///
/// # Errors
/// If the variable holds no size.
pub fn available(resident: u64) -> Result<Option<u64>, String> {
    if let Ok(text) = std::env::var(MEMORY_VARIABLE) {
        let limit = parse(&text)
            .ok_or_else(|| format!("{MEMORY_VARIABLE} is `{text}`: give a size such as 2G or 800M, or unset it"))?;
        return Ok(Some(limit.saturating_sub(resident)));
    }
    let Ok(mut system) = System::new() else { return Ok(None) };
    system.refresh_memory();
    let free = Some(system.available_memory()).filter(|&free| free > 0);
    // Files in the page cache count as used there, but make room when asked.
    let in_container = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    Ok(free.map(|free| in_container.map_or(free, |limit| free.min(limit))))
}

/// Bytes that the machine has, whoever uses them. `None` where the system does not say.
pub fn installed() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    Some(system.total_memory()).filter(|&total| total > 0)
}

/// `2G`, `2GB`, `1.5 g`, `800M`, `64k` in decimal units, or plain bytes.
fn parse(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_suffix('B').unwrap_or(&text);
    let (number, unit) = match text.char_indices().next_back()? {
        (at, 'K') => (&text[..at], 1e3),
        (at, 'M') => (&text[..at], 1e6),
        (at, 'G') => (&text[..at], 1e9),
        (at, 'T') => (&text[..at], 1e12),
        _ => (text, 1.0),
    };
    let bytes = number.trim().parse::<f64>().ok()? * unit;
    (bytes.is_finite() && bytes >= 0.0).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [("2G", 2_000_000_000), ("1.5gb", 1_500_000_000), ("800 M", 800_000_000), ("4096", 4096)] {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "much", "-1G", "G", "inf"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
