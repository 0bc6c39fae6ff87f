/** The forms in which bytes may lie inside something that was sent. */
export function spellBytes(bytes: Uint8Array): Buffer[] {
  const raw = Buffer.from(bytes);
  const texts = [
    raw.toString('hex'),
    encodeURIComponent(raw.toString('utf8')),
    [...raw].join(','),
    ...[0, 1, 2].flatMap((offset) => spellBase64(raw, offset)),
  ];
  return [raw, Buffer.from(raw.toString('utf8'), 'utf16le'), ...texts.map((t) => Buffer.from(t))];
}

/** What stays the same in base64 whatever stands around bytes that begin at `offset` of three. */
function spellBase64(raw: Buffer, offset: number): string[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), raw]);
  const whole = shifted.subarray(0, shifted.length - (shifted.length % 3));
  // Four characters tell three bytes, so the first four also tell what stands before.
  const from = offset === 0 ? 0 : 4;
  return (['base64', 'base64url'] as const).map((form) => whole.toString(form).slice(from));
}

export const findSpelling = (said: readonly Buffer[], bytes: Uint8Array): Buffer | undefined =>
  said.find((each) => spellBytes(bytes).some((spelling) => each.includes(spelling)));
