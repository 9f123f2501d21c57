#!/usr/bin/env bash
# Runs a command on the virtual Pi: a User Mode Linux kernel over this machine's own file system (read only), with a GPIO chip
# that is labelled as a Pi's. The command's exit code is this script's; 99: the virtual Pi did not come that far.
# usage: run.sh COMMAND [ARGUMENT...]      run.sh --which: prints the kernel's path
#   LINKPULSE_UML      the kernel; else the one that build-kernel.sh made, else the prebuilt one of LINKPULSE_SHARED
#   VIRTUAL_PI_SECONDS limit of the whole run, 300 unless told
#   VIRTUAL_PI_OUT     a folder that the command may write to (the rest is read only)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -gt 0 ] || { sed -n '2,8s/^# //p' "$0" >&2; exit 4; }

for kernel in "${LINKPULSE_UML:-}" "${XDG_CACHE_HOME:-$HOME/.cache}/linkpulse-virtual-pi/linux-um" \
  "${LINKPULSE_SHARED:-$root/../shared}/uml/linux-um"; do
  [ -x "$kernel" ] && break
  kernel=
done
if [ -z "$kernel" ]; then
  echo "no kernel for the virtual Pi: build one with $here/build-kernel.sh, or name one in LINKPULSE_UML" >&2
  exit 99
fi

if [ "$1" = --which ]; then echo "$kernel"; exit 0; fi

job=$(mktemp -d)
trap 'rm -rf "$job"' EXIT
out=${VIRTUAL_PI_OUT:-$job/out}
mkdir -p "$out"
{
  printf 'cd %q || exit\n' "$PWD"
  # What a test asks the environment for; the rest of it stays outside.
  for name in PATH LANG NODE_OPTIONS NO_COLOR ${!LINKPULSE_*}; do
    [ -n "${!name+set}" ] && printf 'export %s=%q\n' "$name" "${!name}"
  done
  printf '%q ' "$@"
  printf '\n'
} > "$job/command"
printf '%s\n' "$out" > "$job/out-folder"

timeout --kill-after=10 "${VIRTUAL_PI_SECONDS:-300}" "$kernel" mem="${VIRTUAL_PI_MEMORY:-1G}" \
  rootfstype=hostfs rootflags=/ ro init="$here/init.sh" linkpulse_job="$job" \
  con=null con0=null,fd:1 quiet </dev/null 2>/dev/null |
  grep --line-buffered -vE "^(Failed to initialize ubd device|sysrq: Power Off|reboot: Power down)"
status=$(cat "$job/status" 2>/dev/null) || {
  echo "the virtual Pi ended before the command did (kernel $kernel)." >&2
  echo "A prebuilt kernel dies with \"ptrace set fp regs failed\" on processors younger than it: $here/build-kernel.sh makes one that does not." >&2
  status=99
}
exit "$status"
