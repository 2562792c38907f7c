package io.ktrain.op;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Kernel.Library;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the op table holds of each operation, and how each backend runs it, whether or not this machine has a device for
 * it.
 *
 * @param backends the columns
 * @param rows one an operation, by name
 */
public record OpMatrix(List<String> backends, List<Row> rows) {
  /** How an operation runs on one backend, with no native library in the case of the CPU. */
  public enum How {
    /** The backend makes a kernel of the operation's arithmetic. */
    EXPRESSION,
    /** The backend has a kernel of its own. */
    KERNEL,
    /** The operation runs as the others that it is made of. */
    PARTS,
    /** The host computes it, for an operation too rare for a kernel. */
    HOST,
    /** A view of its input: nothing is computed. */
    VIEW,
    /** The backends' copies between host and device. */
    COPY,
    /** Not at all. */
    HOLE;

    @Override
    public String toString() {
      return this == HOLE ? "-" : name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * An operation.
   *
   * @param kind what its entry is: an expression, a kernel's shape rule, a composite of others, a view
   * @param how how it runs, in the order of the backends
   * @param cpuNative oneDNN where the CPU has a kernel by it; plain where Java is all there is
   * @param gradient where its gradient comes from: a rule, the expression's derivative, its parts; zero or none
   * @param second whether that can be differentiated again
   * @param autocast the type it computes in under autocast
   * @param dtypes the types it takes
   * @param samples what the table's tests run it on; 0: other tests do
   * @param errors how many of its messages are stated, besides those on types
   */
  public record Row(String op, String doc, String kind, List<How> how, String cpuNative, String gradient, String second,
      String autocast,
      String dtypes, int samples, int errors) {}

  /** Of the whole op table. */
  public static OpMatrix of(List<Backend> backends) {
    var rows = new ArrayList<Row>();
    for (Op<?> op : OpTable.all()) rows.add(row(op, backends));
    rows.sort(Comparator.comparing(Row::op));
    return new OpMatrix(backends.stream().map(Backend::type).toList(), List.copyOf(rows));
  }

  static Row row(Op<?> op, List<Backend> backends) {
    OpTests<?> tests = op.tests();
    boolean fast = backends.stream().filter(b -> b.type().equals("cpu"))
        .anyMatch(b -> b.libraries(op).stream().anyMatch(l -> l != Library.NONE));
    String gradient = gradient(op, tests);
    return new Row(op.name(), op.doc(), kind(op), backends.stream().map(b -> how(op, b)).toList(), fast ? "oneDNN"
        : "plain", gradient,
        gradient.equals("none") ? "none" : gradient.equals("zero") ? "zero" : "yes",
        op.autocast() == null ? "as given"
            : op.autocast().name().toLowerCase(Locale.ROOT).replace('_', ' '), dtypes(op, tests),
            tests.samples().size(), tests.failures().size());
  }

  private static String kind(Op<?> op) {
    if (op.pointwise() != null || op.update() != null) return "expression";
    if (op.isView()) return "view";
    return op.isComposite() ? "composite" : "kernel";
  }

  private static String gradient(Op<?> op, OpTests<?> tests) {
    if (op.update() != null || !op.isDifferentiable()) return "none";
    if (tests.isFlat()) return "zero";
    if (op.gradient != null || op.gradients != null) return "rule";
    return op.pointwise() != null ? "derivative" : "parts";
  }

  static How how(Op<?> op, Backend backend) {
    if (op.isView()) return How.VIEW;
    if (op == Shapes.TO_DEVICE) return How.COPY;
    Set<Library> libraries = backend.libraries(op);
    if (libraries.stream().anyMatch(l -> l != Library.REQUIRED))
      return op.pointwise() != null || op.update() != null ? How.EXPRESSION : How.KERNEL;
    if (op.isServedByHost() && !backend.type().equals("cpu")) return How.HOST;
    return op.isComposite() ? How.PARTS : How.HOLE;
  }

  // ---- which types

  private static final Set<DType> FLOATING = EnumSet.of(DType.f64, DType.f32, DType.f16, DType.bf16);

  private static String dtypes(Op<?> op, OpTests<?> tests) {
    if (tests.samples().isEmpty()) return "of the call";
    var taken = EnumSet.noneOf(DType.class);
    for (DType type : DType.values()) if (takes(op, tests.samples().getFirst(), type)) taken.add(type);
    if (taken.size() == DType.values().length) return "all";
    if (taken.equals(FLOATING)) return "floating";
    if (taken.equals(EnumSet.complementOf(EnumSet.of(DType.bool)))) return "all but bool";
    if (taken.equals(EnumSet.complementOf(EnumSet.copyOf(FLOATING)))) return "integers, bool";
    return taken.stream().map(DType::toString).collect(Collectors.joining(" "));
  }

  /** Whether the operation's rules let a sample of that type pass; nothing is computed. */
  private static boolean takes(Op<?> op, OpTests.Sample<?> sample, DType type) {
    boolean[] passed = {false};
    Check.run(new Check(), () -> {
      try {
        called(op, sample, type);
        passed[0] = true;
      } catch (KtrainException e) {
        passed[0] = false; // refused, which is the answer
      }
    });
    return passed[0];
  }

  @SuppressWarnings("unchecked")
  private static <A> void called(Op<A> op, OpTests.Sample<?> sample, DType type) {
    Tensor[] in = sample.inputs()
        .stream().map(i -> i.shape() == null ? null : Tensor.shapeOnly(Shape.of(i.shape()), switch (i.values()) {
      case INDEX -> DType.i64;
      case BOOL -> DType.bool;
      default -> type;
    }, Device.CPU)).toArray(Tensor[]::new);
    Dispatch.all(op, (A) sample.attributes(), in);
  }

  // ---- holes, and text

  /** Each operation that a backend lacks, as {@code op on backend}, and each property that an entry lacks. */
  public List<String> holes() {
    var holes = new ArrayList<String>();
    for (Row row : rows) {
      for (int i = 0; i < backends.size(); i++)
        if (row.how.get(i) == How.HOLE) holes.add(row.op + " on " + backends.get(i));
      if (row.doc.isBlank()) holes.add(row.op + ": doc");
      if (row.dtypes.isEmpty()) holes.add(row.op + ": dtypes");
    }
    return holes;
  }

  /** As a table of text, one line an operation below a line of columns. */
  @Override
  public String toString() {
    var lines = new ArrayList<List<String>>();
    var head = new ArrayList<>(List.of("op", "kind"));
    head.addAll(backends);
    head.addAll(List.of("cpu native", "gradient", "second", "autocast", "dtypes", "samples", "errors"));
    lines.add(head);
    for (Row r : rows) {
      var line = new ArrayList<>(List.of(r.op, r.kind));
      r.how.forEach(h -> line.add(h.toString()));
      line.addAll(List.of(r.cpuNative, r.gradient, r.second, r.autocast, r.dtypes, r.samples == 0 ? "elsewhere"
          : "" + r.samples, "" + r.errors));
      lines.add(line);
    }
    int[] widths = new int[head.size()];
    for (List<String> line : lines)
      for (int i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i], line.get(i).length() + 2);
    var text = new StringBuilder();
    for (List<String> line : lines) {
      var padded = new StringBuilder();
      for (int i = 0; i < widths.length; i++) padded.append(line.get(i)).repeat(" ", widths[i] - line.get(i).length());
      text.append(padded.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
