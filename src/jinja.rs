//! Jinja2 as Python runs it for chat templates, with strings that know where they came from.
//!
//! ```text
//! source ─▶ lexer ─▶ parser ─▶ Template      statements and expressions
//! Template + context ─▶ render, evaluate ─▶ Output   text, the spans of it that came from a source, generation blocks
//!               access, arithmetic, methods, filters, is, functions, format, json: what Python does with values
//! ```
//!
//! A template trims, cuts, joins and escapes what it prints. A [`Text`] made by [`Text::of_source`] carries its origin
//! through all of that, so that the [`Output`] says of every byte whether it is a source's, and which one's. What is
//! printed is what transformers' sandbox of jinja2 3.1 prints: Python's `str` and `repr`, its methods, and its errors.

mod access;
mod arguments;
mod arithmetic;
mod ast;
mod convert;
mod date;
mod evaluate;
mod filters;
mod format;
mod functions;
mod is;
mod json;
mod lexer;
mod methods;
mod parser;
mod pieces;
mod render;
mod text;
mod undefined;
mod value;
mod words;

use thiserror::Error as ThisError;

pub(crate) use date::now;
pub(crate) use pieces::{Piece, PieceKind, pieces};
pub use text::{Output, Span, Text};
pub use value::{Dict, Value};

/// What is wrong with a template, or with what it was given.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("line {line}: {message}")]
pub struct Error {
    pub kind: ErrorKind,
    /// Line of the source, from 1 on; 0 where none is known.
    pub line: usize,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The source does not parse.
    Syntax,
    /// The template itself called `raise_exception`.
    Raised,
    /// Python would raise.
    Runtime,
    /// Stopped after as many steps as a render may take.
    Endless,
}

impl Error {
    fn syntax(line: usize, message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Syntax, line, message: message.into() }
    }

    fn runtime(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Runtime, line: 0, message: message.into() }
    }

    fn raised(message: &str) -> Self {
        Self { kind: ErrorKind::Raised, line: 0, message: message.to_string() }
    }

    fn endless(steps: u64) -> Self {
        Self { kind: ErrorKind::Endless, line: 0, message: format!("stopped after {steps} steps") }
    }

    /// The same error at a line, if it has none yet.
    fn at(mut self, line: usize) -> Self {
        if self.line == 0 {
            self.line = line;
        }
        self
    }
}

/// A parsed template. Rendering does not change it, so threads can share it.
#[derive(Debug)]
pub struct Template {
    parsed: parser::Parsed,
}

impl Template {
    /// Parses `source`.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] with the line.
    pub fn new(source: &str) -> Result<Self, Error> {
        // jinja2 reads all line ends as \n.
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        Ok(Self { parsed: parser::parse(&source)? })
    }

    /// Whether the source has `{% generation %}` blocks.
    pub fn has_generation(&self) -> bool {
        self.parsed.generation
    }

    /// Whether the source uses this name.
    pub fn names(&self, name: &str) -> bool {
        self.parsed.symbols.find(name).is_some()
    }

    /// Renders with the variables of `context`; `now` is the time of `strftime_now` in seconds since 1970. A step is a
    /// statement, a call, a turn of a loop or 64 bytes of text.
    ///
    /// # Errors
    /// What Python would raise, or [`ErrorKind::Endless`] after `steps`.
    pub fn render(&self, context: Vec<(&str, Value)>, now: i64, steps: u64) -> Result<Output, Error> {
        render::Renderer::new(&self.parsed, now, steps).run(context)
    }
}
