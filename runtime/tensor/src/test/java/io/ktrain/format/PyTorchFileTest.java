package io.ktrain.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the interop files hold is compared in runtime/train, where JSON can be read. */
class PyTorchFileTest {
  @TempDir Path temp;

  static Path resource(String name) throws Exception {
    return Path.of(PyTorchFileTest.class.getResource("/interop/" + name).toURI());
  }

  static String refused(String name) throws Exception {
    Path file = resource(name);
    return assertThrows(FormatError.class, () -> PyTorchFile.read(file), name).getMessage();
  }

  @Test
  void refusesEveryHostileFileInOneSentence() throws Exception {
    var refused = new ArrayList<String>();
    try (var files = Files.list(resource("hostile"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".pt")).sorted().toList()) {
        if (file.endsWith("ok_handmade.pt")) continue;
        var e = assertThrows(FormatError.class, () -> PyTorchFile.read(file), file.toString());
        assertTrue(e.getMessage().startsWith("pt: " + file + ": ") && e.getMessage().contains("Fix: "), e.getMessage());
        refused.add(file.getFileName().toString());
      }
    }
    assertEquals(36, refused.size(), refused.toString());
  }

  @Test
  void readsAPickleMadeByHand() throws Exception {
    var state = (Map<?, ?>) PyTorchFile.read(resource("hostile/ok_handmade.pt"));
    assertEquals(Set.of("w"), state.keySet());
    Tensor w = (Tensor) state.get("w");
    assertEquals("f32[2,2]", w.describe());
    assertArrayEquals(new float[] {1, 2, 3, 4}, w.toFloatArray());
  }

  /** As torch.save({"scores": {(0, 1): 1.5, ...}, ...}) writes them; they stay tuples when they are written again. */
  @Test
  void tuplesAreKeysAndStandInSets() throws Exception {
    var read = Values.<Map<String, Object>>unchecked(PyTorchFile.read(resource("tuple_keys.pt")));
    Path copy = temp.resolve("copy.pt");
    PyTorchFile.write(copy, read);
    for (Map<String, Object> values : List.of(read, Values.<Map<String, Object>>unchecked(PyTorchFile.read(copy)))) {
      var scores = (Map<?, ?>) values.get("scores");
      assertEquals(List.of(Tuple.of(0L, 1L), Tuple.of("layer", Tuple.of(2L, null)), Tuple.of(), Tuple.of(0L, false)),
          List.copyOf(scores.keySet()));
      assertEquals(1.5, scores.get(Tuple.of(0L, 1L)));
      assertArrayEquals(new float[] {1, 2}, ((Tensor) scores.get(Tuple.of("layer", Tuple.of(2L, null)))).toFloatArray());
      assertEquals(Set.of(Tuple.of(1L, 2L), Tuple.of(3L, 4L)), values.get("seen"));
      assertEquals(Set.of(Tuple.of("a", 1L)), values.get("frozen"));
    }
  }

  /** Many texts have one hash; tuples of them are told apart by their order as fast as others. */
  @Test
  void tuplesHaveAnOrder() {
    assertTrue(Tuple.of(1L, 2L).compareTo(Tuple.of(1L, 3L)) < 0);
    assertTrue(Tuple.of("b").compareTo(Tuple.of("a", "a")) > 0);
    assertTrue(Tuple.of(1L).compareTo(Tuple.of(1L, 0L)) < 0);
    assertTrue(Tuple.of(Tuple.of("Aa")).compareTo(Tuple.of(Tuple.of("BB"))) < 0);
    assertTrue(Tuple.of((Object) null).compareTo(Tuple.of(0L)) < 0);
    assertEquals(-Integer.signum(Tuple.of(1.5).compareTo(Tuple.of("x"))), Integer.signum(Tuple.of("x").compareTo(Tuple.of(1.5))));
    assertEquals(0, Tuple.of("a", null).compareTo(Tuple.of("a", null)));
  }

  @Test
  void whatIsNoKeyInPythonIsSaidWithItsPlace() {
    Path file = temp.resolve("no.pt");
    Tensor t = Tensor.ones(2);
    Map<Object, String> cases = Map.of(Set.of(t), "at [a]: the tensor f32[2] stands in a set or is a map's key. Fix: ",
        Map.of(t, 1L), "at [a]: the tensor f32[2] stands", Map.of("b", Set.of(Tuple.of(1L, new Parameter(t)))), "at [a][b]: the tensor f32[2] stands",
        Map.of(List.of(1L), 2L), "at [a]: a list stands", Set.of(Map.of()), "at [a]: a map stands", Set.of(Set.of()), "at [a]: a set stands");
    cases.forEach((value, text) ->
        contains(assertThrows(KtrainException.class, () -> PyTorchFile.write(file, Map.of("a", value))).getMessage(), "pt: " + text));
    assertFalse(Files.exists(file));
  }

  @Test
  void saysWhatCannotBeReadAndWhatToDo() throws Exception {
    contains(refused("numpy_scalar_loss.pt"), "a numpy value at [\"loss\"]", "numpy.core.multiarray.scalar", "Fix: before torch.save, .item()");
    contains(refused("numpy_array.pt"), "a numpy value at [\"mean\"]", "torch.from_numpy(...)");
    contains(refused("whole_module.pt"), "a whole module", "torch.nn.modules.container.Sequential", "torch.nn.modules.linear.Linear",
        "torch.save(model.state_dict()");
    contains(refused("torchscript.pt"), "a TorchScript program", "torch.save(model.state_dict()");
    contains(refused("sparse.pt"), "a sparse tensor at [\"s\"]", "Fix: .to_dense()");
    contains(refused("quantized.pt"), "a quantized tensor at [\"q\"]", "Fix: .dequantize()");
    contains(refused("hostile/evil_in_key.pt"), "posix.system at [\"note\"]", "would run code");
    contains(refused("hostile/oob_offset.pt"), "data.pkl, byte ", "REDUCE: a tensor of sizes [2], strides [1] and offset 3 reaches outside its storage of 4 elements");
    contains(refused("hostile/truncated.pt"), "it was cut off");
    contains(refused("hostile/bit_flip_in_storage.pt"), "data/0 has CRC-32", "expected");
    contains(refused("hostile/zip_bomb.pt"), "storage 0 of 4 f32 needs 16 bytes, but its zip entry has 67108864");
  }

  private static void contains(String text, String... parts) {
    for (String part : parts) assertTrue(text.contains(part), text);
  }

  private static Map<String, Object> everything() {
    var values = new LinkedHashMap<String, Object>();
    for (DType d : DType.values()) values.put("" + d, Tensor.of(new long[] {0, 1, 1, 0, 1, 0}, 2, 3).to(d));
    Tensor m = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    values.put("matrix", m);
    values.put("transposed", m.t());
    values.put("row", m.select(0, 1));
    values.put("alone", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).t());
    values.put("empty", Tensor.zeros(0, 7));
    values.put("one", Tensor.scalar(2.5, DType.f64));
    values.put("parameter", new Parameter(Tensor.of(new float[] {7})));
    var list = new ArrayList<Object>(List.of(1L, -1L, 255L, 256L, 1L << 40, Long.MIN_VALUE, BigInteger.TWO.pow(80), 0.1, "한글 ✓", true));
    list.add(null);
    values.put("list", list);
    values.put("nested", Map.of("tuple", Tuple.of(1L, Tuple.of()), "set", Set.of("a"), "none", List.of(), "map", Map.of(3L, "x")));
    values.put("size", Shape.of(2, 3));
    values.put("dtype", DType.bf16);
    values.put("device", new Device("cuda", 1));
    return values;
  }

  @Test
  void everyKindOfValueComesBackAsItWas() {
    Path file = temp.resolve("all.pt");
    Map<String, Object> values = everything();
    PyTorchFile.write(file, values);
    var back = (Map<?, ?>) PyTorchFile.read(file);
    assertEquals(List.copyOf(values.keySet()), List.copyOf(back.keySet()));
    values.forEach((name, value) -> {
      if (value instanceof Tensor t) {
        Tensor b = (Tensor) back.get(name);
        assertEquals(t.describe(), b.describe(), name);
        assertArrayEquals(t.toDoubleArray(), b.toDoubleArray(), name);
        assertEquals(t.getRequiresGrad(), b.getRequiresGrad(), name);
        assertEquals(t.getClass(), b.getClass(), name);
      } else {
        assertEquals(value, back.get(name), name);
      }
    });
    Tensor m = (Tensor) back.get("matrix");
    assertTrue(m.sharesStorage((Tensor) back.get("transposed")) && m.sharesStorage((Tensor) back.get("row")));
    assertFalse(m.sharesStorage((Tensor) back.get("alone")));
    assertTrue(((Tensor) back.get("alone")).isContiguous());
  }

  @Test
  void bytesComeBackToo() {
    Path file = temp.resolve("bytes.pt");
    PyTorchFile.write(file, Map.of("b", new byte[] {0, -1, 65}));
    assertArrayEquals(new byte[] {0, -1, 65}, (byte[]) ((Map<?, ?>) PyTorchFile.read(file)).get("b"));
  }

  /** As PyTorch lays a file out: stored entries at multiples of 64 under one folder, data.pkl first. */
  @Test
  void writesAPlainZipWhoseStoragesAreAligned() throws IOException {
    Path file = temp.resolve("m.pt");
    PyTorchFile.write(file, Map.of("w", Tensor.of(new float[] {1, 2})));
    try (var zip = new ZipFile(file.toFile())) {
      assertEquals(List.of("archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/version"),
          zip.stream().map(Object::toString).toList());
      assertArrayEquals("little".getBytes(), zip.getInputStream(zip.getEntry("archive/byteorder")).readAllBytes());
      assertArrayEquals(new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40}, zip.getInputStream(zip.getEntry("archive/data/0")).readAllBytes());
      byte[] pickle = zip.getInputStream(zip.getEntry("archive/data.pkl")).readAllBytes();
      String expected = "\u0080\2ccollections\nOrderedDict\nq\0)R(X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\nq\1((X\7\0\0\0storage"
          + "ctorch\nFloatStorage\nq\2X\1\0\0\0" + "0X\3\0\0\0cpuK\2tQK\0(K\2t(K\1t\u0089h\0)RtRu.";
      assertEquals(expected, new String(pickle, StandardCharsets.ISO_8859_1));
    }
    try (var arena = java.lang.foreign.Arena.ofConfined(); var channel = FileChannel.open(file)) {
      var mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      for (ZipArchive.Entry e : new ZipArchive(mapped, FormatError::new).entries().values()) assertEquals(0, e.at() % 64, e.name());
    }
  }

  /** The 64-bit records that files over 4 GiB need, here for sizes over 100 bytes. */
  @Test
  void zip64ComesBack() throws IOException {
    Path file = temp.resolve("wide.zip");
    byte[] small = new byte[10], large = new byte[1000];
    java.util.Arrays.fill(large, (byte) 7);
    try (var out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      var zip = new ZipWriter(out, 100);
      zip.entry("small", 10, sink -> sink.accept(java.nio.ByteBuffer.wrap(small)));
      zip.entry("large", 1000, sink -> sink.accept(java.nio.ByteBuffer.wrap(large)));
      zip.finish();
    }
    try (var arena = java.lang.foreign.Arena.ofConfined(); var channel = FileChannel.open(file)) {
      var archive = new ZipArchive(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena), FormatError::new);
      assertEquals(List.of("small", "large"), List.copyOf(archive.entries().keySet()));
      assertEquals(1000, archive.entries().get("large").size());
      archive.read(archive.entries().get("large"), (bytes, at) ->
          assertArrayEquals(large, bytes.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)));
    }
    try (var zip = new ZipFile(file.toFile())) { // another reader agrees
      assertArrayEquals(large, zip.getInputStream(zip.getEntry("large")).readAllBytes());
    }
  }

  @Test
  void aFailedWriteLeavesTheOldFile() throws IOException {
    Path file = temp.resolve("m.pt");
    PyTorchFile.write(file, Map.of("a", 1L));
    byte[] before = Files.readAllBytes(file);
    Tensor gone = Tensor.of(new float[] {2});
    gone.storage().free("step 1");
    assertThrows(KtrainException.class, () -> PyTorchFile.write(file, Map.of("a", gone)));
    assertArrayEquals(before, Files.readAllBytes(file));
    var e = assertThrows(KtrainException.class, () -> PyTorchFile.write(file, Map.of("a", List.of(new Object()))));
    assertTrue(e.getMessage().contains("at [a][0]: no .pt file can hold a java.lang.Object"), e.getMessage());
    var endless = new ArrayList<Object>();
    endless.add(endless);
    e = assertThrows(KtrainException.class, () -> PyTorchFile.write(file, Map.of("a", endless)));
    assertTrue(e.getMessage().contains("a container holds itself"), e.getMessage());
    assertArrayEquals(before, Files.readAllBytes(file));
    try (var files = Files.list(temp)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void checkingWritesNothingAndReadsTheShapes() throws Exception {
    Path file = temp.resolve("checked.pt"), real = resource("state_dict_cnn.pt");
    Check.run(new Check(), () -> {
      PyTorchFile.write(file, Map.of("epoch", 3L, "model", Map.of("n", Tensor.zeros(Shape.of(2, 3), DType.i64))));
      assertFalse(Files.exists(file));
      assertEquals("i64[2,3]", StateDictFile.read(file, "model").get("n").describe());
      Tensor weight = StateDictFile.read(real).get("conv.weight");
      assertTrue(weight.isShapeOnly());
      assertEquals("f32[2,1,3,3]", weight.describe());
    });
  }

  @Test
  void aFileIsReadByWhatItHoldsNotByItsName() throws Exception {
    Path pt = temp.resolve("a.safetensors"), safe = temp.resolve("b.pt");
    Files.copy(resource("state_dict_cnn.pt"), pt);
    Files.copy(resource("good.safetensors"), safe);
    assertEquals(9, StateDictFile.read(pt).size());
    assertEquals(5, StateDictFile.read(safe).size());
    assertEquals(2, StateDictFile.read(resource("legacy_nonzip_state_dict.pt")).size());
    Path text = temp.resolve("c.bin");
    Files.writeString(text, "hello world");
    contains(assertThrows(FormatError.class, () -> StateDictFile.read(text)).getMessage(), "neither a .safetensors nor a .pt file");
  }

  @Test
  void aCheckpointAsksForTheKey() throws Exception {
    Path file = resource("checkpoint_adam.pt");
    contains(assertThrows(FormatError.class, () -> StateDictFile.read(file)).getMessage(),
        "holds more than tensors by name: epoch (the integer 3), model_state_dict (a dict)", "Fix: ", "load: \"model_state_dict\"");
    contains(assertThrows(FormatError.class, () -> StateDictFile.read(file, "model")).getMessage(),
        "no state dict under \"model\"", "load: \"model_state_dict\"");
    assertEquals(Set.of("weight", "bias"), StateDictFile.read(file, "model_state_dict").keySet());
    contains(assertThrows(KtrainException.class, () -> StateDictFile.read(resource("good.safetensors"), "model")).getMessage(), "leave the key out");
    contains(assertThrows(FormatError.class, () -> StateDictFile.read(resource("list_of_tensors.pt"))).getMessage(), "holds a list, not tensors by name");
  }

  @Test
  void theEndingSaysHowAStateDictIsWritten() throws Exception {
    var state = Map.of("w", (Tensor) new Parameter(Tensor.of(new float[] {1, 2})));
    for (String name : List.of("m.pt", "m.PTH", "m.safetensors")) {
      StateDictFile.write(temp.resolve(name), state);
      Tensor back = StateDictFile.read(temp.resolve(name)).get("w");
      assertArrayEquals(new float[] {1, 2}, back.toFloatArray());
      assertEquals(Tensor.class, back.getClass());
      assertFalse(back.getRequiresGrad());
    }
    contains(assertThrows(KtrainException.class, () -> StateDictFile.write(temp.resolve("m.bin"), state)).getMessage(), "names no format. Fix: .safetensors");
  }
}
