package io.ktrain.script;

/** Where the {@code ktrain} process starts. */
public final class Launcher {
  /** What the library logs, in a terminal's manner: one line without a date. */
  private static final String LOG_FORMAT = "ktrain: %5$s%6$s%n";

  private Launcher() {}

  public static void main(String[] arguments) {
    StandardError.reclaim();
    if (System.getProperty("java.util.logging.SimpleFormatter.format") == null)
      System.setProperty("java.util.logging.SimpleFormatter.format", LOG_FORMAT);
    System.exit(CommandLine.main(arguments));
  }
}
