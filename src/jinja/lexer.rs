//! A template's source cut into text and tokens, with jinja2's rules for the whitespace around tags
//! (`trim_blocks` and `lstrip_blocks` on, as transformers sets them).

use super::Error;
use super::words::is_space;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Text between tags.
    Data(String),
    BlockBegin,
    BlockEnd,
    PrintBegin,
    PrintEnd,
    Name(String),
    Str(String),
    Int(i128),
    Float(f64),
    /// An operator or a bracket.
    Op(&'static str),
    End,
}

/// Longest first, so that the first that fits is the one meant.
const OPERATORS: [&str; 27] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";", "!",
];

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// Whether the text that follows begins a line.
    line_start: bool,
    tokens: Vec<(Token, usize)>,
    newlines: Vec<usize>,
}

/// Tokens with their bytes, [`Token::End`] last, and the places of line ends.
pub(super) type Tokens = (Vec<(Token, usize)>, Vec<usize>);

/// The tokens of `source`.
pub(super) fn tokens(source: &str) -> Result<Tokens, Error> {
    let newlines = source.match_indices('\n').map(|(at, _)| at).collect();
    let mut lexer = Lexer { source, at: 0, line_start: true, tokens: Vec::new(), newlines };
    while lexer.at < source.len() {
        lexer.data()?;
    }
    lexer.tokens.push((Token::End, source.len()));
    Ok((lexer.tokens, lexer.newlines))
}

/// Line of a byte, from 1 on.
pub(super) fn line_of(newlines: &[usize], at: usize) -> usize {
    newlines.partition_point(|newline| *newline < at) + 1
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error::syntax(line_of(&self.newlines, self.at), message)
    }

    /// Text up to the next tag, and the tag.
    fn data(&mut self) -> Result<(), Error> {
        let rest = self.rest();
        let tag =
            rest.match_indices('{').find(|(at, _)| matches!(rest.as_bytes().get(at + 1), Some(b'{' | b'%' | b'#')));
        let Some((length, _)) = tag else {
            let text = rest.to_string();
            self.text(text);
            self.at = self.source.len();
            return Ok(());
        };
        let mut text = rest[..length].to_string();
        let kind = rest.as_bytes()[length + 1];
        let sign = rest.as_bytes().get(length + 2).copied();
        self.trim_before(&mut text, sign, kind != b'{');
        self.text(text);
        self.at += length;
        let opened = self.at;
        self.at += if matches!(sign, Some(b'-' | b'+')) { 3 } else { 2 };
        match kind {
            b'#' => self.comment(),
            b'%' => match self.raw_tag("raw") {
                Some(end) => self.raw(end),
                None => {
                    self.tokens.push((Token::BlockBegin, opened));
                    self.code("%}", Token::BlockEnd)
                }
            },
            _ => {
                self.tokens.push((Token::PrintBegin, opened));
                self.code("}}", Token::PrintEnd)
            }
        }
    }

    /// Takes the whitespace before a tag off `text`, as the sign at its start asks; without one the blanks of a line that
    /// has nothing before the tag, where it `strips` them.
    fn trim_before(&self, text: &mut String, sign: Option<u8>, strips: bool) {
        if sign == Some(b'-') {
            text.truncate(text.trim_end_matches(is_space).len());
        } else if sign != Some(b'+') && strips {
            let line = text.rfind('\n').map_or(0, |at| at + 1);
            if (line > 0 || self.line_start) && text[line..].chars().all(is_space) {
                text.truncate(line);
            }
        }
    }

    fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.tokens.push((Token::Data(text), self.at));
        }
    }

    fn comment(&mut self) -> Result<(), Error> {
        let Some(length) = self.rest().find("#}") else {
            return Err(self.error("a comment is not closed with #}"));
        };
        let sign = self.rest()[..length].bytes().next_back();
        self.at += length + 2;
        self.after_tag(sign, true);
        Ok(())
    }

    /// Passes over the whitespace behind a tag, as the sign before its end asks.
    fn after_tag(&mut self, sign: Option<u8>, trims: bool) {
        let rest = self.rest();
        let skipped = match sign {
            Some(b'-') => rest.len() - rest.trim_start_matches(is_space).len(),
            Some(b'+') => 0,
            _ => usize::from(trims && rest.starts_with('\n')),
        };
        self.at += skipped;
        self.line_start = skipped > 0 && self.source[..self.at].ends_with('\n');
    }

    /// If the tag that was opened is `{% name %}`: where its end begins.
    fn raw_tag(&self, name: &str) -> Option<usize> {
        let rest = self.rest();
        let inner = rest.trim_start_matches(is_space).strip_prefix(name)?.trim_start_matches(is_space);
        let end = ["-%}", "+%}", "%}"].into_iter().any(|end| inner.starts_with(end));
        end.then(|| self.source.len() - inner.len())
    }

    fn raw(&mut self, end: usize) -> Result<(), Error> {
        let dash = self.source[end..].starts_with('-');
        self.at = end + if self.source[end..].starts_with("%}") { 2 } else { 3 };
        self.after_tag(dash.then_some(b'-'), false);
        let start = self.at;
        let mut from = start;
        while let Some(open) = self.source[from..].find("{%").map(|at| from + at) {
            let sign = self.source.as_bytes().get(open + 2).copied();
            self.at = open + if matches!(sign, Some(b'-' | b'+')) { 3 } else { 2 };
            if let Some(end) = self.raw_tag("endraw") {
                let mut text = self.source[start..open].to_string();
                self.trim_before(&mut text, sign, true);
                self.text(text);
                let sign = self.source.as_bytes()[end];
                self.at = end + if sign == b'%' { 2 } else { 3 };
                self.after_tag(Some(sign), true);
                return Ok(());
            }
            from = open + 2;
        }
        self.at = start;
        Err(self.error("a raw block is not closed with {% endraw %}"))
    }

    /// The tokens of a tag, up to its end.
    fn code(&mut self, close: &str, end: Token) -> Result<(), Error> {
        let mut brackets = 0_usize;
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
            let rest = self.rest();
            if rest.is_empty() {
                return Err(self.error(format!("a tag is not closed with {close}")));
            }
            let sign = rest.bytes().next().filter(|sign| matches!(sign, b'-' | b'+'));
            let sign = sign.filter(|_| rest[1..].starts_with(close));
            // A sign before }} trims only as a minus; `{{ {}}}` closes its bracket first.
            if brackets == 0 && (rest.starts_with(close) || sign.is_some()) {
                self.tokens.push((end, self.at));
                self.at += close.len() + usize::from(sign.is_some());
                self.after_tag(sign, close == "%}");
                return Ok(());
            }
            let token = self.token()?;
            match &token.0 {
                Token::Op("(" | "[" | "{") => brackets += 1,
                Token::Op(")" | "]" | "}") => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            self.tokens.push(token);
        }
    }

    fn token(&mut self) -> Result<(Token, usize), Error> {
        let (rest, at) = (&self.source[self.at..], self.at);
        let first = rest.chars().next().unwrap_or_default();
        if first == '_' || first.is_alphabetic() {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            self.at += length;
            return Ok((Token::Name(rest[..length].to_string()), at));
        }
        if first.is_ascii_digit() {
            return self.number().map(|token| (token, at));
        }
        if first == '\'' || first == '"' {
            return self.string(first).map(|token| (token, at));
        }
        let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator));
        let operator = operator.ok_or_else(|| self.error(format!("unexpected character {first:?}")))?;
        self.at += operator.len();
        Ok((Token::Op(operator), at))
    }

    fn number(&mut self) -> Result<Token, Error> {
        let rest = &self.source[self.at..];
        let digits = |text: &str, radix: u32| {
            let end = text.find(|c: char| c != '_' && !c.is_digit(radix)).unwrap_or(text.len());
            text[..end].trim_end_matches('_').len()
        };
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if rest.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
                let length = digits(&rest[2..], radix);
                let value = i128::from_str_radix(&rest[2..2 + length].replace('_', ""), radix);
                self.at += 2 + length;
                return value.map(Token::Int).map_err(|_| self.error("a number is too large"));
            }
        }
        let mut end = digits(rest, 10);
        let mut float = false;
        if rest[end..].starts_with('.') && digits(&rest[end + 1..], 10) > 0 {
            end += 1 + digits(&rest[end + 1..], 10);
            float = true;
        }
        if let Some(power) = rest[end..].strip_prefix(['e', 'E']) {
            let signed = usize::from(power.starts_with(['+', '-']));
            let length = digits(&power[signed..], 10);
            if length > 0 {
                end += 1 + signed + length;
                float = true;
            }
        }
        let text = rest[..end].replace('_', "");
        let token = if float { text.parse().ok().map(Token::Float) } else { text.parse().ok().map(Token::Int) };
        self.at += end;
        token.ok_or_else(|| self.error("a number is too large"))
    }

    fn string(&mut self, quote: char) -> Result<Token, Error> {
        let body = &self.source[self.at + 1..];
        let mut escaped = false;
        let end = body.char_indices().find(|(_, letter)| {
            let closes = *letter == quote && !escaped;
            escaped = *letter == '\\' && !escaped;
            closes
        });
        let (end, _) = end.ok_or_else(|| self.error("a string is not closed"))?;
        let text = unescape(&body[..end]).map_err(|message| self.error(message))?;
        self.at += end + 2;
        Ok(Token::Str(text))
    }
}

/// Python's `unicode-escape`: a backslash before a line end takes both away, an unknown escape stays as it is.
fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else { break };
        let mut taken = letter.len_utf8();
        let mut code = |skip: usize, length: usize, radix: u32| {
            let digits = rest.get(skip..skip + length).filter(|digits| digits.chars().all(|c| c.is_digit(radix)));
            let number = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok());
            taken = skip + length;
            number.and_then(char::from_u32).ok_or_else(|| format!("\\{letter} in a string is not a character"))
        };
        match letter {
            '\n' => {}
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            '\\' | '\'' | '"' => out.push(letter),
            'x' => out.push(code(1, 2, 16)?),
            'u' => out.push(code(1, 4, 16)?),
            'U' => out.push(code(1, 8, 16)?),
            '0'..='7' => {
                let length = rest.bytes().take(3).take_while(|byte| (b'0'..b'8').contains(byte)).count();
                out.push(code(0, length, 8)?);
            }
            other => out.extend(['\\', other]),
        }
        rest = &rest[taken..];
    }
    out.push_str(rest);
    Ok(out)
}
