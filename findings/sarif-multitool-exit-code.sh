#!/usr/bin/env bash
# @microsoft/sarif-multitool 5.7.0 (npm): `validate` ends with 0 whatever it finds, also with --rich-return-code. A step of a pipeline
# that goes by the exit code passes with a log file that breaks the SARIF schema. Counting the lines with `: error ` does tell.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @microsoft/sarif-multitool@5.7.0
find node_modules/@microsoft -type f -iname 'sarif.multitool' -exec chmod +x {} +
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

# `results` has to be a list, and a run has to name its tool.
echo '{"version":"2.1.0","runs":[{"results":"none"}]}' > broken.sarif
for option in '' --rich-return-code; do
  code=0
  # shellcheck disable=SC2086
  npx --no-install sarif-multitool validate broken.sarif $option > printed || code=$?
  echo "exit code $code, errors $(grep -c ': error ' printed)"
done | tee seen
diff seen - <<'SEEN'
exit code 0, errors 2
exit code 0, errors 2
SEEN
echo 'as described'
