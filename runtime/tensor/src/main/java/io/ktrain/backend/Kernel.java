package io.ktrain.backend;

import io.ktrain.op.Call;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Layout;
import java.util.List;

/** How one operation runs on one backend. Inputs are alive and on one device; outputs are allocated. */
public interface Kernel<A> {
  void run(Call<A> call);

  /** Whether this kernel takes the call; where not, the next registered kernel or the decomposition serves. */
  default boolean takes(Call<A> call) {
    return true;
  }

  /** Where output {@code i} should lie; null for row-major. */
  default Layout layout(Call<A> call, List<Spec> specs, int i) {
    return null;
  }
}
