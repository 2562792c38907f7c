package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests tagged {@code paths} prove a CPU path only if the JVM they run in really is that path. */
@Tag("paths")
class TestForksTest {
  private final boolean flags = !"off".equals(System.getProperty("ktrain.test.flags"));

  @Test
  void theVectorModuleIsThereExactlyWithTheFlags() {
    assertEquals(flags, ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
  }

  @Test
  void nativeAccessIsGrantedExactlyWithTheFlags() {
    var given = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .anyMatch(flag -> flag.startsWith("--enable-native-access"));
    assertEquals(flags, given);
  }
}
