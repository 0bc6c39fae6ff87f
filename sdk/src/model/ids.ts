declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 128 random bits in lower-case hex: names the unit of sharing and of encryption, and says nothing. */
export type BudgetId = Branded<'BudgetId'>;
/** 128 random bits in lower-case hex: one installation of an app, or one clone of its store. */
export type DeviceId = Branded<'DeviceId'>;

const ID_PATTERN = /^[0-9a-f]{32}$/;

export const isBudgetId = (text: string): text is BudgetId => ID_PATTERN.test(text);
export const isDeviceId = (text: string): text is DeviceId => ID_PATTERN.test(text);
