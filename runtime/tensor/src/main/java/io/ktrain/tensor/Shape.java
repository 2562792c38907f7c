package io.ktrain.tensor;

import java.util.Arrays;

/** Sizes, outermost first; {@code []} is a single value. A value: never changed after it is made. */
public final class Shape {
  public static final Shape SCALAR = new Shape(new int[0]);

  private final int[] sizes;
  private final long numel;

  private Shape(int[] sizes) {
    this.sizes = sizes;
    long n = 1;
    for (int s : sizes) {
      if (s < 0) throw new ShapeError("shape: a size is negative: " + Arrays.toString(sizes));
      try {
        n = Math.multiplyExact(n, (long) s);
      } catch (ArithmeticException e) {
        throw new ShapeError("shape: " + Arrays.toString(sizes) + " has more than 2^63 elements");
      }
    }
    numel = n;
  }

  public static Shape of(int... sizes) {
    return sizes.length == 0 ? SCALAR : new Shape(sizes.clone());
  }

  /** A dim's size that {@code op} works out from {@code what}: a ShapeError where it is more than a dim can have. */
  public static int size(String op, String what, long size) {
    if (size > Integer.MAX_VALUE)
      throw new ShapeError(op + ": " + what + " would give a dim of " + size + "; a dim has at most "
          + Integer.MAX_VALUE + ". Fix: smaller parts.");
    return (int) size;
  }

  public int ndim() {
    return sizes.length;
  }

  /** The size of a dim; negative dims count from the last. */
  public int get(int dim) {
    return sizes[axis("size", dim)];
  }

  public int[] toArray() {
    return sizes.clone();
  }

  public long numel() {
    return numel;
  }

  /** A dim as 0 until ndim; negative dims count from the last. A 0-dim shape takes -1 and 0, as PyTorch. */
  public int axis(String op, int dim) {
    int n = Math.max(1, sizes.length);
    if (dim < -n || dim >= n)
      throw new ShapeError(op + ": dim " + dim + " is out of range for shape " + this + "; it takes " + -n + " to " + (n - 1) + ".");
    return dim < 0 ? dim + n : dim;
  }

  public Shape with(int dim, int size) {
    int[] s = sizes.clone();
    s[axis("with", dim)] = size;
    return new Shape(s);
  }

  public Shape without(int dim) {
    int at = axis("without", dim);
    int[] s = new int[sizes.length - 1];
    for (int i = 0, j = 0; i < sizes.length; i++) if (i != at) s[j++] = sizes[i];
    return of(s);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Shape s && Arrays.equals(s.sizes, sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /** {@code [64,10]}. */
  @Override
  public String toString() {
    var s = new StringBuilder("[");
    for (int i = 0; i < sizes.length; i++) s.append(i > 0 ? "," : "").append(sizes[i]);
    return s.append(']').toString();
  }
}
