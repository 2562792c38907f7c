package io.ktrain.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path temp;

  private static Path resource(String name) throws Exception {
    return Path.of(SafetensorsTest.class.getResource("/interop/" + name).toURI());
  }

  private List<Path> written() throws IOException {
    try (var files = Files.list(temp)) {
      return files.toList();
    }
  }

  @Test
  void readsAFileOfPythons() throws Exception {
    Path good = resource("good.safetensors");
    Map<String, Tensor> t = Safetensors.read(good);
    assertEquals(List.of("f32[2,2]", "bf16[2]", "i64[2]", "f32[]", "f16[0,3]"),
        List.of(t.get("a.weight").describe(), t.get("b").describe(), t.get("n").describe(), t.get("s").describe(), t.get("e").describe()));
    assertArrayEquals(new float[] {1, 2, 3, 4}, t.get("a.weight").toFloatArray());
    assertArrayEquals(new float[] {1.5f, -2}, t.get("b").toFloatArray());
    assertArrayEquals(new long[] {5, -6}, t.get("n").toLongArray());
    assertEquals(7.5, t.get("s").item());
    assertEquals(5, t.size());
    assertEquals(Map.of("format", "pt", "epoch", "3"), Safetensors.metadata(good));
  }

  @Test
  void refusesEveryHostileFileAndNamesIt() throws Exception {
    var refused = new ArrayList<String>();
    try (var files = Files.list(resource("hostile"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList()) {
        var e = assertThrows(FormatError.class, () -> Safetensors.read(file), file.toString());
        assertTrue(e.getMessage().contains(file.getFileName().toString()) && e.getMessage().contains("Fix: "), e.getMessage());
        refused.add(file.getFileName().toString());
      }
    }
    assertEquals(12, refused.size(), refused.toString());
  }

  @Test
  void saysWhichTensorLiesAndBothSizes() {
    String text = assertThrows(FormatError.class, () -> Safetensors.read(resource("hostile/st_shape_mismatch.safetensors"))).getMessage();
    assertTrue(text.contains("tensor \"a\" is F32[3, 3] and needs 36 bytes, but its data_offsets [0, 16] hold 16."), text);
    text = assertThrows(FormatError.class, () -> Safetensors.read(resource("hostile/st_header_too_long.safetensors"))).getMessage();
    assertTrue(text.contains("1099511627776 bytes") && text.contains("at most 80"), text);
  }

  @Test
  void writesTheBytesPythonWrites() throws IOException {
    var tensors = new LinkedHashMap<String, Tensor>();
    tensors.put("flag", Tensor.of(new boolean[] {true, false}));
    tensors.put("b", Tensor.of(new float[] {1, 2}));
    tensors.put("a", Tensor.of(new float[] {3}, 1, 1));
    tensors.put("n", Tensor.of(new long[] {-1}));
    Path file = temp.resolve("m.safetensors");
    Safetensors.write(file, tensors, Map.of("format", "pt"));
    String json = "{\"__metadata__\":{\"format\":\"pt\"},\"n\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[8,12]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[12,20]},"
        + "\"flag\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[20,22]}}";
    byte[] bytes = Files.readAllBytes(file);
    int padded = json.length() + 7 & -8;
    assertEquals(padded, bytes[0] & 0xFF | (bytes[1] & 0xFF) << 8);
    assertArrayEquals(new byte[6], Arrays.copyOfRange(bytes, 2, 8));
    assertEquals(json + " ".repeat(padded - json.length()), new String(bytes, 8, padded, StandardCharsets.UTF_8));
    byte[] data = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0x40, 0x40, 0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40, 1, 0};
    assertArrayEquals(data, Arrays.copyOfRange(bytes, 8 + padded, bytes.length));
    assertEquals(List.of(file), written());
  }

  @Test
  void everyTypeAndLayoutComesBackAsItWas() {
    var tensors = new LinkedHashMap<String, Tensor>();
    for (DType d : DType.values()) tensors.put("layer." + d + ".weight", Tensor.of(new long[] {0, 1, 1, 0, 1, 0}, 2, 3).to(d));
    Tensor m = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    tensors.put("transposed \"\\\n\u00e9\u0001 \ud83d\ude00", m.t());
    tensors.put("row", m.select(0, 1));
    tensors.put("expanded", m.narrow(0, 0, 1).expand(4, 3));
    tensors.put("empty", Tensor.zeros(0, 7));
    tensors.put("one", Tensor.scalar(2.5, DType.f64));
    Path file = temp.resolve("all.safetensors");
    Safetensors.write(file, tensors);
    Map<String, Tensor> back = Safetensors.read(file);
    assertEquals(tensors.keySet(), back.keySet());
    tensors.forEach((name, t) -> {
      assertEquals(t.describe(), back.get(name).describe());
      assertArrayEquals(t.toDoubleArray(), back.get(name).toDoubleArray(), name);
    });
    assertEquals(Map.of(), Safetensors.metadata(file));
  }

  @Test
  void aFailedWriteLeavesTheOldFile() throws IOException {
    Path file = temp.resolve("m.safetensors");
    Safetensors.write(file, Map.of("a", Tensor.of(new float[] {1})));
    byte[] before = Files.readAllBytes(file);
    Tensor gone = Tensor.of(new float[] {2});
    gone.storage().free("step 1");
    assertThrows(KtrainException.class, () -> Safetensors.write(file, Map.of("a", gone)));
    assertArrayEquals(before, Files.readAllBytes(file));
    assertEquals(List.of(file), written());
  }

  @Test
  void namesAMissingFile() {
    Path file = temp.resolve("none.safetensors");
    assertTrue(assertThrows(KtrainException.class, () -> Safetensors.read(file)).getMessage().contains(file.toString()));
  }

  @Test
  void checkingWritesNothingAndReadsTheShapes() {
    Path file = temp.resolve("checked.safetensors");
    Check.run(new Check(), () -> {
      Safetensors.write(file, Map.of("n", Tensor.zeros(Shape.of(2, 3), DType.i64)));
      assertFalse(Files.exists(file));
      assertEquals("i64[2,3]", Safetensors.read(file).get("n").describe());
    });
  }

  /** Any change of bytes either still is a right file or is refused in our words; nothing else ever comes out. */
  @Test
  void damagedFilesAreReadOrRefused() throws Exception {
    byte[] good = Files.readAllBytes(resource("good.safetensors"));
    String likely = "\"{}[]:,0123456789-\\e ";
    var random = new Random(7);
    Path file = temp.resolve("damaged.safetensors");
    int refused = 0;
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes = Arrays.copyOf(good, random.nextInt(4) == 0 ? random.nextInt(good.length + 20) : good.length);
      for (int changes = random.nextInt(4); changes >= 0 && bytes.length > 0; changes--)
        bytes[random.nextInt(Math.min(bytes.length, 344))] = (byte) (random.nextBoolean() ? random.nextInt(256) : likely.charAt(random.nextInt(likely.length())));
      Files.write(file, bytes);
      try {
        Safetensors.read(file).values().forEach(Tensor::toDoubleArray);
      } catch (FormatError e) {
        refused++;
      }
    }
    assertTrue(refused > 2_000, "refused " + refused);
  }
}
