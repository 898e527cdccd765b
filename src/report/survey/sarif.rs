//! Findings as SARIF 2.1.0, which code review tools read (OASIS, "Static Analysis Results Interchange Format").

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{About, Output};
use crate::data::Unit;
use crate::mask::finding::{Code, Severity};
use crate::survey::{Entry, Totals};

/// One run, its results written as the records come.
pub struct Sarif<W> {
    out: W,
    about: About,
    results: usize,
}

impl<W: Write> Sarif<W> {
    /// Begins the log.
    ///
    /// # Errors
    /// If writing fails.
    pub fn new(mut out: W, about: About) -> io::Result<Self> {
        let rules: Vec<Value> = Code::EVERY.iter().map(|&code| rule(code)).collect();
        let driver = json!({"name": "lossglass", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
        write!(
            out,
            "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{},\
             \"results\":[",
            json!({"driver": driver})
        )?;
        Ok(Self { out, about, results: 0 })
    }
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": {"text": code.describe()},
        "help": {"text": code.fix()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Major => "error",
        Severity::Minor => "warning",
    }
}

impl<W: Write> Output for Sarif<W> {
    fn record(&mut self, entry: &Entry) -> io::Result<()> {
        for finding in &entry.findings {
            let token = finding.token.map_or_else(String::new, |token| format!(", token {token}"));
            let text = format!("record {}{token}: {}; {}", entry.index, finding.message, finding.fix());
            let mut location = json!({"artifactLocation": {"uri": self.about.files.get(entry.file)}});
            if entry.unit == Unit::Line {
                location["region"] = json!({"startLine": entry.place});
            }
            let result = json!({
                "ruleId": finding.code.name(),
                "level": level(finding.severity),
                "message": {"text": text},
                "locations": [{"physicalLocation": location}],
                "properties": {"record": entry.index, "token": finding.token},
            });
            self.results += 1;
            write!(self.out, "{}{result}", if self.results > 1 { ",\n" } else { "\n" })?;
        }
        Ok(())
    }

    fn end(&mut self, _: &Totals, is_whole: bool) -> io::Result<()> {
        writeln!(self.out, "],\"invocations\":[{{\"executionSuccessful\":{is_whole}}}]}}]}}")?;
        self.out.flush()
    }
}
