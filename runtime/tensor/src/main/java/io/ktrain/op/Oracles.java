package io.ktrain.op;

import io.ktrain.op.Activations.Dropout;
import io.ktrain.op.Reductions.Along;
import io.ktrain.op.Reductions.Over;
import io.ktrain.random.Philox;
import io.ktrain.tensor.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/**
 * What operations that move, fold or look up elements should give, element by element in double; see
 * {@link OpTests#reference}.
 */
final class Oracles {
  private Oracles() {}

  static OpTests.Oracle<Over> fold(double start, DoubleBinaryOperator f) {
    return (over, in) -> {
      NdArray x = in.get(0);
      NdArray kept = NdArray.zeros(kept(over, x.shape()));
      Arrays.fill(kept.data(), start);
      x.each((index, value) -> {
        int[] to = index.clone();
        for (int d : over.dims()) to[d] = 0;
        kept.set(f.applyAsDouble(kept.at(to), value), to);
      });
      return new NdArray(over.shape(Shape.of(x.shape()), over.keepDim()).toArray(), kept.data());
    };
  }

  static NdArray mean(Over over, List<NdArray> in) {
    NdArray sum = fold(0, Double::sum).of(over, in);
    double n = over.count(Shape.of(in.get(0).shape()));
    return new NdArray(sum.shape(), Arrays.stream(sum.data()).map(v -> v / n).toArray());
  }

  private static int[] kept(Over over, int[] shape) {
    int[] out = shape.clone();
    for (int d : over.dims()) out[d] = 1;
    return out;
  }

  /** The elements of x along a dim, at an index of the other dims. */
  static double[] line(NdArray x, int dim, int[] index) {
    if (x.shape().length == 0) return x.data();
    double[] all = new double[x.shape()[dim]];
    int[] at = index.clone();
    for (at[dim] = 0; at[dim] < all.length; at[dim]++) all[at[dim]] = x.at(at);
    return all;
  }

  static OpTests.Oracle<Along> extreme(DoubleBinaryOperator best) {
    return (along, in) -> in.get(0).shape().length == 0 ? in.get(0)
        : fold(Double.NaN, (a, b) -> a != a ? b : best.applyAsDouble(a, b))
        .of(new Over(new int[] {along.dim()}, along.flag()), in);
  }

  static NdArray sort(Along along, List<NdArray> in) {
    NdArray x = in.get(0);
    return NdArray.by(x.shape(), i -> {
      Comparator<Double> by = along.flag() ? Comparator.reverseOrder() : Comparator.naturalOrder();
      return Arrays.stream(line(x, along.dim(), i)).boxed().sorted(by).toList().get(i.length == 0 ? 0 : i[along.dim()]);
    });
  }

  static OpTests.Oracle<Along> running(DoubleBinaryOperator f) {
    return (along, in) -> NdArray.by(in.get(0).shape(), i ->
        Arrays.stream(line(in.get(0), along.dim(), i)).limit(i.length == 0 ? 1 : i[along.dim()] + 1).reduce(f)
            .getAsDouble());
  }

  static NdArray view(Shapes.To to, List<NdArray> in) {
    return new NdArray(to.shape().toArray(), in.get(0).data());
  }

  static NdArray permute(Shapes.Order order, List<NdArray> in) {
    int[] dims = order.dims(), shape = new int[dims.length];
    for (int d = 0; d < dims.length; d++) shape[d] = in.get(0).shape()[dims[d]];
    return NdArray.by(shape, i -> {
      int[] from = new int[dims.length];
      for (int d = 0; d < dims.length; d++) from[dims[d]] = i[d];
      return in.get(0).at(from);
    });
  }

  static NdArray expand(Shapes.To to, List<NdArray> in) {
    return NdArray.by(to.shape().toArray(), i -> broadcast(in.get(0), i));
  }

  /** The element of {@code x} that stands at an index of the shape it is stretched to. */
  static double broadcast(NdArray x, int[] index) {
    int[] own = new int[x.shape().length];
    for (int d = 0; d < own.length; d++) own[d] = x.shape()[d] == 1 ? 0 : index[index.length - own.length + d];
    return x.at(own);
  }

  static NdArray slice(Shapes.Cut cut, List<NdArray> in) {
    int[] shape = in.get(0).shape().clone();
    shape[cut.dim()] = cut.length();
    return NdArray.by(shape, i -> {
      i[cut.dim()] = cut.start() + i[cut.dim()] * cut.step();
      return in.get(0).at(i);
    });
  }

  static NdArray cat(Shapes.Dim along, List<NdArray> in) {
    int dim = along.dim();
    int[] shape = in.get(0).shape().clone();
    shape[dim] = in.stream().mapToInt(x -> x.shape()[dim]).sum();
    return NdArray.by(shape, i -> {
      int k = 0;
      while (i[dim] >= in.get(k).shape()[dim]) i[dim] -= in.get(k++).shape()[dim];
      return in.get(k).at(i);
    });
  }

  static NdArray pad(Shapes.Padding p, List<NdArray> in) {
    NdArray x = in.get(0);
    int[] shape = x.shape().clone();
    for (int d = 0; d < shape.length; d++) shape[d] += p.before()[d] + p.after()[d];
    return NdArray.by(shape, i -> {
      for (int d = 0; d < i.length; d++) if ((i[d] -= p.before()[d]) < 0 || i[d] >= x.shape()[d]) return p.value();
      return x.at(i);
    });
  }

  static NdArray flip(Shapes.Dim along, List<NdArray> in) {
    return NdArray.by(in.get(0).shape(), i -> {
      i[along.dim()] = in.get(0).shape()[along.dim()] - 1 - i[along.dim()];
      return in.get(0).at(i);
    });
  }

  static NdArray gather(Indexing.Dim along, List<NdArray> in) {
    return NdArray.by(in.get(1).shape(), i -> {
      i[along.dim()] = (int) in.get(1).at(i);
      return in.get(0).at(i);
    });
  }

  static NdArray scatterAdd(Indexing.Dim along, List<NdArray> in) {
    NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
    in.get(1).each((index, place) -> {
      int[] to = index.clone();
      to[along.dim()] = (int) place;
      out.add(in.get(2).at(index), to);
    });
    return out;
  }

  static NdArray scatter(Indexing.Dim along, List<NdArray> in) {
    NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
    in.get(1).each((index, place) -> {
      int[] to = index.clone();
      if (to.length > 0) to[along.dim()] = (int) place;
      out.set(in.get(2).at(index), to);
    });
    return out;
  }

  static NdArray indexSelect(Indexing.Dim along, List<NdArray> in) {
    int[] shape = in.get(0).shape().clone();
    shape[along.dim()] = in.get(1).shape()[0];
    return NdArray.by(shape, i -> {
      i[along.dim()] = (int) in.get(1).at(i[along.dim()]);
      return in.get(0).at(i);
    });
  }

  static NdArray indexAdd(Indexing.Dim along, List<NdArray> in) {
    NdArray out = new NdArray(in.get(0).shape(), in.get(0).data().clone());
    in.get(2).each((index, value) -> {
      int[] to = index.clone();
      to[along.dim()] = (int) in.get(1).at(index[along.dim()]);
      out.add(value, to);
    });
    return out;
  }

  static NdArray embedding(Indexing.Padding none, List<NdArray> in) {
    int n = in.get(1).shape().length;
    int[] shape = Arrays.copyOf(in.get(1).shape(), n + 1);
    shape[n] = in.get(0).shape()[1];
    return NdArray.by(shape, i -> in.get(0).at((int) in.get(1).at(Arrays.copyOf(i, n)), i[n]));
  }

  static NdArray rrelu(Activations.Slopes by, List<NdArray> in) {
    NdArray x = in.get(0), out = NdArray.zeros(x.shape());
    int[] words = new int[4];
    for (int i = 0; i < x.data().length; i++) {
      double slope = (by.lower() + by.upper()) / 2;
      if (by.draw() != null) {
        Philox.block(by.draw().key(), by.draw().stream(), i / 4, words);
        slope = by.lower() + (by.upper() - by.lower()) * Philox.uniform(words[i % 4]);
      }
      out.data()[i] = x.data()[i] * (x.data()[i] >= 0 ? 1 : slope);
    }
    return out;
  }

  static NdArray dropout(Dropout by, List<NdArray> in) {
    NdArray x = in.get(0), out = NdArray.zeros(x.shape());
    int[] words = new int[4];
    for (int i = 0; i < x.data().length; i++) {
      Philox.block(by.draw().key(), by.draw().stream(), i / 4, words);
      out.data()[i] = Philox.uniform(words[i % 4]) < by.p() ? 0 : x.data()[i] / (1 - by.p());
    }
    return out;
  }

  static NdArray groupNorm(Normalizations.Groups by, List<NdArray> in) {
    NdArray x = in.get(0);
    int channels = x.shape()[1], each = channels / by.groups();
    return NdArray.by(x.shape(), i -> {
      double[] found = {0, 0, 0};
      for (int pass = 0; pass < 2; pass++) {
        boolean first = pass == 0;
        x.each((j, v) -> {
          if (j[0] != i[0] || j[1] / each != i[1] / each) return;
          if (first) {
            found[0]++;
            found[1] += v;
          } else found[2] += (v - found[1] / found[0]) * (v - found[1] / found[0]);
        });
      }
      double y = (x.at(i) - found[1] / found[0]) / Math.sqrt(found[2] / found[0] + by.eps());
      return y * (in.get(1) == null ? 1 : in.get(1).at(i[1])) + (in.get(2) == null ? 0 : in.get(2).at(i[1]));
    });
  }

  static NdArray rmsNorm(Normalizations.Layer by, List<NdArray> in) {
    NdArray x = in.get(0);
    int n = 1, dims = x.shape().length;
    for (int d = dims - by.dims(); d < dims; d++) n *= x.shape()[d];
    double[] y = new double[x.data().length];
    for (int row = 0; row < y.length; row += n) {
      double squares = 0;
      for (int k = row; k < row + n; k++) squares += x.data()[k] * x.data()[k];
      for (int k = 0; k < n; k++)
        y[row + k] = x.data()[row + k] / Math.sqrt(squares / n + by.eps())
            * (in.get(1) == null ? 1 : in.get(1).data()[k]);
    }
    return new NdArray(x.shape(), y);
  }

  static NdArray localResponseNorm(Normalizations.Local by, List<NdArray> in) {
    NdArray x = in.get(0);
    return NdArray.by(x.shape(), i -> {
      double v = x.at(i), squares = 0;
      int channel = i[1];
      for (i[1] = channel - by.size() / 2; i[1] < channel - by.size() / 2 + by.size(); i[1]++)
        if (i[1] >= 0 && i[1] < x.shape()[1]) squares += x.at(i) * x.at(i);
      return v / Math.pow(by.k() + by.alpha() * squares / by.size(), by.beta());
    });
  }

  /** One draw for all that lies behind the first dims; {@code alpha}: dropped ones take selu's lowest value. */
  static NdArray dropoutOfMask(Dropout by, NdArray x, int dims, boolean alpha) {
    int behind = 1;
    for (int d = dims; d < x.shape().length; d++) behind *= x.shape()[d];
    int each = behind;
    double p = by.p(), a = 1 / Math.sqrt((1 - p) * (1 + p * Dropouts.LOWEST * Dropouts.LOWEST)), b = -a * p
        * Dropouts.LOWEST;
    int[] words = new int[4];
    double[] y = new double[x.data().length];
    for (int i = 0; i < y.length; i++) {
      Philox.block(by.draw().key(), by.draw().stream(), i / each / 4, words);
      boolean dropped = Philox.uniform(words[i / each % 4]) < p;
      if (alpha) y[i] = p == 1 ? 0 : a * (dropped ? Dropouts.LOWEST : x.data()[i]) + b;
      else y[i] = dropped ? 0 : x.data()[i] / (1 - p);
    }
    return new NdArray(x.shape(), y);
  }
}
