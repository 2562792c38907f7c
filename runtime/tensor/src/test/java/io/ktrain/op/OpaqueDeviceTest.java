package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.memory.Scope;
import io.ktrain.nn.Activation;
import io.ktrain.nn.BatchNorm1d;
import io.ktrain.nn.BatchNorm2d;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Dropout;
import io.ktrain.nn.Embedding;
import io.ktrain.nn.Flatten;
import io.ktrain.nn.LayerNorm;
import io.ktrain.nn.Linear;
import io.ktrain.nn.MaxPool2d;
import io.ktrain.nn.Module;
import io.ktrain.nn.Parameter;
import io.ktrain.nn.Sequential;
import io.ktrain.optim.AdamW;
import io.ktrain.optim.Clip;
import io.ktrain.optim.Optimizer;
import io.ktrain.optim.Sgd;
import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.CrossEntropyOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * No operation, composite, module or optimizer reaches around the backend interface: all run where only a backend can
 * read.
 */
class OpaqueDeviceTest {
  private static final Set<String> CREATION = Set.of("full", "arange", "uniform", "normal");

  /** Runs with new tensors on the opaque device, from a generator of its own. */
  private static <T> T opaque(Supplier<T> body) {
    return on(OpaqueBackend.DEVICE, body);
  }

  static <T> T on(Device device, Supplier<T> body) {
    Context context = Context.current().fork(new Generator(5));
    context.setDevice(device);
    return context.run(body);
  }

  @Test
  void hostCodeCannotReadItsStorage() {
    assertNull(opaque(() -> Tensor.ones(3)).storage().host());
  }

  @TestFactory
  Stream<DynamicTest> everyOperationGivesTheCpusBits() {
    return OpTableTest.each(op -> !op.tests().samples().isEmpty(), new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        List<NdArray> values = Operands.values(op, sample, number, false);
        assertEquals(on(Device.CPU, () -> forwardAndBackward(op, sample, values)),
            opaque(() -> forwardAndBackward(op, sample, values)));
      }
    });
  }

  private static <A> List<String> forwardAndBackward(Op<A> op, OpTests.Sample<A> sample, List<NdArray> values) {
    Tensor[] in = OpTableTest.leaves(Operands.tensors(sample, values, DType.f32));
    var all = new ArrayList<String>();
    for (Tensor t : Dispatch.all(op, sample.attributes(), in)) {
      all.add(t.describe() + Arrays.toString(t.toDoubleArray()));
      if (t.getRequiresGrad()) t.backward(Tensor.full(t.getShape(), 0.5, t.getDtype()), true, false);
    }
    for (Tensor leaf : in)
      if (leaf != null && leaf.getGrad() != null)
        all.add(leaf.getGrad().describe() + Arrays.toString(leaf.getGrad().toDoubleArray()));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> failuresComeBeforeAnyKernel() {
    return OpTable.all().stream().flatMap(op -> op.tests().failures().stream().map(f -> dynamicTest(f.message(), () -> {
      OpaqueBackend.RAN.clear();
      assertEquals(f.message(), opaque(() -> assertThrows(KtrainException.class, () -> f.call().get())).getMessage());
      if (!f.byValues()) assertTrue(CREATION.containsAll(OpaqueBackend.RAN), "ran " + OpaqueBackend.RAN);
    })));
  }

  /** What is made of several operations on the way from Tensor's methods, of a matrix of 3 by 4. */
  static List<Function<Tensor, Tensor>> composites() {
    return List.of(x -> x.flatten().dot(x.flatten()), x -> x.matmul(x.t()),
        x -> Tensor.einsum("ij,kj->ik", x, x), x -> x.var(), x -> x.std(1, true, true),
        x -> x.norm(), x -> x.normalize(1, 1e-12), x -> x.logsumexp(1, false), x -> x.topk(2, 1).indices(),
        x -> x.argmax(), x -> x.argmin(1), x -> x.any(), x -> x.all(),
        x -> x.get(x.gt(0)), x -> x.index(Tensor.of(new long[] {0, -1}), Tensor.of(new long[] {1, 2})),
        x -> x.gt(0).nonzero(), x -> x.argmax(1).oneHot(-1), x -> x.triu(1), x -> x.tril(0),
        x -> x.glu(1), x -> x.prelu(Tensor.full(io.ktrain.tensor.Shape.of(4), 0.3, DType.f32)),
        x -> x.maskedFill(x.lt(0), 9), x -> x.crossEntropy(Tensor.of(new long[] {0, 3, 1})),
        x -> x.crossEntropy(Tensor.of(new long[] {0, 3, -100}), new CrossEntropyOptions(Tensor.of(new float[] {1, 2, 3,
        4}), 0.1, -100, Reduction.MEAN)), x -> x.crossEntropy(x.softmax(1)),
        x -> x.logSoftmax(1).nllLoss(Tensor.of(new long[] {2, 2, 1})), x -> x.mseLoss(x.mul(2)),
        x -> x.bceWithLogits(x.sigmoid()), x -> x.reshape(1, 1, 3, 4).adaptiveAvgPool2d(2, 3),
        x -> x.reshape(1, 1, 3, 4).maxPool2d(2), x -> Tensor.stack(List.of(x, x), 1),
        x -> x.clamp(-0.5, 0.5), x -> x.pow(3), x -> Tensor.eye(3).mm(x),
        x -> x.to(DType.bf16).add(1).to(DType.f16), x -> Tensor.randperm(7), x -> Tensor.randint(2, 9, 20),
        x -> Tensor.randn(3, 3), x -> x.dropout(0.5, true),
        x -> x.copy().add_(1).mul_(x).fill_(3), x -> x.copy().get(1).zero_());
  }

  @Test
  void compositesGiveTheCpusBits() {
    List<Function<Tensor, Tensor>> all = composites();
    for (int i = 0; i < all.size(); i++) {
      Function<Tensor, Tensor> f = all.get(i);
      Supplier<String> text = () -> {
        Tensor t = f.apply(Tensor.randn(3, 4));
        return t.describe() + Arrays.toString(t.toDoubleArray());
      };
      assertEquals(on(Device.CPU, text), opaque(text), "composite " + i);
    }
  }

  @Test
  void printsItself() {
    assertEquals("tensor([1., 2.], device='opaque:0')", opaque(() -> Tensor.of(new float[] {1, 2}).toString()));
  }

  @Test
  void aLayerIsSizedWhereItWasMoved() {
    on(Device.CPU, () -> {
      Module model = new Sequential(new Linear(Parameter.LAZY, 3, true), new BatchNorm1d(Parameter.LAZY));
      model.moveTo(OpaqueBackend.DEVICE);
      model = Module.copyOf(model);
      assertEquals(OpaqueBackend.DEVICE, model.invoke(Tensor.ones(4, 2).to(OpaqueBackend.DEVICE)).getDevice());
      assertTrue(model.stateDict().values().stream().allMatch(t -> t.getDevice().equals(OpaqueBackend.DEVICE)));
      return null;
    });
  }

  @Test
  void modulesAndOptimizersTrainToTheCpusBits() {
    assertArrayEquals(on(Device.CPU, OpaqueDeviceTest::train), opaque(OpaqueDeviceTest::train));
  }

  /** The losses of a few steps of a network with most kinds of layers. */
  static double[] train() {
    Module pictures = new Sequential(new Conv2d(1, 4, 3, ConvOptions.DEFAULT.withPadding(1)), new BatchNorm2d(4), relu(),
        new MaxPool2d(2), new Flatten(), new Dropout(0.1),
        new Linear(Parameter.LAZY, 6, true), new LayerNorm(6), relu(), new Linear(6, 3));
    Embedding words = new Embedding(5, 3);
    Tensor x = Tensor.randn(8, 1, 6, 6), labels = Tensor.randint(0, 3, 8), ids = Tensor.randint(0, 5, 8);
    pictures.invoke(x);
    Optimizer adam = new AdamW(pictures.parameters(), 0.01), sgd = new Sgd(words.parameters(), 0.1, 0.9);
    double[] losses = new double[6];
    for (int i = 0; i < losses.length; i++) {
      Context context = Context.current();
      Scope step = context.open("the step");
      adam.getGroups().getFirst().setLr(0.01 / (1 + i)); // what changes from step to step must not be frozen in one
      Tensor loss = pictures.invoke(x).add(words.invoke(ids)).crossEntropy(labels);
      adam.zeroGrad();
      sgd.zeroGrad();
      loss.backward();
      Clip.norm(pictures.parameters(), 1);
      Clip.value(words.parameters(), 0.5);
      adam.step();
      sgd.step();
      losses[i] = loss.item();
      context.close(step);
      context.stepDone();
    }
    assertTrue(losses[5] < losses[0], Arrays.toString(losses));
    return losses;
  }

  private static Activation relu() {
    return new Activation("ReLU", "", Tensor::relu);
  }
}
