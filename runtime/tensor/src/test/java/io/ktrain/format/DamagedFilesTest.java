package io.ktrain.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.Activation;
import io.ktrain.nn.Conv2d;
import io.ktrain.nn.Flatten;
import io.ktrain.nn.LayerNorm;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Sequential;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/**
 * Thousands of damaged files, the same ones each time: bytes changed, files cut and joined. Each is read, or refused by a
 * FormatError; none takes memory that its size does not justify.
 */
class DamagedFilesTest {
  private static final Path NAME = Path.of("damaged");
  private static final int LARGEST = 12_000;

  /** What reading a file of {@link #LARGEST} bytes may allocate, messages and all. */
  private static final long ALLOCATED = 16 << 20;

  private static final com.sun.management.ThreadMXBean THREADS = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Random random = new Random(7);
  private int read;
  private int refused;

  private interface Reader {
    void read(byte[] bytes) throws IOException;
  }

  private static List<byte[]> files(String ending) throws Exception {
    var all = new ArrayList<byte[]>();
    try (var paths = Files.walk(PyTorchFileTest.resource("expected.json").getParent())) {
      for (Path p : paths.filter(p -> p.toString().endsWith(ending)).sorted().toList())
        if (Files.size(p) < LARGEST) all.add(Files.readAllBytes(p));
    }
    return all;
  }

  private byte[] damaged(byte[] good, List<byte[]> all) {
    byte[] bytes = good.clone();
    if (random.nextInt(6) == 0) bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 10));
    if (random.nextInt(6) == 0) {
      byte[] other = all.get(random.nextInt(all.size()));
      int from = random.nextInt(bytes.length + 1), at = random.nextInt(other.length + 1);
      int n = random.nextInt(Math.min(bytes.length - from, other.length - at) + 1);
      System.arraycopy(other, at, bytes, from, n);
    }
    for (int changes = random.nextInt(3) / 2; changes >= 0 && bytes.length > 0; changes--) {
      int at = random.nextInt(bytes.length);
      bytes[at] = switch (random.nextInt(4)) {
        case 0 -> (byte) (bytes[at] ^ 1 << random.nextInt(8));
        case 1 -> (byte) random.nextInt(256);
        case 2 -> (byte) (random.nextBoolean() ? 0xFF : 0);
        default -> bytes[random.nextInt(bytes.length)];
      };
    }
    return bytes;
  }

  private void run(List<byte[]> good, int each, Reader reader) throws IOException {
    for (byte[] file : good)
      for (int i = 0; i < each; i++) {
        byte[] bytes = i == 0 || file.length == 0 ? file : damaged(file, good);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
          reader.read(bytes);
          read++;
        } catch (FormatError e) {
          assertTrue(e.getMessage().contains("Fix: "), e.getMessage());
          refused++;
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < ALLOCATED, allocated + " bytes for a file of " + bytes.length);
      }
  }

  /** Reads all elements, where they are few enough; a view may repeat one element as often as it likes. */
  private static void touch(Object value) {
    Values.map(value, leaf -> {
      if (leaf instanceof Tensor t && t.numel() < 10_000) t.toDoubleArray();
      return leaf;
    });
  }

  @Test
  void pyTorchFiles() throws Exception {
    run(files(".pt"), 150, bytes -> touch(PyTorchFile.read(NAME, MemorySegment.ofArray(bytes), false)));
    assertTrue(read > 200 && refused > 5_000, read + " read, " + refused + " refused");
  }

  /** The same with a right CRC around the damage, so that it is the pickle's to find. */
  @Test
  void pickles() throws Exception {
    var archives = new ArrayList<Map<String, byte[]>>();
    var pickles = new ArrayList<byte[]>();
    for (byte[] file : files(".pt")) {
      var entries = new LinkedHashMap<String, byte[]>();
      try (var zip = new ZipInputStream(new ByteArrayInputStream(file))) {
        for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry())
          entries.put(e.getName().substring(e.getName().indexOf('/') + 1), zip.readAllBytes());
      } catch (IOException e) {
        continue; // one of the damaged zip files
      }
      if (!entries.containsKey("data.pkl") || entries.get("data.pkl").length > LARGEST) continue;
      archives.add(entries);
      pickles.add(entries.get("data.pkl"));
    }
    var damagedFrom = new int[1];
    run(pickles, 300, pickle -> {
      Map<String, byte[]> storages = archives.get(damagedFrom[0]++ / 300);
      var bytes = new ByteArrayOutputStream();
      try (var zip = new ZipOutputStream(bytes)) {
        for (var e : storages.entrySet()) {
          zip.putNextEntry(new ZipEntry("archive/" + e.getKey()));
          zip.write(e.getKey().equals("data.pkl") ? pickle : e.getValue());
        }
      }
      touch(PyTorchFile.read(NAME, MemorySegment.ofArray(bytes.toByteArray()), false));
    });
    assertTrue(read > 100 && refused > 5_000, read + " read, " + refused + " refused");
  }

  @Test
  void safetensors() throws Exception {
    run(files(".safetensors"), 500, bytes -> touch(Safetensors.read(NAME, MemorySegment.ofArray(bytes), false)));
    assertTrue(read >= 10 && refused > 4_000, read + " read, " + refused + " refused");
  }

  @Test
  void architectures() throws Exception {
    var models = List.of(new Sequential(new Conv2d(1, 2, 3), new Activation("ReLU", ""), new Flatten(), new Linear(8, 3)),
        new Sequential(new Sequential(new LayerNorm(3)), new Linear(3, 1, false)));
    List<byte[]> texts = models.stream().map(m -> Architecture.describe(m).getBytes(StandardCharsets.UTF_8)).toList();
    run(texts, 3_000, bytes -> {
      String text = new String(bytes, StandardCharsets.UTF_8);
      Check.run(new Check(), () -> new Architecture(NAME, Map.of()).make(Bundle.parsed(NAME, text)));
    });
    assertTrue(read > 20 && refused > 4_000, read + " read, " + refused + " refused");
    assertEquals(6_000, read + refused);
  }
}
