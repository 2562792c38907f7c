package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TransformerTest {
  @BeforeEach
  void seed() {
    Context.current().generator().seed(4);
  }

  private static void close(Tensor expected, Tensor got) {
    assertEquals(expected.describe(), got.describe());
    assertArrayEquals(expected.toDoubleArray(), got.toDoubleArray(), 2e-6);
  }

  private static double difference(Tensor a, Tensor b) {
    return a.sub(b).abs().max().item();
  }

  private static TransformerOptions options(boolean batchFirst, boolean normFirst) {
    return new TransformerOptions(8, 2, 16, 0, Tensor::gelu, 1e-5, batchFirst, normFirst);
  }

  /** With the weights and without them attention goes two ways, through every extra there is. */
  @Test
  void attentionIsTheSameWithAndWithoutItsWeights() {
    var attention = new MultiheadAttention(8, 2, 0, true, true, true, 5, 6, true);
    Tensor q = Tensor.randn(2, 3, 8), k = Tensor.randn(2, 4, 5), v = Tensor.randn(2, 4, 6),
        mask = Tensor.randn(4, 3, 4);
    Tensor padding = Tensor.of(new boolean[] {false, false, false, true, false, false, false, false}, 2, 4);
    var seen = attention.attend(q, k, v, padding, true, mask, false, true);
    var unseen = attention.attend(q, k, v, padding, false, mask, false, true);
    close(seen.output(), unseen.output());
    assertNull(unseen.weights());
    assertEquals("f32[2,2,3,6]", seen.weights().describe()); // four keys, a learned one and one of zeros
    assertEquals(0, seen.weights().get(0).select(2, 3).abs().max().item());
    assertEquals(0, seen.weights().select(2, 0).narrow(2, 1, 3).abs().max().item());
    close(seen.weights().mean(1), attention.attend(q, k, v, padding, true, mask, true, true).weights());
  }

  /** Masks of any type, in the types of 16 bits: the result keeps the query's type and is near that in f32. */
  @Test
  void aMaskDoesNotWidenWhatItIsAddedTo() {
    var attention = new MultiheadAttention(8, 2, 0, true, true, true, 8, 8, true);
    Tensor x = Tensor.randn(2, 3, 8);
    Tensor padding = Tensor.of(new boolean[] {false, false, true, false, false, false}, 2, 3);
    Tensor later = Tensor.of(new boolean[] {false, true, true, false, false, true, false, false, false}, 3, 3);
    Tensor bias = Tensor.randn(4, 3, 3);
    for (DType type : List.of(DType.bf16, DType.f16)) {
      attention.castTo(DType.f32);
      var expected = List.of(attention.attend(x, x, x, padding, true, later, true, true),
          attention.attend(x, x, x, padding, true, bias, true, false));
      attention.castTo(type);
      Tensor low = x.to(type);
      for (boolean needWeights : new boolean[] {true, false})
        for (var mask : List.of(later, bias, bias.to(type))) {
          var seen = attention.attend(low, low, low, padding, needWeights, mask, true, mask == later);
          var near = expected.get(mask == later ? 0 : 1);
          assertEquals(type, seen.output().getDtype());
          assertTrue(difference(near.output(), seen.output().to(DType.f32)) < 0.05);
          if (!needWeights) continue;
          assertEquals(type, seen.weights().getDtype());
          assertTrue(difference(near.weights(), seen.weights().to(DType.f32)) < 0.05);
        }
      for (Tensor mask : List.of(later.logicalNot(), bias.get(0), bias.get(0).to(type))) {
        Tensor seen = low.scaledDotProductAttention(low, low, mask, 0, false, null);
        assertEquals(type, seen.getDtype());
        assertTrue(difference(x.scaledDotProductAttention(x, x, mask.getDtype() == DType.bool ? mask : mask.to(DType.f32), 0, false, null),
            seen.to(DType.f32)) < 0.05);
      }
    }
  }

  @Test
  void whatIsProjectedTogetherIsTheSameAsApart() {
    var attention = new MultiheadAttention(8, 2);
    Tensor x = Tensor.randn(3, 2, 8), y = Tensor.randn(4, 2, 8);
    close(attention.invoke(x, x.copy(), x.copy()).output(), attention.invoke(x, x, x).output());
    close(attention.invoke(x, y, y.copy()).output(), attention.invoke(x, y, y).output());
    var alone = attention.invoke(x.select(1, 1), y.select(1, 1), y.select(1, 1));
    close(attention.invoke(x, y, y).output().select(1, 1), alone.output());
    assertEquals("f32[3,4]", alone.weights().describe());
  }

  @Test
  void causalDecodersDoNotLookAhead() {
    var transformer = new Transformer(1, 2, options(true, true));
    Tensor source = Tensor.randn(2, 5, 8), target = Tensor.randn(2, 4, 8);
    Tensor other = Tensor.cat(List.of(target.narrow(1, 0, 3), Tensor.randn(2, 1, 8)), 1);
    var causal = new TransformerMasks(null, null, null, null, null, null, true);
    Tensor a = transformer.transform(source, target, causal), b = transformer.transform(source, other, causal);
    close(a.narrow(1, 0, 3), b.narrow(1, 0, 3));
    assertTrue(difference(a, b) > 1e-3);
    assertTrue(difference(transformer.invoke(source, target).narrow(1, 0, 3), transformer.invoke(source, other)
        .narrow(1, 0, 3)) > 1e-3);
    Tensor mask = Transformer.generateSquareSubsequentMask(4);
    close(a, transformer.transform(source, target, new TransformerMasks(null, mask, null, null, null, null, false)));
    Tensor hidden = mask.ne(0); // true where it may not look
    close(a, transformer.transform(source, target, new TransformerMasks(null, hidden, null, null, null, null, false)));
  }

  @Test
  void paddingChangesNothing() {
    var encoder = new TransformerEncoder(List.of(new TransformerEncoderLayer(options(true, false))), new LayerNorm(8));
    Tensor x = Tensor.randn(1, 3, 8);
    Tensor longer = Tensor.cat(List.of(x, Tensor.randn(1, 2, 8)), 1);
    Tensor padding = Tensor.of(new boolean[] {false, false, false, true, true}, 1, 5);
    close(encoder.invoke(x), encoder.encode(longer, null, padding, false).narrow(1, 0, 3));
  }

  @Test
  void lengthFirstIsTheDefault() {
    var first = new TransformerEncoderLayer(options(true, false));
    var second = new TransformerEncoderLayer(options(false, false));
    second.load(first.stateDict());
    Tensor x = Tensor.randn(2, 3, 8);
    close(first.invoke(x), second.invoke(x.transpose(0, 1)).transpose(0, 1));
  }

  @Test
  void everyParameterIsTrained() {
    var transformer = new Transformer(1, 1, options(false, false));
    transformer.invoke(Tensor.randn(3, 2, 8), Tensor.randn(4, 2, 8)).square().sum().backward();
    transformer.namedParameters().forEach((name, p) -> assertTrue(p.getGrad() != null, name));
  }

  @Test
  void isNamedAndPrintedAsPyTorchDoes() {
    assertEquals(List.of("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "bias_k", "bias_v",
        "out_proj.weight", "out_proj.bias"),
        List.copyOf(new MultiheadAttention(8, 2, 0, true, true, false, 5, 6, false).stateDict().keySet()));
    var decoder = new TransformerDecoder(List.of(new TransformerDecoderLayer(options(false, false))), null);
    assertEquals(List.of("layers.0.self_attn.in_proj_weight", "layers.0.self_attn.in_proj_bias",
        "layers.0.self_attn.out_proj.weight",
        "layers.0.self_attn.out_proj.bias", "layers.0.multihead_attn.in_proj_weight"),
            List.copyOf(decoder.stateDict().keySet()).subList(0, 5));
    assertEquals("""
        TransformerEncoderLayer(
          (self_attn): MultiheadAttention(
            (out_proj): NonDynamicallyQuantizableLinear(in_features=8, out_features=8, bias=True)
          )
          (linear1): Linear(in_features=8, out_features=16, bias=True)
          (dropout): Dropout(p=0.0, inplace=False)
          (linear2): Linear(in_features=16, out_features=8, bias=True)
          (norm1): LayerNorm((8,), eps=1e-05, elementwise_affine=True)
          (norm2): LayerNorm((8,), eps=1e-05, elementwise_affine=True)
          (dropout1): Dropout(p=0.0, inplace=False)
          (dropout2): Dropout(p=0.0, inplace=False)
        )""", new TransformerEncoderLayer(options(false, false)).toString());
  }

  @Test
  void saysWhatDoesNotFit() {
    assertEquals("multiheadAttention: embedDim 8 is not a multiple of 3 heads. Fix: heads of one whole size.",
        failure(() -> new MultiheadAttention(8, 3)));
    var attention = new MultiheadAttention(8, 2);
    Tensor x = Tensor.randn(3, 2, 8);
    assertEquals("multiheadAttention: query, key and value must be 8, 8 and 8 wide, got f32[3,2,8], f32[3,2,7] and f32[3,2,8].",
        failure(() -> attention.invoke(x, Tensor.randn(3, 2, 7), x)));
    assertEquals("multiheadAttention: keyPaddingMask must be [2,3], got bool[3,2].",
        failure(() -> attention.attend(x, x, x, Tensor.zeros(3, 2).to(DType.bool), false, null, false, false)));
  }

  private static String failure(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(ShapeError.class, call).getMessage();
  }
}
