//! Networks in rten, the runtime inside the program.

use std::sync::Arc;

use rten::{Dimension, Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor, TensorView};

use super::network::{Given, Opened, Outlet, Runnable, Take};

/// A network, and the one thread that computes it.
struct Planned {
    model: Model,
    inputs: Vec<(String, NodeId)>,
    outputs: Vec<(String, NodeId)>,
    options: RunOptions,
}

impl std::fmt::Debug for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planned")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish()
    }
}

/// Opens the ONNX file that `bytes` hold.
pub(super) fn open(bytes: &[u8]) -> Result<Opened, String> {
    let model = Model::load(bytes.to_vec()).map_err(|error| error.to_string())?;
    let (inputs, in_ids) = outlets(&model, model.input_ids());
    let (outputs, out_ids) = outlets(&model, model.output_ids());
    // By default it would take all cores. A thread of its own lets two recordings run beside each other.
    let pool = Arc::new(ThreadPool::with_num_threads(1));
    let options = RunOptions::default().with_thread_pool(Some(pool));
    let network = Box::new(Planned { model, inputs: in_ids, outputs: out_ids, options });
    Ok(Opened { inputs, outputs, network })
}

fn outlets(model: &Model, ids: &[NodeId]) -> (Vec<Outlet>, Vec<(String, NodeId)>) {
    let outlet = |id: &NodeId| {
        let node = model.node_info(*id);
        let name = node.as_ref().and_then(|node| node.name()).unwrap_or_default().to_owned();
        let side = |dimension: &Dimension| match dimension {
            Dimension::Fixed(size) => i64::try_from(*size).unwrap_or(-1),
            Dimension::Symbolic(_) => -1,
        };
        let shape = node.as_ref().and_then(|node| node.shape());
        let shape = shape.map(|shape| shape.iter().map(side).collect());
        let shape = shape.ok_or_else(|| "a value of unknown shape".to_owned());
        (Outlet { name: name.clone(), shape }, (name, *id))
    };
    ids.iter().map(outlet).unzip()
}

impl Runnable for Planned {
    fn run(&mut self, given: &[Given<'_>], take: Take<'_>) -> Result<(), String> {
        let mut values: Vec<(NodeId, ValueOrView<'_>)> = Vec::with_capacity(self.inputs.len());
        for (input, id) in &self.inputs {
            let named = given.iter().find(|(name, ..)| name == input);
            let (_, shape, data) = named.ok_or_else(|| format!("nothing for `{input}`"))?;
            let shape: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
            values.push((*id, TensorView::from_data(&shape[..], *data).into()));
        }
        let ids: Vec<NodeId> = self.outputs.iter().map(|(_, id)| *id).collect();
        let results = self.model.run(values, &ids, Some(self.options.clone()));
        for ((name, _), value) in self.outputs.iter().zip(results.map_err(|e| e.to_string())?) {
            let found = value.dtype();
            let tensor: Result<Tensor<f32>, _> = Value::try_into(value);
            let tensor = tensor.map_err(|_| format!("`{name}`: a tensor of {found}"))?;
            let shape: Vec<i64> = tensor.shape().iter().map(|side| *side as i64).collect();
            let tensor = tensor.to_contiguous();
            take(name, &shape, tensor.data());
        }
        Ok(())
    }
}
