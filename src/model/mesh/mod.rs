//! The face mesh, run row by row.
//!
//! The network is a chain of residual blocks with few channels. General runtimes take most of its time for
//! moving values: here, a block keeps three rows, and each value is written once. The numbers are those of
//! the other runtimes but for the order of the sums. `.github/PERFORMANCE.md` compares the times.

use fearless_simd::{Level, Simd, dispatch};

use super::network::{Given, Opened, Outlet, Runnable, Take};

mod graph;
mod rows;

use rows::{CHUNK, Depthwise, Finish, Mixing, greatest_of_four};

/// The network, and the memory that it needs for a run.
#[derive(Debug)]
struct Mesh {
    /// Width and height of the input, pixels.
    side: usize,
    /// 3×3 pixels, every second one, three channels padded to [`CHUNK`].
    stem: Mixing,
    stem_slopes: Vec<f32>,
    blocks: Vec<Block>,
    heads: Vec<Head>,
    memory: Memory,
}

/// Expands the channels, looks round each pixel, mixes the channels again, and adds the block's input.
#[derive(Debug)]
struct Block {
    /// Makes one row of two, and one pixel of four.
    halves: bool,
    expand: Mixing,
    expand_slopes: Vec<f32>,
    depthwise: Depthwise,
    project: Mixing,
    slopes: Vec<f32>,
}

/// Two rows of two pixels to one output of the network.
#[derive(Debug)]
struct Head {
    name: String,
    shape: Vec<i64>,
    mixing: Mixing,
}

#[derive(Debug, Default)]
struct Memory {
    /// Input and output of a block: all pixels.
    here: Vec<f32>,
    next: Vec<f32>,
    /// Rows of the input picture.
    picture: [Vec<f32>; 3],
    /// The rows that a block looks at: row y is at y modulo 3.
    expanded: [Vec<f32>; 3],
    /// The row above the first and below the last.
    outside: Vec<f32>,
    looked: Vec<f32>,
    pooled: Vec<f32>,
    output: Vec<f32>,
}

/// Opens the ONNX file in `bytes`. The error says where it is another network.
pub(super) fn open(bytes: &[u8]) -> Result<Opened, String> {
    let (input, mesh) = graph::read(bytes)?;
    let side = mesh.side as i64;
    let inputs = vec![Outlet { name: input, shape: Ok(vec![1, 3, side, side]) }];
    let output = |head: &Head| Outlet { name: head.name.clone(), shape: Ok(head.shape.clone()) };
    let outputs = mesh.heads.iter().map(output).collect();
    Ok(Opened { inputs, outputs, network: Box::new(mesh) })
}

impl Runnable for Mesh {
    fn run(&mut self, given: &[Given<'_>], take: Take<'_>) -> Result<(), String> {
        let expected = 3 * self.side * self.side;
        let picture = given.first().map_or(&[][..], |(_, _, values)| *values);
        if picture.len() != expected {
            return Err(format!("expected {expected} values, found {}", picture.len()));
        }
        dispatch!(Level::new(), simd => self.run_blocks(simd, picture));
        for head in &self.heads {
            dispatch!(Level::new(), simd => head.run(simd, &mut self.memory));
            let wanted: i64 = head.shape.iter().product();
            take(&head.name, &head.shape, &self.memory.output[..wanted as usize]);
        }
        Ok(())
    }
}

impl Mesh {
    /// Leaves what the last block gives in `memory.here`.
    fn run_blocks<S: Simd>(&mut self, simd: S, picture: &[f32]) {
        self.run_stem(simd, picture);
        let (mut side, mut channels) = (self.side / 2, self.stem.outputs);
        for block in &self.blocks {
            (side, channels) = block.run(simd, side, channels, &mut self.memory);
            std::mem::swap(&mut self.memory.here, &mut self.memory.next);
        }
    }

    fn run_stem<S: Simd>(&mut self, simd: S, picture: &[f32]) {
        let Self { side, stem, stem_slopes, memory, .. } = self;
        let (side, half) = (*side, *side / 2);
        let out_row = half * stem.outputs;
        memory.here.resize(half * out_row, 0.0);
        for (y, out) in memory.here.chunks_exact_mut(out_row).enumerate() {
            for (r, row) in memory.picture.iter_mut().enumerate() {
                // One pixel more than the picture has, and one row more, are zero.
                row.clear();
                row.resize((side + 1) * CHUNK, 0.0);
                if 2 * y + r < side {
                    for (channel, plane) in picture.chunks_exact(side * side).enumerate() {
                        let values = &plane[(2 * y + r) * side..][..side];
                        for (pixel, value) in row.chunks_exact_mut(CHUNK).zip(values) {
                            pixel[channel] = *value;
                        }
                    }
                }
            }
            let rows = [&memory.picture[0][..], &memory.picture[1], &memory.picture[2]];
            let finish = Finish { slopes: Some(stem_slopes), ..Finish::default() };
            stem.row(simd, &rows, 2 * CHUNK, finish, out);
        }
    }
}

impl Block {
    /// From `here`, of `side`² pixels with `channels`, to `next`. Returns side and channels of `next`.
    fn run<S: Simd>(
        &self,
        simd: S,
        side: usize,
        channels: usize,
        memory: &mut Memory,
    ) -> (usize, usize) {
        let Memory { here, next, expanded, outside, looked, pooled, .. } = memory;
        let in_row = side * channels;
        let side = if self.halves { side / 2 } else { side };
        let (inner, outputs) = (side * self.expand.outputs, self.project.outputs);
        next.resize(side * side * outputs, 0.0);
        outside.clear();
        outside.resize(inner, 0.0);
        looked.resize(inner, 0.0);
        pooled.clear();
        pooled.resize(side * outputs, 0.0);
        expanded.iter_mut().for_each(|row| row.resize(inner, 0.0));
        let finish = Finish { slopes: Some(&self.expand_slopes), by_vector: true, added: None };
        let mut made = 0;
        for (y, out) in next.chunks_exact_mut(side * outputs).enumerate() {
            while made < (y + 2).min(side) {
                let row = &mut expanded[made % 3][..];
                if self.halves {
                    let (above, below) = here[2 * made * in_row..][..2 * in_row].split_at(in_row);
                    self.expand.row(simd, &[above, below], 2 * channels, finish, row);
                } else {
                    self.expand.row(
                        simd,
                        &[&here[made * in_row..][..in_row]],
                        channels,
                        finish,
                        row,
                    );
                }
                made += 1;
            }
            let above = if y == 0 { &*outside } else { &expanded[(y - 1) % 3] };
            let below = if y + 1 == side { &*outside } else { &expanded[(y + 1) % 3] };
            self.depthwise.row(simd, [above, &expanded[y % 3], below], side, looked);
            let added = if self.halves {
                let (above, below) = here[2 * y * in_row..][..2 * in_row].split_at(in_row);
                greatest_of_four(simd, [above, below], channels, pooled, outputs);
                &pooled[..]
            } else {
                &here[y * in_row..][..in_row]
            };
            let finish =
                Finish { added: Some(added), slopes: Some(&self.slopes), by_vector: false };
            self.project.row(simd, &[looked], self.expand.outputs, finish, out);
        }
        (side, outputs)
    }
}

impl Head {
    /// Leaves the output in `memory.output`, padded.
    fn run<S: Simd>(&self, simd: S, memory: &mut Memory) {
        let (above, below) = memory.here.split_at(memory.here.len() / 2);
        memory.output.resize(self.mixing.outputs, 0.0);
        self.mixing.row(simd, &[above, below], above.len(), Finish::default(), &mut memory.output);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EMBEDDED, rten};
    use super::*;

    fn file(name: &str) -> &'static [u8] {
        EMBEDDED.iter().find(|(file, _)| *file == name).expect("an embedded model").1
    }

    fn mesh() -> &'static [u8] {
        file("face_landmarks_478.onnx")
    }

    /// All outputs by name, for a picture with edges and gradients.
    fn outputs(mut opened: Opened) -> Vec<(String, Vec<f32>)> {
        let side = 256usize;
        let value = |i: usize| {
            let (x, y) = (i % side, i / side % side);
            ((x * y / 64 + i / (side * side) * 40) % 256) as f32 / 255.0
        };
        let picture: Vec<f32> = (0..3 * side * side).map(value).collect();
        let shape = vec![1, 3, side as i64, side as i64];
        let given = [(opened.inputs[0].name.as_str(), shape, &picture[..])];
        let mut found = Vec::new();
        let mut take =
            |name: &str, _: &[i64], values: &[f32]| found.push((name.into(), values.to_vec()));
        opened.network.run(&given, &mut take).expect("it runs");
        found
    }

    #[test]
    fn the_numbers_are_those_of_a_general_runtime() {
        let general = outputs(rten::open(mesh()).expect("rten opens it"));
        let found = outputs(open(mesh()).expect("it has the form"));
        assert_eq!(found.len(), 2, "points and presence");
        for (name, values) in found {
            let (_, expected) =
                general.iter().find(|(other, _)| *other == name).expect("the same name");
            assert_eq!(values.len(), expected.len());
            for (found, expected) in values.iter().zip(expected) {
                assert!((found - expected).abs() < 0.01, "{name}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn a_second_run_gives_the_same_numbers() {
        let mut opened = open(mesh()).expect("it has the form");
        let picture = vec![0.4; 3 * 256 * 256];
        let mut run = || {
            let mut all = Vec::new();
            let given = [("image", vec![1, 3, 256, 256], &picture[..])];
            opened
                .network
                .run(&given, &mut |_, _, values| all.extend_from_slice(values))
                .map(|()| all)
        };
        assert_eq!(run().expect("it runs"), run().expect("it runs again"));
    }

    #[test]
    fn another_network_is_refused_by_the_first_node_that_differs() {
        let error = open(file("blazeface_short_range.onnx")).expect_err("no mesh");
        assert!(error.contains("expected"), "{error}");
        assert!(open(b"not a model").is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
        #[test]
        fn a_damaged_file_is_refused_or_runs(at in 0usize..60_000, byte: u8, cut: bool) {
            let mut bytes = mesh().to_vec();
            // The names and shapes are at the beginning and at the end.
            let at = if at % 2 == 0 { at } else { bytes.len() - at };
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            if let Ok(opened) = open(&bytes)
                && matches!(opened.inputs[0].shape.as_deref(), Ok([1, 3, 256, 256]))
            {
                outputs(opened);
            }
        }
    }
}
