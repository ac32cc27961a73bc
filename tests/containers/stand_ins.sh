#!/bin/sh
# The images that docker/Dockerfile and the compose files begin with, made of Debian's packages: to try them where no
# registry of images can be reached. Nothing to serve with: Redis, nginx and Prometheus are Debian's, of other versions.
# Needs root, docker and debootstrap; takes three minutes. There is none of Grafana.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$folder/root" >"$folder/log" || {
    cat "$folder/log" >&2
    exit 1
}
ln -s ../../bin/python3 "$folder/root/usr/local/bin/python"
# whom this host trusts, for hosts that reach the package index through a proxy of their own
certificates=etc/ssl/certs/ca-certificates.crt
cp "/$certificates" "$folder/root/$certificates"
tar -C "$folder/root" -c . |
    docker import --change "ENV PIP_CERT=/$certificates" - python:3.11-slim-bookworm

docker build --tag twinshot-stand-in - <<'END'
FROM python:3.11-slim-bookworm
RUN apt-get update -q && apt-get install -y -q --no-install-recommends nginx-light prometheus redis-server wget
CMD ["sh"]
END
for name in nginx:1.28-alpine prom/prometheus:v3.5.0 redis:7-alpine; do
    docker tag twinshot-stand-in "$name"
done
