//! The same for a README.

use std::io::{Result, Write};

use super::{SCALED, Sheet, bytes_text, rate_text, resident, shares, summary};
use crate::command::bench::line::{Line, seconds_text};
use crate::sequence::visible_text;

pub fn write(out: &mut dyn Write, sheet: &Sheet) -> Result<()> {
    let setting = &sheet.setting;
    let python =
        setting.python.as_ref().map_or_else(String::new, |python| format!(", beside {}", visible_text(python)));
    writeln!(
        out,
        "{}, kernels `{}`, {} threads{python}. One core does at most {}, memory is read at {} at most. {}.\n",
        visible_text(&setting.processor),
        setting.kernels,
        setting.threads,
        rate_text(setting.peak),
        bytes_text(setting.read),
        summary(&sheet.lines),
    )?;
    lines(out, &sheet.lines)?;
    products(out, sheet)?;
    scaling(out, sheet)?;
    lengths(out, sheet)
}

fn lines(out: &mut dyn Write, lines: &[Line]) -> Result<()> {
    writeln!(out, "| what | median | beside it | ratio | bar | |\n|---|---|---|---|---|---|")?;
    for line in lines {
        let beside = line.beside.as_ref().map_or_else(String::new, |beside| match beside.runs {
            Some(runs) => format!("{} {}", beside.what, line.value(runs.median)),
            None => format!("{} –", beside.what),
        });
        let (value, ratio) = (line.value(line.ours.median), line.ratio_text());
        let bar = line.bar_text().unwrap_or_else(|| "–".to_owned());
        writeln!(out, "| {} | {value} | {beside} | {ratio} | {bar} | {} |", line.what, line.verdict())?;
    }
    Ok(())
}

fn products(out: &mut dyn Write, sheet: &Sheet) -> Result<()> {
    if sheet.products.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nMatrix products of one core, in % of its peak, forward / backward, by tokens:\n")?;
    let numbers: Vec<String> = sheet.tokens.iter().map(ToString::to_string).collect();
    writeln!(out, "| projection | weights | {} |\n|---|---|{}", numbers.join(" | "), "---|".repeat(numbers.len()))?;
    for products in &sheet.products {
        let shape = &products.shape;
        let reached: Vec<String> = products.reached.iter().map(|reached| shares(reached, sheet.setting.peak)).collect();
        writeln!(out, "| {} | {}×{} | {} |", visible_text(&shape.what), shape.out, shape.width, reached.join(" | "))?;
    }
    Ok(())
}

fn scaling(out: &mut dyn Write, sheet: &Sheet) -> Result<()> {
    let Some(first) = sheet.scaling.first() else { return Ok(()) };
    writeln!(out, "\n| threads | score {} tokens | full step, {} tokens |\n|---|---|---|", SCALED.0, SCALED.1)?;
    for scaling in &sheet.scaling {
        let part = |ours: f64, first: f64| format!("{} ({:.2} × as fast)", seconds_text(ours), first / ours);
        let score = part(scaling.score.median, first.score.median);
        writeln!(out, "| {} | {score} | {} |", scaling.threads, part(scaling.step.median, first.step.median))?;
    }
    Ok(())
}

fn lengths(out: &mut dyn Write, sheet: &Sheet) -> Result<()> {
    if sheet.lengths.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| score a text of | time | a token | operations | resident memory |\n|---|---|---|---|---|")?;
    for length in &sheet.lengths {
        let seconds = length.seconds.median;
        let (time, token) = (seconds_text(seconds), seconds_text(seconds / length.tokens as f64));
        let (rate, resident) = (rate_text(length.rate()), resident(length.resident));
        writeln!(out, "| {} tokens | {time} | {token} | {rate} | {resident} |", length.tokens)?;
    }
    Ok(())
}
