package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.VectorConstants.SMALLEST_NORMAL;
import static io.ktrain.backend.cpu.VectorConstants.ZERO;
import static io.ktrain.backend.cpu.VectorMemory.ALL;
import static io.ktrain.backend.cpu.VectorMemory.FLOATS;
import static io.ktrain.backend.cpu.VectorMemory.LANES;
import static io.ktrain.backend.cpu.VectorMemory.ORDER;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * One optimizer step over n elements of one f32 parameter, in one pass: p the parameter, g its gradient (left as it
 * is), the rest its state, zeros before the first step. Elements do not affect each other: any range will do. The
 * arithmetic is PyTorch's, in its order. State below the smallest normal number becomes 0: without gradients it would
 * decay into denormals, which take ten times as long.
 */
final class VectorOptimizers {
  private VectorOptimizers() {}

  /**
   * The numbers of one SGD step.
   *
   * @param keep what stays of the momentum buffer: 0 in the first step, whatever the momentum
   * @param take what of the gradient goes into it: 1 in the first step, else 1 - dampening
   * @param ofBuffer what of the buffer makes the update: 1, or the momentum for Nesterov's
   * @param ofGradient what of the gradient makes the update: 0, or 1 for Nesterov's
   */
  record SgdStep(float lr, float weightDecay, float keep, float take, float ofBuffer, float ofGradient) {
    static SgdStep of(
        double lr, double momentum, double dampening, boolean nesterov, double weightDecay, boolean first) {
      return new SgdStep((float) lr, (float) weightDecay, first ? 0f : (float) momentum,
          first ? 1f : (float) (1 - dampening), nesterov ? (float) momentum : 1f, nesterov ? 1f : 0f);
    }
  }

  /** p -= lr (g + weightDecay p). */
  static void sgd(long p, long g, int n, SgdStep s) {
    FloatVector minusLr = FloatVector.broadcast(FLOATS, -s.lr), decay = FloatVector.broadcast(FLOATS, s.weightDecay);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + 4L * i, ORDER);
      w.fma(decay, FloatVector.fromMemorySegment(FLOATS, ALL, g + 4L * i, ORDER)).fma(minusLr, w)
          .intoMemorySegment(ALL, p + 4L * i, ORDER);
    }
    if (i < n) {
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + 4L * i, ORDER, m);
      w.fma(decay, FloatVector.fromMemorySegment(FLOATS, ALL, g + 4L * i, ORDER, m)).fma(minusLr, w)
          .intoMemorySegment(ALL, p + 4L * i, ORDER, m);
    }
  }

  /** With d = g + weightDecay p: buffer = keep buffer + take d; p -= lr (ofBuffer buffer + ofGradient d). */
  static void sgdMomentum(long p, long g, long buffer, int n, SgdStep s) {
    FloatVector minusLr = FloatVector.broadcast(FLOATS, -s.lr), decay = FloatVector.broadcast(FLOATS, s.weightDecay);
    FloatVector keep = FloatVector.broadcast(FLOATS, s.keep), take = FloatVector.broadcast(FLOATS, s.take);
    FloatVector ofBuffer = FloatVector.broadcast(FLOATS, s.ofBuffer);
    FloatVector ofGradient = FloatVector.broadcast(FLOATS, s.ofGradient);
    int i = 0, end = FLOATS.loopBound(n);
    for (; i < end; i += LANES) {
      long o = 4L * i;
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + o, ORDER);
      FloatVector d = w.fma(decay, FloatVector.fromMemorySegment(FLOATS, ALL, g + o, ORDER));
      FloatVector b = d.fma(take, FloatVector.fromMemorySegment(FLOATS, ALL, buffer + o, ORDER).mul(keep));
      b = b.blend(ZERO, b.abs().compare(LT, SMALLEST_NORMAL));
      b.intoMemorySegment(ALL, buffer + o, ORDER);
      b.fma(ofBuffer, d.mul(ofGradient)).fma(minusLr, w).intoMemorySegment(ALL, p + o, ORDER);
    }
    if (i < n) {
      long o = 4L * i;
      VectorMask<Float> m = FLOATS.indexInRange(i, n);
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + o, ORDER, m);
      FloatVector d = w.fma(decay, FloatVector.fromMemorySegment(FLOATS, ALL, g + o, ORDER, m));
      FloatVector b = d.fma(take, FloatVector.fromMemorySegment(FLOATS, ALL, buffer + o, ORDER, m).mul(keep));
      b = b.blend(ZERO, b.abs().compare(LT, SMALLEST_NORMAL));
      b.intoMemorySegment(ALL, buffer + o, ORDER, m);
      b.fma(ofBuffer, d.mul(ofGradient)).fma(minusLr, w).intoMemorySegment(ALL, p + o, ORDER, m);
    }
  }

  /** p -= stepSize m / (sqrt(v) / rootOfBias2 + eps); m and v the running means of g and g^2. */
  static void adam(long p, long g, long m, long v, int n, AdamStep s) {
    int end = FLOATS.loopBound(n);
    if (end > 0) wholeAdam(p, g, m, v, end, s);
    if (end < n) restOfAdam(p + 4L * end, g + 4L * end, m + 4L * end, v + 4L * end, n - end, s);
  }

  /** As {@link #adam}, dividing by the greatest v so far, which {@code greatest} holds. */
  static void amsgrad(long p, long g, long m, long v, long greatest, int n, AdamStep s) {
    int end = FLOATS.loopBound(n);
    if (end > 0) wholeAmsgrad(p, g, m, v, greatest, end, s);
    long o = 4L * end;
    if (end < n) restOfAmsgrad(p + o, g + o, m + o, v + o, greatest + o, n - end, s);
  }

  // Whole vectors and the rest apart: one method would be over the size up to which C2 inlines vector code.

  private static void wholeAdam(long p, long g, long m, long v, int end, AdamStep s) {
    FloatVector l2 = FloatVector.broadcast(FLOATS, s.l2()), shrink = FloatVector.broadcast(FLOATS, s.shrink());
    FloatVector oneMinusBeta1 = FloatVector.broadcast(FLOATS, s.oneMinusBeta1());
    FloatVector beta2 = FloatVector.broadcast(FLOATS, s.beta2()), eps = FloatVector.broadcast(FLOATS, s.eps());
    FloatVector oneMinusBeta2 = FloatVector.broadcast(FLOATS, s.oneMinusBeta2());
    FloatVector minusStep = FloatVector.broadcast(FLOATS, -s.stepSize());
    FloatVector rootOfBias2 = FloatVector.broadcast(FLOATS, s.rootOfBias2());
    for (int i = 0; i < end; i += LANES) {
      long o = 4L * i;
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + o, ORDER);
      FloatVector d = w.fma(l2, FloatVector.fromMemorySegment(FLOATS, ALL, g + o, ORDER));
      FloatVector mean = FloatVector.fromMemorySegment(FLOATS, ALL, m + o, ORDER);
      mean = d.sub(mean).fma(oneMinusBeta1, mean);
      mean = mean.blend(ZERO, mean.abs().compare(LT, SMALLEST_NORMAL));
      mean.intoMemorySegment(ALL, m + o, ORDER);
      FloatVector square = FloatVector.fromMemorySegment(FLOATS, ALL, v + o, ORDER).mul(beta2);
      square = d.mul(oneMinusBeta2).fma(d, square);
      square = square.blend(ZERO, square.compare(LT, SMALLEST_NORMAL));
      square.intoMemorySegment(ALL, v + o, ORDER);
      FloatVector step = mean.mul(minusStep).div(square.sqrt().div(rootOfBias2).add(eps));
      w.mul(shrink).add(step).intoMemorySegment(ALL, p + o, ORDER);
    }
  }

  private static void restOfAdam(long p, long g, long m, long v, int n, AdamStep s) {
    FloatVector l2 = FloatVector.broadcast(FLOATS, s.l2()), shrink = FloatVector.broadcast(FLOATS, s.shrink());
    FloatVector oneMinusBeta1 = FloatVector.broadcast(FLOATS, s.oneMinusBeta1());
    FloatVector beta2 = FloatVector.broadcast(FLOATS, s.beta2()), eps = FloatVector.broadcast(FLOATS, s.eps());
    FloatVector oneMinusBeta2 = FloatVector.broadcast(FLOATS, s.oneMinusBeta2());
    FloatVector minusStep = FloatVector.broadcast(FLOATS, -s.stepSize());
    FloatVector rootOfBias2 = FloatVector.broadcast(FLOATS, s.rootOfBias2());
    VectorMask<Float> k = FLOATS.indexInRange(0, n);
    FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER, k);
    FloatVector d = w.fma(l2, FloatVector.fromMemorySegment(FLOATS, ALL, g, ORDER, k));
    FloatVector mean = FloatVector.fromMemorySegment(FLOATS, ALL, m, ORDER, k);
    mean = d.sub(mean).fma(oneMinusBeta1, mean);
    mean = mean.blend(ZERO, mean.abs().compare(LT, SMALLEST_NORMAL));
    mean.intoMemorySegment(ALL, m, ORDER, k);
    FloatVector square = FloatVector.fromMemorySegment(FLOATS, ALL, v, ORDER, k).mul(beta2);
    square = d.mul(oneMinusBeta2).fma(d, square);
    square = square.blend(ZERO, square.compare(LT, SMALLEST_NORMAL));
    square.intoMemorySegment(ALL, v, ORDER, k);
    FloatVector step = mean.mul(minusStep).div(square.sqrt().div(rootOfBias2).add(eps));
    w.mul(shrink).add(step).intoMemorySegment(ALL, p, ORDER, k);
  }

  private static void wholeAmsgrad(long p, long g, long m, long v, long greatest, int end, AdamStep s) {
    FloatVector l2 = FloatVector.broadcast(FLOATS, s.l2()), shrink = FloatVector.broadcast(FLOATS, s.shrink());
    FloatVector oneMinusBeta1 = FloatVector.broadcast(FLOATS, s.oneMinusBeta1());
    FloatVector beta2 = FloatVector.broadcast(FLOATS, s.beta2()), eps = FloatVector.broadcast(FLOATS, s.eps());
    FloatVector oneMinusBeta2 = FloatVector.broadcast(FLOATS, s.oneMinusBeta2());
    FloatVector minusStep = FloatVector.broadcast(FLOATS, -s.stepSize());
    FloatVector rootOfBias2 = FloatVector.broadcast(FLOATS, s.rootOfBias2());
    for (int i = 0; i < end; i += LANES) {
      long o = 4L * i;
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p + o, ORDER);
      FloatVector d = w.fma(l2, FloatVector.fromMemorySegment(FLOATS, ALL, g + o, ORDER));
      FloatVector mean = FloatVector.fromMemorySegment(FLOATS, ALL, m + o, ORDER);
      mean = d.sub(mean).fma(oneMinusBeta1, mean);
      mean = mean.blend(ZERO, mean.abs().compare(LT, SMALLEST_NORMAL));
      mean.intoMemorySegment(ALL, m + o, ORDER);
      FloatVector square = FloatVector.fromMemorySegment(FLOATS, ALL, v + o, ORDER).mul(beta2);
      square = d.mul(oneMinusBeta2).fma(d, square);
      square = square.blend(ZERO, square.compare(LT, SMALLEST_NORMAL));
      square.intoMemorySegment(ALL, v + o, ORDER);
      square = square.max(FloatVector.fromMemorySegment(FLOATS, ALL, greatest + o, ORDER));
      square.intoMemorySegment(ALL, greatest + o, ORDER);
      FloatVector step = mean.mul(minusStep).div(square.sqrt().div(rootOfBias2).add(eps));
      w.mul(shrink).add(step).intoMemorySegment(ALL, p + o, ORDER);
    }
  }

  private static void restOfAmsgrad(long p, long g, long m, long v, long greatest, int n, AdamStep s) {
    FloatVector l2 = FloatVector.broadcast(FLOATS, s.l2()), shrink = FloatVector.broadcast(FLOATS, s.shrink());
    FloatVector oneMinusBeta1 = FloatVector.broadcast(FLOATS, s.oneMinusBeta1());
    FloatVector beta2 = FloatVector.broadcast(FLOATS, s.beta2()), eps = FloatVector.broadcast(FLOATS, s.eps());
    FloatVector oneMinusBeta2 = FloatVector.broadcast(FLOATS, s.oneMinusBeta2());
    FloatVector minusStep = FloatVector.broadcast(FLOATS, -s.stepSize());
    FloatVector rootOfBias2 = FloatVector.broadcast(FLOATS, s.rootOfBias2());
    VectorMask<Float> k = FLOATS.indexInRange(0, n);
    FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, p, ORDER, k);
    FloatVector d = w.fma(l2, FloatVector.fromMemorySegment(FLOATS, ALL, g, ORDER, k));
    FloatVector mean = FloatVector.fromMemorySegment(FLOATS, ALL, m, ORDER, k);
    mean = d.sub(mean).fma(oneMinusBeta1, mean);
    mean = mean.blend(ZERO, mean.abs().compare(LT, SMALLEST_NORMAL));
    mean.intoMemorySegment(ALL, m, ORDER, k);
    FloatVector square = FloatVector.fromMemorySegment(FLOATS, ALL, v, ORDER, k).mul(beta2);
    square = d.mul(oneMinusBeta2).fma(d, square);
    square = square.blend(ZERO, square.compare(LT, SMALLEST_NORMAL));
    square.intoMemorySegment(ALL, v, ORDER, k);
    square = square.max(FloatVector.fromMemorySegment(FLOATS, ALL, greatest, ORDER, k));
    square.intoMemorySegment(ALL, greatest, ORDER, k);
    FloatVector step = mean.mul(minusStep).div(square.sqrt().div(rootOfBias2).add(eps));
    w.mul(shrink).add(step).intoMemorySegment(ALL, p, ORDER, k);
  }
}
