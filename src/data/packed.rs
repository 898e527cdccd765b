//! Files that are packed with xz, read as they are unpacked.

use std::io::{self, Read};

use lzma_rust2::XzReader;

/// How such a file begins.
const MAGIC: &[u8] = b"\xfd7zX";
/// Unpacking takes the memory that the packer chose: `xz -9` needs 65 MB.
const MOST_MEMORY_KIB: u32 = 256 * 1024;

/// Whether a file that begins like this is packed.
pub(super) fn is_packed(beginning: &[u8]) -> bool {
    beginning.starts_with(MAGIC)
}

/// What `input` unpacks to; of several packed files one behind the other all.
pub(super) fn unpacked(input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(Unpacked(XzReader::new_mem_limit(input, true, MOST_MEMORY_KIB)))
}

/// Names what is damaged.
struct Unpacked<R: Read>(XzReader<R>);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| io::Error::new(error.kind(), format!("it is damaged xz: {error}")))
    }
}
