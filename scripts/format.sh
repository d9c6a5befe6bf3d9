#!/usr/bin/env bash
# scripts/format.sh {check|write}: clang-format over every C++ file of ours.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(find src tests fuzz bench cmake -name '*.cpp' -o -name '*.hpp' | sort)
case "${1:-}" in
  check)
    mapfile -t bad < <(printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 32 \
      clang-format-19 --style=file --dry-run --Werror 2>&1 |
      sed -nE 's/^([^ :]+):[0-9]+:[0-9]+: error: code should be clang-formatted.*/\1/p' | sort -u)
    for file in "${bad[@]}"; do
      echo "not formatted (make format mends it): $file"
    done
    echo "format: $((${#files[@]} - ${#bad[@]})) files formatted, ${#bad[@]} not"
    [ "${#bad[@]}" -eq 0 ]
    ;;
  write) clang-format-19 --style=file -i "${files[@]}" ;;
  *)
    echo "usage: scripts/format.sh {check|write}" >&2
    exit 2
    ;;
esac
