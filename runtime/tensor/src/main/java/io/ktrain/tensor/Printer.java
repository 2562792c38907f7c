package io.ktrain.tensor;

import io.ktrain.op.Shapes;
import java.util.List;
import java.util.Locale;

/** Tensors as PyTorch prints them: four digits, one width for all, the middle of large ones left out. */
final class Printer {
  private final PrintOptions options;
  private final double[] values;
  private final long[] wholes;
  private final DType dtype;
  private int width = 1;
  private boolean scientific;
  private boolean whole = true;

  private Printer(Tensor t, PrintOptions options) {
    this.options = options;
    dtype = t.getDtype();
    values = dtype.isFloating() ? t.toDoubleArray() : null;
    wholes = dtype.isFloating() ? null : t.toLongArray();
  }

  static String print(Tensor t) {
    if (t.isConstant()) return t.describe();
    var suffix = new StringBuilder();
    if (!t.getDevice().equals(Device.CPU)) suffix.append(", device='").append(t.getDevice()).append('\'');
    if (t.getDtype() != DType.f32 && t.getDtype() != DType.i64 && t.getDtype() != DType.bool) suffix.append(", dtype=").append(t.getDtype());
    if (t.node() != null) suffix.append(", grad_fn=<").append(Character.toUpperCase(t.node().name().charAt(0))).append(t.node().name().substring(1)).append("Backward>");
    else if (t.getRequiresGrad()) suffix.append(", requires_grad=True");
    if (t.isShapeOnly()) return "tensor(..., size=" + t.getShape() + suffix + ")";
    if (t.numel() == 0) return "tensor([]" + (t.getNdim() == 1 ? "" : ", size=(" + t.getShape().toString().replaceAll("[\\[\\]]", "").replace(",", ", ") + ")") + suffix + ")";
    PrintOptions options = Context.current().printOptions();
    boolean summarized = t.numel() > options.threshold();
    Tensor shown = Context.current().withGrad(false, () -> summarized ? corners(t.detach(), options.edgeItems()) : t.detach());
    var p = new Printer(shown, options);
    p.measure();
    var s = new StringBuilder("tensor(");
    p.write(s, t.getShape(), shown.getShape(), 0, 0, "tensor(".length(), summarized);
    return s.append(suffix).append(')').toString();
  }

  /** The first and last elements of each long dim. */
  private static Tensor corners(Tensor t, int edge) {
    for (int d = 0; d < t.getNdim(); d++)
      if (t.size(d) > 2 * edge) t = Shapes.cat(List.of(t.narrow(d, 0, edge), t.narrow(d, t.size(d) - edge, edge)), d);
    return t;
  }

  private void measure() {
    if (wholes != null) {
      for (int i = 0; i < wholes.length; i++) width = Math.max(width, element(i).length());
      return;
    }
    double low = Double.POSITIVE_INFINITY, high = 0;
    for (double v : values) {
      if (!Double.isFinite(v)) continue;
      whole &= v == Math.ceil(v);
      if (v != 0) {
        low = Math.min(low, Math.abs(v));
        high = Math.max(high, Math.abs(v));
      }
    }
    if (high > 0) scientific = whole ? high / low > 1000 || high > 1e8 : high / low > 1000 || high > 1e8 || low < 1e-4;
    // As PyTorch: zeros, infinities and NaN do not widen the column.
    for (int i = 0; i < values.length; i++) if (values[i] != 0 && Double.isFinite(values[i])) width = Math.max(width, element(i).length());
    if (options.sciMode() != null) scientific = options.sciMode(); // the width stays the values' own, as in PyTorch
  }

  private String element(int i) {
    if (wholes != null) return dtype == DType.bool ? wholes[i] != 0 ? "True" : "False" : Long.toString(wholes[i]);
    double v = values[i];
    if (Double.isNaN(v)) return "nan";
    if (Double.isInfinite(v)) return v > 0 ? "inf" : "-inf";
    if (scientific) return String.format(Locale.ROOT, "%." + options.precision() + "e", v);
    return whole ? String.format(Locale.ROOT, "%.0f.", v) : String.format(Locale.ROOT, "%." + options.precision() + "f", v);
  }

  private String padded(int i, boolean alone) {
    String s = element(i);
    return alone ? s : " ".repeat(Math.max(0, width - s.length())) + s;
  }

  /** Writes the block of dim {@code d} that starts at element {@code at}; gives where the next one starts. */
  private int write(StringBuilder s, Shape full, Shape shown, int d, int at, int indent, boolean summarized) {
    if (shown.ndim() == 0) {
      s.append(padded(at, true));
      return at + 1;
    }
    int n = shown.get(d);
    boolean cut = summarized && full.get(d) > 2 * options.edgeItems();
    s.append('[');
    if (d == shown.ndim() - 1) {
      int perLine = Math.max(1, (options.lineWidth() - indent - d - 1) / (width + 2)), onLine = 0;
      for (int i = 0; i < n; i++) {
        if (cut && i == options.edgeItems()) {
          s.append(" ...,");
          onLine++;
          s.append(onLine % perLine == 0 ? "\n" + " ".repeat(indent + d + 1) : " ");
        }
        s.append(padded(at + i, false));
        onLine++;
        if (i < n - 1) s.append(',').append(onLine % perLine == 0 ? "\n" + " ".repeat(indent + d + 1) : cut && i == options.edgeItems() - 1 ? " " : " ");
      }
      s.append(']');
      return at + n;
    }
    String gap = ",\n" + "\n".repeat(shown.ndim() - d - 2) + " ".repeat(indent + d + 1);
    for (int i = 0; i < n; i++) {
      if (cut && i == options.edgeItems()) s.append("...").append(gap);
      at = write(s, full, shown, d + 1, at, indent, summarized);
      if (i < n - 1) s.append(gap);
    }
    s.append(']');
    return at;
  }
}
