//! The innermost loops of a product: a tile of sums that stays in registers, and what brings the operands into the order
//! in which it reads them.

/// Defines the loops for one set of vector instructions.
macro_rules! loops {
    (
        $module:ident, $features:literal, $vector:ident in $class:ident, lanes $lanes:literal, tile $rows:literal x $vectors:literal,
        $zero:path, $load:ident, $store:ident, $splat:ident, $mul:ident, $add:ident, $fma:path,
        $prefetch:path, $fetch:path, $total:path, $transposed:path, $write_transposed:path
    ) => {
        pub mod $module {
            use super::arch::*;
            use crate::ops::matmul::Matrix;
            use crate::ops::matmul::kernel::{AHEAD, Ahead, Columns, Kernel, LINE, Rows, STEPS, Sums};

            const LANES: usize = $lanes;
            const ROWS: usize = $rows;
            const VECTORS: usize = $vectors;

            pub const KERNEL: Kernel = Kernel {
                lanes: LANES,
                rows: ROWS,
                vectors: VECTORS,
                pack,
                pack_rows,
                multiply,
                few,
                write,
                write_transposed: $write_transposed,
            };

            #[target_feature(enable = $features)]
            unsafe fn pack(b: Matrix, columns: usize, vectors: usize, steps: usize, to: *mut f32) {
                let width = vectors * LANES;
                for column in (0..columns.min(width)).step_by(LANES).filter(|_| b.column != 1) {
                    // SAFETY: the vector's columns that exist lie within b's row, all of them within the panel.
                    unsafe {
                        let (b, columns) = (b.at(0, column), LANES.min(columns - column));
                        pack_columns(b, columns, steps, to.add(column), width);
                    }
                }
                for step in (0..steps).filter(|_| b.column == 1) {
                    for column in (0..width).step_by(LANES) {
                        // SAFETY: as above.
                        unsafe {
                            let (row, to) = (b.start.add(step * b.row + column), to.add(step * width + column));
                            $prefetch(row.wrapping_add(AHEAD * b.row));
                            let is_whole = column + LANES <= columns;
                            $store(to, if is_whole { $load(row) } else { part(row, columns - column) });
                        }
                    }
                }
            }

            /// The first `count` floats, zeros in the other lanes.
            #[target_feature(enable = $features)]
            unsafe fn part(from: *const f32, count: usize) -> $vector {
                let mut all = [0.0; LANES];
                // SAFETY: the caller has that many, fewer than lanes.
                unsafe {
                    from.copy_to_nonoverlapping(all.as_mut_ptr(), count);
                    $load(all.as_ptr())
                }
            }

            /// [`pack`] of at most a vector's columns, which do not lie side by side.
            #[target_feature(enable = $features)]
            unsafe fn pack_columns(b: Matrix, columns: usize, steps: usize, to: *mut f32, width: usize) {
                let squares = if b.row == 1 { steps - steps % LANES } else { 0 };
                for step in (0..squares).step_by(LANES) {
                    let mut square = [$zero(); LANES];
                    for i in 0..columns {
                        // SAFETY: so many columns exist, each with a vector's steps from here on.
                        square[i] = unsafe { $load(b.start.add(i * b.column + step)) };
                    }
                    for (i, values) in $transposed(square).into_iter().enumerate() {
                        // SAFETY: the panel has the step.
                        unsafe { $store(to.add((step + i) * width), values) };
                    }
                }
                for step in squares..steps {
                    for i in 0..LANES {
                        let at = b.start.wrapping_add(step * b.row + i * b.column);
                        // SAFETY: only columns that exist are read.
                        unsafe { *to.add(step * width + i) = if i < columns { *at } else { 0.0 } };
                    }
                }
            }

            #[target_feature(enable = $features)]
            unsafe fn pack_rows(a: Matrix, rows: usize, steps: usize, to: *mut f32) {
                let whole = rows / ROWS;
                for step in 0..steps {
                    // SAFETY: a has the rows and the step; `to` has every tile's ROWS floats for it.
                    unsafe {
                        let (from, to) = (a.start.add(step * a.column), to.add(step * ROWS));
                        for row in (0..rows).step_by(LINE) {
                            $prefetch(from.wrapping_add(AHEAD * a.column + row * a.row));
                        }
                        for tile in 0..whole {
                            let to = to.add(tile * ROWS * steps);
                            if a.row == 1 {
                                to.copy_from_nonoverlapping(from.add(tile * ROWS), ROWS);
                            } else {
                                (0..ROWS).for_each(|i| *to.add(i) = *from.add((tile * ROWS + i) * a.row));
                            }
                        }
                        for row in whole * ROWS..rows.next_multiple_of(ROWS) {
                            let value = if row < rows { *from.add(row * a.row) } else { 0.0 };
                            *to.add(whole * ROWS * steps + row - whole * ROWS) = value;
                        }
                    }
                }
            }

            #[target_feature(enable = $features)]
            unsafe fn multiply(
                a: Rows,
                rows: usize,
                panel: Columns,
                vectors: usize,
                steps: usize,
                sums: Sums,
                ahead: &mut Ahead,
            ) {
                // SAFETY: the caller's promise.
                unsafe {
                    match (vectors, a.is_packed) {
                        (1, true) => tiles::<1, true>(a, rows, panel, steps, sums, ahead),
                        (1, false) => tiles::<1, false>(a, rows, panel, steps, sums, ahead),
                        (2, true) => tiles::<2, true>(a, rows, panel, steps, sums, ahead),
                        (2, false) => tiles::<2, false>(a, rows, panel, steps, sums, ahead),
                        (_, true) => tiles::<VECTORS, true>(a, rows, panel, steps, sums, ahead),
                        (_, false) => tiles::<VECTORS, false>(a, rows, panel, steps, sums, ahead),
                    }
                }
            }

            /// All rows of a, PACKED or as they lie, times a panel of N vectors.
            #[target_feature(enable = $features)]
            unsafe fn tiles<const N: usize, const PACKED: bool>(
                mut a: Rows,
                rows: usize,
                mut panel: Columns,
                steps: usize,
                mut sums: Sums,
                ahead: &mut Ahead,
            ) {
                for _ in 0..rows / ROWS {
                    // SAFETY: a whole tile's rows are left, and there is room for what is copied.
                    unsafe {
                        if panel.copy.is_null() {
                            tile::<ROWS, N, PACKED, false>(a, panel, steps, sums, ahead);
                        } else {
                            tile::<ROWS, N, PACKED, true>(a, panel, steps, sums, ahead);
                            panel = Columns::packed(panel.copy, N * LANES);
                        }
                    }
                    a.start = a.start.wrapping_add(a.tile);
                    sums.start = sums.start.wrapping_add(ROWS * sums.stride);
                    sums.squares.0 = sums.squares.0.wrapping_add(sums.squares.1);
                }
                let mut left = rows % ROWS;
                while left > 0 {
                    // SAFETY: as many rows are left.
                    let done = unsafe {
                        match left {
                            4.. => tile::<4, N, PACKED, false>(a, panel, steps, sums, ahead),
                            2.. => tile::<2, N, PACKED, false>(a, panel, steps, sums, ahead),
                            _ => tile::<1, N, PACKED, false>(a, panel, steps, sums, ahead),
                        }
                    };
                    a.start = a.start.wrapping_add(done * a.row);
                    sums.start = sums.start.wrapping_add(done * sums.stride);
                    left -= done;
                }
            }

            /// M rows of a, PACKED or as they lie, times a panel of N vectors, which lie side by side or are brought there
            /// if COPY; returns M. Where its sums go is fetched beforehand, and the next tile's lines as fast as this one's
            /// are used.
            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize, const N: usize, const PACKED: bool, const COPY: bool>(
                a: Rows,
                panel: Columns,
                steps: usize,
                to: Sums,
                ahead: &mut Ahead,
            ) -> usize {
                for i in 0..M {
                    for j in 0..N {
                        $prefetch(to.start.wrapping_add(i * to.stride + j * LANES));
                    }
                }
                let mut sums = [[$zero(); N]; M];
                let (line, lines) = if PACKED { (LINE, LINE * ROWS) } else { (a.row, LINE) };
                let mut next = a.start.wrapping_add(a.tile);
                let (mut a, mut b, mut left) = (a, panel, steps);
                // One step, after which a and b stand at the next; strides that are numbers need not be added up. A macro,
                // since a function is a call where the compiler does little.
                macro_rules! step {
                    () => {{
                        let mut vectors = [$zero(); N];
                        for j in 0..N {
                            vectors[j] = $load(b.start.add(j * LANES));
                            if COPY {
                                $store(b.copy.add(j * LANES), vectors[j]);
                            }
                        }
                        let row = if PACKED { 1 } else { a.row };
                        for i in 0..M {
                            let x = $splat(*a.start.add(i * row));
                            for j in 0..N {
                                sums[i][j] = $fma(x, vectors[j], sums[i][j]);
                            }
                        }
                        a.start = a.start.wrapping_add(if PACKED { ROWS } else { 1 });
                        b.start = b.start.wrapping_add(if COPY { b.step } else { N * LANES });
                        b.copy = b.copy.wrapping_add(if COPY { N * LANES } else { 0 });
                        // The compiler is to make the sums before it reads on: left to itself it reads several steps ahead,
                        // until it runs out of registers and keeps what it has read on the stack. A lone vector's sums
                        // wait for each other: its steps had better overlap. In a debug build sums lie in memory anyway.
                        let pinned = if N > 1 && !cfg!(debug_assertions) { M } else { 0 };
                        for i in 0..pinned {
                            for j in 0..N {
                                std::arch::asm!("/* {} */", inout($class) sums[i][j], options(nostack, preserves_flags));
                            }
                        }
                    }};
                }
                while left >= LINE {
                    ahead.fetch($fetch);
                    for i in 0..M {
                        $prefetch(next.wrapping_add(i * line));
                        for _ in 0..LINE / M {
                            // SAFETY: as many steps are left, and room for their copy.
                            unsafe { step!() }
                        }
                    }
                    for _ in 0..LINE % M {
                        // SAFETY: as above.
                        unsafe { step!() }
                    }
                    next = next.wrapping_add(lines);
                    left -= LINE;
                }
                for _ in 0..left {
                    // SAFETY: as above.
                    unsafe { step!() }
                }
                let mut squares = [$zero(); N];
                for i in 0..M {
                    for j in 0..N {
                        // SAFETY: `to` has M rows of N vectors.
                        unsafe {
                            let at = to.start.add(i * to.stride + j * LANES);
                            let value = if to.add { $add($load(at), sums[i][j]) } else { sums[i][j] };
                            $store(at, value);
                            squares[j] = $fma(value, value, squares[j]);
                        }
                    }
                }
                if !to.squares.0.is_null() {
                    let mut all = squares[0];
                    for vector in &squares[1..] {
                        all = $add(all, *vector);
                    }
                    // SAFETY: there is room for the tile's.
                    unsafe { *to.squares.0 += $total(all) };
                }
                M
            }

            #[target_feature(enable = $features)]
            unsafe fn few(x: *const f32, tokens: usize, w: *const f32, rows: usize, steps: usize, y: Sums) {
                let (mut token, mut sums) = (0, [[0.0; LANES]; 8]);
                while token < tokens {
                    // SAFETY: as many tokens are left; y has their rows.
                    unsafe {
                        let x = x.add(token * steps);
                        let done = match tokens - token {
                            8.. => column::<8>(x, w, rows, steps, &mut sums),
                            4.. => column::<4>(x, w, rows, steps, &mut sums),
                            2.. => column::<2>(x, w, rows, steps, &mut sums),
                            _ => column::<1>(x, w, rows, steps, &mut sums),
                        };
                        for (i, sums) in sums[..done].iter().enumerate() {
                            let to = y.start.add((token + i) * y.stride);
                            to.copy_from_nonoverlapping(sums.as_ptr(), rows);
                        }
                        token += done;
                    }
                }
            }

            /// M tokens times at most a vector's rows of W; returns M. The next rows of W are fetched meanwhile.
            #[target_feature(enable = $features)]
            unsafe fn column<const M: usize>(
                x: *const f32,
                w: *const f32,
                rows: usize,
                steps: usize,
                to: &mut [[f32; LANES]; 8],
            ) -> usize {
                let mut totals = [$zero(); M];
                for from in (0..steps).step_by(STEPS) {
                    let (mut step, end) = (from, steps.min(from + STEPS));
                    let mut sums = [$zero(); M];
                    while step < end {
                        let count = LANES.min(end - step);
                        let mut square = [$zero(); LANES];
                        for i in 0..rows {
                            // SAFETY: W has the rows, each with the step and `count` from there on.
                            unsafe {
                                let at = w.add(i * steps + step);
                                $prefetch(w.wrapping_add(rows * steps + (step / LANES * rows + i) * LANES));
                                square[i] = if count == LANES { $load(at) } else { part(at, count) };
                            }
                        }
                        for (i, vector) in $transposed(square).into_iter().take(count).enumerate() {
                            for t in 0..M {
                                // SAFETY: x has M rows of `steps`.
                                let x = $splat(unsafe { *x.add(t * steps + step + i) });
                                sums[t] = $fma(x, vector, sums[t]);
                            }
                        }
                        step += count;
                    }
                    for t in 0..M {
                        totals[t] = if from == 0 { sums[t] } else { $add(totals[t], sums[t]) };
                    }
                }
                for t in 0..M {
                    // SAFETY: a vector's floats fit.
                    unsafe { $store(to[t].as_mut_ptr(), totals[t]) };
                }
                M
            }

            #[target_feature(enable = $features)]
            unsafe fn write(sums: Sums, [rows, columns]: [usize; 2], y: Sums, scale: f32) {
                let whole = columns - columns % LANES;
                for row in 0..rows {
                    // SAFETY: both have the row and its columns.
                    unsafe {
                        let (from, to) = (sums.start.add(row * sums.stride), y.start.add(row * y.stride));
                        for i in (0..whole).step_by(LANES) {
                            let value = $mul($splat(scale), $load(from.add(i)));
                            $store(to.add(i), if y.add { $add($load(to.add(i)), value) } else { value });
                        }
                        for i in whole..columns {
                            let value = scale * *from.add(i);
                            *to.add(i) = if y.add { *to.add(i) + value } else { value };
                        }
                    }
                }
            }
        }
    };
}
pub(super) use loops;
