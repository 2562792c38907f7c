package io.ktrain.op;

import io.ktrain.backend.Backend;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How each backend runs each operation, whether or not this machine has a device for it.
 *
 * @param backends the columns
 * @param rows one an operation, by name
 */
public record OpMatrix(List<String> backends, List<Row> rows) {
  /** How an operation runs on one backend. */
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
      return this == HOLE ? "-" : name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** An operation and how it runs, in the order of the backends. */
  public record Row(String op, List<How> how) {}

  /** Of the whole op table. */
  public static OpMatrix of(List<Backend> backends) {
    var rows = new ArrayList<Row>();
    for (Op<?> op : OpTable.all()) rows.add(new Row(op.name(), backends.stream().map(b -> how(op, b)).toList()));
    rows.sort(Comparator.comparing(Row::op));
    return new OpMatrix(backends.stream().map(Backend::type).toList(), List.copyOf(rows));
  }

  static How how(Op<?> op, Backend backend) {
    if (op.isView()) return How.VIEW;
    if (op == Shapes.TO_DEVICE) return How.COPY;
    if ((op.pointwise() != null || op.update() != null) && backend.runs(op)) return How.EXPRESSION;
    if (backend.runs(op)) return How.KERNEL;
    if (op.isServedByHost()) return How.HOST;
    return op.isComposite() ? How.PARTS : How.HOLE;
  }

  /** Each operation that a backend lacks, as {@code op on backend}. */
  public List<String> holes() {
    var holes = new ArrayList<String>();
    for (Row row : rows)
      for (int i = 0; i < backends.size(); i++)
        if (row.how.get(i) == How.HOLE) holes.add(row.op + " on " + backends.get(i));
    return holes;
  }

  /** As a table of text, one line an operation below a line of backends. */
  @Override
  public String toString() {
    int width = rows.stream().mapToInt(r -> r.op.length()).max().orElse(0) + 2;
    var text = new StringBuilder();
    line(text, width, "op", backends);
    for (Row row : rows) line(text, width, row.op, row.how);
    return text.toString();
  }

  private static void line(StringBuilder text, int width, String op, List<?> cells) {
    var line = new StringBuilder(op);
    for (int i = 0; i < cells.size(); i++) {
      line.repeat(" ", width + 12 * i - line.length());
      line.append(cells.get(i));
    }
    text.append(line).append('\n');
  }
}
