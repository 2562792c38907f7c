package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.LOWER;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.Conv2dOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DTypeError;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Pool2dOptions;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Sliding windows over pictures: convolution and pooling, [batch, channels, height, width]. */
public final class Convolutions {
  private Convolutions() {}

  /** A convolution's options and the sizes of what its gradient is taken by. */
  public record Conv2dGrad(Conv2dOptions options, Shape of) {}

  public record PoolGrad(Pool2dOptions options, Shape of) {}

  public static final Op<Conv2dOptions> CONV2D = op("conv2d", Conv2dOptions.class, "Cross-correlation of [n,c,h,w] with [out,c/groups,kh,kw], plus bias [out].")
      .gives(Convolutions::convShape)
      .grads((c, g, needed) -> {
        Tensor[] by = new Tensor[3];
        if (needed[0]) by[0] = Dispatch.call(inputGrad(), new Conv2dGrad(c.attributes(), c.edge(0).getShape()), g[0], c.in(1));
        if (needed[1]) {
          Tensor[] both = Dispatch.all(weightGrad(), new Conv2dGrad(c.attributes(), c.edge(1).getShape()), g[0], c.in(0));
          by[1] = both[0];
          by[2] = both[1];
        } else if (needed.length > 2 && needed[2]) by[2] = g[0].sum(new int[] {0, 2, 3}, false);
        return by;
      })
      .autocast(LOWER).tests(t -> t.reference(OpTests::conv2d)
          .attributes(Conv2dOptions.of(1, 0)).floats(OpTests.shape(2, 1, 4, 5), OpTests.shape(2, 1, 3, 3), OpTests.shape(2)).floats(OpTests.shape(0, 2, 3, 3), OpTests.shape(1, 2, 2, 2), OpTests.shape(1))
          .attributes(new Conv2dOptions(2, 1, 1, 2, 1, 1, 1)).floats(OpTests.shape(2, 2, 5, 4), OpTests.shape(3, 2, 3, 3), OpTests.shape(3)).floats(OpTests.strided(2, 2, 6, 8), OpTests.shape(3, 2, 2, 3), OpTests.shape(3))
          .attributes(Conv2dOptions.of(1, 1, 2, 2)).floats(OpTests.shape(1, 4, 6, 6), OpTests.shape(4, 2, 3, 3), OpTests.shape(4))
          .floats(OpTests.shape(2, 2, 5, 5), OpTests.shape(2, 1, 3, 3), OpTests.ABSENT))
      .build();

  public static final Op<Conv2dGrad> CONV2D_INPUT_GRAD = op("conv2dInputGrad", Conv2dGrad.class, "The gradient of conv2d by its input, from the upstream one and the weight.")
      .gives(c -> new Spec(c.attributes().of(), floating("conv2dInputGrad", c.in(0))))
      .grad((c, gg) -> Dispatch.call(CONV2D, c.attributes().options(), gg, c.in(1), null),
          (c, gg) -> Dispatch.all(weightGrad(), new Conv2dGrad(c.attributes().options(), c.edge(1).getShape()), c.in(0), gg)[0])
      .internal()
      .tests(t -> t.attributes(new Conv2dGrad(Conv2dOptions.of(1, 0), Shape.of(1, 2, 4, 4))).floats(OpTests.shape(1, 3, 2, 2), OpTests.shape(3, 2, 3, 3))).build();

  public static final Op<Conv2dGrad> CONV2D_WEIGHT_GRAD = op("conv2dWeightGrad", Conv2dGrad.class, "The gradients of conv2d by its weight and its bias, from the upstream one and the input.")
      .infer(c -> {
        DType type = floating("conv2dWeightGrad", c.in(0));
        return List.of(new Spec(c.attributes().of(), type), new Spec(Shape.of(c.attributes().of().get(0)), type));
      })
      .grads((c, gg, needed) -> {
        Tensor[] by = new Tensor[2];
        if (needed[0] && gg[0] != null) by[0] = Dispatch.call(CONV2D, c.attributes().options(), c.in(1), gg[0], null);
        if (needed[0] && gg[1] != null) {
          Tensor spread = gg[1].reshape(1, -1, 1, 1).expand(c.edge(0).getShape());
          by[0] = by[0] == null ? spread : by[0].add(spread);
        }
        if (needed[1] && gg[0] != null) by[1] = Dispatch.call(CONV2D_INPUT_GRAD, new Conv2dGrad(c.attributes().options(), c.edge(1).getShape()), c.in(0), gg[0]);
        return by;
      })
      .internal()
      .tests(t -> t.attributes(new Conv2dGrad(Conv2dOptions.of(1, 0), Shape.of(3, 2, 3, 3))).floats(OpTests.shape(2, 3, 2, 2), OpTests.shape(2, 2, 4, 4))).build();

  private static Op<Conv2dGrad> inputGrad() {
    return CONV2D_INPUT_GRAD;
  }

  private static Op<Conv2dGrad> weightGrad() {
    return CONV2D_WEIGHT_GRAD;
  }

  public static final Op<Pool2dOptions> MAX_POOL2D = op("maxPool2d", Pool2dOptions.class, "The largest of each window, and its place in the picture (row * width + column).")
      .infer(c -> {
        Spec y = poolShape("maxPool2d", c.in(0), c.attributes());
        return List.of(y, new Spec(y.shape(), DType.i32));
      })
      .grads((c, g, needed) -> new Tensor[] {g[0] == null ? null : Dispatch.call(unpool(), new PoolGrad(c.attributes(), c.edge(0).getShape()), g[0], c.out(1))})
      .tests(t -> t.firstOutputOnly().reference(OpTests::maxPool2d)
          .attributes(Pool2dOptions.of(2)).distinct(OpTests.shape(1, 2, 4, 5)).distinct(OpTests.strided(2, 2, 6, 4))
          .attributes(new Pool2dOptions(3, 2, 2, 1, 1, 1, true, true)).distinct(OpTests.shape(1, 1, 5, 4))).build();

  public static final Op<PoolGrad> MAX_UNPOOL2D = op("maxUnpool2d", PoolGrad.class, "Zeros to which each window's value was added at its place.")
      .gives(c -> new Spec(c.attributes().of(), floating("maxUnpool2d", c.in(0))))
      .grad((c, gg) -> {
        Shape x = c.attributes().of();
        Tensor rows = gg.reshape(x.get(0), x.get(1), -1);
        Tensor places = c.in(1).to(DType.i64).reshape(x.get(0), x.get(1), -1);
        return rows.gather(2, places).reshape(c.edge(0).getShape());
      })
      .internal().build();

  private static Op<PoolGrad> unpool() {
    return MAX_UNPOOL2D;
  }

  public static final Op<Pool2dOptions> AVG_POOL2D = op("avgPool2d", Pool2dOptions.class, "The mean of each window; padding counts as zeros unless excluded.")
      .gives(c -> poolShape("avgPool2d", c.in(0), c.attributes()))
      .grad((c, g) -> Dispatch.call(avgGrad(), new PoolGrad(c.attributes(), c.edge(0).getShape()), g))
      .tests(t -> t.reference(OpTests::avgPool2d)
          .attributes(Pool2dOptions.of(2)).floats(OpTests.shape(1, 2, 4, 5)).floats(OpTests.strided(2, 2, 6, 4))
          .attributes(new Pool2dOptions(3, 3, 2, 2, 1, 1, false, false)).floats(OpTests.shape(1, 1, 5, 5))
          .attributes(new Pool2dOptions(3, 3, 2, 2, 1, 1, true, true)).floats(OpTests.shape(1, 2, 6, 6))).build();

  public static final Op<PoolGrad> AVG_POOL2D_GRAD = op("avgPool2dGrad", PoolGrad.class, "Each window's upstream gradient spread over its elements.")
      .gives(c -> new Spec(c.attributes().of(), floating("avgPool2dGrad", c.in(0))))
      .grad((c, gg) -> Dispatch.call(AVG_POOL2D, c.attributes().options(), gg))
      .internal()
      .tests(t -> t.attributes(new PoolGrad(Pool2dOptions.of(2), Shape.of(1, 1, 4, 5))).floats(OpTests.shape(1, 1, 2, 2))).build();

  private static Op<PoolGrad> avgGrad() {
    return AVG_POOL2D_GRAD;
  }

  private static Spec convShape(Call<Conv2dOptions> c) {
    Tensor x = c.in(0), w = c.in(1), b = c.in(2);
    Conv2dOptions o = c.attributes();
    if (x.getNdim() != 4) throw new ShapeError("conv2d: input must be [batch, channels, height, width], got " + x.describe() + ". Fix: unsqueeze(0) for a single picture.");
    if (w.getNdim() != 4) throw new ShapeError("conv2d: weight must be [out, in / groups, height, width], got " + w.describe() + ".");
    if (x.size(1) != w.size(1) * o.groups())
      throw new ShapeError("conv2d: input " + x.describe() + " has " + x.size(1) + " channels in dim 1, but weight " + w.describe() + " with " + o.groups() + " groups takes " + w.size(1) * o.groups() + ".");
    if (w.size(0) % o.groups() != 0) throw new ShapeError("conv2d: " + w.size(0) + " output channels cannot be cut into " + o.groups() + " groups.");
    if (b != null && !(b.getNdim() == 1 && b.size(0) == w.size(0))) throw new ShapeError("conv2d: bias must be [" + w.size(0) + "], got " + b.describe() + ".");
    DType type = MatMuls.same("conv2d", x, w);
    floating("conv2d", x);
    int h = out(x.size(2), w.size(2), o.strideH(), o.paddingH(), o.dilationH()), width = out(x.size(3), w.size(3), o.strideW(), o.paddingW(), o.dilationW());
    if (h < 1 || width < 1)
      throw new ShapeError("conv2d: the kernel " + w.size(2) + "x" + w.size(3) + " (dilation " + o.dilationH() + "x" + o.dilationW() + ") is larger than the padded input of " + x.describe() + ".");
    return new Spec(Shape.of(x.size(0), w.size(0), h, width), type);
  }

  private static int out(int size, int kernel, int stride, int padding, int dilation) {
    int span = size + 2 * padding - dilation * (kernel - 1) - 1;
    return span < 0 ? 0 : span / stride + 1;
  }

  private static Spec poolShape(String op, Tensor x, Pool2dOptions o) {
    if (x.getNdim() != 4) throw new ShapeError(op + ": input must be [batch, channels, height, width], got " + x.describe() + ". Fix: unsqueeze(0) for a single picture.");
    DType type = floating(op, x);
    int h = o.windows(x.size(2), true), w = o.windows(x.size(3), false);
    if (h < 1 || w < 1) throw new ShapeError(op + ": the window " + o.kernelH() + "x" + o.kernelW() + " is larger than the padded input of " + x.describe() + ".");
    return new Spec(Shape.of(x.size(0), x.size(1), h, w), type);
  }

  private static DType floating(String op, Tensor x) {
    if (!x.getDtype().isFloating()) throw new DTypeError(op + ": needs a floating dtype, got " + x.describe() + ". Fix: to(f32).");
    return x.getDtype();
  }

  public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, Conv2dOptions options) {
    return Dispatch.call(CONV2D, options, x, weight, bias);
  }

  public static Extreme maxPool2d(Tensor x, Pool2dOptions options) {
    Tensor[] out = Dispatch.all(MAX_POOL2D, options, x);
    return new Extreme(out[0], out[1]);
  }

  public static Tensor avgPool2d(Tensor x, Pool2dOptions options) {
    return Dispatch.call(AVG_POOL2D, options, x);
  }

  /** Windows that cut the picture into height * width cells; uneven cells are averaged one by one. */
  public static Tensor adaptiveAvgPool2d(Tensor x, int height, int width) {
    if (x.getNdim() != 4) throw new ShapeError("adaptiveAvgPool2d: input must be [batch, channels, height, width], got " + x.describe() + ".");
    if (height < 1 || width < 1) throw new ShapeError("adaptiveAvgPool2d: the result must be at least 1x1, got " + height + "x" + width + ".");
    return cells(cells(x, 2, height), 3, width);
  }

  private static Tensor cells(Tensor x, int dim, int count) {
    int n = x.size(dim);
    if (n == count) return x;
    if (count == 1) return x.mean(dim, true);
    Tensor[] all = new Tensor[count];
    for (int i = 0; i < count; i++) {
      int from = (int) ((long) i * n / count), to = (int) (((long) (i + 1) * n + count - 1) / count);
      all[i] = x.narrow(dim, from, to - from).mean(dim, true);
    }
    return Tensor.cat(List.of(all), dim);
  }
}
