#!/usr/bin/env bash
# scripts/format.sh {check|write}: clang-format over every C++ file of ours.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(find src tests fuzz bench cmake -name '*.cpp' -o -name '*.hpp' | sort)
case "${1:-}" in
  check)
    bad=0
    for file in "${files[@]}"; do
      if ! clang-format-19 --style=file "$file" | cmp -s - "$file"; then
        echo "not formatted (make format mends it): $file"
        bad=$((bad + 1))
      fi
    done
    echo "format: $((${#files[@]} - bad)) files formatted, $bad not"
    [ "$bad" -eq 0 ]
    ;;
  write) clang-format-19 --style=file -i "${files[@]}" ;;
  *)
    echo "usage: scripts/format.sh {check|write}" >&2
    exit 2
    ;;
esac
