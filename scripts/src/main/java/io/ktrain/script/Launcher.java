package io.ktrain.script;

/** Where the {@code ktrain} process starts. */
public final class Launcher {
  private Launcher() {}

  public static void main(String[] arguments) {
    StandardError.reclaim();
    System.exit(CommandLine.main(arguments));
  }
}
