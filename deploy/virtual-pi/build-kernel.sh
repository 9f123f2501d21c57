#!/usr/bin/env bash
# Builds the virtual Pi's kernel, a User Mode Linux, from Debian 12's kernel sources: some 6 minutes on 2 idle cores.
# usage: build-kernel.sh [FOLDER]    leaves FOLDER/linux-um, where run.sh looks for it (default: the user's cache)
# Needs: apt-get install --no-install-recommends linux-source-6.1 build-essential flex bison bc libelf-dev xz-utils
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/linkpulse-virtual-pi}
mkdir -p "$folder/build"
cd "$folder"

[ -d linux-source-6.1 ] || tar -xf /usr/src/linux-source-6.1.tar.xz

# User Mode Linux has 64 interrupts and uses them all; each line of the simulated chip wants one for its edges.
irqs=linux-source-6.1/arch/um/include/asm/irq.h
grep -q 'UM_LAST_SIGNAL_IRQ + 256' "$irqs" ||
  sed -i 's/^#define NR_IRQS[[:space:]]*UM_LAST_SIGNAL_IRQ$/#define NR_IRQS (UM_LAST_SIGNAL_IRQ + 256)/' "$irqs"
grep -q 'UM_LAST_SIGNAL_IRQ + 256' "$irqs" || { echo "$irqs is not as this recipe knows it" >&2; exit 1; }

# A processor with more state than its sources know (AMX: 11,008 bytes) refuses to have less than all of it restored, and init dies:
# "ptrace set fp regs failed". Room for it, also on the stack, where a copy lies.
registers=linux-source-6.1/arch/x86/um/user-offsets.c
grep -q 'DEFINE_LONGS(HOST_FP_SIZE, 12288);' "$registers" ||
  sed -i 's/DEFINE_LONGS(HOST_FP_SIZE, 2696);/DEFINE_LONGS(HOST_FP_SIZE, 12288);/' "$registers"
grep -q 'DEFINE_LONGS(HOST_FP_SIZE, 12288);' "$registers" || { echo "$registers is not as this recipe knows it" >&2; exit 1; }

kernel() { make -s -C linux-source-6.1 ARCH=um O="$folder/build" "$@"; }
kernel defconfig
cat "$here/kernel.config" >> build/.config
kernel olddefconfig
# A misspelt or renamed option would be dropped without a word.
missing=0
while read -r line; do
  case $line in CONFIG_*) grep -qx "$line" build/.config || { echo "not taken: $line" >&2; missing=1; } ;; esac
done < "$here/kernel.config"
[ "$missing" -eq 0 ]
kernel -j"$(nproc)" linux
strip -o linux-um build/linux
echo "$folder/linux-um"
