package io.ktrain.op;

import io.ktrain.autograd.Tape;
import io.ktrain.backend.Backends;
import io.ktrain.backend.Kernel;
import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.DeviceError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.OutOfMemory;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.lang.ref.Reference;
import java.util.List;
import java.util.function.Function;

/**
 * The one door every operation goes through: checks, shapes, memory, the kernel, the tape. Nothing computes on tensors
 * without passing here.
 */
public final class Dispatch {
  /** Blocks from this size on remember the line that made them, for the list that is printed when room runs out. */
  private static final long TRACED = 1 << 20;

  /** What made a block: told when room runs out. */
  private record Origin(String op, DType dtype, Shape shape, String layer, String step, StackWalker.StackFrame line) {
    @Override
    public String toString() {
      return dtype + shape.toString() + " made by " + op + (layer == null ? "" : " in " + layer)
          + (step == null ? "" : ", " + step)
          + (line == null ? "" : " (" + line.getFileName() + ":" + line.getLineNumber() + ")");
    }
  }

  private static final StackWalker WALKER = StackWalker.getInstance();

  private Dispatch() {}

  /** Calls an operation with one output. */
  public static <A> Tensor call(Op<A> op, A attributes, Tensor... in) {
    return all(op, attributes, in)[0];
  }

  /** Calls an operation with any number of outputs. */
  public static <A> Tensor[] all(Op<A> op, A attributes, Tensor... in) {
    return run(device(op, in), op, attributes, in);
  }

  /** Calls an operation that has no inputs, on a device. */
  public static <A> Tensor create(Device device, Op<A> op, A attributes) {
    return run(device, op, attributes, new Tensor[0])[0];
  }

  /** What {@code body} gives of the inputs as an operation of that rule takes them under autocast. */
  static <T> T autocast(Autocast.Rule rule, Tensor[] in, Function<Tensor[], T> body) {
    Context context = Context.current();
    if (context.autocast() == null) return body.apply(in);
    Tensor[] cast = context.autocast().cast(rule, in);
    return context.withAutocast(null, () -> body.apply(cast));
  }

  private static <A> Tensor[] run(Device device, Op<A> op, A attributes, Tensor[] in) {
    Context context = Context.current();
    if (op.autocast != null && context.autocast() != null) {
      Tensor[] out = autocast(op.autocast, in, cast -> run(device, op, attributes, cast));
      if (op.autocast == Autocast.Rule.F32_INSIDE && out[0].getDtype() != in[0].getDtype()) {
        out = out.clone();
        out[0] = out[0].to(in[0].getDtype());
      }
      return out;
    }
    var call = new Call<A>(op, attributes, in);
    if (op.infer == null) return op.decompose.of(call);
    List<Spec> specs = op.infer.of(call);
    boolean shapesOnly = Check.active();
    boolean requiresGrad = false;
    for (Tensor t : in) {
      if (t == null) continue;
      shapesOnly |= t.isShapeOnly();
      requiresGrad |= t.getRequiresGrad();
      if (op.isDifferentiable()) t.markRead(); // the others are updates and writes
    }
    requiresGrad &= context.isGradEnabled() && op.isDifferentiable();
    boolean viaParts = requiresGrad && op.gradient == null && op.gradients == null && op.pointwise == null;
    if (viaParts) return op.decompose.of(call);

    Tensor[] out;
    if (op.view != null) {
      out = new Tensor[] {Tensor.view(in[0], specs.get(0).shape(), op.view.of(call, specs.get(0)))};
    } else if (shapesOnly) {
      out = new Tensor[specs.size()];
      for (int i = 0; i < out.length; i++)
        out[i] = Tensor.shapeOnly(specs.get(i).shape(), specs.get(i).dtype(), device);
    } else {
      Kernel<A> kernel = Backends.of(device).kernel(call);
      // Whether a backend has a kernel changes the speed, not the graph: an operation with gradient rules is recorded
      // as itself.
      if (kernel != null) out = computed(kernel, call, specs, device);
      else if (op.onHost && !device.equals(Device.CPU)) out = context.withGrad(false, () -> HostCall.run(call, device));
      else if (op.decompose != null) out = context.withGrad(false, () -> op.decompose.of(call));
      else throw new KtrainException(op.name() + ": the " + device + " backend cannot compute this");
    }
    if (context.anomaly() != null) context.anomaly().check(op, out);
    call.results(out);
    if (requiresGrad) Tape.record(call, out);
    return out;
  }

  private static <A> Tensor[] computed(Kernel<A> kernel, Call<A> call, List<Spec> specs, Device device) {
    var out = new Tensor[specs.size()];
    for (int i = 0; i < out.length; i++) {
      Layout layout = kernel.layout(call, specs, i);
      out[i] = allocate(call.op().name(), specs.get(i), device, layout == null ? Layout.contiguous(specs.get(i).shape())
          : layout);
    }
    call.results(out);
    try {
      kernel.run(call);
    } finally {
      // The collector must not free an operand while its kernel runs.
      for (int i = 0; i < call.inputs(); i++) Reference.reachabilityFence(call.edge(i));
    }
    return out;
  }

  /** Puts a result that was made outside, on another device for example, into the graph. */
  public static <A> Tensor recorded(Op<A> op, A attributes, Tensor result, Tensor... in) {
    for (Tensor t : in) t.markRead();
    if (records(in)) record(op, attributes, new Tensor[] {result}, in);
    return result;
  }

  /** Whether a call with these inputs becomes part of the graph. */
  static boolean records(Tensor... in) {
    if (Context.current().isGradEnabled()) for (Tensor t : in) if (t != null && t.getRequiresGrad()) return true;
    return false;
  }

  /** Makes {@code results} the outputs of a call in the graph. */
  static <A> void record(Op<A> op, A attributes, Tensor[] results, Tensor... in) {
    var call = new Call<A>(op, attributes, in);
    call.results(results);
    Tape.record(call, results);
  }

  /** The device of all inputs; numbers and absent inputs fit every device. */
  private static Device device(Op<?> op, Tensor[] in) {
    Device device = null;
    for (Tensor t : in) {
      if (t == null || t.isConstant()) continue;
      t.requireAlive(op.name());
      if (device == null) device = t.getDevice();
      else if (!device.equals(t.getDevice()))
        throw new DeviceError(op.name() + ": operands are on different devices: " + describe(in)
            + ". Fix: move one with to(device).");
    }
    return device == null ? Context.current().device() : device;
  }

  private static String describe(Tensor[] in) {
    var s = new StringBuilder();
    for (Tensor t : in)
      if (t != null)
        s.append(s.isEmpty() ? "" : ", ").append(t.describe()).append(t.isConstant() ? "" : " on " + t.getDevice());
    return s.toString();
  }

  /** A tensor whose contents are not set yet. */
  public static Tensor allocate(String op, Spec spec, Device device, Layout layout) {
    return allocate(op, spec, device, Backends.of(device).pool(device), layout);
  }

  /** A tensor whose contents are not set yet, in memory of a pool other than its device's own. */
  public static Tensor allocate(String op, Spec spec, Device device, Pool pool, Layout layout) {
    return Tensor.of(spec.shape(), spec.dtype(), device, layout, storage(op, spec, device, pool));
  }

  private static Storage storage(String op, Spec spec, Device device, Pool pool) {
    long bytes = spec.shape().numel() * spec.dtype().bytes();
    Context context = Context.current();
    var line = bytes < TRACED ? null
        : WALKER.walk(f -> f.filter(x -> !x.getClassName().startsWith("io.ktrain.")).findFirst().orElse(null));
    try {
      Storage storage = pool.allocate(bytes,
          new Origin(op, spec.dtype(), spec.shape(), context.layer(), context.step(), line));
      if (context.scope() != null) context.scope().add(storage);
      return storage;
    } catch (IllegalArgumentException e) {
      throw new KtrainException(e.getMessage(), e);
    } catch (Pool.Exhausted e) {
      var list = new StringBuilder();
      for (Pool.Live l : e.biggest) list.append("\n  ").append(megabytes(l.bytes())).append("  ").append(l.origin());
      throw new OutOfMemory(op + ": no room for " + spec.dtype() + spec.shape() + " (" + megabytes(bytes) + ") on "
          + device + ": "
          + megabytes(e.live) + (e.limit == Long.MAX_VALUE ? "" : " of at most " + megabytes(e.limit)) + " are in use"
          + (list.isEmpty() ? "." : ". The biggest:" + list)
          + "\nFix: a smaller batch, step { } around a hand-written loop, or more memory (KTRAIN_MEMORY).", e);
    }
  }

  private static String megabytes(long bytes) {
    return String.format(java.util.Locale.ROOT, "%.1f MB", bytes / 1048576.0);
  }
}
