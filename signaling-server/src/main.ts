#!/usr/bin/env node
import { HELP, readCommand } from './config.js';
import type { ServeConfig } from './config.js';
import { createJsonLogger, describeError } from './logger.js';
import { createSignalingServer, SignalingConfigError } from './signaling-server.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const logger = createJsonLogger((line) => {
  process.stdout.write(line);
});

const command = readCommand(process.argv.slice(2), process.env);
switch (command.kind) {
  case 'help':
    process.stdout.write(HELP);
    break;
  case 'mistake':
    process.stderr.write(`sealsync-signaling: ${command.mistake}\nTry --help.\n`);
    process.exitCode = EXIT_USAGE;
    break;
  case 'serve':
    await serve(command.config);
}

async function serve({ allowedOrigins, ...config }: ServeConfig): Promise<void> {
  try {
    const server = createSignalingServer({
      ...config,
      ...(allowedOrigins.length > 0 && { allowedOrigins }),
      logger,
    });
    const stop = (signal: NodeJS.Signals): void => {
      logger.info({ signal }, 'draining');
      void server.close();
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    await server.listen();
  } catch (error) {
    const isUsage = error instanceof SignalingConfigError;
    if (isUsage) process.stderr.write(`sealsync-signaling: ${error.message}\n`);
    else logger.error(describeError(error), 'cannot serve');
    process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}
