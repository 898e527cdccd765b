//! Σ y², found as y is written.

use super::blocks::panels;
use super::kernel::Kernel;
use super::product::Product;

/// Σ y² of a product as its tiles have found it, where each is made in y itself; the same whatever the number of threads.
pub(super) struct Squares(Vec<f32>);

impl Squares {
    /// Room for those of `product`, if they can be had.
    pub fn of(product: &Product, kernel: Kernel) -> Option<Self> {
        let [rows, columns] = product.shape;
        let is_direct = !product.is_turned() && product.scale == 1.0 && columns.is_multiple_of(kernel.lanes);
        let tiles = || rows.div_ceil(kernel.rows) * panels(columns, kernel).len();
        (is_direct && product.steps() > 0).then(|| Self(vec![0.0; tiles()]))
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
