package io.ktrain.backend.cpu;

import io.ktrain.memory.Storage;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Memory a kernel needs while it runs; given back by the kernel itself. */
final class Scratch {
  private Scratch() {}

  /** Row-major, of the same shape and type. */
  static Tensor like(Tensor t) {
    return of(t.getDevice(), t.getShape(), t.getDtype());
  }

  static Tensor of(Device device, Shape shape, DType dtype) {
    return Dispatch.allocate("scratch", new Spec(shape, dtype), device, Layout.contiguous(shape));
  }

  static Storage bytes(Device device, long bytes) {
    return of(device, Shape.of(Math.toIntExact((bytes + 3) / 4)), DType.f32).storage();
  }

  static void free(Tensor t) {
    t.storage().free("the kernel");
  }
}
