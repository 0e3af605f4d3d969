// The official openai package drives chatkitd; the counterpart of sdk.py, which says what the environment holds.
// node sdk.mjs PACKAGE: the package's name in tests/node, of which there are several versions.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import process from 'node:process';

const require = createRequire(`${process.env.CHATKITD_TEST_NODE_DIR}/package.json`);
const openai = await import(pathToFileURL(require.resolve(process.argv[2])).href);
const { default: OpenAI } = openai;
const { version } = require(`${process.env.CHATKITD_TEST_NODE_DIR}/node_modules/${process.argv[2]}/package.json`);
const { env } = process;

const clientOf = (baseURL, options = {}) => new OpenAI({ baseURL, apiKey: env.SDK_API_KEY, maxRetries: 0, ...options });
const client = clientOf(env.SDK_BASE_URL);
const { sessions, threads } = client.beta.chatkit;

async function fails(kind, status, code, call, param = null) {
    const error = await call().then(
        (answer) => assert.fail(`no error, but ${JSON.stringify(answer)}`),
        (error) => error,
    );
    assert.equal(error.constructor, kind, `${error}`);
    assert.deepEqual([error.status, error.code, error.param], [status, code, param]);
    assert.match(error.message, new RegExp(`^${status} .{5}`));
    assert.match(error.requestID, /^req_/);
    return error;
}

async function theSdksOwnTests() {
    const minimal = await sessions.create({ user: 'x', workflow: { id: 'wf_echo' } });
    assert.equal(minimal.rate_limits.max_requests_per_1_minute, 10);
    assert.match(minimal._request_id, /^req_/);
    const full = await sessions.create({
        user: 'x',
        workflow: {
            id: 'wf_echo',
            state_variables: { foo: 'string' },
            tracing: { enabled: true },
            version: 'version',
        },
        chatkit_configuration: {
            automatic_thread_titling: { enabled: true },
            file_upload: { enabled: true, max_file_size: 1, max_files: 1 },
            history: { enabled: true, recent_threads: 1 },
        },
        expires_after: { anchor: 'created_at', seconds: 1 },
        rate_limits: { max_requests_per_1_minute: 1 },
    });
    assert.deepEqual(full.workflow.state_variables, { foo: 'string' });
    assert.equal((await sessions.cancel('cksess_123')).status, 'cancelled');
    assert.equal((await threads.retrieve('cthr_123')).id, 'cthr_123');
    assert.ok((await threads.list()).data.length > 0);
    const everything = { after: 'after', before: 'before', limit: 0, order: 'asc' };
    assert.deepEqual((await threads.list({ ...everything, user: 'x' })).data, []);
    assert.deepEqual((await threads.listItems('cthr_123')).data, []);
    assert.deepEqual((await threads.listItems('cthr_123', everything)).data, []);
    assert.deepEqual(await threads.delete('cthr_123').then(({ deleted }) => deleted), true);
    const elsewhere = { path: '/_stainless_unknown_path' };
    await assert.rejects(threads.list({}, elsewhere), openai.NotFoundError);
    await assert.rejects(threads.listItems('cthr_123', {}, elsewhere), openai.NotFoundError);
    await fails(openai.NotFoundError, 404, 'not_found', () => threads.retrieve(''));
}

async function idsOf(pages) {
    const entries = [];
    for await (const entry of pages) entries.push(entry);
    const times = entries.map((entry) => entry.created_at);
    assert.ok(times.every(Number.isInteger));
    return entries.map((entry) => entry.id);
}

async function pagesJoin() {
    for (const [expected, pages] of [
        [env.SDK_THREADS, (order) => threads.list({ user: env.SDK_USER, limit: 7, order })],
        [env.SDK_ITEMS, (order) => threads.listItems(env.SDK_THREAD, { limit: 7, order })],
    ]) {
        const up = await idsOf(pages('asc'));
        assert.equal(new Set(up).size, Number(expected));
        assert.equal(up.length, Number(expected));
        assert.deepEqual((await idsOf(pages('desc'))).reverse(), up);
    }
    const whole = await idsOf(threads.listItems(env.SDK_THREAD, { limit: 100, order: 'asc' }));
    const before = await threads.listItems(env.SDK_THREAD, { limit: 5, order: 'asc', before: whole[20] });
    assert.deepEqual(
        before.data.map((item) => item.id),
        whole.slice(15, 20),
    );
}

async function sessionsBeginAndEnd() {
    const made = await sessions.create({ user: 'sdk', workflow: { id: 'wf_echo' } });
    const talk = () =>
        clientOf(env.SDK_BASE_URL, { apiKey: made.client_secret }).post('/chatkit/conversation', {
            body: { type: 'threads.list', params: {} },
        });
    assert.deepEqual(await talk(), { data: [], has_more: false });
    assert.equal((await sessions.cancel(made.id)).status, 'cancelled');
    assert.equal((await sessions.cancel(made.id)).client_secret, '');
    await fails(openai.AuthenticationError, 401, 'secret_revoked', talk);
}

async function errorsHaveTheirClasses() {
    for (const call of ['retrieve', 'delete', 'listItems']) {
        await fails(openai.NotFoundError, 404, 'thread_not_found', () => threads[call]('cthr_none'));
    }
    await fails(openai.NotFoundError, 404, 'session_not_found', () => sessions.cancel('cksess_none'));
    await fails(openai.BadRequestError, 400, 'integer_above_max_value', () => threads.list({ limit: 101 }), 'limit');
    await fails(
        openai.BadRequestError,
        400,
        'missing_required_parameter',
        () => sessions.create({ user: 'x', workflow: {} }),
        'workflow.id',
    );
    await fails(openai.APIError, 405, 'method_not_allowed', () => client.get('/chatkit/sessions'));
    const wrong = clientOf(env.SDK_BASE_URL, { apiKey: 'My API Key' }).beta.chatkit.threads;
    await fails(openai.AuthenticationError, 401, 'invalid_api_key', () => wrong.list());
    const secret = clientOf(env.SDK_BASE_URL, { apiKey: env.SDK_CLIENT_SECRET }).beta.chatkit.threads;
    await fails(openai.PermissionDeniedError, 403, 'service_key_required', () => secret.list());
    const limited = clientOf(env.SDK_LIMITED_URL).beta.chatkit.threads;
    const error = await fails(openai.RateLimitError, 429, 'rate_limited', () => limited.list());
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
}

async function failuresThatPassAreTriedAgain() {
    const flaky = clientOf(env.SDK_FLAKY_URL, { maxRetries: 2 }).beta.chatkit;
    assert.equal((await flaky.threads.list({ user: env.SDK_USER, limit: 3 })).data.length, 3);
    const made = await flaky.sessions.create({ user: 'flaky', workflow: { id: 'wf_echo' } });
    assert.equal((await flaky.sessions.cancel(made.id)).status, 'cancelled');
}

await theSdksOwnTests();
await pagesJoin();
await sessionsBeginAndEnd();
await errorsHaveTheirClasses();
await failuresThatPassAreTriedAgain();
console.log(`openai ${version} is content`);
