package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.List;

/** Layers one after another; keys are "0", "1", ... as PyTorch's. */
public final class Sequential extends Module {
  private final List<Module> layers;

  public Sequential(List<? extends Module> layers) {
    this.layers = List.copyOf(layers);
    for (int i = 0; i < layers.size(); i++) register(Integer.toString(i), layers.get(i));
  }

  public Sequential(Module... layers) {
    this(List.of(layers));
  }

  /** For a builder: remembers the user's line a layer was appended at. */
  public static <M extends Module> M appended(M layer) {
    declaredHere(layer);
    return layer;
  }

  public Module get(int index) {
    return layers.get(index);
  }

  public int size() {
    return layers.size();
  }

  @Override
  public List<Object> arguments() {
    return List.of(layers);
  }

  @Override
  public Tensor forward(Tensor x) {
    for (Module m : layers) x = m.invoke(x);
    return x;
  }
}
