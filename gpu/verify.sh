#!/usr/bin/env bash
# Verifies ktrain on a GPU, beside PyTorch where python3 has it, and prints one table.
#
#   gpu/verify.sh [SECTION...]      ops golden losses mnist memory ceilings speed sanitizer; all if none is named
#
# Runs from a checkout (building what is missing) or from what gpu/pack.sh packed. The table and the programs' output
# are written to $OUT (gpu/results). Exits with 1 if something computed is wrong, with 2 if there is no GPU to verify.
#   SMALL=1         tiny shapes, to try the script itself, on the stand-in driver for example
#   BUDGET=seconds  for each section, instead of its own
#   PYTHON, PEER_DEVICE     PyTorch's interpreter (python3) and device (cuda)
#   KTRAIN_DATA     the folder with mnist/
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
all='ops golden losses mnist memory ceilings speed sanitizer'
out=${OUT:-$here/results}
python=${PYTHON:-python3}
peer_device=${PEER_DEVICE:-cuda}
small=${SMALL:-}
export SMALL=$small

fail() { echo "verify: $*" >&2; exit 2; }

for section in "$@"; do
  case " $all " in *" $section "*) ;; *) fail "there is no section $section; there are $all." ;; esac
done

# --- Java and the class path ---

if [ -x "$here/jre/bin/java" ]; then
  checkout=
  java=$here/jre/bin/java
  lib=$here/lib
  [ ! -d "$here/data/mnist" ] || export KTRAIN_DATA=$here/data
else
  checkout=$(cd "$here/.." && pwd)
  lib=$checkout/bench/target/gpu
  "$here/build.sh" || fail 'the build failed.'
  for jdk in "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
    if grep -qs '^JAVA_VERSION="25' "$jdk/release"; then java=$jdk/bin/java; break; fi
  done
  [ -n "${java:-}" ] || fail 'found no JDK 25. Fix: set JAVA_HOME to one.'
fi

# --- NVIDIA's libraries: those in Python packages too ---

if [ -z "${KTRAIN_CUDA_LIBRARIES:-}" ] && command -v "$python" > /dev/null; then
  KTRAIN_CUDA_LIBRARIES=$("$python" -c '
import glob, os, sys
print(":".join(p for root in sys.path for p in sorted(glob.glob(os.path.join(root, "nvidia", "*", "lib")))))')
fi
export KTRAIN_CUDA_LIBRARIES=${KTRAIN_CUDA_LIBRARIES:-}
PATH=$PATH:/usr/local/cuda/bin

ktrain() { # a Java program, with cuDNN's and NVRTC's further libraries where these look for them
  LD_LIBRARY_PATH=$KTRAIN_CUDA_LIBRARIES${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "${wrap[@]}" "$java" \
    --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -cp "$lib/*" "$@"
}
wrap=(env)

# --- what is written down ---

mkdir -p "$out" || exit 2
stamp=$(date -u +%Y-%m-%d-%H%M%S)
log=$out/verify-$stamp.log
table=$out/verify-$stamp.txt
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
export TZ=UTC

row() { local IFS=$'\t'; printf '%s\n' "$*" >> "$rows"; } # CHECK name figure limit ok|WRONG, or SKIPPED name reason
take() { tee -a "$log" | grep -E $'^(CHECK|FIGURE|PEER|SKIPPED)\t' >> "$rows"; } # the rows of a program's output
left() { echo $((deadline - SECONDS > 0 ? deadline - SECONDS : 0)); }

run() { # name, command...: within the section's time; what goes wrong becomes a row
  local name=$1 limit code from why
  shift
  limit=$(left)
  if [ "$limit" = 0 ]; then row SKIPPED "$name" "no time left of the section's $budget s"; return 1; fi
  printf '\n$ %s\n' "$name: $*" >> "$log"
  from=$(($(wc -c < "$log") + 1))
  wrap=(timeout -k 5 "$limit")
  "$@" 2>> "$log" | take
  code=${PIPESTATUS[0]}
  wrap=(env)
  case $code in
    0) ;;
    124 | 137) row SKIPPED "$name" "it ran past the section's $budget s" ;;
    *)
      why=$(tail -c "+$from" "$log" | grep -m 1 -E '^(Exception|[A-Za-z]*Error)')
      row CHECK "$name" "ended with $code, see the log${why:+: ${why:0:110}}" '-' WRONG
      ;;
  esac
  return "$code"
}

# --- tests, through JUnit's console ---

tests() { # name, "limit", arguments of JUnit's console...
  local name=$1 what=$2 said passed failed errors code text verdict=ok
  shift 2
  if [ "$(left)" = 0 ]; then row SKIPPED "$name" "no time left of the section's $budget s"; return; fi
  wrap=(timeout -k 5 "$(left)" "${prefix[@]}")
  text=$(ktrain org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors \
    --details=testfeed --exclude-tag=standin "$@" 2>&1)
  code=$?
  wrap=(env)
  printf '\n$ %s\n%s\n' "$name: $*" "$text" >> "$log"
  if [ $code = 124 ] || [ $code = 137 ]; then
    failed=$(grep -c ':: FAILED$' <<< "$text")
    if [ "$failed" = 0 ]; then row SKIPPED "$name" "it ran past the section's $budget s"
    else row CHECK "$name" "$failed failed before the section's $budget s ran out" "$what" WRONG; fi
    return
  fi
  passed=$(sed -n 's/^\[ *\([0-9]*\) tests successful.*/\1/p' <<< "$text")
  failed=$(sed -n 's/^\[ *\([0-9]*\) tests failed.*/\1/p' <<< "$text")
  said=$(grep -oE '[0-9]+ passed, [0-9]+ failed, [0-9]+ unsupported' <<< "$text")
  errors=$(sed -nE 's/.*(ERROR|RACECHECK) SUMMARY: ([0-9]+ (error|hazard)).*/\2/p' <<< "$text" | tail -n 1)
  if [ -z "$passed" ]; then
    row CHECK "$name" "ended with $code before its tests did, see the log" "$what" WRONG
    return
  fi
  [ "${failed:-0}" = 0 ] && [ "$passed" != 0 ] && [ $code = 0 ] || verdict=WRONG
  [ -z "$errors" ] || [ "${errors%% *}" = 0 ] || verdict=WRONG
  said=${said:-$passed passed, ${failed:-?} failed}
  row CHECK "$name" "$said${errors:+; ${errors}s}" "$what" $verdict
}
prefix=()

by_op() { # name, "limit": the op table's tests, in several processes since most of their time goes to compiling
  local ops
  if [ "$(nproc)" -lt 8 ]; then tests "$1" "$2" --select-class=$op_tests; return; fi
  for ops in '[ab]' '[c]' '[d-f]' '[g-k]' '[l]' '[m-p]' '[rt-z]' '[s]'; do
    KTRAIN_TEST_OPS="$ops.*" tests "$1 $ops" "$2" --select-class=$op_tests &
  done
  wait
}
op_tests=io.ktrain.op.CudaOpsTest

ops() {
  tests kernels 'the CPU' --select-package=io.ktrain.cuda --include-classname='.*(Kernels|Cublas)Test'
  tests kernels.shapes 'the CPU' --select-package=io.ktrain.op --include-classname='.*\.Cuda.*Test' \
    --exclude-classname=$op_tests
  by_op ops 'the CPU'
}

golden() {
  KTRAIN_TEST_DEVICE=cuda tests golden "PyTorch's own numbers" --select-method='io.ktrain.train.GoldenReplayTest#replay'
}

losses() {
  run losses ktrain io.ktrain.bench.Losses
}

mnist() {
  if [ ! -d "${KTRAIN_DATA:-}/mnist" ]; then row SKIPPED mnist 'no mnist/ in KTRAIN_DATA'; return; fi
  run mnist ktrain io.ktrain.bench.Mnist
  if [ -z "$checkout" ]; then row SKIPPED mnist.script 'only in a checkout, which has the Kotlin compiler'; return; fi
  if [ -n "$small" ]; then row SKIPPED mnist.script 'SMALL'; return; fi
  script() {
    "${wrap[@]}" "$checkout/ktrain" run "$checkout/examples/mnist.ktrain.kts" --device cuda --epochs 2 --plain |
      awk '{ print } /^test accuracy: / {
        printf "CHECK\tmnist.script\t%s\t>= 0.985\t%s\n", $3, $3 >= 0.985 ? "ok" : "WRONG" }'
  }
  run mnist.script script
}

memory() {
  run memory ktrain io.ktrain.bench.Memory
}

has_torch() {
  "$python" -c 'import sys, torch
sys.exit(sys.argv[1] == "cuda" and not torch.cuda.is_available())' "$peer_device" 2> /dev/null
}

ceilings() {
  local plain='copy.f32 add.f32 add.bf16 gelu.f32 gelu.bf16 sum.f32 softmax.f32 layerNorm.f32 adamw.f32
    gemm.f32 gemm.bf16 launch.inPlace launch.new launches200.eager read.scalar upload.pinned'
  run ceilings ktrain io.ktrain.bench.Ceilings $plain
  KTRAIN_TF32=on run ceilings.tf32 ktrain io.ktrain.bench.Ceilings gemm.tf32
  KTRAIN_CUDA_GRAPHS=on run ceilings.graph ktrain io.ktrain.bench.Ceilings launches200.graph
  if ! has_torch; then row SKIPPED ceilings "no peer: $python has no torch with $peer_device"; return; fi
  torch() { "${wrap[@]}" "$python" "$here/peers/torch_ceilings.py" --device "$peer_device" "$@"; }
  run ceilings.torch torch $plain gemm.tf32 launches200.graph
}

speed() {
  local pause='--warm 3 --blocks 10 --secs 0.2' asked workload precision dtype tf32 line peer= steps
  [ -z "$small" ] || pause='--warm 0.1 --blocks 2 --secs 0.01'
  if has_torch; then
    coproc PEER { exec "$python" "$here/peers/torch_steps.py" --device "$peer_device" 2>> "$log"; }
    peer=$PEER_PID
    exec 8<&"${PEER[0]}" 9>&"${PEER[1]}"
  else
    row SKIPPED speed "no peer: $python has no torch with $peer_device"
  fi
  # ktrain and its peer in turn; the peer's process stays, since it takes long to start
  for asked in W1.f32 W2.f32 W6.f32 linear4096.{f32,tf32,bf16} resnet50.{bf16,tf32,f32}; do
    workload=${asked%.*} precision=${asked#*.} dtype=f32 tf32=off
    case $precision in tf32) tf32=on ;; bf16) dtype=bf16 ;; esac
    steps() { # KTRAIN_CUDA_GRAPHS, what the table says of it
      KTRAIN_CUDA_GRAPHS=$1 KTRAIN_TF32=$tf32 \
        ktrain io.ktrain.bench.Workload "$workload" --device cuda --dtype $dtype $pause |
        sed "s/.* step_ms=\([0-9.]*\).* mflop=.*/&\nFIGURE\t$asked\t\1\tms\t$2/"
    }
    run "$asked" steps off ''
    case $workload in W*) run "$asked graphs" steps on ' graphs' ;; esac # all launches
    [ -n "$peer" ] || continue
    [ "$(left)" != 0 ] || continue
    echo "$workload $precision" >&9
    while :; do
      if ! IFS= read -r -t "$(left)" -u 8 line; then
        row SKIPPED "$asked" "torch: no answer in the section's $budget s"
        kill "$peer" 2> /dev/null
        peer=
        break
      fi
      [ "$line" != DONE ] || break
      take <<< "$line"
    done
  done
  exec 8<&- 9>&-
  [ -z "$peer" ] || kill "$peer"
}

sanitizer() {
  if ! command -v compute-sanitizer > /dev/null; then row SKIPPED sanitizer 'there is no compute-sanitizer'; return; fi
  export KTRAIN_CUDA_CACHING=off
  prefix=(compute-sanitizer --tool memcheck --report-api-errors no --error-exitcode 86 --print-limit 20
    --target-processes all)
  by_op memcheck '0 errors'
  # kernels whose threads share memory
  KTRAIN_TEST_OPS='sum|mean|max|argmax|softmax|logSoftmax|layerNorm|batchNorm|crossEntropy|mm|bmm|linear|conv2d'
  export KTRAIN_TEST_OPS="$KTRAIN_TEST_OPS|maxPool2d|sort|topk|cumsum|embedding|totalNorm"
  prefix[2]=racecheck
  tests racecheck '0 hazards' --select-class=$op_tests
  unset KTRAIN_TEST_OPS KTRAIN_CUDA_CACHING
  prefix=()
}

# --- run ---

what=$(ktrain io.ktrain.bench.Machine 2>> "$log") || fail "there is nothing to verify: $what"
{
  date '+%F %H:%M UTC'
  printf '%s\n' "$what"
  command -v nvidia-smi > /dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
  [ -z "$small" ] || echo 'SMALL: the figures mean nothing.'
} > "$table"
cat "$table" >> "$log"

declare -A budgets=([ops]=300 [golden]=60 [losses]=60 [mnist]=180 [memory]=90 [ceilings]=150)
budgets+=([speed]=540 [sanitizer]=540)
for section in ${*:-$all}; do
  budget=${BUDGET:-${budgets[$section]}}
  deadline=$((SECONDS + budget))
  begun=$SECONDS
  echo "verify: $section (at most $budget s) ..." >&2
  "$section"
  echo "verify: $section took $((SECONDS - begun)) s" | tee -a "$log" >&2
done

awk -F'\t' '
  function line(name, figure, limit, ratio, verdict) {
    printf "%-18s %-44s %-28s %6s  %s\n", name, figure, limit, ratio, verdict
  }
  # how many times as fast as the peer
  function ratio(value, peer, unit) { return sprintf("%.2f", unit ~ /^(ms|us)$/ ? peer / value : value / peer) }
  BEGIN { line("", "ktrain", "limit or peer", "ratio", "") }
  { rows[NR] = $0 }
  $1 == "PEER" { peers[$2] = peers[$2] NR " " }
  $1 == "FIGURE" { figures[$2] = 1 }
  END {
    for (i = 1; i <= NR; i++) {
      n = split(rows[i], f, "\t")
      if (f[1] == "CHECK") line(f[2], f[3], f[4], "", f[5])
      else if (f[1] == "SKIPPED") line(f[2], "", "", "", "skipped: " f[3])
      else if (f[1] == "PEER" && !(f[2] in figures)) line(f[2], "", f[5] " " f[3] " " f[4], "", "")
      else if (f[1] == "FIGURE") {
        if (!(f[2] in peers)) line(f[2] f[5], f[3] " " f[4], "", "", "")
        k = split(peers[f[2]], at, " ")
        for (j = 1; j <= k; j++) {
          split(rows[at[j]], p, "\t")
          line(f[2] f[5], f[3] " " f[4], p[5] " " p[3] " " p[4], ratio(f[3], p[3], f[4]), "")
        }
      }
    }
  }' "$rows" >> "$table"
cat "$table"
if grep -q $'^CHECK\t.*\tWRONG$' "$rows"; then
  # JUnit's summary names a test, then says what was wrong
  grep -E '^ +(JUnit Jupiter:|=> )' "$log" | cut -c 1-300 | head -n 40
  exit 1
fi
