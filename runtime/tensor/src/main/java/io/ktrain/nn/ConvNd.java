package io.ktrain.nn;

import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A convolution of any number of spatial dims, transposed or not. Its input channels may be {@link Parameter#LAZY}, as
 * PyTorch's LazyConv2d.
 */
public abstract sealed class ConvNd extends Module
    permits Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d {
  private final String word;
  private final int dims;
  private final boolean transposed;
  private final int out;
  private final List<Integer> kernel;
  private final ConvOptions options;
  private final PaddingMode mode;
  private final Parameter weight;
  private final Parameter bias;

  ConvNd(String word, int dims, boolean transposed, int in, int out, List<Integer> kernel, ConvOptions options,
      boolean bias, PaddingMode mode) {
    this.word = word;
    this.dims = dims;
    this.transposed = transposed;
    this.out = out;
    this.kernel = kernel.size() == 1 ? Collections.nCopies(dims, kernel.get(0)) : List.copyOf(kernel);
    this.options = options;
    this.mode = mode;
    boolean lazy = in == Parameter.LAZY;
    if (!lazy && in < 1 || out < 1 || kernel.stream().anyMatch(k -> k < 1))
      throw new ShapeError(word + ": sizes must be positive, got " + words(in) + ".");
    if (this.kernel.size() != dims)
      throw new ShapeError(word + ": kernel must be one number or " + dims + " of them, got " + kernel + ".");
    int groups = options.groups();
    if (!lazy && in % groups != 0 || out % groups != 0)
      throw new ShapeError(word + ": " + in + " input and " + out + " output channels cannot be cut into " + groups
          + " groups.");
    if (transposed && mode != PaddingMode.ZEROS)
      throw new ShapeError(word + ": a transposed convolution pads with zeros only.");
    Shape shape = lazy ? Shape.SCALAR : shape(in);
    weight = register("weight", lazy ? Parameter.lazy() : new Parameter(Init.weight(shape)));
    this.bias = !bias ? null : register("bias", lazy ? Parameter.lazy() : new Parameter(Init.bias(out, shape)));
  }

  private Shape shape(int in) {
    int[] sizes = new int[dims + 2];
    sizes[0] = transposed ? in : out;
    sizes[1] = (transposed ? out : in) / options.groups();
    for (int d = 0; d < dims; d++) sizes[2 + d] = kernel.get(d);
    return Shape.of(sizes);
  }

  public final Parameter getWeight() {
    return weight;
  }

  public final @Nullable Parameter getBias() {
    return bias;
  }

  /** The channels it takes. */
  private int in() {
    return !weight.isSized() ? Parameter.LAZY : transposed ? weight.size(0) : weight.size(1) * options.groups();
  }

  private String words(int in) {
    boolean square = kernel.stream().allMatch(k -> k.equals(kernel.get(0)));
    return word + "(" + (in == Parameter.LAZY ? "out = " + out : in + ", " + out) + ", kernel = "
        + (square ? kernel.get(0) : "listOf" + Repr.tuple(kernel).replace(",)", ")")) + ")";
  }

  @Override
  public final Tensor forward(Tensor x) {
    boolean fits = x.getNdim() == dims + 2 || x.getNdim() == dims + 1;
    if (fits && !weight.isSized()) {
      int in = x.size(-dims - 1);
      if (in % options.groups() != 0)
        throw new ShapeError(word + ": " + in + " channels of " + x.describe() + " cannot be cut into "
            + options.groups() + " groups.");
      Shape shape = shape(in);
      weight.size(shape, Init::weight);
      if (bias != null) bias.size(Shape.of(out), s -> Init.bias(out, shape));
    }
    if (!fits || x.size(-dims - 1) != in())
      throw new ShapeError(word + ": input " + x.describe() + " must be [batch, " + (in() == Parameter.LAZY ? "channels" : in())
          + ", " + spatial() + "], since this layer is " + words(in()) + "."
          + (fits ? " Fix: " + words(x.size(-dims - 1)) + "." : ""));
    if (mode == PaddingMode.ZEROS) return convolved(x, weight, bias, options);
    return convolved(x.pad(widths(), mode), weight, bias, options.withPadding(0));
  }

  private String spatial() {
    return dims == 1 ? "length" : dims == 2 ? "height, width" : "depth, height, width";
  }

  /** Both sides of each dim, from the last on. */
  private int[] widths() {
    int[] all = new int[2 * dims], padding = options.paddings(word, dims), dilation = options.dilations(word, dims);
    for (int d = 0; d < dims; d++) {
      int reach = dilation[d] * (kernel.get(d) - 1), at = 2 * (dims - 1 - d);
      all[at] = options.same() ? reach / 2 : padding[d];
      all[at + 1] = options.same() ? reach - reach / 2 : padding[d];
    }
    return all;
  }

  abstract Tensor convolved(Tensor x, Tensor weight, @Nullable Tensor bias, ConvOptions options);

  @Override
  public final List<Object> arguments() {
    if (transposed) return List.of(in(), out, kernel, options, bias != null);
    return List.of(in(), out, kernel, options, bias != null, mode);
  }

  @Override
  public final String extraRepr() {
    ConvOptions o = options;
    return Math.max(0, in()) + ", " + out + ", kernel_size=" + Repr.tuple(kernel) + ", stride=" + Repr.tuple(o.stride(), dims)
        + (o.same() ? ", padding=same" : unless(0, "padding", o.padding()))
        + unless(1, "dilation", o.dilation()) + unless(0, "output_padding", o.outputPadding())
        + (o.groups() != 1 ? ", groups=" + o.groups() : "") + (bias == null ? ", bias=False" : "")
        + (mode == PaddingMode.ZEROS ? "" : ", padding_mode=" + mode.name().toLowerCase(Locale.ROOT));
  }

  private String unless(int common, String name, List<Integer> sizes) {
    return sizes.stream().allMatch(s -> s == common) ? "" : ", " + name + "=" + Repr.tuple(sizes, dims);
  }
}
