/** Tells a person what the demo is doing. */
export interface Progress {
  /** A step begins. */
  begin(step: string): void;
  /** How far the step is. */
  advance(done: number, total: number): void;
  /** Something worth knowing, on a line of its own. */
  note(text: string): void;
  /** The last step is over. */
  end(): void;
}

export const silentProgress: Progress = {
  begin: () => undefined,
  advance: () => undefined,
  note: () => undefined,
  end: () => undefined,
};

/** One line a step; on a terminal its counts change in place. */
export function createProgress(
  output: { readonly isTTY?: boolean; write(text: string): unknown },
  nowMs: () => number,
): Progress {
  let step: { readonly name: string; readonly startMs: number; counts: string } | undefined;
  const end = (): void => {
    if (!step) return;
    const seconds = ((nowMs() - step.startMs) / 1000).toFixed(1);
    const line = `${step.name}${step.counts} (${seconds} s)\n`;
    output.write(output.isTTY ? `\r\u001b[K${line}` : line);
    step = undefined;
  };
  const show = (): void => {
    if (output.isTTY && step) output.write(`\r\u001b[K${step.name}${step.counts} ...`);
  };
  return {
    begin: (name) => {
      end();
      step = { name, startMs: nowMs(), counts: '' };
      show();
    },
    advance: (done, total) => {
      if (!step) return;
      step.counts = ` ${done}/${total}`;
      show();
    },
    note: (text) => {
      end();
      output.write(`${text}\n`);
    },
    end,
  };
}
