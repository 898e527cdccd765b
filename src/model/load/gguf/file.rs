//! The GGUF container: header, metadata and where each tensor lies, borrowed from the mapped file.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. candle has a reader too; this one copies no
//! string, never panics on a damaged header and says what is wrong at which byte.

use std::borrow::Cow;
use std::collections::HashMap;

use candle_core::quantized::{GgmlDType, QTensor, ggml_file};
use candle_core::{Device, Tensor};

use super::Problem;

/// A metadata value. Integers of all widths are one kind, so are floats.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Integer(i128),
    Float(f64),
    Flag(bool),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
}

/// Where a tensor lies and how it is stored.
#[derive(Debug)]
pub(super) struct Stored {
    dtype: u32,
    /// Outermost dimension first, as in PyTorch; the file has them the other way round.
    pub(super) shape: Vec<usize>,
    offset: u64,
}

/// A parsed header over the bytes of the file.
pub(super) struct Container<'a> {
    bytes: &'a [u8],
    metadata: HashMap<Cow<'a, str>, Value<'a>>,
    tensors: HashMap<Cow<'a, str>, Stored>,
    /// Where tensor offsets count from.
    data: usize,
}

impl<'a> Container<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// If the header is damaged, or of another version of the format.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        if !bytes.starts_with(b"GGUF") {
            return Err("it does not begin with `GGUF`".into());
        }
        let mut cursor = Cursor { bytes, at: 4 };
        let version = cursor.u32()?;
        if !(2..=3).contains(&version) {
            let reason = format!("GGUF version {version} is not supported: this version reads 2 and 3, little-endian");
            return Err(Problem::Unsupported(reason));
        }
        let tensor_count = cursor.u64()?;
        let value_count = cursor.u64()?;
        let mut metadata = HashMap::new();
        for _ in 0..value_count {
            let key = cursor.text()?;
            let kind = cursor.u32()?;
            metadata.insert(key, cursor.value(kind, 0)?);
        }
        let mut tensors = HashMap::new();
        for _ in 0..tensor_count {
            let name = cursor.text()?;
            tensors.insert(name, cursor.stored()?);
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(Value::Integer(alignment @ 1..=0x10_0000)) if (*alignment as usize).is_power_of_two() => {
                *alignment as usize
            }
            Some(_) => return Err("its alignment is not a power of two".into()),
        };
        Ok(Self { bytes, metadata, tensors, data: cursor.at.next_multiple_of(alignment) })
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value<'a>> {
        self.metadata.get(key)
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&Stored> {
        self.tensors.get(name)
    }

    pub(super) fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(Cow::as_ref)
    }

    /// The stored bytes of a tensor.
    pub(super) fn raw(&self, tensor: &Stored) -> Result<&'a [u8], String> {
        let dtype = dtype(tensor.dtype)?;
        let count = tensor.shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
        let length = count
            .filter(|count| count.is_multiple_of(dtype.block_size()))
            .and_then(|count| (count / dtype.block_size()).checked_mul(dtype.type_size()))
            .ok_or_else(|| format!("has shape {:?}, which {dtype:?} cannot store", tensor.shape))?;
        let start = usize::try_from(tensor.offset).ok().and_then(|offset| self.data.checked_add(offset));
        let range = start.and_then(|start| self.bytes.get(start..start.checked_add(length)?));
        range.ok_or_else(|| {
            format!("reaches beyond the end of the file ({} bytes): the download is incomplete", self.bytes.len())
        })
    }

    /// A tensor as f32 on the CPU.
    pub(super) fn dequantise(&self, tensor: &Stored) -> Result<Tensor, String> {
        let raw = self.raw(tensor)?;
        // candle reads blocks in place, so they must lie as the format promises.
        if raw.as_ptr().align_offset(align_of::<f32>()) != 0 {
            return Err("does not lie on the file's alignment".to_owned());
        }
        ggml_file::qtensor_from_ggml(dtype(tensor.dtype)?, raw, tensor.shape.clone(), &Device::Cpu)
            .and_then(|quantised: QTensor| quantised.dequantize(&Device::Cpu))
            .map_err(|error| error.to_string())
    }
}

/// ggml's numbers for the formats that can be dequantised.
fn dtype(number: u32) -> Result<GgmlDType, String> {
    Ok(match number {
        0 => GgmlDType::F32,
        1 => GgmlDType::F16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        30 => GgmlDType::BF16,
        other => {
            return Err(format!(
                "is stored in ggml's format {other}: this version reads f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0 and q2_k to q6_k"
            ));
        }
    })
}

/// Reads from the front of the file, and says where it ended too early.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| format!("it ends inside its header, at byte {}", self.bytes.len()))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<Cow<'a, str>, String> {
        let length = usize::try_from(self.u64()?).unwrap_or(usize::MAX);
        Ok(String::from_utf8_lossy(self.take(length)?))
    }

    fn value(&mut self, kind: u32, depth: u32) -> Result<Value<'a>, String> {
        Ok(match kind {
            0 => Value::Integer(u8::from_le_bytes(self.array()?).into()),
            1 => Value::Integer(i8::from_le_bytes(self.array()?).into()),
            2 => Value::Integer(u16::from_le_bytes(self.array()?).into()),
            3 => Value::Integer(i16::from_le_bytes(self.array()?).into()),
            4 => Value::Integer(self.u32()?.into()),
            5 => Value::Integer(i32::from_le_bytes(self.array()?).into()),
            6 => Value::Float(shortest(f32::from_le_bytes(self.array()?))),
            7 => Value::Flag(self.take(1)? != [0]),
            8 => Value::Text(self.text()?),
            9 if depth < 4 => {
                let kind = self.u32()?;
                let mut values = Vec::new();
                for _ in 0..self.u64()? {
                    values.push(self.value(kind, depth + 1)?);
                }
                Value::List(values)
            }
            10 => Value::Integer(self.u64()?.into()),
            11 => Value::Integer(i64::from_le_bytes(self.array()?).into()),
            12 => Value::Float(f64::from_le_bytes(self.array()?)),
            _ => return Err(format!("its metadata has a value of unknown kind {kind} at byte {}", self.at)),
        })
    }

    fn stored(&mut self) -> Result<Stored, String> {
        let dimensions = self.u32()?;
        if dimensions > 4 {
            return Err(format!("a tensor has {dimensions} dimensions, at byte {}", self.at));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(usize::try_from(self.u64()?).unwrap_or(usize::MAX));
        }
        shape.reverse();
        Ok(Stored { dtype: self.u32()?, shape, offset: self.u64()? })
    }
}

/// The number a person wrote: 1e-5 comes back from its f32 as 1e-5, not as 9.999999747378752e-6.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
