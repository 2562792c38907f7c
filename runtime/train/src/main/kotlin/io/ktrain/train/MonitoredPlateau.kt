package io.ktrain.train

import io.ktrain.optim.Plateau
import io.ktrain.optim.Schedule

/** A plateau, and what `fit` tells it after every epoch that it is at work in, alone or within other schedules. */
public class MonitoredPlateau(
  /** What should improve. */
  public val on: Monitor,
  /** The schedule; a loop of your own calls its `observe`. */
  public val plateau: Plateau,
) : Schedule by plateau

/** The mean loss over the validation samples, to watch: `plateau(on = validLoss)`. */
public val validLoss: Monitor get() = Monitor.validLoss

/** The mean loss over the training samples, to watch. */
public val trainLoss: Monitor get() = Monitor.trainLoss
