//! The text as it is written, for someone who watches a terminal.

use std::io::Write;

use anyhow::Result;

use super::Run;
use crate::generate::Continuations;
use crate::model::ModelInfo;
use crate::report::generation::{agreement, shown};

/// Writes the continuations one after another: each piece of text as soon as it is certain, and then why it ended.
///
/// # Errors
/// If the model fails or nobody reads any more.
pub fn stream(run: &Run, all: &mut Continuations, info: &ModelInfo) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let several = all.list().len() > 1;
    for (number, continuation) in (1..).zip(all.list_mut()) {
        if run.cancel.is_cancelled() {
            break;
        }
        if several {
            writeln!(out, "{number}:")?;
        }
        // What a character looks like depends on what stands before it.
        let (mut said, mut printed) = (String::new(), 0);
        let mut on_text = |text: &str| -> Result<()> {
            said.push_str(text);
            let all = shown(&said);
            out.write_all(&all.as_bytes()[std::mem::replace(&mut printed, all.len())..])?;
            Ok(out.flush()?)
        };
        let text = run.write_one(continuation, &mut on_text)?;
        writeln!(out, "\n({})", super::written(continuation, &text).ending(info))?;
    }
    if let Some(agreement) = agreement(info, &all.first_tokens()) {
        writeln!(out, "{agreement}")?;
    }
    Ok(())
}
