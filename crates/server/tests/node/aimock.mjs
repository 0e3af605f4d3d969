// Starts @copilotkit/aimock, which stands in for model servers.
//
// stdin: a line of JSON with `options` (of LLMock), `fixtures` (each with `match`, `response` and what else a fixture
// may have) and `transcription`. stdout: the address, once it listens. It ends when stdin does.
// CHATKITD_TEST_NODE_DIR names the folder whose node_modules holds @copilotkit/aimock.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.env.CHATKITD_TEST_NODE_DIR, "package.json"));
const { LLMock } = require("@copilotkit/aimock");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { options, fixtures, transcription } = JSON.parse((await lines.next()).value);

const mock = new LLMock({ ...options, port: 0, host: "127.0.0.1" });
for (const fixture of fixtures) mock.addFixture(fixture);
mock.onTranscription({ transcription: { text: transcription } });
await mock.start();
console.log(mock.url);

await lines.next();
await mock.stop();
process.exit(0);
