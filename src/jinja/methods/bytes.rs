//! What `str.encode` makes, and `str.translate`: characters as numbers.

use super::super::Error;
use super::super::arguments::{Args, required, text};
use super::super::text::{Output, Text};
use super::super::value::{Dict, Value};

/// The methods of bytes.
pub(super) const NAMES: [&str; 2] = ["decode", "hex"];

/// How text and bytes are turned into each other, and what becomes of what does not fit.
struct Codec {
    name: String,
    errors: String,
}

impl Codec {
    fn of(arguments: Args) -> Result<Self, Error> {
        let [encoding, errors] = arguments.bind(["encoding", "errors"])?;
        let given = |value, name, default: &str| -> Result<String, Error> {
            Ok(text(value, name)?.map_or_else(|| default.to_owned(), |text| text.as_str().to_owned()))
        };
        let (encoding, errors) = (given(encoding, "encoding", "utf-8")?, given(errors, "errors", "strict")?);
        let name = match encoding.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => "utf-8",
            "ascii" | "us-ascii" => "ascii",
            "latin-1" | "latin1" | "iso-8859-1" => "latin-1",
            _ => return Err(Error::runtime(format!("unknown encoding: {encoding}"))),
        };
        Ok(Self { name: name.into(), errors })
    }

    /// What takes the place of what cannot be written or read; an error where nothing may.
    fn instead(&self, what: &str, replacement: &'static str) -> Result<&'static str, Error> {
        match self.errors.as_str() {
            "ignore" => Ok(""),
            "replace" => Ok(replacement),
            "strict" => Err(Error::runtime(format!("'{}' codec can't {what}", self.name))),
            other => Err(Error::runtime(format!("unknown error handler name '{other}'"))),
        }
    }

    fn encode(&self, letters: &str) -> Result<Vec<u8>, Error> {
        let most = match self.name.as_str() {
            "utf-8" => return Ok(letters.as_bytes().to_vec()),
            "ascii" => 0x7f,
            _ => 0xff,
        };
        let mut bytes = Vec::with_capacity(letters.len());
        for letter in letters.chars() {
            match u8::try_from(u32::from(letter)) {
                Ok(byte) if byte <= most => bytes.push(byte),
                _ => bytes.extend_from_slice(self.instead("encode a character", "?")?.as_bytes()),
            }
        }
        Ok(bytes)
    }

    fn decode(&self, bytes: &[u8]) -> Result<String, Error> {
        if self.name == "latin-1" {
            return Ok(bytes.iter().map(|byte| char::from(*byte)).collect());
        }
        let mut letters = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter.is_ascii() || self.name == "utf-8" {
                    true => letters.push(letter),
                    // Every byte of it is one too many.
                    false => letters.push_str(&self.instead("decode a byte", "\u{fffd}")?.repeat(letter.len_utf8())),
                }
            }
            if !chunk.invalid().is_empty() {
                let each = if self.name == "utf-8" { 1 } else { chunk.invalid().len() };
                letters.push_str(&self.instead("decode a byte", "\u{fffd}")?.repeat(each));
            }
        }
        Ok(letters)
    }
}

/// `str.encode`.
pub(super) fn encode(letters: &str, arguments: Args) -> Result<Value, Error> {
    Ok(Value::Bytes(Codec::of(arguments)?.encode(letters)?.into()))
}

/// A method of bytes.
pub(super) fn call(bytes: &[u8], name: &str, arguments: Args) -> Result<Value, Error> {
    Ok(match name {
        "decode" => Codec::of(arguments)?.decode(bytes)?.into(),
        _ => {
            arguments.none()?;
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
    })
}

/// Python's `repr` of bytes.
pub(in crate::jinja) fn repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            byte if char::from(byte) == quote => out.push_str(&format!("\\{quote}")),
            b' '..=b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

/// `str.maketrans`: a table for [`translate`].
pub(super) fn maketrans(arguments: Args) -> Result<Value, Error> {
    let [from, to, gone] = arguments.bind(["x", "y", "z"])?;
    let (from, mut table) = (required(from, "x")?, Dict::default());
    let number = |letter: char| Value::Int(u32::from(letter).into());
    match (&from, text(to, "y")?) {
        (Value::Dict(given), None) => {
            for (key, value) in given.iter() {
                table.insert(key_of(key)?, value.clone());
            }
        }
        (Value::Str(from), Some(to)) => {
            let (from, to) = (from.as_str(), to.as_str());
            if from.chars().count() != to.chars().count() {
                return Err(Error::runtime("the first two maketrans arguments must have equal length"));
            }
            from.chars().zip(to.chars()).for_each(|(from, to)| table.insert(number(from), number(to)));
            let gone = text(gone, "z")?;
            gone.iter().flat_map(|gone| gone.as_str().chars()).for_each(|gone| table.insert(number(gone), Value::None));
        }
        (_, None) => {
            return Err(Error::runtime("if you give only one argument to maketrans it must be a dict"));
        }
        (other, Some(_)) => {
            let found = other.type_name();
            return Err(Error::runtime(format!("first maketrans argument must be a string, not {found}")));
        }
    }
    Ok(Value::dict(table))
}

fn key_of(key: &Value) -> Result<Value, Error> {
    match key {
        Value::Int(_) => Ok(key.clone()),
        Value::Str(letter) => {
            let mut letters = letter.as_str().chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => Ok(Value::Int(u32::from(letter).into())),
                _ => Err(Error::runtime("string keys in translate table must be of length 1")),
            }
        }
        _ => Err(Error::runtime("keys in translate table must be strings or integers")),
    }
}

/// `str.translate`.
pub(super) fn translate(letters: &Text, arguments: Args) -> Result<Text, Error> {
    let table = arguments.only()?;
    let Value::Dict(table) = &table else { return Err(Error::runtime("translate takes a table, a dict here")) };
    let mut out = Output::default();
    for (at, letter) in letters.as_str().char_indices() {
        let place = at..at + letter.len_utf8();
        match table.get_value(&Value::Int(u32::from(letter).into())) {
            None => out.push_slice(letters, place),
            Some(Value::None) => {}
            Some(Value::Str(word)) => out.push(word),
            Some(Value::Int(number)) => {
                let letter = u32::try_from(*number).ok().and_then(char::from_u32);
                let letter = letter.ok_or_else(|| Error::runtime("character mapping must be in range(0x110000)"))?;
                out.push_str(letter.encode_utf8(&mut [0; 4]));
            }
            Some(_) => return Err(Error::runtime("character mapping must return integer, None or str")),
        }
    }
    Ok(out.into_text())
}
