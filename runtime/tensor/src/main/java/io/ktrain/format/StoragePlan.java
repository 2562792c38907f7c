package io.ktrain.format;

import io.ktrain.memory.Storage;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What of the tensors' memory a file gets: of a storage that several tensors view, the stretch they reach, so that they
 * share it when they are read; of any other tensor its elements, row-major.
 */
final class StoragePlan {
  /** Elements {@code first} until {@code first + numel} of {@code of}'s storage, or where {@code dense} all of its own. */
  record Block(String key, Tensor of, boolean dense, long first, long numel) {
    long bytes() {
      return numel * of.getDtype().bytes();
    }

    void write(TensorBytes.Sink out) throws IOException {
      if (dense) TensorBytes.write(of, out);
      else TensorBytes.write(of, first, numel, out);
    }

    /** Where the elements of a tensor of this block lie in it. */
    Layout layout(Tensor t) {
      return dense ? Layout.contiguous(t.getShape()) : new Layout(t.layout().strides(), t.layout().offset() - first);
    }
  }

  private final Map<Tensor, Block> byTensor = new IdentityHashMap<>();
  private final List<Block> blocks = new ArrayList<>();

  StoragePlan(Object values) {
    var sharing = new LinkedHashMap<Object, List<Tensor>>();
    var alone = new IdentityHashMap<Storage, Object>();
    Values.map(values, leaf -> {
      if (leaf instanceof Tensor t) TensorBytes.requireValues("a tensor", t);
      if (leaf instanceof Tensor t && byTensor.putIfAbsent(t, new Block("", t, true, 0, 0)) == null) {
        Object group = t.numel() == 0 ? new Object() : alone.computeIfAbsent(t.storage(), s -> new Object());
        sharing.computeIfAbsent(group, g -> new ArrayList<>()).add(t);
      }
      return leaf;
    });
    sharing.values().forEach(this::add);
  }

  private void add(List<Tensor> tensors) {
    Tensor first = tensors.getFirst();
    boolean views = tensors.size() > 1
        && tensors.stream().allMatch(t -> t.getDtype() == first.getDtype() && isForward(t.layout(), t.getShape()));
    if (!views) {
      tensors.forEach(t -> add(new Block(key(), t, true, 0, t.numel()), List.of(t)));
      return;
    }
    long from = Long.MAX_VALUE, to = 0;
    for (Tensor t : tensors) {
      long last = t.layout().offset();
      for (int d = 0; d < t.getNdim(); d++) last += (t.size(d) - 1L) * t.layout().stride(d);
      from = Math.min(from, t.layout().offset());
      to = Math.max(to, last + 1);
    }
    add(new Block(key(), first, false, from, to - from), tensors);
  }

  private static boolean isForward(Layout layout, Shape shape) {
    for (int d = 0; d < shape.ndim(); d++) if (layout.stride(d) < 0) return false;
    return true;
  }

  private String key() {
    return Integer.toString(blocks.size());
  }

  private void add(Block block, List<Tensor> tensors) {
    blocks.add(block);
    tensors.forEach(t -> byTensor.put(t, block));
  }

  List<Block> blocks() {
    return blocks;
  }

  Block of(Tensor t) {
    return byTensor.get(t);
  }
}
