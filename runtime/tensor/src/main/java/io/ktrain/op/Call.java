package io.ktrain.op;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Tensor;

/**
 * One call of an operation: what shape rules, kernels and gradient rules look at. On the tape it also remembers how
 * often each tensor had been written, so that a gradient rule never reads values that were changed since.
 */
public final class Call<A> {
  private final Op<A> op;
  private final A attributes;
  private final Tensor[] in;
  private Tensor[] out;
  private int[] versions;

  Call(Op<A> op, A attributes, Tensor[] in) {
    this.op = op;
    this.attributes = attributes;
    this.in = in;
  }

  public Op<A> op() {
    return op;
  }

  public A attributes() {
    return attributes;
  }

  public int inputs() {
    return in.length;
  }

  /** Input {@code i}; null for an optional one that was not given. */
  public Tensor in(int i) {
    if (versions != null && in[i] != null) check(in[i], versions[i]);
    return in[i];
  }

  public Tensor out(int i) {
    if (versions != null) check(out[i], versions[in.length + i]);
    return out[i];
  }

  public int outputs() {
    return out.length;
  }

  void results(Tensor[] results) {
    out = results;
  }

  /** From here on {@link #in} and {@link #out} refuse tensors that were written after this moment. */
  public void record() {
    versions = new int[in.length + out.length];
    for (int i = 0; i < in.length; i++) if (in[i] != null) versions[i] = in[i].version();
    for (int i = 0; i < out.length; i++) versions[in.length + i] = out[i].version();
  }

  /** Input {@code i} as an edge of the graph, whatever was written to it since. */
  public Tensor edge(int i) {
    return in[i];
  }

  Tensor result(int i) {
    return out[i];
  }

  private void check(Tensor t, int version) {
    if (t.version() != version)
      throw new AutogradError("backward: " + op.name() + " needs " + t.describe()
          + " as it was, but it has since been modified by an"
          + " in-place operation (version " + t.version() + ", expected " + version
          + "). Fix: use the operation without _ or copy() first.");
  }
}
