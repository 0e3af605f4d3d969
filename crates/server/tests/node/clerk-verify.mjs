// Judges tokens with @clerk/backend, so that a test can compare its own judgement.
//
// stdin: a line of JSON with `jwtKey`, `authorizedParties`, `clockSkewInMs` and `now` (Unix seconds), then one
// token a line. stdout: for each token `{"ok": true, "sub": …}` or `{"ok": false, "reason": …}`.
// CHATKITD_TEST_NODE_DIR names the folder whose node_modules holds @clerk/backend.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.env.CHATKITD_TEST_NODE_DIR, "package.json"));
const { verifyToken } = require("@clerk/backend");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { now, ...options } = JSON.parse((await lines.next()).value);
Date.now = () => now * 1000;

for await (const token of lines) {
  try {
    const { sub } = await verifyToken(token, options);
    console.log(JSON.stringify({ ok: true, sub }));
  } catch (error) {
    // Anything but a judgement is a fault of this script.
    if (!error.reason) throw error;
    console.log(JSON.stringify({ ok: false, reason: error.reason }));
  }
}
