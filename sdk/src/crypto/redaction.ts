/** Node prints an object through this method, in logs and in failing assertions too. */
export const inspectSymbol: unique symbol = Symbol.for('nodejs.util.inspect.custom');
