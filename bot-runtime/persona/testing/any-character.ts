import fc from "fast-check";

/**
 * Any code point, often one of those that trouble texts: controls, marks and spaces, halves of surrogate pairs, wide
 * brackets, tags. The library's own unit `binary` has no halves, and takes 4 s to be made.
 */
export const anyCharacter = fc
  .oneof(
    fc.integer({ min: 0, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0x30ff }),
    fc.integer({ min: 0xd800, max: 0xffff }),
    fc.integer({ min: 0xe0000, max: 0xe01ff }),
  )
  .map((codePoint) => String.fromCodePoint(codePoint));
