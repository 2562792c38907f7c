package io.ktrain.tensor;

import io.ktrain.autograd.Anomaly;
import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.memory.Scope;
import io.ktrain.op.Autocast;
import io.ktrain.random.Generator;
import java.util.function.Supplier;

/**
 * What a thread is in the middle of: grad mode, the open scope, random numbers, the step. Everything else ktrain knows is
 * process-wide and constant. Work handed to other threads or coroutines takes a {@link #fork} along.
 */
public final class Context {
  private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(() -> new Context(new Generator(0)));

  private Generator generator;
  private boolean grad = true;
  private boolean inference;
  private Anomaly anomaly;
  private Autocast autocast;
  private Scope scope;
  private String step;
  private long stepsDone;
  private Device device = Device.CPU;
  private String layer;
  private PrintOptions printOptions = PrintOptions.DEFAULT;

  private Context(Generator generator) {
    this.generator = generator;
  }

  public static Context current() {
    return CURRENT.get();
  }

  /** A copy for another thread: same modes, its own scope, numbers from {@code generator}. */
  public Context fork(Generator generator) {
    var c = new Context(generator);
    c.grad = grad;
    c.inference = inference;
    c.anomaly = anomaly;
    c.autocast = autocast == null ? null : autocast.fork();
    c.step = step;
    c.device = device;
    c.printOptions = printOptions;
    return c;
  }

  /** Runs {@code body} as this context on the calling thread, then puts back what was there. */
  public <T> T run(Supplier<T> body) {
    Context before = CURRENT.get();
    CURRENT.set(this);
    return restoring(() -> CURRENT.set(before), body);
  }

  /** For coroutines, which change threads: makes this the thread's context and gives back the one it had. */
  public Context enter() {
    Context before = CURRENT.get();
    CURRENT.set(this);
    return before;
  }

  /** Where random operations take their numbers. */
  public Generator generator() {
    return generator;
  }

  public boolean isGradEnabled() {
    return grad && !inference;
  }

  /** Nothing is recorded while {@code body} runs, not even where it asks for it. */
  public <T> T withInference(Supplier<T> body) {
    boolean before = inference;
    inference = true;
    return restoring(() -> inference = before, body);
  }

  /** What is looked for in results and gradients, or null. */
  public Anomaly anomaly() {
    return anomaly;
  }

  /** Looks for {@code what}, or for nothing where it is null, while {@code body} runs. */
  public <T> T withAnomaly(Anomaly what, Supplier<T> body) {
    Anomaly before = anomaly;
    anomaly = what;
    return restoring(() -> anomaly = before, body);
  }

  /** In which types operations compute whose result does not suffer, or null. */
  public Autocast autocast() {
    return autocast;
  }

  /** Computes by {@code how}, or in the types given where it is null, while {@code body} runs. */
  public <T> T withAutocast(Autocast how, Supplier<T> body) {
    Autocast before = autocast;
    autocast = how;
    return restoring(() -> autocast = before, body);
  }

  /** Whether operations are recorded for backward while {@code body} runs. */
  public <T> T withGrad(boolean on, Supplier<T> body) {
    boolean before = grad;
    grad = on;
    return restoring(() -> grad = before, body);
  }

  private static <T> T restoring(Runnable before, Supplier<T> body) {
    try {
      return body.get();
    } finally {
      before.run();
    }
  }

  public Scope scope() {
    return scope;
  }

  /** Opens a scope; what is made from here on this thread is freed by {@link #close} unless it is kept. */
  public Scope open(String name) {
    scope = new Scope(name, scope);
    return scope;
  }

  public void close(Scope s) {
    if (scope != s) throw new IllegalStateException("scope: closed out of order");
    scope = s.parent();
    s.close();
  }

  /** Where tensors are made when nothing else is said. */
  public Device device() {
    return device;
  }

  public void setDevice(Device device) {
    this.device = device;
  }

  /** "step 12 of epoch 3", or null outside of one. */
  public String step() {
    return step;
  }

  public void setStep(String step) {
    this.step = step;
  }

  /** How many `step {}` scopes ended on this thread. */
  public long stepsDone() {
    return stepsDone;
  }

  public void stepDone() {
    stepsDone++;
    for (Backend backend : Backends.all()) backend.stepDone();
  }

  /** The path of the layer being called, for messages. */
  public String layer() {
    return layer;
  }

  public void setLayer(String layer) {
    this.layer = layer;
  }

  /** How tensors print. */
  public PrintOptions printOptions() {
    return printOptions;
  }

  public void setPrintOptions(PrintOptions options) {
    printOptions = options;
  }
}
