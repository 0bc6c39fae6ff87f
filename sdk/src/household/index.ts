export { householdSchemas } from './schemas.js';
export { addMoney, formatMoney, minorDigits, parseMoney, type Money } from './money.js';
export { recordTransfer, type NewTransfer } from './record-transfer.js';
export type {
  Account,
  AccountTransaction,
  Bill,
  Debt,
  Envelope,
  Goal,
  Household,
  Paycheck,
  Schedule,
  Split,
  SplitAmount,
  Transfer,
  TransferLeg,
} from './shapes.js';
