package io.ktrain.op;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.autograd.Backward;
import io.ktrain.op.Recurrent.Cell;
import io.ktrain.op.Recurrent.Steps;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** The gradients that backward computes from saved states, in f32 by a kernel, against those of the parts in f64. */
@Tag("paths")
class RecurrentTest {
  private static final int[][] SIZES = {{2, 2, 2}, {5, 5, 3, 1, 1}, {1}, {4, 4}};

  @TestFactory
  Stream<DynamicTest> gradientsAreThoseOfTheParts() {
    var tests = new ArrayList<DynamicTest>();
    for (Cell cell : Cell.values())
      for (int[] sizes : SIZES)
        for (int hidden : new int[] {3, 16, 70, 130})
          for (boolean reverse : new boolean[] {false, true}) {
            var steps = new Steps(cell, sizes, reverse);
            tests.add(dynamicTest(cell + " " + Arrays.toString(sizes) + (reverse ? " reverse " : " ") + hidden, () ->
                compare(steps, hidden)));
          }
    return tests.stream();
  }

  private static void compare(Steps steps, int hidden) {
    OpTests.Sample<Steps> sample = sample(steps, hidden);
    List<NdArray> values = Operands.values(Recurrent.RECURRENCE, sample, 0, false);
    double[] weights = values.get(1).data(); // of a size at which states neither vanish nor explode
    for (int i = 0; i < weights.length; i++) weights[i] /= Math.sqrt(hidden);
    Tensor[] expected = gradients(steps, Operands.tensors(sample, values, DType.f64), true);
    Tensor[] got = gradients(steps, Operands.tensors(sample, values, DType.f32), false);
    for (int i = 0; i < expected.length; i++) OpTableTest.close(Operands.read(expected[i]), got[i], 2e-5);
  }

  private static Tensor[] gradients(Steps steps, Tensor[] in, boolean parts) {
    Tensor[] leaves = OpTableTest.leaves(in);
    Tensor[] out = parts ? Recurrent.RECURRENCE.decomposed(new Call<>(Recurrent.RECURRENCE, steps, leaves))
        : Dispatch.all(Recurrent.RECURRENCE, steps, leaves);
    var roots = new ArrayList<>(List.of(out[0]));
    if (steps.cell() == Cell.LSTM) roots.add(out[1]);
    Tensor[] seeds = new Tensor[roots.size()];
    for (int i = 0; i < seeds.length; i++) {
      Tensor r = roots.get(i);
      seeds[i] = Tensor.arange(Math.toIntExact(r.numel())).to(DType.f64).mul(0.7).add(i).sin().to(r.getDtype())
          .reshape(r.getShape());
    }
    return Backward.gradients(roots, seeds, Arrays.stream(leaves).filter(t -> t != null).toList(), false, false);
  }

  private static OpTests.Sample<Steps> sample(Steps s, int h) {
    int n = s.rows(), b = s.sizes()[0], g = s.cell().gates();
    return new OpTests.Sample<>(s, List.of(OpTests.shape(n, g * h), OpTests.shape(g * h, h), s.cell() == Cell.GRU
        ? OpTests.shape(g * h) : OpTests.ABSENT,
        OpTests.shape(b, h), s.cell() == Cell.LSTM ? OpTests.shape(b, h) : OpTests.ABSENT));
  }
}
