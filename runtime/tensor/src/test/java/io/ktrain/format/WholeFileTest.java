package io.ktrain.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
  @TempDir Path temp;

  private List<Path> files() throws IOException {
    try (var files = Files.list(temp)) {
      return files.toList();
    }
  }

  private String refusal(Path path, WholeFile.Body body) {
    return assertThrows(KtrainException.class, () -> WholeFile.write("save", path, body)).getMessage();
  }

  /** Each in several rounds, so that some are written at the same time. */
  @Test
  void whatSeveralThreadsSaveToOnePathIsOneOfThemWhole() throws Exception {
    Path file = temp.resolve("m.safetensors");
    try (var threads = Executors.newFixedThreadPool(4)) {
      var saves = new ArrayList<Future<?>>();
      for (int i = 0; i < 4; i++) {
        int value = i;
        saves.add(threads.submit(() -> {
          for (int round = 0; round < 20; round++)
            StateDictFile.write(file, Map.of("w", Tensor.zeros(20_000 + value).add(value)));
        }));
      }
      for (Future<?> save : saves) save.get();
    }
    float[] w = StateDictFile.read(file).get("w").toFloatArray();
    var whole = new float[20_000 + (int) w[0]];
    Arrays.fill(whole, w[0]);
    assertArrayEquals(whole, w);
    assertEquals(List.of(file), files());
  }

  /** Chains and links to what does not exist yet, as writing to them would. */
  @Test
  void aSymbolicLinkIsFollowed() throws Exception {
    Path folder = Files.createDirectory(temp.resolve("best")), target = folder.resolve("epoch3.bin");
    Path link = Files.createSymbolicLink(temp.resolve("best.bin"), Path.of("best", "epoch3.bin"));
    Path second = Files.createSymbolicLink(temp.resolve("latest.bin"), link);
    for (Path path : List.of(link, second)) {
      WholeFile.write("save", path, out -> WholeFile.writeAll(out, ByteBuffer.wrap(path.toString().getBytes())));
      assertTrue(Files.isSymbolicLink(path));
      assertEquals(path.toString(), Files.readString(target));
    }
    Path circle = Files.createSymbolicLink(temp.resolve("circle"), Path.of("circle"));
    String text = refusal(circle, out -> {});
    assertTrue(text.endsWith("circle: its symbolic links lead to no file. Fix: the name of a file."), text);
  }

  @Test
  void theAdviceFitsTheCauseAndNothingIsLeftBehind() throws Exception {
    Path file = temp.resolve("m.bin");
    WholeFile.write("save", file, out -> WholeFile.writeAll(out, ByteBuffer.wrap("old".getBytes())));
    String full = refusal(file, out -> {
      throw new IOException("No space left on device");
    });
    assertTrue(full.contains("No space left on device. Fix: make room there"), full);
    String large = refusal(file, out -> {
      throw new IOException("File too large");
    });
    assertTrue(large.contains("File too large. Fix: a file system, and a limit (ulimit -f), that allow"), large);
    String missing = refusal(temp.resolve("no/m.bin"), out -> {});
    assertTrue(missing.contains("the folder does not exist. Fix: a folder that exists"), missing);
    Path folder = Files.createDirectory(temp.resolve("folder"));
    String notAFile = refusal(folder, out -> {});
    assertTrue(notAFile.endsWith("folder: it is not a file. Fix: the name of a file."), notAFile);
    assertThrows(IllegalStateException.class, () -> WholeFile.write("save", file, out -> {
      throw new IllegalStateException("the body's own");
    }));
    assertEquals("old", Files.readString(file));
    assertEquals(2, files().size(), files().toString());
  }
}
