package io.ktrain.op;

import io.ktrain.backend.Backend;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The operation reference as Markdown: the public operations of the table, by family, each with what its entry says.
 */
public final class OpReference {
  private static final String MAKING = "Making tensors, and the rest";

  private OpReference() {}

  /** {@code backends}: those whose ways of running are told. */
  public static String of(List<Backend> backends) {
    Map<String, Op<?>> ops = OpTable.all()
        .stream().filter(op -> !op.isInternal()).collect(Collectors.toMap(Op::name, op -> op));
    var text = new StringBuilder("""
        # Operations

        Made from the op table by `OperationsSpec`, which says how; a change by hand is undone by the next run. Methods are
        those of `Tensor`; dims may be negative, operands broadcast where the shapes say so, and scalars are numbers. What a
        family's list of further methods holds is made of the operations above it.

        "Runs" is by backend: a kernel made of the expression, a kernel of its own, the parts it is made of, a view, or the
        host; oneDNN where the CPU has a native kernel besides. `ktrain doctor --ops` prints all of it as a table.
        """);
    families().forEach((family, methods) -> {
      text.append("\n## ").append(family).append('\n');
      var further = new ArrayList<String>();
      methods.forEach((name, all) -> {
        Op<?> op = ops.get(name);
        if (op == null) all.forEach(m -> further.add("`" + signature(m) + "`"));
        else entry(text, op, all, backends);
      });
      if (!further.isEmpty()) text.append("\nFurther methods: ").append(String.join(", ", further)).append(".\n");
    });
    return text.toString();
  }

  /** The methods that give tensors, by the family whose interface declares them, then by name. */
  private static Map<String, Map<String, List<Method>>> families() {
    var all = new TreeMap<String, Map<String, List<Method>>>(Comparator.comparing((String f) -> f.equals(MAKING))
        .thenComparing(f -> f));
    for (Method m : Tensor.class.getMethods()) {
      Class<?> in = m.getDeclaringClass();
      boolean gives = m.getReturnType() == Tensor.class || m.getReturnType() == Extreme.class
          || m.getReturnType() == List.class;
      if (!gives || m.isBridge() || !Modifier.isPublic(m.getModifiers())
          || !in.getPackage().equals(Tensor.class.getPackage())) continue;
      String family = in == Tensor.class ? MAKING : in.getSimpleName().replace("Methods", "");
      all.computeIfAbsent(family, f -> new TreeMap<>()).computeIfAbsent(m.getName(), n -> new ArrayList<>()).add(m);
    }
    for (var methods : all.values())
      for (var list : methods.values())
        list.sort(Comparator.comparing(Method::getParameterCount).thenComparing(OpReference::signature));
    return all;
  }

  private static String signature(Method m) {
    String parameters = Arrays.stream(m.getParameters()).map(OpReference::parameter).collect(Collectors.joining(", "));
    return (Modifier.isStatic(m.getModifiers()) ? "Tensor." : "") + m.getName() + "(" + parameters + ")";
  }

  private static String parameter(Parameter p) {
    String type = p.getType().getSimpleName();
    return (p.isVarArgs() ? type.replace("[]", "...") : type) + " " + p.getName();
  }

  private static void entry(StringBuilder text, Op<?> op, List<Method> methods, List<Backend> backends) {
    OpMatrix.Row row = OpMatrix.row(op, backends);
    text.append("\n### ").append(op.name()).append('\n');
    text.append('\n')
        .append(methods.stream().map(m -> "`" + signature(m) + "`").collect(Collectors.joining(", "))).append('\n');
    text.append('\n').append(op.doc()).append("\n\n");
    text.append("- types: ").append(row.dtypes())
        .append(row.autocast().equals("as given") ? "" : "; under autocast " + row.autocast()).append('\n');
    text.append("- gradient: ").append(switch (row.gradient()) {
      case "none" -> "none";
      case "zero" -> "zero";
      default -> "of any order";
    }).append('\n');
    var runs = new ArrayList<String>();
    for (int i = 0; i < backends.size(); i++) runs.add(backends.get(i).type() + " " + row.how().get(i));
    text.append("- runs: ").append(String.join(", ", runs))
        .append(row.cpuNative().equals("plain") ? "" : "; cpu by " + row.cpuNative()).append('\n');
    for (OpTests.Failure f : op.tests().failures())
      text.append("- error: `").append(f.message().replace("`", "'").replace("\n", " ")).append("`\n");
  }
}
