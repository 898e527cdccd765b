//! The directions in which a matrix is spread, the widest first.

/// Sweeps until what is beside the diagonal is gone; it goes quadratically.
const SWEEPS: usize = 12;

/// Eigenvalues of a symmetric matrix of so many rows, the largest first, and their vectors, one a row (Jacobi 1846).
pub(super) fn directions(mut matrix: Vec<f64>, rows: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut vectors: Vec<Vec<f64>> =
        (0..rows).map(|i| (0..rows).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        let (beside, whole) = weight(&matrix, rows);
        if beside <= 1e-18 * whole {
            break;
        }
        for p in 0..rows {
            for q in p + 1..rows {
                if let Some((cos, sin)) = angle(matrix[p * rows + p], matrix[q * rows + q], matrix[p * rows + q]) {
                    turn(&mut matrix, rows, (p, q), (cos, sin));
                    let (before, from_q) = vectors.split_at_mut(q);
                    rotate(&mut before[p], &mut from_q[0], (cos, sin));
                }
            }
        }
    }
    let mut all: Vec<(f64, Vec<f64>)> =
        vectors.into_iter().enumerate().map(|(i, vector)| (matrix[i * rows + i].max(0.0), vector)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().unzip()
}

/// Sums of squares beside the diagonal and of all.
fn weight(matrix: &[f64], rows: usize) -> (f64, f64) {
    let whole: f64 = matrix.iter().map(|value| value * value).sum();
    let on: f64 = (0..rows).map(|i| matrix[i * rows + i].powi(2)).sum();
    (whole - on, whole)
}

/// Cosine and sine of the turn that makes `beside` zero; `None` where it is.
fn angle(first: f64, second: f64, beside: f64) -> Option<(f64, f64)> {
    if beside.abs() <= 1e-15 * (first.abs() + second.abs()) {
        return None;
    }
    let ratio = (second - first) / (2.0 * beside);
    let tangent = ratio.signum() / (ratio.abs() + (1.0 + ratio * ratio).sqrt());
    let cos = 1.0 / (1.0 + tangent * tangent).sqrt();
    Some((cos, tangent * cos))
}

/// Turns the plane of two axes: rows, then columns.
fn turn(matrix: &mut [f64], rows: usize, (p, q): (usize, usize), turn: (f64, f64)) {
    let (before, from_q) = matrix.split_at_mut(q * rows);
    rotate(&mut before[p * rows..][..rows], &mut from_q[..rows], turn);
    let (cos, sin) = turn;
    for row in matrix.chunks_exact_mut(rows) {
        (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
    }
}

fn rotate(first: &mut [f64], second: &mut [f64], (cos, sin): (f64, f64)) {
    for (a, b) in first.iter_mut().zip(second) {
        (*a, *b) = (cos * *a - sin * *b, sin * *a + cos * *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_the_sum_of_its_directions() {
        let rows = 7;
        let entry = |i: usize, j: usize| ((3 * i + 5 * j) as f64).sin() + ((3 * j + 5 * i) as f64).sin();
        let matrix: Vec<f64> = (0..rows * rows).map(|at| entry(at / rows, at % rows)).collect();
        let square: Vec<f64> = (0..rows * rows)
            .map(|at| (0..rows).map(|k| matrix[at / rows * rows + k] * matrix[at % rows * rows + k]).sum())
            .collect();
        let (values, vectors) = directions(square.clone(), rows);
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
        for at in 0..rows * rows {
            let sum: f64 = values.iter().zip(&vectors).map(|(value, v)| value * v[at / rows] * v[at % rows]).sum();
            assert!((sum - square[at]).abs() < 1e-9, "{at}: {sum} {}", square[at]);
        }
    }
}
