package io.ktrain.format;

import io.ktrain.backend.Backends;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Elements of tensors on their way to and from files, a stretch at a time. */
final class TensorBytes {
  private static final long CHUNK = 1 << 26;
  private static final int ROW = 1 << 20;

  private TensorBytes() {}

  /** Takes bytes that are gone once it returns. */
  interface Sink {
    void accept(ByteBuffer bytes) throws IOException;
  }

  static long size(Tensor t) {
    return t.numel() * t.getDtype().bytes();
  }

  /** A parameter whose size comes from the first input has nothing to write before it. */
  static void requireValues(String name, Tensor t) {
    if (t.isShapeOnly())
      throw new KtrainException("save: " + name + " has no values yet, since its size comes from the first input."
          + " Fix: call the model once before saving it.");
  }

  /** All elements of a tensor of any device and layout, row-major. */
  static void write(Tensor t, Sink out) throws IOException {
    if (t.numel() == 0) return;
    Tensor dense = t.isContiguous() ? t : Context.current().withGrad(false, t::contiguous);
    write(dense, dense.layout().offset(), t.numel(), out);
    if (dense != t) dense.storage().free("save");
  }

  /** {@code count} elements of the tensor's storage as they lie there, from element {@code first} on. */
  static void write(Tensor t, long first, long count, Sink out) throws IOException {
    long begin = first * t.getDtype().bytes(), bytes = count * t.getDtype().bytes();
    MemorySegment host = t.storage().host();
    try (var arena = Arena.ofConfined()) {
      MemorySegment copy = host != null ? null : arena.allocate(Math.min(CHUNK, bytes), 64);
      for (long at = 0; at < bytes; at += CHUNK) {
        long n = Math.min(CHUNK, bytes - at);
        MemorySegment part = host != null ? host.asSlice(begin + at, n) : copy.asSlice(0, n);
        if (host == null) Backends.of(t.getDevice()).read(t.storage(), begin + at, part);
        out.accept(part.asByteBuffer());
      }
    }
    Reference.reachabilityFence(t);
  }

  /** Memory for so many elements, not set yet; more of them than one dim can have take two dims. */
  static Tensor allocate(long numel, DType dtype, Device device) {
    Shape shape = numel <= Integer.MAX_VALUE ? Shape.of((int) numel)
        : Shape.of(Math.toIntExact((numel + ROW - 1) / ROW), ROW);
    return Dispatch.allocate("load", new Spec(shape, dtype), device, Layout.contiguous(shape));
  }
}
