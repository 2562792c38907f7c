package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A module that was put in another's place computes there. */
class ReplaceTest {
  private static final TransformerOptions TRANSFORMER =
      new TransformerOptions(4, 2, 6, 0, Tensor::relu, 1e-5, false, false);

  private static final Tensor X = Tensor.randn(3, 2, 4);

  private static Linear zeros(int in, int out) {
    var linear = new Linear(in, out);
    linear.parameters().forEach(Init::zeros);
    return linear;
  }

  /** Zeros in {@code path}'s place give what zeros in its own parameters give. */
  private static void computes(Module model, String path, Module zeros, Supplier<Tensor> output) {
    Module before = model.getSubmodule(path);
    double[] old = output.get().toDoubleArray();
    before.parameters().forEach(Init::zeros);
    double[] expected = output.get().toDoubleArray();
    before.parameters().forEach(Init::ones);
    model.setSubmodule(path, zeros);
    assertSame(zeros, model.getSubmodule(path));
    assertArrayEquals(expected, output.get().toDoubleArray(), 1e-6, path);
    assertEquals(false, java.util.Arrays.equals(old, expected), path);
  }

  @Test
  void inLayersOfOurs() {
    var layer = new TransformerEncoderLayer(TRANSFORMER);
    layer.setTraining(false);
    computes(layer, "linear1", new Sequential(zeros(4, 6), new Identity()), () -> layer.invoke(X));
    var other = new TransformerEncoderLayer(TRANSFORMER);
    computes(other, "linear2", zeros(6, 4), () -> other.invoke(X));
    var decoder = new TransformerDecoder(List.of(new TransformerDecoderLayer(TRANSFORMER)), new LayerNorm(4));
    computes(decoder, "layers.0.linear2", zeros(6, 4), () -> decoder.invoke(X, X));
    var norm = new LayerNorm(4);
    norm.parameters().forEach(Init::zeros);
    computes(decoder, "norm", norm, () -> decoder.invoke(X, X));
    var attention = new MultiheadAttention(4, 2);
    computes(attention, "out_proj", zeros(4, 4), () -> attention.invoke(X, X, X).output());
    var sequential = new Sequential(new Linear(4, 4), new Linear(4, 4));
    computes(sequential, "1", zeros(4, 4), () -> sequential.invoke(X));
  }

  private static final class Twice extends Module {
    private Module first = register("first", new Linear(4, 4));
    private Module second = register("second", first);
  }

  @Test
  void ofOneThatStandsTwiceOnlyTheNamedPlaceChanges() {
    var model = new Twice();
    var other = new Linear(4, 4);
    Module old = model.first;
    model.setSubmodule("second", other);
    assertSame(old, model.first);
    assertSame(other, model.second);
    model.setSubmodule("first", other);
    assertSame(other, model.first);
    assertEquals(1, model.modules().size() - 1);
  }

  @Test
  void whatAFieldCannotHoldIsRefusedAndNothingChanges() {
    var layer = new TransformerEncoderLayer(TRANSFORMER);
    Module before = layer.getSubmodule("self_attn");
    String text = assertThrows(KtrainException.class, () -> layer.setSubmodule("self_attn", new Linear(4, 4))).getMessage();
    assertEquals("setSubmodule: TransformerEncoderLayer.attention is a MultiheadAttention, it cannot hold a Linear. Fix: another "
        + "MultiheadAttention.", text);
    assertSame(before, layer.getSubmodule("self_attn"));
  }
}
