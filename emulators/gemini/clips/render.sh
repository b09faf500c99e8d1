#!/bin/sh
# Renders the demo voice's clips from clips.json: 24 kHz mono mu-law WAV beside this file.
# The committed clips were made with Debian 12's espeak-ng 1.51 and sox 14.4.2. Neither is needed to run anything:
#   apt-get install espeak-ng sox && sh emulators/gemini/clips/render.sh
set -eu
cd "$(dirname "$0")"
raw=$(mktemp --suffix=.wav)
trap 'rm -f "$raw"' EXIT

# language, espeak-ng voice, words per minute: as slow as keeps every greeting under 4 s
while read -r language voice speed; do
  for clip in greeting leadIn; do
    text=$(node -p 'const [l, c] = process.argv.slice(1); require("./clips.json")[l][c]' "$language" "$clip")
    espeak-ng -v "$voice" -s "$speed" -w "$raw" "$text"
    # -R: the same dither each time, so that rendering again changes no byte. Silence is cut at both ends.
    sox -R "$raw" -r 24000 -c 1 -e mu-law "$language.$clip.wav" \
      silence 1 0.01 0.3% reverse silence 1 0.01 0.3% reverse norm -3
  done
done <<VOICES
en-US en-us 170
es-ES es 175
fr-FR fr 180
de-DE de 180
nl-NL nl 170
it-IT it 175
VOICES
