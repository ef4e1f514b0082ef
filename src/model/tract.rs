//! Networks in tract, the runtime inside the program.

use std::sync::Arc;

use tract_onnx::prelude::{
    DatumType, Framework, InferenceModelExt, IntoRunnable, TDim, TValue, Tensor, TractError,
    TractResult, TypedFact, TypedSimplePlan, tvec,
};

use super::network::{Given, Opened, Outlet, Runnable, Take};

/// A network with a plan of everything that does not depend on its inputs.
#[derive(Debug)]
struct Planned {
    plan: Arc<TypedSimplePlan>,
    /// Names, in the order of the plan.
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// Opens the ONNX file that `bytes` hold.
pub(super) fn open(bytes: &[u8]) -> Result<Opened, String> {
    opened(bytes).map_err(|error| format!("{error:#}"))
}

fn opened(mut bytes: &[u8]) -> TractResult<Opened> {
    let onnx = tract_onnx::onnx();
    let proto = onnx.proto_model_for_read(&mut bytes)?;
    // The graph itself does not keep the names of its outputs.
    let names = proto.graph.iter().flat_map(|graph| &graph.output).map(|output| &output.name);
    let graph = onnx.model_for_proto_model(&proto)?.into_optimized()?;
    let mut inputs = Vec::new();
    for (number, outlet) in graph.input_outlets()?.iter().enumerate() {
        inputs.push(declared(&graph.node(outlet.node).name, graph.input_fact(number)?));
    }
    let mut outputs = Vec::new();
    for (number, name) in names.enumerate() {
        outputs.push(declared(name, graph.output_fact(number)?));
    }
    let names = |outlets: &[Outlet]| outlets.iter().map(|outlet| outlet.name.clone()).collect();
    let plan = graph.into_runnable()?;
    let network = Box::new(Planned { plan, inputs: names(&inputs), outputs: names(&outputs) });
    Ok(Opened { inputs, outputs, network })
}

fn declared(name: &str, fact: &TypedFact) -> Outlet {
    let side = |side: &TDim| side.to_i64().unwrap_or(-1);
    let shape = match fact.datum_type {
        DatumType::F32 => Ok(fact.shape.iter().map(side).collect()),
        other => Err(format!("a tensor of {other:?}")),
    };
    Outlet { name: name.into(), shape }
}

impl Runnable for Planned {
    fn run(&mut self, given: &[Given<'_>], take: Take<'_>) -> Result<(), String> {
        let mut run = || {
            let mut values = tvec![];
            for input in &self.inputs {
                let named = given.iter().find(|(name, ..)| name == input);
                let missing = || TractError::msg(format!("nothing for `{input}`"));
                let (_, shape, data) = named.ok_or_else(missing)?;
                let shape: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
                values.push(TValue::from(Tensor::from_shape(&shape, data)?));
            }
            for (name, output) in self.outputs.iter().zip(self.plan.run(values)?) {
                let shape: Vec<i64> = output.shape().iter().map(|side| *side as i64).collect();
                take(name, &shape, output.try_as_plain_ram()?.as_slice()?);
            }
            TractResult::Ok(())
        };
        run().map_err(|error| format!("{error:#}"))
    }
}
