package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Maxima of windows of any number of dims, one dim after another, and where they stood (i64, within a channel). */
final class MaxPooling {
  private MaxPooling() {}

  /** Elements from a start, a step apart: what one window takes of a dim. */
  private record Cell(int start, int length, int step) {}

  /** Values and indices. */
  static Tensor[] of(String op, int dims, Tensor given, PoolOptions o) {
    Tensor x = Windows.batched(op, dims, given);
    Promotion.floating(op, x);
    int[] k = o.kernels(op, dims), s = o.strides(op, dims), p = o.paddings(op, dims), dilation = o.dilations(op, dims);
    Windows.fit(op, x, k, s, p, dilation, o.ceilMode());
    if (o.dilation().stream().anyMatch(by -> by > 1)) {
      var cells = new ArrayList<List<Cell>>();
      for (int d = 0; d < dims; d++) cells.add(dilated(x.size(2 + d), k[d], s[d], p[d], dilation[d], o.ceilMode()));
      return cut(given, x, cells);
    }
    Tensor[] out = switch (dims) {
      case 1 -> {
        Tensor[] flat = plane(x.unsqueeze(2), new Pool2dOptions(1, k[0], 1, s[0], 0, p[0], o.ceilMode(), true));
        yield new Tensor[] {flat[0].squeeze(2), flat[1].squeeze(2)};
      }
      case 2 -> plane(x, new Pool2dOptions(k[0], k[1], s[0], s[1], p[0], p[1], o.ceilMode(), true));
      default -> volume(x, k, s, p, o.ceilMode());
    };
    return new Tensor[] {Windows.like(given, dims, out[0]), Windows.like(given, dims, out[1])};
  }

  private static Tensor[] plane(Tensor x, Pool2dOptions o) {
    Tensor[] out = Dispatch.all(Pooling.MAX_POOL2D, o, x);
    return new Tensor[] {out[0], out[1].to(DType.i64)};
  }

  /** Pictures first, then along the depth, where each picture is one row. */
  private static Tensor[] volume(Tensor x, int[] k, int[] s, int[] p, boolean ceilMode) {
    int n = x.size(0), c = x.size(1), depth = x.size(2), pixels = x.size(3) * x.size(4);
    Tensor[] flat = plane(x.reshape(n, c * depth, x.size(3), x.size(4)),
        new Pool2dOptions(k[1], k[2], s[1], s[2], p[1], p[2], ceilMode, true));
    int h = flat[0].size(2), w = flat[0].size(3);
    Tensor[] deep = plane(flat[0].reshape(n, c, depth, h * w),
        new Pool2dOptions(k[0], 1, s[0], 1, p[0], 0, ceilMode, true));
    Tensor among = deep[1].reshape(n, c, deep[1].size(2) * h * w); // places among the pictures' maxima
    Tensor places = flat[1].reshape(n, c, depth * h * w).gather(2, among)
        .add(among.floorDivide(Tensor.constant(h * w)).mul(pixels));
    return new Tensor[] {deep[0].reshape(n, c, deep[0].size(2), h, w), places.reshape(n, c, deep[0].size(2), h, w)};
  }

  static Tensor[] adaptive(Tensor given, Tensor x, List<Integer> sizes) {
    var cells = new ArrayList<List<Cell>>();
    for (int d = 0; d < sizes.size(); d++) {
      var along = new ArrayList<Cell>();
      int n = x.size(2 + d), m = sizes.get(d);
      for (int i = 0; i < m; i++)
        along.add(new Cell(Resampling.cellStart(n, m, i), Resampling.cellEnd(n, m, i) - Resampling.cellStart(n, m, i),
            1));
      cells.add(along);
    }
    return cut(given, x, cells);
  }

  private static List<Cell> dilated(int n, int kernel, int stride, int padding, int dilation, boolean ceilMode) {
    var all = new ArrayList<Cell>();
    for (int i = 0; i < PoolOptions.windows(n, kernel, stride, padding, dilation, ceilMode); i++) {
      int first = i * stride - padding, end = first + (kernel - 1) * dilation;
      while (first < 0) first += dilation;
      while (end >= n) end -= dilation;
      all.add(new Cell(first, (end - first) / dilation + 1, dilation));
    }
    return all;
  }

  /** Cell by cell, from the last dim on: an index names what an element of the dims done already stood for. */
  private static Tensor[] cut(Tensor given, Tensor x, List<List<Cell>> cells) {
    int dims = cells.size();
    Tensor index = null;
    int below = 1;
    for (int d = dims + 1; d >= 2; d--) {
      var values = new ArrayList<Tensor>();
      var places = new ArrayList<Tensor>();
      for (Cell cell : cells.get(d - 2)) {
        Extreme best = x.slice(d, cell.start, cell.length, cell.step).max(d);
        values.add(best.values().unsqueeze(d));
        places.add(best.indices().unsqueeze(d).mul(cell.step).add(cell.start));
      }
      Tensor place = Tensor.cat(places, d);
      index = index == null ? place : place.mul(below).add(index.gather(d, place));
      below *= x.size(d);
      x = Tensor.cat(values, d);
    }
    return new Tensor[] {Windows.like(given, dims, x), Windows.like(given, dims, index)};
  }

  static Tensor undone(String op, int dims, Tensor given, Tensor indices, List<Integer> sizes) {
    Tensor x = Windows.batched(op, dims, given);
    Promotion.floating(op, x);
    if (!indices.getShape().equals(given.getShape()))
      throw new ShapeError(op + ": there must be one index for each value, got " + indices.describe() + " for "
          + given.describe() + ".");
    if (indices.getDtype() != DType.i64) indices = indices.to(DType.i64);
    int n = x.size(0), c = x.size(1), places = 1;
    int[] shape = new int[dims + 2];
    shape[0] = n;
    shape[1] = c;
    for (int d = 0; d < dims; d++) places *= shape[2 + d] = sizes.get(d);
    Tensor at = indices.reshape(n, c, -1), zeros = Tensor.zeros(Shape.of(n, c, places), x.getDtype()).to(x.getDevice());
    Tensor count = zeros.scatterAdd(2, at, Tensor.onesLike(x.detach()).reshape(at.getShape()))
        .maximum(Tensor.constant(1));
    return Windows.like(given, dims, zeros.scatterAdd(2, at, x.reshape(at.getShape())).div(count).reshape(shape));
  }
}
