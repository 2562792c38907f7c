package io.ktrain.bench;

import java.util.Locale;

/** Lines that gpu/verify.sh gathers into its table: fields between tabs, the first saying what it is. */
final class Report {
  private Report() {}

  /** A measured figure; a peer's of the same name is put beside it. ms and us are better low, other units high. */
  static void figure(String name, double value, String unit) {
    System.out.printf(Locale.ROOT, "FIGURE\t%s\t%.4g\t%s%n", name, value, unit);
  }

  /** Something that is right or wrong. */
  static void check(String name, String figure, String limit, boolean ok) {
    System.out.printf("CHECK\t%s\t%s\t%s\t%s%n", name, figure, limit, ok ? "ok" : "WRONG");
  }
}
