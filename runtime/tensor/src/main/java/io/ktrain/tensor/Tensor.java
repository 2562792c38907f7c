package io.ktrain.tensor;

import io.ktrain.autograd.Backward;
import io.ktrain.autograd.Node;
import io.ktrain.memory.Storage;
import io.ktrain.op.Arrangements;
import io.ktrain.op.Creation;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Einsum;
import io.ktrain.op.Elementwise;
import io.ktrain.op.EmbeddingBags;
import io.ktrain.op.Indexing;
import io.ktrain.op.Indices;
import io.ktrain.op.Products;
import io.ktrain.op.Sampling;
import io.ktrain.op.Shapes;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An n-dimensional array of one type on one device, and a place in the graph that backward walks. Operations give new
 * tensors; those whose names end in {@code _} write to this one. Dims may be negative: -1 is the last.
 *
 * <p>Memory: nothing has to be closed. A dropped tensor's memory is taken back; inside a step it is taken back the moment
 * the step ends, unless the tensor was returned or {@link #keep kept}.
 */
public non-sealed class Tensor
    implements ElementwiseMethods, ActivationMethods, ReductionMethods, MatMulMethods, LinalgMethods, FftMethods,
        ShapeMethods, IndexingMethods, LayerMethods, PoolingMethods, ResamplingMethods, AttentionMethods,
        LossMethods, InPlaceMethods {
  private Shape shape;
  private DType dtype;
  private Device device;
  private Layout layout;
  private Storage storage;
  private final Number constant;

  private boolean requiresGrad;
  private Tensor grad;
  private Node node;
  private int outputIndex;
  private List<UnaryOperator<Tensor>> hooks = List.of();
  private UnaryOperator<Tensor> retaining;

  /** The tensor this is a view of, and how often that one's graph had been rewritten when this was made. */
  private Tensor base;
  private int baseRewrites;
  private int rewrites;

  private Tensor(Shape shape, DType dtype, Device device, Layout layout, Storage storage, Number constant) {
    this.shape = shape;
    this.dtype = dtype;
    this.device = device;
    this.layout = layout;
    this.storage = storage;
    this.constant = constant;
  }

  /** A handle on the same elements, a leaf of its own. */
  protected Tensor(Tensor of) {
    this(of.shape, of.dtype, of.device, of.layout, of.storage, of.constant);
  }

  // ---- making

  /** Library code's way in: a handle on storage that exists. */
  public static Tensor of(Shape shape, DType dtype, Device device, Layout layout, Storage storage) {
    return new Tensor(shape, dtype, device, layout, storage, null);
  }

  /** A tensor without elements: what `ktrain check` computes with. */
  public static Tensor shapeOnly(Shape shape, DType dtype, Device device) {
    return new Tensor(shape, dtype, device, Layout.contiguous(shape), null, null);
  }

  /** A number as an operand: it has no storage, fits every device and lifts types as a Python number does. */
  public static Tensor constant(Number value) {
    boolean whole = value instanceof Integer || value instanceof Long || value instanceof Short || value instanceof Byte;
    return new Tensor(Shape.SCALAR, whole ? DType.i64 : DType.f32, Device.CPU, Layout.contiguous(Shape.SCALAR), null, value);
  }

  /** Library code's way to a view: another layout of {@code of}'s storage. */
  public static Tensor view(Tensor of, Shape shape, Layout layout) {
    var t = new Tensor(shape, of.dtype, of.device, layout, of.storage, null);
    t.base = of.base == null ? of : of.base;
    t.baseRewrites = t.base.rewrites;
    return t;
  }

  /** A copy of {@code data}, row-major; with no sizes a vector. */
  public static Tensor of(float[] data, int... sizes) {
    return Host.copyOf(MemorySegment.ofArray(data), DType.f32, sizes.length == 0 ? Shape.of(data.length) : Shape.of(sizes), "float[" + data.length + "]");
  }

  public static Tensor of(double[] data, int... sizes) {
    return Host.copyOf(MemorySegment.ofArray(data), DType.f64, sizes.length == 0 ? Shape.of(data.length) : Shape.of(sizes), "double[" + data.length + "]");
  }

  public static Tensor of(long[] data, int... sizes) {
    return Host.copyOf(MemorySegment.ofArray(data), DType.i64, sizes.length == 0 ? Shape.of(data.length) : Shape.of(sizes), "long[" + data.length + "]");
  }

  public static Tensor of(int[] data, int... sizes) {
    return Host.copyOf(MemorySegment.ofArray(data), DType.i32, sizes.length == 0 ? Shape.of(data.length) : Shape.of(sizes), "int[" + data.length + "]");
  }

  /** A copy of bytes as {@code u8}: a picture, say. */
  public static Tensor of(byte[] data, int... sizes) {
    return Host.copyOf(MemorySegment.ofArray(data), DType.u8, sizes.length == 0 ? Shape.of(data.length) : Shape.of(sizes), "byte[" + data.length + "]");
  }

  public static Tensor of(boolean[] data, int... sizes) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (data[i] ? 1 : 0);
    return Host.copyOf(MemorySegment.ofArray(bytes), DType.bool, sizes.length == 0 ? Shape.of(data.length) : Shape.of(sizes), "boolean[" + data.length + "]");
  }

  /** Little-endian elements of any type, copied. */
  public static Tensor of(MemorySegment data, DType dtype, int... sizes) {
    return Host.copyOf(data, dtype, Shape.of(sizes), data.byteSize() + " bytes");
  }

  /** A tensor on the f32 elements of off-heap {@code memory} itself: writes to one are seen in the other. The memory must outlive it. */
  public static Tensor wrap(MemorySegment memory, int... sizes) {
    return wrap(memory, DType.f32, sizes);
  }

  public static Tensor wrap(MemorySegment memory, DType dtype, int... sizes) {
    Shape shape = Shape.of(sizes);
    if (!memory.isNative()) throw new KtrainException("wrap: kernels cannot reach memory in the Java heap. Fix: a segment of Arena.allocate, or Tensor.of, which copies.");
    if (memory.byteSize() != shape.numel() * dtype.bytes())
      throw new ShapeError("wrap: " + dtype + shape + " needs " + shape.numel() * dtype.bytes() + " bytes, the memory has " + memory.byteSize() + ".");
    return of(shape, dtype, Device.CPU, Layout.contiguous(shape), Storage.wrap(memory));
  }

  /** One value. */
  public static Tensor scalar(Number value, DType dtype) {
    return Creation.full(Shape.SCALAR, value, dtype, Context.current().device());
  }

  public static Tensor zeros(Shape shape, DType dtype) {
    return Creation.full(shape, 0, dtype, Context.current().device());
  }

  public static Tensor zeros(int... sizes) {
    return zeros(Shape.of(sizes), DType.f32);
  }

  public static Tensor ones(Shape shape, DType dtype) {
    return Creation.full(shape, 1, dtype, Context.current().device());
  }

  public static Tensor ones(int... sizes) {
    return ones(Shape.of(sizes), DType.f32);
  }

  public static Tensor full(Shape shape, Number value, DType dtype) {
    return Creation.full(shape, value, dtype, Context.current().device());
  }

  /** Zeros like {@code t}: its shape, type and device. */
  public static Tensor zerosLike(Tensor t) {
    return Creation.full(t.shape, 0, t.dtype, t.device);
  }

  public static Tensor onesLike(Tensor t) {
    return Creation.full(t.shape, 1, t.dtype, t.device);
  }

  /** start, start + step, ... before end. */
  public static Tensor arange(Number start, Number end, Number step, DType dtype) {
    return Creation.arange(start, end, step, dtype, Context.current().device());
  }

  public static Tensor arange(int end) {
    return arange(0, end, 1, DType.i64);
  }

  /** The identity matrix. */
  public static Tensor eye(int n) {
    return eye(n, n);
  }

  /** Ones on the diagonal of a matrix of zeros. */
  public static Tensor eye(int rows, int columns) {
    return arange(rows).unsqueeze(1).eq(arange(columns)).to(DType.f32);
  }

  /** Uniform in [0, 1). */
  public static Tensor rand(Shape shape, DType dtype) {
    return Creation.uniform(shape, 0, 1, dtype, Context.current().device());
  }

  public static Tensor rand(int... sizes) {
    return rand(Shape.of(sizes), DType.f32);
  }

  /** Normal with mean 0 and variance 1. */
  public static Tensor randn(Shape shape, DType dtype) {
    return Creation.normal(shape, 0, 1, dtype, Context.current().device());
  }

  public static Tensor randn(int... sizes) {
    return randn(Shape.of(sizes), DType.f32);
  }

  /** Whole numbers in [low, high), i64. */
  public static Tensor randint(long low, long high, int... sizes) {
    return Creation.randint(low, high, Shape.of(sizes), Context.current().device());
  }

  /** 0 until n in random order, i64. */
  public static Tensor randperm(int n) {
    return Creation.randperm(n);
  }

  /** steps numbers from start to end, both included, evenly apart. */
  public static Tensor linspace(Number start, Number end, int steps, DType dtype) {
    return Creation.linspace(start, end, steps, dtype);
  }

  /** base to the power of linspace. */
  public static Tensor logspace(Number start, Number end, int steps, double base, DType dtype) {
    return Creation.logspace(start, end, steps, base, dtype);
  }

  /** Memory whose contents do not matter; here zeros, so that every run is the same. */
  public static Tensor empty(Shape shape, DType dtype) {
    return zeros(shape, dtype);
  }

  public static Tensor empty(int... sizes) {
    return zeros(sizes);
  }

  public static Tensor emptyLike(Tensor t) {
    return zerosLike(t);
  }

  /** One value everywhere, in the shape, type and device of {@code t}. */
  public static Tensor fullLike(Tensor t, Number value) {
    return Creation.full(t.shape, value, t.dtype, t.device);
  }

  /** Uniform in [0, 1), in the shape, type and device of {@code t}. */
  public static Tensor randLike(Tensor t) {
    return Creation.uniform(t, 0, 1);
  }

  /** Normal with mean 0 and variance 1, in the shape, type and device of {@code t}. */
  public static Tensor randnLike(Tensor t) {
    return Creation.normal(t, 0, 1);
  }

  /** Whole numbers in [low, high), in the shape, type and device of {@code t}. */
  public static Tensor randintLike(Tensor t, long low, long high) {
    return Creation.randint(t, low, high).to(t.dtype);
  }

  /** Normal random numbers, each by its own mean and standard deviation; both broadcast. */
  public static Tensor normal(Tensor mean, Tensor std) {
    return Sampling.normal(mean, std);
  }

  /** Normal random numbers by mean and standard deviation. */
  public static Tensor normal(double mean, double std, int... sizes) {
    return Creation.normal(Shape.of(sizes), mean, std, DType.f32, Context.current().device());
  }

  /** Joins along a dim that exists. */
  public static Tensor cat(List<Tensor> tensors, int dim) {
    return Shapes.cat(tensors, dim);
  }

  /** Joins along a new dim. */
  public static Tensor stack(List<Tensor> tensors, int dim) {
    return Shapes.stack(tensors, dim);
  }

  /** Joins side by side: vectors along dim 0, others along dim 1. */
  public static Tensor hstack(List<Tensor> tensors) {
    return Arrangements.of(Arrangements.HSTACK, tensors);
  }

  /** Joins one below the other; vectors are rows. */
  public static Tensor vstack(List<Tensor> tensors) {
    return Arrangements.of(Arrangements.VSTACK, tensors);
  }

  /** Joins along dim 2; matrices are [h, w, 1]. */
  public static Tensor dstack(List<Tensor> tensors) {
    return Arrangements.of(Arrangements.DSTACK, tensors);
  }

  /** Matrices along the diagonal of a larger one of zeros. */
  public static Tensor blockDiag(List<Tensor> matrices) {
    return Arrangements.of(Arrangements.BLOCK_DIAG, matrices);
  }

  /** All combinations of the vectors' elements, one a row. */
  public static Tensor cartesianProd(List<Tensor> vectors) {
    return Arrangements.of(Arrangements.CARTESIAN_PROD, vectors);
  }

  /** Vectors stretched to a grid's coordinates; indexing "xy" lets the first two dims change places. */
  public static List<Tensor> meshgrid(List<Tensor> vectors, String indexing) {
    return Arrangements.meshgrid(vectors, indexing);
  }

  /** All read in the one shape they broadcast to. */
  public static List<Tensor> broadcastTensors(List<Tensor> tensors) {
    return Arrangements.broadcastTensors(tensors);
  }

  /** Where the lower triangle of a rows by columns matrix stands: i64[2, count]. */
  public static Tensor trilIndices(int rows, int columns, int offset) {
    return Arrangements.triangleIndices(rows, columns, offset, false);
  }

  public static Tensor triuIndices(int rows, int columns, int offset) {
    return Arrangements.triangleIndices(rows, columns, offset, true);
  }

  /** yes where condition holds, else no. */
  public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
    return Elementwise.where(condition, yes, no);
  }

  /** The places where condition holds, a vector for each dim. */
  public static List<Tensor> where(Tensor condition) {
    return Indices.where(condition);
  }

  /** Sums of products by index letters, as {@code "bij,bkj->bik"}. */
  public static Tensor einsum(String equation, Tensor... operands) {
    return Einsum.einsum(equation, operands);
  }

  /** The product of several matrices, in the cheapest order; the first and last may be vectors. */
  public static Tensor multiDot(List<Tensor> matrices) {
    return Arrangements.of(Products.MULTI_DOT, matrices);
  }

  /** Rows of weight; the gradient of the row paddingIdx is zero (-1: none). */
  public static Tensor embedding(Tensor weight, Tensor indices, int paddingIdx) { return Indexing.embedding(weight, indices, paddingIdx); }

  /** Rows of weight joined in bags; a matrix of indices is one bag a row, else offsets says where each bag begins. */
  public static Tensor embeddingBag(
      Tensor weight, Tensor indices, @Nullable Tensor offsets, @Nullable Tensor perSampleWeights, BagMode mode, int paddingIdx) {
    return Dispatch.call(EmbeddingBags.EMBEDDING_BAG, new EmbeddingBags.Bag(mode, paddingIdx), weight, indices, offsets, perSampleWeights);
  }

  // ---- what it is

  public final Shape getShape() {
    return shape;
  }

  public final DType getDtype() {
    return dtype;
  }

  public final Device getDevice() {
    return device;
  }

  public final int getNdim() {
    return shape.ndim();
  }

  public final int size(int dim) {
    return shape.get(dim);
  }

  public final long numel() {
    return shape.numel();
  }

  /** {@code f32[64,10]}, as messages show it; a number shows its value. */
  public final String describe() {
    return constant != null ? constant.toString() : dtype + shape.toString();
  }

  public final Layout layout() {
    return layout;
  }

  public final boolean isContiguous() {
    return layout.isContiguous(shape);
  }

  public final boolean isShapeOnly() {
    return storage == null && constant == null;
  }

  public final boolean isConstant() {
    return constant != null;
  }

  /** The value of a number operand. */
  public final Number constantValue() {
    return constant;
  }

  public final boolean hasStorage() {
    return storage != null;
  }

  /** Whether both are views of one storage. */
  public final boolean sharesStorage(Tensor other) {
    return storage != null && storage == other.storage;
  }

  /** Library code's access to the block. */
  public final Storage storage() {
    requireAlive("tensor");
    return storage;
  }

  public final int version() {
    return storage == null ? 0 : storage.version();
  }

  /** Throws the error a user sees on use after a step has taken the memory back. */
  public final void requireAlive(String op) {
    if (storage != null && storage.freedBy() != null)
      throw new KtrainException(op + ": this " + describe() + " was freed at the end of " + storage.freedBy()
          + ". Fix: return it from the step, or keep() it inside.");
  }

  /**
   * A copy in page-locked host memory, from which {@link #to(Device)} to a GPU does not wait for the copy; this tensor
   * where there is no GPU. As {@code torch.Tensor.pin_memory}. Do not write to it before the GPU has it.
   */
  public final Tensor pinMemory() {
    return Host.pinned(this);
  }

  /** Survives the step it was made in. */
  public final Tensor keep() {
    if (storage != null) storage.keep();
    return this;
  }

  // ---- values

  /** The only element. */
  public final double item() {
    return Host.one(this).doubleValue();
  }

  /** The only element of a whole-number tensor, exactly. */
  public final long itemLong() {
    return Host.one(this).longValue();
  }

  public final float[] toFloatArray() {
    return Host.floats(this);
  }

  public final double[] toDoubleArray() {
    return Host.doubles(this);
  }

  public final long[] toLongArray() {
    return Host.longs(this);
  }

  /**
   * The elements themselves, row-major, as memory: what is written there is seen here, and by no graph. As
   * {@code torch.Tensor.numpy()}; {@link #toFloatArray} and its kin copy. The tensor must outlive the segment.
   */
  public final MemorySegment asMemorySegment() {
    return Host.shared(this);
  }

  /** As PyTorch prints. */
  @Override
  public String toString() {
    return Printer.print(this);
  }

  // ---- autograd

  public final boolean getRequiresGrad() {
    freshen();
    return requiresGrad;
  }

  public final void setRequiresGrad(boolean on) {
    if (on && !dtype.isFloating())
      throw new AutogradError("requiresGrad: only floating tensors can require grad, got " + describe() + ". Fix: to(f32).");
    if (!on && node != null) throw new AutogradError("requiresGrad: only a leaf can stop requiring grad. Fix: detach().");
    requiresGrad = on;
  }

  /** The accumulated gradient of a leaf (or of a tensor that retains it); null before backward. */
  public final @Nullable Tensor getGrad() {
    if (grad != null && grad.storage != null) grad.storage.share();
    return grad;
  }

  public final void setGrad(@Nullable Tensor g) {
    if (g != null && !g.shape.equals(shape)) throw new ShapeError("grad: the tensor is " + describe() + ", the gradient " + g.describe() + ".");
    Tensor before = grad;
    grad = g;
    if (before != null && before != g && before.storage != null && !before.storage.isShared()) before.storage.free("zeroGrad");
    if (g != null && g.storage != null) {
      g.storage.keep();
      g.storage.share(); // whoever gave it may go on reading it
    }
  }

  /** The gradient for code that lets go of it before the next zeroGrad, which may then take its memory back at once. */
  public final Tensor borrowGrad() {
    return grad;
  }

  /** Adds a gradient to what is there; {@code sole}: nobody else reads {@code g}, so its memory may become the gradient. */
  public final void accumulateGrad(Tensor g, boolean sole, boolean graph) {
    if (graph) {
      // A copy: g may be another leaf's gradient or the seed too, and this one may be written or freed later.
      grad = grad == null ? g.copy() : grad.add(g);
      if (grad.storage != null) grad.storage.keep();
      return;
    }
    if (grad != null) {
      grad.writeValue(grad.add(g));
      return;
    }
    boolean whole = g.storage != null && sole && g.isContiguous() && g.layout.offset() == 0 && g.storage.bytes() == g.numel() * g.dtype.bytes();
    grad = whole || g.storage == null ? g.handle() : Shapes.cast(g, g.dtype).handle();
    if (grad.storage != null) grad.storage.keep();
  }

  private Tensor handle() {
    return new Tensor(this);
  }

  public final @Nullable Node node() {
    freshen();
    return node;
  }

  public final int outputIndex() {
    return outputIndex;
  }

  /** Library code: this is output {@code index} of a recorded call. */
  public final void recordedBy(Node node, int index) {
    this.node = node;
    this.outputIndex = index;
    this.requiresGrad = true;
  }

  public final List<UnaryOperator<Tensor>> hooks() {
    return hooks;
  }

  /** Runs on this tensor's gradient as backward passes; what it returns, unless null, goes on instead. Running the result takes the hook away. */
  public final Runnable registerHook(UnaryOperator<Tensor> hook) {
    if (!getRequiresGrad()) throw new AutogradError("registerHook: " + describe() + " does not require grad. Fix: set requiresGrad, or compute it outside noGrad.");
    var removable = new Hook(hook);
    addHook(removable);
    return () -> {
      removable.hook = null; // it may by now be with this tensor's old place in the graph
      hooks = new ArrayList<>(hooks);
      hooks.remove(removable);
    };
  }

  /** A hook until it is taken away. */
  private static final class Hook implements UnaryOperator<Tensor> {
    private UnaryOperator<Tensor> hook;

    Hook(UnaryOperator<Tensor> hook) {
      this.hook = hook;
    }

    @Override
    public Tensor apply(Tensor g) {
      return hook == null ? null : hook.apply(g);
    }
  }

  /** Copied, since a hook may be added or taken away while backward goes through them. */
  private void addHook(UnaryOperator<Tensor> hook) {
    hooks = new ArrayList<>(hooks);
    hooks.add(hook);
  }

  /** Keeps the gradient of a tensor that is not a leaf, as hooks registered before this have left it. */
  public final void retainGrad() {
    if (!getRequiresGrad()) throw new AutogradError("retainGrad: " + describe() + " does not require grad. Fix: set requiresGrad, or compute it outside noGrad.");
    if (node == null || retaining != null) return;
    retaining = g -> {
      accumulateGrad(g, false, false);
      return g;
    };
    addHook(retaining);
  }

  /** Adds d this / d leaf to every leaf's grad; this must be one value. */
  public final void backward() {
    Backward.run(this, null, false, false);
  }

  public final void backward(@Nullable Tensor gradient) {
    Backward.run(this, gradient, false, false);
  }

  public final void backward(@Nullable Tensor gradient, boolean retainGraph, boolean createGraph) {
    Backward.run(this, gradient, retainGraph, createGraph);
  }

  /**
   * d this / d inputs, in order, without touching any {@code grad}; null where there is no path. {@code gradient} may be
   * null for a single value. With {@code createGraph} the gradients can be differentiated again.
   */
  public final List<@Nullable Tensor> gradients(List<Tensor> inputs, @Nullable Tensor gradient, boolean createGraph) {
    return Arrays.asList(Backward.gradients(List.of(this), gradient == null ? new Tensor[0] : new Tensor[] {gradient}, inputs, createGraph, createGraph));
  }

  /** The same elements, outside the graph. */
  public final Tensor detach() {
    var t = new Tensor(this);
    t.base = null;
    return t;
  }

  // ---- writing in place

  @Override
  public final Tensor copy_(Tensor value) {
    requireWritable("copy_");
    for (int d = 0; d < getNdim(); d++)
      if (size(d) > 1 && layout.stride(d) == 0)
        throw new KtrainException("copy_: " + describe() + " was stretched by expand, so several of its elements are one in memory. Fix: copy() first.");
    Tensor fitted = value.to(dtype).to(device).expand(shape);
    if (!Context.current().isGradEnabled() || !fitted.getRequiresGrad() && !getRequiresGrad()) {
      writeValue(fitted);
      return this;
    }
    node();
    if (base == null) {
      // The graph now says: this is what value is.
      Tensor moved = Shapes.clone(fitted);
      writeValue(moved);
      adopt(moved);
      rewrites++;
    } else {
      if (!base.layout.isDense(base.shape))
        throw new AutogradError("copy_: a view of " + base.describe() + ", whose elements lie apart, cannot be written inside the graph. Fix: copy() it first.");
      Tensor after = Shapes.sliceAssigned(base.rowMajor(), fitted, shape, layoutInBase());
      writeValue(fitted);
      base.adopt(after.permute(inverse(base.layout.order())));
      base.rewrites++;
      freshen();
    }
    return this;
  }

  /** Takes the place of {@code result} in the graph; what was hooked to this value until now stays with its old place. */
  private void adopt(Tensor result) {
    if (node != null) {
      Tensor before = graphHandle();
      before.hooks = new ArrayList<>(hooks);
      before.hooks.remove(retaining);
      node.output(outputIndex, before);
    }
    hooks = retaining == null ? List.of() : new ArrayList<>(List.of(retaining));
    node = result.node;
    outputIndex = result.outputIndex;
    requiresGrad = result.requiresGrad;
    if (node != null) node.output(outputIndex, this);
  }

  /** This one's elements in the order in which they lie, from place 0, with its place in the graph. */
  private Tensor rowMajor() {
    return graphHandle().permute(layout.order());
  }

  private Layout layoutInBase() {
    return new Layout(layout.strides(), layout.offset() - base.layout.offset());
  }

  private static int[] inverse(int[] order) {
    int[] back = new int[order.length];
    for (int i = 0; i < order.length; i++) back[order[i]] = i;
    return back;
  }

  /** A handle with this tensor's place in the graph as it is now. */
  private Tensor graphHandle() {
    var t = new Tensor(this);
    t.requiresGrad = requiresGrad;
    t.node = node();
    t.outputIndex = outputIndex;
    return t;
  }

  /** A view follows its base when that was rewritten in place. */
  private void freshen() {
    if (base == null || baseRewrites == base.rewrites) return;
    baseRewrites = base.rewrites;
    adopt(Context.current().withGrad(true, () -> Shapes.asStrided(base.rowMajor(), shape, layoutInBase())));
  }

  private void writeValue(Tensor value) {
    Shapes.write(this, value);
  }

  private void requireWritable(String op) {
    boolean recording = Context.current().isGradEnabled();
    Tensor owner = base == null ? this : base;
    if (recording && owner.requiresGrad && owner.node == null)
      throw new AutogradError(op + ": " + describe() + " is a leaf that requires grad (or a view of one) and is being used in an in-place operation."
          + " Fix: noGrad { } around the write, or the operation without _.");
  }

  /** What a gradient rule may need of this after it has been overwritten by an operation on it and {@code others}. */
  final Tensor before(Tensor... others) {
    boolean recorded = getRequiresGrad();
    for (Tensor t : others) recorded |= t.getRequiresGrad();
    return recorded && Context.current().isGradEnabled() ? copy() : this;
  }

  /** Writes an operation's result over what it was made of. */
  final Tensor inPlace(String op, Tensor result) {
    requireWritable(op);
    if (result.dtype.isFloating() && !dtype.isFloating() || dtype == DType.bool && result.dtype != DType.bool)
      throw new DTypeError(op + ": the result is " + result.describe() + ", which " + describe() + " cannot hold. Fix: the operation without _, or to(" + result.dtype + ") first.");
    if (!result.shape.equals(shape)) throw new ShapeError(op + ": the result is " + result.describe() + " and does not fit into " + describe() + ".");
    return copy_(result);
  }

  // ---- library code

  /** Told by Dispatch: an operation reads this tensor's values. */
  public void markRead() {}

  /** Takes over another tensor's elements, shape, type and device: a parameter that gets its size, or moves. */
  public final void become(Tensor value) {
    shape = value.shape;
    dtype = value.dtype;
    layout = value.layout;
    storage = value.storage;
    device = value.device;
    if (storage != null) storage.keep();
  }
}
