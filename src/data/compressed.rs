//! gzip, xz and zstd, unpacked as they are read: what is in memory is a window of the stream.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use zstd::stream::read::Decoder;

/// Bytes of the file that are read at a time.
const READ: usize = 1 << 16;
/// Unpacking xz takes the memory that the packer chose: `xz -9` needs 65 MB.
const MOST_XZ_KIB: u32 = 256 * 1024;
/// Bytes that tell how a file is compressed.
const MAGIC: usize = 6;

/// What a file is compressed with, told by how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    fn of(beginning: &[u8]) -> Option<Self> {
        match *beginning {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // A frame to be skipped, which tools that compress in parallel put first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

/// A compressed stream that cannot be unpacked further. Comes as the inner error of an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its {compression} data {what}")]
pub struct Damage {
    pub compression: Compression,
    /// It is cut off or damaged, and where the library says more, that.
    pub what: String,
}

/// A stream, unpacked if it is compressed.
pub(super) type Input = Box<dyn Read + Send>;

/// What `input` gives, unpacked if it begins as gzip, xz or zstd do. Several members or frames behind each other are one
/// stream.
///
/// # Errors
/// If it cannot be read. What is damaged is an error of reading on, with a [`Damage`] in it.
pub(super) fn unpacked(mut input: impl Read + Send + 'static) -> io::Result<Input> {
    let mut beginning = Vec::with_capacity(MAGIC);
    input.by_ref().take(MAGIC as u64).read_to_end(&mut beginning)?;
    let compression = Compression::of(&beginning);
    let whole = Cursor::new(beginning).chain(input);
    let Some(compression) = compression else { return Ok(Box::new(whole)) };
    let whole = BufReader::with_capacity(READ, whole);
    let stream: Input = match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(whole)),
        Compression::Xz => Box::new(XzReader::new_mem_limit(whole, true, MOST_XZ_KIB)),
        Compression::Zstd => Box::new(Decoder::with_buffer(whole)?),
    };
    Ok(Box::new(Unpacking { stream, compression }))
}

/// The same of a file, from byte `offset` of what is unpacked.
///
/// # Errors
/// As [`unpacked`]'s; also where what comes before `offset` is damaged.
pub(super) fn from(mut file: File, offset: u64) -> io::Result<Input> {
    let mut beginning = Vec::with_capacity(MAGIC);
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(MAGIC as u64).read_to_end(&mut beginning)?;
    if Compression::of(&beginning).is_none() {
        file.seek(SeekFrom::Start(offset))?;
        return Ok(Box::new(file));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut input = unpacked(file)?;
    io::copy(&mut input.by_ref().take(offset), &mut io::sink())?;
    Ok(input)
}

/// Says what is damaged in words of ours.
struct Unpacking {
    stream: Input,
    compression: Compression,
}

impl Read for Unpacking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let compression = self.compression;
        self.stream.read(buffer).map_err(|error| match error.kind() {
            // The file's own error, and no fault of what is in it.
            _ if error.raw_os_error().is_some() || error.kind() == ErrorKind::Interrupted => error,
            kind => {
                let what = match kind {
                    ErrorKind::UnexpectedEof => "is cut off".into(),
                    _ => format!("is damaged ({error})"),
                };
                io::Error::new(kind, Damage { compression, what })
            }
        })
    }
}
