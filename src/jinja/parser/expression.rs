//! Expressions, in jinja2's order of precedence.

use std::sync::Arc;

use super::super::Error;
use super::super::ast::{Arguments, Binary, Comparison, Expr, FilterCall};
use super::super::lexer::Token;
use super::Parser;

impl Parser {
    pub(in super::super) fn expression(&mut self) -> Result<Expr, Error> {
        self.deeper(Self::conditional)
    }

    fn conditional(&mut self) -> Result<Expr, Error> {
        let mut value = self.or()?;
        while self.take_name("if") {
            self.link()?;
            let condition = self.or()?;
            let otherwise = if self.take_name("else") { Some(Box::new(self.expression()?)) } else { None };
            value = Expr::If(Box::new(condition), Box::new(value), otherwise);
        }
        Ok(value)
    }

    fn or(&mut self) -> Result<Expr, Error> {
        let mut left = self.and()?;
        while self.take_name("or") {
            self.link()?;
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, Error> {
        let mut left = self.not()?;
        while self.take_name("and") {
            self.link()?;
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, Error> {
        if self.take_name("not") {
            return self.deeper(|parser| Ok(Expr::Not(Box::new(parser.not()?))));
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<Expr, Error> {
        let left = self.sum()?;
        let mut rest = Vec::new();
        while let Some(comparison) = self.comparison() {
            rest.push((comparison, self.sum()?));
        }
        Ok(if rest.is_empty() { left } else { Expr::Compare(Box::new(left), rest) })
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let comparison = match self.peek() {
            Token::Op("==") => Comparison::Eq,
            Token::Op("!=") => Comparison::Ne,
            Token::Op("<") => Comparison::Lt,
            Token::Op("<=") => Comparison::Le,
            Token::Op(">") => Comparison::Gt,
            Token::Op(">=") => Comparison::Ge,
            Token::Name(name) if name == "in" => Comparison::In,
            Token::Name(name) if name == "not" && matches!(self.peek_second(), Token::Name(next) if next == "in") => {
                self.next();
                Comparison::NotIn
            }
            _ => return None,
        };
        self.next();
        Some(comparison)
    }

    fn chain(
        &mut self,
        operators: &[(&str, Binary)],
        operand: fn(&mut Self) -> Result<Expr, Error>,
    ) -> Result<Expr, Error> {
        let mut left = operand(self)?;
        while let Some((_, binary)) = operators.iter().find(|(operator, _)| self.is_op(operator)) {
            self.link()?;
            self.next();
            left = Expr::Binary(*binary, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Expr, Error> {
        self.chain(&[("+", Binary::Add), ("-", Binary::Sub)], Self::concat)
    }

    fn concat(&mut self) -> Result<Expr, Error> {
        let first = self.product()?;
        if !self.is_op("~") {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.take_op("~") {
            values.push(self.product()?);
        }
        Ok(Expr::Concat(values))
    }

    fn product(&mut self) -> Result<Expr, Error> {
        let operators = [("*", Binary::Mul), ("/", Binary::Div), ("//", Binary::FloorDiv), ("%", Binary::Mod)];
        self.chain(&operators, Self::power)
    }

    fn power(&mut self) -> Result<Expr, Error> {
        self.chain(&[("**", Binary::Pow)], |parser| parser.unary(true))
    }

    fn unary(&mut self, with_filter: bool) -> Result<Expr, Error> {
        let value = if self.take_op("-") {
            Expr::Negative(Box::new(self.deeper(|parser| parser.unary(false))?))
        } else if self.take_op("+") {
            Expr::Positive(Box::new(self.deeper(|parser| parser.unary(false))?))
        } else {
            self.primary()?
        };
        let value = self.postfix(value)?;
        if with_filter { self.filter_expression(value) } else { Ok(value) }
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let value = match self.peek().clone() {
            Token::Name(name) => match name.as_str() {
                "true" | "True" => Expr::Bool(true),
                "false" | "False" => Expr::Bool(false),
                "none" | "None" => Expr::None,
                _ => Expr::Name(self.symbols.number(&name)),
            },
            Token::Str(text) => {
                self.next();
                return Ok(Expr::Str(self.adjacent(text).into()));
            }
            Token::Int(number) => Expr::Int(number),
            Token::Float(number) => Expr::Float(number),
            Token::Op("(") => {
                self.next();
                let value = self.deeper(Self::grouped)?;
                self.expect_op(")")?;
                return Ok(value);
            }
            Token::Op("[") => {
                self.next();
                return self.list().map(Expr::List);
            }
            Token::Op("{") => {
                self.next();
                return self.dict();
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.next();
        Ok(value)
    }

    /// Strings side by side are one.
    fn adjacent(&mut self, mut text: String) -> String {
        while let Token::Str(more) = self.peek() {
            text.push_str(more);
            self.next();
        }
        text
    }

    /// What stands between parentheses: a value or a tuple, an empty one included.
    fn grouped(&mut self) -> Result<Expr, Error> {
        if self.is_op(")") {
            return Ok(Expr::Tuple(Vec::new()));
        }
        self.tuple(true, &[])
    }

    /// A value, or several with commas between them as a tuple; before `ends` it may stop after a comma.
    pub(in super::super) fn tuple(&mut self, with_condition: bool, ends: &[&str]) -> Result<Expr, Error> {
        let parse = |parser: &mut Self| if with_condition { parser.expression() } else { parser.deeper(Self::or) };
        let first = parse(self)?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.take_op(",") {
            let ended = matches!(self.peek(), Token::PrintEnd | Token::BlockEnd)
                || self.is_op(")")
                || ends.iter().any(|end| self.is_name(end));
            if ended {
                break;
            }
            values.push(parse(self)?);
        }
        Ok(Expr::Tuple(values))
    }

    fn list(&mut self) -> Result<Vec<Expr>, Error> {
        let mut values = Vec::new();
        while !self.take_op("]") {
            values.push(self.expression()?);
            if !self.take_op(",") && !self.is_op("]") {
                return Err(self.unexpected("\"]\""));
            }
        }
        Ok(values)
    }

    fn dict(&mut self) -> Result<Expr, Error> {
        let mut fields = Vec::new();
        while !self.take_op("}") {
            let key = self.expression()?;
            self.expect_op(":")?;
            fields.push((key, self.expression()?));
            if !self.take_op(",") && !self.is_op("}") {
                return Err(self.unexpected("\"}\""));
            }
        }
        Ok(Expr::Dict(fields))
    }

    fn postfix(&mut self, mut value: Expr) -> Result<Expr, Error> {
        loop {
            self.link()?;
            let line = self.line();
            if self.take_op(".") {
                value = match self.next() {
                    Token::Name(name) => Expr::Attribute(Box::new(value), name.into(), line),
                    Token::Int(index) => Expr::Item(Box::new(value), Box::new(Expr::Int(index)), line),
                    _ => return Err(self.unexpected("a name behind the dot")),
                };
            } else if self.take_op("[") {
                value = self.subscript(value, line)?;
            } else if self.is_op("(") {
                value = Expr::Call(Box::new(value), Box::new(self.arguments()?), line);
            } else {
                return Ok(value);
            }
        }
    }

    fn filter_expression(&mut self, mut value: Expr) -> Result<Expr, Error> {
        loop {
            self.link()?;
            let line = self.line();
            if self.take_op("|") {
                value = Expr::Filter(Box::new(value), Box::new(self.filter()?));
            } else if self.take_name("is") {
                value = self.test(value)?;
            } else if self.is_op("(") {
                value = Expr::Call(Box::new(value), Box::new(self.arguments()?), line);
            } else {
                return Ok(value);
            }
        }
    }

    fn subscript(&mut self, value: Expr, line: usize) -> Result<Expr, Error> {
        let mut bounds: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut colons = 0;
        while !self.take_op("]") {
            if self.take_op(":") {
                colons += 1;
                if colons > 2 {
                    return Err(self.unexpected("\"]\""));
                }
            } else if bounds[colons].is_none() {
                bounds[colons] = Some(Box::new(self.expression()?));
            } else {
                return Err(self.unexpected("\"]\""));
            }
        }
        match (colons, bounds) {
            (0, [Some(index), ..]) => Ok(Expr::Item(Box::new(value), index, line)),
            (0, _) => Err(self.error("an index is missing between [ and ]")),
            (_, bounds) => Ok(Expr::Slice(Box::new(value), bounds, line)),
        }
    }

    pub(super) fn filter(&mut self) -> Result<FilterCall, Error> {
        let line = self.line();
        let name = self.dotted()?;
        let arguments = if self.is_op("(") { self.arguments()? } else { Arguments::default() };
        Ok(FilterCall { name, arguments, line })
    }

    fn dotted(&mut self) -> Result<Arc<str>, Error> {
        let mut name = self.name()?;
        while self.take_op(".") {
            name.push('.');
            name.push_str(&self.name()?);
        }
        Ok(name.into())
    }

    fn test(&mut self, value: Expr) -> Result<Expr, Error> {
        let negated = self.take_name("not");
        let line = self.line();
        let name = self.dotted()?;
        let takes_value = match self.peek() {
            Token::Name(next) => !matches!(next.as_str(), "else" | "or" | "and" | "is" | "if" | "not" | "in"),
            Token::Str(_) | Token::Int(_) | Token::Float(_) => true,
            Token::Op(operator) => matches!(*operator, "[" | "{"),
            _ => false,
        };
        let mut arguments = Arguments::default();
        if self.is_op("(") {
            arguments = self.arguments()?;
        } else if takes_value {
            let argument = self.primary()?;
            arguments.positional.push(self.postfix(argument)?);
        }
        Ok(Expr::Test(Box::new(value), Box::new(FilterCall { name, arguments, line }), negated))
    }

    fn arguments(&mut self) -> Result<Arguments, Error> {
        self.expect_op("(")?;
        let mut arguments = Arguments::default();
        while !self.take_op(")") {
            if self.take_op("*") {
                arguments.star = Some(self.expression()?);
            } else if self.take_op("**") {
                arguments.double_star = Some(self.expression()?);
            } else if matches!((self.peek(), self.peek_second()), (Token::Name(_), Token::Op("="))) {
                let name = self.name()?;
                self.next();
                arguments.named.push((name.into(), self.expression()?));
            } else {
                arguments.positional.push(self.expression()?);
            }
            if !self.take_op(",") && !self.is_op(")") {
                return Err(self.unexpected("\")\""));
            }
        }
        Ok(arguments)
    }
}
