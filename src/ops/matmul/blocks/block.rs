//! One block: some rows of a times some panels of b. The sum goes piece by piece, so that a packed panel stays in the
//! first-level cache; what comes next of the side that goes by is fetched meanwhile ([`Ahead`]).

use super::super::Output;
use super::super::kernel::{Ahead, Columns, LINE, Panel, Rows, Sums};
use super::{Blocks, Buffer, Piece, ROOM};

/// Rows that are a multiple of so many floats apart share a few places of the first-level cache.
const CROWDED: usize = 1024;
/// Panels from which on it pays to move such rows together.
const MOVED: usize = 3;

impl Piece {
    /// Whether a is packed: its steps do not follow each other.
    pub fn is_packed(&self) -> bool {
        self.a.column != 1
    }
}

impl Blocks {
    /// One block: `rows` rows of a from `row` on times some panels, which are packed here if all of b is not.
    ///
    /// # Safety
    /// The rows and panels must exist, and nobody else use that part of y.
    pub unsafe fn block(&self, row: usize, rows: usize, panels: &[Panel], packed: &Output) {
        let Some(first) = panels.first().map(|panel| panel.from) else { return };
        ROOM.with_borrow_mut(|[a_room, b_room, sums_room]| {
            let tall = rows.next_multiple_of(self.kernel.rows);
            let wide = panels.iter().map(|panel| self.width(panel)).sum::<usize>();
            let sums = sums_room.room(tall * wide);
            for (i, piece) in self.pieces.iter().enumerate() {
                // SAFETY: there is room for the block's rows and panels, up to whole tiles and vectors.
                unsafe {
                    let a_room = a_room.room(tall * piece.steps);
                    let a = self.rows(piece, [row, rows], a_room, panels.len());
                    let mut ahead = self.ahead([row, rows], [first, wide], i);
                    for panel in panels {
                        let b = self.columns(panel, piece, rows, packed, b_room);
                        let mut to = self.sums(panel, row, sums.add((panel.from - first) * tall));
                        to.add |= i > 0;
                        if i + 1 < self.pieces.len() {
                            to.squares = Sums::NO_SQUARES;
                        }
                        (self.kernel.multiply)(a, rows, b, panel.vectors, piece.steps, to, &mut ahead);
                    }
                }
            }
            for panel in panels.iter().filter(|panel| !self.is_direct(panel)) {
                // SAFETY: the sums of the panel are there.
                unsafe { self.write(panel, row, rows, sums.add((panel.from - first) * tall)) };
            }
        });
    }

    /// A panel's columns of a piece as the kernel reads them: packed before, or to be packed to `room` by the first tile,
    /// which reads them as they lie, or packed there now where they do not lie side by side.
    ///
    /// # Safety
    /// b must have them.
    unsafe fn columns(&self, panel: &Panel, piece: &Piece, rows: usize, packed: &Output, room: &mut Buffer) -> Columns {
        let (columns, width) = (self.shape[1], self.width(panel));
        if let Some(place) = piece.packed {
            return Columns::packed(packed.0.wrapping_add(place + panel.from * piece.steps), width);
        }
        // SAFETY: the caller's promise.
        let b = unsafe { piece.b.at(0, panel.from) };
        let to = room.room(width * piece.steps);
        if b.column == 1 && panel.from + width <= columns && rows >= self.kernel.rows {
            return Columns { start: b.start, step: b.row, copy: to };
        }
        // SAFETY: there is room for the panel.
        unsafe { (self.kernel.pack)(b, columns - panel.from, panel.vectors, piece.steps, to) };
        Columns::packed(to, width)
    }

    /// What a block of such rows and columns reads from memory after piece `i`, or the block after it: the side of which
    /// every part is read once.
    ///
    /// # Safety
    /// The product must have them.
    unsafe fn ahead(&self, [row, rows]: [usize; 2], [column, columns]: [usize; 2], i: usize) -> Ahead {
        let [all_rows, all_columns] = self.shape;
        let (by_rows, is_last) = (self.pieces[i].packed.is_some(), i + 1 == self.pieces.len());
        let runs = rows.div_ceil(self.kernel.rows) * columns.div_ceil(self.kernel.vectors * self.kernel.lanes);
        let runs = runs * self.pieces[i].steps.div_ceil(LINE);
        let (row, column, next) = match (is_last, by_rows) {
            (false, _) => (row, column, &self.pieces[i + 1]),
            (true, true) => (row + rows, column, &self.pieces[0]),
            (true, false) => (row, column + columns, &self.pieces[0]),
        };
        if row >= all_rows || column >= all_columns || (by_rows && next.is_packed()) {
            return Ahead::NONE;
        }
        // SAFETY: both exist.
        unsafe {
            match by_rows {
                true => Ahead::new(next.a.at(row, 0), [self.kernel.rows.min(all_rows - row), next.steps], runs),
                false => Ahead::new(next.b.at(0, column), [next.steps, columns.min(all_columns - column)], runs),
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
    /// a must have the rows, and the room hold them up to whole tiles.
    unsafe fn rows(&self, piece: &Piece, [row, rows]: [usize; 2], room: *mut f32, panels: usize) -> Rows {
        let (tile, steps) = (self.kernel.rows, piece.steps);
        // SAFETY: the caller's promise.
        let a = unsafe { piece.a.at(row, 0) };
        if piece.is_packed() {
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
        !self.is_turned && self.scale == 1.0 && panel.from + self.width(panel) <= self.shape[1]
    }

    /// Where a panel's sums are made.
    ///
    /// # Safety
    /// y must have the row and the panel's columns.
    unsafe fn sums(&self, panel: &Panel, row: usize, room: *mut f32) -> Sums {
        let Self { y, stride, add, squares, .. } = *self;
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
        let Self { y, stride, is_turned, scale, add, .. } = *self;
        let sums = Sums::new(sums, self.width(panel));
        let shape = [rows, self.width(panel).min(self.shape[1] - panel.from)];
        let (write, at) = match is_turned {
            true => (self.kernel.write_transposed, panel.from * stride + row),
            false => (self.kernel.write, row * stride + panel.from),
        };
        // SAFETY: the caller's promise.
        unsafe { write(sums, shape, Sums { add, ..Sums::new(y.add(at), stride) }, scale) };
    }
}
