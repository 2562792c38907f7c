package io.ktrain.nn;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Layers with parameters. Subclass it in Java with {@code register("fc", new Linear(4, 3))}, in a script with
 * {@code val fc by linear(4, 3)}. Keys of the state dict are PyTorch's: names joined with dots, in order of registration.
 */
public abstract class Module implements Layers {
  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<String, Parameter> own = new LinkedHashMap<>();
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final List<Module> unnamed = new ArrayList<>();
  private final List<BiFunction<Tensor, Tensor, Tensor>> forwardHooks = new ArrayList<>();
  private String name;
  private StackWalker.StackFrame declared;
  private boolean training = true;
  private boolean complete;
  private String extra;

  @Override
  public final <M extends Module> M declare(M layer) {
    declaredHere(layer);
    unnamed.add(layer);
    complete = false;
    return layer;
  }

  /** Makes {@code child} a part of this under a name; a delegate ends here too. */
  public final <M extends Module> M register(String name, M child) {
    Module m = child;
    free(name);
    children.put(name, m);
    if (m.name == null) m.name = name;
    if (!unnamed.remove(child)) declaredHere(child);
    complete = false;
    return child;
  }

  /** Makes {@code parameter} one of this module's own. */
  public final Parameter register(String name, Parameter parameter) {
    free(name);
    own.put(name, parameter);
    return parameter;
  }

  /** State that is saved but not trained. */
  public final Tensor registerBuffer(String name, Tensor value) {
    free(name);
    buffers.put(name, value.keep());
    return value;
  }

  private void free(String name) {
    if (children.containsKey(name) || own.containsKey(name) || buffers.containsKey(name))
      throw new KtrainException(typeName() + ": there are two members named \"" + name + "\". Fix: another name for one of them.");
  }

  static void declaredHere(Module layer) {
    if (layer.declared == null) layer.declared = Declaration.here();
  }

  /** One input, one output. Modules of several inputs declare their own invoke(..). */
  public Tensor forward(Tensor x) {
    throw new KtrainException(typeName() + " has no forward(x). Fix: override it, or call the invoke(..) the class declares.");
  }

  /** Calls it: {@code model(x)} in Kotlin. What has more to give than one tensor overrides it with a richer type. */
  public Tensor invoke(Tensor x) {
    requireComplete();
    Check check = Check.current();
    if (check != null) check.called(this, x);
    Context context = Context.current();
    String outer = context.layer();
    context.setLayer(outer == null || name == null ? name == null ? typeName() : name : outer + "." + name);
    try {
      Tensor y = forward(x);
      for (var hook : forwardHooks) {
        Tensor other = hook.apply(x, y);
        if (other != null) y = other;
      }
      return y;
    } catch (KtrainException e) {
      e.layers().add(this);
      throw e;
    } finally {
      context.setLayer(outer);
    }
  }

  /** Runs after forward; what it returns, unless null, takes the output's place. Running the result takes the hook away. */
  public final Runnable onForward(BiFunction<Tensor, Tensor, Tensor> hook) {
    forwardHooks.add(hook);
    return () -> forwardHooks.remove(hook);
  }

  /** All parameters of this and everything below, in order of registration. */
  public final List<Parameter> parameters() {
    return List.copyOf(namedParameters().values());
  }

  public final Map<String, Parameter> namedParameters() {
    var all = new LinkedHashMap<String, Parameter>();
    collect("", all, null, null);
    return all;
  }

  public final Map<String, Tensor> namedBuffers() {
    var all = new LinkedHashMap<String, Tensor>();
    collect("", null, all, null);
    return all;
  }

  /** Parameters and buffers by name, as PyTorch names them. The tensors are the module's own, not copies. */
  public final Map<String, Tensor> stateDict() {
    var all = new LinkedHashMap<String, Tensor>();
    collect("", null, null, all);
    return all;
  }

  private void collect(String prefix, Map<String, Parameter> parameters, Map<String, Tensor> buffersOut, Map<String, Tensor> state) {
    requireComplete();
    own.forEach((n, p) -> {
      if (parameters != null && !parameters.containsValue(p)) parameters.put(prefix + n, p);
      if (state != null) state.put(prefix + n, p);
    });
    buffers.forEach((n, b) -> {
      if (buffersOut != null) buffersOut.put(prefix + n, b);
      if (state != null) state.put(prefix + n, b);
    });
    children.forEach((n, c) -> c.collect(prefix + n + ".", parameters, buffersOut, state));
  }

  /** Copies values in by name; every name must be there, and nothing else, with the model's shapes. Nothing is copied unless all fit. */
  public final void load(Map<String, Tensor> state) {
    Map<String, Tensor> mine = stateDict();
    var wrong = new ArrayList<String>();
    mine.forEach((n, t) -> {
      Tensor s = state.get(n);
      if (s == null) wrong.add("missing: " + n);
      else if (!(t instanceof Parameter p && !p.isSized()) && !s.getShape().equals(t.getShape())) wrong.add(n + " is " + t.describe() + " here but " + s.describe() + " there");
    });
    for (String n : state.keySet()) if (!mine.containsKey(n)) wrong.add("unexpected: " + n);
    if (!wrong.isEmpty())
      throw new StateDictError("load: the saved state is not this " + typeName() + "'s:\n  " + String.join("\n  ", wrong.subList(0, Math.min(12, wrong.size())))
          + (wrong.size() > 12 ? "\n  ... and " + (wrong.size() - 12) + " more" : "") + "\nFix: build the model the state was saved from.");
    Context.current().withGrad(false, () -> {
      mine.forEach((n, t) -> {
        Tensor s = state.get(n).to(t.getDtype()).to(t.getDevice());
        if (t instanceof Parameter p && !p.isSized()) p.replace(s.copy());
        else t.copy_(s);
      });
      return null;
    });
    visit(Module::loaded);
  }

  /** Called after values were loaded, for layers that keep sizes of their own. */
  void loaded() {}

  /** Moves parameters and buffers to a device; gradients are dropped. */
  public final void moveTo(Device device) {
    Context.current().withGrad(false, () -> {
      stateDict().values().forEach(t -> {
        if (t.getDevice().equals(device) || t instanceof Parameter p && !p.isSized()) return;
        t.setGrad(null);
        t.become(t.to(device));
      });
      return null;
    });
  }

  public final Map<String, Module> children() {
    return Collections.unmodifiableMap(children);
  }

  /** PyTorch's apply: children first, then this. */
  public final void visit(Consumer<Module> action) {
    children.values().forEach(c -> c.visit(action));
    action.accept(this);
  }

  public final boolean isTraining() {
    return training;
  }

  /** Training or evaluation, for this and everything below. */
  public final void setTraining(boolean on) {
    visit(m -> m.training = on);
  }

  /** Whether any parameter of this is trained; false freezes it. */
  public final void setRequiresGrad(boolean on) {
    parameters().forEach(p -> p.setRequiresGrad(on));
  }

  /** The name it was registered under, or null while it has none. */
  public final @Nullable String name() {
    return name;
  }

  /** The line of the user's code that declared it, or null. */
  public final @Nullable StackTraceElement declaredAt() {
    return declared == null ? null : declared.toStackTraceElement();
  }

  /**
   * What one of its public constructors takes to make such a layer again, in order, for a bundle: numbers, truth values,
   * texts, int arrays, records of them, modules and lists of modules. Null where a bundle cannot know; a class of your own
   * that is made with arguments overrides it.
   */
  public @Nullable List<Object> arguments() {
    return null;
  }

  /** What PyTorch's repr shows between the parentheses. */
  public String extraRepr() {
    return "";
  }

  /** Shows {@code text} between this instance's parentheses instead. */
  public final void setExtraRepr(String text) {
    extra = text;
  }

  final String typeName() {
    return getClass().getSimpleName();
  }

  /** As PyTorch prints a module. */
  @Override
  public String toString() {
    String shown = extra == null ? extraRepr() : extra;
    if (children.isEmpty()) return typeName() + "(" + shown + ")";
    var s = new StringBuilder(typeName()).append("(\n");
    if (!shown.isEmpty()) s.append("  ").append(shown).append('\n');
    children.forEach((n, c) -> s.append("  (").append(n).append("): ").append(c.toString().replace("\n", "\n  ")).append('\n'));
    return s.append(')').toString();
  }

  /** Nothing may be lost: a layer declared but never named, or kept in a plain field, would not be trained. */
  private void requireComplete() {
    if (complete) return;
    if (!unnamed.isEmpty()) {
      Module lost = unnamed.getFirst();
      throw new KtrainException(typeName() + ": " + lost.typeName() + "(" + lost.extraRepr() + ") was declared but never named" + (lost.declared == null ? "" : " (" + lost.declared.getFileName() + ":" + lost.declared.getLineNumber() + ")")
          + ". Fix: val name by " + lost.typeName().substring(0, 1).toLowerCase(java.util.Locale.ROOT) + lost.typeName().substring(1) + "(...).");
    }
    for (Class<?> c = getClass(); c != Module.class; c = c.getSuperclass()) {
      if (c.getName().startsWith("io.ktrain.nn.")) continue;
      for (Field f : c.getDeclaredFields()) if (!Modifier.isStatic(f.getModifiers()) && !f.isSynthetic()) requireRegistered(f);
    }
    complete = true;
  }

  private void requireRegistered(Field field) {
    Object value;
    try {
      field.setAccessible(true);
      value = field.get(this);
    } catch (IllegalAccessException | InaccessibleObjectException e) {
      return; // a sealed-off module of someone else: it cannot be looked into
    }
    boolean lost = value instanceof Module m && !children.containsValue(m) || value instanceof Parameter p && !own.containsValue(p)
        || value instanceof Collection<?> all && all.stream().anyMatch(v -> v instanceof Module m && !children.containsValue(m));
    if (lost)
      throw new KtrainException(typeName() + "." + field.getName() + " holds a layer that was never registered, so it would not be trained. Fix: val "
          + field.getName() + " by ..., or register(\"" + field.getName() + "\", ...) in Java.");
  }
}
