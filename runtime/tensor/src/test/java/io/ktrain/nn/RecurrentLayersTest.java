package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecurrentLayersTest {
  @BeforeEach
  void seed() {
    Context.current().generator().seed(3);
  }

  private static void close(Tensor expected, Tensor got) {
    assertEquals(expected.describe(), got.describe());
    assertArrayEquals(expected.toDoubleArray(), got.toDoubleArray(), 2e-6);
  }

  private static LSTM lstm(boolean batchFirst) {
    return new LSTM(new RecurrentOptions(3, 4, 2, true, batchFirst, 0, true));
  }

  @Test
  void packedSequencesGiveWhatEachGivesAlone() {
    LSTM lstm = lstm(true);
    int[] lengths = {2, 5, 3};
    Tensor x = Tensor.randn(3, 5, 3), h0 = Tensor.randn(4, 3, 4), c0 = Tensor.randn(4, 3, 4);
    var packed = lstm.invoke(PackedSequence.pack(x, lengths, true, false), new LstmState(h0, c0));
    assertArrayEquals(lengths, packed.output().lengths());
    Tensor padded = packed.output().padded(true, -7, 6);
    for (int i = 0; i < 3; i++) {
      var state = new LstmState(h0.narrow(1, i, 1), c0.narrow(1, i, 1));
      var alone = lstm.invoke(x.narrow(0, i, 1).narrow(1, 0, lengths[i]), state);
      close(alone.squeeze(0), padded.select(0, i).narrow(0, 0, lengths[i]));
      close(Tensor.full(Shape.of(6 - lengths[i], 8), -7, x.getDtype()), padded.select(0, i)
          .narrow(0, lengths[i], 6 - lengths[i]));
      close(alone.getState().hidden(), packed.state().hidden().narrow(1, i, 1));
      close(alone.getState().cell(), packed.state().cell().narrow(1, i, 1));
    }
  }

  @Test
  void packingAndPaddingGiveGradientsBack() {
    Tensor x = Tensor.randn(4, 2, 3);
    x.setRequiresGrad(true);
    PackedSequence.pack(x, new int[] {4, 2}, false, true).padded(false, 0, -1).sum().backward();
    assertEquals(18, x.getGrad().sum().item());
    assertEquals(0, x.getGrad().select(1, 1).narrow(0, 2, 2).sum().item());
  }

  @Test
  void aBatchMayComeFirstOrBeLeftOut() {
    LSTM first = lstm(true), second = lstm(false);
    second.load(first.stateDict());
    Tensor x = Tensor.randn(5, 2, 3);
    var expected = second.invoke(x);
    close(expected, first.invoke(x.transpose(0, 1)).transpose(0, 1));
    var alone = second.invoke(x.select(1, 1));
    close(expected.select(1, 1), alone);
    close(expected.getState().cell().select(1, 1), alone.getState().cell());
  }

  @Test
  void goesOnFromAState() {
    var gru = new GRU(3, 4);
    Tensor x = Tensor.randn(6, 2, 3);
    var whole = gru.invoke(x);
    var start = gru.invoke(x.narrow(0, 0, 2));
    var rest = gru.invoke(x.narrow(0, 2, 4), start.getState());
    close(whole, Tensor.cat(List.of(start, rest), 0));
    close(whole.getState(), rest.getState());
  }

  @Test
  void cellsAreSingleSteps() {
    var lstm = new LSTM(3, 4);
    var cell = new LSTMCell(3, 4);
    cell.load(named(lstm));
    var gru = new GRU(3, 4);
    var gruCell = new GRUCell(3, 4);
    gruCell.load(named(gru));
    var rnn = new RNN(RecurrentOptions.of(3, 4), true);
    var rnnCell = new RNNCell(3, 4, true, true);
    rnnCell.load(named(rnn));
    Tensor x = Tensor.randn(3, 2, 3), h = null, g = null;
    LstmState state = null;
    for (int t = 0; t < 3; t++) {
      state = cell.invoke(x.select(0, t), state);
      g = gruCell.invoke(x.select(0, t), g);
      h = rnnCell.invoke(x.select(0, t), h);
    }
    close(lstm.invoke(x).getState().hidden().squeeze(0), state.hidden());
    close(lstm.invoke(x).getState().cell().squeeze(0), state.component2());
    close(gru.invoke(x).getState().squeeze(0), g);
    close(rnn.invoke(x).getState().squeeze(0), h);
    close(cell.invoke(x.select(0, 0), null).hidden().select(0, 1), cell.invoke(x.get(0).get(1)));
  }

  /** The parameters of the only layer under the names a cell has for them. */
  private static java.util.Map<String, Tensor> named(Module layer) {
    var state = new java.util.LinkedHashMap<String, Tensor>();
    layer.stateDict().forEach((name, t) -> state.put(name.replace("_l0", ""), t));
    return state;
  }

  @Test
  void theOutputIsATensorOfTheGraphWithHooks() {
    var rnn = new RNN(3, 4);
    Tensor x = Tensor.randn(5, 2, 3);
    var output = rnn.invoke(x);
    assertSame(output, output.component1());
    Tensor[] seen = new Tensor[1];
    output.registerHook(g -> seen[0] = g);
    new Linear(4, 1).invoke(output).sum().backward();
    assertEquals(output.describe(), seen[0].describe());
    assertTrue(rnn.parameters().stream().allMatch(p -> p.getGrad() != null));
    assertEquals("f32[5,2,1]", new Sequential(rnn, new Linear(4, 1)).invoke(x).describe());
  }

  @Test
  void dropsOutBetweenLayersWhileTraining() {
    var lstm = new LSTM(new RecurrentOptions(3, 4, 2, true, false, 0.5, false));
    Tensor x = Tensor.randn(5, 2, 3);
    assertTrue(lstm.invoke(x).sub(lstm.invoke(x)).abs().max().item() > 0);
    lstm.setTraining(false);
    close(lstm.invoke(x), lstm.invoke(x));
  }

  @Test
  void isNamedAndPrintedAsPyTorchDoes() {
    var keys = lstm(true).stateDict().keySet();
    assertEquals(List.of("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
        "weight_hh_l0_reverse",
        "bias_ih_l0_reverse", "bias_hh_l0_reverse"), List.copyOf(keys).subList(0, 8));
    assertEquals(16, keys.size());
    assertEquals("LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True)", lstm(true).toString());
    assertEquals("GRU(3, 4, bias=False, dropout=0.5)", new GRU(new RecurrentOptions(3, 4, 1, false, false, 0.5, false))
        .toString());
    assertEquals("RNNCell(3, 4, bias=False)", new RNNCell(3, 4, false, false).toString());
  }

  @Test
  void saysWhatDoesNotFit() {
    var gru = new GRU(3, 4);
    assertEquals("gru: needs [length, batch, 3] or [length, 3], got f32[5,2,7].",
        failure(() -> gru.invoke(Tensor.randn(5, 2, 7))));
    assertEquals("gru: a first state must be [1,2,4], got f32[1,3,4].",
        failure(() -> gru.invoke(Tensor.randn(5, 2, 3), Tensor.randn(1, 3, 4))));
    assertEquals("packPaddedSequence: lengths must lie in 1..5, got 0.",
        failure(() -> PackedSequence.pack(Tensor.randn(5, 2, 3), new int[] {5, 0}, false, true)));
    String unsorted = assertThrows(KtrainException.class, () ->
        PackedSequence.pack(Tensor.randn(5, 2, 3), new int[] {3, 5}, false, true)).getMessage();
    assertEquals("packPaddedSequence: lengths [3, 5] do not go from the longest to the shortest. Fix: enforceSorted = false.", unsorted);
  }

  private static String failure(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(ShapeError.class, call).getMessage();
  }
}
