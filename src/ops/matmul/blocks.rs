//! y (+)= scale·a·b by blocks: what a block reads again and again stays in the caches.
//!
//! One side is larger than the other, the weights in a projection, and goes by once. Is it a, then b is packed once for
//! all and its rows go by in blocks; is it b, then its panels meet all of a one by one, packed before or by the first tile
//! that reads them. In each block the sum goes [`STEPS`] at a time, so that a packed panel stays in the first-level cache;
//! what comes next of the side that goes by is fetched meanwhile ([`Ahead`]).

use std::cell::RefCell;

use super::kernel::{Ahead, Columns, Kernel, LINE, Panel, Rows, STEPS, Sums};
use super::{Matrix, Output, Product};
use crate::threads;

/// Rows of a in a block at most, where they are read as they lie: with [`STEPS`] a part of a second-level cache.
const ROWS: usize = 96;
/// Sums of a block about, a quarter of a megabyte.
const SUMS: usize = 64 * 1024;
/// The same where a block packs its own panels: the taller it is, the fewer pack the same ones.
const TALL_SUMS: usize = 4 * SUMS;
/// Rows that are a multiple of so many floats apart share a few places of the first-level cache.
const CROWDED: usize = 1024;
/// Panels from which on it pays to move such rows together.
const MOVED: usize = 3;
/// Panels of b in a block at most.
const PANELS: usize = 6;
/// Rows that are transposed together at most.
const SQUARE: usize = 8;

impl Product {
    /// The product by `kernel`, on all threads if `parallel`.
    ///
    /// # Safety
    /// As for [`Product::run`]; the processor must have the kernel's instructions.
    pub(super) unsafe fn by_blocks(self, kernel: Kernel, parallel: bool) {
        let panels = panels(self.shape[1], kernel);
        let blocks = Blocks { product: self, kernel, panels: &panels, parallel };
        // SAFETY: the caller's promise.
        unsafe { blocks.run() };
    }
}

/// Σ y² of a product as its tiles have found it, where each is made in y itself; the same whatever the number of threads.
pub(super) struct Squares(Vec<f32>);

impl Squares {
    /// Room for those of `product`, if they can be had.
    pub fn of(product: &Product, kernel: Kernel) -> Option<Self> {
        let [rows, columns, steps] = product.shape;
        let is_direct = !product.is_transposed && product.scale == 1.0 && columns.is_multiple_of(kernel.lanes);
        (is_direct && steps > 0).then(|| Self(vec![0.0; rows.div_ceil(kernel.rows) * panels(columns, kernel).len()]))
    }

    /// Where `product` is to put them.
    pub fn start(&mut self) -> *mut f32 {
        self.0.as_mut_ptr()
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.0.iter().map(|square| f64::from(*square)).sum()
    }
}

/// The panels of `columns`.
fn panels(columns: usize, kernel: Kernel) -> Vec<Panel> {
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

/// A product and how it is cut into blocks.
struct Blocks<'a> {
    product: Product,
    kernel: Kernel,
    panels: &'a [Panel],
    parallel: bool,
}

impl Blocks<'_> {
    /// # Safety
    /// As for [`Product::by_blocks`].
    unsafe fn run(&self) {
        let [rows, columns, steps] = self.product.shape;
        let goes_by_rows = rows >= columns;
        let (height, group) = self.block_shape(goes_by_rows);
        let mut buffer = Buffer::new();
        let packed = if goes_by_rows && rows > height {
            let to = Output(buffer.room(columns.next_multiple_of(self.kernel.lanes) * steps));
            // SAFETY: there is room for all of b.
            self.for_each(self.panels.len(), |i| unsafe { self.pack(&self.panels[i], &to) });
            Some(to)
        } else {
            None
        };
        let groups = self.panels.len().div_ceil(group);
        self.for_each(rows.div_ceil(height) * groups, |i| {
            let (row, panel) = (i / groups * height, i % groups * group);
            let panels = &self.panels[panel..self.panels.len().min(panel + group)];
            // SAFETY: no other block has these rows and panels; what is packed is as `pack` leaves it.
            unsafe { self.block(row, height.min(rows - row), panels, packed.as_ref()) };
        });
    }

    /// Rows and panels of a block.
    fn block_shape(&self, goes_by_rows: bool) -> (usize, usize) {
        let [rows, columns, _] = self.product.shape;
        let Kernel { lanes, rows: tile, vectors, .. } = self.kernel;
        let threads = if self.parallel { rayon::current_num_threads() } else { 1 };
        // A thread that was late gets less.
        let share = |all: usize| if threads == 1 { all } else { all.div_ceil(2 * threads) };
        // Whole squares where y is written the other way round.
        let whole = if self.product.is_transposed { tile * SQUARE / gcd(tile, SQUARE) } else { tile };
        if goes_by_rows {
            let most = if self.is_packed() { (SUMS / columns).clamp(ROWS, 3 * ROWS) } else { ROWS };
            (share(rows).clamp(2 * tile, most).next_multiple_of(whole), self.panels.len())
        } else {
            let group = share(self.panels.len()).clamp(1, PANELS);
            (rows.min(TALL_SUMS / (group * vectors * lanes)).next_multiple_of(whole), group)
        }
    }

    fn for_each(&self, count: usize, task: impl Fn(usize) + Sync + Send) {
        if self.parallel {
            threads::for_each(count, task);
        } else {
            (0..count).for_each(task);
        }
    }

    /// Whether a is packed: its steps do not follow each other.
    fn is_packed(&self) -> bool {
        self.product.a.column != 1
    }

    /// Packs a panel of all of b, [`STEPS`] after [`STEPS`].
    ///
    /// # Safety
    /// There must be room for b up to whole vectors, and nobody else may use the panel's part of it.
    unsafe fn pack(&self, panel: &Panel, to: &Output) {
        let [_, columns, steps] = self.product.shape;
        for step in (0..steps).step_by(STEPS) {
            // SAFETY: b has the panel's columns and the steps.
            unsafe {
                let to = to.0.add(panel.from * steps + step * self.width(panel));
                let b = self.product.b.at(step, panel.from);
                (self.kernel.pack)(b, columns - panel.from, panel.vectors, STEPS.min(steps - step), to);
            }
        }
    }

    /// One block: `rows` rows of a from `row` on times some panels, which are packed here if all of b is not.
    ///
    /// # Safety
    /// The rows and panels must exist, and nobody else use that part of y.
    unsafe fn block(&self, row: usize, rows: usize, panels: &[Panel], packed: Option<&Output>) {
        let [_, _, steps] = self.product.shape;
        let Some(first) = panels.first().map(|panel| panel.from) else { return };
        ROOM.with_borrow_mut(|[a_room, b_room, sums_room]| {
            let tall = rows.next_multiple_of(self.kernel.rows);
            let wide = panels.iter().map(|panel| self.width(panel)).sum::<usize>();
            let sums = sums_room.room(tall * wide);
            for step in (0..steps).step_by(STEPS) {
                let count = STEPS.min(steps - step);
                // SAFETY: there is room for the block's rows and panels, up to whole tiles and vectors.
                unsafe {
                    let a_room = a_room.room(tall * count);
                    let a = self.rows(self.product.a.at(row, step), rows, count, a_room, panels.len());
                    let mut ahead = self.ahead([row, rows], [first, wide], step, packed.is_some());
                    for panel in panels {
                        let b = self.columns(panel, [step, count], rows, packed, b_room);
                        let mut to = self.sums(panel, row, sums.add((panel.from - first) * tall));
                        to.add |= step > 0;
                        if step + count < steps {
                            to.squares = Sums::NO_SQUARES;
                        }
                        (self.kernel.multiply)(a, rows, b, panel.vectors, count, to, &mut ahead);
                    }
                }
            }
            for panel in panels.iter().filter(|panel| !self.is_direct(panel)) {
                // SAFETY: the sums of the panel are there.
                unsafe { self.write(panel, row, rows, sums.add((panel.from - first) * tall)) };
            }
        });
    }

    /// `count` steps of a panel's columns as the kernel reads them: packed before, or to be packed to `room` by the first
    /// tile, which reads them as they lie, or packed there now where they do not lie side by side.
    ///
    /// # Safety
    /// b must have them.
    unsafe fn columns(
        &self,
        panel: &Panel,
        [step, count]: [usize; 2],
        rows: usize,
        packed: Option<&Output>,
        room: &mut Buffer,
    ) -> Columns {
        let (Product { b, shape: [_, columns, steps], .. }, width) = (self.product, self.width(panel));
        if let Some(packed) = packed {
            return Columns::packed(packed.0.wrapping_add(panel.from * steps + step * width), width);
        }
        // SAFETY: the caller's promise.
        let b = unsafe { b.at(step, panel.from) };
        let to = room.room(width * count);
        if b.column == 1 && panel.from + width <= columns && rows >= self.kernel.rows {
            return Columns { start: b.start, step: b.row, copy: to };
        }
        // SAFETY: there is room for the panel.
        unsafe { (self.kernel.pack)(b, columns - panel.from, panel.vectors, count, to) };
        Columns::packed(to, width)
    }

    /// What a block of such rows and columns reads from memory after the [`STEPS`] from `step` on, or the block after it:
    /// the side of which every part is read once.
    ///
    /// # Safety
    /// The product must have them.
    unsafe fn ahead(
        &self,
        [row, rows]: [usize; 2],
        [column, columns]: [usize; 2],
        step: usize,
        by_rows: bool,
    ) -> Ahead {
        let Product { a, b, shape: [all_rows, all_columns, steps], .. } = self.product;
        let (step, is_last) = (step + STEPS, step + STEPS >= steps);
        let runs = rows.div_ceil(self.kernel.rows) * columns.div_ceil(self.kernel.vectors * self.kernel.lanes);
        let runs = runs * STEPS.min(steps).div_ceil(LINE);
        let (row, column, step) = match (is_last, by_rows) {
            (false, _) => (row, column, step),
            (true, true) => (row + rows, column, 0),
            (true, false) => (row, column + columns, 0),
        };
        if row >= all_rows || column >= all_columns || (by_rows && self.is_packed()) {
            return Ahead::NONE;
        }
        let count = STEPS.min(steps - step);
        // SAFETY: both exist.
        unsafe {
            match by_rows {
                true => Ahead::new(a.at(row, step), [self.kernel.rows.min(all_rows - row), count], runs),
                false => Ahead::new(b.at(step, column), [count, columns.min(all_columns - column)], runs),
            }
        }
    }

    /// Floats side by side in a panel.
    fn width(&self, panel: &Panel) -> usize {
        panel.vectors * self.kernel.lanes
    }

    /// Rows of a as the kernel reads them: packed to `room` if their steps do not follow each other, moved there if
    /// `panels` of them read rows that crowd the cache, and else as they lie.
    ///
    /// # Safety
    /// a must have the rows and steps, and the room hold them up to whole tiles.
    unsafe fn rows(&self, a: Matrix, rows: usize, steps: usize, room: *mut f32, panels: usize) -> Rows {
        let tile = self.kernel.rows;
        if self.is_packed() {
            // SAFETY: the caller's promise.
            unsafe { (self.kernel.pack_rows)(a, rows, steps, room) };
            return Rows { start: room, row: 1, tile: tile * steps, is_packed: true };
        }
        if panels < MOVED || !a.row.is_multiple_of(CROWDED) {
            return Rows { start: a.start, row: a.row, tile: tile * a.row, is_packed: false };
        }
        for row in 0..rows {
            // SAFETY: the caller's promise.
            unsafe { room.add(row * steps).copy_from_nonoverlapping(a.start.add(row * a.row), steps) };
        }
        Rows { start: room, row: steps, tile: tile * steps, is_packed: false }
    }

    /// Whether a panel's sums are made in y itself: whole vectors that need nothing more.
    fn is_direct(&self, panel: &Panel) -> bool {
        let product = &self.product;
        !product.is_transposed && product.scale == 1.0 && panel.from + self.width(panel) <= product.shape[1]
    }

    /// Where a panel's sums are made.
    ///
    /// # Safety
    /// y must have the row and the panel's columns.
    unsafe fn sums(&self, panel: &Panel, row: usize, room: *mut f32) -> Sums {
        let Product { y, stride, add, squares, .. } = self.product;
        if !self.is_direct(panel) {
            return Sums::new(room, self.width(panel));
        }
        // SAFETY: the caller's promise.
        let start = unsafe { y.add(row * stride + panel.from) };
        let squares = match squares.is_null() {
            true => Sums::NO_SQUARES,
            false => {
                let of_tile = row / self.kernel.rows * self.panels.len() + panel.index;
                (squares.wrapping_add(of_tile), self.panels.len())
            }
        };
        Sums { start, stride, add, squares }
    }

    /// Takes a panel's sums to y.
    ///
    /// # Safety
    /// The sums of `rows` rows must be there, and y have them.
    unsafe fn write(&self, panel: &Panel, row: usize, rows: usize, sums: *mut f32) {
        let Product { y, stride, is_transposed, scale, add, .. } = self.product;
        let sums = Sums::new(sums, self.width(panel));
        let shape = [rows, self.width(panel).min(self.product.shape[1] - panel.from)];
        let (write, at) = match is_transposed {
            true => (self.kernel.write_transposed, panel.from * stride + row),
            false => (self.kernel.write, row * stride + panel.from),
        };
        // SAFETY: the caller's promise.
        unsafe { write(sums, shape, Sums { add, ..Sums::new(y.add(at), stride) }, scale) };
    }
}
