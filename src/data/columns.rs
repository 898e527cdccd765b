//! Lists of numbers written as Parquet columns.

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context, Result};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::Value;

/// Values of a column that wait until they are written as one row group.
const GROUP: usize = 1 << 20;

/// A Parquet file with one list of numbers per column and record.
pub struct Columns {
    writer: SerializedFileWriter<File>,
    columns: Vec<Column>,
}

/// The values of a column that are not written yet, and where each list begins.
struct Column {
    name: &'static str,
    values: Values,
    /// 1 for a value, 0 for a list without any.
    definitions: Vec<i16>,
    /// 0 where a list begins.
    repetitions: Vec<i16>,
}

enum Values {
    Whole(Vec<i64>),
    Real(Vec<f64>),
}

impl Column {
    fn push(&mut self, record: &Value) -> Result<()> {
        let name = self.name;
        let list = record[name].as_array().with_context(|| format!("a record without a list {name}"))?;
        for value in list {
            match &mut self.values {
                Values::Whole(values) => values.push(value.as_i64().with_context(|| format!("{name} is not whole"))?),
                Values::Real(values) => values.push(value.as_f64().with_context(|| format!("{name} is no number"))?),
            }
        }
        let is_filled = i16::from(!list.is_empty());
        self.definitions.extend(std::iter::repeat_n(is_filled, list.len().max(1)));
        self.repetitions.extend((0..list.len().max(1)).map(|place| i16::from(place > 0)));
        Ok(())
    }
}

impl Columns {
    /// Columns of these names, of whole numbers but for `weights`.
    ///
    /// # Errors
    /// If the file cannot be begun.
    pub fn new(file: File, names: &[&'static str]) -> Result<Self> {
        let of_type = |name: &str| if name == "weights" { "double" } else { "int64" };
        let field = |name: &&str| {
            format!("required group {name} (LIST) {{ repeated group list {{ required {} element; }} }}", of_type(name))
        };
        let fields: Vec<String> = names.iter().map(field).collect();
        let schema = Arc::new(parse_message_type(&format!("message schema {{ {} }}", fields.join(" ")))?);
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let empty = |name: &&'static str| Column {
            name,
            values: if *name == "weights" { Values::Real(Vec::new()) } else { Values::Whole(Vec::new()) },
            definitions: Vec::new(),
            repetitions: Vec::new(),
        };
        let columns = names.iter().map(empty).collect();
        Ok(Self { writer: SerializedFileWriter::new(file, schema, Arc::new(properties))?, columns })
    }

    /// One record.
    ///
    /// # Errors
    /// If a column is missing, or writing fails.
    pub fn write(&mut self, record: &Value) -> Result<()> {
        self.columns.iter_mut().try_for_each(|column| column.push(record))?;
        match self.columns[0].definitions.len() >= GROUP {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        if self.columns[0].definitions.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let mut writer = group.next_column()?.context("a column too few")?;
            let (definitions, repetitions) = (Some(&column.definitions[..]), Some(&column.repetitions[..]));
            match &mut column.values {
                Values::Whole(values) => {
                    writer.typed::<Int64Type>().write_batch(values, definitions, repetitions)?;
                    values.clear();
                }
                Values::Real(values) => {
                    writer.typed::<DoubleType>().write_batch(values, definitions, repetitions)?;
                    values.clear();
                }
            }
            writer.close()?;
            column.definitions.clear();
            column.repetitions.clear();
        }
        group.close()?;
        Ok(())
    }

    /// Writes what waits, and the file's end.
    ///
    /// # Errors
    /// If writing fails.
    pub fn finish(&mut self) -> Result<()> {
        self.flush()?;
        self.writer.finish()?;
        Ok(())
    }
}
