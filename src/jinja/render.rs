//! Statements, run one after another.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{Expr, FilterCall, For, Macro, Statement, StatementKind, Symbol, Target};
use super::parser::Parsed;
use super::text::{Output, Text};
use super::value::{Callable, Dict, LoopState, MacroValue, NAMESPACE, Value};
use super::{Error, arguments::Args, convert, functions};

/// Names and their values, inside those of a wider scope.
#[derive(Debug, Default)]
pub struct Scope {
    values: RefCell<Vec<(Symbol, Value)>>,
    parent: Option<Rc<Scope>>,
}

impl Scope {
    pub(super) fn inside(parent: &Rc<Scope>) -> Rc<Scope> {
        Rc::new(Scope { values: RefCell::default(), parent: Some(parent.clone()) })
    }

    pub(super) fn set(&self, name: Symbol, value: Value) {
        let mut values = self.values.borrow_mut();
        match values.iter_mut().find(|(symbol, _)| *symbol == name) {
            Some((_, old)) => *old = value,
            None => values.push((name, value)),
        }
    }

    fn get(&self, name: Symbol) -> Option<Value> {
        let mut scope = self;
        loop {
            if let Some((_, value)) = scope.values.borrow().iter().find(|(symbol, _)| *symbol == name) {
                return Some(value.clone());
            }
            scope = scope.parent.as_deref()?;
        }
    }
}

/// What a statement does to the loop around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Expressions, loops and macros that may be under way inside one another: the renderer calls itself that deep.
const DEEPEST: usize = 400;

/// One render.
pub(super) struct Renderer<'t> {
    pub template: &'t Parsed,
    /// Seconds since 1970, for `strftime_now`.
    pub now: i64,
    steps: Cell<u64>,
    limit: u64,
    depth: Cell<usize>,
    /// Scopes that hold macros, which hold the scopes: emptied in the end.
    holders: RefCell<Vec<Rc<Scope>>>,
    /// What was printed and is undefined.
    pub undefined: RefCell<Vec<String>>,
}

impl Renderer<'_> {
    pub(super) fn new(template: &Parsed, now: i64, limit: u64) -> Renderer<'_> {
        let (steps, depth) = (Cell::new(0), Cell::new(0));
        Renderer { template, now, steps, limit, depth, holders: RefCell::default(), undefined: RefCell::default() }
    }

    pub(super) fn run(&self, context: Vec<(&str, Value)>) -> Result<Output, Error> {
        let scope = Rc::new(Scope::default());
        for (name, value) in context {
            if let Some(symbol) = self.template.symbols.find(name) {
                scope.set(symbol, value);
            }
        }
        let mut out = Output::default();
        let ran = self.statements(&self.template.body, &scope, &mut out);
        self.holders.take().iter().chain([&scope]).for_each(|scope| scope.values.borrow_mut().clear());
        out.undefined = self.undefined.take();
        ran.map(|_| out)
    }

    /// Counts work: a template that does not end is stopped.
    pub(super) fn step(&self, count: usize) -> Result<(), Error> {
        self.steps.set(self.steps.get() + count as u64);
        if self.steps.get() > self.limit { Err(Error::endless(self.limit)) } else { Ok(()) }
    }

    pub(super) fn deeper<T>(&self, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        if self.depth.get() >= DEEPEST {
            return Err(Error::runtime(format!("expressions, macros or loops stand more than {DEEPEST} deep")));
        }
        self.depth.set(self.depth.get() + 1);
        let done = run();
        self.depth.set(self.depth.get() - 1);
        done
    }

    pub(super) fn lookup(&self, name: Symbol, scope: &Scope) -> Value {
        scope.get(name).unwrap_or_else(|| {
            let name = self.template.symbols.name(name);
            functions::global(name).unwrap_or_else(|| Value::undefined(format!("'{name}' is undefined")))
        })
    }

    fn statements(&self, body: &[Statement], scope: &Rc<Scope>, out: &mut Output) -> Result<Flow, Error> {
        for statement in body {
            let flow = self.statement(statement, scope, out).map_err(|error| error.at(statement.line))?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn statement(&self, statement: &Statement, scope: &Rc<Scope>, out: &mut Output) -> Result<Flow, Error> {
        self.step(1)?;
        match &statement.kind {
            StatementKind::Data(text) => out.push_str(text),
            StatementKind::Print(value) => {
                let start = out.text.len();
                let printed = self.evaluate(value, scope)?;
                self.note_undefined(value, &printed, scope);
                match printed {
                    Value::Str(text) => out.push(&text),
                    other => out.push(&other.to_text()),
                }
                self.step((out.text.len() - start) / 64)?;
            }
            StatementKind::For(made) => return self.for_loop(made, scope, out),
            StatementKind::If(branches, otherwise) => {
                for (condition, body) in branches {
                    if self.evaluate(condition, scope)?.is_true() {
                        return self.statements(body, scope, out);
                    }
                }
                return self.statements(otherwise, scope, out);
            }
            StatementKind::Set(target, value) => self.assign(target, self.evaluate(value, scope)?, scope)?,
            StatementKind::SetBlock(target, filters, body) => {
                let text = self.captured(body, &Scope::inside(scope))?;
                self.assign(target, self.filtered(text.into(), filters, scope)?, scope)?;
            }
            StatementKind::Macro(made) => {
                scope.set(made.symbol, self.callable(made, scope));
                self.holders.borrow_mut().push(scope.clone());
            }
            StatementKind::Call(made, call) => {
                let value = self.call_with(call, self.callable(made, scope), scope)?;
                out.push(&value.to_text());
            }
            StatementKind::Filter(filters, body) => {
                let text = self.captured(body, &Scope::inside(scope))?;
                out.push(&self.filtered(text.into(), filters, scope)?.to_text());
            }
            StatementKind::With(values, body) => {
                let inner = Scope::inside(scope);
                for (target, value) in values {
                    self.assign(target, self.evaluate(value, scope)?, &inner)?;
                }
                return self.statements(body, &inner, out);
            }
            StatementKind::Generation(body) => {
                let start = out.text.len();
                self.statements(body, &Scope::inside(scope), out)?;
                out.generation.push(start..out.text.len());
            }
            StatementKind::Scope(body) => return self.statements(body, &Scope::inside(scope), out),
            StatementKind::Break => return Ok(Flow::Break),
            StatementKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    /// What a block prints, as a text.
    fn captured(&self, body: &[Statement], scope: &Rc<Scope>) -> Result<Text, Error> {
        let mut out = Output::default();
        self.statements(body, scope, &mut out)?;
        Ok(out.into_text())
    }

    fn filtered(&self, mut value: Value, filters: &[FilterCall], scope: &Rc<Scope>) -> Result<Value, Error> {
        for filter in filters {
            let arguments = self.arguments(&filter.arguments, scope)?;
            value = self.filter(&filter.name, value, arguments).map_err(|error| error.at(filter.line))?;
        }
        Ok(value)
    }

    fn assign(&self, target: &Target, value: Value, scope: &Rc<Scope>) -> Result<(), Error> {
        // What grows from one turn of a loop to the next is assigned; dropping and printing it calls itself as deep.
        let deepest = if matches!(target, Target::Attribute(..)) { NAMESPACE - 1 } else { 2 * NAMESPACE };
        if value.depth() > deepest {
            return Err(Error::runtime(format!(
                "a value is nested more than {deepest} deep, or a namespace holds one"
            )));
        }
        match target {
            Target::Name(name) => scope.set(*name, value),
            Target::Attribute(name, attribute) => match self.lookup(*name, scope) {
                Value::Namespace(fields) => fields.borrow_mut().insert((&**attribute).into(), value),
                _ => return Err(Error::runtime("cannot assign attribute on non-namespace object")),
            },
            Target::Tuple(targets) => {
                let values = convert::iterate(&value)?;
                if values.len() != targets.len() {
                    let (wanted, found) = (targets.len(), values.len());
                    return Err(Error::runtime(format!("{wanted} values are unpacked, but there are {found}")));
                }
                for (target, value) in targets.iter().zip(values) {
                    self.assign(target, value, scope)?;
                }
            }
        }
        Ok(())
    }

    fn for_loop(&self, made: &Arc<For>, scope: &Rc<Scope>, out: &mut Output) -> Result<Flow, Error> {
        let items = convert::iterate(&self.evaluate(&made.iterable, scope)?)?;
        self.deeper(|| self.iterations(made, items, 0, scope, out))
    }

    fn iterations(
        &self,
        made: &Arc<For>,
        mut items: Vec<Value>,
        depth: usize,
        scope: &Rc<Scope>,
        out: &mut Output,
    ) -> Result<Flow, Error> {
        if let Some(condition) = &made.condition {
            let mut kept = Vec::new();
            for item in items {
                self.step(1)?;
                let inner = Scope::inside(scope);
                self.assign(&made.target, item.clone(), &inner)?;
                if self.evaluate(condition, &inner)?.is_true() {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            return self.statements(&made.otherwise, scope, out);
        }
        let recursive = made.recursive.then(|| (made.clone(), scope.clone()));
        let state = Rc::new(LoopState { items, index: Cell::new(0), depth, changed: RefCell::default(), recursive });
        let name = self.template.symbols.find("loop");
        for (index, item) in state.items.iter().enumerate() {
            self.step(1)?;
            state.index.set(index);
            let inner = Scope::inside(scope);
            if let Some(name) = name {
                inner.set(name, Value::Loop(state.clone()));
            }
            self.assign(&made.target, item.clone(), &inner)?;
            if self.statements(&made.body, &inner, out)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// `loop(items)` in a recursive loop.
    pub(super) fn recurse(&self, state: &LoopState, items: &Value) -> Result<Value, Error> {
        let Some((made, scope)) = &state.recursive else {
            return Err(Error::runtime("the loop must have the 'recursive' marker to be called recursively"));
        };
        let items = convert::iterate(items)?;
        let mut out = Output::default();
        self.deeper(|| self.iterations(made, items, state.depth + 1, scope, &mut out))?;
        Ok(out.into_text().into())
    }

    fn callable(&self, made: &Arc<Macro>, scope: &Rc<Scope>) -> Value {
        Value::Callable(Rc::new(Callable::Macro(MacroValue { made: made.clone(), scope: scope.clone() })))
    }

    pub(super) fn call_macro(&self, made: &Macro, scope: &Rc<Scope>, mut given: Args) -> Result<Value, Error> {
        let inner = Scope::inside(scope);
        let symbol = |name: &str| self.template.symbols.find(name);
        let caller = given.take("caller");
        if let (true, Some(name)) = (made.caller, symbol("caller")) {
            inner.set(name, caller.unwrap_or_else(|| Value::undefined("No caller defined")));
        }
        let mut rest = given.positional.into_iter();
        let required = made.parameters.len() - made.defaults.len();
        for (index, (name, word)) in made.parameters.iter().enumerate() {
            let named = given.named.iter().position(|(given, _)| given == word).map(|at| given.named.remove(at).1);
            let value = match (rest.next().or(named), index.checked_sub(required)) {
                (Some(value), _) => value,
                (None, Some(default)) => self.evaluate(&made.defaults[default], &inner)?,
                (None, None) => Value::undefined(format!("parameter '{word}' was not provided")),
            };
            inner.set(*name, value);
        }
        let rest: Vec<Value> = rest.collect();
        let (most, name) = (made.parameters.len(), &made.name);
        if !made.varargs && !rest.is_empty() {
            return Err(Error::runtime(format!("macro '{name}' takes not more than {most} argument(s)")));
        }
        if let (false, Some((word, _))) = (made.kwargs, given.named.first()) {
            return Err(Error::runtime(format!("macro '{name}' takes no keyword argument '{word}'")));
        }
        if let (true, Some(name)) = (made.varargs, symbol("varargs")) {
            inner.set(name, Value::tuple(rest));
        }
        if let (true, Some(name)) = (made.kwargs, symbol("kwargs")) {
            let fields = given.named.into_iter().map(|(name, value)| ((&*name).into(), value));
            inner.set(name, Value::dict(Dict::from_iter(fields)));
        }
        self.deeper(|| self.captured(&made.body, &inner)).map(Value::Str)
    }

    fn call_with(&self, call: &Expr, caller: Value, scope: &Rc<Scope>) -> Result<Value, Error> {
        let Expr::Call(called, arguments, line) = call else {
            return Err(Error::runtime("a call block needs a call"));
        };
        let called = self.evaluate(called, scope)?;
        let mut arguments = self.arguments(arguments, scope)?;
        arguments.named.push(("caller".into(), caller));
        self.call(&called, arguments).map_err(|error| error.at(*line))
    }
}
