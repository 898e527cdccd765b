//! The models inside the program: 8-bit GGUF files of `assets/models`.

use crate::model::source::Embedded;

/// Puts a file where a memory map would: candle reads quantised blocks in place, and bytes alone have no alignment.
#[repr(C, align(64))]
struct Aligned<Bytes: ?Sized>(Bytes);

static TINY_BASE: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../assets/models/tiny-base.gguf"));
static TINY_CHAT: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../assets/models/tiny-chat.gguf"));

/// The GGUF file of an embedded model.
pub(super) fn bytes(model: Embedded) -> &'static [u8] {
    match model {
        Embedded::TinyBase => &TINY_BASE.0,
        Embedded::TinyChat => &TINY_CHAT.0,
    }
}
