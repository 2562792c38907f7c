package io.ktrain.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Kernels in CUDA C that are compiled together: a file of this jar, or text made for one expression. Equal by name,
 * which for made text says all that it was made of.
 *
 * @param name the file without its ending, or a name for made text
 * @param text the source; {@code #include "ktrain.cuh"} gives it what all kernels share
 */
record Kernels(String name, String text) {
  /** The file {@code kernels/NAME.cu} of this jar. */
  static Kernels file(String name) {
    return new Kernels(name, resource(name + ".cu"));
  }

  static String resource(String file) {
    try (InputStream in = Kernels.class.getResourceAsStream("kernels/" + file)) {
      if (in == null) throw new IllegalStateException("kernels/" + file + " is missing from this jar");
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Kernels k && k.name.equals(name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }
}
