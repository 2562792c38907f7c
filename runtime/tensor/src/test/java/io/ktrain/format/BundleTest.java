package io.ktrain.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.Activation;
import io.ktrain.nn.AdaptiveAvgPool2d;
import io.ktrain.nn.AvgPool2d;
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
import io.ktrain.nn.ParameterDict;
import io.ktrain.nn.ParameterList;
import io.ktrain.nn.Sequential;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleTest {
  @TempDir Path temp;

  /** A module of somebody else's. */
  public static final class Residual extends Module {
    private final int width;
    private final Linear body;

    public Residual(int width) {
      this.width = width;
      body = register("body", new Linear(width, width));
    }

    @Override
    public List<Object> arguments() {
      return List.of(width);
    }

    @Override
    public Tensor forward(Tensor x) {
      return x.add(body.invoke(x));
    }
  }

  /** One that does not say what it was made with. */
  public static final class Silent extends Module {
    public Silent(int width) {
      register("fc", new Linear(width, width));
    }
  }

  private Module again(Module model) {
    Path file = temp.resolve("m.ktrain");
    Bundle.write(file, model);
    Module back = Bundle.read(file);
    assertEquals(model.toString(), back.toString());
    assertEquals(List.copyOf(model.stateDict().keySet()), List.copyOf(back.stateDict().keySet()));
    model.stateDict().forEach((name, t) -> assertArrayEquals(t.toDoubleArray(), back.stateDict().get(name).toDoubleArray(), name));
    return back;
  }

  @Test
  void typesOfParametersAndBuffersComeBack() {
    for (DType dtype : List.of(DType.f64, DType.f16, DType.bf16)) {
      var model = new Sequential(new Linear(3, 2), new BatchNorm1d(2), new Linear(2, 1));
      model.get(1).castTo(dtype);
      model.get(2).castTo(dtype);
      Module back = again(model);
      assertEquals(model.stateDict().toString(), back.stateDict().toString());
      assertTrue(back.parameters().stream().allMatch(Tensor::getRequiresGrad));
      assertEquals(dtype, ((Sequential) back).get(2).invoke(Tensor.ones(4, 2).to(dtype)).getDtype());
    }
  }

  @Test
  void aParameterInTwoPlacesComesBackAsOne() {
    var shared = new Parameter(Tensor.randn(2));
    var other = new Parameter(Tensor.randn(2));
    var list = new ParameterList(List.of(shared, other, shared));
    var back = (Sequential) again(new Sequential(list, new ParameterDict(Map.of("a", other)), list));
    var first = (ParameterList) back.get(0);
    assertSame(first.get(0), first.get(2));
    assertSame(first.get(1), ((ParameterDict) back.get(1)).get("a"));
    assertSame(first, back.get(2));
    assertEquals(2, back.parameters().size());
  }

  @Test
  void aModelOfOurLayersLoadsWithoutWhatMadeIt() {
    var model = new Sequential(
        new Conv2d(1, 4, List.of(3), ConvOptions.DEFAULT.withPadding(1), false, PaddingMode.ZEROS), new BatchNorm2d(4, 1e-4, 0.2), new Activation("ReLU", "", Tensor::relu),
        new MaxPool2d(2), new AvgPool2d(PoolOptions.of(2).withStride(1).withPadding(1).withCeilMode(true).withCountIncludePad(false)), new AdaptiveAvgPool2d(2, 3), new Flatten(),
        new Sequential(new Linear(24, 8), new BatchNorm1d(8), new LayerNorm(1e-6, 8), new Activation("LeakyReLU", "negative_slope=0.3", x -> x.leakyRelu(0.3))),
        new Dropout(0.25), new Linear(Parameter.LAZY, 3, true));
    Tensor x = Tensor.randn(5, 1, 8, 8);
    model.invoke(x);
    model.setTraining(false);
    Module back = again(model);
    assertTrue(back.isTraining());
    back.setTraining(false);
    assertArrayEquals(model.invoke(x).toFloatArray(), back.invoke(x).toFloatArray());
    again(new Sequential(new Embedding(5, 3, 1), new Embedding(5, 3)));
  }

  @Test
  void itIsASafetensorsFileToo() {
    Path file = temp.resolve("m.ktrain");
    Bundle.write(file, new Sequential(new Linear(2, 1), new Dropout(0.5)));
    assertEquals("{\"class\":\"Sequential\",\"arguments\":[[{\"class\":\"Linear\",\"arguments\":[2,1,true]},{\"class\":\"Dropout\",\"arguments\":[0.5]}]]}",
        Safetensors.metadata(file).get("ktrain.architecture"));
    assertEquals(List.of("0.bias", "0.weight"), List.copyOf(StateDictFile.read(file).keySet()));
  }

  @Test
  void everyKnownActivationIsTheFunctionItPrints() {
    Map<Activation, UnaryOperator<Tensor>> all = Map.ofEntries(
        Map.entry(new Activation("ReLU", ""), Tensor::relu), Map.entry(new Activation("ReLU6", ""), Tensor::relu6),
        Map.entry(new Activation("ELU", "alpha=0.5"), x -> x.elu(0.5)), Map.entry(new Activation("CELU", "alpha=2.0"), x -> x.celu(2)),
        Map.entry(new Activation("SELU", ""), Tensor::selu), Map.entry(new Activation("GELU", "approximate='none'"), Tensor::gelu),
        Map.entry(new Activation("GELU", "approximate='tanh'"), Tensor::geluTanh), Map.entry(new Activation("SiLU", ""), Tensor::silu),
        Map.entry(new Activation("Mish", ""), Tensor::mish), Map.entry(new Activation("Softplus", "beta=2.0, threshold=5.0"), x -> x.softplus(2, 5)),
        Map.entry(new Activation("Hardswish", ""), Tensor::hardswish), Map.entry(new Activation("Hardsigmoid", ""), Tensor::hardsigmoid),
        Map.entry(new Activation("Hardtanh", "min_val=-1.0, max_val=1.0"), Tensor::hardtanh), Map.entry(new Activation("Tanh", ""), Tensor::tanh),
        Map.entry(new Activation("Sigmoid", ""), Tensor::sigmoid), Map.entry(new Activation("LogSigmoid", ""), Tensor::logSigmoid),
        Map.entry(new Activation("Softsign", ""), Tensor::softsign), Map.entry(new Activation("Tanhshrink", ""), Tensor::tanhshrink),
        Map.entry(new Activation("Hardtanh", "min_val=-2.0, max_val=0.5"), x -> x.hardtanh(-2, 0.5)),
        Map.entry(new Activation("Threshold", "threshold=0.1, value=20.0"), x -> x.threshold(0.1, 20)),
        Map.entry(new Activation("Hardshrink", "0.5"), x -> x.hardshrink(0.5)), Map.entry(new Activation("Softshrink", "0.3"), x -> x.softshrink(0.3)),
        Map.entry(new Activation("Softmin", "dim=1"), x -> x.softmin(1)), Map.entry(new Activation("Softmax2d", ""), x -> x.softmax(-3)),
        Map.entry(new Activation("Softmax", "dim=-1"), x -> x.softmax(-1)), Map.entry(new Activation("LogSoftmax", "dim=1"), x -> x.logSoftmax(1)),
        Map.entry(new Activation("GLU", "dim=0"), x -> x.glu(0)), Map.entry(new Activation("LeakyReLU", "negative_slope=0.01"), x -> x.leakyRelu(0.01)));
    Tensor x = Tensor.randn(4, 6, 2);
    all.forEach((activation, function) -> {
      assertArrayEquals(function.apply(x).toFloatArray(), activation.invoke(x).toFloatArray(), activation.toString());
      again(new Sequential(activation));
    });
  }

  @Test
  void aModuleThatStandsTwiceIsOneModuleAgain() {
    var shared = new Linear(3, 3);
    var back = (Sequential) again(new Sequential(shared, new Activation("Tanh", "", Tensor::tanh), shared));
    assertSame(back.get(0), back.get(2));
  }

  @Test
  void aClassOfYourOwnIsAskedFor() {
    Path file = temp.resolve("own.ktrain");
    var model = new Sequential(new Residual(3), new Linear(3, 1));
    Bundle.write(file, model);
    String text = assertThrows(FormatError.class, () -> Bundle.read(file)).getMessage();
    assertTrue(text.contains("a module of your own class Residual") && text.contains("Fix: give the class (in Kotlin Residual::class)"), text);
    Tensor x = Tensor.randn(2, 3);
    assertArrayEquals(model.invoke(x).toFloatArray(), Bundle.read(file, Residual.class).invoke(x).toFloatArray());
    var other = new Sequential(new Residual(3), new Linear(3, 1));
    other.load(StateDictFile.read(file));
    assertArrayEquals(model.invoke(x).toFloatArray(), other.invoke(x).toFloatArray());
  }

  @Test
  void whatCannotBeDescribedIsSaidWhenItIsSaved() {
    Path file = temp.resolve("no.ktrain");
    String text = assertThrows(KtrainException.class, () -> Bundle.write(file, new Sequential(new Silent(3)))).getMessage();
    assertTrue(text.contains("model.0, a Silent,") && text.contains("Fix: override fun arguments() = listOf(...) in Silent"), text);
    text = assertThrows(KtrainException.class, () ->
        Bundle.write(file, new Sequential(new Activation("ReLU", "", Tensor::tanh)))).getMessage();
    assertTrue(text.contains("model.0, a ReLU(), is made with what no file can keep. Fix: save its weights alone"), text);
    text = assertThrows(KtrainException.class, () -> Bundle.write(file, new Sequential(new Linear(Parameter.LAZY, 3, true)))).getMessage();
    assertTrue(text.contains("0.weight has no values yet") && text.contains("Fix: call the model once"), text);
    assertFalse(Files.exists(file));
    text = assertThrows(KtrainException.class, () -> new Activation("Relu", "")).getMessage();
    assertTrue(text.contains("Relu() is not one that is known"), text);
  }

  private String refused(String architecture) {
    Path file = temp.resolve("bad.ktrain");
    Safetensors.write(file, Map.of("weight", Tensor.of(new float[] {1, 2}, 1, 2)), Map.of("ktrain.architecture", architecture));
    return assertThrows(FormatError.class, () -> Bundle.read(file), architecture).getMessage();
  }

  @Test
  void whatAFileSaysIsHeldAgainstItBeforeMemoryIsTaken() {
    String linear = "{\"class\":\"Linear\",\"arguments\":[%s]}";
    assertTrue(refused(linear.formatted("3,1,false")).contains("its architecture and its tensors differ"));
    assertTrue(refused(linear.formatted("-1,0,false")).contains("a Linear cannot be made of [-1, 0, false]"));
    assertTrue(refused(linear.formatted("2,1,1")).contains("no Linear is made of [2, 1, 1]"));
    assertTrue(refused(linear.formatted("2,1,false")+"x").contains("expected the end"));
    assertTrue(refused("{\"class\":\"Parameter\",\"arguments\":[]}").contains("Parameter is no layer"));
    assertTrue(refused("{\"class\":\"Module\",\"arguments\":[]}").contains("no Module is made of"));
    assertTrue(refused("{\"class\":\"java.lang.Thread\",\"arguments\":[]}").contains("your own class Thread"));
    assertTrue(refused("{\"class\":\"../Linear\",\"arguments\":[]}").contains("your own class"));
    assertTrue(refused("[".repeat(100_000)).contains("fewer lists in each other"));
    assertTrue(refused("{\"same\":0}").contains("expected a class and its arguments"));
    assertTrue(refused("").contains("expected a value"));
  }

  /** Small files that describe huge models; making them ends long before it has used up the memory. */
  @Test
  void aFileThatDescribesFarMoreThanItHoldsIsRefused() {
    String transformer = "{\"class\":\"Transformer\",\"arguments\":[%s,[4,2,4,0.1,{\"class\":\"Activation\",\"arguments\":[\"ReLU\",\"\"]},0.00001,false,false]]}";
    for (String huge : List.of(
        transformer.formatted("1000000000,1"), transformer.formatted("1,1000000000"),
        "{\"class\":\"LSTM\",\"arguments\":[[2,2,2000000000,true,false,0.0,false]]}",
        "{\"class\":\"Linear\",\"arguments\":[1073741824,1073741824,false]}",
        "{\"class\":\"Linear\",\"arguments\":[2147483647,2147483647,false]}")) {
      String text = refused(huge);
      assertTrue(text.contains("cannot be made of [")
          && text.contains("its parameters and buffers are far more than the file's 1 tensors of 2 elements in all"), text);
    }
  }

  @Test
  void aFileOfTensorsAloneIsNoBundle() throws Exception {
    Path good = PyTorchFileTest.resource("good.safetensors");
    assertTrue(assertThrows(FormatError.class, () -> Bundle.read(good)).getMessage().contains("no architecture. Fix: build the model"));
  }

  @Test
  void checkingWritesNothing() {
    Path file = temp.resolve("checked.ktrain");
    Check.run(new Check(), () -> {
      Bundle.write(file, new Sequential(new Linear(2, 1)));
      assertFalse(Files.exists(file));
      assertEquals("f32[1,2]", StateDictFile.read(file).get("0.weight").describe());
    });
  }
}
