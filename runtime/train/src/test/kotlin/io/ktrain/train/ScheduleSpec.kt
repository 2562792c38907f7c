package io.ktrain.train

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.doubles.plusOrMinus
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.ktrain.nn.Linear
import io.ktrain.optim.Moment
import io.ktrain.optim.ParamGroup
import io.ktrain.optim.Schedule
import io.ktrain.optim.Sgd
import io.ktrain.tensor.KtrainException

/** Rates of PyTorch's schedulers with a base of 0.1, one a call of step(). */
private class PyTorch(val name: String, val schedule: Schedule, val rates: List<Double>)

class ScheduleSpec : StringSpec({
  val all = listOf(
    PyTorch("lr_step", Schedule.stepLr(3, 0.5),
      listOf(0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.0125)),
    PyTorch("lr_multistep", Schedule.multiStepLr(0.1, 2, 5, 5, 9),
      listOf(0.1, 0.1, 0.01, 0.01, 0.01, 0.00010000000000000005, 0.00010000000000000005, 0.00010000000000000005, 0.00010000000000000005, 1.0000000000000006e-05, 1.0000000000000006e-05, 1.0000000000000006e-05)),
    PyTorch("lr_exponential", Schedule.exponential(0.9),
      listOf(0.1, 0.09, 0.081, 0.0729, 0.06561, 0.059049, 0.0531441, 0.04782969, 0.043046721, 0.0387420489, 0.03486784401, 0.031381059609)),
    PyTorch("lr_cosine", Schedule.cosineAnnealing(5, 0.001),
      listOf(0.1, 0.090546341222, 0.065796341222, 0.035203658778, 0.010453658778, 0.001, 0.010453658778, 0.035203658778, 0.065796341222, 0.090546341222, 0.1, 0.090546341222)),
    PyTorch("lr_cosine_restarts", Schedule.cosineRestarts(3, 2, 0.001),
      listOf(0.1, 0.07525, 0.02575, 0.1, 0.093368257487, 0.07525, 0.0505, 0.02575, 0.007631742513, 0.1, 0.098313328401, 0.093368257487)),
    PyTorch("lr_linear_warmup", Schedule.linearWarmup(4, 0.25, 1.0),
      listOf(0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)),
    PyTorch("lr_constant", Schedule.constant(0.5, 3),
      listOf(0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)),
    PyTorch("lr_polynomial", Schedule.polynomial(6, 2.0),
      listOf(0.1, 0.069444444444, 0.044444444444, 0.025, 0.011111111111, 0.002777777778, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    PyTorch("lr_lambda", Schedule.lambda { epoch -> 1.0 / (1 + epoch) },
      listOf(0.1, 0.05, 0.033333333333, 0.025, 0.02, 0.016666666667, 0.014285714286, 0.0125, 0.011111111111, 0.01, 0.009090909091, 0.008333333333)),
    PyTorch("lr_onecycle", Schedule.oneCycle(0.5),
      listOf(0.02, 0.17489482711, 0.439642579561, 0.497207717725, 0.466506484921, 0.405872826975, 0.323689498848, 0.231318551333, 0.141530499104, 0.066738765094, 0.017283493713)),
  )

  for (case in all) "${case.name} is PyTorch's" {
    case.rates.forEachIndexed { at, rate ->
      withClue("step $at") { case.schedule.lr(0.1, Moment(at, 12, at, 12)) shouldBe (rate plusOrMinus rate * 1e-7 + 1e-12) }
    }
  }

  "one-cycle moves the momentum as PyTorch does" {
    val expected = listOf(0.95, 0.917730244352, 0.862574462591, 0.850558458689, 0.856698729811, 0.868825509907, 0.885262241279, 0.903736504679, 0.921694186956, 0.936652593591, 0.946543687432)
    val schedule = Schedule.oneCycle(0.5)
    expected.forEachIndexed { at, momentum -> schedule.momentum(Moment(at, 12, at, 12)) shouldBe (momentum plusOrMinus 1e-9) }
  }

  "cosine rises over its warm-up and falls to etaMin" {
    val schedule = Schedule.cosine(0.1, 0.01)
    val rates = List(100) { schedule.lr(1.0, Moment(it, 100, 0, 100)) }
    rates.take(10) shouldBe List(10) { (it + 1) / 10.0 }
    rates[10] shouldBe 1.0
    rates[55] shouldBe (0.505 plusOrMinus 1e-9)
    rates.drop(10).zipWithNext().all { (a, b) -> a > b } shouldBe true
    schedule.lr(1.0, Moment(100, 100, 0, 100)) shouldBe (0.01 plusOrMinus 1e-12)
  }

  "groups keep their own base" {
    val a = Linear(1, 1)
    val b = Linear(1, 1)
    val optimizer = Sgd(listOf(ParamGroup(a.parameters()), ParamGroup(b.parameters(), 0.5)), 0.1, 0.9, 0.0, 0.0, false, false)
    Schedule.stepLr(1, 0.1).apply(optimizer, Moment(2, 10, 2, 10))
    optimizer.groups.zip(listOf(0.001, 0.005)).forEach { (group, lr) -> group.lr shouldBe (lr plusOrMinus 1e-15) }
  }

  "wrong settings are refused" {
    shouldThrow<KtrainException> { Schedule.cosine(1.0, 0.0) }.message shouldContain "warmup is a part of the run"
    shouldThrow<KtrainException> { Schedule.stepLr(0, 0.1) }.message shouldContain "stepSize must be at least 1"
    shouldThrow<KtrainException> { Schedule.oneCycle(0.1, 2.0, 25.0, 1e4) }.message shouldContain "pctStart"
  }
})
