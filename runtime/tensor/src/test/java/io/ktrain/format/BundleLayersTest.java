package io.ktrain.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.*;
import io.ktrain.nn.Module;
import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.InterpolateMode;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.PaddingMode;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every public module of ktrain's comes back from a bundle, made with arguments that are not the usual ones. */
public class BundleLayersTest {
  private static final ConvOptions CONV = ConvOptions.DEFAULT.withStride(2).withPadding(1).withGroups(2);
  private static final PoolOptions POOL = PoolOptions.of(3);
  private static final RecurrentOptions RECURRENT = new RecurrentOptions(3, 4, 2, false, true, 0.25, true);
  private static final TransformerOptions TRANSFORMER =
      new TransformerOptions(4, 2, 6, 0.2, x -> x.geluTanh(), 1e-4, true, true);

  @TempDir Path temp;

  private static Tensor weight() {
    return Tensor.of(new float[] {1, 2, 0.5f});
  }

  /** One of each, for whoever tests something of all. */
  public static List<Module> layers() {
    var encoder = new TransformerEncoderLayer(TRANSFORMER);
    var decoder = new TransformerDecoderLayer(TRANSFORMER);
    return List.of(
        new Activation("LeakyReLU", "negative_slope=0.2"), new Linear(3, 2, false), new Bilinear(2, 3, 4, false),
        new Embedding(5, 3, 1), new EmbeddingBag(5, 3, BagMode.MAX, 2), new PReLU(3, 0.5), new RReLU(0.1, 0.2),
        new Identity(), new Flatten(2), new Unflatten(1, 2, -1), new ChannelShuffle(2), new PixelShuffle(2),
        new PixelUnshuffle(2), new Upsample(List.of(), List.of(1.5), InterpolateMode.BILINEAR, true),
        new Sequential(Map.of("first", new Linear(2, 2))), new ModuleList<>(List.of(new Linear(2, 2), new Identity())),
        new ModuleDict<>(Map.of("head", new Linear(2, 2))), new ParameterList(List.of(new Parameter(weight()))),
        new ParameterDict(Map.of("scale", new Parameter(weight()))),
        new Dropout(0.1), new Dropout1d(0.1), new Dropout2d(0.2), new Dropout3d(0.3), new AlphaDropout(0.4),
        new FeatureAlphaDropout(0.6),
        new BatchNorm1d(2, 1e-4, null, false, true), new BatchNorm2d(2, 1e-4, 0.2, true, false),
        new BatchNorm3d(2, 1e-3, 0.3, true, true), new InstanceNorm1d(2, 1e-4, null, true, true),
        new InstanceNorm2d(2, 1e-4, 0.2, true, false), new InstanceNorm3d(2, 1e-4, 0.2, false, true),
        new GroupNorm(2, 4, 1e-4, false), new LayerNorm(1e-4, false, 2, 3), new RMSNorm(null, false, 2, 3),
        new LocalResponseNorm(3, 1e-3, 0.5, 2),
        new Conv1d(2, 4, List.of(3), CONV, false, PaddingMode.REFLECT),
        new Conv2d(2, 4, List.of(3, 1), CONV, true, PaddingMode.CIRCULAR),
        new Conv3d(2, 4, List.of(3), CONV, true, PaddingMode.REPLICATE),
        new ConvTranspose1d(2, 4, List.of(3), CONV, false), new ConvTranspose2d(2, 4, List.of(3, 2), CONV, true),
        new ConvTranspose3d(2, 4, List.of(3), CONV, true), new Fold(List.of(4, 5), List.of(2), ConvOptions.DEFAULT),
        new Unfold(List.of(2, 3), ConvOptions.DEFAULT),
        new MaxPool1d(POOL), new MaxPool2d(POOL), new MaxPool3d(POOL), new AvgPool1d(POOL), new AvgPool2d(POOL),
        new AvgPool3d(POOL), new LPPool1d(3, POOL), new LPPool2d(3, POOL), new MaxUnpool1d(POOL), new MaxUnpool2d(POOL),
        new MaxUnpool3d(POOL), new AdaptiveAvgPool1d(2), new AdaptiveAvgPool2d(2, 3), new AdaptiveAvgPool3d(2, 3, 4),
        new AdaptiveMaxPool1d(2), new AdaptiveMaxPool2d(2, 3), new AdaptiveMaxPool3d(2, 3, 4),
        new ConstantPad1d(0.5, 1, 2), new ConstantPad2d(0.5, 1), new ConstantPad3d(0.5, 1), new ZeroPad1d(1),
        new ZeroPad2d(1, 2, 3, 4), new ZeroPad3d(1), new CircularPad1d(1), new CircularPad2d(1), new CircularPad3d(1),
        new ReflectionPad1d(1), new ReflectionPad2d(1), new ReflectionPad3d(1), new ReplicationPad1d(1),
        new ReplicationPad2d(1), new ReplicationPad3d(1),
        new RNN(RECURRENT, true), new LSTM(RECURRENT), new GRU(RECURRENT), new RNNCell(3, 4, false, true),
        new LSTMCell(3, 4, false), new GRUCell(3, 4, false),
        new MultiheadAttention(4, 2, 0.1, false, true, true, 3, 5, true), encoder, decoder,
        new TransformerEncoder(List.of(encoder), new LayerNorm(4)), new TransformerDecoder(List.of(decoder), null),
        new Transformer(2, 1, TRANSFORMER),
        new CosineSimilarity(0, 1e-4), new PairwiseDistance(1, 1e-4, true),
        new L1Loss(Reduction.SUM), new MSELoss(Reduction.NONE), new HuberLoss(0.5, Reduction.SUM),
        new SmoothL1Loss(0.5, Reduction.SUM), new CrossEntropyLoss(weight(), 2, 0.1, Reduction.SUM),
        new NLLLoss(weight(), 2, Reduction.SUM), new BCELoss(weight(), Reduction.SUM),
        new BCEWithLogitsLoss(null, weight(), Reduction.SUM), new KLDivLoss(true, Reduction.BATCHMEAN),
        new GaussianNLLLoss(true, 1e-4, Reduction.SUM), new PoissonNLLLoss(false, true, 1e-4, Reduction.SUM),
        new CTCLoss(1, true, Reduction.SUM), new HingeEmbeddingLoss(0.5, Reduction.SUM),
        new CosineEmbeddingLoss(0.5, Reduction.SUM), new MarginRankingLoss(0.5, Reduction.SUM),
        new MultiLabelMarginLoss(Reduction.SUM), new MultiLabelSoftMarginLoss(weight(), Reduction.SUM),
        new MultiMarginLoss(2, 0.5, weight(), Reduction.SUM), new SoftMarginLoss(Reduction.SUM),
        new TripletMarginLoss(0.5, 1, 1e-4, true, Reduction.SUM), new TripletMarginWithDistanceLoss());
  }

  @Test
  void everyPublicModuleIsHere() throws Exception {
    var here = new TreeSet<String>();
    for (Module m : layers()) here.add(m.getClass().getSimpleName());
    Path classes = Path.of(Module.class.getProtectionDomain().getCodeSource().getLocation().toURI()).resolve("io/ktrain/nn");
    var all = new TreeSet<String>();
    try (var files = Files.list(classes)) {
      for (Path file : files.filter(f -> f.toString().matches(".*/\\w+\\.class")).toList()) {
        Class<?> type = Class.forName("io.ktrain.nn." + file.getFileName().toString().replace(".class", ""));
        if (Module.class.isAssignableFrom(type) && Modifier.isPublic(type.getModifiers())
            && !Modifier.isAbstract(type.getModifiers())) all.add(type.getSimpleName());
      }
    }
    assertEquals(all, here);
  }

  @Test
  void everyPublicModuleComesBack() {
    Path file = temp.resolve("m.ktrain"), copy = temp.resolve("copy.ktrain");
    for (Module model : layers()) {
      Bundle.write(file, model);
      Module back = Bundle.read(file);
      Bundle.write(copy, back);
      assertEquals(model.getClass(), back.getClass());
      assertEquals(model.toString(), back.toString());
      assertEquals(Safetensors.metadata(file), Safetensors.metadata(copy));
      Map<String, Tensor> state = model.stateDict(), loaded = back.stateDict();
      assertEquals(state.keySet(), loaded.keySet());
      state.forEach((name, t) -> assertArrayEquals(t.toDoubleArray(), loaded.get(name).toDoubleArray(), name));
      assertEquals(trained(model), trained(back));
    }
  }

  private static String trained(Module model) {
    return model.parameters().stream().map(p -> p.describe() + p.getRequiresGrad()).collect(Collectors.joining());
  }

  @Test
  void whatATransformerAndALossComputeComesBack() {
    Path file = temp.resolve("m.ktrain");
    Tensor x = Tensor.randn(2, 5, 4);
    var encoder = new TransformerEncoderLayer(TRANSFORMER);
    encoder.setTraining(false);
    Bundle.write(file, encoder);
    Module back = Bundle.read(file);
    back.setTraining(false);
    assertArrayEquals(encoder.invoke(x).toFloatArray(), back.invoke(x).toFloatArray());
    var loss = new CrossEntropyLoss(weight(), 2, 0.1, Reduction.SUM);
    Bundle.write(file, loss);
    Tensor logits = Tensor.randn(4, 3), target = Tensor.of(new long[] {0, 1, 2, 1});
    assertEquals(loss.invoke(logits, target).item(), ((CrossEntropyLoss) Bundle.read(file)).invoke(logits, target).item());
  }

  @Test
  void codeOfYourOwnIsNotKept() {
    Path file = temp.resolve("no.ktrain");
    for (Module m : List.of(
        new TransformerEncoderLayer(new TransformerOptions(4, 2, 6, 0, x -> x.sin(), 1e-5, false, false)),
        new TripletMarginWithDistanceLoss((a, b) -> a.sub(b).abs().sum(1), 1, false, Reduction.MEAN))) {
      String text = assertThrows(KtrainException.class, () -> Bundle.write(file, m)).getMessage();
      assertTrue(text.contains("Fix: save its weights alone"), text);
    }
  }

  @Test
  void savingDrawsNoRandomNumbers() {
    var layer = new TransformerEncoderLayer(TRANSFORMER);
    Context.current().generator().seed(5);
    float next = Tensor.randn(1).toFloatArray()[0];
    Context.current().generator().seed(5);
    Bundle.write(temp.resolve("m.ktrain"), layer);
    assertEquals(next, Tensor.randn(1).toFloatArray()[0]);
  }

  @Test
  void aLayerPutInAnothersPlaceIsNotForgotten() {
    Path file = temp.resolve("no.ktrain");
    for (String path : List.of("dropout", "norm1", "self_attn.out_proj")) {
      var layer = new TransformerEncoderLayer(TRANSFORMER);
      layer.setSubmodule(path, path.equals("norm1") ? new LayerNorm(0.5, true, 4) : new Identity());
      String text = assertThrows(KtrainException.class, () -> Bundle.write(file, new Sequential(layer))).getMessage();
      assertTrue(text.contains("." + path.substring(path.indexOf('.') + 1) + " was put in another's place"), text);
    }
    var encoder = new TransformerEncoder(List.of(new TransformerEncoderLayer(TRANSFORMER)), new LayerNorm(4));
    encoder.setSubmodule("norm", new LayerNorm(0.5, true, 4));
    Bundle.write(file, encoder);
    assertEquals(encoder.toString(), Bundle.read(file).toString());
  }

  @Test
  void aDamagedTensorOrNothingInAPlaceThatNeedsSomethingIsRefused() {
    Path file = temp.resolve("bad.ktrain");
    for (String json : List.of("{\"class\":\"ParameterList\",\"arguments\":[[{\"tensor\":0}]]}",
        "{\"class\":\"ParameterList\",\"arguments\":[[{\"zeros\":[-1],\"dtype\":\"f32\"}]]}",
        "{\"class\":\"ParameterList\",\"arguments\":[[{\"zeros\":[2147483647,2147483647],\"dtype\":\"f32\"}]]}",
        "{\"class\":\"ParameterList\",\"arguments\":[[{\"zeros\":[1],\"dtype\":\"f3\"}]]}",
        "{\"class\":\"ParameterList\",\"arguments\":[[null]]}", "{\"class\":\"ParameterList\",\"arguments\":[[1]]}",
        "{\"class\":\"GRU\",\"arguments\":[null]}", "{\"class\":\"Linear\",\"arguments\":[2,1,null]}", "null")) {
      Safetensors.write(file, Map.of("0", Tensor.ones(1)), Map.of("ktrain.architecture", json));
      assertThrows(FormatError.class, () -> Bundle.read(file), json);
    }
  }
}
