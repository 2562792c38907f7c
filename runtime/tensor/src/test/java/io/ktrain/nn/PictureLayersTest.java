package io.ktrain.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.format.Bundle;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.InterpolateMode;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Convolutions, pools, borders and normalizations as layers, held against what PyTorch prints, names and computes. */
class PictureLayersTest {
  private static final ConvOptions ONE = ConvOptions.DEFAULT;

  @TempDir Path temp;

  @Test
  void printAsPyTorch() {
    printed().forEach((module, text) -> assertEquals(text, module.toString()));
  }

  @Test
  void loadFromABundleAsTheyWere() {
    Path file = temp.resolve("layer.ktrain");
    printed().forEach((module, text) -> {
      if (text.contains("momentum=None") || text.contains("(0, ")) return; // no word for the one; the other has no values yet
      Bundle.write(file, module);
      Module back = Bundle.read(file);
      assertEquals(text, back.toString());
      module.stateDict().forEach((name, t) -> assertArrayEquals(t.toDoubleArray(), back.stateDict().get(name).toDoubleArray(), text));
    });
  }

  private static Map<Module, String> printed() {
    var printed = new LinkedHashMap<Module, String>();
    printed.put(new Conv1d(4, 6, List.of(3), ONE.withSamePadding(), true, PaddingMode.ZEROS),
        "Conv1d(4, 6, kernel_size=(3,), stride=(1,), padding=same)");
    printed.put(new Conv2d(4, 6, 3), "Conv2d(4, 6, kernel_size=(3, 3), stride=(1, 1))");
    printed.put(new Conv3d(4, 6, List.of(3, 2, 1), ONE.withStride(2).withPadding(1, 0, 0), true, PaddingMode.REFLECT),
        "Conv3d(4, 6, kernel_size=(3, 2, 1), stride=(2, 2, 2), padding=(1, 0, 0), padding_mode=reflect)");
    printed.put(new ConvTranspose2d(4, 6, List.of(3), ONE.withStride(2).withOutputPadding(1).withGroups(2), false),
        "ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1), groups=2, bias=False)");
    printed.put(new Conv2d(Parameter.LAZY, 8, List.of(3), ONE, true, PaddingMode.ZEROS),
        "Conv2d(0, 8, kernel_size=(3, 3), stride=(1, 1))");
    printed.put(new MaxPool1d(2), "MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)");
    printed.put(new MaxPool3d(PoolOptions.of(2, 1, 2)),
        "MaxPool3d(kernel_size=(2, 1, 2), stride=(2, 1, 2), padding=0, dilation=1, ceil_mode=False)");
    printed.put(new AvgPool1d(PoolOptions.of(3).withStride(2)),
        "AvgPool1d(kernel_size=(3,), stride=(2,), padding=(0,))");
    printed.put(new AvgPool2d(PoolOptions.of(3, 2)), "AvgPool2d(kernel_size=(3, 2), stride=(3, 2), padding=0)");
    printed.put(new LPPool2d(2, PoolOptions.of(3)),
        "LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)");
    printed.put(new LPPool1d(1.5, PoolOptions.of(3).withStride(2)),
        "LPPool1d(norm_type=1.5, kernel_size=3, stride=2, ceil_mode=False)");
    printed.put(new AdaptiveMaxPool1d(5), "AdaptiveMaxPool1d(output_size=5)");
    printed.put(new AdaptiveAvgPool3d(1, 2, 3), "AdaptiveAvgPool3d(output_size=(1, 2, 3))");
    printed.put(new MaxUnpool1d(PoolOptions.of(3).withStride(2)),
        "MaxUnpool1d(kernel_size=(3,), stride=(2,), padding=(0,))");
    printed.put(new MaxUnpool2d(PoolOptions.of(2)), "MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))");
    printed.put(new ConstantPad1d(3.5, 2), "ConstantPad1d(padding=(2, 2), value=3.5)");
    printed.put(new ConstantPad2d(0, 1, 2, 0, 1), "ConstantPad2d(padding=(1, 2, 0, 1), value=0)");
    printed.put(new ZeroPad2d(1), "ZeroPad2d((1, 1, 1, 1))");
    printed.put(new ReflectionPad1d(2), "ReflectionPad1d((2, 2))");
    printed.put(new ReplicationPad3d(1), "ReplicationPad3d((1, 1, 1, 1, 1, 1))");
    printed.put(Upsample.by(List.of(2.0), InterpolateMode.NEAREST, false), "Upsample(scale_factor=2.0, mode=nearest)");
    printed.put(Upsample.by(List.of(2.0, 1.5), InterpolateMode.BILINEAR, false),
        "Upsample(scale_factor=(2.0, 1.5), mode=bilinear)");
    printed.put(Upsample.to(List.of(3, 4), InterpolateMode.BILINEAR, true), "Upsample(size=(3, 4), mode=bilinear)");
    printed.put(new Fold(List.of(4, 5), List.of(2), ONE),
        "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)");
    printed.put(new Unfold(List.of(2, 3), ONE.withPadding(1)),
        "Unfold(kernel_size=(2, 3), dilation=1, padding=1, stride=1)");
    printed.put(new PixelShuffle(2), "PixelShuffle(upscale_factor=2)");
    printed.put(new PixelUnshuffle(2), "PixelUnshuffle(downscale_factor=2)");
    printed.put(new ChannelShuffle(2), "ChannelShuffle(groups=2)");
    printed.put(new GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)");
    printed.put(new GroupNorm(2, 4, 1e-3, false), "GroupNorm(2, 4, eps=0.001, affine=False)");
    printed.put(new InstanceNorm2d(4),
        "InstanceNorm2d(4, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)");
    printed.put(new LocalResponseNorm(2), "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)");
    printed.put(new RMSNorm(4), "RMSNorm((4,), eps=None, elementwise_affine=True)");
    printed.put(new LayerNorm(1e-5, false, 3, 4), "LayerNorm((3, 4), eps=1e-05, elementwise_affine=False)");
    printed.put(new BatchNorm3d(4, 1e-5, null, false, true),
        "BatchNorm3d(4, eps=1e-05, momentum=None, affine=False, track_running_stats=True)");
    printed.put(new BatchNorm2d(Parameter.LAZY, 1e-12, 0.1, true, true),
        "BatchNorm2d(0, eps=1e-12, momentum=0.1, affine=True, track_running_stats=True)");
    printed.put(new Dropout1d(0.3), "Dropout1d(p=0.3, inplace=False)");
    printed.put(new FeatureAlphaDropout(0.2), "FeatureAlphaDropout(p=0.2, inplace=False)");
    printed.put(new PReLU(), "PReLU(num_parameters=1)");
    printed.put(new Identity(), "Identity()");
    printed.put(new Unflatten(1, 2, 3), "Unflatten(dim=1, unflattened_size=(2, 3))");
    printed.put(new Unflatten(-1, 2), "Unflatten(dim=-1, unflattened_size=(2,))");
    return printed;
  }

  @Test
  void namesAreThoseOfPyTorch() {
    assertEquals("[weight, bias]", new ConvTranspose3d(2, 3, 2).stateDict().keySet().toString());
    assertEquals("[]", new InstanceNorm2d(4).stateDict().keySet().toString());
    assertEquals("[weight, bias, running_mean, running_var, num_batches_tracked]",
        new InstanceNorm1d(4, 1e-5, 0.1, true, true).stateDict().keySet().toString());
    assertEquals("[weight, bias, running_mean, running_var, num_batches_tracked]",
        new BatchNorm3d(Parameter.LAZY, 1e-5, 0.1, true, true).stateDict().keySet().toString());
    assertEquals("[weight, bias]", new BatchNorm1d(4, 1e-5, 0.1, true, false).stateDict().keySet().toString());
    assertEquals("[weight, bias]", new GroupNorm(2, 4).stateDict().keySet().toString());
    assertEquals("[weight]", new RMSNorm(4).stateDict().keySet().toString());
    assertEquals("[weight]", new PReLU().stateDict().keySet().toString());
  }

  @Test
  void weightsStartWithinTheBoundOfTheirFan() {
    for (ConvNd layer : List.of(new Conv3d(4, 60, 3), new ConvTranspose1d(60, 4, 3),
        new Conv2d(8, 40, 3, ConvOptions.DEFAULT.withGroups(4)))) {
      double bound = 1 / Math.sqrt(Init.fanIn(layer.getWeight().getShape())),
          most = Arrays.stream(layer.getWeight().toDoubleArray()).map(Math::abs).max().getAsDouble();
      assertTrue(most <= bound && most > 0.9 * bound, layer + ": " + most + " of " + bound);
    }
    assertEquals("f32[60,4,3]", new ConvTranspose1d(60, 4, 3).getWeight().describe());
    assertEquals("f32[4,3,2,2]", new ConvTranspose2d(4, 6, 2, ONE.withGroups(2)).getWeight().describe());
    assertEquals("f32[6,2,2,2]", new Conv2d(4, 6, 2, ONE.withGroups(2)).getWeight().describe());
  }

  private static Map<String, Supplier<Module>> lazy() {
    var all = new LinkedHashMap<String, Supplier<Module>>();
    all.put("f32[2,4,8]", () -> new Conv1d(Parameter.LAZY, 6, List.of(3), ONE.withGroups(2), true, PaddingMode.ZEROS));
    all.put("f32[2,4,8,8]", () -> new ConvTranspose2d(Parameter.LAZY, 6, List.of(3), ONE, true));
    all.put("f32[2,4,5,5,5]", () -> new Conv3d(Parameter.LAZY, 6, List.of(3), ONE, false, PaddingMode.ZEROS));
    all.put("f32[3,4]", () -> new BatchNorm1d(Parameter.LAZY, 1e-5, 0.1, true, true));
    all.put("f32[3,4,2,2]", () -> new BatchNorm2d(Parameter.LAZY, 1e-5, 0.1, false, true));
    all.put("f32[3,4,2,2,1]", () -> new InstanceNorm3d(Parameter.LAZY, 1e-5, 0.1, true, false));
    return all;
  }

  private static Tensor input(String described) {
    return Tensor.randn(Arrays.stream(described.substring(4, described.length() - 1).split(","))
        .mapToInt(Integer::parseInt).toArray());
  }

  @Test
  void lazySizesComeFromTheFirstInputOrFromALoadedState() {
    lazy().forEach((shape, make) -> {
      Module first = make.get(), second = make.get();
      Tensor x = input(shape);
      first.invoke(x);
      var state = new HashMap<String, Tensor>();
      first.stateDict().forEach((name, t) -> state.put(name, t.detach().copy()));
      second.load(state);
      assertEquals(first.extraRepr(), second.extraRepr());
      first.setTraining(false);
      second.setTraining(false);
      assertArrayEquals(first.invoke(x).toDoubleArray(), second.invoke(x).toDoubleArray());
      Check.run(new Check(), () -> make.get().invoke(Tensor.shapeOnly(x.getShape(), DType.f32, x.getDevice())));
    });
  }

  @Test
  void bordersOfConvolutionsAreThoseOfPyTorch() {
    var plane = new Conv2d(1, 1, List.of(3), ONE.withSamePadding(), false, PaddingMode.REFLECT);
    plane.load(Map.of("weight", numbers(9).reshape(1, 1, 3, 3)));
    assertArrayEquals(new double[] {120, 138, 174, 180, 240, 258, 294, 300, 216, 234, 270, 276},
        plane.invoke(numbers(12).reshape(1, 1, 3, 4)).toDoubleArray());
    var line = new Conv1d(1, 1, List.of(4), ONE.withSamePadding(), false, PaddingMode.CIRCULAR);
    line.load(Map.of("weight", numbers(4).reshape(1, 1, 4)));
    assertArrayEquals(new double[] {8, 14, 20, 11, 7}, line.invoke(numbers(5).reshape(1, 1, 5)).toDoubleArray());
  }

  private static Tensor numbers(int n) {
    return Tensor.arange(n).to(DType.f32);
  }

  private static Tensor powers() {
    return numbers(24).pow(1.5).div(10).reshape(2, 3, 4);
  }

  private static void near(double[] expected, Tensor got) {
    assertArrayEquals(expected, Arrays.copyOf(got.toDoubleArray(), expected.length), 1e-4
        * Math.max(1, Math.abs(expected[0])));
  }

  @Test
  void runningAveragesAreThoseOfPyTorch() {
    var instance = new InstanceNorm1d(3, 1e-5, 0.1, true, true);
    instance.invoke(powers());
    near(new double[] {0.2599299, 0.4320962, 0.646129}, instance.stateDict().get("running_mean"));
    near(new double[] {0.9279022, 0.9430703, 0.9580905}, instance.stateDict().get("running_var"));
    assertEquals(0, instance.stateDict().get("num_batches_tracked").itemLong());
    instance.setTraining(false);
    near(new double[] {-0.2698378, -0.166026, 0.0237862, 0.2695839}, instance.invoke(powers()));

    var batch = new BatchNorm1d(3, 1e-5, null, true, true);
    batch.invoke(powers());
    batch.invoke(powers().mul(2).add(1));
    near(new double[] {4.3989487, 6.981443, 10.191935}, batch.stateDict().get("running_mean"));
    near(new double[] {16.696129, 26.826538, 36.604973}, batch.stateDict().get("running_var"));
    assertEquals(2, batch.stateDict().get("num_batches_tracked").itemLong());

    var untracked = new BatchNorm1d(3, 1e-5, 0.1, false, false);
    untracked.setTraining(false);
    near(new double[] {-1.0752611, -1.0338937, -0.9582566}, untracked.invoke(powers()));
  }

  @Test
  void unpoolingPutsMaximaBackWherePoolingFoundThem() {
    Tensor x = Tensor.arange(16).remainder(Tensor.constant(7)).to(DType.f32).reshape(1, 1, 4, 4);
    var best = new MaxPool2d(2).withIndices(x);
    assertArrayEquals(new double[] {5, 6, 6, 4}, best.values().toDoubleArray());
    assertArrayEquals(new long[] {5, 6, 13, 11}, best.indices().toLongArray());
    assertArrayEquals(new double[] {0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 4, 0, 6, 0, 0}, new MaxUnpool2d(PoolOptions.of(2))
        .invoke(best.values(), best.indices()).toDoubleArray());
  }

  /** In every number of dims an index names the very element: overlapping and dilated windows, uneven cells. */
  @Test
  void indicesNameTheElements() {
    for (int dims = 1; dims <= 3; dims++) {
      Tensor x = Tensor.randn(Arrays.copyOf(new int[] {2, 3, 6, 5, 7}, 2 + dims)), flat = x.flatten(2);
      for (PoolOptions o : List.of(PoolOptions.of(3).withStride(2).withPadding(1), PoolOptions.of(2).withDilation(2)
          .withStride(1))) {
        var best = dims == 1 ? x.maxPool1dWithIndices(o) : dims == 2 ? x.maxPool2dWithIndices(o)
            : x.maxPool3dWithIndices(o);
        assertArrayEquals(best.values().toDoubleArray(), flat.gather(2, best.indices().flatten(2)).toDoubleArray());
      }
      var best = dims == 1 ? x.adaptiveMaxPool1d(4) : dims == 2 ? x.adaptiveMaxPool2d(4, 2)
          : x.adaptiveMaxPool3d(4, 2, 3);
      assertArrayEquals(best.values().toDoubleArray(), flat.gather(2, best.indices().flatten(2)).toDoubleArray());
    }
  }

  @Test
  void dropoutOfChannelsDropsThemWhole() {
    Tensor y = new Dropout2d(0.5).invoke(Tensor.ones(8, 8, 3, 3));
    double[] sums = y.sum(new int[] {2, 3}, false).toDoubleArray();
    assertTrue(Arrays.stream(sums).allMatch(s -> s == 0 || s == 18) && Arrays.stream(sums).anyMatch(s -> s == 0)
        && Arrays.stream(sums).anyMatch(s -> s == 18));
    assertEquals(Shape.of(8, 9), new Dropout1d(0.5).invoke(Tensor.ones(8, 9)).getShape());
    Tensor x = Tensor.ones(2, 3);
    var off = new AlphaDropout(0.5);
    off.setTraining(false);
    assertSame(x, off.invoke(x));
  }

  @Test
  void refusesWhatDoesNotFit() {
    says("conv1d: input f32[2,3,8] must be [batch, 4, length], since this layer is conv1d(4, 6, kernel = 3). Fix: conv1d(3, 6, kernel = 3).", () -> new Conv1d(4, 6, 3).invoke(Tensor.ones(2, 3, 8)));
    says("conv3d: 3 input and 4 output channels cannot be cut into 2 groups.", () ->
        new Conv3d(3, 4, 3, ONE.withGroups(2)));
    says("convTranspose2d: kernel must be one number or 2 of them, got [1, 2, 3].", () ->
        new ConvTranspose2d(3, 4, List.of(1, 2, 3), ONE, true));
    says("window: padding \"same\" needs a stride of 1, got [2]. Fix: give the padding in numbers.", () ->
        ONE.withSamePadding().withStride(2));
    says("maxPool1d: padding must be at most half the kernel, got kernel [2], padding [2].", () ->
        Tensor.ones(1, 1, 4).maxPool1d(PoolOptions.of(2).withPadding(2)));
    says("avgPool3d: the window 5x5x5 is larger than the padded input of f32[1,1,4,4,4].", () ->
        new AvgPool3d(5).invoke(Tensor.ones(1, 1, 4, 4, 4)));
    says("maxUnpool1d: there must be one index for each value, got i64[1,1,3] for f32[1,1,2].", () ->
        Tensor.ones(1, 1, 2).maxUnpool1d(Tensor.arange(3).reshape(1, 1, 3), 4));
    says("batchNorm3d: needs [batch, channels, depth, height, width], got f32[2,3].", () ->
        new BatchNorm3d(3).invoke(Tensor.ones(2, 3)));
    says("instanceNorm1d: input f32[1,3,4] has 3 channels in dim 1, but this layer has 2. Fix: instanceNorm1d(3).",
        () -> new InstanceNorm1d(2, 1e-5, 0.1, true, false).invoke(Tensor.ones(1, 3, 4)));
    says("groupNorm: 5 channels cannot be cut into 2 groups.", () -> new GroupNorm(2, 5));
    says("pad: widths must be one number or 4 of them, got [1, 2].", () -> new ReflectionPad2d(1, 2));
    says("unflatten: f32[2,5] has 5 elements in that dim and cannot be read as [2, 3].", () ->
        new Unflatten(1, 2, 3).invoke(Tensor.ones(2, 5)));
    says("dropout2d: p must lie in 0..1, got 1.5.", () -> new Dropout2d(1.5));
  }

  private static void says(String message, Supplier<Object> call) {
    assertEquals(message, assertThrows(KtrainException.class, call::get).getMessage());
  }
}
