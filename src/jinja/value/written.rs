//! Values as Python's `str` and `repr` write them.

use super::{Callable, Dict, Value};
use crate::jinja::text::{Output, Text};
use crate::jinja::{methods, words};

impl Value {
    /// Python's `str`.
    pub(in crate::jinja) fn to_text(&self) -> Text {
        match self {
            Value::Str(text) => text.clone(),
            Value::Undefined(_) => "".into(),
            other => {
                let mut out = Output::default();
                other.repr(&mut out);
                out.into_text()
            }
        }
    }

    /// Python's `repr`, which also is the `str` of all but strings.
    pub(in crate::jinja) fn repr(&self, out: &mut Output) {
        match self {
            Value::Undefined(_) => out.push_str("Undefined"),
            Value::None => out.push_str("None"),
            Value::Bool(is) => out.push_str(if *is { "True" } else { "False" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&words::float(*number)),
            Value::Str(text) => words::quoted(text, out),
            Value::Bytes(bytes) => out.push_str(&methods::bytes::repr(bytes)),
            Value::List(items) => sequence(items, "[", "]", out),
            Value::Tuple(items) => sequence(items, "(", if items.len() == 1 { ",)" } else { ")" }, out),
            Value::View(name, items) => {
                out.push_str(name);
                sequence(items, "([", "])", out);
            }
            Value::Dict(dict) => fields(dict, out),
            Value::Namespace(dict) => {
                out.push_str("<Namespace ");
                fields(&dict.borrow(), out);
                out.push_str(">");
            }
            Value::Range(start, stop, 1) => out.push_str(&format!("range({start}, {stop})")),
            Value::Range(start, stop, step) => out.push_str(&format!("range({start}, {stop}, {step})")),
            Value::Callable(called) => match &**called {
                Callable::Macro(it) => out.push_str(&format!("<Macro '{}'>", it.made.name)),
                _ => out.push_str("<function>"),
            },
            Value::Loop(state) => {
                out.push_str(&format!("<LoopContext {}/{}>", state.index.get() + 1, state.items.len()));
            }
            other => out.push_str(&format!("<{} object>", other.type_name())),
        }
    }
}

fn sequence(items: &[Value], open: &str, close: &str, out: &mut Output) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        item.repr(out);
    }
    out.push_str(close);
}

fn fields(dict: &Dict, out: &mut Output) {
    out.push_str("{");
    for (index, (key, value)) in dict.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        key.repr(out);
        out.push_str(": ");
        value.repr(out);
    }
    out.push_str("}");
}
