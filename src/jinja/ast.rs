//! What a template says, as the parser leaves it.

use std::sync::Arc;

/// A name's number in the template's table of names.
pub(super) type Symbol = u32;

#[derive(Debug)]
pub(super) struct Statement {
    pub line: usize,
    pub kind: StatementKind,
}

#[derive(Debug)]
pub(super) enum StatementKind {
    Data(Arc<str>),
    Print(Expr),
    For(Arc<For>),
    /// Conditions with what follows each, and the else branch.
    If(Vec<(Expr, Vec<Statement>)>, Vec<Statement>),
    Set(Target, Expr),
    SetBlock(Target, Vec<FilterCall>, Vec<Statement>),
    Macro(Arc<Macro>),
    Call(Arc<Macro>, Expr),
    Filter(Vec<FilterCall>, Vec<Statement>),
    With(Vec<(Target, Expr)>, Vec<Statement>),
    Generation(Vec<Statement>),
    /// `block` and `autoescape`: what stands in them, in a scope of its own.
    Scope(Vec<Statement>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(super) struct For {
    pub target: Target,
    pub iterable: Expr,
    pub condition: Option<Expr>,
    pub recursive: bool,
    pub body: Vec<Statement>,
    pub otherwise: Vec<Statement>,
}

#[derive(Debug)]
pub(super) struct Macro {
    pub name: Arc<str>,
    pub symbol: Symbol,
    pub parameters: Vec<(Symbol, Arc<str>)>,
    /// Defaults of the last parameters.
    pub defaults: Vec<Expr>,
    pub body: Vec<Statement>,
    /// Which of `varargs`, `kwargs` and `caller` the body names.
    pub varargs: bool,
    pub kwargs: bool,
    pub caller: bool,
}

/// What an assignment writes to.
#[derive(Debug)]
pub(super) enum Target {
    Name(Symbol),
    /// An attribute of a namespace.
    Attribute(Symbol, Arc<str>),
    Tuple(Vec<Target>),
}

#[derive(Debug)]
pub(super) struct FilterCall {
    pub name: Arc<str>,
    pub arguments: Arguments,
    pub line: usize,
}

#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub positional: Vec<Expr>,
    pub named: Vec<(Arc<str>, Expr)>,
    pub star: Option<Expr>,
    pub double_star: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

#[derive(Debug)]
pub(super) enum Expr {
    Str(Arc<str>),
    Int(i128),
    Float(f64),
    Bool(bool),
    None,
    Name(Symbol),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attribute(Box<Expr>, Arc<str>, usize),
    Item(Box<Expr>, Box<Expr>, usize),
    Slice(Box<Expr>, [Option<Box<Expr>>; 3], usize),
    Call(Box<Expr>, Box<Arguments>, usize),
    Filter(Box<Expr>, Box<FilterCall>),
    /// The value, the test, and whether it is negated.
    Test(Box<Expr>, Box<FilterCall>, bool),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Concat(Vec<Expr>),
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
}
