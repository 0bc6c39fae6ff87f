const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** Where in the JSON the next byte is. */
interface Place {
  inString: boolean;
  /** Bytes of the string so far. */
  length: number;
  /** Whether the character that the byte belongs to is left out. */
  isCut: boolean;
  /** Bytes to come of an escape sequence; `undefined` while its second one is to come. */
  escapeLeft: number | undefined;
}

/**
 * JSON with every string cut to about `maxBytes`, as it streams by. The emulator quotes each
 * document that a rule has looked at, for every expression and in full, which adds up to more
 * than one string of JavaScript holds.
 */
export async function shortenStrings(
  json: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  const parts: Buffer[] = [];
  const place: Place = { inString: false, length: 0, isCut: false, escapeLeft: 0 };
  for await (const chunk of json) {
    const kept = Buffer.allocUnsafe(chunk.length);
    let size = 0;
    for (const byte of chunk) {
      if (!advance(place, byte, maxBytes)) continue;
      kept[size] = byte;
      size += 1;
    }
    parts.push(kept.subarray(0, size));
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Whether the byte is kept. */
function advance(place: Place, byte: number, maxBytes: number): boolean {
  if (!place.inString || (place.escapeLeft === 0 && byte === QUOTE)) {
    if (byte === QUOTE) Object.assign(place, { inString: !place.inString, length: 0 });
    return true;
  }
  if (place.escapeLeft === 0) {
    place.isCut = place.length >= maxBytes;
    if (byte === BACKSLASH) place.escapeLeft = undefined;
  } else if (place.escapeLeft === undefined) {
    place.escapeLeft = byte === LETTER_U ? 4 : 0;
  } else {
    place.escapeLeft -= 1;
  }
  place.length += 1;
  return !place.isCut;
}
