package io.ktrain.op;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.backend.Kernel;
import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.DeviceError;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A device, {@code opaque:0}, whose storage host code cannot read: whatever computes past the backend interface fails
 * on it. Its kernels are the CPU's, which see the memory only while they run.
 */
public final class OpaqueBackend implements Backend {
  static final Device DEVICE = new Device("opaque", 0);

  /** The operations whose kernels ran to their end, in order. */
  static final List<String> RAN = new ArrayList<>();

  private final Memory memory = new Memory();

  private static final class Memory extends Pool {
    private final TreeMap<Long, MemorySegment> slabs = new TreeMap<>();

    @Override
    protected synchronized Slab reserve(long bytes) {
      var arena = Arena.ofShared();
      MemorySegment m = arena.allocate(bytes, 64);
      slabs.put(m.address(), m);
      return new Slab(m.address(), bytes, null, () -> {
        slabs.remove(m.address());
        arena.close();
      });
    }

    @Override
    protected long limit() {
      return Long.MAX_VALUE;
    }

    synchronized MemorySegment block(Storage s) {
      var slab = slabs.floorEntry(s.address());
      return slab.getValue().asSlice(s.address() - slab.getKey(), s.bytes());
    }
  }

  @Override
  public String type() {
    return "opaque";
  }

  @Override
  public String status() {
    return "for tests";
  }

  @Override
  public Pool pool(Device device) {
    if (device.index() != 0) throw new DeviceError("device: there is no " + device + ", only opaque:0.");
    return memory;
  }

  @Override
  public <A> Kernel<A> kernel(Call<A> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i) == null ? null : mapped(call.in(i));
    var onCpu = new Call<>(call.op(), call.attributes(), in);
    Kernel<A> kernel = Backends.of(Device.CPU).kernel(onCpu);
    return kernel == null ? null : new Kernel<>() {
      @Override
      public void run(Call<A> call) {
        Tensor[] out = new Tensor[call.outputs()];
        for (int i = 0; i < out.length; i++) out[i] = mapped(call.out(i));
        onCpu.results(out);
        kernel.run(onCpu);
        RAN.add(call.op().name());
      }

      @Override
      public Layout layout(Call<A> call, List<Spec> specs, int i) {
        return kernel.layout(onCpu, specs, i);
      }
    };
  }

  @Override
  public boolean runs(Op<?> op) {
    return Backends.of(Device.CPU).runs(op);
  }

  private Tensor mapped(Tensor t) {
    if (t.isConstant()) return t;
    return Tensor.of(t.getShape(), t.getDtype(), Device.CPU, t.layout(), Storage.wrap(memory.block(t.storage())));
  }

  @Override
  public void read(Storage from, long byteOffset, MemorySegment to) {
    MemorySegment.copy(memory.block(from), byteOffset, to, 0, to.byteSize());
  }

  @Override
  public void write(MemorySegment from, Storage to, long byteOffset) {
    MemorySegment.copy(from, 0, memory.block(to), byteOffset, from.byteSize());
    to.written();
  }
}
