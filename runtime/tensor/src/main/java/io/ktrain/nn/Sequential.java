package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** Layers one after another; keys are "0", "1", ... or the names that were given, as PyTorch's. */
public final class Sequential extends IndexedModules<Module> {
  public Sequential(List<? extends Module> layers) {
    super(layers);
  }

  public Sequential(Module... layers) {
    this(List.of(layers));
  }

  /** Layers by name, in the map's order: PyTorch's Sequential of an OrderedDict. */
  public Sequential(Map<String, ? extends Module> named) {
    super(named);
  }

  /** For a builder: remembers the user's line a layer was appended at. */
  public static <M extends Module> M appended(M layer) {
    declaredHere(layer);
    return layer;
  }

  @Override
  public Tensor forward(Tensor x) {
    for (Module m : this) x = m.invoke(x);
    return x;
  }
}
