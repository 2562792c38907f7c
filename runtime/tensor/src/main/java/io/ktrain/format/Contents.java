package io.ktrain.format;

import io.ktrain.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a file holds, without the elements of its tensors.
 *
 * @param format {@code safetensors}, {@code ktrain bundle} or {@code PyTorch}
 * @param value as {@link PyTorchFile#read} gives it; of the others a map of tensors by name
 * @param metadata the free text of a safetensors file, by key
 */
public record Contents(String format, @Nullable Object value, Map<String, String> metadata) {
  /** Told by what the file holds, not by its name. */
  public static Contents of(Path path) {
    if (StateDictFile.isPyTorchs(path)) return new Contents("PyTorch", PyTorchFile.read(path, true), Map.of());
    Map<String, String> metadata = Safetensors.metadata(path);
    return new Contents(Bundle.isBundle(metadata) ? "ktrain bundle" : "safetensors", Safetensors.read(path, true), metadata);
  }

  /** Every value that is no dict and no list, in order, under its keys and indexes joined by dots: the tensors by name. */
  public Map<String, Object> leaves() {
    var all = new LinkedHashMap<String, Object>();
    leaves("", value, all);
    return all;
  }

  private static void leaves(String name, Object o, Map<String, Object> all) {
    String prefix = name.isEmpty() ? "" : name + ".";
    if (o instanceof Map<?, ?> m && !m.isEmpty()) {
      m.forEach((key, item) -> leaves(prefix + key, item, all));
    } else if (o instanceof List<?> l && l.stream().anyMatch(i -> i instanceof Map || i instanceof Tensor || i instanceof List)) {
      for (int i = 0; i < l.size(); i++) leaves(prefix + i, l.get(i), all);
    } else {
      all.put(name, o);
    }
  }
}
