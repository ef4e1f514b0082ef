//! Networks in ONNX Runtime, if its library was found.

use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::{TensorElementType, TensorRef, ValueType};

use super::network::{Given, Opened, Outlet, Runnable, Take};

/// Opens the ONNX file in `bytes`. One thread that does not spin, because only the analysis thread computes.
pub(super) fn open(environment: &Environment, bytes: &[u8]) -> Result<Opened, String> {
    let session = Session::builder(environment)
        .and_then(|b| Ok(b.with_optimization_level(GraphOptimizationLevel::All)?))
        .and_then(|b| Ok(b.with_intra_threads(1)?))
        .and_then(|b| Ok(b.with_intra_op_spinning(false)?))
        .and_then(|b| Ok(b.with_inter_op_spinning(false)?))
        .and_then(|mut b| b.commit_from_memory(bytes))
        .map_err(|error| error.to_string())?;
    let declared = |outlets: &[ort::value::Outlet]| outlets.iter().map(declared).collect();
    let (inputs, outputs) = (declared(session.inputs()), declared(session.outputs()));
    Ok(Opened { inputs, outputs, network: Box::new(session) })
}

fn declared(outlet: &ort::value::Outlet) -> Outlet {
    let shape = match outlet.dtype() {
        ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } => Ok(shape.to_vec()),
        ValueType::Tensor { ty, .. } => Err(format!("a tensor of {ty:?}")),
        other => Err(format!("{other:?}")),
    };
    Outlet { name: outlet.name().into(), shape }
}

impl Runnable for Session {
    fn run(&mut self, given: &[Given<'_>], take: Take<'_>) -> Result<(), String> {
        let mut run = || {
            let mut values = Vec::with_capacity(given.len());
            for (name, shape, data) in given {
                let view = TensorRef::from_array_view((shape.as_slice(), *data))?;
                values.push((*name, SessionInputValue::from(view)));
            }
            let results = Session::run(self, values)?;
            for (name, value) in results.iter() {
                let (shape, data) = value.try_extract_tensor::<f32>()?;
                take(name, shape, data);
            }
            ort::Result::Ok(())
        };
        run().map_err(|error: ort::Error| error.to_string())
    }
}
