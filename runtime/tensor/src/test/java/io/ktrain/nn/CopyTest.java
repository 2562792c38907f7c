package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.format.BundleLayersTest;
import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A copy computes with its own parameters, whatever holds them. */
class CopyTest {
  private static final TransformerOptions TRANSFORMER =
      new TransformerOptions(4, 2, 6, 0, Tensor::relu, 1e-5, false, false);

  private final Map<Module, Function<Module, Tensor>> outputs = new LinkedHashMap<>();

  @BeforeEach
  void seed() {
    Context.current().generator().seed(5);
  }

  private <M extends Module> void layer(M module, Function<M, Tensor> output) {
    @SuppressWarnings("unchecked") // a copy has its original's class
    var ofCopies = (Function<Module, Tensor>) output;
    outputs.put(module, ofCopies);
  }

  private void layer(Module module, int... shape) {
    Tensor x = Tensor.randn(shape);
    layer(module, (Module m) -> m.invoke(x));
  }

  private void layers() {
    Tensor a = Tensor.randn(3, 2), b = Tensor.randn(3, 3), x = Tensor.randn(5, 2, 4), y = Tensor.randn(3, 2, 4);
    Tensor indices = Tensor.of(new long[] {0, 2, 1}), rows = Tensor.of(new long[] {0, 2, 1, 4}, 2, 2);
    layer(new Linear(3, 2), 4, 3);
    layer(new NonDynamicallyQuantizableLinear(3, 2, true), 4, 3);
    layer(new Bilinear(2, 3, 4), m -> m.invoke(a, b));
    layer(new Embedding(5, 3), m -> m.invoke(indices));
    layer(new EmbeddingBag(5, 3, BagMode.MEAN, 4), m -> m.invoke(rows));
    layer(new PReLU(3, 0.5), 4, 3);
    layer(new BatchNorm1d(3), 4, 3);
    layer(new BatchNorm2d(3), 2, 3, 4, 5);
    layer(new BatchNorm3d(3), 2, 3, 2, 4, 5);
    layer(new InstanceNorm1d(3, 1e-5, 0.1, true, true), 2, 3, 4);
    layer(new InstanceNorm2d(3, 1e-5, 0.1, true, true), 2, 3, 4, 5);
    layer(new InstanceNorm3d(3, 1e-5, 0.1, true, true), 2, 3, 2, 4, 5);
    layer(new GroupNorm(2, 4, 1e-5, true), 2, 4, 5);
    layer(new LayerNorm(1e-5, 4), 3, 4);
    layer(new RMSNorm(null, true, 4), 3, 4);
    layer(new Conv1d(2, 4, 3), 2, 2, 6);
    layer(new Conv2d(2, 4, 3), 2, 2, 6, 5);
    layer(new Conv3d(2, 4, 3), 2, 2, 6, 5, 4);
    layer(new ConvTranspose1d(2, 4, 3), 2, 2, 6);
    layer(new ConvTranspose2d(2, 4, 3), 2, 2, 6, 5);
    layer(new ConvTranspose3d(2, 4, 3), 2, 2, 4, 5, 4);
    RecurrentOptions recurrent = new RecurrentOptions(4, 3, 2, true, false, 0, true);
    layer(new RNN(recurrent, true), 5, 2, 4);
    layer(new LSTM(recurrent), 5, 2, 4);
    layer(new GRU(recurrent), 5, 2, 4);
    layer(new RNNCell(4, 3), 2, 4);
    layer(new LSTMCell(4, 3), 2, 4);
    layer(new GRUCell(4, 3), 2, 4);
    layer(new MultiheadAttention(4, 2), m -> m.invoke(x, y, y).output());
    layer(new TransformerEncoderLayer(TRANSFORMER), 5, 2, 4);
    layer(new TransformerEncoder(List.of(new TransformerEncoderLayer(TRANSFORMER)), new LayerNorm(4)), 5, 2, 4);
    layer(new TransformerDecoderLayer(TRANSFORMER), m -> m.invoke(x, y));
    layer(new TransformerDecoder(List.of(new TransformerDecoderLayer(TRANSFORMER)), null), m -> m.invoke(x, y));
    layer(new Transformer(1, 1, TRANSFORMER), m -> m.invoke(x, y));
    layer(new Sequential(new Linear(3, 4), new LSTM(recurrent)), 4, 3);
    layer(new ModuleList<>(List.of(new Linear(2, 4))), m -> m.get(0).invoke(a));
    layer(new ModuleDict<>(Map.of("one", new Linear(2, 4))), m -> m.get("one").invoke(a));
    layer(new ParameterList(List.of(new Parameter(Tensor.randn(2)))), m -> m.get(0).mul(a));
    layer(new ParameterDict(Map.of("one", new Parameter(Tensor.randn(2)))), m -> m.get("one").mul(a));
    layer(new Kept(), 4, 3);
  }

  @Test
  void everyLayerWithParametersIsHere() {
    layers();
    var here = outputs.keySet().stream().map(Object::getClass).collect(Collectors.toSet());
    for (Module m : BundleLayersTest.layers()) assertTrue(m.parameters().isEmpty() || here.contains(m.getClass()), m.toString());
  }

  @Test
  void aCopyComputesWithItsOwnParameters() {
    layers();
    outputs.forEach((original, output) -> {
      String name = original.toString();
      double[] before = output.apply(original).toDoubleArray();
      Module copy = Module.copyOf(original);
      assertArrayEquals(before, output.apply(copy).toDoubleArray(), name);
      output.apply(copy).sum().backward();
      copy.namedParameters().forEach((n, p) -> assertNotNull(p.getGrad(), name + n));
      original.namedParameters().forEach((n, p) -> assertNull(p.getGrad(), name + n));
      copy.parameters().forEach(Init::zeros);
      assertFalse(Arrays.equals(before, output.apply(copy).toDoubleArray()), name);
      assertArrayEquals(before, output.apply(original).toDoubleArray(), name);
    });
  }

  private record Weighted(Linear layer, double weight, List<Parameter> scales) {}

  /** What holds layers in records, arrays and the like. */
  private static final class Kept extends Module {
    private final Weighted weighted;
    private final Optional<Linear> maybe;
    private final Weighted again;
    private final Parameter[] shifts;
    private final int[] numbers = {1, 2};

    Kept() {
      weighted = new Weighted(register("fc", new Linear(3, 2)), 2, List.of(register("scale", new Parameter(Tensor.randn(2)))));
      again = weighted;
      maybe = Optional.of(register("other", new Linear(3, 2)));
      shifts = new Parameter[] {register("shift", new Parameter(Tensor.randn(2)))};
    }

    @Override
    public Tensor forward(Tensor x) {
      Tensor y = weighted.layer.invoke(x).mul(weighted.weight).mul(weighted.scales.getFirst());
      return y.add(maybe.orElseThrow().invoke(x)).add(shifts[0]);
    }
  }

  @Test
  void whatIsSharedOrHasNoStateStaysSo() {
    var original = new Kept();
    Kept copy = Module.copyOf(original);
    assertSame(copy.weighted, copy.again);
    assertSame(copy.getSubmodule("fc"), copy.weighted.layer);
    copy.numbers[0] = 7;
    assertEquals(1, original.numbers[0]);
    Transformer transformer = new Transformer(1, 1, TRANSFORMER);
    assertEquals(transformer.arguments(), Module.copyOf(transformer).arguments());
    assertNotNull(Module.copyOf(new TripletMarginWithDistanceLoss()));
  }

  /** Neither a record nor one with components. */
  private static final class Holder {
    private final Object value;

    Holder(Object value) {
      this.value = value;
    }
  }

  private static final class Holding extends Module {
    private final Holder holder;

    Holding(Object value) {
      holder = new Holder(value);
      if (value instanceof Linear fc) register("fc", fc);
    }
  }

  @Test
  void whatHoldsALayerAndCannotBeCopiedIsRefused() {
    for (Object state : List.of(new Linear(1, 1), Tensor.ones(1), new Tensor[] {Tensor.ones(1)}, Map.of(1, Tensor.ones(1)))) {
      String text = assertThrows(KtrainException.class, () -> Module.copyOf(new Holding(state))).getMessage();
      assertTrue(text.contains("Holder holds a layer or a tensor") && text.contains("Fix: "), text);
    }
    var words = new Holding("words");
    assertSame(words.holder, Module.copyOf(words).holder);
    UnaryOperator<Tensor> function = new Linear(1, 1)::invoke;
    assertNotNull(Module.copyOf(new Holding(function)));
  }

  @Test
  void aCopyOfANormWithoutASizeGetsItsOwn() {
    Tensor x = Tensor.randn(2, 3, 4, 4);
    var original = new Sequential(new BatchNorm2d(Parameter.LAZY));
    Module copy = Module.copyOf(original);
    copy.castTo(DType.f64);
    assertEquals("f64[2,3,4,4]", copy.invoke(x.to(DType.f64)).describe());
    assertEquals("f64[3]", copy.getBuffer("0.running_var").describe());
    assertEquals("f64[3]", Module.copyOf(copy).getBuffer("0.running_var").describe());
    Module bare = new BatchNorm2d(Parameter.LAZY, 1e-5, 0.1, false, true);
    bare.castTo(DType.f64);
    bare = Module.copyOf(bare);
    bare.invoke(x.to(DType.f64));
    assertEquals("f64[3]", bare.getBuffer("running_mean").describe());
    assertEquals("f32[2,3,4,4]", original.invoke(x).describe());
    assertEquals("f32[3]", original.getBuffer("0.running_mean").describe());
  }
}
