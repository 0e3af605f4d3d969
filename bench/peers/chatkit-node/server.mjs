// An echo server on chatkit-node-backend-sdk, behind node:http, its store in memory. PORT says where; REPEAT
// how often the words are said: an answer has words times REPEAT deltas.
import { createServer } from 'node:http';
import { ChatKitServer } from 'chatkit-node-backend-sdk';
import { MemoryStore } from './store.mjs';

// Silenced: the SDK would log each request.
console.log = console.debug = () => {};

const REPEAT = Number(process.env.REPEAT ?? 1);

const text = (words) => ({ type: 'output_text', text: words, annotations: [] });

class Echo extends ChatKitServer {
  async *respond(thread, message, context) {
    const said = message.content.map((part) => part.text).join(' ').split(/\s+/);
    const words = Array.from({ length: REPEAT }, () => said).flat().map((word) => `${word} `);
    const item = {
      type: 'assistant_message',
      id: this.store.generateItemId('message', thread, context),
      thread_id: thread.id,
      created_at: new Date().toISOString(),
      content: [],
    };
    const updated = (type, more) => ({
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: `assistant_message.content_part.${type}`, content_index: 0, ...more },
    });
    yield { type: 'thread.item.added', item };
    yield updated('added', { content: text('') });
    for (const delta of words) yield updated('text_delta', { delta });
    yield updated('done', { content: text(words.join('')) });
    yield { type: 'thread.item.done', item: { ...item, content: [text(words.join(''))] } };
  }
}

const server = new Echo(new MemoryStore());

const answer = async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const user = request.headers['x-user-id'];
  const result = await server.process(Buffer.concat(parts).toString(), { user });
  if (!result.isStreaming) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result.toJSON()));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for await (const frame of result) response.write(frame);
  response.end();
};

createServer(async (request, response) => {
  if (request.url === '/healthz') {
    response.end('ok');
    return;
  }
  try {
    await answer(request, response);
  } catch (error) {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}).listen(Number(process.env.PORT), '127.0.0.1');
