import { describe, expect, it } from 'vitest';
import { exposeValue } from './expose-value.js';

describe('what an app reads', () => {
  it('can be changed by it without reaching the state, however deep its bytes are', () => {
    const state = { photo: Uint8Array.of(1, 2), pages: [{ scan: Uint8Array.of(3) }] };
    const read = exposeValue(state);
    expect(read).toEqual(state);
    const exposed = read as typeof state;
    exposed.photo[0] = 9;
    const [page] = exposed.pages;
    if (page) page.scan[0] = 9;
    expect(state).toEqual({ photo: Uint8Array.of(1, 2), pages: [{ scan: Uint8Array.of(3) }] });
    expect(Object.isFrozen(exposed.pages)).toBe(true);
  });
});
