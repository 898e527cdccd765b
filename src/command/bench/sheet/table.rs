//! The table, line by line.

use std::io::{Result, Write};

use super::{Products, SCALED, Scaling, Setting, Sheet, bytes_text, rate_text, resident, shares, summary};
use crate::command::bench::lengths::Length;
use crate::command::bench::line::{Line, seconds_text};
use crate::sequence::visible_text;

/// Columns of what a line is about.
const WHAT: usize = 42;

pub fn setting(out: &mut dyn Write, setting: &Setting) -> Result<()> {
    let threads = if setting.threads == 1 { "thread" } else { "threads" };
    writeln!(out, "lossglass {} · {}", setting.lossglass, visible_text(&setting.processor))?;
    writeln!(
        out,
        "kernels {}{} · {} {threads} · one core at most {} · memory at most {}",
        setting.kernels,
        if setting.is_forced { " (LOSSGLASS_SIMD)" } else { "" },
        setting.threads,
        rate_text(setting.peak),
        bytes_text(setting.read),
    )?;
    if let Some(python) = &setting.python {
        writeln!(out, "beside {}", visible_text(python))?;
    }
    Ok(())
}

/// The title of some lines, the first with the columns'.
pub fn head(out: &mut dyn Write, title: &str, is_first: bool) -> Result<()> {
    let title = visible_text(title);
    if !is_first {
        return writeln!(out, "\n{title}");
    }
    writeln!(
        out,
        "\n{title:<WHAT$}{:>9}{:>9}{:>9}{:>9}{:>10}  {:<15}{:>4}",
        "median", "fastest", "beside", "ratio", "bar", "", "runs"
    )
}

pub fn line(out: &mut dyn Write, line: &Line) -> Result<()> {
    let beside = line.beside.as_ref();
    let other = beside.and_then(|beside| beside.runs).map_or_else(String::new, |runs| line.value(runs.median));
    let text = format!(
        "{:<WHAT$}{:>9}{:>9}{other:>9}{:>9}{:>10}  {:<15}{:>4}  {}",
        line.what,
        line.value(line.ours.median),
        line.value(line.ours.best),
        line.ratio_text(),
        line.bar_text().unwrap_or_default(),
        line.verdict(),
        line.ours.runs,
        beside.map_or_else(String::new, |beside| format!("beside {}", beside.what)),
    );
    writeln!(out, "{}", text.trim_end())
}

pub fn products_head(out: &mut dyn Write, tokens: &[usize]) -> Result<()> {
    writeln!(out, "\nmatrix products of one core, % of its peak: forward / backward")?;
    write!(out, "{:<30}{:>12}", "projection", "weights")?;
    for tokens in tokens {
        write!(out, "{:>12}", format!("{tokens} token{}", if *tokens == 1 { "" } else { "s" }))?;
    }
    writeln!(out)
}

pub fn products(out: &mut dyn Write, products: &Products, peak: f64) -> Result<()> {
    let weights = format!("{}×{}", products.shape.out, products.shape.width);
    write!(out, "{:<30}{weights:>12}", visible_text(&products.shape.what))?;
    for reached in &products.reached {
        write!(out, "{:>12}", shares(reached, peak))?;
    }
    writeln!(out)
}

pub fn scaling(out: &mut dyn Write, scaling: &Scaling, first: &Scaling) -> Result<()> {
    if scaling.threads == first.threads {
        let (score, step) = (format!("score {} tokens", SCALED.0), format!("full step, {} tokens", SCALED.1));
        writeln!(out, "\n{:<12}{score:>24}{step:>28}", "threads")?;
    }
    let part = |ours: f64, first: f64| format!("{} ({:.2} × as fast)", seconds_text(ours), first / ours);
    let score = part(scaling.score.median, first.score.median);
    let step = part(scaling.step.median, first.step.median);
    writeln!(out, "{:<12}{score:>24}{step:>28}", scaling.threads)
}

pub fn length(out: &mut dyn Write, length: &Length, is_first: bool) -> Result<()> {
    if is_first {
        writeln!(
            out,
            "\n{:<24}{:>10}{:>14}{:>16}{:>20}",
            "scoring long texts", "time", "a token", "operations", "resident memory"
        )?;
    }
    let seconds = length.seconds.median;
    writeln!(
        out,
        "{:<24}{:>10}{:>14}{:>16}{:>20}",
        format!("{} tokens", length.tokens),
        seconds_text(seconds),
        seconds_text(seconds / length.tokens as f64),
        rate_text(length.rate()),
        resident(length.resident),
    )
}

pub fn end(out: &mut dyn Write, sheet: &Sheet, is_whole: bool) -> Result<()> {
    writeln!(out)?;
    for note in &sheet.notes {
        writeln!(out, "note: {}", visible_text(note))?;
    }
    if !is_whole {
        writeln!(out, "interrupted: this is what was measured until then")?;
    }
    writeln!(out, "{}", summary(&sheet.lines))
}
