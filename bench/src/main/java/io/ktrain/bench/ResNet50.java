package io.ktrain.bench;

import io.ktrain.nn.AdaptiveAvgPool2d;
import io.ktrain.nn.BatchNorm2d;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Linear;
import io.ktrain.nn.MaxPool2d;
import io.ktrain.nn.Module;
import io.ktrain.nn.Sequential;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** ResNet-50 (He et al. 2015), with the stride in the 3x3 convolution as torchvision's. */
final class ResNet50 extends Module {
  private final int width;
  private final int[] depths;
  private final Sequential features;
  private final Linear fc;

  /** @param depths blocks in each of the four stages */
  ResNet50(int width, int[] depths, int classes) {
    this.width = width;
    this.depths = depths;
    var layers = new ArrayList<Module>();
    layers.add(conv(3, width, 7, 2));
    layers.add(new BatchNorm2d(width));
    layers.add(Training.relu());
    layers.add(new MaxPool2d(PoolOptions.of(3).withStride(2).withPadding(1)));
    int in = width;
    for (int stage = 0; stage < depths.length; stage++)
      for (int b = 0; b < depths[stage]; b++) {
        layers.add(new Bottleneck(in, width << stage, stage > 0 && b == 0 ? 2 : 1));
        in = (width << stage) * 4;
      }
    layers.add(new AdaptiveAvgPool2d(1, 1));
    features = register("features", new Sequential(layers));
    fc = register("fc", new Linear(in, classes));
  }

  private static Conv2d conv(int in, int out, int kernel, int stride) {
    return new Conv2d(in, out, List.of(kernel), ConvOptions.DEFAULT.withStride(stride).withPadding(kernel / 2), false, PaddingMode.ZEROS);
  }

  @Override
  public Tensor forward(Tensor x) {
    return fc.invoke(features.invoke(x).flatten(1));
  }

  /** Multiplications of the convolutions and the last layer for one picture. */
  double multiplications(int side) {
    double total = 147.0 * width * (side / 2) * (side / 2) + fc.getWeight().numel();
    int in = width;
    for (int stage = 0; stage < depths.length; stage++)
      for (int b = 0; b < depths[stage]; b++) {
        double w = width << stage, area = Math.pow(side >> 2 + stage, 2);
        double before = stage > 0 && b == 0 ? 4 * area : area;
        total += in * w * before + 9 * w * w * area + 4 * w * w * area + (b == 0 ? in * 4 * w * area : 0);
        in = (width << stage) * 4;
      }
    return total;
  }

  private static final class Bottleneck extends Module {
    private final Sequential residual;
    private final Module shortcut;

    Bottleneck(int in, int width, int stride) {
      int out = width * 4;
      residual = register("residual", new Sequential(
          conv(in, width, 1, 1), new BatchNorm2d(width), Training.relu(),
          conv(width, width, 3, stride), new BatchNorm2d(width), Training.relu(),
          conv(width, out, 1, 1), new BatchNorm2d(out)));
      shortcut = in == out ? null
          : register("shortcut", new Sequential(conv(in, out, 1, stride), new BatchNorm2d(out)));
    }

    @Override
    public Tensor forward(Tensor x) {
      return residual.invoke(x).add(shortcut == null ? x : shortcut.invoke(x)).relu();
    }
  }
}
