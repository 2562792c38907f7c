package io.ktrain.script;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/**
 * The JVM warns about an incubator module on standard error before any code of ours runs, and has no flag against it.
 * So the launcher script starts it with a filter as standard error, which drops that one line, and hands the real one
 * over under another number; this puts the real one in its place, and the filter ends.
 */
final class StandardError {
  private static final int STANDARD_ERROR = 2;

  private StandardError() {}

  /** The first thing in main. Does nothing when the launcher script did not start this process. */
  static void reclaim() {
    var real = Integer.getInteger("ktrain.stderr");
    if (real == null) return;
    var linker = Linker.nativeLinker();
    var type = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    var dup2 = linker.downcallHandle(linker.defaultLookup().findOrThrow("dup2"), type);
    try {
      // Where this fails the filter stays, and passes everything on.
      var _ = (int) dup2.invokeExact((int) real, STANDARD_ERROR);
    } catch (Throwable e) {
      throw new AssertionError("dup2", e);
    }
  }
}
