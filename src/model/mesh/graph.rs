//! The ONNX file of the face mesh, node by node.

use std::collections::HashMap;

use half::f16;
use rten_onnx::onnx::{DataType, ModelProto, NodeProto, TensorProto};

use super::rows::{CHUNK, Depthwise, Mixing, padded};
use super::{Block, Head, Memory, Mesh};

/// Greatest side of the input that is believed, pixels.
const MOST_SIDE: usize = 4096;

/// The file's nodes in order, and its constants.
struct Graph {
    nodes: Vec<NodeProto>,
    at: usize,
    constants: HashMap<String, Constant>,
    shapes: HashMap<String, Vec<i64>>,
}

/// Dimensions and values.
type Constant = (Vec<usize>, Vec<f32>);

/// A convolution as the file has it: weights in the order output, input, y, x.
struct Convolution<'a> {
    outputs: usize,
    inputs: usize,
    kernel: usize,
    weights: &'a [f32],
    bias: Vec<f32>,
}

/// The name of the input, and the network.
pub(super) fn read(bytes: &[u8]) -> Result<(String, Mesh), String> {
    let model = ModelProto::parse_buf(bytes).map_err(|error| error.to_string())?;
    let graph = model.graph.ok_or("expected a graph, found none")?;
    let [input] = &graph.input[..] else {
        return Err(format!("expected one input, found {}", graph.input.len()));
    };
    let input = input.name.clone().unwrap_or_default();
    let shapes: HashMap<_, _> =
        graph.input.iter().chain(&graph.output).filter_map(declared).collect();
    let side = match shapes.get(&input).map(Vec::as_slice) {
        Some([1, 3, height, width]) if height == width => usize::try_from(*height).unwrap_or(0),
        other => return Err(format!("expected an input of 1×3×n×n, found {other:?}")),
    };
    if !side.is_power_of_two() || !(8..=MOST_SIDE).contains(&side) {
        return Err(format!(
            "expected a side of 8 to {MOST_SIDE} that is a power of two, found {side}"
        ));
    }
    let mut constants: HashMap<_, _> = graph.initializer.iter().filter_map(constant).collect();
    let mut nodes = Vec::new();
    for node in graph.node {
        if kind(&node) == "Cast" {
            // Weights are stored in half precision.
            let value = node.input.first().and_then(|name| constants.get(name)).cloned();
            let value = value.ok_or("expected a Cast of a constant, found another")?;
            constants.insert(node.output.first().cloned().unwrap_or_default(), value);
        } else {
            nodes.push(node);
        }
    }
    let mut graph = Graph { nodes, at: 0, constants, shapes };
    let stem = graph.stem(&input)?;
    let stem_slopes = graph.slopes(stem.outputs)?;
    let (mut blocks, mut left, mut channels) = (Vec::new(), side / 2, stem.outputs);
    while let Some(block) = graph.block(channels)? {
        channels = block.project.outputs;
        left /= if block.halves { 2 } else { 1 };
        blocks.push(block);
    }
    if left != 2 {
        return Err(format!("expected 2×2 pixels before the outputs, found {left}×{left}"));
    }
    let heads = graph.heads(channels)?;
    let memory = Memory::default();
    Ok((input, Mesh { side, stem, stem_slopes, blocks, heads, memory }))
}

impl Graph {
    /// The next node, which has to be of this kind.
    fn next(&mut self, expected: &str) -> Result<&NodeProto, String> {
        let found = self.peek(0);
        if found != expected {
            return Err(format!("node {}: expected {expected}, found {found}", self.at));
        }
        self.at += 1;
        Ok(&self.nodes[self.at - 1])
    }

    fn peek(&self, further: usize) -> &str {
        self.nodes.get(self.at + further).map_or("the end", kind)
    }

    fn stem(&mut self, input: &str) -> Result<Mixing, String> {
        self.next("Conv")?;
        let node = &self.nodes[self.at - 1];
        expect(node, "strides", &[2, 2])?;
        expect(node, "pads", &[0, 0, 1, 1])?;
        let conv = self.convolution(node, 3)?;
        if node.input.first().map(String::as_str) != Some(input) || conv.inputs != 3 {
            return Err("expected a first convolution of the three colours, found another".into());
        }
        Ok(Mixing::new(9 * CHUNK, &conv.bias, |output, k| {
            let (y, x, channel) = (k / (3 * CHUNK), k / CHUNK % 3, k % CHUNK);
            if channel < 3 { conv.at(output, channel, y, x) } else { 0.0 }
        }))
    }

    /// The next block; `None` where the outputs begin.
    fn block(&mut self, channels: usize) -> Result<Option<Block>, String> {
        if self.peek(0) != "Conv" || self.peek(1) == "Conv" {
            return Ok(None);
        }
        self.next("Conv")?;
        let node = &self.nodes[self.at - 1];
        let halves = ints(node, "strides") == [2, 2];
        expect(node, "strides", if halves { &[2, 2] } else { &[1, 1] })?;
        let expand = self.mixing(node, if halves { 2 } else { 1 }, channels)?;
        if halves {
            expect(self.next("MaxPool")?, "kernel_shape", &[2, 2])?;
            if self.peek(0) == "Pad" {
                self.next("Pad")?;
            }
        }
        let expand_slopes = self.slopes(expand.outputs)?;
        let depthwise = self.depthwise(expand.outputs)?;
        self.next("Conv")?;
        let project = self.mixing(&self.nodes[self.at - 1], 1, expand.outputs)?;
        let fits = if halves { project.outputs >= channels } else { project.outputs == channels };
        if !fits {
            return Err(format!(
                "node {}: expected {channels} channels to add, found {}",
                self.at, project.outputs
            ));
        }
        self.next("Add")?;
        let slopes = self.slopes(project.outputs)?;
        Ok(Some(Block { halves, expand, expand_slopes, depthwise, project, slopes }))
    }

    fn depthwise(&mut self, channels: usize) -> Result<Depthwise, String> {
        self.next("Conv")?;
        let node = &self.nodes[self.at - 1];
        expect(node, "pads", &[1, 1, 1, 1])?;
        expect(node, "strides", &[1, 1])?;
        let conv = self.convolution(node, 3)?;
        if conv.inputs != 1 || conv.outputs != channels {
            return Err(format!(
                "node {}: expected {channels} channels of one input, found {} of {}",
                self.at, conv.outputs, conv.inputs
            ));
        }
        Ok(Depthwise::new(&conv.bias, |channel, tap| conv.weights[channel * 9 + tap]))
    }

    /// A convolution over all `channels`, without padding.
    fn mixing(&self, node: &NodeProto, kernel: usize, channels: usize) -> Result<Mixing, String> {
        expect(node, "pads", &[0, 0, 0, 0])?;
        let conv = self.convolution(node, kernel)?;
        if conv.inputs != channels {
            let found = conv.inputs;
            return Err(format!("node {}: expected {channels} channels, found {found}", self.at));
        }
        Ok(Mixing::new(channels * kernel * kernel, &conv.bias, |output, k| {
            let (y, x) = (k / (kernel * channels), k / channels % kernel);
            conv.at(output, k % channels, y, x)
        }))
    }

    fn convolution(&self, node: &NodeProto, kernel: usize) -> Result<Convolution<'_>, String> {
        let constant = |at: usize| node.input.get(at).and_then(|name| self.constants.get(name));
        match constant(1) {
            Some((dims, weights)) if dims.len() == 4 && dims[2..] == [kernel, kernel] => {
                let (outputs, inputs) = (dims[0], dims[1]);
                let bias = constant(2).map_or(vec![0.0; outputs], |(_, bias)| bias.clone());
                if bias.len() != outputs || outputs == 0 || outputs > 1 << 14 {
                    return Err(format!(
                        "node {}: {} biases, {outputs} outputs",
                        self.at,
                        bias.len()
                    ));
                }
                Ok(Convolution { outputs, inputs, kernel, weights, bias })
            }
            found => {
                let found = found.map(|(dims, _)| dims);
                Err(format!(
                    "node {}: expected a {kernel}×{kernel} kernel, found {found:?}",
                    self.at
                ))
            }
        }
    }

    /// The slopes of the next node, a PReLU of `channels`.
    fn slopes(&mut self, channels: usize) -> Result<Vec<f32>, String> {
        let name = self.next("PRelu")?.input.get(1).cloned().unwrap_or_default();
        match self.constants.get(&name) {
            Some((_, slopes)) if padded(slopes.len()) == channels => {
                let mut slopes = slopes.clone();
                slopes.resize(channels, 0.0);
                Ok(slopes)
            }
            found => {
                let found = found.map_or(0, |(_, slopes)| slopes.len());
                Err(format!("node {}: expected {channels} slopes, found {found}", self.at))
            }
        }
    }

    /// The convolutions whose result is an output of the network as it is.
    fn heads(&mut self, channels: usize) -> Result<Vec<Head>, String> {
        let mut heads = Vec::new();
        while self.peek(0) == "Conv" {
            self.next("Conv")?;
            let node = &self.nodes[self.at - 1];
            let mixing = self.mixing(node, 2, channels)?;
            let reads = |other: &&NodeProto| other.input.first() == node.output.first();
            let reshaped = self.nodes.iter().find(reads).filter(|node| kind(node) == "Reshape");
            let name = reshaped.and_then(|node| node.output.first()).cloned().unwrap_or_default();
            if let Some(shape) = self.shapes.get(&name) {
                let count = shape.iter().try_fold(1i64, |product, side| product.checked_mul(*side));
                if count.is_none_or(|count| count < 1 || padded(count as usize) != mixing.outputs) {
                    return Err(format!("`{name}`: {shape:?} values, {} outputs", mixing.outputs));
                }
                heads.push(Head { name, shape: shape.clone(), mixing });
            }
        }
        Ok(heads)
    }
}

impl Convolution<'_> {
    fn at(&self, output: usize, input: usize, y: usize, x: usize) -> f32 {
        self.weights[((output * self.inputs + input) * self.kernel + y) * self.kernel + x]
    }
}

fn kind(node: &NodeProto) -> &str {
    node.op_type.as_deref().unwrap_or_default()
}

fn ints(node: &NodeProto, name: &str) -> Vec<i64> {
    let attribute = node.attribute.iter().find(|a| a.name.as_deref() == Some(name));
    attribute.map(|a| a.ints.clone()).unwrap_or_default()
}

fn expect(node: &NodeProto, name: &str, expected: &[i64]) -> Result<(), String> {
    let found = ints(node, name);
    if found == expected {
        return Ok(());
    }
    Err(format!("{}: expected {name} {expected:?}, found {found:?}", kind(node)))
}

/// Name and dimensions of an input or output whose dimensions are all fixed.
fn declared(value: &rten_onnx::onnx::ValueInfoProto) -> Option<(String, Vec<i64>)> {
    let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
    let dims = tensor.shape.as_ref()?.dim.iter().map(|dim| dim.dim_value);
    Some((value.name.clone()?, dims.collect::<Option<_>>()?))
}

/// Name, dimensions and values of a constant of floating-point numbers, as many as its dimensions say.
fn constant(tensor: &TensorProto) -> Option<(String, Constant)> {
    let raw = tensor.raw_data.as_ref()?.borrow();
    let values: Vec<f32> = match tensor.data_type? {
        DataType::FLOAT => raw.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        DataType::FLOAT16 => {
            raw.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect()
        }
        _ => return None,
    };
    let dims: Vec<usize> =
        tensor.dims.iter().map(|dim| usize::try_from(*dim)).collect::<Result<_, _>>().ok()?;
    let count = dims.iter().try_fold(1usize, |product, dim| product.checked_mul(*dim))?;
    (count == values.len()).then_some((tensor.name.clone()?, (dims, values)))
}
