package io.ktrain.backend.cpu;

/**
 * The numbers of one step of Adam or AdamW.
 *
 * @param l2 the weight decay that is added to the gradient (Adam), else 0
 * @param shrink 1 - lr weightDecay where the parameter itself decays (AdamW), else 1
 * @param stepSize lr / (1 - beta1^step)
 * @param rootOfBias2 sqrt(1 - beta2^step)
 */
record AdamStep(float oneMinusBeta1, float beta2, float oneMinusBeta2, float eps, float l2, float shrink,
    float stepSize, float rootOfBias2) {
  /** @param step counted from 1 */
  static AdamStep of(double lr, double beta1, double beta2, double eps, double weightDecay, boolean decoupled,
      long step) {
    double bias1 = 1 - StrictMath.pow(beta1, step), bias2 = 1 - StrictMath.pow(beta2, step);
    return new AdamStep((float) (1 - beta1), (float) beta2, (float) (1 - beta2), (float) eps,
        decoupled ? 0f : (float) weightDecay, decoupled ? (float) (1 - lr * weightDecay) : 1f,
        (float) (lr / bias1), (float) Math.sqrt(bias2));
  }
}
