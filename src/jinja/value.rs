//! Values as Python has them.

mod dict;
mod order;
mod written;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{For, Macro};
use super::render::Scope;
use super::text::Text;

pub use dict::Dict;
pub(super) use order::{compare, equal};

/// A value of a render. Lists, tuples and dictionaries never change, as in transformers' sandbox; a namespace does.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing there: prints as nothing, and using it further is an error that says the text.
    Undefined(Arc<str>),
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Text),
    /// What `str.encode` makes.
    Bytes(Rc<[u8]>),
    List(Rc<Items>),
    Tuple(Rc<Items>),
    Dict(Rc<Dict>),
    /// What the keys, values or items of a dictionary are, by the name Python gives it.
    View(&'static str, Rc<Items>),
    Range(i128, i128, i128),
    /// What filters such as `map` make: it can be gone through once.
    Generator(Rc<RefCell<VecDeque<Value>>>),
    Namespace(Rc<RefCell<Dict>>),
    Callable(Rc<Callable>),
    Loop(Rc<LoopState>),
    Cycler(Rc<(Vec<Value>, std::cell::Cell<usize>)>),
    Joiner(Rc<(Text, std::cell::Cell<bool>)>),
}

/// The values of a list, and how deep they are nested.
#[derive(Clone, Debug)]
pub struct Items {
    values: Vec<Value>,
    depth: usize,
}

impl Items {
    fn new(values: Vec<Value>) -> Rc<Self> {
        let depth = 1 + deepest(&values);
        Rc::new(Self { values, depth })
    }
}

impl std::ops::Deref for Items {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.values
    }
}

/// The depth that a namespace counts for, so that none can hold another, and so itself.
pub(super) const NAMESPACE: usize = 100;

fn deepest<'v>(values: impl IntoIterator<Item = &'v Value>) -> usize {
    values.into_iter().map(Value::depth).max().unwrap_or(0)
}

/// What can be called.
#[derive(Debug)]
pub enum Callable {
    /// A function by its name: one of jinja2's or transformers'.
    Function(&'static str),
    /// A method of a value.
    Method(Value, Arc<str>),
    Macro(MacroValue),
    /// What the sandbox does not let be called.
    Unsafe(String),
}

/// A macro, with the scope it was made in.
#[derive(Debug)]
pub struct MacroValue {
    pub(super) made: Arc<Macro>,
    pub(super) scope: Rc<Scope>,
}

/// The variable `loop`.
#[derive(Debug)]
pub struct LoopState {
    pub(super) items: Vec<Value>,
    pub(super) index: std::cell::Cell<usize>,
    pub(super) depth: usize,
    pub(super) changed: RefCell<Option<Vec<Value>>>,
    /// What a recursive loop runs again, and the scope it stands in.
    pub(super) recursive: Option<(Arc<For>, Rc<Scope>)>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Value::Str(text)
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Value::Bool(is)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Int(number as i128)
    }
}

impl Value {
    pub fn list(values: Vec<Value>) -> Self {
        Value::List(Items::new(values))
    }

    pub(super) fn tuple(values: Vec<Value>) -> Self {
        Value::Tuple(Items::new(values))
    }

    /// The keys, values or items of a dictionary.
    pub(super) fn view(name: &'static str, values: Vec<Value>) -> Self {
        Value::View(name, Items::new(values))
    }

    /// How many lists, dictionaries and the like stand inside one another in it.
    pub(super) fn depth(&self) -> usize {
        match self {
            Value::List(items) | Value::Tuple(items) | Value::View(_, items) => items.depth,
            Value::Dict(dict) => 1 + dict.depth(),
            Value::Namespace(_) => NAMESPACE,
            Value::Generator(items) => 1 + deepest(&*items.borrow()),
            Value::Loop(state) => 1 + deepest(&state.items),
            Value::Cycler(cycler) => 1 + deepest(&cycler.0),
            Value::Callable(called) => match &**called {
                Callable::Method(value, _) => 1 + value.depth(),
                _ => 0,
            },
            _ => 0,
        }
    }

    pub fn dict(dict: Dict) -> Self {
        Value::Dict(Rc::new(dict))
    }

    pub(super) fn generator(values: impl IntoIterator<Item = Value>) -> Self {
        Value::Generator(Rc::new(RefCell::new(values.into_iter().collect())))
    }

    pub(super) fn undefined(hint: impl Into<Arc<str>>) -> Self {
        Value::Undefined(hint.into())
    }

    /// A value of JSON, its strings made by `text`.
    pub fn from_json(value: &serde_json::Value, text: &mut impl FnMut(&str) -> Text) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Value::None,
            Json::Bool(is) => Value::Bool(*is),
            Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(int), _, _) => Value::Int(int.into()),
                (_, Some(int), _) => Value::Int(int.into()),
                (_, _, float) => Value::Float(float.unwrap_or(f64::NAN)),
            },
            Json::String(string) => Value::Str(text(string)),
            Json::Array(items) => Value::list(items.iter().map(|item| Value::from_json(item, text)).collect()),
            Json::Object(fields) => {
                let mut dict = Dict::default();
                fields.iter().for_each(|(key, value)| dict.push(key, Value::from_json(value, text)));
                Value::dict(dict)
            }
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Undefined(_) | Value::None => false,
            Value::Bool(is) => *is,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Str(text) => !text.as_str().is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(items) | Value::Tuple(items) | Value::View(_, items) => !items.is_empty(),
            Value::Dict(dict) => dict.len() > 0,
            Value::Range(..) => super::convert::range_len(self) > 0,
            _ => true,
        }
    }

    /// Python's name of the type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Undefined(_) => "Undefined",
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::View(name, _) => name,
            Value::Range(..) => "range",
            Value::Generator(_) => "generator",
            Value::Namespace(_) => "Namespace",
            Value::Callable(called) => match **called {
                Callable::Macro(_) => "Macro",
                Callable::Method(..) => "builtin_function_or_method",
                _ => "function",
            },
            Value::Loop(_) => "LoopContext",
            Value::Cycler(_) => "Cycler",
            Value::Joiner(_) => "Joiner",
        }
    }

    /// The number that it is; a boolean counts as one.
    pub(super) fn as_int(&self) -> Option<i128> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(is) => Some((*is).into()),
            _ => None,
        }
    }

    pub(super) fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            other => other.as_int().map(|number| number as f64),
        }
    }
}
