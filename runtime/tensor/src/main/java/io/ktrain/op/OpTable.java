package io.ktrain.op;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every operation there is, by name. */
public final class OpTable {
  private static final List<Class<?>> FAMILIES = List.of(
      Elementwise.class, MathFunctions.class, Comparisons.class, Activations.class, Dropouts.class,
      Reductions.class, Statistics.class, Orders.class, Counting.class, MatMuls.class, Products.class, Einsum.class,
      Linalg.class, Decompositions.class, Fft.class, Convolutions.class, Pooling.class, Resampling.class,
      Rearranging.class, Shapes.class, Views.class, Arrangements.class, Indexing.class, Indices.class,
      Scatters.class, EmbeddingBags.class, Normalizations.class, Losses.class, ElementLosses.class,
      MarginLosses.class, CtcLoss.class, Attention.class, Recurrent.class, Creation.class, Sampling.class,
      Updates.class);
  private static final Map<String, Op<?>> OPS = new LinkedHashMap<>();

  private OpTable() {}

  static synchronized void add(Op<?> op) {
    if (OPS.putIfAbsent(op.name(), op) != null) throw new IllegalStateException("two ops are named " + op.name());
  }

  /** All of them, families loaded. */
  public static synchronized Collection<Op<?>> all() {
    for (Class<?> family : FAMILIES) {
      try {
        Class.forName(family.getName());
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(e);
      }
    }
    return Collections.unmodifiableCollection(OPS.values());
  }
}
