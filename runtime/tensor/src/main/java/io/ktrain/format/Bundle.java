package io.ktrain.format;

import io.ktrain.memory.Scope;
import io.ktrain.nn.Module;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model in one file, its architecture too, that loads without the script that made it: a safetensors file whose
 * metadata describes each module by its class and what it was made with, as {@link Module#arguments} says. Only values
 * are kept, never code: classes other than ktrain's own are made only where the caller gives them. Hooks and which
 * parameters were frozen are not kept.
 */
public final class Bundle {
  private static final String KEY = "ktrain.architecture";
  private static final int DEPTH = 200;

  private Bundle() {}

  /** Writes a model, whole or not at all. An error says which part of it cannot be described. */
  public static void write(Path path, Module model) {
    Map<String, Tensor> state = model.stateDict();
    if (!Check.active()) state.forEach(TensorBytes::requireValues);
    var metadata = Check.active() ? Map.<String, String>of() : Map.of(KEY, Architecture.describe(model));
    Safetensors.write(path, state, metadata);
  }

  /**
   * Makes the model again, on the current device and in training mode.
   *
   * @param own classes that are not ktrain's, if the model has such
   */
  @SafeVarargs
  public static Module read(Path path, Class<? extends Module>... own) {
    String text = StateDictFile.isPyTorchs(path) ? null : Safetensors.metadata(path).get(KEY);
    if (text == null)
      throw new FormatError("bundle: " + path + " holds tensors, but no architecture. Fix: build the model and load(..) it, or save "
          + "the model as a .ktrain bundle.");
    var classes = new LinkedHashMap<String, Class<? extends Module>>();
    for (Class<? extends Module> c : own) classes.put(c.getSimpleName(), c);
    Object description = parsed(path, text);
    requireFit(path, classes, description);
    Module model = new Architecture(path, classes).make(description);
    Context context = Context.current();
    Scope scope = context.open("load");
    try {
      load(model, Safetensors.read(path));
    } finally {
      context.close(scope);
    }
    return model;
  }

  static Object parsed(Path path, String text) {
    var json = new JsonCursor(text, what -> new FormatError("bundle: " + path + ": its architecture is damaged: " + what + PyTorchFile.FIX));
    Object description = json.value(DEPTH);
    json.end();
    return description;
  }

  /** Values and their types, which no layer is made with. */
  private static void load(Module model, Map<String, Tensor> state) {
    Context.current().withGrad(false, () -> {
      model.stateDict().forEach((name, t) -> {
        Tensor stored = state.get(name);
        if (stored != null && stored.getDtype().isFloating() && t.getDtype().isFloating()) t.become(t.to(stored.getDtype()));
      });
      return null;
    });
    model.load(state);
  }

  /** Makes it without elements first: what a file says may need more memory than its tensors, or anything has. */
  private static void requireFit(Path path, Map<String, Class<? extends Module>> own, Object description) {
    Check.run(new Room(Safetensors.sizes(path)), () -> {
      try {
        load(new Architecture(path, own).make(description), Safetensors.read(path, true));
      } catch (StateDictError e) {
        throw new FormatError("bundle: " + path + ": its architecture and its tensors differ. " + e.getMessage(), e);
      }
    });
  }

  /**
   * Ends the making of a model that has far more in it than its file: counts of layers may be anything. What a class of
   * one's own registers without saving it has room.
   */
  private static final class Room extends Check {
    private final String held;
    private long tensors;
    private long elements;

    Room(List<Long> sizes) {
      long sum = sizes.stream().mapToLong(n -> n).sum();
      held = "than the file's " + sizes.size() + " tensors of " + sum + " elements in all";
      tensors = 1_000 + 8L * sizes.size();
      elements = (1 << 24) + 8 * sum;
    }

    @Override
    public void registered(Tensor member) {
      elements -= Math.min(member.numel(), Long.MAX_VALUE / 2);
      if (--tensors < 0 || elements < 0) throw new KtrainException("its parameters and buffers are far more " + held);
    }
  }

  /** Whether a file's metadata has an architecture. */
  static boolean isBundle(Map<String, String> metadata) {
    return metadata.containsKey(KEY);
  }

  static KtrainException wrong(String what) {
    return new KtrainException("bundle: " + what);
  }
}
