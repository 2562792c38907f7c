package io.ktrain.format;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tensors by name, in a file of any format that has them: safetensors, ktrain bundles, and PyTorch's. */
public final class StateDictFile {
  private StateDictFile() {}

  /** The tensors of a file that holds nothing else, whatever its name ends in. */
  public static Map<String, Tensor> read(Path path) {
    return read(path, null);
  }

  /**
   * The tensors of a file, or those that a checkpoint holds under {@code key}: {@code "model_state_dict"}. What a file is
   * stands in its first bytes; its name decides only about files that are neither.
   */
  public static Map<String, Tensor> read(Path path, @Nullable String key) {
    Map<String, ?> promised = WholeFile.promised(path);
    if (promised != null) return chosen(path, promised, key);
    if (isPyTorchs(path)) return chosen(path, PyTorchFile.read(path), key);
    if (key != null)
      throw new KtrainException("load: " + path + " is a safetensors file, which has no keys above its tensors' names, got key \""
          + key + "\". Fix: leave the key out.");
    return Safetensors.read(path);
  }

  /** Whether a file is one of PyTorch's, else safetensors. */
  static boolean isPyTorchs(Path path) {
    return switch (WholeFile.map("load", path, FileKind::of)) {
      case ZIP, PICKLE, TAR -> true;
      case SAFETENSORS -> false;
      case UNKNOWN -> {
        if (!endsAsPyTorchs(path) && !endsAsSafetensors(path))
          throw new FormatError("load: " + path + " is neither a .safetensors nor a .pt file: it begins as none of them."
              + " Fix: a file that ktrain or torch.save wrote.");
        yield endsAsPyTorchs(path);
      }
    };
  }

  private static Map<String, Tensor> chosen(Path path, Object value, @Nullable String key) {
    if (!(value instanceof Map<?, ?> map))
      throw new FormatError("load: " + path + " holds " + Values.kind(value) + ", not tensors by name. Fix: PyTorchFile.read gives it.");
    if (key == null) return tensors("load: " + path, map);
    if (!(map.get(key) instanceof Map<?, ?> inner))
      throw new FormatError("load: " + path + " has no state dict under \"" + key + "\"" + candidates(map));
    return tensors("load: " + path + ", \"" + key + "\"", inner);
  }

  /** The map itself, where it is from names to tensors; else an error that names the keys under which there are such maps. */
  static Map<String, Tensor> tensors(String where, Map<?, ?> map) {
    var tensors = new LinkedHashMap<String, Tensor>();
    map.forEach((name, value) -> {
      if (name instanceof String n && value instanceof Tensor t) tensors.put(n, t);
    });
    if (tensors.size() == map.size()) return tensors;
    var other = new ArrayList<String>();
    map.forEach((name, value) -> {
      if (!(name instanceof String && value instanceof Tensor)) other.add(name + " (" + Values.kind(value) + ")");
    });
    throw new FormatError(where + " holds more than tensors by name: " + shown(other) + candidates(map));
  }

  private static String candidates(Map<?, ?> map) {
    List<String> keys = new ArrayList<>();
    map.forEach((name, value) -> {
      if (name instanceof String n && isStateDict(value)) keys.add("\"" + n + "\"");
    });
    if (keys.isEmpty())
      return "; none of its keys holds a state dict: " + shown(map.keySet().stream().map(String::valueOf).toList())
          + ". Fix: PyTorchFile.read gives all of it.";
    return ". Fix: it is a checkpoint; say by its key which of its dicts to load: " + String.join(" or ", keys) + ".";
  }

  private static boolean isStateDict(Object value) {
    return value instanceof Map<?, ?> m && !m.isEmpty()
        && m.entrySet().stream().allMatch(e -> e.getKey() instanceof String && e.getValue() instanceof Tensor);
  }

  private static String shown(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(8, names.size()))) + (names.size() > 8 ? " and " + (names.size() - 8) + " more" : "");
  }

  /**
   * Writes tensors by name, whole or not at all; the name's ending says how: {@code .safetensors}, or {@code .pt} or
   * {@code .pth} for {@code torch.load}.
   */
  public static void write(Path path, Map<String, Tensor> tensors) {
    if (endsAsPyTorchs(path)) {
      var plain = new LinkedHashMap<String, Tensor>();
      if (!Check.active()) tensors.forEach(TensorBytes::requireValues);
      tensors.forEach((name, t) -> plain.put(name, t.detach()));
      PyTorchFile.write(path, plain);
    } else if (endsAsSafetensors(path)) {
      Safetensors.write(path, tensors);
    } else {
      throw new KtrainException("save: the ending of " + path + " names no format. Fix: .safetensors, or .pt for PyTorch; .ktrain is for "
          + "model.save, which keeps the architecture too.");
    }
  }

  private static boolean endsAsPyTorchs(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".pt") || name.endsWith(".pth");
  }

  private static boolean endsAsSafetensors(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).endsWith(".safetensors");
  }
}
