//! Sums that are written the other way round.

/// Defines y (+)= scale·sumsᵀ in squares of vectors, and what is left float by float.
macro_rules! write_transposed {
    (
        $features:literal, $lanes:literal,
        $zero:ident, $load:ident, $store:ident, $splat:ident, $mul:ident, $add:ident, $transposed:path
    ) => {
        #[target_feature(enable = $features)]
        unsafe fn write_transposed(sums: Sums, [rows, columns]: [usize; 2], y: Sums, scale: f32) {
            const LANES: usize = $lanes;
            let (whole_rows, whole_columns) = (rows - rows % LANES, columns - columns % LANES);
            for column in (0..whole_columns).step_by(LANES) {
                for row in (0..whole_rows).step_by(LANES) {
                    let mut square = [$zero(); LANES];
                    for i in 0..LANES {
                        // SAFETY: the sums have the square's rows and columns.
                        square[i] = unsafe { $load(sums.start.add((row + i) * sums.stride + column)) };
                    }
                    for (i, values) in $transposed(square).into_iter().enumerate() {
                        let values = $mul($splat(scale), values);
                        // SAFETY: y has them the other way round.
                        unsafe {
                            let to = y.start.add((column + i) * y.stride + row);
                            $store(to, if y.add { $add($load(to), values) } else { values });
                        }
                    }
                }
            }
            let one_by_one = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
                for column in columns {
                    for row in rows.clone() {
                        // SAFETY: both have the row and the column.
                        unsafe {
                            let value = scale * *sums.start.add(row * sums.stride + column);
                            let to = y.start.add(column * y.stride + row);
                            *to = if y.add { *to + value } else { value };
                        }
                    }
                }
            };
            one_by_one(whole_rows..rows, 0..columns);
            one_by_one(0..whole_rows, whole_columns..columns);
        }
    };
}
pub(super) use write_transposed;
