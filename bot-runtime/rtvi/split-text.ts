/**
 * Splits a text into pieces whose JSON, without its quotes, is at most `maxJsonChars` long each. Joined, they are the
 * text again. A piece ends behind a space where there is one in its second half, and never within a character.
 */
export function splitText(text: string, maxJsonChars: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (jsonChars(rest) > maxJsonChars) {
    const end = pieceEnd(rest, maxJsonChars);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return rest || pieces.length === 0 ? [...pieces, rest] : pieces;
}

/** How long a text is in JSON: signs that are escaped there take two characters or six. */
export function jsonChars(text: string): number {
  return JSON.stringify(text).length - 2;
}

function pieceEnd(text: string, maxJsonChars: number): number {
  let end = 0;
  let taken = 0;
  for (const character of text) {
    taken += jsonChars(character);
    if (taken > maxJsonChars && end > 0) break;
    end += character.length;
  }
  const space = text.slice(0, end).search(/\s\S*$/) + 1;
  return space > end / 2 ? space : end;
}
