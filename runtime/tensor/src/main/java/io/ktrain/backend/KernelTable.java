package io.ktrain.backend;

import io.ktrain.op.Call;
import io.ktrain.op.Op;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which kernels of one backend run which operation, best first. Filled once, then only read. */
public final class KernelTable {
  private final Map<Op<?>, List<Kernel<?>>> kernels = new IdentityHashMap<>();

  /** Adds a kernel behind those already there for the operation. */
  public <A> void add(Op<A> op, Kernel<? super A> kernel) {
    kernels.computeIfAbsent(op, k -> new ArrayList<>(2)).add(kernel);
  }

  /** The first kernel that takes the call, or null. */
  @SuppressWarnings("unchecked")
  public <A> Kernel<A> find(Call<A> call) {
    List<Kernel<?>> all = kernels.get(call.op());
    if (all == null) return null;
    for (int i = 0; i < all.size(); i++) {
      var kernel = (Kernel<A>) all.get(i);
      if (kernel.takes(call)) return kernel;
    }
    return null;
  }

  /** What the operation's kernels have to do with a native library. */
  public Set<Kernel.Library> libraries(Op<?> op) {
    var all = EnumSet.noneOf(Kernel.Library.class);
    for (Kernel<?> kernel : kernels.getOrDefault(op, List.of())) all.add(kernel.library());
    return all;
  }

  public boolean has(Op<?> op) {
    return kernels.containsKey(op);
  }
}
