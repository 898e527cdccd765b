//! Tokens to statements.

mod cursor;
mod expression;
mod symbols;
mod tags;

use super::Error;
use super::ast::{FilterCall, Statement, StatementKind};
use super::lexer::{Token, tokens};

pub(super) use symbols::Symbols;

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

    /// `a|b(c)|…`: behind a value, or with the first name right away.
    pub(super) fn filters(&mut self, named: bool) -> Result<Vec<FilterCall>, Error> {
        let mut filters = Vec::new();
        while (named && filters.is_empty()) || self.take_op("|") {
            filters.push(self.filter()?);
        }
        Ok(filters)
    }
}
