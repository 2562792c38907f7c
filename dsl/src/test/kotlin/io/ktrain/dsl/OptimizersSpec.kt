package io.ktrain.dsl

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.doubles.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.nn.Linear
import io.ktrain.nn.Parameter
import io.ktrain.optim.HyperParameter
import io.ktrain.optim.Moment
import io.ktrain.optim.Optimizer
import io.ktrain.optim.Schedule
import io.ktrain.tensor.KtrainException
import io.ktrain.train.trainLoss

private fun valley(p: Parameter) = (p - 1).pow(2).sum()

/** The words for optimizers, schedules, averages and clipping. */
class OptimizersSpec : StringSpec({
  val all: Map<String, (List<Parameter>) -> Optimizer> = mapOf(
    "Sgd" to { p -> Sgd(p, lr = 0.1, momentum = 0.5) },
    "Adam" to { p -> Adam(p, lr = 0.1, amsgrad = true) },
    "AdamW" to { p -> AdamW(p at 0.1) },
    "RMSprop" to { p -> RMSprop(p, momentum = 0.5, centered = true) },
    "Adagrad" to { p -> Adagrad(p at 0.3) },
    "Adadelta" to { p -> Adadelta(p, rho = 0.5, eps = 1e-2) },
    "Adamax" to { p -> Adamax(p, lr = 0.1) },
    "NAdam" to { p -> NAdam(p at 0.1) },
    "RAdam" to { p -> RAdam(p, lr = 0.1) },
    "ASGD" to { p -> ASGD(p, lr = 0.1) },
    "Rprop" to { p -> Rprop(p) },
    "LBFGS" to { p -> LBFGS(p, maxIter = 2, strongWolfe = true) },
  )

  for ((name, make) in all) "$name goes down" {
    val p = Parameter(tensor(listOf(3.0, -2.0)))
    val optimizer = make(listOf(p))
    val losses = List(60) { optimizer.step { valley(p) }.item() }
    losses.last() shouldBeLessThan losses.first() / 2
  }

  "and up, where it is asked to" {
    val p = Parameter(tensor(listOf(3.0)))
    val optimizer = Sgd(listOf(p), lr = 0.1, maximize = true)
    repeat(2) { optimizer.step { valley(p) } }
    p.item() shouldBe (1 + 2 * 1.2 * 1.2 plusOrMinus 1e-5)
  }

  "a group has hyper-parameters of its own" {
    val (a, b) = List(2) { Parameter(tensor(listOf(1.0))) }
    val optimizer = Sgd(listOf(a) at 0.1, (listOf(b) at 0.1).with(HyperParameter.WEIGHT_DECAY to 0), weightDecay = 1.0)
    optimizer.step { (a + b).sum() * 0 }
    a.item() shouldBe (0.9 plusOrMinus 1e-6)
    b.item() shouldBe 1.0
    shouldThrow<KtrainException> { Sgd((listOf(a) at 0.1).with(HyperParameter.RHO to 0.9)) }.message shouldContain
      "Sgd: a group sets rho, which Sgd does not have"
  }

  "schedules" {
    fun rate(schedule: Schedule, epoch: Int) = schedule.lr(1.0, Moment(epoch, 10, epoch, 10))
    rate(lambdaLr { 1.0 / (1 + it) }, 3) shouldBe 0.25
    rate(multiplicative { 0.5 }, 3) shouldBe 0.125
    rate(cyclic(baseLr = 0.0, maxLr = 2.0, stepSizeUp = 4), 2) shouldBe 1.0
    rate(sequentialLr(constantLr(0.5, 2), exponential(0.5), milestones = listOf(4)), 6) shouldBe 0.25
    rate(chained(constantLr(0.5, 2), exponential(0.5)), 1) shouldBe 0.25
    rate(swaLr(exponential(0.5), start = 2, lr = 0.05, annealEpochs = 1), 5) shouldBe (0.05 plusOrMinus 1e-12)
    val plateau = plateau(on = trainLoss, factor = 0.5, patience = 0)
    repeat(2) { plateau.plateau.observe(1.0) }
    rate(plateau, 0) shouldBe 0.5
  }

  "averages and clipping in a loop of one's own" {
    val model = linearModel()
    val (average, mean) = ema(model, decay = 0.5) to swa(model)
    val optimizer = Sgd(model.parameters(), lr = 1.0)
    repeat(2) {
      model.parameters().forEach { p -> p.grad = full(listOf(1, 1), 4.0) }
      clipGradNorm(model.parameters(), maxNorm = 2.0, normType = Double.POSITIVE_INFINITY).item() shouldBe 4.0
      clipGradValue(model.parameters(), 1.0)
      optimizer.step()
      average.update()
      mean.update()
    }
    val weight = model.parameters().single()
    weight.item() shouldBe -2.0
    average.with { weight.item() } shouldBe -1.5
    mean.with { weight.item() } shouldBe -1.5
  }
})

private fun linearModel() = Linear(1, 1, false).also { noGrad { it.weight.zero_() } }
