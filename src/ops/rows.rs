//! Operations that pick rows or columns: the embedding, learned positions, parts of a joint projection.

use candle_core::{Result, Tensor};

use super::composed;
use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values};

/// Rows `rows` of `table [n, features]`, in that order; a row may come more than once.
pub fn select_rows(table: &Tensor, rows: &[u32], tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[table]) {
        return table.index_select(&Tensor::new(rows, table.device())?, 0);
    }
    let (n, width) = table.dims2()?;
    if let Some(row) = rows.iter().find(|row| **row as usize >= n) {
        candle_core::bail!("row {row} of a table of {n}");
    }
    let place = move |row: u32| row as usize * width..(row as usize + 1) * width;
    let picked = with_values([table], |[table]| rows.iter().flat_map(|&row| &table[place(row)]).copied().collect())?;
    let picked = tensor(picked, (rows.len(), width))?;
    record(tape, &[table], &picked, || {
        let (table, rows) = (table.id(), rows.to_vec());
        move |grad, sink| {
            sink.add_rows(table, [n, width], &rows, &grad);
            Ok(())
        }
    });
    Ok(picked)
}

/// Columns `from..from + width` of `x [tokens, features]`.
pub fn columns(x: &Tensor, from: usize, width: usize, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[x]) {
        return x.narrow(1, from, width);
    }
    let (tokens, features) = x.dims2()?;
    if width == 0 || from.checked_add(width).is_none_or(|end| end > features) {
        candle_core::bail!("{width} columns from {from} on of {features}");
    }
    let part = |row: &[f32]| row[from..from + width].to_vec();
    let picked = with_values([x], |[x]| x.chunks(features).flat_map(part).collect())?;
    let picked = tensor(picked, (tokens, width))?;
    record(tape, &[x], &picked, || {
        let x = x.id();
        move |grad, sink| {
            sink.add(x, tokens * features, |sum, is_first| {
                if is_first {
                    sum.fill(0.0);
                }
                for (sum, grad) in sum.chunks_mut(features).zip(grad.chunks(width)) {
                    sum[from..from + width].iter_mut().zip(grad).for_each(|(sum, g)| *sum += g);
                }
            });
            Ok(())
        }
    });
    Ok(picked)
}

/// Part `part` of the `parts` that every head of `x [tokens, heads · parts · width]` has: `[tokens, heads · width]`.
pub fn head_columns(x: &Tensor, part: usize, parts: usize, width: usize, tape: Option<&Tape>) -> Result<Tensor> {
    let (tokens, features) = x.dims2()?;
    let head = parts.saturating_mul(width);
    if part >= parts || head == 0 || !features.is_multiple_of(head) {
        candle_core::bail!("part {part} of {parts} x {width} columns of heads in {features}");
    }
    if !fusable(&[x]) {
        return composed::head_columns(x, part, parts, width);
    }
    let place = move || part * width..(part + 1) * width;
    let picked =
        with_values([x], |[x]| x.chunks_exact(head).flat_map(|head| &head[place()]).copied().collect::<Vec<f32>>())?;
    let picked = tensor(picked, (tokens, features / parts))?;
    record(tape, &[x], &picked, || {
        let x = x.id();
        move |grad, sink| {
            sink.add(x, tokens * features, |sum, is_first| {
                if is_first {
                    sum.fill(0.0);
                }
                for (sum, grad) in sum.chunks_exact_mut(head).zip(grad.chunks_exact(width)) {
                    sum[place()].iter_mut().zip(grad).for_each(|(sum, g)| *sum += g);
                }
            });
            Ok(())
        }
    });
    Ok(picked)
}
