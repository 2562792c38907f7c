package io.ktrain.tensor;

import io.ktrain.autograd.Backward;
import io.ktrain.autograd.Node;
import io.ktrain.autograd.Tape;
import io.ktrain.backend.Backends;
import io.ktrain.memory.Storage;
import io.ktrain.op.Convolutions;
import io.ktrain.op.Creation;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Elementwise;
import io.ktrain.op.Indexing;
import io.ktrain.op.Losses;
import io.ktrain.op.MatMuls;
import io.ktrain.op.Normalizations;
import io.ktrain.op.Reductions;
import io.ktrain.op.Shapes;
import io.ktrain.op.Spec;
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
public class Tensor {
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
    return arange(n).unsqueeze(1).eq(arange(n)).to(DType.f32);
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

  /** Joins along a dim that exists. */
  public static Tensor cat(List<Tensor> tensors, int dim) {
    return Shapes.cat(tensors, dim);
  }

  /** Joins along a new dim. */
  public static Tensor stack(List<Tensor> tensors, int dim) {
    return Shapes.stack(tensors, dim);
  }

  /** yes where condition holds, else no. */
  public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
    return Elementwise.where(condition, yes, no);
  }

  /** Sums of products by index letters, as {@code "bij,bkj->bik"}. */
  public static Tensor einsum(String equation, Tensor... operands) {
    return MatMuls.einsum(equation, operands);
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
    grad = whole || g.storage == null ? g.handle() : g.copy(g.dtype).handle();
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

  /** Runs on this tensor's gradient as backward passes; what it returns, unless null, goes on instead. */
  public final void registerHook(UnaryOperator<Tensor> hook) {
    if (!getRequiresGrad()) throw new AutogradError("registerHook: " + describe() + " does not require grad. Fix: set requiresGrad, or compute it outside noGrad.");
    if (hooks.isEmpty()) hooks = new ArrayList<>();
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
    registerHook(retaining);
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

  /** Writes {@code value}, broadcast and converted, over this. */
  public final Tensor copy_(Tensor value) {
    requireWritable("copy_");
    for (int d = 0; d < getNdim(); d++)
      if (size(d) > 1 && layout.stride(d) == 0)
        throw new KtrainException("copy_: " + describe() + " was stretched by expand, so several of its elements are one in memory. Fix: copy() first.");
    Tensor fitted = value.to(dtype).to(device).expand(shape);
    if (!Context.current().isGradEnabled() || !fitted.getRequiresGrad() && !requiresGrad) {
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

  public final Tensor add_(Tensor o) { return inPlace("add_", add(o)); }
  public final Tensor add_(Number o) { return inPlace("add_", add(o)); }
  public final Tensor sub_(Tensor o) { return inPlace("sub_", sub(o)); }
  public final Tensor mul_(Tensor o) { return inPlace("mul_", before().mul(o)); }
  public final Tensor mul_(Number o) { return inPlace("mul_", mul(o)); }
  public final Tensor div_(Tensor o) { return inPlace("div_", before().div(o)); }
  public final Tensor fill_(Number value) { return inPlace("fill_", full(shape, value, dtype).to(device)); }
  public final Tensor zero_() { return fill_(0); }

  /** What a gradient rule may need of this after it has been overwritten. */
  private Tensor before() {
    return Context.current().isGradEnabled() ? copy() : this;
  }

  private Tensor inPlace(String op, Tensor result) {
    requireWritable(op);
    if (result.dtype.isFloating() && !dtype.isFloating())
      throw new DTypeError(op + ": the result is " + result.describe() + ", which " + describe() + " cannot hold. Fix: the operation without _, or to(" + result.dtype + ") first.");
    if (!result.shape.equals(shape)) throw new ShapeError(op + ": the result is " + result.describe() + " and does not fit into " + describe() + ".");
    return copy_(result);
  }

  // ---- pointwise

  public final Tensor add(Tensor o) { return Elementwise.call(Elementwise.ADD, this, o); }
  public final Tensor sub(Tensor o) { return Elementwise.call(Elementwise.SUB, this, o); }
  public final Tensor mul(Tensor o) { return Elementwise.call(Elementwise.MUL, this, o); }
  public final Tensor div(Tensor o) { return Elementwise.call(Elementwise.DIV, this, o); }
  public final Tensor add(Number o) { return add(constant(o)); }
  public final Tensor sub(Number o) { return sub(constant(o)); }
  public final Tensor mul(Number o) { return mul(constant(o)); }
  public final Tensor div(Number o) { return div(constant(o)); }
  public final Tensor plus(Tensor o) { return add(o); }
  public final Tensor minus(Tensor o) { return sub(o); }
  public final Tensor times(Tensor o) { return mul(o); }
  public final Tensor plus(Number o) { return add(o); }
  public final Tensor minus(Number o) { return sub(o); }
  public final Tensor times(Number o) { return mul(o); }
  public final Tensor unaryMinus() { return neg(); }
  public final Tensor neg() { return Elementwise.call(Elementwise.NEG, this); }
  public final Tensor pow(Tensor o) { return Elementwise.call(Elementwise.POW, this, o); }
  public final Tensor pow(Number o) { return Elementwise.pow(this, o); }
  /** Division rounded towards minus infinity, as Python's //. */
  public final Tensor floorDivide(Tensor o) { return Elementwise.call(Elementwise.FLOOR_DIVIDE, this, o); }
  /** Division rounded towards zero. */
  public final Tensor truncDivide(Tensor o) { return Elementwise.call(Elementwise.TRUNC_DIVIDE, this, o); }
  /** What floorDivide leaves, with the divisor's sign. */
  public final Tensor remainder(Tensor o) { return Elementwise.call(Elementwise.REMAINDER, this, o); }
  /** What truncDivide leaves, with this one's sign. */
  public final Tensor fmod(Tensor o) { return Elementwise.call(Elementwise.FMOD, this, o); }
  public final Tensor maximum(Tensor o) { return Elementwise.call(Elementwise.MAXIMUM, this, o); }
  public final Tensor minimum(Tensor o) { return Elementwise.call(Elementwise.MINIMUM, this, o); }
  public final Tensor abs() { return Elementwise.call(Elementwise.ABS, this); }
  public final Tensor sign() { return Elementwise.call(Elementwise.SIGN, this); }
  public final Tensor sqrt() { return Elementwise.call(Elementwise.SQRT, this); }
  public final Tensor rsqrt() { return Elementwise.call(Elementwise.RSQRT, this); }
  public final Tensor reciprocal() { return Elementwise.call(Elementwise.RECIPROCAL, this); }
  public final Tensor square() { return Elementwise.call(Elementwise.SQUARE, this); }
  public final Tensor exp() { return Elementwise.call(Elementwise.EXP, this); }
  public final Tensor expm1() { return Elementwise.call(Elementwise.EXPM1, this); }
  public final Tensor log() { return Elementwise.call(Elementwise.LOG, this); }
  public final Tensor log1p() { return Elementwise.call(Elementwise.LOG1P, this); }
  public final Tensor log2() { return Elementwise.call(Elementwise.LOG2, this); }
  public final Tensor log10() { return Elementwise.call(Elementwise.LOG10, this); }
  public final Tensor sin() { return Elementwise.call(Elementwise.SIN, this); }
  public final Tensor cos() { return Elementwise.call(Elementwise.COS, this); }
  public final Tensor tan() { return Elementwise.call(Elementwise.TAN, this); }
  public final Tensor asin() { return Elementwise.call(Elementwise.ASIN, this); }
  public final Tensor acos() { return Elementwise.call(Elementwise.ACOS, this); }
  public final Tensor atan() { return Elementwise.call(Elementwise.ATAN, this); }
  public final Tensor sinh() { return Elementwise.call(Elementwise.SINH, this); }
  public final Tensor cosh() { return Elementwise.call(Elementwise.COSH, this); }
  public final Tensor tanh() { return Elementwise.call(Elementwise.TANH, this); }
  public final Tensor erf() { return Elementwise.call(Elementwise.ERF, this); }
  public final Tensor sigmoid() { return Elementwise.call(Elementwise.SIGMOID, this); }
  public final Tensor floor() { return Elementwise.call(Elementwise.FLOOR, this); }
  public final Tensor ceil() { return Elementwise.call(Elementwise.CEIL, this); }
  public final Tensor trunc() { return Elementwise.call(Elementwise.TRUNC, this); }
  /** Halves go to the even neighbour. */
  public final Tensor round() { return Elementwise.call(Elementwise.ROUND, this); }
  public final Tensor clamp(double min, double max) { return Elementwise.clamp(this, min, max); }
  public final Tensor relu() { return Elementwise.call(Elementwise.RELU, this); }
  public final Tensor relu6() { return Elementwise.call(Elementwise.RELU6, this); }
  public final Tensor leakyRelu(double negativeSlope) { return Elementwise.call(Elementwise.LEAKY_RELU, negativeSlope, this); }
  public final Tensor elu(double alpha) { return Elementwise.call(Elementwise.ELU, alpha, this); }
  public final Tensor celu(double alpha) { return Elementwise.call(Elementwise.CELU, alpha, this); }
  public final Tensor selu() { return Elementwise.call(Elementwise.SELU, this); }
  /** By the error function. */
  public final Tensor gelu() { return Elementwise.call(Elementwise.GELU, this); }
  public final Tensor geluTanh() { return Elementwise.call(Elementwise.GELU_TANH, this); }
  public final Tensor silu() { return Elementwise.call(Elementwise.SILU, this); }
  public final Tensor mish() { return Elementwise.call(Elementwise.MISH, this); }
  public final Tensor softplus(double beta, double threshold) { return Elementwise.softplus(this, beta, threshold); }
  public final Tensor hardswish() { return Elementwise.call(Elementwise.HARDSWISH, this); }
  public final Tensor hardsigmoid() { return Elementwise.call(Elementwise.HARDSIGMOID, this); }
  public final Tensor hardtanh() { return Elementwise.call(Elementwise.HARDTANH, this); }
  public final Tensor logSigmoid() { return Elementwise.call(Elementwise.LOG_SIGMOID, this); }
  public final Tensor softsign() { return Elementwise.call(Elementwise.SOFTSIGN, this); }
  public final Tensor tanhshrink() { return Elementwise.call(Elementwise.TANHSHRINK, this); }
  /** x where positive, weight * x elsewhere; one weight a channel (dim 1) or one in all. */
  public final Tensor prelu(Tensor weight) { return Elementwise.prelu(this, weight); }
  /** The first half along dim times the sigmoid of the second. */
  public final Tensor glu(int dim) { return Elementwise.glu(this, dim); }

  public final Tensor eq(Tensor o) { return Elementwise.call(Elementwise.EQ, this, o); }
  public final Tensor ne(Tensor o) { return Elementwise.call(Elementwise.NE, this, o); }
  public final Tensor lt(Tensor o) { return Elementwise.call(Elementwise.LT, this, o); }
  public final Tensor le(Tensor o) { return Elementwise.call(Elementwise.LE, this, o); }
  public final Tensor gt(Tensor o) { return Elementwise.call(Elementwise.GT, this, o); }
  public final Tensor ge(Tensor o) { return Elementwise.call(Elementwise.GE, this, o); }
  public final Tensor eq(Number o) { return eq(constant(o)); }
  public final Tensor ne(Number o) { return ne(constant(o)); }
  public final Tensor lt(Number o) { return lt(constant(o)); }
  public final Tensor le(Number o) { return le(constant(o)); }
  public final Tensor gt(Number o) { return gt(constant(o)); }
  public final Tensor ge(Number o) { return ge(constant(o)); }
  public final Tensor logicalNot() { return Elementwise.call(Elementwise.LOGICAL_NOT, this); }
  public final Tensor logicalAnd(Tensor o) { return Elementwise.call(Elementwise.LOGICAL_AND, this, o); }
  public final Tensor logicalOr(Tensor o) { return Elementwise.call(Elementwise.LOGICAL_OR, this, o); }
  public final Tensor isNan() { return Elementwise.call(Elementwise.IS_NAN, this); }
  public final Tensor isFinite() { return Elementwise.call(Elementwise.IS_FINITE, this); }
  /** value where mask holds, else this. */
  public final Tensor maskedFill(Tensor mask, Number value) { return where(mask, constant(value), this); }
  /** Zeroes each element with probability p and scales the rest by 1 / (1 - p); the identity outside training. */
  public final Tensor dropout(double p, boolean training) { return Elementwise.dropout(this, p, training); }

  // ---- reductions

  public final Tensor sum() { return Reductions.reduce(Reductions.SUM, this, null, false); }
  public final Tensor sum(int dim) { return sum(dim, false); }
  public final Tensor sum(int dim, boolean keepDim) { return Reductions.reduce(Reductions.SUM, this, new int[] {dim}, keepDim); }
  public final Tensor sum(int[] dims, boolean keepDim) { return Reductions.reduce(Reductions.SUM, this, dims, keepDim); }
  public final Tensor mean() { return Reductions.reduce(Reductions.MEAN, this, null, false); }
  public final Tensor mean(int dim) { return mean(dim, false); }
  public final Tensor mean(int dim, boolean keepDim) { return Reductions.reduce(Reductions.MEAN, this, new int[] {dim}, keepDim); }
  public final Tensor mean(int[] dims, boolean keepDim) { return Reductions.reduce(Reductions.MEAN, this, dims, keepDim); }
  public final Tensor prod() { return Reductions.reduce(Reductions.PROD, this, null, false); }
  public final Tensor prod(int dim, boolean keepDim) { return Reductions.reduce(Reductions.PROD, this, new int[] {dim}, keepDim); }
  public final Tensor amax() { return Reductions.reduce(Reductions.AMAX, this, null, false); }
  public final Tensor amin() { return Reductions.reduce(Reductions.AMIN, this, null, false); }
  /** The largest along dims; ties share the gradient. */
  public final Tensor amax(int dim, boolean keepDim) { return Reductions.reduce(Reductions.AMAX, this, new int[] {dim}, keepDim); }
  public final Tensor amin(int dim, boolean keepDim) { return Reductions.reduce(Reductions.AMIN, this, new int[] {dim}, keepDim); }
  public final Tensor max() { return amax(); }
  public final Tensor min() { return amin(); }
  /** The largest along a dim and where it stands; a tie's first place takes the gradient. */
  public final Extreme max(int dim) { return max(dim, false); }
  public final Extreme max(int dim, boolean keepDim) { return Reductions.extreme(Reductions.MAX, this, dim, keepDim); }
  public final Extreme min(int dim) { return min(dim, false); }
  public final Extreme min(int dim, boolean keepDim) { return Reductions.extreme(Reductions.MIN, this, dim, keepDim); }
  /** The place of the largest, i64; a tie's first. */
  public final Tensor argmax(int dim) { return argmax(dim, false); }
  public final Tensor argmax(int dim, boolean keepDim) { return max(dim, keepDim).indices(); }
  public final Tensor argmax() { return flatten().argmax(0); }
  public final Tensor argmin(int dim) { return min(dim, false).indices(); }
  public final Tensor any() { return Reductions.any(this); }
  public final Tensor all() { return Reductions.all(this); }
  /** Divided by n - 1 (unbiased). */
  public final Tensor var() { return Reductions.variance(this, null, true, false); }
  public final Tensor var(int dim, boolean unbiased, boolean keepDim) { return Reductions.variance(this, new int[] {dim}, unbiased, keepDim); }
  public final Tensor std() { return var().sqrt(); }
  public final Tensor std(int dim, boolean unbiased, boolean keepDim) { return var(dim, unbiased, keepDim).sqrt(); }
  /** The 2-norm of all elements. */
  public final Tensor norm() { return square().sum().sqrt(); }
  public final Tensor norm(int dim, boolean keepDim) { return Reductions.norm(this, dim, keepDim); }
  /** This divided by its 2-norm along dim, or by eps where that is smaller. */
  public final Tensor normalize(int dim, double eps) { return div(Elementwise.clamp(norm(dim, true), eps, Double.POSITIVE_INFINITY)); }
  public final Tensor logsumexp(int dim, boolean keepDim) { return Reductions.logsumexp(this, dim, keepDim); }
  public final Tensor cumsum(int dim) { return Reductions.cumulative(Reductions.CUMSUM, this, dim); }
  public final Tensor cumprod(int dim) { return Reductions.cumulative(Reductions.CUMPROD, this, dim); }
  /** Sorted along a dim, ties in their order. */
  public final Extreme sort(int dim, boolean descending) { return Reductions.sort(this, dim, descending); }
  /** The k largest along a dim, largest first. */
  public final Extreme topk(int k, int dim) { return Reductions.topk(this, k, dim); }
  public final Tensor softmax(int dim) { return Normalizations.softmax(Normalizations.SOFTMAX, this, dim); }
  public final Tensor logSoftmax(int dim) { return Normalizations.softmax(Normalizations.LOG_SOFTMAX, this, dim); }

  // ---- products

  /** Matrix product with broadcasting over leading dims; vectors count as a row on the left, a column on the right. */
  public final Tensor matmul(Tensor o) { return MatMuls.matmul(this, o); }
  /** The product of two matrices; no broadcasting. */
  public final Tensor mm(Tensor o) { return Dispatch.call(MatMuls.MM, null, this, o); }
  /** The product of two stacks of matrices. */
  public final Tensor bmm(Tensor o) { return Dispatch.call(MatMuls.BMM, null, this, o); }
  /** The inner product of two vectors. */
  public final Tensor dot(Tensor o) { return MatMuls.dot(this, o); }
  /** this * weight^T + bias: [..., in] by [out, in]. */
  public final Tensor linear(Tensor weight, @Nullable Tensor bias) { return MatMuls.linear(this, weight, bias); }

  // ---- shapes

  /** The same elements under another shape, never copied; one size may be -1. */
  public final Tensor view(int... sizes) { return Shapes.view(this, sizes); }
  /** As view where strides allow, else a copy. */
  public final Tensor reshape(int... sizes) { return Shapes.reshape(this, sizes); }
  public final Tensor reshape(Shape to) { return to.equals(shape) ? this : Shapes.reshape(this, to.toArray()); }
  public final Tensor flatten() { return flatten(0, -1); }
  public final Tensor flatten(int from) { return flatten(from, -1); }
  public final Tensor flatten(int from, int to) { return Shapes.flatten(this, from, to); }
  /** Without any dim of size 1, also a batch of 1. */
  public final Tensor squeeze() { return Shapes.squeeze(this); }
  public final Tensor squeeze(int dim) { return size(dim) == 1 && getNdim() > 0 ? reshape(shape.without(dim)) : this; }
  public final Tensor unsqueeze(int dim) { return Shapes.unsqueeze(this, dim); }
  public final Tensor transpose(int a, int b) { return Shapes.transpose(this, a, b); }
  /** The transpose of a matrix. */
  public final Tensor t() { return Shapes.t(this); }
  public final Tensor permute(int... dims) { return Shapes.permute(this, dims); }
  public final Tensor expand(int... sizes) { return Shapes.expand(this, sizes); }
  public final Tensor expand(Shape to) { return to.equals(shape) ? this : Shapes.expand(this, to.toArray()); }
  /** Row-major: this, or a copy. */
  public final Tensor contiguous() { return isContiguous() ? this : Shapes.clone(this); }
  /** A copy of its own, in the graph. */
  public final Tensor copy() { return Shapes.clone(this); }
  public final Tensor to(DType type) { return type == dtype ? this : copy(type); }
  private Tensor copy(DType type) { return Shapes.cast(this, type); }
  public final Tensor to(Device to) { return Shapes.to(this, to); }
  /** length elements along dim, from start. */
  public final Tensor narrow(int dim, int start, int length) { return Shapes.narrow(this, dim, start, length, 1); }
  /** Every step-th element along dim, from start. */
  public final Tensor slice(int dim, int start, int length, int step) { return Shapes.narrow(this, dim, start, length, step); }
  /** The elements at one place of a dim, without that dim. */
  public final Tensor select(int dim, int index) { return Shapes.select(this, dim, index); }
  public final Tensor get(int index) { return select(0, index); }
  public final Tensor flip(int dim) { return Shapes.flip(this, dim); }
  /** Adds value around: pairs of (before, after) from the last dim on, as PyTorch's F.pad. */
  public final Tensor pad(int[] widths, double value) { return Shapes.pad(this, widths, value); }

  // ---- indexing

  /** out[i][j] = this[index[i][j]][j] for dim 0, and so on. */
  public final Tensor gather(int dim, Tensor index) { return Indexing.gather(this, dim, index); }
  /** A copy in which src was added at index along dim. */
  public final Tensor scatterAdd(int dim, Tensor index, Tensor src) { return Indexing.scatterAdd(this, dim, index, src); }
  public final Tensor indexSelect(int dim, Tensor index) { return Indexing.indexSelect(this, dim, index); }
  /** The elements where mask holds, as a vector. */
  public final Tensor maskedSelect(Tensor mask) { return Indexing.maskedSelect(this, mask); }
  /** One element for each place named by the i-th entries of the indices, one index tensor a leading dim. */
  public final Tensor index(Tensor... indices) { return Indexing.index(this, indices); }
  public final Tensor get(Tensor maskOrIndex) { return maskOrIndex.dtype == DType.bool ? maskedSelect(maskOrIndex) : index(maskOrIndex); }
  /** The places of elements that are not 0: i64[count, ndim]. */
  public final Tensor nonzero() { return Indexing.nonzero(this); }
  /** Rows of zeros with a one at each label; classes = -1 takes the largest label + 1. */
  public final Tensor oneHot(int classes) { return Indexing.oneHot(this, classes); }
  public final Tensor triu(int diagonal) { return Indexing.triangle(this, diagonal, true); }
  public final Tensor tril(int diagonal) { return Indexing.triangle(this, diagonal, false); }

  // ---- layers' maths

  public final Tensor conv2d(Tensor weight, @Nullable Tensor bias, Conv2dOptions options) { return Convolutions.conv2d(this, weight, bias, options); }
  public final Tensor maxPool2d(Pool2dOptions options) { return Convolutions.maxPool2d(this, options).values(); }
  public final Tensor maxPool2d(int kernel) { return maxPool2d(Pool2dOptions.of(kernel)); }
  public final Tensor avgPool2d(Pool2dOptions options) { return Convolutions.avgPool2d(this, options); }
  public final Tensor avgPool2d(int kernel) { return avgPool2d(Pool2dOptions.of(kernel)); }
  public final Tensor adaptiveAvgPool2d(int height, int width) { return Convolutions.adaptiveAvgPool2d(this, height, width); }
  public final Tensor layerNorm(int dims, @Nullable Tensor weight, @Nullable Tensor bias, double eps) { return Normalizations.layerNorm(this, dims, weight, bias, eps); }
  /** By the mean and variance of each channel (dim 1) over this batch; the layer keeps running averages besides. */
  public final Tensor batchNorm(@Nullable Tensor weight, @Nullable Tensor bias, double eps) { return Normalizations.batchNorm(this, weight, bias, eps)[0]; }
  /** Rows of weight; the gradient of the row paddingIdx is zero (-1: none). */
  public static Tensor embedding(Tensor weight, Tensor indices, int paddingIdx) { return Indexing.embedding(weight, indices, paddingIdx); }
  public final Tensor crossEntropy(Tensor target) { return crossEntropy(target, CrossEntropyOptions.DEFAULT); }
  public final Tensor crossEntropy(Tensor target, CrossEntropyOptions options) { return Losses.crossEntropy(this, target, options); }
  public final Tensor nllLoss(Tensor target) { return Losses.nll(this, target, CrossEntropyOptions.DEFAULT); }
  public final Tensor mseLoss(Tensor target, Reduction reduction) { return Losses.mse(this, target, reduction); }
  public final Tensor mseLoss(Tensor target) { return mseLoss(target, Reduction.MEAN); }
  public final Tensor bceWithLogits(Tensor target, @Nullable Tensor posWeight, Reduction reduction) { return Losses.bceWithLogits(this, target, posWeight, reduction); }
  public final Tensor bceWithLogits(Tensor target) { return bceWithLogits(target, null, Reduction.MEAN); }

  // ---- library code

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
