const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * On Ctrl-C and its kin: stop first, then let the signal do what it would have done. Where the
 * process has handlers of its own, ending it is left to them. Answers with its own removal.
 */
export function stopOnInterrupt(stop: () => Promise<void>): () => void {
  const onInterrupt = (signal: NodeJS.Signals): void => {
    const passOn = (): void => {
      unwatch();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    stop().then(passOn, passOn);
  };
  const unwatch = (): void => {
    for (const signal of interrupts) process.off(signal, onInterrupt);
  };
  for (const signal of interrupts) process.on(signal, onInterrupt);
  return unwatch;
}
