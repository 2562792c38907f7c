package io.ktrain.nn;

/**
 * What a recurrent layer gives for packed sequences: {@code val (output, state) = lstm(packed)}. The state is that of
 * each sequence's own last step, in the order in which the sequences were packed.
 */
public record PackedOutput<S>(PackedSequence output, S state) {
  public PackedSequence component1() {
    return output;
  }

  public S component2() {
    return state;
  }
}
