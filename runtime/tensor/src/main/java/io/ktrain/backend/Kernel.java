package io.ktrain.backend;

import io.ktrain.op.Call;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Layout;
import java.util.List;

/** How one operation runs on one backend. Inputs are alive and on one device; outputs are allocated. */
public interface Kernel<A> {
  /** What a kernel has to do with a native math library. */
  enum Library {
    /** It is the backend's own code. */
    NONE,
    /** It calls the library, and where there is none does the same itself. */
    IF_THERE,
    /** It runs only with the library. */
    REQUIRED
  }

  void run(Call<A> call);

  /** Whether this kernel takes the call; where not, the next registered kernel or the decomposition serves. */
  default boolean takes(Call<A> call) {
    return true;
  }

  default Library library() {
    return Library.NONE;
  }

  /** Where output {@code i} should lie; null for row-major. */
  default Layout layout(Call<A> call, List<Spec> specs, int i) {
    return null;
  }
}
