#!/bin/sh
# Generates the Go of the contract's network service into gen/, with the plugins that go.mod pins.
# Needs Go, and a Python with grpcio-tools and googleapis-common-protos ($PYTHON, else python3).
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
proto=../../proto
googleapis=$("$python" -c 'import google.api, pathlib; print(pathlib.Path(next(iter(google.api.__path__))).parents[1])')
find gen -mindepth 1 ! -name go.mod -delete
"$python" -m grpc_tools.protoc "-I$proto" "-I$googleapis" \
  "--plugin=protoc-gen-go=$(go tool -n protoc-gen-go)" --go_out=gen --go_opt=module=mopenstack.dev/go \
  "--plugin=protoc-gen-go-grpc=$(go tool -n protoc-gen-go-grpc)" --go-grpc_out=gen --go-grpc_opt=module=mopenstack.dev/go \
  $(cd "$proto" && find mopenstack/contract mopenstack/network -name '*.proto')
