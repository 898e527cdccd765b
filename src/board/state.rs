//! `trainer_state.json`, which transformers writes into each checkpoint, last of all its files, and at the end of a run.

use serde_json::Value;

use super::{Series, json, lines};

/// What it says of the run.
#[derive(Debug)]
pub struct State {
    /// How many steps were taken.
    pub step: usize,
    /// How many are to be taken.
    pub total: Option<usize>,
    pub series: Series,
}

impl State {
    /// Reads the file's text; `None` where it is no such file, or not all of it.
    pub fn read(text: &[u8]) -> Option<Self> {
        let state = json::parse(text).ok()?;
        let count = |key: &str| state[key].as_u64().and_then(|count| usize::try_from(count).ok());
        let mut series = Series::default();
        for entry in state["log_history"].as_array()?.iter().filter_map(Value::as_object) {
            lines::add(&mut series, entry);
        }
        Some(Self { step: count("global_step")?, total: count("max_steps").filter(|&steps| steps > 0), series })
    }
}
