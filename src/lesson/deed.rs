//! What a step does, and what it asks of the reader.

use super::claim::Claim;
use super::expression::Expression;
use super::guess::Guess;
use super::table::Table;
use crate::loss::{Denominator, Labels};
use crate::mask::{AttentionChoice, Basis, PartWeights};
use crate::sample::Record;
use crate::source::Source;

/// An ordinary action of the program. A step's deeds are done one after the other, each when the one before is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A text or a chat opens, under untouched weights, masks and settings: with it a scene begins.
    Open {
        record: Box<Record>,
        name: String,
        model: Option<Which>,
    },
    /// Another model on the same text.
    Model(Which),
    /// A second model beside it, or none.
    Compare(Option<Which>),
    View(String),
    Panel(String),
    Cursor(Spot),
    Mask(Basis),
    Weights(PartWeights),
    Denominator(Denominator),
    Attention(AttentionChoice),
    Labels(Labels),
    /// Keys, by the names of the key table.
    Keys(Vec<String>),
    /// These keys again and again, until the claim holds, or so many times.
    Until {
        keys: Vec<String>,
        claim: Claim,
        left: usize,
    },
    Rate(f64),
    Train(usize),
    Reset,
    /// A twin run, by its preset's title, or its end.
    Twin(Option<String>),
    Data {
        name: String,
        records: Vec<Record>,
    },
    /// So many tokens in Generate, or all.
    Write(Option<usize>),
    Table(Table),
    /// The candidate of that number gets this probability.
    Edit {
        candidate: usize,
        p: f64,
    },
    /// A value is kept under a name.
    Keep {
        name: String,
        value: Expression,
    },
}

/// A model, as a lesson names it.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    /// What the lesson says texts are read with.
    Base,
    /// What it says chats are read with.
    Chat,
    Named(Source),
}

/// A place for the cursor.
#[derive(Clone, Debug, PartialEq)]
pub enum Spot {
    /// The token of that number.
    At(usize),
    /// The token that would come next.
    End,
    /// The first scored token.
    Scored,
    /// The scored token with the highest −log p.
    Costliest,
    /// The n-th token, from 1, that is written so.
    Token { text: String, nth: usize },
}

/// What the reader is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// To read.
    GoOn,
    /// To press these keys, in order, or any of them until something is true.
    Press {
        keys: Vec<String>,
        until: Option<Claim>,
    },
    Guess(Guess),
    /// To type a number or a word.
    Type {
        answer: Expression,
        within: f64,
    },
    /// To give a candidate of the table a probability.
    Edit {
        candidate: usize,
        p: f64,
    },
}
