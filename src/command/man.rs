//! `man`: the pages of the manual, from the command line's own types, the key table and the findings.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::app::keymap;
use crate::cli::Cli;
use crate::cli::reference::{EXIT_CODES, VARIABLES};
use crate::cli::setup::ManArgs;
use crate::mask::finding::Code;
use crate::sequence::visible_text;

/// Prints the page of one command, or writes those of all.
///
/// # Errors
/// If there is no such command, or a page cannot be written.
pub fn run(args: &ManArgs) -> Result<()> {
    let program = program();
    match &args.to {
        Some(directory) => write_all(&program, directory),
        None => Ok(io::stdout().write_all(&page(find(&program, &args.command)?)?)?),
    }
}

/// The program's command, its subcommands with the names that their pages have.
fn program() -> Command {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

fn find<'a>(program: &'a Command, path: &[String]) -> Result<&'a Command> {
    let mut command = program;
    for name in path {
        let Some(next) = command.find_subcommand(name) else {
            let of = command.get_bin_name().unwrap_or("lossglass");
            bail!("{of} has no command `{name}`: `{of} --help` lists those that it has");
        };
        command = next;
    }
    Ok(command)
}

fn write_all(program: &Command, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {}", directory.display()))?;
    let mut commands = vec![program];
    let mut written = 0;
    while let Some(command) = commands.pop() {
        let path = directory.join(Man::new(command.clone()).get_filename());
        fs::write(&path, page(command)?).with_context(|| format!("cannot write {}", path.display()))?;
        written += 1;
        commands.extend(command.get_subcommands().filter(|command| !command.is_hide_set()));
    }
    let directory = directory.display().to_string();
    eprintln!("{written} pages are in {}: lossglass.1 and one for each command", visible_text(&directory));
    Ok(())
}

/// One page, in roff.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).source(concat!("lossglass ", env!("CARGO_PKG_VERSION"))).manual("Lossglass");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut synopsis = Roff::new();
    let usage = command.clone().render_usage().to_string();
    verbatim(&mut synopsis, "SYNOPSIS", &usage.lines().map(without_title).collect::<Vec<_>>().join("\n"));
    synopsis.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    if let Some(help) = command.get_after_long_help() {
        verbatim(&mut rest, "NOTES", &help.to_string());
    }
    match command.get_display_name().unwrap_or(command.get_name()) {
        "lossglass" => {
            keys(&mut rest);
            listed(&mut rest, "EXIT STATUS", EXIT_CODES.iter().copied());
            listed(&mut rest, "ENVIRONMENT", VARIABLES.iter().copied());
        }
        "lossglass-mask" => findings(&mut rest),
        _ => {}
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// A line of the usage without the word before the first, under which the others are indented.
fn without_title(line: &str) -> &str {
    line.strip_prefix("Usage:").unwrap_or(line).trim()
}

/// A section of lines as they stand.
fn verbatim(roff: &mut Roff, title: &str, text: &str) {
    roff.control("SH", [title]).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// A section of names and what they mean.
fn listed<'a>(roff: &mut Roff, title: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) {
    roff.control("SH", [title]);
    for (name, meaning) in entries {
        entry(roff, name, meaning);
    }
}

fn entry(roff: &mut Roff, name: &str, meaning: &str) {
    roff.control("TP", []).text([bold(name)]).text(inline(meaning));
}

/// What stands between backticks is bold.
fn inline(text: &str) -> Vec<Inline> {
    text.split('`').enumerate().map(|(at, piece)| if at % 2 == 1 { bold(piece) } else { roman(piece) }).collect()
}

fn keys(roff: &mut Roff) {
    // Without empty lines between them.
    roff.control("SH", ["KEYS"]).control("PD", ["0"]);
    for (context, bindings) in keymap::groups() {
        roff.control("SS", [context.title()]);
        for binding in bindings {
            entry(roff, &binding.keys.join("  "), binding.help);
        }
    }
    roff.control("PD", []);
}

fn findings(roff: &mut Roff) {
    roff.control("SH", ["FINDINGS"]);
    for code in Code::by_severity() {
        let name = format!("{} ({})", code.name(), code.severity().name());
        entry(roff, &name, &format!("{}. What to do: {}.", code.describe(), code.fix()));
    }
}
