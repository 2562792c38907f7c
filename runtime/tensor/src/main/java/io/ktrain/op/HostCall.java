package io.ktrain.op;

import io.ktrain.tensor.Device;
import io.ktrain.tensor.Tensor;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A call that the host computes for a device whose backend has no kernel for it. */
final class HostCall {
  private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

  private HostCall() {}

  /** The outputs, on the device, of inputs that are copied from there. */
  static <A> Tensor[] run(Call<A> call, Device device) {
    String op = call.op().name();
    if (TOLD.add(op))
      System.getLogger("io.ktrain").log(System.Logger.Level.INFO, op + " on " + device + " is computed by the host.");
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) {
      Tensor x = call.in(i);
      in[i] = x == null || x.isConstant() ? x : x.to(Device.CPU);
    }
    Tensor[] out = Dispatch.all(call.op(), call.attributes(), in);
    for (int i = 0; i < out.length; i++) out[i] = out[i].to(device);
    return out;
  }
}
