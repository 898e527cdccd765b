//! Expressions, evaluated.

use std::rc::Rc;
use std::sync::Arc;

use super::arguments::Args;
use super::ast::{Arguments, Comparison, Expr};
use super::render::{Renderer, Scope};
use super::text::Output;
use super::value::{Callable, Dict, Value, compare, equal};
use super::{Error, access, arithmetic, convert, filters, functions, is, methods};

impl Renderer<'_> {
    pub(super) fn evaluate(&self, expr: &Expr, scope: &Rc<Scope>) -> Result<Value, Error> {
        match expr {
            Expr::Str(text) => Ok(Value::Str(text.clone().into())),
            Expr::Name(name) => Ok(self.lookup(*name, scope)),
            _ => self.deeper(|| self.compound(expr, scope)),
        }
    }

    fn compound(&self, expr: &Expr, scope: &Rc<Scope>) -> Result<Value, Error> {
        Ok(match expr {
            Expr::Str(text) => Value::Str(text.clone().into()),
            Expr::Int(number) => Value::Int(*number),
            Expr::Float(number) => Value::Float(*number),
            Expr::Bool(is) => Value::Bool(*is),
            Expr::None => Value::None,
            Expr::Name(name) => self.lookup(*name, scope),
            Expr::List(items) => Value::list(self.all(items, scope)?),
            Expr::Tuple(items) => Value::tuple(self.all(items, scope)?),
            Expr::Dict(fields) => {
                let mut dict = Dict::default();
                for (key, value) in fields {
                    let key = self.evaluate(key, scope)?;
                    convert::hashable(&key)?;
                    dict.insert(key, self.evaluate(value, scope)?);
                }
                Value::dict(dict)
            }
            Expr::Attribute(value, name, line) => {
                access::attribute(&self.evaluate(value, scope)?, name).map_err(|error| error.at(*line))?
            }
            Expr::Item(value, key, line) => {
                let (value, key) = (self.evaluate(value, scope)?, self.evaluate(key, scope)?);
                access::item(&value, &key).map_err(|error| error.at(*line))?
            }
            Expr::Slice(value, bounds, line) => {
                let value = self.evaluate(value, scope)?;
                let bound = |bound: &Option<Box<Expr>>| {
                    bound.as_ref().map_or(Ok(Value::None), |bound| self.evaluate(bound, scope))
                };
                let bounds = [bound(&bounds[0])?, bound(&bounds[1])?, bound(&bounds[2])?];
                access::slice(&value, &bounds).map_err(|error| error.at(*line))?
            }
            Expr::Call(called, arguments, line) => {
                let called = self.evaluate(called, scope)?;
                let arguments = self.arguments(arguments, scope)?;
                self.call(&called, arguments).map_err(|error| error.at(*line))?
            }
            Expr::Filter(value, filter) => {
                let value = self.evaluate(value, scope)?;
                let arguments = self.arguments(&filter.arguments, scope)?;
                self.filter(&filter.name, value, arguments).map_err(|error| error.at(filter.line))?
            }
            Expr::Test(value, test, negated) => {
                let value = self.evaluate(value, scope)?;
                let arguments = self.arguments(&test.arguments, scope)?;
                let is = self.test(&test.name, &value, arguments).map_err(|error| error.at(test.line))?;
                Value::Bool(is != *negated)
            }
            Expr::Negative(value) => arithmetic::negative(&self.evaluate(value, scope)?)?,
            Expr::Positive(value) => arithmetic::positive(self.evaluate(value, scope)?)?,
            Expr::Not(value) => Value::Bool(!self.evaluate(value, scope)?.is_true()),
            Expr::And(left, right) => {
                let left = self.evaluate(left, scope)?;
                if left.is_true() { self.evaluate(right, scope)? } else { left }
            }
            Expr::Or(left, right) => {
                let left = self.evaluate(left, scope)?;
                if left.is_true() { left } else { self.evaluate(right, scope)? }
            }
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.evaluate(left, scope)?, self.evaluate(right, scope)?);
                let value = arithmetic::binary(*operator, &left, &right)?;
                if let Value::Str(text) = &value {
                    self.step(text.as_str().len() / 64)?;
                }
                value
            }
            Expr::Concat(values) => {
                let mut out = Output::default();
                for value in values {
                    out.push(&self.evaluate(value, scope)?.to_text());
                }
                self.step(out.text.len() / 64)?;
                out.into_text().into()
            }
            Expr::Compare(first, rest) => self.comparisons(first, rest, scope)?,
            Expr::If(condition, value, otherwise) => match (self.evaluate(condition, scope)?.is_true(), otherwise) {
                (true, _) => self.evaluate(value, scope)?,
                (false, Some(otherwise)) => self.evaluate(otherwise, scope)?,
                (false, None) => Value::undefined("the inline if-expression evaluated to false and has no else"),
            },
        })
    }

    fn all(&self, values: &[Expr], scope: &Rc<Scope>) -> Result<Vec<Value>, Error> {
        values.iter().map(|value| self.evaluate(value, scope)).collect()
    }

    fn comparisons(&self, first: &Expr, rest: &[(Comparison, Expr)], scope: &Rc<Scope>) -> Result<Value, Error> {
        let mut left = self.evaluate(first, scope)?;
        for (comparison, right) in rest {
            let right = self.evaluate(right, scope)?;
            if !holds(*comparison, &left, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    pub(super) fn arguments(&self, arguments: &Arguments, scope: &Rc<Scope>) -> Result<Args, Error> {
        let mut positional = self.all(&arguments.positional, scope)?;
        if let Some(star) = &arguments.star {
            positional.extend(convert::iterate(&self.evaluate(star, scope)?)?);
        }
        let mut named = Vec::with_capacity(arguments.named.len());
        for (name, value) in &arguments.named {
            named.push((name.clone(), self.evaluate(value, scope)?));
        }
        if let Some(double_star) = &arguments.double_star {
            match self.evaluate(double_star, scope)? {
                Value::Dict(fields) => {
                    named.extend(fields.iter().map(|(key, value)| (Arc::from(key.to_text().as_str()), value.clone())));
                }
                other => return Err(convert::type_error(&other, "is no mapping of keyword arguments")),
            }
        }
        Ok(Args { positional, named })
    }

    pub(super) fn call(&self, called: &Value, arguments: Args) -> Result<Value, Error> {
        self.step(1)?;
        match called {
            Value::Callable(callable) => match &**callable {
                Callable::Function(name) => functions::call(self, name, arguments),
                Callable::Method(value, name) => methods::call(value, name, arguments),
                Callable::Macro(it) => self.call_macro(&it.made, &it.scope, arguments),
                Callable::Unsafe(what) => Err(Error::runtime(format!("{what} is unsafe"))),
            },
            Value::Loop(state) => self.recurse(state, &arguments.only()?),
            Value::Joiner(joiner) => {
                let first = !joiner.1.replace(true);
                Ok(if first { "".into() } else { Value::Str(joiner.0.clone()) })
            }
            Value::Undefined(hint) => Err(Error::runtime(&**hint)),
            other => Err(Error::runtime(format!("'{}' object is not callable", other.type_name()))),
        }
    }

    pub(super) fn filter(&self, name: &str, value: Value, arguments: Args) -> Result<Value, Error> {
        self.step(1)?;
        filters::apply(self, name, value, arguments)
    }

    pub(super) fn test(&self, name: &str, value: &Value, arguments: Args) -> Result<bool, Error> {
        is::holds(name, value, arguments)
    }
}

/// Whether a comparison holds.
pub(super) fn holds(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, Error> {
    let order = |sign: &str| {
        if let Value::Undefined(hint) = left {
            return Err(Error::runtime(&**hint));
        }
        if let Value::Undefined(hint) = right {
            return Err(Error::runtime(&**hint));
        }
        match compare(left, right) {
            Some(order) => Ok(Some(order)),
            None if left.as_float().is_some() && right.as_float().is_some() => Ok(None),
            None => {
                let (left, right) = (left.type_name(), right.type_name());
                Err(Error::runtime(format!("'{sign}' not supported between instances of '{left}' and '{right}'")))
            }
        }
    };
    Ok(match comparison {
        Comparison::Eq => equal(left, right),
        Comparison::Ne => !equal(left, right),
        Comparison::Lt => order("<")?.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::Le => order("<=")?.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Gt => order(">")?.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::Ge => order(">=")?.is_some_and(std::cmp::Ordering::is_ge),
        Comparison::In => convert::contains(right, left)?,
        Comparison::NotIn => !convert::contains(right, left)?,
    })
}
