package io.ktrain.train

import io.ktrain.optim.Cyclic
import io.ktrain.optim.Moment
import io.ktrain.optim.Plateau
import io.ktrain.optim.Schedule
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive

/** How the schedules are replayed, by operation. */
internal val SCHEDULE_CASES: Map<String, Replay> = mapOf(
  "step" to schedule { Schedule.stepLr(int("step_size"), double("gamma")) },
  "multistep" to schedule { Schedule.multiStepLr(double("gamma"), *ints("milestones")) },
  "exponential" to schedule { Schedule.exponential(double("gamma")) },
  "cosine" to schedule { Schedule.cosineAnnealing(int("T_max"), double("eta_min")) },
  "cosine_restarts" to schedule { Schedule.cosineRestarts(int("T_0"), int("T_mult"), double("eta_min")) },
  "linear_warmup" to schedule {
    Schedule.linearWarmup(int("total_iters"), double("start_factor"), double("end_factor"))
  },
  "constant" to schedule { Schedule.constant(double("factor"), int("total_iters")) },
  "polynomial" to schedule { Schedule.polynomial(int("total_iters"), double("power")) },
  "onecycle" to schedule {
    Schedule.oneCycle(double("max_lr"), double("pct_start"), double("div_factor"), double("final_div_factor"))
  },
  "lambda" to schedule {
    check(text("lambda_", "") == "1/(1+e)")
    Schedule.lambda { epoch -> 1.0 / (1 + epoch) }
  },
  "multiplicative" to schedule { double("lambda_").let { factor -> Schedule.multiplicative { factor } } },
  "cyclic_triangular2" to schedule {
    check(text("mode", "") == "triangular2")
    val up = int("step_size_up")
    Schedule.cyclic(double("base"), double("max"), up, up, Cyclic.Mode.TRIANGULAR2, 1.0, true)
  },
  "plateau" to schedule {
    check(text("threshold_mode", "") == "rel")
    val smaller = text("mode", "") == "min"
    Plateau(smaller, double("factor"), int("patience"), double("threshold"), true, int("cooldown"), 0.0)
  },
  "sequential" to schedule { Schedule.sequential(written(), *ints("milestones")) },
  "chained" to schedule { Schedule.chained(*written().toTypedArray()) },
)

/** The schedules of a case as PyTorch writes them: `LinearLR(.1,1,3)`. */
private fun GoldenCase.written(): List<Schedule> = params.getValue("schedulers").jsonArray.map {
  val text = it.jsonPrimitive.content
  val numbers = text.substringAfter('(').removeSuffix(")").split(',').map(String::toDouble)
  when (text.substringBefore('(')) {
    "LinearLR" -> Schedule.linearWarmup(numbers[2].toInt(), numbers[0], numbers[1])
    "ConstantLR" -> Schedule.constant(numbers[0], numbers[1].toInt())
    "ExponentialLR" -> Schedule.exponential(numbers[0])
    else -> throw AssertionError("$name: nothing replays $text")
  }
}

private fun schedule(make: GoldenCase.() -> Schedule): Replay = {
  val schedule = make()
  val base = double("base_lr")
  val n = outputs.getValue("lr_per_step").jsonArray.size
  val steps = if (has("total_steps")) int("total_steps") else n
  val metrics = if (has("metrics")) numbers("metrics") else null
  val moments = List(n) { Moment(it, steps, it, steps) }
  val rates = moments.map { at ->
    schedule.lr(base, at).also { metrics?.let { (schedule as Plateau).observe(it[at.epoch]) } }
  }
  Replayed(mapOf("lr_per_step" to rates, "momentum_per_step" to moments.map { schedule.momentum(it) }))
}
