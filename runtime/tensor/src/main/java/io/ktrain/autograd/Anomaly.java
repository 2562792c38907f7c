package io.ktrain.autograd;

import io.ktrain.op.Op;
import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What {@code detectAnomaly} looks for: gradients that are NaN or infinite, and results that are NaN if {@code forward}.
 * While it is on each recorded call remembers where it was made.
 */
public record Anomaly(boolean forward) {
  /** Where an operation was called. Its stack is what a script's lines are found in. */
  static final class Origin extends KtrainException {
    private final String op;
    private final String layer;

    private Origin(String op, String layer) {
      super(op + " was called here");
      this.op = op;
      this.layer = layer;
    }

    static Origin here(String op) {
      return new Origin(op, Context.current().layer());
    }

    /** The line of the caller's own code, and the layer it was in. */
    @Override
    public String toString() {
      String line = Arrays.stream(getStackTrace())
          .filter(f -> Stream.of("io.ktrain.", "java.", "jdk.", "kotlin.").noneMatch(f.getClassName()::startsWith))
          .findFirst().map(f -> " at " + f.getFileName() + ":" + f.getLineNumber()).orElse("");
      return op + (layer == null || layer.isEmpty() ? "" : " in " + layer) + line;
    }
  }

  /** Throws if a result of {@code op} is NaN somewhere. */
  public void check(Op<?> op, Tensor[] out) {
    if (!forward) return;
    for (Tensor t : out)
      if (isReadable(t) && quietly(() -> t.isNan().any().item() != 0))
        throw new AutogradError(Origin.here(op.name()) + " gave NaN: " + t.describe()
            + ". Fix: look at its inputs, as for a log, sqrt or division of 0.");
  }

  /** Throws if {@code g}, the gradient by the call's input {@code i}, is not finite everywhere. */
  void check(Node node, int i, Tensor g) {
    if (!isReadable(g) || quietly(() -> g.isFinite().all().item() != 0)) return;
    boolean nan = quietly(() -> g.isNan().any().item() != 0);
    throw new AutogradError("backward: the gradient of " + told(node) + " by its input " + i + ", " + g.describe() + ", is "
        + (nan ? "NaN" : "infinite") + " somewhere. Fix: look at what it was called with, as for a log, sqrt or division of 0.", node.origin());
  }

  /** What went wrong in the backward pass of {@code node}, with the place of its forward call. */
  static RuntimeException told(Node node, RuntimeException e) {
    if (node.origin() == null) return e;
    var error = new AutogradError("backward of " + told(node) + ": " + e.getMessage(), node.origin());
    error.addSuppressed(e);
    return error;
  }

  private static String told(Node node) {
    return node.origin() == null ? node.name() + " (called outside detectAnomaly)" : node.origin().toString();
  }

  private static boolean isReadable(Tensor t) {
    return t != null && t.getDtype().isFloating() && t.hasStorage() && t.numel() > 0 && !Check.active();
  }

  private static boolean quietly(Supplier<Boolean> look) {
    Context context = Context.current();
    return context.withAnomaly(null, () -> context.withGrad(false, look));
  }
}
