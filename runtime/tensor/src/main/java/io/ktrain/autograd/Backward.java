package io.ktrain.autograd;

import io.ktrain.memory.Scope;
import io.ktrain.memory.Storage;
import io.ktrain.op.Call;
import io.ktrain.op.Checkpoint;
import io.ktrain.op.Gradients;
import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Tensor;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Walks the tape from results to leaves. Unless the walk itself is recorded (createGraph), everything it makes is given
 * back as soon as its last reader is done, so a backward pass runs in a few recycled buffers.
 */
public final class Backward {
  private static final Tensor[] NOTHING = new Tensor[0];

  private final boolean retain;
  private final boolean create;
  private final Map<Node, Tensor[]> pending = new IdentityHashMap<>();
  private final PriorityQueue<Node> ready = new PriorityQueue<>(Comparator.comparingLong((Node n) -> n.sequence).reversed());
  private final Map<Tensor, Tensor> wanted;
  /** The oldest node that a gradient is asked of: what was made before it leads to none. */
  private final long oldest;
  private final Map<Tensor, Tensor> hookedLeaves = new IdentityHashMap<>();
  private final Map<Storage, Integer> readers = new HashMap<>();
  private Scope own;

  private Backward(boolean retain, boolean create, Map<Tensor, Tensor> wanted) {
    this.retain = retain;
    this.create = create;
    this.wanted = wanted;
    oldest = wanted == null ? 0
        : wanted.keySet().stream().mapToLong(t -> t.node() == null ? 0 : t.node().sequence).min().orElse(0);
  }

  /** Adds the gradients of {@code root} to the leaves' {@code grad}; {@code seed} may be null for a single value. */
  public static void run(Tensor root, Tensor seed, boolean retainGraph, boolean createGraph) {
    new Backward(retainGraph || createGraph, createGraph, null).walk(List.of(root), seed == null ? NOTHING : new Tensor[] {seed});
  }

  /** The gradients of {@code roots} by {@code inputs}, without touching any {@code grad}; null where there is no path. */
  public static Tensor[] gradients(List<Tensor> roots, Tensor[] seeds, List<Tensor> inputs, boolean retainGraph, boolean createGraph) {
    var wanted = new IdentityHashMap<Tensor, Tensor>();
    for (Tensor t : inputs) wanted.put(t, null);
    new Backward(retainGraph || createGraph, createGraph, wanted).walk(roots, seeds);
    return inputs.stream().map(wanted::get).toArray(Tensor[]::new);
  }

  private void walk(List<Tensor> roots, Tensor[] seeds) {
    Context context = Context.current();
    own = create ? null : context.open("backward");
    try {
      // Gradients are computed in the types that the graph was made in.
      context.withAutocast(null, () -> context.withGrad(create, () -> {
        for (int i = 0; i < roots.size(); i++) start(roots.get(i), i < seeds.length ? seeds[i] : null);
        for (Node n; (n = ready.poll()) != null; ) visit(n, pending.remove(n));
        hookedLeaves.forEach((leaf, g) -> {
          Tensor given = hooked(leaf, g);
          leaf(leaf, given, false);
          done(g);
        });
        return null;
      }));
      if (wanted != null && own != null) for (Tensor g : wanted.values()) if (g != null && g.hasStorage()) own.release(g.storage());
    } finally {
      if (own != null) context.close(own);
    }
  }

  private void start(Tensor root, Tensor seed) {
    if (!root.getRequiresGrad())
      throw new AutogradError("backward: " + root.describe() + " does not require grad and was not made from anything that does."
          + " Fix: set requiresGrad on a leaf, and do not compute inside noGrad.");
    if (seed == null) {
      if (root.numel() != 1)
        throw new AutogradError("backward: needs a single value, got " + root.describe() + ". Fix: backward(gradient), or sum() or mean() first.");
      seed = Tensor.onesLike(root);
    } else if (!seed.getShape().equals(root.getShape())) {
      throw new AutogradError("backward: the gradient is " + seed.describe() + " but the tensor is " + root.describe() + ". Fix: give one of the same shape.");
    }
    if (root.node() == null) arrive(root, seed, true);
    else add(root.node(), root.outputIndex(), seed);
  }

  private void visit(Node node, Tensor[] g) {
    for (int i = 0; i < g.length; i++) {
      Tensor t = node.outputs.length > i ? node.outputs[i] : null;
      if (t == null || g[i] == null) continue;
      Tensor came = g[i];
      g[i] = hooked(t, came);
      if (g[i] != came) {
        reading(g[i]);
        done(came);
      }
      if (wanted != null && wanted.containsKey(t) && t.node() == node) want(t, g[i]);
    }
    if (leadsNowhere(node)) {
      for (Tensor t : g) if (t != null) done(t);
      return;
    }
    Call<?> call = node.call();
    if (call == null)
      throw new AutogradError("backward: the graph of " + node.name() + " was already used by a backward pass, which freed it."
          + " Fix: backward(retainGraph = true) the first time, or compute the result again.");
    if (call.attributes() instanceof Checkpoint checkpoint) recompute(checkpoint, call, g);
    else propagate(node, call, g);
    for (Tensor t : g) if (t != null) done(t);
    if (!retain) node.release();
  }

  private void propagate(Node node, Call<?> call, Tensor[] g) {
    Context context = Context.current();
    Scope scope = create ? null : context.open("backward of " + node.name());
    try {
      boolean[] needed = new boolean[node.edges.length];
      for (int i = 0; i < needed.length; i++) needed[i] = node.edges[i] != null && leads(node.edges[i]);
      Tensor[] grads;
      try {
        grads = Gradients.of(call, g, needed);
      } catch (RuntimeException e) {
        throw Anomaly.told(node, e);
      }
      for (int i = 0; i < needed.length; i++) {
        if (!needed[i] || grads[i] == null) continue;
        if (context.anomaly() != null) context.anomaly().check(node, i, grads[i]);
        if (scope != null && grads[i].hasStorage()) scope.release(grads[i].storage());
        var e = node.edges[i];
        if (e.leaf() != null) arrive(e.leaf(), grads[i], alone(grads, i));
        else add(e.node(), e.output(), grads[i]);
      }
    } finally {
      if (scope != null) context.close(scope);
    }
  }

  /**
   * Puts what a checkpoint left out into the graph and walks it at once. The new nodes are the newest, and what they
   * were made of is older than the checkpoint, so all goes on in the order in which it would have gone without one.
   */
  private void recompute(Checkpoint checkpoint, Call<?> call, Tensor[] g) {
    Context context = Context.current();
    Scope values = create ? null : context.open("recomputation");
    Scope around = own;
    try {
      long newest = Node.newest();
      Tensor[] out = checkpoint.again(call);
      // Apart from the values, since a gradient that nobody reads any more may become a leaf's own.
      if (values != null) own = context.open("backward of recomputation");
      try {
        for (int i = 0; i < g.length; i++) {
          if (g[i] == null || !out[i].getRequiresGrad()) continue;
          if (out[i].node() == null) arrive(out[i], g[i], false);
          else add(out[i].node(), out[i].outputIndex(), g[i]);
        }
        while (!ready.isEmpty() && ready.peek().sequence > newest) {
          Node n = ready.poll();
          visit(n, pending.remove(n));
        }
      } finally {
        if (values != null) {
          handOn(own);
          context.close(own);
          own = around;
        }
      }
    } finally {
      if (values != null) {
        handOn(values);
        context.close(values);
      }
    }
  }

  /** Lets every gradient that is still to be read outlive {@code scope}. */
  private void handOn(Scope scope) {
    for (Tensor[] all : pending.values()) for (Tensor t : all) handOn(scope, t);
    for (Tensor t : hookedLeaves.values()) handOn(scope, t);
    if (wanted != null) for (Tensor t : wanted.values()) handOn(scope, t);
  }

  private static void handOn(Scope scope, Tensor t) {
    if (t != null && t.hasStorage()) scope.release(t.storage());
  }

  /** Whether nobody asked for what the node would give: it then stays for another pass. */
  private boolean leadsNowhere(Node node) {
    boolean found = false;
    for (Node.Edge e : node.edges) {
      if (e != null && leads(e)) return false;
      found |= e != null;
    }
    return found;
  }

  /** Whether a gradient that goes there may be, or become, one that was asked for. */
  private boolean leads(Node.Edge to) {
    return wanted == null || (to.leaf() != null ? wanted.containsKey(to.leaf()) : to.node().sequence >= oldest);
  }

  /** Whether no other input's gradient is the same memory. */
  private static boolean alone(Tensor[] grads, int i) {
    for (int k = 0; k < grads.length; k++) if (k != i && grads[k] != null && grads[k].sharesStorage(grads[i])) return false;
    return true;
  }

  private void add(Node node, int output, Tensor g) {
    Tensor[] all = pending.get(node);
    if (all == null) {
      all = new Tensor[node.outputs.length];
      pending.put(node, all);
      ready.add(node);
    }
    Tensor before = all[output];
    if (before == null) {
      all[output] = g;
      reading(g);
    } else {
      all[output] = sum(before, g);
      reading(all[output]);
      done(before);
    }
  }

  /** a + b, made in a scope of the walk's own so that it outlives the node at hand. */
  private Tensor sum(Tensor a, Tensor b) {
    Tensor s = a.add(b);
    Context context = Context.current();
    if (own != null && s.hasStorage() && context.scope() != own && context.scope() != null) context.scope().release(s.storage());
    return s;
  }

  private void reading(Tensor g) {
    if (own != null && g.hasStorage()) readers.merge(g.storage(), 1, Integer::sum);
  }

  private void done(Tensor g) {
    if (own == null || !g.hasStorage()) return;
    Storage s = g.storage();
    if (readers.merge(s, -1, Integer::sum) > 0) return;
    readers.remove(s);
    if (own.owns(s) && !s.isShared()) s.free("backward");
  }

  private Tensor hooked(Tensor t, Tensor g) {
    for (var hook : t.hooks()) {
      if (g.hasStorage()) {
        g.storage().keep();
        g.storage().share();
      }
      Tensor other = hook.apply(g);
      if (other != null) g = other;
    }
    return g;
  }

  /** A leaf's hooks see its whole gradient, once. */
  private void arrive(Tensor leaf, Tensor g, boolean alone) {
    if (leaf.hooks().isEmpty()) {
      leaf(leaf, g, alone);
      return;
    }
    Tensor before = hookedLeaves.get(leaf);
    Tensor now = before == null ? g : sum(before, g);
    hookedLeaves.put(leaf, now);
    reading(now);
    if (before != null) done(before);
  }

  private void leaf(Tensor leaf, Tensor g, boolean alone) {
    if (wanted != null) {
      if (wanted.containsKey(leaf)) want(leaf, g);
      return;
    }
    boolean sole = alone && own != null && g.hasStorage() && own.owns(g.storage()) && !readers.containsKey(g.storage());
    leaf.accumulateGrad(g, sole, create);
  }

  /** Keeps a gradient that was asked for: it counts as being read until the walk is over. */
  private void want(Tensor t, Tensor g) {
    Tensor before = wanted.get(t);
    Tensor now = before == null ? g : sum(before, g);
    wanted.put(t, now);
    reading(now);
    if (before != null) done(before);
  }
}
