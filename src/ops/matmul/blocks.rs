//! Products by blocks: what a block reads again and again stays in the caches.
//!
//! One side is larger than the other, the weights in a projection, and goes by once. If that is a, all of b is packed
//! first and a's rows go by in blocks; if it is b, its panels meet all of a one by one, packed before or by the first tile
//! that reads them ([`block`]). Products that are computed together share the threads, and what they pack of the same b:
//! threads wait for each other twice for all of them, not twice for each.

mod block;

use std::cell::RefCell;

use super::Output;
use super::kernel::{Kernel, Panel, STEPS};
use super::product::{Matrix, Product, Term};
use crate::threads;

/// Rows of a in a block at most, where they are read as they lie: with [`STEPS`] a part of a second-level cache.
const ROWS: usize = 96;
/// Sums of a block about, a quarter of a megabyte.
const SUMS: usize = 64 * 1024;
/// The same where a block packs its own panels: the taller it is, the fewer pack the same ones.
const TALL_SUMS: usize = 4 * SUMS;
/// Panels of b in a block at most.
const PANELS: usize = 6;
/// Rows that are transposed together at most.
const SQUARE: usize = 8;

/// Computes products by `kernel`, on all threads if `parallel`.
///
/// # Safety
/// As for [`super::product::run_all`]; the processor must have the kernel's instructions.
pub(super) unsafe fn run(products: &[Product], kernel: Kernel, parallel: bool) {
    let threads = if parallel { rayon::current_num_threads() } else { 1 };
    let mut all: Vec<_> = products.iter().map(|product| Blocks::of(product, kernel)).collect();
    let mut later = 0;
    for blocks in all.iter_mut().rev() {
        blocks.cut(threads, later);
        later += blocks.work();
    }
    let mut room = Buffer::new();
    let packed = Output(room.room(share(&mut all)));
    let tasks = |task: fn(&Blocks) -> usize| all.iter().map(task).collect::<Vec<_>>();
    // SAFETY: there is room for what is packed, and each panel is packed once.
    threads::for_each_of(&tasks(Blocks::own_panels), parallel, |which, i| unsafe { all[which].pack(i, &packed) });
    // SAFETY: the caller's promise; no two blocks have the same part of a y.
    threads::for_each_of(&tasks(Blocks::count), parallel, |which, i| unsafe { all[which].run(i, &packed) });
}

/// Finds places for what is packed before the blocks, one for those that pack the same; returns the floats it takes.
fn share(all: &mut [Blocks]) -> usize {
    let (mut places, mut floats) = (Vec::new(), 0);
    for blocks in all.iter_mut().filter(|blocks| blocks.packs_before()) {
        let columns = blocks.shape[1];
        let width = columns.next_multiple_of(blocks.kernel.lanes);
        for piece in &mut blocks.pieces {
            let what = (piece.b, piece.steps, columns);
            let place = places.iter().find(|(known, _)| *known == what).map(|(_, place)| *place);
            piece.packed = Some(place.unwrap_or(floats));
            piece.is_own = place.is_none();
            if piece.is_own {
                places.push((what, floats));
                floats += width * piece.steps;
            }
        }
    }
    floats
}

/// A product and how it is cut into blocks, turned if that is less work.
struct Blocks {
    kernel: Kernel,
    y: *mut f32,
    stride: usize,
    /// Rows and columns of the product, turned if it is.
    shape: [usize; 2],
    scale: f32,
    add: bool,
    squares: *mut f32,
    /// Whether y is written the other way round: `[columns, rows]`.
    is_turned: bool,
    pieces: Vec<Piece>,
    panels: Vec<Panel>,
    blocks: Vec<Block>,
}

/// Some rows of a times some panels of b.
#[derive(Clone, Copy)]
struct Block {
    row: usize,
    rows: usize,
    panel: usize,
    panels: usize,
}

// SAFETY: whoever runs it promises that its part of y is nobody else's.
unsafe impl Sync for Blocks {}

/// At most [`STEPS`] of a term's steps.
struct Piece {
    a: Matrix,
    b: Matrix,
    steps: usize,
    /// Where all of b is packed before the blocks.
    packed: Option<usize>,
    /// Whether it is packed for this product; it may be for another.
    is_own: bool,
}

impl Piece {
    /// The pieces of a term.
    fn of(Term { a, b, steps }: Term) -> impl Iterator<Item = Self> {
        (0..steps).step_by(STEPS).map(move |step| {
            // SAFETY: the term has the steps.
            let (a, b) = unsafe { (a.at(0, step), b.at(step, 0)) };
            Self { a, b, steps: STEPS.min(steps - step), packed: None, is_own: false }
        })
    }
}

impl Blocks {
    fn of(product: &Product, kernel: Kernel) -> Self {
        let (is_turned, [rows, columns]) = (product.is_turned(), product.shape);
        let shape = if is_turned { [columns, rows] } else { [rows, columns] };
        let terms = product.terms.iter().map(|term| if is_turned { term.t() } else { *term });
        let Product { y, stride, scale, add, squares, .. } = *product;
        let (pieces, panels) = (terms.flat_map(Piece::of).collect(), panels(shape[1], kernel));
        Self { kernel, y, stride, shape, scale, add, squares, is_turned, pieces, panels, blocks: Vec::new() }
    }

    /// Whether the rows of a go by in blocks, and not the panels of b.
    fn goes_by_rows(&self) -> bool {
        self.shape[0] >= self.shape[1]
    }

    /// Multiplications.
    fn work(&self) -> usize {
        let steps: usize = self.pieces.iter().map(|piece| piece.steps).sum();
        self.shape[0] * self.shape[1] * steps
    }

    /// Cuts the side that goes by into blocks; the multiplications of products after it are `later`.
    fn cut(&mut self, threads: usize, later: usize) {
        let [rows, columns] = self.shape;
        let Kernel { lanes, rows: tile, vectors, .. } = self.kernel;
        // Whole squares where y is written the other way round.
        let whole = if self.is_turned { tile * SQUARE / gcd(tile, SQUARE) } else { tile };
        let panels = self.panels.len();
        if self.goes_by_rows() {
            let is_packed = self.pieces.first().is_some_and(Piece::is_packed);
            let most = if is_packed { (SUMS / columns.max(1)).clamp(ROWS, 3 * ROWS) } else { ROWS };
            let [least, most] = [2 * tile, most].map(|count| count.next_multiple_of(whole));
            let later = later / (self.work() / rows.max(1)).max(1);
            let parts = guided(rows, later, threads, [least, most, whole]);
            self.blocks = parts.map(|(row, rows)| Block { row, rows, panel: 0, panels }).collect();
        } else {
            let later = later / (self.work() / panels).max(1);
            for (panel, panels) in guided(panels, later, threads, [1, PANELS, 1]) {
                let height = (TALL_SUMS / (panels * vectors * lanes)).next_multiple_of(whole);
                let parts = (0..rows).step_by(height).map(|row| (row, height.min(rows - row)));
                self.blocks.extend(parts.map(|(row, rows)| Block { row, rows, panel, panels }));
            }
        }
    }

    /// How many blocks it has.
    fn count(&self) -> usize {
        self.blocks.len()
    }

    /// Whether all of b is packed before the blocks.
    fn packs_before(&self) -> bool {
        self.goes_by_rows() && self.blocks.len() > 1
    }

    /// How many panels are packed for it before the blocks.
    fn own_panels(&self) -> usize {
        if self.pieces.iter().any(|piece| piece.is_own) { self.panels.len() } else { 0 }
    }

    /// Packs panel `i` of all pieces of b that are packed for it.
    ///
    /// # Safety
    /// There must be room for them where [`share`] said, and nobody else may use the panel's part of it.
    unsafe fn pack(&self, i: usize, to: &Output) {
        let panel = &self.panels[i];
        let columns = self.shape[1] - panel.from;
        for piece in self.pieces.iter().filter(|piece| piece.is_own) {
            let Some(place) = piece.packed else { continue };
            // SAFETY: b has the panel's columns and the steps.
            unsafe {
                let to = to.0.add(place + panel.from * piece.steps);
                (self.kernel.pack)(piece.b.at(0, panel.from), columns, panel.vectors, piece.steps, to);
            }
        }
    }

    /// Computes block `i`.
    ///
    /// # Safety
    /// Nobody else may use its part of y, and what is packed before must be.
    unsafe fn run(&self, i: usize, packed: &Output) {
        let Block { row, rows, panel, panels } = self.blocks[i];
        // SAFETY: no other block has these rows and panels.
        unsafe { self.block(row, rows, &self.panels[panel..panel + panels], packed) };
    }
}

/// The panels of `columns`.
pub(super) fn panels(columns: usize, kernel: Kernel) -> Vec<Panel> {
    let (mut from, mut left) = (0, columns.div_ceil(kernel.lanes));
    let mut panels = Vec::new();
    while left > 0 {
        // Not all but one, and then that one: a lone vector's sums wait for each other.
        let vectors = if left == kernel.vectors + 1 { left.div_ceil(2) } else { left.min(kernel.vectors) };
        panels.push(Panel { from, vectors, index: panels.len() });
        from += vectors * kernel.lanes;
        left -= vectors;
    }
    panels
}

/// Where parts of `all` begin and how long they are, with as much as `later` to be done after them: large ones first and
/// small ones last, so that the threads finish together (guided self-scheduling, Polychronopoulos and Kuck 1987). But for
/// the last they are multiples of `whole`, as `least` and `most` must be.
fn guided(
    all: usize,
    later: usize,
    threads: usize,
    [least, most, whole]: [usize; 3],
) -> impl Iterator<Item = (usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let share = if threads == 1 { most } else { (all - from + later) / (2 * threads) };
        let count = share.next_multiple_of(whole).clamp(least, most).min(all - from);
        from += count;
        (count > 0).then_some((from - count, count))
    })
}

/// The greatest common divisor.
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "it is only room")] [f32; 16]);

/// Room for floats that starts on a cache line and is kept for the next time.
struct Buffer(Vec<Line>);

impl Buffer {
    const fn new() -> Self {
        Self(Vec::new())
    }

    /// Room for so many floats; what they are is left open.
    fn room(&mut self, floats: usize) -> *mut f32 {
        self.0.reserve(floats.div_ceil(size_of::<Line>() / size_of::<f32>()));
        self.0.as_mut_ptr().cast()
    }
}

thread_local! {
    /// A block's packed rows of a, its packed panels, and its sums.
    static ROOM: RefCell<[Buffer; 3]> = const { RefCell::new([const { Buffer::new() }; 3]) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_and_get_smaller() {
        for (all, later, threads) in [(0, 5, 2), (1, 0, 2), (576, 0, 2), (576, 10_000, 2), (1000, 300, 7), (130, 0, 1)]
        {
            let parts: Vec<_> = guided(all, later, threads, [24, 96, 24]).collect();
            let mut end = 0;
            for (i, (from, count)) in parts.iter().enumerate() {
                assert_eq!(*from, end, "{all} after {later}");
                assert!(*count <= 96 && (i + 1 == parts.len() || count.is_multiple_of(24)), "{count} of {all}");
                assert!(i == 0 || *count <= parts[i - 1].1, "{parts:?}");
                end += count;
            }
            assert_eq!(end, all);
        }
        let sizes = |later| guided(576, later, 2, [24, 96, 24]).map(|(_, count)| count).collect::<Vec<_>>();
        assert_eq!(sizes(0), [96, 96, 96, 72, 72, 48, 24, 24, 24, 24]);
        assert_eq!(sizes(10_000), [96; 6]);
    }
}
