//! Tensors as a safetensors file: the length of a JSON header, the header, then the values.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value, json};

use super::{Form, SaveError};
use crate::cancel::Cancel;
use crate::decoder::Adapter;
use crate::model::Model;
use crate::ops::with_values;

/// Values written or read at a time.
const PIECE: usize = 256 * 1024;
/// No header of a save is longer; a damaged length must not ask for all memory.
const LONGEST_HEADER: u64 = 100 << 20;
/// The key in a file's metadata that says that it is a save of this program.
pub(super) const MARK: &str = "lossglass";

/// Says how far saving is, and hears whether it is to stop.
pub(super) struct Task<'a> {
    pub cancel: &'a Cancel,
    pub on_progress: &'a mut dyn FnMut(f32),
    pub written: u64,
    /// Bytes of all tensors of the save.
    pub total: u64,
}

impl Task<'_> {
    pub fn advance(&mut self, bytes: u64) -> Result<(), SaveError> {
        if self.cancel.is_cancelled() {
            return Err(SaveError::Cancelled);
        }
        self.written += bytes;
        (self.on_progress)(self.written as f32 / self.total.max(1) as f32);
        Ok(())
    }
}

/// A tensor to be written, f32.
pub(super) struct Entry<'a> {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Values<'a>,
}

pub(super) enum Values<'a> {
    Tensor(Tensor),
    Slice(&'a [f32]),
    /// The weight of this name with its adapter merged into it.
    Merged(&'a Model, String),
}

impl Entry<'_> {
    pub fn bytes(&self) -> u64 {
        4 * self.shape.iter().product::<usize>() as u64
    }

    pub fn of_tensor(name: String, tensor: Tensor) -> Self {
        Self { name, shape: tensor.dims().to_vec(), values: Values::Tensor(tensor) }
    }

    /// Calls `write` with all values, on the CPU.
    fn with(&self, write: impl FnOnce(&[f32]) -> Result<(), SaveError>) -> Result<(), SaveError> {
        let tensor = match &self.values {
            Values::Slice(values) => return write(values),
            Values::Tensor(tensor) => tensor.clone(),
            Values::Merged(model, name) => match model.decoder.merged(name)? {
                Some(tensor) => tensor,
                None => return Ok(()), // cannot happen: `weights` asks only for those that have one
            },
        };
        with_values([&tensor.to_device(&Device::Cpu)?], |[values]| write(values))?
    }
}

/// The weights of a save.
pub(super) fn weights(model: &Model, form: Form) -> Result<Vec<Entry<'_>>, SaveError> {
    let adapters = model.decoder.adapters();
    if form == Form::Adapter {
        let entries = adapters.into_iter().flat_map(|(name, Adapter { a, b, .. })| {
            [("A", a), ("B", b)].map(|(letter, tensor)| {
                Entry::of_tensor(format!("base_model.model.{name}.lora_{letter}.weight"), tensor)
            })
        });
        return Ok(entries.collect());
    }
    let has_adapter = |weight: &str| adapters.iter().any(|(name, _)| weight.strip_suffix(".weight") == Some(name));
    let entry = |named: &crate::decoder::Named| {
        let entry = Entry::of_tensor(named.name.clone(), named.tensor.clone());
        match has_adapter(&named.name) {
            true => Entry { values: Values::Merged(model, named.name.clone()), ..entry },
            false => entry,
        }
    };
    Ok(model.decoder.named_tensors().iter().map(entry).collect())
}

/// Writes a file. The format: <https://github.com/huggingface/safetensors#format>.
pub(super) fn write(
    out: &mut impl Write,
    file: &Path,
    entries: &[Entry],
    task: &mut Task<'_>,
) -> Result<(), SaveError> {
    let failed = |reason: io::Error| SaveError::Write { file: file.to_owned(), reason };
    let header = header(entries);
    out.write_all(&(header.len() as u64).to_le_bytes()).and_then(|()| out.write_all(&header)).map_err(failed)?;
    let mut bytes = Vec::with_capacity(4 * PIECE);
    for entry in entries {
        entry.with(|values| {
            for piece in values.chunks(PIECE) {
                bytes.clear();
                bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
                out.write_all(&bytes).map_err(failed)?;
                task.advance(bytes.len() as u64)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Names, shapes and places; padded so that the values begin at a multiple of eight bytes.
fn header(entries: &[Entry]) -> Vec<u8> {
    let mut header = Map::new();
    // transformers refuses a file without a format.
    header.insert("__metadata__".into(), json!({"format": "pt", MARK: env!("CARGO_PKG_VERSION")}));
    let mut at = 0;
    for entry in entries {
        let end = at + entry.bytes();
        let place = json!({"dtype": "F32", "shape": entry.shape, "data_offsets": [at, end]});
        header.insert(entry.name.clone(), place);
        at = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    header
}

/// A safetensors file that is read tensor by tensor.
pub(super) struct Reader {
    file: BufReader<File>,
    header: Map<String, Value>,
    /// Where the values begin.
    start: u64,
}

impl Reader {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Self, SaveError> {
        let unread = |reason| SaveError::Read { file: path.to_owned(), reason };
        let damaged = |reason: &str| SaveError::Damaged { file: path.to_owned(), reason: reason.to_owned() };
        let mut file = BufReader::new(File::open(path).map_err(unread)?);
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(unread)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(damaged("its header is too long"));
        }
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(unread)?;
        let header = serde_json::from_slice(&header).map_err(|error| damaged(&error.to_string()))?;
        Ok(Self { file, header, start: 8 + length })
    }

    /// Whether this program wrote it.
    pub fn is_marked(&self) -> bool {
        self.header.get("__metadata__").is_some_and(|metadata| metadata.get(MARK).is_some())
    }

    /// The f32 values of a tensor; `None` if there is none of that name.
    pub fn read(&mut self, name: &str) -> io::Result<Option<Vec<f32>>> {
        let Some(entry) = self.header.get(name) else { return Ok(None) };
        let offset = |i: usize| entry["data_offsets"][i].as_u64();
        let (Some(from), Some(to)) = (offset(0), offset(1)) else { return Ok(None) };
        self.file.seek(SeekFrom::Start(self.start.saturating_add(from)))?;
        let mut left = to.saturating_sub(from) as usize / 4;
        let mut values = Vec::new();
        let mut bytes = vec![0; 4 * PIECE.min(left)];
        while left > 0 {
            let piece = &mut bytes[..4 * left.min(PIECE)];
            self.file.read_exact(piece)?;
            values.extend(
                piece.chunks_exact(4).map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]])),
            );
            left -= piece.len() / 4;
        }
        Ok(Some(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then the disk is full.
    struct Small(usize);
    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(out: &mut impl Write, cancel: &Cancel, on_progress: &mut dyn FnMut(f32)) -> Result<(), SaveError> {
        let many: Vec<f32> = (0..PIECE + 7).map(|i| i as f32).collect();
        let entries = [
            Entry { name: "a\"ä".into(), shape: vec![PIECE + 7], values: Values::Slice(&many) },
            Entry { name: "b".into(), shape: vec![2, 1], values: Values::Slice(&[-0.0, f32::MIN_POSITIVE]) },
        ];
        let total = entries.iter().map(Entry::bytes).sum();
        write(out, Path::new("file"), &entries, &mut Task { cancel, on_progress, written: 0, total })
    }

    #[test]
    fn the_safetensors_crate_reads_what_is_written() {
        let (mut bytes, mut fractions) = (Vec::new(), Vec::new());
        written(&mut bytes, &Cancel::default(), &mut |fraction| fractions.push(fraction)).expect("written");
        let read = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let (small, large) = (read.tensor("b").expect("b"), read.tensor("a\"ä").expect("a"));
        assert_eq!(small.shape(), [2, 1]);
        assert_eq!(small.data(), [(-0.0_f32).to_le_bytes(), f32::MIN_POSITIVE.to_le_bytes()].concat());
        assert_eq!(large.data()[4 * PIECE..4 * PIECE + 4], (PIECE as f32).to_le_bytes());
        assert!(fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    }

    #[test]
    fn a_full_disk_and_a_cancel_are_told_apart() {
        let full = written(&mut Small(5000), &Cancel::default(), &mut |_| {}).expect_err("no space");
        assert!(matches!(full, SaveError::Write { .. }), "{full}");
        let cancel = Cancel::default();
        let on_first = cancel.clone();
        let stopped = written(&mut Vec::new(), &cancel, &mut |_| on_first.cancel()).expect_err("cancelled");
        assert!(matches!(stopped, SaveError::Cancelled), "{stopped}");
    }
}
