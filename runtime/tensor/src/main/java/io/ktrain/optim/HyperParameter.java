package io.ktrain.optim;

import io.ktrain.tensor.KtrainException;

/** What may be set for each group of parameters: a number, or 1 and 0 for yes and no. An optimizer has some of them. */
public enum HyperParameter {
  LR("lr", 0, Double.MAX_VALUE),
  MOMENTUM("momentum", 0, Double.MAX_VALUE),
  DAMPENING("dampening", -Double.MAX_VALUE, Double.MAX_VALUE),
  WEIGHT_DECAY("weightDecay", 0, Double.MAX_VALUE),
  NESTEROV("nesterov", 0, 1),
  BETA1("beta1", 0, Math.nextDown(1.0)),
  BETA2("beta2", 0, Math.nextDown(1.0)),
  EPS("eps", 0, Double.MAX_VALUE),
  AMSGRAD("amsgrad", 0, 1),
  /** Climb instead of descending. */
  MAXIMIZE("maximize", 0, 1),
  ALPHA("alpha", 0, Double.MAX_VALUE),
  CENTERED("centered", 0, 1),
  LR_DECAY("lrDecay", 0, Double.MAX_VALUE),
  INITIAL_ACCUMULATOR("initialAccumulatorValue", 0, Double.MAX_VALUE),
  RHO("rho", 0, 1),
  MOMENTUM_DECAY("momentumDecay", 0, Double.MAX_VALUE),
  /** Weight decay shrinks the parameters themselves. */
  DECOUPLED("decoupledWeightDecay", 0, 1),
  LAMBDA("lambda", 0, Double.MAX_VALUE),
  /** The step with which averaging begins. */
  T0("t0", 0, Double.MAX_VALUE),
  ETA_MINUS("etaMinus", Double.MIN_VALUE, Math.nextDown(1.0)),
  ETA_PLUS("etaPlus", Math.nextUp(1.0), Double.MAX_VALUE),
  MIN_STEP("minStep", 0, Double.MAX_VALUE),
  MAX_STEP("maxStep", 0, Double.MAX_VALUE);

  private final String title;
  private final double low;
  private final double high;

  HyperParameter(String title, double low, double high) {
    this.title = title;
    this.low = low;
    this.high = high;
  }

  void require(String optimizer, double value) {
    if (value >= low && value <= high) return;
    String range = high < 1 ? "lie in " + (low == 0 ? "0" : "0 (not itself)") + " up to but not 1"
        : low > 1 ? "be larger than 1" : high == 1 ? "lie in 0..1" : low == 0 ? "be at least 0" : "be a number";
    throw new KtrainException(optimizer + ": " + title + " must " + range + ", got " + value + ".");
  }

  /** As options and state dicts name it: {@code weightDecay}. */
  @Override
  public String toString() {
    return title;
  }
}
