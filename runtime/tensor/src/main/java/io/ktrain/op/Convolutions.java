package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.LOWER;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Convolution of [batch, channels, spatial...]: of pictures by kernels, of signals and volumes by that of pictures. */
public final class Convolutions {
  private Convolutions() {}

  /** A convolution's options and the sizes of what its gradient is taken by. */
  public record Conv2dGrad(Conv2dOptions options, Shape of) {}

  public static final Op<Conv2dOptions> CONV2D = op("conv2d", Conv2dOptions.class,
      "Cross-correlation of [n,c,h,w] with [out,c/groups,kh,kw], plus bias [out].")
      .gives(Convolutions::convShape)
      .grads((c, g, needed) -> {
        Tensor[] by = new Tensor[3];
        if (needed[0])
          by[0] = Dispatch.call(inputGrad(), new Conv2dGrad(c.attributes(), c.edge(0).getShape()), g[0], c.in(1));
        if (needed[1]) {
          Tensor[] both = Dispatch.all(weightGrad(), new Conv2dGrad(c.attributes(), c.edge(1).getShape()),
              g[0], c.in(0));
          by[1] = both[0];
          by[2] = both[1];
        } else if (needed.length > 2 && needed[2]) by[2] = g[0].sum(new int[] {0, 2, 3}, false);
        return by;
      })
      .autocast(LOWER).tests(t -> t.reference(OpTests::conv2d)
          .attributes(Conv2dOptions.of(1, 0))
          .floats(OpTests.shape(2, 1, 4, 5), OpTests.shape(2, 1, 3, 3), OpTests.shape(2))
          .floats(OpTests.shape(0, 2, 3, 3), OpTests.shape(1, 2, 2, 2), OpTests.shape(1))
          .attributes(new Conv2dOptions(2, 1, 1, 2, 1, 1, 1))
          .floats(OpTests.shape(2, 2, 5, 4), OpTests.shape(3, 2, 3, 3), OpTests.shape(3))
          .floats(OpTests.strided(2, 2, 6, 8), OpTests.shape(3, 2, 2, 3), OpTests.shape(3))
          .attributes(Conv2dOptions.of(1, 1, 2, 2))
          .floats(OpTests.shape(1, 4, 6, 6), OpTests.shape(4, 2, 3, 3), OpTests.shape(4))
          .floats(OpTests.shape(2, 2, 5, 5), OpTests.shape(2, 1, 3, 3), OpTests.ABSENT))
      .build();

  public static final Op<Conv2dGrad> CONV2D_INPUT_GRAD = op("conv2dInputGrad", Conv2dGrad.class,
      "The gradient of conv2d by its input, from the upstream one and the weight.")
      .gives(c -> new Spec(c.attributes().of(), Promotion.floating("conv2dInputGrad", c.in(0))))
      .grad((c, gg) -> Dispatch.call(CONV2D, c.attributes().options(), gg, c.in(1), null),
          (c, gg) -> Dispatch.all(weightGrad(), new Conv2dGrad(c.attributes().options(), c.edge(1).getShape()),
              c.in(0), gg)[0])
      .internal()
      .tests(t -> t.attributes(new Conv2dGrad(Conv2dOptions.of(1, 0), Shape.of(1, 2, 4, 4)))
          .floats(OpTests.shape(1, 3, 2, 2), OpTests.shape(3, 2, 3, 3))).build();

  public static final Op<Conv2dGrad> CONV2D_WEIGHT_GRAD = op("conv2dWeightGrad", Conv2dGrad.class,
      "The gradients of conv2d by its weight and its bias, from the upstream one and the input.")
      .infer(c -> {
        DType type = Promotion.floating("conv2dWeightGrad", c.in(0));
        return List.of(new Spec(c.attributes().of(), type), new Spec(Shape.of(c.attributes().of().get(0)), type));
      })
      .grads((c, gg, needed) -> {
        Tensor[] by = new Tensor[2];
        if (needed[0] && gg[0] != null) by[0] = Dispatch.call(CONV2D, c.attributes().options(), c.in(1), gg[0], null);
        if (needed[0] && gg[1] != null) {
          Tensor spread = gg[1].reshape(1, -1, 1, 1).expand(c.edge(0).getShape());
          by[0] = by[0] == null ? spread : by[0].add(spread);
        }
        if (needed[1] && gg[0] != null)
          by[1] = Dispatch.call(CONV2D_INPUT_GRAD, new Conv2dGrad(c.attributes().options(), c.edge(1).getShape()),
              c.in(0), gg[0]);
        return by;
      })
      .internal()
      .tests(t -> t.attributes(new Conv2dGrad(Conv2dOptions.of(1, 0), Shape.of(3, 2, 3, 3)))
          .floats(OpTests.shape(2, 3, 2, 2), OpTests.shape(2, 2, 4, 4))).build();

  private static Op<Conv2dGrad> inputGrad() {
    return CONV2D_INPUT_GRAD;
  }

  private static Op<Conv2dGrad> weightGrad() {
    return CONV2D_WEIGHT_GRAD;
  }

  public static final Op<ConvOptions> CONV1D = conv(1);
  public static final Op<ConvOptions> CONV3D = conv(3);
  public static final Op<ConvOptions> CONV_TRANSPOSE1D = transpose(1);
  public static final Op<ConvOptions> CONV_TRANSPOSE2D = transpose(2);
  public static final Op<ConvOptions> CONV_TRANSPOSE3D = transpose(3);

  private static Op<ConvOptions> conv(int dims) {
    String name = "conv" + dims + "d";
    return op(name, ConvOptions.class, "Cross-correlation of " + Windows.words(dims)
        + " of [n,c,...] with [out,c/groups,...], plus bias [out].")
        .composed(c -> NdConvolution.conv(name, dims, c.in(0), c.in(1), c.in(2), c.attributes()))
        .autocast(LOWER)
        .tests(t -> {
          t.reference((o, in) -> WindowOracles.conv(o, in, dims));
          samples(t, dims, false);
          t.attributes(new ConvOptions(List.of(1), List.of(0), List.of(3, 1, 2).subList(0, dims), 1, List.of(0), true))
              .floats(WindowOracles.sample(dims, 2, 2, 4, 5, 6), WindowOracles.sample(dims, 3, 2, 2, 3, 2),
              OpTests.shape(3));
          t.fails(() -> Dispatch.call(numbered(dims, false), ConvOptions.DEFAULT, Tensor.ones(sizes(dims, 1, 3, 4)),
              Tensor.ones(sizes(dims, 2, 2, 3)), null),
              name + ": input f32" + Shape.of(sizes(dims, 1, 3, 4)) + " has 3 channels in dim 1, but weight f32"
                  + Shape.of(sizes(dims, 2, 2, 3)) + " with 1 groups takes 2.")
              .fails(() -> Dispatch.call(numbered(dims, false), ConvOptions.DEFAULT, Tensor.ones(sizes(dims, 1, 2, 4)),
              Tensor.ones(sizes(dims, 2, 2, 5)), null),
                  name + ": the kernel " + "5x5x5".substring(0, 2 * dims - 1) + " (dilation "
                      + "1x1x1".substring(0, 2 * dims - 1) + ") is larger than the padded input of f32"
                      + Shape.of(sizes(dims, 1, 2, 4)) + ".")
              .fails(() -> Dispatch.call(numbered(dims, false), ConvOptions.DEFAULT.withGroups(2),
              Tensor.ones(sizes(dims, 1, 2, 4)), Tensor.ones(sizes(dims, 3, 1, 2)), null), name
              + ": 3 output channels cannot be cut into 2 groups.")
              .fails(() -> Dispatch.call(numbered(dims, false), ConvOptions.DEFAULT, Tensor.ones(4),
              Tensor.ones(sizes(dims, 3, 1, 2)), null),
                  name + ": input must be [batch, channels, " + Windows.names(dims)
                      + "], or without the batch, got f32[4].");
        }).build();
  }

  private static Op<ConvOptions> transpose(int dims) {
    String name = "convTranspose" + dims + "d";
    return op(name, ConvOptions.class, "The gradient of conv" + dims
        + "d by its input as an operation of its own: each input element spreads the kernel [c,out/groups,...].")
        .composed(c -> NdConvolution.transposed(name, dims, c.in(0), c.in(1), c.in(2), c.attributes()))
        .autocast(LOWER)
        .tests(t -> {
          t.reference((o, in) -> WindowOracles.convTranspose(o, in, dims));
          samples(t, dims, true);
          t.attributes(ConvOptions.DEFAULT.withStride(2).withOutputPadding(1))
              .floats(WindowOracles.sample(dims, 2, 2, 3, 2, 2), WindowOracles.sample(dims, 2, 3, 2, 3, 2),
              OpTests.shape(3))
              .attributes(ConvOptions.DEFAULT.withDilation(3).withPadding(1).withOutputPadding(2))
              .floats(WindowOracles.sample(dims, 1, 2, 2, 3, 2), WindowOracles.sample(dims, 2, 1, 2, 2, 2),
              OpTests.ABSENT);
          t.fails(() -> Dispatch.call(numbered(dims, true), ConvOptions.DEFAULT.withOutputPadding(1),
              Tensor.ones(sizes(dims, 1, 2, 4)), Tensor.ones(sizes(dims, 2, 2, 2)), null),
              name + ": outputPadding must be smaller than the stride or the dilation, got outputPadding [1], stride "
                  + "[1], dilation [1].")
              .fails(() -> Dispatch.call(numbered(dims, true), ConvOptions.DEFAULT, Tensor.ones(sizes(dims, 1, 2, 4)),
              Tensor.ones(sizes(dims, 3, 2, 2)), null),
                  name + ": input f32" + Shape.of(sizes(dims, 1, 2, 4)) + " has 2 channels in dim 1, but weight f32"
                      + Shape.of(sizes(dims, 3, 2, 2)) + " takes 3.")
              .fails(() -> Dispatch.call(numbered(dims, true), ConvOptions.DEFAULT.withPadding(2),
              Tensor.ones(sizes(dims, 1, 2, 2)), Tensor.ones(sizes(dims, 2, 2, 2)), null),
                  name + ": nothing is left of f32" + Shape.of(sizes(dims, 1, 2, 2)) + ": the output would be "
                      + "-1x-1x-1".substring(0, 3 * dims - 1) + ". Fix: less padding.");
        }).build();
  }

  private static void samples(OpTests<ConvOptions> t, int dims, boolean transposed) {
    int[][] kernels = {{2, 3, 2}, {3, 2, 1}};
    t.attributes(ConvOptions.DEFAULT).floats(WindowOracles.sample(dims, 2, 2, 4, 3, 4),
        weight(dims, transposed, 3, 2, kernels[0]), OpTests.shape(3))
        .floats(WindowOracles.unbatched(dims, 2, 4, 3, 4), weight(dims, transposed, 1, 2, kernels[0]), OpTests.ABSENT)
        .floats(WindowOracles.sample(dims, 0, 2, 4, 3, 4), weight(dims, transposed, 3, 2, kernels[0]),
        OpTests.shape(3));
    t.attributes(new ConvOptions(List.of(2, 1, 2).subList(0, dims), List.of(1, 0, 2).subList(0, dims), List.of(1, 2, 1)
        .subList(0, dims), 1, List.of(0), false))
        .floats(WindowOracles.strided(dims, 1, 2, 5, 6, 3), weight(dims, transposed, 2, 2, kernels[1]),
        OpTests.shape(2));
    t.attributes(ConvOptions.DEFAULT.withGroups(2).withPadding(1))
        .floats(WindowOracles.sample(dims, 2, 4, 3, 4, 3), transposed ? WindowOracles.sample(dims, 4, 3, kernels[1])
        : WindowOracles.sample(dims, 6, 2, kernels[1]), OpTests.shape(6));
    t.attributes(ConvOptions.DEFAULT.withGroups(3).withStride(2))
        .floats(WindowOracles.sample(dims, 1, 3, 3, 4, 3), WindowOracles.sample(dims, 3, 1, kernels[0]),
        OpTests.ABSENT);
  }

  private static OpTests.Input weight(int dims, boolean transposed, int out, int in, int[] kernel) {
    return transposed ? WindowOracles.sample(dims, in, out, kernel) : WindowOracles.sample(dims, out, in, kernel);
  }

  private static Op<ConvOptions> numbered(int dims, boolean transposed) {
    if (!transposed) return dims == 1 ? CONV1D : CONV3D;
    return dims == 1 ? CONV_TRANSPOSE1D : dims == 2 ? CONV_TRANSPOSE2D : CONV_TRANSPOSE3D;
  }

  private static int[] sizes(int dims, int first, int second, int each) {
    int[] all = new int[dims + 2];
    java.util.Arrays.fill(all, each);
    all[0] = first;
    all[1] = second;
    return all;
  }

  private static Spec convShape(Call<Conv2dOptions> c) {
    Tensor x = c.in(0), w = c.in(1);
    Conv2dOptions o = c.attributes();
    int[] out = NdConvolution.sizes("conv2d", 2, x, w, c.in(2), new int[] {o.strideH(), o.strideW()},
        new int[] {2 * o.paddingH(), 2 * o.paddingW()}, new int[] {o.dilationH(), o.dilationW()}, o.groups());
    return new Spec(Shape.of(x.size(0), w.size(0), out[0], out[1]), x.getDtype());
  }

  public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, Conv2dOptions options) {
    return Windows.like(x, 2, Dispatch.call(CONV2D, options, Windows.batched("conv2d", 2, x), weight, bias));
  }

  /** Over the last {@code dims} dims. */
  public static Tensor conv(Tensor x, int dims, Tensor weight, Tensor bias, ConvOptions options) {
    if (dims == 2)
      return Dispatch.autocast(LOWER, new Tensor[] {x, weight, bias},
          in -> NdConvolution.conv("conv2d", 2, in[0], in[1], in[2], options));
    return Dispatch.call(numbered(dims, false), options, x, weight, bias);
  }

  public static Tensor convTranspose(Tensor x, int dims, Tensor weight, Tensor bias, ConvOptions options) {
    return Dispatch.call(numbered(dims, true), options, x, weight, bias);
  }
}
