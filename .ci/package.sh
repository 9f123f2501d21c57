#!/usr/bin/env bash
# The package as its user takes it: packed here, installed into an empty folder without development and optional
# packages (no compiler is called), then `demo` must pass and `doctor` must answer. As an ordinary user where we are root.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
npm pack --silent --pack-destination "$home" > /dev/null
as_user=()
if [ "$(id -u)" -eq 0 ]; then
  chown -R 65534:65534 "$home"
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
cd "$home"
HOME=$home "${as_user[@]}" bash -euo pipefail -c '
  echo "{ \"private\": true }" > package.json
  npm install --silent --no-audit --no-fund --omit=dev --omit=optional ./linkpulse-*.tgz
  du -sh node_modules | cut -f1
  npx --no-install linkpulse demo
  ls -d runs/*/report.html > /dev/null
  node --input-type=module -e "
    const { startSimulatedBoard } = await import(\"linkpulse/testing\");
    const board = await startSimulatedBoard();
    console.log(\"linkpulse/testing:\", (await (await board.injector()).identify()).serial);
    await board.close();
    process.exit();"
  npx --no-install linkpulse doctor || [ $? -eq 5 ]
  (npx --no-install linkpulse records ls 2>&1 || true) | grep INDEX_UNAVAILABLE'
