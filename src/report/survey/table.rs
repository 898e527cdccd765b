//! Totals and findings as a person reads them.

use std::io::{self, Write};

use super::{About, Output, Part};
use crate::loss::weight_text;
use crate::mask::finding::Severity;
use crate::sequence::visible_text;
use crate::survey::{Entry, Found, Spread, Totals};

/// Plain text, no escape codes.
pub struct Table<W> {
    pub out: W,
    pub about: About,
}

impl<W: Write> Output for Table<W> {
    fn record(&mut self, _: &Entry) -> io::Result<()> {
        Ok(())
    }

    fn beside(&mut self) -> Box<dyn Write + '_> {
        Box::new(&mut self.out)
    }

    fn end(&mut self, totals: &Totals, is_whole: bool) -> io::Result<()> {
        let About { model, mask, .. } = &self.about;
        let part = self.about.part;
        let shard = part.map_or_else(String::new, |Part { shard, .. }| format!(" · shard {shard}"));
        let stopped = if is_whole { "" } else { " · stopped, not whole" };
        let (file, model) = (visible_text(&self.about.title()), visible_text(model));
        writeln!(self.out, "{file} · {model} · mask {mask}{shard}{stopped}")?;
        writeln!(self.out)?;
        self.totals(totals)?;
        self.findings(totals)?;
        if part.is_some() {
            writeln!(
                self.out,
                "\nrecords that repeat others show when the shards' reports are merged: write each with"
            )?;
            writeln!(self.out, "--format json, then lossglass mask --merge REPORT…")?;
        }
        self.out.flush()
    }
}

impl<W: Write> Table<W> {
    fn totals(&mut self, totals: &Totals) -> io::Result<()> {
        let forms: Vec<String> = totals.forms.iter().map(|(form, count)| format!("{count} {form}")).collect();
        let forms = if forms.is_empty() { String::new() } else { format!(" · {}", forms.join(", ")) };
        let out = &mut self.out;
        writeln!(out, "records   {}{forms}", totals.records)?;
        if totals.unreadable > 0 {
            writeln!(out, "          {} cannot be read", totals.unreadable)?;
        }
        write!(out, "tokens    {}", totals.tokens)?;
        writeln!(out, "{}", totals.lengths().map_or_else(String::new, |spread| of_records(spread, |n| n.to_string())))?;
        let share = if totals.targets > 0 { totals.scored as f64 / totals.targets as f64 } else { 0.0 };
        write!(out, "scored    {} of {} targets, {}", totals.scored, totals.targets, percent(share))?;
        writeln!(out, "{}", totals.shares().map_or_else(String::new, |spread| of_records(spread, percent)))?;
        if (totals.weight - totals.scored as f64).abs() > 1e-9 {
            writeln!(out, "weight    Σ w {}", weight_text(totals.weight))?;
        }
        writeln!(out, "unscored  {} in which nothing is scored", records(totals.unscored))?;
        writeln!(
            out,
            "context   {} longer than it and cut off, {} scored tokens lost",
            records(totals.over_context),
            totals.lost
        )
    }

    fn findings(&mut self, totals: &Totals) -> io::Result<()> {
        let (major, minor) = (totals.count(Severity::Major), totals.count(Severity::Minor));
        let out = &mut self.out;
        if totals.found.is_empty() {
            return writeln!(out, "\nno findings");
        }
        writeln!(out, "\nfindings  {major} major, {minor} minor")?;
        let mut found: Vec<&Found> = totals.found.iter().collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.severity));
        for Found { code, severity, count, records, first: (finding, file, unit, place), .. } in found {
            let of = if records == count { String::new() } else { format!(" in {records} records") };
            let record = finding.record.unwrap_or_default();
            let token = finding.token.map_or_else(String::new, |token| format!(", token {token}"));
            writeln!(out, "\n{:<5} {:<22} {count}{of}", severity.name(), code.name())?;
            let file = self.about.file(*file).map_or_else(String::new, |file| format!("{}, ", visible_text(file)));
            let place = format!("{file}{} {place} (record {record}{token})", unit.name());
            writeln!(out, "      {place}: {}", visible_text(&finding.message))?;
            writeln!(out, "      → {}", finding.fix())?;
        }
        Ok(())
    }
}

/// So many records.
pub fn records(count: usize) -> String {
    format!("{count} {}", if count == 1 { "record" } else { "records" })
}

fn of_records(spread: Spread, text: impl Fn(f64) -> String) -> String {
    let [min, median, max] = [spread.min, spread.median, spread.max].map(text);
    format!(" · a record: {min} least, {median} median, {max} most")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
