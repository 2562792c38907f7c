package io.ktrain.autograd;

import io.ktrain.op.Call;
import io.ktrain.tensor.Tensor;

/** Records calls. The graph lives in its nodes; there is no list of them anywhere. */
public final class Tape {
  private Tape() {}

  /** Makes {@code out} results of {@code call} in the graph. */
  public static void record(Call<?> call, Tensor[] out) {
    var edges = new Node.Edge[call.inputs()];
    for (int i = 0; i < edges.length; i++) {
      Tensor t = call.edge(i);
      if (t == null || !t.getRequiresGrad()) continue;
      Node from = t.node();
      edges[i] = from == null ? new Node.Edge(null, 0, t) : new Node.Edge(from, t.outputIndex(), null);
    }
    call.record();
    var node = new Node(call, edges, out.clone());
    for (int i = 0; i < out.length; i++) if (out[i].getDtype().isFloating()) out[i].recordedBy(node, i);
  }
}
