#include "ktrain.cuh"

// `real` for floating types, `whole` for the others: neither holds all of the other's values.
KERNEL(full, void* out, i32 type, i64 n, double real, i64 whole) {
  if (type <= BF16) {
    EACH(i, n) store(out, type, i, real);
  } else {
    if (type == BOOL) whole = real != 0;
    EACH(i, n) store(out, type, i, whole);
  }
}
