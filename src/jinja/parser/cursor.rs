//! Where the parser stands: the tokens ahead, and what is said of one that does not fit.

use super::super::Error;
use super::super::lexer::{Token, line_of};
use super::{DEPTH, LINKS, Parser};

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

    pub(super) fn block_end(&mut self) -> Result<(), Error> {
        match self.peek() {
            Token::BlockEnd => {
                self.next();
                Ok(())
            }
            _ => Err(self.unexpected("%}")),
        }
    }
}
