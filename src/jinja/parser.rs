//! Tokens to statements.

mod expression;

use std::collections::HashMap;
use std::sync::Arc;

use super::Error;
use super::ast::{Expr, FilterCall, For, Macro, Statement, StatementKind, Symbol, Target};
use super::lexer::{Token, line_of, tokens};

/// Nesting that a template may have: the parser calls itself that deep.
pub(super) const DEPTH: usize = 96;
/// Operators, filters and accesses that one tag may have: each is one more level of its expression.
const LINKS: usize = 2000;

/// A parsed source.
#[derive(Debug)]
pub(super) struct Parsed {
    pub body: Vec<Statement>,
    pub symbols: Symbols,
    /// Whether there is a `{% generation %}` block.
    pub generation: bool,
}

/// The names of a template, each once.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    numbers: HashMap<Arc<str>, Symbol>,
    names: Vec<Arc<str>>,
}

impl Symbols {
    pub(super) fn number(&mut self, name: &str) -> Symbol {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as Symbol;
        let name: Arc<str> = name.into();
        self.numbers.insert(name.clone(), number);
        self.names.push(name);
        number
    }

    pub(super) fn find(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied()
    }

    pub(super) fn name(&self, symbol: Symbol) -> &Arc<str> {
        &self.names[symbol as usize]
    }
}

pub(super) struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    newlines: Vec<usize>,
    pub symbols: Symbols,
    generation: bool,
    depth: usize,
    /// Links of the tag so far.
    links: usize,
    loops: usize,
}

/// Parses a source whose line ends are `\n`.
pub(super) fn parse(source: &str) -> Result<Parsed, Error> {
    // jinja2 drops one line end at the end of a source.
    let source = source.strip_suffix('\n').unwrap_or(source);
    let (tokens, newlines) = tokens(source)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        newlines,
        symbols: Symbols::default(),
        generation: false,
        depth: 0,
        links: 0,
        loops: 0,
    };
    let body = parser.statements(&[])?;
    Ok(Parsed { body, symbols: parser.symbols, generation: parser.generation })
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    pub(super) fn peek_second(&self) -> &Token {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0
    }

    pub(super) fn line(&self) -> usize {
        line_of(&self.newlines, self.tokens[self.at].1)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::syntax(self.line(), message)
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Error {
        let found = match self.peek() {
            Token::End => "the end of the template".to_string(),
            Token::BlockEnd | Token::PrintEnd => "the end of the tag".to_string(),
            Token::Name(name) => format!("{name:?}"),
            Token::Op(operator) => format!("{operator:?}"),
            Token::Str(text) => format!("the string {text:?}"),
            Token::Int(number) => number.to_string(),
            Token::Float(number) => number.to_string(),
            _ => "text".to_string(),
        };
        self.error(format!("expected {wanted}, found {found}"))
    }

    pub(super) fn is_op(&self, operator: &str) -> bool {
        matches!(self.peek(), Token::Op(found) if *found == operator)
    }

    pub(super) fn take_op(&mut self, operator: &str) -> bool {
        let is = self.is_op(operator);
        if is {
            self.next();
        }
        is
    }

    pub(super) fn expect_op(&mut self, operator: &str) -> Result<(), Error> {
        if self.take_op(operator) { Ok(()) } else { Err(self.unexpected(&format!("{operator:?}"))) }
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Token::Name(found) if found == name)
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let is = self.is_name(name);
        if is {
            self.next();
        }
        is
    }

    pub(super) fn name(&mut self) -> Result<String, Error> {
        match self.peek() {
            Token::Name(name) => {
                let name = name.clone();
                self.next();
                Ok(name)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Runs `parse` a level deeper; too deep a nesting is an error, not a stack overflow.
    pub(super) fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= DEPTH {
            return Err(self.error(format!("nested more than {DEPTH} deep")));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Counts one more link of the tag's expressions.
    pub(super) fn link(&mut self) -> Result<(), Error> {
        self.links += 1;
        if self.links > LINKS { Err(self.error(format!("a tag with more than {LINKS} operators"))) } else { Ok(()) }
    }

    fn block_end(&mut self) -> Result<(), Error> {
        match self.peek() {
            Token::BlockEnd => {
                self.next();
                Ok(())
            }
            _ => Err(self.unexpected("%}")),
        }
    }

    /// Statements up to a tag named in `ends`, whose name is left to be read; up to the end of the source if none is.
    fn statements(&mut self, ends: &[&str]) -> Result<Vec<Statement>, Error> {
        let mut body = Vec::new();
        loop {
            let line = self.line();
            self.links = 0;
            match self.peek().clone() {
                Token::End if ends.is_empty() => return Ok(body),
                Token::Data(text) => {
                    self.next();
                    body.push(Statement { line, kind: StatementKind::Data(text.into()) });
                }
                Token::PrintBegin => {
                    self.next();
                    let value = self.tuple(true, &[])?;
                    if self.next() != Token::PrintEnd {
                        self.at -= 1;
                        return Err(self.unexpected("}}"));
                    }
                    body.push(Statement { line, kind: StatementKind::Print(value) });
                }
                Token::BlockBegin => {
                    self.next();
                    if ends.iter().any(|end| self.is_name(end)) {
                        return Ok(body);
                    }
                    let kind = self.deeper(Self::statement)?;
                    body.push(Statement { line, kind });
                }
                _ => return Err(self.unexpected(&ends.join(" or "))),
            }
        }
    }

    /// The statements of a block and the name of the tag that ends it.
    fn block(&mut self, ends: &[&str]) -> Result<(Vec<Statement>, String), Error> {
        self.block_end()?;
        let body = self.statements(ends)?;
        let end = self.name()?;
        Ok((body, end))
    }

    fn closed_block(&mut self, end: &str) -> Result<Vec<Statement>, Error> {
        let (body, _) = self.block(&[end])?;
        self.block_end()?;
        Ok(body)
    }

    fn statement(&mut self) -> Result<StatementKind, Error> {
        let name = self.name()?;
        let kind = match name.as_str() {
            "for" => self.for_loop()?,
            "if" => self.condition()?,
            "set" => self.set()?,
            "macro" => self.macro_definition()?,
            "call" => self.call_block()?,
            "with" => self.with()?,
            "filter" => {
                let filters = self.filters(true)?;
                StatementKind::Filter(filters, self.closed_block("endfilter")?)
            }
            "generation" => {
                self.generation = true;
                StatementKind::Generation(self.closed_block("endgeneration")?)
            }
            "block" => {
                self.name()?;
                while matches!(self.peek(), Token::Name(_)) {
                    self.next();
                }
                let (body, _) = self.block(&["endblock"])?;
                if matches!(self.peek(), Token::Name(_)) {
                    self.next();
                }
                self.block_end()?;
                StatementKind::Scope(body)
            }
            "autoescape" => {
                self.expression()?;
                StatementKind::Scope(self.closed_block("endautoescape")?)
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    return Err(self.error(format!("{name} stands outside a loop")));
                }
                self.block_end()?;
                if name == "break" { StatementKind::Break } else { StatementKind::Continue }
            }
            "extends" | "include" | "import" | "from" => {
                return Err(self.error(format!("{name} needs other templates, which a chat template has not")));
            }
            other => return Err(self.error(format!("unknown tag {other:?}"))),
        };
        Ok(kind)
    }

    fn for_loop(&mut self) -> Result<StatementKind, Error> {
        let target = self.targets(&["in"])?;
        if !self.take_name("in") {
            return Err(self.unexpected("\"in\""));
        }
        let iterable = self.tuple(false, &["recursive"])?;
        let condition = if self.take_name("if") { Some(self.expression()?) } else { None };
        let recursive = self.take_name("recursive");
        self.loops += 1;
        let (body, end) = self.block(&["endfor", "else"])?;
        self.loops -= 1;
        let otherwise = if end == "else" { self.block(&["endfor"])?.0 } else { Vec::new() };
        self.block_end()?;
        Ok(StatementKind::For(Arc::new(For { target, iterable, condition, recursive, body, otherwise })))
    }

    fn condition(&mut self) -> Result<StatementKind, Error> {
        let mut branches = Vec::new();
        loop {
            let condition = self.tuple(false, &[])?;
            let (body, end) = self.block(&["elif", "else", "endif"])?;
            branches.push((condition, body));
            let otherwise = match end.as_str() {
                "elif" => continue,
                "else" => self.block(&["endif"])?.0,
                _ => Vec::new(),
            };
            self.block_end()?;
            return Ok(StatementKind::If(branches, otherwise));
        }
    }

    fn set(&mut self) -> Result<StatementKind, Error> {
        let target = self.targets(&[])?;
        if self.take_op("=") {
            let value = self.tuple(true, &[])?;
            self.block_end()?;
            return Ok(StatementKind::Set(target, value));
        }
        let filters = self.filters(false)?;
        Ok(StatementKind::SetBlock(target, filters, self.closed_block("endset")?))
    }

    /// What is assigned to: names, attributes of namespaces, and tuples of them.
    fn targets(&mut self, ends: &[&str]) -> Result<Target, Error> {
        let mut targets = Vec::new();
        let mut is_tuple = false;
        loop {
            if matches!(self.peek(), Token::BlockEnd) || self.is_op("=") || ends.iter().any(|end| self.is_name(end)) {
                break;
            }
            targets.push(self.target()?);
            if !self.take_op(",") {
                break;
            }
            is_tuple = true;
        }
        match (targets.pop(), is_tuple) {
            (Some(target), false) => Ok(target),
            (Some(target), true) => {
                targets.push(target);
                Ok(Target::Tuple(targets))
            }
            (None, _) => Err(self.unexpected("a name to assign to")),
        }
    }

    fn target(&mut self) -> Result<Target, Error> {
        if self.take_op("(") {
            let mut targets = Vec::new();
            while !self.take_op(")") {
                targets.push(self.deeper(Self::target)?);
                if !self.take_op(",") && !self.is_op(")") {
                    return Err(self.unexpected("\")\""));
                }
            }
            return Ok(Target::Tuple(targets));
        }
        let name = self.name()?;
        if matches!(name.as_str(), "true" | "false" | "none" | "True" | "False" | "None") {
            return Err(self.error(format!("{name} cannot be assigned to")));
        }
        let symbol = self.symbols.number(&name);
        if self.take_op(".") {
            return Ok(Target::Attribute(symbol, self.name()?.into()));
        }
        Ok(Target::Name(symbol))
    }

    fn with(&mut self) -> Result<StatementKind, Error> {
        let mut values = Vec::new();
        while !matches!(self.peek(), Token::BlockEnd) {
            let target = self.target()?;
            self.expect_op("=")?;
            values.push((target, self.expression()?));
            if !self.take_op(",") {
                break;
            }
        }
        Ok(StatementKind::With(values, self.closed_block("endwith")?))
    }

    fn macro_definition(&mut self) -> Result<StatementKind, Error> {
        let name = self.name()?;
        let (parameters, defaults) = self.parameters()?;
        self.macro_body(&name, parameters, defaults, "endmacro").map(|made| StatementKind::Macro(Arc::new(made)))
    }

    fn call_block(&mut self) -> Result<StatementKind, Error> {
        let (parameters, defaults) = if self.is_op("(") { self.parameters()? } else { Default::default() };
        let call = self.expression()?;
        if !matches!(call, Expr::Call(..)) {
            return Err(self.error("a call block needs a call"));
        }
        let made = self.macro_body("caller", parameters, defaults, "endcall")?;
        Ok(StatementKind::Call(Arc::new(made), call))
    }

    #[expect(clippy::type_complexity, reason = "parameters with the defaults of the last ones, read in one place")]
    fn parameters(&mut self) -> Result<(Vec<(Symbol, Arc<str>)>, Vec<Expr>), Error> {
        self.expect_op("(")?;
        let (mut parameters, mut defaults) = (Vec::new(), Vec::new());
        while !self.take_op(")") {
            let name = self.name()?;
            parameters.push((self.symbols.number(&name), Arc::from(name.as_str())));
            if self.take_op("=") {
                defaults.push(self.expression()?);
            } else if !defaults.is_empty() {
                return Err(self.error("a parameter without a default follows one with a default"));
            }
            if !self.take_op(",") && !self.is_op(")") {
                return Err(self.unexpected("\")\""));
            }
        }
        Ok((parameters, defaults))
    }

    fn macro_body(
        &mut self,
        name: &str,
        parameters: Vec<(Symbol, Arc<str>)>,
        defaults: Vec<Expr>,
        end: &str,
    ) -> Result<Macro, Error> {
        let loops = std::mem::take(&mut self.loops);
        let start = self.at;
        let body = self.closed_block(end)?;
        self.loops = loops;
        let named = &self.tokens[start..self.at];
        let names = |wanted: &str| named.iter().any(|(token, _)| matches!(token, Token::Name(name) if name == wanted));
        let (varargs, kwargs, caller) = (names("varargs"), names("kwargs"), names("caller"));
        let symbol = self.symbols.number(name);
        Ok(Macro { name: name.into(), symbol, parameters, defaults, body, varargs, kwargs, caller })
    }

    /// `a|b(c)|…`: behind a value, or with the first name right away.
    pub(super) fn filters(&mut self, named: bool) -> Result<Vec<FilterCall>, Error> {
        let mut filters = Vec::new();
        while (named && filters.is_empty()) || self.take_op("|") {
            filters.push(self.filter()?);
        }
        Ok(filters)
    }
}
