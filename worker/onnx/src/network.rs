//! Networks that are built in the process, for models whose files contain only weights.

use ort::editor::{Graph as Nodes, Model, Node, ONNX_DOMAIN, Opset};
use ort::memory::Allocator;
use ort::operator::Attribute;
use ort::value::{Outlet, Shape, SymbolicDimensions, Tensor, TensorElementType, ValueType};

use super::{Graph, OnnxError, Runtime};

/// The domain of ONNX Runtime's own operators, in which one node is a whole block of a transformer.
const FUSED_DOMAIN: &str = "com.microsoft";

/// A network under construction: inputs, weights and nodes that refer to each other by name.
#[derive(Debug)]
pub struct Network<'runtime> {
    runtime: &'runtime Runtime,
    nodes: Nodes,
    inputs: Vec<Outlet>,
}

/// A constant of a node, such as its number of heads.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    Int(i64),
    Float(f32),
}

impl Runtime {
    /// Starts an empty network.
    pub fn network(&self) -> Result<Network<'_>, OnnxError> {
        Ok(Network { runtime: self, nodes: Nodes::new()?, inputs: Vec::new() })
    }
}

impl Network<'_> {
    /// Declares an input of `i32` with `rank` dimensions, whose lengths may differ in each run.
    pub fn input(&mut self, name: &str, rank: usize) {
        self.inputs.push(outlet(name, TensorElementType::Int32, rank));
    }

    /// Adds a weight of the given shape. `fill` writes it into the runtime's memory, row-major, so that no
    /// second copy is made.
    pub fn weight<E: From<OnnxError>>(
        &mut self,
        name: &str,
        shape: &[usize],
        fill: impl FnOnce(&mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut tensor = Tensor::<f32>::new(&Allocator::default(), shape).map_err(OnnxError::from)?;
        fill(tensor.extract_tensor_mut().1)?;
        self.nodes.add_initializer(name, tensor, true).map_err(OnnxError::from)?;
        Ok(())
    }

    /// Adds a node with an operator of ONNX, or with `Fused::Name` one of ONNX Runtime's own. An empty
    /// input name leaves an optional input out. The name of the node is that of its first output.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        settings: &[(&str, Setting)],
    ) -> Result<(), OnnxError> {
        let (domain, operator) = match operator.strip_prefix("Fused::") {
            Some(fused) => (FUSED_DOMAIN, fused),
            None => (ONNX_DOMAIN, operator),
        };
        let attributes = settings
            .iter()
            .map(|(name, setting)| match *setting {
                Setting::Int(value) => Attribute::new(name, value),
                Setting::Float(value) => Attribute::new(name, value),
            })
            .collect::<ort::Result<Vec<_>>>()?;
        let node = Node::new(operator, domain, outputs[0], inputs, outputs, attributes)?;
        Ok(self.nodes.add_node(node)?)
    }

    /// Closes the network with outputs of `f32`, each with its rank, and prepares it to run on one thread.
    pub fn finish(mut self, outputs: &[(String, usize)]) -> Result<Graph, OnnxError> {
        self.nodes.set_inputs(self.inputs)?;
        let outputs = outputs.iter().map(|(name, rank)| outlet(name, TensorElementType::Float32, *rank));
        self.nodes.set_outputs(outputs.collect::<Vec<_>>())?;
        let mut model = Model::new([Opset::new(ONNX_DOMAIN, 20)?, Opset::new(FUSED_DOMAIN, 1)?])?;
        model.set_graph(self.nodes)?;
        Ok(Graph(model.into_session(&self.runtime.builder()?)?))
    }
}

fn outlet(name: &str, ty: TensorElementType, rank: usize) -> Outlet {
    Outlet::new(
        name,
        ValueType::Tensor {
            ty,
            shape: Shape::new(std::iter::repeat_n(-1, rank)),
            dimension_symbols: SymbolicDimensions::empty(rank),
        },
    )
}
