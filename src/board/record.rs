//! Records as TFRecord frames them: the length, its checksum, the data, its checksum.

use std::io::{self, Write};

/// Bytes before the data: its length (u64) and the length's checksum (u32), little endian; behind it stands its checksum.
pub const HEAD: usize = 12;
pub const TAIL: usize = 4;

/// Writes one record.
///
/// # Errors
/// If `out` does not take it.
pub fn write(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked_crc(&length).to_le_bytes())?;
    out.write_all(data)?;
    out.write_all(&masked_crc(data).to_le_bytes())
}

/// The length of the data behind this head; `None` where its checksum is another.
pub fn length(head: [u8; HEAD]) -> Option<u64> {
    let (length, crc) = head.split_at(8);
    (masked_crc(length).to_le_bytes() == crc).then(|| u64::from_le_bytes(length.try_into().unwrap_or_default()))
}

/// Whether `tail` is the checksum of the data before it.
pub fn is_whole(data: &[u8], tail: [u8; TAIL]) -> bool {
    masked_crc(data).to_le_bytes() == tail
}

/// CRC-32C (Castagnoli), turned and shifted so that a checksum of data with checksums in it is as good as any other.
fn masked_crc(data: &[u8]) -> u32 {
    let crc = !data.iter().fold(!0, |crc: u32, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8));
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// What a byte adds to the checksum.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32C in the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_checksum_is_crc_32c() {
        let masked = masked_crc(b"123456789");
        assert_eq!(masked.wrapping_sub(0xa282_ead8).rotate_left(15), 0xe306_9283);
    }

    #[test]
    fn what_is_written_is_read_and_a_changed_bit_is_noticed() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"some data").expect("written");
        let parts = |bytes: &[u8]| {
            let head: [u8; HEAD] = bytes[..HEAD].try_into().expect("a head");
            let tail: [u8; TAIL] = bytes[bytes.len() - TAIL..].try_into().expect("a tail");
            (length(head), is_whole(&bytes[HEAD..bytes.len() - TAIL], tail))
        };
        assert_eq!(parts(&bytes), (Some(9), true));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert_ne!(parts(&damaged), (Some(9), true), "byte {at}");
        }
    }
}
