//! Bars to an eighth of a cell, lying and standing.

/// Standing bars of one cell, from an eighth of it to all of it.
pub const RAMP: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A lying bar `share` (0…1) of `width` columns long.
pub fn lying(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share * width as f64 * 8.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::lying;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!([lying(1.0, 4), lying(0.5, 4), lying(0.53, 4), lying(0.0, 4)], ["████", "██", "██▏", ""]);
    }
}
