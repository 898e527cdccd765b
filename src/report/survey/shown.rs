//! One record as text, what is scored between marks.

use std::io::{self, Write};

use crate::loss::weight_text;
use crate::sequence::visible;
use crate::survey::Judged;

/// Writes the record's tokens, scored ones between `⟦` and `⟧`, a weight other than 1 behind its run; a line break in
/// the text also breaks the line.
///
/// # Errors
/// If writing fails.
pub fn shown(judged: &Judged, out: &mut impl Write) -> io::Result<()> {
    write!(out, "── record {} ({})", judged.entry.index, judged.entry.place())?;
    let Some(masked) = &judged.masked else {
        return writeln!(out, ": cannot be read");
    };
    let (sequence, mask) = (&masked.sequence, &masked.mask);
    writeln!(out, " · {} · {} tokens, {} scored · ⟦scored⟧", masked.form, sequence.len(), mask.scored())?;
    let mut run = 0.0;
    let close = |out: &mut dyn Write, weight: f64| match weight {
        0.0 => Ok(()),
        1.0 => write!(out, "⟧"),
        weight => write!(out, "⟧×{}", weight_text(weight)),
    };
    for (t, token) in sequence.tokens.iter().enumerate() {
        let weight = mask.weight(t);
        if weight != run {
            close(out, run)?;
            if weight != 0.0 {
                write!(out, "⟦")?;
            }
            run = weight;
        }
        write!(out, "{}", visible(&token.bytes).replace('␣', " "))?;
        if token.bytes.ends_with(b"\n") && t + 1 < sequence.len() {
            close(out, std::mem::take(&mut run))?;
            writeln!(out)?;
        }
    }
    close(out, run)?;
    writeln!(out, "\n")
}
