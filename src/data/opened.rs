//! A sample that was opened, with the data set it belongs to.

use std::path::PathBuf;

use crate::sample::{Form, Sample};

/// A data set that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    pub file: PathBuf,
    /// What it is called on screen.
    pub name: String,
    /// The record that is shown first, from 0.
    pub index: usize,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub name: String,
    pub sample: Sample,
    /// What the user should know, such as that the file has more records.
    pub note: Option<String>,
    /// Raw text of a prompt and a completion: characters of the prompt.
    pub split: Option<usize>,
    /// The form that it was found in.
    pub form: Form,
    /// The data set that it is a record of, if there is more than one in the file.
    pub set: Option<DataSet>,
}

impl Opened {
    /// A sample that is no record of a data set.
    pub fn new(name: impl Into<String>, sample: Sample, note: Option<String>) -> Self {
        Self { name: name.into(), form: Form::of_sample(&sample), sample, note, split: None, set: None }
    }
}
