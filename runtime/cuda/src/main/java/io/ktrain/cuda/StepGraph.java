package io.ktrain.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * Gives a device the launches of a training step as one CUDA graph, between which it loses less time than between single
 * launches. Every step is captured anew and its parameters put into the graph of the step before, so that nothing of a
 * step is ever frozen; where the steps differ in more than parameters, the graph is made again. What has to wait for
 * results ends a graph, and the step goes on with the next. Only the device's thread touches it.
 */
final class StepGraph {
  private final GpuDriver driver;
  private final long stream;

  /** So much work goes to the device also where no step ends: outside of steps nothing would. */
  private static final int LONGEST = 4096;

  /** The graphs of a step in order, ready to run. */
  private final List<Long> ready = new ArrayList<>();
  private int next;
  private int held;
  private boolean capturing;

  StepGraph(GpuDriver driver, long stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Before work is put on the stream. */
  void begin() {
    if (held++ == LONGEST) end();
    if (capturing) return;
    driver.beginCapture(stream);
    capturing = true;
  }

  /** Before anything that needs what was put on the stream to be under way. */
  void end() {
    if (!capturing) return;
    capturing = false;
    held = 0;
    long graph = driver.endCapture(stream);
    try {
      driver.launchGraph(made(graph), stream);
    } finally {
      driver.destroyGraph(graph);
    }
    next++;
  }

  private long made(long graph) {
    if (next == ready.size()) ready.add(driver.instantiate(graph));
    else if (!driver.update(ready.get(next), graph)) {
      driver.destroyReady(ready.get(next));
      ready.set(next, driver.instantiate(graph));
    }
    return ready.get(next);
  }

  void stepDone() {
    end();
    while (ready.size() > next) driver.destroyReady(ready.removeLast());
    next = 0;
  }
}
