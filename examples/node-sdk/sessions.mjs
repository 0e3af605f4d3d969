// A back end on OpenAI's official SDK. What changed is the base URL; the key is a service key of chatkitd's.

import OpenAI from 'openai';

const client = new OpenAI({
    baseURL: `${process.env.CHATKITD_URL ?? 'http://127.0.0.1:8787'}/v1`, // the line that changed
});

const session = await client.beta.chatkit.sessions.create({
    user: 'user_123',
    workflow: { id: process.env.WORKFLOW ?? 'wf_demo', state_variables: { plan: 'pro' } },
    rate_limits: { max_requests_per_1_minute: 30 },
});
console.log(`For the page: ${session.client_secret.slice(0, 12)}…, good until ${session.expires_at}.`);

for await (const thread of client.beta.chatkit.threads.list({ user: 'user_123', order: 'asc' })) {
    console.log(`Thread ${thread.id}: ${thread.title ?? 'without a title'}, ${thread.status.type}.`);
    for await (const item of client.beta.chatkit.threads.listItems(thread.id, { order: 'asc' })) {
        if (item.type === 'chatkit.user_message' || item.type === 'chatkit.assistant_message') {
            console.log(`  ${item.type.replace('chatkit.', '')}: ${item.content.map((part) => part.text).join(' ')}`);
        }
    }
}

const { status } = await client.beta.chatkit.sessions.cancel(session.id);
console.log(`Session ${session.id} is ${status}.`);
