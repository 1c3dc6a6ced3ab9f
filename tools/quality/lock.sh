#!/usr/bin/env bash
# Write the hash-pinned requirement files (make lock), or say whether they are fresh (--check, no network).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec .venv/bin/python -m tools.quality.lock "$@"
