package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Hooks run on every way a module is called. */
class HookPathsTest {
  private static final TransformerOptions TRANSFORMER =
      new TransformerOptions(4, 2, 6, 0, Tensor::relu, 1e-5, false, false);

  /** The paths of all modules below whose hooks run, in the order in which they are done. */
  private static List<String> called(Module model, Runnable call) {
    var paths = new ArrayList<String>();
    var removals = new ArrayList<Runnable>();
    model.namedModules().forEach((path, m) -> removals.add(m.onForward((x, y) -> {
      paths.add(path);
      return null;
    })));
    call.run();
    removals.forEach(Runnable::run);
    return paths;
  }

  @Test
  void ofATransformerAllLayersAreCalledOnce() {
    Tensor x = Tensor.randn(3, 2, 4);
    var encoder = new TransformerEncoder(List.of(new TransformerEncoderLayer(TRANSFORMER)), new LayerNorm(4));
    List<String> expected = List.of("layers.0.self_attn.out_proj", "layers.0.self_attn", "layers.0.dropout1",
        "layers.0.norm1", "layers.0.linear1", "layers.0.dropout", "layers.0.linear2", "layers.0.dropout2",
        "layers.0.norm2", "layers.0", "norm", "");
    assertEquals(expected, called(encoder, () -> encoder.invoke(x)));
    assertEquals(expected, called(encoder, () -> encoder.encode(x, null, null, true)));
    var transformer = new Transformer(1, 1, TRANSFORMER);
    List<String> all = called(transformer, () -> transformer.invoke(x, x));
    assertEquals(List.of("encoder.layers.0.self_attn", "encoder.layers.0", "encoder", "decoder.layers.0.self_attn",
        "decoder.layers.0.multihead_attn", "decoder.layers.0", "decoder", ""),
        all.stream().filter(p -> p.isEmpty() || p.matches(".*(_attn|layers.0|encoder|decoder)")).toList());
    assertEquals(transformer.modules().size() - 2, all.size()); // the lists of layers are not called
  }

  @Test
  void aHookBeforeAttentionChangesAllThatIsTheQuerysTensor() {
    var attention = new MultiheadAttention(4, 2);
    Tensor x = Tensor.randn(3, 2, 4), y = Tensor.randn(5, 2, 4), twice = x.mul(2);
    var itself = attention.invoke(twice, twice, twice);
    Tensor other = attention.invoke(twice, y, y).output();
    attention.registerForwardPreHook(q -> q.mul(2));
    assertArrayEquals(itself.output().toFloatArray(), attention.invoke(x, x, x).output().toFloatArray());
    assertArrayEquals(other.toFloatArray(), attention.invoke(x, y, y).output().toFloatArray());
    attention.onForward((q, out) -> out.mul(0));
    assertEquals(0, attention.invoke(x, x, x).output().abs().max().item());
    assertArrayEquals(itself.weights().toFloatArray(), attention.invoke(x, x, x).weights().toFloatArray());
  }

  @Test
  void aBackwardHookOfARecurrentLayerLeavesItsStateAndGradients() {
    Tensor x = Tensor.randn(5, 2, 3), other = x.copy();
    x.setRequiresGrad(true);
    other.setRequiresGrad(true);
    var lstm = new LSTM(3, 4);
    var expected = lstm.invoke(x);
    expected.sum().add(expected.getState().cell().sum()).backward();
    var seen = new ArrayList<Tensor>();
    lstm.registerFullBackwardHook((ofInput, ofOutput) -> {
      seen.add(ofInput);
      seen.add(ofOutput);
      return null;
    });
    var output = lstm.invoke(other);
    assertArrayEquals(expected.getState().cell().toFloatArray(), output.component2().cell().toFloatArray());
    var ofTheOutput = new ArrayList<Tensor>();
    output.registerHook(g -> {
      ofTheOutput.add(g);
      return null;
    });
    output.component1().sum().add(output.component2().cell().sum()).backward();
    assertArrayEquals(x.getGrad().toFloatArray(), other.getGrad().toFloatArray());
    assertArrayEquals(x.getGrad().toFloatArray(), seen.getFirst().toFloatArray());
    assertArrayEquals(Tensor.ones(5, 2, 4).toFloatArray(), seen.getLast().toFloatArray());
    assertEquals(1, ofTheOutput.size());
  }

  @Test
  void aHookReplacesTheOutputOfARecurrentLayerAndNotItsState() {
    Tensor x = Tensor.randn(5, 2, 3);
    var gru = new GRU(3, 4);
    var before = gru.invoke(x);
    gru.onForward((in, y) -> y.mul(2));
    var after = gru.invoke(x, null);
    assertArrayEquals(before.mul(2).toFloatArray(), after.toFloatArray());
    assertArrayEquals(before.getState().toFloatArray(), after.getState().toFloatArray());
    Tensor leaf = Tensor.ones(5, 2, 4);
    leaf.setRequiresGrad(true);
    gru.onForward((in, y) -> leaf);
    gru.invoke(x).sum().backward();
    assertArrayEquals(Tensor.ones(5, 2, 4).toFloatArray(), leaf.getGrad().toFloatArray());
  }

  @Test
  void callsOfSeveralInputsRunHooksOnce() {
    Tensor x = Tensor.randn(2, 3), h = Tensor.randn(2, 4), steps = Tensor.randn(5, 2, 3);
    Tensor rows = Tensor.of(new long[] {0, 1}), starts = Tensor.of(new long[] {0});
    Tensor pooled = Tensor.ones(1, 1, 2), at = Tensor.of(new long[] {1, 2}, 1, 1, 2);
    once(new LSTMCell(3, 4), m -> m.invoke(x, null));
    once(new LSTMCell(3, 4), m -> m.invoke(x));
    once(new GRUCell(3, 4), m -> m.invoke(x, h));
    once(new RNNCell(3, 4), m -> m.invoke(x, h));
    once(new LSTM(3, 4), m -> m.invoke(steps));
    once(new LSTM(3, 4), m -> m.invoke(steps, null));
    once(new LSTM(3, 4), m -> m.invoke(PackedSequence.pack(steps, new int[] {5, 2}, false, true)));
    once(new Bilinear(3, 4, 2), m -> m.invoke(x, h));
    once(new EmbeddingBag(5, 3, BagMode.SUM, -1), m -> m.invoke(rows, starts));
    once(new EmbeddingBag(5, 3), m -> m.invoke(rows.reshape(1, 2)));
    once(new MaxUnpool1d(PoolOptions.of(2)), m -> m.invoke(pooled, at));
    once(new CosineSimilarity(1, 1e-8), m -> m.invoke(x, x));
    once(new PairwiseDistance(), m -> m.invoke(x, x));
  }

  private static <M extends Module> void once(M module, Consumer<M> call) {
    assertEquals(List.of(""), called(module, () -> call.accept(module)), module.toString());
    var inputs = new ArrayList<Tensor>();
    module.registerForwardPreHook(x -> {
      inputs.add(x.copy());
      return inputs.getFirst();
    });
    var seen = new ArrayList<Tensor>();
    module.onForward((x, y) -> {
      seen.add(x);
      return null;
    });
    call.accept(module);
    assertSame(inputs.getFirst(), seen.getFirst());
  }

  /** What a hook of the layer kept is looked at after the call, too. */
  @Test
  void theOutputThatAHookKeptHasItsGradient() {
    var lstm = new LSTM(3, 4);
    var kept = new ArrayList<Tensor>();
    lstm.onForward((x, y) -> {
      kept.add(y);
      return null;
    });
    Tensor out = lstm.invoke(Tensor.randn(5, 2, 3));
    var seen = new ArrayList<Tensor>();
    kept.getFirst().retainGrad();
    kept.getFirst().registerHook(g -> {
      seen.add(g);
      return null;
    });
    out.mul(2).sum().backward();
    assertEquals(2f, kept.getFirst().getGrad().toFloatArray()[7]);
    assertEquals(1, seen.size());
  }
}
