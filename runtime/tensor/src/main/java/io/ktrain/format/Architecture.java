package io.ktrain.format;

import io.ktrain.nn.Activation;
import io.ktrain.nn.Module;
import io.ktrain.nn.Parameter;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Modules as JSON and back: {@code {"class":"Linear","arguments":[4,3,true]}}. A module that stands in a model twice is
 * described once, then as {@code {"same":i}}, the i-th that was described. A tensor is {@code {"zeros":[3],"dtype":"f32"}}, its elements stand in
 * the state; one that stands in a model twice is then {@code {"tensor":i}}, the i-th of them; a function is the {@link Activation} it equals. Of the classes named in a file only public
 * modules of {@code io.ktrain.nn} are looked up, and those that were given.
 */
final class Architecture {
  private static final String OURS = Module.class.getPackageName() + ".";

  /** More modules than any model has: each costs more memory than its description in the file. */
  private static final int MOST = 100_000;

  private final Path path;
  private final Map<String, Class<? extends Module>> own;
  private final List<Module> made = new ArrayList<>();
  /** How many were begun, those too that were given up for another constructor. */
  private int begun;
  private final List<Tensor> tensors = new ArrayList<>();

  Architecture(Path path, Map<String, Class<? extends Module>> own) {
    this.path = path;
    this.own = own;
  }

  // ---- to JSON

  /** What was described, with its number. */
  private static final class Seen {
    private final Map<Module, Integer> modules = new IdentityHashMap<>();
    private final Map<Tensor, Integer> tensors = new IdentityHashMap<>();
  }

  static String describe(Module model) {
    var out = new StringBuilder();
    describe(model, "model", out, new Seen());
    return out.toString();
  }

  private static void describe(Module m, String place, StringBuilder out, Seen seen) {
    Integer before = seen.modules.get(m);
    if (before != null) {
      out.append("{\"same\":").append(before).append('}');
      return;
    }
    Class<?> type = m.getClass();
    boolean ours = isOurs(type);
    List<Object> arguments = m.arguments();
    if (arguments == null && !ours && constructors(type).stream().anyMatch(c -> c.getParameterCount() == 0)) arguments = List.of();
    if (arguments == null)
      throw Bundle.wrong(place + ", a " + (ours ? m + ", is made with what no file can keep"
          : type.getSimpleName() + ", is made with arguments that a bundle does not know")
          + ". Fix: " + (ours ? "" : "override fun arguments() = listOf(...) in " + type.getSimpleName() + ", or ")
          + "save its weights alone, as .safetensors.");
    int start = out.length();
    out.append("{\"class\":");
    JsonCursor.quote(ours ? type.getSimpleName() : type.getName(), out);
    out.append(",\"arguments\":");
    list(arguments, place, out, seen);
    out.append('}');
    seen.modules.put(m, seen.modules.size());
    if (ours && arguments.stream().noneMatch(a -> a instanceof List || a instanceof Map)) requireItsOwnChildren(m, out.substring(start), place);
  }

  /** One that was put in another's place is not among what its parent is made with: the first would come back. */
  private static void requireItsOwnChildren(Module m, String described, String place) {
    if (m.children().isEmpty()) return;
    var made = new Module[1];
    var apart = Context.current().fork(new Generator(0)); // what layers begin with is drawn, and saving draws nothing
    apart.run(() -> {
      Check.run(new Check(), () -> made[0] = new Architecture(Path.of(place), Map.of()).make(Bundle.parsed(Path.of(place), described)));
      return null;
    });
    made[0].children().forEach((name, child) -> {
      if (!describe(child).equals(describe(m.getSubmodule(name))))
        throw Bundle.wrong(place + "." + name + " was put in another's place, which a bundle does not keep. Fix: save its weights alone, as "
            + ".safetensors.");
    });
  }

  private static boolean isOurs(Class<?> type) {
    return type.getName().equals(OURS + type.getSimpleName());
  }

  private static void value(Object o, String place, StringBuilder out, Seen seen) {
    switch (o) {
      case null -> out.append("null");
      case Module m -> describe(m, place + "." + m.name(), out, seen);
      case Integer n -> out.append(n);
      case Long n -> out.append(n);
      case Boolean b -> out.append(b);
      case Double d when Double.isFinite(d) -> out.append(d);
      case String s -> JsonCursor.quote(s, out);
      case Enum<?> e -> JsonCursor.quote(e.name(), out);
      case List<?> l -> list(l, place, out, seen);
      case int[] sizes -> out.append(Arrays.toString(sizes));
      case Map<?, ?> m -> {
        out.append('{');
        m.forEach((key, item) -> {
          JsonCursor.quote((String) key, Safetensors.comma(out));
          value(item, place, out.append(':'), seen);
        });
        out.append('}');
      }
      case Tensor t when seen.tensors.get(t) instanceof Integer before -> out.append("{\"tensor\":").append(before).append('}');
      case Tensor t -> {
        seen.tensors.put(t, seen.tensors.size());
        JsonCursor.quote(t.getDtype().toString(), out.append("{\"zeros\":").append(Arrays.toString(t.getShape().toArray())).append(",\"dtype\":"));
        out.append('}');
      }
      case UnaryOperator<?> f when function(f) instanceof Activation a -> describe(a, place, out, seen);
      case Record r -> list(components(r), place, out, seen);
      default -> throw Bundle.wrong(place + " is made with " + o + ", which a bundle cannot keep. Fix: save its weights alone, as .safetensors.");
    }
  }

  @SuppressWarnings("unchecked") // a module's one function is one of tensors
  private static Activation function(UnaryOperator<?> f) {
    return Activation.of((UnaryOperator<Tensor>) f);
  }

  private static void list(List<?> items, String place, StringBuilder out, Seen seen) {
    out.append('[');
    for (int i = 0; i < items.size(); i++) value(items.get(i), place, i == 0 ? out : out.append(','), seen);
    out.append(']');
  }

  private static List<Object> components(Record r) {
    var all = new ArrayList<>();
    try {
      for (RecordComponent c : r.getClass().getRecordComponents()) all.add(c.getAccessor().invoke(r));
    } catch (ReflectiveOperationException e) {
      throw new KtrainException("bundle: cannot look into " + r + ".", e);
    }
    return all;
  }

  // ---- from JSON

  Module make(Object json) {
    if (json instanceof Map<?, ?> m && m.keySet().equals(Set.of("same")) && m.get("same") instanceof Long i
        && i >= 0 && i < made.size()) return made.get(i.intValue());
    if (!(json instanceof Map<?, ?> m && m.get("class") instanceof String name && m.get("arguments") instanceof List<?> given
        && m.size() == 2)) throw damaged("expected a class and its arguments, got " + Values.kind(json));
    if (begun++ == MOST) throw damaged("it has more than " + MOST + " modules");
    Class<? extends Module> type = find(name);
    for (Constructor<?> c : constructors(type)) {
      Object[] arguments = fit(given, c.getParameterTypes());
      if (arguments == null) continue;
      try {
        c.trySetAccessible(); // a script's own class need not be public
        var module = (Module) c.newInstance(arguments);
        made.add(module);
        return module;
      } catch (InvocationTargetException e) {
        if (e.getCause() instanceof Error error) throw error;
        throw damaged("a " + name + " cannot be made of " + given + ": " + e.getCause().getMessage());
      } catch (ReflectiveOperationException e) {
        throw damaged("a " + name + " cannot be made: " + e);
      }
    }
    throw damaged("no " + name + " is made of " + given);
  }

  private FormatError damaged(String what) {
    return new FormatError("bundle: " + path + ": " + what + ". Fix: the file is damaged, or of another version of its classes.");
  }

  private Class<? extends Module> find(String name) {
    String simple = name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
    if (!name.equals(simple)) {
      Class<? extends Module> given = own.get(simple);
      if (given == null)
        throw new FormatError("bundle: " + path + " holds a module of your own class " + simple + ", which a file cannot bring along. Fix: "
            + "give the class (in Kotlin " + simple + "::class), or build the model and load the same file into it.");
      return given;
    }
    try {
      if (!name.matches("\\w+")) throw new ClassNotFoundException(name);
      Class<?> type = Class.forName(OURS + name, false, Module.class.getClassLoader());
      if (Module.class.isAssignableFrom(type) && Modifier.isPublic(type.getModifiers())) return type.asSubclass(Module.class);
    } catch (ClassNotFoundException | LinkageError e) {
      throw damaged("there is no layer " + name);
    }
    throw damaged(name + " is no layer");
  }

  /** Those with most parameters first, then in an order that does not depend on the JVM. */
  private static List<Constructor<?>> constructors(Class<?> type) {
    if (Modifier.isAbstract(type.getModifiers())) return List.of();
    return Arrays.stream(type.getConstructors())
        .sorted(Comparator.comparing((Constructor<?> c) -> -c.getParameterCount()).thenComparing(Constructor::toString)).toList();
  }

  /** The values as parameters of these types, or null where they do not fit. */
  private Object[] fit(List<?> json, Class<?>[] types) {
    if (json.size() != types.length) return null;
    int modulesBefore = made.size(), tensorsBefore = tensors.size();
    var all = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      if (json.get(i) == null && !types[i].isPrimitive()) continue;
      all[i] = fit(json.get(i), types[i]);
      if (all[i] != null) continue;
      made.subList(modulesBefore, made.size()).clear();
      tensors.subList(tensorsBefore, tensors.size()).clear();
      return null;
    }
    return all;
  }

  private Object fit(Object json, Class<?> type) {
    return switch (json) {
      case null -> null;
      case Long n when (type == int.class || type == Integer.class) && n == n.intValue() -> n.intValue();
      case Long n when type == long.class || type == Long.class -> n;
      case Double d when type == double.class || type == Double.class -> d;
      case Boolean b when type == boolean.class || type == Boolean.class -> b;
      case String s when type == String.class -> s;
      case List<?> l when type == int[].class -> ints(l);
      case String s when type.isEnum() -> constant(s, type);
      case List<?> l when type == List.class -> l.stream().map(this::item).toList();
      case List<?> l when type.isRecord() -> record(l, type);
      case Map<?, ?> m when type == Map.class -> {
        var named = new LinkedHashMap<String, Object>();
        m.forEach((name, value) -> named.put((String) name, item(value)));
        yield named;
      }
      case Map<?, ?> m when type == Tensor.class -> tensor(m, false);
      case Map<?, ?> m when type == UnaryOperator.class -> make(m) instanceof Activation a ? (UnaryOperator<Tensor>) a::forward : null;
      case Map<?, ?> m when Module.class.isAssignableFrom(type) -> {
        Module module = make(m);
        yield type.isInstance(module) ? module : null;
      }
      default -> null;
    };
  }

  /** What stands in a list: a size, a number, a parameter, or a module. */
  private Object item(Object json) {
    return switch (json) {
      case Long n when n == n.intValue() -> n.intValue();
      case Double d -> d;
      case Map<?, ?> m when isTensor(m) -> {
        if (tensor(m, true) instanceof Parameter p) yield p;
        throw damaged("expected a parameter, got " + m);
      }
      case null, default -> make(json);
    };
  }

  private static boolean isTensor(Map<?, ?> json) {
    return json.containsKey("zeros") || json.containsKey("tensor");
  }

  private Tensor tensor(Map<?, ?> json, boolean trained) {
    if (json.keySet().equals(Set.of("tensor")) && json.get("tensor") instanceof Long i && i >= 0 && i < tensors.size())
      return tensors.get(i.intValue());
    Tensor t = zeros(json);
    tensors.add(trained ? new Parameter(t) : t);
    return tensors.getLast();
  }

  /** What a tensor's elements are, stands among the file's tensors. */
  private Tensor zeros(Map<?, ?> json) {
    if (json.size() != 2 || !(json.get("zeros") instanceof List<?> list && ints(list) instanceof int[] sizes)
        || !(json.get("dtype") instanceof String name && constant(name, DType.class) instanceof DType dtype))
      throw damaged("expected the sizes and the dtype of a tensor, got " + json);
    try {
      return Tensor.zeros(Shape.of(sizes), dtype);
    } catch (KtrainException e) {
      throw damaged("there is no tensor of the sizes " + list + ": " + e.getMessage());
    }
  }

  private static Object constant(String name, Class<?> type) {
    return Arrays.stream(type.getEnumConstants()).filter(e -> ((Enum<?>) e).name().equals(name)).findFirst().orElse(null);
  }

  private static int[] ints(List<?> list) {
    if (!list.stream().allMatch(n -> n instanceof Long l && l == l.intValue())) return null;
    return list.stream().mapToInt(n -> ((Long) n).intValue()).toArray();
  }

  private Object record(List<?> values, Class<?> type) {
    Class<?>[] types = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
    Object[] components = fit(values, types);
    if (components == null) return null;
    try {
      return type.getDeclaredConstructor(types).newInstance(components);
    } catch (InvocationTargetException e) {
      throw damaged(type.getSimpleName() + " cannot be made of " + values + ": " + e.getCause().getMessage());
    } catch (ReflectiveOperationException e) {
      throw damaged(type.getSimpleName() + " cannot be made: " + e);
    }
  }
}
