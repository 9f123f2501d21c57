#!/bin/bash
# The first process on the virtual Pi (run.sh): mounts what a Pi has, makes its GPIO chip, runs the command, powers off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
job=$(sed -n 's/.*linkpulse_job=\([^ ]*\).*/\1/p' /proc/cmdline)
mount -t sysfs sysfs /sys
mount -t configfs configfs /sys/kernel/config
mount -t debugfs debugfs /sys/kernel/debug
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=0666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
# The two folders of the machine outside that may be written to.
for folder in "$job" "$(cat "$job/out-folder")"; do mount -t hostfs -o "$folder" hostfs "$folder"; done
export HOME=/dev/shm TMPDIR=/dev/shm LINKPULSE_VIRTUAL_PI=1
ip link set lo up

# 54 lines, as a Pi 3 has them.
chip=/sys/kernel/config/gpio-sim/pi
mkdir -p "$chip/bank"
echo 54 > "$chip/bank/num_lines"
echo pinctrl-bcm2835 > "$chip/bank/label"
echo 1 > "$chip/live"

# Through a pipe: the console is a terminal, and nobody sits at it.
bash "$job/command" 2>&1 | cat
echo "${PIPESTATUS[0]}" > "$job/status"
sync
echo o > /proc/sysrq-trigger
sleep 10
