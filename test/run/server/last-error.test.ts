import { expect, it } from 'vitest';
import { lastError, lastWords } from '../../../src/run/server/last-error.ts';

/** What programs printed before they ended, shortened: the output, and the error in it. */
const OUTPUTS: ReadonlyArray<readonly [program: string, output: string, error: string]> = [
  [
    'Node.js',
    `listening on 3000
/app/server.js:3
throw new Error('boom')
^

Error: boom
    at Object.<anonymous> (/app/server.js:3:7)
    at Module._compile (node:internal/modules/cjs/loader:1929:14)

Node.js v24.21.0`,
    'Error: boom (/app/server.js:3)',
  ],
  [
    'Node.js, by an error with fields and a cause',
    `/app/node_modules/db/index.js:9
    throw error;
    ^

Error: no database
    at connect (/app/node_modules/db/index.js:9:11)
    at start (file:///app/main.mjs:12:3) {
  code: 'NO_DB',
  [cause]: TypeError: inner
      at parse (/app/parse.js:1:32) {
    details: { a: [ 1, 2 ] }
  }
}

Node.js v24.21.0`,
    'Error: no database, caused by TypeError: inner (/app/main.mjs:12)',
  ],
  [
    'Node.js, by a message of several lines',
    `Error: invalid configuration:
  - port: expected number
  - host: required
fix config.json
    at boot (/app/server.js:3:7)`,
    'Error: invalid configuration: - port: expected number - host: required fix config.json (/app/server.js:3)',
  ],
  [
    'Node.js, by several errors in one',
    `AggregateError: all replicas failed
    at connect (/app/db.js:1:24) {
  [errors]: [
    Error: first a
        at one (/app/db.js:7:44),
    Error: second b
        at two (/app/db.js:8:66)
  ]
}`,
    'AggregateError: all replicas failed (Error: first a; Error: second b) (/app/db.js:1)',
  ],
  [
    'Java, by a cause of several lines',
    `Exception in thread "main" java.lang.RuntimeException: cannot start
	at Boom.main(Boom.java:2)
Caused by: java.lang.IllegalStateException: no token
set TOKEN
	at Boom.load(Boom.java:1)`,
    'java.lang.RuntimeException: cannot start, caused by java.lang.IllegalStateException: no token set TOKEN (Boom.java:2)',
  ],
  [
    'Node.js, by an error event',
    `node:events:505
    throw er; // Unhandled 'error' event
    ^

Error: listen EADDRINUSE: address already in use 127.0.0.1:3000
    at Server.setupListenHandle [as _listen2] (node:net:2328:16)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:2416:8) {
  code: 'EADDRINUSE',
  port: 3000
}

Node.js v24.21.0`,
    'Error: listen EADDRINUSE: address already in use 127.0.0.1:3000',
  ],
  [
    'Node.js, by a class of another name and a message of two lines',
    '/app/a.cjs:1\nthrow new Boom("x")\n^\n\nBoom: two\nlines\n    at Object.<anonymous> (/app/a.cjs:1:76)\n\nNode.js v24.21.0',
    'Boom: two lines (/app/a.cjs:1)',
  ],
  [
    'Node.js, by null',
    '\n/app/a.cjs:1\nthrow null\n^\nnull\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n\nNode.js v24.21.0',
    'threw null (/app/a.cjs:1)',
  ],
  [
    'Node.js, by a mistake in the syntax',
    "/app/a.cjs:7\nconst a = ;\n          ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe (node:internal/modules/cjs/loader:1861:18)\n\nNode.js v24.21.0",
    "SyntaxError: Unexpected token ';' (/app/a.cjs:7)",
  ],
  [
    'Node.js, by a missing module',
    `node:internal/modules/cjs/loader:1568
  throw err;
  ^

Error: Cannot find module './nope'
Require stack:
- /app/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1564:15)
    at Object.<anonymous> (/app/server.js:1:1) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/server.js' ]
}

Node.js v24.21.0`,
    "Error: Cannot find module './nope' (/app/server.js:1)",
  ],
  [
    'Node.js, out of memory',
    '<--- Last few GCs --->\n\n[1:0x1] 289 ms: Mark-Compact 49.5 -> 49.5 MB\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n\n 1: 0x931db0  [node]',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  ],
  [
    'npm, whose last lines are about itself',
    `> app@1.0.0 start
> node server.js

/app/server.js:3
throw new TypeError('boom')
^

TypeError: boom
    at Object.<anonymous> (/app/server.js:3:7)

Node.js v24.21.0
npm error Lifecycle script \`start\` failed with error:
npm error code 1
npm error path /app`,
    'TypeError: boom (/app/server.js:3)',
  ],
  [
    'npm itself',
    'npm error Missing script: "start"\nnpm error\nnpm error A complete log of this run can be found in: /root/.npm/_logs/x.log',
    'npm error Missing script: "start"',
  ],
  [
    'Bun',
    "1 | throw new Error('boom')\n              ^\nerror: boom\n      at <anonymous> (/app/e1.cjs:1:11)\n\nBun v1.4.5 (Linux x64)",
    'error: boom (/app/e1.cjs:1)',
  ],
  [
    'Bun, by a missing module',
    "error: Cannot find module './nope' from '/app/e7.cjs'\n\nBun v1.4.5 (Linux x64)",
    "error: Cannot find module './nope' from '/app/e7.cjs'",
  ],
  [
    'Python, by an error with a cause',
    `Traceback (most recent call last):
  File "/app/p1.py", line 2, in f
    raise ValueError("boom")
ValueError: boom

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/p1.py", line 6, in <module>
    raise RuntimeError("outer") from e
RuntimeError: outer`,
    'RuntimeError: outer (/app/p1.py:6)',
  ],
  [
    'Python, by a class of another name',
    'Traceback (most recent call last):\n  File "/app/p4.py", line 2, in <module>\n    raise A\nA',
    'A (/app/p4.py:2)',
  ],
  [
    'Python, by a mistake in the syntax',
    '  File "/app/p2.py", line 1\n    x = = 1\n        ^\nSyntaxError: invalid syntax',
    'SyntaxError: invalid syntax (/app/p2.py:1)',
  ],
  [
    'Rust',
    "\nthread 'main' (21154) panicked at src/main.rs:1:54:\nindex out of bounds: the len is 0 but the index is 3\nstack backtrace:\n   0: __rustc::rust_begin_unwind\n             at /rustc/59/library/std/src/panicking.rs:689:5\nnote: Some details are omitted",
    'panic: index out of bounds: the len is 0 but the index is 3 (src/main.rs:1)',
  ],
  [
    'Go',
    'panic: boom\n\ngoroutine 1 [running]:\npanic({0x1, 0x2})\n\t/usr/local/go/src/runtime/panic.go:770 +0x132\nmain.main()\n\t/app/main.go:4 +0x25\nexit status 2',
    'panic: boom (/app/main.go:4)',
  ],
  [
    'Java',
    'Exception in thread "main" java.lang.IllegalStateException: boom\n\tat J.main(J.java:1)\nCaused by: java.net.BindException: Address already in use\n\tat java.base/sun.nio.ch.Net.bind0(Native Method)',
    'java.lang.IllegalStateException: boom, caused by java.net.BindException: Address already in use (J.java:1)',
  ],
  ['Ruby', "/app/x.rb:1:in `<main>': boom (RuntimeError)", 'RuntimeError: boom (/app/x.rb:1)'],
  [
    'PHP',
    'PHP Fatal error:  Uncaught Exception: boom in /app/x.php:3\nStack trace:\n#0 {main}\n  thrown in /app/x.php on line 3',
    'PHP Fatal error:  Uncaught Exception: boom in /app/x.php:3',
  ],
  [
    'C++',
    "terminate called after throwing an instance of 'std::runtime_error'\n  what():  boom",
    "terminate called after throwing an instance of 'std::runtime_error': what():  boom",
  ],
  [
    'a shell whose program was killed',
    'listening\nsh: line 1: 21297 Segmentation fault      ./server',
    'sh: line 1: 21297 Segmentation fault      ./server',
  ],
  ['a shell without the program', 'sh: 1: nosuch: not found', 'sh: 1: nosuch: not found'],
  ['Perl', 'boom at server.pl line 1.', 'boom at server.pl line 1.'],
  [
    'NestJS',
    '[Nest] 12  - 01/02/2026, 1:00:00 PM     LOG [NestFactory] Starting\n[Nest] 12  - 01/02/2026, 1:00:00 PM   ERROR [ExceptionHandler] no gateway',
    '[Nest] 12  - 01/02/2026, 1:00:00 PM   ERROR [ExceptionHandler] no gateway',
  ],
  ['pino', '{"level":30,"msg":"up"}\n{"level":60,"time":1,"msg":"no \\"token\\""}\n', 'no \\"token\\"'],
];

it.each(OUTPUTS)('the last error of %s is found', (_, output, error) => {
  expect(lastError(output.split('\n'))).toBe(error);
});

it('an error that the program survived gives way to the one that ended it', () => {
  const first = 'Error: connect ECONNREFUSED\n    at x (/app/db.js:1:1)\nretrying';
  const last = 'panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:4 +0x25';
  expect(lastError(`${first}\n${last}\n${'ERROR shutting down'}`.split('\n'))).toBe(
    'panic: boom (/app/main.go:4)',
  );
});

it('output without an error has none, and its last lines leave out braces and versions', () => {
  const lines = ['listening on 3000', 'bye', '}', '', '    ^', 'Node.js v24.21.0'];
  expect(lastError(lines)).toBeNull();
  expect(lastWords(lines, 3)).toEqual(['listening on 3000', 'bye']);
});
