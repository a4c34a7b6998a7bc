#!/bin/sh
# A trainer for the tests: does what `provenance.scenario` of its specification says.
while [ $# -gt 0 ]; do
  case $1 in --spec) spec=$2; shift ;; esac
  shift
done
scenario=$(sed -n 's/.*"scenario": *"\([a-z_]*\)".*/\1/p' "$spec")
seq=0
emit() {
  seq=$((seq + 1))
  printf '{"seq":%d,"at":"2025-01-01T00:00:00Z","elapsedSeconds":%d.0,%s}\n' $seq $seq "$1"
}
log() { emit "\"type\":\"log\",\"level\":\"info\",\"message\":\"$1\""; }
until_stdin_closes() {
  exec 3<&0
  cat <&3 >/dev/null 2>&1 &
  wait $!
}
emit '"type":"started","version":"1","device":"cpu","threads":1'
case $scenario in
  complete)
    echo "a warning on the error output" >&2
    emit '"type":"complete","artifacts":[],"path":"adapter","summary":{"totalEpochs":1,"totalSteps":1,"seconds":1.0,"trainExamples":1,"validationExamples":0}'
    ;;
  die)
    log 'before the end'
    i=0
    while [ $i -lt 80 ]; do i=$((i + 1)); echo "line $i" >&2; done
    exit 3
    ;;
  killed) kill -9 $$ ;;
  hang)
    trap '' TERM
    log 'cannot be stopped'
    while :; do sleep 0.1; done
    ;;
  wait)
    trap 'emit "\"type\":\"stopped\",\"step\":7,\"checkpointSaved\":true"; exit 0' TERM
    log 'waiting'
    until_stdin_closes
    emit '"type":"stopped","step":8,"checkpointSaved":true'
    ;;
  garbage)
    echo 'not json'
    echo '{"seq":2}'
    log 'a'
    printf '{"seq":2,"at":"2025-01-01T00:00:00Z","elapsedSeconds":2.0,"type":"log","level":"info","message":"twice"}\n'
    head -c 3000000 /dev/zero | tr '\0' x
    echo
    log 'b'
    printf '{"seq":99'
    ;;
esac
