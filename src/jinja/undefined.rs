//! Which undefined values a template prints: Python prints nothing for them, and says nothing.

use std::rc::Rc;

use super::ast::Expr;
use super::render::{Renderer, Scope};
use super::value::Value;

impl Renderer<'_> {
    /// Notes the undefined variables and attributes of a print that came to `value`.
    pub(super) fn note_undefined(&self, printed: &Expr, value: &Value, scope: &Rc<Scope>) {
        let may_have_one = match value {
            Value::Undefined(_) => true,
            Value::Str(text) => text.as_str().is_empty() || matches!(printed, Expr::Concat(_)),
            _ => false,
        };
        if may_have_one {
            self.find_undefined(printed, scope);
        }
    }

    fn find_undefined(&self, expr: &Expr, scope: &Rc<Scope>) {
        match expr {
            Expr::Concat(items) => items.iter().for_each(|item| self.find_undefined(item, scope)),
            // What has a default is meant to be undefined at times.
            Expr::Filter(value, filter) if !matches!(&*filter.name, "default" | "d") => {
                self.find_undefined(value, scope)
            }
            _ => {
                let Some(name) = self.spelled(expr) else { return };
                let is_undefined = matches!(self.evaluate(expr, scope), Ok(Value::Undefined(_)));
                if is_undefined && !self.undefined.borrow().contains(&name) {
                    self.undefined.borrow_mut().push(name);
                }
            }
        }
    }

    /// A variable, or what is read from one by names and indices, as the source names it.
    fn spelled(&self, expr: &Expr) -> Option<String> {
        Some(match expr {
            Expr::Name(name) => self.template.symbols.name(*name).to_string(),
            Expr::Attribute(value, name, _) => format!("{}.{name}", self.spelled(value)?),
            Expr::Item(value, key, _) => {
                let key = match &**key {
                    Expr::Str(key) => format!("'{key}'"),
                    Expr::Int(index) => index.to_string(),
                    key => self.spelled(key)?,
                };
                format!("{}[{key}]", self.spelled(value)?)
            }
            _ => return None,
        })
    }
}
