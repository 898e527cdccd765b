//! `models remove`: a model off this machine.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::memory::size_text;
use crate::sequence::visible_text;
use crate::source::removal::Removal;

/// Asks, unless that is not wanted, and removes.
///
/// # Errors
/// If it is not on this machine, is not the program's to remove, or nobody can be asked.
pub fn run(name: &str, yes: bool) -> Result<ExitCode> {
    let removal = Removal::of(name)?;
    let what = visible_text(&removal.to_string());
    if !yes {
        if !std::io::stdin().is_terminal() {
            bail!("this would remove {what}: say --yes to remove it without being asked");
        }
        eprint!("remove {what}? [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            eprintln!("nothing was removed");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let freed = removal.remove()?;
    println!("removed {what}; {} are free again", size_text(freed));
    Ok(ExitCode::SUCCESS)
}
