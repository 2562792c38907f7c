package io.ktrain.nn;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Layers with parameters. Subclass it in Java with {@code register("fc", new Linear(4, 3))}, in a script with
 * {@code val fc by linear(4, 3)}. Keys of the state dict are PyTorch's: names joined with dots, in order of registration.
 */
public abstract class Module implements Layers, Cloneable {
  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<String, Parameter> own = new LinkedHashMap<>();
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final Set<String> unsaved = new HashSet<>();
  private final List<Module> unnamed = new ArrayList<>();
  private final Hooks hooks = new Hooks();
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
    free(name);
    put(name, child);
    return child;
  }

  private void put(String name, Module child) {
    children.put(name, child);
    child.name = name;
    if (!unnamed.remove(child)) declaredHere(child);
    complete = false;
  }

  /** Makes {@code parameter} one of this module's own. The same one may stand in several places: it is trained once. */
  public final Parameter register(String name, Parameter parameter) {
    free(name);
    if (Check.active()) Check.current().registered(parameter);
    own.put(name, parameter);
    complete = false;
    return parameter;
  }

  /** State that is saved but not trained. */
  public final Tensor registerBuffer(String name, Tensor value) {
    return registerBuffer(name, value, true);
  }

  /** State that is not trained, and is saved only if {@code persistent}. */
  public final Tensor registerBuffer(String name, Tensor value, boolean persistent) {
    free(name);
    if (Check.active()) Check.current().registered(value);
    buffers.put(name, value.keep());
    if (!persistent) unsaved.add(name);
    return value;
  }

  private void free(String name) {
    if (name.isEmpty() || name.indexOf('.') >= 0)
      throw new KtrainException(typeName() + ": \"" + name + "\" cannot name a member. Fix: a name without dots.");
    if (children.containsKey(name) || own.containsKey(name) || buffers.containsKey(name))
      throw new KtrainException(typeName() + ": there are two members named \"" + name + "\". Fix: another name for one of them.");
  }

  /** For containers: these are the children now, in this order. */
  final void rearrange(Map<String, ? extends Module> now) {
    children.clear();
    now.forEach(this::put);
    complete = false;
  }

  /** For containers: the parameters that stand here, not below. */
  final Map<String, Parameter> own() {
    return Collections.unmodifiableMap(own);
  }

  static void declaredHere(Module layer) {
    if (layer.declared == null) layer.declared = Declaration.here();
  }

  /** One input, one output. Modules of several inputs declare their own invoke(..), by {@link #call}. */
  public Tensor forward(Tensor x) {
    throw new KtrainException(typeName() + " has no forward(x). Fix: override it, or call the invoke(..) the class declares.");
  }

  /** Calls it: {@code model(x)} in Kotlin. What has more to give than one tensor overrides it with a richer type. */
  public Tensor invoke(Tensor x) {
    return call(x, this::forward);
  }

  /**
   * Computes {@code forward} of {@code x} as a call of this module: hooks run, and errors and checks name the layer. An
   * invoke(..) of several inputs puts its first through here; of these hooks see that one, and the output.
   */
  protected final Tensor call(Tensor x, UnaryOperator<Tensor> forward) {
    requireComplete();
    Check check = Check.current();
    if (check != null) check.called(this, x);
    Context context = Context.current();
    String outer = context.layer();
    context.setLayer(outer == null || name == null ? name == null ? typeName() : name : outer + "." + name);
    try {
      Tensor y = hooks.call(forward, x);
      if (check != null) check.returned(this, y);
      return y;
    } catch (KtrainException e) {
      e.layers().add(this);
      throw e;
    } finally {
      context.setLayer(outer);
    }
  }

  /**
   * Runs before forward; what it returns, unless null, takes the input's place. Running the result takes the hook away.
   */
  public final Runnable registerForwardPreHook(Function<Tensor, @Nullable Tensor> hook) {
    return Hooks.add(hooks.before, hook);
  }

  /**
   * Runs after forward; what it returns, unless null, takes the output's place. Running the result takes the hook away.
   */
  public final Runnable onForward(BiFunction<Tensor, Tensor, @Nullable Tensor> hook) {
    return Hooks.add(hooks.after, hook);
  }

  /**
   * Runs as backward passes, with the gradient of the input and that of the output, null where there is none; what it
   * returns, unless null, takes the place of the input's. Running the result takes the hook away.
   */
  public final Runnable registerFullBackwardHook(BiFunction<Tensor, Tensor, @Nullable Tensor> hook) {
    return Hooks.add(hooks.backward, hook);
  }

  /** All parameters of this and everything below, in order of registration; one that is shared is named once. */
  public final List<Parameter> parameters() {
    return List.copyOf(namedParameters().values());
  }

  /** The same by name. */
  public final Map<String, Parameter> namedParameters() {
    return members(m -> m.own);
  }

  /** All buffers by name, those that are not saved too. */
  public final Map<String, Tensor> namedBuffers() {
    return members(m -> m.buffers);
  }

  private <T> Map<String, T> members(Function<Module, Map<String, T>> of) {
    var all = new LinkedHashMap<String, T>();
    Set<T> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    namedModules().forEach((path, m) -> of.apply(m).forEach((n, t) -> {
      if (seen.add(t)) all.put(path.isEmpty() ? n : path + "." + n, t);
    }));
    return all;
  }

  /** This and every module below by its path, this first under ""; one that is shared is named once. */
  public final Map<String, Module> namedModules() {
    var all = new LinkedHashMap<String, Module>();
    modules("", Collections.newSetFromMap(new IdentityHashMap<>()), all);
    return all;
  }

  private void modules(String path, Set<Module> seen, Map<String, Module> all) {
    requireComplete();
    if (!seen.add(this)) return;
    all.put(path, this);
    children.forEach((n, c) -> c.modules(path.isEmpty() ? n : path + "." + n, seen, all));
  }

  /** This and every module below, as {@link #namedModules} has them. */
  public final List<Module> modules() {
    return List.copyOf(namedModules().values());
  }

  /** The module at a path as {@code "features.0"}; "" is this one. */
  public final Module getSubmodule(String path) {
    Module at = this;
    if (!path.isEmpty()) for (String n : path.split("\\.", -1)) at = at.member(path, "module", at.children, n);
    return at;
  }

  /** The parameter at a path as {@code "features.0.weight"}. */
  public final Parameter getParameter(String path) {
    Module owner = getSubmodule(parent(path));
    return owner.member(path, "parameter", owner.own, last(path));
  }

  /** The buffer at a path as {@code "bn1.running_mean"}. */
  public final Tensor getBuffer(String path) {
    Module owner = getSubmodule(parent(path));
    return owner.member(path, "buffer", owner.buffers, last(path));
  }

  /**
   * Puts {@code module} in the place of the one at a path: another head, say. Only a place that exists can be taken. A
   * field that holds the one replaced holds {@code module} from then on, so it must be of the field's type.
   */
  public final void setSubmodule(String path, Module module) {
    Module owner = getSubmodule(parent(path));
    owner.member(path, "module", owner.children, last(path));
    owner.replace(last(path), module);
  }

  /** Puts {@code module} in the place of the child of that name. */
  void replace(String name, Module module) {
    Fields.replace(this, name, module);
    put(name, module);
  }

  private <T> T member(String path, String kind, Map<String, T> members, String name) {
    T found = members.get(name);
    if (found == null)
      throw new KtrainException("module: there is no " + kind + " \"" + path + "\": " + typeName() + " has "
          + (members.isEmpty() ? "none" : String.join(", ", members.keySet())) + ".");
    return found;
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /**
   * Parameters and buffers by name, as PyTorch names them; shared ones under each of their names. The tensors are the
   * module's own, not copies. Printed, it is a line for each with its shape.
   */
  public final Map<String, Tensor> stateDict() {
    var all = new StateDict();
    collect("", all);
    return all;
  }

  private void collect(String prefix, Map<String, Tensor> state) {
    requireComplete();
    own.forEach((n, p) -> state.put(prefix + n, p));
    buffers.forEach((n, b) -> {
      if (!unsaved.contains(n)) state.put(prefix + n, b);
    });
    children.forEach((n, c) -> c.collect(prefix + n + ".", state));
  }

  /**
   * Copies values in by name; every name must be there, and nothing else, with the model's shapes. Nothing is copied
   * unless all fit.
   */
  public final void load(Map<String, Tensor> state) {
    load(state, true);
  }

  /** As above; without {@code strict} names may be missing or unexpected, and the result tells which were. */
  public final IncompatibleKeys load(Map<String, Tensor> state, boolean strict) {
    return StateDict.load(this, state, strict);
  }

  /** Called after values were loaded, for layers that keep sizes of their own. */
  void loaded() {}

  /** Moves parameters and buffers to a device; gradients are dropped. */
  public final void moveTo(Device device) {
    convert(t -> StateDict.isOpen(t) ? Tensor.shapeOnly(t.getShape(), t.getDtype(), device) : t.to(device));
  }

  /** Converts floating parameters and buffers to another floating type; gradients are dropped. */
  public final void castTo(DType dtype) {
    if (!dtype.isFloating())
      throw new DTypeError(typeName() + ": parameters are floating numbers, they cannot become " + dtype
          + ". Fix: f32, f64, f16 or bf16.");
    convert(t -> t.getDtype().isFloating() ? t.to(dtype) : t);
  }

  private void convert(UnaryOperator<Tensor> conversion) {
    Context.current().withGrad(false, () -> {
      modules().forEach(m -> {
        m.own.values().forEach(p -> become(p, conversion.apply(p)));
        m.buffers.values().forEach(b -> become(b, conversion.apply(b)));
      });
      return null;
    });
  }

  private static void become(Tensor t, Tensor converted) {
    if (converted == t) return;
    t.setGrad(null);
    t.become(converted);
  }

  /** The modules directly below, by name. */
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

  /** Drops all gradients. */
  public final void zeroGrad() {
    parameters().forEach(p -> p.setGrad(null));
  }

  /**
   * A module of its own with the same values, as Python's deepcopy: what is shared inside {@code module} is shared
   * inside the copy. A function that the module keeps and that refers to it goes on referring to the original.
   */
  public static <M extends Module> M copyOf(M module) {
    return Fields.copy(module);
  }

  /** For {@link #copyOf}: this object once more, its fields still this one's. */
  final Module shallow() {
    try {
      return (Module) clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  /** A layer's name in the vocabulary: {@code linear} for Linear. */
  private static String word(Module layer) {
    return layer.typeName().substring(0, 1).toLowerCase(Locale.ROOT) + layer.typeName().substring(1);
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
   * texts, enum constants, int arrays, lists of numbers, tensors of its state, records of them, modules, parameters, lists
   * and maps of them; null for what was left out. The whole is null where a bundle cannot know; a class of your own that
   * is made with arguments overrides it.
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
    if (children.isEmpty() && shown.indexOf('\n') < 0) return typeName() + "(" + shown + ")";
    var s = new StringBuilder(typeName()).append("(\n");
    if (!shown.isEmpty()) s.append("  ").append(shown.replace("\n", "\n  ")).append('\n');
    children.forEach((n, c) ->
        s.append("  (").append(n).append("): ").append(c.toString().replace("\n", "\n  ")).append('\n'));
    return s.append(')').toString();
  }

  /** Nothing may be lost: a layer declared but never named, or kept in a plain field, would not be trained. */
  private void requireComplete() {
    if (complete) return;
    if (!unnamed.isEmpty()) {
      Module lost = unnamed.getFirst();
      var line = lost.declared;
      throw new KtrainException(typeName() + ": " + lost.typeName() + "(" + lost.extraRepr() + ") was declared but never"
          + " named" + (line == null ? "" : " (" + line.getFileName() + ":" + line.getLineNumber() + ")")
          + ". Fix: val name by " + word(lost) + "(...).");
    }
    Fields.requireRegistered(this, children.values(), own.values());
    complete = true;
  }
}
