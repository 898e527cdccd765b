//! What stands in the tags of loops, conditions, assignments and macros.

use std::sync::Arc;

use super::super::Error;
use super::super::ast::{Expr, For, Macro, StatementKind, Symbol, Target};
use super::super::lexer::Token;
use super::Parser;

impl Parser {
    pub(super) fn for_loop(&mut self) -> Result<StatementKind, Error> {
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

    pub(super) fn condition(&mut self) -> Result<StatementKind, Error> {
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

    pub(super) fn set(&mut self) -> Result<StatementKind, Error> {
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

    pub(super) fn with(&mut self) -> Result<StatementKind, Error> {
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

    pub(super) fn macro_definition(&mut self) -> Result<StatementKind, Error> {
        let name = self.name()?;
        let (parameters, defaults) = self.parameters()?;
        self.macro_body(&name, parameters, defaults, "endmacro").map(|made| StatementKind::Macro(Arc::new(made)))
    }

    pub(super) fn call_block(&mut self) -> Result<StatementKind, Error> {
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
}
