#!/usr/bin/env bash
# Runs `mock-idp attack` with ARGUMENTS and leaves the reports in REPORT. The summary of the job shows report.md. MOCK_IDP
# names the program; without it, it is built. Ends as the attacks do: with something else than 0 if one is not as expected.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
report=${REPORT:-attack-report}

if [ -z "${MOCK_IDP:-}" ]; then
    cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --package mock-idp-cli --bin mock-idp
    MOCK_IDP=${CARGO_TARGET_DIR:-$root/target}/debug/mock-idp
fi

# The words of the arguments, with quotes as in a shell, and nothing else of a shell: no variable, no command.
words=()
while IFS= read -r -d '' word; do words+=("$word"); done < <(printf '%s' "$ARGUMENTS" | xargs printf '%s\0')

ended=0
"$MOCK_IDP" attack "${words[@]}" --report "$report" || ended=$?

if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$report/report.md" ]; then
    cat "$report/report.md" >> "$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    echo "report=$report" >> "$GITHUB_OUTPUT"
fi
exit "$ended"
