//! A session's file as a start of the screen.

use std::path::Path;

use anyhow::{Context, Result};

use crate::app::Start;
use crate::cli::ModelArgs;
use crate::command::models;
use crate::data::DataSet;
use crate::model::Overrides;
use crate::session::{Model, Session};
use crate::source::Source;

/// What takes the place of what the model's files say, and how the screen begins.
///
/// # Errors
/// If the file is no session, or a model or a template that it names is gone.
pub fn start(path: &Path) -> Result<(Overrides, Start)> {
    let session = Box::new(Session::read(path)?);
    let Model { name, compare, template, eot_tokens } = session.model.clone();
    let model = source(name.as_deref(), "the model of this session is gone")?;
    let compare = source(compare.as_deref(), "the second model of this session is gone")?;
    let args = ModelArgs { template, eot_token: eot_tokens, ..ModelArgs::default() };
    let overrides = models::overrides(&args).context("the chat template of this session is gone")?;
    let set = session.set.as_ref().filter(|set| set.file.exists());
    let set = set.map(|set| DataSet { file: set.file.clone(), name: set.name.clone(), index: set.index });
    Ok((overrides, Start { set, ..Start::again(session, model, compare) }))
}

/// The model of that name, if there is one.
fn source(name: Option<&str>, gone: &'static str) -> Result<Option<Source>> {
    name.map(|name| Source::parse(name).context(gone)).transpose()
}
