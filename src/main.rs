//! The `lossglass` binary: parse, run, print the error chain, exit code.

use std::process::ExitCode;

use clap::Parser;
use lossglass::cli::Cli;
use lossglass::command;

/// A data set makes and drops some thousand small pieces a record: the system's allocator takes a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match command::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lossglass: {}", lossglass::sequence::visible_text(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}

/// Whoever read our output has seen enough (`lossglass … | head`).
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
