package io.ktrain.train

import io.ktrain.nn.Activation
import io.ktrain.nn.BatchNorm2d
import io.ktrain.nn.Conv2d
import io.ktrain.nn.Flatten
import io.ktrain.nn.Linear
import io.ktrain.nn.MaxPool2d
import io.ktrain.nn.Parameter
import io.ktrain.nn.Sequential
import io.ktrain.optim.Adam
import io.ktrain.optim.Clip
import io.ktrain.optim.Moment
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.Schedule
import io.ktrain.optim.Sgd
import io.ktrain.tensor.ConvOptions
import io.ktrain.tensor.Tensor

/** How the groups optim, sched and train are replayed, by operation. */
internal val TRAINING_CASES: Map<String, Replay> = OPTIMIZER_CASES + SCHEDULE_CASES + mapOf(
  "clip_grad_norm_" to replay {
    val parameters = withGradients()
    val total = Clip.norm(parameters.values.toList(), double("max_norm"), double("norm_type"))
    Replayed(parameters.mapValues { it.value.grad } + ("total_norm" to total))
  },
  "clip_grad_value_" to replay {
    val parameters = withGradients()
    Clip.value(parameters.values.toList(), double("clip_value"))
    Replayed(parameters.mapValues { it.value.grad })
  },
  "Linear(2,4) Tanh Linear(4,1), BCEWithLogits, Adam lr .05, 200 full-batch steps" to replay { xor() },
  "Conv-BN-ReLU-Pool-Flatten-Linear, CE, SGD(m .9, wd 1e-3), clip 1, StepLR(5,.5), 10 alternating half batches" to
    replay { pictures() },
  "mse on 4 rows == 2 micro batches of 2, each /2" to replay {
    val (x, y) = this["X"] to this["Y"]
    val bias = this["b"]
    val full = x.linear(this["W"], bias).mseLoss(y).gradients(listOf(this["W"]), null, false).single()
    for (k in 0 until x.size(0) step 2)
      (x.narrow(0, k, 2).linear(this["W"], bias).mseLoss(y.narrow(0, k, 2)) / 2).backward()
    Replayed(mapOf("full_batch_W_grad" to full))
  },
)

private operator fun Tensor.div(n: Int): Tensor = div(n as Number)

/** Parameters whose gradients are the inputs. */
private fun GoldenCase.withGradients(): Map<String, Parameter> = inputs.mapValues { (_, g) ->
  Parameter(Tensor.zerosLike(g)).also { it.grad = g.copy() }
}

private fun GoldenCase.xor(): Replayed {
  val model = Sequential(Linear(2, 4), Activation("Tanh", "", Tensor::tanh), Linear(4, 1))
  model.load(inputs - setOf("X", "Y"))
  val optimizer = Adam(model.parameters(), double("lr"))
  val losses = List(int("steps")) {
    val loss = model.invoke(this["X"]).bceWithLogits(this["Y"])
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    loss.item()
  }
  val pred = model.invoke(this["X"]).sigmoid()
  val some = mapOf("loss_50" to losses[50], "loss_100" to losses[100], "loss_last" to losses.last())
  return Replayed(some + mapOf("losses_0_9" to losses.take(10), "pred" to pred))
}

private fun GoldenCase.pictures(): Replayed {
  val model = Sequential(
    Conv2d(1, 2, 3, ConvOptions.DEFAULT.withPadding(1)), BatchNorm2d(2), Activation("ReLU", "", Tensor::relu),
    MaxPool2d(2), Flatten(), Linear(8, 3),
  )
  model.load(inputs.filterKeys { it.startsWith("init.") }.mapKeys { it.key.removePrefix("init.") })
  val optimizer = Sgd(listOf(ParamGroup(model.parameters())), 0.1, 0.9, 0.0, 1e-3, false, false)
  val schedule = Schedule.stepLr(5, 0.5)
  val losses = List(10) { k ->
    schedule.apply(optimizer, Moment(k, 10, k, 10))
    val from = if (k % 2 == 0) 0 else 3
    val loss = model.invoke(this["X"].narrow(0, from, 3)).crossEntropy(this["Y"].narrow(0, from, 3))
    optimizer.zeroGrad()
    loss.backward()
    Clip.norm(model.parameters(), 1.0)
    optimizer.step()
    loss.item()
  }
  model.setTraining(false)
  val results = mapOf("losses" to losses, "eval_logits" to model.invoke(this["X"]))
  return Replayed(model.stateDict().mapKeys { "final." + it.key } + results)
}
