//! What it takes to go on: `trainer.json` and `optimizer.safetensors`.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SaveError;
use super::folder::Folder;
use super::tensors::{Entry, Reader, Task, Values};
use crate::decoder::Decoder;
use crate::train::optimizer::OptimizerState;
use crate::train::parameters::{Parameter, parameters};
use crate::train::{Optimizer, Settings, Trainer};

/// `trainer.json`. Where in the data a run stands follows from the step and the seed (see [`batch`](crate::train::batch)).
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// Steps taken.
    step: usize,
    /// Updates that the optimizer has counted: it may have begun later than the run.
    updates: usize,
    /// Whose moments these are.
    optimizer: Optimizer,
    settings: Settings,
}

/// A saved run, for [`Trainer::resume`].
#[derive(Clone, Debug, PartialEq)]
pub struct Resumed {
    pub settings: Settings,
    pub optimizer: OptimizerState,
    /// Steps taken.
    pub step: usize,
}

pub(super) fn write(
    folder: &mut Folder,
    trainer: &Trainer,
    settings: &Settings,
    task: &mut Task<'_>,
) -> Result<(), SaveError> {
    let optimizer = trainer.optimizer();
    // The moments are those of the method of the last step.
    let method = trainer.method().unwrap_or(&settings.method).clone();
    let state = State {
        step: trainer.steps(),
        updates: optimizer.updates,
        optimizer: optimizer.optimizer(),
        settings: Settings { method, ..settings.clone() },
    };
    folder.add_json("trainer.json", &state)?;
    let moments = [("first", &optimizer.first), ("second", &optimizer.second)];
    let entries: Vec<Entry> = moments
        .into_iter()
        .flat_map(|(which, moments)| {
            trainer.parameters().iter().zip(moments).map(move |(parameter, values)| Entry {
                name: moment(which, parameter),
                shape: parameter.tensor.dims().to_vec(),
                values: Values::Slice(values),
            })
        })
        .collect();
    folder.add_tensors("optimizer.safetensors", &entries, task)
}

fn moment(which: &str, parameter: &Parameter) -> String {
    format!("{which}.{}", parameter.name)
}

/// How the steps of a saved run were taken, and how many.
///
/// # Errors
/// If the directory holds no saved run.
pub fn read_settings(directory: &Path) -> Result<(Settings, usize), SaveError> {
    read(directory).map(|state| (state.settings, state.step))
}

fn read(directory: &Path) -> Result<State, SaveError> {
    let file = directory.join("trainer.json");
    let text = std::fs::read(&file).map_err(|reason| match reason.kind() {
        io::ErrorKind::NotFound => SaveError::NoState(directory.to_owned()),
        _ => SaveError::Read { file: file.clone(), reason },
    })?;
    serde_json::from_slice(&text).map_err(|error| SaveError::Damaged { file, reason: error.to_string() })
}

/// Reads what a save keeps of its run; `decoder` is the one that was loaded from it.
///
/// # Errors
/// If the directory holds no such state, or that of another model.
pub fn read_state(directory: &Path, decoder: &Decoder) -> Result<Resumed, SaveError> {
    let state = read(directory)?;
    let parameters = parameters(decoder, &state.settings.method)
        .map_err(|error| SaveError::Damaged { file: directory.join("trainer.json"), reason: error.to_string() })?;
    let file = directory.join("optimizer.safetensors");
    let mut reader = Reader::open(&file)?;
    let mut read = |which: &str| -> Result<Vec<Vec<f32>>, SaveError> {
        let mut all = Vec::new();
        for parameter in &parameters {
            let name = moment(which, parameter);
            let values = reader.read(&name).map_err(|reason| SaveError::Read { file: file.clone(), reason })?;
            let Some(values) = values else { continue };
            if values.len() != parameter.tensor.elem_count() {
                return Err(SaveError::Damaged { file: file.clone(), reason: format!("{name} has another size") });
            }
            all.push(values);
        }
        match all.is_empty() || all.len() == parameters.len() {
            true => Ok(all),
            false => Err(SaveError::Damaged { file: file.clone(), reason: format!("{which} moments are missing") }),
        }
    };
    let (first, second) = (read("first")?, read("second")?);
    let optimizer = OptimizerState::restored(state.optimizer, state.updates, first, second);
    Ok(Resumed { settings: state.settings, optimizer, step: state.step })
}
