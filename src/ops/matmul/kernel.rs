//! What the processor's vector instructions do for a product: [`Kernel`], one for each set of them, made by the macros in
//! `loops` and `transposed`.
//!
//! A tile is a few rows of a times a panel, a few vectors of b's columns. Each step loads the panel's vectors and adds
//! them, times one float of each row, to the sums: nothing is summed across lanes.

mod loops;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod transposed;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::Matrix;
use crate::ops::simd::Level;

/// Floats of a cache line on most processors.
pub const LINE: usize = 16;
/// Steps of the sum that are taken together: their sums are added to those of the steps before. Every element is summed
/// in this order, whatever the shapes and however many threads there are.
pub const STEPS: usize = 192;
/// Steps that packing fetches ahead.
const AHEAD: usize = 12;

/// The loops for one set of vector instructions.
///
/// # Safety
/// All of them need the instructions, and operands that are as large as the shapes say.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// Floats in a vector.
    pub lanes: usize,
    /// Rows of a tile.
    pub rows: usize,
    /// Vectors of a panel at most.
    pub vectors: usize,
    /// Copies the columns of a panel of `vectors`, of which b has so many from its start on: `[steps, vectors · lanes]` with
    /// zeros beyond the last column.
    pub pack: unsafe fn(b: Matrix, columns: usize, vectors: usize, steps: usize, to: *mut f32),
    /// Copies `a [rows, steps]` tile after tile, each `[steps, Kernel::rows]` with zeros beyond the last row. For rows
    /// whose steps do not follow each other.
    pub pack_rows: unsafe fn(a: Matrix, rows: usize, steps: usize, to: *mut f32),
    /// sums (+)= a·panel for `rows` rows of a and a panel of `vectors`. What is `ahead` is fetched meanwhile.
    pub multiply:
        unsafe fn(a: Rows, rows: usize, panel: Columns, vectors: usize, steps: usize, sums: Sums, ahead: &mut Ahead),
    /// y = x·Wᵀ for at most `lanes` rows of W, `steps` floats each, and `tokens` rows of x: a vector's sums are those of
    /// as many rows of W, transposed as they are read, added up in the same order as everywhere else.
    pub few: unsafe fn(x: *const f32, tokens: usize, w: *const f32, rows: usize, steps: usize, y: Sums),
    /// y (+)= scale·sums for the sums of `[rows, columns]`.
    pub write: unsafe fn(sums: Sums, [usize; 2], y: Sums, scale: f32),
    /// y (+)= scale·sumsᵀ for the sums of `[rows, columns]`.
    pub write_transposed: unsafe fn(sums: Sums, [usize; 2], y: Sums, scale: f32),
}

/// The kernel for `level`, if there is one.
pub fn kernel(level: Level) -> Option<Kernel> {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => Some(x86::avx512::KERNEL),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => Some(x86::avx2::KERNEL),
        #[cfg(target_arch = "x86_64")]
        Level::Portable => Some(sse2::sse2::KERNEL),
        #[cfg(target_arch = "aarch64")]
        Level::Neon => Some(neon::neon::KERNEL),
        _ => None,
    }
}

/// Columns that are multiplied together.
#[derive(Clone, Copy)]
pub struct Panel {
    /// The first of them.
    pub from: usize,
    pub vectors: usize,
    /// Its place among the panels.
    pub index: usize,
}

/// A panel's columns: floats from step to step.
#[derive(Clone, Copy)]
pub struct Columns {
    pub start: *const f32,
    pub step: usize,
    /// Where the first tile brings them side by side, for those after it. Null if they lie so already; needs a whole tile.
    pub copy: *mut f32,
}

impl Columns {
    /// That lie side by side, so many floats in a step.
    pub fn packed(start: *const f32, width: usize) -> Self {
        Self { start, step: width, copy: std::ptr::null_mut() }
    }
}

/// Rows of the left operand: floats from row to row of a tile, and from tile to tile. A row's steps follow each other, or
/// it is packed: a step's rows follow each other.
#[derive(Clone, Copy)]
pub struct Rows {
    pub start: *const f32,
    pub row: usize,
    pub tile: usize,
    pub is_packed: bool,
}

/// Rows of sums, each in one piece.
#[derive(Clone, Copy)]
pub struct Sums {
    pub start: *mut f32,
    /// Floats from row to row.
    pub stride: usize,
    /// Whether what is written is added to what is there.
    pub add: bool,
    /// Where each tile's sum of squares is put, and floats from tile to tile; none if null.
    pub squares: (*mut f32, usize),
}

impl Sums {
    pub const NO_SQUARES: (*mut f32, usize) = (std::ptr::null_mut(), 0);

    /// Written as usual.
    pub fn new(start: *mut f32, stride: usize) -> Self {
        Self { start, stride, add: false, squares: Self::NO_SQUARES }
    }
}

/// What is read next and lies in memory: it is fetched to the second-level cache while something else is multiplied, a
/// few lines for each [`LINE`] steps of a tile.
pub struct Ahead {
    at: *const f32,
    /// Lines that are left of the row at `at`, and lines of a row.
    left: usize,
    lines: usize,
    /// Floats from the end of a row's lines to the next row.
    gap: usize,
    /// Rows that are left, that one included.
    rows: usize,
    pace: usize,
}

impl Ahead {
    /// Nothing.
    pub const NONE: Self = Self { at: std::ptr::null(), left: 0, lines: 0, gap: 0, rows: 0, pace: 0 };

    /// `matrix [rows, columns]`, in `runs` times [`LINE`] steps.
    pub fn new(matrix: Matrix, [rows, columns]: [usize; 2], runs: usize) -> Self {
        let (row, rows, floats) = match matrix.column {
            1 => (matrix.row, rows, columns),
            _ => (matrix.column, columns, rows),
        };
        let lines = floats.div_ceil(LINE);
        let pace = (lines * rows).div_ceil(runs.max(1));
        Self { at: matrix.start, left: lines, lines, gap: row.wrapping_sub(lines * LINE), rows, pace }
    }

    /// Fetches the next lines.
    #[inline(always)]
    fn fetch(&mut self, prefetch: impl Fn(*const f32)) {
        for _ in 0..self.pace {
            if self.rows == 0 {
                return;
            }
            prefetch(self.at);
            (self.at, self.left) = (self.at.wrapping_add(LINE), self.left - 1);
            if self.left == 0 {
                (self.at, self.left, self.rows) = (self.at.wrapping_add(self.gap), self.lines, self.rows - 1);
            }
        }
    }
}
