#!/usr/bin/env bash
# prepare.sh FOLDER BROKER STATION...: what the broker and its clients need in files: a certificate authority, the broker's
# certificate (BROKER: its name or address as clients reach it), a password for each station, for collector, central and plans, and
# for the roles of the database. What is there already is left, so that stations can be added later.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4s/^# //p' "$0"; exit 4; }
folder=$1 broker=$2
shift 2
users=(linkpulse-collector linkpulse-central linkpulse-plans "$@")
for station in "$@"; do
  [[ $station =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ ]] || { echo "no name of a station: $station"; exit 4; }
done
umask 077
mkdir -p "$folder/broker" "$folder/secrets"
chmod 700 "$folder"
cd "$folder"

if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 -subj '/CN=Linkpulse fleet' \
    -keyout ca.key -out secrets/ca.crt 2>/dev/null
  echo "made ca.key (keep it off the broker) and secrets/ca.crt (for every client)"
fi
if [ ! -e broker/broker.key ]; then
  kind=DNS
  [[ $broker =~ ^[0-9.]+$|: ]] && kind=IP
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$broker" -keyout broker/broker.key -out broker.csr 2>/dev/null
  openssl x509 -req -in broker.csr -CA secrets/ca.crt -CAkey ca.key -CAcreateserial -CAserial ca.srl -days 1825 -out broker/broker.crt \
    -extfile <(echo "subjectAltName=$kind:$broker") 2>/dev/null
  rm broker.csr
  echo "made broker/broker.crt for $broker, good for 5 years"
fi

password() { [ -e "secrets/$1" ] || openssl rand -hex 24 > "secrets/$1"; }
for role in database-admin database-owner database-collector database-central; do password "$role"; done
for user in "${users[@]}"; do
  password "$user"
  printf '%s:%s\n' "$user" "$(cat "secrets/$user")"
done > broker/passwords.new
mosquitto_passwd=(mosquitto_passwd)
command -v mosquitto_passwd > /dev/null || mosquitto_passwd=(docker run --rm -v "$PWD/broker:$PWD/broker" eclipse-mosquitto:2.0.21 mosquitto_passwd)
"${mosquitto_passwd[@]}" -U "$PWD/broker/passwords.new"
# Users of earlier calls stay.
touch broker/passwords
awk -F: 'NR == FNR { made[$1]; next } !($1 in made)' broker/passwords.new broker/passwords > broker/passwords.kept
cat broker/passwords.kept >> broker/passwords.new
rm broker/passwords.kept
mv broker/passwords.new broker/passwords
# Nobody passes the folder itself; in containers other users read what is inside.
chmod -R u=rwX,go=rX broker secrets
echo "broker/ is for the broker; secrets/NAME is the password of NAME"
