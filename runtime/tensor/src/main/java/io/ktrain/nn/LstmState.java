package io.ktrain.nn;

import io.ktrain.tensor.Tensor;

/** What an LSTM goes on from, as {@code val (h, c) = state}: hidden and cell state, of one shape. */
public record LstmState(Tensor hidden, Tensor cell) {
  public Tensor component1() {
    return hidden;
  }

  public Tensor component2() {
    return cell;
  }
}
