package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Pool2dOptions;
import io.ktrain.op.Pooling.PoolGrad;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Pooling element by element: any floating type and layout, no native access. */
final class PlainPooling {
  private PlainPooling() {}

  private interface Window {
    /** Rows top until bottom and columns left until right lie inside; {@code padded}: how many elements with the padding. */
    void at(int number, int top, int bottom, int left, int right, int padded);
  }

  /** The windows of one plane, in row-major order. */
  private static void windows(Pool2dOptions o, int h, int w, int oh, int ow, Window each) {
    for (int r = 0; r < oh; r++)
      for (int s = 0; s < ow; s++) {
        int top = r * o.strideH() - o.paddingH(), left = s * o.strideW() - o.paddingW();
        int bottom = top + o.kernelH(), right = left + o.kernelW();
        int padded = (Math.min(bottom, h + o.paddingH()) - top) * (Math.min(right, w + o.paddingW()) - left);
        each.at(r * ow + s, Math.max(0, top), Math.min(h, bottom), Math.max(0, left), Math.min(w, right), padded);
      }
  }

  /** Where plane (i, c) of a picture starts. */
  private static long plane(Tensor t, int i, int c) {
    return t.layout().offset() + i * t.layout().stride(0) + c * t.layout().stride(1);
  }

  static void max(Call<Pool2dOptions> call) {
    Tensor x = call.in(0), y = call.out(0), places = call.out(1);
    Pool2dOptions o = call.attributes();
    Shape s = x.getShape(), z = y.getShape();
    MemorySegment from = x.storage().host(), to = y.storage().host(), at = places.storage().host();
    long rowStep = x.layout().stride(2), columnStep = x.layout().stride(3);
    DType type = x.getDtype();
    ThreadPool.run(s.get(0) * s.get(1), t -> {
      long start = plane(x, t / s.get(1), t % s.get(1));
      int out = t * z.get(2) * z.get(3);
      windows(o, s.get(2), s.get(3), z.get(2), z.get(3), (number, top, bottom, left, right, padded) -> {
        double best = Double.NEGATIVE_INFINITY;
        int place = top * s.get(3) + left;
        for (int p = top; p < bottom; p++)
          for (int q = left; q < right; q++) {
            double v = Host.real(from, type, start + p * rowStep + q * columnStep);
            if (v > best || v != v) {
              best = v;
              place = p * s.get(3) + q;
            }
          }
        Elements.real(to, type, out + number, best);
        Elements.whole(at, DType.i32, out + number, place);
      });
    });
  }

  static void unpool(Call<PoolGrad> call) {
    Tensor g = call.in(0), places = call.in(1), x = call.out(0);
    Shape s = x.getShape(), z = g.getShape();
    CopyKernels.fill(x, 0);
    MemorySegment from = g.storage().host(), at = places.storage().host(), to = x.storage().host();
    DType type = x.getDtype();
    int width = s.get(3), n = z.get(2) * z.get(3);
    ThreadPool.run(s.get(0) * s.get(1), t -> {
      int i = t / s.get(1), c = t % s.get(1);
      long start = plane(g, i, c), index = plane(places, i, c), target = plane(x, i, c);
      for (int k = 0; k < n; k++) {
        int r = k / z.get(3), q = k % z.get(3);
        int place = (int) Host.whole(at, DType.i32, index + r * places.layout().stride(2) + q * places.layout().stride(3));
        long p = target + place / width * x.layout().stride(2) + place % width * x.layout().stride(3);
        Elements.real(to, type, p, Host.real(to, type, p) + Host.real(from, type, start + r * g.layout().stride(2) + q * g.layout().stride(3)));
      }
    });
  }

  static void average(Call<Pool2dOptions> call) {
    Tensor x = call.in(0), y = call.out(0);
    Pool2dOptions o = call.attributes();
    Shape s = x.getShape(), z = y.getShape();
    MemorySegment from = x.storage().host(), to = y.storage().host();
    long rowStep = x.layout().stride(2), columnStep = x.layout().stride(3);
    DType type = x.getDtype();
    ThreadPool.run(s.get(0) * s.get(1), t -> {
      long start = plane(x, t / s.get(1), t % s.get(1));
      int out = t * z.get(2) * z.get(3);
      windows(o, s.get(2), s.get(3), z.get(2), z.get(3), (number, top, bottom, left, right, padded) -> {
        double sum = 0;
        for (int p = top; p < bottom; p++) for (int q = left; q < right; q++) sum += Host.real(from, type, start + p * rowStep + q * columnStep);
        Elements.real(to, type, out + number, sum / (o.countIncludePad() ? padded : (bottom - top) * (right - left)));
      });
    });
  }

  static void averageGrad(Call<PoolGrad> call) {
    Tensor g = call.in(0), x = call.out(0);
    Pool2dOptions o = call.attributes().options();
    Shape s = x.getShape(), z = g.getShape();
    CopyKernels.fill(x, 0);
    MemorySegment from = g.storage().host(), to = x.storage().host();
    DType type = x.getDtype();
    ThreadPool.run(s.get(0) * s.get(1), t -> {
      long start = plane(g, t / s.get(1), t % s.get(1)), target = plane(x, t / s.get(1), t % s.get(1));
      windows(o, s.get(2), s.get(3), z.get(2), z.get(3), (number, top, bottom, left, right, padded) -> {
        double v = Host.real(from, type, start + number / z.get(3) * g.layout().stride(2) + number % z.get(3) * g.layout().stride(3))
            / (o.countIncludePad() ? padded : (bottom - top) * (right - left));
        for (int p = top; p < bottom; p++)
          for (int q = left; q < right; q++) {
            long k = target + p * x.layout().stride(2) + q * x.layout().stride(3);
            Elements.real(to, type, k, Host.real(to, type, k) + v);
          }
      });
    });
  }
}
