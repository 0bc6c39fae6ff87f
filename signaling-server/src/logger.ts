export type LogData = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the server reports what it does; data never holds a token, a uid, a budget or a payload. */
export interface Logger {
  info(data: LogData, message: string): void;
  warn(data: LogData, message: string): void;
  error(data: LogData, message: string): void;
}

const ignore = (): void => undefined;

export const silentLogger: Logger = { info: ignore, warn: ignore, error: ignore };

/** One JSON object a line, for `write` to put on a stream. */
export function createJsonLogger(write: (line: string) => void): Logger {
  const at =
    (level: string) =>
    (data: LogData, message: string): void => {
      write(`${JSON.stringify({ level, time: new Date().toISOString(), message, ...data })}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** What of a foreign error may be logged: its class and code; messages can quote what was sent. */
export function describeError(error: unknown): LogData {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, code: 'code' in error ? String(error.code) : undefined };
}
