import { describe, expect, it } from 'vitest';
import { readCommand } from './config.js';

describe('the command line', () => {
  it('needs a project and nothing else', () => {
    expect(readCommand(['--project', 'demo-sealsync'], {})).toEqual({
      kind: 'serve',
      config: { projectId: 'demo-sealsync', port: 8080, host: '0.0.0.0', allowedOrigins: [] },
    });
  });

  it('falls back to the environment, which arguments overrule', () => {
    const env = {
      FIREBASE_PROJECT_ID: 'from-env',
      PORT: '9000',
      HOST: '127.0.0.1',
      ALLOWED_ORIGINS: 'https://a.example, https://b.example',
    };
    expect(readCommand(['--port', '0'], env)).toEqual({
      kind: 'serve',
      config: {
        projectId: 'from-env',
        port: 0,
        host: '127.0.0.1',
        allowedOrigins: ['https://a.example', 'https://b.example'],
      },
    });
  });

  it.each([
    [[]],
    [['--project', '../x']],
    [['--project', 'p', '--port', '70000']],
    [['--project', 'p', '--port', '80x']],
    [['--project', 'p', '--origin', 'https://a.example/path']],
    [['--project', 'p', '--verbose']],
    [['--project', 'p', 'stray']],
  ])('answers %j with one sentence instead of starting', (args) => {
    expect(readCommand(args, {})).toMatchObject({ kind: 'mistake' });
  });
});
