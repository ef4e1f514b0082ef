"""Converts convolutional networks from TFLite to ONNX. It needs the flatbuffers schema only.

Activations become NCHW. Weights in half precision stay in half precision, followed by a Cast. So they
keep their exact values, and the file keeps its size. Names and order are fixed: the same input gives
the same bytes.
"""

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPERATORS = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
NUMPY_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.INT64: np.int64,
}
VALID_PADDING = 1
RELU, RELU6 = 1, 3


def convert(data, name, outputs, notes) -> bytes:
    """The ONNX file for the TFLite file `data`, its outputs renamed and reshaped to `outputs`."""
    return Converter(data).model(name, outputs, notes).SerializeToString(deterministic=True)


class Converter:
    def __init__(self, data: bytes):
        self.file = tflite.Model.GetRootAsModel(data, 0)
        self.graph = self.file.Subgraphs(0)
        self.nodes, self.initializers, self.stored = [], [], set()
        # Constants that TFLite stores in half precision.
        self.half = set()
        self.constants = {}
        for index in range(self.graph.TensorsLength()):
            value = self.constant(index)
            if value is not None:
                self.constants[index] = value

    # Tensors

    def shape(self, index):
        tensor = self.graph.Tensors(index)
        return [int(size) for size in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []

    def constant(self, index):
        tensor = self.graph.Tensors(index)
        buffer = self.file.Buffers(tensor.Buffer())
        if buffer.DataLength() == 0:
            return None
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), NUMPY_TYPES[tensor.Type()])
        return values.reshape(self.shape(index))

    def store(self, name, values, half=False):
        """An initializer, stored once."""
        if name in self.stored:
            return name
        self.stored.add(name)
        if half:
            halved = np.array(values.astype(np.float16), order="C")
            assert np.array_equal(halved.astype(np.float32), values.astype(np.float32)), name
            self.initializers.append(numpy_helper.from_array(halved, name + "_h"))
            self.node("Cast", [name + "_h"], name, to=TensorProto.FLOAT)
            return name
        if values.dtype == np.float16:
            values = values.astype(np.float32)
        self.initializers.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def weight(self, index, order=None, shape=None):
        values = self.constants[index]
        if order is not None:
            values = values.transpose(order)
        if shape is not None:
            values = values.reshape(shape)
        return self.store(f"c{index}", values, index in self.half)

    def operand(self, index):
        """An activation, or a constant in the layout of the activations."""
        if index not in self.constants:
            return f"t{index}"
        layouts = {4: {"order": (0, 3, 1, 2)}, 3: {"order": (2, 0, 1)}, 1: {"shape": (-1, 1, 1)}}
        return self.weight(index, **layouts.get(self.constants[index].ndim, {}))

    # Nodes

    def node(self, kind, inputs, output, **attributes):
        label = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=label, **attributes))
        return output

    def activation(self, code, output):
        """Appends the activation that TFLite fuses into the last node."""
        if code == 0:
            return
        self.nodes[-1].output[0] = before = output + "_pre"
        if code == RELU:
            self.node("Relu", [before], output)
        elif code == RELU6:
            zero = self.store("zero", np.float32(0).reshape(()))
            six = self.store("six", np.float32(6).reshape(()))
            self.node("Clip", [before, zero, six], output)
        else:
            raise NotImplementedError(f"activation {code}")

    def operator(self, position):
        operator = self.graph.Operators(position)
        code = self.file.OperatorCodes(operator.OpcodeIndex())
        kind = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs = [int(i) for i in operator.InputsAsNumpy()]
        output = int(operator.OutputsAsNumpy()[0])
        # Handlers are methods, named like the operator in lower case.
        handler = getattr(self, kind.lower(), None)
        if handler is None:
            raise NotImplementedError(kind)
        handler(operator, inputs, output, position)

    def dequantize(self, _operator, inputs, output, _position):
        self.constants[output] = self.constants[inputs[0]].astype(np.float32)
        self.half.add(output)

    def conv_2d(self, operator, inputs, output, _position):
        options = read_options(operator, tflite.Conv2DOptions)
        self.convolution(options, inputs, output, order=(0, 3, 1, 2), groups=1)

    def depthwise_conv_2d(self, operator, inputs, output, _position):
        options = read_options(operator, tflite.DepthwiseConv2DOptions)
        channels = self.constants[inputs[1]].shape[3]
        assert options.DepthMultiplier() == 1 and channels == self.shape(inputs[0])[3]
        self.convolution(options, inputs, output, order=(3, 0, 1, 2), groups=channels)

    def convolution(self, options, inputs, output, order, groups):
        kernel = self.constants[inputs[1]].shape[1:3]
        strides = (options.StrideH(), options.StrideW())
        dilations = (options.DilationHFactor(), options.DilationWFactor())
        operands = [f"t{inputs[0]}", self.weight(inputs[1], order)]
        if len(inputs) > 2 and inputs[2] >= 0:
            operands.append(self.weight(inputs[2]))
        self.node(
            "Conv",
            operands,
            f"t{output}",
            kernel_shape=list(kernel),
            strides=list(strides),
            group=groups,
            dilations=list(dilations),
            pads=pads(options.Padding(), self.shape(inputs[0])[1:3], kernel, strides, dilations),
        )
        self.activation(options.FusedActivationFunction(), f"t{output}")

    def max_pool_2d(self, operator, inputs, output, _position):
        options = read_options(operator, tflite.Pool2DOptions)
        kernel = (options.FilterHeight(), options.FilterWidth())
        strides = (options.StrideH(), options.StrideW())
        self.node(
            "MaxPool",
            [f"t{inputs[0]}"],
            f"t{output}",
            kernel_shape=list(kernel),
            strides=list(strides),
            pads=pads(options.Padding(), self.shape(inputs[0])[1:3], kernel, strides, (1, 1)),
        )
        self.activation(options.FusedActivationFunction(), f"t{output}")

    def prelu(self, _operator, inputs, output, _position):
        self.node("PRelu", [f"t{inputs[0]}", self.weight(inputs[1], (2, 0, 1))], f"t{output}")

    def add(self, operator, inputs, output, _position):
        options = read_options(operator, tflite.AddOptions)
        self.node("Add", [self.operand(i) for i in inputs], f"t{output}")
        self.activation(options.FusedActivationFunction(), f"t{output}")

    def relu(self, _operator, inputs, output, _position):
        self.node("Relu", [f"t{inputs[0]}"], f"t{output}")

    def logistic(self, _operator, inputs, output, _position):
        self.node("Sigmoid", [f"t{inputs[0]}"], f"t{output}")

    def pad(self, _operator, inputs, output, position):
        amounts = self.constants[inputs[1]][[0, 3, 1, 2]]
        amounts = self.store(f"pad{position}", amounts.T.reshape(-1).astype(np.int64))
        self.node("Pad", [f"t{inputs[0]}", amounts], f"t{output}", mode="constant")

    def reshape(self, _operator, inputs, output, position):
        x, y = f"t{inputs[0]}", f"t{output}"
        before, after = self.shape(inputs[0]), self.shape(output)
        assert len(after) != 4
        if len(before) == 4 and not before[1] == before[2] == 1:
            x = self.node("Transpose", [x], y + "_nhwc", perm=[0, 2, 3, 1])
        self.node("Reshape", [x, self.store(f"shp{position}", np.array(after, np.int64))], y)

    def concatenation(self, operator, inputs, output, _position):
        options = read_options(operator, tflite.ConcatenationOptions)
        dimensions = len(self.shape(output))
        axis = options.Axis() % dimensions
        if dimensions == 4:
            axis = {0: 0, 1: 2, 2: 3, 3: 1}[axis]
        self.node("Concat", [self.operand(i) for i in inputs], f"t{output}", axis=axis)
        self.activation(options.FusedActivationFunction(), f"t{output}")

    def resize_bilinear(self, operator, inputs, output, position):
        options = read_options(operator, tflite.ResizeBilinearOptions)
        (_, h0, w0, _), (_, h1, w1, _) = self.shape(inputs[0]), self.shape(output)
        scales = self.store(f"rs{position}", np.array([1, 1, h1 / h0, w1 / w0], np.float32))
        mode = "align_corners" if options.AlignCorners() else "asymmetric"
        mode = "half_pixel" if options.HalfPixelCenters() else mode
        self.node(
            "Resize",
            [f"t{inputs[0]}", "", scales],
            f"t{output}",
            mode="linear",
            coordinate_transformation_mode=mode,
        )

    # The whole

    def model(self, name, outputs, notes):
        for position in range(self.graph.OperatorsLength()):
            self.operator(position)
        results = []
        for index, (label, shape) in zip(self.graph.OutputsAsNumpy(), outputs):
            size = self.store(f"oshp_{label}", np.array(shape, np.int64))
            self.node("Reshape", [f"t{int(index)}", size], label)
            results.append(helper.make_tensor_value_info(label, TensorProto.FLOAT, shape))
        (source,) = (int(i) for i in self.graph.InputsAsNumpy())
        batch, height, width, channels = self.shape(source)
        for node in self.nodes:
            for place, label in enumerate(node.input):
                if label == f"t{source}":
                    node.input[place] = "image"
        image = helper.make_tensor_value_info(
            "image", TensorProto.FLOAT, [batch, channels, height, width]
        )
        graph = helper.make_graph(self.nodes, name, [image], results, self.initializers)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 13)],
            producer_name="tflite2onnx_min",
            producer_version="1",
        )
        model.ir_version = 7
        for key, value in sorted(notes.items()):
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        onnx.checker.check_model(model, full_check=True)
        return model


def read_options(operator, kind):
    options = kind()
    table = operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def pads(padding, size, kernel, strides, dilations):
    """ONNX pads for TFLite's padding: top, left, bottom, right."""
    if padding == VALID_PADDING:
        return [0, 0, 0, 0]
    before, after = [], []
    for n, k, stride, dilation in zip(size, kernel, strides, dilations):
        outputs = -(-n // stride)
        total = max((outputs - 1) * stride + (k - 1) * dilation + 1 - n, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return before + after
