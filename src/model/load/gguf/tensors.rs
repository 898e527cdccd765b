//! Tensors as llama.cpp's converter names and stores them, and the way back.

use candle_core::{Result, Tensor};

use crate::model::config::{Config, Family, NormKind};
use crate::model::layout::{Role, Slot};

/// `model.layers.0.self_attn.q_proj.weight` is `blk.0.attn_q.weight`.
pub(in crate::model) fn name(slot: &Slot) -> String {
    let stem = match slot.role {
        Role::Embedding => "token_embd",
        Role::Positions => "position_embd",
        Role::AttentionNorm => "attn_norm",
        Role::Query => "attn_q",
        Role::Key => "attn_k",
        Role::Value => "attn_v",
        Role::QueryKeyValue => "attn_qkv",
        Role::QueryNorm => "attn_q_norm",
        Role::KeyNorm => "attn_k_norm",
        Role::AttentionOut => "attn_output",
        Role::AttentionOutNorm => "post_attention_norm",
        Role::MlpNorm => "ffn_norm",
        Role::Gate => "ffn_gate",
        Role::Up => "ffn_up",
        Role::Down => "ffn_down",
        Role::MlpOutNorm => "post_ffw_norm",
        Role::FinalNorm => "output_norm",
        Role::Head => "output",
    };
    let kind = if slot.is_bias { "bias" } else { "weight" };
    match slot.layer {
        Some(layer) => format!("blk.{layer}.{stem}.{kind}"),
        None => format!("{stem}.{kind}"),
    }
}

/// What llama.cpp's converter changed, undone. A tensor whose shape does not go with that stays as it is, and is refused
/// for its shape.
pub(super) fn restore(config: &Config, slot: &Slot, tensor: Tensor) -> Result<Tensor> {
    match change(config, slot) {
        Change::None => Ok(tensor),
        Change::Pairs { .. } if tensor.dims() != slot.shape => Ok(tensor),
        Change::Transposed if tensor.rank() != 2 => Ok(tensor),
        Change::Pairs { heads } => swap_axes(&tensor, |half| (heads, half, 2), heads),
        Change::Transposed => tensor.t()?.contiguous(),
        Change::PlusOne => tensor - 1.0,
    }
}

/// What a GGUF file stores for one of transformers' tensors: [`restore`] turns it back.
pub(in crate::model) fn stored(config: &Config, slot: &Slot, tensor: &Tensor) -> Result<Tensor> {
    match change(config, slot) {
        Change::None => Ok(tensor.clone()),
        Change::Pairs { heads } => swap_axes(tensor, |half| (heads, 2, half), heads),
        Change::Transposed => tensor.t()?.contiguous(),
        Change::PlusOne => tensor + 1.0,
    }
}

/// What llama.cpp's converter does to a tensor.
enum Change {
    None,
    /// llama.cpp rotates neighbouring rows of llama's queries and keys, transformers the two halves of a head: row
    /// (head, half, i) becomes (head, i, half).
    Pairs {
        heads: usize,
    },
    /// gpt2's linear weights are `[in, out]` in transformers and `[out, in]` in GGUF.
    Transposed,
    /// gemma3's norms are stored as what they multiply by.
    PlusOne,
}

fn change(config: &Config, slot: &Slot) -> Change {
    match (config.family, slot.role) {
        (Family::Llama, Role::Query) => Change::Pairs { heads: config.heads },
        (Family::Llama, Role::Key) => Change::Pairs { heads: config.kv_heads },
        (family, role) if family.is_conv1d() && role.is_projection() && !slot.is_bias => Change::Transposed,
        (family, role) if family.norm() == NormKind::RmsFromOne && role.is_norm() => Change::PlusOne,
        _ => Change::None,
    }
}

/// Swaps the last two axes of the rows, taken as `axes(half a head)`. Works on weights `[heads · head_dim, in]` and
/// biases `[heads · head_dim]`.
fn swap_axes(tensor: &Tensor, axes: impl Fn(usize) -> (usize, usize, usize), heads: usize) -> Result<Tensor> {
    let rows = tensor.dim(0)?;
    let (heads, a, b) = axes(rows / heads / 2);
    let columns = tensor.elem_count() / rows.max(1);
    tensor.reshape((heads, a, b, columns))?.transpose(1, 2)?.contiguous()?.reshape(tensor.shape())
}
