package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.WIDEST;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The ground that other arrangements are made of: reshaped, permuted and sliced views, copies, conversions, joining,
 * padding. What is made of these is in {@link Views} (nothing is copied) and {@link Arrangements} (elements are).
 */
public final class Shapes {
  private Shapes() {}

  public record To(Shape shape) {}

  public record Order(int[] dims) {}

  /** Every step-th element of a dim. */
  public record Cut(int dim, int start, int length, int step) {}

  /** A cut and the shape it was cut from. */
  public record Uncut(Cut cut, Shape whole) {}

  public record Strided(Shape shape, Layout layout) {}

  public record Type(DType dtype) {}

  public record Dim(int dim) {}

  public record On(Device device) {}

  /** Elements added before and after each dim. */
  public record Padding(int[] before, int[] after, double value) {}

  public static final Op<To> RESHAPE = op("view", To.class, "The same elements under another shape, never copied.")
      .gives(c -> new Spec(c.attributes().shape(), c.in(0).getDtype()))
      .view((c, out) -> c.in(0).layout().reshaped(c.in(0).getShape(), out.shape()))
      .grad((c, g) -> g.reshape(c.edge(0).getShape()))
      .tests(t -> t.reference(Oracles::view).attributes(new To(Shape.of(6)))
          .floats(OpTests.shape(2, 3)).attributes(new To(Shape.of(3, 1, 4))).floats(OpTests.shape(2, 6))).build();

  public static final Op<Order> PERMUTE = op("permute", Order.class, "The dims in another order, never copied.")
      .gives(c -> new Spec(permuted(c.in(0).getShape(), c.attributes().dims()), c.in(0).getDtype()))
      .view((c, out) -> {
        long[] strides = new long[out.shape().ndim()];
        for (int d = 0; d < strides.length; d++) strides[d] = c.in(0).layout().stride(c.attributes().dims()[d]);
        return new Layout(strides, c.in(0).layout().offset());
      })
      .grad((c, g) -> {
        int[] back = new int[c.attributes().dims().length];
        for (int d = 0; d < back.length; d++) back[c.attributes().dims()[d]] = d;
        return g.permute(back);
      })
      .tests(t -> t.reference(Oracles::permute).attributes(new Order(new int[] {2, 0, 1}))
          .floats(OpTests.shape(2, 3, 4)).floats(OpTests.strided(2, 3, 4))).build();

  public static final Op<To> EXPAND = op("expand", To.class,
      "Dims of size 1 read as larger ones, and leading dims added; never copied.")
      .gives(c -> new Spec(c.attributes().shape(), c.in(0).getDtype()))
      .view((c, out) -> {
        Tensor x = c.in(0);
        int extra = out.shape().ndim() - x.getNdim();
        long[] strides = new long[out.shape().ndim()];
        for (int d = extra; d < strides.length; d++)
          strides[d] = x.size(d - extra) == 1 && out.shape().get(d) != 1 ? 0 : x.layout().stride(d - extra);
        return new Layout(strides, x.layout().offset());
      })
      .grad((c, g) -> g)
      .tests(t -> t.reference(Oracles::expand)
          .attributes(new To(Shape.of(4, 2, 3))).floats(OpTests.shape(2, 1)).floats(OpTests.shape())).build();

  public static final Op<Cut> SLICE = op("slice", Cut.class,
      "Every step-th element of a dim, from a start; never copied.")
      .gives(c -> new Spec(c.in(0).getShape().with(c.attributes().dim(), c.attributes().length()), c.in(0).getDtype()))
      .view((c, out) -> {
        Cut cut = c.attributes();
        return c.in(0).layout().cut(cut.dim(), cut.start(), cut.step());
      })
      .grad((c, g) -> Dispatch.call(unslice(), new Uncut(c.attributes(), c.edge(0).getShape()), g))
      .tests(t -> t.reference(Oracles::slice).attributes(new Cut(1, 1, 2, 1))
          .floats(OpTests.shape(2, 4)).attributes(new Cut(0, 0, 2, 2)).floats(OpTests.strided(4, 3))).build();

  public static final Op<Uncut> UNSLICE = op("unslice", Uncut.class, "Zeros with the input in the place of a slice.")
      .gives(c -> new Spec(c.attributes().whole(), c.in(0).getDtype()))
      .grad((c, g) -> Dispatch.call(SLICE, c.attributes().cut(), g))
      .internal()
      .tests(t -> t.attributes(new Uncut(new Cut(1, 1, 2, 1), Shape.of(2, 4))).floats(OpTests.shape(2, 2))).build();

  private static Op<Uncut> unslice() {
    return UNSLICE;
  }

  /** The layout counts from the input's first element. */
  public static final Op<Strided> AS_STRIDED = op("asStrided", Strided.class,
      "Any layout over the elements of a contiguous tensor, also one that reads some of them several times.")
      .gives(c -> new Spec(c.attributes().shape(), c.in(0).getDtype()))
      .view((c, out) -> {
        Layout l = c.attributes().layout();
        return new Layout(l.strides(), l.offset() + c.in(0).layout().offset());
      })
      .grad((c, g) -> {
        Layout l = c.attributes().layout();
        Tensor zeros = Creation.full(c.edge(0).getShape(), 0, g.getDtype(), g.getDevice());
        if (!overlaps(g.getShape(), l)) return sliceAssigned(zeros, g, g.getShape(), l);
        Tensor place = Creation.full(Shape.SCALAR, l.offset(), DType.i64, g.getDevice());
        for (int d = 0; d < g.getNdim(); d++) place = place.unsqueeze(-1).add(Creation.range(g.size(d),
            g).mul(l.stride(d)));
        return Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(0), zeros.flatten(), place.flatten(), g.flatten())
            .reshape(c.edge(0).getShape());
      })
      .tests(t -> t.reference((by, in) -> NdArray.by(by.shape().toArray(), i -> {
        int at = (int) by.layout().offset();
        for (int d = 0; d < i.length; d++) at += (int) (i[d] * by.layout().stride(d));
        return in.get(0).data()[at];
      })).with(new Strided(Shape.of(2, 2), new Layout(new long[] {3, 1}, 1)), OpTests.shape(2, 4))
          .with(new Strided(Shape.of(3, 2), new Layout(new long[] {1, 1}, 0)), OpTests.shape(4))
          .with(new Strided(Shape.of(3, 2), new Layout(new long[] {0, 2}, 1)), OpTests.shape(5))
          .fails(() -> Tensor.ones(4).asStrided(new int[] {3}, new long[] {2}, 0),
              "asStrided: [3] by strides [2] from 0 reaches past the 4 elements of f32[4].")
          .fails(() -> Tensor.ones(2, 3).t().asStrided(new int[] {3}, new long[] {2}, 0),
              "asStrided: f32[3,2] must be contiguous. Fix: contiguous() first."))
      .build();

  private static boolean overlaps(Shape shape, Layout l) {
    Integer[] order = new Integer[shape.ndim()];
    Arrays.setAll(order, d -> d);
    Arrays.sort(order, java.util.Comparator.comparingLong(d -> l.stride(d)));
    long reach = 0;
    for (int d : order) {
      if (shape.get(d) <= 1) continue;
      if (l.stride(d) <= reach) return true;
      reach += l.stride(d) * (shape.get(d) - 1L);
    }
    return false;
  }

  public static final Op<Strided> SLICE_ASSIGN = op("sliceAssign", Strided.class,
      "A copy of the first input with the second in the place of a view of it.")
      .gives(c -> Spec.like(c.in(0)))
      .grad((c, g) ->
          sliceAssigned(g.contiguous(), Tensor.zerosLike(c.edge(1)), c.attributes().shape(), c.attributes().layout()),
          (c, g) -> asStrided(g.contiguous(), c.attributes().shape(), c.attributes().layout()))
      .internal().build();

  public static final Op<Type> CAST = op("to", Type.class,
      "The elements converted to another type, in memory of their own.")
      .gives(c -> new Spec(c.in(0).getShape(), c.attributes().dtype()))
      .grad((c, g) -> g)
      .tests(t -> t.reference((type, in) -> in.get(0)).attributes(new Type(DType.f64)).floats(OpTests.shape(2, 3))
          .floats(OpTests.strided(4, 3)).floats(OpTests.shape()).floats(OpTests.shape(0, 2))).build();

  /** The only operation that changes an input; {@link #write} is how it is called. */
  public static final Op<Void> WRITE = op("write", "Writes the second input's elements over the first's, of one shape.")
      .infer(c -> List.of()).internal().build();

  public static final Op<On> TO_DEVICE = op("toDevice", On.class, "The elements copied to another device.")
      .gives(c -> Spec.like(c.in(0)))
      .grad((c, g) -> g.to(c.edge(0).getDevice()))
      .internal().build();

  public static final Op<Dim> CAT = op("cat", Dim.class, "The inputs one after another along a dim.")
      .gives(Shapes::catShape)
      .grads((c, g, needed) -> {
        Tensor[] all = new Tensor[c.inputs()];
        int at = 0;
        for (int i = 0; i < all.length; i++) {
          int n = c.edge(i).size(c.attributes().dim());
          all[i] = g[0].narrow(c.attributes().dim(), at, n);
          at += n;
        }
        return all;
      })
      .autocast(WIDEST)
      .tests(t -> t.reference(Oracles::cat).attributes(new Dim(0)).floats(OpTests.shape(2, 3), OpTests.shape(1, 3))
          .attributes(new Dim(1)).floats(OpTests.shape(2, 3), OpTests.shape(2, 0), OpTests.strided(2, 5))
          .fails(() -> Tensor.cat(List.of(Tensor.ones(1).expand(2000000000), Tensor.ones(1).expand(2000000000)), 0),
              "cat: 2 tensors like f32[2000000000] in dim 0 would give a dim of 4000000000; a dim has at most "
                  + "2147483647. Fix: smaller parts.")
          .fails(() -> Tensor.cat(List.of(Tensor.ones(2, 3), Tensor.ones(2, 2)), 0),
              "cat: sizes must match except in dim 0: f32[2,3] and f32[2,2].")).build();

  public static final Op<Padding> PAD = op("pad", Padding.class,
      "A value added before and after each dim; negative widths cut off.")
      .gives(c -> new Spec(padded(c.in(0), c.attributes()), c.in(0).getDtype()))
      .grad((c, g) -> {
        Padding p = c.attributes();
        int n = p.before().length;
        int[] before = new int[n], after = new int[n];
        for (int d = 0; d < n; d++) {
          before[d] = -p.before()[d];
          after[d] = -p.after()[d];
        }
        return Dispatch.call(pad(), new Padding(before, after, 0), g);
      })
      .tests(t -> t.reference(Oracles::pad).attributes(new Padding(new int[] {0, 1}, new int[] {2, 0}, 0.5))
          .floats(OpTests.shape(2, 3))
          .attributes(new Padding(new int[] {-1, 1}, new int[] {1, -2}, 0)).floats(OpTests.strided(3, 4))).build();

  private static Op<Padding> pad() {
    return PAD;
  }

  public static final Op<Dim> FLIP = op("flip", Dim.class, "The elements of a dim in reverse.")
      .gives(c -> Spec.like(c.in(0)))
      .grad((c, g) -> g.flip(c.attributes().dim()))
      .tests(t -> t.reference(Oracles::flip).attributes(new Dim(1))
          .floats(OpTests.shape(2, 3)).floats(OpTests.strided(3, 4)).floats(OpTests.shape(2, 0))).build();

  private static Shape permuted(Shape s, int[] dims) {
    boolean[] seen = new boolean[s.ndim()];
    int[] out = new int[s.ndim()];
    if (dims.length != out.length)
      throw new ShapeError("permute: " + s + " has " + s.ndim() + " dims, got " + Arrays.toString(dims) + ".");
    for (int d = 0; d < out.length; d++) {
      if (seen[dims[d]])
        throw new ShapeError("permute: dim " + dims[d] + " is named twice in " + Arrays.toString(dims) + ".");
      seen[dims[d]] = true;
      out[d] = s.get(dims[d]);
    }
    return Shape.of(out);
  }

  private static Spec catShape(Call<Dim> c) {
    Tensor first = c.in(0);
    int dim = c.attributes().dim(), total = 0;
    DType type = first.getDtype();
    for (int i = 0; i < c.inputs(); i++) {
      Tensor t = c.in(i);
      boolean fits = t.getNdim() == first.getNdim();
      for (int d = 0; fits && d < t.getNdim(); d++) fits = d == dim || t.size(d) == first.size(d);
      if (!fits)
        throw new ShapeError("cat: sizes must match except in dim " + dim + ": " + first.describe() + " and "
            + t.describe() + ".");
      total = Shape.size("cat", c.inputs() + " tensors like " + first.describe() + " in dim " + dim,
          (long) total + t.size(dim));
      type = DType.promote(type, t.getDtype());
    }
    return new Spec(first.getShape().with(dim, total), type);
  }

  private static Shape padded(Tensor x, Padding p) {
    int[] out = x.getShape().toArray();
    for (int d = 0; d < out.length; d++) {
      out[d] = Shape.size("pad",
          p.before()[d] + " before and " + p.after()[d] + " after dim " + d + " of " + x.describe(),
          (long) out[d] + p.before()[d] + p.after()[d]);
      if (out[d] < 0) throw new ShapeError("pad: cuts more than there is off dim " + d + " of " + x.describe() + ".");
    }
    return Shape.of(out);
  }

  public static Tensor view(Tensor x, int... sizes) {
    Shape to = Shape.of(wanted("view", x.numel(), x, sizes));
    if (x.layout().reshaped(x.getShape(), to) == null)
      throw new ShapeError("view: the elements of " + x.describe() + " do not lie so that " + to
          + " could be read without a copy (" + x.layout()
          + "). Fix: reshape, or contiguous() first.");
    return Dispatch.call(RESHAPE, new To(to), x);
  }

  public static Tensor reshape(Tensor x, int... sizes) {
    Shape to = Shape.of(wanted("reshape", x.numel(), x, sizes));
    Tensor from = x.layout().reshaped(x.getShape(), to) == null ? clone(x) : x;
    return Dispatch.call(RESHAPE, new To(to), from);
  }

  /** Sizes of {@code numel} elements of x, with the one that is left open filled in. */
  static int[] wanted(String op, long numel, Tensor x, int[] sizes) {
    int open = -1;
    long known = 1;
    for (int d = 0; d < sizes.length; d++) {
      if (sizes[d] == -1 && open < 0) open = d;
      else if (sizes[d] < 0) throw new ShapeError(op + ": sizes " + Arrays.toString(sizes)
          + " are not a shape; one may be -1.");
      else known *= sizes[d];
    }
    if (open < 0 ? known != numel : known == 0 || numel % known != 0)
      throw new ShapeError(op + ": " + x.describe() + " has " + numel + " elements"
          + (numel == x.numel() ? "" : " in that dim")
          + " and cannot be read as " + Arrays.toString(sizes) + ".");
    if (open < 0) return sizes;
    int[] s = sizes.clone();
    s[open] = Shape.size(op, x.describe() + " as " + Arrays.toString(sizes), numel / known);
    return s;
  }

  public static Tensor flatten(Tensor x, int from, int to) {
    if (x.getNdim() == 0) return reshape(x, 1);
    int a = x.getShape().axis("flatten", from), b = x.getShape().axis("flatten", to);
    if (a > b) throw new ShapeError("flatten: dim " + from + " comes after dim " + to + ".");
    int[] out = new int[x.getNdim() - (b - a)];
    long all = 1;
    for (int d = a; d <= b; d++) all *= x.size(d);
    int n = Shape.size("flatten", x.describe(), all);
    for (int d = 0; d < out.length; d++) out[d] = d < a ? x.size(d) : d == a ? n : x.size(d + b - a);
    return a == b ? x : reshape(x, out);
  }

  public static Tensor squeeze(Tensor x) {
    return reshape(x, Arrays.stream(x.getShape().toArray()).filter(n -> n != 1).toArray());
  }

  public static Tensor unsqueeze(Tensor x, int dim) {
    int n = x.getNdim() + 1;
    if (dim < -n || dim >= n)
      throw new ShapeError("unsqueeze: dim " + dim + " is out of range for " + x.describe() + "; it takes " + -n
          + " to " + (n - 1) + ".");
    int at = dim < 0 ? dim + n : dim;
    int[] out = new int[n];
    for (int i = 0, j = 0; i < n; i++) out[i] = i == at ? 1 : x.size(j++);
    return reshape(x, out);
  }

  public static Tensor transpose(Tensor x, int a, int b) {
    int p = x.getShape().axis("transpose", a), q = x.getShape().axis("transpose", b);
    if (p == q) return x;
    int[] dims = new int[x.getNdim()];
    for (int d = 0; d < dims.length; d++) dims[d] = d == p ? q : d == q ? p : d;
    return Dispatch.call(PERMUTE, new Order(dims), x);
  }

  public static Tensor t(Tensor x) {
    if (x.getNdim() > 2)
      throw new ShapeError("t: needs a matrix, got " + x.describe() + ". Fix: transpose(0, 1) or permute.");
    return x.getNdim() < 2 ? x : transpose(x, 0, 1);
  }

  public static Tensor permute(Tensor x, int... dims) {
    int[] d = new int[dims.length];
    boolean same = dims.length == x.getNdim();
    for (int i = 0; i < d.length; i++) {
      d[i] = x.getShape().axis("permute", dims[i]);
      same &= d[i] == i;
    }
    return same ? x : Dispatch.call(PERMUTE, new Order(d), x);
  }

  public static Tensor expand(Tensor x, int... sizes) {
    int extra = sizes.length - x.getNdim();
    int[] to = sizes.clone();
    for (int d = 0; d < to.length; d++) {
      int have = d < extra ? 1 : x.size(d - extra);
      if (to[d] == -1 && d >= extra) to[d] = have;
      if (extra < 0 || have != to[d] && have != 1 || to[d] < 0) extra = -1;
      if (extra < 0) break;
    }
    if (extra < 0)
      throw new ShapeError("expand: " + x.describe() + " cannot be read as " + Arrays.toString(sizes)
          + "; only dims of size 1 stretch.");
    Shape shape = Shape.of(to);
    return shape.equals(x.getShape()) ? x : Dispatch.call(EXPAND, new To(shape), x);
  }

  public static Tensor narrow(Tensor x, int dim, int start, int length, int step) {
    int d = x.getShape().axis("slice", dim);
    if (x.getNdim() == 0) throw new ShapeError("slice: a single value has no dims to cut.");
    int n = x.size(d), from = start < 0 ? start + n : start;
    if (step < 1 || length < 0 || from < 0 || length > 0 && from + (long) (length - 1) * step >= n || from > n)
      throw new ShapeError("slice: " + length + " elements from " + start + " by " + step + " do not lie in dim " + dim
          + " of " + x.describe() + ".");
    return from == 0 && length == n && step == 1 ? x : Dispatch.call(SLICE, new Cut(d, from, length, step), x);
  }

  public static Tensor select(Tensor x, int dim, int index) {
    if (x.getNdim() == 0) throw new ShapeError("select: a single value has no dims to index.");
    int d = x.getShape().axis("select", dim), n = x.size(d);
    if (index < -n || index >= n)
      throw new ShapeError("select: index " + index + " is out of range for dim " + dim + " of " + x.describe() + ".");
    return reshape(narrow(x, d, index < 0 ? index + n : index, 1, 1), x.getShape().without(d).toArray());
  }

  /** A row-major copy, in the graph. */
  public static Tensor clone(Tensor x) {
    return Dispatch.call(CAST, new Type(x.getDtype()), x);
  }

  public static Tensor cast(Tensor x, DType dtype) {
    return Dispatch.call(CAST, new Type(dtype), x);
  }

  public static Tensor to(Tensor x, Device device) {
    if (x.getDevice().equals(device) || x.isConstant()) return x;
    return Dispatch.recorded(TO_DEVICE, new On(device), Host.moved(x, device), x);
  }

  public static Tensor cat(List<Tensor> tensors, int dim) {
    if (tensors.isEmpty()) throw new ShapeError("cat: needs at least one tensor.");
    return Dispatch.call(CAT, new Dim(tensors.getFirst().getShape().axis("cat", dim)), tensors.toArray(Tensor[]::new));
  }

  public static Tensor stack(List<Tensor> tensors, int dim) {
    if (tensors.isEmpty()) throw new ShapeError("stack: needs at least one tensor.");
    Tensor first = tensors.getFirst();
    for (Tensor t : tensors)
      if (!t.getShape().equals(first.getShape()))
        throw new ShapeError("stack: all tensors must have one shape, got " + first.describe() + " and " + t.describe()
            + ". Fix: pad them to one length, or give your own collate.");
    int at = dim < 0 ? dim + first.getNdim() + 1 : dim;
    return cat(tensors.stream().map(t -> t.unsqueeze(dim)).toList(), at);
  }

  public static Tensor flip(Tensor x, int... dims) {
    int[] axes = Views.axes("flip", x, dims);
    if (Arrays.stream(axes).distinct().count() < axes.length)
      throw new ShapeError("flip: a dim is named twice in " + Arrays.toString(dims) + ".");
    for (int d : axes) x = Dispatch.call(FLIP, new Dim(d), x);
    return x;
  }

  public static Tensor pad(Tensor x, int[] widths, double value) {
    if (widths.length % 2 != 0 || widths.length > 2 * x.getNdim())
      throw new ShapeError("pad: widths come in pairs (before, after) from the last dim on; got "
          + Arrays.toString(widths) + " for " + x.describe() + ".");
    int[] before = new int[x.getNdim()], after = new int[x.getNdim()];
    for (int i = 0; i < widths.length / 2; i++) {
      before[x.getNdim() - 1 - i] = widths[2 * i];
      after[x.getNdim() - 1 - i] = widths[2 * i + 1];
    }
    return Dispatch.call(PAD, new Padding(before, after, value), x);
  }

  /** Any layout, counted from x's first element. */
  public static Tensor asStrided(Tensor x, int[] sizes, long[] strides, long offset) {
    if (!x.isContiguous()) throw new ShapeError("asStrided: " + x.describe()
        + " must be contiguous. Fix: contiguous() first.");
    if (sizes.length != strides.length)
      throw new ShapeError("asStrided: " + sizes.length + " sizes and " + strides.length + " strides must be as many.");
    Shape shape = Shape.of(sizes);
    long last = offset;
    boolean inside = offset >= 0;
    for (int d = 0; d < sizes.length; d++) {
      last += strides[d] * (sizes[d] - 1L);
      inside &= strides[d] >= 0;
    }
    if (!inside || shape.numel() > 0 && last >= x.numel())
      throw new ShapeError("asStrided: " + shape + " by strides " + Arrays.toString(strides) + " from " + offset
          + " reaches past the " + x.numel() + " elements of " + x.describe() + ".");
    return asStrided(x, shape, new Layout(strides, offset));
  }

  public static Tensor asStrided(Tensor base, Shape shape, Layout layout) {
    return Dispatch.call(AS_STRIDED, new Strided(shape, layout), base);
  }

  public static Tensor sliceAssigned(Tensor base, Tensor value, Shape shape, Layout layout) {
    return Dispatch.call(SLICE_ASSIGN, new Strided(shape, layout), base, value);
  }

  /** Writes {@code value}'s elements over {@code target}'s, of the same shape; outside the graph. */
  public static void write(Tensor target, Tensor value) {
    if (target.hasStorage() && target.storage().isReadOnly())
      throw new KtrainException("copy_: " + target.describe()
          + " wraps memory that may only be read. Fix: copy() it first.");
    if (value.sharesStorage(target)) value = clone(value);
    Dispatch.all(WRITE, null, target, value);
    if (target.hasStorage()) target.storage().written();
  }
}
