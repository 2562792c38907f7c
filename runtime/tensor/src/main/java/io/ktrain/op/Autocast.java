package io.ktrain.op;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Mixed precision: operations compute in the type that their entry in the op table names, as torch.autocast has them.
 * The casts are part of the graph, so that the gradients of f32 weights are f32.
 */
public final class Autocast {
  /** In which type an operation computes. Floating inputs other than f64 are cast; what is not floating stays. */
  public enum Rule {
    /** In the block's type: products, where it is faster. */
    LOWER,
    /** In f32, where small differences or large sums would be lost. */
    F32,
    /** In f32, but its first result has the type of its first input: normalizations by kept averages. */
    F32_INSIDE,
    /** In the widest type among the inputs, which must be alike. */
    WIDEST
  }

  /** A weight in the lower type, as it was in that memory when it had been written so often. */
  private record Weight(Tensor cast, Tensor from, int version, boolean inGraph) {
    boolean isCurrent(Tensor of) {
      boolean used = inGraph && cast.node() != null && cast.node().isUsedUp();
      boolean same = version == of.version() && (!of.hasStorage() || from.sharesStorage(of));
      return same && inGraph == Context.current().isGradEnabled() && !used
          && (!cast.hasStorage() || cast.storage().freedBy() == null);
    }
  }

  private final DType lower;
  private final Map<Tensor, Weight> weights = new IdentityHashMap<>();

  public Autocast(DType lower) {
    if (lower != DType.bf16 && lower != DType.f16)
      throw new DTypeError("autocast: takes bf16 or f16, got " + lower + ". Fix: autocast(bf16) { ... }.");
    this.lower = lower;
  }

  public DType dtype() {
    return lower;
  }

  /** The same for another thread, with no weights cast yet. */
  public Autocast fork() {
    return new Autocast(lower);
  }

  /** The inputs as an operation of that rule takes them. */
  Tensor[] cast(Rule rule, Tensor[] in) {
    DType to = switch (rule) {
      case LOWER -> lower;
      case F32, F32_INSIDE -> DType.f32;
      case WIDEST -> widest(in);
    };
    Tensor[] out = in.clone();
    for (int i = 0; i < in.length; i++) {
      Tensor t = in[i];
      if (t == null || t.isConstant() || !t.getDtype().isFloating() || t.getDtype() == DType.f64
          || t.getDtype() == to) continue;
      out[i] = to == lower && t.getRequiresGrad() && t.node() == null ? cached(t) : t.to(to);
    }
    return out;
  }

  private static DType widest(Tensor[] in) {
    DType widest = null;
    for (Tensor t : in)
      if (t != null && !t.isConstant() && t.getDtype().isFloating())
        widest = widest == null ? t.getDtype() : DType.promote(widest, t.getDtype());
    return widest == null ? DType.f32 : widest;
  }

  /**
   * A leaf that is trained is cast once a block, and again only after it was written or a step took the cast's memory.
   */
  public Tensor cached(Tensor t) {
    Weight known = weights.get(t);
    if (known == null || !known.isCurrent(t)) {
      known = new Weight(t.to(lower), t.detach(), t.version(), Context.current().isGradEnabled());
      weights.put(t, known);
    }
    return known.cast;
  }
}
