package io.ktrain.autograd;

import io.ktrain.op.Call;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Tensor;
import java.util.concurrent.atomic.AtomicLong;

/** One recorded call: what it was, and where the gradients of its inputs go. */
public final class Node {
  private static final AtomicLong SEQUENCE = new AtomicLong();

  /** Where a gradient goes: an output of another node, or a leaf. */
  record Edge(Node node, int output, Tensor leaf) {}

  /** Later calls have larger numbers, so that descending order is a topological one. */
  final long sequence = SEQUENCE.incrementAndGet();

  final Edge[] edges;
  final Tensor[] outputs;
  private final String name;
  private final Anomaly.Origin origin;
  private Call<?> call;

  Node(Call<?> call, Edge[] edges, Tensor[] outputs) {
    Anomaly anomaly = Context.current().anomaly();
    origin = anomaly == null ? null : Anomaly.Origin.here(call.op().name());
    this.call = call;
    this.name = call.op().name();
    this.edges = edges;
    this.outputs = outputs;
  }

  /** The number of the newest node: all that are made from here on have larger ones. */
  static long newest() {
    return SEQUENCE.get();
  }

  /** Where the call was made; null unless anomalies were looked for then. */
  Anomaly.Origin origin() {
    return origin;
  }

  /** Whether a backward pass has used up what was saved. */
  public boolean isUsedUp() {
    return call == null;
  }

  /** What was saved, or null once a backward pass has used it up. */
  Call<?> call() {
    return call;
  }

  /** A tensor took this place in the graph over: hooks and requests for its gradient are looked for there. */
  public void output(int index, Tensor tensor) {
    outputs[index] = tensor;
  }

  void release() {
    call = null;
    java.util.Arrays.fill(outputs, null);
  }

  /** The operation's name. */
  public String name() {
    return name;
  }
}
