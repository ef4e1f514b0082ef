//! Convolutions of one row of pixels, channels last.
//!
//! Each public function is compiled once for each set of instructions, by `vectorize`. What it calls is
//! inlined, or it would be compiled without them.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x8, f32x16};

/// Inputs that are read at once. Each pixel of a row has a multiple of it.
pub(super) const CHUNK: usize = 4;

/// Channels that are computed at once: those of one vector.
pub(super) fn lanes(channels: usize) -> usize {
    if channels.is_multiple_of(16) { 16 } else { 8 }
}

/// The smallest number of channels, not below `channels`, that vectors hold without a rest.
pub(super) fn padded(channels: usize) -> usize {
    if channels <= 8 { 8 } else { channels.next_multiple_of(16) }
}

/// A convolution that mixes channels.
#[derive(Clone, Debug)]
pub(super) struct Mixing {
    /// Channels of the output, padded with channels of zeros.
    pub(super) outputs: usize,
    /// Values that one pixel of the output depends on, over all rows that it reads.
    inputs: usize,
    /// For each vector of outputs, the weights of all inputs in order.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// What becomes of a sum before it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finish<'a> {
    /// A row of the same size that is added.
    pub(super) added: Option<&'a [f32]>,
    /// PReLU: one slope for each channel.
    pub(super) slopes: Option<&'a [f32]>,
    /// The output has all pixels of the first vector of channels, then those of the next.
    pub(super) by_vector: bool,
}

impl Mixing {
    /// `weight(output, input)` of every pair; one bias for each output.
    pub(super) fn new(inputs: usize, bias: &[f32], weight: impl Fn(usize, usize) -> f32) -> Self {
        let outputs = padded(bias.len());
        let lanes = lanes(outputs);
        let mut weights = vec![0.0; outputs * inputs];
        for output in 0..bias.len() {
            for input in 0..inputs {
                let vector = (output / lanes) * inputs + input;
                weights[vector * lanes + output % lanes] = weight(output, input);
            }
        }
        let mut padded = bias.to_vec();
        padded.resize(outputs, 0.0);
        Self { outputs, inputs, weights, bias: padded }
    }

    /// One row of the output. Its pixel x reads, of each of `rows`, the values from `x · step` on, an equal
    /// share of all inputs.
    pub(super) fn row<S: Simd>(
        &self,
        simd: S,
        rows: &[&[f32]],
        step: usize,
        finish: Finish<'_>,
        out: &mut [f32],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                if lanes(self.outputs) == 16 {
                    self.vectors::<S, f32x16<S>>(simd, rows, step, finish, out);
                } else {
                    self.vectors::<S, f32x8<S>>(simd, rows, step, finish, out);
                }
            },
        );
    }

    #[inline(always)]
    fn vectors<S: Simd, V: SimdFloat<S, Element = f32>>(
        &self,
        simd: S,
        rows: &[&[f32]],
        step: usize,
        finish: Finish<'_>,
        out: &mut [f32],
    ) {
        let pixels = out.len() / self.outputs;
        // Eight sums of one vector keep the processor busy; of vectors that need two registers, four do.
        let one_register = <S::f32s as SimdBase<S>>::LEN >= V::LEN;
        for vector in 0..self.outputs / V::LEN {
            let mut x = 0;
            while one_register && x + 8 <= pixels {
                self.pixels::<S, V, 8>(simd, rows, step, finish, out, (x, vector));
                x += 8;
            }
            while x + 4 <= pixels {
                self.pixels::<S, V, 4>(simd, rows, step, finish, out, (x, vector));
                x += 4;
            }
            while x < pixels {
                self.pixels::<S, V, 1>(simd, rows, step, finish, out, (x, vector));
                x += 1;
            }
        }
    }

    /// One vector of channels of `PIXELS` pixels from `x` on.
    #[inline(always)]
    fn pixels<S: Simd, V: SimdFloat<S, Element = f32>, const PIXELS: usize>(
        &self,
        simd: S,
        rows: &[&[f32]],
        step: usize,
        finish: Finish<'_>,
        out: &mut [f32],
        (x, vector): (usize, usize),
    ) {
        let channel = vector * V::LEN;
        let mut sums = [V::from_slice(simd, &self.bias[channel..][..V::LEN]); PIXELS];
        let reads = self.inputs / rows.len();
        for (row, values) in rows.iter().enumerate() {
            let from = (vector * self.inputs + row * reads) * V::LEN;
            let weights = &self.weights[from..][..reads * V::LEN];
            let mut pixels: [&[[f32; CHUNK]]; PIXELS] = [&[]; PIXELS];
            for (p, pixel) in pixels.iter_mut().enumerate() {
                *pixel = values[(x + p) * step..][..reads].as_chunks().0;
            }
            // Chunks of a known size need no check for each value.
            for (chunk, weights) in weights.chunks_exact(CHUNK * V::LEN).enumerate() {
                let mut values = [&[0.0; CHUNK]; PIXELS];
                for p in 0..PIXELS {
                    values[p] = &pixels[p][chunk];
                }
                for k in 0..CHUNK {
                    let weight = V::from_slice(simd, &weights[k * V::LEN..][..V::LEN]);
                    for p in 0..PIXELS {
                        sums[p] = V::splat(simd, values[p][k]).mul_add(weight, sums[p]);
                    }
                }
            }
        }
        let pixels = out.len() / self.outputs;
        for (p, mut sum) in sums.into_iter().enumerate() {
            let at = (x + p) * self.outputs + channel;
            if let Some(added) = finish.added {
                sum += V::from_slice(simd, &added[at..][..V::LEN]);
            }
            if let Some(slopes) = finish.slopes {
                let slope = V::from_slice(simd, &slopes[channel..][..V::LEN]);
                let zero = V::splat(simd, 0.0);
                sum = sum.min(zero).mul_add(slope, sum.max(zero));
            }
            let at = if finish.by_vector { (vector * pixels + x + p) * V::LEN } else { at };
            sum.store_slice(&mut out[at..][..V::LEN]);
        }
    }
}

/// A convolution of 3×3 pixels, each channel by itself.
#[derive(Clone, Debug)]
pub(super) struct Depthwise {
    channels: usize,
    /// For each vector of channels, its nine weights and then its bias.
    weights: Vec<f32>,
}

impl Depthwise {
    /// `weight(channel, tap)`, the taps row by row; one bias for each channel.
    pub(super) fn new(bias: &[f32], weight: impl Fn(usize, usize) -> f32) -> Self {
        let channels = padded(bias.len());
        let lanes = lanes(channels);
        let mut weights = vec![0.0; channels * 10];
        for (channel, bias) in bias.iter().enumerate() {
            let at = |tap| ((channel / lanes) * 10 + tap) * lanes + channel % lanes;
            for tap in 0..9 {
                weights[at(tap)] = weight(channel, tap);
            }
            weights[at(9)] = *bias;
        }
        Self { channels, weights }
    }

    /// One row of the output, `pixels` wide, from the rows above, here and below. They are written
    /// [by vector](Finish::by_vector); outside the picture, all is zero.
    pub(super) fn row<S: Simd>(&self, simd: S, rows: [&[f32]; 3], pixels: usize, out: &mut [f32]) {
        simd.vectorize(
            #[inline(always)]
            || {
                if lanes(self.channels) == 16 {
                    self.vectors::<S, f32x16<S>>(simd, rows, pixels, out);
                } else {
                    self.vectors::<S, f32x8<S>>(simd, rows, pixels, out);
                }
            },
        );
    }

    #[inline(always)]
    fn vectors<S: Simd, V: SimdFloat<S, Element = f32>>(
        &self,
        simd: S,
        rows: [&[f32]; 3],
        pixels: usize,
        out: &mut [f32],
    ) {
        // Plain loops: a closure would be compiled without the instructions of `S`.
        let zero = V::splat(simd, 0.0);
        for vector in 0..self.channels / V::LEN {
            let mut w = [zero; 10];
            for (w, tap) in w.iter_mut().zip(self.weights[vector * 10 * V::LEN..].chunks(V::LEN)) {
                *w = V::from_slice(simd, tap);
            }
            let mut columns = [&[][..]; 3];
            for (column, row) in columns.iter_mut().zip(rows) {
                *column = &row[vector * pixels * V::LEN..][..pixels * V::LEN];
            }
            let (mut middle, mut right) = ([zero; 3], [zero; 3]);
            for r in 0..3 {
                right[r] = V::from_slice(simd, &columns[r][..V::LEN]);
            }
            for (x, out) in out.chunks_exact_mut(self.channels).enumerate() {
                let left = middle;
                middle = right;
                let mut sums = [w[9], zero, zero];
                for r in 0..3 {
                    let next = columns[r].get((x + 1) * V::LEN..(x + 2) * V::LEN);
                    right[r] = match next {
                        Some(values) => V::from_slice(simd, values),
                        None => zero,
                    };
                    sums[r] = left[r].mul_add(w[3 * r], sums[r]);
                    sums[r] = middle[r].mul_add(w[3 * r + 1], sums[r]);
                    sums[r] = right[r].mul_add(w[3 * r + 2], sums[r]);
                }
                let sum = sums[0] + (sums[1] + sums[2]);
                sum.store_slice(&mut out[vector * V::LEN..][..V::LEN]);
            }
        }
    }
}

/// The greatest value of each square of four pixels, channel by channel. `out` may have more channels; they
/// keep what they have.
pub(super) fn greatest_of_four<S: Simd>(
    simd: S,
    [above, below]: [&[f32]; 2],
    channels: usize,
    out: &mut [f32],
    out_channels: usize,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let pairs = above.chunks_exact(2 * channels).zip(below.chunks_exact(2 * channels));
            for ((above, below), out) in pairs.zip(out.chunks_exact_mut(out_channels)) {
                for at in (0..channels).step_by(8) {
                    let mut greatest = f32x8::from_slice(simd, &above[at..][..8]);
                    for values in [&above[channels + at..], &below[at..], &below[channels + at..]] {
                        greatest = greatest.max(f32x8::from_slice(simd, &values[..8]));
                    }
                    greatest.store_slice(&mut out[at..][..8]);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};

    /// Numbers between −1 and 1 that have no order.
    fn scattered(count: usize, factor: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * factor) % 199) as f32 / 99.5 - 1.0).collect()
    }

    fn close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() < 1e-4, "value {i}: {found}, expected {expected}");
        }
    }

    /// The vectors of each level that this machine has.
    fn levels() -> [Level; 2] {
        [Level::new(), Level::baseline()]
    }

    #[test]
    fn a_mixed_row_is_the_sum_over_all_inputs() {
        for (inputs, outputs, pixels) in
            [(8, 16, 13), (16, 8, 8), (12, 5, 3), (64, 40, 6), (4, 128, 1)]
        {
            let weights = scattered(inputs * 2 * outputs, 7919);
            let bias = scattered(outputs, 31);
            let mixing = Mixing::new(inputs * 2, &bias, |o, i| weights[o * inputs * 2 + i]);
            let rows = [scattered(pixels * inputs, 17), scattered(pixels * inputs, 101)];
            let wide = mixing.outputs;
            let (added, mut slopes) = (scattered(pixels * wide, 57), scattered(outputs, 13));
            slopes.resize(wide, 0.0);
            let mut expected = vec![0.0; pixels * wide];
            for (i, expected) in expected.iter_mut().enumerate() {
                let (x, o) = (i / wide, i % wide);
                let mut sum = added[i] + bias.get(o).unwrap_or(&0.0);
                for k in 0..inputs * 2 {
                    let value = rows[k / inputs][x * inputs + k % inputs];
                    sum += value
                        * weights.get(o * inputs * 2 + k).filter(|_| o < outputs).unwrap_or(&0.0);
                }
                *expected = if sum < 0.0 { sum * slopes[o] } else { sum };
            }
            for level in levels() {
                let mut out = vec![0.0; pixels * wide];
                let finish =
                    Finish { added: Some(&added), slopes: Some(&slopes), by_vector: false };
                let rows = [&rows[0][..], &rows[1]];
                dispatch!(level, simd => mixing.row(simd, &rows, inputs, finish, &mut out));
                close(&out, &expected);
            }
        }
    }

    #[test]
    fn a_row_by_vector_has_the_same_values_in_another_order() {
        let mixing = Mixing::new(8, &scattered(32, 3), |o, i| ((o * 8 + i) % 11) as f32 - 5.0);
        let row = scattered(7 * 8, 17);
        let level = Level::new();
        let (mut plain, mut other) = (vec![0.0; 7 * 32], vec![0.0; 7 * 32]);
        let by_vector = Finish { by_vector: true, ..Finish::default() };
        dispatch!(level, simd => mixing.row(simd, &[&row], 8, Finish::default(), &mut plain));
        dispatch!(level, simd => mixing.row(simd, &[&row], 8, by_vector, &mut other));
        for (i, value) in plain.iter().enumerate() {
            let (x, channel) = (i / 32, i % 32);
            assert_eq!(other[((channel / 16) * 7 + x) * 16 + channel % 16], *value);
        }
    }

    #[test]
    fn a_channel_by_itself_sees_nine_pixels_and_zeros_outside() {
        for (channels, pixels) in [(8, 5), (16, 4), (32, 1), (64, 2)] {
            let weights = scattered(channels * 9, 7919);
            let bias = scattered(channels, 31);
            let depthwise = Depthwise::new(&bias, |channel, tap| weights[channel * 9 + tap]);
            let rows = [5, 17, 101].map(|factor| scattered(pixels * channels, factor));
            let lanes = lanes(channels);
            let at = |row: &[f32], x: usize, c: usize| {
                let x = x.checked_sub(1).filter(|x| *x < pixels);
                x.map_or(0.0, |x| row[((c / lanes) * pixels + x) * lanes + c % lanes])
            };
            let expected: Vec<f32> = (0..pixels * channels)
                .map(|i| {
                    let (x, c) = (i / channels, i % channels);
                    let taps = (0..9).map(|t| weights[c * 9 + t] * at(&rows[t / 3], x + t % 3, c));
                    bias[c] + taps.sum::<f32>()
                })
                .collect();
            for level in levels() {
                let mut out = vec![0.0; pixels * channels];
                let rows = [&rows[0][..], &rows[1], &rows[2]];
                dispatch!(level, simd => depthwise.row(simd, rows, pixels, &mut out));
                close(&out, &expected);
            }
        }
    }

    #[test]
    fn the_greatest_of_four_leaves_further_channels_alone() {
        let (above, below) = (scattered(4 * 8, 7919), scattered(4 * 8, 31));
        let mut out = vec![9.0; 2 * 16];
        dispatch!(Level::new(), simd => greatest_of_four(simd, [&above, &below], 8, &mut out, 16));
        for (i, value) in out.iter().enumerate() {
            let (x, c) = (i / 16, i % 16);
            let four = |c: usize| {
                [&above, &below].map(|row| row[2 * x * 8 + c].max(row[(2 * x + 1) * 8 + c]))
            };
            let expected = if c < 8 { four(c)[0].max(four(c)[1]) } else { 9.0 };
            assert_eq!(*value, expected);
        }
    }
}
